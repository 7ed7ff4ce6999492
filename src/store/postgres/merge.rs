//! Two contacts made one, and pairs that are two people.

use super::contacts::lock_contacts;
use super::erasure::lock_forgetting;
use super::imports::change_all;
use super::turn::Hold;
use super::{PostgresStore, Result};
use crate::domain::address::EmailAddress;
use crate::domain::alias::Aliases;
use crate::store::merge::{self, Distinct, MergeOutcome, Merges, Merging};
use crate::store::surgery::Surgery;
use async_trait::async_trait;

#[async_trait]
impl Merges for PostgresStore {
    async fn merge(&self, merging: Merging<'_>) -> Result<MergeOutcome> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.begin().await?;
        // Nobody plans meanwhile for the address that goes, and nobody forgets it.
        lock_forgetting(&mut transaction, Hold::Alone)
            .await
            .map_err(wrong)?;
        lock_contacts(&mut transaction).await.map_err(wrong)?;
        let changes = merging.changes();
        let changed = change_all(self, &mut transaction, &changes, merging.record).await?;
        if !merge::is_done(&changed) {
            return Ok(MergeOutcome::Stale);
        }
        let mut open = self.opened_in(transaction);
        let consequences = merge::follow(&mut open, &merging).await?;
        open.ring().await?;
        Box::new(open).commit().await?;
        Ok(MergeOutcome::Done(consequences))
    }

    async fn aliases(&self) -> Result<Aliases> {
        self.within(async { merge::aliases(&mut self.look().await?).await })
            .await
    }

    async fn tell_apart(&self, distinct: &Distinct) -> Result<bool> {
        let mut open = self.opened_in(self.begin().await?);
        let new = merge::tell_apart(&mut open, distinct).await?;
        Box::new(open).commit().await?;
        Ok(new)
    }

    async fn offer_again(&self, one: &EmailAddress, other: &EmailAddress) -> Result<bool> {
        let mut open = self.opened_in(self.begin().await?);
        let taken = merge::take_back(&mut open, one, other).await?;
        Box::new(open).commit().await?;
        Ok(taken)
    }

    async fn told_apart(&self) -> Result<Vec<Distinct>> {
        self.within(async { merge::told_apart(&mut self.look().await?).await })
            .await
    }
}
