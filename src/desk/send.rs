//! Sending: plan once, go on as often as need be.

use super::audience::Bars;
use super::review::Expected;
use super::schedule::When;
use super::{Desk, DeskError};
use crate::config::InDoubtPolicy;
use crate::dispatch::composers::Composers;
use crate::dispatch::content::FrozenContent;
use crate::dispatch::planner::{Proposal, plan};
use crate::dispatch::progress::Progress;
use crate::dispatch::run::{InDoubt, Run, RunPlan, RunSettings, Until};
use crate::domain::audience::Rule;
use crate::domain::course::Course;
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::problem::Problem;
use crate::domain::relay::RelayProfile;
use crate::domain::said::Said;
use crate::domain::schedule::Schedule;
use crate::relay::Relay;
use crate::said;
use jiff::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What is to be sent to whom.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The release, by id or folder.
    pub release: String,
    /// Segments asked for.
    pub to: Vec<String>,
    /// Segments left out.
    pub not: Vec<String>,
    /// Also to those who have it already.
    pub again: bool,
    /// When.
    pub when: When,
    /// Somebody took note that the languages are not level.
    pub parity_ok: bool,
    /// What they saw when they gave it.
    pub expected: Expected,
}

/// A distribution that is ready to be worked on.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The distribution.
    pub distribution: Distribution,
    /// It was planned earlier and had not come to its end.
    pub continued: bool,
    /// What is worth knowing.
    pub warnings: Vec<Problem>,
}

/// What a distribution is planned from.
pub(super) struct Draft<'a> {
    pub(super) content: &'a FrozenContent,
    pub(super) rule: &'a Rule,
    pub(super) bars: &'a Bars,
    pub(super) schedule: &'a Schedule,
    pub(super) approved_by: Vec<String>,
    pub(super) expected: Option<u64>,
}

impl Desk {
    /// Plans the distribution, or finds the one that the same order planned
    /// earlier and that has not come to its end: to run an interrupted `send`
    /// again is always safe.
    ///
    /// # Errors
    /// The release's problems, an unknown segment, a time that cannot be, an
    /// approval that is missing, languages that are not level, another embargo
    /// than the release's other distributions stand under; nothing was planned.
    pub async fn plan(&self, order: &Order) -> Result<Planned, DeskError> {
        let rule = self.rule(&order.to, &order.not)?;
        let (loaded, warnings) = self.load_checked(&order.release)?;
        let content = &loaded.content;
        self.one_embargo(&content.release).await?;
        if let Some(distribution) = self.unfinished(content, order).await? {
            self.same(&distribution, order)?;
            return Ok(Planned {
                distribution,
                continued: true,
                warnings,
            });
        }
        let clearance = self.cleared(&loaded, &rule, order.parity_ok).await?;
        order.expected.sees(&clearance.content)?;
        let bars = self.bars(&content.release, order.again).await?;
        let schedule = self.schedule(&order.when, content.release.embargo.as_ref())?;
        let distribution = self
            .plan_with(Draft {
                content,
                rule: &rule,
                bars: &bars,
                schedule: &schedule,
                approved_by: clearance.by,
                expected: order.expected.included,
            })
            .await?;
        self.still_one_embargo(&content.release, &distribution)
            .await?;
        Ok(Planned {
            distribution,
            continued: false,
            warnings,
        })
    }

    /// Plans with what is known of bars: a rehearsal takes the real store's.
    pub(super) async fn plan_with(&self, draft: Draft<'_>) -> Result<Distribution, DeskError> {
        let release = &draft.content.release;
        let languages = release.languages();
        let selection = self.selection(release, draft.rule, &languages, draft.bars, draft.schedule);
        let proposal = Proposal {
            selection: &selection,
            content: draft.content,
            approved_by: draft.approved_by,
            expected: draft.expected,
            now: selection.now,
        };
        Ok(plan(self.store.as_ref(), &proposal).await?)
    }

