//! Contacts one by one, how they are found, and bars on addresses: what the
//! store remembers of the people a newsroom writes to.

use super::piece::Piece;
use super::{Result, Standing};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_search::{ContactSearch, words_of};
use crate::domain::ids::ContactId;
use crate::domain::suppression::{Suppression, SuppressionSearch};
use async_trait::async_trait;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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
/// a page of them sooner than gathering everybody who has one.
pub(super) const COMMON: i64 = 10_000;

/// Words that no more contacts have are told from the others record by record.
const FEW: i64 = 200;

/// The words by which a search gathers contacts, out of those that are not common
/// with how many have each: the rarest, and the others where that says little.
pub(super) fn gathering(mut words: Vec<(i64, &String)>) -> Vec<&String> {
    words.sort_unstable();
    let first = words.first().map_or(0, |(count, _)| *count);
    let taken = if first > FEW { words.len() } else { 1 };
    words
        .into_iter()
        .take(taken)
        .map(|(_, word)| word)
        .collect()
}

/// The statement for contacts that somebody looks for, after an address: gathered
/// by some of the words, and looked through for all. `position` is how a backend
/// calls the place of a text within another.
pub(super) fn contact_query(
    search: &ContactSearch,
    gathered: Vec<&String>,
    after: Option<&EmailAddress>,
    limit: u32,
    position: &'static str,
) -> Vec<Piece> {
    use Piece::{Number, Sql, Text};
    let after = after.map(ToString::to_string).unwrap_or_default();
    let (mut query, order) = match &search.list {
        // In the order of addresses already.
        Some(list) => (
            vec![
                Sql(
                    "SELECT record FROM contact_key AS key CROSS JOIN contact WHERE contact.email = key.email \
                     AND key.kind = 'list' AND key.value = ",
                ),
                Text(list_key(list)),
                Sql(" AND key.email > "),
                Text(after),
            ],
            " ORDER BY key.email LIMIT ",
        ),
        None => (
            vec![
                Sql("SELECT record FROM contact WHERE contact.email > "),
                Text(after),
            ],
            " ORDER BY contact.email LIMIT ",
        ),
    };
    let by_words = !gathered.is_empty();
    for (n, word) in gathered.into_iter().enumerate() {
        query.extend([
            Sql(if n == 0 {
                " AND contact.email IN ("
            } else {
                " INTERSECT "
            }),
            Sql("SELECT email FROM contact_key WHERE kind = 'word' AND value >= "),
            Text(word.clone()),
            Sql(" AND value < "),
            Text(after_all(word)),
        ]);
    }
    if by_words {
        query.push(Sql(")"));
    }
    for word in &search.words {
        query.extend([
            Sql(" AND "),
            Sql(position),
            Sql("(contact.words, "),
            Text(beginning(word)),
            Sql(") > 0"),
        ]);
    }
    query.extend([Sql(order), Number(i64::from(limit))]);
    query
}

/// The statement for bars that somebody looks for, after an address. `position` is
/// how a backend looks for the place of a text within the address.
pub(super) fn suppression_query(
    search: &SuppressionSearch,
    after: Option<&EmailAddress>,
    limit: u32,
    position: &'static str,
) -> Vec<Piece> {
    use Piece::{Number, Sql, Text};
    let mut query = vec![
        Sql("SELECT * FROM suppression WHERE email > "),
        Text(after.map(ToString::to_string).unwrap_or_default()),
    ];
    if let Some(reason) = search.reason {
        query.extend([Sql(" AND reason = "), Text(reason.name().to_owned())]);
    }
    query.extend(in_address(&search.text, position));
    query.extend([Sql(" ORDER BY email LIMIT "), Number(i64::from(limit))]);
    query
}

/// The condition that an address has a text in it; none for an empty one.
pub(super) fn in_address(text: &str, position: &'static str) -> Vec<Piece> {
    use Piece::{Sql, Text};
    if text.is_empty() {
        return Vec::new();
    }
    // No address holds NUL, and PostgreSQL takes none.
    let text = text.to_ascii_lowercase().replace('\0', "\u{fffd}");
    vec![Sql(" AND "), Sql(position), Text(text), Sql(") > 0")]
}

/// Letters of a list's name that tell it from others: an index has its limits.
const LIST_LETTERS: usize = 200;

/// A press list as contacts are found by it. PostgreSQL takes no NUL.
fn list_key(list: &str) -> String {
    let kept = list.chars().take(LIST_LETTERS);
    kept.map(|letter| if letter == '\0' { '\u{fffd}' } else { letter })
        .collect()
}

