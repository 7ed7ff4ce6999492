//! Tables opened cell by cell, and nothing left in free pages or in the write-ahead
//! log of what was forgotten.

use super::contacts::{remove_records, write, write_keys};
use super::open::MIGRATIONS;
use super::{Result, SqliteStore, log, rows};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::log::LogEvent;
use crate::domain::retention::{Cut, Gone};
use crate::store::archive::{Cell, Kind, Row};
use crate::store::erasure::{Erasure, Forgetting, Forgot, Forgotten, Holding, Really, Swept, key};
use crate::store::people::KeyChanges;
use crate::store::surgery::{Column, Dialect, Opens, Statement, Surgery, Table, made_by};
use crate::store::{access, forget, retain};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Executor, Row as _, Sqlite, SqliteConnection, Transaction};
use std::collections::{BTreeSet, HashMap, HashSet};

/// `lower` folds ASCII letters alone, here as where something is looked for.
const DIALECT: Dialect = Dialect {
    place: '?',
    text_holds: |column, value| format!("instr(lower({column}), {value}) > 0"),
    octets_hold: |column, value| format!("instr(lower(CAST({column} AS TEXT)), {value}) > 0"),
    octets_part: str::to_owned,
    at: |column| format!("rtrim({column} ->> 'at', 'Z')"),
};

/// The tables in one transaction.
pub(super) struct Open {
    place: String,
    transaction: Transaction<'static, Sqlite>,
}

impl SqliteStore {
    /// Opens the tables to change them. What is deleted or written over is written
    /// over with zeros until the connection is told otherwise.
    async fn operate(&self) -> Result<Open> {
        self.secure_delete(true).await?;
        Ok(self.opened_in(self.begin().await?))
    }

    /// The tables in a transaction that has begun.
    pub(super) fn opened_in(&self, transaction: Transaction<'static, Sqlite>) -> Open {
        Open {
            place: self.place.clone(),
            transaction,
        }
    }

    /// Opens them to look.
    pub(super) async fn look(&self) -> Result<Open> {
        let transaction = self.readers.begin().await;
        Ok(self.opened_in(transaction.map_err(|error| self.failed(error))?))
    }

    /// Sends need no zeros in their wake: they cost writes.
    async fn secure_delete(&self, on: bool) -> Result<()> {
        let pragma = if on {
            "PRAGMA secure_delete = ON"
        } else {
            "PRAGMA secure_delete = OFF"
        };
        let told = self.writer.execute(pragma).await;
        told.map(drop).map_err(|error| self.failed(error))
    }

    /// Brings everything from the write-ahead log into the file and empties the
    /// log. Answers false where somebody still reads from it.
    async fn empty_wal(&self) -> Result<bool> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        let busy: i64 = row.try_get(0).map_err(|error| self.failed(error))?;
        Ok(busy == 0)
    }

    /// Writes the file anew: its free pages, and what is free within its pages,
    /// go with the old one. The new one is laid out in a file, for it may be
    /// larger than the memory.
    async fn write_anew(&self) -> Result<()> {
        for statement in [
            "PRAGMA temp_store = FILE",
            "VACUUM",
            "PRAGMA temp_store = MEMORY",
        ] {
            let done = self.writer.execute(statement).await;
            done.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }
}

#[async_trait]
impl Erasure for SqliteStore {
    async fn forgotten(&self, emails: &[EmailAddress]) -> Result<HashMap<String, Forgotten>> {
        access::forgotten(&mut self.look().await?, emails).await
    }

    async fn forgotten_count(&self) -> Result<u64> {
        let ask = Statement::new(&DIALECT, "SELECT count(*) FROM forgotten");
        access::count(&mut self.look().await?, ask).await
    }

    async fn forget(&self, wish: Forgetting<'_>) -> Result<Forgot> {
        let mut open = self.operate().await?;
        let forgot = forget::forget(&mut open, &wish).await;
        if let Ok(Forgot::Done(_)) = &forgot {
            Box::new(open).commit().await?;
        } else {
            drop(open);
        }
        self.secure_delete(false).await?;
        self.ring();
        forgot
    }

