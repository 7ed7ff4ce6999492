//! Many contacts changed at once, and undone.

use super::contacts::{remove_records, write_keys, write_records};
use super::erasure::among;
use super::rows::{from_json, json};
use super::{Result, SqliteStore, batch};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::ids::ImportId;
use crate::domain::import_record::{ImportRecord, KEPT, Undone};
use crate::store::imports::{
    BATCH, Back, Changed, ContactChange, Imports, Kept, UndoOutcome, Written, bounds, gone,
    in_order, kept, new_addresses, stale, written,
};
use crate::store::people::KeyChanges;
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

#[async_trait]
impl Imports for SqliteStore {
    async fn contacts_with(&self, emails: &[EmailAddress]) -> Result<HashMap<String, Contact>> {
        let mut found = HashMap::new();
        let mut reader = self
            .readers
            .acquire()
            .await
            .map_err(|error| self.failed(error))?;
        for batch in emails.chunks(BATCH) {
            let emails: Vec<_> = batch.iter().map(ToString::to_string).collect();
            found.extend(contacts(self, &mut reader, &emails).await?);
        }
        Ok(found)
    }

    async fn change_contacts(
        &self,
        changes: &[ContactChange],
        record: &ImportRecord,
    ) -> Result<Changed> {
        let mut transaction = self.begin().await?;
        let changed = change_all(self, &mut transaction, changes, record).await?;
        if changed == Changed::Done {
            transaction
                .commit()
                .await
                .map_err(|error| self.failed(error))?;
            self.folder.wrote(changes.len());
        }
        Ok(changed)
    }

    async fn imports(&self) -> Result<Vec<ImportRecord>> {
        let rows = sqlx::query("SELECT record FROM contact_import ORDER BY id DESC")
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        rows.iter()
            .map(|row| {
                let record: String = row.try_get(0).map_err(|error| self.failed(error))?;
                from_json(&self.place, "import", &record)
            })
            .collect()
    }

