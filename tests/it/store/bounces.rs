//! Reports that come back: each counts once, with what follows from it.

use super::ground::*;
use dateline::domain::bounce::{
    Bounce, BounceClass, BounceKind, BouncePolicy, Evidence, Failure, Finding,
};
use dateline::domain::delivery::{Delivery, DeliveryState};
use dateline::domain::ids::DeliveryId;
use dateline::domain::reply::RejectClass;
use dateline::domain::suppression::{Suppression, SuppressionReason};
use dateline::store::bounces::{Arrived, Fate, Judged};
use dateline::store::{Standing, Store};
use jiff::Timestamp;

const SOFT: Finding = Finding::Failed(Failure {
    kind: BounceKind::Soft,
    class: BounceClass::MailboxFull,
});
const HARD: Finding = Finding::Failed(Failure {
    kind: BounceKind::Hard,
    class: BounceClass::MailboxUnknown,
});

fn arrived(print: &str, finding: Finding, about: Option<DeliveryId>, n: u64) -> Arrived {
    Arrived {
        fingerprint: print.to_owned(),
        form: "dsn".into(),
        finding,
        status: None,
        diagnostic: "550 нет".into(),
        delivery: about.map(|id| (id, Evidence::MessageId)),
        addresses: vec![email(n)],
        report: b"a report \x00 as it came".to_vec(),
    }
}

/// Bars at the third failure, or at a hard one.
fn judge(one: &Arrived, evidence: Evidence, standing: &Standing, earlier: &[Timestamp]) -> Judged {
    let policy = BouncePolicy {
        soft: 3,
        ..BouncePolicy::default()
    };
    let delivery = &standing.delivery;
    let is_open = matches!(standing.state, DeliveryState::Accepted { .. });
    let moves = one.finding.failure().is_some() && is_open;
    let state = moves.then(|| DeliveryState::Bounced {
        class: RejectClass::MailboxUnknown,
        report: one.fingerprint.clone(),
    });
    Judged {
        bounce: Bounce {
            fingerprint: one.fingerprint.clone(),
            at: at(100),
            finding: one.finding,
            evidence,
            delivery: delivery.id,
            email: delivery.recipient.email.clone(),
            status: one.status,
            diagnostic: one.diagnostic.clone(),
            form: one.form.clone(),
        },
        event: state
            .as_ref()
            .map(|state| event(delivery, state.name(), 100)),
        state,
        bar: policy
            .bar(one.finding, evidence, earlier, at(100))
            .map(|reason| Suppression {
                email: delivery.recipient.email.clone(),
                reason,
                at: at(100),
                source: "a test".into(),
                note: "what the server said".into(),
            }),
    }
}

async fn take_in(store: &dyn Store, arrived: &[Arrived]) -> Vec<Fate> {
    store.take_in(arrived, at(-1000), &judge).await.unwrap()
}

fn kept(moved: bool, barred: bool) -> Fate {
    Fate::Kept { moved, barred }
}

/// A distribution to so many, all of whom have it.
async fn sent(store: &dyn Store, count: u64) -> Vec<Delivery> {
    let (_, rows) = planned(store, count).await;
    let lease = leased(store, 600).await;
    let turned = claim(store, lease, 1, 1000).await;
    let records = outcomes(&turned, lease, &accepted(2));
    store.record(&records).await.unwrap();
    rows
}

