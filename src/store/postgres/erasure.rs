//! Tables opened cell by cell, and vacuumed after something was forgotten.

use super::contacts::{lock_contacts, remove_records, write, write_keys};
use super::open::{LOCKS, MIGRATIONS, connect};
use super::rows::{failed, get};
use super::turn::{Hold, lock_course};
use super::{PostgresStore, Result, bell, bounces, log};
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
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Row as _, Transaction};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The lock that whoever plans shares and whoever forgets holds alone: nobody is
/// planned for who is forgotten meanwhile.
const FORGET_LOCK: i32 = 3;

/// Looking through all tables takes its time.
const PATIENT: &str = "SET LOCAL statement_timeout = '10min'";

/// In the collation "C" only ASCII letters are folded, as in SQLite.
const DIALECT: Dialect = Dialect {
    place: '$',
    text_holds: |column, value| format!("strpos(lower({column} COLLATE \"C\"), {value}) > 0"),
    octets_hold: |column, value| {
        format!("strpos(lower(encode({column}, 'escape') COLLATE \"C\"), {value}) > 0")
    },
    octets_part: escaped,
    at: |column| format!("rtrim({column}::json ->> 'at', 'Z') COLLATE \"C\""),
};

/// A text as PostgreSQL's format `escape` has it: octets beyond ASCII in octal.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        match octet {
            b'\\' => out.push_str("\\\\"),
            0 | 0x80.. => out.push_str(&format!("\\{octet:03o}")),
            _ => out.push(char::from(octet)),
        }
    }
    out
}

/// The tables in one transaction.
pub(super) struct Open {
    place: String,
    transaction: Transaction<'static, Postgres>,
}

impl PostgresStore {
    /// Opens the tables to change them. Contacts, reports and plans wait meanwhile:
    /// each might write down once more what goes.
    async fn operate(&self) -> Result<Open> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.begin().await?;
        transaction.execute(PATIENT).await.map_err(wrong)?;
        lock_forgetting(&mut transaction, Hold::Alone)
            .await
            .map_err(wrong)?;
        lock_contacts(&mut transaction).await.map_err(wrong)?;
        bounces::lock_all(&mut transaction).await.map_err(wrong)?;
        Ok(self.opened_in(transaction))
    }

    /// Opens them to change what nobody else does.
    async fn quietly(&self) -> Result<Open> {
        let mut transaction = self.begin().await?;
        let patient = transaction.execute(PATIENT).await;
        patient.map_err(|error| self.failed(error))?;
        Ok(self.opened_in(transaction))
    }

    /// The tables in a transaction that has begun.
    pub(super) fn opened_in(&self, transaction: Transaction<'static, Postgres>) -> Open {
        Open {
            place: self.place.clone(),
            transaction,
        }
    }

    /// Opens them to look.
    pub(super) async fn look(&self) -> Result<Open> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.readers.begin().await.map_err(wrong)?;
        transaction.execute(PATIENT).await.map_err(wrong)?;
        Ok(self.opened_in(transaction))
    }
}

impl Open {
    /// Tells whoever listens, once it is committed, that there may be something new
    /// to do.
    pub(super) async fn ring(&mut self) -> Result<()> {
        let rung = bell::ring(&mut self.transaction).await;
        rung.map_err(|error| failed(&self.place, error))
    }
}

/// Keeps plans and erasures apart until the transaction ends.
pub(super) async fn lock_forgetting(connection: &mut PgConnection, hold: Hold) -> sqlx::Result<()> {
    let statement = match hold {
        Hold::Shared => "SELECT pg_advisory_xact_lock_shared($1, $2)",
        Hold::Alone => "SELECT pg_advisory_xact_lock($1, $2)",
    };
    sqlx::query(statement)
        .bind(LOCKS)
        .bind(FORGET_LOCK)
        .execute(connection)
        .await
        .map(drop)
}

#[async_trait]
impl Erasure for PostgresStore {
    async fn forgotten(&self, emails: &[EmailAddress]) -> Result<HashMap<String, Forgotten>> {
        self.within(async { access::forgotten(&mut self.look().await?, emails).await })
            .await
    }

    async fn forgotten_count(&self) -> Result<u64> {
        let ask = Statement::new(&DIALECT, "SELECT count(*) FROM forgotten");
        self.within(async { access::count(&mut self.look().await?, ask).await })
            .await
    }

    async fn forget(&self, wish: Forgetting<'_>) -> Result<Forgot> {
        let mut open = self.operate().await?;
        let forgot = forget::forget(&mut open, &wish).await?;
        if let Forgot::Done(_) = &forgot {
            open.ring().await?;
            Box::new(open).commit().await?;
        }
        Ok(forgot)
    }

    async fn sweep(&self) -> Result<Swept> {
        let wrong = |error| self.failed(error);
        let tables = self.look().await?.tables().await?;
        let mut connection = connect(&self.options).await.map_err(wrong)?;
        connection
            .execute("SET statement_timeout = 0")
            .await
            .map_err(wrong)?;
        // What is frozen is large, and nothing of it goes.
        for table in tables.iter().filter(|table| table.name != "content") {
            let statement = format!("VACUUM {}", table.name);
            connection
                .execute(AssertSqlSafe(statement))
                .await
                .map_err(wrong)?;
        }
        connection
            .execute("UPDATE forgotten SET swept = 1 WHERE swept = 0")
            .await
            .map_err(wrong)?;
        drop(connection.close().await);
        Ok(Swept::Clean)
    }

