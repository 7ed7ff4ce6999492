//! A delivery: the duty to bring one release to one contact, and its states.
//!
//! [`apply`] is the only way from one state to the next. It refuses what may
//! not happen: leaving a final state, a claim before the embargo permits it,
//! an outcome under somebody else's lease.

use super::contact::Recipient;
use super::embargo::{EarlyCopy, Phase, may_leave};
use super::encryption::Obstacle;
use super::ids::{DeliveryId, DistributionId, LeaseToken};
use super::language::{Choice, Language};
use super::reply::{Handover, RejectClass, SmtpReply};
use super::retry::RetryPolicy;
use super::said::{Said, Tell};
use super::send_window::SendWindow;
use super::suppression::SuppressionReason;
use super::zone::Zone;
use crate::{said, shown_as_said};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was decided for one contact when the distribution was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its identifier; the Message-ID is made from it.
    pub id: DeliveryId,
    /// The distribution it belongs to.
    pub distribution: DistributionId,
    /// Whom it is for.
    pub recipient: Recipient,
    /// The variants the mail holds, its own language first.
    pub languages: Vec<Language>,
    /// Why that language.
    pub choice: Choice,
    /// The zone its times are shown in.
    pub zone: Zone,
    /// Which clock it goes by.
    pub phase: Phase,
    /// The segment that brought the contact in.
    pub segment: String,
    /// The embargo's bar; `None` where there is none.
    pub permitted_from: Option<Timestamp>,
    /// What it stands on, where it goes before the lift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<EarlyCopy>,
    /// When sending may start.
    pub not_before: Timestamp,
    /// The place of its segment in the order of the rule.
    #[serde(default)]
    pub wave: usize,
    /// The contact's own window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_window: Option<SendWindow>,
    /// The window it keeps to: the contact's own, else the schedule's; `None`
    /// where that is always open, or where an older Dateline planned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SendWindow>,
    /// The delivery of the original, where this one follows up on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies_to: Option<DeliveryId>,
}

/// Where a delivery stands, with the facts of that state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum DeliveryState {
    /// Waits for its time. The scheduler moves it on.
    Planned {
        /// When sending may start.
        not_before: Timestamp,
    },
    /// Its time has come. A worker's claim moves it on.
    Due,
    /// A worker holds it. The worker's outcome moves it on, or the reaper.
    Claimed {
        /// Whose it is.
        lease: LeaseToken,
        /// Until when.
        until: Timestamp,
        /// The attempt under way; none while the conversation has not begun.
        attempt: Option<u32>,
    },
    /// Failed for now. Its retry falling due moves it on.
    Deferred {
        /// When to try again.
        until: Timestamp,
        /// What the relay said, or what broke.
        reply: String,
    },
    /// The relay may have taken it, but its reply was lost (RFC 1047). A
    /// person moves it on, or the newsroom's explicit policy.
    InDoubt {
        /// The attempt that is in doubt.
        attempt: u32,
    },
    /// The relay took it. Only a bounce report moves it on.
    Accepted {
        /// When.
        at: Timestamp,
        /// What the relay said.
        reply: SmtpReply,
    },
    /// Refused for good. Final.
    Rejected {
        /// What kind of refusal.
        class: RejectClass,
        /// What the relay said.
        reply: SmtpReply,
    },
    /// Taken, then returned. Final.
    Bounced {
        /// What kind of failure.
        class: RejectClass,
        /// The report.
        report: String,
    },
    /// Given up after too long. Final.
    Expired,
    /// The address was barred before the conversation began. Final.
    Suppressed {
        /// Why.
        reason: SuppressionReason,
    },
    /// It had to be encrypted and could not be, so nothing was said. Final.
    Withheld {
        /// Why it could not.
        obstacle: Obstacle,
    },
    /// Withdrawn. Final.
    Cancelled {
        /// By whom.
        by: String,
    },
}

/// The part of its life a state belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Nobody holds it, and something is still to be done.
    Waiting,
    /// A worker holds it.
    Claimed,
    /// Waits for a decision.
    InDoubt,
    /// The relay has it.
    Accepted,
    /// Over.
    Ended,
}

impl DeliveryState {
    /// All states' names, in the order they are shown.
    pub const NAMES: [&'static str; 12] = [
        "planned",
        "due",
        "claimed",
        "deferred",
        "in_doubt",
        "accepted",
        "rejected",
        "bounced",
        "expired",
        "suppressed",
        "withheld",
        "cancelled",
    ];

