//! The only window on time: everything else is told what time it is.

use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Mutex;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Lets the time pass up to an instant: a wall clock waits, a rehearsal
    /// moves its own hand. Returns how long a real wait is still needed.
    fn wait_until(&self, instant: Timestamp) -> SignedDuration {
        instant.duration_since(self.now()).max(SignedDuration::ZERO)
    }
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is the window")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock for rehearsals: it runs like the wall clock, but waits for nothing.
/// Whoever waits moves it on, so that a dry run of next week's lift or
/// of a retry in an hour is over at once, with every rule in force.
#[derive(Debug, Default)]
pub struct RehearsalClock {
    ahead: Mutex<SignedDuration>,
}

impl Clock for RehearsalClock {
    fn now(&self) -> Timestamp {
        let ahead = *self
            .ahead
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        WallClock
            .now()
            .saturating_add(ahead)
            .unwrap_or(Timestamp::MAX)
    }

    fn wait_until(&self, instant: Timestamp) -> SignedDuration {
        let missing = instant.duration_since(self.now());
        if missing > SignedDuration::ZERO {
            let mut ahead = self
                .ahead
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *ahead = ahead.saturating_add(missing);
        }
        SignedDuration::ZERO
    }
}
