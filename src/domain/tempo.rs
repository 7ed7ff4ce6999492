//! How fast mails go out now, by what the log says of the last moments.

use jiff::{SignedDuration, Timestamp};

/// How far back one looks.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_secs(30);
/// What began just now is not reckoned up from less than this.
const LEAST: SignedDuration = SignedDuration::from_secs(10);
/// Where the log is so busy that it was not read all the way back, from no less.
const LEAST_WHEN_BUSY: SignedDuration = SignedDuration::from_millis(100);

/// An entry of the log, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// When.
    pub at: Timestamp,
    /// Whether a relay answered then.
    pub answered: bool,
}

impl Beat {
    /// Of an entry with this event.
    pub fn of(event: &str, at: Timestamp) -> Self {
        let answered = matches!(event, "accepted" | "rejected" | "deferred");
        Self { at, answered }
    }
}

/// Mails a second that a relay answered in the last moments, by a distribution's
/// entries since then. `is_whole` says whether these are all of them: else the log
/// was read back to the first of them alone. None where no mail was answered.
pub fn tempo(beats: &[Beat], is_whole: bool, now: Timestamp) -> Option<f64> {
    let recent = |beat: &&Beat| now.duration_since(beat.at) <= LOOK_BACK;
    let recent: Vec<_> = beats.iter().filter(recent).collect();
    let answered = recent.iter().filter(|beat| beat.answered).count();
    let first = recent.iter().map(|beat| beat.at).min()?;
    let least = if is_whole { LEAST } else { LEAST_WHEN_BUSY };
    let span = now.duration_since(first).max(least);
    (answered > 0).then(|| answered as f64 / span.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
    }

    fn beats(pairs: &[(i64, &str)]) -> Vec<Beat> {
        let pairs = pairs.iter();
        pairs
            .map(|(millis, event)| Beat::of(event, at(*millis)))
            .collect()
    }

    #[test]
    fn what_relays_answered_lately_is_reckoned_up() {
        let steady = beats(&[
            (0, "attempt"),
            (100, "accepted"),
            (9_000, "rejected"),
            (20_000, "deferred"),
        ]);
        assert_eq!(tempo(&steady, true, at(20_000)), Some(3.0 / 20.0));
        // One mail a moment ago is not ten a second.
        let one = beats(&[(0, "attempt"), (50, "accepted")]);
        assert_eq!(tempo(&one, true, at(100)), Some(0.1));
        // But where the log is busy, a moment is enough.
        let many = vec![Beat::of("accepted", at(0)); 500];
        assert_eq!(tempo(&many, false, at(250)), Some(2000.0));
    }

    #[test]
    fn what_stands_still_has_no_tempo() {
        assert_eq!(tempo(&[], true, at(0)), None);
        let begun = beats(&[(0, "planned"), (10, "attempt"), (20, "in_doubt")]);
        assert_eq!(tempo(&begun, true, at(100)), None);
        let long_ago = beats(&[(0, "accepted")]);
        assert_eq!(tempo(&long_ago, true, at(30_001)), None);
    }

    proptest! {
        #[test]
        fn it_is_a_number_whatever_the_clock_says(times in proptest::collection::vec(-100_000i64..100_000, 0..50), is_whole: bool) {
            let beats: Vec<_> = times.iter().map(|time| Beat::of("accepted", at(*time))).collect();
            if let Some(tempo) = tempo(&beats, is_whole, at(0)) {
                prop_assert!(tempo.is_finite() && tempo > 0.0);
            }
        }
    }
}
