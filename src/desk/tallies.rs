//! Where distributions stand, counted no more often than need be: of a large one
//! that takes a while, and everybody looks at the same one.

use super::spots::Spots;
use super::{Desk, DeskError};
use crate::domain::distribution::Counts;
use crate::domain::ids::DistributionId;
use crate::domain::log_search::{LogSearch, LogWay};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Deliveries from which on a distribution is large: to count them takes a while, so
/// that the last count is shown for a moment even where it has moved on.
const LARGE: u64 = 10_000;
/// For so long.
const MOMENT: Duration = Duration::from_millis(700);
/// For so long how a large one is composed, by language, phase and domain: that
/// changes only where somebody is forgotten, or an embargo or agreement moves.
const COMPOSED: Duration = Duration::from_secs(60);

/// A distribution's deliveries, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By state, language, phase, domain.
    pub(super) counts: Counts,
    /// Those that wait, by when they fall due.
    pub(super) due: Vec<(Timestamp, u64)>,
}

/// A tally, and what it was taken from.
#[derive(Debug)]
struct Taken {
    tally: Arc<Tally>,
    /// The distribution's last log entry by then.
    last: Option<u64>,
    /// On the clock that deliveries fall due by.
    at: Timestamp,
    /// When it was taken, and when its composition was.
    when: Instant,
    composed: Instant,
}

impl Taken {
    fn is_large(&self) -> bool {
        self.tally.counts.total() >= LARGE
    }

    /// Whether it is still so.
    fn holds(&self, last: Option<u64>, at: Timestamp) -> bool {
        if self.is_large() && self.when.elapsed() < MOMENT {
            return true;
        }
        // Every change of a state is logged, but for two: falling due, and the
        // return of what a worker that was lost had claimed.
        let due = |of: &(Timestamp, u64)| self.at < of.0 && of.0 <= at;
        self.last == last
            && self.at <= at
            && self.tally.counts.in_state("claimed") == 0
            && !self.tally.due.iter().any(due)
    }
}

/// So long a tally is kept that nobody asks for.
const KEPT: Duration = Duration::from_secs(600);

/// The last tallies of distributions that somebody looked at.
#[derive(Debug)]
pub(super) struct Tallies(Spots<Place>);

/// What was taken last; whoever else asks meanwhile waits for the count.
type Place = tokio::sync::Mutex<Option<Taken>>;

impl Default for Tallies {
    fn default() -> Self {
        Self(Spots::kept(KEPT))
    }
}

impl Desk {
    /// Counts a distribution's deliveries, or tells the last count where it holds.
    pub(super) async fn tally(&self, id: DistributionId) -> Result<Arc<Tally>, DeskError> {
        // Read first: what is logged during the count makes for another one.
        let last = self.last_entry(id).await?;
        self.tally_at(id, last).await
    }

    /// The same, where its last log entry is known.
    pub(super) async fn tally_at(
        &self,
        id: DistributionId,
        last: Option<u64>,
    ) -> Result<Arc<Tally>, DeskError> {
        let place = self.tallies.0.of(id);
        let mut taken = place.lock().await;
        let at = self.clock.now();
        if let Some(taken) = taken.as_ref().filter(|taken| taken.holds(last, at)) {
            return Ok(Arc::clone(&taken.tally));
        }
        let new = self.take(id, last, at, taken.as_ref()).await?;
        let tally = Arc::clone(&new.tally);
        *taken = Some(new);
        Ok(tally)
    }

    async fn last_entry(&self, id: DistributionId) -> Result<Option<u64>, DeskError> {
        let of_it = LogSearch {
            distribution: Some(id),
            ..LogSearch::default()
        };
        let found = self.store.search_log(&of_it, LogWay::Back(None), 1).await?;
        Ok(found.first().map(|row| row.entry.seq))
    }

    async fn take(
        &self,
        id: DistributionId,
        last: Option<u64>,
        at: Timestamp,
        before: Option<&Taken>,
    ) -> Result<Taken, DeskError> {
        let when = Instant::now();
        let known = before.filter(|one| one.is_large() && one.composed.elapsed() < COMPOSED);
        let counts = match known {
            Some(known) => {
                let counts = known.tally.counts.clone();
                let by_state = self.store.counts_by_state(id, at, counts.total());
                Counts {
                    by_state: by_state.await?,
                    ..counts
                }
            }
            None => self.store.counts(id, at).await?,
        };
        let due = if counts.waiting() > 0 {
            self.store.due_times(id).await?
        } else {
            Vec::new()
        };
        Ok(Taken {
            tally: Arc::new(Tally { counts, due }),
            last,
            at,
            when,
            composed: known.map_or(when, |known| known.composed),
        })
    }
}
