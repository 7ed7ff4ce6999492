//! The delivery log: entries are only ever added, in the transaction of what they tell.
//!
//! The chain has one end, so one transaction at a time can add to it. Whoever
//! adds does so last: from the lock on the end to the commit nothing else is done.

use super::rows::{asked, get};
use super::{PostgresStore, Result};
use crate::domain::ids::{DeliveryId, DistributionId};
use crate::domain::log::{Facts, Head, LogEntry, LogEvent, Personal};
use crate::domain::log_search::{LogSearch, LogWay};
use crate::store::LogRow;
use crate::store::log_query::{Line, log_query};
use crate::store::values::{from_json, json};
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Executor, PgConnection, Row};
use std::borrow::Cow;

/// Entries in one statement.
const BATCH: usize = 1000;
/// Events that wait in memory; more of them wait in the database.
const KEPT: usize = 4096;

/// Adds events to the chain.
pub(super) async fn append(
    connection: &mut PgConnection,
    events: &[&LogEvent],
) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut head = lock_head(connection).await?;
    write(connection, &mut head, events).await
}

/// Holds the end of the chain until this transaction ends.
async fn lock_head(connection: &mut PgConnection) -> sqlx::Result<Head> {
    let row = sqlx::query("SELECT seq, hash FROM log_head FOR UPDATE")
        .fetch_one(connection)
        .await?;
    read_head(&row)
}

fn read_head(row: &PgRow) -> sqlx::Result<Head> {
    Ok(Head {
        seq: u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or_default(),
        hash: row.try_get("hash")?,
    })
}

/// The columns of the entries of one statement.
#[derive(Default)]
struct Columns {
    seq: Vec<i64>,
    distribution: Vec<String>,
    delivery: Vec<Option<String>>,
    line: Vec<String>,
    personal: Vec<Option<String>>,
    salt: Vec<Option<String>>,
    hash: Vec<String>,
}

impl Columns {
    fn push(&mut self, head: &mut Head, event: &LogEvent) {
        self.distribution.push(event.distribution.to_string());
        self.delivery.push(event.delivery.map(|id| id.to_string()));
        let entry = head.append(event);
        self.seq.push(seq(entry.seq));
        self.line.push(entry.line);
        self.personal.push(entry.personal);
        self.salt.push(entry.salt);
        self.hash.push(entry.hash);
    }
}

fn seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

async fn write(
    connection: &mut PgConnection,
    head: &mut Head,
    events: &[&LogEvent],
) -> sqlx::Result<()> {
    for batch in events.chunks(BATCH) {
        let mut columns = Columns::default();
        for event in batch {
            columns.push(head, event);
        }
        sqlx::query(
            "WITH moved AS (UPDATE log_head SET seq = $8, hash = $9) \
             INSERT INTO delivery_log (seq, distribution, delivery, line, personal, salt, hash) \
             SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])",
        )
        .bind(columns.seq)
        .bind(columns.distribution)
        .bind(columns.delivery)
        .bind(columns.line)
        .bind(columns.personal)
        .bind(columns.salt)
        .bind(columns.hash)
        .bind(seq(head.seq))
        .bind(&head.hash)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Events of a long transaction, which wait so that the end of the chain is
/// locked only when all else is done. Many of them wait in a table of this
/// session alone, so that a long plan needs little memory.
#[derive(Debug, Default)]
pub(super) struct Pending {
    kept: Vec<LogEvent>,
    has_table: bool,
}

/// An event as it waits in the table.
type Waiting = (
    Timestamp,
    DistributionId,
    Option<DeliveryId>,
    Cow<'static, str>,
    Facts,
    Option<(Facts, String)>,
);

impl Pending {
    pub(super) async fn add(
        &mut self,
        connection: &mut PgConnection,
        events: impl IntoIterator<Item = LogEvent>,
    ) -> sqlx::Result<()> {
        self.kept.extend(events);
        if self.kept.len() < KEPT {
            return Ok(());
        }
        if !self.has_table {
            connection
                .execute("CREATE TEMPORARY TABLE pending_event (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event TEXT NOT NULL) ON COMMIT DROP")
                .await?;
            self.has_table = true;
        }
        let events: Vec<_> = self
            .kept
            .drain(..)
            .map(|event| json(&pack(event)))
            .collect();
        sqlx::query("INSERT INTO pending_event (event) SELECT * FROM UNNEST($1::text[])")
            .bind(events)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Adds all of them to the chain.
    pub(super) async fn append(self, place: &str, connection: &mut PgConnection) -> Result<()> {
        let wrong = |error| super::rows::failed(place, error);
        if self.has_table {
            let mut head = lock_head(connection).await.map_err(wrong)?;
            let mut after = 0;
            loop {
                let page = waiting(place, connection, &mut after).await?;
                if page.is_empty() {
                    break;
                }
                let page: Vec<_> = page.iter().collect();
                write(connection, &mut head, &page).await.map_err(wrong)?;
            }
        }
        let kept: Vec<_> = self.kept.iter().collect();
        append(connection, &kept).await.map_err(wrong)
    }
}

/// The next events that wait in the table.
async fn waiting(
    place: &str,
    connection: &mut PgConnection,
    after: &mut i64,
) -> Result<Vec<LogEvent>> {
    let rows = sqlx::query("SELECT n, event FROM pending_event WHERE n > $1 ORDER BY n LIMIT $2")
        .bind(*after)
        .bind(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
        .map_err(|error| super::rows::failed(place, error))?;
    rows.iter()
        .map(|row| {
            *after = get(place, row, "n")?;
            let event: Waiting = from_json(place, "event", get(place, row, "event")?)?;
            Ok(unpack(event))
        })
        .collect()
}

fn pack(event: LogEvent) -> Waiting {
    let personal = event
        .personal
        // JSON's numbers are too short for a salt.
        .map(|personal| (personal.facts, format!("{:032x}", personal.salt)));
    (
        event.at,
        event.distribution,
        event.delivery,
        event.event,
        event.facts,
        personal,
    )
}

fn unpack((at, distribution, delivery, event, facts, personal): Waiting) -> LogEvent {
    LogEvent {
        at,
        distribution,
        delivery,
        event,
        facts,
        personal: personal.map(|(facts, salt)| Personal {
            facts,
            salt: u128::from_str_radix(&salt, 16).unwrap_or_default(),
        }),
    }
}

pub(super) async fn head(store: &PostgresStore) -> Result<Head> {
    let row = sqlx::query("SELECT seq, hash FROM log_head")
        .fetch_one(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    read_head(&row).map_err(|error| store.failed(error))
}

/// How PostgreSQL looks into a line.
const LINE: Line = Line {
    event: "line::json ->> 'event'",
    at: "rtrim(line::json ->> 'at', 'Z') COLLATE \"C\"",
};

pub(super) async fn search(
    store: &PostgresStore,
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

fn entry(row: &PgRow) -> sqlx::Result<LogRow> {
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
