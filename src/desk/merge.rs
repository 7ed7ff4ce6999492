//! Contacts that may be one person: listed, and made one where somebody says so.

use super::{Desk, DeskError};
use crate::domain::contact::Contact;
use crate::domain::contact_fields::{FieldChange, differences, merged};
use crate::domain::ids::ImportId;
use crate::domain::import_record::{ImportKind, ImportRecord};
use crate::domain::likeness::{Likenesses, NamedRecord, Why};
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::store::imports::{Changed, ContactChange};
use serde::Serialize;

/// Two contacts that may be one person.
#[derive(Debug, Clone, Serialize)]
pub struct Duplicate {
    /// The one.
    pub one: Contact,
    /// The other.
    pub other: Contact,
    /// Why.
    pub why: Why,
}

/// What was made of two contacts.
#[derive(Debug, Clone, Serialize)]
pub struct Merged {
    /// The contact that stays.
    pub kept: Contact,
    /// What it took from the other.
    pub fields: Vec<FieldChange>,
    /// The other, which is gone.
    pub removed: Contact,
    /// By which it can be undone.
    pub import: ImportId,
    /// The bar that the other's address carried, and that holds for both now.
    pub barred: Option<SuppressionReason>,
}

impl Desk {
    /// All contacts that may be one person.
    ///
    /// # Errors
    /// The store failed.
    pub async fn duplicates(&self) -> Result<Vec<Duplicate>, DeskError> {
        let mut likenesses = Likenesses::default();
        let mut found = Vec::new();
        self.each_contact(|contact| {
            found.extend(likenesses.add(&NamedRecord::of(&contact)));
            Ok(())
        })
        .await?;
        let emails: Vec<_> = found
            .iter()
            .flat_map(|like| [like.one.clone(), like.other.clone()])
            .collect();
        let contacts = self.store.contacts_with(&emails).await?;
        let contact = |email: &crate::domain::address::EmailAddress| {
            contacts.get(&email.to_string()).cloned()
        };
        // One that went meanwhile is like nobody.
        let pairs = found.into_iter().filter_map(|like| {
            Some(Duplicate {
                one: contact(&like.one)?,
                other: contact(&like.other)?,
                why: like.why,
            })
        });
        Ok(pairs.collect())
    }

    /// Makes two contacts one: the first stays and takes from the second what it
    /// lacks, and the second goes. Who asked not to be written to at the
    /// second's address is not written to at the first's either.
    ///
    /// # Errors
    /// One of them is not there, they are the same, or somebody changed one
    /// meanwhile; then nothing is done.
    pub async fn merge_contacts(
        &self,
        keep: &str,
        other: &str,
        by: &str,
    ) -> Result<Merged, DeskError> {
        let (kept, removed) = (self.contact(keep).await?, self.contact(other).await?);
        if kept.email == removed.email {
            return Err(DeskError::request(format!(
                "{} cannot be merged with itself",
                kept.email
            )));
        }
        let barred = self.carry_bar(&kept, &removed, by).await?;
        let whole = merged(&kept, &removed);
        let fields = differences(&kept, &whole);
        let mut changes = vec![ContactChange::Remove(removed.clone())];
        if !fields.is_empty() {
            changes.push(ContactChange::Change(Box::new((kept, whole.clone()))));
        }
        let record = ImportRecord {
            kind: ImportKind::Merge,
            changed: u64::from(!fields.is_empty()),
            removed: 1,
            ..self.import_record(by)
        };
        match self.store.change_contacts(&changes, &record).await? {
            Changed::Stale(_) => Err(DeskError::request(
                "one of the two was changed by somebody else just now; nothing was merged",
            )),
            Changed::Done => {
                self.after_import(&record, "the contact was merged into another")
                    .await?;
                Ok(Merged {
                    kept: whole,
                    fields,
                    removed,
                    import: record.id,
                    barred,
                })
            }
        }
    }

    /// A bar that is about the person, not about the mailbox, is set before the
    /// contact goes that it was said of: should it stop there, too few are
    /// written to and never too many.
    async fn carry_bar(
        &self,
        kept: &Contact,
        removed: &Contact,
        by: &str,
    ) -> Result<Option<SuppressionReason>, DeskError> {
        let Some(theirs) = self.store.suppression(&removed.email).await? else {
            return Ok(None);
        };
        if !is_about_the_person(theirs.reason) {
            return Ok(None);
        }
        let between = if theirs.note.is_empty() { "" } else { ": " };
        let bar = Suppression {
            email: kept.email.clone(),
            reason: theirs.reason,
            at: self.clock.now(),
            source: by.to_owned(),
            note: format!("merged with {}{between}{}", removed.email, theirs.note),
        };
        // A bar that the address has already says enough.
        let added = self.bar(&[bar], by).await?;
        Ok((added > 0).then_some(theirs.reason))
    }
}

fn is_about_the_person(reason: SuppressionReason) -> bool {
    match reason {
        SuppressionReason::OptOut
        | SuppressionReason::Complaint
        | SuppressionReason::Manual
        | SuppressionReason::Erasure => true,
        SuppressionReason::HardBounce | SuppressionReason::SoftBounces => false,
    }
}
