//! PostgreSQL's errors in our words, and rows to values.

use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::said::Said;
use crate::said;
use crate::store::piece::Piece;
use crate::store::values::{damaged, from_json, timestamp};
use crate::store::{Result, Standing, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use std::str::FromStr;

/// What PostgreSQL or the way to it says, in the store's words.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the end of the error, and `map_err` gives it by value"
)]
pub(super) fn failed(place: &str, error: sqlx::Error) -> StoreError {
    let (cause, passes) = match error.as_database_error() {
        Some(said) => {
            let code = said.code().unwrap_or_default();
            (explain(&code, said.message()), may_pass(&code))
        }
        None => (Said::verbatim(&error), is_cut(&error)),
    };
    let place = place.to_owned();
    if passes {
        StoreError::CutOff { place, cause }
    } else {
        StoreError::Unavailable { place, cause }
    }
}

/// Whether the way to the server was cut, or nobody answered in time.
fn is_cut(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(cause) = error {
        // A certificate that is not trusted comes as damaged data, and stays so.
        return cause.kind() != std::io::ErrorKind::InvalidData;
    }
    matches!(
        error,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
    )
}

/// Whether the same may go well in a moment: the way was cut, the server starts,
/// stops or is full, or two transactions were in each other's way.
fn may_pass(code: &str) -> bool {
    code.starts_with("08")
        || matches!(
            code,
            // Shut down, crashed, starting up, ended while idle or while waiting.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "57014"
            // Too many connections; deadlock, serialization, lock not to be had.
            | "53300" | "40P01" | "40001" | "55P03"
        )
}

/// The common refusals with what to do about them; the rest as the server says it.
fn explain(code: &str, message: &str) -> Said {
    match code {
        "28P01" | "28000" => said!(
            "{message}; check the user, the password and pg_hba.conf",
            message
        ),
        "3D000" => said!("{message}; make it with CREATE DATABASE", message),
        "42501" => said!(
            "{message}; the role must own the database or its schema",
            message
        ),
        "53100" => said!("the server's disk is full"),
        "25006" => said!("it takes no writes; it may be a standby"),
        _ => Said::verbatim(message),
    }
}

/// A column.
pub(super) fn get<'r, T>(place: &str, row: &'r PgRow, column: &str) -> Result<T>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(|error| failed(place, error))
}

/// A column that counts.
pub(super) fn number(place: &str, row: &PgRow, column: &str) -> Result<u64> {
    let number: i64 = get(place, row, column)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// An identifier.
pub(super) fn id<T: FromStr<Err: std::fmt::Display>>(
    place: &str,
    row: &PgRow,
    column: &str,
) -> Result<T> {
    let text: &str = get(place, row, column)?;
    text.parse()
        .map_err(|error| damaged(place, "identifier", error))
}

/// A delivery, off its `plan` column.
pub(super) fn delivery(place: &str, row: &PgRow) -> Result<Delivery> {
    from_json(place, "delivery", get(place, row, "plan")?)
}

/// What [`stand`] reads; `WHERE` and the like follow it.
pub(super) const STANDING: &str = "SELECT plan.plan, state.n, state.id, state.facts, state.attempts, state.state, state.lease, lease.until \
    FROM delivery_state AS state JOIN delivery_plan AS plan ON plan.n = state.n LEFT JOIN lease ON lease.token = state.lease";

pub(super) fn stand(place: &str, row: &PgRow) -> Result<Standing> {
    let attempts = attempts(place, row)?;
    let name: &str = get(place, row, "state")?;
    let state = if name == "claimed" {
        let until: Option<i64> = get(place, row, "until")?;
        DeliveryState::Claimed {
            lease: id(place, row, "lease")?,
            until: timestamp(place, until.unwrap_or_default())?,
            attempt: Some(attempts),
        }
    } else {
        from_json(place, "state", get(place, row, "facts")?)?
    };
    Ok(Standing {
        delivery: delivery(place, row)?,
        state,
        attempts,
    })
}

pub(super) fn attempts(place: &str, row: &PgRow) -> Result<u32> {
    let attempts: i64 = get(place, row, "attempts")?;
    u32::try_from(attempts).map_err(|error| damaged(place, "number of attempts", error))
}

/// A question put together.
pub(super) fn asked(pieces: Vec<Piece>) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("");
    for piece in pieces {
        match piece {
            Piece::Sql(sql) => query.push(sql),
            Piece::Number(number) => query.push_bind(number),
            // PostgreSQL takes no NUL in a text, so none of its texts is like this one.
            Piece::Text(text) => query.push_bind(text.replace('\0', "\u{fffd}")),
        };
    }
    query
}