    /// Its name in tables, columns and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Planned { .. } => "planned",
            Self::Due => "due",
            Self::Claimed { .. } => "claimed",
            Self::Deferred { .. } => "deferred",
            Self::InDoubt { .. } => "in_doubt",
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::Bounced { .. } => "bounced",
            Self::Expired => "expired",
            Self::Suppressed { .. } => "suppressed",
            Self::Withheld { .. } => "withheld",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// The part of its life.
    pub fn life(&self) -> Life {
        match self {
            Self::Planned { .. } | Self::Due | Self::Deferred { .. } => Life::Waiting,
            Self::Claimed { .. } => Life::Claimed,
            Self::InDoubt { .. } => Life::InDoubt,
            Self::Accepted { .. } => Life::Accepted,
            Self::Rejected { .. }
            | Self::Bounced { .. }
            | Self::Expired
            | Self::Suppressed { .. }
            | Self::Withheld { .. }
            | Self::Cancelled { .. } => Life::Ended,
        }
    }

    /// Whether no worker will touch it again.
    pub fn is_final(&self) -> bool {
        match self.life() {
            Life::Accepted | Life::Ended => true,
            Life::Waiting | Life::Claimed | Life::InDoubt => false,
        }
    }
}

/// Whether a state of this name means that the duty failed for good.
pub fn has_failed(state: &str) -> bool {
    matches!(state, "rejected" | "bounced" | "expired" | "withheld")
}

/// What can happen to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Its time has come.
    CameDue,
    /// A worker takes it.
    Claim {
        /// The worker's lease.
        lease: LeaseToken,
        /// Until when it holds.
        until: Timestamp,
    },
    /// The conversation begins: committed before MAIL FROM.
    Start {
        /// The worker's lease.
        lease: LeaseToken,
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// The worker gives it back without having said anything to the relay.
    GiveBack {
        /// The worker's lease.
        lease: LeaseToken,
    },
    /// The distribution was stopped for now: nobody may begin it.
    TakeBack,
    /// Its time was changed, before it began.
    Replan {
        /// When sending may start now.
        not_before: Timestamp,
    },
    /// Its distribution is stale.
    GoStale,
    /// The conversation ended, and the retry policy has spoken.
    Finish {
        /// The worker's lease.
        lease: LeaseToken,
        /// The outcome as decided by [`conclude`].
        conclusion: Conclusion,
    },
    /// The lease ran out without a word from the worker.
    LeaseLapsed,
    /// A person, or the policy `in_doubt = "resend"`, has it sent again.
    Resend,
    /// A person knows how it ended.
    Settle {
        /// Whether it arrived.
        arrived: bool,
        /// Who says so.
        by: String,
    },
    /// The address is barred.
    Suppress(SuppressionReason),
    /// The distribution is withdrawn.
    Cancel {
        /// By whom.
        by: String,
    },
    /// A report says that it did not arrive.
    Bounce {
        /// What kind of failure.
        class: RejectClass,
        /// The report.
        report: String,
    },
}

/// What an attempt means for its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// The relay took it.
    Accepted(SmtpReply),
    /// To be tried again.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        reply: String,
    },
    /// Refused for good.
    Rejected {
        /// What kind.
        class: RejectClass,
        /// What the relay said.
        reply: SmtpReply,
    },
    /// Nobody knows.
    InDoubt,
    /// Would be tried again, but it is too old.
    GiveUp,
}

/// Concludes from the end of a conversation: 2yz is done, 4yz and network
/// faults retry, 5yz does not (RFC 5321 4.2.1), a reply lost after the final
/// dot is in doubt.
pub fn conclude(
    handover: &Handover,
    attempts: u32,
    due_since: Timestamp,
    policy: &RetryPolicy,
    now: Timestamp,
    roll: f64,
) -> Conclusion {
    let retry = |reply: String| match policy.next(attempts, due_since, now, roll) {
        Some(at) => Conclusion::Retry { at, reply },
        None => Conclusion::GiveUp,
    };
    match handover {
        Handover::Accepted { reply } => Conclusion::Accepted(reply.clone()),
        Handover::Refused { step, reply } if reply.is_transient() => {
            retry(format!("{step}: {reply}"))
        }
        Handover::Refused { step, reply } => Conclusion::Rejected {
            class: RejectClass::of(*step, reply),
            reply: reply.clone(),
        },
        Handover::Lost { in_doubt: true, .. } => Conclusion::InDoubt,
        Handover::Lost {
            step,
            in_doubt: false,
            cause,
        } => retry(format!("{step}: {cause}")),
    }
}

