//! The whole file in pages: one read transaction, or one that writes.

use super::rows::json;
use super::{Result, SqliteStore, rows};
use crate::store::archive::{Archive, Cell, Kind, Layout, Part, Reading, Row, Writing, is_empty};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, Sqlite, Transaction};

struct Whole {
    place: String,
    transaction: Transaction<'static, Sqlite>,
}

#[async_trait]
impl Archive for SqliteStore {
    async fn schema(&self) -> Result<i64> {
        sqlx::query("PRAGMA user_version")
            .fetch_one(&self.readers)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(|error| self.failed(error))
    }

    async fn read_whole(&self) -> Result<Box<dyn Reading>> {
        let transaction = self
            .readers
            .begin()
            .await
            .map_err(|error| self.failed(error))?;
        let mut whole = Whole {
            place: self.place.clone(),
            transaction,
        };
        // The first question fixes the moment that all the others are asked of.
        whole.count(Part::Head).await?;
        Ok(Box::new(whole))
    }

    async fn write_whole(&self) -> Result<Option<Box<dyn Writing>>> {
        let transaction = self.begin().await?;
        let mut whole = Whole {
            place: self.place.clone(),
            transaction,
        };
        if !is_empty(&mut whole).await? {
            return Ok(None);
        }
        // It comes with the others.
        sqlx::query("DELETE FROM log_head")
            .execute(&mut *whole.transaction)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(Some(Box::new(whole)))
    }
}

#[async_trait]
impl Reading for Whole {
    async fn page(&mut self, part: Part, after: &Cell) -> Result<Vec<Row>> {
        let layout = part.layout();
        let (names, table, key) = (layout.names(), layout.table, layout.key());
        let question =
            format!("SELECT {names} FROM {table} WHERE {key} > ?1 ORDER BY {key} LIMIT ?2");
        let query = sqlx::query(AssertSqlSafe(question));
        let query = match after {
            Cell::Null => query.bind(None::<i64>),
            Cell::Whole(number) => query.bind(*number),
            Cell::Text(text) => query.bind(text),
            Cell::Bytes(bytes) => query.bind(bytes),
        };
        let found = query
            .bind(layout.page)
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(|error| rows::failed(&self.place, error))?;
        found
            .iter()
            .map(|row| read(row, &layout).map_err(|error| rows::failed(&self.place, error)))
            .collect()
    }

    async fn count(&mut self, part: Part) -> Result<u64> {
        let question = format!("SELECT count(*) FROM {}", part.layout().table);
        let count: i64 = sqlx::query(AssertSqlSafe(question))
            .fetch_one(&mut *self.transaction)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(|error| rows::failed(&self.place, error))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

fn read(row: &SqliteRow, layout: &Layout) -> sqlx::Result<Row> {
    let kinds = layout.columns.iter().enumerate();
    kinds
        .map(|(column, (_, kind))| {
            Ok(match kind {
                Kind::Whole => row.try_get::<Option<_>, _>(column)?.map(Cell::Whole),
                Kind::Text => row.try_get::<Option<_>, _>(column)?.map(Cell::Text),
                Kind::Bytes => row.try_get::<Option<_>, _>(column)?.map(Cell::Bytes),
            }
            .unwrap_or(Cell::Null))
        })
        .collect()
}

#[async_trait]
impl Writing for Whole {
    async fn add(&mut self, part: Part, rows: Vec<Row>) -> Result<()> {
        let added = match part {
            Part::Contents | Part::Bounces | Part::BounceKey | Part::ErasureKey => {
                self.add_octets(&part.layout(), rows).await
            }
            Part::Contacts
            | Part::Suppressions
            | Part::Distributions
            | Part::Plans
            | Part::States
            | Part::Leases
            | Part::Approvals
            | Part::Agreements
            | Part::Log
            | Part::Head
            | Part::Heartbeat
            | Part::Accounts
            | Part::Acts
            | Part::Imports
            | Part::ImportEntries
            | Part::Tokens
            | Part::Forgotten
            | Part::Aliases
            | Part::Distinct => self.add_plain(&part.layout(), rows).await,
        };
        added.map_err(|error| super::rows::failed(&self.place, error))
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        super::contacts::find_anew(&mut self.transaction, &self.place).await?;
        self.transaction
            .commit()
            .await
            .map_err(|error| rows::failed(&self.place, error))
    }
}

impl Whole {
    /// Rows without octets, in one statement.
    async fn add_plain(&mut self, layout: &Layout, rows: Vec<Row>) -> sqlx::Result<()> {
        let values: Vec<_> = (0..layout.columns.len())
            .map(|column| format!("value ->> {column}"))
            .collect();
        let statement = format!(
            "INSERT INTO {} ({}) SELECT {} FROM json_each(?)",
            layout.table,
            layout.names(),
            values.join(", ")
        );
        let rows: Vec<Vec<_>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(plain).collect())
            .collect();
        sqlx::query(AssertSqlSafe(statement))
            .bind(json(&rows))
            .execute(&mut *self.transaction)
            .await
            .map(drop)
    }

    /// Rows with octets, one by one.
    async fn add_octets(&mut self, layout: &Layout, rows: Vec<Row>) -> sqlx::Result<()> {
        let places = vec!["?"; layout.columns.len()].join(", ");
        let (table, names) = (layout.table, layout.names());
        let statement = format!("INSERT INTO {table} ({names}) VALUES ({places})");
        for row in rows {
            let mut query = sqlx::query(AssertSqlSafe(statement.clone()));
            for cell in row {
                query = match cell {
                    Cell::Null => query.bind(None::<String>),
                    Cell::Whole(number) => query.bind(number),
                    Cell::Text(text) => query.bind(text),
                    Cell::Bytes(bytes) => query.bind(bytes),
                };
            }
            query.execute(&mut *self.transaction).await?;
        }
        Ok(())
    }
}

fn plain(cell: Cell) -> serde_json::Value {
    match cell {
        // A table with octets does not come this way.
        Cell::Null | Cell::Bytes(_) => serde_json::Value::Null,
        Cell::Whole(number) => number.into(),
        Cell::Text(text) => text.into(),
    }
}
