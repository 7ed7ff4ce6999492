//! What several answers of the API show alike.

use super::problem::{FileProblem, Problem};
use crate::desk::schedule::Outlook;
use crate::desk::status::Status;
use crate::domain;
use crate::domain::course::{Course, HoldCause};
use crate::domain::outcomes::{DomainOutcomes, Outcomes};
use crate::web::Front;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An embargo.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Embargo {
    /// The lift.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// The zone it was written in.
    zone: String,
}

impl From<&domain::embargo::Embargo> for Embargo {
    fn from(embargo: &domain::embargo::Embargo) -> Self {
        Self {
            until: embargo.until,
            zone: embargo.zone.name().to_owned(),
        }
    }
}

/// When the last will be through.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Forecast {
    /// When the last delivery has left.
    #[schema(value_type = String, format = DateTime)]
    last: Timestamp,
    /// When the last that falls due by the lift has left.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at_lift: Option<Timestamp>,
    /// Messages a second that were reckoned with.
    rate: f64,
    /// What is wrong with it.
    warning: Option<String>,
}

impl From<Outlook> for Forecast {
    fn from(outlook: Outlook) -> Self {
        Self {
            last: outlook.forecast.last,
            last_at_lift: outlook.forecast.last_at_lift,
            rate: outlook.forecast.rate,
            warning: outlook.warning.map(String::from),
        }
    }
}

/// Where a distribution stands as a whole.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CourseName {
    /// What falls due is sent.
    UnderWay,
    /// Nothing begins until somebody resumes it.
    Held,
    /// Withdrawn.
    Killed,
}

/// Why a distribution is held.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Cause {
    /// Somebody said so.
    Person,
    /// The machine's clock jumped.
    ClockJumped,
    /// Its time passed while nobody was there to send it.
    Stale,
    /// Its mails cannot be made.
    CannotCompose,
}

impl From<HoldCause> for Cause {
    fn from(cause: HoldCause) -> Self {
        match cause {
            HoldCause::Person => Self::Person,
            HoldCause::ClockJumped => Self::ClockJumped,
            HoldCause::Stale => Self::Stale,
            HoldCause::CannotCompose => Self::CannotCompose,
        }
    }
}

/// A distribution and its deliveries, counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Distribution {
    /// Its identifier.
    id: String,
    /// The release it sends.
    release: String,
    /// The release's headline at planning.
    headline: String,
    /// The release that it follows up on: it goes to those who have that.
    follows: Option<String>,
    /// Whether it brings a short notice in Dateline's own words alone.
    notice: bool,
    /// When it was planned.
    #[schema(value_type = String, format = DateTime)]
    planned_at: Timestamp,
    /// The lift, where it is under embargo.
    #[schema(value_type = Option<String>, format = DateTime)]
    lift: Option<Timestamp>,
    /// Whether it is under way, held or killed.
    course: CourseName,
    /// Since when it is so.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Who held or killed it.
    by: Option<String>,
    /// What for.
    why: Option<String>,
    /// The kind of cause, where it is held.
    cause: Option<Cause>,
    /// From when on it is stale.
    #[schema(value_type = Option<String>, format = DateTime)]
    not_after: Option<Timestamp>,
    /// When the last delivery will be through.
    forecast: Option<Forecast>,
    /// When the next waiting delivery falls due.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_due: Option<Timestamp>,
    /// Its audience.
    audience: AudienceCounts,
    /// Deliveries by state.
    by_state: BTreeMap<String, u64>,
    /// Deliveries by the mail's own language.
    by_language: BTreeMap<String, u64>,
    /// Deliveries by phase.
    by_phase: BTreeMap<String, u64>,
    /// Deliveries by the recipient's domain, the largest ten first.
    by_domain: Vec<DomainCount>,
    /// What became of them, by the mail's own language. Not in lists.
    outcomes_by_language: Option<BTreeMap<String, OutcomeCounts>>,
    /// What became of them, by the recipient's domain; the largest ten first. Not in
    /// lists.
    outcomes_by_domain: Option<Vec<DomainOutcome>>,
    /// Mails a second that relays answered within the last half minute. Not in lists,
    /// and only while something waits.
    rate: Option<f64>,
}

/// An audience in two numbers, and why not.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct AudienceCounts {
    /// Contacts included.
    included: u64,
    /// Contacts excluded.
    excluded: u64,
    /// The excluded by reason.
    by_reason: BTreeMap<String, u64>,
}

/// Deliveries to one domain.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DomainCount {
    /// The domain.
    domain: String,
    /// How many.
    count: u64,
}