pub(super) async fn a_report_moves_its_delivery_once(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let rows = sent(store, 3).await;
    let before = verified(store).await;
    let hard = arrived("one", HARD, Some(rows[0].id), 0);
    // The same twice in one batch, and once more in another.
    let fates = take_in(store, &[hard.clone(), hard.clone()]).await;
    assert_eq!(fates, [kept(true, true), Fate::Known]);
    assert_eq!(
        take_in(store, std::slice::from_ref(&hard)).await,
        [Fate::Known]
    );
    // Another report of the same delivery is kept and moves nothing.
    let other = arrived("two", HARD, Some(rows[0].id), 0);
    assert_eq!(take_in(store, &[other]).await, [kept(false, false)]);
    let state = state_of(store, rows[0].id).await;
    assert!(matches!(state, DeliveryState::Bounced { report, .. } if report == "one"));
    assert_eq!(state_of(store, rows[1].id).await, accepted(2));
    assert_eq!(verified(store).await, before + 1);
    let bars = store.suppressed().await.unwrap();
    assert_eq!(bars.len(), 1);
    assert_eq!(bars[&email(0).to_string()], SuppressionReason::HardBounce);
    let bar = store.suppression(&email(0)).await.unwrap().unwrap();
    assert_eq!(bar.note, "what the server said");
    let told = store.bounces(None, 9).await.unwrap();
    let prints: Vec<_> = told
        .iter()
        .map(|(_, one)| one.fingerprint.as_str())
        .collect();
    assert_eq!(prints, ["two", "one"]);
    assert_eq!(told[1].1.email, email(0));
    let first = store.bounces(None, 1).await.unwrap();
    assert_eq!(first, told[..1]);
    assert_eq!(store.bounces(Some(first[0].0), 9).await.unwrap(), told[1..]);
    let report = store.bounce_report("one").await.unwrap();
    assert_eq!(
        report.as_deref(),
        Some(b"a report \x00 as it came".as_slice())
    );
    assert_eq!(store.bounce_report("none").await.unwrap(), None);
}

pub(super) async fn a_report_finds_its_delivery_by_the_address(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (first, second) = (sent(store, 2).await, sent(store, 2).await);
    let unknown = arrived("a", SOFT, Some(DeliveryId::from_parts(1, 999)), 1);
    let nobody = arrived("b", SOFT, None, 77);
    // The newest delivery to the address that can still bounce, then the one before it.
    let again = arrived("c", SOFT, None, 1);
    let fates = take_in(store, &[unknown, nobody.clone(), again]).await;
    assert_eq!(
        fates,
        [kept(true, false), Fate::Unmatched, kept(true, false)]
    );
    for row in [&first[1], &second[1]] {
        let state = state_of(store, row.id).await;
        assert_eq!(state.name(), "bounced");
    }
    assert_eq!(state_of(store, second[0].id).await, accepted(2));
    let told = store.bounces(None, 9).await.unwrap();
    assert!(
        told.iter()
            .all(|(_, one)| one.evidence == Evidence::Address)
    );
    // Whoever is unmatched can be asked again.
    assert_eq!(take_in(store, &[nobody]).await, [Fate::Unmatched]);
    verified(store).await;
}

pub(super) async fn failures_of_different_deliveries_count(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let mut about = Vec::new();
    for _ in 0..3 {
        about.push(sent(store, 1).await[0].id);
    }
    let soft = |print, id| arrived(print, SOFT, Some(id), 0);
    let fates = take_in(
        store,
        &[
            soft("a", about[0]),
            soft("b", about[0]),
            soft("c", about[1]),
        ],
    )
    .await;
    assert_eq!(
        fates,
        [kept(true, false), kept(false, false), kept(true, false)]
    );
    let delay = arrived("d", Finding::Delayed, Some(about[2]), 0);
    assert_eq!(take_in(store, &[delay]).await, [kept(false, false)]);
    let fates = take_in(store, &[soft("e", about[2])]).await;
    assert_eq!(fates, [kept(true, true)]);
    let bars = store.suppressed().await.unwrap();
    assert_eq!(bars[&email(0).to_string()], SuppressionReason::SoftBounces);
}

pub(super) async fn the_key_of_return_paths_is_made_once(ground: &Ground) {
    let (one, other) = (ground.open().await, ground.open().await);
    let first = one.bounce_key([1; 32]).await.unwrap();
    assert_eq!(first, [1; 32]);
    assert_eq!(other.bounce_key([2; 32]).await.unwrap(), first);
}

/// A report and a key.
pub(crate) async fn furnish(store: &dyn Store, about: DeliveryId) {
    let delay = arrived("furnished", Finding::Delayed, Some(about), 0);
    assert_eq!(take_in(store, &[delay]).await, [kept(false, false)]);
    store.bounce_key([3; 32]).await.unwrap();
}
