//! Embargo agreements: who may hold the copy before the lift.
//!
//! They are words on record, only ever added to: a grant or a revocation, of a
//! contact or of a whole outlet, for everything or for one release. What the
//! imported list says of a contact is the oldest word.

use super::address::EmailAddress;
use super::contact::Contact;
use super::ids::ReleaseId;
use jiff::Timestamp;
use jiff::civil::Date;
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

impl AgreementWord {
    fn is_current(&self, day: Date) -> bool {
        self.since.is_none_or(|since| since <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// All words on record, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Agreements {
    contacts: HashMap<String, Vec<AgreementWord>>,
    outlets: HashMap<String, Vec<AgreementWord>>,
}

impl Agreements {
    /// Sorts words, given in the order in which they were recorded.
    pub fn new(words: impl IntoIterator<Item = AgreementWord>) -> Self {
        let mut agreements = Self::default();
        for word in words {
            let place = match &word.party {
                Party::Contact(email) => agreements.contacts.entry(email.to_string()),
                Party::Outlet(name) => agreements.outlets.entry(fold(name)),
            };
            place.or_default().push(word);
        }
        agreements
    }

    /// Whether a contact may hold a release before its lift, on a day. A
    /// contact's own revocation stands until their own later grant; an
    /// outlet's revocation ends every earlier grant of its people.
    pub fn permit(&self, contact: &Contact, release: &ReleaseId, day: Date) -> bool {
        let own = self.about(&self.contacts, &contact.email.to_string(), release);
        let outlet = self.about(&self.outlets, &fold(&contact.outlet), release);
        let revoked = |words: &[&AgreementWord]| {
            words
                .iter()
                .rev()
                .find(|word| word.said == Said::Revoked)
                .map(|word| word.recorded_at)
        };
        let (own_end, outlet_end) = (revoked(&own), revoked(&outlet));
        let counts = |word: &&AgreementWord| word.said == Said::Granted && word.is_current(day);
        let after = |end: Option<Timestamp>, word: &AgreementWord| {
            end.is_none_or(|end| word.recorded_at > end)
        };
        let imported = contact
            .embargo_agreement
            .as_ref()
            .is_some_and(|agreement| agreement.since.is_none_or(|since| since <= day));
        let by_import = imported && own_end.is_none() && outlet_end.is_none();
        let by_own = own
            .iter()
            .filter(|word| counts(word))
            .any(|word| after(own_end, word) && after(outlet_end, word));
        let by_outlet = own_end.is_none()
            && outlet
                .iter()
                .filter(|word| counts(word))
                .any(|word| after(outlet_end, word));
        by_import || by_own || by_outlet
    }

    fn about<'a>(
        &'a self,
        words: &'a HashMap<String, Vec<AgreementWord>>,
        key: &str,
        release: &ReleaseId,
    ) -> Vec<&'a AgreementWord> {
        words
            .get(key)
            .into_iter()
            .flatten()
            .filter(|word| word.scope.covers(release))
            .collect()
    }
}

/// Outlets are compared without regard to case and outer space.
fn fold(outlet: &str) -> String {
    outlet.trim().to_lowercase()
}

#[cfg(test)]
#[path = "agreement_tests.rs"]
mod tests;
