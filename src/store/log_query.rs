//! The question for log entries, the same in every backend but for how it looks
//! into a line.

use crate::domain::log::LogEntry;
use crate::domain::log_search::{LogSearch, LogWay, line_time};
use crate::store::LogRow;
use sqlx::{ColumnIndex, Database, Decode, Encode, QueryBuilder, Row, Type};

/// How a backend looks into the JSON of a line.
pub(super) struct Line {
    /// What happened.
    pub(super) event: &'static str,
    /// When, in a way that compares octet by octet.
    pub(super) at: &'static str,
}

/// The statement for entries that somebody looks for.
pub(super) fn log_query<DB>(
    search: &LogSearch,
    way: LogWay,
    limit: u32,
    line: &Line,
) -> QueryBuilder<DB>
where
    DB: Database<Arguments: Default>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new("SELECT * FROM delivery_log WHERE seq ");
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
            .push(" AND ")
            .push(line.event)
            .push(" = ")
            .push_bind(event.clone());
    }
    for (sign, at) in [(" >= ", search.since), (" < ", search.until)] {
        if let Some(at) = at {
            query
                .push(" AND ")
                .push(line.at)
                .push(sign)
                .push_bind(line_time(at));
        }
    }
    query.push(order).push_bind(i64::from(limit));
    query
}

/// An entry off its row.
pub(super) fn log_row<'r, R>(row: &'r R) -> sqlx::Result<LogRow>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let entry = LogEntry {
        seq: u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or_default(),
        line: row.try_get("line")?,
        personal: row.try_get("personal")?,
        salt: row.try_get("salt")?,
        hash: row.try_get("hash")?,
    };
    Ok(LogRow {
        entry,
        distribution: row.try_get("distribution")?,
        delivery: row.try_get("delivery")?,
    })
}
