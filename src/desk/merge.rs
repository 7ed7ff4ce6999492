//! Contacts that may be one person: listed, told apart, and made one where
//! somebody says so.

use super::contacts::address;
use super::people::print;
use super::segments::Counted;
use super::{Desk, DeskError};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_fields::{FieldChange, differences};
use crate::domain::ids::ImportId;
use crate::domain::import_record::{ImportKind, ImportRecord};
use crate::domain::likeness::{Likeness, Likenesses, NamedRecord, Why};
use crate::domain::merge::{Picks, merged};
use crate::domain::said::Said;
use crate::domain::suppression::SuppressionReason;
use crate::said;
use crate::store::merge::{Distinct, MergeOutcome, Merging};
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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

/// Pairs that may be one person, after one of them.
#[derive(Debug, Clone, Default)]
pub struct Duplicates {
    /// The pairs.
    pub pairs: Vec<Duplicate>,
    /// How many pairs there are in all.
    pub all: usize,
    /// The place after which the next begin; `None` where these are the last.
    pub next: Option<PairPlace>,
}

/// The place of a pair among all of them, by its addresses: it stays where it is
/// when pairs before it are told apart or merged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairPlace(EmailAddress, EmailAddress);

impl PairPlace {
    fn of(like: &Likeness) -> Self {
        Self(like.one.clone(), like.other.clone())
    }
}

impl fmt::Display for PairPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

impl FromStr for PairPlace {
    type Err = DeskError;
    fn from_str(text: &str) -> Result<Self, DeskError> {
        // A quoted address may hold a blank itself (RFC 5321 4.1.2).
        let mut blanks = text.match_indices(' ');
        let read = |(at, _)| {
            Some(Self(
                address(&text[..at]).ok()?,
                address(&text[at + 1..]).ok()?,
            ))
        };
        blanks.find_map(read).ok_or_else(|| {
            DeskError::request(said!("expected two addresses with a blank between them"))
        })
    }
}

/// Two contacts to be made one, as somebody asked.
#[derive(Debug, Clone, Default)]
pub struct MergeOrder {
    /// The address of the contact that stays.
    pub kept: String,
    /// The address of the contact that goes.
    pub other: String,
    /// What was chosen, by field.
    pub picks: Picks,
    /// What the two looked like when somebody chose, where they were seen.
    pub seen: Option<String>,
}

/// What was made of two contacts.
#[derive(Debug, Clone, Serialize)]
pub struct Merged {
    /// The contact that stays.
    pub kept: Contact,
    /// What changed in it.
    pub fields: Vec<FieldChange>,
    /// The other, which is gone.
    pub removed: Contact,
    /// By which it can be undone.
    pub import: ImportId,
    /// The bar that one of the addresses carried, and that holds for both now.
    pub barred: Option<SuppressionReason>,
    /// Deliveries that were ended, for the same distribution brings the release to
    /// the person's other address.
    pub cancelled: u64,
}

/// What two contacts looked like when somebody saw them side by side.
pub fn print_of_both(kept: &Contact, other: &Contact) -> String {
    print_of(&print(kept), &print(other))
}

/// The same of what each of them looked like.
pub fn print_of(kept: &str, other: &str) -> String {
    let both = format!("{kept} {other}");
    blake3::hash(both.as_bytes()).to_hex().to_string()
}

impl Desk {
    /// Contacts that may be one person, but for those that somebody told apart: so
    /// many pairs, after a place.
    ///
    /// # Errors
    /// The store failed.
    pub async fn duplicates(
        &self,
        counted: &Counted,
        after: Option<&PairPlace>,
        limit: usize,
    ) -> Result<Duplicates, DeskError> {
        let apart: HashSet<_> = self.told_apart().await?.iter().map(pair).collect();
        let likenesses = self.likenesses(counted).await?;
        let offered = likenesses
            .iter()
            .filter(|like| !apart.contains(&sorted(&like.one, &like.other)));
        let offered: Vec<_> = offered.collect();
        let begin = offered
            .partition_point(|like| after.is_some_and(|after| PairPlace::of(like) <= *after));
        let shown = &offered[begin..begin.saturating_add(limit).min(offered.len())];
        let more = begin + shown.len() < offered.len();
        let emails: Vec<_> = shown
            .iter()
            .flat_map(|like| [like.one.clone(), like.other.clone()])
            .collect();
        let contacts = self.store.contacts_with(&emails).await?;
        let contact = |email: &EmailAddress| contacts.get(&email.to_string()).cloned();
        // One that went meanwhile is like nobody.
        let pairs = shown.iter().filter_map(|like| {
            Some(Duplicate {
                one: contact(&like.one)?,
                other: contact(&like.other)?,
                why: like.why,
            })
        });
        Ok(Duplicates {
            pairs: pairs.collect(),
            all: offered.len(),
            next: shown
                .last()
                .filter(|_| more)
                .map(|like| PairPlace::of(like)),
        })
    }

