//! Contacts and suppressions.

use super::rows::{damaged, from_json, json};
use super::{Result, SqliteStore};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::store::Imported;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

/// Contacts in one statement.
const BATCH: usize = 500;

pub(super) async fn import(store: &SqliteStore, contacts: &[Contact]) -> Result<Imported> {
    let mut transaction = store
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(|error| store.failed(error))?;
    let mut imported = Imported::default();
    for batch in contacts.chunks(BATCH) {
        import_batch(store, &mut transaction, batch, &mut imported).await?;
    }
    transaction
        .commit()
        .await
        .map_err(|error| store.failed(error))?;
    Ok(imported)
}

async fn import_batch(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    batch: &[Contact],
    imported: &mut Imported,
) -> Result<()> {
    let emails: Vec<_> = batch
        .iter()
        .map(|contact| contact.email.to_string())
        .collect();
    let known =
        sqlx::query("SELECT record FROM contact WHERE email IN (SELECT value FROM json_each(?))")
            .bind(json(&emails))
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| store.failed(error))?;
    let known: Vec<Contact> = known
        .iter()
        .map(|row| contact(store, row))
        .collect::<Result<_>>()?;
    let known: HashMap<String, Contact> = known
        .into_iter()
        .map(|contact| (contact.email.to_string(), contact))
        .collect();
    let mut rows = Vec::new();
    for (email, contact) in emails.into_iter().zip(batch) {
        let record = match known.get(&email) {
            None => {
                imported.added += 1;
                contact.clone()
            }
            Some(old) => {
                let new = Contact {
                    id: old.id,
                    ..contact.clone()
                };
                if new == *old {
                    imported.unchanged += 1;
                    continue;
                }
                imported.changed += 1;
                new
            }
        };
        rows.push((email, record.id, json(&record)));
    }
    sqlx::query(
        "INSERT INTO contact (email, id, record) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true \
         ON CONFLICT (email) DO UPDATE SET record = excluded.record",
    )
    .bind(json(&rows))
    .execute(connection)
    .await
    .map_err(|error| store.failed(error))?;
    Ok(())
}

fn contact(store: &SqliteStore, row: &SqliteRow) -> Result<Contact> {
    let record: String = row.try_get("record").map_err(|error| store.failed(error))?;
    from_json(&store.place, "contact", &record)
}

pub(super) async fn page(
    store: &SqliteStore,
    after: Option<&EmailAddress>,
    limit: u32,
) -> Result<Vec<Contact>> {
    let rows = sqlx::query("SELECT record FROM contact WHERE email > ? ORDER BY email LIMIT ?")
        .bind(after.map(ToString::to_string).unwrap_or_default())
        .bind(limit)
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| contact(store, row)).collect()
}

pub(super) async fn find(store: &SqliteStore, email: &EmailAddress) -> Result<Option<Contact>> {
    let row = sqlx::query("SELECT record FROM contact WHERE email = ?")
        .bind(email.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| contact(store, &row)).transpose()
}

pub(super) async fn suppress(store: &SqliteStore, suppressions: &[Suppression]) -> Result<()> {
    let rows: Vec<_> = suppressions
        .iter()
        .map(|one| {
            (
                one.email.to_string(),
                one.reason.name(),
                one.at.to_string(),
                &one.source,
            )
        })
        .collect();
    sqlx::query(
        "INSERT INTO suppression (email, reason, at, source) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true \
         ON CONFLICT (email) DO NOTHING",
    )
    .bind(json(&rows))
    .execute(&store.writer)
    .await
    .map_err(|error| store.failed(error))?;
    Ok(())
}

pub(super) async fn suppressed(store: &SqliteStore) -> Result<HashMap<String, SuppressionReason>> {
    let rows = sqlx::query("SELECT email, reason FROM suppression")
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| bar(store, row)).collect()
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
    rows.iter().map(|row| bar(store, row)).collect()
}

fn bar(store: &SqliteStore, row: &SqliteRow) -> Result<(String, SuppressionReason)> {
    let email: String = row.try_get(0).map_err(|error| store.failed(error))?;
    let reason: String = row.try_get(1).map_err(|error| store.failed(error))?;
    let reason = SuppressionReason::from_name(&reason)
        .ok_or_else(|| damaged(&store.place, "suppression", format!("reason `{reason}`")))?;
    Ok((email, reason))
}
