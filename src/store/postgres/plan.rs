//! Writing a plan: one transaction, in batches.

use super::erasure::lock_forgetting;
use super::log::Pending;
use super::rows::failed;
use super::turn::Hold;
use super::{PostgresStore, Result, bell};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::log::LogEvent;
use crate::store::Planning;
use crate::store::values::{json, micros};
use async_trait::async_trait;
use sqlx::{Executor, PgConnection, Postgres, Row, Transaction};

struct Plan {
    place: String,
    events: Pending,
    transaction: Transaction<'static, Postgres>,
}

pub(super) async fn begin(
    store: &PostgresStore,
    _distribution: DistributionId,
) -> Result<Box<dyn Planning>> {
    let mut transaction = store.begin().await?;
    // Between two batches an audience is chosen; nobody waits for that.
    transaction
        .execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")
        .await
        .map_err(|error| store.failed(error))?;
    lock_forgetting(&mut transaction, Hold::Shared)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(Box::new(Plan {
        place: store.place.clone(),
        events: Pending::default(),
        transaction,
    }))
}

#[async_trait]
impl Planning for Plan {
    async fn add(&mut self, deliveries: Vec<(Delivery, LogEvent)>) -> Result<()> {
        let wrong = |error| failed(&self.place, error);
        let (deliveries, events): (Vec<_>, Vec<_>) = deliveries.into_iter().unzip();
        write(&mut self.transaction, &deliveries)
            .await
            .map_err(wrong)?;
        self.events
            .add(&mut self.transaction, events)
            .await
            .map_err(wrong)
    }

    async fn commit(
        self: Box<Self>,
        distribution: &Distribution,
        content: &[u8],
        event: LogEvent,
    ) -> Result<()> {
        let Self {
            place,
            mut events,
            mut transaction,
        } = *self;
        let wrong = |error| failed(&place, error);
        keep(&mut transaction, distribution, content)
            .await
            .map_err(wrong)?;
        bell::ring(&mut transaction).await.map_err(wrong)?;
        events.add(&mut transaction, [event]).await.map_err(wrong)?;
        // From here on others wait for us: what can be checked now is.
        transaction
            .execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL idle_in_transaction_session_timeout = '10s'")
            .await
            .map_err(wrong)?;
        events.append(&place, &mut transaction).await?;
        transaction.commit().await.map_err(wrong)
    }
}

/// Writes a batch: what was planned, and where it stands.
async fn write(connection: &mut PgConnection, deliveries: &[Delivery]) -> sqlx::Result<()> {
    let numbers = numbers(connection, deliveries.len()).await?;
    let texts =
        |text: fn(&Delivery) -> String| -> Vec<String> { deliveries.iter().map(text).collect() };
    let distributions = texts(|one| one.distribution.to_string());
    sqlx::query(
        "INSERT INTO delivery_plan (n, distribution, contact, email, domain, plan) \
         SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])",
    )
    .bind(&numbers)
    .bind(&distributions)
    .bind(texts(|one| one.recipient.contact.to_string()))
    .bind(texts(|one| one.recipient.email.to_string()))
    .bind(texts(|one| one.recipient.email.domain().to_owned()))
    .bind(texts(json))
    .execute(&mut *connection)
    .await?;
    let permitted: Vec<_> = deliveries
        .iter()
        .map(|one| one.permitted_from.map(micros))
        .collect();
    let due: Vec<_> = deliveries.iter().map(first_due).collect();
    sqlx::query(
        "INSERT INTO delivery_state (n, id, distribution, language, phase, permitted_from, due_since, due_at, state, facts) \
         SELECT n, id, distribution, language, phase, permitted_from, due, due, 'planned', facts \
         FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[]) \
             AS given (n, id, distribution, language, phase, permitted_from, due, facts)",
    )
    .bind(&numbers)
    .bind(texts(|one| one.id.to_string()))
    .bind(&distributions)
    .bind(texts(|one| {
        one.languages
            .first()
            .map(ToString::to_string)
            .unwrap_or_default()
    }))
    .bind(texts(|one| one.phase.name().to_owned()))
    .bind(permitted)
    .bind(due)
    .bind(texts(|one| {
        json(&DeliveryState::Planned {
            not_before: one.not_before,
        })
    }))
    .execute(connection)
    .await
    .map(drop)
}

/// So many numbers, rising, that nobody else has.
async fn numbers(connection: &mut PgConnection, count: usize) -> sqlx::Result<Vec<i64>> {
    let rows = sqlx::query("SELECT nextval('delivery_n') AS n FROM generate_series(1, $1)")
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.try_get("n")).collect()
}

/// When it may first be claimed.
fn first_due(delivery: &Delivery) -> i64 {
    let start = delivery.not_before;
    micros(delivery.permitted_from.unwrap_or(start).max(start))
}

async fn keep(
    connection: &mut PgConnection,
    distribution: &Distribution,
    content: &[u8],
) -> sqlx::Result<()> {
    keep_content(&mut *connection, &distribution.content, content).await?;
    sqlx::query(
        "INSERT INTO distribution (id, release, content, record, course, not_after, lift) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(distribution.id.to_string())
    .bind(distribution.release.to_string())
    .bind(&distribution.content)
    .bind(json(distribution))
    .bind(distribution.course.name())
    .bind(distribution.schedule.not_after.map(micros))
    .bind(distribution.lift().map(micros))
    .execute(connection)
    .await
    .map(drop)
}

/// Frozen content is kept once for each hash.
pub(super) async fn keep_content(
    connection: &mut PgConnection,
    hash: &str,
    content: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO content (hash, bytes) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING")
        .bind(hash)
        .bind(content)
        .execute(connection)
        .await
        .map(drop)
}
