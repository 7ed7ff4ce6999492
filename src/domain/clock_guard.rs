//! The guard over the clock: a wall clock may be set, a steady one cannot.
//!
//! Whoever holds early copy back must not believe a clock that has just jumped
//! over the lift. The guard compares the wall clock with a steady one, and the
//! embargo is judged by whichever says that it is earlier. A [`Heartbeat`] lets
//! it look back over a restart.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

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

/// What a service notes of its clocks from time to time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The wall clock.
    pub at: Timestamp,
    /// The steady clock, where it is the machine's and not this process's own.
    pub machine: Option<MachineTime>,
}

/// A steady clock that outlives the process that reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineTime {
    /// What has passed since the machine started.
    pub steady: SignedDuration,
    /// Which start of which machine that was.
    pub boot: String,
}

impl Heartbeat {
    /// Whether the wall clock was set between two beats, while nobody was there
    /// to see it. `None` where it was not, and where nobody can tell: the
    /// machine was started anew, or it is another machine.
    pub fn jump_to(&self, now: &Self, tolerance: SignedDuration) -> Option<Jump> {
        let (then, machine) = (self.machine.as_ref()?, now.machine.as_ref()?);
        if then.boot != machine.boot || machine.steady < then.steady {
            return None;
        }
        ClockGuard::new(self.at, then.steady, tolerance).jump(now.at, machine.steady)
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

    #[test]
    fn a_jump_while_nobody_was_there_is_seen_too() {
        let start: Timestamp = "2026-11-30T08:00:00Z".parse().unwrap();
        let beat = |wall: i64, steady: i64, boot: &str| Heartbeat {
            at: start + seconds(wall),
            machine: Some(MachineTime {
                steady: seconds(steady),
                boot: boot.to_owned(),
            }),
        };
        let last = beat(0, 100, "a");
        let jump = |now: &Heartbeat| last.jump_to(now, seconds(10)).map(|jump| jump.certain());
        assert_eq!(jump(&beat(3600, 3700, "a")), None);
        assert_eq!(jump(&beat(86_400, 160, "a")), Some(start + seconds(60)));
        assert_eq!(jump(&beat(-60, 160, "a")), Some(start - seconds(60)));
        // Another start or another machine: nobody can tell.
        assert_eq!(jump(&beat(86_400, 160, "b")), None);
        let unknown = Heartbeat {
            at: start + seconds(86_400),
            machine: None,
        };
        assert_eq!(jump(&unknown), None);
        assert_eq!(unknown.jump_to(&last, seconds(10)), None);
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
