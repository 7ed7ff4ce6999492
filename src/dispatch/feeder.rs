//! The feeder: claims what is due and hands it to the workers.

use super::run::{Run, RunError, Until};
use super::watchman::Watchman;
use crate::store::{Bell, Claim, Claimed};
use async_channel::Sender;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Deliveries claimed at once (DESIGN.md: 500 to 1,000 a batch).
const BATCH: u32 = 500;
/// Work goes on for so long before the watchman looks around again.
const ROUND: Duration = Duration::from_secs(10);
/// The longest rest: a clock that was set, or a bell that is missing, is noticed by then.
const LONGEST_REST: SignedDuration = SignedDuration::from_secs(30);
/// How often a person who waits is told what another process has done meanwhile.
const OTHERS: SignedDuration = SignedDuration::from_secs(1);
/// How long before the next due instant a service is ready for it.
const READY_BEFORE: SignedDuration = SignedDuration::from_secs(3);

/// Feeds the workers until there is nothing left to do, or somebody says stop.
pub(super) async fn feed(run: &Run, queue: Sender<Claimed>) -> Result<(), RunError> {
    let mut bell = match run.until {
        Until::Stopped => run.store.listen().await?,
        Until::NothingDue | Until::AllSettled => None,
    };
    let mut watchman = Watchman::default();
    watchman.look(run).await?;
    let mut looked = Instant::now();
    while !run.stop.is_cancelled() {
        if looked.elapsed() >= ROUND {
            watchman.look(run).await?;
            looked = Instant::now();
        }
        let now = run.clock.now();
        let claimed = run.store.claim(claim(run, now)).await?;
        if claimed.is_empty() {
            if !rest(run, now, &mut bell).await? {
                break;
            }
            // Time has passed: look around before anything is claimed.
            watchman.look(run).await?;
            looked = Instant::now();
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
        distribution: run.distribution,
        now,
        lease: run.lease,
        until: now
            .saturating_add(run.settings.lease)
            .unwrap_or(Timestamp::MAX),
        limit: BATCH,
    }
}

/// Nothing is due. Waits for what may fall due; false when there is nothing to wait for.
async fn rest(
    run: &Run,
    now: Timestamp,
    bell: &mut Option<Box<dyn Bell>>,
) -> Result<bool, RunError> {
    // Registered before looking, so that an outcome in between is not missed.
    let changed = run.settled.notified();
    let in_hand = run.in_hand.load(Ordering::SeqCst) > 0;
    let next = match run.until {
        Until::NothingDue => None,
        Until::AllSettled | Until::Stopped => next(run, in_hand).await?,
    };
    let nap = match (next, in_hand) {
        (None, in_hand) => match run.until {
            Until::Stopped => Some(LONGEST_REST),
            Until::NothingDue | Until::AllSettled if in_hand => None,
            Until::NothingDue | Until::AllSettled => return Ok(false),
        },
        (Some(at), true) => Some(at.duration_since(now)),
        // Only an idle run may let a rehearsal's clock jump.
        (Some(at), false) => Some(until(run, at).await?),
    };
    if !in_hand {
        run.pulse.well();
    }
    if !in_hand && nap.is_some_and(|nap| nap >= LONGEST_REST) {
        run.composers.clear().await;
    }
    tokio::select! {
        () = sleep(nap) => {}
        () = changed => {}
        () = rung(bell) => {}
        () = run.stop.cancelled() => {}
    }
    Ok(true)
}

/// The next instant at which there may be something to do: something falls due,
/// or a worker that is gone loses what it held.
async fn next(run: &Run, in_hand: bool) -> Result<Option<Timestamp>, RunError> {
    let due = run.store.next_due(run.distribution).await?;
    if in_hand {
        // The claims are this run's own, and are renewed.
        return Ok(due);
    }
    let lapse = run.store.next_lapse(run.distribution).await?;
    let lapsed = lapse.and_then(|at| match run.until {
        // A lease has lapsed once its end is past.
        Until::Stopped => at.checked_add(SignedDuration::from_millis(1)).ok(),
        // No bell rings here when another process is done with what it holds.
        Until::AllSettled | Until::NothingDue => run.clock.now().checked_add(OTHERS).ok(),
    });
    Ok([due, lapsed].into_iter().flatten().min())
}

/// How long to rest for an instant. Shortly before it the mails' content and
/// the connections are made ready, so that the first can leave on the dot.
async fn until(run: &Run, at: Timestamp) -> Result<SignedDuration, RunError> {
    let wait = run.clock.wait_until(at);
    if wait > READY_BEFORE {
        return Ok(wait - READY_BEFORE);
    }
    if wait > SignedDuration::ZERO {
        run.make_ready(at).await?;
    }
    Ok(at.duration_since(run.clock.now()).min(wait))
}

async fn sleep(nap: Option<SignedDuration>) {
    match nap {
        Some(nap) => {
            let nap = Duration::try_from(nap.min(LONGEST_REST)).unwrap_or_default();
            tokio::time::sleep(nap).await;
        }
        None => std::future::pending().await,
    }
}

async fn rung(bell: &mut Option<Box<dyn Bell>>) {
    match bell {
        Some(bell) => bell.rung().await,
        None => std::future::pending().await,
    }
}
