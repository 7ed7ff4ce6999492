//! The store: what Dateline remembers, in verbs of outcome.
//!
//! Desk and dispatch call it; a backend (`sqlite`, `postgres`) keeps it.
//! Invariants of every backend: a change of state and its log entry are one
//! transaction; an outcome counts only under the lease it was claimed with;
//! nothing is ever half-applied. `tests/it/store.rs` holds every backend to
//! the same conformance suite.

mod access;
pub mod accounts;
pub mod archive;
pub mod bounces;
pub mod copy;
pub mod erasure;
mod forget;
pub mod imports;
mod lapse;
mod log_query;
pub mod merge;
pub mod people;
mod piece;
pub mod postgres;
mod retain;
pub mod sqlite;
mod surgery;
pub mod tokens;
mod values;
pub mod verify;

use crate::domain::address::EmailAddress;
use crate::domain::agreement::AgreementWord;
use crate::domain::approval::Approval;
use crate::domain::clock_guard::Heartbeat;
use crate::domain::contact::Contact;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::encryption::Protection;
use crate::domain::ids::{DeliveryId, DistributionId, LeaseToken, ReleaseId};
use crate::domain::log::{Head, LogEntry, LogEvent};
use crate::domain::log_search::{LogSearch, LogWay};
use crate::domain::outcomes::Breakdown;
use crate::domain::said::{Said, Tell};
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::{said, shown_as_said};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened, reached, read or written now: a full disk, a
    /// read-only file, a cut connection. Nothing was half-done.
    Unavailable {
        /// The file or server, without any password.
        place: String,
        /// What the backend says.
        cause: Said,
    },
    /// The way to it was cut, it is starting up, or another process holds it: the
    /// same may go well in a moment. Whether what was asked last was done is not known.
    CutOff {
        /// The file or server, without any password.
        place: String,
        /// What the system says.
        cause: Said,
    },
    /// It was written by a newer Dateline.
    TooNew {
        /// The file or server.
        place: String,
        /// Its schema version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// What it holds makes no sense.
    Damaged {
        /// The file or server.
        place: String,
        /// Which record.
        what: String,
        /// What is wrong with it.
        cause: Said,
    },
}

impl Tell for StoreError {
    fn said(&self) -> Said {
        match self {
            Self::Unavailable { place, cause } => {
                said!("the store {place} is not usable: {cause}", place, cause)
            }
            Self::CutOff { place, cause } => {
                said!("the store {place} cannot be reached: {cause}", place, cause)
            }
            Self::TooNew {
                place,
                found,
                known,
            } => said!(
                "the store {place} has schema version {found}, newer than this program knows ({known}); use the newer dateline",
                place,
                found,
                known
            ),
            Self::Damaged { place, what, cause } => said!(
                "the store {place} holds a damaged {what}: {cause}",
                place,
                what,
                cause
            ),
        }
    }
}

shown_as_said!(StoreError);

/// The store's answer.
pub type Result<T> = std::result::Result<T, StoreError>;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Imported {
    /// Contacts that were not known.
    pub added: u64,
    /// Contacts whose record changed.
    pub changed: u64,
    /// Contacts whose record was the same already.
    pub unchanged: u64,
}

/// A delivery whose turn it is.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// What was planned.
    pub delivery: Delivery,
    /// Where the store keeps it, in its own numbers, where it says so: a [`Record`]
    /// that says it too need not be looked for.
    pub place: Option<i64>,
    /// The number of the attempt that begins, from 1.
    pub attempt: u32,
    /// When it first fell due: retries count its age from here.
    pub due_since: Timestamp,
    /// The hash of the frozen content that it brings.
    pub content: String,
    /// Why its address is barred, where it is: nothing may be said for it.
    pub barred: Option<SuppressionReason>,
    /// Whether its mail is encrypted, by the contact's record as it is now, and no
    /// more loosely than planned.
    pub protection: Protection,
}

