//! The workspace opened: settings, store and clock in one hand.

use super::DeskError;
use super::log_map::LogMap;
use super::tallies::Tallies;
use crate::clock::{Clock, GuardedClock};
use crate::config::{Settings, StoreLocation};
use crate::dispatch::content::FrozenContent;
use crate::domain::audience::Rule;
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::said::Tell;
use crate::domain::segment::Segment;
use crate::intake::LoadedRelease;
use crate::render::KitSources;
use crate::said;
use crate::store::archive::Archive;
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A release with everything that belongs to it, and when its texts were last edited.
#[derive(Debug, Clone)]
pub(super) struct LoadedContent {
    pub(super) content: FrozenContent,
    pub(super) edited: Vec<(Language, Timestamp)>,
}

/// What the desk needs of the world: `wire` provides it.
#[async_trait]
pub trait Wiring: Send + Sync {
    /// The clock on the wall.
    fn clock(&self) -> Arc<dyn Clock>;

    /// A value from the environment.
    fn env(&self, name: &str) -> Option<String>;

    /// Opens the store that the settings name.
    async fn store(&self, settings: &Settings) -> Result<Arc<dyn Store>, StoreError>;

    /// Opens a store to be looked at as a whole, or copied.
    async fn archive(&self, location: &StoreLocation) -> Result<Arc<dyn Archive>, StoreError>;

    /// Opens a new store in a file that will be thrown away.
    async fn throwaway_store(&self, file: &Path) -> Result<Arc<dyn Store>, StoreError>;
}

/// An open workspace.
#[derive(Debug)]
pub struct Desk {
    /// Its folder.
    pub workspace: PathBuf,
    /// What its files say.
    pub settings: Settings,
    /// Warnings that came up while reading them.
    pub warnings: Vec<Problem>,
    /// What it remembers.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where distributions stood when somebody looked last.
    pub(super) tallies: Tallies,
    /// What is where in the log.
    pub(super) log_map: Arc<LogMap>,
}

impl Desk {
    /// Opens a workspace.
    ///
    /// # Errors
    /// Problems in its files, or a store that cannot be opened.
    pub async fn open(workspace: &Path, wiring: &dyn Wiring) -> Result<Self, DeskError> {
        let (settings, warnings) = settings(workspace, wiring)?;
        let store = wiring.store(&settings).await?;
        Ok(Self {
            workspace: workspace.to_owned(),
            clock: Arc::new(GuardedClock::new(
                wiring.clock(),
                settings.service.clock_tolerance,
            )),
            settings,
            warnings,
            store,
            tallies: Tallies::default(),
            log_map: Arc::default(),
        })
    }

    /// Loads a release with everything that belongs to it, frozen.
    ///
    /// # Errors
    /// All its problems.
    pub(super) fn freeze(&self, release: &str) -> Result<(LoadedContent, Vec<Problem>), DeskError> {
        let (loaded, warnings) = self.load(release)?;
        let edited = loaded.edited.clone();
        let content = freeze(&self.workspace, &self.settings, loaded)?;
        Ok((LoadedContent { content, edited }, warnings))
    }

    /// Loads a release by its id or folder.
    ///
    /// # Errors
    /// All its problems.
    pub fn load(&self, release: &str) -> Result<(LoadedRelease, Vec<Problem>), DeskError> {
        let folder =
            crate::intake::find_release(&self.workspace, release).map_err(DeskError::Problems)?;
        let intake = crate::intake::load_release(
            &self.workspace,
            &folder,
            &self.settings.limits,
            self.settings.newsroom.allow_html,
        );
        match intake.value {
            Some(loaded) => Ok((loaded, intake.problems)),
            None => Err(DeskError::Problems(intake.problems)),
        }
    }

    /// The rule that names of segments make. `list:NAME` is everybody on a press list.
    ///
    /// # Errors
    /// A name nobody knows; the known ones are given.
    pub fn rule(&self, to: &[String], not: &[String]) -> Result<Rule, DeskError> {
        if to.is_empty() {
            return Err(DeskError::request(said!(
                "nobody is asked for; name a segment with --to ({known})",
                known = names_of(&self.segments_now()?)
            )));
        }
        Ok(Rule {
            to: self.segments(to)?,
            not: self.segments(not)?,
        })
    }

