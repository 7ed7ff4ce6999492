//! Folds the write-ahead log into the file, beside the writer.
//!
//! By default the commit that makes the log long folds it, and a send stands still
//! meanwhile. A passive checkpoint from another connection keeps nobody waiting
//! (<https://sqlite.org/wal.html#ckpt>). What was written during it is folded by the
//! writer, which only then begins the log anew: one that only grows costs new pages
//! of the system with every commit, and twenty milliseconds to take away.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Executor, SqlitePool};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Rows written between two times. Few, and the same pages are folded over and
/// over; many, and when the log begins anew, which a commit has to do while nothing
/// else is written, much of it is still to be folded.
const ROWS: usize = 4_000;

/// A pass that took no longer leaves the writer little of what was written meanwhile.
const SHORT: Duration = Duration::from_millis(100);
/// Passes at most, before the rest is left to the writer: a great plan takes seconds.
const PASSES: usize = 4;

/// Whoever folds; all copies are one.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// One connection, opened when it is first needed.
    connection: SqlitePool,
    /// The one connection that writes.
    writer: SqlitePool,
    written: Arc<AtomicUsize>,
    at_work: Arc<AtomicBool>,
}

impl Folder {
    pub(super) fn new(options: SqliteConnectOptions, writer: SqlitePool) -> Self {
        let pool = SqlitePoolOptions::new().max_connections(1);
        Self {
            connection: pool.connect_lazy_with(options),
            writer,
            written: Arc::default(),
            at_work: Arc::default(),
        }
    }

    /// Folds no more.
    pub(super) async fn close(&self) {
        self.connection.close().await;
    }

    /// So many rows more are in the log.
    pub(super) fn wrote(&self, rows: usize) {
        let written = self.written.fetch_add(rows, Ordering::Relaxed) + rows;
        if written < ROWS || self.at_work.swap(true, Ordering::AcqRel) {
            return;
        }
        self.written.store(0, Ordering::Relaxed);
        let (beside, writer) = (self.connection.clone(), self.writer.clone());
        let at_work = Arc::clone(&self.at_work);
        tokio::spawn(async move {
            // What is not folded now is folded next time, by the writer at the latest.
            if let Err(error) = fold(&beside, &writer).await {
                tracing::debug!(%error, "the log of the store was not folded");
            }
            at_work.store(false, Ordering::Release);
        });
    }
}

/// Folds beside the writer until little is left, and that with the writer.
async fn fold(beside: &SqlitePool, writer: &SqlitePool) -> sqlx::Result<()> {
    const FOLD: &str = "PRAGMA wal_checkpoint(PASSIVE)";
    for _ in 0..PASSES {
        let begun = Instant::now();
        beside.execute(FOLD).await?;
        if begun.elapsed() < SHORT {
            break;
        }
    }
    writer.execute(FOLD).await.map(drop)
}
