//! Several processes on one store.

use super::ground::*;
use dateline::domain::course::{Course, HoldCause};
use dateline::domain::delivery::DeliveryState;
use dateline::domain::distribution::Distribution;
use dateline::domain::ids::DeliveryId;
use dateline::store::archive::Archive;
use dateline::store::{Move, Pace, Reach, Revision, Standing};
use jiff::SignedDuration;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Claims until nothing is left, and records each claim as accepted.
async fn drain(store: Arc<dyn Archive>) -> Vec<DeliveryId> {
    let lease = leased(store.as_ref(), 600).await;
    let mut done = Vec::new();
    loop {
        let turned = claim(store.as_ref(), lease, 1, 37).await;
        if turned.claimed.is_empty() {
            return done;
        }
        done.extend(ids(&turned));
        let records = outcomes(&turned, lease, &accepted(2));
        let lost = store.record(&records).await.unwrap();
        assert_eq!(lost, [], "nobody else can hold them");
    }
}

pub(super) async fn two_processes_never_claim_the_same(ground: &Ground) {
    let store = ground.open().await;
    planned(store.as_ref(), 1000).await;
    planned(store.as_ref(), 1000).await;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(tokio::spawn(drain(ground.open().await)));
    }
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    let different: HashSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (2000, 2000));
    assert_eq!(verified(store.as_ref()).await, 2002 + 4000);
}

pub(super) async fn a_claim_and_a_hold_do_not_cross(ground: &Ground) {
    let store = ground.open().await;
    let (mut of, _) = planned(store.as_ref(), 400).await;
    let worker = ground.open().await;
    let lease = leased(worker.as_ref(), 600).await;
    let claiming = tokio::spawn(async move {
        let mut claimed = 0;
        while claimed < 400 {
            claimed += claim(worker.as_ref(), lease, 1, 1).await.claimed.len();
            tokio::task::yield_now().await;
        }
    });
    let give_back = |standing: &Standing| {
        Some(Move {
            delivery: standing.delivery.clone(),
            state: DeliveryState::Due,
            event: Some(event(&standing.delivery, "due", 3)),
        })
    };
    for turn in 0..40 {
        let course = if turn % 2 == 0 {
            Course::Held {
                since: at(turn),
                by: "vera".into(),
                why: "a doubt".into(),
                cause: HoldCause::Person,
            }
        } else {
            Course::UnderWay { since: at(turn) }
        };
        let to = Distribution {
            course,
            ..of.clone()
        };
        let revision = Revision {
            from: &of,
            to: &to,
            content: None,
            events: vec![word(&of, to.course.name())],
            reach: Reach::Claimed,
            moves: &give_back,
        };
        assert!(store.revise(revision).await.unwrap().is_some());
        if !to.course.is_under_way() {
            // Whatever was claimed before was moved; nothing is claimed since.
            for _ in 0..3 {
                assert_eq!(store.held(lease).await.unwrap(), []);
                tokio::task::yield_now().await;
            }
        }
        of = to;
    }
    // Given back often enough, they are claimed again for ever.
    claiming.abort();
    drop(claiming.await);
    verified(store.as_ref()).await;
}

pub(super) async fn two_reapers_reap_once(ground: &Ground) {
    let stores = [ground.open().await, ground.open().await];
    planned(stores[0].as_ref(), 60).await;
    for _ in 0..6 {
        let lease = leased(stores[0].as_ref(), 10).await;
        assert_eq!(
            claim(stores[0].as_ref(), lease, 1, 10).await.claimed.len(),
            10
        );
    }
    let (one, two) = tokio::join!(stores[0].reap(at(11)), stores[1].reap(at(11)));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(
        (one.leases + two.leases, one.in_doubt + two.in_doubt),
        (6, 60)
    );
    assert_eq!(verified(stores[0].as_ref()).await, 61 + 60 + 60);
}

