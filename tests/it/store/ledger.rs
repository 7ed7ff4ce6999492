//! Plans, claims, outcomes, leases and revisions, one process at a time.

use super::ground::*;
use dateline::domain::address::EmailAddress;
use dateline::domain::course::{Course, HoldCause};
use dateline::domain::delivery::DeliveryState;
use dateline::domain::distribution::Distribution;
use dateline::domain::encryption::Protection;
use dateline::domain::ids::DeliveryId;
use dateline::domain::suppression::{Suppression, SuppressionReason};
use dateline::store::{Claim, Move, Reach, Reaped, Revision, Standing, Taken, Term};
use jiff::SignedDuration;

pub(super) async fn a_plan_is_all_or_nothing(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let of = distribution();
    let rows: Vec<_> = deliveries(&of, 3)
        .into_iter()
        .map(|one| (one.clone(), event(&one, "planned", 0)))
        .collect();
    let mut planning = store.plan(of.id).await.unwrap();
    planning.add(rows.clone()).await.unwrap();
    drop(planning);
    assert_eq!(store.distributions().await.unwrap(), []);
    assert_eq!(store.states(None, 9).await.unwrap(), []);
    assert_eq!(verified(store).await, 0);
    let mut planning = store.plan(of.id).await.unwrap();
    planning.add(rows).await.unwrap();
    planning
        .commit(&of, b"content", word(&of, "distribution"))
        .await
        .unwrap();
    assert_eq!(store.states(None, 9).await.unwrap().len(), 3);
    assert_eq!(verified(store).await, 4);
    let log = store.log(Some(of.id), 3, 9).await.unwrap();
    assert_eq!(log.len(), 1, "the distribution's own word comes last");
    assert_eq!(log[0].delivery, None);
}

pub(super) async fn a_contact_is_in_a_distribution_once(ground: &Ground) {
    let store = ground.open().await;
    let of = distribution();
    let rows = [delivery(&of, 1, 0), delivery(&of, 1, 0)].map(|one| {
        let planned = event(&one, "planned", 0);
        (one, planned)
    });
    let mut planning = store.plan(of.id).await.unwrap();
    assert!(planning.add(rows.to_vec()).await.is_err());
    drop(planning);
    assert_eq!(store.states(None, 9).await.unwrap(), []);
    assert_eq!(verified(store.as_ref()).await, 0);
}

pub(super) async fn a_long_plan_keeps_its_log_in_order(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (of, rows) = planned(store, 9000).await;
    assert_eq!(verified(store).await, 9001);
    let tail = store.log(Some(of.id), 8998, 9).await.unwrap();
    let told: Vec<_> = tail.iter().map(|row| row.delivery.clone()).collect();
    let last = [&rows[8998], &rows[8999]].map(|one| Some(one.id.to_string()));
    assert_eq!(told, [last[0].clone(), last[1].clone(), None]);
}

pub(super) async fn the_longest_due_is_claimed_first(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (one, two) = (distribution(), distribution());
    let first = [30, 10, 10, 50].map(|due| delivery(&one, due_number(), due));
    let second = [20, 5, 99].map(|due| delivery(&two, due_number(), due));
    plan(store, &one, &first).await;
    plan(store, &two, &second).await;
    let lease = leased(store, 600).await;
    let turned = claim(store, lease, 50, 4).await;
    let expected = [&second[1], &first[1], &first[2], &second[0]].map(|one| one.id);
    assert_eq!(sorted(ids(&turned)), sorted(expected.to_vec()));
    assert_eq!((turned.asked, turned.lapsed), (4, false));
    let begun = turned.claimed.iter().find(|one| one.delivery == second[1]);
    let begun = begun.unwrap();
    assert_eq!((begun.attempt, begun.due_since), (1, at(5)));
    assert_eq!(
        (begun.content.as_str(), begun.barred),
        ("content-hash", None)
    );
    let turned = claim(store, lease, 50, 4).await;
    assert_eq!(sorted(ids(&turned)), sorted(vec![first[0].id, first[3].id]));
    assert_eq!(turned.asked, 2, "fewer than asked for: no more are due");
    let of_two = claim_of(store, Some(two.id), lease, 99, 4).await;
    assert_eq!(ids(&of_two), [second[2].id]);
    let held = store.held(lease).await.unwrap();
    let all = first.iter().chain(&second).map(|one| one.id).collect();
    assert_eq!(sorted(held), sorted(all));
    assert_eq!(verified(store).await, 7 + 2 + 7);
}

