//! Reports that come back: each counts once, with what follows from it.

use super::ground::*;
use dateline::domain::bounce::{
    Bounce, BounceClass, BounceKind, BouncePolicy, Evidence, Failure, Finding,
};
use dateline::domain::bounce_search::BounceSearch;
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
        ground: dateline::domain::bounce::Ground::Words("нет".into()),
        status: None,
        diagnostic: "550 нет".into(),
        delivery: about.map(|id| (id, Evidence::MessageId)),
        addresses: vec![email(n)],
        report: b"a report \x00 as it came".as_slice().into(),
    }
}

/// Bars at the third failure, or at a hard one.
fn judge(
    one: &Arrived,
    evidence: Evidence,
    standing: &Standing,
    earlier: &[Timestamp],
) -> Option<Judged> {
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
    Some(Judged {
        bounce: Bounce {
            fingerprint: one.fingerprint.clone(),
            at: at(100),
            finding: one.finding,
            evidence,
            delivery: delivery.id,
            email: delivery.recipient.email.clone(),
            status: one.status,
            diagnostic: one.diagnostic.clone(),
            ground: one.ground.clone(),
            form: one.form.clone(),
        },
        event: state
            .as_ref()
            .map(|state| event(delivery, state.name(), 100)),
        state,
        bars: policy
            .bar(one.finding, evidence, earlier, at(100))
            .map(|reason| Suppression {
                email: delivery.recipient.email.clone(),
                reason,
                at: at(100),
                source: "a test".into(),
                note: "what the server said".into(),
            })
            .into_iter()
            .collect(),
    })
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
    // Nothing is written of what cannot be judged yet.
    let early = store.take_in(std::slice::from_ref(&hard), at(-1000), &|_, _, _, _| None);
    assert_eq!(early.await.unwrap(), [Fate::Early]);
    assert_eq!(bounces(store).await, []);
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
    let told = bounces(store).await;
    let prints: Vec<_> = told.iter().map(|one| one.fingerprint.as_str()).collect();
    assert_eq!(prints, ["two", "one"]);
    assert_eq!(told[1].email, email(0));
    let (one, report) = store.bounce("one").await.unwrap().unwrap();
    assert_eq!(
        (&one, report.as_slice()),
        (&told[1], b"a report \x00 as it came".as_slice())
    );
    for none in ["none", "o\0ne", ""] {
        assert_eq!(store.bounce(none).await.unwrap(), None);
    }
}

/// All reports that are kept, the newest first.
async fn bounces(store: &dyn Store) -> Vec<Bounce> {
    let all = store.bounces(&BounceSearch::default(), None, 99).await;
    all.unwrap().into_iter().map(|(_, bounce)| bounce).collect()
}

pub(super) async fn reports_are_found_and_turned_over(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let rows = sent(store, 12).await;
    let mut batch = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let finding = if n % 3 == 0 { HARD } else { SOFT };
        let one = arrived(&format!("r{n:02}"), finding, Some(row.id), 0);
        batch.push(one);
    }
    take_in(store, &batch).await;
    let found = async |search: &BounceSearch, before, limit| {
        let found = store.bounces(search, before, limit).await.unwrap();
        let names = found.iter().map(|(_, one)| one.fingerprint.clone());
        (names.collect::<Vec<_>>(), found.last().map(|(seq, _)| *seq))
    };
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (page, last) = found(&BounceSearch::default(), before, 5).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 5);
        all.extend(page);
        before = last;
    }
    let whole = found(&BounceSearch::default(), None, 99).await.0;
    assert_eq!(all, whole, "page by page, none twice and none left out");
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(sorted.len(), 12);
    let hard = BounceSearch {
        finding: Some("hard"),
        ..BounceSearch::default()
    };
    assert_eq!(found(&hard, None, 99).await.0.len(), 4);
    let exact = BounceSearch {
        email: Some(email(3)),
        ..BounceSearch::default()
    };
    assert_eq!(found(&exact, None, 99).await.0, ["r03"]);
    let part = |text: String| BounceSearch {
        text,
        ..BounceSearch::default()
    };
    let upper = email(3).to_string().to_uppercase();
    assert_eq!(found(&part(upper), None, 99).await.0, ["r03"]);
    for nothing in ["nobody@", "%", "_", "\0"] {
        let none = found(&part(nothing.to_owned()), None, 99).await.0;
        assert!(none.is_empty(), "{nothing:?}");
    }
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
    let told = bounces(store).await;
    assert!(told.iter().all(|one| one.evidence == Evidence::Address));
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
