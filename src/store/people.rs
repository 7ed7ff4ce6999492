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
use std::collections::{BTreeMap, BTreeSet, HashSet};

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
pub(super) type KeyRow = (&'static str, String, String);

/// Rows that are gathered before they are written: in order they cost a fraction
/// of what they cost one contact after the other.
const GATHERED: usize = 250_000;

/// What becomes of the rows by which contacts are found, however many contacts
/// change one after the other.
#[derive(Debug, Default)]
pub(super) struct KeyChanges {
    gone: HashSet<KeyRow>,
    new: HashSet<KeyRow>,
}

impl KeyChanges {
    /// Adds what follows from one contact's change. Gives the contact's words as
    /// they stand beside its record, each after a blank.
    pub(super) fn add(&mut self, old: Option<&Contact>, new: &Contact) -> String {
        let words = words_of(new);
        let beside = words
            .iter()
            .fold(String::new(), |all, word| format!("{all} {word}"));
        self.follow(old, keys(new, words));
        beside
    }

    /// Adds what follows from a contact's going.
    pub(super) fn remove(&mut self, old: &Contact) {
        self.follow(Some(old), HashSet::new());
    }

    fn follow(&mut self, old: Option<&Contact>, mut keys: HashSet<KeyRow>) {
        let old = old
            .map(|old| self::keys(old, words_of(old)))
            .unwrap_or_default();
        for row in old {
            if !keys.remove(&row) && !self.new.remove(&row) {
                self.gone.insert(row);
            }
        }
        for row in keys {
            if !self.gone.remove(&row) {
                self.new.insert(row);
            }
        }
    }

    /// Whether it is time to write them.
    pub(super) fn are_many(&self) -> bool {
        self.gone.len() + self.new.len() >= GATHERED
    }

    /// Rows that go and rows that come, each in order.
    pub(super) fn take(&mut self) -> [Vec<KeyRow>; 2] {
        [&mut self.gone, &mut self.new].map(|rows| {
            let mut rows: Vec<_> = rows.drain().collect();
            rows.sort_unstable();
            rows
        })
    }
}

fn keys(contact: &Contact, words: BTreeSet<String>) -> HashSet<KeyRow> {
    let email = contact.email.to_string();
    let words = words.into_iter().map(|word| ("word", word));
    let lists = contact.lists.iter().map(|list| ("list", list_key(list)));
    let all = words.chain(lists);
    all.map(|(kind, value)| (kind, value, email.clone()))
        .collect()
}

/// What stands beside a record where a word begins so.
fn beginning(word: &str) -> String {
    format!(" {word}")
}

/// The least text after all that begin so.
pub(super) fn after_all(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}
