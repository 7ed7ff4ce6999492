//! Changes of state, each only under its lease, with their log entries.

use super::rows::{due_at, json};
use super::{Result, SqliteStore, log};
use crate::domain::delivery::{DeliveryState, Life};
use crate::domain::ids::DeliveryId;
use crate::domain::log::LogEvent;
use crate::store::Record;
use sqlx::Row;
use std::collections::HashSet;

/// Writes a batch in one statement. What comes back are those whose lease was lost.
pub(super) async fn record(store: &SqliteStore, records: Vec<Record>) -> Result<Vec<DeliveryId>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |error| store.failed(error);
    let mut transaction = store
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(wrong)?;
    let rows: Vec<_> = records.iter().map(row).collect();
    let written = sqlx::query(
        "UPDATE delivery SET state = new.value ->> 2, facts = new.value ->> 3, \
             due_at = max(new.value ->> 4, ifnull(permitted_from, new.value ->> 4)), attempts = new.value ->> 5, \
             lease = iif(new.value ->> 6, lease, NULL), lease_until = iif(new.value ->> 6, lease_until, NULL) \
         FROM json_each(?) AS new \
         WHERE delivery.id = new.value ->> 0 AND delivery.lease = new.value ->> 1 AND delivery.state = 'claimed' \
         RETURNING delivery.id",
    )
    .bind(json(&rows))
    .fetch_all(&mut *transaction)
    .await
    .map_err(wrong)?;
    let written: HashSet<String> = written
        .iter()
        .map(|row| row.try_get(0))
        .collect::<sqlx::Result<_>>()
        .map_err(wrong)?;
    let (mut lost, mut events) = (Vec::new(), Vec::new());
    for record in records {
        if written.contains(&record.delivery.to_string()) {
            events.extend(record.event);
        } else {
            lost.push(record.delivery);
        }
    }
    log::append(&mut transaction, events).await.map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    Ok(lost)
}

fn row(record: &Record) -> serde_json::Value {
    let still_held = record.state.life() == Life::Claimed;
    serde_json::json!([
        record.delivery,
        record.lease,
        record.state.name(),
        json(&record.state),
        due_at(&record.state),
        record.attempts,
        i32::from(still_held)
    ])
}

/// Moves a delivery that nobody holds, if it still is as it was read.
pub(super) async fn decide(
    store: &SqliteStore,
    id: DeliveryId,
    from: &DeliveryState,
    to: &DeliveryState,
    event: LogEvent,
) -> Result<bool> {
    let wrong = |error| store.failed(error);
    let mut transaction = store
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(wrong)?;
    let moved = sqlx::query("UPDATE delivery SET state = ?1, facts = ?2, due_at = max(?3, ifnull(permitted_from, ?3)), lease = NULL, lease_until = NULL WHERE id = ?4 AND facts = ?5 AND state = ?6")
        .bind(to.name())
        .bind(json(to))
        .bind(due_at(to))
        .bind(id.to_string())
        .bind(json(from))
        .bind(from.name())
        .execute(&mut *transaction)
        .await
        .map_err(wrong)?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    log::append(&mut transaction, vec![event])
        .await
        .map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    store.ring();
    Ok(true)
}