fn sorted(mut ids: Vec<DeliveryId>) -> Vec<DeliveryId> {
    ids.sort_unstable();
    ids
}

fn due_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn stopped(of: &Distribution, course: Course) -> Distribution {
    Distribution {
        course,
        ..of.clone()
    }
}

fn held(of: &Distribution) -> Distribution {
    let course = Course::Held {
        since: at(1),
        by: "vera".into(),
        why: "a doubt".into(),
        cause: HoldCause::Person,
    };
    stopped(of, course)
}

pub(super) async fn nothing_is_claimed_that_may_not_leave(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let barred = distribution();
    let mut early = delivery(&barred, 1, 0);
    early.permitted_from = Some(at(100));
    plan(store, &barred, &[early.clone()]).await;
    let mut stale = distribution();
    stale.schedule.not_after = Some(at(5));
    plan(store, &stale, &deliveries(&stale, 1)).await;
    let stopped_one = held(&distribution());
    plan(store, &stopped_one, &deliveries(&stopped_one, 2)).await;
    let killed = Course::Killed {
        at: at(1),
        by: "vera".into(),
        why: "withdrawn".into(),
    };
    let killed = stopped(&distribution(), killed);
    plan(store, &killed, &deliveries(&killed, 1)).await;
    let lease = leased(store, 600).await;
    for seconds in [5, 50, 99] {
        let turned = claim(store, lease, seconds, 10).await;
        assert_eq!((ids(&turned), turned.asked), (vec![], 0), "at {seconds}");
    }
    // Even where something else brings its time forward, the embargo stands.
    ground.sql("UPDATE delivery_state SET due_at = 0");
    assert_eq!(claim(store, lease, 99, 10).await.asked, 0);
    let turned = claim(store, lease, 100, 10).await;
    assert_eq!(ids(&turned), [early.id]);
}

pub(super) async fn a_retry_counts_its_attempts_and_its_age(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let of = distribution();
    let mut one = delivery(&of, 1, 0);
    one.permitted_from = Some(at(10));
    plan(store, &of, &[one]).await;
    let lease = leased(store, 600).await;
    let first = claim(store, lease, 12, 1).await;
    assert_eq!(first.claimed[0].due_since, at(10));
    let record = outcome(&first.claimed[0], lease, deferred(40));
    // One turn writes an outcome and claims.
    let claim_now = |seconds| Claim {
        distribution: None,
        now: at(seconds),
        lease,
        limit: 5,
        take: &|claimed| Taken::Begins(event(&claimed.delivery, "attempt", 1)),
    };
    let turned = store.turn(&[record], Some(claim_now(39))).await.unwrap();
    assert_eq!((turned.claimed.len(), turned.lost.len()), (0, 0));
    let second = claim(store, lease, 40, 1).await;
    assert_eq!(
        (second.claimed[0].attempt, second.claimed[0].due_since),
        (2, at(10))
    );
    // A time before the embargo's end is none.
    let record = outcome(&second.claimed[0], lease, deferred(3));
    let turned = store.turn(&[record], Some(claim_now(9))).await.unwrap();
    assert_eq!(turned.asked, 0);
    let third = claim(store, lease, 41, 1).await;
    assert_eq!(third.claimed[0].attempt, 3);
    let record = outcome(&third.claimed[0], lease, accepted(41));
    let turned = store.turn(&[record], Some(claim_now(9999))).await.unwrap();
    assert_eq!(turned.asked, 0, "what is accepted is over");
    let standing = store.delivery(third.claimed[0].delivery.id).await.unwrap();
    assert_eq!(standing.unwrap().attempts, 3);
    assert_eq!(verified(store).await, 2 + 3 + 3);
}

