//! Writing a plan: one transaction, in batches.

use super::fold::Folder;
use super::rows::{json, micros};
use super::{Result, SqliteStore, log, rows};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::log::LogEvent;
use crate::store::Planning;
use async_trait::async_trait;
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

/// What was planned and where it stands, each numbered after the last row there was.
const INSERTS: [&str; 2] = [
    "INSERT INTO delivery_plan (n, distribution, contact, email, domain, plan) \
     SELECT key + 1 + ?2, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1)",
    "INSERT INTO delivery_state (n, id, distribution, language, phase, permitted_from, due_since, due_at, state, facts) \
     SELECT key + 1 + ?2, value ->> 0, value ->> 1, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 9, 'planned', value ->> 10 FROM json_each(?1)",
];

struct Plan {
    place: String,
    /// The number of the last row.
    last: i64,
    bell: Option<std::path::PathBuf>,
    folder: Folder,
    rows: usize,
    transaction: Transaction<'static, Sqlite>,
}

pub(super) async fn begin(
    store: &SqliteStore,
    _distribution: DistributionId,
) -> Result<Box<dyn Planning>> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let last = sqlx::query("SELECT ifnull(max(n), 0) FROM delivery_state")
        .fetch_one(&mut *transaction)
        .await
        .map_err(wrong)?;
    Ok(Box::new(Plan {
        place: store.place.clone(),
        last: last.try_get(0).map_err(wrong)?,
        bell: store.bell.clone(),
        folder: store.folder.clone(),
        rows: 0,
        transaction,
    }))
}

#[async_trait]
impl Planning for Plan {
    async fn add(&mut self, deliveries: Vec<(Delivery, LogEvent)>) -> Result<()> {
        let (deliveries, events): (Vec<_>, Vec<_>) = deliveries.into_iter().unzip();
        let rows = json(&deliveries.iter().map(row).collect::<Vec<_>>());
        for statement in INSERTS {
            let added = sqlx::query(statement)
                .bind(&rows)
                .bind(self.last)
                .execute(&mut *self.transaction)
                .await;
            added.map_err(|error| rows::failed(&self.place, error))?;
        }
        self.last += i64::try_from(deliveries.len()).unwrap_or_default();
        self.rows += deliveries.len();
        let events: Vec<_> = events.iter().collect();
        log::append(&mut self.transaction, &events)
            .await
            .map_err(|error| rows::failed(&self.place, error))
    }

    async fn commit(
        self: Box<Self>,
        distribution: &Distribution,
        content: &[u8],
        event: LogEvent,
    ) -> Result<()> {
        let Self {
            place,
            bell,
            folder,
            rows,
            mut transaction,
            ..
        } = *self;
        let wrong = |error| rows::failed(&place, error);
        keep_content(&mut transaction, &distribution.content, content)
            .await
            .map_err(wrong)?;
        sqlx::query("INSERT INTO distribution (id, release, content, record, course, not_after, lift) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(distribution.id.to_string())
            .bind(distribution.release.to_string())
            .bind(&distribution.content)
            .bind(json(distribution))
            .bind(distribution.course.name())
            .bind(distribution.schedule.not_after.map(micros))
            .bind(distribution.lift().map(micros))
            .execute(&mut *transaction)
            .await
            .map_err(wrong)?;
        log::append(&mut transaction, &[&event])
            .await
            .map_err(wrong)?;
        transaction.commit().await.map_err(wrong)?;
        folder.wrote(rows);
        super::bell::ring(bell.as_deref());
        Ok(())
    }
}

/// Frozen content is kept once for each hash.
pub(super) async fn keep_content(
    connection: &mut SqliteConnection,
    hash: &str,
    content: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO content (hash, bytes) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING")
        .bind(hash)
        .bind(content)
        .execute(connection)
        .await
        .map(drop)
}

fn row(delivery: &Delivery) -> serde_json::Value {
    let planned = DeliveryState::Planned {
        not_before: delivery.not_before,
    };
    serde_json::json!([
        delivery.id,
        delivery.distribution,
        delivery.recipient.contact,
        delivery.recipient.email,
        delivery.recipient.email.domain(),
        json(delivery),
        delivery.languages.first(),
        delivery.phase,
        delivery.permitted_from.map(micros),
        micros(
            delivery
                .permitted_from
                .unwrap_or(delivery.not_before)
                .max(delivery.not_before)
        ),
        json(&planned),
    ])
}
