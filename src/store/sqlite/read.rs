//! Questions about distributions and deliveries.

use super::rows::{damaged, delivery as read_delivery, from_json, micros, timestamp};
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
    // Both look at every delivery, and there is a reader for each.
    let standing = sqlx::query(
        "SELECT iif(state IN ('planned', 'deferred') AND due_at <= ?2 AND (permitted_from IS NULL OR permitted_from <= ?2), 'due', state), language, phase, count(*) \
         FROM delivery_state WHERE distribution = ?1 GROUP BY 1, 2, 3",
    )
    .bind(id.to_string())
    .bind(micros(now))
    .fetch_all(&store.readers);
    let domains = sqlx::query("SELECT domain, count(*) FROM delivery_plan WHERE distribution = ? GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10")
        .bind(id.to_string())
        .fetch_all(&store.readers);
    let (rows, domains) =
        tokio::try_join!(standing, domains).map_err(|error| store.failed(error))?;
    let mut counts = Counts::default();
    for row in &rows {
        let number = number(store, row, 3)?;
        let add =
            |map: &mut BTreeMap<String, u64>, key: String| *map.entry(key).or_default() += number;
        add(&mut counts.by_state, text(store, row, 0)?);
        add(&mut counts.by_language, text(store, row, 1)?);
        add(&mut counts.by_phase, text(store, row, 2)?);
    }
    counts.by_domain = domains
        .iter()
        .map(|row| Ok((text(store, row, 0)?, number(store, row, 1)?)))
        .collect::<Result<_>>()?;
    Ok(counts)
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
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{STANDING} WHERE state = ?1 AND (?2 IS NULL OR distribution = ?2) ORDER BY n LIMIT ?3"
    )))
    .bind(state)
    .bind(distribution.map(|id| id.to_string()))
    .bind(limit)
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| stand(store, row)).collect()
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
