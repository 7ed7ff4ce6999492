//! Contacts one by one, how they are found, and bars on addresses: what the
//! store remembers of the people a newsroom writes to.

use super::{Result, Standing};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_search::{ContactSearch, words_of};
use crate::domain::ids::ContactId;
use crate::domain::suppression::{Suppression, SuppressionSearch};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};

/// The people a newsroom writes to. Every store has it.
#[async_trait]
pub trait People: Send + Sync {
    /// Adds a contact. Answers false where its address is known, and nothing was
    /// done.
    async fn add_contact(&self, contact: &Contact) -> Result<bool>;

    /// Changes a contact as it was read; its address and identifier stay. Answers
    /// false where it has changed meanwhile, and nothing was done.
    async fn change_contact(&self, from: &Contact, to: &Contact) -> Result<bool>;

    /// The contact with an identifier.
    async fn contact_of(&self, id: ContactId) -> Result<Option<Contact>>;

    /// The next contacts that somebody looks for, by address, after one.
    async fn find_contacts(
        &self,
        search: &ContactSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Contact>>;

    /// All press lists, each with how many stand on it.
    async fn lists(&self) -> Result<BTreeMap<String, u64>>;

    /// How many contacts there are.
    async fn contact_count(&self) -> Result<u64>;

    /// A number that is another after every change of any contact.
    async fn contacts_version(&self) -> Result<u64>;

    /// The latest deliveries to an address, the newest first.
    async fn deliveries_to(&self, email: &EmailAddress, limit: u32) -> Result<Vec<Standing>>;

    /// The bar on an address.
    async fn suppression(&self, email: &EmailAddress) -> Result<Option<Suppression>>;

    /// The next bars that somebody looks for, by address, after one.
    async fn suppressions(
        &self,
        search: &SuppressionSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Suppression>>;

    /// Lifts a bar as it was read. Answers false where there is another by now,
    /// or none.
    async fn lift(&self, suppression: &Suppression) -> Result<bool>;
}

/// Words that so many contacts have are common: walking over all contacts finds
/// a page of them sooner than asking for each by name.
pub(super) const COMMON: u32 = 1000;

/// What a contact is found by: kind and value.
type Key = (&'static str, String);

fn keys(contact: &Contact) -> BTreeSet<Key> {
    let words = words_of(contact).into_iter().map(|word| ("word", word));
    let lists = contact.lists.iter().map(|list| ("list", list_key(list)));
    words.chain(lists).collect()
}

/// Letters of a list's name that tell it from others: an index has its limits.
const LIST_LETTERS: usize = 200;

/// A press list as contacts are found by it. PostgreSQL takes no NUL.
pub(super) fn list_key(list: &str) -> String {
    let kept = list.chars().take(LIST_LETTERS);
    kept.map(|letter| if letter == '\0' { '\u{fffd}' } else { letter })
        .collect()
}

/// A row of `contact_key`: kind, value, address.
pub(super) type KeyRow = (&'static str, String, String);

/// What becomes of the rows by which contacts are found.
#[derive(Debug, Default)]
pub(super) struct KeyChanges {
    /// Rows that go.
    pub(super) gone: Vec<KeyRow>,
    /// Rows that come.
    pub(super) new: Vec<KeyRow>,
}

impl KeyChanges {
    /// Adds what follows from one contact's change.
    pub(super) fn add(&mut self, old: Option<&Contact>, new: &Contact) {
        let (old, new_keys) = (old.map(keys).unwrap_or_default(), keys(new));
        let email = new.email.to_string();
        let row = |(kind, value): &Key| (*kind, value.clone(), email.clone());
        self.gone.extend(old.difference(&new_keys).map(row));
        self.new.extend(new_keys.difference(&old).map(row));
    }
}

/// A contact's words beside its record, each after a blank.
pub(super) fn words_column(contact: &Contact) -> String {
    let words = words_of(contact).into_iter();
    words.fold(String::new(), |all, word| format!("{all} {word}"))
}

/// What [`words_column`] holds where a word begins so.
pub(super) fn beginning(word: &str) -> String {
    format!(" {word}")
}

/// The least text after all that begin so.
pub(super) fn after_all(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}