pub(super) async fn what_is_not_begun_waits_or_ends(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (_, rows) = planned(store, 3).await;
    let bar = Suppression {
        email: email(1),
        reason: SuppressionReason::Complaint,
        at: at(0),
        source: "a test".into(),
        note: String::new(),
    };
    store.suppress(&[bar]).await.unwrap();
    let lease = leased(store, 600).await;
    let suppressed = DeliveryState::Suppressed {
        reason: SuppressionReason::Complaint,
    };
    let take = |claimed: &dateline::store::Claimed| match claimed.barred {
        Some(SuppressionReason::Complaint) => Taken::Ends(
            suppressed.clone(),
            event(&claimed.delivery, "suppressed", 1),
        ),
        Some(other) => panic!("{other:?}"),
        None if claimed.delivery.id == rows[0].id => Taken::Waits(at(30)),
        None => Taken::Begins(event(&claimed.delivery, "attempt", 1)),
    };
    let claim_all = Claim {
        distribution: None,
        now: at(1),
        lease,
        limit: 10,
        take: &take,
    };
    let turned = store.turn(&[], Some(claim_all)).await.unwrap();
    assert_eq!((ids(&turned), turned.asked), (vec![rows[2].id], 3));
    assert_eq!(state_of(store, rows[0].id).await, DeliveryState::Due);
    assert_eq!(state_of(store, rows[1].id).await, suppressed);
    assert_eq!(store.held(lease).await.unwrap(), [rows[2].id]);
    assert_eq!(store.next_due(None).await.unwrap(), Some(at(30)));
    assert_eq!(claim(store, lease, 29, 10).await.asked, 0);
    let again = claim(store, lease, 30, 10).await;
    assert_eq!(ids(&again), [rows[0].id]);
    assert_eq!(again.claimed[0].attempt, 1, "waiting is no attempt");
    assert_eq!(verified(store).await, 4 + 2 + 1);
}

pub(super) async fn an_outcome_under_a_lost_lease_writes_nothing(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (_, rows) = planned(store, 2).await;
    let old = leased(store, 60).await;
    let claimed = claim(store, old, 1, 2).await;
    assert_eq!(store.end_lease(old, at(2)).await.unwrap().in_doubt, 2);
    let before = verified(store).await;
    let states = [
        state_of(store, rows[0].id).await,
        state_of(store, rows[1].id).await,
    ];
    let lost = store
        .record(&outcomes(&claimed, old, &accepted(3)))
        .await
        .unwrap();
    assert_eq!(lost.len(), 2);
    assert_eq!(state_of(store, rows[0].id).await, states[0]);
    // Claimed anew by another: the old worker's word still counts for nothing.
    let doubt = states[0].clone();
    let due = event(&rows[0], "due", 3);
    assert!(
        store
            .decide(rows[0].id, &doubt, &DeliveryState::Due, due)
            .await
            .unwrap()
    );
    let new = leased(store, 60).await;
    assert_eq!(ids(&claim(store, new, 4, 2).await), [rows[0].id]);
    let lost = store.record(&outcomes(&claimed, old, &accepted(5))).await;
    assert_eq!(lost.unwrap().len(), 2);
    assert_eq!(store.held(new).await.unwrap(), [rows[0].id]);
    assert_eq!(verified(store).await, before + 2);
}

