//! Questions about distributions and deliveries.

use super::rows::{damaged, delivery as read_delivery, from_json, json, micros, timestamp};
use super::{Result, SqliteStore};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::erasure::FORGOTTEN;
use crate::domain::ids::{DeliveryId, DistributionId, ReleaseId};
use crate::domain::outcomes::{Breakdown, DomainOutcomes};
use crate::store::Standing;
use crate::store::values::{DOMAIN_ROWS, DOMAINS};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeMap, HashMap};

pub(super) async fn recipients_of(
    store: &SqliteStore,
    release: &ReleaseId,
) -> Result<HashMap<String, DistributionId>> {
    let rows = sqlx::query(
        "SELECT delivery.email, delivery.distribution FROM delivery JOIN distribution ON distribution.id = delivery.distribution \
         WHERE distribution.release = ? AND delivery.state NOT IN ('cancelled', 'suppressed', 'withheld') AND delivery.email <> ?",
    )
    .bind(release.to_string())
    .bind(FORGOTTEN)
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| Ok((text(store, row, 0)?, id(store, &text(store, row, 1)?)?)))
        .collect()
}

pub(super) fn text(store: &SqliteStore, row: &SqliteRow, column: usize) -> Result<String> {
    row.try_get(column).map_err(|error| store.failed(error))
}

pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Display>>(
    store: &SqliteStore,
    text: &str,
) -> Result<T> {
    text.parse()
        .map_err(|error| damaged(&store.place, "identifier", error))
}

pub(super) async fn distributions(store: &SqliteStore) -> Result<Vec<Distribution>> {
    let rows = sqlx::query("SELECT record FROM distribution ORDER BY id DESC")
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| from_json(&store.place, "distribution", &text(store, row, 0)?))
        .collect()
}

pub(super) async fn distribution(
    store: &SqliteStore,
    id: DistributionId,
) -> Result<Option<Distribution>> {
    let row = sqlx::query("SELECT record FROM distribution WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| from_json(&store.place, "distribution", &text(store, &row, 0)?))
        .transpose()
}

pub(super) async fn content(store: &SqliteStore, hash: &str) -> Result<Option<Vec<u8>>> {
    let row = sqlx::query("SELECT bytes FROM content WHERE hash = ?")
        .bind(hash)
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| row.try_get(0).map_err(|error| store.failed(error)))
        .transpose()
}

pub(super) async fn counts(
    store: &SqliteStore,
    id: DistributionId,
    now: Timestamp,
) -> Result<Counts> {
    let mut counts = composition(store, id).await?;
    let total = counts.by_phase.values().sum();
    counts.by_state = by_state(store, Some((id, total)), Some(now)).await?;
    Ok(counts)
}

/// What of a distribution's counts hardly ever changes: all but the states.
async fn composition(store: &SqliteStore, id: DistributionId) -> Result<Counts> {
    // Both look at every delivery, and there is a reader for each.
    let parts = sqlx::query(
        "SELECT language, phase, count(*) FROM delivery_state INDEXED BY delivery_of \
         WHERE distribution = ? GROUP BY distribution, language, phase",
    )
    .bind(id.to_string())
    .fetch_all(&store.readers);
    let domains = sqlx::query(
        "SELECT domain, count(*) FROM delivery_plan INDEXED BY delivery_plan_domain \
         WHERE distribution = ? GROUP BY distribution, domain ORDER BY 2 DESC, 1 LIMIT 10",
    )
    .bind(id.to_string())
    .fetch_all(&store.readers);
    let (parts, domains) = tokio::try_join!(parts, domains).map_err(|error| store.failed(error))?;
    let mut counts = Counts::default();
    for row in &parts {
        let number = number(store, row, 2)?;
        *counts.by_language.entry(text(store, row, 0)?).or_default() += number;
        *counts.by_phase.entry(text(store, row, 1)?).or_default() += number;
    }
    counts.by_domain = domains
        .iter()
        .map(|row| Ok((text(store, row, 0)?, number(store, row, 1)?)))
        .collect::<Result<_>>()?;
    Ok(counts)
}

/// The condition of the index `delivery_apart`, as it stands there.
const APART: &str =
    "state <> 'planned' AND state <> 'due' AND state <> 'claimed' AND state <> 'accepted'";