/// A row of `contact_key`: kind, value, address.
pub(super) type KeyRow = (&'static str, Arc<str>, Arc<str>);

/// Rows that are gathered before they are written: in order they cost a fraction
/// of what they cost one contact after the other.
const GATHERED: usize = 500_000;

/// The kinds of `contact_key`, in the order of its rows.
const KINDS: [&str; 2] = ["list", "word"];

/// Whose row it is, and whether it comes, else it goes.
type Turn = (Arc<str>, bool);

/// What becomes of the rows by which contacts are found, however many contacts
/// change one after the other.
#[derive(Debug, Default)]
pub(super) struct KeyChanges {
    /// By kind and value. Most contacts share most of their words.
    rows: [HashMap<String, Vec<Turn>>; KINDS.len()],
    gathered: usize,
}

/// What a contact is found by, kind by kind: each once, in order.
type Keys = [Vec<String>; KINDS.len()];

impl KeyChanges {
    /// Adds what follows from one contact's change. Gives the contact's words as
    /// they stand beside its record, each after a blank.
    pub(super) fn add(&mut self, old: Option<&Contact>, new: &Contact) -> String {
        let keys = keys(new);
        let [_, words] = &keys;
        let mut beside = String::new();
        for word in words {
            beside.push(' ');
            beside.push_str(word);
        }
        self.follow(new, old.map(self::keys).unwrap_or_default(), keys);
        beside
    }

    /// Adds what follows from a contact's going.
    pub(super) fn remove(&mut self, old: &Contact) {
        self.follow(old, keys(old), Keys::default());
    }

    fn follow(&mut self, whose: &Contact, mut old: Keys, mut new: Keys) {
        let email: Arc<str> = whose.email.to_string().into();
        for (kind, (old, new)) in old.iter_mut().zip(&mut new).enumerate() {
            new.retain(|value| match old.binary_search(value) {
                Ok(place) => {
                    old.remove(place);
                    false
                }
                Err(_) => true,
            });
            for (values, comes) in [(old, false), (new, true)] {
                for value in values.drain(..) {
                    self.put(kind, value, &email, comes);
                }
            }
        }
    }

    fn put(&mut self, kind: usize, value: String, email: &Arc<str>, comes: bool) {
        let rows = self.rows[kind].entry(value).or_default();
        rows.push((Arc::clone(email), comes));
        self.gathered += 1;
    }

    /// Whether it is time to write them.
    pub(super) fn are_many(&self) -> bool {
        self.gathered >= GATHERED
    }

    /// Rows that go and rows that come, each in order. The last word on a row
    /// counts.
    pub(super) fn take(&mut self) -> [Vec<KeyRow>; 2] {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (kind, rows) in KINDS.into_iter().zip(&mut self.rows) {
            let mut values: Vec<_> = std::mem::take(rows).into_iter().collect();
            values.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            for (value, mut rows) in values {
                let value: Arc<str> = value.into();
                rows.sort_by(|one, other| one.0.cmp(&other.0));
                for (n, (email, comes)) in rows.iter().enumerate() {
                    if rows.get(n + 1).is_some_and(|(next, _)| next == email) {
                        continue;
                    }
                    let to = if *comes { &mut new } else { &mut gone };
                    to.push((kind, Arc::clone(&value), Arc::clone(email)));
                }
            }
        }
        self.gathered = 0;
        [gone, new]
    }
}

fn keys(contact: &Contact) -> Keys {
    let lists = contact.lists.iter().map(|list| list_key(list));
    let mut lists: Vec<_> = lists.collect();
    lists.sort_unstable();
    lists.dedup();
    [lists, words_of(contact)]
}

/// What stands beside a record where a word begins so.
fn beginning(word: &str) -> String {
    format!(" {word}")
}

/// The least text after all that begin so.
pub(super) fn after_all(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::example;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn on(lists: &[u8]) -> Contact {
        Contact {
            lists: lists.iter().map(|n| format!("list {n}")).collect(),
            ..example("anna@example.org")
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_in_between_the_last_record_is_what_a_contact_is_found_by(
            steps in prop::collection::vec(prop::collection::vec(0u8..4, 0..4), 1..6),
            before in prop::collection::vec(0u8..4, 0..4),
            goes: bool,
        ) {
            let first = on(&before);
            let mut keys = KeyChanges::default();
            let mut now = first.clone();
            for step in &steps {
                let next = on(step);
                keys.add(Some(&now), &next);
                now = next;
            }
            if goes {
                keys.remove(&now);
            }
            let all = |contact: &Contact| -> BTreeSet<KeyRow> {
                let mut keys = KeyChanges::default();
                keys.add(None, contact);
                keys.take()[1].iter().cloned().collect()
            };
            let [gone, new] = keys.take();
            for rows in [&gone, &new] {
                prop_assert!(rows.is_sorted());
            }
            let mut kept = all(&first);
            for row in &gone {
                kept.remove(row);
            }
            kept.extend(new);
            let wanted = if goes { BTreeSet::new() } else { all(&now) };
            prop_assert_eq!(kept, wanted);
        }
    }
}
