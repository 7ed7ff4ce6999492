//! Two contacts made one, and pairs that are two people.

use super::imports::change_all;
use super::{Result, SqliteStore};
use crate::domain::address::EmailAddress;
use crate::domain::alias::Aliases;
use crate::store::merge::{self, Distinct, MergeOutcome, Merges, Merging};
use crate::store::surgery::Surgery;
use async_trait::async_trait;

#[async_trait]
impl Merges for SqliteStore {
    async fn merge(&self, merging: Merging<'_>) -> Result<MergeOutcome> {
        let mut transaction = self.begin().await?;
        let changes = merging.changes();
        let changed = change_all(self, &mut transaction, &changes, merging.record).await?;
        if !merge::is_done(&changed) {
            return Ok(MergeOutcome::Stale);
        }
        let mut open = self.opened_in(transaction);
        let consequences = merge::follow(&mut open, &merging).await?;
        Box::new(open).commit().await?;
        self.ring();
        Ok(MergeOutcome::Done(consequences))
    }

    async fn aliases(&self) -> Result<Aliases> {
        merge::aliases(&mut self.look().await?).await
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
        merge::told_apart(&mut self.look().await?).await
    }
}
