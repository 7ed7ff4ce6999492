//! The embargo: the instant before which publishing is barred, and who may
//! hold the copy earlier.
//!
//! [`permitted_from`] is the invariant in one line. Selection, claim and the
//! last instruction before the SMTP conversation all ask it.

use super::said::{Said, Tell};
use super::zone::Zone;
use crate::{said, shown_as_said};
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, ZonedDateTime};
use serde::{Deserialize, Serialize};

/// An embargo and the zone in which the newsroom wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embargo {
    /// The lift: the instant at which it ends.
    pub until: Timestamp,
    /// The zone it was written in.
    pub zone: Zone,
}

/// Why a text is not the time of an embargo or schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not of the RFC 9557 form.
    Form {
        /// What was read.
        text: String,
    },
    /// A time without a zone: readers in two countries would read it two ways.
    NoZone {
        /// What was read.
        text: String,
        /// A zone to show the right form with.
        example: String,
    },
    /// A zone nobody knows.
    UnknownZone {
        /// What was read.
        text: String,
        /// The zone named.
        zone: String,
    },
    /// Clocks jump over this time.
    Gap {
        /// What was read.
        text: String,
        /// The zone named.
        zone: String,
        /// The reading with the offset in force before the change.
        before: String,
        /// The reading with the offset in force after it.
        after: String,
    },
    /// Clocks show this time twice.
    Overlap {
        /// What was read.
        text: String,
        /// The zone named.
        zone: String,
        /// The earlier reading.
        first: String,
        /// The later reading.
        second: String,
    },
    /// The offset written is not the zone's at that time.
    Offset {
        /// What was read.
        text: String,
        /// The zone named.
        zone: String,
    },
}

impl Tell for TimeError {
    fn said(&self) -> Said {
        match self {
            Self::Form { text } => said!(
                "`{text}` is not a time; expected a local time with its zone, such as `2026-03-10T11:00[Asia/Almaty]` (RFC 9557)",
                text
            ),
            Self::NoZone { text, example } => said!(
                "`{text}` has no time zone, so nobody can tell which instant is meant; write `{text}[{example}]` with the right zone",
                text,
                example
            ),
            Self::UnknownZone { text, zone } => said!(
                "`{text}`: `{zone}` is not an IANA time zone; expected one such as `Asia/Almaty`",
                text,
                zone
            ),
            Self::Gap {
                text,
                zone,
                before,
                after,
            } => said!(
                "`{text}` does not exist: clocks in {zone} jump over it; {before} or {after} may be meant",
                text,
                zone,
                before,
                after
            ),
            Self::Overlap {
                text,
                zone,
                first,
                second,
            } => said!(
                "`{text}` happens twice in {zone}: {first} or {second} may be meant; write the offset too",
                text,
                zone,
                first,
                second
            ),
            Self::Offset { text, zone } => said!(
                "`{text}`: the offset does not agree with {zone} at that time",
                text,
                zone
            ),
        }
    }
}

shown_as_said!(TimeError);

impl Embargo {
    /// Reads an RFC 9557 time with a zone, such as `2022-03-10T11:00[Asia/Almaty]`.
    /// An offset before the bracket decides an overlap.
    ///
    /// # Errors
    /// Another form, no zone, an unknown zone, or a local time in a gap or
    /// overlap of the zone's clock (both candidate instants are named).
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let (until, zone) = parse_zoned_time(text)?;
        Ok(Self { until, zone })
    }

    /// Whether it has ended.
    pub fn is_lifted(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// The lift on the clock of the zone it was written in.
    pub fn local(&self) -> ZonedDateTime {
        self.until.to_zoned_datetime(self.zone.time_zone().clone())
    }
}

