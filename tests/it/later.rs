//! What leaves later than planned, on a clock that a test can move: it keeps to
//! windows, agreements and the time, as if it were planned anew.

use crate::day::{Day, at, midnight};
use dateline::desk::schedule::When;
use dateline::desk::send::Order;
use dateline::desk::service::{Service, Word};
use dateline::domain::agreement::{AgreementWord, Party, Said, Scope};
use dateline::domain::embargo::Phase;
use dateline::domain::send_window::SendWindow;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// One in each zone; all of them are on the first list.
const CONTACTS: usize = 40;

async fn plan(day: &Day, release: &str, when: When) {
    let order = Order {
        release: release.to_owned(),
        to: vec!["list:l0".to_owned()],
        when,
        ..Order::default()
    };
    day.desk().await.plan(&order).await.unwrap();
}

/// So few contacts, and something that waits for weeks: there always is a next instant.
async fn small_day() -> Day {
    let (day, catcher) = midnight(CONTACTS).await;
    // It lives as long as the test does.
    std::mem::forget(catcher);
    let at = Some("2026-12-20 09:00".to_owned());
    plan(
        &day,
        "r4",
        When {
            at,
            ..When::default()
        },
    )
    .await;
    day
}

/// When each contact's conversation of a release began.
async fn begun(day: &Day, release: &str) -> HashMap<String, Timestamp> {
    let desk = day.desk().await;
    let status = day.status_of(release).await;
    let which = desk.find(&status.id).await.unwrap();
    let (mut whom, mut begun) = (HashMap::new(), HashMap::new());
    let log = desk.store.log(Some(which.id), 0, 10_000).await.unwrap();
    for row in log {
        let line: Value = serde_json::from_str(&row.entry.line).unwrap();
        let delivery = line["delivery"].as_str().unwrap_or_default().to_owned();
        match line["event"].as_str().unwrap() {
            "planned" => {
                // One that was planned anew names nobody again.
                let Some(personal) = row.entry.personal.as_deref() else {
                    continue;
                };
                let personal: Value = serde_json::from_str(personal).unwrap();
                if let Some(email) = personal["email"].as_str() {
                    whom.insert(delivery, email.to_owned());
                }
            }
            "attempt" => {
                begun.insert(whom[&delivery].clone(), at(line["at"].as_str().unwrap()));
            }
            _ => {}
        }
    }
    begun
}

async fn hold(day: &Day, release: &str) {
    let desk = day.desk().await;
    let which = desk.find(&day.status_of(release).await.id).await.unwrap();
    let deed = desk.deed("vera", "a name is in doubt");
    desk.hold(&which, &deed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hold_kept_back_waits_for_the_next_opening() {
    let day = small_day().await;
    let window = Some("09:00-10:00".to_owned());
    plan(
        &day,
        "r2",
        When {
            window,
            ..When::default()
        },
    )
    .await;
    hold(&day, "r2").await;
    day.serve_until(at("2026-11-30T12:05:00Z")).await;
    assert!(begun(&day, "r2").await.is_empty());
    assert_eq!(day.resume_what_is_held().await, ["r2"]);
    day.serve_until(at("2026-12-03T00:00:00Z")).await;
    let begun = begun(&day, "r2").await;
    assert_eq!(begun.len(), CONTACTS);
    let desk = day.desk().await;
    for (email, when) in begun {
        let contact = desk.contact(&email).await.unwrap();
        let window = contact.send_window;
        let window = window.unwrap_or_else(|| SendWindow::parse("09:00-10:00").unwrap());
        let zone = contact.time_zone.unwrap();
        assert_eq!(
            window.opens(when, &zone),
            when,
            "{email} in {zone} at {when}"
        );
        assert!(when >= at("2026-11-30T12:00:00Z"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_that_ended_during_a_hold_lets_nothing_go_early() {
    let day = small_day().await;
    let desk = day.desk().await;
    // An agreement up to the end of the day; others have one without an end.
    let word = AgreementWord {
        party: Party::Contact("c1@day.example".parse().unwrap()),
        said: Said::Granted,
        scope: Scope::All,
        since: None,
        until: Some("2026-11-30".parse().unwrap()),
        recorded_by: "vera".to_owned(),
        recorded_at: at("2026-11-29T12:00:00Z"),
        note: String::new(),
    };
    desk.record_agreement(&word).await.unwrap();
    plan(&day, "r3", When::default()).await;
    let which = desk.find(&day.status_of("r3").await.id).await.unwrap();
    let deed = desk.deed("vera", "put off");
    let moved = desk.move_embargo(&which, "2026-12-02 12:00", &deed).await;
    assert_eq!(moved.unwrap().len(), 1);
    let advance = day.status_of("r3").await.counts.by_phase["advance"];
    assert_eq!(advance, 9, "8 of the list, and one on record");
    hold(&day, "r3").await;
    // Its last day is over at 23:00 UTC, midnight in Vienna.
    day.serve_until(at("2026-11-30T23:00:00Z")).await;
    assert_eq!(day.resume_what_is_held().await, ["r3"]);
    day.serve_until(at("2026-12-02T10:59:59Z")).await;
    let early = begun(&day, "r3").await;
    assert_eq!(early.len(), 8, "{early:?}");
    assert!(!early.contains_key("c1@day.example"));
    day.serve_until(at("2026-12-04T00:00:00Z")).await;
    let all = begun(&day, "r3").await;
    assert_eq!(all.len(), CONTACTS);
    assert!(all["c1@day.example"] >= at("2026-12-02T11:00:00Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_set_while_no_service_ran_is_not_believed() {
    let day = small_day().await;
    day.world.clock.outlives();
    plan(&day, "r0", When::default()).await;
    day.serve_until(at("2026-11-30T01:00:00Z")).await;
    let early = day.received("r0").await;
    assert!(!early.is_empty() && early.iter().all(|phase| *phase == Phase::Advance));
    // Somebody sets the clock over the lift, and starts the service.
    day.world.clock.set_off(SignedDuration::from_hours(12));
    let service = Arc::new(Service::new(day.desk().await));
    let (words, mut heard) = mpsc::channel(1);
    let script = async {
        while day.status_of("r0").await.course.is_under_way() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        words.send(Word::Stop).await.unwrap();
    };
    tokio::join!(service.run(&day.world, &mut heard), script);
    let held = serde_json::to_value(day.status_of("r0").await.course).unwrap();
    assert_eq!(held["cause"], "clock_jumped", "{held}");
    assert_eq!(day.received("r0").await.len(), early.len());
    // It asks once: whoever resumes has looked at the clock.
    assert_eq!(day.resume_what_is_held().await, ["r0", "r4"]);
    day.serve_until(at("2026-12-01T00:00:00Z")).await;
    assert!(day.status_of("r0").await.course.is_under_way());
    assert!(day.received("r0").await.len() > early.len());
}
