//! A certificate judged: what its own signatures vouch for, and nothing else.

use super::strength::{Use, algorithm, is_strong};
use crate::domain::encryption::{KeyPart, PublicKey};
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::Timestamp;
use pgp::composed::{ArmorOptions, SignedKeyDetails, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{PublicSubkey, Signature, SignatureType};
use pgp::types::{Duration, KeyDetails, KeyVersion, SignedUser, Tag};

/// Why a text is no key to encrypt to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It is far longer than a key.
    TooLarge(usize),
    /// No key is in it.
    NotAKey,
    /// The end is missing.
    CutShort,
    /// It is somebody's secret.
    Secret,
    /// There is more than one key, and none or several are for this contact.
    Several(Said, String),
    /// An old or unknown format.
    Version(u8),
    /// The primary key is weak.
    Weak(Said),
    /// Its own signatures are by a hash that is not believed.
    Hash(String),
    /// No signature of its own holds.
    NotSelfSigned,
    /// Nothing in it encrypts.
    CannotEncrypt(Said),
    /// The octets make no sense.
    Damaged(String),
}

impl Tell for KeyFault {
    fn said(&self) -> Said {
        match self {
            Self::TooLarge(octets) => said!(
                "has {octets} octets; expected a public key of at most 1 MiB (`gpg --armor --export-options export-minimal --export ADDRESS`)",
                octets
            ),
            Self::NotAKey => said!(
                "holds no OpenPGP public key; expected `-----BEGIN PGP PUBLIC KEY BLOCK-----`, or its binary form"
            ),
            Self::CutShort => {
                said!("is cut short: a line `-----END PGP PUBLIC KEY BLOCK-----` is missing")
            }
            Self::Secret => said!(
                "holds a SECRET key, which nobody may have but its owner; it was not kept. Delete this copy, tell the owner, and ask for the public key (`gpg --armor --export ADDRESS`)"
            ),
            Self::Several(what, list) => said!(
                "holds several keys, and {what}; expected one: {list}",
                what,
                list
            ),
            Self::Version(version) => {
                said!("holds a key of version {version}; expected 4 or 6", version)
            }
            Self::Weak(algorithm) => said!("holds a key by {algorithm}", algorithm),
            Self::Hash(text) => said!(
                "holds a key that vouches for itself by {text}, which is not believed any more; ask for a newer one",
                text
            ),
            Self::NotSelfSigned => said!("holds a key without a valid signature of its own"),
            Self::CannotEncrypt(why) => {
                said!("holds a key that mail cannot be encrypted to: {why}", why)
            }
            Self::Damaged(cause) => said!("holds a damaged key: {cause}", cause),
        }
    }
}

shown_as_said!(KeyFault);

/// A key that was judged, with what encrypting to it needs to know.
#[derive(Debug)]
pub(super) struct Certificate {
    /// Without the signatures of others.
    pub(super) key: SignedPublicKey,
    /// The signature that tells its owner's wishes.
    pub(super) word: Signature,
    /// The facts.
    pub(super) facts: PublicKey,
}

impl Certificate {
    /// Judges a key.
    ///
    /// # Errors
    /// See [`KeyFault`].
    pub(super) fn judge(key: SignedPublicKey) -> Result<Self, KeyFault> {
        let version = u8::from(key.version());
        if !matches!(version, 4 | 6) {
            return Err(KeyFault::Version(version));
        }
        let name = algorithm(key.primary_key.public_params(), Use::Sign).map_err(KeyFault::Weak)?;
        let stripped = stripped(key);
        let word = word(&stripped).ok_or_else(|| no_word(&stripped))?.clone();
        let stripped = strong(stripped);
        let parts = parts(&stripped, &word)?;
        let armored = stripped
            .to_armored_string(ArmorOptions::default())
            .map_err(damaged)?;
        let users = stripped.details.users.iter();
        let facts = PublicKey {
            fingerprint: hex(&stripped.primary_key),
            version,
            algorithm: name,
            created: instant(stripped.primary_key.created_at()),
            expires: end(&stripped.primary_key, &word),
            revoked: !stripped.details.revocation_signatures.is_empty(),
            user_ids: users
                .map(|user| String::from_utf8_lossy(user.id.id()).into_owned())
                .collect(),
            parts,
            armored,
        };
        Ok(Self {
            key: stripped,
            word,
            facts,
        })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the end of the error, and `map_err` gives it by value"
)]
pub(super) fn damaged(error: pgp::errors::Error) -> KeyFault {
    KeyFault::Damaged(cause(&error))
}

