//! Values to columns and back, and SQLite's errors in our words.

use crate::domain::delivery::{Delivery, DeliveryState};
use crate::store::{Result, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// What SQLite says, in the store's words.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the end of the error, and `map_err` gives it by value"
)]
pub(super) fn failed(place: &str, error: sqlx::Error) -> StoreError {
    let sqlite = error
        .as_database_error()
        .and_then(|database| database.code()?.parse::<u32>().ok());
    // The low byte is the primary code; the rest says more than anybody needs.
    let cause = match sqlite.map(|code| code & 0xff) {
        Some(8) => "it is read-only; check the rights of the file and its folder".to_owned(),
        Some(13) => "the disk is full".to_owned(),
        Some(14) => {
            "it cannot be opened; check that its folder exists and may be written to".to_owned()
        }
        Some(5 | 6) => "another process holds it; try again when that is done".to_owned(),
        Some(26) => "it is not a database".to_owned(),
        Some(_) | None => error.to_string(),
    };
    StoreError::Unavailable {
        place: place.to_owned(),
        cause,
    }
}

pub(super) fn damaged(place: &str, what: &str, cause: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged {
        place: place.to_owned(),
        what: what.to_owned(),
        cause: cause.to_string(),
    }
}

pub(super) fn from_json<T: DeserializeOwned>(place: &str, what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| damaged(place, what, error))
}

/// JSON of our own values: maps with text keys, which always serialise.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn timestamp(place: &str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| damaged(place, "time", error))
}

/// When a state wants attention, in microseconds; the past where it does not wait.
pub(super) fn due_at(state: &DeliveryState) -> i64 {
    match state {
        DeliveryState::Planned { not_before: at } | DeliveryState::Deferred { until: at, .. } => {
            micros(*at)
        }
        DeliveryState::Due
        | DeliveryState::Claimed { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Cancelled { .. } => 0,
    }
}

/// Reads a delivery off its `plan` column.
pub(super) fn delivery(place: &str, row: &SqliteRow) -> Result<Delivery> {
    let plan: String = row.try_get("plan").map_err(|error| failed(place, error))?;
    from_json(place, "delivery", &plan)
}
