//! Everything that is held of one person, shown and erased; and what is cut when
//! it is old. The rules are the same in every backend: a backend opens its tables
//! (`surgery`), and says when nothing remains under them.

use super::Result;
use crate::domain::address::EmailAddress;
use crate::domain::erasure::ErasureKey;
use crate::domain::ids::DeliveryId;
use crate::domain::retention::{Cut, Gone};
use crate::domain::suppression::{Suppression, SuppressionReason};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// A wish to be forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Forgetting<'a> {
    /// Whose.
    pub email: &'a EmailAddress,
    /// When it is carried out.
    pub at: Timestamp,
    /// By whom.
    pub by: &'a str,
    /// A key for the hash, where the store has none yet.
    pub fresh: [u8; 32],
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgot {
    /// Nothing is held of them any more.
    Done(Erased),
    /// Nothing was done: these are being handed over at this moment.
    InFlight(Vec<DeliveryId>),
    /// Nothing was done: of these nobody knows yet whether they arrived.
    InDoubt(Vec<DeliveryId>),
}

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// When they were forgotten, where that was before.
    pub before: Option<Timestamp>,
    /// Deliveries that had not begun, and will not.
    pub cancelled: u64,
    /// Rows that went or were emptied, by table.
    pub rows: BTreeMap<String, u64>,
}

/// An address that was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// When.
    pub at: Timestamp,
    /// Who carried it out.
    pub by: String,
}

/// One row in which somebody is named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holding {
    /// Its table.
    pub table: String,
    /// Its columns; of a row that is about somebody else only the words that name
    /// them.
    pub facts: Map<String, Value>,
}

/// Whether nothing remains where rows stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swept {
    /// Nothing does.
    Clean,
    /// It could not be made sure of: somebody else reads at this moment, or there
    /// is no room.
    Pending(String),
}

/// Whether it is only asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Really {
    /// Nothing is changed.
    Asked,
    /// It is done.
    Done,
}

/// Erasure, access and retention.
#[async_trait]
pub trait Erasure: Send + Sync {
    /// Those of some addresses that were forgotten, by address.
    async fn forgotten(&self, emails: &[EmailAddress]) -> Result<HashMap<String, Forgotten>>;

    /// How many addresses were forgotten.
    async fn forgotten_count(&self) -> Result<u64>;

    /// Forgets an address, in one transaction: whatever is held of it goes or is
    /// emptied, what had not begun ends, and a keyed hash keeps it barred. The log
    /// says which of its entries were emptied. Asked again, it finishes what is
    /// left.
    async fn forget(&self, wish: Forgetting<'_>) -> Result<Forgot>;

    /// Makes sure that nothing remains under the tables of what was forgotten.
    async fn sweep(&self) -> Result<Swept>;

    /// Lets an address that was forgotten be known again. Answers false where it
    /// was not.
    async fn remember(&self, email: &EmailAddress) -> Result<bool>;

    /// Everything that any table holds of an address.
    async fn holdings(&self, email: &EmailAddress) -> Result<Vec<Holding>>;

    /// Lets go what is too old, in steps; or only counts it.
    async fn retain(&self, cuts: &[Cut], now: Timestamp, really: Really) -> Result<Vec<Gone>>;
}

/// The key of hashes, off its column.
pub(super) fn key(place: &str, octets: &[u8]) -> Result<ErasureKey> {
    let octets = octets
        .try_into()
        .map_err(|_| super::values::damaged(place, "erasure key", "it is not 32 octets long"))?;
    Ok(ErasureKey::new(octets))
}

/// Why an address that was forgotten is barred.
pub(super) fn erased(email: &EmailAddress) -> (String, SuppressionReason) {
    (email.to_string(), SuppressionReason::Erasure)
}

/// The bar on an address that was forgotten, which is kept without it.
pub(super) async fn bar_of_forgotten(
    store: &dyn Erasure,
    email: &EmailAddress,
) -> Result<Option<Suppression>> {
    let found = store.forgotten(std::slice::from_ref(email)).await?;
    Ok(found.into_values().next().map(|known| Suppression {
        email: email.clone(),
        reason: SuppressionReason::Erasure,
        at: known.at,
        source: known.by,
        note: String::new(),
    }))
}
