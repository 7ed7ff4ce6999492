//! Encryption: whether mail to a contact is encrypted, to which key, and what
//! keeps it from that.
//!
//! The rules are pure: a key's facts were read from it once, when it came in, and
//! an instant decides whether it can be used. [`decide`] is asked when an audience
//! is chosen, when a delivery is about to begin, and when its mail is made.
//! Invariant: where a policy says `required`, no answer is "in the clear".

use super::address::EmailAddress;
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether mail to a contact is encrypted. The later one is the stricter.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum EncryptionPolicy {
    /// Never.
    #[default]
    Off,
    /// Where their key can be used; else in the clear.
    Preferred,
    /// Always. Where their key cannot be used, nothing is sent.
    Required,
}

impl EncryptionPolicy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::Preferred, Self::Required];

    /// Its name in files, forms and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Preferred => "preferred",
            Self::Required => "required",
        }
    }

    /// Reads a policy's name.
    ///
    /// # Errors
    /// In words: it is none.
    pub fn parse(text: &str) -> Result<Self, Said> {
        let found = Self::ALL
            .into_iter()
            .find(|policy| policy.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            said!(
                "`{text}` is no policy of encryption; expected required, preferred or off",
                text = text.escape_debug()
            )
        })
    }

    /// Whether nothing is asked for: what a record leaves out.
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

impl fmt::Display for EncryptionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A contact's public key (an OpenPGP certificate, RFC 9580 10.1), with the facts
/// that its own signatures vouch for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The fingerprint of the primary key, in capital hex digits.
    pub fingerprint: String,
    /// The version of its format: 4 (RFC 4880) or 6 (RFC 9580).
    pub version: u8,
    /// The primary key's algorithm, in words.
    pub algorithm: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Whether its owner has revoked it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// Whose it says that it is. Foreign text.
    pub user_ids: Vec<String>,
    /// The keys of it that mail can be encrypted to.
    pub parts: Vec<KeyPart>,
    /// The key itself: ASCII armor (RFC 9580 6.2), without the signatures of others.
    pub armored: String,
}

/// A key, of a certificate, that mail can be encrypted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// Its fingerprint, in capital hex digits.
    pub fingerprint: String,
    /// Its algorithm, in words.
    pub algorithm: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends; `None`: with the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Whether it was revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

/// Why a mail cannot be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Obstacle {
    /// There is no key.
    NoKey,
    /// The key was revoked.
    Revoked,
    /// The key has ended.
    Expired {
        /// When it did.
        at: Timestamp,
    },
    /// The key is not valid yet.
    NotYet {
        /// When it will be.
        from: Timestamp,
    },
    /// The key was there and did not encrypt.
    Failed {
        /// Why.
        cause: String,
    },
}

impl Obstacle {
    /// Its name, for counting and for words in other languages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::Revoked => "key_revoked",
            Self::Expired { .. } => "key_expired",
            Self::NotYet { .. } => "key_not_yet",
            Self::Failed { .. } => "key_failed",
        }
    }

    /// The instant that it is about, where it is about one.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Expired { at: instant } | Self::NotYet { from: instant } => Some(*instant),
            Self::NoKey | Self::Revoked | Self::Failed { .. } => None,
        }
    }
}

impl Tell for Obstacle {
    fn said(&self) -> Said {
        let minute = |at: &Timestamp| Said::moment(*at, at.strftime("%Y-%m-%d %H:%M UTC"));
        match self {
            Self::NoKey => said!("there is no key to encrypt to"),
            Self::Revoked => said!("their key was revoked"),
            Self::Expired { at } => said!("their key expires {time}", time = minute(at)),
            Self::NotYet { from } => {
                said!("their key is not valid before {time}", time = minute(from))
            }
            Self::Failed { cause } => said!("their key did not encrypt: {cause}", cause),
        }
    }
}

shown_as_said!(Obstacle);

impl PublicKey {
    /// The part to encrypt to at an instant: the newest that is good.
    ///
    /// # Errors
    /// What keeps the key from being used then.
    pub fn usable(&self, at: Timestamp) -> Result<&KeyPart, Obstacle> {
        if self.revoked {
            return Err(Obstacle::Revoked);
        }
        in_force(self.created, self.expires, at)?;
        let sound = || self.parts.iter().filter(|part| !part.revoked);
        let good = sound().filter(|part| in_force(part.created, part.expires, at).is_ok());
        if let Some(part) = good.max_by_key(|part| part.created) {
            return Ok(part);
        }
        // The one that is best of those that are not good tells why.
        let last = sound().max_by_key(|part| part.expires.unwrap_or(Timestamp::MAX));
        match last {
            Some(part) => Err(in_force(part.created, part.expires, at)
                .err()
                .unwrap_or(Obstacle::NoKey)),
            None if self.parts.is_empty() => Err(Obstacle::NoKey),
            None => Err(Obstacle::Revoked),
        }
    }

    /// Whether this one stands though another copy of it comes in: a revocation is
    /// never taken back, neither of the whole nor of a part.
    pub fn outlives(&self, other: &Self) -> bool {
        let taken_back = |part: &KeyPart| {
            let mut same = other.parts.iter();
            part.revoked && same.any(|one| one.fingerprint == part.fingerprint && !one.revoked)
        };
        self.fingerprint == other.fingerprint
            && (self.revoked && !other.revoked || self.parts.iter().any(taken_back))
    }