/// Reads an RFC 9557 time that names its zone; see [`Embargo::parse`].
///
/// # Errors
/// As [`Embargo::parse`].
pub fn parse_zoned_time(text: &str) -> Result<(Timestamp, Zone), TimeError> {
    let text = text.trim();
    let form = || TimeError::Form {
        text: text.escape_debug().to_string(),
    };
    let Some((time, rest)) = text.split_once('[') else {
        return Err(without_zone(text));
    };
    let name = rest
        .strip_suffix(']')
        .filter(|name| !name.contains('['))
        .ok_or_else(form)?;
    let zone = Zone::parse(name).map_err(|_| TimeError::UnknownZone {
        text: text.to_owned(),
        zone: name.escape_debug().to_string(),
    })?;
    let local: DateTime = time.parse().map_err(|_| form())?;
    if has_offset(time) {
        let zoned: ZonedDateTime = text.parse().map_err(|_| TimeError::Offset {
            text: text.to_owned(),
            zone: name.to_owned(),
        })?;
        return Ok((zoned.timestamp(), zone));
    }
    instant_of(text, local, &zone).map(|instant| (instant, zone))
}

/// The one instant at which a zone's clock shows a local time.
///
/// # Errors
/// The clock never shows it, or shows it twice; both readings are named.
pub fn instant_of(text: &str, local: DateTime, zone: &Zone) -> Result<Timestamp, TimeError> {
    let ambiguous = zone.time_zone().to_ambiguous_timestamp(local);
    let readings = |one: jiff::tz::Offset, two: jiff::tz::Offset| {
        let show = |offset: jiff::tz::Offset| {
            offset
                .to_timestamp(local)
                .map(|at| at.to_zoned_datetime(zone.time_zone().clone()).to_string())
                .unwrap_or_default()
        };
        (show(one), show(two))
    };
    let (text, zone_name) = (text.to_owned(), zone.name().to_owned());
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous
            .unambiguous()
            .map_err(|_| TimeError::Form { text }),
        AmbiguousOffset::Gap { before, after } => {
            let (before, after) = readings(before, after);
            Err(TimeError::Gap {
                text,
                zone: zone_name,
                before,
                after,
            })
        }
        AmbiguousOffset::Fold { before, after } => {
            let (first, second) = readings(before, after);
            Err(TimeError::Overlap {
                text,
                zone: zone_name,
                first,
                second,
            })
        }
    }
}

fn without_zone(text: &str) -> TimeError {
    if text.parse::<DateTime>().is_ok() {
        TimeError::NoZone {
            text: text.to_owned(),
            example: "Asia/Almaty".to_owned(),
        }
    } else {
        TimeError::Form {
            text: text.escape_debug().to_string(),
        }
    }
}

/// Whether a time as RFC 3339 writes it carries `Z`, `+05:00` or the like.
fn has_offset(time: &str) -> bool {
    let after_date = time.get(10..).unwrap_or("");
    after_date.ends_with(['Z', 'z']) || after_date.contains(['+', '-'])
}

/// Which of the two clocks a delivery goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The release has no embargo.
    Immediate,
    /// Under embargo, to a contact with an agreement.
    Advance,
    /// At the lift, to everybody else.
    General,
}

impl Phase {
    /// All phases, in the order they are sent.
    pub const ALL: [Self; 3] = [Self::Immediate, Self::Advance, Self::General];

    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Advance => "advance",
            Self::General => "general",
        }
    }

    /// The phase of a contact: advance needs a standing agreement.
    pub fn of(embargo: Option<&Embargo>, has_agreement: bool) -> Self {
        match (embargo, has_agreement) {
            (None, _) => Self::Immediate,
            (Some(_), true) => Self::Advance,
            (Some(_), false) => Self::General,
        }
    }

    /// The phase as the reader sees it at an instant: advance copy that was
    /// held up past the lift is under embargo no more.
    #[must_use]
    pub fn shown(self, embargo: Option<&Embargo>, now: Timestamp) -> Self {
        match self {
            Self::Advance if embargo.is_some_and(|embargo| embargo.is_lifted(now)) => Self::General,
            Self::Advance | Self::Immediate | Self::General => self,
        }
    }

    /// Reads a phase's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