    pub(super) fn segments(&self, names: &[String]) -> Result<Vec<Segment>, DeskError> {
        names.iter().map(|name| self.segment(name)).collect()
    }

    fn segment(&self, name: &str) -> Result<Segment, DeskError> {
        let wrong = |error: crate::domain::segment::SegmentError| DeskError::request(error.said());
        if let Some(list) = name.strip_prefix("list:") {
            let quoted = list.replace('\\', "\\\\").replace('\'', "\\'");
            return Segment::parse(name, &format!("'{quoted}' in contact.lists")).map_err(wrong);
        }
        let mut known = self.segments_now()?;
        match known.iter().position(|segment| segment.name() == name) {
            Some(at) => Ok(known.swap_remove(at)),
            None => Err(DeskError::request(said!(
                "there is no segment `{name}` in segments.toml; known are {known}",
                name,
                known = names_of(&known)
            ))),
        }
    }

    /// The segments as their file says now: like releases, it is edited while a
    /// service runs.
    ///
    /// # Errors
    /// Every problem in it.
    pub fn segments_now(&self) -> Result<Vec<Segment>, DeskError> {
        crate::config::read_segments(&self.workspace)
            .map(|(segments, _)| segments)
            .map_err(DeskError::Problems)
    }

    /// The distribution of an id, and of nothing less.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_exactly(&self, id: &str) -> Result<Option<Distribution>, DeskError> {
        match id.parse::<DistributionId>() {
            Ok(id) => Ok(self.store.distribution(id).await?),
            Err(_) => Ok(None),
        }
    }

    /// The distribution that somebody means: its id, the beginning of it, or `latest`.
    ///
    /// # Errors
    /// None or several fit.
    pub async fn find(&self, text: &str) -> Result<Distribution, DeskError> {
        if let Ok(id) = text.parse::<DistributionId>()
            && let Some(found) = self.store.distribution(id).await?
        {
            return Ok(found);
        }
        let all = self.store.distributions().await?;
        if text == "latest" {
            return all
                .into_iter()
                .next()
                .ok_or_else(|| DeskError::request(said!("there is no distribution yet")));
        }
        let mut fitting = all
            .into_iter()
            .filter(|distribution| distribution.id.to_string().starts_with(text));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(DeskError::request(said!(
                "there is no distribution `{text}`; `dateline status` lists them",
                text
            ))),
            (Some(_), Some(_)) => Err(DeskError::request(said!(
                "`{text}` fits several distributions; write more of its id",
                text
            ))),
        }
    }
}

fn names_of(segments: &[Segment]) -> String {
    let names: Vec<_> = segments.iter().map(Segment::name).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Reads a workspace's settings without opening its store.
///
/// # Errors
/// Every problem in its files.
pub fn settings(
    workspace: &Path,
    wiring: &dyn Wiring,
) -> Result<(Settings, Vec<Problem>), DeskError> {
    crate::config::load(workspace, &|name| wiring.env(name)).map_err(DeskError::Problems)
}

/// Puts a loaded release together with all else that a recipient can see.
///
/// # Errors
/// A kit nobody knows, or a file that cannot be read.
pub(super) fn freeze(
    workspace: &Path,
    settings: &Settings,
    loaded: LoadedRelease,
) -> Result<FrozenContent, DeskError> {
    let kit = KitSources::load(&settings.kit, Some(&workspace.join("templates")))
        .map_err(DeskError::Problems)?;
    let mut files = loaded.files;
    if let Some(logo) = &settings.newsroom.logo {
        let path = workspace.join(logo);
        let bytes = std::fs::read(&path).map_err(DeskError::file("read", path))?;
        files.insert(logo.clone(), bytes);
    }
    Ok(FrozenContent {
        newsroom: settings.newsroom.clone(),
        release: loaded.release,
        kit,
        files,
    })
}
