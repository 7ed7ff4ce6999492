//! What the delivery log says of each step: facts that name nobody in the
//! line, and whatever may hold an address beside it.

use super::revisions::Deed;
use crate::domain::bounce::Bounce;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::Distribution;
use crate::domain::encryption::{Obstacle, Sealing};
use crate::domain::log::{LogEvent, Personal, facts as object};
use crate::domain::reply::{Handover, SmtpReply};
use crate::entropy::Entropy;
use crate::store::{Claimed, Taken};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The distribution was planned.
pub(super) fn distribution(distribution: &Distribution) -> LogEvent {
    LogEvent {
        at: distribution.planned_at,
        distribution: distribution.id,
        delivery: None,
        event: "distribution".to_owned(),
        facts: object(json!({
            "release": distribution.release,
            "content": distribution.content,
            "to": distribution.to,
            "not": distribution.not,
            "included": distribution.included,
            "excluded": distribution.excluded,
            "schedule": distribution.schedule,
            "lift": distribution.lift(),
            "approved_by": distribution.approved_by,
        })),
        personal: None,
    }
}

/// A distribution was held, resumed, killed, or got another embargo.
pub(crate) fn revised(
    distribution: &Distribution,
    event: &str,
    deed: &Deed,
    more: Value,
) -> LogEvent {
    let mut facts = object(json!({ "by": deed.by }));
    facts.extend(object(more));
    LogEvent {
        at: deed.now,
        distribution: distribution.id,
        delivery: None,
        event: event.to_owned(),
        facts,
        personal: Some(reason(deed)),
    }
}

/// Why something was done: people write there what they like, names too, so it
/// stands beside the line and can be erased.
fn reason(deed: &Deed) -> Personal {
    Personal {
        facts: object(json!({ "why": deed.why })),
        salt: Entropy.bits(),
    }
}

/// A delivery that had not begun was given another time. Named by its state,
/// as every entry is that tells one.
pub(crate) fn replanned(delivery: &Delivery, state: &DeliveryState, deed: &Deed) -> LogEvent {
    let facts = json!({
        "phase": delivery.phase,
        "not_before": delivery.not_before,
        "permitted_from": delivery.permitted_from,
        "by": deed.by,
    });
    let why = json!({ "why": deed.why });
    entry(delivery, deed.now, state.name(), facts, Some(why))
}

/// One contact's delivery was planned.
pub(super) fn planned(delivery: &Delivery, now: Timestamp) -> LogEvent {
    let facts = json!({
        "language": delivery.languages.first(),
        "phase": delivery.phase,
        "segment": delivery.segment,
        "not_before": delivery.not_before,
    });
    let whom = json!({
        "email": delivery.recipient.email,
        "name": delivery.recipient.name,
        "outlet": delivery.recipient.outlet,
    });
    entry(delivery, now, "planned", facts, Some(whom))
}

/// A conversation is about to begin.
pub(super) fn attempt(
    claimed: &Claimed,
    relay: &str,
    sealing: Sealing,
    now: Timestamp,
) -> LogEvent {
    let mut facts = object(json!({ "attempt": claimed.attempt, "relay": relay }));
    // A key's fingerprint names its owner.
    let key = match sealing {
        Sealing::No => None,
        Sealing::Unable { because } => {
            facts.insert("encrypted".to_owned(), json!(false));
            facts.insert("because".to_owned(), json!(because.name()));
            None
        }
        Sealing::Yes { fingerprint } => {
            facts.insert("encrypted".to_owned(), json!(true));
            Some(json!({ "key": fingerprint }))
        }
    };
    let facts = Value::Object(facts);
    entry(&claimed.delivery, now, "attempt", facts, key)
}

/// The end of a delivery whose mail had to be encrypted and could not be.
pub(super) fn withheld(
    claimed: &Claimed,
    obstacle: Obstacle,
    now: Timestamp,
) -> (DeliveryState, LogEvent) {
    let state = DeliveryState::Withheld { obstacle };
    let event = decided(&claimed.delivery, &state, "encryption", now);
    (state, event)
}

/// A conversation ended, and this is the delivery's state now.
pub(super) fn outcome(
    delivery: &Delivery,
    n: u32,
    handover: &Handover,
    state: &DeliveryState,
    now: Timestamp,
) -> LogEvent {
    let mut facts = object(json!({ "attempt": n }));
    let words = match handover {
        Handover::Accepted { reply } => words(&mut facts, reply),
        Handover::Refused { step, reply } => {
            facts.insert("step".to_owned(), json!(step));
            words(&mut facts, reply)
        }
        Handover::Lost { step, cause, .. } => {
            facts.insert("step".to_owned(), json!(step));
            json!({ "cause": cause })
        }
    };
    match state {
        DeliveryState::Deferred { until, .. } => {
            facts.insert("until".to_owned(), json!(until));
        }
        DeliveryState::Rejected { class, .. } => {
            facts.insert("class".to_owned(), json!(class));
        }
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Claimed { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => {}
    }
    entry(
        delivery,
        now,
        state.name(),
        Value::Object(facts),
        Some(words),
    )
}

/// A person or a rule moved it on.
pub(crate) fn decided(
    delivery: &Delivery,
    state: &DeliveryState,
    by: &str,
    now: Timestamp,
) -> LogEvent {
    let because = match state {
        DeliveryState::Suppressed { reason } => json!({ "by": by, "because": reason }),
        DeliveryState::Withheld { obstacle } => json!({
            "by": by, "because": obstacle.name(), "words": obstacle.to_string(),
        }),
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Claimed { .. }
        | DeliveryState::Deferred { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Cancelled { .. } => json!({ "by": by }),
    };
    entry(delivery, now, state.name(), because, None)
}

/// A report came back: the delivery bounced, or its reader complained.
pub(crate) fn reported(delivery: &Delivery, event: &str, bounce: &Bounce) -> LogEvent {
    let failure = bounce.finding.failure();
    let facts = json!({
        "class": failure.map(|failure| failure.class),
        "kind": bounce.finding.name(),
        "enhanced": bounce.status,
        "evidence": bounce.evidence,
        "form": bounce.form,
        "report": bounce.fingerprint,
    });
    let whom = json!({ "email": bounce.email, "diagnostic": bounce.diagnostic });
    entry(delivery, bounce.at, event, facts, Some(whom))
}

/// The end of a delivery whose address is barred, before it began.
pub(super) fn barred(claimed: &Claimed, now: Timestamp) -> Option<Taken> {
    let state = DeliveryState::Suppressed {
        reason: claimed.barred?,
    };
    let event = decided(&claimed.delivery, &state, "suppression list", now);
    Some(Taken::Ends(state, event))
}

/// The reply's codes go into the line; its text, which may repeat an address, beside it.
fn words(facts: &mut Map<String, Value>, reply: &SmtpReply) -> Value {
    facts.insert("code".to_owned(), json!(reply.code));
    if let Some(enhanced) = reply.enhanced {
        facts.insert("enhanced".to_owned(), json!(enhanced));
    }
    json!({ "reply": reply.text })
}

fn entry(
    delivery: &Delivery,
    at: Timestamp,
    event: &str,
    facts: Value,
    personal: Option<Value>,
) -> LogEvent {
    LogEvent {
        at,
        distribution: delivery.distribution,
        delivery: Some(delivery.id),
        event: event.to_owned(),
        facts: object(facts),
        personal: personal.map(|facts| Personal {
            facts: object(facts),
            salt: Entropy.bits(),
        }),
    }
}