    async fn undo_import(&self, id: ImportId, undone: &Undone) -> Result<UndoOutcome> {
        let mut transaction = self.begin().await?;
        let found = sqlx::query("SELECT record FROM contact_import WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| self.failed(error))?;
        let Some(row) = found else {
            return Ok(UndoOutcome::Unknown);
        };
        let record: String = row.try_get(0).map_err(|error| self.failed(error))?;
        let record: ImportRecord = from_json(&self.place, "import", &record)?;
        if let Some(before) = record.undone {
            return Ok(UndoOutcome::Before(before));
        }
        let outcome = restore(self, &mut transaction, id).await?;
        let UndoOutcome::Done { .. } = outcome else {
            return Ok(outcome);
        };
        let record = ImportRecord {
            undone: Some(undone.clone()),
            ..record
        };
        end(&mut transaction, &record)
            .await
            .map_err(|error| self.failed(error))?;
        transaction
            .commit()
            .await
            .map_err(|error| self.failed(error))?;
        Ok(outcome)
    }
}

/// Changes contacts and keeps what they were; where one is not what it was, what
/// was done is to be rolled back.
pub(super) async fn change_all(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    changes: &[ContactChange],
    record: &ImportRecord,
) -> Result<Changed> {
    let (mut all_stale, mut keys) = (Vec::new(), KeyChanges::default());
    let new: Vec<_> = new_addresses(changes);
    all_stale.extend(among(&mut *connection, &store.place, &new).await?);
    for batch in in_order(changes).chunks(BATCH) {
        let (kept, written) = kept(record.id, batch);
        let emails: Vec<_> = kept.iter().map(|one| one.email().to_owned()).collect();
        let known = records(&mut *connection, &emails)
            .await
            .map_err(|error| store.failed(error))?;
        all_stale.extend(stale(&store.place, batch, &kept, &known)?);
        if all_stale.is_empty() {
            change(&mut *connection, written, &gone(batch), &mut keys)
                .await
                .map_err(|error| store.failed(error))?;
            keep_changes(&mut *connection, &kept)
                .await
                .map_err(|error| store.failed(error))?;
        }
    }
    if !all_stale.is_empty() {
        return Ok(Changed::Stale(all_stale));
    }
    write_keys(&mut *connection, &mut keys)
        .await
        .map_err(|error| store.failed(error))?;
    keep(connection, record)
        .await
        .map_err(|error| store.failed(error))?;
    Ok(Changed::Done)
}

/// The records of these addresses, as they are written.
async fn records(
    connection: &mut SqliteConnection,
    emails: &[String],
) -> sqlx::Result<HashMap<String, String>> {
    let rows = sqlx::query(
        "SELECT email, record FROM contact WHERE email IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&emails))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

async fn contacts(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    emails: &[String],
) -> Result<HashMap<String, Contact>> {
    let records = records(connection, emails)
        .await
        .map_err(|error| store.failed(error))?;
    records
        .into_iter()
        .map(|(email, record)| Ok((email, from_json(&store.place, "contact", &record)?)))
        .collect()
}

/// Changes contacts; what they are found by is to be written yet.
async fn change(
    connection: &mut SqliteConnection,
    written: Vec<Written<'_>>,
    gone: &[&Contact],
    keys: &mut KeyChanges,
) -> sqlx::Result<()> {
    write_records(connection, written, keys).await?;
    remove_records(connection, gone, keys).await
}

/// Keeps what contacts were.
async fn keep_changes(connection: &mut SqliteConnection, kept: &[Kept]) -> sqlx::Result<()> {
    for rows in kept.chunks(batch::MOST) {
        let mut insert = sqlx::query(batch::over(
            "INSERT INTO contact_import_entry (entry, before, after) \
             SELECT column1, column2, column3 FROM",
            3,
            rows.len(),
            "WHERE column1 IS NOT NULL",
        ));
        for kept in rows {
            insert = insert
                .bind(&kept.entry)
                .bind(kept.before.as_deref())
                .bind(kept.after.as_deref());
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Writes the record of an import, and lets the changes of old ones go.
async fn keep(connection: &mut SqliteConnection, record: &ImportRecord) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO contact_import (id, record) VALUES (?, ?)")
        .bind(record.id.to_string())
        .bind(json(record))
        .execute(&mut *connection)
        .await?;
    // Entries are in the order of their imports.
    sqlx::query(
        "DELETE FROM contact_import_entry WHERE entry < \
         (SELECT id FROM contact_import ORDER BY id DESC LIMIT 1 OFFSET ?)",
    )
    .bind(i64::try_from(KEPT - 1).unwrap_or_default())
    .execute(connection)
    .await
    .map(drop)
}

/// Gives every contact of an import the record it had; one that has changed
/// since stops all.
async fn restore(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    id: ImportId,
) -> Result<UndoOutcome> {
    let wrong = |error| store.failed(error);
    let (mut after, end) = bounds(id);
    let (mut back, mut keys) = (Back::default(), KeyChanges::default());
    loop {
        let page = page(connection, &after, &end).await.map_err(wrong)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.entry);
        let emails: Vec<_> = page.iter().map(|one| one.email().to_owned()).collect();
        let now = records(connection, &emails).await.map_err(wrong)?;
        let changes = back.of(&store.place, &page, &now)?;
        let changes = in_order(&changes);
        change(connection, written(&changes), &gone(&changes), &mut keys)
            .await
            .map_err(wrong)?;
    }
    write_keys(connection, &mut keys).await.map_err(wrong)?;
    Ok(back.outcome())
}

async fn page(
    connection: &mut SqliteConnection,
    after: &str,
    end: &str,
) -> sqlx::Result<Vec<Kept>> {
    let rows = sqlx::query(
        "SELECT entry, before, after FROM contact_import_entry \
         WHERE entry > ? AND entry < ? ORDER BY entry LIMIT ?",
    )
    .bind(after)
    .bind(end)
    .bind(i64::try_from(BATCH).unwrap_or_default())
    .fetch_all(connection)
    .await?;
    rows.iter().map(kept_of).collect()
}

fn kept_of(row: &SqliteRow) -> sqlx::Result<Kept> {
    Ok(Kept {
        entry: row.try_get(0)?,
        before: row.try_get(1)?,
        after: row.try_get(2)?,
    })
}

/// Marks an import as undone; what it changed is of no use any more.
async fn end(connection: &mut SqliteConnection, record: &ImportRecord) -> sqlx::Result<()> {
    sqlx::query("UPDATE contact_import SET record = ? WHERE id = ?")
        .bind(json(record))
        .bind(record.id.to_string())
        .execute(&mut *connection)
        .await?;
    let (after, end) = bounds(record.id);
    sqlx::query("DELETE FROM contact_import_entry WHERE entry > ? AND entry < ?")
        .bind(after)
        .bind(end)
        .execute(connection)
        .await
        .map(drop)
}
