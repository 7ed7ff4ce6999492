//! Contacts made one, with all that follows; and contacts told apart.

use super::ground::*;
use dateline::domain::address::EmailAddress;
use dateline::domain::contact::Contact;
use dateline::domain::delivery::DeliveryState;
use dateline::domain::ids::{DeliveryId, ImportId};
use dateline::domain::import_record::{ImportKind, ImportRecord, Undone};
use dateline::domain::reply::{RejectClass, SmtpReply};
use dateline::domain::suppression::{Suppression, SuppressionReason};
use dateline::store::Store;
use dateline::store::imports::UndoOutcome;
use dateline::store::merge::{Consequences, Distinct, MergeOutcome, Merging};

fn record(n: u64) -> ImportRecord {
    ImportRecord {
        id: ImportId::from_parts(n, 7),
        at: at(50),
        by: "vera".into(),
        kind: ImportKind::Merge,
        source: String::new(),
        added: 0,
        changed: 1,
        removed: 1,
        undone: None,
    }
}

fn whole(kept: &Contact) -> Contact {
    Contact {
        role: "Editor".into(),
        lists: vec!["wires".into()],
        ..kept.clone()
    }
}

/// Makes the second contact the first's.
pub(super) async fn merge(
    store: &dyn Store,
    kept: &Contact,
    removed: &Contact,
    n: u64,
) -> Consequences {
    let merging = Merging {
        kept,
        whole: &whole(kept),
        removed,
        record: &record(n),
    };
    match store.merge(merging).await.unwrap() {
        MergeOutcome::Done(consequences) => consequences,
        MergeOutcome::Stale => panic!("stale"),
    }
}

pub(super) fn distinct(one: u64, other: u64) -> Distinct {
    Distinct {
        one: email(one),
        other: email(other),
        at: at(3),
        by: "vera".into(),
    }
}

/// Something for the copy of a whole store to carry.
pub(super) async fn furnish(store: &dyn Store) {
    merge(store, &contact(10), &contact(11), 2).await;
    assert!(store.tell_apart(&distinct(12, 13)).await.unwrap());
}

/// A distribution to two contacts, each of whose deliveries has come so far; the
/// second's is left as it is planned where nothing is said.
async fn to_both(
    store: &dyn Store,
    [one, other]: [u64; 2],
    ends: [Option<DeliveryState>; 2],
) -> [DeliveryId; 2] {
    let of = distribution();
    let rows = [one, other].map(|n| delivery(&of, n, 0));
    plan(store, &of, &rows).await;
    let lease = leased(store, 60).await;
    let turned = claim_of(store, Some(of.id), lease, 1, 10).await;
    let records: Vec<_> = turned
        .claimed
        .iter()
        .filter_map(|claimed| {
            let place = rows.iter().position(|one| one.id == claimed.delivery.id)?;
            let end = ends[place].clone()?;
            Some(outcome(claimed, lease, end))
        })
        .collect();
    store.record(&records).await.unwrap();
    rows.map(|one| one.id)
}

fn rejected() -> DeliveryState {
    DeliveryState::Rejected {
        class: RejectClass::MailboxUnknown,
        reply: SmtpReply::new(550, "no such user"),
    }
}

fn bar(n: u64, reason: SuppressionReason) -> Suppression {
    Suppression {
        email: email(n),
        reason,
        at: at(1),
        source: "vera".into(),
        note: "by telephone".into(),
    }
}

async fn names(store: &dyn Store, all: [DeliveryId; 2]) -> [&'static str; 2] {
    [
        state_of(store, all[0]).await.name(),
        state_of(store, all[1]).await.name(),
    ]
}

pub(super) async fn nobody_gets_it_twice_for_having_had_two_addresses(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (kept, removed) = (contact(1), contact(2));
    store
        .import(&[kept.clone(), removed.clone(), contact(3)])
        .await
        .unwrap();
    let later = || Some(deferred(5000));
    let pair = [1, 2];
    let both_wait = to_both(store, pair, [later(), later()]).await;
    let other_has_it = to_both(store, pair, [later(), Some(accepted(2))]).await;
    let kept_failed = to_both(store, pair, [Some(rejected()), later()]).await;
    let in_flight = to_both(store, pair, [later(), None]).await;
    let stranger = to_both(store, [3, 2], [later(), later()]).await;
    let done = merge(store, &kept, &removed, 1).await;
    assert_eq!((done.cancelled, done.barred), (3, vec![]));
    assert_eq!(names(store, both_wait).await, ["deferred", "cancelled"]);
    assert_eq!(names(store, other_has_it).await, ["cancelled", "accepted"]);
    assert_eq!(names(store, kept_failed).await, ["rejected", "deferred"]);
    assert_eq!(names(store, in_flight).await, ["cancelled", "claimed"]);
    assert_eq!(names(store, stranger).await, ["deferred", "deferred"]);
    verified(store).await;
    // What is left is claimed once for each distribution.
    let lease = leased(store, 9000).await;
    let turned = claim(store, lease, 6000, 50).await;
    let mut claimed = ids(&turned);
    claimed.sort_unstable();
    let mut expected = vec![both_wait[0], kept_failed[1], stranger[0], stranger[1]];
    expected.sort_unstable();
    assert_eq!(claimed, expected);
}

