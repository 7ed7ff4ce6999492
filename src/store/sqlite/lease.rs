//! Leases: taking, renewing, ending; and queues that move at a set pace.

use super::read::{STANDING, id, stand, text};
use super::rows::{json, micros, timestamp};
use super::{Result, SqliteStore, log};
use crate::domain::ids::{DeliveryId, LeaseToken};
use crate::store::{Pace, Reaped, Term, lapse};
use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

pub(super) async fn lease(
    store: &SqliteStore,
    lease: LeaseToken,
    until: Timestamp,
    term: Term,
) -> Result<bool> {
    let statement = match term {
        Term::First => "INSERT INTO lease (until, token) VALUES (?, ?)",
        Term::Further => "UPDATE lease SET until = ? WHERE token = ?",
    };
    let done = sqlx::query(statement)
        .bind(micros(until))
        .bind(lease.to_string())
        .execute(&store.writer)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn held(store: &SqliteStore, lease: LeaseToken) -> Result<Vec<DeliveryId>> {
    let rows = sqlx::query("SELECT id FROM delivery_state WHERE state = 'claimed' AND lease = ?")
        .bind(lease.to_string())
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| id(store, &text(store, row, 0)?))
        .collect()
}

pub(super) async fn end_one(
    store: &SqliteStore,
    lease: LeaseToken,
    now: Timestamp,
) -> Result<Reaped> {
    end(
        store,
        "SELECT token FROM lease WHERE token = ?",
        lease.to_string(),
        now,
    )
    .await
}

pub(super) async fn reap(store: &SqliteStore, now: Timestamp) -> Result<Reaped> {
    let before = micros(now);
    end(
        store,
        "SELECT token FROM lease WHERE until < ?",
        before,
        now,
    )
    .await
}

/// Ends the leases that a question names. Every claim of theirs moves on by the
/// rule of the ground floor.
async fn end<'q, B>(
    store: &SqliteStore,
    which: &'static str,
    bind: B,
    now: Timestamp,
) -> Result<Reaped>
where
    B: sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + 'q,
{
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let leases = sqlx::query(which)
        .bind(bind)
        .fetch_all(&mut *transaction)
        .await
        .map_err(wrong)?;
    if leases.is_empty() {
        return Ok(Reaped::default());
    }
    let mut reaped = Reaped::default();
    for row in &leases {
        let token = text(store, row, 0)?;
        reaped.leases += 1;
        reaped.in_doubt += lapse(store, &mut transaction, &token, now).await?;
        sqlx::query("DELETE FROM lease WHERE token = ?")
            .bind(token)
            .execute(&mut *transaction)
            .await
            .map_err(wrong)?;
    }
    transaction.commit().await.map_err(wrong)?;
    Ok(reaped)
}

async fn lapse(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    token: &str,
    now: Timestamp,
) -> Result<u64> {
    let wrong = |error| store.failed(error);
    let question = format!("{STANDING} WHERE state = 'claimed' AND lease = ?");
    let rows = sqlx::query(sqlx::AssertSqlSafe(question))
        .bind(token)
        .fetch_all(&mut *connection)
        .await
        .map_err(wrong)?;
    let (mut moved, mut events) = (Vec::new(), Vec::new());
    for row in &rows {
        let standing = stand(store, row)?;
        let (next, event) = lapse::lapse(&store.place, &standing, now)?;
        moved.push(serde_json::json!([
            standing.delivery.id,
            next.name(),
            json(&next)
        ]));
        events.extend(event);
    }
    sqlx::query(
        "UPDATE delivery_state SET state = new.value ->> 1, facts = new.value ->> 2, lease = NULL \
         FROM json_each(?) AS new WHERE delivery_state.id = new.value ->> 0",
    )
    .bind(json(&moved))
    .execute(&mut *connection)
    .await
    .map_err(wrong)?;
    let in_doubt = u64::try_from(events.len()).unwrap_or(u64::MAX);
    let events: Vec<_> = events.iter().collect();
    log::append(connection, &events).await.map_err(wrong)?;
    Ok(in_doubt)
}

pub(super) async fn reserve(store: &SqliteStore, pace: &Pace<'_>) -> Result<Timestamp> {
    let each = i64::try_from(pace.each.as_micros()).unwrap_or(i64::MAX);
    let length = each.saturating_mul(i64::from(pace.count));
    let row = sqlx::query(
        "INSERT INTO pace (queue, next) VALUES (?1, ?2 + ?3) \
         ON CONFLICT (queue) DO UPDATE SET next = max(next, ?2) + ?3 RETURNING next",
    )
    .bind(pace.queue)
    .bind(micros(pace.now))
    .bind(length)
    .fetch_one(&store.writer)
    .await
    .map_err(|error| store.failed(error))?;
    let next: i64 = row.try_get(0).map_err(|error| store.failed(error))?;
    timestamp(&store.place, next - length)
}
