//! The embargo as one reader needs to see it: in their words, on their clock,
//! with UTC beside it.

use super::dates::{Dates, weekday_key};
use super::error::RenderError;
use super::words::Words;
use crate::domain::embargo::Embargo;
use crate::domain::zone::Zone;
use jiff::tz::TimeZone;
use serde::Serialize;

/// What templates find under `embargo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Notice {
    /// The whole line: "EMBARGOED until Thursday 10 March 2022, 11:00 Almaty
    /// time (05:00 UTC)".
    pub(super) line: String,
    /// The same for a subject.
    pub(super) short: String,
    /// What it asks of the reader.
    pub(super) note: String,
    /// The lift in UTC, RFC 3339.
    pub(super) until: String,
}

impl Notice {
    /// Writes an embargo for a language and a zone.
    pub(super) fn write(
        embargo: &Embargo,
        zone: &Zone,
        words: &Words,
        dates: &Dates,
    ) -> Result<Self, RenderError> {
        let name = dates.zone(zone);
        // A zone that ICU knows no city for is told in UTC, never in a clock
        // without a name.
        let clock = if name.id == "utc" {
            TimeZone::UTC
        } else {
            zone.time_zone().clone()
        };
        let (local, utc) = (
            embargo.until.to_zoned_datetime(clock),
            embargo.until.to_zoned_datetime(TimeZone::UTC),
        );
        let (utc_time, utc_day) = (dates.time(&utc)?, dates.day(utc.date())?);
        let clause = if local.date() == utc.date() {
            "utc-same-day"
        } else {
            "utc-other-day"
        };
        let clause = words.say(clause, &[("utc-time", &utc_time), ("utc-day", &utc_day)])?;
        let hour = local.hour().to_string();
        let initial = initial(&name.city);
        let variables = [
            ("full-date", dates.full(local.date())?),
            ("date", dates.long(local.date())?),
            ("day", dates.day(local.date())?),
            ("time", dates.time(&local)?),
            ("hour", hour),
            ("weekday", weekday_key(local.date()).to_owned()),
            ("zone", name.id.clone()),
            ("city", name.city),
            ("initial", initial),
            ("utc", clause),
        ];
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        let line = if name.id == "utc" {
            "embargo-until-utc"
        } else {
            "embargo-until"
        };
        Ok(Self {
            line: words.say(line, &variables)?,
            short: words.say("embargo-short", &variables)?,
            note: words.say("embargo-note", &variables)?,
            until: embargo.until.to_string(),
        })
    }
}

/// The first letter of a city, lower case and without its accent, for words
/// that are elided before a vowel.
fn initial(city: &str) -> String {
    let first = city
        .chars()
        .next()
        .map_or(' ', |c| c.to_lowercase().next().unwrap_or(c));
    let plain = match first {
        'à' | 'á' | 'â' | 'ä' | 'å' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'i' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        other => other,
    };
    plain.to_string()
}
