//! The always-on service: one run over everything, started again whenever it
//! fails, until somebody says stop.

use super::tallies::Tallies;
use super::workspace::settings;
use super::{Desk, DeskError, Wiring};
use crate::dispatch::metrics::Metrics;
use crate::dispatch::progress::Progress;
use crate::dispatch::run::{Pulse, Until};
use crate::said;
use crate::store::{Census, Countdown};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The first wait after a failure; each further one is twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
pub(super) const LAST_PAUSE: Duration = Duration::from_secs(60);
/// How long a count of all deliveries is good enough for metrics.
const COUNTED_FOR: Duration = Duration::from_secs(5);
/// A scheduler that has not looked around for so long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(120);

/// What is told to a service from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Read the settings anew.
    Reload,
    /// Finish the conversations under way, and end.
    Stop,
}

/// A service and how it fares, for whoever asks.
#[derive(Debug)]
pub struct Service {
    workspace: PathBuf,
    desk: Mutex<Arc<Desk>>,
    metrics: Metrics,
    pulse: Arc<Pulse>,
    trouble: Mutex<Option<String>>,
    counted: Mutex<Option<(Instant, Census)>>,
    /// Tells whoever reads the mailbox that the settings are others now.
    pub(super) reloaded: Notify,
    /// Whether the mailbox is open now.
    pub(super) mailbox_open: AtomicBool,
}

/// What a service looks like from outside, measured now.
#[derive(Debug)]
pub struct Vitals {
    /// Deliveries by state, and what waits longest.
    pub census: Census,
    /// Embargoes that have not lifted, and that deliveries wait for.
    pub embargoes: Vec<Countdown>,
    /// Now.
    pub now: Timestamp,
}

impl Service {
    /// Readies a service for an open desk.
    pub fn new(desk: Desk) -> Self {
        Self {
            workspace: desk.workspace.clone(),
            desk: Mutex::new(Arc::new(desk)),
            metrics: Metrics::default(),
            pulse: Arc::default(),
            trouble: Mutex::default(),
            counted: Mutex::default(),
            reloaded: Notify::new(),
            mailbox_open: AtomicBool::new(false),
        }
    }

