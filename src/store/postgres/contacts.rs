//! Contacts: many at once, written with what they are found by.

use super::erasure::among;
use super::rows::{failed, get};
use super::{PostgresStore, Result};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::store::Imported;
use crate::store::imports::Written;
use crate::store::people::{KeyChanges, KeyRow};
use crate::store::values::from_json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres, Transaction};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Contacts in one statement.
const BATCH: usize = 500;
/// Rows by which they are found in one statement.
const KEYS: usize = 5000;

pub(super) async fn import(store: &PostgresStore, contacts: &[Contact]) -> Result<Imported> {
    let wrong = |error| store.failed(error);
    let mut transaction = begin_alone(store).await?;
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
    store.commit(transaction).await?;
    Ok(imported)
}

/// Begins what nobody else changes contacts beside: two imports at once would
/// each take the other's contacts for new.
pub(super) async fn begin_alone(store: &PostgresStore) -> Result<Transaction<'static, Postgres>> {
    let mut transaction = store.begin().await?;
    lock_contacts(&mut transaction)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(transaction)
}

/// Sees that nobody else changes contacts until the transaction ends.
pub(super) async fn lock_contacts(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("LOCK TABLE contact IN SHARE ROW EXCLUSIVE MODE")
        .execute(connection)
        .await
        .map(drop)
}

async fn import_batch(
    store: &PostgresStore,
    connection: &mut PgConnection,
    batch: &[Contact],
    (imported, keys): (&mut Imported, &mut KeyChanges),
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
    let written = written.iter().map(|(old, new)| Written::new(*old, new));
    write_records(connection, written.collect(), keys)
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

/// Writes a contact after the one it follows, and what it is found by.
pub(super) async fn write(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    contacts: Vec<Written<'_>>,
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    // A statement may change a row but once: the last word on an address counts.
    let last: BTreeMap<_, _> = contacts
        .into_iter()
        .map(|one| (one.new.email.to_string(), one))
        .collect();
    let [mut emails, mut ids, mut records, mut words] = [const { Vec::new() }; 4];
    for (email, one) in last {
        emails.push(email);
        ids.push(one.new.id.to_string());
        words.push(keys.add(one.old, one.new));
        records.push(one.record);
    }
    // Who is a contact again went into nobody.
    sqlx::query("DELETE FROM contact_alias WHERE email = ANY($1)")
        .bind(&emails)
        .execute(&mut *connection)
        .await?;
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
    write_many_keys(connection, keys).await
}

/// Takes contacts away; what they were found by is gathered as the others' is.
pub(super) async fn remove_records(
    connection: &mut PgConnection,
    contacts: &[&Contact],
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    for contact in contacts {
        keys.remove(contact);
    }
    let emails = contacts.iter().map(|contact| contact.email.to_string());
    sqlx::query("DELETE FROM contact WHERE email = ANY($1)")
        .bind(emails.collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    write_many_keys(connection, keys).await
}

/// Writes what contacts are found by where much of it is gathered.
async fn write_many_keys(connection: &mut PgConnection, keys: &mut KeyChanges) -> sqlx::Result<()> {
    if keys.are_many() {
        write_keys(connection, keys).await?;
    }
    Ok(())
}

/// Writes what contacts are found by, and that they have changed.
pub(super) async fn write_keys(
    connection: &mut PgConnection,
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    let [gone, new] = keys.take();
    with_keys(
        "DELETE FROM contact_key USING UNNEST($1::text[], $2::text[], $3::text[]) AS gone (kind, value, email) \
         WHERE contact_key.kind = gone.kind AND contact_key.value = gone.value AND contact_key.email = gone.email",
        &gone,
        connection,
    )
    .await?;
    with_keys(
        "INSERT INTO contact_key (kind, value, email) \
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING",
        &new,
        connection,
    )
    .await?;
    sqlx::query("UPDATE contact_book SET version = version + 1")
        .execute(connection)
        .await
        .map(drop)
}

/// A statement about rows by which contacts are found: one array a column.
async fn with_keys(
    statement: &'static str,
    keys: &[KeyRow],
    connection: &mut PgConnection,
) -> sqlx::Result<()> {
    for batch in keys.chunks(KEYS) {
        let column = |of: fn(&KeyRow) -> &str| batch.iter().map(of).collect::<Vec<_>>();
        sqlx::query(statement)
            .bind(column(|key| key.0))
            .bind(column(|key| &key.1))
            .bind(column(|key| &key.2))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Makes anew what all contacts are found by: after a step of the schema, and
/// after a copy.
pub(super) async fn find_anew(connection: &mut PgConnection, place: &str) -> Result<()> {
    let wrong = |error| failed(place, error);
    let (mut after, mut keys) = (String::new(), KeyChanges::default());
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
            return write_keys(connection, &mut keys).await.map_err(wrong);
        };
        after = get(place, last, "email")?;
        let (mut emails, mut words) = (Vec::new(), Vec::new());
        for row in &rows {
            let contact = contact(place, row)?;
            emails.push(contact.email.to_string());
            words.push(keys.add(None, &contact));
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
        write_many_keys(connection, &mut keys)
            .await
            .map_err(wrong)?;
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
