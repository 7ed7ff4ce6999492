//! The delivery log: entries are only ever added, in the transaction of what they tell.

use super::rows::json;
use super::{Result, SqliteStore};
use crate::domain::ids::DistributionId;
use crate::domain::log::{Head, LogEntry, LogEvent};
use crate::domain::log_search::{LogSearch, LogWay, line_time};
use crate::store::LogRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use sqlx::{Row, SqliteConnection};

/// Adds events to the chain.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    events: &[&LogEvent],
) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut head = read_head(&mut *connection).await?;
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            let (distribution, delivery) = (event.distribution, event.delivery);
            let entry = head.append(event);
            (
                entry.seq,
                distribution,
                delivery,
                entry.line,
                entry.personal,
                entry.salt,
                entry.hash,
            )
        })
        .collect();
    sqlx::query(
        "INSERT INTO delivery_log (seq, distribution, delivery, line, personal, salt, hash) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?)",
    )
    .bind(json(&rows))
    .execute(&mut *connection)
    .await?;
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

pub(super) async fn page(
    store: &SqliteStore,
    distribution: Option<DistributionId>,
    after: u64,
    limit: u32,
) -> Result<Vec<LogRow>> {
    let columns = match distribution {
        Some(_) => {
            "SELECT * FROM delivery_log WHERE seq > ?1 AND distribution = ?3 ORDER BY seq LIMIT ?2"
        }
        None => "SELECT * FROM delivery_log WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    };
    let mut query = sqlx::query(columns)
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(limit);
    if let Some(distribution) = distribution {
        query = query.bind(distribution.to_string());
    }
    let rows = query
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| entry(row).map_err(|error| store.failed(error)))
        .collect()
}

pub(super) async fn search(
    store: &SqliteStore,
    search: &LogSearch,
    way: LogWay,
    limit: u32,
) -> Result<Vec<LogRow>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM delivery_log WHERE seq ");
    let (sign, place, order) = match way {
        LogWay::Onward(after) => (" > ", after, " ORDER BY seq LIMIT "),
        LogWay::Back(before) => (
            " < ",
            before.unwrap_or(u64::MAX),
            " ORDER BY seq DESC LIMIT ",
        ),
    };
    query
        .push(sign)
        .push_bind(i64::try_from(place).unwrap_or(i64::MAX));
    if let Some(distribution) = search.distribution {
        query
            .push(" AND distribution = ")
            .push_bind(distribution.to_string());
    }
    if let Some(email) = &search.email {
        // By their distributions, which have an index, then by their deliveries.
        let email = email.to_string();
        query
            .push(" AND distribution IN (SELECT distribution FROM delivery_plan WHERE email = ")
            .push_bind(email.clone())
            .push(") AND delivery IN (SELECT state.id FROM delivery_plan AS plan JOIN delivery_state AS state ON state.n = plan.n WHERE plan.email = ")
            .push_bind(email)
            .push(")");
    }
    if let Some(event) = &search.event {
        query
            .push(" AND line ->> 'event' = ")
            .push_bind(event.clone());
    }
    for (sign, at) in [(" >= ", search.since), (" < ", search.until)] {
        if let Some(at) = at {
            query
                .push(" AND line ->> 'at'")
                .push(sign)
                .push_bind(line_time(at));
        }
    }
    query.push(order).push_bind(i64::from(limit));
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
