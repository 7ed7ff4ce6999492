//! One place for each distribution that somebody asks about: who looks it up, looks
//! it up for all who wait there. Whom nobody asks about any more is forgotten.

use crate::domain::ids::DistributionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is known of one distribution.
pub(super) type Spot<T> = Arc<tokio::sync::Mutex<Option<T>>>;

/// What is known of those that somebody asked about a while ago at most.
#[derive(Debug)]
pub(super) struct Spots<T> {
    kept: Duration,
    all: Mutex<HashMap<DistributionId, (Instant, Spot<T>)>>,
}

impl<T> Spots<T> {
    /// Places that are kept for so long after somebody asked.
    pub(super) fn kept(kept: Duration) -> Self {
        Self {
            kept,
            all: Mutex::default(),
        }
    }

    /// A distribution's place.
    pub(super) fn of(&self, id: DistributionId) -> Spot<T> {
        self.at(id, Instant::now())
    }

    fn at(&self, id: DistributionId, now: Instant) -> Spot<T> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one, (asked, _)| *one == id || now.duration_since(*asked) < self.kept);
        let (asked, spot) = all
            .entry(id)
            .or_insert_with(|| (now, Arc::new(tokio::sync::Mutex::new(None))));
        *asked = now;
        Arc::clone(spot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asks_about_is_given_back() {
        let spots = Spots::<u8>::kept(Duration::from_secs(60));
        let id = |n: u128| DistributionId::from_octets(n.to_be_bytes());
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        for n in 0..1_000 {
            *spots.at(id(n), at(0)).try_lock().unwrap() = Some(1);
        }
        assert_eq!(*spots.at(id(7), at(59)).try_lock().unwrap(), Some(1));
        assert_eq!(spots.all.lock().unwrap().len(), 1_000);
        assert_eq!(*spots.at(id(7), at(118)).try_lock().unwrap(), Some(1));
        assert_eq!(spots.all.lock().unwrap().len(), 1);
        assert_eq!(*spots.at(id(8), at(118)).try_lock().unwrap(), None);
    }
}