/// Deliveries by state: of one distribution, which has so many, or of all. Those
/// whose time has come by an instant count as due. Those that the relay took are
/// most, and are what is left: each other state is read off a small index.
pub(super) async fn by_state(
    store: &SqliteStore,
    of: Option<(DistributionId, u64)>,
    now: Option<Timestamp>,
) -> Result<BTreeMap<String, u64>> {
    let (of_it, whole) = match of {
        Some(_) => ("distribution = ?1 AND", ""),
        None => (
            "?1 IS NULL AND",
            "UNION ALL SELECT '', count(*), 0, 0 FROM delivery_state",
        ),
    };
    // One statement: between two, deliveries move on.
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT 'due' AS state, count(*) AS n, ifnull(sum(state = 'planned' AND due_at > ?2), 0) AS planned, \
             ifnull(sum(state = 'deferred' AND due_at > ?2), 0) AS deferred \
         FROM delivery_state INDEXED BY delivery_waiting WHERE {of_it} waits \
         UNION ALL SELECT 'claimed', count(*), 0, 0 \
         FROM delivery_state INDEXED BY delivery_claimed WHERE {of_it} state = 'claimed' \
         UNION ALL SELECT state, count(*), 0, 0 FROM delivery_state INDEXED BY delivery_apart \
         WHERE {of_it} {APART} AND state <> 'deferred' GROUP BY state \
         {whole}"
    )))
    .bind(of.map(|(id, _)| id.to_string()))
    .bind(now.map_or(i64::MIN, micros))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let mut states = BTreeMap::new();
    for row in &rows {
        let (planned, deferred) = (number(store, row, 2)?, number(store, row, 3)?);
        let due = number(store, row, 1)?.saturating_sub(planned + deferred);
        for (state, n) in [
            (text(store, row, 0)?, due),
            ("planned".to_owned(), planned),
            ("deferred".to_owned(), deferred),
        ] {
            *states.entry(state).or_default() += n;
        }
    }
    let total = states.remove("").or(of.map(|(_, total)| total));
    let others: u64 = states.values().sum();
    let accepted = total.unwrap_or_default().saturating_sub(others);
    states.insert("accepted".to_owned(), accepted);
    states.retain(|_, n| *n > 0);
    Ok(states)
}

pub(super) async fn outcomes(store: &SqliteStore, id: DistributionId) -> Result<Breakdown> {
    // Both look at every delivery, and there is a reader for each.
    let languages = sqlx::query(
        "SELECT language, state, count(*) FROM delivery_state WHERE distribution = ? GROUP BY 1, 2",
    )
    .bind(id.to_string())
    .fetch_all(&store.readers);
    let domains = sqlx::query(
        "SELECT domain, state, number FROM ( \
             SELECT plan.domain AS domain, state.state AS state, count(*) AS number, sum(count(*)) OVER (PARTITION BY plan.domain) AS whole \
             FROM delivery_state AS state JOIN delivery_plan AS plan ON plan.n = state.n \
             WHERE state.distribution = ? GROUP BY plan.domain, state.state) AS counted \
         ORDER BY whole DESC, domain LIMIT ?",
    )
    .bind(id.to_string())
    .bind(DOMAIN_ROWS)
    .fetch_all(&store.readers);
    let (languages, domains) =
        tokio::try_join!(languages, domains).map_err(|error| store.failed(error))?;
    let mut breakdown = Breakdown::default();
    for row in &languages {
        let state = text(store, row, 1)?;
        breakdown.add_language(text(store, row, 0)?, &state, number(store, row, 2)?);
    }
    let domains = domains.iter();
    let domains = domains
        .map(|row| {
            Ok((
                text(store, row, 0)?,
                text(store, row, 1)?,
                number(store, row, 2)?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    breakdown.by_domain = DomainOutcomes::first(domains, DOMAINS);
    Ok(breakdown)
}

pub(super) fn number(store: &SqliteStore, row: &SqliteRow, column: usize) -> Result<u64> {
    let number: i64 = row.try_get(column).map_err(|error| store.failed(error))?;
    Ok(u64::try_from(number).unwrap_or_default())
}

pub(super) async fn due(
    store: &SqliteStore,
    distribution: Option<DistributionId>,
    now: Timestamp,
    most: u32,
) -> Result<u32> {
    let row = sqlx::query(
        "SELECT count(*) FROM (SELECT 1 FROM delivery_state AS waiting INDEXED BY delivery_due \
         WHERE waits AND due_at <= ?1 AND (?2 IS NULL OR distribution = ?2) \
           AND EXISTS (SELECT 1 FROM distribution AS whole WHERE whole.id = waiting.distribution \
               AND whole.course = 'under_way' AND (whole.not_after IS NULL OR whole.not_after > ?1)) \
         LIMIT ?3)",
    )
    .bind(micros(now))
    .bind(distribution.map(|id| id.to_string()))
    .bind(most)
    .fetch_one(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    row.try_get(0).map_err(|error| store.failed(error))
}

pub(super) async fn next_due(
    store: &SqliteStore,
    distribution: Option<DistributionId>,
) -> Result<Option<Timestamp>> {
    // One index is ordered by time alone, the other within each distribution.
    let statement = match distribution {
        None => {
            "SELECT due_at FROM delivery_state AS waiting INDEXED BY delivery_due \
             WHERE waits AND ?1 IS NULL \
               AND EXISTS (SELECT 1 FROM distribution AS whole WHERE whole.id = waiting.distribution AND whole.course = 'under_way') \
             ORDER BY due_at LIMIT 1"
        }
        Some(_) => {
            "SELECT due_at FROM delivery_state AS waiting INDEXED BY delivery_waiting \
             WHERE waits AND distribution = ?1 \
               AND EXISTS (SELECT 1 FROM distribution AS whole WHERE whole.id = ?1 AND whole.course = 'under_way') \
             ORDER BY due_at LIMIT 1"
        }
    };
    let row = sqlx::query(statement)
        .bind(distribution.map(|id| id.to_string()))
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| {
        let due = row.try_get(0).map_err(|error| store.failed(error))?;
        timestamp(&store.place, due)
    })
    .transpose()
}

pub(super) async fn receivers_of(
    store: &SqliteStore,
    release: &ReleaseId,
) -> Result<HashMap<String, Delivery>> {
    let rows = sqlx::query(
        "SELECT delivery.email, delivery.plan FROM delivery JOIN distribution ON distribution.id = delivery.distribution \
         WHERE distribution.release = ? AND delivery.state = 'accepted' AND delivery.email <> ? ORDER BY delivery.id",
    )
    .bind(release.to_string())
    .bind(FORGOTTEN)
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| Ok((text(store, row, 0)?, read_delivery(&store.place, row)?)))
        .collect()
}

pub(super) async fn standing(
    store: &SqliteStore,
    distribution: Option<DistributionId>,
    state: &str,
    limit: u32,
) -> Result<Vec<Standing>> {
    let of_it = if distribution.is_some() {
        "distribution = ?2"
    } else {
        "?2 IS NULL"
    };
    // The literal lets SQLite see that an index of few rows has all of them.
    let few = match state {
        "in_doubt" => "state = 'in_doubt'",
        "planned" | "due" | "claimed" | "accepted" => "true",
        _ => APART,
    };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{STANDING} WHERE {of_it} AND state = ?1 AND {few} ORDER BY n LIMIT ?3"
    )))
    .bind(state)
    .bind(distribution.map(|id| id.to_string()))
    .bind(limit)
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| stand(store, row)).collect()
}

