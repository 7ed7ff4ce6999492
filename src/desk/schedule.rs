//! When: from the words of an order to a schedule, and when it will be through.

use super::{Desk, DeskError};
use crate::domain::distribution::Distribution;
use crate::domain::embargo::Embargo;
use crate::domain::forecast::Forecast;
use crate::domain::said::{Said, Tell};
use crate::domain::schedule::{Schedule, Start, parse_instant, parse_local};
use crate::domain::send_window::SendWindow;
use crate::said;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// When an order is to be sent, as somebody wrote it.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// Not before this time.
    pub at: Option<String>,
    /// At this time of each contact's own clock.
    pub at_local: Option<String>,
    /// At the lift, for everybody.
    pub on_lift: bool,
    /// Local hours, in place of the newsroom's.
    pub window: Option<String>,
    /// How much later each further segment starts.
    pub wave_gap: Option<SignedDuration>,
    /// From this time on it is stale.
    pub not_after: Option<String>,
}

impl When {
    /// Whether anything but "now" is asked for.
    pub fn is_given(&self) -> bool {
        self.at.is_some()
            || self.at_local.is_some()
            || self.on_lift
            || self.window.is_some()
            || self.wave_gap.is_some()
            || self.not_after.is_some()
    }
}

/// When a distribution will be through, for people.
#[derive(Debug, Clone, Serialize)]
pub struct Outlook {
    /// The reckoning.
    #[serde(flatten)]
    pub forecast: Forecast,
    /// What is wrong with it, in words.
    pub warning: Option<Said>,
}

impl Desk {
    /// Makes a schedule of an order's words.
    ///
    /// # Errors
    /// A time that cannot be read, lies in a gap or overlap of its clock, or
    /// has passed; an end before the start.
    pub fn schedule(&self, when: &When, embargo: Option<&Embargo>) -> Result<Schedule, DeskError> {
        let (now, zone) = (self.clock.now(), &self.settings.newsroom.zone);
        let instant = |option: &str, text: &String| {
            parse_instant(text, zone)
                .map_err(|error| DeskError::request(said!("{option}: {error}", option, error)))
        };
        let start = match (&when.at, &when.at_local, when.on_lift) {
            (Some(text), _, _) => Start::At {
                at: instant("--at", text)?,
            },
            (None, Some(text), _) => parse_local(text)
                .map_err(|error| DeskError::request(said!("--at-local: {error}", error)))?,
            (None, None, true) => Start::OnLift,
            (None, None, false) => Start::At { at: now },
        };
        let window = match &when.window {
            Some(text) => SendWindow::parse(text)
                .map_err(|error| DeskError::request(said!("--window: {error}", error)))?,
            None => self.settings.schedule.window,
        };
        let not_after = when.not_after.as_ref();
        let schedule = Schedule {
            start,
            from: now,
            window,
            wave_gap: when.wave_gap.unwrap_or_default(),
            not_after: not_after
                .map(|text| instant("--not-after", text))
                .transpose()?,
        };
        schedule
            .check(embargo.map(|embargo| embargo.until), now, zone)
            .map_err(|error| DeskError::request(error.said()))?;
        Ok(schedule)
    }

    /// When the last delivery of a distribution will be through.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outlook(&self, distribution: &Distribution) -> Result<Option<Outlook>, DeskError> {
        let due = self.store.due_times(distribution.id).await?;
        self.forecast(due, distribution.lift())
    }

    /// When the last of so many deliveries that fall due then will be through.
    ///
    /// # Errors
    /// There is no relay to reckon with.
    pub fn forecast(
        &self,
        due: impl IntoIterator<Item = (Timestamp, u64)>,
        lift: Option<Timestamp>,
    ) -> Result<Option<Outlook>, DeskError> {
        let rate = self.relay()?.reckoned_rate();
        let Some(forecast) = Forecast::of(due, rate, self.clock.now(), lift) else {
            return Ok(None);
        };
        let margin = self.settings.schedule.margin;
        let warning = forecast.late(margin).map(|late| {
            said!("the relay's rate makes some {late} min late: that long after the lift, or after the later time that their schedule gives them, at {rate} mails a second; {margin} min are allowed (schedule.margin)", late = late.as_mins(), rate, margin = margin.as_mins())
        });
        Ok(Some(Outlook { forecast, warning }))
    }
}
