//! Hold, resume, kill.

use super::{Desk, DeskError};
use crate::dispatch::revisions;
pub use crate::dispatch::revisions::Deed;
use crate::domain::course::HoldCause;
use crate::domain::distribution::Distribution;

impl Desk {
    /// What somebody does now, and why.
    pub fn deed(&self, by: &str, why: &str) -> Deed {
        Deed {
            by: by.to_owned(),
            why: why.to_owned(),
            now: self.clock.now(),
        }
    }

    /// Stops a distribution for now: nothing that has not begun will begin.
    ///
    /// # Errors
    /// It is held or killed already.
    pub async fn hold(&self, which: &Distribution, deed: &Deed) -> Result<Distribution, DeskError> {
        let store = self.store.as_ref();
        Ok(revisions::hold(store, which.id, deed, HoldCause::Person).await?)
    }

    /// Lets a held distribution go on.
    ///
    /// # Errors
    /// It is not held.
    pub async fn resume(
        &self,
        which: &Distribution,
        deed: &Deed,
    ) -> Result<Distribution, DeskError> {
        Ok(revisions::resume(self.store.as_ref(), which.id, deed).await?)
    }

    /// Withdraws what has not begun. Answers with how many deliveries.
    ///
    /// # Errors
    /// It was killed already.
    pub async fn kill(&self, which: &Distribution, deed: &Deed) -> Result<u64, DeskError> {
        let (_, withdrawn) = revisions::kill(self.store.as_ref(), which.id, deed).await?;
        Ok(withdrawn)
    }
}
