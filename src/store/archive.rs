//! The whole store in pages of plain cells: what carries a newsroom from one
//! backend to another.
//!
//! The tables that are carried are the same in every backend, column by
//! column. Not carried are the queues that move at a set pace and the desk's sessions:
//! they begin anew; and what contacts are found by: it is made from them.

use super::{Result, Store};
use async_trait::async_trait;

/// A value as it stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// None.
    Null,
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(String),
    /// Octets.
    Bytes(Vec<u8>),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Whole,
    /// Texts.
    Text,
    /// Octets.
    Bytes,
}

/// One row, cell by cell in the order of its part's columns.
pub type Row = Vec<Cell>;

/// A table that is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The address book.
    Contacts,
    /// Barred addresses.
    Suppressions,
    /// Frozen content.
    Contents,
    /// Distributions.
    Distributions,
    /// Deliveries as planned.
    Plans,
    /// Where they stand.
    States,
    /// Workers' leases.
    Leases,
    /// Approvals.
    Approvals,
    /// Words on embargo agreements.
    Agreements,
    /// The delivery log.
    Log,
    /// The end of its chain.
    Head,
    /// When a service was last there.
    Heartbeat,
    /// Who works at the desk.
    Accounts,
    /// Who did what.
    Acts,
    /// Imports.
    Imports,
    /// What the newest of them changed.
    ImportEntries,
    /// Reports that came back.
    Bounces,
    /// By what return paths are signed.
    BounceKey,
    /// The API's tokens.
    Tokens,
    /// Hashes of forgotten addresses.
    Forgotten,
    /// By what they are keyed.
    ErasureKey,
    /// Addresses of contacts that went into others.
    Aliases,
    /// Pairs of contacts that are two people.
    Distinct,
}

/// How a part is laid out. Its first column is its key.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Its table.
    pub table: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
    /// Rows read at once.
    pub page: u32,
}

impl Layout {
    /// What stands before every key.
    pub fn before_all(&self) -> Cell {
        match self.columns.first() {
            Some((_, Kind::Whole)) => Cell::Whole(i64::MIN),
            Some((_, Kind::Text | Kind::Bytes)) | None => Cell::Text(String::new()),
        }
    }

    /// The key's column.
    pub fn key(&self) -> &'static str {
        self.columns.first().map_or("", |(name, _)| name)
    }

    /// The columns' names with commas between them.
    pub fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

impl Part {
    /// All, what is referred to before what refers to it.
    pub const ALL: [Self; 23] = [
        Self::Contacts,
        Self::Suppressions,
        Self::Contents,
        Self::Distributions,
        Self::Plans,
        Self::States,
        Self::Leases,
        Self::Approvals,
        Self::Agreements,
        Self::Log,
        Self::Head,
        Self::Heartbeat,
        Self::Accounts,
        Self::Acts,
        Self::Imports,
        Self::ImportEntries,
        Self::Bounces,
        Self::BounceKey,
        Self::Tokens,
        Self::Forgotten,
        Self::ErasureKey,
        Self::Aliases,
        Self::Distinct,
    ];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Suppressions => "suppressions",
            Self::Contents => "frozen contents",
            Self::Distributions => "distributions",
            Self::Plans => "deliveries, as planned",
            Self::States => "deliveries, as they stand",
            Self::Leases => "leases",
            Self::Approvals => "approvals",
            Self::Agreements => "embargo agreements",
            Self::Log => "log entries",
            Self::Head => "end of the log",
            Self::Heartbeat => "sign of life",
            Self::Accounts => "accounts",
            Self::Acts => "acts",
            Self::Imports => "imports",
            Self::ImportEntries => "what imports changed",
            Self::Bounces => "bounces",
            Self::BounceKey => "key of return paths",
            Self::Tokens => "tokens of the API",
            Self::Forgotten => "forgotten addresses",
            Self::ErasureKey => "key of forgotten addresses",
            Self::Aliases => "addresses that went into another",
            Self::Distinct => "pairs that are two people",
        }
    }

    /// How it is laid out.
    pub fn layout(self) -> Layout {
        use Kind::{Bytes, Text, Whole};
        let (table, columns): (_, &'static [_]) = match self {
            Self::Contacts => ("contact", &CONTACT),
            Self::Suppressions => ("suppression", &SUPPRESSION),
            Self::Contents => ("content", &[("hash", Text), ("bytes", Bytes)]),
            Self::Distributions => (
                "distribution",
                &[
                    ("id", Text),
                    ("release", Text),
                    ("content", Text),
                    ("record", Text),
                    ("course", Text),
                    ("not_after", Whole),
                    ("lift", Whole),
                ],
            ),
            Self::Plans => (
                "delivery_plan",
                &[
                    ("n", Whole),
                    ("distribution", Text),
                    ("contact", Text),
                    ("email", Text),
                    ("domain", Text),
                    ("plan", Text),
                ],
            ),
            Self::States => ("delivery_state", &STATE),
            Self::Leases => ("lease", &[("token", Text), ("until", Whole)]),
            Self::Approvals => ("approval", &APPROVAL),
            Self::Agreements => ("agreement", &[("seq", Whole), ("record", Text)]),
            Self::Log => ("delivery_log", &LOG),
            Self::Head => (
                "log_head",
                &[("one", Whole), ("seq", Whole), ("hash", Text)],
            ),
            Self::Heartbeat => ("heartbeat", &HEARTBEAT),
            Self::Accounts => ("account", &[("name", Text), ("record", Text)]),
            Self::Acts => ("act", &[("seq", Whole), ("record", Text)]),
            Self::Imports => ("contact_import", &[("id", Text), ("record", Text)]),
            Self::ImportEntries => ("contact_import_entry", &IMPORT_ENTRY),
            Self::Bounces => ("bounce", &BOUNCE),
            Self::BounceKey => ("bounce_key", &[("one", Whole), ("octets", Bytes)]),
            Self::Tokens => ("api_token", &TOKEN),
            Self::Forgotten => ("forgotten", &FORGOTTEN),
            Self::ErasureKey => ("erasure_key", &[("one", Whole), ("octets", Bytes)]),
            Self::Aliases => ("contact_alias", &ALIAS),
            Self::Distinct => ("contact_distinct", &[("pair", Text), ("record", Text)]),
        };
        // One content with its attachments may be 25 MiB.
        let page = if self == Self::Contents { 1 } else { 500 };
        Layout {
            table,
            columns,
            page,
        }
    }
}

