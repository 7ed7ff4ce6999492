//! By what programs are let in.

use super::ground::*;
use dateline::domain::account::UserName;
use dateline::domain::token::{Scope, Token, TokenName};
use dateline::store::archive::Archive;
use std::collections::BTreeSet;

fn named(text: &str) -> TokenName {
    TokenName::parse(text).unwrap()
}

fn whose(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn token(name: &str, account: &str) -> Token {
    Token {
        name: named(name),
        account: whose(account),
        scopes: BTreeSet::from([Scope::ReadReleases, Scope::Hold]),
        made_at: at(0),
        made_by: "Вера".into(),
        expires: at(90),
        used: None,
    }
}

/// One of each.
pub(super) async fn furnish(store: &dyn Archive) {
    let one = token("board", "vera");
    assert!(store.add_token("hash", &one).await.unwrap());
}

pub(super) async fn a_token_is_known_by_its_hash_and_ended_by_its_name(ground: &Ground) {
    let store = ground.open().await;
    let board = token("board", "vera");
    assert!(store.add_token("h1", &board).await.unwrap());
    let other = token("board", "ivan");
    assert!(!store.add_token("h2", &other).await.unwrap());
    assert_eq!(store.token("h1").await.unwrap(), Some(board.clone()));
    assert_eq!(store.token("h2").await.unwrap(), None);
    let used = board.used(at(5)).unwrap();
    store.keep_token(&used).await.unwrap();
    assert_eq!(store.token("h1").await.unwrap(), Some(used.clone()));
    assert!(store.end_token(&named("board")).await.unwrap());
    assert!(!store.end_token(&named("board")).await.unwrap());
    // What is noted of it meanwhile does not bring it back.
    store.keep_token(&used).await.unwrap();
    assert_eq!(store.token("h1").await.unwrap(), None);
    assert!(store.add_token("h2", &other).await.unwrap());
}

pub(super) async fn tokens_end_with_their_account(ground: &Ground) {
    let store = ground.open().await;
    for (hash, name, account) in [("1", "b", "vera"), ("2", "a", "vera"), ("3", "c", "ivan")] {
        let one = token(name, account);
        assert!(store.add_token(hash, &one).await.unwrap());
    }
    let names = |tokens: Vec<Token>| -> Vec<String> {
        tokens.into_iter().map(|one| one.name.to_string()).collect()
    };
    assert_eq!(names(store.tokens(None).await.unwrap()), ["a", "b", "c"]);
    let hers = store.tokens(Some(&whose("vera"))).await.unwrap();
    assert_eq!(names(hers), ["a", "b"]);
    assert_eq!(store.end_tokens(&whose("vera")).await.unwrap(), 2);
    assert_eq!(names(store.tokens(None).await.unwrap()), ["c"]);
}
