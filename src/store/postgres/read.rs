//! Questions about distributions and deliveries.

use super::rows::{STANDING, delivery as read_delivery, get, id, number, stand};
use super::{PostgresStore, Result};
use crate::domain::delivery::Delivery;
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::erasure::FORGOTTEN;
use crate::domain::ids::{DeliveryId, DistributionId, ReleaseId};
use crate::domain::outcomes::{Breakdown, DomainOutcomes};
use crate::store::Standing;
use crate::store::values::{DOMAIN_ROWS, DOMAINS, from_json, micros};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;
use std::collections::{BTreeMap, HashMap};

pub(super) async fn recipients_of(
    store: &PostgresStore,
    release: &ReleaseId,
) -> Result<HashMap<String, DistributionId>> {
    let rows = sqlx::query(
        "SELECT delivery.email, delivery.distribution FROM delivery JOIN distribution ON distribution.id = delivery.distribution \
         WHERE distribution.release = $1 AND delivery.state NOT IN ('cancelled', 'suppressed', 'withheld') AND delivery.email <> $2",
    )
    .bind(release.as_str())
    .bind(FORGOTTEN)
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| Ok((get(place, row, "email")?, id(place, row, "distribution")?)))
        .collect()
}

pub(super) async fn distributions(store: &PostgresStore) -> Result<Vec<Distribution>> {
    let rows = sqlx::query("SELECT record FROM distribution ORDER BY id DESC")
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| read_distribution(store, row))
        .collect()
}

pub(super) async fn distribution(
    store: &PostgresStore,
    id: DistributionId,
) -> Result<Option<Distribution>> {
    let row = sqlx::query("SELECT record FROM distribution WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| read_distribution(store, &row)).transpose()
}

fn read_distribution(store: &PostgresStore, row: &PgRow) -> Result<Distribution> {
    from_json(
        &store.place,
        "distribution",
        get(&store.place, row, "record")?,
    )
}

pub(super) async fn content(store: &PostgresStore, hash: &str) -> Result<Option<Vec<u8>>> {
    let row = sqlx::query("SELECT bytes FROM content WHERE hash = $1")
        .bind(hash)
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| get(&store.place, &row, "bytes")).transpose()
}

pub(super) async fn counts(
    store: &PostgresStore,
    id: DistributionId,
    now: Timestamp,
) -> Result<Counts> {
    let place = &store.place;
    let rows = sqlx::query(
        "SELECT CASE WHEN state IN ('planned', 'deferred') AND due_at <= $2 AND (permitted_from IS NULL OR permitted_from <= $2) \
             THEN 'due' ELSE state END AS stands, language, phase, count(*) \
         FROM delivery_state WHERE distribution = $1 GROUP BY 1, 2, 3",
    )
    .bind(id.to_string())
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let mut counts = Counts::default();
    for row in &rows {
        let number = number(place, row, "count")?;
        let add =
            |map: &mut BTreeMap<String, u64>, key: String| *map.entry(key).or_default() += number;
        add(&mut counts.by_state, get(place, row, "stands")?);
        add(&mut counts.by_language, get(place, row, "language")?);
        add(&mut counts.by_phase, get(place, row, "phase")?);
    }
    let domains = sqlx::query(
        "SELECT domain, count(*) FROM delivery_plan WHERE distribution = $1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
    )
    .bind(id.to_string())
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    counts.by_domain = domains
        .iter()
        .map(|row| Ok((get(place, row, "domain")?, number(place, row, "count")?)))
        .collect::<Result<_>>()?;
    Ok(counts)
}

pub(super) async fn by_state(
    store: &PostgresStore,
    id: DistributionId,
    now: Timestamp,
) -> Result<BTreeMap<String, u64>> {
    let place = &store.place;
    let rows = sqlx::query(
        "SELECT CASE WHEN state IN ('planned', 'deferred') AND due_at <= $2 AND (permitted_from IS NULL OR permitted_from <= $2) \
             THEN 'due' ELSE state END AS stands, count(*) FROM delivery_state WHERE distribution = $1 GROUP BY 1",
    )
    .bind(id.to_string())
    .bind(micros(now))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| Ok((get(place, row, "stands")?, number(place, row, "count")?)))
        .collect()
}