pub(super) async fn what_is_about_the_person_bars_both_addresses(ground: &Ground) {
    use SuppressionReason::{Complaint, HardBounce, Manual, OptOut};
    let store = ground.open().await;
    let store = store.as_ref();
    for (n, (bars, expected)) in [
        ([None, None], [None, None]),
        ([None, Some(OptOut)], [Some(OptOut), Some(OptOut)]),
        ([Some(Complaint), None], [Some(Complaint), Some(Complaint)]),
        ([Some(Manual), Some(OptOut)], [Some(OptOut), Some(OptOut)]),
        ([Some(OptOut), Some(Manual)], [Some(OptOut), Some(OptOut)]),
        ([None, Some(HardBounce)], [None, Some(HardBounce)]),
        (
            [Some(HardBounce), Some(Manual)],
            [Some(Manual), Some(Manual)],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let n = 100 + 10 * n as u64;
        let pair = [contact(n), contact(n + 1)];
        store.import(&pair).await.unwrap();
        let given = bars.iter().zip([n, n + 1]);
        let given: Vec<_> = given
            .filter_map(|(reason, n)| Some(bar(n, (*reason)?)))
            .collect();
        store.suppress(&given).await.unwrap();
        let done = merge(store, &pair[0], &pair[1], n).await;
        let mut changed = 0;
        for ((n, reason), before) in [n, n + 1].into_iter().zip(expected).zip(bars) {
            let now = store.suppression(&email(n)).await.unwrap();
            assert_eq!(now.as_ref().map(|bar| bar.reason), reason, "{bars:?}");
            if reason != before {
                changed += 1;
                assert!(now.unwrap().note.ends_with(": by telephone"), "{bars:?}");
            }
        }
        assert_eq!(done.barred.len(), changed, "{bars:?}");
    }
}

pub(super) async fn a_bar_in_other_capitals_holds_for_both_addresses(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let pair = [contact(1), contact(2)];
    store.import(&pair).await.unwrap();
    let capitals = email(2).to_string();
    let (local, domain) = capitals.split_once('@').unwrap();
    let capitals = EmailAddress::parse(&format!("{}@{domain}", local.to_uppercase())).unwrap();
    let opted_out = Suppression {
        email: capitals,
        ..bar(2, SuppressionReason::OptOut)
    };
    store.suppress(&[opted_out]).await.unwrap();
    let done = merge(store, &pair[0], &pair[1], 1).await;
    assert_eq!(done.barred.len(), 1);
    let now = store.suppression(&email(1)).await.unwrap();
    assert_eq!(now.unwrap().reason, SuppressionReason::OptOut);
}

pub(super) async fn a_merge_of_what_has_changed_does_nothing(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (kept, removed) = (contact(1), contact(2));
    store
        .import(&[kept.clone(), removed.clone()])
        .await
        .unwrap();
    store
        .suppress(&[bar(2, SuppressionReason::OptOut)])
        .await
        .unwrap();
    let waits = to_both(store, [1, 2], [Some(deferred(5000)), Some(deferred(5000))]).await;
    let seen = whole(&removed);
    for (kept, removed) in [
        (&kept, &seen),
        (&contact(3), &removed),
        (&kept, &contact(3)),
    ] {
        let merging = Merging {
            kept,
            whole: &whole(kept),
            removed,
            record: &record(1),
        };
        assert_eq!(store.merge(merging).await.unwrap(), MergeOutcome::Stale);
    }
    assert_eq!(store.contacts(None, 10).await.unwrap().len(), 2);
    assert!(store.suppression(&email(1)).await.unwrap().is_none());
    assert_eq!(names(store, waits).await, ["deferred", "deferred"]);
    assert!(store.aliases().await.unwrap().is_empty());
    assert_eq!(store.imports().await.unwrap(), []);
}

pub(super) async fn who_is_a_contact_again_went_into_nobody(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let all = [contact(1), contact(2), contact(3)];
    store.import(&all).await.unwrap();
    merge(store, &all[1], &all[2], 1).await;
    merge(store, &all[0], &whole(&all[1]), 2).await;
    let aliases = store.aliases().await.unwrap();
    assert_eq!(aliases.known_by(&email(3)), &email(1));
    assert_eq!(aliases.of_id(all[2].id), Some(&email(1)));
    assert_eq!(
        aliases.person(&email(3)),
        [email(1), email(2), email(3)],
        "in the order of addresses"
    );
    // Undone, each is who they were.
    let undone = Undone {
        at: at(60),
        by: "ivan".into(),
    };
    let back = store.undo_import(record(2).id, &undone).await.unwrap();
    assert_eq!(
        back,
        UndoOutcome::Done {
            restored: 2,
            removed: 0
        }
    );
    let aliases = store.aliases().await.unwrap();
    assert_eq!(aliases.known_by(&email(2)), &email(2));
    assert_eq!(aliases.known_by(&email(3)), &email(2));
    // An import that names the address makes it a contact's too.
    store.import(&[contact(3)]).await.unwrap();
    assert!(store.aliases().await.unwrap().is_empty());
}

pub(super) async fn two_people_are_told_apart_until_somebody_knows_better(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    store
        .import(&[contact(1), contact(2), contact(3)])
        .await
        .unwrap();
    assert!(store.tell_apart(&distinct(1, 2)).await.unwrap());
    assert!(
        !store.tell_apart(&distinct(2, 1)).await.unwrap(),
        "whichever is named first"
    );
    let later = Distinct {
        at: at(4),
        ..distinct(3, 1)
    };
    assert!(store.tell_apart(&later).await.unwrap());
    let all = store.told_apart().await.unwrap();
    assert_eq!(all, [later, distinct(1, 2)]);
    assert!(store.offer_again(&email(2), &email(1)).await.unwrap());
    assert!(!store.offer_again(&email(1), &email(2)).await.unwrap());
    // Who was made one with somebody is no other person.
    merge(store, &contact(1), &contact(3), 1).await;
    assert_eq!(store.told_apart().await.unwrap(), []);
}
