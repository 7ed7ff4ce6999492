//! The releases of a workspace, and one of them with all that is known of it.

use super::check::check;
use super::status::Status;
use super::{Desk, DeskError, Wiring};
use crate::domain::approval::{Approval, Uneven, parity};
use crate::domain::course::Course;
use crate::domain::distribution::Distribution;
use crate::domain::embargo::Embargo;
use crate::domain::ids::{DistributionId, ReleaseId};
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::release::{Release, ReleaseKind, Variant};
use crate::intake::{self, Intake, LoadedRelease};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// How far a release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Something bars it from being sent.
    Faulty,
    /// Nothing of it was planned.
    Draft,
    /// Planned; everything waits for its time.
    Scheduled,
    /// Deliveries are due or under way.
    Sending,
    /// Stopped for now.
    Held,
    /// Withdrawn.
    Killed,
    /// Everything is settled.
    Sent,
}

impl Stage {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Faulty => "faulty",
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Sending => "sending",
            Self::Held => "held",
            Self::Killed => "killed",
            Self::Sent => "sent",
        }
    }
}

/// A release in a list.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseCard {
    /// Its id; the folder's name where it cannot be read.
    pub id: String,
    /// What people know it by.
    pub headline: String,
    /// What sort of announcement.
    pub kind: Option<ReleaseKind>,
    /// In which languages.
    pub languages: Vec<Language>,
    /// Its embargo.
    pub embargo: Option<Embargo>,
    /// How far it has come.
    pub stage: Stage,
    /// What is wrong with it that its files alone tell.
    pub errors: usize,
    /// What is worth a look.
    pub warnings: usize,
    /// Distributions of it.
    pub distributions: usize,
    /// When one was planned last.
    pub planned_at: Option<Timestamp>,
}

/// A problem with the lines it stands in.
#[derive(Debug, Clone, Serialize)]
pub struct ShownProblem {
    /// The problem.
    #[serde(flatten)]
    pub problem: Problem,
    /// The lines round it, with their numbers.
    pub lines: Vec<(usize, String)>,
}

/// A variant and when its file was edited.
#[derive(Debug, Clone)]
pub struct ShownVariant {
    /// Its text.
    pub variant: Variant,
    /// When it was edited last.
    pub edited: Option<Timestamp>,
}

/// All that is known of a release.
#[derive(Debug)]
pub struct ReleaseSheet {
    /// As in a list.
    pub card: ReleaseCard,
    /// Its texts; none where it cannot be read.
    pub variants: Vec<ShownVariant>,
    /// Everything that `check` finds.
    pub problems: Vec<ShownProblem>,
    /// Languages that are not level.
    pub uneven: Vec<Uneven>,
    /// Approvals on record, oldest first.
    pub approvals: Vec<Approval>,
    /// Its distributions, the newest first.
    pub distributions: Vec<Status>,
    /// What those who have it were told since, the newest first: corrections, notices.
    pub followed: Vec<Status>,
}

impl Desk {
    /// All releases, the newest name first.
    ///
    /// # Errors
    /// The folder cannot be read, two releases have one id, the store failed.
    pub async fn releases(&self) -> Result<Vec<ReleaseCard>, DeskError> {
        let folders = intake::list_releases(&self.workspace).map_err(DeskError::Problems)?;
        let distributions = self.store.distributions().await?;
        let last = self.store.last_entries().await?;
        let mut cards = Vec::new();
        for folder in folders.iter().rev() {
            let read = self.read(folder);
            cards.push(self.card(folder, &read, &distributions, &last).await?);
        }
        Ok(cards)
    }

    fn read(&self, folder: &Path) -> Intake<LoadedRelease> {
        let (limits, allow_html) = (&self.settings.limits, self.settings.newsroom.allow_html);
        intake::load_release(&self.workspace, folder, limits, allow_html)
    }