/// Copy that goes out before the lift, and what that stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyCopy {
    /// The lift.
    pub lift: Timestamp,
    /// When the last day of the agreement is over, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_until: Option<Timestamp>,
}

impl EarlyCopy {
    /// The bar at an instant: the lift, once the agreement is over.
    pub fn bar(&self, now: Timestamp) -> Option<Timestamp> {
        let is_over = self.agreed_until.is_some_and(|end| now >= end);
        is_over.then_some(self.lift)
    }
}

/// The invariant: the instant from which this contact may have the copy.
/// `None` means that no embargo stands in the way.
pub fn permitted_from(embargo: Option<&Embargo>, has_agreement: bool) -> Option<Timestamp> {
    match Phase::of(embargo, has_agreement) {
        Phase::Immediate | Phase::Advance => None,
        Phase::General => embargo.map(|embargo| embargo.until),
    }
}

/// Whether copy that is barred before `permitted_from` may leave at `now`.
pub fn may_leave(permitted_from: Option<Timestamp>, now: Timestamp) -> bool {
    permitted_from.is_none_or(|from| now >= from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_local_time_with_its_zone_is_one_instant() {
        let embargo = Embargo::parse("2022-03-10T11:00[Asia/Almaty]").unwrap();
        assert_eq!(embargo.until.to_string(), "2022-03-10T05:00:00Z");
        let again = Embargo::parse("2022-03-10T11:00+06:00[Asia/Almaty]").unwrap();
        assert_eq!(again, embargo);
    }

    #[test]
    fn a_time_without_a_zone_is_refused_with_the_right_form() {
        let error = Embargo::parse("2026-03-10T11:00").unwrap_err().to_string();
        assert!(error.contains("`2026-03-10T11:00[Asia/Almaty]`"), "{error}");
    }

    #[test]
    fn gaps_and_overlaps_are_refused_with_both_readings() {
        let gap = Embargo::parse("2026-03-29T02:30[Europe/Vienna]")
            .unwrap_err()
            .to_string();
        assert!(
            gap.contains("2026-03-29T03:30:00+02:00") && gap.contains("2026-03-29T01:30:00+01:00"),
            "{gap}"
        );
        let overlap = Embargo::parse("2026-10-25T02:30[Europe/Vienna]")
            .unwrap_err()
            .to_string();
        assert!(
            overlap.contains("2026-10-25T02:30:00+02:00")
                && overlap.contains("2026-10-25T02:30:00+01:00"),
            "{overlap}"
        );
        assert!(Embargo::parse("2026-10-25T02:30+01:00[Europe/Vienna]").is_ok());
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-03-10T11:00[Mars/Olympus]",
            "2026-13-10T11:00[UTC]",
            "2026-03-10T11:00+09:00[Asia/Almaty]",
            "2026-03-10T11:00[UTC][x]",
        ] {
            assert!(Embargo::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_lifted_embargo_is_shown_to_nobody() {
        let embargo = Embargo::parse("2022-03-10T11:00[Asia/Almaty]").unwrap();
        let (before, after) = (
            embargo.until - jiff::SignedDuration::from_secs(1),
            embargo.until,
        );
        assert_eq!(Phase::Advance.shown(Some(&embargo), before), Phase::Advance);
        assert_eq!(Phase::Advance.shown(Some(&embargo), after), Phase::General);
    }

    proptest! {
        #[test]
        fn without_an_agreement_nothing_leaves_before_the_lift(lift in 0i64..4_000_000_000, now in 0i64..4_000_000_000, agreed: bool) {
            let embargo = Embargo { until: Timestamp::from_second(lift).unwrap(), zone: Zone::utc() };
            let now = Timestamp::from_second(now).unwrap();
            let leaves = may_leave(permitted_from(Some(&embargo), agreed), now);
            prop_assert_eq!(leaves, agreed || embargo.is_lifted(now));
        }
    }
}
