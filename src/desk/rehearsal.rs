//! The dry run: every real message goes to a local catcher, and nothing else
//! can be reached.
//!
//! A rehearsal has a store of its own, thrown away afterwards, a relay that is
//! the catcher and no other, and a clock that moves itself on where the real
//! one would wait: the lift and every retry are gone through at once, under
//! the same rules.

use super::send::{Draft, Order};
use super::status::Status;
use super::tallies::Tallies;
use super::workspace::settings;
use super::{Desk, DeskError, Wiring};
use crate::clock::{Clock, RehearsalClock};
use crate::desk::audience::Totals;
use crate::dispatch::progress::Progress;
use crate::dispatch::run::Until;
use crate::domain::problem::Problem;
use crate::domain::relay::{Deadlines, RelayProfile, TlsPolicy};
use crate::domain::said::{Said, Tell};
use crate::relay::{Catcher, CatcherConfig, CatcherCounts};
use crate::said;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Mail clients cut off a mail that is longer (Gmail: 102 KB of HTML).
const CLIPPED: u64 = 102 * 1024;

/// What a rehearsal came to.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsal {
    /// Where the mails lie.
    pub mailbox: PathBuf,
    /// The rehearsed distribution.
    pub status: Status,
    /// The audience in numbers.
    pub totals: Totals,
    /// The largest mail, in octets.
    pub largest: u64,
    /// Mails caught.
    pub caught: u64,
    /// What is worth a look.
    pub warnings: Vec<Said>,
    /// Whether the rehearsal's own log verified.
    pub log: super::log::Verification,
}

impl Desk {
    /// Rehearses an order: the real store is read and never written, no relay
    /// but the catcher is spoken to.
    ///
    /// # Errors
    /// As sending would, and where the catcher cannot start.
    pub async fn rehearse(
        &self,
        order: &Order,
        wiring: &dyn Wiring,
        mailbox: &Path,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Rehearsal, DeskError> {
        let rule = self.rule(&order.to, &order.not)?;
        let (loaded, problems) = self.load_checked(&order.release)?;
        let content = loaded.content;
        self.one_embargo(&content.release).await?;
        let bars = self.bars(&content.release, order.again).await?;
        let schedule = self.schedule(&order.when, content.release.embargo.as_ref())?;
        let totals = self
            .audience(&content.release, &rule, &schedule, order.again, |_| {})
            .await?;

        let folder =
            tempfile::tempdir().map_err(DeskError::file("create", std::env::temp_dir()))?;
        let stage = self
            .stage(wiring, &folder.path().join("rehearsal.db"))
            .await?;
        let catcher = start_catcher(mailbox, Arc::clone(&stage.clock)).await?;
        let stage = stage.with_relay(catcher_profile(
            &catcher,
            self.relay().map_or(4, |relay| relay.connections),
        ));
        let distribution = stage
            .plan_with(Draft {
                content: &content,
                rule: &rule,
                bars: &bars,
                schedule: &schedule,
                approved_by: Vec::new(),
                expected: None,
            })
            .await?;
        let ended = stage
            .dispatch(
                &distribution,
                Until::AllSettled,
                Arc::clone(&progress),
                stop,
            )
            .await;
        let caught = catcher.stop().await;
        ended?;

        let status = stage.status(&distribution).await?;
        let largest = progress.largest();
        let warnings = warnings(&problems, &totals, &status, largest);
        Ok(Rehearsal {
            mailbox: mailbox.to_owned(),
            status,
            totals,
            largest,
            caught: messages(caught),
            warnings,
            log: stage.verify(None).await?,
        })
    }

    /// A desk like this one over a throwaway copy of the contacts.
    async fn stage(&self, wiring: &dyn Wiring, file: &Path) -> Result<Self, DeskError> {
        let (settings, warnings) = settings(&self.workspace, wiring)?;
        let store = wiring.throwaway_store(file).await?;
        let mut after = None;
        loop {
            let page = self.store.contacts(after.as_ref(), 1000).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.email.clone());
            store.import(&page).await?;
        }
        let clock: Arc<dyn Clock> = Arc::new(RehearsalClock::default());
        Ok(Self {
            workspace: self.workspace.clone(),
            settings,
            warnings,
            store,
            clock,
            tallies: Tallies::default(),
            log_map: Arc::default(),
        })
    }

    /// The same desk with this relay and no other.
    #[must_use]
    pub(super) fn with_relay(mut self, relay: RelayProfile) -> Self {
        self.settings.relays = vec![relay];
        self
    }
}

/// Starts a catcher on a free port of this machine.
pub(super) async fn start_catcher(
    mailbox: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Catcher, DeskError> {
    Ok(Catcher::start(CatcherConfig::rehearsal(mailbox, clock)).await?)
}

/// The profile of a catcher in this process.
pub(super) fn catcher_profile(catcher: &Catcher, connections: usize) -> RelayProfile {
    let address = catcher.local_addr();
    RelayProfile {
        name: "catcher".to_owned(),
        host: address.ip().to_string(),
        port: address.port(),
        tls: TlsPolicy::None,
        ca_file: None,
        credentials: None,
        helo: "rehearsal.localhost".to_owned(),
        connections: connections.max(1),
        messages_per_connection: None,
        rate: None,
        priority: 1,
        weight: 1,
        domains: Vec::new(),
        deadlines: Deadlines::default(),
    }
}

fn messages(counts: CatcherCounts) -> u64 {
    counts.messages
}

fn warnings(problems: &[Problem], totals: &Totals, status: &Status, largest: u64) -> Vec<Said> {
    let mut warnings: Vec<_> = problems.iter().map(Tell::said).collect();
    let failed = status.counts.failed();
    let in_doubt = status.counts.in_state("in_doubt");
    let counted = [
        (
            totals.fallbacks,
            said!(
                "{n} contact(s) get a language they did not ask for",
                n = totals.fallbacks
            ),
        ),
        (
            totals.without_zone,
            said!(
                "{n} contact(s) have no time zone of their own; the newsroom's is used",
                n = totals.without_zone
            ),
        ),
        (
            totals.zone_by_country,
            said!(
                "{n} contact(s) have no time zone of their own; their country's only one is used",
                n = totals.zone_by_country
            ),
        ),
        (
            failed,
            said!("{n} delivery(ies) failed for good", n = failed),
        ),
        (
            in_doubt,
            said!(
                "{n} delivery(ies) in doubt: the reply to the final dot was lost",
                n = in_doubt
            ),
        ),
    ];
    let some = counted.into_iter().filter(|(n, _)| *n > 0);
    warnings.extend(some.map(|(_, said)| said));
    if totals.included == 0 {
        warnings.push(said!("nobody would get this mail"));
    }
    if largest > CLIPPED {
        warnings.push(said!("the largest mail is {length} octets long with its attachments; some readers' mail clients fetch or show only a part of a large mail", length = largest));
    }
    warnings
}
