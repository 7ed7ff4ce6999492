//! What the end of a conversation comes to: for the delivery, for the log, for
//! whoever watches.

use super::entries;
use super::progress::Mark;
use super::run::{Run, RunError};
use crate::domain::delivery::{Conclusion, DeliveryState, Event, apply, conclude};
use crate::domain::reply::{Handover, RejectClass, Step};
use crate::domain::said::Tell;
use crate::entropy::Entropy;
use crate::store::{Claimed, Record};
use jiff::Timestamp;
use std::sync::atomic::Ordering;

/// The end of one attempt.
pub(super) struct Outcome<'a> {
    claimed: &'a Claimed,
    handover: &'a Handover,
    conclusion: Conclusion,
    now: Timestamp,
}

impl<'a> Outcome<'a> {
    /// Concludes. What is the relay's fault and not the recipient's does not
    /// wait where another relay can take it.
    pub(super) fn of(run: &Run, claimed: &'a Claimed, handover: &'a Handover) -> Self {
        let now = run.clock.now();
        let conclusion = match relay_at_fault(handover) {
            Some(Fault::Whole(reply)) => Conclusion::Retry { at: now, reply },
            Some(Fault::Passing(reply)) if run.has_other.load(Ordering::Relaxed) => {
                Conclusion::Retry { at: now, reply }
            }
            Some(Fault::Passing(_)) | None => conclude(
                handover,
                claimed.attempt,
                claimed.due_since,
                &run.settings.retry,
                now,
                Entropy.roll(),
            ),
        };
        Self {
            claimed,
            handover,
            conclusion,
            now,
        }
    }

    /// How it ended, for metrics and traces.
    pub(super) fn name(&self) -> &'static str {
        match &self.conclusion {
            Conclusion::Accepted(_) => "accepted",
            Conclusion::Retry { .. } => "deferred",
            Conclusion::Rejected { .. } => "rejected",
            Conclusion::InDoubt => "in_doubt",
            Conclusion::GiveUp => "expired",
        }
    }

    /// What is to be written, with its log entry; counted and measured.
    pub(super) fn record(self, run: &Run, relay: &str) -> Result<Record, RunError> {
        let (claimed, now) = (self.claimed, self.now);
        run.progress.mark(mark_of(&self.conclusion));
        run.metrics.attempt(self.name(), relay);
        if claimed.attempt == 1 {
            run.metrics.late(now.duration_since(claimed.due_since));
        }
        let held = DeliveryState::Claimed {
            lease: run.lease,
            until: now,
            attempt: Some(claimed.attempt),
        };
        let finish = Event::Finish {
            lease: run.lease,
            conclusion: self.conclusion,
        };
        let state =
            apply(&held, claimed.delivery.permitted_from, finish, now).map_err(|illegal| {
                RunError::Compose {
                    delivery: claimed.delivery.id.to_string(),
                    cause: illegal.said(),
                }
            })?;
        let event = entries::outcome(
            &claimed.delivery,
            claimed.attempt,
            self.handover,
            &state,
            now,
        );
        Ok(Record {
            delivery: claimed.delivery.id,
            place: claimed.place,
            lease: run.lease,
            state,
            attempts: claimed.attempt,
            event: Some(event),
        })
    }
}

/// A failure that is the relay's and not the recipient's.
enum Fault {
    /// It will take nothing of ours.
    Whole(String),
    /// It takes no more for now, or the way to it broke.
    Passing(String),
}

fn relay_at_fault(handover: &Handover) -> Option<Fault> {
    if let Some(reply) = relay_refuses(handover) {
        return Some(Fault::Whole(reply));
    }
    match handover {
        Handover::Refused { step, reply } if reply.code == 421 => {
            Some(Fault::Passing(format!("{step}: {reply}")))
        }
        Handover::Accepted { .. } | Handover::Refused { .. } | Handover::Lost { .. } => None,
    }
}

/// A refusal for good that is about us and not about the recipient or this
/// one message: without this, a wrong password or sender would burn a whole list.
pub(super) fn relay_refuses(handover: &Handover) -> Option<String> {
    let Handover::Refused {
        step: step @ Step::Mail,
        reply,
    } = handover
    else {
        return None;
    };
    let about_content = reply.enhanced.is_some_and(|code| code.subject == 6);
    let about_us = match RejectClass::of(*step, reply) {
        RejectClass::RelayDenied
        | RejectClass::Policy
        | RejectClass::MailboxUnknown
        | RejectClass::MailboxUnavailable => true,
        RejectClass::TooLarge | RejectClass::Protocol | RejectClass::Other => false,
    };
    (!reply.is_transient() && about_us && !about_content).then(|| format!("{step}: {reply}"))
}

fn mark_of(conclusion: &Conclusion) -> Mark {
    match conclusion {
        Conclusion::Accepted(_) => Mark::Accepted,
        Conclusion::Retry { .. } => Mark::Deferred,
        Conclusion::Rejected { .. } | Conclusion::GiveUp => Mark::Failed,
        Conclusion::InDoubt => Mark::InDoubt,
    }
}
