//! Where distributions stand.

use super::schedule::Outlook;
use super::tallies::Tally;
use super::{Desk, DeskError};
use crate::domain::course::Course;
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::ids::DistributionId;
use jiff::Timestamp;
use serde::Serialize;
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
        })
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
            return Err(DeskError::request(
                "`after` names no distribution; expected the last one of a page",
            ));
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
