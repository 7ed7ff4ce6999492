//! Schedules: when each contact's delivery may start.
//!
//! [`Schedule::place`] is the whole rule: the start asked for, never before the
//! embargo permits it, one gap later for each wave, and then the next opening
//! of the send window.

use super::embargo::{TimeError, instant_of, parse_zoned_time};
use super::said::{Said, Tell};
use super::send_window::{SendWindow, read_time};
use super::unclear::UnclearTimes;
use super::zone::Zone;
use crate::{said, shown_as_said};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// When sending starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "start")]
pub enum Start {
    /// At one instant for everybody.
    At {
        /// Which.
        at: Timestamp,
    },
    /// At the lift, for holders of an agreement too.
    OnLift,
    /// At this time of each contact's own clock.
    Local {
        /// On this day; else on the first that is possible.
        date: Option<Date>,
        /// The time of day.
        time: Time,
    },
}

/// When the deliveries of a distribution may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The start asked for.
    #[serde(flatten)]
    pub start: Start,
    /// Nobody's delivery starts earlier: when it was planned.
    pub from: Timestamp,
    /// The newsroom's window; a contact's own stands above it.
    pub window: SendWindow,
    /// How much later each further segment of the rule starts.
    pub wave_gap: SignedDuration,
    /// From this instant on it is stale: nothing of it starts any more.
    pub not_after: Option<Timestamp>,
}

/// What of a contact decides when their delivery may start.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// Their clock.
    pub zone: &'a Zone,
    /// Their own window.
    pub window: Option<SendWindow>,
    /// The embargo's bar for them.
    pub permitted_from: Option<Timestamp>,
    /// Their segment's place in the order of the rule, from 0.
    pub wave: usize,
}

/// Why a schedule cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The time cannot be read.
    Time(#[from] TimeError),
    /// No time of day.
    Local(String),
    /// It has passed.
    Past {
        /// Which setting.
        what: Said,
        /// The instant, on the newsroom's clock.
        shown: Said,
        /// The present, on the newsroom's clock.
        now: Said,
    },
    /// It is not one instant on the clocks of some.
    Unclear(UnclearTimes),
    /// There is no lift to wait for.
    NoLift,
    /// It would be stale before it starts.
    StaleAtStart {
        /// The end, on the newsroom's clock.
        not_after: Said,
        /// The start, on the newsroom's clock.
        start: Said,
    },
}

impl Tell for ScheduleError {
    fn said(&self) -> Said {
        match self {
            Self::Time(error) => error.said(),
            Self::Local(text) => said!(
                "`{text}` is no local time; expected `09:00`, or with its day `2026-11-30 09:00`",
                text
            ),
            Self::Past { what, shown, now } => said!(
                "{what} {shown} is in the past ({now} now)",
                what,
                shown,
                now
            ),
            Self::Unclear(cause) => said!(
                "--at-local: {cause}; name one instant with --at, or another time of day",
                cause
            ),
            Self::NoLift => said!(
                "--on-lift: the release has no embargo that is still to lift; leave it out to send now"
            ),
            Self::StaleAtStart { not_after, start } => said!(
                "--not-after {not_after} is not after the start, {start}; nothing would be sent",
                not_after,
                start
            ),
        }
    }
}

shown_as_said!(ScheduleError);

impl Schedule {
    /// At once: from now on, at any hour.
    pub fn now(now: Timestamp) -> Self {
        Self {
            start: Start::At { at: now },
            from: now,
            window: SendWindow::ALWAYS,
            wave_gap: SignedDuration::ZERO,
            not_after: None,
        }
    }

    /// When a contact's delivery may start. Never before `permitted_from`.
    pub fn place(&self, lift: Option<Timestamp>, spot: Spot<'_>) -> Timestamp {
        let bar = spot.permitted_from.unwrap_or(Timestamp::MIN);
        let start = self.starts(lift, &spot).max(bar).max(self.from);
        let waited = i32::try_from(spot.wave)
            .ok()
            .and_then(|wave| self.wave_gap.checked_mul(wave))
            .unwrap_or(SignedDuration::MAX);
        let start = start.saturating_add(waited).unwrap_or(Timestamp::MAX);
        spot.window.unwrap_or(self.window).opens(start, spot.zone)
    }

    /// The window that a contact's delivery keeps to; `None` where that is
    /// always open.
    pub fn window_of(&self, spot: &Spot<'_>) -> Option<SendWindow> {
        let window = spot.window.unwrap_or(self.window);
        (window != SendWindow::ALWAYS).then_some(window)
    }

    fn starts(&self, lift: Option<Timestamp>, spot: &Spot<'_>) -> Timestamp {
        match self.start {
            Start::At { at } => at,
            Start::OnLift => lift.unwrap_or(self.from),
            Start::Local { date, time } => on_day(self.day(date, time, spot), time, spot.zone),
        }
    }

    /// The local day that a contact's local time is meant on.
    fn day(&self, date: Option<Date>, time: Time, spot: &Spot<'_>) -> Date {
        if let Some(date) = date {
            return date;
        }
        // Who must wait for the lift has it on the lift's own day: at that
        // time of it, or, where that has passed, as soon as they may.
        match spot.permitted_from {
            Some(bar) if bar > self.from => day_of(bar, spot.zone),
            Some(_) | None => next_day_with(self.from, time, spot.zone),
        }
    }

