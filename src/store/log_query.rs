//! The question for log entries, the same in every backend but for how it looks
//! into a line.

use super::piece::Piece;
use crate::domain::address::EmailAddress;
use crate::domain::log_search::{LogSearch, LogWay, line_time};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// How a backend looks into the JSON of a line.
pub(super) struct Line {
    /// What happened.
    pub(super) event: &'static str,
    /// When, without its `Z`, in a way that compares octet by octet.
    pub(super) at: &'static str,
}

/// The statement for entries that somebody looks for.
pub(super) fn log_query(search: &LogSearch, way: LogWay, limit: u32, line: &Line) -> Vec<Piece> {
    use Piece::{Number, Sql, Text};
    let (within, order) = match way {
        LogWay::Onward(after) => (after.saturating_add(1)..=u64::MAX, " ORDER BY seq LIMIT "),
        LogWay::Back(before) => (
            0..=before.unwrap_or(u64::MAX).saturating_sub(1),
            " ORDER BY seq DESC LIMIT ",
        ),
    };
    let mut query = from_stretches(&search.stretches, &within);
    if let Some(distribution) = search.distribution {
        query.extend([Sql(" AND distribution = "), Text(distribution.to_string())]);
    }
    if let Some(emails) = &search.emails {
        if search.stretches.len() < 2 {
            // What may be long, by their distributions first, which have an index.
            query.push(Sql(
                " AND distribution IN (SELECT distribution FROM delivery_plan WHERE email IN ",
            ));
            query.extend(listed(emails));
            query.push(Sql(")"));
        }
        query.push(Sql(" AND delivery IN (SELECT state.id FROM delivery_plan AS plan JOIN delivery_state AS state ON state.n = plan.n WHERE plan.email IN "));
        query.extend(listed(emails));
        query.push(Sql(")"));
    }
    if let Some(event) = &search.event {
        query.extend([
            Sql(" AND "),
            Sql(line.event),
            Sql(" = "),
            Text(event.clone()),
        ]);
    }
    for (sign, at) in [(" >= ", search.since), (" < ", search.until)] {
        if let Some(at) = at {
            query.extend([Sql(" AND "), Sql(line.at), Sql(sign), Text(line_time(at))]);
        }
    }
    query.extend([Sql(order), Number(i64::from(limit))]);
    query
}

/// The log where it is looked through: within bounds, and in some stretches of them.
fn from_stretches(stretches: &[RangeInclusive<u64>], within: &RangeInclusive<u64>) -> Vec<Piece> {
    use Piece::{Number, Sql};
    let number = |place: u64| Number(i64::try_from(place).unwrap_or(i64::MAX));
    let cut = |one: &RangeInclusive<u64>| {
        let (from, to) = (one.start().max(within.start()), one.end().min(within.end()));
        [number(*from), number(*to)]
    };
    if stretches.len() < 2 {
        let [from, to] = cut(stretches.first().unwrap_or(within));
        // One range: of two upper ends SQLite begins at whichever it likes, and reads
        // all that lies between them.
        let beginning = "SELECT * FROM delivery_log WHERE seq BETWEEN ";
        return vec![Sql(beginning), from, Sql(" AND "), to];
    }
    let mut query = vec![Sql("SELECT delivery_log.* FROM (VALUES ")];
    for (n, [from, to]) in stretches.iter().map(cut).enumerate() {
        query.extend([Sql(if n == 0 { "(" } else { "), (" }), from, Sql(", "), to]);
    }
    query.push(Sql(
        ")) AS stretch CROSS JOIN delivery_log WHERE seq BETWEEN column1 AND column2",
    ));
    query
}

/// Addresses as a list to look in. NULL is like none of them, so that no address at
/// all is a list too, in which nothing is.
fn listed(emails: &BTreeSet<EmailAddress>) -> Vec<Piece> {
    let mut list = vec![Piece::Sql("(NULL")];
    for email in emails {
        list.extend([Piece::Sql(", "), Piece::Text(email.to_string())]);
    }
    list.push(Piece::Sql(")"));
    list
}