    async fn sweep(&self) -> Result<Swept> {
        if !self.empty_wal().await? {
            return Ok(Swept::Pending("somebody reads from the store".to_owned()));
        }
        if let Err(error) = self.write_anew().await {
            return Ok(Swept::Pending(error.to_string()));
        }
        // What it replaced still lies behind it.
        if !self.empty_wal().await? {
            return Ok(Swept::Pending("somebody reads from the store".to_owned()));
        }
        let marked = sqlx::query("UPDATE forgotten SET swept = 1 WHERE swept = 0")
            .execute(&self.writer)
            .await;
        marked.map_err(|error| self.failed(error))?;
        Ok(Swept::Clean)
    }

    async fn remember(&self, email: &EmailAddress) -> Result<bool> {
        let mut open = self.operate().await?;
        let lifted = access::remember(&mut open, email).await?;
        Box::new(open).commit().await?;
        self.secure_delete(false).await?;
        Ok(lifted)
    }

    async fn holdings(&self, email: &EmailAddress) -> Result<Vec<Holding>> {
        access::holdings(&mut self.look().await?, email).await
    }

    async fn retain(&self, cuts: &[Cut], now: Timestamp, really: Really) -> Result<Vec<Gone>> {
        let all = retain::retain(self, cuts, now, really).await?;
        if really == Really::Done {
            self.secure_delete(false).await?;
            // Where somebody reads, it is emptied another time.
            self.empty_wal().await?;
        }
        Ok(all)
    }
}

#[async_trait]
impl Opens for SqliteStore {
    async fn opened(&self, really: Really) -> Result<Box<dyn Surgery>> {
        Ok(Box::new(match really {
            Really::Asked => self.look().await?,
            Really::Done => self.operate().await?,
        }))
    }
}

#[async_trait]
impl Surgery for Open {
    fn place(&self) -> &str {
        &self.place
    }

    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    async fn tables(&mut self) -> Result<Vec<Table>> {
        let known = made_by(&MIGRATIONS);
        let rows = sqlx::query(
            "SELECT made.name, col.name, col.type, col.pk > 0 FROM sqlite_schema AS made \
             JOIN pragma_table_info(made.name) AS col WHERE made.type = 'table' ORDER BY made.name, col.cid",
        )
        .fetch_all(&mut *self.transaction)
        .await
        .map_err(|error| rows::failed(&self.place, error))?;
        let mut tables: Vec<Table> = Vec::new();
        for row in &rows {
            let (name, column) = column(row).map_err(|error| rows::failed(&self.place, error))?;
            match tables.last_mut() {
                Some(table) if table.name == name => table.columns.push(column),
                Some(_) | None => tables.push(Table {
                    name,
                    columns: vec![column],
                }),
            }
        }
        tables.retain(|table| known.contains(&table.name));
        Ok(tables)
    }

    async fn fetch(&mut self, statement: Statement, kinds: &[Kind]) -> Result<Vec<Row>> {
        let found = bound(statement)
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(|error| rows::failed(&self.place, error))?;
        found
            .iter()
            .map(|row| cells(row, kinds).map_err(|error| rows::failed(&self.place, error)))
            .collect()
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        let done = bound(statement)
            .execute(&mut *self.transaction)
            .await
            .map_err(|error| rows::failed(&self.place, error))?;
        Ok(done.rows_affected())
    }

    async fn hold(&mut self, _: &BTreeSet<String>) -> Result<()> {
        // There is one writer, and it is this one.
        Ok(())
    }

    async fn change_contact(&mut self, old: &Contact, new: Option<&Contact>) -> Result<()> {
        let connection = &mut *self.transaction;
        let done = match new {
            Some(new) => write(connection, Some(old), new).await,
            None => remove(connection, old).await,
        };
        done.map_err(|error| rows::failed(&self.place, error))
    }

