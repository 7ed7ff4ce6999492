//! Return paths of their own: each delivery's mail comes back to an address that
//! names the delivery and is signed, so that nobody can make one up (VERP).
//!
//! `bounces+<delivery>-<signature>@domain`.

use super::address::EmailAddress;
use super::ids::DeliveryId;
use super::said::Said;
use super::signed_name::{self, NameKey};
use crate::said;

/// What is added to the local part: `+` and a signed name.
const ADDED: usize = 1 + signed_name::LENGTH;
/// The longest local part (RFC 5321 4.5.3.1.1).
const LONGEST: usize = 64;

/// Makes and reads the return paths of a newsroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPath {
    address: EmailAddress,
    key: NameKey,
}

impl ReturnPath {
    /// Return paths under an address, signed with a key.
    pub fn new(address: EmailAddress, key: [u8; 32]) -> Self {
        let key = NameKey::new(key);
        Self { address, key }
    }

    /// Whether an address has room for what is added to it.
    ///
    /// # Errors
    /// In words: its local part is too long, or has a `+` already.
    pub fn check(address: &EmailAddress) -> Result<(), Said> {
        let most = LONGEST - ADDED;
        if address.local().len() > most {
            return Err(said!(
                "the local part of {address} is longer than {most} octets; a delivery's name and signature are added to it, and at most {longest} are allowed",
                address,
                most,
                longest = LONGEST
            ));
        }
        if address.local().contains(['+', '"']) {
            return Err(said!(
                "the local part of {address} has a `+` or a quotation mark in it; a delivery's name is added to it after a `+`",
                address
            ));
        }
        Ok(())
    }

    /// Where a delivery's mail comes back to.
    pub fn of(&self, delivery: DeliveryId) -> EmailAddress {
        self.address.with_detail(&self.key.write(delivery))
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
        self.key.read(tag)
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
