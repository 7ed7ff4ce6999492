//! Values to columns and back, the same in every backend.

use super::{Result, StoreError};
use crate::domain::clock_guard::{Heartbeat, MachineTime};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::encryption::Protection;
use crate::domain::said::Said;
use crate::domain::suppression::{Suppression, SuppressionReason, bar_key};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

pub(super) fn damaged(place: &str, what: &str, cause: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged {
        place: place.to_owned(),
        what: what.to_owned(),
        cause: Said::verbatim(cause),
    }
}

pub(super) fn from_json<T: DeserializeOwned>(place: &str, what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| damaged(place, what, error))
}

/// JSON of our own values: maps with text keys, which always serialise.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Domains of a distribution that are told of, the largest.
pub(super) const DOMAINS: usize = 10;
/// Rows in which all of these are, one for each state that a delivery can have.
pub(super) const DOMAIN_ROWS: i64 = 10 * 12;

/// Rows that are made or read between two breaths.
const BREATH: usize = 16;

/// Lets others go on before every few rows of a turn: connections to a relay
/// that wait meanwhile are connections that stand still.
pub(super) async fn breathe(row: usize) {
    if row % BREATH == BREATH - 1 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn timestamp(place: &str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| damaged(place, "time", error))
}

/// A sign of life, off its columns.
pub(super) fn heartbeat(
    place: &str,
    at: i64,
    steady: Option<i64>,
    boot: Option<String>,
) -> Result<Heartbeat> {
    let machine = steady.zip(boot).map(|(steady, boot)| MachineTime {
        steady: SignedDuration::from_micros(steady),
        boot,
    });
    Ok(Heartbeat {
        at: timestamp(place, at)?,
        machine,
    })
}

/// The columns of a machine's steady clock.
pub(super) fn machine_columns(beat: &Heartbeat) -> (Option<i64>, Option<&str>) {
    let machine = beat.machine.as_ref();
    let micros = machine.and_then(|machine| i64::try_from(machine.steady.as_micros()).ok());
    (micros, machine.map(|machine| machine.boot.as_str()))
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
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => 0,
    }
}

/// Why an address is barred, off its column.
pub(super) fn reason(place: &str, name: &str) -> Result<SuppressionReason> {
    SuppressionReason::from_name(name)
        .ok_or_else(|| damaged(place, "suppression", format!("reason `{name}`")))
}

/// Bars by their keys: of several spellings of one address the weightiest.
pub(super) fn by_key(bars: Vec<(String, SuppressionReason)>) -> HashMap<String, SuppressionReason> {
    let mut all: HashMap<String, SuppressionReason> = HashMap::new();
    for (email, reason) in bars {
        let known = all.entry(bar_key(&email)).or_insert(reason);
        if reason.outweighs(*known) {
            *known = reason;
        }
    }
    all
}

/// What becomes of a bar where there is one on the address: the weightier stays.
pub(super) fn keep_weightier() -> String {
    let weight = |column: &str| {
        let cases = SuppressionReason::ALL
            .map(|reason| format!("WHEN '{}' THEN {}", reason.name(), reason.weight()))
            .join(" ");
        format!("CASE {column} {cases} ELSE 0 END")
    };
    format!(
        "ON CONFLICT (email) DO UPDATE SET reason = excluded.reason, at = excluded.at, \
             source = excluded.source, note = excluded.note WHERE {} > {}",
        weight("excluded.reason"),
        weight("suppression.reason")
    )
}

/// What a contact's record says of encryption; without one it is what was planned.
pub(super) fn protection(
    place: &str,
    record: Option<&str>,
    planned: &Delivery,
) -> Result<Protection> {
    let known = record.map(|record| from_json::<Protection>(place, "contact", record));
    let known = known.transpose()?.unwrap_or_default();
    Ok(known.at_least(planned.recipient.encryption))
}

/// A bar, off its columns: address, reason and time; source; note.
pub(super) fn suppression(
    place: &str,
    [email, reason, at]: [String; 3],
    source: String,
    note: String,
) -> Result<Suppression> {
    let wrong = |cause: String| damaged(place, "suppression", cause);
    Ok(Suppression {
        email: email
            .parse()
            .map_err(|error| wrong(format!("address: {error}")))?,
        reason: self::reason(place, &reason)?,
        at: at
            .parse()
            .map_err(|error| wrong(format!("time: {error}")))?,
        source,
        note,
    })
}
