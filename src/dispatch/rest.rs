//! Resting: nothing can be begun now, so the ledger waits for what may come.

use super::ledger::Ledger;
use super::run::{RunError, Until};
use crate::store::Bell;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The longest rest: a clock that was set, or a bell that is missing, is noticed by then.
const LONGEST_REST: SignedDuration = SignedDuration::from_secs(30);
/// How often a person who waits is told what another process has done meanwhile.
const OTHERS: SignedDuration = SignedDuration::from_secs(1);
/// How long before the next due instant a service is ready for it.
const READY_BEFORE: SignedDuration = SignedDuration::from_secs(3);

/// Whether there is anything to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// There may be.
    GoOn,
    /// There is not, and will not be.
    Over,
}

/// What ended a rest.
enum Woken {
    /// A worker brought something.
    Page,
    /// Time has passed, or somebody rang.
    Called,
    /// Every hand has left.
    Alone,
}

impl Ledger {
    pub(super) async fn listen(&self) -> Result<Option<Box<dyn Bell>>, RunError> {
        match self.run.until {
            Until::Stopped => Ok(self.run.store.listen().await?),
            Until::NothingDue | Until::AllSettled => Ok(None),
        }
    }

    /// Waits for what may come; over, where nothing will.
    pub(super) async fn rest(&mut self, now: Timestamp) -> Result<Rest, RunError> {
        let idle = self.is_idle();
        let nap = if self.dry {
            match self.nap(now, idle).await? {
                Some(nap) => nap,
                None => return Ok(Rest::Over),
            }
        } else {
            // Workers are busy, or their relays hold them back.
            let chance = self.board.next_chance(now);
            chance.map_or(LONGEST_REST, |at| at.duration_since(now))
        };
        if self.bell.is_none() {
            // A run under former settings may have had it until now.
            self.bell = self.listen().await?;
        }
        match self.sleep(nap).await {
            Woken::Alone => Ok(Rest::Over),
            Woken::Page => Ok(Rest::GoOn),
            Woken::Called => {
                if std::mem::take(&mut self.dry) {
                    // Time has passed: look around before anything is claimed.
                    self.look().await?;
                }
                Ok(Rest::GoOn)
            }
        }
    }

    /// How long to rest while nothing is due; `None` where nothing will be.
    async fn nap(
        &mut self,
        now: Timestamp,
        idle: bool,
    ) -> Result<Option<SignedDuration>, RunError> {
        let next = match self.run.until {
            Until::NothingDue => None,
            Until::AllSettled | Until::Stopped => self.next(idle).await?,
        };
        if idle {
            self.run.pulse.well();
        }
        let nap = match (next, idle) {
            (None, true) => match self.run.until {
                Until::Stopped => LONGEST_REST,
                Until::NothingDue | Until::AllSettled => return Ok(None),
            },
            (None, false) => LONGEST_REST,
            (Some(at), false) => at.duration_since(now),
            // Only an idle run may let a rehearsal's clock jump.
            (Some(at), true) => self.until(at).await?,
        };
        if idle && nap >= LONGEST_REST {
            self.run.composers.clear().await;
        }
        Ok(Some(nap))
    }

    /// The next instant at which there may be something to do: something falls
    /// due, or a worker that is gone loses what it held.
    async fn next(&self, idle: bool) -> Result<Option<Timestamp>, RunError> {
        let run = &self.run;
        let due = run.store.next_due(run.distribution).await?;
        if !idle {
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
    async fn until(&self, at: Timestamp) -> Result<SignedDuration, RunError> {
        let wait = self.run.clock.wait_until(at);
        // A rehearsal's clock has moved on by now: the lease moves with it.
        self.run.prolong().await?;
        if wait > READY_BEFORE {
            return Ok(wait - READY_BEFORE);
        }
        if wait > SignedDuration::ZERO {
            self.run.make_ready(at).await?;
        }
        Ok(at.duration_since(self.run.clock.now()).min(wait))
    }

    async fn sleep(&mut self, nap: SignedDuration) -> Woken {
        let nap = Duration::try_from(nap.min(LONGEST_REST)).unwrap_or_default();
        let run = Arc::clone(&self.run);
        let mut bell = self.bell.take();
        let woken = tokio::select! {
            page = self.next_page() => match page {
                Some(()) => Woken::Page,
                None => Woken::Alone,
            },
            () = tokio::time::sleep(nap) => Woken::Called,
            () = rung(&mut bell) => Woken::Called,
            () = run.leads.notified() => Woken::Called,
            () = run.stop.cancelled() => Woken::Called,
        };
        self.bell = bell;
        woken
    }
}

async fn rung(bell: &mut Option<Box<dyn Bell>>) {
    match bell {
        Some(bell) => bell.rung().await,
        None => std::future::pending().await,
    }
}
