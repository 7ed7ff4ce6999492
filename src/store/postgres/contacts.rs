//! Contacts: many at once, written with what they are found by.

use super::rows::{failed, get};
use super::{PostgresStore, Result};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::store::Imported;
use crate::store::people::{KeyChanges, KeyRow, words_column};
use crate::store::values::{from_json, json};
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
    let mut written = Vec::new();
    for contact in batch {
        let old = known.get(&contact.email.to_string());
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
            let contact = contact(&store.place, row)?;
            Ok((contact.email.to_string(), contact))
        })
        .collect()
}

/// Writes contacts, each with the one it follows, and what they are found by.
pub(super) async fn write(
    connection: &mut PgConnection,
    contacts: &[(Option<&Contact>, Contact)],
) -> sqlx::Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    // A statement may change a row but once: the last word on an address counts.
    let last: HashMap<_, _> = contacts
        .iter()
        .map(|(old, new)| (new.email.to_string(), (*old, new)))
        .collect();
    let mut keys = KeyChanges::default();
    let [mut emails, mut ids, mut records, mut words] = [const { Vec::new() }; 4];
    for (email, (old, new)) in last {
        keys.add(old, new);
        emails.push(email);
        ids.push(new.id.to_string());
        records.push(json(new));
        words.push(words_column(new));
    }
    sqlx::query(
        "INSERT INTO contact (email, id, record, words) \
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[]) \
         ON CONFLICT (email) DO UPDATE SET record = excluded.record, words = excluded.words",
    )
    .bind(emails)
    .bind(ids)
    .bind(records)
    .bind(words)
    .execute(&mut *connection)
    .await?;
    if !keys.gone.is_empty() {
        with_keys(
            "DELETE FROM contact_key USING UNNEST($1::text[], $2::text[], $3::text[]) AS gone (kind, value, email) \
             WHERE contact_key.kind = gone.kind AND contact_key.value = gone.value AND contact_key.email = gone.email",
            &keys.gone,
            connection,
        )
        .await?;
    }
    add_keys(connection, &keys.new).await?;
    sqlx::query("UPDATE contact_book SET version = version + 1")
        .execute(connection)
        .await
        .map(drop)
}

async fn add_keys(connection: &mut PgConnection, keys: &[KeyRow]) -> sqlx::Result<()> {
    let statement = "INSERT INTO contact_key (kind, value, email) \
        SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING";
    with_keys(statement, keys, connection).await
}

/// A statement about rows by which contacts are found: one array a column.
async fn with_keys(
    statement: &'static str,
    keys: &[KeyRow],
    connection: &mut PgConnection,
) -> sqlx::Result<()> {
    let column = |of: fn(&KeyRow) -> &str| keys.iter().map(of).collect::<Vec<_>>();
    sqlx::query(statement)
        .bind(column(|key| key.0))
        .bind(column(|key| &key.1))
        .bind(column(|key| &key.2))
        .execute(connection)
        .await
        .map(drop)
}

/// Makes anew what all contacts are found by: after a step of the schema, and
/// after a copy.
pub(super) async fn find_anew(connection: &mut PgConnection, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let mut after = String::new();
    loop {
        let rows = sqlx::query(
            "SELECT email, record FROM contact WHERE email > $1 ORDER BY email LIMIT $2",
        )
        .bind(&after)
        .bind(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .fetch_all(&mut *connection)
        .await
        .map_err(wrong)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = get(place, last, "email")?;
        let (mut emails, mut words) = (Vec::new(), Vec::new());
        let mut keys = KeyChanges::default();
        for row in &rows {
            let contact = contact(place, row)?;
            emails.push(contact.email.to_string());
            words.push(words_column(&contact));
            keys.add(None, &contact);
        }
        sqlx::query(
            "UPDATE contact SET words = said.words FROM UNNEST($1::text[], $2::text[]) AS said (email, words) \
             WHERE contact.email = said.email",
        )
        .bind(emails)
        .bind(words)
        .execute(&mut *connection)
        .await
        .map_err(wrong)?;
        add_keys(connection, &keys.new).await.map_err(wrong)?;
    }
}

/// A contact, off its `record` column.
pub(super) fn contact(place: &str, row: &PgRow) -> Result<Contact> {
    from_json(place, "contact", get(place, row, "record")?)
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
    rows.iter().map(|row| contact(&store.place, row)).collect()
}

pub(super) async fn find(store: &PostgresStore, email: &EmailAddress) -> Result<Option<Contact>> {
    let row = sqlx::query("SELECT record FROM contact WHERE email = $1")
        .bind(email.to_string())
        .fetch_optional(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| contact(&store.place, &row)).transpose()
}
