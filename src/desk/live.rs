//! Distributions that people watch while they run: looked up once for all who do.

use super::spots::Spots;
use super::status::{Alone, Status};
use super::{Desk, DeskError};
use crate::domain::delivery::DeliveryState;
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::ids::DistributionId;
use crate::domain::outcomes::{Breakdown, Outcomes};
use crate::store::{Standing, Store, StoreError};
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often whoever watches looks.
pub const LOOK_EVERY: Duration = Duration::from_millis(700);
/// A long list takes long to count: looking takes no more than this part of the time.
const PART: u32 = 4;
/// Outcomes by language and domain are counted anew after so long in any case.
const COUNT_AFTER: Duration = Duration::from_secs(30);
/// Deliveries from which on they are long to count: while some wait, or nothing seems
/// to have changed, the last count is shown, and the next is made beside.
const MANY: u64 = 10_000;
/// Whom nobody has looked at for so long, nobody watches.
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// At most so many deliveries that want a person are looked up.
pub const SHOWN: u32 = 100;

/// A distribution as it was seen.
#[derive(Debug)]
pub struct Seen {
    /// As it is as a whole.
    pub distribution: Distribution,
    /// Where it stands, with what is told of one alone.
    pub status: Status,
    /// The first of those in doubt.
    pub doubts: Vec<Standing>,
    /// The first of those that will be tried again.
    pub deferred: Vec<Deferred>,
}

/// A delivery that will be tried again.
#[derive(Debug, Clone)]
pub struct Deferred {
    /// Which.
    pub standing: Standing,
    /// When.
    pub until: Timestamp,
    /// What the relay said.
    pub reply: String,
}

/// The last look at a distribution.
#[derive(Debug)]
struct Look {
    begun: Instant,
    over: Instant,
    seen: Arc<Seen>,
}

impl Look {
    /// How long it took.
    fn took(&self) -> Duration {
        self.over.duration_since(self.begun)
    }
}

/// What became of a distribution's deliveries by language and domain.
#[derive(Debug)]
struct Counted {
    /// As a whole, by then.
    whole: Outcomes,
    when: Instant,
    took: Duration,
    breakdown: Breakdown,
}

impl Counted {
    async fn now(
        store: &dyn Store,
        id: DistributionId,
        whole: Outcomes,
    ) -> Result<Self, StoreError> {
        let when = Instant::now();
        let breakdown = store.outcomes(id).await?;
        Ok(Self {
            whole,
            when,
            took: when.elapsed(),
            breakdown,
        })
    }
}

/// One place per distribution: who looks, looks for all who wait there.
#[derive(Debug, Default)]
struct Spot {
    look: tokio::sync::Mutex<Option<Look>>,
    counted: Mutex<Option<Arc<Counted>>>,
    counting: AtomicBool,
}

impl Spot {
    fn counted(&self) -> MutexGuard<'_, Option<Arc<Counted>>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Outcomes by language and domain: counted now; of many that go on to change, as
    /// they were a moment ago.
    async fn outcomes(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        id: DistributionId,
        counts: &Counts,
    ) -> Result<Breakdown, DeskError> {
        let whole = Outcomes::of(&counts.by_state);
        let last = self.counted().clone();
        if let Some(last) = last {
            let age = last.when.elapsed();
            // While as many as before came to each outcome, it is as it was.
            let (is_same, is_new) = (last.whole == whole, age < COUNT_AFTER);
            let moves_on = is_new && counts.waiting() > 0;
            if is_same && is_new {
                return Ok(last.breakdown.clone());
            }
            if counts.total() >= MANY && (is_same || moves_on) {
                if age > last.took * PART {
                    self.count_beside(store, id, whole);
                }
                return Ok(last.breakdown.clone());
            }
        }
        let new = Counted::now(store.as_ref(), id, whole).await?;
        let breakdown = new.breakdown.clone();
        *self.counted() = Some(Arc::new(new));
        Ok(breakdown)
    }

    /// Counts outcomes for whoever looks next; one count at a time.
    fn count_beside(self: &Arc<Self>, store: &Arc<dyn Store>, id: DistributionId, whole: Outcomes) {
        if self.counting.swap(true, Ordering::AcqRel) {
            return;
        }
        let (spot, store) = (Arc::clone(self), Arc::clone(store));
        tokio::spawn(async move {
            // Where the store fails, the next look counts again, and says so.
            if let Ok(new) = Counted::now(store.as_ref(), id, whole).await {
                *spot.counted() = Some(Arc::new(new));
            }
            spot.counting.store(false, Ordering::Release);
        });
    }
}

