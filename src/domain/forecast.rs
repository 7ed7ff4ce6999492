//! The forecast: when the last delivery will be through.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// When a distribution will be through, at a steady pace.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    /// When the last delivery has left.
    pub last: Timestamp,
    /// When the last that falls due by the lift has left; none where nothing does.
    pub last_at_lift: Option<Timestamp>,
    /// Messages a second that were reckoned with.
    pub rate: f64,
    /// How much later than they may some leave, for the rate's sake, once the
    /// lift has come.
    #[serde(skip)]
    behind: SignedDuration,
}

impl Forecast {
    /// Reckons with so many deliveries falling due at each instant, in order of
    /// time. What cannot leave at once queues behind what came before.
    pub fn of(
        due: impl IntoIterator<Item = (Timestamp, u64)>,
        rate: f64,
        now: Timestamp,
        lift: Option<Timestamp>,
    ) -> Option<Self> {
        if rate.is_nan() || rate <= 0.0 {
            return None;
        }
        let (mut through, mut any, mut last_at_lift) = (now, false, None);
        let mut behind = SignedDuration::ZERO;
        for (at, count) in due {
            any = true;
            let takes = SignedDuration::try_from_secs_f64(count as f64 / rate)
                .unwrap_or(SignedDuration::MAX);
            through = through
                .max(at)
                .saturating_add(takes)
                .unwrap_or(Timestamp::MAX);
            let Some(lift) = lift else { continue };
            if at <= lift {
                last_at_lift = Some(through);
            }
            // What its own schedule asks for later is not late for that.
            behind = behind.max(through.duration_since(at.max(lift)));
        }
        any.then_some(Self {
            last: through,
            last_at_lift,
            rate,
            behind,
        })
    }

    /// By how much the rate makes some late, beyond a margin: later than the
    /// lift, or than the time after it that their own schedule gives them.
    /// `None` where all are in time, or nothing waits for a lift.
    pub fn late(&self, margin: SignedDuration) -> Option<SignedDuration> {
        (self.behind > margin).then_some(self.behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_queue_behind_each_other() {
        let at = |second: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let due = [(at(0), 100), (at(5), 50), (at(100), 10)];
        let forecast = Forecast::of(due, 10.0, at(0), Some(at(5))).unwrap();
        assert_eq!(forecast.last, at(101));
        assert_eq!(forecast.last_at_lift, Some(at(15)));
        let margin = SignedDuration::from_secs;
        assert_eq!(forecast.late(margin(9)), Some(margin(10)));
        assert_eq!(forecast.late(margin(10)), None);
        assert_eq!(Forecast::of([], 10.0, at(0), None), None);
        assert_eq!(Forecast::of(due, 0.0, at(0), None), None);
    }

    #[test]
    fn a_backlog_is_late_and_a_schedule_is_not() {
        let at = |second: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let late = |due: &[(i64, u64)]| {
            let due = due.iter().map(|(second, count)| (at(*second), *count));
            let forecast = Forecast::of(due, 10.0, at(0), Some(at(100))).unwrap();
            let late = forecast.late(SignedDuration::from_secs(60));
            late.map(|late| late.as_secs())
        };
        // Hours after the lift, because a window opens then.
        assert_eq!(late(&[(100, 10), (7200, 10)]), None);
        // The rate makes even those late.
        assert_eq!(late(&[(100, 10), (7200, 1000)]), Some(100));
        // What comes before them does: waves a minute apart, each too large.
        assert_eq!(late(&[(100, 1000), (160, 1000)]), Some(140));
        // Advance copies that were due before the lift, and leave long after it.
        assert_eq!(late(&[(50, 2000)]), Some(150));
        assert_eq!(late(&[(50, 2000), (100, 1)]), Some(150));
        assert_eq!(late(&[(0, 1000)]), None);
    }
}
