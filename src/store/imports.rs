//! Many contacts changed at once, and the way back.
//!
//! A change says what it was made from. Where a contact is not that any more,
//! nothing of all is done, and whoever asked is told which it was. The record of
//! an import holds each contact as it was before, and a print of what it became,
//! so that undoing it never loses what somebody did since.

use super::Result;
use super::values::{from_json, json};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::ids::ImportId;
use crate::domain::import_record::{ImportRecord, Undone};
use async_trait::async_trait;
use std::collections::HashMap;

/// Changes in one statement.
pub(super) const BATCH: usize = 500;

/// One contact's change: from what it was to what it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactChange {
    /// There was none with its address.
    Add(Contact),
    /// It was the first, and is to be the second; of one address.
    Change(Box<(Contact, Contact)>),
    /// It was this, and goes.
    Remove(Contact),
}

impl ContactChange {
    /// Whose.
    pub fn email(&self) -> &EmailAddress {
        match self {
            Self::Add(contact) | Self::Remove(contact) => &contact.email,
            Self::Change(both) => &both.1.email,
        }
    }

    /// What it was.
    pub fn from(&self) -> Option<&Contact> {
        match self {
            Self::Add(_) => None,
            Self::Change(both) => Some(&both.0),
            Self::Remove(contact) => Some(contact),
        }
    }

    /// What it is to be.
    pub fn to(&self) -> Option<&Contact> {
        match self {
            Self::Add(contact) => Some(contact),
            Self::Change(both) => Some(&both.1),
            Self::Remove(_) => None,
        }
    }
}

/// Changes in the order of their addresses, which is that of the tables: each page
/// of a table is written once and not over and over. What happens to one address
/// stays in its order.
pub(super) fn in_order(changes: &[ContactChange]) -> Vec<&ContactChange> {
    let mut changes: Vec<_> = changes.iter().collect();
    changes.sort_by_cached_key(|change| change.email().to_string());
    changes
}

/// A contact to be written.
pub(super) struct Written<'c> {
    /// The one it follows.
    pub(super) old: Option<&'c Contact>,
    /// The contact.
    pub(super) new: &'c Contact,
    /// Its record, JSON.
    pub(super) record: String,
}

impl<'c> Written<'c> {
    pub(super) fn new(old: Option<&'c Contact>, new: &'c Contact) -> Self {
        let record = json(new);
        Self { old, new, record }
    }
}

/// Those of some changes that leave a contact.
pub(super) fn written<'c>(changes: &[&'c ContactChange]) -> Vec<Written<'c>> {
    let written = changes
        .iter()
        .filter_map(|one| Some(Written::new(one.from(), one.to()?)));
    written.collect()
}

/// The addresses of contacts that some changes bring in.
pub(super) fn new_addresses(changes: &[ContactChange]) -> Vec<EmailAddress> {
    let added = changes.iter().filter(|one| one.from().is_none());
    added.map(|one| one.email().clone()).collect()
}

/// Those of some changes that take a contact away.
pub(super) fn gone<'c>(changes: &[&'c ContactChange]) -> Vec<&'c Contact> {
    let gone = changes.iter().filter(|one| one.to().is_none());
    gone.filter_map(|one| one.from()).collect()
}

/// What came of changing many contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// All of it was done.
    Done,
    /// Nothing was done: these are not what they were.
    Stale(Vec<EmailAddress>),
}

/// What came of undoing an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoOutcome {
    /// All contacts are as they were before it; so many were given back their
    /// record, and so many taken away again.
    Done {
        /// Given back.
        restored: u64,
        /// Taken away.
        removed: u64,
    },
    /// Nothing was done: these were changed since.
    ChangedSince(Vec<String>),
    /// There is no such import.
    Unknown,
    /// It was undone before.
    Before(Undone),
    /// Its changes are not kept any more.
    NotKept,
}

/// Changes of many contacts, kept on record.
#[async_trait]
pub trait Imports: Send + Sync {
    /// The contacts with these addresses, by address.
    async fn contacts_with(&self, emails: &[EmailAddress]) -> Result<HashMap<String, Contact>>;

    /// Changes contacts in one transaction and keeps the record of it, and of
    /// the [`crate::domain::import_record::KEPT`] newest what they changed.
    async fn change_contacts(
        &self,
        changes: &[ContactChange],
        record: &ImportRecord,
    ) -> Result<Changed>;

    /// Imports on record, the newest first.
    async fn imports(&self) -> Result<Vec<ImportRecord>>;

    /// Makes everything that an import changed as it was before, in one
    /// transaction.
    async fn undo_import(&self, id: ImportId, undone: &Undone) -> Result<UndoOutcome>;
}