    async fn append(&mut self, events: &[LogEvent]) -> Result<()> {
        let events: Vec<_> = events.iter().collect();
        log::append(&mut self.transaction, &events)
            .await
            .map_err(|error| rows::failed(&self.place, error))
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        let Self { place, transaction } = *self;
        let done = transaction.commit().await;
        done.map_err(|error| rows::failed(&place, error))
    }
}

async fn remove(connection: &mut SqliteConnection, old: &Contact) -> sqlx::Result<()> {
    let mut keys = KeyChanges::default();
    remove_records(connection, &[old], &mut keys).await?;
    write_keys(connection, &mut keys).await
}

fn column(row: &SqliteRow) -> sqlx::Result<(String, Column)> {
    let kind: String = row.try_get(2)?;
    let column = Column {
        name: row.try_get(1)?,
        kind: match kind.as_str() {
            "TEXT" => Kind::Text,
            "BLOB" => Kind::Bytes,
            _ => Kind::Whole,
        },
        key: row.try_get(3)?,
    };
    Ok((row.try_get(0)?, column))
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound<'q>(statement: Statement) -> Query<'q> {
    let mut query = sqlx::query(AssertSqlSafe(statement.sql));
    for value in statement.values {
        query = match value {
            Cell::Null => query.bind(None::<String>),
            Cell::Whole(number) => query.bind(number),
            Cell::Text(text) => query.bind(text),
            Cell::Bytes(octets) => query.bind(octets),
        };
    }
    query
}

fn cells(row: &SqliteRow, kinds: &[Kind]) -> sqlx::Result<Row> {
    let kinds = kinds.iter().enumerate();
    kinds
        .map(|(at, kind)| {
            let cell = match kind {
                Kind::Whole => row.try_get::<Option<_>, _>(at)?.map(Cell::Whole),
                Kind::Text => row.try_get::<Option<_>, _>(at)?.map(Cell::Text),
                Kind::Bytes => row.try_get::<Option<_>, _>(at)?.map(Cell::Bytes),
            };
            Ok(cell.unwrap_or(Cell::Null))
        })
        .collect()
}

/// Those of some addresses that were forgotten: they are written down nowhere.
pub(super) async fn among(
    connection: &mut SqliteConnection,
    place: &str,
    emails: &[EmailAddress],
) -> Result<HashSet<EmailAddress>> {
    let row = sqlx::query("SELECT octets FROM erasure_key")
        .fetch_optional(&mut *connection)
        .await
        .map_err(|error| rows::failed(place, error))?;
    let Some(row) = row else {
        return Ok(HashSet::new());
    };
    let octets: Vec<u8> = row.try_get(0).map_err(|error| rows::failed(place, error))?;
    known(
        connection,
        place,
        &octets,
        &emails.iter().collect::<Vec<_>>(),
    )
    .await
}

/// The same where the key is at hand.
pub(super) async fn known(
    connection: &mut SqliteConnection,
    place: &str,
    key: &[u8],
    emails: &[&EmailAddress],
) -> Result<HashSet<EmailAddress>> {
    let wrong = |error| rows::failed(place, error);
    let key = self::key(place, key)?;
    let hashes: Vec<_> = emails.iter().map(|email| key.hash(email)).collect();
    let rows =
        sqlx::query("SELECT hash FROM forgotten WHERE hash IN (SELECT value FROM json_each(?))")
            .bind(rows::json(&hashes))
            .fetch_all(connection)
            .await
            .map_err(wrong)?;
    let found: HashSet<String> = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<sqlx::Result<_>>()
        .map_err(wrong)?;
    let pairs = emails.iter().zip(&hashes);
    let known = pairs.filter(|(_, hash)| found.contains(*hash));
    Ok(known.map(|(email, _)| (*email).clone()).collect())
}
