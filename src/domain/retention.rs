//! Retention: how long personal data are kept that nothing asks for any more
//! (GDPR article 5(1)(e)). Pure: whoever cuts is the store.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What is kept for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Names, addresses and relays' words beside the lines of the log.
    Log,
    /// Reports that came back, and what servers said in them.
    Bounces,
    /// What imports changed: the way back from them.
    Imports,
    /// Who did what at the desk.
    Acts,
}

impl Kept {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Log, Self::Bounces, Self::Imports, Self::Acts];

    /// Its name: the key in dateline.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Bounces => "bounces",
            Self::Imports => "imports",
            Self::Acts => "acts",
        }
    }

    /// What goes, in words.
    pub fn told(self) -> &'static str {
        match self {
            Self::Log => "log entries emptied of personal data",
            Self::Bounces => "reports that came back emptied",
            Self::Imports => "contacts of imports that cannot be undone any more",
            Self::Acts => "acts taken off the record",
        }
    }
}

/// How long each is kept; `None`: for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// See [`Kept::Log`].
    pub log: Option<SignedDuration>,
    /// See [`Kept::Bounces`].
    pub bounces: Option<SignedDuration>,
    /// See [`Kept::Imports`].
    pub imports: Option<SignedDuration>,
    /// See [`Kept::Acts`].
    pub acts: Option<SignedDuration>,
}

/// What is older than this goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Of what.
    pub what: Kept,
    /// What is older goes; what is of this very instant stays.
    pub before: Timestamp,
}

/// What goes, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// What.
    pub what: Kept,
    /// What was older than this.
    pub before: Timestamp,
    /// How many.
    pub count: u64,
}

/// From one look to the next.
const EVERY: SignedDuration = SignedDuration::from_hours(24);

impl Retention {
    fn of(&self, what: Kept) -> Option<SignedDuration> {
        match what {
            Kept::Log => self.log,
            Kept::Bounces => self.bounces,
            Kept::Imports => self.imports,
            Kept::Acts => self.acts,
        }
    }

    /// What is too old now. A time before all time cuts nothing.
    pub fn cuts(&self, now: Timestamp) -> Vec<Cut> {
        let all = Kept::ALL.into_iter();
        all.filter_map(|what| {
            let before = now.checked_sub(self.of(what)?).ok()?;
            Some(Cut { what, before })
        })
        .collect()
    }
}

/// Whether it is time to look again. A clock that was set back does not wait a
/// year for itself.
pub fn is_time(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now < last || now.duration_since(last) >= EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    #[test]
    fn everything_is_kept_where_nothing_is_said() {
        assert_eq!(Retention::default().cuts(at(9)), []);
    }

    #[test]
    fn each_has_its_own_time() {
        let retention = Retention {
            log: Some(SignedDuration::from_hours(3)),
            acts: Some(SignedDuration::from_hours(1)),
            bounces: Some(SignedDuration::MAX),
            ..Retention::default()
        };
        let cut = |what, hour| Cut {
            what,
            before: at(hour),
        };
        assert_eq!(
            retention.cuts(at(9)),
            [cut(Kept::Log, 6), cut(Kept::Acts, 8)]
        );
    }

    #[test]
    fn it_is_looked_at_once_a_day() {
        assert!(is_time(None, at(0)));
        assert!(!is_time(Some(at(0)), at(23)));
        assert!(is_time(Some(at(0)), at(24)));
        assert!(is_time(Some(at(9)), at(8)), "the clock was set back");
    }

    proptest! {
        #[test]
        fn nothing_younger_than_its_time_goes(now in 0i64..1_000_000, days in 1i64..4000) {
            let kept = SignedDuration::from_hours(24 * days);
            let retention = Retention { imports: Some(kept), ..Retention::default() };
            for cut in retention.cuts(at(now)) {
                prop_assert_eq!(at(now).duration_since(cut.before), kept);
            }
        }
    }
}
