//! How far a run has come, for whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one run; cheap to read at any time.
#[derive(Debug, Default)]
pub struct Progress {
    accepted: AtomicU64,
    deferred: AtomicU64,
    failed: AtomicU64,
    in_doubt: AtomicU64,
    largest: AtomicU64,
}

/// What an attempt came to, as the watcher sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The relay took it.
    Accepted,
    /// To be tried again.
    Deferred,
    /// Over without having been taken.
    Failed,
    /// Nobody knows.
    InDoubt,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Taken by the relay.
    pub accepted: u64,
    /// Attempts that will be repeated.
    pub deferred: u64,
    /// Over without having been taken.
    pub failed: u64,
    /// In doubt.
    pub in_doubt: u64,
}

impl Snapshot {
    /// Deliveries that this run is done with.
    pub fn done(self) -> u64 {
        self.accepted + self.failed + self.in_doubt
    }
}

impl Progress {
    /// Counts one attempt.
    pub fn mark(&self, mark: Mark) {
        let counter = match mark {
            Mark::Accepted => &self.accepted,
            Mark::Deferred => &self.deferred,
            Mark::Failed => &self.failed,
            Mark::InDoubt => &self.in_doubt,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes the size of a mail, in octets.
    pub fn weigh(&self, octets: usize) {
        self.largest.fetch_max(octets as u64, Ordering::Relaxed);
    }

    /// The largest mail so far, in octets.
    pub fn largest(&self) -> u64 {
        self.largest.load(Ordering::Relaxed)
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            accepted: self.accepted.load(Ordering::Relaxed),
            deferred: self.deferred.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            in_doubt: self.in_doubt.load(Ordering::Relaxed),
        }
    }
}
