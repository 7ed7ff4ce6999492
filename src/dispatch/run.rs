//! One run over a distribution: feeder, workers, ledger and their end.

use super::composer::Composer;
use super::feeder::feed;
use super::ledger::Ledger;
use super::progress::Progress;
use super::reaper;
use super::worker::Worker;
use crate::clock::Clock;
use crate::domain::ids::{DistributionId, LeaseToken};
use crate::domain::retry::RetryPolicy;
use crate::entropy::Entropy;
use crate::relay::{Relay, RelayError};
use crate::store::{Store, StoreError};
use jiff::SignedDuration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
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
}

/// When a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing is due now; what waits for its time is left.
    NothingDue,
    /// Every delivery is final or in doubt.
    AllSettled,
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
    /// What it sends.
    pub distribution: DistributionId,
    /// When it is over.
    pub until: Until,
    /// Makes the mails.
    pub composer: Arc<Composer>,
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
    /// What it sends.
    pub distribution: DistributionId,
    /// When it is over.
    pub until: Until,
    /// Makes the mails.
    pub composer: Arc<Composer>,
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
            relay: plan.relay,
            clock: plan.clock,
            settings: plan.settings,
            distribution: plan.distribution,
            until: plan.until,
            composer: plan.composer,
            progress: plan.progress,
            stop: plan.stop,
            lease,
            in_hand: AtomicUsize::new(0),
            settled: Notify::new(),
            connections: AtomicUsize::new(0),
        }
    }

    /// Runs to its end, or until stopped. Whatever ends it, claims that were
    /// not begun are given back.
    ///
    /// # Errors
    /// The store or the relay failed; see [`RunError`].
    pub async fn run(self) -> Result<(), RunError> {
        let run = Arc::new(self);
        reaper::reap(&run).await?;
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
