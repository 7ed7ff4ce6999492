//! What waits, and what a service asks while it rests: what is due, overdue,
//! stale, and who was there last.

use super::rows::{get, id, number};
use super::{PostgresStore, Result};
use crate::domain::clock_guard::Heartbeat;
use crate::domain::delivery::Delivery;
use crate::domain::encryption::Protection;
use crate::domain::ids::{DistributionId, LeaseToken, ReleaseId};
use crate::store::values::{
    damaged, from_json, heartbeat, json, machine_columns, micros, protection as protection_of,
    timestamp,
};
use crate::store::{Census, Countdown};
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// `waits`: every distribution with deliveries that wait, and `first`, the
/// earliest of their times. It hops from one distribution to the next in the
/// index of what waits, so it costs as many look-ups as there are of them,
/// however many deliveries wait, and however many distributions are over.
const WAITS: &str = "WITH RECURSIVE hop (distribution) AS ( \
        (SELECT distribution FROM delivery_state WHERE state IN ('planned', 'due', 'deferred') ORDER BY distribution LIMIT 1) \
        UNION ALL \
        SELECT (SELECT distribution FROM delivery_state WHERE state IN ('planned', 'due', 'deferred') \
            AND distribution > hop.distribution ORDER BY distribution LIMIT 1) \
        FROM hop WHERE hop.distribution IS NOT NULL), \
    waits AS (SELECT distribution, (SELECT due_at FROM delivery_state WHERE state IN ('planned', 'due', 'deferred') \
            AND distribution = hop.distribution ORDER BY distribution, due_at LIMIT 1) AS first \
        FROM hop WHERE distribution IS NOT NULL)";

fn asking(question: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{WAITS} {question}"))
}

/// The distributions that have something for a claim.
pub(super) async fn open(
    connection: &mut PgConnection,
    now: Timestamp,
) -> sqlx::Result<Vec<String>> {
    let rows = sqlx::query(asking(
        "SELECT id FROM waits JOIN distribution ON id = waits.distribution \
         WHERE first <= $1 AND course = 'under_way' AND (not_after IS NULL OR not_after > $1)",
    ))
    .bind(micros(now))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

pub(super) async fn due(
    store: &PostgresStore,
    distribution: Option<DistributionId>,
    now: Timestamp,
    most: u32,
) -> Result<u32> {
    let row = sqlx::query(asking(
        "SELECT count(*) FROM (SELECT 1 FROM waits JOIN distribution AS whole ON whole.id = waits.distribution \
             CROSS JOIN LATERAL (SELECT 1 FROM delivery_state AS waiting WHERE waiting.distribution = whole.id \
                 AND state IN ('planned', 'due', 'deferred') AND due_at <= $1 LIMIT $3) AS found \
             WHERE first <= $1 AND ($2::text IS NULL OR whole.id = $2) \
               AND course = 'under_way' AND (not_after IS NULL OR not_after > $1) LIMIT $3) AS counted",
    ))
    .bind(micros(now))
    .bind(distribution.map(|id| id.to_string()))
    .bind(i64::from(most))
    .fetch_one(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let found = number(&store.place, &row, "count")?;
    Ok(u32::try_from(found).unwrap_or(most))
}

pub(super) async fn next_due(
    store: &PostgresStore,
    distribution: Option<DistributionId>,
) -> Result<Option<Timestamp>> {
    let row = sqlx::query(asking(
        "SELECT min(first) AS at FROM waits JOIN distribution ON id = waits.distribution \
         WHERE course = 'under_way' AND ($1::text IS NULL OR id = $1)",
    ))
    .bind(distribution.map(|id| id.to_string()))
    .fetch_one(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    time(store, &row, "at")
}

/// A time that may not be.
fn time(store: &PostgresStore, row: &PgRow, column: &str) -> Result<Option<Timestamp>> {
    let at: Option<i64> = get(&store.place, row, column)?;
    at.map(|at| timestamp(&store.place, at)).transpose()
}

pub(super) async fn still_stands(
    store: &PostgresStore,
    delivery: &Delivery,
    protection: &Protection,
    lease: LeaseToken,
    now: Timestamp,
) -> Result<bool> {
    let email = delivery.recipient.email.to_string();
    let row = sqlx::query(
        "SELECT (SELECT record FROM contact WHERE email = $6 AND protected) FROM delivery_state AS state JOIN distribution ON distribution.id = state.distribution \
         WHERE state.id = $1 AND distribution.course = 'under_way' AND state.state = 'claimed' AND state.lease = $2 \
           AND state.phase = $3 AND state.permitted_from IS NOT DISTINCT FROM $4 \
           AND (distribution.not_after IS NULL OR distribution.not_after > $5) \
           AND NOT EXISTS (SELECT 1 FROM suppression WHERE lower(email) = lower($6))",
    )
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
    store: &PostgresStore,
    now: Timestamp,
) -> Result<Vec<(DistributionId, Timestamp)>> {
    let rows = sqlx::query(asking(
        "SELECT id, first FROM waits JOIN distribution ON id = waits.distribution \
         WHERE course = 'under_way' AND first <= $1 ORDER BY id",
    ))
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| {
            let first = timestamp(place, get(place, row, "first")?)?;
            Ok((id(place, row, "id")?, first))
        })
        .collect()
}

pub(super) async fn countdowns(store: &PostgresStore, now: Timestamp) -> Result<Vec<Countdown>> {
    let rows = sqlx::query(asking(
        "SELECT id, release, lift FROM waits JOIN distribution ON id = waits.distribution \
         WHERE lift > $1 AND course = 'under_way' ORDER BY id",
    ))
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| {
            Ok(Countdown {
                distribution: id(place, row, "id")?,
                release: ReleaseId::parse(get(place, row, "release")?)
                    .map_err(|error| damaged(place, "release id", error))?,
                lift: timestamp(place, get(place, row, "lift")?)?,
            })
        })
        .collect()
}

pub(super) async fn waiting_beyond(
    store: &PostgresStore,
    at: Timestamp,
) -> Result<Vec<DistributionId>> {
    let question = "SELECT id FROM waits JOIN distribution ON id = waits.distribution \
         WHERE course = 'under_way' AND (lift > $1 OR EXISTS (SELECT 1 FROM delivery_state AS waiting \
             WHERE waiting.distribution = waits.distribution AND state IN ('planned', 'due', 'deferred') AND due_at > $1)) \
         UNION SELECT id FROM distribution WHERE course = 'under_way' AND lift > $1 AND EXISTS (SELECT 1 FROM delivery_state AS begun \
             WHERE begun.distribution = distribution.id AND state IN ('claimed', 'in_doubt')) ORDER BY id";
    ids(store, question, at).await
}

pub(super) async fn over(store: &PostgresStore, now: Timestamp) -> Result<Vec<DistributionId>> {
    let question = "SELECT id FROM waits JOIN distribution ON id = waits.distribution \
         WHERE not_after <= $1 OR course = 'killed' ORDER BY id";
    ids(store, question, now).await
}

async fn ids(store: &PostgresStore, question: &str, at: Timestamp) -> Result<Vec<DistributionId>> {
    let rows = sqlx::query(asking(question))
        .bind(micros(at))
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| id(&store.place, row, "id")).collect()
}

