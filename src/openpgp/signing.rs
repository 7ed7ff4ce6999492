//! The newsroom's own key, and its signatures.

use super::certificate::{cause, hex, signer};
use super::seal::{SealError, crlf};
use super::strength::{Use, algorithm};
use crate::domain::address::EmailAddress;
use crate::domain::encryption::names;
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::{said, shown_as_said};
use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, Deserializable, DetachedSignature, MessageBuilder, SignedSecretKey,
    SubpacketConfig,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SecretKey, SecretSubkey, Subpacket, SubpacketData};
use pgp::types::{KeyVersion, Password, SecretParams, SigningKey};
use std::fmt;
use std::sync::Arc;

/// Why a text is no key to sign with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// It is none.
    NotSecret,
    /// A passphrase is needed.
    Locked,
    /// The passphrase is another.
    Passphrase(String),
    /// It does not sign, or is weak.
    CannotSign(Said),
    /// The octets make no sense.
    Damaged(String),
}

impl Tell for SecretFault {
    fn said(&self) -> Said {
        match self {
            Self::NotSecret => said!(
                "holds no OpenPGP secret key; expected `-----BEGIN PGP PRIVATE KEY BLOCK-----` (`gpg --armor --export-secret-keys ADDRESS`)"
            ),
            Self::Locked => said!(
                "holds a key under a passphrase; name it with `passphrase_file` or `passphrase_env`"
            ),
            Self::Passphrase(cause) => said!("does not open by this passphrase: {cause}", cause),
            Self::CannotSign(cause) => said!("holds a key that cannot sign: {cause}", cause),
            Self::Damaged(cause) => said!("holds a damaged key: {cause}", cause),
        }
    }
}

shown_as_said!(SecretFault);

/// The newsroom's key: opened, and ready to sign. A copy is a handle.
#[derive(Clone)]
pub struct NewsroomKey(Arc<Opened>);

struct Opened {
    secret: Secret,
    fingerprint: String,
    user_ids: Vec<String>,
    /// When it ends.
    expires: Option<Timestamp>,
}

enum Secret {
    Primary(SecretKey),
    Sub(SecretSubkey),
}

impl fmt::Debug for NewsroomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewsroomKey({}, …)", self.0.fingerprint)
    }
}

/// Who signs for the newsroom, and what.
#[derive(Debug, Clone, Default)]
pub struct Signatory {
    key: Option<NewsroomKey>,
    openly: bool,
}

impl Signatory {
    /// Signs with a key: what is encrypted always, and `openly` also what is not.
    pub fn new(key: NewsroomKey, openly: bool) -> Self {
        Self {
            key: Some(key),
            openly,
        }
    }

    /// The key, for mail that is encrypted.
    pub fn key(&self) -> Option<&NewsroomKey> {
        self.key.as_ref()
    }

    /// The key, for mail that goes in the clear.
    pub fn openly(&self) -> Option<&NewsroomKey> {
        self.key.as_ref().filter(|_| self.openly)
    }
}

/// A signature apart from what it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// ASCII armor in CRLF lines.
    pub armored: String,
    /// The hash as `micalg` names it (RFC 3156 5): `pgp-sha256`.
    pub micalg: &'static str,
}