/// Distributions as they were seen a moment ago.
#[derive(Debug)]
pub struct Watched {
    every: Duration,
    spots: Spots<Spot>,
}

impl Default for Watched {
    fn default() -> Self {
        Self::every(LOOK_EVERY)
    }
}

impl Watched {
    /// What is looked at so often.
    pub fn every(every: Duration) -> Self {
        Self {
            every,
            spots: Spots::kept(FORGET_AFTER),
        }
    }

    /// A distribution as somebody saw it a moment ago, else as it is now. `None`
    /// where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn glance(
        &self,
        desk: &Desk,
        id: DistributionId,
    ) -> Result<Option<Arc<Seen>>, DeskError> {
        let spot = self.spots.of(id);
        let mut last = spot.look.lock().await;
        if let Some(look) = last.as_ref()
            && look.over.elapsed() < self.every.max(look.took() * PART)
        {
            return Ok(Some(Arc::clone(&look.seen)));
        }
        spot.see(desk, id, &mut last).await
    }

    /// A distribution as it is now: as seen by a look that began no earlier than one
    /// asked.
    ///
    /// # Errors
    /// The store failed.
    pub async fn look(
        &self,
        desk: &Desk,
        id: DistributionId,
    ) -> Result<Option<Arc<Seen>>, DeskError> {
        let asked = Instant::now();
        let spot = self.spots.of(id);
        let mut last = spot.look.lock().await;
        if let Some(look) = last.as_ref()
            && look.begun >= asked
        {
            return Ok(Some(Arc::clone(&look.seen)));
        }
        spot.see(desk, id, &mut last).await
    }
}

impl Spot {
    async fn see(
        self: &Arc<Self>,
        desk: &Desk,
        id: DistributionId,
        last: &mut Option<Look>,
    ) -> Result<Option<Arc<Seen>>, DeskError> {
        let begun = Instant::now();
        let Some(distribution) = desk.store.distribution(id).await? else {
            return Ok(None);
        };
        let status = desk.status(&distribution).await?;
        let outcomes = self.outcomes(&desk.store, id, &status.counts).await?;
        let seen = Arc::new(desk.see(distribution, status, outcomes).await?);
        *last = Some(Look {
            begun,
            over: Instant::now(),
            seen: Arc::clone(&seen),
        });
        Ok(Some(seen))
    }
}

impl Desk {
    /// Everything that is shown of a distribution while it runs.
    async fn see(
        &self,
        distribution: Distribution,
        mut status: Status,
        outcomes: Breakdown,
    ) -> Result<Seen, DeskError> {
        let id = distribution.id;
        let rate = self.rate(id, &status.counts).await?;
        status.alone = Some(Alone { outcomes, rate });
        Ok(Seen {
            doubts: self.wanting(&status, id, "in_doubt").await?,
            deferred: self.deferred(&status, id).await?,
            distribution,
            status,
        })
    }

    /// The first deliveries in a state; looked up where there are some alone.
    async fn wanting(
        &self,
        status: &Status,
        id: DistributionId,
        state: &str,
    ) -> Result<Vec<Standing>, DeskError> {
        if status.counts.in_state(state) == 0 {
            return Ok(Vec::new());
        }
        Ok(self.store.standing(Some(id), state, SHOWN).await?)
    }

    /// The first of those that will be tried again, with when and what the relay
    /// said. Those whose time has come count as due, and are deferred still.
    async fn deferred(
        &self,
        status: &Status,
        id: DistributionId,
    ) -> Result<Vec<Deferred>, DeskError> {
        if status.counts.waiting() == 0 {
            return Ok(Vec::new());
        }
        let all = self.store.standing(Some(id), "deferred", SHOWN).await?;
        let told = all.into_iter().filter_map(|standing| {
            let DeliveryState::Deferred { until, reply } = &standing.state else {
                return None;
            };
            let (until, reply) = (*until, reply.clone());
            Some(Deferred {
                standing,
                until,
                reply,
            })
        });
        Ok(told.collect())
    }
}
