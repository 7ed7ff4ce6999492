//! Many contacts changed at once, and the way back.

use super::ground::*;
use super::people::{found, named};
use dateline::domain::contact::Contact;
use dateline::domain::contact_search::words_of;
use dateline::domain::ids::ImportId;
use dateline::domain::import_record::{ImportKind, ImportRecord, KEPT, Undone};
use dateline::store::Store;
use dateline::store::imports::{Changed, ContactChange, UndoOutcome};
use std::collections::{BTreeMap, BTreeSet};

fn record(n: u64) -> ImportRecord {
    ImportRecord {
        id: ImportId::from_parts(n, 7),
        at: at(0),
        by: "vera".into(),
        kind: ImportKind::File,
        source: "Список.csv".into(),
        added: 1,
        changed: 2,
        removed: 3,
        undone: None,
    }
}

fn undone() -> Undone {
    Undone {
        at: at(5),
        by: "ivan".into(),
    }
}

/// A contact whose outlet is another.
fn moved(n: u64) -> Contact {
    Contact {
        outlet: "Волна\n\u{0} «в кавычках»".into(),
        ..contact(n)
    }
}

fn change(from: Contact, to: Contact) -> ContactChange {
    ContactChange::Change(Box::new((from, to)))
}

async fn all(store: &dyn Store) -> Vec<Contact> {
    store.contacts(None, 10_000).await.unwrap()
}

/// Something for the copy of a whole store to carry.
pub(super) async fn furnish(store: &dyn Store) {
    let changes = [
        change(contact(0), moved(0)),
        ContactChange::Remove(contact(1)),
    ];
    let done = store.change_contacts(&changes, &record(1)).await.unwrap();
    assert_eq!(done, Changed::Done);
}

pub(super) async fn contacts_are_changed_all_or_none(ground: &Ground) {
    let store = ground.open().await;
    let known: Vec<_> = (0..1200).map(contact).collect();
    store.import(&known).await.unwrap();
    // The last batch has two that are not what they were, and one that is there.
    let mut changes: Vec<_> = (0..1198).map(|n| change(contact(n), moved(n))).collect();
    changes.push(change(moved(1198), contact(1198)));
    changes.push(ContactChange::Add(contact(1199)));
    changes.push(ContactChange::Remove(contact(1200)));
    let done = store.change_contacts(&changes, &record(1)).await.unwrap();
    let Changed::Stale(mut stale) = done else {
        panic!("{done:?}")
    };
    stale.sort();
    let mut expected = vec![email(1198), email(1199), email(1200)];
    expected.sort();
    assert_eq!(stale, expected);
    assert_eq!(store.imports().await.unwrap(), []);
    let found = store.contacts_with(&[email(0), email(9999)]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[&email(0).to_string()], contact(0));
    changes.truncate(1198);
    changes.push(ContactChange::Add(contact(5000)));
    changes.push(ContactChange::Remove(contact(1199)));
    let done = store.change_contacts(&changes, &record(1)).await.unwrap();
    assert_eq!(done, Changed::Done);
    assert_eq!(
        store.contact(&email(1197)).await.unwrap(),
        Some(moved(1197))
    );
    assert_eq!(store.contact(&email(1199)).await.unwrap(), None);
    assert_eq!(
        store.contact(&email(5000)).await.unwrap(),
        Some(contact(5000))
    );
    assert_eq!(store.imports().await.unwrap(), [record(1)]);
}

pub(super) async fn an_import_is_undone_whole(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let known: Vec<_> = (0..700).map(contact).collect();
    store.import(&known).await.unwrap();
    let before = all(store).await;
    let mut changes: Vec<_> = (0..600).map(|n| change(contact(n), moved(n))).collect();
    changes.push(ContactChange::Remove(contact(650)));
    changes.extend((1000..1600).map(|n| ContactChange::Add(contact(n))));
    store.change_contacts(&changes, &record(1)).await.unwrap();
    // What another import did to other contacts stays.
    let other = [ContactChange::Add(contact(9000))];
    store.change_contacts(&other, &record(2)).await.unwrap();
    let unknown = store.undo_import(record(3).id, &undone()).await.unwrap();
    assert_eq!(unknown, UndoOutcome::Unknown);
    let done = store.undo_import(record(1).id, &undone()).await.unwrap();
    let expected = UndoOutcome::Done {
        restored: 601,
        removed: 600,
    };
    assert_eq!(done, expected);
    let mut expected = before;
    expected.push(contact(9000));
    expected.sort_by_key(|one| one.email.to_string());
    assert_eq!(all(store).await, expected);
    let again = store.undo_import(record(1).id, &undone()).await.unwrap();
    assert_eq!(again, UndoOutcome::Before(undone()));
    let told = store.imports().await.unwrap();
    assert_eq!(told[0], record(2), "the newest first");
    assert_eq!(told[1].undone, Some(undone()));
}

