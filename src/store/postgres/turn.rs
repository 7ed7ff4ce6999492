//! One turn of the ledger: outcomes in, new attempts out, one transaction.

use super::erasure::known;
use super::rows::{attempts, delivery, get};
use super::{PostgresStore, Result, bell, log, watch};
use crate::domain::delivery::{DeliveryState, Life};
use crate::domain::embargo::may_leave;
use crate::domain::ids::DeliveryId;
use crate::domain::log::LogEvent;
use crate::domain::suppression::SuppressionReason;
use crate::store::values::{damaged, due_at, json, micros, protection, reason, timestamp};
use crate::store::{Claim, Claimed, Record, Taken, Turned};
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashSet;

pub(super) async fn turn(
    store: &PostgresStore,
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
    // Courses are locked before deliveries: whoever revises does so too.
    let open = match &claim {
        Some(claim) => open(store, &mut transaction, claim).await?,
        None => None,
    };
    if !records.is_empty() {
        let (lost, written) = record(&mut transaction, records).await.map_err(wrong)?;
        turned.lost = lost;
        events = written;
    }
    match (claim, open) {
        (Some(_), None) => turned.lapsed = true,
        (Some(claim), Some(open)) if !open.is_empty() => {
            let found = find(store, &mut transaction, &claim, &open).await?;
            turned.asked = u32::try_from(found.len()).unwrap_or(u32::MAX);
            let others = sort(&claim, found, &mut turned.claimed, &mut begun);
            settle(&mut transaction, others).await.map_err(wrong)?;
        }
        (Some(_) | None, _) => {}
    }
    events.extend(&begun);
    log::append(&mut transaction, &events)
        .await
        .map_err(wrong)?;
    store.commit(transaction).await?;
    Ok(turned)
}

/// The distributions that a claim may take from, held as they are: nobody
/// stops one before this transaction ends. `None` where the claim's lease is no
/// more; while this transaction lasts, nobody can end it.
async fn open(
    store: &PostgresStore,
    connection: &mut PgConnection,
    claim: &Claim<'_>,
) -> Result<Option<Vec<String>>> {
    let wrong = |error| store.failed(error);
    let lease = sqlx::query("SELECT 1 FROM lease WHERE token = $1 FOR KEY SHARE")
        .bind(claim.lease.to_string())
        .fetch_optional(&mut *connection)
        .await
        .map_err(wrong)?;
    if lease.is_none() {
        return Ok(None);
    }
    let which = match claim.distribution {
        Some(id) => vec![id.to_string()],
        None => watch::open(&mut *connection, claim.now)
            .await
            .map_err(wrong)?,
    };
    for id in &which {
        lock_course(connection, id, Hold::Shared)
            .await
            .map_err(wrong)?;
    }
    Ok(Some(which))
}

/// How a distribution's course is held.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hold {
    /// With others that only want it to stay as it is.
    Shared,
    /// Alone, to change it.
    Alone,
}

/// Holds a distribution's course until the transaction ends. Waiters take
/// turns, so that no stream of claims keeps a revision out.
pub(super) async fn lock_course(
    connection: &mut PgConnection,
    distribution: &str,
    hold: Hold,
) -> sqlx::Result<()> {
    let statement = match hold {
        Hold::Shared => "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))",
        Hold::Alone => "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
    };
    sqlx::query(statement)
        .bind(distribution)
        .execute(connection)
        .await
        .map(drop)
}

/// The columns of changed states, one statement's worth.
#[derive(Default)]
struct States {
    id: Vec<String>,
    state: Vec<&'static str>,
    facts: Vec<String>,
    due_at: Vec<i64>,
    attempts: Vec<i64>,
}

impl States {
    fn push(&mut self, id: DeliveryId, state: &DeliveryState, due_at: i64, attempts: u32) {
        self.id.push(id.to_string());
        self.state.push(state.name());
        self.facts.push(json(state));
        self.due_at.push(due_at);
        self.attempts.push(i64::from(attempts));
    }
}

