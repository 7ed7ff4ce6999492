//! Time zones: IANA names, checked at the door.

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An IANA time zone, such as `Asia/Almaty`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ZoneError(String);

impl Tell for ZoneError {
    fn said(&self) -> Said {
        said!(
            "`{text}` is not an IANA time zone; expected one such as `Asia/Almaty` or `UTC`",
            text = self.0
        )
    }
}

shown_as_said!(ZoneError);

impl Zone {
    /// Finds a zone by its IANA name.
    ///
    /// # Errors
    /// No zone has this name; an offset such as `+05:00` is not one, since it
    /// knows nothing of a change of clocks.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let zone =
            TimeZone::get(name.trim()).map_err(|_| ZoneError(name.escape_debug().to_string()))?;
        Ok(Self(zone))
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone's rules.
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// An instant on its clock, such as `2026-11-30 09:00 Asia/Almaty`: to the
    /// second where it is not on the minute.
    pub fn show(&self, at: Timestamp) -> String {
        format!("{} {self}", self.show_local(at))
    }

    /// The same without the zone's name.
    pub fn show_local(&self, at: Timestamp) -> String {
        let local = at.to_zoned_datetime(self.0.clone());
        let form = if local.second() == 0 {
            "%Y-%m-%d %H:%M"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        local.strftime(form).to_string()
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;
    fn try_from(name: String) -> Result<Self, ZoneError> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_shown_where_there_are_some() {
        let zone = Zone::parse("Asia/Almaty").unwrap();
        for (at, shown) in [
            ("2026-11-30T04:00:00Z", "2026-11-30 09:00 Asia/Almaty"),
            ("2026-11-30T04:00:07Z", "2026-11-30 09:00:07 Asia/Almaty"),
        ] {
            assert_eq!(zone.show(at.parse().unwrap()), shown);
        }
    }
}