pub(super) async fn due_times(
    store: &PostgresStore,
    distribution: DistributionId,
) -> Result<Vec<(Timestamp, u64)>> {
    let rows = sqlx::query(
        "SELECT due_at, count(*) FROM delivery_state WHERE distribution = $1 \
           AND state IN ('planned', 'due', 'deferred', 'claimed') GROUP BY due_at ORDER BY due_at",
    )
    .bind(distribution.to_string())
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| {
            let at = timestamp(place, get(place, row, "due_at")?)?;
            Ok((at, number(place, row, "count")?))
        })
        .collect()
}

pub(super) async fn next_lapse(
    store: &PostgresStore,
    distribution: Option<DistributionId>,
) -> Result<Option<Timestamp>> {
    let row = sqlx::query(
        "SELECT min(until) AS at FROM lease WHERE EXISTS (SELECT 1 FROM delivery_state AS held \
             WHERE held.lease = lease.token AND held.state = 'claimed' AND ($1::text IS NULL OR held.distribution = $1))",
    )
    .bind(distribution.map(|id| id.to_string()))
    .fetch_one(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    time(store, &row, "at")
}

pub(super) async fn census(store: &PostgresStore, now: Timestamp) -> Result<Census> {
    let wrong = |error| store.failed(error);
    let place = &store.place;
    let counted = |statement: &'static str| async move {
        let rows = sqlx::query(statement)
            .fetch_all(&store.readers)
            .await
            .map_err(wrong)?;
        rows.iter()
            .map(|row| Ok((get(place, row, "name")?, number(place, row, "count")?)))
            .collect::<Result<_>>()
    };
    let times = sqlx::query(
        "SELECT (SELECT min(due_since) FROM delivery_state AS waiting JOIN distribution ON distribution.id = waiting.distribution \
             WHERE state IN ('planned', 'due', 'deferred') AND due_at <= $1 AND course = 'under_way') AS oldest_due, \
             (SELECT min(until) FROM lease WHERE EXISTS (SELECT 1 FROM delivery_state AS held \
                 WHERE held.lease = lease.token AND held.state = 'claimed')) AS first_lease_end",
    )
    .bind(micros(now))
    .fetch_one(&store.readers)
    .await
    .map_err(wrong)?;
    Ok(Census {
        by_state: counted("SELECT state AS name, count(*) FROM delivery_state GROUP BY state")
            .await?,
        by_course: counted("SELECT course AS name, count(*) FROM distribution GROUP BY course")
            .await?,
        oldest_due: time(store, &times, "oldest_due")?,
        first_lease_end: time(store, &times, "first_lease_end")?,
    })
}

pub(super) async fn beat(store: &PostgresStore, beat: &Heartbeat) -> Result<()> {
    let (steady, boot) = machine_columns(beat);
    sqlx::query(
        "INSERT INTO heartbeat (one, at, steady, boot) VALUES (1, $1, $2, $3) \
         ON CONFLICT (one) DO UPDATE SET at = excluded.at, steady = excluded.steady, boot = excluded.boot",
    )
    .bind(micros(beat.at))
    .bind(steady)
    .bind(boot)
    .execute(&store.writers)
    .await
    .map(drop)
    .map_err(|error| store.failed(error))
}

pub(super) async fn last_beat(store: &PostgresStore) -> Result<Option<Heartbeat>> {
    let row = sqlx::query("SELECT at, steady, boot FROM heartbeat")
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    let Some(row) = row else { return Ok(None) };
    let wrong = |error| store.failed(error);
    let at = row.try_get("at").map_err(wrong)?;
    let steady = row.try_get("steady").map_err(wrong)?;
    let boot = row.try_get("boot").map_err(wrong)?;
    heartbeat(&store.place, at, steady, boot).map(Some)
}

/// Keeps a record in one of the tables that are only ever added to.
pub(super) async fn keep(
    store: &PostgresStore,
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
        .execute(&store.writers)
        .await
        .map(drop)
        .map_err(|error| store.failed(error))
}

/// Reads such records back.
pub(super) async fn kept<T: serde::de::DeserializeOwned>(
    store: &PostgresStore,
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
        .map(|row| from_json(&store.place, what, get(&store.place, row, "record")?))
        .collect()
}