/// A thing that may not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// No way leads from this state by this event.
    NoWay {
        /// The state's name.
        state: &'static str,
        /// What was tried.
        event: &'static str,
    },
    /// The embargo bars this contact still.
    Embargo {
        /// The lift.
        until: Timestamp,
    },
    /// Another worker holds it, or nobody.
    LeaseLost,
}

impl Tell for Illegal {
    fn said(&self) -> Said {
        match self {
            Self::NoWay { state, event } => {
                // The others are the work of programs: nobody asks for them at the desk.
                let event = match *event {
                    "be sent again" => said!("be sent again"),
                    "be settled" => said!("be settled"),
                    other => Said::verbatim(other),
                };
                said!(
                    "a delivery that is {state} cannot {event}",
                    state = state_in_words(state),
                    event
                )
            }
            Self::Embargo { until } => said!(
                "the embargo bars this contact until {until}",
                until = Said::moment(*until, until)
            ),
            Self::LeaseLost => said!("the lease is not this worker's any more"),
        }
    }
}

shown_as_said!(Illegal);

/// A state, as it is told.
fn state_in_words(name: &str) -> Said {
    match name {
        "planned" => said!("planned"),
        "due" => said!("due"),
        "claimed" => said!("claimed"),
        "deferred" => said!("deferred"),
        "in_doubt" => said!("in_doubt"),
        "accepted" => said!("accepted"),
        "rejected" => said!("rejected"),
        "bounced" => said!("bounced"),
        "expired" => said!("expired"),
        "suppressed" => said!("suppressed"),
        "cancelled" => said!("cancelled"),
        other => Said::verbatim(other),
    }
}

/// Moves a delivery on.
///
/// # Errors
/// [`Illegal`]: the event cannot happen in this state, at this time, or under this lease.
pub fn apply(
    state: &DeliveryState,
    permitted_from: Option<Timestamp>,
    event: Event,
    now: Timestamp,
) -> Result<DeliveryState, Illegal> {
    match event {
        Event::CameDue => come_due(state, now),
        Event::Claim { lease, until } => claim(state, permitted_from, lease, until, now),
        Event::Start { lease, attempt } => start(state, permitted_from, lease, attempt, now),
        Event::GiveBack { lease } => {
            held(state, lease, "be given back").map(|_| DeliveryState::Due)
        }
        Event::TakeBack => take_back(state),
        Event::Replan { not_before } => replan(state, not_before),
        Event::GoStale => unbegun(state, "go stale").map(|()| DeliveryState::Expired),
        Event::Finish { lease, conclusion } => finish(state, lease, conclusion, now),
        Event::LeaseLapsed => lapse(state),
        Event::Resend => only(state, Life::InDoubt, "be sent again").map(|()| DeliveryState::Due),
        Event::Settle { arrived, by } => {
            only(state, Life::InDoubt, "be settled").map(|()| settled(arrived, by, now))
        }
        Event::Suppress(reason) => {
            unbegun(state, "be suppressed").map(|()| DeliveryState::Suppressed { reason })
        }
        Event::Cancel { by } => {
            unbegun(state, "be cancelled").map(|()| DeliveryState::Cancelled { by })
        }
        Event::Bounce { class, report } => bounce(state, class, report),
    }
}

fn no_way(state: &DeliveryState, event: &'static str) -> Illegal {
    Illegal::NoWay {
        state: state.name(),
        event,
    }
}

fn only(state: &DeliveryState, life: Life, event: &'static str) -> Result<(), Illegal> {
    if state.life() == life {
        Ok(())
    } else {
        Err(no_way(state, event))
    }
}

fn come_due(state: &DeliveryState, now: Timestamp) -> Result<DeliveryState, Illegal> {
    only(state, Life::Waiting, "fall due")?;
    if due_at(state).is_none_or(|at| at <= now) {
        Ok(DeliveryState::Due)
    } else {
        Err(no_way(state, "fall due so early"))
    }
}

