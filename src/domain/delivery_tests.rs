//! Properties of the state machine: any events, in any order, at any time.

use super::*;
use crate::domain::reply::Step;
use proptest::prelude::*;

const LIFT: i64 = 5_000;

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(n).unwrap()
}

fn lease(n: u8) -> LeaseToken {
    LeaseToken::from_parts(0, u128::from(n))
}

fn any_conclusion() -> impl Strategy<Value = Conclusion> {
    prop_oneof![
        Just(Conclusion::Accepted(SmtpReply::new(250, "ok"))),
        (0i64..10_000).prop_map(|at| Conclusion::Retry {
            at: second(at),
            reply: "451".into()
        }),
        Just(Conclusion::Rejected {
            class: RejectClass::Other,
            reply: SmtpReply::new(550, "no")
        }),
        Just(Conclusion::InDoubt),
        Just(Conclusion::GiveUp),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let holder = (0u8..3).prop_map(lease);
    prop_oneof![
        Just(Event::CameDue),
        (holder.clone(), 0i64..20_000).prop_map(|(lease, until)| Event::Claim {
            lease,
            until: second(until)
        }),
        (holder.clone(), 1u32..5).prop_map(|(lease, attempt)| Event::Start { lease, attempt }),
        holder.clone().prop_map(|lease| Event::GiveBack { lease }),
        (holder, any_conclusion())
            .prop_map(|(lease, conclusion)| Event::Finish { lease, conclusion }),
        Just(Event::LeaseLapsed),
        Just(Event::TakeBack),
        Just(Event::GoStale),
        (0i64..10_000).prop_map(|at| Event::Replan {
            not_before: second(at)
        }),
        Just(Event::Resend),
        any::<bool>().prop_map(|arrived| Event::Settle {
            arrived,
            by: "editor".into()
        }),
        Just(Event::Suppress(SuppressionReason::OptOut)),
        Just(Event::Cancel {
            by: "editor".into()
        }),
        Just(Event::Bounce {
            class: RejectClass::Other,
            report: "r".into()
        }),
    ]
}

proptest! {
    #[test]
    fn no_history_breaks_the_promises(
        events in prop::collection::vec((any_event(), 0i64..10_000), 1..60),
        agreed: bool,
        not_before in 0i64..10_000,
    ) {
        let permitted_from = (!agreed).then(|| second(LIFT));
        let mut state = DeliveryState::Planned { not_before: second(not_before) };
        let mut not_before = not_before;
        let mut clock: Vec<(Event, i64)> = events;
        clock.sort_by_key(|(_, at)| *at);
        for (event, at) in clock {
            let before = state.clone();
            let Ok(after) = apply(&before, permitted_from, event.clone(), second(at)) else { continue };
            prop_assert!(before.life() != Life::Ended, "left a final state: {before:?} by {event:?}");
            if before.life() == Life::Accepted {
                prop_assert_eq!(after.name(), "bounced");
            }
            if after.life() == Life::Claimed {
                prop_assert!(agreed || at >= LIFT, "claimed at {at}, before the lift");
                prop_assert!(at >= not_before, "claimed at {at}, before its time");
            }
            if let (DeliveryState::Claimed { lease: owner, .. }, Event::Finish { lease, .. } | Event::Start { lease, .. } | Event::GiveBack { lease }) = (&before, &event) {
                prop_assert_eq!(owner, lease, "another worker's lease was honoured");
            }
            if let Event::Replan { not_before: moved } = event {
                not_before = moved.as_second();
            }
            state = after;
        }
    }

    #[test]
    fn only_a_lost_reply_is_in_doubt(code in 200u16..600, in_doubt: bool, attempts in 1u32..20) {
        let policy = RetryPolicy::default();
        let now = second(100);
        let end = |handover| conclude(&handover, attempts, now, &policy, now, 0.5);
        let lost = end(Handover::Lost { step: Step::Body, in_doubt, cause: "reset".into() });
        prop_assert_eq!(lost == Conclusion::InDoubt, in_doubt);
        let refused = end(Handover::Refused { step: Step::Rcpt, reply: SmtpReply::new(code, "x") });
        prop_assert_eq!(matches!(refused, Conclusion::Retry { .. }), (400..500).contains(&code));
    }
}

#[test]
fn a_lapsed_lease_is_in_doubt_only_once_begun() {
    let claimed = DeliveryState::Claimed {
        lease: lease(1),
        until: second(9),
        attempt: None,
    };
    assert_eq!(
        apply(&claimed, None, Event::LeaseLapsed, second(10)),
        Ok(DeliveryState::Due)
    );
    let begun = apply(
        &claimed,
        None,
        Event::Start {
            lease: lease(1),
            attempt: 2,
        },
        second(1),
    )
    .unwrap();
    assert_eq!(
        apply(&begun, None, Event::LeaseLapsed, second(10)),
        Ok(DeliveryState::InDoubt { attempt: 2 })
    );
    assert!(
        apply(&begun, None, Event::Cancel { by: "x".into() }, second(2)).is_err(),
        "a conversation under way is not cancelled"
    );
}

#[test]
fn the_last_check_before_the_conversation_holds_the_embargo() {
    let claimed = DeliveryState::Claimed {
        lease: lease(1),
        until: second(9),
        attempt: None,
    };
    let early = apply(
        &claimed,
        Some(second(LIFT)),
        Event::Start {
            lease: lease(1),
            attempt: 1,
        },
        second(LIFT - 1),
    );
    assert_eq!(
        early,
        Err(Illegal::Embargo {
            until: second(LIFT)
        })
    );
}