    async fn card(
        &self,
        folder: &Path,
        read: &Intake<LoadedRelease>,
        all: &[Distribution],
        last: &HashMap<DistributionId, u64>,
    ) -> Result<ReleaseCard, DeskError> {
        let errors = read
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .count();
        let release = read.value.as_ref().map(|loaded| &loaded.release);
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let id = release.map_or(name, |release| release.id.to_string());
        let own: Vec<_> = all
            .iter()
            .filter(|one| one.release.as_str() == id)
            .collect();
        let stage = match own.first() {
            Some(newest) => self.stage_of(newest, last.get(&newest.id).copied()).await?,
            None if release.is_none() => Stage::Faulty,
            None => Stage::Draft,
        };
        Ok(ReleaseCard {
            headline: release.map_or(id.as_str(), Release::headline).to_owned(),
            id,
            kind: release.map(|release| release.kind),
            languages: release.map(Release::languages).unwrap_or_default(),
            embargo: release.and_then(|release| release.embargo.clone()),
            stage,
            errors,
            warnings: read.problems.len() - errors,
            distributions: own.len(),
            planned_at: own.first().map(|newest| newest.planned_at),
        })
    }

    async fn stage_of(&self, newest: &Distribution, last: Option<u64>) -> Result<Stage, DeskError> {
        let counts = &self.tally_at(newest.id, last).await?.counts;
        Ok(match &newest.course {
            Course::Killed { .. } => Stage::Killed,
            Course::Held { .. } => Stage::Held,
            Course::UnderWay { .. } if counts.waiting() == 0 => Stage::Sent,
            Course::UnderWay { .. } if counts.in_state("planned") == counts.waiting() => {
                Stage::Scheduled
            }
            Course::UnderWay { .. } => Stage::Sending,
        })
    }

    /// The identifiers of all releases.
    ///
    /// # Errors
    /// Their folder cannot be read.
    pub fn release_names(&self) -> Result<Vec<String>, DeskError> {
        intake::release_ids(&self.workspace).map_err(DeskError::Problems)
    }

    /// The id of a release that there is. A path is no id.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn known_release(&self, name: &str) -> Result<Option<String>, DeskError> {
        if ReleaseId::parse(name).is_err() {
            return Ok(None);
        }
        let ids = self.release_names()?;
        Ok(ids.into_iter().find(|id| id == name))
    }

    /// One release with all that is known of it.
    ///
    /// # Errors
    /// There is none of that id, or the store failed.
    pub async fn release(&self, id: &str, wiring: &dyn Wiring) -> Result<ReleaseSheet, DeskError> {
        let folder = intake::find_release(&self.workspace, id).map_err(DeskError::Problems)?;
        let mut all = self.store.distributions().await?;
        let read = self.read(&folder);
        let last = self.store.last_entries().await?;
        let card = self.card(&folder, &read, &all, &last).await?;
        let problems = check(&self.workspace, Some(id), wiring)?.problems;
        let loaded = read.value;
        let policy = &self.settings.approval;
        let edited = loaded
            .as_ref()
            .map(|loaded| loaded.edited.clone())
            .unwrap_or_default();
        let uneven = match &loaded {
            Some(_) => parity(&edited, &policy.languages, policy.parity, None),
            None => Vec::new(),
        };
        let mut followed = all.clone();
        followed.retain(|one| one.follows.as_ref().map(ReleaseId::as_str) == Some(&card.id));
        all.retain(|one| one.release.as_str() == card.id);
        let distributions = self.statuses_of(&all).await?;
        let followed = self.statuses_of(&followed).await?;
        let approvals = match ReleaseId::parse(&card.id) {
            Ok(id) => self.store.approvals(&id).await?,
            Err(_) => Vec::new(),
        };
        let edited_at = |language: &Language| {
            edited
                .iter()
                .find(|(own, _)| own == language)
                .map(|(_, at)| *at)
        };
        let variants = loaded
            .map(|loaded| loaded.release.variants)
            .unwrap_or_default();
        let variants = variants.into_iter().map(|variant| ShownVariant {
            edited: edited_at(&variant.language),
            variant,
        });
        Ok(ReleaseSheet {
            variants: variants.collect(),
            problems: problems
                .into_iter()
                .map(|problem| self.placed(problem))
                .collect(),
            uneven,
            approvals,
            distributions,
            followed,
            card,
        })
    }

    fn placed(&self, problem: Problem) -> ShownProblem {
        let lines = problem
            .line
            .map(|line| intake::excerpt(&self.workspace, &problem.file, line));
        ShownProblem {
            lines: lines.unwrap_or_default(),
            problem,
        }
    }
}
