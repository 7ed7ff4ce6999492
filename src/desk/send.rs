//! Sending: plan once, go on as often as need be.

use super::audience::Bars;
use super::{Desk, DeskError};
use crate::config::InDoubtPolicy;
use crate::dispatch::composer::Composer;
use crate::dispatch::content::FrozenContent;
use crate::dispatch::planner::{Proposal, plan};
use crate::dispatch::progress::Progress;
use crate::dispatch::run::{InDoubt, Run, RunPlan, RunSettings, Until};
use crate::domain::distribution::Distribution;
use crate::domain::embargo::parse_zoned_time;
use crate::domain::problem::Problem;
use crate::domain::relay::RelayProfile;
use crate::relay::Relay;
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
    /// Not before this time (RFC 9557, with its zone).
    pub at: Option<String>,
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

impl Desk {
    /// Plans the distribution, or finds the one that the same order planned
    /// earlier and that has not come to its end: to run an interrupted `send`
    /// again is always safe.
    ///
    /// # Errors
    /// The release's problems, an unknown segment, a time that cannot be, an
    /// audience of nobody; nothing was planned.
    pub async fn plan(&self, order: &Order) -> Result<Planned, DeskError> {
        let rule = self.rule(&order.to, &order.not)?;
        let (content, warnings) = self.freeze_checked(&order.release)?;
        if let Some(distribution) = self.unfinished(&content, order).await? {
            return Ok(Planned {
                distribution,
                continued: true,
                warnings,
            });
        }
        let bars = self.bars(&content.release, order.again).await?;
        let scheduled = self.scheduled(order)?;
        let distribution = self.plan_with(&content, &rule, &bars, scheduled).await?;
        Ok(Planned {
            distribution,
            continued: false,
            warnings,
        })
    }

    /// Plans with what is known of bars: a rehearsal takes the real store's.
    pub(super) async fn plan_with(
        &self,
        content: &FrozenContent,
        rule: &crate::domain::audience::Rule,
        bars: &Bars,
        scheduled: Timestamp,
    ) -> Result<Distribution, DeskError> {
        let languages = content.release.languages();
        let selection = self.selection(&content.release, rule, &languages, bars, scheduled);
        let proposal = Proposal {
            selection: &selection,
            content,
            now: self.clock.now(),
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
                && distribution.not == order.not;
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

    /// When sending may start.
    pub(super) fn scheduled(&self, order: &Order) -> Result<Timestamp, DeskError> {
        let now = self.clock.now();
        let Some(text) = &order.at else {
            return Ok(now);
        };
        let (at, _) =
            parse_zoned_time(text).map_err(|error| DeskError::request(error.to_string()))?;
        if at < now {
            return Err(DeskError::request(format!(
                "--at {text} is in the past; leave it out to send now"
            )));
        }
        Ok(at)
    }

    /// The relay in use: the first of the settings.
    ///
    /// # Errors
    /// There is none.
    pub fn relay(&self) -> Result<&RelayProfile, DeskError> {
        self.settings
            .relays
            .first()
            .ok_or_else(|| DeskError::request("dateline.toml names no relay; add [relay.main]"))
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
        let bytes = self.store.content(distribution.id).await?;
        let bytes = bytes.ok_or_else(|| {
            DeskError::request(format!("the frozen content of {} is gone", distribution.id))
        })?;
        let content = FrozenContent::from_bytes(&bytes)?;
        let composer = Composer::new(content).map_err(DeskError::Problems)?;
        let run = Run::new(RunPlan {
            store: Arc::clone(&self.store),
            relay: Relay::new(self.relay()?.clone())?,
            clock: Arc::clone(&self.clock),
            settings: self.run_settings(),
            distribution: distribution.id,
            until,
            composer: Arc::new(composer),
            progress,
            stop,
        });
        Ok(run.run().await?)
    }

    fn run_settings(&self) -> RunSettings {
        RunSettings {
            lease: self.settings.dispatch.lease,
            in_doubt: match self.settings.dispatch.in_doubt {
                InDoubtPolicy::Hold => InDoubt::Hold,
                InDoubtPolicy::Resend => InDoubt::Resend,
            },
            retry: self.settings.retry.clone(),
        }
    }
}
