//! Embargo agreements: put on record, revoked, and what follows for what is planned.

use super::embargo::Retiming;
use super::{Desk, DeskError};
use crate::dispatch::revisions::{Deed, revise};
use crate::dispatch::{revised, revisions};
use crate::domain::agreement::{AgreementWord, Agreements, Said};
use crate::domain::embargo::Phase;
use crate::store::Reach;
use serde_json::json;

impl Desk {
    /// All words on record, ready to be asked.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn agreements(&self) -> Result<Agreements, DeskError> {
        Ok(Agreements::new(self.store.agreements().await?))
    }

    /// All words on record, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn agreement_words(&self) -> Result<Vec<AgreementWord>, DeskError> {
        Ok(self.store.agreements().await?)
    }

    /// Puts a word on record. A revocation stops what is planned under it and
    /// has not begun; answers with how many deliveries now wait for the lift.
    ///
    /// # Errors
    /// The store failed.
    pub async fn record_agreement(&self, word: &AgreementWord) -> Result<u64, DeskError> {
        self.store.record_agreement(word).await?;
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
            if !barred || self.store.due_times(distribution.id).await?.is_empty() {
                continue;
            }
            let agreed = self.who_agreed(&distribution.release, deed.now).await?;
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
