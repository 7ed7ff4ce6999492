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
use std::borrow::Cow;
use std::collections::HashMap;

const INSERT: &str = "WITH common (distribution) AS (SELECT ?) \
     INSERT INTO delivery_log (seq, distribution, delivery, line, personal, salt, hash) \
     SELECT column1, ifnull(column2, (SELECT distribution FROM common)), \
         column3, column4, column5, column6, column7 FROM";
/// Where the chain ends with them.
const ADVANCE: &str = "UPDATE log_head SET seq = ?, hash = ?; ";

/// Adds events to the chain.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    events: &[&LogEvent],
) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let head = read_head(&mut *connection).await?;
    append_after(connection, head, events).await
}

/// Adds events to the chain, whose end within this transaction is known.
pub(super) async fn append_after(
    connection: &mut SqliteConnection,
    mut head: Head,
    events: &[&LogEvent],
) -> sqlx::Result<()> {
    let mut entries = Vec::with_capacity(events.len());
    for (n, event) in events.iter().enumerate() {
        breathe(n).await;
        entries.push((event, head.append(event)));
    }
    let mut advance = Some(head);
    while !entries.is_empty() {
        let rows = entries.len().min(batch::MOST);
        let before = match advance {
            Some(_) => Cow::from(format!("{ADVANCE}{INSERT}")),
            None => Cow::from(INSERT),
        };
        let statement = batch::over(&before, 7, rows, "WHERE column1 IS NOT NULL");
        let mut insert = sqlx::query(statement);
        if let Some(head) = advance.take() {
            insert = insert.bind(place(head.seq)).bind(head.hash);
        }
        // Nearly all are of one distribution, which is not bound for each.
        let common = entries.first().map(|(event, _)| event.distribution);
        insert = insert.bind(common.map(|id| id.to_string()));
        for (event, entry) in entries.drain(..rows) {
            insert = insert
                .bind(place(entry.seq))
                .bind((Some(event.distribution) != common).then(|| event.distribution.to_string()))
                .bind(event.delivery.map(|id| id.to_string()))
                .bind(entry.line)
                .bind(entry.personal)
                .bind(entry.salt)
                .bind(entry.hash);
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

async fn read_head(connection: &mut SqliteConnection) -> sqlx::Result<Head> {
    let row = sqlx::query("SELECT seq, hash FROM log_head")
        .fetch_one(connection)
        .await?;
    head_of(&row)
}

/// The end of the chain, of a row that has it.
pub(super) fn head_of(row: &SqliteRow) -> sqlx::Result<Head> {
    Ok(Head {
        seq: u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or_default(),
        hash: row.try_get("hash")?,
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
