//! The catcher: an SMTP server on loopback that keeps every mail and passes
//! none on. Dry runs and the demo speak to it; `dateline catch` runs it alone.
//!
//! It plays faults on demand, so that a rehearsal can meet them: see
//! [`faults_help`].

mod faults;
mod mailbox;
mod session;

pub use faults::{FaultScript, faults_help};
pub use mailbox::Keep;

use crate::clock::Clock;
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};
use faults::Director;
use mailbox::Mailbox;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at once; a further one waits.
const CONNECTIONS: usize = 256;

/// How a catcher behaves.
#[derive(Debug, Clone)]
pub struct CatcherConfig {
    /// Where it listens; loopback only.
    pub listen: SocketAddr,
    /// The folder that mails are written to.
    pub dir: PathBuf,
    /// The name it greets with.
    pub hostname: String,
    /// The largest mail it takes, in octets.
    pub max_message_bytes: usize,
    /// Whether it plays faults.
    pub faults: FaultScript,
    /// Whether it writes mails to files.
    pub keep: Keep,
    /// Whether it announces PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl CatcherConfig {
    /// On a free port of this machine, with faults, keeping mails in a folder.
    pub fn rehearsal(dir: &Path, clock: Arc<dyn Clock>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            dir: dir.to_owned(),
            hostname: "catcher.localhost".to_owned(),
            max_message_bytes: 50 * 1024 * 1024,
            faults: FaultScript::ByLocalPart,
            keep: Keep::Files,
            pipelining: true,
            clock,
        }
    }
}

/// Why a catcher cannot start.
#[derive(Debug, thiserror::Error)]
pub enum CatcherError {
    /// Anybody on the network could read the mails.
    NotLoopback(SocketAddr),
    /// The address is taken or may not be used.
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The folder cannot be made or read.
    Folder {
        /// Which.
        dir: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
}

impl Tell for CatcherError {
    fn said(&self) -> Said {
        match self {
            Self::NotLoopback(address) => said!(
                "the catcher listens on this machine alone; {address} is not a loopback address (127.0.0.1 or [::1])",
                address
            ),
            Self::Listen { address, cause } => said!(
                "the catcher cannot listen on {address}: {cause}",
                address,
                cause
            ),
            Self::Folder { dir, cause } => said!(
                "the catcher cannot keep mails in {dir}: {cause}",
                dir = dir.display(),
                cause
            ),
        }
    }
}

shown_as_said!(CatcherError);

/// What a catcher has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CatcherCounts {
    /// Connections taken.
    pub connections: u64,
    /// Mails caught.
    pub messages: u64,
    /// Refusals, scripted and earned.
    pub refused: u64,
    /// Connections cut on purpose.
    pub dropped: u64,
}

/// Counters that every session shares.
#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    messages: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
}

/// What every session shares.
#[derive(Debug)]
struct Shared {
    config: CatcherConfig,
    mailbox: Mailbox,
    director: Director,
    counters: Counters,
}

/// A running catcher. Dropped, it stops taking connections.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    sessions: TaskTracker,
    listening: JoinHandle<()>,
}

impl Catcher {
    /// Starts listening.
    ///
    /// # Errors
    /// An address that is not loopback or cannot be had; a folder that cannot be used.
    pub async fn start(config: CatcherConfig) -> Result<Self, CatcherError> {
        if !config.listen.ip().is_loopback() {
            return Err(CatcherError::NotLoopback(config.listen));
        }
        let folder = |cause| CatcherError::Folder {
            dir: config.dir.clone(),
            cause,
        };
        let mailbox = Mailbox::open(&config.dir, config.keep).map_err(folder)?;
        let wrong = |cause| CatcherError::Listen {
            address: config.listen,
            cause,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let director = Director::new(config.faults);
        let shared = Arc::new(Shared {
            config,
            mailbox,
            director,
            counters: Counters::default(),
        });
        let (stop, sessions) = (CancellationToken::new(), TaskTracker::new());
        let listening = tokio::spawn(listen(
            listener,
            Arc::clone(&shared),
            stop.clone(),
            sessions.clone(),
        ));
        Ok(Self {
            address,
            shared,
            stop,
            sessions,
            listening,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What it has met so far.
    pub fn counts(&self) -> CatcherCounts {
        let counters = &self.shared.counters;
        CatcherCounts {
            connections: counters.connections.load(Ordering::Relaxed),
            messages: counters.messages.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            dropped: counters.dropped.load(Ordering::Relaxed),
        }
    }

    /// Ends every session and answers with what it met.
    pub async fn stop(self) -> CatcherCounts {
        self.stop.cancel();
        self.sessions.close();
        self.sessions.wait().await;
        self.counts()
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.stop.cancel();
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    shared: Arc<Shared>,
    stop: CancellationToken,
    sessions: TaskTracker,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = Arc::clone(&room).acquire_owned().await;
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        shared.counters.connections.fetch_add(1, Ordering::Relaxed);
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        sessions.spawn(async move {
            tokio::select! {
                ended = session::serve(stream, shared) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "catcher session ended");
                    }
                }
                () = stop.cancelled() => {}
            }
            drop(permit);
        });
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
