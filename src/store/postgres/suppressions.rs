//! Bars on addresses.

use super::erasure::among;
use super::rows::{asked, get};
use super::{PostgresStore, Result};
use crate::domain::address::EmailAddress;
use crate::domain::suppression::{Suppression, SuppressionReason, SuppressionSearch, weightiest};
use crate::store::erasure::{bar_of_forgotten, erased};
use crate::store::people::suppression_query;
use crate::store::values::{by_key, keep_weightier, reason, suppression};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::HashMap;

/// The place of a text in an address, folded as SQLite folds: ASCII letters alone.
pub(super) const POSITION: &str =
    "strpos(translate(email, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), ";

/// Bars in one statement.
const BATCH: usize = 500;

pub(super) async fn suppress(store: &PostgresStore, suppressions: &[Suppression]) -> Result<u64> {
    let mut transaction = store.begin().await?;
    let suppressions = unforgotten(store, &mut transaction, suppressions).await?;
    let added = insert(&mut transaction, &suppressions)
        .await
        .map_err(|error| store.failed(error))?;
    store.commit(transaction).await?;
    Ok(added)
}

/// Those on addresses that may be written down: whoever was forgotten is barred
/// already, without their address.
async fn unforgotten(
    store: &PostgresStore,
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    suppressions: &[Suppression],
) -> sqlx::Result<u64> {
    let mut added = 0;
    let statement = format!(
        "INSERT INTO suppression (email, reason, at, source, note) \
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) {}",
        keep_weightier()
    );
    for batch in weightiest(suppressions).chunks(BATCH) {
        let texts = |text: fn(&Suppression) -> String| -> Vec<String> {
            batch.iter().map(|bar| text(bar)).collect()
        };
        // PostgreSQL takes no NUL, and whoever wrote one meant nothing by it.
        let done = sqlx::query(AssertSqlSafe(statement.clone()))
            .bind(texts(|one| one.email.to_string()))
            .bind(texts(|one| one.reason.name().to_owned()))
            .bind(texts(|one| one.at.to_string()))
            .bind(texts(|one| one.source.replace('\0', "\u{fffd}")))
            .bind(texts(|one| one.note.replace('\0', "\u{fffd}")))
            .execute(&mut *connection)
            .await?;
        added += done.rows_affected();
    }
    Ok(added)
}

pub(super) async fn suppressed(
    store: &PostgresStore,
) -> Result<HashMap<String, SuppressionReason>> {
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
    store: &PostgresStore,
    emails: &[EmailAddress],
) -> Result<HashMap<String, SuppressionReason>> {
    let texts: Vec<_> = emails.iter().map(ToString::to_string).collect();
    let rows = sqlx::query("SELECT email, reason FROM suppression WHERE email = ANY($1)")
        .bind(texts)
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

fn bar(store: &PostgresStore, row: &PgRow) -> Result<(String, SuppressionReason)> {
    let reason = reason(&store.place, get(&store.place, row, "reason")?)?;
    Ok((get(&store.place, row, "email")?, reason))
}

pub(super) async fn one(
    store: &PostgresStore,
    email: &EmailAddress,
) -> Result<Option<Suppression>> {
    let row = sqlx::query(
        "SELECT * FROM suppression WHERE lower(email) = lower($1) ORDER BY email = $1 DESC LIMIT 1",
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
    store: &PostgresStore,
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

fn whole(store: &PostgresStore, row: &PgRow) -> Result<Suppression> {
    let text = |column| get::<String>(&store.place, row, column);
    suppression(
        &store.place,
        [text("email")?, text("reason")?, text("at")?],
        text("source")?,
        text("note")?,
    )
}

pub(super) async fn lift(store: &PostgresStore, suppression: &Suppression) -> Result<bool> {
    let done = sqlx::query("DELETE FROM suppression WHERE email = $1 AND reason = $2 AND at = $3")
        .bind(suppression.email.to_string())
        .bind(suppression.reason.name())
        .bind(suppression.at.to_string())
        .execute(&store.writers)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(done.rows_affected() == 1)
}
