//! Embargo agreements: put on record, revoked, and what follows for what is planned.

use super::embargo::Retiming;
use super::{Desk, DeskError};
use crate::dispatch::revisions::{Deed, revise};
use crate::dispatch::{revised, revisions};
use crate::domain::agreement::{AgreementWord, Agreements, Consent, Party, Said, Scope};
use crate::domain::embargo::Phase;
use crate::domain::ids::ReleaseId;
use crate::said;
use crate::store::Reach;
use jiff::civil::Date;
use serde_json::json;
use std::collections::HashMap;

/// A word on an agreement, as somebody says it.
#[derive(Debug, Clone)]
pub struct NewWord {
    /// Whose.
    pub party: Party,
    /// What is said.
    pub said: Said,
    /// About what.
    pub scope: Scope,
    /// A grant's first day.
    pub since: Option<Date>,
    /// A grant's last day.
    pub until: Option<Date>,
    /// Where it can be found: a letter, a form.
    pub note: String,
}

impl Desk {
    /// A word as it goes on record.
    ///
    /// # Errors
    /// Its last day is before its first.
    pub fn agreement_word(&self, new: NewWord, by: &str) -> Result<AgreementWord, DeskError> {
        if let (Some(since), Some(until)) = (new.since, new.until)
            && until < since
        {
            return Err(DeskError::request(said!(
                "its last day, {until}, is before its first, {since}",
                until,
                since
            )));
        }
        Ok(AgreementWord {
            party: new.party,
            said: new.said,
            scope: new.scope,
            since: new.since,
            until: new.until,
            recorded_by: by.to_owned(),
            recorded_at: self.clock.now(),
            note: new.note.trim().to_owned(),
        })
    }

    /// All words on record, ready to be asked.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn agreements(&self) -> Result<Agreements, DeskError> {
        let words = self.store.agreements().await?;
        Ok(Agreements::of(words, &self.store.aliases().await?))
    }

    /// The agreements to any of these releases of all contacts who have one, by
    /// address.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn consents(
        &self,
        releases: &[&ReleaseId],
    ) -> Result<HashMap<String, Consent>, DeskError> {
        let agreements = self.agreements().await?;
        let mut consents = HashMap::new();
        self.each_contact(|contact| {
            let consent = agreements.consent(&contact, releases, &self.settings.newsroom.zone);
            if !consent.is_none() {
                consents.insert(contact.email.to_string(), consent);
            }
            Ok(())
        })
        .await?;
        // What was planned for an address that went is for the same person.
        for (email, now) in self.store.aliases().await?.all() {
            if let Some(consent) = consents.get(&now.to_string()).cloned() {
                consents.insert(email.to_string(), consent);
            }
        }
        Ok(consents)
    }

    /// All words on record, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn agreement_words(&self) -> Result<Vec<AgreementWord>, DeskError> {
        Ok(self.store.agreements().await?)
    }

    /// What a word names and nobody here knows: a slip of the pen, or a contact
    /// still to be imported.
    ///
    /// # Errors
    /// The store failed.
    pub async fn unknown_in(
        &self,
        word: &AgreementWord,
    ) -> Result<Vec<crate::domain::said::Said>, DeskError> {
        let mut unknown = Vec::new();
        let mut known = false;
        self.each_contact(|contact| {
            known |= word.party.includes(&contact);
            Ok(())
        })
        .await?;
        if !known {
            unknown.push(match &word.party {
                Party::Contact(email) => said!("there is no contact {email}", email),
                Party::Outlet(name) => said!("no contact works for an outlet named {name}", name),
            });
        }
        if let Scope::Release(release) = &word.scope
            && crate::intake::find_release(&self.workspace, &release.to_string()).is_err()
        {
            unknown.push(said!("there is no release {release}", release));
        }
        Ok(unknown)
    }

    /// Puts a word on record. A revocation stops what is planned under it and
    /// has not begun; answers with how many deliveries now wait for the lift.
    ///
    /// # Errors
    /// The store failed.
    pub async fn record_agreement(&self, word: &AgreementWord) -> Result<u64, DeskError> {
        self.store.record_agreement(word).await?;
        let act = match word.said {
            Said::Granted => "agreement_granted",
            Said::Revoked => "agreement_revoked",
        };
        let facts = json!({ "party": word.party.to_string(), "for": word.scope.to_string() });
        self.note(&word.recorded_by, act, facts).await?;
        match word.said {
            Said::Granted => Ok(0),
            Said::Revoked => {
                let why = format!("the agreement of {} was revoked", word.party);
                self.mind_agreements(&self.deed(&word.recorded_by, &why))
                    .await
            }
        }
    }

    /// Sees that every planned advance delivery still stands on an agreement;
    /// those that do not go to the lift.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn mind_agreements(&self, deed: &Deed) -> Result<u64, DeskError> {
        let mut moved = 0;
        for distribution in self.store.distributions().await? {
            let barred = distribution
                .embargo
                .as_ref()
                .is_some_and(|embargo| !embargo.is_lifted(deed.now));
            // A notice tells those who hold early copy what they must know of it.
            if !barred || distribution.notice {
                continue;
            }
            let agreed = self.who_agreed(&distribution).await?;
            let retiming = Retiming {
                agreed: &agreed,
                deed,
                only: Some(Phase::Advance),
            };
            let plan = |from: &crate::domain::distribution::Distribution| {
                Ok::<_, DeskError>(revisions::Plan {
                    to: from.clone(),
                    content: None,
                    event: revised(from, "agreements", deed, json!({})),
                    reach: Reach::Open,
                    moves: retiming.moves(from.clone()),
                })
            };
            // Nothing to say where nothing moves.
            if retiming
                .concerns(self.store.as_ref(), distribution.id)
                .await?
            {
                moved += revise(self.store.as_ref(), distribution.id, plan).await?.1;
            }
        }
        Ok(moved)
    }
}
