//! The reaper: returns what workers that are gone were holding.

use super::entries;
use super::run::{InDoubt, Run, RunError};
use crate::domain::delivery::{Event, apply};

/// At most so many are taken up again at once.
const PAGE: u32 = 500;

/// Returns lapsed leases, and takes up what is in doubt where the newsroom's
/// policy says that it is to be sent again.
pub(super) async fn reap(run: &Run) -> Result<(), RunError> {
    let reaped = run.store.reap(run.clock.now()).await?;
    if reaped.leases > 0 {
        tracing::warn!(
            leases = reaped.leases,
            in_doubt = reaped.in_doubt,
            "took back deliveries from a worker that is gone"
        );
    }
    match run.settings.in_doubt {
        InDoubt::Hold => Ok(()),
        InDoubt::Resend => resend(run).await,
    }
}

async fn resend(run: &Run) -> Result<(), RunError> {
    loop {
        let doubted = run
            .store
            .standing(run.distribution, "in_doubt", PAGE)
            .await?;
        if doubted.is_empty() {
            return Ok(());
        }
        for standing in doubted {
            let now = run.clock.now();
            let Ok(due) = apply(
                &standing.state,
                standing.delivery.permitted_from,
                Event::Resend,
                now,
            ) else {
                continue;
            };
            let event = entries::decided(&standing.delivery, &due, "policy in_doubt = resend", now);
            run.store
                .decide(standing.delivery.id, &standing.state, &due, event)
                .await?;
        }
    }
}
