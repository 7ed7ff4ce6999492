//! Writing a plan: one transaction, in batches.

use super::rows::{json, micros};
use super::{Result, SqliteStore, log, rows};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::log::LogEvent;
use crate::store::Planning;
use async_trait::async_trait;
use sqlx::{Sqlite, SqliteConnection, Transaction};

struct Plan {
    place: String,
    bell: Option<std::path::PathBuf>,
    transaction: Transaction<'static, Sqlite>,
}

pub(super) async fn begin(
    store: &SqliteStore,
    _distribution: DistributionId,
) -> Result<Box<dyn Planning>> {
    let transaction = store
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(|error| store.failed(error))?;
    Ok(Box::new(Plan {
        place: store.place.clone(),
        bell: store.bell.clone(),
        transaction,
    }))
}

#[async_trait]
impl Planning for Plan {
    async fn add(&mut self, deliveries: Vec<(Delivery, LogEvent)>) -> Result<()> {
        let (deliveries, events): (Vec<_>, Vec<_>) = deliveries.into_iter().unzip();
        let written: Vec<_> = deliveries.iter().map(row).collect();
        let added = sqlx::query(
            "INSERT INTO delivery (id, distribution, contact, email, domain, language, phase, plan, permitted_from, due_since, due_at, state, facts) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 9, 'planned', value ->> 10 \
             FROM json_each(?)",
        )
        .bind(json(&written))
        .execute(&mut *self.transaction)
        .await;
        added.map_err(|error| rows::failed(&self.place, error))?;
        log::append(&mut self.transaction, events)
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
            mut transaction,
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
        log::append(&mut transaction, vec![event])
            .await
            .map_err(wrong)?;
        transaction.commit().await.map_err(wrong)?;
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
        delivery.languages.first(),
        delivery.phase,
        json(delivery),
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
