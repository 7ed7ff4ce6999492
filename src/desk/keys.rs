//! Contacts' OpenPGP keys: brought, looked at, taken away.

use super::{Desk, DeskError};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::encryption::{EncryptionPolicy, Obstacle, PublicKey};
use crate::openpgp::read_key;
use crate::said;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

/// How often a change is tried where somebody else changes the same contact.
const TRIES: usize = 8;
/// A key that ends within so long is told of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How a contact stands with encryption.
#[derive(Debug, Clone, Serialize)]
pub struct KeyReport {
    /// Whose key.
    pub contact: EmailAddress,
    /// Whether their mail is encrypted.
    pub policy: EncryptionPolicy,
    /// Their key.
    pub key: Option<PublicKey>,
    /// Why a mail could not be encrypted to it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// What somebody should look at. The name is for words in other languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// No user identity of the key names the contact's address.
    NamesNobody,
    /// It ends soon.
    EndsSoon,
    /// There is a key, and the policy is `off`.
    Unused,
    /// The policy is `required`, and nothing can be sent.
    NothingSent,
}

impl Warning {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NamesNobody => "names-nobody",
            Self::EndsSoon => "ends-soon",
            Self::Unused => "unused",
            Self::NothingSent => "nothing-sent",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NamesNobody => {
                "no user id of the key names the contact's address: ask the contact for the key's fingerprint by another way"
            }
            Self::EndsSoon => "the key ends within 30 days: ask the contact for a newer copy",
            Self::Unused => {
                "the policy is off, so mail is not encrypted: `dateline contacts set EMAIL encryption=required` (or preferred)"
            }
            Self::NothingSent => {
                "encryption is required and cannot be done, so nothing is sent to this contact"
            }
        }
    }
}

/// How a contact stands with encryption at an instant.
pub fn report(contact: &Contact, now: Timestamp) -> KeyReport {
    let key = contact.public_key.as_deref();
    let obstacle = match key {
        Some(key) => key.usable(now).err(),
        None => Some(Obstacle::NoKey),
    };
    let soon = now.saturating_add(SOON).unwrap_or(Timestamp::MAX);
    let mut warnings = Vec::new();
    if key.is_some_and(|key| !key.names(&contact.email)) {
        warnings.push(Warning::NamesNobody);
    }
    if obstacle.is_none() && key.and_then(PublicKey::ends).is_some_and(|end| end <= soon) {
        warnings.push(Warning::EndsSoon);
    }
    match contact.encryption {
        EncryptionPolicy::Off if key.is_some() => warnings.push(Warning::Unused),
        EncryptionPolicy::Required if obstacle.is_some() => warnings.push(Warning::NothingSent),
        EncryptionPolicy::Off | EncryptionPolicy::Preferred | EncryptionPolicy::Required => {}
    }
    KeyReport {
        contact: contact.email.clone(),
        policy: contact.encryption,
        key: key.cloned(),
        obstacle,
        warnings,
    }
}

impl Desk {
    /// How a contact stands with encryption now.
    ///
    /// # Errors
    /// There is none of that address, or the store failed.
    pub async fn key_of(&self, email: &str) -> Result<KeyReport, DeskError> {
        Ok(report(&self.contact(email).await?, self.clock.now()))
    }

    /// Puts a key in the place of the one a contact has, and sets the policy where
    /// one is given.
    ///
    /// # Errors
    /// The octets are no key that can be used; the contact's own copy was revoked,
    /// and this is the same key without the revocation; there is no such contact, or
    /// the store failed.
    pub async fn import_key(
        &self,
        email: &str,
        file: &str,
        octets: Vec<u8>,
        policy: Option<EncryptionPolicy>,
        by: &str,
    ) -> Result<KeyReport, DeskError> {
        let of = self.contact(email).await?.email;
        // Some signatures are to be verified: not on the reactor.
        let read = tokio::task::spawn_blocking(move || read_key(&octets, &of)).await;
        let key = read
            .map_err(|torn| {
                DeskError::request(said!("{file} cannot be read as a key: {torn}", file, torn))
            })?
            .map_err(|fault| {
                DeskError::request(said!("{file} {fault}; nothing was changed", file, fault))
            })?;
        let facts = json!({ "key": key.fingerprint });
        let change = |contact: &mut Contact| {
            let old = contact.public_key.as_ref();
            if old.is_some_and(|old| old.outlives(&key)) {
                return Err(DeskError::request(said!(
                    "{file} holds the key {fingerprint} without its revocation, which a revoked key never loses; nothing was changed",
                    file,
                    fingerprint = key.fingerprint
                )));
            }
            contact.public_key = Some(Box::new(key.clone()));
            contact.encryption = policy.unwrap_or(contact.encryption);
            Ok(())
        };
        self.change_key(email, by, ("key_imported", facts), &change)
            .await
    }

    /// Takes a contact's key away. The policy stays.
    ///
    /// # Errors
    /// There is no such contact, or no key, or the store failed.
    pub async fn remove_key(&self, email: &str, by: &str) -> Result<KeyReport, DeskError> {
        let gone = self.contact(email).await?.public_key;
        let facts = json!({ "key": gone.map(|key| key.fingerprint) });
        let change = |contact: &mut Contact| match contact.public_key.take() {
            Some(_) => Ok(()),
            None => Err(DeskError::request(said!("{email} has no key", email))),
        };
        self.change_key(email, by, ("key_removed", facts), &change)
            .await
    }

    async fn change_key(
        &self,
        email: &str,
        by: &str,
        (act, facts): (&str, serde_json::Value),
        change: &(dyn Fn(&mut Contact) -> Result<(), DeskError> + Sync),
    ) -> Result<KeyReport, DeskError> {
        for _ in 0..TRIES {
            let from = self.contact(email).await?;
            let mut to = from.clone();
            change(&mut to)?;
            if to != from && !self.store.change_contact(&from, &to).await? {
                continue;
            }
            if to != from {
                let mut all = json!({ "contact": to.email, "encryption": to.encryption });
                if let (Some(all), Some(facts)) = (all.as_object_mut(), facts.as_object()) {
                    all.extend(facts.clone());
                }
                self.note(by, act, all).await?;
            }
            return Ok(report(&to, self.clock.now()));
        }
        Err(DeskError::request(said!(
            "the contact {email} changes all the time; try again",
            email
        )))
    }
}