pub(super) async fn addresses_of(
    store: &SqliteStore,
    ids: &[DeliveryId],
) -> Result<HashMap<String, String>> {
    let rows =
        sqlx::query("SELECT id, email FROM delivery WHERE id IN (SELECT value FROM json_each(?))")
            .bind(json(&ids))
            .fetch_all(&store.readers)
            .await
            .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| Ok((text(store, row, 0)?, text(store, row, 1)?)))
        .collect()
}

pub(super) async fn delivery(store: &SqliteStore, id: DeliveryId) -> Result<Option<Standing>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{STANDING} WHERE id = ?")))
        .bind(id.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| stand(store, &row)).transpose()
}

/// What [`stand`] reads.
pub(super) const STANDING: &str = "SELECT plan, facts, attempts, state, lease, \
    (SELECT until FROM lease WHERE token = delivery.lease) AS lease_until FROM delivery";

pub(super) fn stand(store: &SqliteStore, row: &SqliteRow) -> Result<Standing> {
    let wrong = |error| store.failed(error);
    let attempts = row.try_get("attempts").map_err(wrong)?;
    let name: String = row.try_get("state").map_err(wrong)?;
    let state = if name == "claimed" {
        let lease: String = row.try_get("lease").map_err(wrong)?;
        let until: Option<i64> = row.try_get("lease_until").map_err(wrong)?;
        DeliveryState::Claimed {
            lease: id(store, &lease)?,
            until: timestamp(&store.place, until.unwrap_or_default())?,
            attempt: Some(attempts),
        }
    } else {
        from_json(&store.place, "state", &text(store, row, 1)?)?
    };
    Ok(Standing {
        delivery: read_delivery(&store.place, row)?,
        state,
        attempts,
    })
}

pub(super) async fn states(
    store: &SqliteStore,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<(DeliveryId, String)>> {
    let rows = sqlx::query("SELECT id, state FROM delivery_state WHERE id > ? ORDER BY id LIMIT ?")
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| Ok((id(store, &text(store, row, 0)?)?, text(store, row, 1)?)))
        .collect()
}
