//! Revisions: a distribution and its deliveries changed as one.

use super::plan::keep_content;
use super::read::{STANDING, stand};
use super::rows::{due_at, json, micros};
use super::{Result, SqliteStore, log};
use crate::domain::delivery::Life;
use crate::store::{Move, Reach, Revision};
use serde_json::Value;
use sqlx::SqliteConnection;

/// The delivery as it is planned now, and where it stands.
const UPDATES: [&str; 2] = [
    "UPDATE delivery_plan SET plan = new.value ->> 1 \
     FROM json_each(?) AS new, delivery_state AS state WHERE state.id = new.value ->> 0 AND delivery_plan.n = state.n",
    "UPDATE delivery_state SET phase = new.value ->> 2, permitted_from = new.value ->> 3, \
         state = new.value ->> 4, facts = new.value ->> 5, due_at = new.value ->> 6, due_since = new.value ->> 7, \
         lease = iif(new.value ->> 8, lease, NULL) \
     FROM json_each(?) AS new WHERE delivery_state.id = new.value ->> 0",
];

/// Changes it if it still is as it was read.
pub(super) async fn revise(store: &SqliteStore, revision: Revision<'_>) -> Result<Option<u64>> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let changed = change(&mut transaction, &revision).await.map_err(wrong)?;
    if !changed {
        return Ok(None);
    }
    let states = match revision.reach {
        Reach::Claimed => "claimed",
        Reach::Open => "planned due deferred claimed in_doubt",
    };
    let question = format!(
        "{STANDING} WHERE distribution = ? AND state IN (SELECT value FROM json_each(?)) ORDER BY n"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(question))
        .bind(revision.from.id.to_string())
        .bind(json(&states.split(' ').collect::<Vec<_>>()))
        .fetch_all(&mut *transaction)
        .await
        .map_err(wrong)?;
    let (mut moved, mut events) = (Vec::new(), revision.events);
    for row in &rows {
        let standing = stand(store, row)?;
        if let Some(next) = (revision.moves)(&standing) {
            moved.push(written(&next, next.state != standing.state));
            events.extend(next.event);
        }
    }
    let moved_rows = json(&moved);
    for statement in UPDATES {
        sqlx::query(statement)
            .bind(&moved_rows)
            .execute(&mut *transaction)
            .await
            .map_err(wrong)?;
    }
    let events: Vec<_> = events.iter().collect();
    log::append(&mut transaction, &events)
        .await
        .map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    store.ring();
    Ok(Some(u64::try_from(moved.len()).unwrap_or(u64::MAX)))
}

/// Writes the distribution, if it still is as it was read.
async fn change(connection: &mut SqliteConnection, revision: &Revision<'_>) -> sqlx::Result<bool> {
    if let Some(content) = revision.content {
        keep_content(&mut *connection, &revision.to.content, content).await?;
    }
    let changed = sqlx::query(
        "UPDATE distribution SET record = ?, content = ?, course = ?, not_after = ?, lift = ? WHERE id = ? AND record = ?",
    )
    .bind(json(revision.to))
    .bind(&revision.to.content)
    .bind(revision.to.course.name())
    .bind(revision.to.schedule.not_after.map(micros))
    .bind(revision.to.lift().map(micros))
    .bind(revision.from.id.to_string())
    .bind(json(revision.from))
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() > 0)
}

fn written(next: &Move, is_new: bool) -> Value {
    let (delivery, state) = (&next.delivery, &next.state);
    let still_held = state.life() == Life::Claimed && !is_new;
    let permitted_from = delivery.permitted_from.map(micros);
    serde_json::json!([
        delivery.id,
        json(delivery),
        delivery.phase,
        permitted_from,
        state.name(),
        json(state),
        due_at(state).max(permitted_from.unwrap_or(i64::MIN)),
        micros(delivery.not_before),
        i32::from(still_held),
    ])
}