pub(super) async fn what_was_changed_since_is_not_undone(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    store.import(&[contact(0), contact(1)]).await.unwrap();
    let changes = [
        change(contact(0), moved(0)),
        change(contact(1), moved(1)),
        ContactChange::Add(contact(2)),
    ];
    store.change_contacts(&changes, &record(1)).await.unwrap();
    let mut touched = moved(1);
    touched.role = "Editor".into();
    store.import(std::slice::from_ref(&touched)).await.unwrap();
    let gone = [ContactChange::Remove(contact(2))];
    store.change_contacts(&gone, &record(2)).await.unwrap();
    let before = all(store).await;
    let refused = store.undo_import(record(1).id, &undone()).await.unwrap();
    let UndoOutcome::ChangedSince(mut named) = refused else {
        panic!("{refused:?}")
    };
    named.sort();
    let mut expected = vec![email(1).to_string(), email(2).to_string()];
    expected.sort();
    assert_eq!(named, expected);
    assert_eq!(all(store).await, before);
    // In turn, the newest first, all of it is undone.
    let done = store.undo_import(record(2).id, &undone()).await.unwrap();
    assert_eq!(
        done,
        UndoOutcome::Done {
            restored: 1,
            removed: 0
        }
    );
    store.import(&[moved(1)]).await.unwrap();
    let done = store.undo_import(record(1).id, &undone()).await.unwrap();
    assert!(matches!(done, UndoOutcome::Done { .. }), "{done:?}");
    assert_eq!(all(store).await.len(), 2);
}

/// Every word and list that any of these ever had finds who has it now, and
/// nobody else; lists count whom they find.
async fn finds_what_is_there(store: &dyn Store, ever: &[Contact]) {
    let there = all(store).await;
    let emails = |has: &dyn Fn(&Contact) -> bool| {
        let those = there.iter().filter(|one| has(one));
        those.map(|one| one.email.to_string()).collect::<Vec<_>>()
    };
    for word in ever.iter().flat_map(words_of).collect::<BTreeSet<_>>() {
        let has = |one: &Contact| words_of(one).iter().any(|own| own.starts_with(&word));
        assert_eq!(found(store, &word, None).await, emails(&has), "{word}");
    }
    let mut counts = BTreeMap::new();
    let lists = ever.iter().flat_map(|one| one.lists.clone());
    for list in lists.collect::<BTreeSet<_>>() {
        let on_it = emails(&|one| one.lists.contains(&list));
        assert_eq!(found(store, "", Some(&list)).await, on_it, "{list}");
        if !on_it.is_empty() {
            counts.insert(list, on_it.len() as u64);
        }
    }
    assert_eq!(store.lists().await.unwrap(), counts);
    assert_eq!(store.contact_count().await.unwrap(), there.len() as u64);
}

pub(super) async fn contacts_are_found_as_they_are_after_every_change_of_many(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let anna = named(1, "Anna Kim", "Steppe Post", &["radio", "wires"]);
    let jose = named(2, "José Ñandú", "Tidewater Wire", &["radio"]);
    let nobody = named(3, "", "", &[]);
    let kim = named(4, "Анна КИМ", "River Daily", &["rivers"]);
    let other = named(2, "José Ñandú", "Volna Wire", &["wires", "evening"]);
    let merged = named(1, "Anna Kim", "Steppe Post", &["radio", "wires", "rivers"]);
    let ever = [&anna, &jose, &nobody, &kim, &other, &merged].map(Clone::clone);
    let mut version = store.contacts_version().await.unwrap();
    let mut steps = Vec::new();
    for (n, changes) in [
        // An import that adds, then one that changes and adds.
        vec![anna.clone(), jose.clone(), nobody]
            .into_iter()
            .map(ContactChange::Add)
            .collect(),
        vec![change(jose, other), ContactChange::Add(kim.clone())],
        // A merge.
        vec![ContactChange::Remove(kim), change(anna, merged)],
    ]
    .into_iter()
    .enumerate()
    {
        let record = record(n as u64 + 1);
        let done = store.change_contacts(&changes, &record).await.unwrap();
        assert_eq!(done, Changed::Done);
        finds_what_is_there(store, &ever).await;
        let now = store.contacts_version().await.unwrap();
        assert_ne!(std::mem::replace(&mut version, now), now);
        steps.push(record.id);
    }
    for id in steps.into_iter().rev() {
        let done = store.undo_import(id, &undone()).await.unwrap();
        assert!(matches!(done, UndoOutcome::Done { .. }), "{done:?}");
        finds_what_is_there(store, &ever).await;
        let now = store.contacts_version().await.unwrap();
        assert_ne!(std::mem::replace(&mut version, now), now);
    }
    assert!(all(store).await.is_empty());
}

pub(super) async fn old_imports_are_kept_by_name_alone(ground: &Ground) {
    let store = ground.open().await;
    let many = u64::try_from(KEPT).unwrap() + 1;
    for n in 1..=many {
        let add = ContactChange::Add(contact(n));
        let done = store.change_contacts(&[add], &record(n)).await.unwrap();
        assert_eq!(done, Changed::Done);
    }
    assert_eq!(store.imports().await.unwrap().len(), KEPT + 1);
    let oldest = store.undo_import(record(1).id, &undone()).await.unwrap();
    assert_eq!(oldest, UndoOutcome::NotKept);
    let next = store.undo_import(record(2).id, &undone()).await.unwrap();
    assert!(matches!(next, UndoOutcome::Done { .. }), "{next:?}");
}
