//! Leases: taking, renewing, ending; queues that move at a set pace; the
//! server's clock.

use super::rows::{STANDING, get, id, stand};
use super::{PostgresStore, Result, bell, log};
use crate::domain::ids::{DeliveryId, LeaseToken};
use crate::store::lapse::lapse;
use crate::store::values::{json, micros, timestamp};
use crate::store::{Pace, Reaped, Term};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection};

pub(super) async fn lease(
    store: &PostgresStore,
    lease: LeaseToken,
    until: Timestamp,
    term: Term,
) -> Result<bool> {
    let statement = match term {
        Term::First => "INSERT INTO lease (until, token) VALUES ($1, $2)",
        Term::Further => "UPDATE lease SET until = $1 WHERE token = $2",
    };
    let done = sqlx::query(statement)
        .bind(micros(until))
        .bind(lease.to_string())
        .execute(&store.writers)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn held(store: &PostgresStore, lease: LeaseToken) -> Result<Vec<DeliveryId>> {
    let rows = sqlx::query(
        "SELECT id FROM delivery_state WHERE state = 'claimed' AND lease = $1 ORDER BY n",
    )
    .bind(lease.to_string())
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| id(&store.place, row, "id")).collect()
}

pub(super) async fn end_one(
    store: &PostgresStore,
    lease: LeaseToken,
    now: Timestamp,
) -> Result<Reaped> {
    end(
        store,
        "DELETE FROM lease WHERE token = $1 AND $2::bigint IS NOT NULL",
        &lease.to_string(),
        now,
    )
    .await
}

/// Each lease ends in a transaction of its own, so that none waits for a
/// delivery while it holds a later one.
pub(super) async fn reap(store: &PostgresStore, now: Timestamp) -> Result<Reaped> {
    let leases = sqlx::query("SELECT token FROM lease WHERE until < $1 ORDER BY token")
        .bind(micros(now))
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    let mut reaped = Reaped::default();
    for row in &leases {
        let ended = end(
            store,
            // It may have been renewed, and what works under it at this very moment lives.
            "DELETE FROM lease WHERE token = (SELECT token FROM lease WHERE token = $1 AND until < $2 FOR UPDATE SKIP LOCKED)",
            get(&store.place, row, "token")?,
            now,
        )
        .await?;
        reaped.leases += ended.leases;
        reaped.in_doubt += ended.in_doubt;
    }
    Ok(reaped)
}

/// Ends a lease, if this statement takes it away. Every claim of it moves on by
/// the rule of the ground floor.
async fn end(
    store: &PostgresStore,
    taken_away: &'static str,
    token: &str,
    now: Timestamp,
) -> Result<Reaped> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let ended = sqlx::query(taken_away)
        .bind(token)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await
        .map_err(wrong)?;
    if ended.rows_affected() == 0 {
        return Ok(Reaped::default());
    }
    let in_doubt = lapse_all(store, &mut transaction, token, now).await?;
    store.commit(transaction).await?;
    Ok(Reaped {
        leases: 1,
        in_doubt,
    })
}

async fn lapse_all(
    store: &PostgresStore,
    connection: &mut PgConnection,
    token: &str,
    now: Timestamp,
) -> Result<u64> {
    let wrong = |error| store.failed(error);
    let question = format!(
        "{STANDING} WHERE state.state = 'claimed' AND state.lease = $1 ORDER BY state.id FOR UPDATE OF state"
    );
    let rows = sqlx::query(AssertSqlSafe(question))
        .bind(token)
        .fetch_all(&mut *connection)
        .await
        .map_err(wrong)?;
    let (mut ids, mut states, mut facts) = (Vec::new(), Vec::new(), Vec::new());
    let mut events = Vec::new();
    for row in &rows {
        let standing = stand(&store.place, row)?;
        let (next, event) = lapse(&store.place, &standing, now)?;
        ids.push(standing.delivery.id.to_string());
        states.push(next.name());
        facts.push(json(&next));
        events.extend(event);
    }
    sqlx::query(
        "UPDATE delivery_state AS kept SET state = given.state, facts = given.facts, lease = NULL \
         FROM UNNEST($1::text[], $2::text[], $3::text[]) AS given (id, state, facts) WHERE kept.id = given.id",
    )
    .bind(ids)
    .bind(states)
    .bind(facts)
    .execute(&mut *connection)
    .await
    .map_err(wrong)?;
    bell::ring(connection).await.map_err(wrong)?;
    let in_doubt = u64::try_from(events.len()).unwrap_or(u64::MAX);
    let events: Vec<_> = events.iter().collect();
    log::append(connection, &events).await.map_err(wrong)?;
    Ok(in_doubt)
}

pub(super) async fn reserve(store: &PostgresStore, pace: &Pace<'_>) -> Result<Timestamp> {
    let each = i64::try_from(pace.each.as_micros()).unwrap_or(i64::MAX);
    let length = each.saturating_mul(i64::from(pace.count));
    let row = sqlx::query(
        "INSERT INTO pace AS queues (queue, next) VALUES ($1, $2::bigint + $3::bigint) \
         ON CONFLICT (queue) DO UPDATE SET next = greatest(queues.next, $2::bigint) + $3::bigint RETURNING next",
    )
    .bind(pace.queue)
    .bind(micros(pace.now))
    .bind(length)
    .fetch_one(&store.writers)
    .await
    .map_err(|error| store.failed(error))?;
    let next: i64 = get(&store.place, &row, "next")?;
    timestamp(&store.place, next - length)
}

pub(super) async fn time(store: &PostgresStore) -> Result<Timestamp> {
    let row = sqlx::query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at")
        .fetch_one(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    timestamp(&store.place, get(&store.place, &row, "at")?)
}
