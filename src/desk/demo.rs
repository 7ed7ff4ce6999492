//! The demo: the whole main job on a machine where nothing is set up.

use super::import::{ImportOptions, ImportReport};
use super::init::{set_lift, write_example};
use super::log::Verification;
use super::rehearsal::{catcher_profile, start_catcher};
use super::send::Order;
use super::status::Status;
use super::{Desk, DeskError, Wiring};
use crate::dispatch::progress::Progress;
use crate::dispatch::run::Until;
use crate::domain::distribution::Distribution;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// From the start of the demo to its release's lift.
const LIFT_AFTER: SignedDuration = SignedDuration::from_secs(8);

/// The sample's releases, in the order they are sent.
pub const RELEASES: [&str; 2] = ["2026-11-24-open-levels", "2027-03-11-river-defenders"];

/// The sample's segments.
pub const SEGMENTS: [&str; 3] = ["wires", "central-asia", "environment"];

/// A demo under way.
#[derive(Debug)]
pub struct Demo {
    /// The workspace it made.
    pub workspace: PathBuf,
    /// Where its catcher keeps mails.
    pub mailbox: PathBuf,
    desk: Desk,
    catcher: crate::relay::Catcher,
}

/// What a demo came to.
#[derive(Debug)]
pub struct Outcome {
    /// Both distributions.
    pub statuses: Vec<Status>,
    /// Whether the log verified.
    pub log: Verification,
    /// Mails caught.
    pub caught: u64,
}

impl Demo {
    /// Makes the sample newsroom in a folder and starts a catcher for it.
    ///
    /// # Errors
    /// The folder is not empty or cannot be written; the catcher cannot start.
    pub async fn set_up(dir: &Path, wiring: &dyn Wiring) -> Result<Self, DeskError> {
        write_example(dir, wiring.clock().now())?;
        let mailbox = dir.join("mailbox");
        let catcher = start_catcher(&mailbox, wiring.clock()).await?;
        let desk = Desk::open(dir, wiring).await?;
        let profile = catcher_profile(&catcher, desk.relay()?.connections);
        Ok(Self {
            workspace: dir.to_owned(),
            mailbox,
            desk: desk.with_relay(profile),
            catcher,
        })
    }

    /// Imports the sample's contacts.
    ///
    /// # Errors
    /// The file or the store failed.
    pub async fn import(&self) -> Result<ImportReport, DeskError> {
        self.desk
            .import(
                &self.workspace.join("contacts.csv"),
                &ImportOptions::default(),
            )
            .await?
            .taken()
    }

    /// Plans one of its releases. Its embargo lifts a moment from now, however
    /// long the release before it took.
    ///
    /// # Errors
    /// As sending would.
    pub async fn plan(&self, release: &str) -> Result<Distribution, DeskError> {
        let lift = self.desk.clock.now().saturating_add(LIFT_AFTER);
        let folder = self.workspace.join("releases").join(release);
        set_lift(&folder, lift.unwrap_or(Timestamp::MAX))?;
        let order = Order {
            release: release.to_owned(),
            to: SEGMENTS.map(str::to_owned).to_vec(),
            ..Order::default()
        };
        Ok(self.desk.plan(&order).await?.distribution)
    }

    /// Sends a distribution to its end, lift and retries included.
    ///
    /// # Errors
    /// As sending would.
    pub async fn send(
        &self,
        distribution: &Distribution,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Status, DeskError> {
        self.desk
            .dispatch(distribution, Until::AllSettled, progress, stop)
            .await?;
        self.desk.status(distribution).await
    }

    /// Stops the catcher and verifies the log.
    ///
    /// # Errors
    /// The store failed.
    pub async fn finish(self, statuses: Vec<Status>) -> Result<Outcome, DeskError> {
        let caught = self.catcher.stop().await.messages;
        Ok(Outcome {
            statuses,
            log: self.desk.verify(None).await?,
            caught,
        })
    }
}
