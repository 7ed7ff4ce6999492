//! Send windows: the local days and hours in which mail may leave.
//!
//! One grammar serves the settings, the command line and a contact's column:
//! `mon-fri 08:00-20:00`, `sat,sun`, `07:00-22:00`, `always`.

use super::said::{Said, Tell};
use super::zone::Zone;
use crate::{said, shown_as_said};
use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The days' names, Monday first.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Days looked at for the next opening: a week, and a week more for days that
/// a zone's calendar skips.
const HORIZON: usize = 15;

/// On which local days, and between which local hours, mail may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SendWindow {
    /// Monday first.
    days: [bool; 7],
    /// Local time from which it is open.
    from: Time,
    /// Local time at which it closes; `None` is the end of the day.
    to: Option<Time>,
}

/// Why a text is no send window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not of the form.
    Form(String),
    /// It would never be open.
    Empty(String),
}

impl Tell for WindowError {
    fn said(&self) -> Said {
        match self {
            Self::Form(text) => said!(
                "`{text}` is no send window; expected days, hours or both, such as `mon-fri 08:00-20:00`",
                text
            ),
            Self::Empty(text) => said!(
                "`{text}` closes before it opens; a window lies within one day",
                text
            ),
        }
    }
}

shown_as_said!(WindowError);

impl SendWindow {
    /// Open all the time.
    pub const ALWAYS: Self = Self {
        days: [true; 7],
        from: Time::MIN,
        to: None,
    };

    /// Reads a window.
    ///
    /// # Errors
    /// Another form; a day that is none; hours that end before they begin.
    pub fn parse(text: &str) -> Result<Self, WindowError> {
        let form = || WindowError::Form(text.escape_debug().to_string());
        let lower = text.trim().to_ascii_lowercase();
        if lower == "always" {
            return Ok(Self::ALWAYS);
        }
        let (mut days, mut hours) = (None, None);
        for word in lower.split_whitespace() {
            let is_hours = word.starts_with(|c: char| c.is_ascii_digit());
            if is_hours && hours.is_none() {
                hours = Some(read_hours(word).ok_or_else(form)?);
            } else if !is_hours && days.is_none() && hours.is_none() {
                days = Some(read_days(word).ok_or_else(form)?);
            } else {
                return Err(form());
            }
        }
        if days.is_none() && hours.is_none() {
            return Err(form());
        }
        let (from, to) = hours.unwrap_or((Time::MIN, None));
        if to.is_some_and(|to| to <= from) {
            return Err(WindowError::Empty(text.escape_debug().to_string()));
        }
        Ok(Self {
            days: days.unwrap_or([true; 7]),
            from,
            to,
        })
    }

    /// The first instant from `at` on at which it is open on a zone's clock.
    /// An opening hour that the clock jumps over is the end of the jump.
    pub fn opens(&self, at: Timestamp, zone: &Zone) -> Timestamp {
        let clock = zone.time_zone();
        let mut day = at.to_zoned_datetime(clock.clone()).date();
        for _ in 0..HORIZON {
            if let Some((opens, closes)) = self.on(day, zone)
                && at < closes
            {
                return at.max(opens);
            }
            let Ok(next) = day.tomorrow() else {
                return at;
            };
            day = next;
        }
        at
    }

    /// Its opening and close on a local day; none on a day that is not in it,
    /// that the zone's calendar skips, or whose hours a change of clocks swallows.
    fn on(&self, day: Date, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
        let open = DAYS
            .iter()
            .zip(self.days)
            .any(|((_, name), open)| open && *name == day.weekday());
        if !open {
            return None;
        }
        let instant = |day: Date, time: Time| {
            zone.time_zone()
                .to_ambiguous_timestamp(day.to_datetime(time))
                .compatible()
                .ok()
        };
        let opens = instant(day, self.from)?;
        let shown = opens.to_zoned_datetime(zone.time_zone().clone()).date();
        let closes = match self.to {
            Some(to) => instant(day, to)?,
            None => instant(day.tomorrow().ok()?, Time::MIN)?,
        };
        (shown == day && opens < closes).then_some((opens, closes))
    }
}

fn read_hours(text: &str) -> Option<(Time, Option<Time>)> {
    let (from, to) = text.split_once('-')?;
    let to = match to {
        "24:00" => None,
        other => Some(read_time(other)?),
    };
    Some((read_time(from)?, to))
}

/// Reads `09:00` or `9:00`: local hours and minutes.
pub fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || minute.len() != 2 || !digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn read_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day_number(first)?, day_number(last)?);
        // `fri-mon` runs over the week's end.
        let length = (last + 7 - first) % 7;
        for n in 0..=length {
            if let Some(day) = days.get_mut((first + n) % 7) {
                *day = true;
            }
        }
    }
    Some(days)
}

fn day_number(text: &str) -> Option<usize> {
    DAYS.iter().position(|(name, _)| *name == text)
}

