//! Opening the file: private, in WAL mode, at the schema this program knows.

use super::fold::Folder;
use super::rows::failed;
use super::{Result, SqliteStore, StoreError};
use crate::domain::log::Head;
use crate::domain::said::Said;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Executor, Row, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;

/// The schema, step by step; a step once released never changes.
pub(super) const MIGRATIONS: [&str; 14] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
];

/// The first version that knows what contacts are found by.
const FINDS_CONTACTS: i64 = 5;

/// Connections that read beside the one that writes, at most: they are opened where
/// all others are busy, and closed when nobody asks any more.
const READERS: u32 = 6;

/// When a reader is closed that nobody has asked: each keeps the schema and its pages.
const READER_RESTS: Duration = Duration::from_secs(20);

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit that has answered survives a power cut.
    Full,
    /// For a store that is thrown away: a commit waits for nothing.
    Throwaway,
}

impl SqliteStore {
    /// Opens a store, making the file (readable by its owner alone) and
    /// bringing its schema up to date.
    ///
    /// # Errors
    /// A file that cannot be opened, read or written, that is no database, or
    /// that a newer Dateline wrote.
    pub async fn open(path: &Path, durability: Durability) -> Result<Self> {
        let place = path.display().to_string();
        create_private(path).map_err(|error| StoreError::Unavailable {
            place: place.clone(),
            cause: Said::verbatim(error),
        })?;
        let synchronous = match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Throwaway => SqliteSynchronous::Off,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(64)
            // Of a new file. A send goes through its rows in order, and large pages are
            // a third of the calls to the system that small ones are.
            .page_size(16_384)
            // A whole turn's rows at once: each message between two threads is a wake-up.
            .row_buffer_size(1024)
            .pragma("temp_store", "memory");
        // A send writes the same pages over and over: kept at hand and folded into
        // the file less often, they are written half as many times. The writer folds
        // only where the folder does not keep up.
        let writing = options
            .clone()
            .pragma("cache_size", "-8192")
            .pragma("wal_autocheckpoint", "4000");
        let wrong = |error| failed(&place, error);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(writing)
            .await
            .map_err(wrong)?;
        migrate(&writer, &place).await?;
        let reading = options.clone().read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(READER_RESTS)
            // The system has the pages at hand too; a service keeps these for good.
            .connect_with(reading.pragma("cache_size", "-512"))
            .await
            .map_err(wrong)?;
        Ok(Self {
            place,
            bell: super::bell::path(path),
            folder: Folder::new(options, writer.clone()),
            writer,
            readers,
        })
    }
}

/// Makes the file for its owner alone: an address book can put people at risk.
/// SQLite gives its side files the rights of this one.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

async fn migrate(pool: &SqlitePool, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let mut connection = pool.acquire().await.map_err(wrong)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(&mut connection).await.map_err(wrong)?;
    if found > known {
        return Err(StoreError::TooNew {
            place: place.to_owned(),
            found,
            known,
        });
    }
    if found == known {
        return Ok(());
    }
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(wrong)?;
    // Another process may have been quicker.
    let found = version(&mut transaction).await.map_err(wrong)?;
    for step in MIGRATIONS
        .iter()
        .skip(usize::try_from(found).unwrap_or_default())
    {
        transaction.execute(*step).await.map_err(wrong)?;
    }
    if found < FINDS_CONTACTS {
        super::contacts::find_anew(&mut transaction, place).await?;
    }
    if found == 0 {
        let head = Head::default();
        sqlx::query("INSERT INTO log_head (one, seq, hash) VALUES (1, 0, ?)")
            .bind(head.hash)
            .execute(&mut *transaction)
            .await
            .map_err(wrong)?;
    }
    transaction
        .execute(sqlx::AssertSqlSafe(format!(
            "PRAGMA user_version = {known}"
        )))
        .await
        .map_err(wrong)?;
    transaction.commit().await.map_err(wrong)
}

async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query("PRAGMA user_version")
        .fetch_one(connection)
        .await?
        .try_get(0)
}