impl NewsroomKey {
    /// Reads a key from armor, and opens it.
    ///
    /// # Errors
    /// See [`SecretFault`].
    pub fn from_armor(armor: &str, passphrase: Option<&str>) -> Result<Self, SecretFault> {
        if !armor.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----") {
            return Err(SecretFault::NotSecret);
        }
        let (key, _) = SignedSecretKey::from_string(armor)
            .map_err(|error| SecretFault::Damaged(cause(&error)))?;
        let public = key.to_public_key();
        let (secret, expires) = signing_part(key)?;
        let secret = secret.opened(passphrase)?;
        algorithm(secret.as_key().public_params(), Use::Sign).map_err(SecretFault::CannotSign)?;
        let users = public.details.users.iter();
        let opened = Opened {
            fingerprint: hex(&public.primary_key),
            user_ids: users
                .map(|user| String::from_utf8_lossy(user.id.id()).into_owned())
                .collect(),
            secret,
            expires,
        };
        let key = Self(Arc::new(opened));
        // A damaged key, or one that rPGP does not sign with, is found now.
        key.detached(b"", Timestamp::UNIX_EPOCH, Ended::Passed)
            .map_err(|error| SecretFault::CannotSign(error.said()))?;
        Ok(key)
    }

    /// The fingerprint of the whole key.
    pub fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// When it ends.
    pub fn expires(&self) -> Option<Timestamp> {
        self.0.expires
    }

    /// Whether one of its user identities names an address.
    pub fn names(&self, address: &EmailAddress) -> bool {
        names(&self.0.user_ids, address)
    }

    /// Signs octets, which are whole lines that end in CRLF (RFC 3156 5).
    ///
    /// # Errors
    /// The key has ended, or does not sign.
    pub fn sign(&self, octets: &[u8], at: Timestamp) -> Result<Signed, SealError> {
        self.detached(octets, at, Ended::Refused)
    }

    fn detached(&self, octets: &[u8], at: Timestamp, ended: Ended) -> Result<Signed, SealError> {
        self.check_end(at, ended)?;
        let (hash, micalg) = self.hash();
        let chance = Entropy.openpgp_source();
        let (none, said) = (Password::empty(), self.subpackets(at)?);
        let made = match &self.0.secret {
            Secret::Primary(key) => DetachedSignature::sign_binary_data_with_subpackets(
                chance, key, &none, hash, octets, said,
            ),
            Secret::Sub(key) => DetachedSignature::sign_binary_data_with_subpackets(
                chance, key, &none, hash, octets, said,
            ),
        };
        let armored = made
            .and_then(|signature| signature.to_armored_string(ArmorOptions::default()))
            .map_err(SealError::newsroom)?;
        Ok(Signed {
            armored: crlf(&armored),
            micalg,
        })
    }

    /// Signs what is about to be encrypted.
    pub(super) fn sign_within<'a>(
        &'a self,
        plain: &mut MessageBuilder<'a>,
        at: Timestamp,
    ) -> Result<(), SealError> {
        self.check_end(at, Ended::Refused)?;
        let (hash, _) = self.hash();
        let said = self.subpackets(at)?;
        plain.sign_with_subpackets(self.0.secret.as_key(), Password::empty(), hash, said);
        Ok(())
    }

    fn check_end(&self, at: Timestamp, ended: Ended) -> Result<(), SealError> {
        match (ended, self.0.expires) {
            (Ended::Refused, Some(end)) if end <= at => Err(SealError::Newsroom(said!(
                "the newsroom's OpenPGP key {fingerprint} ended {time}; lengthen its life or name another in dateline.toml",
                fingerprint = self.0.fingerprint,
                time = Said::moment(end, end.strftime("%Y-%m-%d %H:%M UTC"))
            ))),
            (Ended::Refused | Ended::Passed, _) => Ok(()),
        }
    }

    /// The hash that goes with the key, and its name for `micalg`.
    fn hash(&self) -> (HashAlgorithm, &'static str) {
        let hash = self.0.secret.as_key().hash_alg();
        if hash == HashAlgorithm::Sha512 {
            (hash, "pgp-sha512")
        } else if hash == HashAlgorithm::Sha384 {
            (hash, "pgp-sha384")
        } else {
            // rPGP's own choice for all others, and what every verifier knows.
            (HashAlgorithm::Sha256, "pgp-sha256")
        }
    }

    /// Who signs and when. rPGP would ask the machine's clock.
    fn subpackets(&self, at: Timestamp) -> Result<SubpacketConfig, SealError> {
        let key = self.0.secret.as_key();
        let seconds = u32::try_from(at.as_second()).map_err(|_| {
            SealError::Newsroom(said!("{time} cannot stand in a signature", time = at))
        })?;
        let made = pgp::types::Timestamp::from_secs(seconds);
        let regular = |data| Subpacket::regular(data).map_err(SealError::newsroom);
        let mut unhashed = Vec::new();
        if key.version() == KeyVersion::V4 {
            unhashed.push(regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?);
        }
        Ok(SubpacketConfig::UserDefined {
            hashed: vec![
                regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
                regular(SubpacketData::SignatureCreationTime(made))?,
            ],
            unhashed,
        })
    }
}

/// What a key that has ended does.
#[derive(Debug, Clone, Copy)]
enum Ended {
    Refused,
    /// It is only tried out.
    Passed,
}

impl Secret {
    fn as_key(&self) -> &dyn SigningKey {
        match self {
            Self::Primary(key) => key,
            Self::Sub(key) => key,
        }
    }

    fn params(&self) -> &SecretParams {
        match self {
            Self::Primary(key) => key.secret_params(),
            Self::Sub(key) => key.secret_params(),
        }
    }

    /// Opens it once: a passphrase costs a tenth of a second at each signature.
    fn opened(mut self, passphrase: Option<&str>) -> Result<Self, SecretFault> {
        if matches!(self.params(), SecretParams::Plain(_)) {
            return Ok(self);
        }
        let word = passphrase.ok_or(SecretFault::Locked)?;
        let password = Password::from(word);
        let done = match &mut self {
            Self::Primary(key) => key.remove_password(&password),
            Self::Sub(key) => key.remove_password(&password),
        };
        done.map_err(|error| SecretFault::Passphrase(cause(&error)))?;
        Ok(self)
    }
}

/// The key that signs: a subkey for it, the newest that is good, else the primary.
fn signing_part(key: SignedSecretKey) -> Result<(Secret, Option<Timestamp>), SecretFault> {
    let judged = signer(key.to_public_key()).map_err(SecretFault::CannotSign)?;
    let Some(sub) = judged.subkey else {
        return Ok((Secret::Primary(key.primary_key), judged.expires));
    };
    let found = key
        .secret_subkeys
        .into_iter()
        .find(|one| hex(&one.key) == sub)
        .map(|one| Secret::Sub(one.key));
    found.map(|secret| (secret, judged.expires)).ok_or_else(|| {
        SecretFault::CannotSign(said!(
            "the secret of its part {part} is missing",
            part = sub
        ))
    })
}