/// A change of a whole distribution, with what becomes of its deliveries.
pub struct Revision<'a> {
    /// The distribution as it was read: where it has changed since, nothing is done.
    pub from: &'a Distribution,
    /// The distribution as it is to be.
    pub to: &'a Distribution,
    /// New frozen content, where the distribution names other.
    pub content: Option<&'a [u8]>,
    /// What the log says of it.
    pub events: Vec<LogEvent>,
    /// Which deliveries are asked about.
    pub reach: Reach,
    /// What becomes of a delivery; `None` leaves it as it is.
    pub moves: &'a (dyn Fn(&Standing) -> Option<Move> + Send + Sync),
}

impl Debug for Revision<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Revision")
            .field("to", self.to)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

/// Which deliveries of a distribution a revision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those that a worker holds.
    Claimed,
    /// Those that are not final.
    Open,
}

/// What becomes of a delivery in a revision.
#[derive(Debug, Clone)]
pub struct Move {
    /// The delivery as it is planned now.
    pub delivery: Delivery,
    /// Its state. A state other than the one it had takes it from its worker.
    pub state: DeliveryState,
    /// What the log says of it.
    pub event: Option<LogEvent>,
}

/// Hears when somebody has changed what is to be done.
#[async_trait]
pub trait Bell: Send + Sync + Debug {
    /// Answers when it rings; what rang while nobody listened counts.
    async fn rung(&mut self);
}

/// One change of state under a lease, with its log entry.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// As its [`Claimed`] said.
    pub place: Option<i64>,
    /// The lease it is held by.
    pub lease: LeaseToken,
    /// Its new state, as `domain::delivery::apply` gave it.
    pub state: DeliveryState,
    /// Attempts made, counting this one.
    pub attempts: u32,
    /// What the log says of it; none where it only gives the delivery back.
    pub event: Option<LogEvent>,
}

/// What becomes of a delivery whose turn it is.
#[derive(Debug, Clone)]
pub enum Taken {
    /// Its conversation is about to be held, by the lease that claims; and what
    /// the log says of that.
    Begins(LogEvent),
    /// Not now: it may be claimed again from this instant on.
    Waits(Timestamp),
    /// It ends here, without a conversation: its address is barred.
    Ends(DeliveryState, LogEvent),
}

/// Which deliveries workers take. What is taken has begun: it is committed,
/// with its log entry, that its conversation is about to be held.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// Of this distribution alone, or of any.
    pub distribution: Option<DistributionId>,
    /// Due and permitted at this instant.
    pub now: Timestamp,
    /// The lease to hold them by.
    pub lease: LeaseToken,
    /// At most so many, the longest due first.
    pub limit: u32,
    /// What becomes of each; asked in the order of the answer.
    pub take: &'a (dyn Fn(&Claimed) -> Taken + Send + Sync),
}

impl Debug for Claim<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("distribution", &self.distribution)
            .field("now", &self.now)
            .field("lease", &self.lease)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// What one transaction of the ledger came to.
#[derive(Debug, Default)]
pub struct Turned {
    /// The claim's lease has lapsed and was taken back: nothing was claimed.
    pub lapsed: bool,
    /// Records whose lease was not theirs any more: nothing was written of them.
    pub lost: Vec<DeliveryId>,
    /// What was claimed and begins, in the order in which it was asked about.
    pub claimed: Vec<Claimed>,
    /// How many deliveries were asked about: fewer than the claim's limit, and
    /// no more are due.
    pub asked: u32,
}

/// Whether a lease is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// It begins.
    First,
    /// It goes on.
    Further,
}

/// How long a leader may be silent.
pub const LEAD_FOR: std::time::Duration = std::time::Duration::from_secs(6);

/// Places in a queue that moves at a set pace.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'a> {
    /// Which queue: a relay's name, or a relay's and a domain.
    pub queue: &'a str,
    /// How many places.
    pub count: u32,
    /// From one place to the next.
    pub each: jiff::SignedDuration,
    /// No place is before this instant.
    pub now: Timestamp,
}

