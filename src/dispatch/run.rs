//! One run over a distribution, or over all of them: ledger, workers and their end.

use super::composers::Composers;
use super::hand::{Hand, Seat};
use super::lead::Lead;
use super::ledger::Ledger;
use super::metrics::Metrics;
use super::progress::Progress;
use super::worker::Worker;
use crate::clock::Clock;
use crate::dkim::Signer;
use crate::domain::ids::{DistributionId, LeaseToken};
use crate::domain::retention::Retention;
use crate::domain::retry::RetryPolicy;
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::openpgp::Signatory;
use crate::relay::{Relay, RelayError};
use crate::store::{Store, StoreError, Term};
use crate::{said, shown_as_said};
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// What becomes of a delivery in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InDoubt {
    /// It waits for a person.
    #[default]
    Hold,
    /// It is sent again, under the same Message-ID.
    Resend,
}

/// How a run behaves.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// How long a worker may hold a delivery without renewing.
    pub lease: SignedDuration,
    /// What becomes of a delivery in doubt.
    pub in_doubt: InDoubt,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How late a service may be for a due delivery without asking.
    pub grace: SignedDuration,
    /// How far this machine's clock may be off the store's own.
    pub clock_tolerance: SignedDuration,
    /// How long what nothing asks for any more is kept.
    pub retention: Retention,
}

/// When a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing is due now; what waits for its time is left.
    NothingDue,
    /// Every delivery is final or in doubt.
    AllSettled,
    /// Somebody says stop: the service.
    Stopped,
}

/// Why a run stopped before its end. Nothing is lost: what was not begun is
/// due again, what was begun without an end is in doubt.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed.
    Store(#[from] StoreError),
    /// No relay can be reached, or will have us.
    Relay(#[from] RelayError),
    /// The relay refuses everything we bring, for a reason that is not the recipient's.
    RelayRefuses {
        /// Its name.
        relay: String,
        /// What it said.
        reply: String,
    },
    /// This run was silent for longer than its lease.
    LeaseLapsed,
    /// The clocks of this machine and of the store's differ.
    Clocks(String),
    /// A distribution could not be held or expired.
    Revise(Said),
    /// A mail could not be made.
    Compose {
        /// Which delivery.
        delivery: String,
        /// Why.
        cause: Said,
    },
}

impl Tell for RunError {
    fn said(&self) -> Said {
        match self {
            Self::Store(error) => error.said(),
            Self::Relay(error) => error.said(),
            Self::RelayRefuses { relay, reply } => said!(
                "relay {relay} refuses our mail as a whole: {reply}; nothing is lost, mend the relay's settings and run it again",
                relay,
                reply
            ),
            Self::LeaseLapsed => said!(
                "this run was silent for longer than its lease, and others have taken over what it held; run it again"
            ),
            Self::Clocks(off) => said!(
                "this machine's clock differs from the store's by {off}; nothing is sent until they agree (service.clock_tolerance)",
                off
            ),
            Self::Revise(said) => said.clone(),
            Self::Compose { delivery, cause } => said!(
                "cannot compose delivery {delivery}: {cause}",
                delivery,
                cause
            ),
        }
    }
}

shown_as_said!(RunError);

/// Everything that the parts of a run share.
#[derive(Debug)]
pub struct Run {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The relays, at least one.
    pub relays: Vec<Relay>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How it behaves.
    pub settings: RunSettings,
    /// What it sends: one distribution, or all.
    pub distribution: Option<DistributionId>,
    /// When it is over.
    pub until: Until,
    /// Make the mails.
    pub composers: Arc<Composers>,
    /// Signs the mails for their way.
    pub signer: Signer,
    /// Signs them for their readers.
    pub signatory: Signatory,
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// Cancelled: finish the conversations under way and stop.
    pub stop: CancellationToken,
    /// By which this run holds its claims.
    pub(super) lease: LeaseToken,
    /// Whether a relay that fails leaves another that can be used.
    pub(super) has_other: AtomicBool,
    /// What is measured.
    pub metrics: Metrics,
    /// Shows that the scheduler is alive.
    pub pulse: Arc<Pulse>,
    /// Rung shortly before something falls due.
    pub(super) ready: Notify,
    /// Whether this run looks after what all that share the store have in common.
    pub(super) leads: Lead,
}

/// When the scheduler last looked around.
#[derive(Debug, Default)]
pub struct Pulse {
    last: Mutex<Option<Instant>>,
    well: Notify,
}

impl Pulse {
    pub(super) fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// The relay answered, or nothing is waiting for it.
    pub(super) fn well(&self) {
        self.well.notify_waiters();
    }

    /// How long ago; `None` before the first time.
    pub fn since(&self) -> Option<Duration> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| last.elapsed())
    }

    /// Waits until sending is known to work.
    pub async fn wellness(&self) {
        self.well.notified().await;
    }
}

/// What the caller of a run chooses.
#[derive(Debug)]
pub struct RunPlan {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The relays, at least one.
    pub relays: Vec<Relay>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How it behaves.
    pub settings: RunSettings,
    /// What it sends: one distribution, or all.
    pub distribution: Option<DistributionId>,
    /// When it is over.
    pub until: Until,
    /// Make the mails.
    pub composers: Arc<Composers>,
    /// Signs the mails for their way.
    pub signer: Signer,
    /// Signs them for their readers.
    pub signatory: Signatory,
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// Cancelled: finish the conversations under way and stop.
    pub stop: CancellationToken,
}

