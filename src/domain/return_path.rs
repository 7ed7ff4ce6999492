//! Return paths of their own: each delivery's mail comes back to an address that
//! names the delivery and is signed, so that nobody can make one up (VERP).
//!
//! `bounces+<delivery>-<signature>@domain`: 26 letters and digits of the
//! delivery's identifier, then 80 bits of a keyed BLAKE3 hash in the alphabet of
//! RFC 4648 base32hex, all in lower case and read in any: some servers fold a
//! local part.

use super::address::EmailAddress;
use super::ids::DeliveryId;
use std::fmt::{self, Write};

/// Letters and digits of a signature.
const SIGNATURE: usize = 16;
/// Letters and digits of a delivery's identifier.
const ID: usize = 26;
/// What is added to the local part: `+`, the identifier, `-`, the signature.
const ADDED: usize = 1 + ID + 1 + SIGNATURE;
/// The longest local part (RFC 5321 4.5.3.1.1).
const LONGEST: usize = 64;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// Makes and reads the return paths of a newsroom.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnPath {
    address: EmailAddress,
    key: [u8; 32],
}

/// The key stays out of every log.
impl fmt::Debug for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReturnPath")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl ReturnPath {
    /// Return paths under an address, signed with a key.
    pub fn new(address: EmailAddress, key: [u8; 32]) -> Self {
        Self { address, key }
    }

    /// Whether an address has room for what is added to it.
    ///
    /// # Errors
    /// In words: its local part is too long, or has a `+` already.
    pub fn check(address: &EmailAddress) -> Result<(), String> {
        let most = LONGEST - ADDED;
        if address.local().len() > most {
            return Err(format!(
                "the local part of {address} is longer than {most} octets; a delivery's name and signature are added to it, and at most {LONGEST} are allowed"
            ));
        }
        if address.local().contains(['+', '"']) {
            return Err(format!(
                "the local part of {address} has a `+` or a quotation mark in it; a delivery's name is added to it after a `+`"
            ));
        }
        Ok(())
    }

    /// Where a delivery's mail comes back to.
    pub fn of(&self, delivery: DeliveryId) -> EmailAddress {
        let mut tag = String::with_capacity(ADDED);
        let _ = write!(tag, "{delivery}");
        // The kind of the identifier needs no room.
        tag.drain(..tag.len().saturating_sub(ID));
        let signature = self.sign(&tag);
        tag.push('-');
        tag.extend(signature.iter().map(|octet| char::from(*octet)));
        self.address.with_detail(&tag)
    }

    /// The delivery whose return path this is; `None` where it is another
    /// address, or was not signed with this key.
    pub fn read(&self, address: &EmailAddress) -> Option<DeliveryId> {
        if address.domain() != self.address.domain() {
            return None;
        }
        let (local, tag) = address.local().split_once('+')?;
        if !local.eq_ignore_ascii_case(self.address.local()) {
            return None;
        }
        let tag = tag.to_ascii_lowercase();
        let (id, signature) = tag.split_once('-')?;
        let right = self.sign(id);
        // Compared whole, so that the time it takes tells nothing.
        let differs = right
            .iter()
            .zip(signature.as_bytes())
            .fold(0, |all, (one, other)| all | (one ^ other));
        if signature.len() != SIGNATURE || differs != 0 {
            return None;
        }
        format!("dlv_{id}").parse().ok()
    }

    fn sign(&self, id: &str) -> [u8; SIGNATURE] {
        let hash = blake3::keyed_hash(&self.key, id.as_bytes());
        let octets = hash.as_bytes();
        let mut letters = [0; SIGNATURE];
        for (n, letter) in letters.iter_mut().enumerate() {
            let bit = n * 5;
            let pair = u16::from_be_bytes([octets[bit / 8], octets[bit / 8 + 1]]);
            let five = (pair >> (11 - bit % 8)) & 31;
            *letter = ALPHABET[usize::from(five)];
        }
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths(key: u8) -> ReturnPath {
        let address = EmailAddress::parse("bounces@newsroom.example").unwrap();
        ReturnPath::new(address, [key; 32])
    }

    #[test]
    fn an_address_must_have_room() {
        let check = |text: &str| ReturnPath::check(&EmailAddress::parse(text).unwrap());
        assert!(check("bounces@newsroom.example").is_ok());
        assert!(check("bounces.of.the.newsr@newsroom.example").is_ok());
        assert!(check("bounces.of.the.newsro@newsroom.example").is_err());
        assert!(check("a+b@newsroom.example").is_err());
    }

    proptest! {
        #[test]
        fn it_reads_back_in_any_case_and_cannot_be_forged(ms in 0u64..1 << 48, random: u128, other: u128, at in 0usize..16) {
            let id = DeliveryId::from_parts(ms, random);
            let path = paths(1).of(id);
            prop_assert!(path.local().len() <= LONGEST);
            let parsed = EmailAddress::parse(&path.to_string());
            prop_assert_eq!(parsed.as_ref(), Ok(&path));
            prop_assert_eq!(paths(1).read(&path), Some(id));
            let upper = EmailAddress::parse(&path.to_string().to_uppercase()).unwrap();
            prop_assert_eq!(paths(1).read(&upper), Some(id));
            prop_assert_eq!(paths(2).read(&path), None);
            // Another delivery's name under this signature.
            let tag = path.local().rsplit_once('-').unwrap().1.to_owned();
            let name = DeliveryId::from_parts(ms, other).to_string();
            let forged = format!("bounces+{}-{tag}@newsroom.example", &name[4..]);
            let forged = paths(1).read(&EmailAddress::parse(&forged).unwrap());
            prop_assert_eq!(forged.is_some(), DeliveryId::from_parts(ms, other) == id);
            // One letter of the signature changed.
            let mut letters: Vec<char> = path.local().chars().collect();
            let place = letters.len() - 1 - at;
            letters[place] = if letters[place] == '0' { '1' } else { '0' };
            let changed: String = letters.into_iter().collect();
            let changed = EmailAddress::parse(&format!("{changed}@newsroom.example")).unwrap();
            prop_assert_eq!(paths(1).read(&changed), None);
        }

        #[test]
        fn any_address_is_read_without_panic(local in "[a-z0-9+-]{1,60}") {
            if let Ok(address) = EmailAddress::parse(&format!("{local}@newsroom.example")) {
                prop_assert_eq!(paths(1).read(&address), None);
            }
        }
    }
}
