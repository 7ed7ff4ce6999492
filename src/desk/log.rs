//! The delivery log, for reading and for proof.

use super::{Desk, DeskError};
use crate::domain::address::EmailAddress;
use crate::domain::contact_search::ContactSearch;
use crate::domain::log::{Broken, Head};
use crate::domain::log_search::{LogSearch, LogWay};
use crate::domain::said::Tell;
use crate::domain::schedule::parse_instant;
use crate::said;
use crate::store::LogRow;
use crate::store::verify::{VerifyFailure, verify_log};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Entries read at once.
const PAGE: u32 = 1000;
/// Contacts of an outlet whose entries are looked for at once.
const MOST_AT_OUTLET: usize = 2000;

/// What verification came to.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// When.
    #[serde(skip)]
    pub at: Timestamp,
    /// Entries in the log.
    pub entries: u64,
    /// Whether every one is as it was written.
    pub verified: bool,
    /// The chain's last hash: whoever keeps it can tell later that nothing was taken off the end.
    pub head: String,
    /// The first fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
    /// Whether the hash that somebody kept is in the chain, where one was asked about:
    /// if it is not, the log was replaced or cut since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchored: Option<bool>,
}

/// What somebody looks for in the log, as they wrote it.
#[derive(Debug, Clone, Default)]
pub struct SearchWords {
    /// A distribution: its id, the beginning of it, or `latest`.
    pub distribution: Option<String>,
    /// An address.
    pub contact: Option<String>,
    /// Beginnings of words of an outlet.
    pub outlet: Option<String>,
    /// An event or state.
    pub event: Option<String>,
    /// From this time on.
    pub since: Option<String>,
    /// Before this time.
    pub until: Option<String>,
}

impl Desk {
    /// Shows the log's entries in order: those that somebody looks for.
    ///
    /// # Errors
    /// The store failed.
    pub async fn each_entry(
        &self,
        search: &LogSearch,
        mut show: impl FnMut(LogRow) -> Result<(), DeskError>,
    ) -> Result<(), DeskError> {
        let mut after = 0;
        loop {
            let page = self
                .store
                .search_log(search, LogWay::Onward(after), PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.entry.seq;
            for row in page {
                show(row)?;
            }
        }
    }

    /// Entries that somebody looks for, from a place on, in either direction.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entries(
        &self,
        search: &LogSearch,
        way: LogWay,
        limit: u32,
    ) -> Result<Vec<Flat>, DeskError> {
        let rows = self.search_log(search, way, limit).await?;
        Ok(rows.iter().map(Flat::of).collect())
    }

    /// The newest of them before a place, each of a delivery with its address,
    /// which the log itself says but once.
    ///
    /// # Errors
    /// The store failed.
    pub async fn newest_entries(
        &self,
        search: &LogSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Flat>, DeskError> {
        let way = LogWay::Back(before);
        let rows = self.search_log(search, way, limit).await?;
        let mut entries: Vec<_> = rows.iter().map(Flat::of).collect();
        let lacks = |entry: &Flat| !entry.0.contains_key("email");
        let ids = entries.iter().filter(|entry| lacks(entry));
        let ids: Vec<_> = ids
            .filter_map(|entry| entry.get("delivery").parse().ok())
            .collect();
        let emails = self.store.addresses_of(&ids).await?;
        for entry in entries.iter_mut().filter(|entry| lacks(entry)) {
            if let Some(email) = emails.get(&entry.get("delivery")) {
                let email = Value::String(email.clone());
                entry.0.insert("email".to_owned(), email);
            }
        }
        Ok(entries)
    }

    /// What somebody looks for, in their words.
    ///
    /// # Errors
    /// No address, no distribution, a time that cannot be read.
    pub async fn log_search(&self, words: &SearchWords) -> Result<LogSearch, DeskError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let wrong = |error: &dyn Tell| DeskError::request(error.said());
        let instant = |text: &Option<String>| {
            let zone = &self.settings.newsroom.zone;
            given(text)
                .map(|text| parse_instant(text.trim(), zone).map_err(|error| wrong(&error)))
                .transpose()
        };
        let email = given(&words.contact).map(|text| EmailAddress::parse(text.trim()));
        let email = email.transpose().map_err(|error| wrong(&error))?;
        let outlet = given(&words.outlet);
        let emails = match outlet {
            Some(outlet) => {
                let mut all = self.addresses_at(outlet.trim()).await?;
                all.retain(|one| email.as_ref().is_none_or(|email| email == one));
                Some(all)
            }
            None => email.map(|email| BTreeSet::from([email])),
        };
        Ok(LogSearch {
            distribution: match given(&words.distribution) {
                Some(text) => Some(self.find(text.trim()).await?.id),
                None => None,
            },
            emails,
            event: given(&words.event),
            since: instant(&words.since)?,
            until: instant(&words.until)?,
            stretches: Vec::new(),
        })
    }

