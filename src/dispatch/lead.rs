//! The lead: of all runs that share a store, one looks after what they have in
//! common. Whoever has it asks again in time; when it is gone, another takes it.

use crate::store::{LEAD_FOR, Store, StoreError};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Whether this run leads.
#[derive(Debug, Default)]
pub(super) struct Lead {
    leads: AtomicBool,
    taken: Notify,
}

impl Lead {
    /// Whether it leads now.
    pub(super) fn is_held(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    /// Answers when this run has just taken the lead.
    pub(super) async fn notified(&self) {
        self.taken.notified().await;
    }

    /// Asks once.
    pub(super) async fn ask(&self, store: &dyn Store) -> Result<(), StoreError> {
        let leads = store.lead().await;
        let held = matches!(leads, Ok(true));
        let had = self.leads.swap(held, Ordering::Relaxed);
        if held && !had {
            self.taken.notify_one();
        }
        match leads {
            // Whoever cannot ask does not lead, and asks again.
            Ok(_) | Err(StoreError::CutOff { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Keeps asking; ends only by an error.
    pub(super) async fn keep(&self, store: &dyn Store) -> StoreError {
        loop {
            if let Err(error) = self.ask(store).await {
                return error;
            }
            tokio::time::sleep(LEAD_FOR / 3).await;
        }
    }
}
