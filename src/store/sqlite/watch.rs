//! What a service asks while it rests: what is overdue, what is stale, who was
//! there last.

use super::read::{id, number, text};
use super::rows::{damaged, json, micros, timestamp};
use super::{Result, SqliteStore};
use crate::domain::clock_guard::Heartbeat;
use crate::domain::delivery::Delivery;
use crate::domain::encryption::Protection;
use crate::domain::ids::{DistributionId, LeaseToken, ReleaseId};
use crate::store::values::{heartbeat, machine_columns, protection as protection_of};
use crate::store::{Census, Countdown};
use jiff::Timestamp;
use sqlx::Row;

pub(super) async fn still_stands(
    store: &SqliteStore,
    delivery: &Delivery,
    protection: &Protection,
    lease: LeaseToken,
    now: Timestamp,
) -> Result<bool> {
    let email = delivery.recipient.email.to_string();
    let row = sqlx::query(
        "SELECT (SELECT record FROM contact INDEXED BY contact_protected WHERE email = ? AND protected) \
         FROM delivery_state AS state JOIN distribution ON distribution.id = state.distribution \
         WHERE state.id = ? AND distribution.course = 'under_way' AND state.state = 'claimed' AND state.lease = ? \
           AND state.phase = ? AND state.permitted_from IS ? \
           AND (distribution.not_after IS NULL OR distribution.not_after > ?) \
           AND NOT EXISTS (SELECT 1 FROM suppression WHERE email = ?)",
    )
    .bind(&email)
    .bind(delivery.id.to_string())
    .bind(lease.to_string())
    .bind(delivery.phase.name())
    .bind(delivery.permitted_from.map(micros))
    .bind(micros(now))
    .bind(&email)
    .fetch_optional(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let Some(row) = row else {
        return Ok(false);
    };
    let record: Option<String> = row.try_get(0).map_err(|error| store.failed(error))?;
    let now = protection_of(&store.place, record.as_deref(), delivery)?;
    Ok(now == *protection)
}

pub(super) async fn overdue(
    store: &SqliteStore,
    now: Timestamp,
) -> Result<Vec<(DistributionId, Timestamp)>> {
    let rows = sqlx::query(
        "SELECT id, (SELECT min(due_at) FROM delivery_state AS waiting WHERE waiting.distribution = whole.id \
             AND waits) AS first \
         FROM distribution AS whole WHERE course = 'under_way' AND first <= ?",
    )
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| {
            let at = row.try_get(1).map_err(|error| store.failed(error))?;
            Ok((
                id(store, &text(store, row, 0)?)?,
                timestamp(&store.place, at)?,
            ))
        })
        .collect()
}

pub(super) async fn countdowns(store: &SqliteStore, now: Timestamp) -> Result<Vec<Countdown>> {
    let rows = sqlx::query(
        "SELECT id, release, lift FROM distribution WHERE lift > ? AND course = 'under_way' AND EXISTS ( \
             SELECT 1 FROM delivery_state AS waiting WHERE waiting.distribution = distribution.id \
               AND waits)",
    )
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| {
            let lift = row.try_get(2).map_err(|error| store.failed(error))?;
            Ok(Countdown {
                distribution: id(store, &text(store, row, 0)?)?,
                release: ReleaseId::parse(&text(store, row, 1)?)
                    .map_err(|error| damaged(&store.place, "release id", error))?,
                lift: timestamp(&store.place, lift)?,
            })
        })
        .collect()
}

pub(super) async fn waiting_beyond(
    store: &SqliteStore,
    at: Timestamp,
) -> Result<Vec<DistributionId>> {
    let rows = sqlx::query(
        "SELECT id FROM distribution WHERE course = 'under_way' AND EXISTS ( \
             SELECT 1 FROM delivery_state AS open WHERE open.distribution = distribution.id \
               AND ((waits AND (due_at > ?1 OR distribution.lift > ?1)) \
                 OR (state IN ('claimed', 'in_doubt') AND distribution.lift > ?1)))",
    )
    .bind(micros(at))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| id(store, &text(store, row, 0)?))
        .collect()
}

pub(super) async fn over(store: &SqliteStore, now: Timestamp) -> Result<Vec<DistributionId>> {
    let rows = sqlx::query(
        "SELECT id FROM distribution WHERE (not_after <= ? OR course = 'killed') AND EXISTS ( \
             SELECT 1 FROM delivery_state AS waiting WHERE waiting.distribution = distribution.id \
               AND waits)",
    )
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| id(store, &text(store, row, 0)?))
        .collect()
}