    /// What is measured while sending.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The desk with the settings that are in force.
    pub fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the scheduler is alive.
    ///
    /// # Errors
    /// In words: it is stuck.
    pub fn healthy(&self) -> Result<(), String> {
        match self.pulse.since() {
            Some(since) if since > STUCK_AFTER => Err(format!(
                "the scheduler has not looked around for {} s",
                since.as_secs()
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether it can send.
    ///
    /// # Errors
    /// In words: what is in the way.
    pub async fn ready(&self) -> Result<(), String> {
        if let Some(trouble) = self.trouble().clone() {
            return Err(trouble);
        }
        if self.pulse.since().is_none() {
            return Err("starting".to_owned());
        }
        let asked = self.desk().store.last_beat().await;
        asked.map(drop).map_err(|error| error.to_string())
    }

    /// Whether the mailbox to which mail comes back is open; `None` where the
    /// settings name none.
    pub fn mailbox_open(&self) -> Option<bool> {
        let desk = self.desk();
        let account = desk.settings.bounces.imap.as_ref();
        account.map(|_| self.mailbox_open.load(Ordering::Relaxed))
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what there is.
    ///
    /// # Errors
    /// The store failed.
    pub async fn vitals(&self) -> Result<Vitals, DeskError> {
        let desk = self.desk();
        let now = desk.clock.now();
        Ok(Vitals {
            census: self.census(&desk, now).await?,
            embargoes: desk.store.countdowns(now).await?,
            now,
        })
    }

    /// The last count, where it is not too old: counting walks over all
    /// deliveries there ever were, and scrapers come by often.
    async fn census(&self, desk: &Desk, now: Timestamp) -> Result<Census, DeskError> {
        if let Some(census) = self.fresh() {
            return Ok(census);
        }
        let census = desk.store.census(now).await?;
        *self.counted() = Some((Instant::now(), census.clone()));
        Ok(census)
    }

    fn fresh(&self) -> Option<Census> {
        let counted = self.counted();
        let (at, census) = counted.as_ref()?;
        (at.elapsed() < COUNTED_FOR).then(|| census.clone())
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Census)>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends whatever falls due until it is told to stop. Answers false where
    /// conversations had to be cut off: their deliveries are in doubt.
    pub async fn run(
        self: &Arc<Self>,
        wiring: &dyn Wiring,
        words: &mut tokio::sync::mpsc::Receiver<Word>,
    ) -> bool {
        let mut pause = FIRST_PAUSE;
        // Runs under former settings that still end their conversations: what
        // is due meanwhile does not wait for them.
        let mut leaving = JoinSet::new();
        loop {
            let stop = CancellationToken::new();
            let mut sending = self.begin(stop.clone());
            let ended = tokio::select! {
                ended = &mut sending => joined(ended),
                word = self.heed(wiring, words) => {
                    stop.cancel();
                    leaving.spawn(leave(sending));
                    match word {
                        Word::Stop => return self.in_time(leaving).await,
                        Word::Reload => continue,
                    }
                }
            };
            while leaving.try_join_next().is_some() {}
            let Err(error) = ended else {
                pause = FIRST_PAUSE;
                continue;
            };
            let error = error.to_string();
            tracing::error!(error, again_in = ?pause, "sending failed; nothing is lost");
            *self.trouble() = Some(error);
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LAST_PAUSE),
                word = self.heed(wiring, words) => match word {
                    Word::Stop => return self.in_time(leaving).await,
                    Word::Reload => pause = FIRST_PAUSE,
                }
            }
        }
    }

    /// Begins a run under the settings in force, in a task of its own that ends
    /// with its handle.
    fn begin(self: &Arc<Self>, stop: CancellationToken) -> Sending {
        let (service, desk) = (Arc::clone(self), self.desk());
        let sending = async move { service.send(&desk, stop).await };
        AbortOnDropHandle::new(tokio::spawn(sending))
    }

    /// Lets the conversations under way end, but not for ever.
    async fn in_time(&self, mut leaving: JoinSet<()>) -> bool {
        let within = self.desk().settings.service.stop_within;
        let within = Duration::try_from(within).unwrap_or_default();
        let all = async { while leaving.join_next().await.is_some() {} };
        tokio::time::timeout(within, all).await.is_ok()
    }

    /// Waits for a word that changes something: settings that cannot be taken
    /// over change nothing, and what is under way goes on undisturbed.
    async fn heed(
        &self,
        wiring: &dyn Wiring,
        words: &mut tokio::sync::mpsc::Receiver<Word>,
    ) -> Word {
        loop {
            match words.recv().await.unwrap_or(Word::Stop) {
                Word::Stop => return Word::Stop,
                Word::Reload if self.reload(wiring, &self.desk()) => return Word::Reload,
                Word::Reload => {}
            }
        }
    }

    async fn send(&self, desk: &Desk, stop: CancellationToken) -> Result<(), DeskError> {
        let mut run = desk
            .run(None, Until::Stopped, Arc::new(Progress::default()), stop)
            .await?;
        run.metrics = self.metrics.clone();
        run.pulse = Arc::clone(&self.pulse);
        let mend = async {
            self.pulse.wellness().await;
            *self.trouble() = None;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = run.run() => Ok(ended?),
            () = mend => Ok(()),
        }
    }

    /// Reads the settings anew. False: they have problems, and the old ones
    /// stay in force.
    fn reload(&self, wiring: &dyn Wiring, old: &Desk) -> bool {
        let (settings, warnings) = match settings(&self.workspace, wiring) {
            Ok(read) => read,
            Err(DeskError::Problems(problems)) => {
                for problem in &problems {
                    tracing::error!(%problem, "settings not taken over; the old ones stay in force");
                }
                return false;
            }
            Err(error) => {
                tracing::error!(%error, "settings not taken over; the old ones stay in force");
                return false;
            }
        };
        let (new, before) = (&settings, &old.settings);
        if new.store != before.store
            || new.service != before.service
            || new.readers.url != before.readers.url
            || new.bounces.lmtp != before.bounces.lmtp
        {
            tracing::warn!(
                "[store], [service], [bounces.lmtp] and the url of [readers] are taken over at the next start alone"
            );
        }
        let new = Desk {
            workspace: old.workspace.clone(),
            settings,
            warnings,
            store: Arc::clone(&old.store),
            clock: Arc::clone(&old.clock),
            tallies: Tallies::default(),
            log_map: Arc::clone(&old.log_map),
        };
        *self.desk.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        self.reloaded.notify_one();
        tracing::info!("settings read anew");
        true
    }
}

/// A run's task.
type Sending = AbortOnDropHandle<Result<(), DeskError>>;

/// Sees a run that was told to stop to its end.
async fn leave(sending: Sending) {
    if let Err(error) = joined(sending.await) {
        tracing::error!(%error, "the last conversations did not end well");
    }
}

/// A task's result; one that was torn down has nothing to say beyond what the
/// store will show.
fn joined(ended: Result<Result<(), DeskError>, JoinError>) -> Result<(), DeskError> {
    match ended {
        Ok(ended) => ended,
        Err(torn) => Err(DeskError::request(said!(
            "a run ended unexpectedly: {torn}",
            torn
        ))),
    }
}
