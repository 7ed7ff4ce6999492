//! The whole database in pages: one read transaction, or one that writes.

use super::rows::{failed, number};
use super::{PostgresStore, Result, open};
use crate::store::archive::{Archive, Cell, Kind, Layout, Part, Reading, Row, Writing, is_empty};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Executor, Postgres, Row as _, Transaction};

/// The other store may take its time.
const PATIENT: &str =
    "SET LOCAL idle_in_transaction_session_timeout = '1h'; SET LOCAL statement_timeout = '1h'";

/// Where the numbers go on that nobody else has.
const NUMBERS: [&str; 5] = [
    "SELECT setval('delivery_n', max(n)) FROM delivery_plan HAVING max(n) > 0",
    "SELECT setval(pg_get_serial_sequence('approval', 'seq'), max(seq)) FROM approval HAVING max(seq) > 0",
    "SELECT setval(pg_get_serial_sequence('agreement', 'seq'), max(seq)) FROM agreement HAVING max(seq) > 0",
    "SELECT setval(pg_get_serial_sequence('act', 'seq'), max(seq)) FROM act HAVING max(seq) > 0",
    "SELECT setval(pg_get_serial_sequence('bounce', 'seq'), max(seq)) FROM bounce HAVING max(seq) > 0",
];

struct Whole {
    place: String,
    transaction: Transaction<'static, Postgres>,
}

#[async_trait]
impl Archive for PostgresStore {
    async fn schema(&self) -> Result<i64> {
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(|error| self.failed(error))?;
        open::version(&mut connection)
            .await
            .map_err(|error| self.failed(error))
    }

    async fn read_whole(&self) -> Result<Box<dyn Reading>> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.readers.begin().await.map_err(wrong)?;
        transaction
            .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await
            .map_err(wrong)?;
        transaction.execute(PATIENT).await.map_err(wrong)?;
        Ok(Box::new(Whole {
            place: self.place.clone(),
            transaction,
        }))
    }

    async fn write_whole(&self) -> Result<Option<Box<dyn Writing>>> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.begin().await?;
        transaction.execute(PATIENT).await.map_err(wrong)?;
        let mut whole = Whole {
            place: self.place.clone(),
            transaction,
        };
        if !is_empty(&mut whole).await? {
            return Ok(None);
        }
        // It comes with the others. Whoever else would write waits for it.
        whole
            .transaction
            .execute("DELETE FROM log_head")
            .await
            .map_err(wrong)?;
        Ok(Some(Box::new(whole)))
    }
}

#[async_trait]
impl Reading for Whole {
    async fn page(&mut self, part: Part, after: &Cell) -> Result<Vec<Row>> {
        let layout = part.layout();
        let (names, table, key) = (layout.names(), layout.table, layout.key());
        let question =
            format!("SELECT {names} FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT $2");
        let query = sqlx::query(AssertSqlSafe(question));
        let query = match after {
            Cell::Null => query.bind(None::<i64>),
            Cell::Whole(number) => query.bind(*number),
            Cell::Text(text) => query.bind(text),
            Cell::Bytes(bytes) => query.bind(bytes),
        };
        let found = query
            .bind(i64::from(layout.page))
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(|error| failed(&self.place, error))?;
        found
            .iter()
            .map(|row| read(row, &layout).map_err(|error| failed(&self.place, error)))
            .collect()
    }

    async fn count(&mut self, part: Part) -> Result<u64> {
        let question = format!("SELECT count(*) FROM {}", part.layout().table);
        let row = sqlx::query(AssertSqlSafe(question))
            .fetch_one(&mut *self.transaction)
            .await
            .map_err(|error| failed(&self.place, error))?;
        number(&self.place, &row, "count")
    }
}

fn read(row: &PgRow, layout: &Layout) -> sqlx::Result<Row> {
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
    /// One array a column.
    async fn add(&mut self, part: Part, rows: Vec<Row>) -> Result<()> {
        let layout = part.layout();
        let statement = insert(&layout);
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (column, (_, kind)) in layout.columns.iter().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(column));
            query = match kind {
                Kind::Whole => query.bind(cells.map(whole).collect::<Vec<_>>()),
                Kind::Text => query.bind(cells.map(text).collect::<Vec<_>>()),
                Kind::Bytes => query.bind(cells.map(bytes).collect::<Vec<_>>()),
            };
        }
        query
            .execute(&mut *self.transaction)
            .await
            .map(drop)
            .map_err(|error| failed(&self.place, error))
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        super::contacts::find_anew(&mut self.transaction, &self.place).await?;
        for statement in NUMBERS {
            self.transaction
                .execute(statement)
                .await
                .map_err(|error| failed(&self.place, error))?;
        }
        let Self { place, transaction } = *self;
        transaction
            .commit()
            .await
            .map_err(|error| failed(&place, error))
    }
}

fn insert(layout: &Layout) -> String {
    let arrays: Vec<_> = layout
        .columns
        .iter()
        .enumerate()
        .map(|(column, (_, kind))| {
            let kind = match kind {
                Kind::Whole => "bigint",
                Kind::Text => "text",
                Kind::Bytes => "bytea",
            };
            format!("${}::{kind}[]", column + 1)
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) SELECT * FROM UNNEST({})",
        layout.table,
        layout.names(),
        arrays.join(", ")
    )
}

fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Whole(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Bytes(_) => None,
    }
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Null | Cell::Whole(_) | Cell::Bytes(_) => None,
    }
}

fn bytes(cell: &Cell) -> Option<&[u8]> {
    match cell {
        Cell::Bytes(bytes) => Some(bytes),
        Cell::Null | Cell::Whole(_) | Cell::Text(_) => None,
    }
}
