//! Tests of what a delivery waits for.

use super::*;
use crate::domain::contact::example;
use crate::domain::embargo::{EarlyCopy, Phase};
use crate::domain::ids::{DeliveryId, DistributionId};
use crate::domain::language::{Choice, Language};
use crate::domain::zone::Zone;
use proptest::prelude::*;

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(n).unwrap()
}

fn delivery(window: Option<&str>, zone: &str) -> Delivery {
    Delivery {
        id: DeliveryId::from_parts(0, 1),
        distribution: DistributionId::from_parts(0, 1),
        recipient: example("anna@example.org").recipient(),
        languages: vec![Language::parse("en").unwrap()],
        choice: Choice::ReleaseDefault,
        zone: Zone::parse(zone).unwrap(),
        phase: Phase::General,
        segment: "all".to_owned(),
        permitted_from: None,
        early: None,
        not_before: Timestamp::UNIX_EPOCH,
        wave: 0,
        send_window: None,
        window: window.map(|window| SendWindow::parse(window).unwrap()),
        replies_to: None,
    }
}

proptest! {
    #[test]
    fn it_never_leaves_inside_the_bar_nor_outside_the_window(
        now in 1_700_000_000i64..1_900_000_000,
        bar in prop::option::of(-1_000_000i64..1_000_000),
        early in prop::option::of((-1_000_000i64..1_000_000, prop::option::of(-1_000_000i64..1_000_000))),
        window in prop::option::of(prop::sample::select(vec!["always", "mon-fri 08:00-20:00", "sat,sun", "22:00-23:00", "02:00-03:00"])),
        zone in prop::sample::select(vec!["UTC", "Asia/Almaty", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe"]),
    ) {
        let of = |ahead: i64| second(now + ahead);
        let one = Delivery {
            permitted_from: bar.map(of),
            early: early.map(|(lift, end)| EarlyCopy { lift: of(lift), agreed_until: end.map(of) }),
            ..delivery(window, zone)
        };
        let may = |at: Timestamp| {
            let barred = one.permitted_from.is_some_and(|bar| at < bar);
            let over = one.early.is_some_and(|early| early.agreed_until.is_some_and(|end| at >= end) && at < early.lift);
            !barred && !over && one.kept_window().opens(at, &one.zone) == at
        };
        let now = second(now);
        match one.waits_until(now) {
            None => prop_assert!(may(now)),
            Some(until) => {
                prop_assert!(until > now && !may(now) && may(until), "{until}");
                prop_assert_eq!(one.waits_until(until), None);
                // Not a moment longer than need be.
                for n in 1..50 {
                    let between = now + (until.duration_since(now) / 50) * n;
                    prop_assert!(!may(between), "{between} would do");
                }
            }
        }
    }
}

#[test]
fn an_agreement_that_ends_while_the_window_is_closed_waits_for_the_lift() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let one = Delivery {
        phase: Phase::Advance,
        early: Some(EarlyCopy {
            lift: at("2026-12-02T12:00:00Z"),
            agreed_until: Some(at("2026-12-01T00:00:00Z")),
        }),
        ..delivery(Some("08:00-20:00"), "UTC")
    };
    assert_eq!(one.waits_until(at("2026-11-30T19:59:00Z")), None);
    let until = one.waits_until(at("2026-11-30T20:00:00Z"));
    assert_eq!(until, Some(at("2026-12-02T12:00:00Z")));
    assert_eq!(one.waits_until(at("2026-12-02T12:00:00Z")), None);
}

#[test]
fn what_an_older_dateline_planned_still_reads() {
    let own = Delivery {
        send_window: Some(SendWindow::parse("08:00-20:00").unwrap()),
        ..delivery(None, "UTC")
    };
    let text = serde_json::to_string(&own).unwrap();
    assert!(
        !text.contains("early") && !text.contains("\"window\""),
        "{text}"
    );
    let read: Delivery = serde_json::from_str(&text).unwrap();
    let night = "2026-11-30T23:00:00Z".parse().unwrap();
    let opens = read.waits_until(night).unwrap();
    assert_eq!(opens.to_string(), "2026-12-01T08:00:00Z");
}

#[test]
fn what_is_sent_again_out_of_doubt_waits_for_a_time_that_was_moved_on() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let one = Delivery {
        not_before: at("2026-12-02T09:00:00Z"),
        ..delivery(None, "UTC")
    };
    let early = one.waits_until(at("2026-12-01T12:00:00Z"));
    assert_eq!(early, Some(one.not_before));
    assert_eq!(one.waits_until(one.not_before), None);
}
