//! Where the suite stands: a new store, what is put into it, and short words
//! for what is asked of it.

use crate::cluster::cluster;
use dateline::config::StoreLocation;
use dateline::desk::Wiring;
use dateline::domain::address::EmailAddress;
use dateline::domain::contact::Contact;
use dateline::domain::course::Course;
use dateline::domain::delivery::{Delivery, DeliveryState};
use dateline::domain::distribution::Distribution;
use dateline::domain::embargo::Phase;
use dateline::domain::encryption::EncryptionPolicy;
use dateline::domain::header_text::HeaderText;
use dateline::domain::ids::{ContactId, DeliveryId, DistributionId, LeaseToken, ReleaseId};
use dateline::domain::language::Choice;
use dateline::domain::log::{Facts, LogEvent, Personal};
use dateline::domain::reply::SmtpReply;
use dateline::domain::schedule::Schedule;
use dateline::domain::zone::Zone;
use dateline::store::archive::Archive;
use dateline::store::{Claim, Claimed, Record, Store, Taken, Term, Turned};
use dateline::wire::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// A new store of some backend.
pub(crate) struct Ground {
    url: String,
    dir: TempDir,
}

impl Ground {
    pub(crate) fn sqlite() -> Self {
        Self {
            url: "sqlite:store.db".to_owned(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn postgres() -> Self {
        Self {
            url: cluster().database(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A new store of the other backend.
    pub(crate) fn other(&self) -> Self {
        if self.is_postgres() {
            Self::sqlite()
        } else {
            Self::postgres()
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    pub(crate) fn url(&self) -> String {
        self.location().to_string()
    }

    pub(crate) fn location(&self) -> StoreLocation {
        StoreLocation::parse(&self.url, self.dir.path()).unwrap()
    }

    /// A handle of its own, as another process would have.
    pub(crate) async fn open(&self) -> Arc<dyn Archive> {
        World.archive(&self.location()).await.unwrap()
    }

    /// The files that the store is in, where it is in files of its own.
    pub(crate) fn files(&self) -> Option<Vec<std::path::PathBuf>> {
        if self.is_postgres() {
            return None;
        }
        let files = std::fs::read_dir(self.dir.path()).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        Some(paths.filter(|path| path.is_file()).collect())
    }

    /// Asks the backend's own shell.
    pub(crate) fn sql(&self, sql: &str) -> String {
        if self.is_postgres() {
            return cluster().sql(&self.url, sql);
        }
        let said = crate::support::run(
            std::process::Command::new("sqlite3")
                // A handle that was just dropped may still be closing.
                .args(["-cmd", ".timeout 5000"])
                .arg(self.dir.path().join("store.db"))
                .arg(sql),
        );
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.trim().to_owned()
    }
}

/// The suite's own time: nothing in it depends on the wall clock.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(1);
    LAST.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn lease() -> LeaseToken {
    LeaseToken::from_parts(number(), 7)
}

/// A lease that holds from now on.
pub(crate) async fn leased(store: &dyn Store, until: i64) -> LeaseToken {
    let lease = lease();
    assert!(store.lease(lease, at(until), Term::First).await.unwrap());
    lease
}

pub(crate) fn release() -> ReleaseId {
    ReleaseId::parse("2027-01-15-a-release").unwrap()
}

pub(crate) fn email(n: u64) -> EmailAddress {
    EmailAddress::parse(&format!("reader{n}@outlet{}.example", n % 3)).unwrap()
}

pub(crate) fn contact(n: u64) -> Contact {
    Contact {
        id: ContactId::from_parts(n, 1),
        email: email(n),
        name: HeaderText::parse("Анна \"A\" O'Hara").unwrap(),
        salutation: String::new(),
        outlet: "The Example".into(),
        role: String::new(),
        country: "KZ".into(),
        languages: vec!["ru".parse().unwrap()],
        time_zone: None,
        send_window: None,
        beats: vec![],
        lists: vec![],
        left_lists: Vec::new(),
        embargo_agreement: None,
        encryption: EncryptionPolicy::Off,
        public_key: None,
        notes: String::new(),
        custom: BTreeMap::new(),
    }
}

/// A distribution that is under way, planned at 0.
pub(crate) fn distribution() -> Distribution {
    Distribution {
        id: DistributionId::from_parts(number(), 3),
        release: release(),
        headline: "Уровни рек".into(),
        planned_at: at(0),
        schedule: Schedule::now(at(0)),
        embargo: None,
        course: Course::UnderWay { since: at(0) },
        approved_by: vec![],
        follows: None,
        notice: false,
        to: vec!["everybody".into()],
        not: vec![],
        content: "content-hash".into(),
        included: 0,
        excluded: BTreeMap::new(),
    }
}

/// To the contact of this number, from a time on.
pub(crate) fn delivery(of: &Distribution, n: u64, not_before: i64) -> Delivery {
    Delivery {
        id: DeliveryId::from_parts(number(), 5),
        distribution: of.id,
        recipient: contact(n).recipient(),
        languages: vec![
            if n.is_multiple_of(2) { "en" } else { "ru" }
                .parse()
                .unwrap(),
        ],
        choice: Choice::ReleaseDefault,
        zone: Zone::parse("Asia/Almaty").unwrap(),
        phase: Phase::Immediate,
        segment: "everybody".into(),
        permitted_from: None,
        not_before: at(not_before),
        wave: 0,
        send_window: None,
        early: None,
        window: None,
        replies_to: None,
    }
}

/// So many, all due from 0 on.
pub(crate) fn deliveries(of: &Distribution, count: u64) -> Vec<Delivery> {
    (0..count).map(|n| delivery(of, n, 0)).collect()
}

/// What the log says of a delivery.
pub(crate) fn event(of: &Delivery, name: &str, seconds: i64) -> LogEvent {
    let facts = Facts::of(json!({ "n": 1 }));
    let personal = Facts::of(json!({ "email": of.recipient.email }));
    LogEvent {
        at: at(seconds) + SignedDuration::from_nanos(123_456_789),
        distribution: of.distribution,
        delivery: Some(of.id),
        event: name.to_owned().into(),
        facts,
        personal: Some(Personal {
            facts: personal,
            salt: u128::MAX - u128::from(number()),
        }),
    }
}

/// What the log says of a distribution.
pub(crate) fn word(of: &Distribution, name: &str) -> LogEvent {
    LogEvent {
        at: at(0),
        distribution: of.id,
        delivery: None,
        event: name.to_owned().into(),
        facts: Facts::of(json!({})),
        personal: None,
    }
}

/// Plans a distribution with its deliveries.
pub(crate) async fn plan(store: &dyn Store, of: &Distribution, deliveries: &[Delivery]) {
    let mut planning = store.plan(of.id).await.unwrap();
    for batch in deliveries.chunks(500) {
        let rows = batch
            .iter()
            .map(|one| (one.clone(), event(one, "planned", 0)))
            .collect();
        planning.add(rows).await.unwrap();
    }
    planning
        .commit(of, b"frozen \x00 content", word(of, "distribution"))
        .await
        .unwrap();
}

/// A distribution with so many deliveries, all due at 0.
pub(crate) async fn planned(store: &dyn Store, count: u64) -> (Distribution, Vec<Delivery>) {
    let of = distribution();
    let rows = deliveries(&of, count);
    plan(store, &of, &rows).await;
    (of, rows)
}

fn begin(claimed: &Claimed) -> Taken {
    Taken::Begins(event(&claimed.delivery, "attempt", 1))
}

/// Claims whatever is due, of any distribution.
pub(crate) async fn claim(
    store: &dyn Store,
    lease: LeaseToken,
    seconds: i64,
    limit: u32,
) -> Turned {
    claim_of(store, None, lease, seconds, limit).await
}

/// Claims of one distribution.
pub(crate) async fn claim_of(
    store: &dyn Store,
    distribution: Option<DistributionId>,
    lease: LeaseToken,
    seconds: i64,
    limit: u32,
) -> Turned {
    let claim = Claim {
        distribution,
        now: at(seconds),
        lease,
        limit,
        take: &begin,
    };
    store.turn(&[], Some(claim)).await.unwrap()
}

pub(crate) fn ids(turned: &Turned) -> Vec<DeliveryId> {
    turned.claimed.iter().map(|one| one.delivery.id).collect()
}

pub(crate) fn accepted(seconds: i64) -> DeliveryState {
    DeliveryState::Accepted {
        at: at(seconds),
        reply: SmtpReply::new(250, "2.0.0 принято"),
    }
}

pub(crate) fn deferred(until: i64) -> DeliveryState {
    DeliveryState::Deferred {
        until: at(until),
        reply: "RCPT: 451 later".into(),
    }
}

/// An outcome of a claim.
pub(crate) fn outcome(claimed: &Claimed, lease: LeaseToken, state: DeliveryState) -> Record {
    Record {
        delivery: claimed.delivery.id,
        place: claimed.place,
        lease,
        attempts: claimed.attempt,
        event: Some(event(&claimed.delivery, state.name(), 2)),
        state,
    }
}

/// Every outcome of a turn's claims the same.
pub(crate) fn outcomes(turned: &Turned, lease: LeaseToken, state: &DeliveryState) -> Vec<Record> {
    let claims = turned.claimed.iter();
    claims
        .map(|claimed| outcome(claimed, lease, state.clone()))
        .collect()
}

pub(crate) async fn state_of(store: &dyn Store, id: DeliveryId) -> DeliveryState {
    store.delivery(id).await.unwrap().unwrap().state
}

/// The log verifies, and has so many entries.
pub(crate) async fn verified(store: &dyn Store) -> u64 {
    match dateline::store::verify::verify_log(store).await {
        Ok(entries) => entries,
        Err(failure) => panic!("{failure}"),
    }
}
