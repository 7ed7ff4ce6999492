//! The feeder: claims what is due and hands it to the workers.

use super::run::{Run, RunError, Until};
use crate::store::{Claim, Claimed};
use async_channel::Sender;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Deliveries claimed at once (DESIGN.md: 500 to 1,000 a batch).
const BATCH: u32 = 500;

/// Feeds the workers until there is nothing left to do, or somebody says stop.
pub(super) async fn feed(run: &Run, queue: Sender<Claimed>) -> Result<(), RunError> {
    while !run.stop.is_cancelled() {
        let now = run.clock.now();
        let claimed = run.store.claim(claim(run, now)).await?;
        if claimed.is_empty() {
            if !rest(run, now).await? {
                break;
            }
            continue;
        }
        run.in_hand.fetch_add(claimed.len(), Ordering::SeqCst);
        for delivery in claimed {
            let full = queue.send(delivery);
            tokio::select! {
                sent = full => if sent.is_err() { return Ok(()) },
                () = run.stop.cancelled() => return Ok(()),
            }
        }
    }
    Ok(())
}

fn claim(run: &Run, now: Timestamp) -> Claim {
    Claim {
        distribution: Some(run.distribution),
        now,
        lease: run.lease,
        until: now
            .saturating_add(run.settings.lease)
            .unwrap_or(Timestamp::MAX),
        limit: BATCH,
    }
}

/// Nothing is due. Waits for what may fall due; false when there is nothing to wait for.
async fn rest(run: &Run, now: Timestamp) -> Result<bool, RunError> {
    // Registered before looking, so that an outcome in between is not missed.
    let changed = run.settled.notified();
    let in_hand = run.in_hand.load(Ordering::SeqCst) > 0;
    let next = match run.until {
        Until::NothingDue => None,
        Until::AllSettled => run.store.next_due(Some(run.distribution)).await?,
    };
    let nap = match (next, in_hand) {
        (None, false) => return Ok(false),
        (None, true) => None,
        (Some(at), true) => Some(at.duration_since(now)),
        // Only an idle run may let a rehearsal's clock jump.
        (Some(at), false) => Some(run.clock.wait_until(at)),
    };
    tokio::select! {
        () = sleep(nap) => {}
        () = changed => {}
        () = run.stop.cancelled() => {}
    }
    Ok(true)
}

async fn sleep(nap: Option<SignedDuration>) {
    match nap {
        Some(nap) => tokio::time::sleep(Duration::try_from(nap).unwrap_or_default()).await,
        None => std::future::pending().await,
    }
}
