//! One turn of the ledger: outcomes in, new attempts out, one transaction.

use super::erasure::known;
use super::rows::{damaged, due_at, json, micros, timestamp};
use super::{Result, SqliteStore, batch, log};
use crate::domain::delivery::{Delivery, DeliveryState, Life};
use crate::domain::embargo::may_leave;
use crate::domain::ids::{DeliveryId, LeaseToken};
use crate::domain::log::{Head, LogEvent};
use crate::domain::suppression::SuppressionReason;
use crate::store::values::{breathe, from_json, protection, reason};
use crate::store::{Claim, Claimed, Record, Taken, Turned};
use jiff::Timestamp;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Row, Sqlite, SqliteConnection};
use std::collections::HashSet;

pub(super) async fn turn(
    store: &SqliteStore,
    records: &[Record],
    claim: Option<Claim<'_>>,
) -> Result<Turned> {
    if records.is_empty() && claim.is_none() {
        return Ok(Turned::default());
    }
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let mut turned = Turned::default();
    let (mut events, mut begun) = (Vec::new(), Vec::new());
    if record_all(&mut transaction, records).await.map_err(wrong)? {
        events.extend(records.iter().filter_map(|record| record.event.as_ref()));
    } else {
        transaction.rollback().await.map_err(wrong)?;
        transaction = store.begin().await?;
        let (lost, written) = record(&mut transaction, records).await.map_err(wrong)?;
        turned.lost = lost;
        events.extend(written);
    }
    let lease = claim.as_ref().map(|claim| claim.lease);
    let ground = Ground::find(&mut transaction, lease).await.map_err(wrong)?;
    if let Some(claim) = claim {
        if ground.held {
            let mut found = find(store, &mut transaction, &claim).await?;
            bar_forgotten(store, &mut transaction, &ground, &mut found).await?;
            turned.asked = u32::try_from(found.len()).unwrap_or(u32::MAX);
            let sorted = sort(&claim, found).await;
            take(&mut transaction, &claim, &sorted.claimed)
                .await
                .map_err(wrong)?;
            settle(&mut transaction, &sorted.others)
                .await
                .map_err(wrong)?;
            (turned.claimed, begun) = (sorted.claimed, sorted.events);
        } else {
            turned.lapsed = true;
        }
    }
    events.extend(&begun);
    log::append_after(&mut transaction, ground.head, &events)
        .await
        .map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    store.folder.wrote(records.len() + begun.len());
    Ok(turned)
}

/// Writes a batch, as long as all its leases are still held: to hear of each row
/// costs more than to write it, and hardly ever is one lost. Says whether all were.
async fn record_all(connection: &mut SqliteConnection, records: &[Record]) -> sqlx::Result<bool> {
    for records in records.chunks(batch::MOST) {
        let places = places(connection, records).await?;
        let update = update(records, &places, RECORDED).await;
        let written = update.execute(&mut *connection).await?.rows_affected();
        if written != records.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes a batch. Gives those whose lease was lost, and the events of the others.
async fn record<'a>(
    connection: &mut SqliteConnection,
    records: &'a [Record],
) -> sqlx::Result<(Vec<DeliveryId>, Vec<&'a LogEvent>)> {
    let mut written: HashSet<String> = HashSet::with_capacity(records.len());
    let named = format!("{RECORDED} RETURNING delivery_state.id");
    for records in records.chunks(batch::MOST) {
        let places = places(connection, records).await?;
        let update = update(records, &places, &named).await;
        for row in update.fetch_all(&mut *connection).await? {
            written.insert(row.try_get(0)?);
        }
    }
    let (mut lost, mut events) = (Vec::new(), Vec::new());
    for record in records {
        if written.contains(&record.delivery.to_string()) {
            events.extend(&record.event);
        } else {
            lost.push(record.delivery);
        }
    }
    Ok((lost, events))
}

/// What nearly all rows of a batch have in common is not bound for each.
const RECORD: &str = "WITH common (lease) AS (SELECT ?) \
     UPDATE delivery_state SET state = ifnull(column3, 'accepted'), facts = column4, \
     due_at = max(column5, ifnull(permitted_from, column5)), attempts = column6, \
     lease = iif(column7, lease, NULL) FROM";
const RECORDED: &str = "WHERE delivery_state.n = column1 \
     AND delivery_state.lease = ifnull(column2, (SELECT lease FROM common)) \
     AND delivery_state.state = 'claimed'";

/// The rows of a batch, looked for where a record does not say its own.
async fn places(
    connection: &mut SqliteConnection,
    records: &[Record],
) -> sqlx::Result<Vec<Option<i64>>> {
    let mut places = Vec::with_capacity(records.len());
    for record in records {
        places.push(match record.place {
            Some(place) => Some(place),
            None => {
                sqlx::query_scalar("SELECT n FROM delivery_state WHERE id = ?")
                    .bind(record.delivery.to_string())
                    .fetch_optional(&mut *connection)
                    .await?
            }
        });
    }
    Ok(places)
}

/// The statement for one batch.
async fn update(
    records: &[Record],
    places: &[Option<i64>],
    after: &str,
) -> Query<'static, Sqlite, SqliteArguments> {
    let mut update = sqlx::query(batch::over(RECORD, 7, records.len(), after));
    let common = records.first().map(|record| record.lease);
    update = update.bind(common.map(|lease| lease.to_string()));
    for (n, (record, place)) in records.iter().zip(places).enumerate() {
        breathe(n).await;
        let still_held = record.state.life() == Life::Claimed;
        update = update
            .bind(*place)
            .bind((Some(record.lease) != common).then(|| record.lease.to_string()))
            .bind(Some(record.state.name()).filter(|name| *name != "accepted"))
            .bind(json(&record.state))
            .bind(due_at(&record.state))
            .bind(record.attempts)
            .bind(still_held);
    }
    update
}

