//! What somebody looks for in the delivery log.

use super::address::EmailAddress;
use super::ids::DistributionId;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Which entries; what is not given, all have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSearch {
    /// Of this distribution.
    pub distribution: Option<DistributionId>,
    /// Of deliveries to one of these addresses; of none where there are none.
    pub emails: Option<BTreeSet<EmailAddress>>,
    /// Of this event: `attempt`, `accepted`, `held`.
    pub event: Option<String>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// In one of these stretches, their ends included; anywhere where there are none.
    pub stretches: Vec<RangeInclusive<u64>>,
}

/// In which order, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogWay {
    /// The oldest first, after a place.
    Onward(u64),
    /// The newest first, before a place.
    Back(Option<u64>),
}

/// How an instant compares with those of the log's lines, octet by octet and
/// without their `Z`: it would sort after the point before a fraction, and after
/// the digits of a longer one.
pub fn line_time(at: Timestamp) -> String {
    at.to_string().trim_end_matches('Z').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_of_lines_sort_as_they_are(one in 0i64..4_000_000_000_000_000, other in 0i64..4_000_000_000_000_000, near in 0i64..2_000_000) {
            for (one, other) in [(one, other), (one, one + near)] {
                let (one, other) = (Timestamp::from_microsecond(one).unwrap(), Timestamp::from_microsecond(other).unwrap());
                prop_assert_eq!(line_time(one) >= line_time(other), one >= other);
            }
        }
    }
}