impl fmt::Display for SendWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some_days = self.days.contains(&false);
        let some_hours = self.from != Time::MIN || self.to.is_some();
        if !some_days && !some_hours {
            return f.write_str("always");
        }
        if some_days {
            let names: Vec<_> = DAYS
                .iter()
                .zip(self.days)
                .filter_map(|((name, _), open)| open.then_some(*name))
                .collect();
            f.write_str(&names.join(","))?;
        }
        if some_days && some_hours {
            f.write_str(" ")?;
        }
        if some_hours {
            let to = self
                .to
                .map_or_else(|| "24:00".to_owned(), |to| to.strftime("%H:%M").to_string());
            write!(f, "{}-{to}", self.from.strftime("%H:%M"))?;
        }
        Ok(())
    }
}

impl TryFrom<String> for SendWindow {
    type Error = WindowError;
    fn try_from(text: String) -> Result<Self, WindowError> {
        Self::parse(&text)
    }
}

impl From<SendWindow> for String {
    fn from(window: SendWindow) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_are_read_and_written() {
        for (text, shown) in [
            ("mon-fri 08:00-20:00", "mon,tue,wed,thu,fri 08:00-20:00"),
            ("Sat,Sun", "sat,sun"),
            ("fri-mon", "mon,fri,sat,sun"),
            ("7:00-24:00", "07:00-24:00"),
            ("always", "always"),
            ("00:00-24:00", "always"),
        ] {
            let window = SendWindow::parse(text).unwrap();
            assert_eq!(window.to_string(), shown);
            assert_eq!(SendWindow::parse(shown).unwrap(), window);
        }
        for text in [
            "",
            "someday",
            "08:00",
            "08:00-07:00",
            "8-20",
            "mon 08:00-08:00",
            "08:00-20:00 mon",
            "mon tue",
            "25:00-26:00",
            "-1:00-2:00",
        ] {
            assert!(SendWindow::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_opens_by_the_local_clock() {
        let window = SendWindow::parse("mon-fri 08:00-20:00").unwrap();
        let zone = Zone::parse("Europe/Vienna").unwrap();
        for (now, opens) in [
            // Friday evening, after the close: Monday morning.
            ("2026-11-27T19:00:00Z", "2026-11-30T07:00:00Z"),
            ("2026-11-27T18:59:59Z", "2026-11-27T18:59:59Z"),
            ("2026-11-27T04:00:00Z", "2026-11-27T07:00:00Z"),
            // Clocks go forward on Sunday 2026-03-29.
            ("2026-03-28T12:00:00Z", "2026-03-30T06:00:00Z"),
        ] {
            assert_eq!(window.opens(at(now), &zone), at(opens), "{now}");
        }
    }

    #[test]
    fn an_opening_in_a_gap_is_the_end_of_the_gap() {
        let window = SendWindow::parse("02:30-06:00").unwrap();
        let zone = Zone::parse("Europe/Vienna").unwrap();
        let opens = window.opens(at("2026-03-29T00:00:00Z"), &zone);
        assert_eq!(opens, at("2026-03-29T01:30:00Z"));
        let swallowed = SendWindow::parse("02:00-03:00").unwrap();
        let opens = swallowed.opens(at("2026-03-29T00:00:00Z"), &zone);
        assert_eq!(opens, at("2026-03-30T00:00:00Z"));
    }

    #[test]
    fn a_day_that_the_calendar_skips_is_not_in_any_window() {
        // Apia had no Friday 2011-12-30.
        let zone = Zone::parse("Pacific/Apia").unwrap();
        let fridays = SendWindow::parse("fri 09:00-17:00").unwrap();
        let opens = fridays.opens(at("2011-12-29T12:00:00Z"), &zone);
        assert_eq!(
            opens
                .to_zoned_datetime(zone.time_zone().clone())
                .to_string(),
            "2012-01-06T09:00:00+14:00[Pacific/Apia]"
        );
    }

    proptest! {
        #[test]
        fn an_opening_is_never_early_and_is_open(seconds in 0i64..4_000_000_000, days in 1u8..128, from in 0i8..23, hours in 1i8..24, zone in prop::sample::select(vec!["UTC", "Asia/Almaty", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Casablanca", "America/New_York"])) {
            let mut window = SendWindow { days: [false; 7], from: Time::constant(from, 0, 0, 0), to: Time::new((from + hours).min(23), 59, 0, 0).ok() };
            for n in 0..7 { window.days[n] = days >> n & 1 == 1; }
            let zone = Zone::parse(zone).unwrap();
            let now = Timestamp::from_second(seconds).unwrap();
            let opens = window.opens(now, &zone);
            prop_assert!(opens >= now);
            let local = opens.to_zoned_datetime(zone.time_zone().clone());
            prop_assert!(window.days[usize::try_from(local.weekday().to_monday_zero_offset()).unwrap()]);
            prop_assert!(window.opens(opens, &zone) == opens);
        }
    }
}
