//! Embargo agreements: who may hold the copy before the lift.
//!
//! They are words on record, only ever added to: a grant or a revocation, of a
//! contact or of a whole outlet, for everything or for one release. What the
//! imported list says of a contact is the oldest word. Of two words the one that
//! was recorded later counts, whatever the clock said then.

use super::address::EmailAddress;
use super::alias::Aliases;
use super::contact::Contact;
use super::ids::ReleaseId;
use super::zone::Zone;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;

/// Whose agreement it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// One contact's, by address.
    Contact(EmailAddress),
    /// An outlet's, for all who work for it.
    Outlet(String),
}

impl Party {
    /// Whether its word is about a contact.
    pub fn includes(&self, contact: &Contact) -> bool {
        match self {
            Self::Contact(email) => *email == contact.email,
            Self::Outlet(name) => fold(name) == fold(&contact.outlet),
        }
    }
}

impl Party {
    /// Whether it is a contact of this address.
    pub fn is(&self, email: &EmailAddress) -> bool {
        matches!(self, Self::Contact(own) if own == email)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contact(email) => write!(f, "{email}"),
            Self::Outlet(name) => write!(f, "outlet {name}"),
        }
    }
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every release.
    All,
    /// One release.
    Release(ReleaseId),
}

impl Scope {
    fn covers(&self, release: &ReleaseId) -> bool {
        match self {
            Self::All => true,
            Self::Release(one) => one == release,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all releases"),
            Self::Release(release) => write!(f, "{release}"),
        }
    }
}

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Early copy may be sent.
    Granted,
    /// No more.
    Revoked,
}

/// One word on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementWord {
    /// Whose.
    pub party: Party,
    /// What was said.
    pub said: Said,
    /// About what.
    pub scope: Scope,
    /// A grant's first day.
    pub since: Option<Date>,
    /// A grant's last day.
    pub until: Option<Date>,
    /// Who put it on record.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Timestamp,
    /// Where it can be found: a letter, a form.
    pub note: String,
}

/// A contact's agreement to one release, as a whole: the times in which they may
/// hold it before its lift.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consent {
    terms: Vec<Term>,
}

/// From an instant on, up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    from: Timestamp,
    to: Timestamp,
}

impl Term {
    /// Whole days, on a zone's clock.
    fn of(since: Option<Date>, until: Option<Date>, zone: &Zone) -> Self {
        let begin = |day: Date| {
            let midnight = day.to_datetime(Time::midnight());
            let begin = zone.time_zone().to_ambiguous_timestamp(midnight);
            begin.compatible().ok()
        };
        let end = until.and_then(|day| begin(day.tomorrow().ok()?));
        Self {
            from: since.and_then(begin).unwrap_or(Timestamp::MIN),
            to: end.unwrap_or(Timestamp::MAX),
        }
    }
}

/// An agreement that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// When its last day is over; `None` where it has no end.
    pub until: Option<Timestamp>,
}

impl Consent {
    /// An agreement without beginning or end.
    pub fn open() -> Self {
        Self {
            terms: vec![Term::of(None, None, &Zone::utc())],
        }
    }

    /// Whether there is none at any time.
    pub fn is_none(&self) -> bool {
        self.terms.is_empty()
    }

    /// The agreement that stands at an instant. One that follows on without a
    /// gap carries it on.
    pub fn stands(&self, at: Timestamp) -> Option<Agreed> {
        let mut end = self.end_of(at)?;
        while let Some(later) = self.end_of(end) {
            end = later;
        }
        Some(Agreed {
            until: (end < Timestamp::MAX).then_some(end),
        })
    }

    fn end_of(&self, at: Timestamp) -> Option<Timestamp> {
        let standing = |term: &&Term| term.from <= at && at < term.to;
        self.terms.iter().filter(standing).map(|term| term.to).max()
    }
}

/// All words on record, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Agreements {
    contacts: HashMap<String, Vec<Recorded>>,
    outlets: HashMap<String, Vec<Recorded>>,
}

/// A word and its place in the record. The place alone says which word is the
/// later: the clock that stamped them may have been set in between.
#[derive(Debug, Clone)]
struct Recorded {
    place: usize,
    word: AgreementWord,
}

impl Agreements {
    /// Sorts words, given in the order in which they were recorded.
    pub fn new(words: impl IntoIterator<Item = AgreementWord>) -> Self {
        Self::of(words, &Aliases::default())
    }

    /// The same where some contacts went into others: what was said of an address
    /// that went counts for the contact that it went into, in its place among what
    /// was said of that one.
    pub fn of(words: impl IntoIterator<Item = AgreementWord>, aliases: &Aliases) -> Self {
        let mut agreements = Self::default();
        for (place, word) in words.into_iter().enumerate() {
            let words = match &word.party {
                Party::Contact(email) => {
                    let now = aliases.known_by(email);
                    agreements.contacts.entry(now.to_string())
                }
                Party::Outlet(name) => agreements.outlets.entry(fold(name)),
            };
            words.or_default().push(Recorded { place, word });
        }
        agreements
    }

    /// When a contact may hold copy before its lift. Words count that are about
    /// any of these releases: a correction's own, and that of its original. A
    /// contact's own revocation stands until their own later grant; an outlet's
    /// revocation ends every earlier grant of its people. A day is the
    /// newsroom's.
    pub fn consent(&self, contact: &Contact, releases: &[&ReleaseId], newsroom: &Zone) -> Consent {
        let own = about(&self.contacts, &contact.email.to_string(), releases);
        let outlet = about(&self.outlets, &fold(&contact.outlet), releases);
        let (own_end, outlet_end) = (last_revocation(&own), last_revocation(&outlet));
        let imported = contact
            .embargo_agreement
            .as_ref()
            .filter(|_| own_end.is_none() && outlet_end.is_none())
            .map(|agreement| Term::of(agreement.since, None, newsroom));
        let by_own = own.iter().filter(|word| word.place_after(own_end));
        let by_outlet = outlet.iter().filter(|_| own_end.is_none());
        let granted = by_own
            .chain(by_outlet)
            .filter(|word| word.word.said == Said::Granted && word.place_after(outlet_end))
            .map(|Recorded { word, .. }| Term::of(word.since, word.until, newsroom));
        Consent {
            terms: imported.into_iter().chain(granted).collect(),
        }
    }
}

impl Recorded {
    fn place_after(&self, end: Option<usize>) -> bool {
        end.is_none_or(|end| self.place > end)
    }
}

fn about<'a>(
    words: &'a HashMap<String, Vec<Recorded>>,
    key: &str,
    releases: &[&ReleaseId],
) -> Vec<&'a Recorded> {
    let covers = |recorded: &&Recorded| releases.iter().any(|one| recorded.word.scope.covers(one));
    words
        .get(key)
        .into_iter()
        .flatten()
        .filter(covers)
        .collect()
}

fn last_revocation(words: &[&Recorded]) -> Option<usize> {
    let revoked = words
        .iter()
        .filter(|recorded| recorded.word.said == Said::Revoked);
    revoked.map(|recorded| recorded.place).max()
}

/// Outlets are compared without regard to case and outer space.
fn fold(outlet: &str) -> String {
    outlet.trim().to_lowercase()
}

#[cfg(test)]
#[path = "agreement_tests.rs"]
mod tests;