    async fn unfinished(
        &self,
        content: &FrozenContent,
        order: &Order,
    ) -> Result<Option<Distribution>, DeskError> {
        for distribution in self.store.distributions().await? {
            let same = distribution.release == content.release.id
                && distribution.to == order.to
                && distribution.not == order.not
                && distribution.follows.is_none();
            if same
                && self
                    .store
                    .counts(distribution.id, self.clock.now())
                    .await?
                    .waiting()
                    > 0
            {
                return Ok(Some(distribution));
            }
        }
        Ok(None)
    }

    /// An unfinished distribution goes on as it was planned: what the order
    /// asks for beyond that is refused rather than left undone.
    fn same(&self, distribution: &Distribution, order: &Order) -> Result<(), DeskError> {
        let id = distribution.id;
        if let Course::Held { by, why, .. } = &distribution.course {
            return Err(DeskError::conflict(said!(
                "{id} is held by {by}: {why}; `dateline resume {id} --why …` lets it go on",
                id,
                by,
                why
            )));
        }
        if order.when.is_given() {
            return Err(DeskError::conflict(said!(
                "{id} is planned already, to start {time}; kill it first to give it another schedule, or leave the schedule out to go on with it",
                id,
                time = self.moment(distribution.schedule.earliest(distribution.lift()))
            )));
        }
        Ok(())
    }

    /// An instant on the newsroom's clock.
    pub fn shown(&self, at: Timestamp) -> String {
        self.settings.newsroom.zone.show(at)
    }

    /// The same for a message, which other languages write as they do.
    pub(super) fn moment(&self, at: Timestamp) -> Said {
        Said::moment(at, self.shown(at))
    }

    /// The relay in use: the first of the settings.
    ///
    /// # Errors
    /// There is none.
    pub fn relay(&self) -> Result<&RelayProfile, DeskError> {
        self.settings.relays.first().ok_or_else(|| {
            DeskError::request(said!("dateline.toml names no relay; add [relay.main]"))
        })
    }

    /// Works on a distribution until nothing is due, or until all is settled.
    ///
    /// # Errors
    /// The store or the relay failed; whatever was not begun is due again.
    pub async fn dispatch(
        &self,
        distribution: &Distribution,
        until: Until,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<(), DeskError> {
        let run = self
            .run(Some(distribution.id), until, progress, stop)
            .await?;
        Ok(run.run().await?)
    }

    /// Readies a run over one distribution, or over all.
    ///
    /// # Errors
    /// There is no relay, its settings cannot be, or the store failed.
    pub(super) async fn run(
        &self,
        distribution: Option<DistributionId>,
        until: Until,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Run, DeskError> {
        Ok(Run::new(RunPlan {
            store: Arc::clone(&self.store),
            relays: self.relays()?,
            clock: Arc::clone(&self.clock),
            settings: self.run_settings(),
            distribution,
            until,
            composers: Arc::new(self.composers().await?),
            signer: self.settings.dkim.clone(),
            signatory: self.settings.openpgp.clone(),
            progress,
            stop,
        }))
    }

    /// What makes the mails that go out.
    async fn composers(&self) -> Result<Composers, DeskError> {
        let (return_path, words) = (self.return_path().await?, self.opt_out_words().await?);
        Ok(Composers::new(return_path, self.links()?, Some(words)))
    }

    /// All relays, ready to be spoken to.
    fn relays(&self) -> Result<Vec<Relay>, DeskError> {
        self.relay()?;
        let profiles = self.settings.relays.iter().cloned();
        Ok(profiles.map(Relay::new).collect::<Result<_, _>>()?)
    }

    fn run_settings(&self) -> RunSettings {
        RunSettings {
            lease: self.settings.dispatch.lease,
            in_doubt: match self.settings.dispatch.in_doubt {
                InDoubtPolicy::Hold => InDoubt::Hold,
                InDoubtPolicy::Resend => InDoubt::Resend,
            },
            retry: self.settings.retry.clone(),
            grace: self.settings.schedule.grace,
            retention: self.settings.retention,
            clock_tolerance: self.settings.service.clock_tolerance,
        }
    }
}
