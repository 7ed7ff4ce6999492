//! When to try again: a pure function of attempts and age.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Exponential back-off with jitter, and an end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Wait after the first attempt.
    pub first: SignedDuration,
    /// Each wait is this many times the last one; at least 1.
    pub factor: f64,
    /// No wait is longer.
    pub max: SignedDuration,
    /// A wait is spread evenly over this part of itself to either side: 0 to 1.
    pub jitter: f64,
    /// A delivery this old is given up (RFC 5321 4.5.4.1 advises 4 to 5 days
    /// for a relay; news ages faster).
    pub give_up_after: SignedDuration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: SignedDuration::from_mins(1),
            factor: 2.0,
            max: SignedDuration::from_hours(1),
            jitter: 0.2,
            give_up_after: SignedDuration::from_hours(24),
        }
    }
}

impl RetryPolicy {
    /// The instant of the next attempt, or `None` to give up.
    ///
    /// `attempts` counts those made, from 1; `due_since` is when the delivery
    /// first fell due; `roll` is a number in `0..1` that spreads the herd.
    pub fn next(
        &self,
        attempts: u32,
        due_since: Timestamp,
        now: Timestamp,
        roll: f64,
    ) -> Option<Timestamp> {
        let at = now.saturating_add(self.wait(attempts, roll)).ok()?;
        (at.duration_since(due_since) <= self.give_up_after).then_some(at)
    }

    /// The wait after this many attempts.
    pub fn wait(&self, attempts: u32, roll: f64) -> SignedDuration {
        let doublings = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.first.as_secs_f64() * self.factor.max(1.0).powi(doublings);
        let capped = grown.min(self.max.as_secs_f64());
        let spread = 1.0 + self.jitter.clamp(0.0, 1.0) * (2.0 * roll.clamp(0.0, 1.0) - 1.0);
        SignedDuration::try_from_secs_f64(capped * spread).unwrap_or(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy() -> RetryPolicy {
        RetryPolicy {
            jitter: 0.0,
            ..RetryPolicy::default()
        }
    }

    #[test]
    fn waits_grow_to_the_limit() {
        let minutes: Vec<i64> = (1..=9).map(|n| policy().wait(n, 0.5).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn an_old_delivery_is_given_up() {
        let born = Timestamp::UNIX_EPOCH;
        let late = born + SignedDuration::from_hours(23) + SignedDuration::from_mins(30);
        assert!(policy().next(3, born, late, 0.5).is_some());
        assert!(policy().next(9, born, late, 0.5).is_none());
    }

    proptest! {
        #[test]
        fn a_wait_stays_within_its_spread(attempts in 1u32.., roll in 0.0f64..1.0, jitter in 0.0f64..1.0) {
            let wait = RetryPolicy { jitter, ..policy() }.wait(attempts, roll).as_secs_f64();
            let base = policy().wait(attempts, 0.5).as_secs_f64();
            prop_assert!(wait >= base * (1.0 - jitter) - 1e-6 && wait <= base * (1.0 + jitter) + 1e-6);
        }
    }
}