    async fn remember(&self, email: &EmailAddress) -> Result<bool> {
        self.within(async {
            let mut open = self.quietly().await?;
            let lifted = access::remember(&mut open, email).await?;
            Box::new(open).commit().await?;
            Ok(lifted)
        })
        .await
    }

    async fn holdings(&self, email: &EmailAddress) -> Result<Vec<Holding>> {
        access::holdings(&mut self.look().await?, email).await
    }

    async fn retain(&self, cuts: &[Cut], now: Timestamp, really: Really) -> Result<Vec<Gone>> {
        retain::retain(self, cuts, now, really).await
    }
}

#[async_trait]
impl Opens for PostgresStore {
    async fn opened(&self, really: Really) -> Result<Box<dyn Surgery>> {
        Ok(Box::new(match really {
            Really::Asked => self.look().await?,
            Really::Done => self.quietly().await?,
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
        // A database may hold tables that are none of ours.
        let known = made_by(&MIGRATIONS);
        let rows = sqlx::query(
            "SELECT made.relname::text AS made, col.attname::text AS name, format_type(col.atttypid, NULL) AS kind, \
                 coalesce(col.attnum = ANY(key.indkey), false) AS key \
             FROM pg_class AS made JOIN pg_namespace AS room ON room.oid = made.relnamespace \
             JOIN pg_attribute AS col ON col.attrelid = made.oid AND col.attnum > 0 AND NOT col.attisdropped AND col.attgenerated = '' \
             LEFT JOIN pg_index AS key ON key.indrelid = made.oid AND key.indisprimary \
             WHERE made.relkind IN ('r', 'p') AND room.nspname = current_schema() ORDER BY made.relname, col.attnum",
        )
        .fetch_all(&mut *self.transaction)
        .await
        .map_err(|error| failed(&self.place, error))?;
        let mut tables: Vec<Table> = Vec::new();
        for row in &rows {
            let name: String = get(&self.place, row, "made")?;
            let column = column(&self.place, row)?;
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
            .map_err(|error| failed(&self.place, error))?;
        found
            .iter()
            .map(|row| cells(row, kinds).map_err(|error| failed(&self.place, error)))
            .collect()
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        let done = bound(statement)
            .execute(&mut *self.transaction)
            .await
            .map_err(|error| failed(&self.place, error))?;
        Ok(done.rows_affected())
    }

    async fn hold(&mut self, distributions: &BTreeSet<String>) -> Result<()> {
        for id in distributions {
            lock_course(&mut self.transaction, id, Hold::Alone)
                .await
                .map_err(|error| failed(&self.place, error))?;
        }
        Ok(())
    }

    async fn change_contact(&mut self, old: &Contact, new: Option<&Contact>) -> Result<()> {
        let connection = &mut *self.transaction;
        let done = match new {
            Some(new) => write(connection, Some(old), new).await,
            None => remove(connection, old).await,
        };
        done.map_err(|error| failed(&self.place, error))
    }

    async fn append(&mut self, events: &[LogEvent]) -> Result<()> {
        let events: Vec<_> = events.iter().collect();
        log::append(&mut self.transaction, &events)
            .await
            .map_err(|error| failed(&self.place, error))
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        let Self { place, transaction } = *self;
        let done = transaction.commit().await;
        done.map_err(|error| failed(&place, error))
    }
}

async fn remove(connection: &mut PgConnection, old: &Contact) -> sqlx::Result<()> {
    let mut keys = KeyChanges::default();
    remove_records(connection, &[old], &mut keys).await?;
    write_keys(connection, &mut keys).await
}

fn column(place: &str, row: &PgRow) -> Result<Column> {
    let kind: String = get(place, row, "kind")?;
    Ok(Column {
        name: get(place, row, "name")?,
        kind: match kind.as_str() {
            "text" => Kind::Text,
            "bytea" => Kind::Bytes,
            _ => Kind::Whole,
        },
        key: get(place, row, "key")?,
    })
}

type Query<'q> = sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments>;

fn bound<'q>(statement: Statement) -> Query<'q> {
    let mut query = sqlx::query(AssertSqlSafe(statement.sql));
    for value in statement.values {
        query = match value {
            Cell::Null => query.bind(None::<String>),
            Cell::Whole(number) => query.bind(number),
            // No text in PostgreSQL holds NUL.
            Cell::Text(text) => query.bind(text.replace('\0', "\u{fffd}")),
            Cell::Bytes(octets) => query.bind(octets),
        };
    }
    query
}

fn cells(row: &PgRow, kinds: &[Kind]) -> sqlx::Result<Row> {
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
    connection: &mut PgConnection,
    place: &str,
    emails: &[EmailAddress],
) -> Result<HashSet<EmailAddress>> {
    let row = sqlx::query("SELECT octets FROM erasure_key")
        .fetch_optional(&mut *connection)
        .await
        .map_err(|error| failed(place, error))?;
    let Some(row) = row else {
        return Ok(HashSet::new());
    };
    let octets: Vec<u8> = get(place, &row, "octets")?;
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
    connection: &mut PgConnection,
    place: &str,
    key: &[u8],
    emails: &[&EmailAddress],
) -> Result<HashSet<EmailAddress>> {
    let wrong = |error| failed(place, error);
    let key = self::key(place, key)?;
    let hashes: Vec<_> = emails.iter().map(|email| key.hash(email)).collect();
    let rows = sqlx::query("SELECT hash FROM forgotten WHERE hash = ANY($1)")
        .bind(&hashes)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_beyond_ascii_are_looked_for_in_octal() {
        assert_eq!(escaped("anna@example.org"), "anna@example.org");
        assert_eq!(escaped("я\\"), "\\321\\217\\\\");
    }
}