/// What a turn stands on, found out with one question.
struct Ground {
    /// Whether the claim's lease is still one. Without its row nothing that it took
    /// would ever come back.
    held: bool,
    /// There is one as soon as anybody was forgotten.
    erasure_key: Option<Vec<u8>>,
    /// The end of the log's chain.
    head: Head,
}

impl Ground {
    async fn find(
        connection: &mut SqliteConnection,
        lease: Option<LeaseToken>,
    ) -> sqlx::Result<Self> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM lease WHERE token = ?) AS held, \
                 (SELECT octets FROM erasure_key) AS erasure_key, seq, hash FROM log_head",
        )
        .bind(lease.map(|lease| lease.to_string()))
        .fetch_one(connection)
        .await?;
        Ok(Self {
            held: row.try_get("held")?,
            erasure_key: row.try_get("erasure_key")?,
            head: log::head_of(&row)?,
        })
    }
}

/// What is due. The embargo stands in the condition, and once more in the rows that
/// come back. Nobody else writes meanwhile.
///
/// A row comes as one text: each value of a row is copied by itself on its way here,
/// and a turn reads a hundred rows. No value has the separator in it, since JSON
/// escapes it.
///
/// A limit that is a parameter alone is looked at when the statement is prepared,
/// which is then done anew for every other limit.
async fn find(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    claim: &Claim<'_>,
) -> Result<Vec<Claimed>> {
    let wrong = |error| store.failed(error);
    let rows = sqlx::query(
        "SELECT concat_ws(char(31), waiting.n, attempts + 1, due_since, content, \
             ifnull((SELECT reason FROM suppression WHERE lower(suppression.email) = lower(planned.email) LIMIT 1), ''), \
             ifnull((SELECT record FROM contact AS known INDEXED BY contact_protected \
                 WHERE known.email = planned.email AND known.protected), ''), plan) \
         FROM delivery_state AS waiting INDEXED BY delivery_due \
         CROSS JOIN distribution AS whole ON whole.id = waiting.distribution \
         CROSS JOIN delivery_plan AS planned ON planned.n = waiting.n \
         WHERE waits AND due_at <= ?1 AND (permitted_from IS NULL OR permitted_from <= ?1) \
           AND (?2 IS NULL OR waiting.distribution = ?2) \
           AND whole.course = 'under_way' AND (whole.not_after IS NULL OR whole.not_after > ?1) \
         ORDER BY due_at LIMIT ?3 + 0",
    )
    .bind(micros(claim.now))
    .bind(claim.distribution.map(|id| id.to_string()))
    .bind(claim.limit)
    .fetch_all(&mut *connection)
    .await
    .map_err(wrong)?;
    let mut found = Vec::with_capacity(rows.len());
    for (n, row) in rows.iter().enumerate() {
        breathe(n).await;
        let row: &str = row.try_get(0).map_err(wrong)?;
        found.push(claimed(&store.place, row, claim.now)?);
    }
    Ok(found)
}