/// The innermost cause of a fault, in a few words: rPGP tells the whole way to it.
pub(super) fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let words = innermost.to_string();
    let line = words.lines().next().unwrap_or_default();
    line.chars().take(LONGEST_CAUSE).collect()
}

/// Letters of a cause.
const LONGEST_CAUSE: usize = 120;

/// A fingerprint in capital hex digits.
pub(super) fn hex(key: &impl KeyDetails) -> String {
    use std::fmt::Write;
    let octets = key.fingerprint();
    octets
        .as_bytes()
        .iter()
        .fold(String::new(), |mut hex, octet| {
            let _ = write!(hex, "{octet:02X}");
            hex
        })
}

fn instant(at: pgp::types::Timestamp) -> Timestamp {
    // 32 bits of seconds always fit.
    Timestamp::from_second(i64::from(at.as_secs())).unwrap_or_default()
}

fn after(at: Timestamp, lasting: Duration) -> Option<Timestamp> {
    // Nought means: without end (RFC 9580 5.2.3.13).
    (lasting.as_secs() > 0).then(|| {
        let end = at.as_second() + i64::from(lasting.as_secs());
        Timestamp::from_second(end).unwrap_or(Timestamp::MAX)
    })
}

/// When a key ends by a signature over it, or that signature itself does.
fn end(key: &impl KeyDetails, word: &Signature) -> Option<Timestamp> {
    let whole = word
        .key_expiration_time()
        .and_then(|lasting| after(instant(key.created_at()), lasting));
    let signature = word
        .signature_expiration_time()
        .and_then(|lasting| after(instant(word.created()?), lasting));
    match (whole, signature) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The key with those signatures alone that it made itself and that verify.
fn stripped(key: SignedPublicKey) -> SignedPublicKey {
    let primary = key.primary_key;
    let own = |signatures: Vec<Signature>, typ: SignatureType| -> Vec<Signature> {
        let found = signatures.into_iter();
        found
            .filter(|one| one.typ() == Some(typ) && one.verify_key(&primary).is_ok())
            .collect()
    };
    let revocations = own(
        key.details.revocation_signatures,
        SignatureType::KeyRevocation,
    );
    let direct = own(key.details.direct_signatures, SignatureType::Key);
    let users = key.details.users.into_iter().map(|user| {
        let SignedUser { id, signatures } = user;
        let own = signatures.into_iter();
        let own = own.filter(|one| one.verify_certification(&primary, Tag::UserId, &id).is_ok());
        SignedUser {
            signatures: own.collect(),
            id: id.clone(),
        }
    });
    let users = users.filter(|user| !user.signatures.is_empty()).collect();
    let subkeys = key.public_subkeys.into_iter().map(|subkey| {
        let SignedPublicSubKey { key, signatures } = subkey;
        let own = signatures.into_iter();
        let own = own.filter(|one| one.verify_subkey_binding(&primary, &key).is_ok());
        SignedPublicSubKey {
            signatures: own.collect(),
            key: key.clone(),
        }
    });
    let subkeys = subkeys.filter(|one| !one.signatures.is_empty()).collect();
    let details = SignedKeyDetails::new(revocations, direct, users, Vec::new());
    SignedPublicKey::new(primary, details, subkeys)
}

/// The key without what is vouched for by a weak hash. A revocation counts however
/// it is signed: nobody gains by believing it.
fn strong(mut key: SignedPublicKey) -> SignedPublicKey {
    key.details.direct_signatures.retain(believed);
    for user in &mut key.details.users {
        user.signatures.retain(believed);
    }
    key.details.users.retain(|user| !is_withdrawn(user));
    for subkey in &mut key.public_subkeys {
        subkey
            .signatures
            .retain(|one| revokes(one) || believed(one));
    }
    key
}

fn believed(signature: &Signature) -> bool {
    signature.hash_alg().is_some_and(is_strong)
}

/// Whether a user identity was revoked after it was last vouched for.
fn is_withdrawn(user: &SignedUser) -> bool {
    let latest = |revokes: bool| {
        let typ = |one: &&Signature| (one.typ() == Some(SignatureType::CertRevocation)) == revokes;
        user.signatures
            .iter()
            .filter(typ)
            .map(Signature::created)
            .max()
    };
    match (latest(false), latest(true)) {
        (Some(vouched), Some(revoked)) => revoked >= vouched,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Signatures by which the key speaks of itself: direct ones, and those over user
/// identities that were not revoked.
fn words(key: &SignedPublicKey) -> impl Iterator<Item = &Signature> {
    let users = key.details.users.iter().filter(|user| !is_withdrawn(user));
    let certifies = |one: &&Signature| one.typ() != Some(SignatureType::CertRevocation);
    let of_users = users
        .flat_map(|user| user.signatures.iter())
        .filter(certifies);
    key.details.direct_signatures.iter().chain(of_users)
}

/// The latest word that is believed: on when the key ends, and what its owner
/// prefers (RFC 9580 5.2.3.10). A key of version 6 says it directly (RFC 9580
/// 5.2.1.10).
fn word(key: &SignedPublicKey) -> Option<&Signature> {
    if key.version() == KeyVersion::V6 {
        return latest(&mut key.details.direct_signatures.iter());
    }
    latest(&mut words(key))
}

/// Of two made at once the first stands: a key's own order puts its primary name there.
fn latest<'a>(words: &mut dyn Iterator<Item = &'a Signature>) -> Option<&'a Signature> {
    words.filter(|one| believed(one)).reduce(|best, one| {
        if one.created() > best.created() {
            one
        } else {
            best
        }
    })
}

fn no_word(key: &SignedPublicKey) -> KeyFault {
    match words(key).find_map(Signature::hash_alg) {
        Some(hash) if !is_strong(hash) => KeyFault::Hash(hash.to_string()),
        Some(_) | None => KeyFault::NotSelfSigned,
    }
}

/// The keys that encrypt, the primary key among them where it does.
fn parts(key: &SignedPublicKey, word: &Signature) -> Result<Vec<KeyPart>, KeyFault> {
    let (mut parts, mut why) = (Vec::new(), Vec::new());
    if encrypts(word, &key.primary_key) {
        match part(&key.primary_key, word, false) {
            Ok(part) => parts.push(part),
            Err(cause) => why.push(cause),
        }
    }
    for subkey in &key.public_subkeys {
        let Some(binding) = binding(subkey) else {
            continue;
        };
        if !encrypts(binding, &subkey.key) {
            continue;
        }
        match part(&subkey.key, binding, is_revoked(subkey)) {
            Ok(part) => parts.push(part),
            Err(cause) => why.push(cause),
        }
    }
    if parts.is_empty() {
        let cause = if why.is_empty() {
            said!("it only signs")
        } else {
            said!(
                "what encrypts in it is {why}",
                why = Said::several(why, "; ")
            )
        };
        return Err(KeyFault::CannotEncrypt(cause));
    }
    Ok(parts)
}

fn part(key: &impl KeyDetails, binding: &Signature, revoked: bool) -> Result<KeyPart, Said> {
    Ok(KeyPart {
        algorithm: algorithm(key.public_params(), Use::Encrypt)?,
        fingerprint: hex(key),
        created: instant(key.created_at()),
        expires: end(key, binding),
        revoked,
    })
}

fn revokes(signature: &Signature) -> bool {
    signature.typ() == Some(SignatureType::SubkeyRevocation)
}

fn is_revoked(subkey: &SignedPublicSubKey) -> bool {
    subkey.signatures.iter().any(revokes)
}

/// The latest signature that binds a subkey.
fn binding(subkey: &SignedPublicSubKey) -> Option<&Signature> {
    let binds = |one: &&Signature| one.typ() == Some(SignatureType::SubkeyBinding);
    let found = subkey.signatures.iter().filter(binds);
    found.max_by_key(|one| one.created())
}

/// Whether a key is there to encrypt to: its flags say so, or it has none and can
/// (RFC 9580 5.2.3.29).
fn encrypts(word: &Signature, key: &impl KeyDetails) -> bool {
    let flags = word.key_flags();
    if flags.encrypt_comms() || flags.encrypt_storage() {
        return true;
    }
    let silent = !flags.certify() && !flags.sign() && !flags.authentication();
    silent && key.algorithm().can_encrypt()
}

/// The key of a certificate that has a fingerprint.
pub(super) enum Found<'a> {
    Primary(&'a SignedPublicKey),
    Sub(&'a PublicSubkey),
}

impl Certificate {
    /// Finds the key to encrypt to.
    pub(super) fn find(&self, fingerprint: &str) -> Option<Found<'_>> {
        if self.facts.fingerprint == fingerprint {
            return Some(Found::Primary(&self.key));
        }
        let mut subkeys = self.key.public_subkeys.iter();
        subkeys
            .find(|subkey| hex(&subkey.key) == fingerprint)
            .map(|subkey| Found::Sub(&subkey.key))
    }
}

/// What signs in a key.
pub(super) struct Judgement {
    /// A subkey, by its fingerprint; `None`: the primary key.
    pub(super) subkey: Option<String>,
    /// When it ends.
    pub(super) expires: Option<Timestamp>,
}

/// Finds what signs in a key: the newest subkey for it, else the primary key.
///
/// # Errors
/// In words: nothing does.
pub(super) fn signer(key: SignedPublicKey) -> Result<Judgement, Said> {
    let stripped = stripped(key);
    let word = word(&stripped)
        .ok_or_else(|| no_word(&stripped).said())?
        .clone();
    let stripped = strong(stripped);
    if !stripped.details.revocation_signatures.is_empty() {
        return Err(said!("it was revoked"));
    }
    let whole = end(&stripped.primary_key, &word);
    let subkeys = stripped.public_subkeys.iter().filter_map(|subkey| {
        let binding = binding(subkey)?;
        let signs = !is_revoked(subkey) && signs(binding, &subkey.key, &stripped);
        signs.then_some((subkey, binding))
    });
    if let Some((subkey, binding)) = subkeys.max_by_key(|(subkey, _)| subkey.key.created_at()) {
        let own = end(&subkey.key, binding);
        return Ok(Judgement {
            subkey: Some(hex(&subkey.key)),
            expires: [whole, own].into_iter().flatten().min(),
        });
    }
    let flags = word.key_flags();
    let silent = !flags.certify() && !flags.encrypt_comms() && !flags.encrypt_storage();
    if flags.sign() || silent {
        return Ok(Judgement {
            subkey: None,
            expires: whole,
        });
    }
    Err(said!("it has no part that signs"))
}

/// Whether a subkey is there to sign, and says so itself (RFC 9580 5.2.1.9).
fn signs(binding: &Signature, key: &PublicSubkey, whole: &SignedPublicKey) -> bool {
    let back = binding.embedded_signature();
    binding.key_flags().sign()
        && back.is_some_and(|back| {
            believed(back)
                && back
                    .verify_primary_key_binding(key, &whole.primary_key)
                    .is_ok()
        })
}