/// When a waiting delivery falls due; `None` where it is due or not waiting.
fn due_at(state: &DeliveryState) -> Option<Timestamp> {
    match state {
        DeliveryState::Planned { not_before: at } | DeliveryState::Deferred { until: at, .. } => {
            Some(*at)
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
        | DeliveryState::Cancelled { .. } => None,
    }
}

fn permitted(permitted_from: Option<Timestamp>, now: Timestamp) -> Result<(), Illegal> {
    match permitted_from {
        Some(until) if !may_leave(permitted_from, now) => Err(Illegal::Embargo { until }),
        Some(_) | None => Ok(()),
    }
}

fn claim(
    state: &DeliveryState,
    permitted_from: Option<Timestamp>,
    lease: LeaseToken,
    until: Timestamp,
    now: Timestamp,
) -> Result<DeliveryState, Illegal> {
    permitted(permitted_from, now)?;
    come_due(state, now)?;
    Ok(DeliveryState::Claimed {
        lease,
        until,
        attempt: None,
    })
}

/// The attempt under way in a delivery that this lease holds.
fn held(
    state: &DeliveryState,
    lease: LeaseToken,
    event: &'static str,
) -> Result<Option<u32>, Illegal> {
    only(state, Life::Claimed, event)?;
    match state {
        DeliveryState::Claimed {
            lease: own,
            attempt,
            ..
        } if *own == lease => Ok(*attempt),
        DeliveryState::Claimed { .. }
        | DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Deferred { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => Err(Illegal::LeaseLost),
    }
}

fn take_back(state: &DeliveryState) -> Result<DeliveryState, Illegal> {
    only(state, Life::Claimed, "be taken back")?;
    unbegun(state, "be taken back").map(|()| DeliveryState::Due)
}

/// A retry keeps its own time where that is later.
fn replan(state: &DeliveryState, not_before: Timestamp) -> Result<DeliveryState, Illegal> {
    unbegun(state, "be planned anew")?;
    Ok(match state {
        DeliveryState::Deferred { until, reply } => DeliveryState::Deferred {
            until: not_before.max(*until),
            reply: reply.clone(),
        },
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Claimed { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => DeliveryState::Planned { not_before },
    })
}

fn start(
    state: &DeliveryState,
    permitted_from: Option<Timestamp>,
    lease: LeaseToken,
    attempt: u32,
    now: Timestamp,
) -> Result<DeliveryState, Illegal> {
    permitted(permitted_from, now)?;
    held(state, lease, "begin")?;
    match state {
        DeliveryState::Claimed {
            until,
            attempt: None,
            ..
        } => Ok(DeliveryState::Claimed {
            lease,
            until: *until,
            attempt: Some(attempt),
        }),
        DeliveryState::Claimed { .. }
        | DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Deferred { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => Err(no_way(state, "begin twice")),
    }
}

fn finish(
    state: &DeliveryState,
    lease: LeaseToken,
    conclusion: Conclusion,
    now: Timestamp,
) -> Result<DeliveryState, Illegal> {
    let attempt = held(state, lease, "end an attempt")?
        .ok_or_else(|| no_way(state, "end an attempt that never began"))?;
    Ok(match conclusion {
        Conclusion::Accepted(reply) => DeliveryState::Accepted { at: now, reply },
        Conclusion::Retry { at, reply } => DeliveryState::Deferred { until: at, reply },
        Conclusion::Rejected { class, reply } => DeliveryState::Rejected { class, reply },
        Conclusion::InDoubt => DeliveryState::InDoubt { attempt },
        Conclusion::GiveUp => DeliveryState::Expired,
    })
}

fn lapse(state: &DeliveryState) -> Result<DeliveryState, Illegal> {
    match state {
        DeliveryState::Claimed {
            attempt: Some(attempt),
            ..
        } => Ok(DeliveryState::InDoubt { attempt: *attempt }),
        DeliveryState::Claimed { attempt: None, .. } => Ok(DeliveryState::Due),
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Deferred { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => Err(no_way(state, "lose its lease")),
    }
}

fn settled(arrived: bool, by: String, now: Timestamp) -> DeliveryState {
    if arrived {
        DeliveryState::Accepted {
            at: now,
            reply: SmtpReply::new(250, format!("settled as arrived by {by}")),
        }
    } else {
        DeliveryState::Cancelled { by }
    }
}

/// Nobody has begun it: it waits, or a worker holds it without an attempt.
fn unbegun(state: &DeliveryState, event: &'static str) -> Result<(), Illegal> {
    match state {
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Deferred { .. }
        | DeliveryState::Claimed { attempt: None, .. } => Ok(()),
        DeliveryState::Claimed { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Accepted { .. }
        | DeliveryState::Rejected { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => Err(no_way(state, event)),
    }
}

fn bounce(
    state: &DeliveryState,
    class: RejectClass,
    report: String,
) -> Result<DeliveryState, Illegal> {
    match state.life() {
        Life::Accepted | Life::InDoubt => Ok(DeliveryState::Bounced { class, report }),
        Life::Waiting | Life::Claimed | Life::Ended => Err(no_way(state, "bounce")),
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