/// A delivery with its present state, for people.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What was planned.
    pub delivery: Delivery,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts made.
    pub attempts: u32,
}

/// Deliveries of all distributions, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    /// By state.
    pub by_state: BTreeMap<String, u64>,
    /// When the longest-waiting due delivery of a distribution under way fell due.
    pub oldest_due: Option<Timestamp>,
    /// When the lease that ends first ends, of those that hold deliveries.
    pub first_lease_end: Option<Timestamp>,
    /// Distributions by course.
    pub by_course: BTreeMap<String, u64>,
}

/// An embargo that deliveries wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countdown {
    /// Of which distribution.
    pub distribution: DistributionId,
    /// Of which release.
    pub release: ReleaseId,
    /// When it lifts.
    pub lift: Timestamp,
}

/// What the reaper found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reaped {
    /// Leases that ended.
    pub leases: u64,
    /// Begun, no outcome: in doubt.
    pub in_doubt: u64,
}

/// A log entry with the columns that repeat its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The entry.
    pub entry: LogEntry,
    /// The distribution's column.
    pub distribution: String,
    /// The delivery's column.
    pub delivery: Option<String>,
}

/// A plan being written: everything in one transaction, in batches, so that a
/// long list needs little memory.
#[async_trait]
pub trait Planning: Send {
    /// Adds deliveries, unique by (distribution, contact), each with its log entry.
    async fn add(&mut self, deliveries: Vec<(Delivery, LogEvent)>) -> Result<()>;

    /// Writes the distribution, its frozen content (once per content hash) and
    /// its log entry, and commits. Dropped without this, the plan leaves no trace.
    async fn commit(
        self: Box<Self>,
        distribution: &Distribution,
        content: &[u8],
        event: LogEvent,
    ) -> Result<()>;
}

