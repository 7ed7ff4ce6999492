//! Values to columns and back, and SQLite's errors in our words.

use crate::domain::delivery::Delivery;
use crate::domain::said::Said;
use crate::said;
use crate::store::piece::Piece;
use crate::store::{Result, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

pub(super) use crate::store::values::{damaged, due_at, from_json, json, micros, timestamp};

/// What SQLite says, in the store's words.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the end of the error, and `map_err` gives it by value"
)]
pub(super) fn failed(place: &str, error: sqlx::Error) -> StoreError {
    let cut_off = |cause: Said| StoreError::CutOff {
        place: place.to_owned(),
        cause,
    };
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return cut_off(said!("every way to it is in use; try again in a moment"));
    }
    let sqlite = error
        .as_database_error()
        .and_then(|database| database.code()?.parse::<u32>().ok());
    // The low byte is the primary code; the rest says more than anybody needs.
    let cause = match sqlite.map(|code| code & 0xff) {
        Some(8) => said!("it is read-only; check the rights of the file and its folder"),
        Some(13) => said!("the disk is full"),
        Some(14) => {
            said!("it cannot be opened; check that its folder exists and may be written to")
        }
        // Nothing was done: a transaction takes its right to write as it begins.
        Some(5 | 6) => {
            return cut_off(said!(
                "another process holds it; try again when that is done"
            ));
        }
        Some(26) => said!("it is not a database"),
        Some(_) | None => Said::verbatim(&error),
    };
    StoreError::Unavailable {
        place: place.to_owned(),
        cause,
    }
}

/// Reads a delivery off its `plan` column.
pub(super) fn delivery(place: &str, row: &SqliteRow) -> Result<Delivery> {
    let plan: &str = row.try_get("plan").map_err(|error| failed(place, error))?;
    from_json(place, "delivery", plan)
}

/// A question put together.
pub(super) fn asked(pieces: Vec<Piece>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("");
    for piece in pieces {
        match piece {
            Piece::Sql(sql) => query.push(sql),
            Piece::Number(number) => query.push_bind(number),
            Piece::Text(text) => query.push_bind(text),
        };
    }
    query
}