pub(super) async fn due_times(
    store: &SqliteStore,
    distribution: DistributionId,
) -> Result<Vec<(Timestamp, u64)>> {
    let rows = sqlx::query(
        "SELECT due_at, count(*) FROM delivery_state WHERE distribution = ? \
           AND (waits OR state = 'claimed') GROUP BY due_at ORDER BY due_at",
    )
    .bind(distribution.to_string())
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| {
            let at = row.try_get(0).map_err(|error| store.failed(error))?;
            Ok((timestamp(&store.place, at)?, number(store, row, 1)?))
        })
        .collect()
}

pub(super) async fn next_lapse(
    store: &SqliteStore,
    distribution: Option<DistributionId>,
) -> Result<Option<Timestamp>> {
    let row = sqlx::query(
        "SELECT min(until) FROM lease WHERE EXISTS (SELECT 1 FROM delivery_state AS held \
             WHERE held.lease = lease.token AND held.state = 'claimed' AND (?1 IS NULL OR held.distribution = ?1))",
    )
    .bind(distribution.map(|id| id.to_string()))
    .fetch_one(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let at: Option<i64> = row.try_get(0).map_err(|error| store.failed(error))?;
    at.map(|at| timestamp(&store.place, at)).transpose()
}

pub(super) async fn census(store: &SqliteStore, now: Timestamp) -> Result<Census> {
    let wrong = |error| store.failed(error);
    let counted = |statement: &'static str| async move {
        let rows = sqlx::query(statement)
            .fetch_all(&store.readers)
            .await
            .map_err(wrong)?;
        rows.iter()
            .map(|row| Ok((text(store, row, 0)?, number(store, row, 1)?)))
            .collect::<Result<_>>()
    };
    let times = sqlx::query(
        "SELECT (SELECT min(due_since) FROM delivery_state AS waiting INDEXED BY delivery_due \
             WHERE waits AND due_at <= ? \
               AND EXISTS (SELECT 1 FROM distribution AS whole WHERE whole.id = waiting.distribution AND whole.course = 'under_way')), \
             (SELECT min(until) FROM lease WHERE EXISTS (SELECT 1 FROM delivery_state AS held \
                 WHERE held.lease = lease.token AND held.state = 'claimed'))",
    )
    .bind(micros(now))
    .fetch_one(&store.readers)
    .await
    .map_err(wrong)?;
    let time = |column: usize| {
        let at: Option<i64> = times.try_get(column).map_err(wrong)?;
        at.map(|at| timestamp(&store.place, at)).transpose()
    };
    Ok(Census {
        by_state: counted("SELECT state, count(*) FROM delivery_state GROUP BY state").await?,
        by_course: counted("SELECT course, count(*) FROM distribution GROUP BY course").await?,
        oldest_due: time(0)?,
        first_lease_end: time(1)?,
    })
}

pub(super) async fn beat(store: &SqliteStore, beat: &Heartbeat) -> Result<()> {
    let (steady, boot) = machine_columns(beat);
    sqlx::query(
        "INSERT INTO heartbeat (one, at, steady, boot) VALUES (1, ?, ?, ?) \
         ON CONFLICT (one) DO UPDATE SET at = excluded.at, steady = excluded.steady, boot = excluded.boot",
    )
    .bind(micros(beat.at))
    .bind(steady)
    .bind(boot)
    .execute(&store.writer)
    .await
    .map(drop)
    .map_err(|error| store.failed(error))
}

pub(super) async fn last_beat(store: &SqliteStore) -> Result<Option<Heartbeat>> {
    let row = sqlx::query("SELECT at, steady, boot FROM heartbeat")
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    let Some(row) = row else { return Ok(None) };
    let wrong = |error| store.failed(error);
    let at = row.try_get(0).map_err(wrong)?;
    let steady = row.try_get(1).map_err(wrong)?;
    let boot = row.try_get(2).map_err(wrong)?;
    heartbeat(&store.place, at, steady, boot).map(Some)
}

/// Keeps a record in one of the tables that are only ever added to.
pub(super) async fn keep(
    store: &SqliteStore,
    statement: &'static str,
    key: Option<String>,
    record: &impl serde::Serialize,
) -> Result<()> {
    let mut query = sqlx::query(statement);
    if let Some(key) = key {
        query = query.bind(key);
    }
    query
        .bind(json(record))
        .execute(&store.writer)
        .await
        .map(drop)
        .map_err(|error| store.failed(error))
}

/// Reads such records back.
pub(super) async fn kept<T: serde::de::DeserializeOwned>(
    store: &SqliteStore,
    statement: &'static str,
    key: Option<String>,
    what: &str,
) -> Result<Vec<T>> {
    let mut query = sqlx::query(statement);
    if let Some(key) = key {
        query = query.bind(key);
    }
    let rows = query
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| super::rows::from_json(&store.place, what, &text(store, row, 0)?))
        .collect()
}
