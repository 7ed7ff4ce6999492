//! Opening: a server that is new enough, a database in UTF-8, at the schema
//! this program knows.

use super::rows::failed;
use super::{PostgresStore, Result, StoreError, lead};
use crate::domain::database::{Database, DatabaseHost, DatabaseTls};
use crate::domain::log::Head;
use crate::said;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool, Row};
use std::time::Duration;

/// The schema, step by step; a step once released never changes.
pub(super) const MIGRATIONS: [&str; 10] = [
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
];

/// The first version that knows what contacts are found by.
const FINDS_CONTACTS: i64 = 3;

/// The oldest server, as it counts its versions.
const OLDEST: u32 = 15_00_00;

/// Transactions at once; the log's end lets one at a time through anyway.
const WRITERS: u32 = 4;
/// Questions at once.
const READERS: u32 = 3;
/// How long anybody waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long anybody waits for what is asked, the server's own limit included.
pub(super) const ANSWER: Duration = Duration::from_secs(75);
/// Who rested longer than this is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

/// What every session is told. Where durable commits were turned off for all,
/// they are turned on again: an outcome that was answered must stand.
const SESSION: &str = "SET jit = off; SET statement_timeout = '60s'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// What those that write are told besides. Whoever stops in the midst of a
/// transaction is thrown out, for others wait for it. Every statement of theirs
/// goes by an index whatever the statistics say of a table that was filled a
/// moment ago, and is planned once.
const WRITING: &str = "SET idle_in_transaction_session_timeout = '10s'; \
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET plan_cache_mode = force_generic_plan";

/// What those that read are told besides.
const READING: &str =
    "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '1min'";

/// The lock that whoever changes the schema holds.
pub(super) const SCHEMA_LOCK: i32 = 1;
/// The first half of every lock of ours that stands for no row ("DATE").
pub(super) const LOCKS: i32 = 0x4441_5445;

impl PostgresStore {
    /// Opens a store, making its tables where there are none.
    ///
    /// # Errors
    /// A server that cannot be reached, is too old or lets nobody in; a database
    /// that is not there, or that a newer Dateline wrote.
    pub async fn open(database: &Database) -> Result<Self> {
        let place = database.to_string();
        let options = options(database);
        let mut connection = connect(&options)
            .await
            .map_err(|error| failed(&place, error))?;
        check(&mut connection, &place).await?;
        migrate(&mut connection, &place).await?;
        drop(connection.close().await);
        Ok(Self {
            writers: pool(&options, WRITERS, WRITING),
            readers: pool(&options, READERS, READING),
            seat: lead::Seat::default(),
            options,
            place,
        })
    }
}

/// The newest schema version known here.
pub(super) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn options(database: &Database) -> PgConnectOptions {
    let tls = match database.tls {
        DatabaseTls::None => PgSslMode::Disable,
        DatabaseTls::Preferred => PgSslMode::Prefer,
        DatabaseTls::Required => PgSslMode::Require,
        DatabaseTls::VerifyCa => PgSslMode::VerifyCa,
        DatabaseTls::VerifyFull => PgSslMode::VerifyFull,
    };
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(database.port)
        .username(&database.user)
        .database(&database.name)
        .ssl_mode(tls)
        .application_name("dateline")
        .disable_statement_logging();
    options = match &database.host {
        DatabaseHost::Name(host) => options.host(host),
        DatabaseHost::Socket(folder) => options.socket(folder),
    };
    if let Some(password) = &database.password {
        options = options.password(password.reveal());
    }
    if let Some(file) = &database.ca_file {
        options = options.ssl_root_cert(file);
    }
    options
}

/// A connection of one's own, or the reason why there is none.
pub(super) async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = tokio::time::timeout(PATIENCE, PgConnection::connect_with(options))
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    connection.execute(SESSION).await?;
    Ok(connection)
}

/// Connections that are made when they are first needed.
fn pool(options: &PgConnectOptions, most: u32, manner: &'static str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                // Asking each time would cost every turn a round trip.
                if about.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(SESSION).await?;
                connection.execute(manner).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options.clone())
}

/// Refuses a server that is too old, and a database whose letters are not ours.
async fn check(connection: &mut PgConnection, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let row = sqlx::query(
        "SELECT current_setting('server_version') AS version, pg_encoding_to_char(encoding)::text AS letters \
         FROM pg_database WHERE datname = current_database()",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(wrong)?;
    let version: String = row.try_get("version").map_err(wrong)?;
    let letters: String = row.try_get("letters").map_err(wrong)?;
    let refused = |cause| {
        Err(StoreError::Unavailable {
            place: place.to_owned(),
            cause,
        })
    };
    if connection.server_version_num().unwrap_or_default() < OLDEST {
        return refused(said!(
            "the server is PostgreSQL {version}; Dateline needs {oldest} or later",
            version,
            oldest = OLDEST / 10_000
        ));
    }
    if letters != "UTF8" {
        return refused(said!(
            "its encoding is {letters}; make the database with ENCODING 'UTF8'",
            letters
        ));
    }
    Ok(())
}

async fn migrate(connection: &mut PgConnection, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let found = version(connection).await.map_err(wrong)?;
    if found == known() {
        return Ok(());
    }
    if found > known() {
        return Err(StoreError::TooNew {
            place: place.to_owned(),
            found,
            known: known(),
        });
    }
    let mut transaction = connection.begin().await.map_err(wrong)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCKS)
        .bind(SCHEMA_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(wrong)?;
    // Another process may have been quicker.
    let found = version(&mut transaction).await.map_err(wrong)?;
    steps(&mut transaction, found).await.map_err(wrong)?;
    if found < FINDS_CONTACTS {
        super::contacts::find_anew(&mut transaction, place).await?;
    }
    transaction.commit().await.map_err(wrong)
}

/// Takes every step after a version.
async fn steps(connection: &mut PgConnection, found: i64) -> sqlx::Result<()> {
    let done = usize::try_from(found).unwrap_or_default();
    for step in MIGRATIONS.iter().skip(done) {
        connection.execute(*step).await?;
    }
    if found == 0 {
        connection
            .execute("CREATE TABLE dateline_schema (version BIGINT NOT NULL); INSERT INTO dateline_schema VALUES (0)")
            .await?;
        sqlx::query("INSERT INTO log_head (one, seq, hash) VALUES (1, 0, $1)")
            .bind(Head::default().hash)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("UPDATE dateline_schema SET version = greatest(version, $1)")
        .bind(known())
        .execute(connection)
        .await
        .map(drop)
}

/// The schema's version; 0 where there is none.
pub(super) async fn version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    // Not by to_regclass: it may remember from before a lock was waited for.
    let there: bool = sqlx::query("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'dateline_schema' AND schemaname = ANY(current_schemas(false)))")
        .fetch_one(&mut *connection)
        .await?
        .try_get(0)?;
    if !there {
        return Ok(0);
    }
    sqlx::query("SELECT version FROM dateline_schema")
        .fetch_one(connection)
        .await?
        .try_get(0)
}