pub(super) async fn a_lapsed_lease_leaves_doubt_once(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (of, rows) = planned(store, 5).await;
    let (dead, alive) = (leased(store, 10).await, leased(store, 99).await);
    assert_eq!(claim(store, dead, 1, 3).await.claimed.len(), 3);
    assert_eq!(claim(store, alive, 1, 3).await.claimed.len(), 2);
    assert_eq!(store.next_lapse(None).await.unwrap(), Some(at(10)));
    assert_eq!(store.next_lapse(Some(of.id)).await.unwrap(), Some(at(10)));
    assert_eq!(store.reap(at(10)).await.unwrap(), Reaped::default());
    let reaped = store.reap(at(11)).await.unwrap();
    assert_eq!((reaped.leases, reaped.in_doubt), (1, 3));
    assert_eq!(store.reap(at(12)).await.unwrap(), Reaped::default());
    assert_eq!(
        state_of(store, rows[0].id).await,
        DeliveryState::InDoubt { attempt: 1 }
    );
    assert_eq!(
        store
            .standing(Some(of.id), "in_doubt", 9)
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(store.held(alive).await.unwrap().len(), 2);
    assert_eq!(store.next_lapse(None).await.unwrap(), Some(at(99)));
    // Whoever slept too long begins anew.
    assert!(!store.lease(dead, at(200), Term::Further).await.unwrap());
    let turned = claim(store, dead, 12, 5).await;
    assert!(turned.lapsed && turned.claimed.is_empty());
    assert_eq!(verified(store).await, 6 + 5 + 3);
}

pub(super) async fn a_lease_that_is_renewed_lives(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    planned(store, 1).await;
    let lease = leased(store, 10).await;
    claim(store, lease, 1, 1).await;
    assert!(store.lease(lease, at(50), Term::Further).await.unwrap());
    assert_eq!(store.reap(at(49)).await.unwrap(), Reaped::default());
    assert_eq!(store.end_lease(lease, at(49)).await.unwrap().leases, 1);
    assert_eq!(
        store.end_lease(lease, at(49)).await.unwrap(),
        Reaped::default()
    );
    // A lease that holds nothing ends without a word.
    let idle = leased(store, 10).await;
    let ended = Reaped {
        leases: 1,
        in_doubt: 0,
    };
    assert_eq!(store.end_lease(idle, at(9)).await.unwrap(), ended);
}

pub(super) async fn a_revision_takes_deliveries_from_their_worker(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (of, rows) = planned(store, 1200).await;
    let lease = leased(store, 60).await;
    let claimed = claim(store, lease, 1, 2).await;
    let mut moved_on = outcome(&claimed.claimed[1], lease, accepted(2));
    moved_on.event = Some(event(&rows[1], "accepted", 2));
    store.record(&[moved_on]).await.unwrap();
    let later = at(700);
    let to = Distribution {
        content: "other-content".into(),
        ..of.clone()
    };
    let moves = |standing: &Standing| {
        let mut delivery = standing.delivery.clone();
        delivery.not_before = later;
        delivery.permitted_from = Some(later + SignedDuration::from_secs(5));
        let state = DeliveryState::Planned { not_before: later };
        let event = Some(event(&delivery, "planned", 3));
        Some(Move {
            delivery,
            state,
            event,
        })
    };
    let revision = Revision {
        from: &of,
        to: &to,
        content: Some(b"other"),
        events: vec![word(&of, "moved")],
        reach: Reach::Open,
        moves: &moves,
    };
    assert_eq!(store.revise(revision).await.unwrap(), Some(1199));
    assert_eq!(store.held(lease).await.unwrap(), []);
    let lost = store
        .record(&outcomes(&claimed, lease, &accepted(4)))
        .await
        .unwrap();
    assert_eq!(lost.len(), 2, "one was taken away, the other had ended");
    assert_eq!(store.next_due(None).await.unwrap(), Some(at(705)));
    assert_eq!(claim(store, lease, 704, 2).await.asked, 0);
    let again = claim(store, lease, 705, 2000).await;
    assert_eq!(again.claimed.len(), 1199);
    let one = again
        .claimed
        .iter()
        .find(|one| one.delivery.id == rows[0].id);
    let one = one.unwrap();
    assert_eq!((one.attempt, one.due_since), (2, later));
    assert_eq!(one.delivery.permitted_from, Some(at(705)));
    assert_eq!(one.content, "other-content");
    assert_eq!(
        store.content("other-content").await.unwrap().unwrap(),
        b"other"
    );
    assert_eq!(verified(store).await, 1201 + 3 + 1200 + 1199);
}

pub(super) async fn a_revision_of_what_has_changed_does_nothing(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (of, _) = planned(store, 2).await;
    let first = held(&of);
    let cancel = |standing: &Standing| {
        Some(Move {
            delivery: standing.delivery.clone(),
            state: DeliveryState::Cancelled { by: "vera".into() },
            event: Some(event(&standing.delivery, "cancelled", 3)),
        })
    };
    let revision = |from, to| Revision {
        from,
        to,
        content: None,
        events: vec![word(&of, "held")],
        reach: Reach::Claimed,
        moves: &cancel,
    };
    assert_eq!(store.revise(revision(&of, &first)).await.unwrap(), Some(0));
    let before = verified(store).await;
    assert_eq!(store.revise(revision(&of, &first)).await.unwrap(), None);
    assert_eq!(verified(store).await, before);
    assert_eq!(store.distribution(of.id).await.unwrap(), Some(first));
}

pub(super) async fn a_decision_is_made_once(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (_, rows) = planned(store, 1).await;
    let lease = leased(store, 60).await;
    claim(store, lease, 1, 1).await;
    let claimed = state_of(store, rows[0].id).await;
    let decide = async |from: DeliveryState| {
        let (id, to) = (rows[0].id, DeliveryState::Due);
        let entry = event(&rows[0], "due", 3);
        store.decide(id, &from, &to, entry).await.unwrap()
    };
    assert!(!decide(claimed).await, "a worker holds it");
    store.end_lease(lease, at(2)).await.unwrap();
    let doubt = state_of(store, rows[0].id).await;
    assert!(decide(doubt.clone()).await);
    assert!(!decide(doubt).await);
    assert_eq!(state_of(store, rows[0].id).await, DeliveryState::Due);
    let again = leased(store, 60).await;
    assert_eq!(claim(store, again, 1, 1).await.claimed[0].attempt, 2);
    verified(store).await;
}

pub(super) async fn whether_it_still_stands_is_asked_of_everything(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let mut of = distribution();
    of.schedule.not_after = Some(at(50));
    let mut rows = deliveries(&of, 2);
    rows[0].permitted_from = Some(at(1));
    plan(store, &of, &rows).await;
    let lease = leased(store, 60).await;
    claim(store, lease, 2, 2).await;
    let stands = async |one: &dateline::domain::delivery::Delivery, lease, seconds| {
        store
            .still_stands(one, &Protection::default(), lease, at(seconds))
            .await
            .unwrap()
    };
    assert!(stands(&rows[0], lease, 3).await && stands(&rows[1], lease, 3).await);
    assert!(
        !stands(&rows[0], super::ground::lease(), 3).await,
        "another's lease"
    );
    assert!(!stands(&rows[0], lease, 50).await, "it is stale");
    let mut anew = rows[0].clone();
    anew.permitted_from = None;
    assert!(!stands(&anew, lease, 3).await, "it was planned anew");
    // Whoever is barred is so in any capitals.
    let spelled = |n| EmailAddress::parse(&email(n).to_string().to_uppercase()).unwrap();
    assert_ne!(spelled(1), email(1));
    let bars = [1, 2].map(|n| Suppression {
        email: spelled(n),
        reason: SuppressionReason::OptOut,
        at: at(0),
        source: "a test".into(),
        note: String::new(),
    });
    store.suppress(&bars).await.unwrap();
    assert!(!stands(&rows[1], lease, 3).await, "its address is barred");
    let other = distribution();
    let late = delivery(&other, 2, 0);
    plan(store, &other, std::slice::from_ref(&late)).await;
    let turned = claim(store, lease, 2, 2).await;
    assert_eq!(ids(&turned), [late.id]);
    assert_eq!(turned.claimed[0].barred, Some(SuppressionReason::OptOut));
    let of_one = store.suppression(&email(1)).await.unwrap();
    assert_eq!(of_one.as_ref(), Some(&bars[0]));
    let all = store.suppressed().await.unwrap();
    assert_eq!(
        all.get(&email(1).to_string()),
        Some(&SuppressionReason::OptOut)
    );
    let to = held(&of);
    let revision = Revision {
        from: &of,
        to: &to,
        content: None,
        events: vec![],
        reach: Reach::Claimed,
        moves: &|_| None,
    };
    store.revise(revision).await.unwrap();
    assert!(!stands(&rows[0], lease, 3).await, "it is held");
    store.end_lease(lease, at(4)).await.unwrap();
}