/// What became of deliveries.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OutcomeCounts {
    /// Taken by a relay.
    accepted: u64,
    /// Still to be tried: planned, due, under way or deferred.
    waiting: u64,
    /// The relay may have taken it: a person decides.
    in_doubt: u64,
    /// Failed for good, also by what came back later.
    failed: u64,
    /// Over before a word was said to a relay: barred, or withdrawn.
    ended: u64,
}

impl From<Outcomes> for OutcomeCounts {
    fn from(outcomes: Outcomes) -> Self {
        Self {
            accepted: outcomes.accepted,
            waiting: outcomes.waiting,
            in_doubt: outcomes.in_doubt,
            failed: outcomes.failed,
            ended: outcomes.ended,
        }
    }
}

/// What became of the deliveries to one domain.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DomainOutcome {
    /// The domain.
    domain: String,
    /// What became of them.
    outcomes: OutcomeCounts,
}

impl From<DomainOutcomes> for DomainOutcome {
    fn from(one: DomainOutcomes) -> Self {
        Self {
            domain: one.domain,
            outcomes: one.outcomes.into(),
        }
    }
}

/// A course in its parts.
struct Coursed {
    course: CourseName,
    since: Timestamp,
    by: Option<String>,
    why: Option<String>,
    cause: Option<Cause>,
}

impl From<Course> for Coursed {
    fn from(course: Course) -> Self {
        let (course, since, by, why, cause) = match course {
            Course::UnderWay { since } => (CourseName::UnderWay, since, None, None, None),
            Course::Held {
                since,
                by,
                why,
                cause,
            } => (
                CourseName::Held,
                since,
                Some(by),
                Some(why),
                Some(cause.into()),
            ),
            Course::Killed { at, by, why } => (CourseName::Killed, at, Some(by), Some(why), None),
        };
        Self {
            course,
            since,
            by,
            why,
            cause,
        }
    }
}

impl From<Status> for Distribution {
    fn from(status: Status) -> Self {
        let Coursed {
            course,
            since,
            by,
            why,
            cause,
        } = status.course.into();
        let domains = status.counts.by_domain.into_iter();
        let (outcomes, rate) = match status.alone {
            Some(alone) => (Some(alone.outcomes), alone.rate),
            None => (None, None),
        };
        let languages = outcomes.as_ref().map(|all| all.by_language.iter());
        let languages = languages.map(|all| {
            all.map(|(language, outcomes)| (language.clone(), (*outcomes).into()))
                .collect()
        });
        Self {
            id: status.id,
            release: status.release,
            headline: status.headline,
            follows: status.follows,
            notice: status.notice,
            planned_at: status.planned_at,
            lift: status.lift,
            course,
            since,
            by,
            why,
            cause,
            not_after: status.not_after,
            forecast: status.outlook.map(Forecast::from),
            next_due: status.next_due,
            audience: AudienceCounts {
                included: status.audience.included,
                excluded: status.audience.excluded,
                by_reason: status.audience.by_reason,
            },
            by_state: status.counts.by_state,
            by_language: status.counts.by_language,
            by_phase: status.counts.by_phase,
            by_domain: domains
                .map(|(domain, count)| DomainCount { domain, count })
                .collect(),
            outcomes_by_language: languages,
            outcomes_by_domain: outcomes
                .map(|all| all.by_domain.into_iter().map(Into::into).collect()),
            rate,
        }
    }
}

impl Distribution {
    /// The identifier.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// What was found in the newsroom's files, as the API shows it.
pub(super) fn shown(problems: Vec<domain::problem::Problem>) -> Vec<FileProblem> {
    problems.into_iter().map(FileProblem::from).collect()
}

impl Front {
    /// The distribution that a path names.
    pub(super) async fn named_distribution(
        &self,
        id: &str,
    ) -> Result<domain::distribution::Distribution, Problem> {
        let found = self.desk().find_exactly(id).await?;
        found.ok_or_else(|| Problem::missing("distribution", id))
    }

    /// Where a distribution stands, with what is told of one alone: looked up once
    /// for all who ask at a time.
    pub(super) async fn standing(
        &self,
        found: &domain::distribution::Distribution,
    ) -> Result<Distribution, Problem> {
        let seen = self.watched.look(&self.desk(), found.id).await?;
        let seen = seen.ok_or_else(|| Problem::missing("distribution", &found.id.to_string()))?;
        Ok(seen.status.clone().into())
    }

    /// The id of the release that a path names.
    pub(super) fn named_release(&self, id: &str) -> Result<String, Problem> {
        let found = self.desk().known_release(id)?;
        found.ok_or_else(|| Problem::missing("release", id))
    }
}
