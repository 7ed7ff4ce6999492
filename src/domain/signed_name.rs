//! A delivery's name with a signature, short enough for a mail address: 26
//! letters and digits of the delivery's identifier, `-`, and 80 bits of a keyed
//! BLAKE3 hash in the alphabet of RFC 4648 base32hex, all in lower case and read
//! in any: some servers fold a local part.

use super::ids::DeliveryId;
use std::fmt::{self, Write};

/// Letters and digits of a signature.
const SIGNATURE: usize = 16;
/// Letters and digits of a delivery's identifier.
const ID: usize = 26;
/// Letters and digits of a signed name.
pub(super) const LENGTH: usize = ID + 1 + SIGNATURE;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// Signs the names of deliveries, and knows its own signatures.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NameKey([u8; 32]);

/// The key stays out of every log.
impl fmt::Debug for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameKey(…)")
    }
}

impl NameKey {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A delivery's name and its signature.
    pub(super) fn write(&self, delivery: DeliveryId) -> String {
        let mut name = String::with_capacity(LENGTH + 4);
        // Writing to a text never fails.
        let _ = write!(name, "{delivery}");
        // The kind of the identifier needs no room.
        name.drain(..name.len().saturating_sub(ID));
        let signature = self.sign(&name);
        name.push('-');
        name.extend(signature.iter().map(|octet| char::from(*octet)));
        name
    }

    /// The delivery of a signed name; `None` where it is something else, or was
    /// not signed with this key.
    pub(super) fn read(&self, text: &str) -> Option<DeliveryId> {
        if text.len() != LENGTH {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let (id, signature) = text.split_once('-')?;
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
        let hash = blake3::keyed_hash(&self.0, id.as_bytes());
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
