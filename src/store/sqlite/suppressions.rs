//! Bars on addresses.

use super::erasure::among;
use super::rows::{asked, json};
use super::{Result, SqliteStore, batch};
use crate::domain::address::EmailAddress;
use crate::domain::suppression::{Suppression, SuppressionReason, SuppressionSearch, weightiest};
use crate::store::erasure::{bar_of_forgotten, erased};
use crate::store::people::suppression_query;
use crate::store::values::{by_key, keep_weightier, reason, suppression};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

/// The place of a text in an address; of letters only ASCII is folded.
pub(super) const POSITION: &str = "instr(lower(email), ";

pub(super) async fn suppress(store: &SqliteStore, suppressions: &[Suppression]) -> Result<u64> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let suppressions = unforgotten(store, &mut transaction, suppressions).await?;
    let added = insert(&mut transaction, &suppressions)
        .await
        .map_err(wrong)?;
    transaction.commit().await.map_err(wrong)?;
    Ok(added)
}

/// Those on addresses that may be written down: whoever was forgotten is barred
/// already, without their address.
async fn unforgotten(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    suppressions: &[Suppression],
) -> Result<Vec<Suppression>> {
    let emails: Vec<_> = suppressions.iter().map(|bar| bar.email.clone()).collect();
    let forgotten = among(connection, &store.place, &emails).await?;
    let kept = suppressions
        .iter()
        .filter(|bar| !forgotten.contains(&bar.email));
    Ok(kept.cloned().collect())
}

/// Sets bars, and answers with how many are new, or stand for a weightier reason
/// now.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    suppressions: &[Suppression],
) -> sqlx::Result<u64> {
    let mut added = 0;
    let kept = format!("WHERE column1 IS NOT NULL {}", keep_weightier());
    for bars in weightiest(suppressions).chunks(batch::MOST) {
        let mut insert = sqlx::query(batch::over(
            "INSERT INTO suppression (email, reason, at, source, note) SELECT * FROM",
            5,
            bars.len(),
            &kept,
        ));
        for bar in bars {
            insert = insert
                .bind(bar.email.to_string())
                .bind(bar.reason.name())
                .bind(bar.at.to_string())
                .bind(&bar.source)
                .bind(&bar.note);
        }
        added += insert.execute(&mut *connection).await?.rows_affected();
    }
    Ok(added)
}

pub(super) async fn suppressed(store: &SqliteStore) -> Result<HashMap<String, SuppressionReason>> {
    let rows = sqlx::query("SELECT email, reason FROM suppression")
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    let bars: Vec<_> = rows
        .iter()
        .map(|row| bar(store, row))
        .collect::<Result<_>>()?;
    Ok(by_key(bars))
}

pub(super) async fn is_suppressed(
    store: &SqliteStore,
    emails: &[EmailAddress],
) -> Result<HashMap<String, SuppressionReason>> {
    let rows = sqlx::query(
        "SELECT email, reason FROM suppression WHERE email IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&emails))
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    let mut bars: HashMap<_, _> = rows
        .iter()
        .map(|row| bar(store, row))
        .collect::<Result<_>>()?;
    let mut reader = store
        .readers
        .acquire()
        .await
        .map_err(|error| store.failed(error))?;
    let forgotten = among(&mut reader, &store.place, emails).await?;
    bars.extend(forgotten.iter().map(erased));
    Ok(bars)
}

fn bar(store: &SqliteStore, row: &SqliteRow) -> Result<(String, SuppressionReason)> {
    let email: String = row.try_get(0).map_err(|error| store.failed(error))?;
    let reason: String = row.try_get(1).map_err(|error| store.failed(error))?;
    Ok((email, self::reason(&store.place, &reason)?))
}

pub(super) async fn one(store: &SqliteStore, email: &EmailAddress) -> Result<Option<Suppression>> {
    let row = sqlx::query(
        "SELECT * FROM suppression WHERE lower(email) = lower(?1) ORDER BY email = ?1 DESC LIMIT 1",
    )
    .bind(email.to_string())
    .fetch_optional(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    match row {
        Some(row) => whole(store, &row).map(Some),
        None => bar_of_forgotten(store, email).await,
    }
}

pub(super) async fn search(
    store: &SqliteStore,
    search: &SuppressionSearch,
    after: Option<&EmailAddress>,
    limit: u32,
) -> Result<Vec<Suppression>> {
    let mut query = asked(suppression_query(search, after, limit, POSITION));
    let rows = query
        .build()
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| whole(store, row)).collect()
}

fn whole(store: &SqliteStore, row: &SqliteRow) -> Result<Suppression> {
    let text =
        |column| -> Result<String> { row.try_get(column).map_err(|error| store.failed(error)) };
    suppression(
        &store.place,
        [text("email")?, text("reason")?, text("at")?],
        text("source")?,
        text("note")?,
    )
}

pub(super) async fn lift(store: &SqliteStore, suppression: &Suppression) -> Result<bool> {
    let done = sqlx::query("DELETE FROM suppression WHERE email = ? AND reason = ? AND at = ?")
        .bind(suppression.email.to_string())
        .bind(suppression.reason.name())
        .bind(suppression.at.to_string())
        .execute(&store.writer)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(done.rows_affected() == 1)
}
