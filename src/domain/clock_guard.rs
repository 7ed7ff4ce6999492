//! The guard over the clock: a wall clock may be set, a steady one cannot.
//!
//! Whoever holds early copy back must not believe a clock that has just jumped
//! over the lift. The guard compares the wall clock with a steady one, and the
//! embargo is judged by whichever says that it is earlier.

use jiff::{SignedDuration, Timestamp};

/// Two clocks, read together once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockGuard {
    wall: Timestamp,
    steady: SignedDuration,
    tolerance: SignedDuration,
}

/// A wall clock that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// What it should show.
    pub expected: Timestamp,
    /// What it shows.
    pub wall: Timestamp,
}

impl Jump {
    /// The earlier of the two: whatever waits for an instant after this waits
    /// for a clock that nobody can trust.
    pub fn certain(&self) -> Timestamp {
        self.expected.min(self.wall)
    }

    /// What happened, in words.
    pub fn explain(&self) -> String {
        let by = self.wall.duration_since(self.expected);
        let way = if by.is_negative() { "back" } else { "ahead" };
        format!(
            "the machine's clock jumped {way} by {} s: it shows {}, expected {}",
            by.abs().as_secs(),
            self.wall.strftime("%Y-%m-%d %H:%M:%S UTC"),
            self.expected.strftime("%Y-%m-%d %H:%M:%S UTC")
        )
    }
}

impl ClockGuard {
    /// Trusts the wall clock as it is now.
    pub fn new(wall: Timestamp, steady: SignedDuration, tolerance: SignedDuration) -> Self {
        Self {
            wall,
            steady,
            tolerance,
        }
    }

    fn expected(&self, steady: SignedDuration) -> Timestamp {
        let passed = steady.saturating_sub(self.steady);
        self.wall.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// The time to judge by: within tolerance the wall clock's, else the
    /// earlier of what it shows and what it should show.
    pub fn judge(&self, wall: Timestamp, steady: SignedDuration) -> Timestamp {
        match self.jump(wall, steady) {
            None => wall,
            Some(jump) => jump.certain(),
        }
    }

    /// Whether the wall clock was set.
    pub fn jump(&self, wall: Timestamp, steady: SignedDuration) -> Option<Jump> {
        let expected = self.expected(steady);
        let off = wall.duration_since(expected).abs();
        (off > self.tolerance).then_some(Jump { expected, wall })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(n: i64) -> SignedDuration {
        SignedDuration::from_secs(n)
    }

    #[test]
    fn a_jump_is_seen_and_not_believed() {
        let start: Timestamp = "2026-11-30T08:00:00Z".parse().unwrap();
        let guard = ClockGuard::new(start, seconds(100), seconds(10));
        let later = start + seconds(60);
        assert_eq!(guard.jump(later, seconds(160)), None);
        assert_eq!(guard.jump(later + seconds(10), seconds(160)), None);
        let ahead = guard.jump(later + seconds(3600), seconds(160)).unwrap();
        assert_eq!(ahead.certain(), later);
        assert!(
            ahead.explain().contains("jumped ahead by 3600 s"),
            "{}",
            ahead.explain()
        );
        let back = guard.jump(later - seconds(60), seconds(160)).unwrap();
        assert_eq!(back.certain(), later - seconds(60));
    }

    proptest! {
        #[test]
        fn beyond_tolerance_nothing_is_judged_later_than_either_clock(wall in 0i64..2_000_000_000, passed in 0i64..1_000_000) {
            let start = Timestamp::from_second(1_000_000_000).unwrap();
            let guard = ClockGuard::new(start, seconds(0), seconds(10));
            let wall = Timestamp::from_second(wall).unwrap();
            let judged = guard.judge(wall, seconds(passed));
            prop_assert!(judged <= wall && judged <= start + seconds(passed + 10));
        }
    }
}
