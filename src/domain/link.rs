//! Personal links: who holds one may act for one reader, and for nobody else.
//!
//! A token is the reader's delivery or contact and a keyed BLAKE3 of it, bound to
//! a purpose and a newsroom: the link to opt out, which mail providers see in a
//! header (RFC 8058), opens nothing else. It holds no address and no name, and
//! can be made by nobody without the key.

use super::ids::{ContactId, DeliveryId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To get no more.
    OptOut,
    /// The reader's own pages: what they get, their agreement, their copy.
    Own,
}

impl Purpose {
    /// The folder of its pages.
    pub fn folder(self) -> &'static str {
        match self {
            Self::OptOut => "o",
            Self::Own => "me",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::OptOut => 0,
            Self::Own => 2,
        }
    }
}

/// By what a link knows its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// The mail it stands in.
    Delivery(DeliveryId),
    /// The contact it was made for.
    Contact(ContactId),
}

impl Bearer {
    fn bit(self) -> u8 {
        match self {
            Self::Delivery(_) => 0,
            Self::Contact(_) => 1,
        }
    }

    fn octets(self) -> [u8; ID] {
        match self {
            Self::Delivery(id) => id.octets(),
            Self::Contact(id) => id.octets(),
        }
    }
}

/// Octets of an identifier.
const ID: usize = 16;
/// Octets of the code that proves a token: 128 bits, which nobody guesses.
const CODE: usize = 16;
/// Octets of a token: what it is, whose it is, and the proof.
const TOKEN: usize = 1 + ID + CODE;
/// What the key is used for, as BLAKE3's key derivation wants it told.
const CONTEXT: &str = "dateline 2026-11-26 personal links of readers";

/// What links are proved with.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    /// The key that a secret makes.
    pub fn new(secret: &str) -> Self {
        Self(blake3::derive_key(CONTEXT, secret.as_bytes()))
    }
}

/// Makes and reads the personal links of one newsroom.
#[derive(Debug, Clone)]
pub struct Links {
    /// Where the pages are, without a slash at the end.
    place: String,
    /// The newsroom's domain.
    newsroom: String,
    key: LinkKey,
}

impl Links {
    /// Links to pages at a place, such as `https://press.example.org`.
    pub fn new(place: &str, newsroom: &str, key: LinkKey) -> Self {
        Self {
            place: place.trim_end_matches('/').to_owned(),
            newsroom: newsroom.to_owned(),
            key,
        }
    }

    /// A whole link.
    pub fn link(&self, purpose: Purpose, bearer: Bearer) -> String {
        let (place, folder) = (&self.place, purpose.folder());
        format!("{place}/{folder}/{}", self.token(purpose, bearer))
    }

    /// The last part of a link: 44 characters of the URL-safe alphabet (RFC 4648 5).
    pub fn token(&self, purpose: Purpose, bearer: Bearer) -> String {
        let mut token = [0; TOKEN];
        token[0] = purpose.bit() | bearer.bit();
        token[1..=ID].copy_from_slice(&bearer.octets());
        let code = self.code(&token[..=ID]);
        token[1 + ID..].copy_from_slice(&code.as_bytes()[..CODE]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Who a token is of; `None` where it is none of this newsroom's, or is for
    /// something else.
    pub fn read(&self, purpose: Purpose, token: &str) -> Option<Bearer> {
        let octets = URL_SAFE_NO_PAD.decode(token).ok()?;
        let octets: [u8; TOKEN] = octets.try_into().ok()?;
        let (said, code) = octets.split_at(1 + ID);
        if !same(&self.code(said).as_bytes()[..CODE], code) {
            return None;
        }
        let id: [u8; ID] = said[1..].try_into().ok()?;
        let bearer = match said[0] & 1 {
            0 => Bearer::Delivery(DeliveryId::from_octets(id)),
            _ => Bearer::Contact(ContactId::from_octets(id)),
        };
        (said[0] == purpose.bit() | bearer.bit()).then_some(bearer)
    }

    fn code(&self, said: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key.0);
        hasher.update(said);
        hasher.update(self.newsroom.as_bytes());
        hasher.finalize()
    }
}

/// Whether two codes are the same, in a time that does not tell where they
/// differ: BLAKE3 compares its hashes so.
fn same(one: &[u8], other: &[u8]) -> bool {
    let padded = |code: &[u8]| {
        let mut octets = [0; 32];
        octets[..CODE].copy_from_slice(code);
        blake3::Hash::from_bytes(octets)
    };
    padded(one) == padded(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links(newsroom: &str, secret: &str) -> Links {
        Links::new("https://press.example.org/", newsroom, LinkKey::new(secret))
    }

    proptest! {
        #[test]
        fn a_token_reads_back_and_no_other_does(
            ms in 0..1u64 << 48, random in any::<u128>(), contact: bool, own: bool, at in 0..44usize, put in "[A-Za-z0-9_-]",
        ) {
            let ours = links("newsroom.example", "a secret");
            let random = random >> 48;
            let bearer = if contact {
                Bearer::Contact(ContactId::from_parts(ms, random))
            } else {
                Bearer::Delivery(DeliveryId::from_parts(ms, random))
            };
            let (purpose, other) = if own {
                (Purpose::Own, Purpose::OptOut)
            } else {
                (Purpose::OptOut, Purpose::Own)
            };
            let token = ours.token(purpose, bearer);
            prop_assert_eq!(ours.read(purpose, &token), Some(bearer));
            prop_assert_eq!(ours.read(other, &token), None);
            prop_assert_eq!(links("other.example", "a secret").read(purpose, &token), None);
            prop_assert_eq!(links("newsroom.example", "another").read(purpose, &token), None);
            let mut changed = token.clone();
            changed.replace_range(at..=at, &put);
            if changed != token {
                prop_assert_eq!(ours.read(purpose, &changed), None);
            }
            prop_assert_eq!(ours.read(purpose, &token[..43]), None);
        }

        #[test]
        fn whatever_stands_in_its_place_is_no_token(text in any::<String>()) {
            prop_assert_eq!(links("newsroom.example", "a secret").read(Purpose::OptOut, &text), None);
        }
    }

    #[test]
    fn a_link_is_short_and_says_nothing_of_the_key() {
        let ours = links("newsroom.example", "a secret");
        let bearer = Bearer::Delivery(DeliveryId::from_parts(1, 2));
        let link = ours.link(Purpose::OptOut, bearer);
        assert!(link.starts_with("https://press.example.org/o/"), "{link}");
        assert_eq!(link.len(), "https://press.example.org/o/".len() + 44);
        assert!(format!("{ours:?}").contains("LinkKey(…)"));
    }
}