pub(super) async fn outcomes(store: &PostgresStore, id: DistributionId) -> Result<Breakdown> {
    // Both look at every delivery, and there is a reader for each.
    let languages = sqlx::query(
        "SELECT language, state, count(*) FROM delivery_state WHERE distribution = $1 GROUP BY 1, 2",
    )
    .bind(id.to_string())
    .fetch_all(&store.readers);
    let domains = sqlx::query(
        "SELECT domain, state, number FROM ( \
             SELECT plan.domain AS domain, state.state AS state, count(*) AS number, sum(count(*)) OVER (PARTITION BY plan.domain) AS whole \
             FROM delivery_state AS state JOIN delivery_plan AS plan ON plan.n = state.n \
             WHERE state.distribution = $1 GROUP BY plan.domain, state.state) AS counted \
         ORDER BY whole DESC, domain LIMIT $2",
    )
    .bind(id.to_string())
    .bind(DOMAIN_ROWS)
    .fetch_all(&store.readers);
    let (languages, domains) =
        tokio::try_join!(languages, domains).map_err(|error| store.failed(error))?;
    let place = &store.place;
    let mut breakdown = Breakdown::default();
    for row in &languages {
        let state: &str = get(place, row, "state")?;
        breakdown.add_language(
            get(place, row, "language")?,
            state,
            number(place, row, "count")?,
        );
    }
    let domains = domains.iter();
    let domains = domains
        .map(|row| {
            let (domain, state) = (get(place, row, "domain")?, get(place, row, "state")?);
            Ok((domain, state, number(place, row, "number")?))
        })
        .collect::<Result<Vec<_>>>()?;
    breakdown.by_domain = DomainOutcomes::first(domains, DOMAINS);
    Ok(breakdown)
}

pub(super) async fn receivers_of(
    store: &PostgresStore,
    release: &ReleaseId,
) -> Result<HashMap<String, Delivery>> {
    let rows = sqlx::query(
        "SELECT delivery.email, delivery.plan FROM delivery JOIN distribution ON distribution.id = delivery.distribution \
         WHERE distribution.release = $1 AND delivery.state = 'accepted' AND delivery.email <> $2 ORDER BY delivery.id",
    )
    .bind(release.as_str())
    .bind(FORGOTTEN)
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| Ok((get(place, row, "email")?, read_delivery(place, row)?)))
        .collect()
}

pub(super) async fn standing(
    store: &PostgresStore,
    distribution: Option<DistributionId>,
    state: &str,
    limit: u32,
) -> Result<Vec<Standing>> {
    let question = format!(
        "{STANDING} WHERE state.state = $1 AND ($2::text IS NULL OR state.distribution = $2) ORDER BY state.n LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(question))
        .bind(state)
        .bind(distribution.map(|id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| stand(&store.place, row)).collect()
}

pub(super) async fn addresses_of(
    store: &PostgresStore,
    ids: &[DeliveryId],
) -> Result<HashMap<String, String>> {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    let rows = sqlx::query("SELECT id, email FROM delivery WHERE id = ANY($1)")
        .bind(ids)
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| Ok((get(place, row, "id")?, get(place, row, "email")?)))
        .collect()
}

pub(super) async fn last_entries(store: &PostgresStore) -> Result<HashMap<DistributionId, u64>> {
    let rows = sqlx::query(
        "SELECT id, (SELECT coalesce(max(seq), 0) FROM delivery_log WHERE distribution = whole.id) AS last \
         FROM distribution AS whole",
    )
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| Ok((id(place, row, "id")?, number(place, row, "last")?)))
        .collect()
}

pub(super) async fn delivery(store: &PostgresStore, id: DeliveryId) -> Result<Option<Standing>> {
    let row = sqlx::query(AssertSqlSafe(format!("{STANDING} WHERE state.id = $1")))
        .bind(id.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| stand(&store.place, &row)).transpose()
}

pub(super) async fn states(
    store: &PostgresStore,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<(DeliveryId, String)>> {
    let rows =
        sqlx::query("SELECT id, state FROM delivery_state WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(&store.readers)
            .await
            .map_err(|error| store.failed(error))?;
    let place = &store.place;
    rows.iter()
        .map(|row| Ok((id(place, row, "id")?, get(place, row, "state")?)))
        .collect()
}
