//! What the delivery log says of each step: facts that name nobody in the
//! line, and whatever may hold an address beside it.

use super::revisions::Deed;
use crate::domain::bounce::Bounce;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::Distribution;
use crate::domain::encryption::{Obstacle, Sealing};
use crate::domain::log::{Facts, LogEvent, Personal, facts as object};
use crate::domain::reply::{EnhancedCode, Handover, RejectClass, Step};
use crate::entropy::Entropy;
use crate::store::{Claimed, Taken};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// The distribution was planned.
pub(super) fn distribution(distribution: &Distribution) -> LogEvent {
    LogEvent {
        at: distribution.planned_at,
        distribution: distribution.id,
        delivery: None,
        event: "distribution".into(),
        facts: Facts::of(json!({
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
    event: &'static str,
    deed: &Deed,
    more: Value,
) -> LogEvent {
    let mut facts = object(json!({ "by": deed.by }));
    facts.extend(object(more));
    LogEvent {
        at: deed.now,
        distribution: distribution.id,
        delivery: None,
        event: event.into(),
        facts: Facts::of(facts),
        personal: Some(reason(deed)),
    }
}

/// Why something was done: people write there what they like, names too, so it
/// stands beside the line and can be erased.
fn reason(deed: &Deed) -> Personal {
    Personal {
        facts: Facts::of(json!({ "why": deed.why })),
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
    let why = Facts::of(json!({ "why": deed.why }));
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
    let whom = Facts::of(json!({
        "email": delivery.recipient.email,
        "name": delivery.recipient.name,
        "outlet": delivery.recipient.outlet,
    }));
    entry(delivery, now, "planned", facts, Some(whom))
}

/// What is said of a beginning.
#[derive(Serialize)]
struct Beginning<'a> {
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted: Option<bool>,
    relay: &'a str,
}

/// A conversation is about to begin.
pub(super) fn attempt(
    claimed: &Claimed,
    relay: &str,
    sealing: &Sealing,
    now: Timestamp,
) -> LogEvent {
    // A key's fingerprint names its owner.
    let (encrypted, because, key) = match sealing {
        Sealing::No => (None, None, None),
        Sealing::Unable { because } => (Some(false), Some(because.name()), None),
        Sealing::Yes { fingerprint } => (Some(true), None, Some(json!({ "key": fingerprint }))),
    };
    let facts = Beginning {
        attempt: claimed.attempt,
        because,
        encrypted,
        relay,
    };
    let key = key.map(Facts::of);
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

/// What is said of an ending. The reply's codes go into the line; its text, which may
/// repeat an address, beside it.
#[derive(Serialize)]
struct Ending {
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<RejectClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced: Option<EnhancedCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// What the relay said, or what befell the conversation.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Words<'a> {
    Reply(&'a str),
    Cause(&'a str),
}

/// A conversation ended, and this is the delivery's state now.
pub(super) fn outcome(
    delivery: &Delivery,
    n: u32,
    handover: &Handover,
    state: &DeliveryState,
    now: Timestamp,
) -> LogEvent {
    let (step, reply, words) = match handover {
        Handover::Accepted { reply } => (None, Some(reply), Words::Reply(&reply.text)),
        Handover::Refused { step, reply } => (Some(*step), Some(reply), Words::Reply(&reply.text)),
        Handover::Lost { step, cause, .. } => (Some(*step), None, Words::Cause(cause)),
    };
    let (class, until) = match state {
        DeliveryState::Deferred { until, .. } => (None, Some(*until)),
        DeliveryState::Rejected { class, .. } => (Some(*class), None),
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Claimed { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => (None, None),
    };
    let facts = Ending {
        attempt: n,
        class,
        code: reply.map(|reply| reply.code),
        enhanced: reply.and_then(|reply| reply.enhanced),
        step,
        until,
    };
    entry(delivery, now, state.name(), facts, Some(Facts::of(words)))
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
pub(crate) fn reported(delivery: &Delivery, event: &'static str, bounce: &Bounce) -> LogEvent {
    let failure = bounce.finding.failure();
    let facts = json!({
        "class": failure.map(|failure| failure.class),
        "kind": bounce.finding.name(),
        "enhanced": bounce.status,
        "evidence": bounce.evidence,
        "form": bounce.form,
        "report": bounce.fingerprint,
    });
    let whom = Facts::of(json!({ "email": bounce.email, "diagnostic": bounce.diagnostic }));
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

fn entry(
    delivery: &Delivery,
    at: Timestamp,
    event: &'static str,
    facts: impl Serialize,
    personal: Option<Facts>,
) -> LogEvent {
    LogEvent {
        at,
        distribution: delivery.distribution,
        delivery: Some(delivery.id),
        event: event.into(),
        facts: Facts::of(facts),
        personal: personal.map(|facts| Personal {
            facts,
            salt: Entropy.bits(),
        }),
    }
}