    /// Sees that a contact's local time is one instant on their clock.
    ///
    /// # Errors
    /// Their clock jumps over it or shows it twice, and their turn depends on
    /// which reading is meant; both are named.
    pub fn reading(&self, spot: Spot<'_>) -> Result<(), TimeError> {
        let Start::Local { date, time } = self.start else {
            return Ok(());
        };
        let local = self.day(date, time, &spot).to_datetime(time);
        let soonest = self.from.max(spot.permitted_from.unwrap_or(self.from));
        let ambiguous = spot.zone.time_zone().to_ambiguous_timestamp(local);
        if ambiguous.later().is_ok_and(|later| later <= soonest) {
            return Ok(());
        }
        let text = local.strftime("%Y-%m-%d %H:%M").to_string();
        instant_of(&text, local, spot.zone).map(drop)
    }

    /// The earliest start for anybody, as far as no contact is asked.
    pub fn earliest(&self, lift: Option<Timestamp>) -> Timestamp {
        match self.start {
            Start::At { at } => at.max(self.from),
            Start::OnLift => lift.unwrap_or(self.from),
            Start::Local { .. } => self.from,
        }
    }

    /// Whether nothing of it may start any more.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.not_after.is_some_and(|end| now >= end)
    }

    /// Sees whether it can be carried out as asked.
    ///
    /// # Errors
    /// A start or an end in the past; a lift to wait for where there is none;
    /// an end before the start.
    pub fn check(
        &self,
        lift: Option<Timestamp>,
        now: Timestamp,
        newsroom: &Zone,
    ) -> Result<(), ScheduleError> {
        let shown = |at: Timestamp| Said::moment(at, newsroom.show(at));
        let past = |what, at| ScheduleError::Past {
            what,
            shown: shown(at),
            now: shown(now),
        };
        match self.start {
            Start::At { at } if at < now => return Err(past(said!("--at"), at)),
            Start::OnLift if lift.is_none_or(|lift| lift <= now) => {
                return Err(ScheduleError::NoLift);
            }
            Start::Local {
                date: Some(date),
                time,
            } => {
                let last = last_on_earth(date, time);
                if last < now {
                    return Err(past(said!("--at-local: everywhere on earth,"), last));
                }
            }
            Start::At { .. } | Start::OnLift | Start::Local { date: None, .. } => {}
        }
        let start = self.earliest(lift);
        match self.not_after {
            Some(end) if end <= now => Err(past(said!("--not-after"), end)),
            Some(end) if end <= start => Err(ScheduleError::StaleAtStart {
                not_after: shown(end),
                start: shown(start),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

fn day_of(at: Timestamp, zone: &Zone) -> Date {
    at.to_zoned_datetime(zone.time_zone().clone()).date()
}

/// A local time on a local day. A clock that jumps over it shows it late by
/// the jump; of two readings the earlier holds (RFC 5545 3.3.5).
fn on_day(date: Date, time: Time, zone: &Zone) -> Timestamp {
    zone.time_zone()
        .to_ambiguous_timestamp(date.to_datetime(time))
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

/// The first day on which a zone's clock shows a time at or after an instant; a
/// day that its calendar skips is none.
fn next_day_with(from: Timestamp, time: Time, zone: &Zone) -> Date {
    let today = day_of(from, zone);
    let days = std::iter::successors(Some(today), |day| day.tomorrow().ok());
    let shows = |day: &Date| {
        let at = on_day(*day, time, zone);
        at >= from && day_of(at, zone) == *day
    };
    days.take(4).find(shows).unwrap_or(today)
}

/// When the last clock on earth shows a local time: twelve hours behind UTC.
fn last_on_earth(date: Date, time: Time) -> Timestamp {
    jiff::tz::Offset::constant(-12)
        .to_timestamp(date.to_datetime(time))
        .unwrap_or(Timestamp::MAX)
}

/// Reads the time of `--at` and its like: RFC 9557 with a zone, RFC 3339 with
/// an offset, or a local time on the newsroom's clock.
///
/// # Errors
/// Another form, or a local time in a gap or overlap of its zone's clock; both
/// candidate instants are named.
pub fn parse_instant(text: &str, newsroom: &Zone) -> Result<Timestamp, TimeError> {
    let text = text.trim();
    if text.contains('[') {
        return parse_zoned_time(text).map(|(at, _)| at);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    match text.parse::<DateTime>() {
        Ok(local) if text.contains(':') => instant_of(text, local, newsroom),
        Ok(_) | Err(_) => Err(TimeError::Form {
            text: text.escape_debug().to_string(),
        }),
    }
}

/// Reads the time of `--at-local`.
///
/// # Errors
/// It is no time of day, with or without a day before it.
pub fn parse_local(text: &str) -> Result<Start, ScheduleError> {
    let text = text.trim();
    let wrong = || ScheduleError::Local(text.escape_debug().to_string());
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (Some(date.parse::<Date>().map_err(|_| wrong())?), time),
        None => (None, text),
    };
    Ok(Start::Local {
        date,
        time: read_time(time).ok_or_else(wrong)?,
    })
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
