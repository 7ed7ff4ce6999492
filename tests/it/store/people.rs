//! Contacts one by one, how they are found, and bars on addresses.

use super::ground::*;
use dateline::domain::address::EmailAddress;
use dateline::domain::contact::Contact;
use dateline::domain::contact_search::ContactSearch;
use dateline::domain::header_text::HeaderText;
use dateline::domain::suppression::{Suppression, SuppressionReason, SuppressionSearch};
use dateline::store::Store;
use std::collections::BTreeMap;

pub(super) fn named(n: u64, name: &str, outlet: &str, lists: &[&str]) -> Contact {
    Contact {
        name: HeaderText::parse(name).unwrap(),
        outlet: outlet.into(),
        lists: lists.iter().map(|list| (*list).to_owned()).collect(),
        ..contact(n)
    }
}

pub(super) async fn found(store: &dyn Store, text: &str, list: Option<&str>) -> Vec<String> {
    let search = ContactSearch::new(text, list.map(str::to_owned));
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .find_contacts(&search, after.as_ref(), 2)
            .await
            .unwrap();
        let Some(last) = page.last() else { return all };
        after = Some(last.email.clone());
        all.extend(page.iter().map(|one| one.email.to_string()));
    }
}

fn emails(numbers: &[u64]) -> Vec<String> {
    let mut all: Vec<_> = numbers.iter().map(|n| email(*n).to_string()).collect();
    all.sort_unstable();
    all
}

pub(super) async fn a_contact_is_added_once_and_changes_as_it_was_read(ground: &Ground) {
    let store = ground.open().await;
    let first = contact(1);
    let version = store.contacts_version().await.unwrap();
    assert!(store.add_contact(&first).await.unwrap());
    assert_ne!(store.contacts_version().await.unwrap(), version);
    let other = Contact {
        id: contact(2).id,
        ..first.clone()
    };
    assert!(
        !store.add_contact(&other).await.unwrap(),
        "the address is known"
    );
    let one = Contact {
        outlet: "One \u{0} '\"".into(),
        ..first.clone()
    };
    let two = Contact {
        outlet: "Two".into(),
        ..first.clone()
    };
    assert!(store.change_contact(&first, &one).await.unwrap());
    assert!(
        !store.change_contact(&first, &two).await.unwrap(),
        "somebody was first"
    );
    assert!(
        !store.change_contact(&one, &other).await.unwrap(),
        "an identifier stays"
    );
    assert!(
        !store
            .change_contact(&contact(7), &contact(7))
            .await
            .unwrap()
    );
    assert_eq!(store.contact_of(first.id).await.unwrap(), Some(one));
    assert_eq!(store.contact_of(contact(7).id).await.unwrap(), None);
    assert_eq!(store.contact_count().await.unwrap(), 1);
}

/// Of two who change what they both read, one is told.
pub(super) async fn two_who_edit_at_once_do_not_cross(ground: &Ground) {
    let (here, there) = (ground.open().await, ground.open().await);
    let first = contact(1);
    here.add_contact(&first).await.unwrap();
    let edits: Vec<_> = (0..8)
        .map(|n| Contact {
            outlet: format!("Outlet {n}"),
            ..first.clone()
        })
        .collect();
    let tries = edits.iter().enumerate().map(|(n, to)| {
        let store = if n % 2 == 0 { &here } else { &there };
        store.change_contact(&first, to)
    });
    let done = futures_util::future::join_all(tries).await;
    let won: Vec<_> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let at = won.iter().position(|won| *won).unwrap();
    let kept = there.contact(&first.email).await.unwrap().unwrap();
    assert_eq!(kept, edits[at]);
    assert_eq!(
        found(here.as_ref(), &format!("outlet {at}"), None).await,
        emails(&[1])
    );
    let lost = (at + 1) % 8;
    assert!(
        found(here.as_ref(), &format!("outlet {lost}"), None)
            .await
            .is_empty()
    );
}