/// Whoever was forgotten is barred, wherever their address came from since.
async fn bar_forgotten(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    ground: &Ground,
    found: &mut [Claimed],
) -> Result<()> {
    let Some(key) = ground.erasure_key.as_ref().filter(|_| !found.is_empty()) else {
        return Ok(());
    };
    let emails = found.iter().map(|one| &one.delivery.recipient.email);
    let emails: Vec<_> = emails.collect();
    let forgotten = known(connection, &store.place, key, &emails).await?;
    for one in found {
        if forgotten.contains(&one.delivery.recipient.email) {
            one.barred = Some(SuppressionReason::Erasure);
        }
    }
    Ok(())
}

/// What became of those that were due.
#[derive(Default)]
struct Sorted {
    /// Those that begin.
    claimed: Vec<Claimed>,
    others: Vec<Other>,
    events: Vec<LogEvent>,
}

/// A delivery that does not begin: its row, its state with its facts, and when
/// it may be claimed again, as JSON.
type Other = serde_json::Value;

/// Asks what becomes of each.
async fn sort(claim: &Claim<'_>, found: Vec<Claimed>) -> Sorted {
    let mut sorted = Sorted::default();
    for (n, one) in found.into_iter().enumerate() {
        breathe(n).await;
        let other = |state: &DeliveryState, due_at: i64| {
            serde_json::json!([one.place, state.name(), json(state), due_at])
        };
        match (claim.take)(&one) {
            Taken::Begins(event) => {
                sorted.events.push(event);
                sorted.claimed.push(one);
            }
            Taken::Waits(until) => {
                let until = micros(until);
                sorted.others.push(other(&DeliveryState::Due, until));
            }
            Taken::Ends(state, event) => {
                sorted.others.push(other(&state, due_at(&state)));
                sorted.events.push(event);
            }
        }
    }
    sorted
}

/// Writes down who holds those that begin.
async fn take(
    connection: &mut SqliteConnection,
    claim: &Claim<'_>,
    taken: &[Claimed],
) -> sqlx::Result<()> {
    if taken.is_empty() {
        return Ok(());
    }
    let places: Vec<_> = taken.iter().map(|one| one.place).collect();
    sqlx::query(
        "UPDATE delivery_state SET state = 'claimed', facts = '{}', lease = ?1, attempts = attempts + 1 \
         WHERE n IN (SELECT value FROM json_each(?2))",
    )
    .bind(claim.lease.to_string())
    .bind(json(&places))
    .execute(connection)
    .await
    .map(drop)
}

async fn settle(connection: &mut SqliteConnection, others: &[Other]) -> sqlx::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE delivery_state SET state = new.value ->> 1, facts = new.value ->> 2, \
             due_at = max(new.value ->> 3, ifnull(permitted_from, new.value ->> 3)) \
         FROM json_each(?) AS new WHERE delivery_state.n = new.value ->> 0",
    )
    .bind(json(&others))
    .execute(connection)
    .await
    .map(drop)
}

/// Reads a delivery off the text that [`find`] makes of its row.
fn claimed(place: &str, row: &str, now: Timestamp) -> Result<Claimed> {
    let wrong = |cause: &str| damaged(place, "delivery", cause.to_owned());
    let mut values = row.splitn(7, '\u{1f}');
    let mut next = || values.next().ok_or_else(|| wrong("a value is missing"));
    let number = |text: &str| {
        let number: Option<i64> = text.parse().ok();
        number.ok_or_else(|| wrong("a number is not one"))
    };
    let (n, attempt, due_since) = (number(next()?)?, number(next()?)?, number(next()?)?);
    let (content, barred, protected) = (next()?, next()?, next()?);
    let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let delivery: Delivery = from_json(place, "delivery", next()?)?;
    if !may_leave(delivery.permitted_from, now) {
        let early = format!("{} was claimed before the embargo permits it", delivery.id);
        return Err(wrong(&early));
    }
    Ok(Claimed {
        protection: protection(place, given(protected), &delivery)?,
        delivery,
        place: Some(n),
        attempt: u32::try_from(attempt).map_err(|_| wrong("its attempts are no count"))?,
        due_since: timestamp(place, due_since)?,
        content: content.to_owned(),
        barred: given(barred).map(|name| reason(place, name)).transpose()?,
    })
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
    let mut transaction = store.begin().await?;
    let moved = sqlx::query("UPDATE delivery_state SET state = ?1, facts = ?2, due_at = max(?3, ifnull(permitted_from, ?3)), lease = NULL WHERE id = ?4 AND facts = ?5 AND state = ?6")
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
    log::append(&mut transaction, &[&event])
        .await
        .map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    store.ring();
    Ok(true)
}
