//! Contacts: many at once, written with what they are found by.

use super::erasure::among;
use super::rows::{failed, from_json, json};
use super::{Result, SqliteStore, batch};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::store::Imported;
use crate::store::imports::Written;
use crate::store::people::{KeyChanges, KeyRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Contacts in one statement.
const BATCH: usize = 500;

pub(super) async fn import(store: &SqliteStore, contacts: &[Contact]) -> Result<Imported> {
    let mut transaction = store.begin().await?;
    let wrong = |error| store.failed(error);
    let (mut imported, mut keys) = (Imported::default(), KeyChanges::default());
    let emails: Vec<_> = contacts.iter().map(|one| one.email.clone()).collect();
    let forgotten = among(&mut transaction, &store.place, &emails).await?;
    let contacts: Cow<'_, [Contact]> = if forgotten.is_empty() {
        contacts.into()
    } else {
        let kept = contacts
            .iter()
            .filter(|one| !forgotten.contains(&one.email));
        kept.cloned().collect()
    };
    for batch in contacts.chunks(BATCH) {
        import_batch(store, &mut transaction, batch, (&mut imported, &mut keys)).await?;
    }
    write_keys(&mut transaction, &mut keys)
        .await
        .map_err(wrong)?;
    transaction
        .commit()
        .await
        .map_err(|error| store.failed(error))?;
    store.folder.wrote(contacts.len());
    Ok(imported)
}

async fn import_batch(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    batch: &[Contact],
    (imported, keys): (&mut Imported, &mut KeyChanges),
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
    let written = written.iter().map(|(old, new)| Written::new(*old, new));
    write_records(connection, written.collect(), keys)
        .await
        .map_err(|error| store.failed(error))
}

/// Writes a contact after the one it follows, and what it is found by.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    old: Option<&Contact>,
    new: &Contact,
) -> sqlx::Result<()> {
    let mut keys = KeyChanges::default();
    write_records(connection, vec![Written::new(old, new)], &mut keys).await?;
    write_keys(connection, &mut keys).await
}

/// Writes contacts, each with the one it follows; what they are found by is
/// gathered, and is to be written before anybody looks.
pub(super) async fn write_records(
    connection: &mut SqliteConnection,
    contacts: Vec<Written<'_>>,
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    // The last word on an address counts.
    let last: BTreeMap<_, _> = contacts
        .into_iter()
        .map(|one| (one.new.email.to_string(), one))
        .collect();
    // Who is a contact again went into nobody.
    sqlx::query("DELETE FROM contact_alias WHERE email IN (SELECT value FROM json_each(?))")
        .bind(json(&last.keys().collect::<Vec<_>>()))
        .execute(&mut *connection)
        .await?;
    let mut rows = last.into_iter();
    while rows.len() > 0 {
        let count = rows.len().min(batch::MOST);
        let mut insert = sqlx::query(batch::over(
            "INSERT INTO contact (email, id, record, words) \
             SELECT column1, column2, column3, column4 FROM",
            4,
            count,
            "WHERE column1 IS NOT NULL \
             ON CONFLICT (email) DO UPDATE SET record = excluded.record, words = excluded.words",
        ));
        for (email, one) in rows.by_ref().take(count) {
            insert = insert
                .bind(email)
                .bind(one.new.id.to_string())
                .bind(one.record)
                .bind(keys.add(one.old, one.new));
        }
        insert.execute(&mut *connection).await?;
    }
    write_many_keys(connection, keys).await
}

/// Takes contacts away; what they were found by is gathered as the others' is.
pub(super) async fn remove_records(
    connection: &mut SqliteConnection,
    contacts: &[&Contact],
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    for contact in contacts {
        keys.remove(contact);
    }
    let emails: Vec<_> = contacts.iter().map(|contact| &contact.email).collect();
    sqlx::query("DELETE FROM contact WHERE email IN (SELECT value FROM json_each(?))")
        .bind(json(&emails))
        .execute(&mut *connection)
        .await?;
    write_many_keys(connection, keys).await
}

/// Writes what contacts are found by where much of it is gathered.
async fn write_many_keys(
    connection: &mut SqliteConnection,
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    if keys.are_many() {
        write_keys(connection, keys).await?;
    }
    Ok(())
}

/// Writes what contacts are found by, and that they have changed.
pub(super) async fn write_keys(
    connection: &mut SqliteConnection,
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    let [gone, new] = keys.take();
    let delete = |kind: &str| {
        let before = format!(
            "DELETE FROM contact_key WHERE (kind, value, email) IN \
             (SELECT '{kind}', column1, column2 FROM"
        );
        (before, ")")
    };
    with_keys(delete, &gone, connection).await?;
    let insert = |kind: &str| {
        let before = format!(
            "INSERT INTO contact_key (kind, value, email) SELECT '{kind}', column1, column2 FROM"
        );
        (before, "WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING")
    };
    with_keys(insert, &new, connection).await?;
    sqlx::query("UPDATE contact_book SET version = version + 1")
        .execute(connection)
        .await
        .map(drop)
}

/// A statement about rows by which contacts are found, which stand between its two
/// parts; one kind of rows after the other, for what is bound costs more than what
/// stands in the statement.
async fn with_keys(
    statement: impl Fn(&str) -> (String, &'static str),
    keys: &[KeyRow],
    connection: &mut SqliteConnection,
) -> sqlx::Result<()> {
    for of_kind in keys.chunk_by(|one, next| one.0 == next.0) {
        for batch in of_kind.chunks(batch::MOST) {
            let (before, after) = statement(batch[0].0);
            let mut query = sqlx::query(batch::over(&before, 2, batch.len(), after));
            for (_, value, email) in batch {
                query = query.bind(Arc::clone(value)).bind(Arc::clone(email));
            }
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Makes anew what all contacts are found by: after a step of the schema, and
/// after a copy.
pub(super) async fn find_anew(connection: &mut SqliteConnection, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let (mut after, mut keys) = (String::new(), KeyChanges::default());
    loop {
        let rows =
            sqlx::query("SELECT email, record FROM contact WHERE email > ? ORDER BY email LIMIT ?")
                .bind(&after)
                .bind(u32::try_from(BATCH).unwrap_or(u32::MAX))
                .fetch_all(&mut *connection)
                .await
                .map_err(wrong)?;
        let Some(last) = rows.last() else {
            return write_keys(connection, &mut keys).await.map_err(wrong);
        };
        after = last.try_get("email").map_err(wrong)?;
        let mut words = Vec::new();
        for row in &rows {
            let contact = contact(place, row)?;
            words.push((contact.email.to_string(), keys.add(None, &contact)));
        }
        sqlx::query(
            "UPDATE contact SET words = said.value ->> 1 FROM json_each(?) AS said \
             WHERE contact.email = said.value ->> 0",
        )
        .bind(json(&words))
        .execute(&mut *connection)
        .await
        .map_err(wrong)?;
        write_many_keys(connection, &mut keys)
            .await
            .map_err(wrong)?;
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