/// Writes a batch in one statement, in the order of identifiers. Gives those
/// whose lease was lost, and the events of the others.
///
/// The state is bound, not written out: else the index on what is claimed would
/// answer, with all that there is, to be compared with every record.
async fn record<'a>(
    connection: &mut PgConnection,
    records: &'a [Record],
) -> sqlx::Result<(Vec<DeliveryId>, Vec<&'a LogEvent>)> {
    let mut ordered: Vec<_> = records.iter().collect();
    ordered.sort_unstable_by_key(|record| record.delivery);
    let (mut states, mut leases, mut held) = (States::default(), Vec::new(), Vec::new());
    for one in ordered {
        states.push(one.delivery, &one.state, due_at(&one.state), one.attempts);
        leases.push(one.lease.to_string());
        held.push(one.state.life() == Life::Claimed);
    }
    let written = sqlx::query(
        "UPDATE delivery_state AS kept SET state = given.state, facts = given.facts, due_at = greatest(given.due_at, kept.permitted_from), \
             attempts = given.attempts, lease = CASE WHEN given.held THEN kept.lease END \
         FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bool[]) \
             AS given (id, state, facts, due_at, attempts, lease, held) \
         WHERE kept.id = given.id AND kept.lease = given.lease AND kept.state = $8 \
         RETURNING kept.id",
    )
    .bind(states.id)
    .bind(states.state)
    .bind(states.facts)
    .bind(states.due_at)
    .bind(states.attempts)
    .bind(leases)
    .bind(held)
    .bind(CLAIMED)
    .fetch_all(connection)
    .await?;
    let written: HashSet<&str> = written
        .iter()
        .map(|row| row.try_get(0))
        .collect::<sqlx::Result<_>>()?;
    let (mut lost, mut events) = (Vec::new(), Vec::new());
    for record in records {
        if written.contains(record.delivery.to_string().as_str()) {
            events.extend(&record.event);
        } else {
            lost.push(record.delivery);
        }
    }
    Ok((lost, events))
}

/// The state of what somebody holds.
const CLAIMED: &str = "claimed";

/// Takes what is due in one statement. The embargo stands in its condition, and
/// once more in the rows that come back; so does the course, for it may have
/// changed before it was locked.
async fn find(
    store: &PostgresStore,
    connection: &mut PgConnection,
    claim: &Claim<'_>,
    open: &[String],
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query(
        "WITH taken AS MATERIALIZED ( \
             SELECT waiting.id FROM distribution AS whole CROSS JOIN LATERAL ( \
                 SELECT id, due_at, n FROM delivery_state \
                 WHERE distribution = whole.id AND state IN ('planned', 'due', 'deferred') AND due_at <= $2 \
                   AND (permitted_from IS NULL OR permitted_from <= $2) \
                 ORDER BY due_at, n LIMIT $4 FOR UPDATE SKIP LOCKED) AS waiting \
             WHERE whole.id = ANY($3) AND whole.course = 'under_way' AND (whole.not_after IS NULL OR whole.not_after > $2) \
             ORDER BY waiting.due_at, waiting.n LIMIT $4), \
         claimed AS ( \
             UPDATE delivery_state SET state = 'claimed', facts = '{}', lease = $1, attempts = attempts + 1 \
             WHERE id = ANY(ARRAY(SELECT id FROM taken)) \
             RETURNING n, distribution, due_at, due_since, attempts) \
         SELECT attempts, due_since, planned.plan, \
             (SELECT content FROM distribution WHERE id = claimed.distribution) AS content, \
             (SELECT reason FROM suppression WHERE lower(email) = lower(planned.email) LIMIT 1) AS barred, \
             (SELECT record FROM contact WHERE email = planned.email AND protected) AS protected, \
             (SELECT octets FROM erasure_key) AS key \
         FROM claimed JOIN delivery_plan AS planned ON planned.n = claimed.n ORDER BY due_at, claimed.n",
    )
    .bind(claim.lease.to_string())
    .bind(micros(claim.now))
    .bind(open)
    .bind(i64::from(claim.limit))
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| store.failed(error))?;
    let mut found = rows
        .iter()
        .map(|row| claimed(&store.place, row, claim.now))
        .collect::<Result<Vec<_>>>()?;
    // There is a key as soon as anybody was forgotten.
    let key: Option<Vec<u8>> = match rows.first() {
        Some(row) => get(&store.place, row, "key")?,
        None => None,
    };
    if let Some(key) = key {
        bar_forgotten(store, connection, &key, &mut found).await?;
    }
    Ok(found)
}

