//! Time zones: IANA names, checked at the door.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An IANA time zone, such as `Asia/Almaty`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an IANA time zone; expected one such as `Asia/Almaty` or `UTC`")]
pub struct ZoneError(String);

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
