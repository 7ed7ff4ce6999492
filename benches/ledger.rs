//! Whole turns of the ledger, store alone: each turn writes the outcomes of the
//! last and claims as many more, with their log entries, in one transaction.
//!
//! `cargo bench --bench ledger -- URL...` with new stores, such as
//! `sqlite:/tmp/ledger.db postgres://press@127.0.0.1/ledger`.
//! `DATELINE_ROWS` (100,000) and `DATELINE_WORKERS` (1) set the size.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints, lives in real time and stops where it fails"
)]

use dateline::config::StoreLocation;
use dateline::desk::Wiring;
use dateline::domain::address::EmailAddress;
use dateline::domain::contact::Recipient;
use dateline::domain::course::Course;
use dateline::domain::delivery::{Delivery, DeliveryState};
use dateline::domain::distribution::Distribution;
use dateline::domain::embargo::Phase;
use dateline::domain::header_text::HeaderText;
use dateline::domain::ids::{ContactId, DeliveryId, DistributionId, LeaseToken, ReleaseId};
use dateline::domain::language::Choice;
use dateline::domain::log::{Facts, LogEvent, Personal};
use dateline::domain::reply::SmtpReply;
use dateline::domain::schedule::Schedule;
use dateline::domain::zone::Zone;
use dateline::store::archive::Archive;
use dateline::store::verify::verify_log;
use dateline::store::{Claim, Claimed, Record, Taken, Term};
use dateline::wire::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Deliveries a turn.
const TURN: u32 = 256;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[tokio::main]
async fn main() {
    let rows = setting("DATELINE_ROWS", 100_000);
    let workers = setting("DATELINE_WORKERS", 1);
    for url in std::env::args().skip(1).filter(|url| url.contains(':')) {
        measure(&url, rows, workers).await;
    }
}

async fn open(url: &str) -> Arc<dyn Archive> {
    let location = StoreLocation::parse(url, Path::new(".")).unwrap();
    World.archive(&location).await.unwrap()
}

async fn measure(url: &str, rows: u64, workers: u64) {
    let store = open(url).await;
    let begin = Instant::now();
    let of = plan(store.as_ref(), rows).await;
    let planned = begin.elapsed();
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for worker in 0..workers {
        tasks.push(tokio::spawn(drain(open(url).await, worker)));
    }
    let mut slowest = SignedDuration::ZERO;
    for task in tasks {
        slowest = slowest.max(task.await.unwrap());
    }
    let drained = begin.elapsed();
    let done = store.counts(of, Timestamp::now()).await.unwrap();
    assert_eq!(done.in_state("accepted"), rows);
    let rate = |took: std::time::Duration| rows as f64 / took.as_secs_f64();
    println!(
        "{url}: planned {:.0}/s; {workers} worker(s): {:.0} deliveries/s claimed and settled, slowest turn {} ms",
        rate(planned),
        rate(drained),
        slowest.as_millis()
    );
    assert!(verify_log(store.as_ref()).await.is_ok());
}

fn distribution(now: Timestamp, rows: u64) -> Distribution {
    Distribution {
        id: DistributionId::from_parts(now.as_millisecond().unsigned_abs(), 1),
        release: ReleaseId::parse("a-release").unwrap(),
        headline: "Levels of the river".into(),
        planned_at: now,
        schedule: Schedule::now(now),
        embargo: None,
        course: Course::UnderWay { since: now },
        approved_by: vec![],
        follows: None,
        notice: false,
        to: vec!["everybody".into()],
        not: vec![],
        content: "hash".into(),
        included: rows,
        excluded: BTreeMap::new(),
    }
}

async fn plan(store: &dyn Archive, rows: u64) -> DistributionId {
    let now = Timestamp::now() - SignedDuration::from_secs(10);
    let of = distribution(now, rows);
    let mut planning = store.plan(of.id).await.unwrap();
    let numbers: Vec<_> = (0..rows).collect();
    for page in numbers.chunks(1000) {
        let batch = page.iter().map(|n| {
            let delivery = delivery(&of, *n, now);
            let planned = event(&delivery, "planned");
            (delivery, planned)
        });
        planning.add(batch.collect()).await.unwrap();
    }
    let word = LogEvent {
        delivery: None,
        personal: None,
        ..event(&delivery(&of, 0, now), "distribution")
    };
    planning.commit(&of, b"content", word).await.unwrap();
    of.id
}

fn delivery(of: &Distribution, n: u64, now: Timestamp) -> Delivery {
    let random = blake3::hash(&n.to_le_bytes());
    let random = u128::from_le_bytes(random.as_bytes()[..16].try_into().unwrap());
    Delivery {
        id: DeliveryId::from_parts(now.as_millisecond().unsigned_abs() + n / 50, random),
        distribution: of.id,
        recipient: Recipient {
            contact: ContactId::from_parts(n, 1),
            email: EmailAddress::parse(&format!("reader{n}@outlet{}.example", n % 100)).unwrap(),
            name: HeaderText::parse(&format!("Reader Number {n}")).unwrap(),
            salutation: "Dear reader".into(),
            outlet: "The Example".into(),
            encryption: dateline::domain::encryption::EncryptionPolicy::Off,
        },
        languages: vec!["en".parse().unwrap()],
        choice: Choice::ReleaseDefault,
        zone: Zone::parse("Asia/Almaty").unwrap(),
        phase: Phase::Immediate,
        segment: "everybody".into(),
        permitted_from: None,
        not_before: now,
        wave: 0,
        send_window: None,
        early: None,
        window: None,
        replies_to: None,
    }
}

fn event(of: &Delivery, name: &str) -> LogEvent {
    let reply = "250 2.0.0 Ok: queued as 4f2Yx81LtTz9";
    LogEvent {
        at: Timestamp::now(),
        distribution: of.distribution,
        delivery: Some(of.id),
        event: name.to_owned().into(),
        facts: Facts::of(json!({ "attempt": 1, "relay": "main" })),
        personal: Some(Personal {
            facts: Facts::of(json!({ "email": of.recipient.email, "reply": reply })),
            salt: 7,
        }),
    }
}

fn outcome(claimed: &Claimed, lease: LeaseToken) -> Record {
    let state = DeliveryState::Accepted {
        at: Timestamp::now(),
        reply: SmtpReply::new(250, "2.0.0 Ok: queued as 4f2Yx81LtTz9"),
    };
    Record {
        delivery: claimed.delivery.id,
        place: claimed.place,
        lease,
        attempts: claimed.attempt,
        event: Some(event(&claimed.delivery, state.name())),
        state,
    }
}

/// Turns until nothing is left; the slowest.
async fn drain(store: Arc<dyn Archive>, worker: u64) -> SignedDuration {
    let now = Timestamp::now();
    let lease = LeaseToken::from_parts(worker, 9);
    let until = now + SignedDuration::from_hours(1);
    assert!(store.lease(lease, until, Term::First).await.unwrap());
    let (mut records, mut slowest) = (Vec::new(), SignedDuration::ZERO);
    loop {
        let claim = Claim {
            distribution: None,
            now,
            lease,
            limit: TURN,
            take: &|claimed| Taken::Begins(event(&claimed.delivery, "attempt")),
        };
        let begin = Instant::now();
        let turned = store.turn(&records, Some(claim)).await.unwrap();
        slowest = slowest.max(begin.elapsed().try_into().unwrap());
        if turned.claimed.is_empty() {
            return slowest;
        }
        let claims = turned.claimed.iter();
        records = claims.map(|claimed| outcome(claimed, lease)).collect();
    }
}