impl Run {
    /// Readies a run under a lease of its own.
    pub fn new(plan: RunPlan) -> Self {
        let lease = Entropy.lease(plan.clock.now());
        Self {
            store: plan.store,
            relays: plan.relays,
            clock: plan.clock,
            settings: plan.settings,
            distribution: plan.distribution,
            until: plan.until,
            composers: plan.composers,
            signer: plan.signer,
            signatory: plan.signatory,
            progress: plan.progress,
            // Its own end is not the end of whoever started it.
            stop: plan.stop.child_token(),
            lease,
            has_other: AtomicBool::new(false),
            metrics: Metrics::default(),
            pulse: Arc::default(),
            ready: Notify::new(),
            leads: Lead::default(),
        }
    }

    /// Runs to its end, or until stopped. Whatever ends it, what was begun and
    /// not ended is in doubt, and nothing else is held.
    ///
    /// # Errors
    /// The store or a relay failed; see [`RunError`].
    pub async fn run(self) -> Result<(), RunError> {
        let run = Arc::new(self);
        if let Some(id) = run.distribution {
            // No relay holds a connection open while templates are compiled.
            run.make_content_ready(id).await?;
        }
        let until = run.lease_end();
        run.store.lease(run.lease, until, Term::First).await?;
        let ended = Arc::clone(&run).dispatch().await;
        let returned = run.store.end_lease(run.lease, run.clock.now()).await;
        let stepped_down = run.store.step_down().await;
        ended?;
        returned?;
        stepped_down?;
        Ok(())
    }

    async fn dispatch(self: Arc<Self>) -> Result<(), RunError> {
        let seats = self.seats();
        let (ledger, pages) = Ledger::open(Arc::clone(&self), seats.len());
        let keeper = tokio::spawn(ledger.keep());
        let mut workers = JoinSet::new();
        for seat in seats {
            let hand = Hand::new(pages.clone(), seat);
            workers.spawn(Worker::new(Arc::clone(&self), seat, hand).work());
        }
        drop(pages);
        let kept_alive = {
            let ended = async {
                while let Some(ended) = workers.join_next().await {
                    joined(ended)?;
                }
                Ok(())
            };
            tokio::select! {
                ended = ended => ended,
                lapsed = self.renew_lease() => lapsed,
                led = self.leads.keep(self.store.as_ref()) => Err(led.into()),
            }
        };
        // Whatever ended first, the others end too.
        self.stop.cancel();
        let mut ended = kept_alive;
        while let Some(worker) = workers.join_next().await {
            ended = ended.and(joined(worker));
        }
        // The ledger's own failure is the cause of everyone else's.
        joined(keeper.await).and(ended)
    }

    /// A seat for each connection that the relays are given.
    fn seats(&self) -> Vec<Seat> {
        let relays = self.relays.iter().enumerate();
        relays
            .flat_map(|(relay, of)| std::iter::repeat_n(relay, of.connections()))
            .enumerate()
            .map(|(worker, relay)| Seat { worker, relay })
            .collect()
    }

    /// The relay that a worker has a connection to.
    pub(super) fn relay_of(&self, worker: usize) -> usize {
        let mut below = 0;
        let relays = self.relays.iter().position(|relay| {
            below += relay.connections();
            worker < below
        });
        relays.unwrap_or_default()
    }

    /// Prepares for what falls due at an instant: its content and the connections.
    pub(super) async fn make_ready(&self, at: jiff::Timestamp) -> Result<(), RunError> {
        let due = self.store.overdue(at).await?;
        for (id, _) in due.iter().take(2) {
            self.make_content_ready(*id).await?;
        }
        self.ready.notify_waiters();
        Ok(())
    }

    async fn make_content_ready(&self, id: DistributionId) -> Result<(), RunError> {
        let store = self.store.as_ref();
        if let Some(distribution) = store.distribution(id).await?
            && let Err(error) = self.composers.get(store, &distribution.content).await
        {
            // The worker that meets it holds the distribution.
            tracing::warn!(distribution.id = %id, %error, "cannot make its mails ready");
        }
        Ok(())
    }

    fn lease_end(&self) -> Timestamp {
        let now = self.clock.now();
        now.saturating_add(self.settings.lease)
            .unwrap_or(Timestamp::MAX)
    }

    /// Moves the end of this run's lease on.
    pub(super) async fn prolong(&self) -> Result<(), RunError> {
        let (lease, until) = (self.lease, self.lease_end());
        if self.store.lease(lease, until, Term::Further).await? {
            Ok(())
        } else {
            Err(RunError::LeaseLapsed)
        }
    }

    /// Keeps this run's lease alive while it works; ends only by an error. A
    /// store that is cut off for a while is no reason to give up.
    async fn renew_lease(&self) -> Result<(), RunError> {
        let lease = Duration::try_from(self.settings.lease).unwrap_or_default();
        let (mut renewed, third) = (Instant::now(), (lease / 3).max(Duration::from_millis(100)));
        loop {
            tokio::time::sleep(third).await;
            match self.prolong().await {
                Ok(()) => renewed = Instant::now(),
                Err(RunError::Store(StoreError::CutOff { .. })) if renewed.elapsed() < lease => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A task's result; a task that was torn down has nothing to say beyond what
/// the store will show: its deliveries are in doubt.
fn joined(result: Result<Result<(), RunError>, JoinError>) -> Result<(), RunError> {
    match result {
        Ok(ended) => ended,
        Err(torn) => Err(RunError::Store(StoreError::Unavailable {
            place: "of this run".to_owned(),
            cause: said!("a task ended unexpectedly: {torn}", torn),
        })),
    }
}
