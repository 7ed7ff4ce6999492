//! Contacts and suppressions.

use super::rows::get;
use super::{PostgresStore, Result};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::store::Imported;
use crate::store::values::{damaged, from_json, json};
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use std::collections::HashMap;

/// Contacts in one statement.
const BATCH: usize = 500;

pub(super) async fn import(store: &PostgresStore, contacts: &[Contact]) -> Result<Imported> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    // Two imports at once would each take the other's contacts for new.
    sqlx::query("LOCK TABLE contact IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .map_err(wrong)?;
    let mut imported = Imported::default();
    for batch in contacts.chunks(BATCH) {
        import_batch(store, &mut transaction, batch, &mut imported).await?;
    }
    store.commit(transaction).await?;
    Ok(imported)
}

async fn import_batch(
    store: &PostgresStore,
    connection: &mut PgConnection,
    batch: &[Contact],
    imported: &mut Imported,
) -> Result<()> {
    let known = known(store, connection, batch).await?;
    let mut rows = Vec::new();
    for contact in batch {
        match known.get(&contact.email.to_string()) {
            None => {
                imported.added += 1;
                rows.push(contact.clone());
            }
            Some(old) => {
                let new = Contact {
                    id: old.id,
                    ..contact.clone()
                };
                if new == *old {
                    imported.unchanged += 1;
                } else {
                    imported.changed += 1;
                    rows.push(new);
                }
            }
        }
    }
    write(connection, rows)
        .await
        .map_err(|error| store.failed(error))
}

/// Those of a batch that are there already, by address.
async fn known(
    store: &PostgresStore,
    connection: &mut PgConnection,
    batch: &[Contact],
) -> Result<HashMap<String, Contact>> {
    let emails: Vec<_> = batch.iter().map(|one| one.email.to_string()).collect();
    let rows = sqlx::query("SELECT record FROM contact WHERE email = ANY($1)")
        .bind(emails)
        .fetch_all(connection)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| {
            let contact = contact(store, row)?;
            Ok((contact.email.to_string(), contact))
        })
        .collect()
}

async fn write(connection: &mut PgConnection, rows: Vec<Contact>) -> sqlx::Result<()> {
    // A statement may change a row but once: the last word on an address counts.
    let rows: HashMap<_, _> = rows
        .into_iter()
        .map(|contact| (contact.email.to_string(), contact))
        .collect();
    let (mut emails, mut ids, mut records) = (Vec::new(), Vec::new(), Vec::new());
    for (email, contact) in rows {
        emails.push(email);
        ids.push(contact.id.to_string());
        records.push(json(&contact));
    }
    sqlx::query(
        "INSERT INTO contact (email, id, record) SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[]) \
         ON CONFLICT (email) DO UPDATE SET record = excluded.record",
    )
    .bind(emails)
    .bind(ids)
    .bind(records)
    .execute(connection)
    .await
    .map(drop)
}

fn contact(store: &PostgresStore, row: &PgRow) -> Result<Contact> {
    from_json(&store.place, "contact", get(&store.place, row, "record")?)
}

pub(super) async fn page(
    store: &PostgresStore,
    after: Option<&EmailAddress>,
    limit: u32,
) -> Result<Vec<Contact>> {
    let rows = sqlx::query("SELECT record FROM contact WHERE email > $1 ORDER BY email LIMIT $2")
        .bind(after.map(ToString::to_string).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| contact(store, row)).collect()
}

pub(super) async fn find(store: &PostgresStore, email: &EmailAddress) -> Result<Option<Contact>> {
    let row = sqlx::query("SELECT record FROM contact WHERE email = $1")
        .bind(email.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| contact(store, &row)).transpose()
}

pub(super) async fn suppress(store: &PostgresStore, suppressions: &[Suppression]) -> Result<()> {
    let texts = |text: fn(&Suppression) -> String| -> Vec<String> {
        suppressions.iter().map(text).collect()
    };
    sqlx::query(
        "INSERT INTO suppression (email, reason, at, source) \
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT (email) DO NOTHING",
    )
    .bind(texts(|one| one.email.to_string()))
    .bind(texts(|one| one.reason.name().to_owned()))
    .bind(texts(|one| one.at.to_string()))
    .bind(texts(|one| one.source.clone()))
    .execute(&store.writers)
    .await
    .map(drop)
    .map_err(|error| store.failed(error))
}

pub(super) async fn suppressed(
    store: &PostgresStore,
) -> Result<HashMap<String, SuppressionReason>> {
    let rows = sqlx::query("SELECT email, reason FROM suppression")
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| bar(store, row)).collect()
}

pub(super) async fn is_suppressed(
    store: &PostgresStore,
    emails: &[EmailAddress],
) -> Result<HashMap<String, SuppressionReason>> {
    let emails: Vec<_> = emails.iter().map(ToString::to_string).collect();
    let rows = sqlx::query("SELECT email, reason FROM suppression WHERE email = ANY($1)")
        .bind(emails)
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| bar(store, row)).collect()
}

fn bar(store: &PostgresStore, row: &PgRow) -> Result<(String, SuppressionReason)> {
    let reason = reason(&store.place, get(&store.place, row, "reason")?)?;
    Ok((get(&store.place, row, "email")?, reason))
}

/// A reason by its name.
pub(super) fn reason(place: &str, name: &str) -> Result<SuppressionReason> {
    SuppressionReason::from_name(name)
        .ok_or_else(|| damaged(place, "suppression", format!("reason `{name}`")))
}
