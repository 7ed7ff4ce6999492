//! Who works at the desk.

use super::ground::*;
use dateline::domain::account::{Account, Act, Role, Session, UserName};
use dateline::store::archive::Archive;
use serde_json::Map;

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn account(text: &str) -> Account {
    Account {
        name: name(text),
        full_name: "Вера \"В\" O'Иванова".into(),
        role: Role::Approver,
        password: "$argon2id$…".into(),
        second_factor: None,
        made_at: at(0),
        disabled: false,
        failures: 0,
        locked_until: None,
    }
}

fn act(n: u64) -> Act {
    Act {
        at: at(0),
        by: "vera".into(),
        act: format!("act_{n}"),
        facts: Map::new(),
    }
}

/// One of each, and a session that no copy carries.
pub(super) async fn furnish(store: &dyn Archive) {
    assert!(store.add_account(&account("vera")).await.unwrap());
    store.record_act(&act(1)).await.unwrap();
    let session = Session {
        account: name("vera"),
        since: at(0),
        seen: at(0),
    };
    store.keep_session("a", &session).await.unwrap();
}

pub(super) async fn an_account_is_there_once_and_changes_as_it_was_read(ground: &Ground) {
    let store = ground.open().await;
    let vera = account("vera");
    assert!(store.add_account(&vera).await.unwrap());
    assert!(!store.add_account(&vera).await.unwrap());
    assert!(store.add_account(&account("anna")).await.unwrap());
    assert_eq!(
        store.account(&name("Vera")).await.unwrap(),
        Some(vera.clone())
    );
    assert_eq!(store.account(&name("ivan")).await.unwrap(), None);
    let names: Vec<_> = store
        .accounts()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, [name("anna"), name("vera")]);
    // Of many who change what they read, one does.
    let tried = vera.tried(at(1));
    let other = Account {
        role: Role::Admin,
        ..vera.clone()
    };
    assert!(store.change_account(&vera, &tried).await.unwrap());
    assert!(!store.change_account(&vera, &other).await.unwrap());
    assert_eq!(store.account(&name("vera")).await.unwrap(), Some(tried));
}

pub(super) async fn a_session_ends_by_itself_or_with_its_account(ground: &Ground) {
    let store = ground.open().await;
    let session = |who: &str, seen: i64| Session {
        account: name(who),
        since: at(0),
        seen: at(seen),
    };
    for (hash, who) in [("a", "vera"), ("b", "vera"), ("c", "ivan")] {
        store.keep_session(hash, &session(who, 0)).await.unwrap();
    }
    store.keep_session("a", &session("vera", 90)).await.unwrap();
    assert_eq!(store.session("a").await.unwrap(), Some(session("vera", 90)));
    assert_eq!(
        store.end_sessions(&name("vera"), Some("a")).await.unwrap(),
        1
    );
    assert_eq!(store.session("b").await.unwrap(), None);
    // Those that were used last at 0 have ended, the other not yet.
    assert_eq!(
        store
            .sweep_sessions(session("ivan", 0).ends())
            .await
            .unwrap(),
        1
    );
    assert!(store.session("a").await.unwrap().is_some());
    store.end_session("a").await.unwrap();
    assert_eq!(store.session("a").await.unwrap(), None);
}

pub(super) async fn acts_are_told_the_newest_first(ground: &Ground) {
    let store = ground.open().await;
    for n in 0..5 {
        store.record_act(&act(n)).await.unwrap();
    }
    let told = |acts: &[(u64, Act)]| {
        acts.iter()
            .map(|(_, act)| act.act.clone())
            .collect::<Vec<_>>()
    };
    let first = store.acts(None, 2).await.unwrap();
    assert_eq!(told(&first), ["act_4", "act_3"]);
    let rest = store.acts(Some(first[1].0), 9).await.unwrap();
    assert_eq!(told(&rest), ["act_2", "act_1", "act_0"]);
}
