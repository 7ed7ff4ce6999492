//! The delivery log: entries are only ever added, in the transaction of what they tell.

use super::read::{id, number, text};
use super::rows::asked;
use super::{Result, SqliteStore, batch};
use crate::domain::ids::DistributionId;
use crate::domain::log::{Head, LogEntry, LogEvent};
use crate::domain::log_search::{LogSearch, LogWay};
use crate::store::LogRow;
use crate::store::log_query::{Line, log_query};
use crate::store::values::breathe;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

const INSERT: &str = "INSERT INTO delivery_log (seq, distribution, delivery, line, personal, salt, hash) SELECT * FROM";

/// Adds events to the chain.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    events: &[&LogEvent],
) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut head = read_head(&mut *connection).await?;
    for events in events.chunks(batch::MOST) {
        let statement = batch::over(INSERT, 7, events.len(), "WHERE column1 IS NOT NULL");
        let mut insert = sqlx::query(statement);
        for (n, event) in events.iter().enumerate() {
            breathe(n).await;
            let entry = head.append(event);
            insert = insert
                .bind(i64::try_from(entry.seq).unwrap_or(i64::MAX))
                .bind(event.distribution.to_string())
                .bind(event.delivery.map(|id| id.to_string()))
                .bind(entry.line)
                .bind(entry.personal)
                .bind(entry.salt)
                .bind(entry.hash);
        }
        insert.execute(&mut *connection).await?;
    }
    sqlx::query("UPDATE log_head SET seq = ?, hash = ?")
        .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
        .bind(head.hash)
        .execute(connection)
        .await?;
    Ok(())
}

async fn read_head(connection: &mut SqliteConnection) -> sqlx::Result<Head> {
    let row = sqlx::query("SELECT seq, hash FROM log_head")
        .fetch_one(connection)
        .await?;
    Ok(Head {
        seq: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default(),
        hash: row.try_get(1)?,
    })
}

pub(super) async fn head(store: &SqliteStore) -> Result<Head> {
    let mut connection = store
        .readers
        .acquire()
        .await
        .map_err(|error| store.failed(error))?;
    read_head(&mut connection)
        .await
        .map_err(|error| store.failed(error))
}

pub(super) async fn last_entries(store: &SqliteStore) -> Result<HashMap<DistributionId, u64>> {
    let rows = sqlx::query(
        "SELECT id, (SELECT max(seq) FROM delivery_log WHERE distribution = whole.id) FROM distribution AS whole",
    )
    .fetch_all(&store.readers)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| Ok((id(store, &text(store, row, 0)?)?, number(store, row, 1)?)))
        .collect()
}

/// How SQLite looks into a line.
const LINE: Line = Line {
    event: "line ->> 'event'",
    at: "rtrim(line ->> 'at', 'Z')",
};

pub(super) async fn search(
    store: &SqliteStore,
    search: &LogSearch,
    way: LogWay,
    limit: u32,
) -> Result<Vec<LogRow>> {
    let mut query = asked(log_query(search, way, limit, &LINE));
    let rows = query
        .build()
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| entry(row).map_err(|error| store.failed(error)))
        .collect()
}

fn entry(row: &SqliteRow) -> sqlx::Result<LogRow> {
    Ok(LogRow {
        entry: LogEntry {
            seq: u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or_default(),
            line: row.try_get("line")?,
            personal: row.try_get("personal")?,
            salt: row.try_get("salt")?,
            hash: row.try_get("hash")?,
        },
        distribution: row.try_get("distribution")?,
        delivery: row.try_get("delivery")?,
    })
}
