//! The delivery log, for reading and for proof.

use super::{Desk, DeskError};
use crate::domain::ids::DistributionId;
use crate::domain::log::Broken;
use crate::store::LogRow;
use crate::store::verify::{VerifyFailure, verify_log};
use serde::Serialize;

/// Entries read at once.
const PAGE: u32 = 1000;

/// What verification came to.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Entries in the log.
    pub entries: u64,
    /// Whether every one is as it was written.
    pub verified: bool,
    /// The chain's last hash: whoever keeps it can tell later that nothing was taken off the end.
    pub head: String,
    /// The first fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
}

impl Desk {
    /// Shows the log's entries in order, of one distribution or of all.
    ///
    /// # Errors
    /// The store failed.
    pub async fn each_entry(
        &self,
        distribution: Option<DistributionId>,
        mut show: impl FnMut(LogRow) -> Result<(), DeskError>,
    ) -> Result<(), DeskError> {
        let mut after = 0;
        loop {
            let page = self.store.log(distribution, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.entry.seq;
            for row in page {
                show(row)?;
            }
        }
    }

    /// Verifies the whole log.
    ///
    /// # Errors
    /// The store failed; a broken log is not an error but an answer.
    pub async fn verify(&self) -> Result<Verification, DeskError> {
        let head = self.store.log_head().await?;
        let broken = match verify_log(self.store.as_ref()).await {
            Ok(_) => None,
            Err(VerifyFailure::Broken(broken)) => Some(broken),
            Err(VerifyFailure::Store(error)) => return Err(error.into()),
        };
        Ok(Verification {
            entries: head.seq,
            verified: broken.is_none(),
            head: head.hash,
            broken,
        })
    }
}
