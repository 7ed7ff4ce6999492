//! Media contacts: journalists and desks that receive.

use super::address::EmailAddress;
use super::encryption::{EncryptionPolicy, Protection, PublicKey};
use super::header_text::HeaderText;
use super::ids::ContactId;
use super::language::Language;
use super::send_window::SendWindow;
use super::zone::Zone;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A contact's consent to early copy under embargo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbargoAgreement {
    /// The day it was given, where known.
    pub since: Option<Date>,
}

/// A journalist or desk, as the newsroom's records have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Made at the first import; stays the same for the address's life.
    pub id: ContactId,
    /// Where the mail goes; identifies the contact.
    pub email: EmailAddress,
    /// The person's or desk's name.
    pub name: HeaderText,
    /// How the person is greeted, ready to print; empty for none.
    pub salutation: String,
    /// The publication they work for.
    pub outlet: String,
    /// Their part in it.
    pub role: String,
    /// ISO 3166-1 alpha-2, upper case; empty where unknown.
    pub country: String,
    /// Languages they read, best first.
    pub languages: Vec<Language>,
    /// Their time zone; the newsroom's holds where it is unknown.
    pub time_zone: Option<Zone>,
    /// When they want mail, on their own clock; stands above the newsroom's window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_window: Option<SendWindow>,
    /// Subjects they cover.
    pub beats: Vec<String>,
    /// Press lists they stand on.
    pub lists: Vec<String>,
    /// Press lists that they left by their own wish: no import puts them back.
    /// None of those they stand on is among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_lists: Vec<String>,
    /// Their consent to early copy.
    pub embargo_agreement: Option<EmbargoAgreement>,
    /// Whether mail to them is encrypted.
    #[serde(default, skip_serializing_if = "EncryptionPolicy::is_off")]
    pub encryption: EncryptionPolicy,
    /// Their OpenPGP key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Box<PublicKey>>,
    /// The newsroom's own remarks; never sent.
    pub notes: String,
    /// Any further column of the imported file.
    pub custom: BTreeMap<String, String>,
}

impl Contact {
    /// Whether the imported list says that they agreed. Whether they may have
    /// early copy, [`super::agreement::Agreements`] knows.
    pub fn is_listed_as_agreed(&self) -> bool {
        self.embargo_agreement.is_some()
    }

    /// What a mail to them needs to know of them.
    pub fn recipient(&self) -> Recipient {
        Recipient {
            contact: self.id,
            email: self.email.clone(),
            name: self.name.clone(),
            salutation: self.salutation.clone(),
            outlet: self.outlet.clone(),
            encryption: self.encryption,
        }
    }

    /// What their record says of encryption.
    pub fn protection(&self) -> Protection {
        Protection {
            policy: self.encryption,
            key: self.public_key.as_deref().cloned(),
        }
    }
}

/// What a mail says of its reader: kept with the delivery, so that what was
/// planned is what is sent, whatever becomes of the contact meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The contact it was made from.
    pub contact: ContactId,
    /// Where the mail goes.
    pub email: EmailAddress,
    /// The person's or desk's name.
    pub name: HeaderText,
    /// How they are greeted.
    pub salutation: String,
    /// The publication they work for.
    pub outlet: String,
    /// Whether their mail is encrypted: it is not done more loosely than planned.
    #[serde(default, skip_serializing_if = "EncryptionPolicy::is_off")]
    pub encryption: EncryptionPolicy,
}

/// A contact for tests.
#[cfg(test)]
pub fn example(email: &str) -> Contact {
    Contact {
        id: ContactId::from_parts(0, 0),
        email: EmailAddress::parse(email).unwrap(),
        name: HeaderText::parse("A").unwrap(),
        salutation: String::new(),
        outlet: "The Example".into(),
        role: String::new(),
        country: "KZ".into(),
        languages: vec!["ru".parse().unwrap()],
        time_zone: None,
        send_window: None,
        beats: vec!["human-rights".into()],
        lists: vec![],
        left_lists: vec![],
        embargo_agreement: None,
        encryption: EncryptionPolicy::Off,
        public_key: None,
        notes: String::new(),
        custom: BTreeMap::from([("tier".into(), "1".into())]),
    }
}
