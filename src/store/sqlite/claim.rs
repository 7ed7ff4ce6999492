//! Leases: taking, renewing, giving back, reaping.

use super::rows::{damaged, delivery, from_json, json, micros, timestamp};
use super::{Result, SqliteStore, log};
use crate::domain::delivery::{DeliveryState, Event, apply};
use crate::domain::embargo::may_leave;
use crate::domain::ids::LeaseToken;
use crate::domain::log::LogEvent;
use crate::store::{Claim, Claimed, Reaped};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Takes what is due in one statement. The embargo stands in its condition, and
/// once more in the rows that come back.
pub(super) async fn claim(store: &SqliteStore, claim: Claim) -> Result<Vec<Claimed>> {
    let held = DeliveryState::Claimed {
        lease: claim.lease,
        until: claim.until,
        attempt: None,
    };
    let rows = sqlx::query(
        "UPDATE delivery SET state = 'claimed', facts = ?1, lease = ?2, lease_until = ?3 \
         WHERE id IN ( \
             SELECT id FROM delivery INDEXED BY delivery_due \
             WHERE state IN ('planned', 'due', 'deferred') AND due_at <= ?4 \
               AND (permitted_from IS NULL OR permitted_from <= ?4) \
               AND (?5 IS NULL OR distribution = ?5) \
               AND EXISTS (SELECT 1 FROM distribution AS whole WHERE whole.id = delivery.distribution \
                   AND whole.course = 'under_way' AND (whole.not_after IS NULL OR whole.not_after > ?4)) \
             ORDER BY due_at LIMIT ?6) \
         RETURNING plan, attempts, due_since, \
             (SELECT content FROM distribution AS whole WHERE whole.id = delivery.distribution) AS content",
    )
    .bind(json(&held))
    .bind(claim.lease.to_string())
    .bind(micros(claim.until))
    .bind(micros(claim.now))
    .bind(claim.distribution.map(|id| id.to_string()))
    .bind(claim.limit)
    .fetch_all(&store.writer)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| claimed(store, row, claim.now))
        .collect()
}

fn claimed(store: &SqliteStore, row: &SqliteRow, now: Timestamp) -> Result<Claimed> {
    let wrong = |error| store.failed(error);
    let delivery = delivery(&store.place, row)?;
    if !may_leave(delivery.permitted_from, now) {
        return Err(damaged(
            &store.place,
            "delivery",
            format!("{} was claimed before the embargo permits it", delivery.id),
        ));
    }
    Ok(Claimed {
        delivery,
        attempts: row.try_get("attempts").map_err(wrong)?,
        due_since: timestamp(&store.place, row.try_get("due_since").map_err(wrong)?)?,
        content: row.try_get("content").map_err(wrong)?,
    })
}

pub(super) async fn renew(store: &SqliteStore, lease: LeaseToken, until: Timestamp) -> Result<u64> {
    let renewed =
        sqlx::query("UPDATE delivery SET lease_until = ? WHERE state = 'claimed' AND lease = ?")
            .bind(micros(until))
            .bind(lease.to_string())
            .execute(&store.writer)
            .await;
    renewed
        .map(|done| done.rows_affected())
        .map_err(|error| store.failed(error))
}

pub(super) async fn give_back(store: &SqliteStore, lease: LeaseToken) -> Result<u64> {
    let returned = sqlx::query(
        "UPDATE delivery SET state = 'due', facts = ?, lease = NULL, lease_until = NULL \
         WHERE state = 'claimed' AND lease = ? AND facts ->> 'attempt' IS NULL",
    )
    .bind(json(&DeliveryState::Due))
    .bind(lease.to_string())
    .execute(&store.writer)
    .await;
    returned
        .map(|done| done.rows_affected())
        .map_err(|error| store.failed(error))
}

/// Moves every lapsed claim on, by the rule of the ground floor.
pub(super) async fn reap(store: &SqliteStore, now: Timestamp) -> Result<Reaped> {
    let wrong = |error| store.failed(error);
    let mut transaction = store
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(wrong)?;
    let lapsed =
        sqlx::query("SELECT plan, facts FROM delivery WHERE state = 'claimed' AND lease_until < ?")
            .bind(micros(now))
            .fetch_all(&mut *transaction)
            .await
            .map_err(wrong)?;
    let (mut reaped, mut rows, mut events) = (Reaped::default(), Vec::new(), Vec::new());
    for row in &lapsed {
        let delivery = delivery(&store.place, row)?;
        let facts: String = row.try_get("facts").map_err(wrong)?;
        let state: DeliveryState = from_json(&store.place, "state", &facts)?;
        let next = apply(&state, delivery.permitted_from, Event::LeaseLapsed, now)
            .map_err(|illegal| damaged(&store.place, "claim", illegal))?;
        rows.push(serde_json::json!([delivery.id, next.name(), json(&next)]));
        if let DeliveryState::InDoubt { attempt } = next {
            reaped.in_doubt += 1;
            let facts = Map::from_iter([
                ("attempt".to_owned(), Value::from(attempt)),
                ("by".to_owned(), Value::from("lease lapsed")),
            ]);
            events.push(LogEvent {
                at: now,
                distribution: delivery.distribution,
                delivery: Some(delivery.id),
                event: "in_doubt".to_owned(),
                facts,
                personal: None,
            });
        } else {
            reaped.returned += 1;
        }
    }
    sqlx::query(
        "UPDATE delivery SET state = new.value ->> 1, facts = new.value ->> 2, lease = NULL, lease_until = NULL \
         FROM json_each(?) AS new WHERE delivery.id = new.value ->> 0",
    )
    .bind(json(&rows))
    .execute(&mut *transaction)
    .await
    .map_err(wrong)?;
    log::append(&mut transaction, events).await.map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    Ok(reaped)
}