/// Whoever was forgotten is barred, wherever their address came from since.
async fn bar_forgotten(
    store: &PostgresStore,
    connection: &mut PgConnection,
    key: &[u8],
    found: &mut [Claimed],
) -> Result<()> {
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

/// Asks what becomes of each. Those that begin are claimed; the others are to
/// be written back.
fn sort(
    claim: &Claim<'_>,
    found: Vec<Claimed>,
    claimed: &mut Vec<Claimed>,
    events: &mut Vec<LogEvent>,
) -> States {
    let mut others = States::default();
    for one in found {
        let (id, before) = (one.delivery.id, one.attempt - 1);
        match (claim.take)(&one) {
            Taken::Begins(event) => {
                events.push(event);
                claimed.push(one);
            }
            Taken::Waits(until) => others.push(id, &DeliveryState::Due, micros(until), before),
            Taken::Ends(state, event) => {
                others.push(id, &state, due_at(&state), before);
                events.push(event);
            }
        }
    }
    others
}

async fn settle(connection: &mut PgConnection, others: States) -> sqlx::Result<()> {
    if others.id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE delivery_state AS kept SET state = given.state, facts = given.facts, due_at = greatest(given.due_at, kept.permitted_from), \
             attempts = given.attempts, lease = NULL \
         FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS given (id, state, facts, due_at, attempts) \
         WHERE kept.id = given.id",
    )
    .bind(others.id)
    .bind(others.state)
    .bind(others.facts)
    .bind(others.due_at)
    .bind(others.attempts)
    .execute(connection)
    .await
    .map(drop)
}

fn claimed(place: &str, row: &PgRow, now: Timestamp) -> Result<Claimed> {
    let delivery = delivery(place, row)?;
    if !may_leave(delivery.permitted_from, now) {
        return Err(damaged(
            place,
            "delivery",
            format!("{} was claimed before the embargo permits it", delivery.id),
        ));
    }
    let barred: Option<&str> = get(place, row, "barred")?;
    let record: Option<&str> = get(place, row, "protected")?;
    Ok(Claimed {
        protection: protection(place, record, &delivery)?,
        delivery,
        place: None,
        attempt: attempts(place, row)?,
        due_since: timestamp(place, get(place, row, "due_since")?)?,
        content: get(place, row, "content")?,
        barred: barred.map(|name| reason(place, name)).transpose()?,
    })
}

/// Moves a delivery that nobody holds, if it still is as it was read.
pub(super) async fn decide(
    store: &PostgresStore,
    id: DeliveryId,
    from: &DeliveryState,
    to: &DeliveryState,
    event: LogEvent,
) -> Result<bool> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let moved = sqlx::query(
        "UPDATE delivery_state SET state = $1, facts = $2, due_at = greatest($3, permitted_from), lease = NULL \
         WHERE id = $4 AND facts = $5 AND state = $6",
    )
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
    bell::ring(&mut transaction).await.map_err(wrong)?;
    log::append(&mut transaction, &[&event])
        .await
        .map_err(wrong)?;
    store.commit(transaction).await?;
    Ok(true)
}