/// A row of the record of what was changed.
pub(super) struct Kept {
    /// The import and the address: the row's key.
    pub(super) entry: String,
    /// The record as it was.
    pub(super) before: Option<String>,
    /// The print of what it became.
    pub(super) after: Option<String>,
}

/// What is kept of some changes, with the contacts that they leave.
pub(super) fn kept<'c>(
    id: ImportId,
    changes: &[&'c ContactChange],
) -> (Vec<Kept>, Vec<Written<'c>>) {
    let written = written(changes);
    let mut records = written.iter();
    let kept = changes.iter().map(|change| {
        let record = change.to().and_then(|_| records.next());
        Kept::of(id, change, record.map(|one| one.record.as_str()))
    });
    (kept.collect(), written)
}

impl Kept {
    /// Of a change, with the record that it leaves.
    fn of(id: ImportId, change: &ContactChange, record: Option<&str>) -> Self {
        Self {
            entry: entry(id, &change.email().to_string()),
            before: change.from().map(json),
            after: record.map(print),
        }
    }

    /// Whose.
    pub(super) fn email(&self) -> &str {
        self.entry.split_once(' ').map_or("", |(_, email)| email)
    }

    /// Whether a record is still what the import made of it.
    fn still(&self, record: Option<&String>) -> bool {
        record.map(|record| print(record)) == self.after
    }
}

fn entry(id: ImportId, email: &str) -> String {
    format!("{id} {email}")
}

/// What stands before every row of an import, and what behind it: an address
/// follows a blank, and the next sign is no blank.
pub(super) fn bounds(id: ImportId) -> (String, String) {
    (format!("{id} "), format!("{id}!"))
}

/// The print of a record: two records with one print are the same.
fn print(record: &str) -> String {
    blake3::hash(record.as_bytes()).to_hex().to_string()
}

/// Whether a change is not from what is there. The record is read only where it
/// is not written as it would be now.
fn is_stale(
    place: &str,
    change: &ContactChange,
    kept: &Kept,
    record: Option<&String>,
) -> Result<bool> {
    match (change.from(), record) {
        (None, None) => Ok(false),
        (Some(from), Some(record)) if kept.before.as_ref() != Some(record) => {
            let known: Contact = from_json(place, "contact", record)?;
            Ok(known != *from)
        }
        (Some(_), Some(_)) => Ok(false),
        (None, Some(_)) | (Some(_), None) => Ok(true),
    }
}

/// Those of a batch that are not from what is there.
pub(super) fn stale(
    place: &str,
    batch: &[&ContactChange],
    kept: &[Kept],
    records: &HashMap<String, String>,
) -> Result<Vec<EmailAddress>> {
    let mut stale = Vec::new();
    for (change, kept) in batch.iter().zip(kept) {
        if is_stale(place, change, kept, records.get(kept.email()))? {
            stale.push(change.email().clone());
        }
    }
    Ok(stale)
}

/// The way back from an import.
#[derive(Debug, Default)]
pub(super) struct Back {
    restored: u64,
    removed: u64,
    /// Those that have changed since.
    changed: Vec<String>,
}

impl Back {
    /// The changes that make a page of contacts what they were; none as soon as
    /// somebody has changed since, for then nothing is done.
    pub(super) fn of(
        &mut self,
        place: &str,
        page: &[Kept],
        records: &HashMap<String, String>,
    ) -> Result<Vec<ContactChange>> {
        let mut changes = Vec::new();
        for kept in page {
            let record = records.get(kept.email());
            if !kept.still(record) {
                self.changed.push(kept.email().to_owned());
                continue;
            }
            let is: Option<Contact> = record
                .map(|record| from_json(place, "contact", record))
                .transpose()?;
            let was: Option<Contact> = kept
                .before
                .as_ref()
                .map(|record| from_json(place, "import", record))
                .transpose()?;
            match was {
                Some(_) => self.restored += 1,
                None => self.removed += 1,
            }
            changes.extend(match (is, was) {
                (None, Some(was)) => Some(ContactChange::Add(was)),
                (Some(is), Some(was)) => Some(ContactChange::Change(Box::new((is, was)))),
                (Some(is), None) => Some(ContactChange::Remove(is)),
                (None, None) => None,
            });
        }
        if self.changed.is_empty() {
            Ok(changes)
        } else {
            Ok(Vec::new())
        }
    }

    /// What came of it.
    pub(super) fn outcome(self) -> UndoOutcome {
        if !self.changed.is_empty() {
            UndoOutcome::ChangedSince(self.changed)
        } else if self.restored + self.removed == 0 {
            UndoOutcome::NotKept
        } else {
            UndoOutcome::Done {
                restored: self.restored,
                removed: self.removed,
            }
        }
    }
}