const CONTACT: [(&str, Kind); 4] = [
    ("email", Kind::Text),
    ("id", Kind::Text),
    ("record", Kind::Text),
    ("words", Kind::Text),
];

const SUPPRESSION: [(&str, Kind); 5] = [
    ("email", Kind::Text),
    ("reason", Kind::Text),
    ("at", Kind::Text),
    ("source", Kind::Text),
    ("note", Kind::Text),
];

const IMPORT_ENTRY: [(&str, Kind); 3] = [
    ("entry", Kind::Text),
    ("before", Kind::Text),
    ("after", Kind::Text),
];

const APPROVAL: [(&str, Kind); 3] = [
    ("seq", Kind::Whole),
    ("release", Kind::Text),
    ("record", Kind::Text),
];

const STATE: [(&str, Kind); 12] = [
    ("id", Kind::Text),
    ("n", Kind::Whole),
    ("distribution", Kind::Text),
    ("language", Kind::Text),
    ("phase", Kind::Text),
    ("permitted_from", Kind::Whole),
    ("due_since", Kind::Whole),
    ("state", Kind::Text),
    ("facts", Kind::Text),
    ("due_at", Kind::Whole),
    ("attempts", Kind::Whole),
    ("lease", Kind::Text),
];

const BOUNCE: [(&str, Kind); 8] = [
    ("seq", Kind::Whole),
    ("fingerprint", Kind::Text),
    ("delivery", Kind::Text),
    ("email", Kind::Text),
    ("kind", Kind::Text),
    ("at", Kind::Whole),
    ("record", Kind::Text),
    ("report", Kind::Bytes),
];

const TOKEN: [(&str, Kind); 4] = [
    ("hash", Kind::Text),
    ("name", Kind::Text),
    ("account", Kind::Text),
    ("record", Kind::Text),
];

const LOG: [(&str, Kind); 7] = [
    ("seq", Kind::Whole),
    ("distribution", Kind::Text),
    ("delivery", Kind::Text),
    ("line", Kind::Text),
    ("personal", Kind::Text),
    ("salt", Kind::Text),
    ("hash", Kind::Text),
];

const FORGOTTEN: [(&str, Kind); 4] = [
    ("hash", Kind::Text),
    ("at", Kind::Text),
    ("source", Kind::Text),
    ("swept", Kind::Whole),
];

const ALIAS: [(&str, Kind); 4] = [
    ("email", Kind::Text),
    ("id", Kind::Text),
    ("kept", Kind::Text),
    ("at", Kind::Text),
];

const HEARTBEAT: [(&str, Kind); 4] = [
    ("one", Kind::Whole),
    ("at", Kind::Whole),
    ("steady", Kind::Whole),
    ("boot", Kind::Text),
];

/// A whole store as it was at one moment.
#[async_trait]
pub trait Reading: Send {
    /// The next rows of a part in the order of its key, after one; as many as
    /// its layout says. None left: the part is over.
    async fn page(&mut self, part: Part, after: &Cell) -> Result<Vec<Row>>;

    /// How many rows a part has.
    async fn count(&mut self, part: Part) -> Result<u64>;
}

/// A whole store being written, in one transaction. It reads back what it wrote.
#[async_trait]
pub trait Writing: Reading {
    /// Adds rows to a part.
    async fn add(&mut self, part: Part, rows: Vec<Row>) -> Result<()>;

    /// Commits. Dropped without this, the store stays as it was.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// A store that can be carried elsewhere, and into which another can be.
#[async_trait]
pub trait Archive: Store {
    /// The version of its schema.
    async fn schema(&self) -> Result<i64>;

    /// Begins to read it as it is now.
    async fn read_whole(&self) -> Result<Box<dyn Reading>>;

    /// Begins to write it; `None` where there is something in it.
    async fn write_whole(&self) -> Result<Option<Box<dyn Writing>>>;
}

/// Whether nothing was ever kept in a store: its tables are as they were made.
pub(super) async fn is_empty(store: &mut dyn Reading) -> Result<bool> {
    for part in Part::ALL {
        // The end of the log has its row from the beginning.
        if part != Part::Head && store.count(part).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