pub(super) async fn contacts_are_found_by_words_and_lists(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let all = [
        named(1, "Аарти НАРСИ", "Tidewater Wire", &["wires", "radio"]),
        named(2, "Anna Kim", "Steppe Post", &["radio"]),
        named(3, "José Ñandú", "Tidewater Wire", &[]),
        named(
            4,
            "Ёлкина Anna",
            "Post-Tribune",
            &["radio", "odd \u{0} name"],
        ),
    ];
    store.import(&all).await.unwrap();
    for (text, expected) in [
        ("", &[1, 2, 3, 4][..]),
        ("нарси", &[1]),
        ("НАР tide", &[1]),
        ("tide", &[1, 3]),
        ("anna", &[2, 4]),
        ("anna post", &[2, 4]),
        ("anna trib", &[4]),
        ("jose\u{301}", &[3]),
        ("water", &[]),
        ("nobody", &[]),
        ("%", &[1, 2, 3, 4]),
    ] {
        assert_eq!(found(store, text, None).await, emails(expected), "{text}");
    }
    assert_eq!(
        found(store, &email(3).to_string(), None).await,
        emails(&[3])
    );
    assert_eq!(found(store, "", Some("radio")).await, emails(&[1, 2, 4]));
    assert_eq!(found(store, "anna", Some("radio")).await, emails(&[2, 4]));
    assert_eq!(found(store, "", Some("odd \u{0} name")).await, emails(&[4]));
    assert!(found(store, "", Some("rad")).await.is_empty());
    let lists = |pairs: &[(&str, u64)]| {
        let pairs = pairs.iter().map(|(name, n)| ((*name).to_owned(), *n));
        pairs.collect::<BTreeMap<_, _>>()
    };
    let known = lists(&[("odd \u{fffd} name", 1), ("radio", 3), ("wires", 1)]);
    assert_eq!(store.lists().await.unwrap(), known);
    // What has changed is found as it is now, and no more as it was.
    let moved = named(2, "Anna Kim", "Tidewater Wire", &["wires"]);
    assert!(store.change_contact(&all[1], &moved).await.unwrap());
    assert_eq!(found(store, "tide", None).await, emails(&[1, 2, 3]));
    assert_eq!(found(store, "steppe", None).await, emails(&[]));
    let known = lists(&[("odd \u{fffd} name", 1), ("radio", 2), ("wires", 2)]);
    assert_eq!(store.lists().await.unwrap(), known);
    store
        .import(&[named(4, "Anna", "Other", &[])])
        .await
        .unwrap();
    assert_eq!(found(store, "ёлкина", None).await, emails(&[]));
    assert_eq!(
        store.lists().await.unwrap(),
        lists(&[("radio", 1), ("wires", 2)])
    );
}

