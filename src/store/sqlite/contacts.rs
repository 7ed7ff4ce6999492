//! Contacts: many at once, written with what they are found by.

use super::rows::{failed, from_json, json};
use super::{Result, SqliteStore};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::store::Imported;
use crate::store::people::{KeyChanges, KeyRow, words_column};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

/// Contacts in one statement.
const BATCH: usize = 500;

pub(super) async fn import(store: &SqliteStore, contacts: &[Contact]) -> Result<Imported> {
    let mut transaction = store.begin().await?;
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
        .map(|row| contact(&store.place, row))
        .collect::<Result<_>>()?;
    let known: HashMap<String, Contact> = known
        .into_iter()
        .map(|contact| (contact.email.to_string(), contact))
        .collect();
    let mut written = Vec::new();
    for (email, contact) in emails.into_iter().zip(batch) {
        let old = known.get(&email);
        let new = Contact {
            id: old.map_or(contact.id, |old| old.id),
            ..contact.clone()
        };
        match old {
            None => imported.added += 1,
            Some(old) if *old == new => {
                imported.unchanged += 1;
                continue;
            }
            Some(_) => imported.changed += 1,
        }
        written.push((old, new));
    }
    write(connection, &written)
        .await
        .map_err(|error| store.failed(error))
}

/// Writes contacts, each with the one it follows, and what they are found by.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    contacts: &[(Option<&Contact>, Contact)],
) -> sqlx::Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    // The last word on an address counts.
    let last: HashMap<_, _> = contacts
        .iter()
        .map(|(old, new)| (&new.email, (*old, new)))
        .collect();
    let (mut rows, mut keys) = (Vec::new(), KeyChanges::default());
    for (email, (old, new)) in last {
        rows.push((email, new.id, json(new), words_column(new)));
        keys.add(old, new);
    }
    sqlx::query(
        "INSERT INTO contact (email, id, record, words) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true \
         ON CONFLICT (email) DO UPDATE SET record = excluded.record, words = excluded.words",
    )
    .bind(json(&rows))
    .execute(&mut *connection)
    .await?;
    if !keys.gone.is_empty() {
        sqlx::query(
            "DELETE FROM contact_key WHERE (kind, value, email) IN \
             (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))",
        )
        .bind(json(&keys.gone))
        .execute(&mut *connection)
        .await?;
    }
    add_keys(connection, &keys.new).await?;
    sqlx::query("UPDATE contact_book SET version = version + 1")
        .execute(connection)
        .await
        .map(drop)
}

async fn add_keys(connection: &mut SqliteConnection, keys: &[KeyRow]) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO contact_key (kind, value, email) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(json(&keys))
    .execute(connection)
    .await
    .map(drop)
}

/// Makes anew what all contacts are found by: after a step of the schema, and
/// after a copy.
pub(super) async fn find_anew(connection: &mut SqliteConnection, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let mut after = String::new();
    loop {
        let rows =
            sqlx::query("SELECT email, record FROM contact WHERE email > ? ORDER BY email LIMIT ?")
                .bind(&after)
                .bind(u32::try_from(BATCH).unwrap_or(u32::MAX))
                .fetch_all(&mut *connection)
                .await
                .map_err(wrong)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.try_get("email").map_err(wrong)?;
        let (mut words, mut keys) = (Vec::new(), KeyChanges::default());
        for row in &rows {
            let contact = contact(place, row)?;
            words.push((contact.email.to_string(), words_column(&contact)));
            keys.add(None, &contact);
        }
        sqlx::query(
            "UPDATE contact SET words = said.value ->> 1 FROM json_each(?) AS said \
             WHERE contact.email = said.value ->> 0",
        )
        .bind(json(&words))
        .execute(&mut *connection)
        .await
        .map_err(wrong)?;
        add_keys(connection, &keys.new).await.map_err(wrong)?;
    }
}

/// A contact, off its `record` column.
pub(super) fn contact(place: &str, row: &SqliteRow) -> Result<Contact> {
    let record: &str = row
        .try_get("record")
        .map_err(|error| failed(place, error))?;
    from_json(place, "contact", record)
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
    rows.iter().map(|row| contact(&store.place, row)).collect()
}

pub(super) async fn find(store: &SqliteStore, email: &EmailAddress) -> Result<Option<Contact>> {
    let row = sqlx::query("SELECT record FROM contact WHERE email = ?")
        .bind(email.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| contact(&store.place, &row)).transpose()
}