/// What Dateline remembers.
#[async_trait]
pub trait Store:
    accounts::Accounts
    + bounces::Bounces
    + erasure::Erasure
    + imports::Imports
    + merge::Merges
    + people::People
    + tokens::Tokens
    + Send
    + Sync
    + Debug
{
    /// Closes it, so that a copy of its file has everything; whoever asks it for
    /// something afterwards is refused.
    async fn close(&self);

    /// Adds and changes contacts, found by address, in one transaction. A known
    /// address keeps its id.
    async fn import(&self, contacts: &[Contact]) -> Result<Imported>;

    /// The next contacts by address, after one.
    async fn contacts(&self, after: Option<&EmailAddress>, limit: u32) -> Result<Vec<Contact>>;

    /// The contact with an address.
    async fn contact(&self, email: &EmailAddress) -> Result<Option<Contact>>;

    /// Bars addresses; of two bars on one address the weightier stands, of two that
    /// weigh the same the first. Answers with how many are new, or stand for a
    /// weightier reason now.
    async fn suppress(&self, suppressions: &[Suppression]) -> Result<u64>;

    /// All barred addresses.
    async fn suppressed(&self) -> Result<HashMap<String, SuppressionReason>>;

    /// Whether an address is barred: asked again just before the conversation.
    async fn is_suppressed(
        &self,
        emails: &[EmailAddress],
    ) -> Result<HashMap<String, SuppressionReason>>;

    /// Addresses to which any distribution of a release brings it: all its
    /// deliveries that were not cancelled, suppressed or withheld. Nobody who was forgotten
    /// is among them.
    async fn recipients_of(&self, release: &ReleaseId) -> Result<HashMap<String, DistributionId>>;

    /// Begins a plan.
    async fn plan(&self, distribution: DistributionId) -> Result<Box<dyn Planning>>;

    /// All distributions, the newest first.
    async fn distributions(&self) -> Result<Vec<Distribution>>;

    /// One distribution.
    async fn distribution(&self, id: DistributionId) -> Result<Option<Distribution>>;

    /// Frozen content by its hash.
    async fn content(&self, hash: &str) -> Result<Option<Vec<u8>>>;

    /// Changes a distribution and its deliveries in one transaction. Answers
    /// with the number of deliveries moved; `None` where the distribution was
    /// changed meanwhile, and nothing was done. A delivery that is claimed and
    /// moved is its worker's no more: what the worker has not begun by then, it
    /// cannot begin.
    async fn revise(&self, revision: Revision<'_>) -> Result<Option<u64>>;

    /// Whether a delivery may still leave as it was planned: its distribution is
    /// under way and not stale, it was not planned anew, its address is not
    /// barred, its mail is to be protected as the claim said, and this lease holds
    /// it. Asked again before a conversation that was begun a while ago.
    async fn still_stands(
        &self,
        delivery: &Delivery,
        protection: &Protection,
        lease: LeaseToken,
        now: Timestamp,
    ) -> Result<bool>;

    /// Distributions under way with deliveries that are due, and the earliest
    /// of their times.
    async fn overdue(&self, now: Timestamp) -> Result<Vec<(DistributionId, Timestamp)>>;

    /// Embargoes that lift after this instant, and that deliveries wait for.
    async fn countdowns(&self, now: Timestamp) -> Result<Vec<Countdown>>;

    /// Distributions under way with deliveries that wait for a time after this, or
    /// that are not over under an embargo that lifts after it: what was begun may
    /// have to be sent again.
    async fn waiting_beyond(&self, at: Timestamp) -> Result<Vec<DistributionId>>;

    /// Distributions that are stale now, or killed, and have deliveries that
    /// still wait: their attempt was under way at the time.
    async fn over(&self, now: Timestamp) -> Result<Vec<DistributionId>>;

    /// How many deliveries fall due at which instant, in order of time.
    async fn due_times(&self, id: DistributionId) -> Result<Vec<(Timestamp, u64)>>;

    /// Who has a release: each accepted delivery of it, by address; but for those
    /// who were forgotten.
    async fn receivers_of(&self, release: &ReleaseId) -> Result<HashMap<String, Delivery>>;

    /// Puts an approval on record. Approvals are never changed.
    async fn approve(&self, approval: &Approval) -> Result<()>;

    /// The approvals of a release, oldest first.
    async fn approvals(&self, release: &ReleaseId) -> Result<Vec<Approval>>;

    /// Puts words on embargo agreements on record.
    async fn record_agreement(&self, word: &AgreementWord) -> Result<()>;

    /// All words on embargo agreements, oldest first.
    async fn agreements(&self) -> Result<Vec<AgreementWord>>;

    /// Notes that a service is there to send, and what its clocks show.
    async fn beat(&self, beat: &Heartbeat) -> Result<()>;

    /// Counts all deliveries.
    async fn census(&self, now: Timestamp) -> Result<Census>;

    /// When a service was last there to send, and what its clocks showed then.
    async fn last_beat(&self) -> Result<Option<Heartbeat>>;

    /// Listens for changes that others make: plans, revisions, decisions.
    /// `None` where this backend cannot tell.
    async fn listen(&self) -> Result<Option<Box<dyn Bell>>>;

    /// Its deliveries, counted. Planned ones whose time has come count as due.
    async fn counts(&self, id: DistributionId, now: Timestamp) -> Result<Counts>;

    /// Of these counts, those by state alone: `total` is how many deliveries the
    /// distribution has, which is told once and for all when it is planned.
    async fn counts_by_state(
        &self,
        id: DistributionId,
        now: Timestamp,
        total: u64,
    ) -> Result<BTreeMap<String, u64>>;

    /// What became of its deliveries, by language and domain: it looks at all of them.
    async fn outcomes(&self, id: DistributionId) -> Result<Breakdown>;

    /// Takes a lease, or moves its end. Answers false where it lapsed and its
    /// claims were taken back: a worker that was silent too long begins anew,
    /// under another lease.
    async fn lease(&self, lease: LeaseToken, until: Timestamp, term: Term) -> Result<bool>;

    /// One turn of the ledger, in one transaction: writes changes of state with
    /// their log entries, then takes deliveries that are due, that the embargo
    /// permits, and that no one holds, and writes that their attempts begin.
    async fn turn(&self, records: &[Record], claim: Option<Claim<'_>>) -> Result<Turned>;

    /// Writes changes of state alone. Answers with those whose lease was lost.
    async fn record(&self, records: &[Record]) -> Result<Vec<DeliveryId>> {
        Ok(self.turn(records, None).await?.lost)
    }

    /// The deliveries that a lease holds.
    async fn held(&self, lease: LeaseToken) -> Result<Vec<DeliveryId>>;

    /// Ends a lease: what it still holds has begun and is in doubt.
    async fn end_lease(&self, lease: LeaseToken, now: Timestamp) -> Result<Reaped>;

    /// Ends every lease whose end is before `now`.
    async fn reap(&self, now: Timestamp) -> Result<Reaped>;

    /// Whether this process is the one that looks after what everybody shares:
    /// lapsed leases, stale schedules, what is killed. Keeps the lead where it
    /// has it, takes it where nobody has. A leader that does not ask again for
    /// [`LEAD_FOR`] is one no more.
    async fn lead(&self) -> Result<bool>;

    /// Lets the lead go.
    async fn step_down(&self) -> Result<()>;

    /// The time by the store's own clock, where it has one: machines that share
    /// a store must agree on it.
    async fn time(&self) -> Result<Option<Timestamp>>;

    /// Reserves places in a queue that moves at a set pace, shared by all that
    /// use this store. Answers with the instant of the first place; the others
    /// follow it at the pace's distance.
    async fn reserve(&self, pace: &Pace<'_>) -> Result<Timestamp>;

    /// How many deliveries a claim would find now; counts no further than `most`.
    async fn due(
        &self,
        distribution: Option<DistributionId>,
        now: Timestamp,
        most: u32,
    ) -> Result<u32>;

    /// When the next waiting delivery of a distribution under way falls due.
    async fn next_due(&self, distribution: Option<DistributionId>) -> Result<Option<Timestamp>>;

    /// When the first claim that anybody holds lapses.
    async fn next_lapse(&self, distribution: Option<DistributionId>) -> Result<Option<Timestamp>>;

    /// Deliveries in a state, oldest first.
    async fn standing(
        &self,
        distribution: Option<DistributionId>,
        state: &str,
        limit: u32,
    ) -> Result<Vec<Standing>>;

    /// The addresses that deliveries go to, by the deliveries' identifiers.
    async fn addresses_of(&self, ids: &[DeliveryId]) -> Result<HashMap<String, String>>;

    /// Each distribution's last log entry.
    async fn last_entries(&self) -> Result<HashMap<DistributionId, u64>>;

    /// One delivery.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Standing>>;

    /// Moves a delivery that nobody holds from the state it was read in, with
    /// its log entry. Answers false where it has moved on meanwhile.
    async fn decide(
        &self,
        id: DeliveryId,
        from: &DeliveryState,
        to: &DeliveryState,
        event: LogEvent,
    ) -> Result<bool>;

    /// Log entries after a place, of one distribution or of all.
    async fn log(
        &self,
        distribution: Option<DistributionId>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogRow>> {
        let search = LogSearch {
            distribution,
            ..LogSearch::default()
        };
        self.search_log(&search, LogWay::Onward(after), limit).await
    }

    /// Log entries that somebody looks for.
    async fn search_log(&self, search: &LogSearch, way: LogWay, limit: u32) -> Result<Vec<LogRow>>;

    /// The end of the log's chain.
    async fn log_head(&self) -> Result<Head>;

    /// The state names of all deliveries after one, for comparing with the log.
    async fn states(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<(DeliveryId, String)>>;
}