/// A worker writes its outcomes while its lease is taken back: each delivery
/// ends by the one or by the other.
pub(super) async fn a_worker_and_its_reaper_do_not_cross(ground: &Ground) {
    let (worker, reaper) = (ground.open().await, ground.open().await);
    for _ in 0..10 {
        let (of, _) = planned(worker.as_ref(), 50).await;
        let lease = leased(worker.as_ref(), 10).await;
        let turned = claim(worker.as_ref(), lease, 1, 50).await;
        let records = outcomes(&turned, lease, &accepted(2));
        let (written, reaped) = tokio::join!(worker.record(&records), reaper.reap(at(11)));
        let (lost, doubted) = (written.unwrap().len() as u64, reaped.unwrap().in_doubt);
        assert_eq!(lost, doubted);
        let counts = worker.counts(of.id, at(20)).await.unwrap();
        assert_eq!(counts.in_state("in_doubt"), doubted);
        assert_eq!(counts.in_state("accepted"), 50 - lost);
        assert!(claim(worker.as_ref(), lease, 12, 1).await.lapsed);
    }
    verified(reaper.as_ref()).await;
}

pub(super) async fn the_chain_stays_whole_whoever_writes(ground: &Ground) {
    let store = ground.open().await;
    planned(store.as_ref(), 300).await;
    let mut tasks = vec![
        tokio::spawn(drain(ground.open().await)),
        tokio::spawn(drain(ground.open().await)),
    ];
    for _ in 0..2 {
        let planner = ground.open().await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..5 {
                planned(planner.as_ref(), 20).await;
            }
            Vec::new()
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    drain(ground.open().await).await;
    assert_eq!(verified(store.as_ref()).await, 301 + 10 * 21 + 2 * 500);
}

pub(super) async fn places_in_a_queue_are_given_once(ground: &Ground) {
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = ground.open().await;
        tasks.push(tokio::spawn(async move {
            let mut places = Vec::new();
            for _ in 0..50 {
                let pace = Pace {
                    queue: "main",
                    count: 3,
                    each: SignedDuration::from_millis(10),
                    now: at(0),
                };
                places.push(store.reserve(&pace).await.unwrap());
            }
            places
        }));
    }
    let mut places = Vec::new();
    for task in tasks {
        places.extend(task.await.unwrap());
    }
    places.sort_unstable();
    for (n, place) in places.iter().enumerate() {
        let after = SignedDuration::from_millis(30 * i64::try_from(n).unwrap());
        assert_eq!(*place, at(0) + after);
    }
    let store = ground.open().await;
    let pace = |queue, seconds| Pace {
        queue,
        count: 1,
        each: SignedDuration::from_secs(1),
        now: at(seconds),
    };
    assert_eq!(store.reserve(&pace("other", 0)).await.unwrap(), at(0));
    assert_eq!(
        store.reserve(&pace("other", 90)).await.unwrap(),
        at(90),
        "a queue that rested begins now"
    );
    assert_eq!(store.reserve(&pace("other", 90)).await.unwrap(), at(91));
}

pub(super) async fn the_bell_is_heard_by_another_process(ground: &Ground) {
    let (service, other) = (ground.open().await, ground.open().await);
    let mut bell = service.listen().await.unwrap().unwrap();
    planned(other.as_ref(), 1).await;
    timeout(PATIENCE, bell.rung()).await.unwrap();
    let lease = leased(other.as_ref(), 10).await;
    claim(other.as_ref(), lease, 1, 1).await;
    other.end_lease(lease, at(2)).await.unwrap();
    timeout(PATIENCE, bell.rung()).await.unwrap();
    let doubted = other.standing(None, "in_doubt", 1).await.unwrap().remove(0);
    let due = event(&doubted.delivery, "due", 3);
    let (id, to) = (doubted.delivery.id, DeliveryState::Due);
    assert!(other.decide(id, &doubted.state, &to, due).await.unwrap());
    timeout(PATIENCE, bell.rung()).await.unwrap();
}

pub(super) async fn one_process_leads_and_another_follows_it(ground: &Ground) {
    let (one, two) = (ground.open().await, ground.open().await);
    assert!(one.lead().await.unwrap() && one.lead().await.unwrap());
    // On one machine, looking after the store twice does no harm.
    assert_eq!(two.lead().await.unwrap(), !ground.is_postgres());
    one.step_down().await.unwrap();
    timeout(PATIENCE, async {
        while !two.lead().await.unwrap() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(one.lead().await.unwrap(), !ground.is_postgres());
    two.step_down().await.unwrap();
    two.step_down().await.unwrap();
}

pub(super) async fn two_processes_open_a_new_store(ground: &Ground) {
    let opened = tokio::join!(ground.open(), ground.open(), ground.open());
    for store in [opened.0, opened.1, opened.2] {
        assert_eq!(verified(store.as_ref()).await, 0);
    }
}