/// A word that very many have is looked for in another way.
pub(super) async fn common_words_are_found_too(ground: &Ground) {
    let store = ground.open().await;
    let many: Vec<_> = (0..10_050)
        .map(|n| named(n, &format!("Same Name {}", n % 3), "Everywhere", &["all"]))
        .collect();
    store.import(&many).await.unwrap();
    let mut sorted: Vec<_> = many.iter().collect();
    sorted.sort_unstable_by_key(|one| one.email.to_string());
    for (text, list) in [
        ("same every", None),
        ("same", Some("all")),
        ("same 1", None),
        ("outlet1 1", None),
    ] {
        let search = ContactSearch::new(text, list.map(str::to_owned));
        let expected: Vec<_> = sorted
            .iter()
            .filter(|one| !text.ends_with('1') || one.name.as_str().ends_with('1'))
            .map(|one| one.email.clone())
            .collect();
        let first = store.find_contacts(&search, None, 50).await.unwrap();
        let first: Vec<_> = first.into_iter().map(|one| one.email).collect();
        assert_eq!(first, expected[..50], "{text}");
        let next = store
            .find_contacts(&search, first.last(), 50)
            .await
            .unwrap();
        let next: Vec<_> = next.into_iter().map(|one| one.email).collect();
        assert_eq!(next, expected[50..100], "{text}");
    }
    let none = ContactSearch::new("outlet2 1", None);
    assert!(
        store
            .find_contacts(&none, None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.contact_count().await.unwrap(), 10_050);
}

pub(super) async fn a_copy_finds_what_the_original_found(ground: &Ground) {
    let from = ground.open().await;
    let all = [
        named(1, "Анна", "Степь", &["radio"]),
        named(2, "B", "C", &[]),
    ];
    from.import(&all).await.unwrap();
    let other = ground.other();
    let to = other.open().await;
    let ignore = dateline::store::copy::AtWork::Ignore;
    let copied =
        dateline::store::copy::copy(from.as_ref(), to.as_ref(), &other.url(), ignore, at(0)).await;
    assert!(copied.is_ok(), "{copied:?}");
    assert_eq!(found(to.as_ref(), "анна сте", None).await, emails(&[1]));
    assert_eq!(found(to.as_ref(), "", Some("radio")).await, emails(&[1]));
    assert!(
        to.change_contact(&all[1], &named(2, "B", "D", &[]))
            .await
            .unwrap()
    );
}

/// A store as it was before contacts could be found learns it when it is opened.
pub(super) async fn an_older_store_learns_to_find_its_contacts(ground: &Ground) {
    let (steps, version) = if ground.is_postgres() {
        (
            &[
                include_str!("../../../src/store/postgres/migrations/0001.sql"),
                include_str!("../../../src/store/postgres/migrations/0002.sql"),
            ][..],
            "CREATE TABLE dateline_schema (version BIGINT NOT NULL); INSERT INTO dateline_schema VALUES (2)",
        )
    } else {
        (
            &[
                include_str!("../../../src/store/sqlite/migrations/0001.sql"),
                include_str!("../../../src/store/sqlite/migrations/0002.sql"),
                include_str!("../../../src/store/sqlite/migrations/0003.sql"),
                include_str!("../../../src/store/sqlite/migrations/0004.sql"),
            ][..],
            "PRAGMA user_version = 4",
        )
    };
    let anna = named(1, "Анна Ким", "Steppe Post", &["radio"]);
    let record = serde_json::to_string(&anna).unwrap().replace('\'', "''");
    let hash = dateline::domain::log::Head::default().hash;
    // A shell takes what begins with dashes for an option.
    ground.sql(&format!(
        "\n{}; {version}; INSERT INTO log_head (one, seq, hash) VALUES (1, 0, '{hash}'); \
         INSERT INTO contact (email, id, record) VALUES ('{}', '{}', '{record}'); \
         INSERT INTO suppression (email, reason, at, source) VALUES ('b@example.org', 'opt-out', '{}', 'vera');",
        steps.join("\n"),
        anna.email,
        anna.id,
        at(5),
    ));
    let store = ground.open().await;
    let store = store.as_ref();
    assert_eq!(found(store, "ким ste", None).await, emails(&[1]));
    assert_eq!(found(store, "", Some("radio")).await, emails(&[1]));
    let all = store
        .suppressions(&SuppressionSearch::default(), None, 9)
        .await
        .unwrap();
    assert_eq!((all.len(), all[0].note.as_str()), (1, ""));
    let moved = named(1, "Анна Ким", "Tidewater", &[]);
    assert!(store.change_contact(&anna, &moved).await.unwrap());
    assert_eq!(found(store, "ste", None).await, emails(&[]));
    assert_eq!(verified(store).await, 0);
}

pub(super) async fn the_latest_deliveries_come_first(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (first, _) = planned(store, 3).await;
    let (second, _) = planned(store, 3).await;
    let latest = store.deliveries_to(&email(1), 10).await.unwrap();
    let of: Vec<_> = latest.iter().map(|one| one.delivery.distribution).collect();
    assert_eq!(of, [second.id, first.id]);
    assert_eq!(latest[0].delivery.recipient.email, email(1));
    assert_eq!(store.deliveries_to(&email(1), 1).await.unwrap().len(), 1);
    assert!(store.deliveries_to(&email(99), 9).await.unwrap().is_empty());
}

fn bar(address: &str, reason: SuppressionReason) -> Suppression {
    Suppression {
        email: EmailAddress::parse(address).unwrap(),
        reason,
        at: at(5),
        source: "vera".into(),
        note: "asked 'by' letter \u{feff}".into(),
    }
}

pub(super) async fn bars_are_found_and_lifted_as_they_were_read(ground: &Ground) {
    let store = ground.open().await;
    let all = [
        bar("Anna@steppe.example", SuppressionReason::OptOut),
        bar("boris@tide.example", SuppressionReason::Manual),
        bar("carla@steppe.example", SuppressionReason::Manual),
    ];
    assert_eq!(store.suppress(&all).await.unwrap(), 3);
    assert_eq!(
        store.suppress(&all[..2]).await.unwrap(),
        0,
        "barred already"
    );
    let search = |text: &str, reason| SuppressionSearch {
        text: text.to_owned(),
        reason,
    };
    let manual = Some(SuppressionReason::Manual);
    for (text, reason, expected) in [
        ("", None, &all[..]),
        ("", manual, &all[1..]),
        ("STEPPE", None, &[all[0].clone(), all[2].clone()][..]),
        ("anna", None, &all[..1]),
        ("steppe", manual, &all[2..]),
        ("_%", None, &[][..]),
    ] {
        let found = store.suppressions(&search(text, reason), None, 9).await;
        assert_eq!(found.unwrap(), expected, "{text}");
    }
    let rest = store
        .suppressions(&search("", None), Some(&all[0].email), 1)
        .await
        .unwrap();
    assert_eq!(rest, all[1..2]);
    assert_eq!(
        store.suppression(&all[0].email).await.unwrap().as_ref(),
        Some(&all[0])
    );
    assert_eq!(store.suppression(&email(9)).await.unwrap(), None);
    let other = Suppression {
        reason: SuppressionReason::Complaint,
        ..all[1].clone()
    };
    assert!(!store.lift(&other).await.unwrap(), "it is another bar");
    assert!(store.lift(&all[1]).await.unwrap());
    assert!(!store.lift(&all[1]).await.unwrap());
    assert_eq!(store.suppressed().await.unwrap().len(), 2);
}
