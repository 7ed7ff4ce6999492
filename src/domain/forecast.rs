//! The forecast: when the last delivery will be through.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// When a distribution will be through, at a steady pace.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    /// When the last delivery has left.
    pub last: Timestamp,
    /// When the last that waits for the lift has left; none where nothing does.
    pub last_at_lift: Option<Timestamp>,
    /// Messages a second that were reckoned with.
    pub rate: f64,
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
        for (at, count) in due {
            any = true;
            let takes = SignedDuration::try_from_secs_f64(count as f64 / rate)
                .unwrap_or(SignedDuration::MAX);
            through = through
                .max(at)
                .saturating_add(takes)
                .unwrap_or(Timestamp::MAX);
            // What the lift releases is what falls due at that very instant.
            if lift == Some(at) {
                last_at_lift = Some(through);
            }
        }
        any.then_some(Self {
            last: through,
            last_at_lift,
            rate,
        })
    }

    /// How much later than the lift plus a margin the last of those is through
    /// that the lift releases; `None` where it is in time.
    pub fn late(&self, lift: Option<Timestamp>, margin: SignedDuration) -> Option<SignedDuration> {
        let late = self.last_at_lift?.duration_since(lift?);
        (late > margin).then_some(late)
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
        assert_eq!(
            forecast.late(Some(at(5)), SignedDuration::from_secs(9)),
            Some(SignedDuration::from_secs(10))
        );
        assert_eq!(
            forecast.late(Some(at(5)), SignedDuration::from_secs(10)),
            None
        );
        assert_eq!(Forecast::of([], 10.0, at(0), None), None);
        assert_eq!(Forecast::of(due, 0.0, at(0), None), None);
    }
}
