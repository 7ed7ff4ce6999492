//! One place for each distribution that somebody asks about: what is known of it is
//! kept there, for all who ask. Whom nobody asks about any more is forgotten.

use crate::domain::ids::DistributionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The places of those that somebody asked about a while ago at most.
#[derive(Debug)]
pub(super) struct Spots<T> {
    kept: Duration,
    all: Mutex<HashMap<DistributionId, (Instant, Arc<T>)>>,
}

impl<T: Default> Spots<T> {
    /// Places that are kept for so long after somebody asked.
    pub(super) fn kept(kept: Duration) -> Self {
        Self {
            kept,
            all: Mutex::default(),
        }
    }

    /// A distribution's place.
    pub(super) fn of(&self, id: DistributionId) -> Arc<T> {
        self.at(id, Instant::now())
    }

    fn at(&self, id: DistributionId, now: Instant) -> Arc<T> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one, (asked, _)| *one == id || now.duration_since(*asked) < self.kept);
        let (asked, spot) = all.entry(id).or_insert_with(|| (now, Arc::default()));
        *asked = now;
        Arc::clone(spot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn what_nobody_asks_about_is_given_back() {
        let spots = Spots::<AtomicU32>::kept(Duration::from_secs(60));
        let id = |n: u128| DistributionId::from_octets(n.to_be_bytes());
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        for n in 0..1_000 {
            spots.at(id(n), at(0)).store(1, Ordering::Relaxed);
        }
        let known = |n, seconds| spots.at(id(n), at(seconds)).load(Ordering::Relaxed);
        assert_eq!(known(7, 59), 1);
        assert_eq!(spots.all.lock().unwrap().len(), 1_000);
        assert_eq!(known(7, 118), 1);
        assert_eq!(spots.all.lock().unwrap().len(), 1);
        assert_eq!(known(8, 118), 0);
    }
}
