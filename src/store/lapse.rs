//! What becomes of a claim whose lease has ended, the same in every backend.

use super::values::damaged;
use super::{Result, Standing};
use crate::domain::delivery::{DeliveryState, Event, apply};
use crate::domain::log::{Facts, LogEvent};
use jiff::Timestamp;
use serde_json::json;

/// The claim's next state by the rule of the ground floor, and what the log says of it.
pub(super) fn lapse(
    place: &str,
    standing: &Standing,
    now: Timestamp,
) -> Result<(DeliveryState, Option<LogEvent>)> {
    let delivery = &standing.delivery;
    let next = apply(
        &standing.state,
        delivery.permitted_from,
        Event::LeaseLapsed,
        now,
    )
    .map_err(|illegal| damaged(place, "claim", illegal))?;
    let event = doubted(standing, &next, now);
    Ok((next, event))
}

fn doubted(standing: &Standing, next: &DeliveryState, now: Timestamp) -> Option<LogEvent> {
    let DeliveryState::InDoubt { attempt } = next else {
        return None;
    };
    let facts = Facts::of(json!({ "attempt": attempt, "by": "lease lapsed" }));
    Some(LogEvent {
        at: now,
        distribution: standing.delivery.distribution,
        delivery: Some(standing.delivery.id),
        event: next.name().into(),
        facts,
        personal: None,
    })
}
