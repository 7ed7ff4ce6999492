//! The lead: a lock that lives as long as one session does.
//!
//! The server ends the session when it has been silent for a little less than a
//! leader may be, so a leader that was killed, stopped or cut off loses the
//! lead without anybody's help.

use super::open::{LOCKS, connect};
use super::{PostgresStore, Result};
use crate::said;
use crate::store::{LEAD_FOR, StoreError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use std::time::Duration;
use tokio::sync::Mutex;

/// The lock that the leader holds.
const LEAD_LOCK: i32 = 2;
/// How long the server waits for a word of the leader.
const SILENT_FOR: Duration = LEAD_FOR.saturating_sub(Duration::from_secs(1));
/// How long the leader waits for the server's.
const ANSWER: Duration = Duration::from_secs(2);

/// The session that asks for the lead.
#[derive(Default)]
pub(super) struct Seat(Mutex<Option<Session>>);

struct Session {
    connection: PgConnection,
    leads: bool,
}

pub(super) async fn lead(store: &PostgresStore) -> Result<bool> {
    let mut seat = store.seat.0.lock().await;
    // Whoever gives up waiting leaves the seat empty, not in disorder.
    let session = seat.take();
    let asked = tokio::time::timeout(ANSWER, ask(session, &store.options)).await;
    let session = asked
        .map_err(|_| StoreError::CutOff {
            place: store.place.clone(),
            cause: said!("no answer in {seconds} s", seconds = ANSWER.as_secs()),
        })?
        .map_err(|error| store.failed(error))?;
    let leads = session.leads;
    *seat = Some(session);
    Ok(leads)
}

/// Asks in a session that may have been lost: then in a new one, for another
/// may have the lead by now.
async fn ask(session: Option<Session>, options: &PgConnectOptions) -> sqlx::Result<Session> {
    if let Some(mut session) = session
        && claim(&mut session).await.is_ok()
    {
        return Ok(session);
    }
    let mut session = Session {
        connection: sit_down(options).await?,
        leads: false,
    };
    claim(&mut session).await?;
    Ok(session)
}

/// Takes the lead where nobody has it; where it is ours, shows that we are there.
async fn claim(session: &mut Session) -> sqlx::Result<()> {
    if session.leads {
        return session.connection.execute("SELECT 1").await.map(drop);
    }
    let row = sqlx::query("SELECT pg_try_advisory_lock($1, $2)")
        .bind(LOCKS)
        .bind(LEAD_LOCK)
        .fetch_one(&mut session.connection)
        .await?;
    session.leads = row.try_get(0)?;
    Ok(())
}

async fn sit_down(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = connect(options).await?;
    let silent_for = SILENT_FOR.as_millis();
    connection
        .execute(AssertSqlSafe(format!(
            "SET idle_session_timeout = {silent_for}; SET tcp_user_timeout = {silent_for}; \
             SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3"
        )))
        .await?;
    Ok(connection)
}

pub(super) async fn step_down(store: &PostgresStore) {
    if let Some(session) = store.seat.0.lock().await.take() {
        // Where the session is lost, so is the lead.
        drop(session.connection.close().await);
    }
}
