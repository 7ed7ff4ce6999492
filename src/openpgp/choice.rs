//! From the octets of a file to the one key that is meant.

use super::certificate::{Certificate, KeyFault, damaged};
use crate::domain::address::EmailAddress;
use crate::domain::encryption::PublicKey;
use crate::domain::said::Said;
use crate::said;
use pgp::composed::PublicOrSecret;

/// A longer file is no key.
pub const MOST_OCTETS: usize = 1024 * 1024;

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
const BEGIN_SECRET: &str = "-----BEGIN PGP PRIVATE KEY BLOCK-----";

/// Reads the public key of a contact from a file: armored or binary. Of several
/// keys, the one that names the contact's address is meant.
///
/// # Errors
/// See [`KeyFault`].
pub fn read_key(octets: &[u8], of: &EmailAddress) -> Result<PublicKey, KeyFault> {
    judged(octets, Some(of)).map(|certificate| certificate.facts)
}

/// Reads a key that was read before.
pub(super) fn read_again(key: &PublicKey) -> Result<Certificate, KeyFault> {
    judged(key.armored.as_bytes(), None)
}

fn judged(octets: &[u8], of: Option<&EmailAddress>) -> Result<Certificate, KeyFault> {
    if octets.len() > MOST_OCTETS {
        return Err(KeyFault::TooLarge(octets.len()));
    }
    let mut keys = Vec::new();
    for block in blocks(octets)? {
        keys.append(&mut certificates(block)?);
    }
    let mut judged: Vec<_> = keys.into_iter().map(Certificate::judge).collect();
    if judged.len() == 1 {
        return judged.remove(0);
    }
    choose(judged, of)
}

/// The one of several keys that is meant.
fn choose(
    judged: Vec<Result<Certificate, KeyFault>>,
    of: Option<&EmailAddress>,
) -> Result<Certificate, KeyFault> {
    let (mut sound, mut first) = (Vec::<Certificate>::new(), None);
    for one in judged {
        match one {
            Ok(one) => sound.push(one),
            Err(fault) => first = first.or(Some(fault)),
        }
    }
    // A key that stands twice is one key: the later copy counts.
    let mut known = std::collections::BTreeMap::new();
    for one in sound {
        known.insert(one.facts.fingerprint.clone(), one);
    }
    let names = |one: &Certificate| of.is_some_and(|address| one.facts.names(address));
    let named: Vec<_> = known.values().filter(|one| names(one)).collect();
    let only = match (known.len(), named.as_slice()) {
        (0, _) => return Err(first.unwrap_or(KeyFault::NotAKey)),
        (1, _) => known.keys().next().cloned(),
        (_, [one]) => Some(one.facts.fingerprint.clone()),
        (_, []) => {
            return Err(several(
                said!("none names the contact's address"),
                known.values(),
            ));
        }
        (_, _) => {
            return Err(several(
                said!("more than one names the contact's address"),
                known.values(),
            ));
        }
    };
    only.and_then(|fingerprint| known.remove(&fingerprint))
        .ok_or(KeyFault::NotAKey)
}

fn several<'a>(what: Said, keys: impl Iterator<Item = &'a Certificate>) -> KeyFault {
    let told = keys.take(5).map(|one| {
        let id = one.facts.user_ids.first().map_or("", String::as_str);
        format!("{} {}", one.facts.fingerprint, id.escape_debug())
    });
    KeyFault::Several(what, told.collect::<Vec<_>>().join(", "))
}

/// The keys in a file: each armored block by itself, or all of a binary file.
fn blocks(octets: &[u8]) -> Result<Vec<&[u8]>, KeyFault> {
    // Every packet begins with this bit (RFC 9580 4.2), and no text does.
    if octets.first().is_some_and(|first| first & 0x80 != 0)
        && !octets.starts_with(&[0xEF, 0xBB, 0xBF])
    {
        return Ok(vec![octets]);
    }
    if memchr::memmem::find(octets, BEGIN_SECRET.as_bytes()).is_some() {
        return Err(KeyFault::Secret);
    }
    let begins: Vec<_> = memchr::memmem::find_iter(octets, BEGIN.as_bytes()).collect();
    if begins.is_empty() {
        return Err(KeyFault::NotAKey);
    }
    let mut blocks = Vec::new();
    for (n, begin) in begins.iter().enumerate() {
        let until = begins.get(n + 1).copied().unwrap_or(octets.len());
        let block = &octets[*begin..until];
        let end = memchr::memmem::find(block, END.as_bytes()).ok_or(KeyFault::CutShort)?;
        blocks.push(&block[..end + END.len()]);
    }
    Ok(blocks)
}

fn certificates(block: &[u8]) -> Result<Vec<pgp::composed::SignedPublicKey>, KeyFault> {
    let (keys, _) = PublicOrSecret::from_reader_many_buf(block).map_err(damaged)?;
    let mut found = Vec::new();
    for key in keys {
        match key.map_err(damaged)? {
            PublicOrSecret::Secret(_) => return Err(KeyFault::Secret),
            PublicOrSecret::Public(key) => found.push(key),
        }
    }
    if found.is_empty() {
        return Err(KeyFault::NotAKey);
    }
    Ok(found)
}