    /// The addresses of those who work for an outlet now, by beginnings of words of
    /// its name.
    async fn addresses_at(&self, outlet: &str) -> Result<BTreeSet<EmailAddress>, DeskError> {
        let search = ContactSearch::new(outlet, None);
        if search.words.is_empty() {
            return Err(DeskError::request(said!(
                "the outlet `{outlet}` has neither letters nor digits; expected words of its name",
                outlet
            )));
        }
        let (mut all, mut after) = (BTreeSet::new(), None);
        loop {
            let page = self.find_contacts(&search, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = Some(last.email.clone());
            let there = page
                .into_iter()
                .filter(|one| search.fits_outlet(&one.outlet));
            all.extend(there.map(|one| one.email));
            if all.len() > MOST_AT_OUTLET {
                return Err(DeskError::request(said!(
                    "more than {most} contacts work for an outlet like `{outlet}`; write more of its name",
                    most = MOST_AT_OUTLET,
                    outlet
                )));
            }
        }
    }

    /// Whether an entry with this hash is in the log, or the log began with it.
    async fn holds_entry(&self, hash: &str) -> Result<bool, DeskError> {
        let mut found = Head::default().hash == hash;
        self.each_entry(&LogSearch::default(), |row| {
            found |= row.entry.hash == hash;
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Verifies the whole log, and that the last hash of an earlier verification is in
    /// it still, where somebody kept one.
    ///
    /// # Errors
    /// The store failed; a broken log is not an error but an answer.
    pub async fn verify(&self, anchor: Option<&str>) -> Result<Verification, DeskError> {
        let at = self.clock.now();
        let head = self.store.log_head().await?;
        let broken = match verify_log(self.store.as_ref()).await {
            Ok(_) => None,
            Err(VerifyFailure::Broken(broken)) => Some(broken),
            Err(VerifyFailure::Store(error)) => return Err(error.into()),
        };
        let anchored = match anchor {
            Some(hash) => Some(self.holds_entry(hash).await?),
            None => None,
        };
        Ok(Verification {
            anchored,
            at,
            entries: head.seq,
            verified: broken.is_none(),
            head: head.hash,
            broken,
        })
    }
}

/// The columns of the CSV, in order.
pub const COLUMNS: [&str; 17] = [
    "seq",
    "at",
    "distribution",
    "delivery",
    "event",
    "email",
    "name",
    "language",
    "phase",
    "attempt",
    "relay",
    "step",
    "code",
    "enhanced",
    "reply",
    "until",
    "hash",
];

/// An entry with its personal facts beside the others.
#[derive(Debug, Clone)]
pub struct Flat(pub Map<String, Value>);

impl Flat {
    /// Puts an entry together.
    pub fn of(row: &LogRow) -> Self {
        let parsed =
            |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let mut facts = parsed(&row.entry.line);
        facts.extend(
            row.entry
                .personal
                .as_deref()
                .map(parsed)
                .unwrap_or_default(),
        );
        facts.insert("hash".to_owned(), Value::from(row.entry.hash.as_str()));
        Self(facts)
    }

    /// A fact as plain text; empty where there is none.
    pub fn get(&self, name: &str) -> String {
        match self.0.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// A row of the CSV.
    pub fn record(&self) -> Vec<String> {
        // A spreadsheet takes some beginnings for formulas.
        COLUMNS
            .iter()
            .map(|name| self.get(name))
            .map(|cell| {
                if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                    format!("'{cell}")
                } else {
                    cell
                }
            })
            .collect()
    }

    /// What stands beside the entry's place, time and kind, on one line.
    pub fn facts(&self) -> String {
        let shown = [
            "seq",
            "at",
            "distribution",
            "delivery",
            "event",
            "hash",
            "commitment",
        ];
        let facts = self.0.keys().filter(|name| !shown.contains(&name.as_str()));
        let facts = facts.map(|name| format!("{name}={}", self.get(name).replace('\n', " / ")));
        facts.collect::<Vec<_>>().join("  ")
    }

    /// A line of text.
    pub fn text(&self) -> String {
        let whose = if self.get("delivery").is_empty() {
            self.get("distribution")
        } else {
            self.get("delivery")
        };
        format!(
            "{:>6}  {}  {:<12} {whose}  {}",
            self.get("seq"),
            self.get("at"),
            self.get("event"),
            self.facts()
        )
    }
}