    /// What tells this key from another, and from another copy of itself.
    pub fn print(&self) -> String {
        let state = if self.revoked { " (revoked)" } else { "" };
        let end = self.ends().map_or_else(String::new, |end| {
            format!(" until {}", end.strftime("%Y-%m-%d"))
        });
        format!("{}{end}{state}", self.fingerprint)
    }

    /// The last instant at which it can be used, as far as is known now; `None`:
    /// it has no end.
    pub fn ends(&self) -> Option<Timestamp> {
        let sound = self.parts.iter().filter(|part| !part.revoked);
        let parts = sound
            .map(|part| part.expires.unwrap_or(Timestamp::MAX))
            .max()
            .filter(|end| *end != Timestamp::MAX);
        match (self.expires, parts) {
            (Some(whole), Some(part)) => Some(whole.min(part)),
            (whole, part) => whole.or(part),
        }
    }

    /// Whether one of its user identities names an address.
    pub fn names(&self, address: &EmailAddress) -> bool {
        names(&self.user_ids, address)
    }
}

/// Whether one of these user identities names an address: in angle brackets, or
/// alone (RFC 9580 5.11).
pub fn names(user_ids: &[String], address: &EmailAddress) -> bool {
    user_ids.iter().any(|id| {
        let inside = id.rsplit_once('<').map_or(id.as_str(), |(_, rest)| {
            rest.split_once('>').map_or(rest, |(inside, _)| inside)
        });
        EmailAddress::parse(inside.trim()).is_ok_and(|named| same(&named, address))
    })
}

/// Local parts differ by case in theory only (RFC 5321 2.4), and people write
/// those of their keys as they like.
fn same(one: &EmailAddress, other: &EmailAddress) -> bool {
    one.domain() == other.domain() && one.local().eq_ignore_ascii_case(other.local())
}

fn in_force(created: Timestamp, expires: Option<Timestamp>, at: Timestamp) -> Result<(), Obstacle> {
    match expires {
        Some(end) if end <= at => Err(Obstacle::Expired { at: end }),
        Some(_) | None if at < created => Err(Obstacle::NotYet { from: created }),
        Some(_) | None => Ok(()),
    }
}

/// What a contact's record says of encryption.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Protection {
    /// Whether their mail is encrypted.
    #[serde(default, rename = "encryption")]
    pub policy: EncryptionPolicy,
    /// Their key.
    #[serde(default, rename = "public_key")]
    pub key: Option<PublicKey>,
}

impl Protection {
    /// The same under a policy that was in force when the delivery was planned: the
    /// stricter of both holds.
    #[must_use]
    pub fn at_least(mut self, planned: EncryptionPolicy) -> Self {
        self.policy = self.policy.max(planned);
        self
    }

    /// What becomes of a mail at an instant.
    pub fn decide(&self, at: Timestamp) -> Decision<'_> {
        decide(self.policy, self.key.as_ref(), at)
    }
}

/// What becomes of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It goes in the clear, as it should.
    Clear,
    /// It goes in the clear, though encryption is preferred.
    ClearFor(Obstacle),
    /// It is encrypted to a part of a key.
    Encrypt(&'a PublicKey, &'a KeyPart),
    /// It does not go.
    Withhold(Obstacle),
}

/// Decides what becomes of a mail at an instant.
pub fn decide(policy: EncryptionPolicy, key: Option<&PublicKey>, at: Timestamp) -> Decision<'_> {
    if policy == EncryptionPolicy::Off {
        return Decision::Clear;
    }
    let usable = key
        .ok_or(Obstacle::NoKey)
        .and_then(|key| key.usable(at).map(|part| (key, part)));
    match (usable, policy) {
        (Ok((key, part)), _) => Decision::Encrypt(key, part),
        (Err(obstacle), EncryptionPolicy::Required) => Decision::Withhold(obstacle),
        (Err(obstacle), EncryptionPolicy::Preferred | EncryptionPolicy::Off) => {
            Decision::ClearFor(obstacle)
        }
    }
}

/// How a mail is to go, as an audience or a preview tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "sealed")]
pub enum Sealing {
    /// In the clear.
    #[default]
    No,
    /// In the clear, though encryption is preferred.
    Unable {
        /// Why.
        because: Obstacle,
    },
    /// Encrypted.
    Yes {
        /// To the key of this fingerprint.
        fingerprint: String,
    },
}

impl Sealing {
    /// Whether there is nothing to tell.
    pub fn is_no(&self) -> bool {
        *self == Self::No
    }
}

impl TryFrom<Decision<'_>> for Sealing {
    type Error = Obstacle;

    fn try_from(decision: Decision<'_>) -> Result<Self, Obstacle> {
        match decision {
            Decision::Clear => Ok(Self::No),
            Decision::ClearFor(because) => Ok(Self::Unable { because }),
            Decision::Encrypt(key, _) => Ok(Self::Yes {
                fingerprint: key.fingerprint.clone(),
            }),
            Decision::Withhold(obstacle) => Err(obstacle),
        }
    }
}

/// A key for tests: made on 1 January 2020, without an end.
#[cfg(test)]
pub fn example_key() -> PublicKey {
    let created: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    PublicKey {
        fingerprint: "A1".repeat(20),
        version: 4,
        algorithm: "Ed25519".into(),
        created,
        expires: None,
        revoked: false,
        user_ids: vec!["Anna <anna@example.org>".into()],
        parts: vec![KeyPart {
            fingerprint: "B2".repeat(20),
            algorithm: "X25519".into(),
            created,
            expires: None,
            revoked: false,
        }],
        armored: String::new(),
    }
}

#[cfg(test)]
#[path = "encryption_tests.rs"]
mod tests;