    /// Who is like whom, as long as no contact changes.
    async fn likenesses(&self, counted: &Counted) -> Result<Arc<Vec<Likeness>>, DeskError> {
        let mut last = counted.likenesses.lock().await;
        let version = self.store.contacts_version().await?;
        if let Some((known, likenesses)) = last.as_ref()
            && *known == version
        {
            return Ok(Arc::clone(likenesses));
        }
        let (mut likenesses, mut found) = (Likenesses::default(), Vec::new());
        self.each_contact(|contact| {
            found.extend(likenesses.add(&NamedRecord::of(&contact)));
            Ok(())
        })
        .await?;
        found.sort_unstable();
        let found = Arc::new(found);
        *last = Some((version, Arc::clone(&found)));
        Ok(found)
    }

    /// Pairs that somebody told apart, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn told_apart(&self) -> Result<Vec<Distinct>, DeskError> {
        Ok(self.store.told_apart().await?)
    }

    /// Puts on record that two contacts are two people: they are not offered any
    /// more. Answers false where that is known.
    ///
    /// # Errors
    /// One of them is not there, they are the same, or the store failed.
    pub async fn tell_apart(&self, one: &str, other: &str, by: &str) -> Result<bool, DeskError> {
        let (one, other) = self.two(one, other, &said!("told apart from")).await?;
        let distinct = Distinct {
            one: one.email.clone(),
            other: other.email.clone(),
            at: self.clock.now(),
            by: by.to_owned(),
        };
        let new = self.store.tell_apart(&distinct).await?;
        if new {
            let facts = json!({ "contact": one.email, "other": other.email });
            self.note(by, "contacts_told_apart", facts).await?;
        }
        Ok(new)
    }

    /// Takes back that two contacts are two people.
    ///
    /// # Errors
    /// Nobody had said so, or the store failed.
    pub async fn offer_again(&self, one: &str, other: &str, by: &str) -> Result<(), DeskError> {
        let (one, other) = (address(one)?, address(other)?);
        if !self.store.offer_again(&one, &other).await? {
            return Err(DeskError::conflict(said!(
                "nobody told {one} and {other} apart; `dateline contacts distinct` shows all pairs",
                one,
                other
            )));
        }
        let facts = json!({ "contact": one, "other": other });
        self.note(by, "contacts_offered_again", facts).await
    }

    async fn two(
        &self,
        one: &str,
        other: &str,
        cannot: &Said,
    ) -> Result<(Contact, Contact), DeskError> {
        let both = (self.contact(one).await?, self.contact(other).await?);
        if both.0.email == both.1.email {
            let email = &both.0.email;
            return Err(DeskError::request(said!(
                "{email} cannot be {cannot} itself",
                email,
                cannot
            )));
        }
        Ok(both)
    }

    /// Makes two contacts one: the first stays with what was chosen of both, and the
    /// second goes. Who asked not to be written to at the one address is not
    /// written to at the other either; agreements of both count; what waits for
    /// both in one distribution goes to one.
    ///
    /// # Errors
    /// One of them is not there, they are the same, or somebody changed one
    /// meanwhile; then nothing is done.
    pub async fn merge_contacts(&self, order: &MergeOrder, by: &str) -> Result<Merged, DeskError> {
        let (kept, removed) = self
            .two(&order.kept, &order.other, &said!("merged with"))
            .await?;
        let stale = || {
            DeskError::conflict(said!(
                "one of the two was changed by somebody else just now; nothing was merged"
            ))
        };
        let seen = order.seen.as_ref();
        if seen.is_some_and(|seen| *seen != print_of_both(&kept, &removed)) {
            return Err(stale());
        }
        let whole = merged(&kept, &removed, &order.picks);
        let fields = differences(&kept, &whole);
        let record = ImportRecord {
            kind: ImportKind::Merge,
            changed: u64::from(kept != whole),
            removed: 1,
            ..self.import_record(by)
        };
        let merging = Merging {
            kept: &kept,
            whole: &whole,
            removed: &removed,
            record: &record,
        };
        let done = match self.store.merge(merging).await? {
            MergeOutcome::Stale => return Err(stale()),
            MergeOutcome::Done(done) => done,
        };
        for bar in &done.barred {
            let facts =
                json!({ "address": bar.email, "reason": bar.reason.name(), "why": bar.note });
            self.note(by, "suppressed", facts).await?;
        }
        self.mind_agreements(&self.deed(by, "the contact was merged into another"))
            .await?;
        let facts = json!({
            "import": record.id.to_string(), "contact": kept.email, "removed": removed.email,
            "chosen": order.picks.to_string(), "cancelled": done.cancelled,
        });
        self.note(by, "contacts_merged", facts).await?;
        Ok(Merged {
            kept: whole,
            fields,
            removed,
            import: record.id,
            barred: done.barred.first().map(|bar| bar.reason),
            cancelled: done.cancelled,
        })
    }
}

/// A pair, whichever is named first.
fn sorted(one: &EmailAddress, other: &EmailAddress) -> [EmailAddress; 2] {
    let mut both = [one.clone(), other.clone()];
    both.sort_unstable();
    both
}

fn pair(distinct: &Distinct) -> [EmailAddress; 2] {
    sorted(&distinct.one, &distinct.other)
}
