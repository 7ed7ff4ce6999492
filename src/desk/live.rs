//! Distributions that people watch while they run: looked up once for all who do.

use super::status::Status;
use super::{Desk, DeskError};
use crate::domain::delivery::DeliveryState;
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::store::Standing;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often whoever watches looks.
pub const LOOK_EVERY: Duration = Duration::from_millis(700);
/// A long list takes long to count: looking takes no more than this part of the time.
const PART: u32 = 4;
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
    over: Instant,
    took: Duration,
    seen: Arc<Seen>,
}

/// One place per distribution: who looks, looks for all who wait there.
type Spot = Arc<tokio::sync::Mutex<Option<Look>>>;

/// Distributions as they were seen a moment ago.
#[derive(Debug)]
pub struct Watched {
    every: Duration,
    spots: Mutex<HashMap<DistributionId, (Instant, Spot)>>,
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
            spots: Mutex::default(),
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
        let spot = self.spot(id);
        let mut last = spot.lock().await;
        if let Some(look) = last.as_ref()
            && look.over.elapsed() < self.every.max(look.took * PART)
        {
            return Ok(Some(Arc::clone(&look.seen)));
        }
        look(desk, id, &mut last).await
    }

    /// A distribution as it is now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn look(
        &self,
        desk: &Desk,
        id: DistributionId,
    ) -> Result<Option<Arc<Seen>>, DeskError> {
        let spot = self.spot(id);
        let mut last = spot.lock().await;
        look(desk, id, &mut last).await
    }

    fn spot(&self, id: DistributionId) -> Spot {
        let mut spots = self.spots.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        spots.retain(|one, (asked, _)| *one == id || now.duration_since(*asked) < FORGET_AFTER);
        let (asked, spot) = spots.entry(id).or_insert_with(|| (now, Spot::default()));
        *asked = now;
        Arc::clone(spot)
    }
}

async fn look(
    desk: &Desk,
    id: DistributionId,
    last: &mut Option<Look>,
) -> Result<Option<Arc<Seen>>, DeskError> {
    let begun = Instant::now();
    let Some(distribution) = desk.store.distribution(id).await? else {
        return Ok(None);
    };
    let seen = Arc::new(desk.see(distribution).await?);
    *last = Some(Look {
        over: Instant::now(),
        took: begun.elapsed(),
        seen: Arc::clone(&seen),
    });
    Ok(Some(seen))
}

impl Desk {
    /// Everything that is shown of a distribution while it runs.
    async fn see(&self, distribution: Distribution) -> Result<Seen, DeskError> {
        let status = self.status_alone(&distribution).await?;
        Ok(Seen {
            doubts: self.wanting(&status, distribution.id, "in_doubt").await?,
            deferred: self.deferred(&status, distribution.id).await?,
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
