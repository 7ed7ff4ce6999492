//! Where distributions stand.

use super::schedule::Outlook;
use super::tallies::Tally;
use super::{Desk, DeskError};
use crate::domain::course::Course;
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::ids::DistributionId;
use crate::domain::log_search::{LogSearch, LogWay};
use crate::domain::outcomes::Breakdown;
use crate::domain::tempo::{Beat, LOOK_BACK, tempo};
use crate::said;
use crate::store::LogRow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A distribution and its deliveries, counted.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Its identifier.
    pub id: String,
    /// The release it sends.
    pub release: String,
    /// The release's headline at planning.
    pub headline: String,
    /// The release that it follows up on: it goes to those who have that.
    pub follows: Option<String>,
    /// Whether it brings a short notice in Dateline's own words alone.
    pub notice: bool,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// The lift, where it is under embargo.
    pub lift: Option<Timestamp>,
    /// Whether it is under way, held or killed.
    #[serde(flatten)]
    pub course: Course,
    /// From when on it is stale.
    pub not_after: Option<Timestamp>,
    /// When the last delivery will be through.
    pub outlook: Option<Outlook>,
    /// When the next waiting delivery falls due.
    pub next_due: Option<Timestamp>,
    /// Its audience.
    pub audience: AudienceCounts,
    /// Its deliveries by state, language, phase, domain.
    #[serde(flatten)]
    pub counts: Counts,
    /// What is told of one distribution alone: it takes a look at every delivery.
    #[serde(flatten)]
    pub alone: Option<Alone>,
}

/// What is told of one distribution and not in a list of all.
#[derive(Debug, Clone, Serialize)]
pub struct Alone {
    /// What became of its deliveries, by language and domain.
    #[serde(flatten)]
    pub outcomes: Breakdown,
    /// Mails a second that relays answered within the last half minute; none where
    /// they answered none, or nothing waits any more.
    pub rate: Option<f64>,
}

/// An audience in two numbers, and why not.
#[derive(Debug, Clone, Serialize)]
pub struct AudienceCounts {
    /// Contacts included.
    pub included: u64,
    /// Contacts excluded.
    pub excluded: u64,
    /// The excluded by reason.
    pub by_reason: BTreeMap<String, u64>,
}

/// Entries at the end of the log in which the last moments are looked for. A busy
/// service writes them within a second or so: that is now enough.
const END_OF_LOG: u64 = 2048;

/// An entry's time, and whether a relay answered.
fn beat(row: &LogRow) -> Option<Beat> {
    #[derive(Deserialize)]
    struct Line {
        at: Timestamp,
        event: String,
    }
    let line: Line = serde_json::from_str(&row.entry.line).ok()?;
    Some(Beat::of(&line.event, line.at))
}

impl Desk {
    /// Where one distribution stands.
    ///
    /// # Errors
    /// The store failed.
    pub async fn status(&self, distribution: &Distribution) -> Result<Status, DeskError> {
        let tally = self.tally(distribution.id).await?;
        self.status_of(distribution, &tally).await
    }

    async fn status_of(
        &self,
        distribution: &Distribution,
        tally: &Tally,
    ) -> Result<Status, DeskError> {
        // What waits for nothing need not be looked for.
        let next_due = if tally.counts.waiting() > 0 {
            self.store.next_due(Some(distribution.id)).await?
        } else {
            None
        };
        Ok(Status {
            id: distribution.id.to_string(),
            release: distribution.release.to_string(),
            headline: distribution.headline.clone(),
            follows: distribution.follows.as_ref().map(ToString::to_string),
            notice: distribution.notice,
            planned_at: distribution.planned_at,
            lift: distribution.lift(),
            course: distribution.course.clone(),
            not_after: distribution.schedule.not_after,
            outlook: self.forecast(tally.due.iter().copied(), distribution.lift())?,
            next_due,
            audience: AudienceCounts {
                included: distribution.included,
                excluded: distribution.excluded.values().sum(),
                by_reason: distribution.excluded.clone(),
            },
            counts: tally.counts.clone(),
            alone: None,
        })
    }

    /// Where one distribution stands, with what is told of one alone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn status_alone(&self, distribution: &Distribution) -> Result<Status, DeskError> {
        let mut status = self.status(distribution).await?;
        status.alone = Some(Alone {
            outcomes: self.store.outcomes(distribution.id).await?,
            rate: self.rate(distribution.id, &status.counts).await?,
        });
        Ok(status)
    }

    /// Mails a second now, where any wait.
    pub(super) async fn rate(
        &self,
        id: DistributionId,
        counts: &Counts,
    ) -> Result<Option<f64>, DeskError> {
        if counts.waiting() == 0 {
            return Ok(None);
        }
        self.tempo(id).await
    }

    /// Mails a second that relays answered a moment ago, by the end of the log.
    async fn tempo(&self, id: DistributionId) -> Result<Option<f64>, DeskError> {
        let now = self.clock.now();
        let search = LogSearch {
            distribution: Some(id),
            since: now.checked_sub(LOOK_BACK).ok(),
            ..LogSearch::default()
        };
        let before = self.store.log_head().await?.seq.saturating_sub(END_OF_LOG);
        let limit = u32::try_from(END_OF_LOG).unwrap_or(u32::MAX);
        let way = LogWay::Onward(before);
        let rows = self.store.search_log(&search, way, limit).await?;
        // Where the first of these entries, whosever it is, is a new one, there may be
        // more before it.
        let edge = self.store.log(None, before, 1).await?;
        let edge = edge.first().and_then(beat);
        let is_whole = before == 0
            || edge.is_none_or(|edge| search.since.is_some_and(|since| edge.at < since));
        let beats: Vec<_> = rows.iter().filter_map(beat).collect();
        Ok(tempo(&beats, is_whole, now))
    }

    /// Where the next distributions stand after one, of one release or of all;
    /// the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn statuses_after(
        &self,
        release: Option<&str>,
        after: Option<DistributionId>,
        limit: u32,
    ) -> Result<Vec<Status>, DeskError> {
        let mut all = self.store.distributions().await?;
        all.retain(|one| release.is_none_or(|release| one.release.as_str() == release));
        let from = match after {
            Some(after) => all.iter().position(|one| one.id == after).map(|at| at + 1),
            None => Some(0),
        };
        let Some(from) = from else {
            return Err(DeskError::request(said!(
                "`after` names no distribution; expected the last one of a page"
            )));
        };
        all.drain(..from);
        all.truncate(limit as usize);
        self.statuses_of(&all).await
    }

    /// Where all distributions stand, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn statuses(&self) -> Result<Vec<Status>, DeskError> {
        self.statuses_of(&self.store.distributions().await?).await
    }

    /// Where some distributions stand, in their order.
    pub(super) async fn statuses_of(
        &self,
        distributions: &[Distribution],
    ) -> Result<Vec<Status>, DeskError> {
        let last = self.store.last_entries().await?;
        let mut all = Vec::new();
        for one in distributions {
            let tally = self.tally_at(one.id, last.get(&one.id).copied()).await?;
            all.push(self.status_of(one, &tally).await?);
        }
        Ok(all)
    }
}
