//! One run over a distribution, or over all of them: feeder, workers, ledger and their end.

use super::composers::Composers;
use super::feeder::feed;
use super::ledger::Ledger;
use super::metrics::Metrics;
use super::progress::Progress;
use super::worker::Worker;
use crate::clock::Clock;
use crate::dkim::Signer;
use crate::domain::ids::{DistributionId, LeaseToken};
use crate::domain::retry::RetryPolicy;
use crate::entropy::Entropy;
use crate::relay::{Relay, RelayError};
use crate::store::{Store, StoreError};
use jiff::SignedDuration;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
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
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay cannot be reached, or will not have us.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The relay refuses everything we bring, for a reason that is not the recipient's.
    #[error(
        "relay {relay} refuses our mail as a whole: {reply}; nothing is lost, mend the relay's settings and run it again"
    )]
    RelayRefuses {
        /// Its name.
        relay: String,
        /// What it said.
        reply: String,
    },
    /// A distribution could not be held or expired.
    #[error("{0}")]
    Revise(String),
    /// A mail could not be made.
    #[error("cannot compose delivery {delivery}: {cause}")]
    Compose {
        /// Which delivery.
        delivery: String,
        /// Why.
        cause: String,
    },
}

/// Everything that the parts of a run share.
#[derive(Debug)]
pub struct Run {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The relay.
    pub relay: Relay,
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
    /// Signs the mails.
    pub signer: Signer,
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// Cancelled: finish the conversations under way and stop.
    pub stop: CancellationToken,
    /// By which this run holds its claims.
    pub(super) lease: LeaseToken,
    /// Claimed and not yet settled.
    pub(super) in_hand: AtomicUsize,
    /// Rung when deliveries were settled.
    pub(super) settled: Notify,
    /// Connections open now.
    pub(super) connections: AtomicUsize,
    /// What is measured.
    pub metrics: Metrics,
    /// Shows that the scheduler is alive.
    pub pulse: Arc<Pulse>,
    /// Rung shortly before something falls due.
    pub(super) ready: Notify,
    /// Keeps to the relay's rate.
    pub(super) pace: Option<Pace>,
}

/// Messages a second, shared by a run's workers.
pub(super) type Pace = governor::DefaultDirectRateLimiter;

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
    /// The relay.
    pub relay: Relay,
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
    /// Signs the mails.
    pub signer: Signer,
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// Cancelled: finish the conversations under way and stop.
    pub stop: CancellationToken,
}

impl Run {
    /// Readies a run under a lease of its own.
    pub fn new(plan: RunPlan) -> Self {
        let lease = Entropy.lease(plan.clock.now());
        let pace = plan.relay.rate().map(pace);
        Self {
            store: plan.store,
            relay: plan.relay,
            clock: plan.clock,
            settings: plan.settings,
            distribution: plan.distribution,
            until: plan.until,
            composers: plan.composers,
            signer: plan.signer,
            progress: plan.progress,
            stop: plan.stop,
            lease,
            in_hand: AtomicUsize::new(0),
            settled: Notify::new(),
            connections: AtomicUsize::new(0),
            metrics: Metrics::default(),
            pulse: Arc::default(),
            ready: Notify::new(),
            pace,
        }
    }

    /// Runs to its end, or until stopped. Whatever ends it, claims that were
    /// not begun are given back.
    ///
    /// # Errors
    /// The store or the relay failed; see [`RunError`].
    pub async fn run(self) -> Result<(), RunError> {
        let run = Arc::new(self);
        let ended = run.clone().dispatch().await;
        let returned = run.store.give_back(run.lease).await;
        ended?;
        returned?;
        Ok(())
    }

    async fn dispatch(self: Arc<Self>) -> Result<(), RunError> {
        let connections = self.relay.connections();
        let (queue, work) = async_channel::bounded(connections * 4);
        let counted = self.clone();
        let (ledger, keep) = Ledger::open(self.store.clone(), move |ended| counted.settle(ended));
        let keeper = tokio::spawn(keep);
        let workers: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(Worker::new(self.clone(), work.clone(), ledger.clone()).work()))
            .collect();
        drop((work, ledger));
        let fed = tokio::select! {
            fed = feed(&self, queue) => fed,
            renewed = self.renew_leases() => renewed,
        };
        let mut ended = fed;
        for worker in workers {
            ended = ended.and(joined(worker.await));
        }
        // The ledger's own failure is the cause of everyone else's.
        joined(keeper.await.map(|kept| kept.map_err(RunError::from))).and(ended)
    }

    /// Prepares for what falls due at an instant: its content and the connections.
    pub(super) async fn make_ready(&self, at: jiff::Timestamp) -> Result<(), RunError> {
        let due = self.store.overdue(at).await?;
        for (id, _) in due.iter().take(2) {
            if let Some(distribution) = self.store.distribution(*id).await?
                && let Err(error) = self
                    .composers
                    .get(self.store.as_ref(), &distribution.content)
                    .await
            {
                // The worker that meets it holds the distribution.
                tracing::warn!(distribution.id = %id, %error, "cannot make its mails ready");
            }
        }
        self.ready.notify_waiters();
        Ok(())
    }

    /// Deliveries left the run's hands.
    pub(super) fn settle(&self, ended: usize) {
        if ended > 0 {
            self.in_hand.fetch_sub(ended, Ordering::SeqCst);
            self.settled.notify_waiters();
        }
    }

    /// Keeps this run's leases alive while it works; ends only by an error.
    async fn renew_leases(&self) -> Result<(), RunError> {
        let third = Duration::try_from(self.settings.lease).unwrap_or_default() / 3;
        loop {
            tokio::time::sleep(third.max(Duration::from_millis(100))).await;
            let until = self
                .clock
                .now()
                .saturating_add(self.settings.lease)
                .unwrap_or(jiff::Timestamp::MAX);
            self.store.renew(self.lease, until).await?;
        }
    }
}

/// One message at a time, so many a second.
fn pace(rate: f64) -> Pace {
    let each = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::from_secs(1));
    let quota = governor::Quota::with_period(each.max(Duration::from_nanos(1)));
    governor::RateLimiter::direct(
        quota.unwrap_or_else(|| governor::Quota::per_second(std::num::NonZeroU32::MIN)),
    )
}

/// A task's result; a task that was torn down has nothing to say beyond what
/// the store will show: its deliveries are in doubt.
fn joined(result: Result<Result<(), RunError>, tokio::task::JoinError>) -> Result<(), RunError> {
    match result {
        Ok(ended) => ended,
        Err(torn) => Err(RunError::Store(StoreError::Unavailable {
            place: "of this run".to_owned(),
            cause: format!("a task ended unexpectedly: {torn}"),
        })),
    }
}
