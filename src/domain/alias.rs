//! Addresses of contacts that went into another: what was said of such an
//! address was said by the person who is known by another one now.

use super::address::EmailAddress;
use super::erasure::is_same;
use super::ids::ContactId;
use jiff::Timestamp;
use std::collections::HashMap;

/// An address that went into another contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The address.
    pub email: EmailAddress,
    /// The identifier of the contact that had it.
    pub id: ContactId,
    /// The address of the contact that it went into.
    pub kept: EmailAddress,
    /// When.
    pub at: Timestamp,
}

/// All of them. No address of a contact is among those that went.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    into: HashMap<String, EmailAddress>,
    ids: HashMap<ContactId, EmailAddress>,
}

impl Aliases {
    /// Puts them in order.
    pub fn new(all: impl IntoIterator<Item = Alias>) -> Self {
        let mut aliases = Self::default();
        for one in all {
            aliases.ids.insert(one.id, one.email.clone());
            aliases.into.insert(one.email.to_string(), one.kept);
        }
        aliases
    }

    /// Whether nobody went into anybody.
    pub fn is_empty(&self) -> bool {
        self.into.is_empty()
    }

    /// The address by which somebody is known now.
    pub fn known_by<'a>(&'a self, email: &'a EmailAddress) -> &'a EmailAddress {
        let mut now = email;
        // Each step is another row: more steps than rows would be a ring.
        for _ in 0..self.into.len() {
            match self.into.get(&now.to_string()) {
                Some(kept) => now = kept,
                None => return now,
            }
        }
        now
    }

    /// The address by which a contact is known now that is no contact any more.
    pub fn of_id(&self, id: ContactId) -> Option<&EmailAddress> {
        self.ids.get(&id).map(|email| self.known_by(email))
    }

    /// Each address that went, with the one that its owner is known by now, in
    /// the order of addresses.
    pub fn all(&self) -> Vec<(EmailAddress, &EmailAddress)> {
        let mut all: Vec<_> = self
            .ids
            .values()
            .filter(|email| self.into.contains_key(&email.to_string()))
            .map(|email| (email.clone(), self.known_by(email)))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// All addresses of whoever has this one, the one that they are known by
    /// first. Where nobody has it as it is written, it is asked who has it in other
    /// capitals: a bar on it holds for them.
    pub fn person(&self, email: &EmailAddress) -> Vec<EmailAddress> {
        let (all, exact) = (self.all(), self.known_by(email));
        let known = |(gone, now): &&(EmailAddress, &EmailAddress)| gone == email || *now == exact;
        let folded = |(gone, now): &&(EmailAddress, &EmailAddress)| {
            is_same(gone, email) || is_same(now, email)
        };
        let own = all.iter().find(known).or_else(|| all.iter().find(folded));
        let known_by = own.map_or(exact, |(_, now)| *now);
        let others = all.iter().filter(|(_, now)| *now == known_by);
        let others = others.map(|(email, _)| email.clone());
        std::iter::once(known_by.clone()).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn email(n: u64) -> EmailAddress {
        EmailAddress::parse(&format!("p{n}@example.org")).unwrap()
    }

    fn alias(from: u64, to: u64) -> Alias {
        Alias {
            email: email(from),
            id: ContactId::from_parts(from, 0),
            kept: email(to),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn who_went_twice_is_known_by_the_last_address() {
        let aliases = Aliases::new([alias(1, 2), alias(2, 3), alias(4, 3)]);
        assert_eq!(aliases.known_by(&email(1)), &email(3));
        assert_eq!(aliases.known_by(&email(9)), &email(9));
        assert_eq!(aliases.of_id(ContactId::from_parts(1, 0)), Some(&email(3)));
        assert_eq!(aliases.of_id(ContactId::from_parts(9, 0)), None);
        for one in 1..=4 {
            let all = aliases.person(&email(one));
            assert_eq!(all, [email(3), email(1), email(2), email(4)]);
        }
        assert_eq!(aliases.person(&email(9)), [email(9)]);
    }

    #[test]
    fn an_address_in_other_capitals_is_the_same_persons() {
        let capitals = |n: u64| EmailAddress::parse(&format!("P{n}@example.org")).unwrap();
        let aliases = Aliases::new([alias(1, 2)]);
        for n in [1, 2] {
            assert_eq!(aliases.person(&capitals(n)), [email(2), email(1)]);
        }
        assert_eq!(aliases.person(&capitals(3)), [capitals(3)]);
        // Two who differ in capitals alone may be two people, each with their own.
        let own = Alias {
            email: capitals(1),
            id: ContactId::from_parts(9, 0),
            kept: email(5),
            at: Timestamp::UNIX_EPOCH,
        };
        let aliases = Aliases::new([alias(1, 2), own]);
        assert_eq!(aliases.person(&capitals(1)), [email(5), capitals(1)]);
        assert_eq!(aliases.person(&email(1)), [email(2), email(1)]);
    }

    proptest! {
        #[test]
        fn it_ends_whatever_stands_there(
            given in proptest::collection::vec((0u64..6, 0u64..6), 0..8),
        ) {
            let aliases = Aliases::new(given.iter().map(|(from, to)| alias(*from, *to)));
            for n in 0..6 {
                let known_by = aliases.known_by(&email(n)).clone();
                prop_assert!(aliases.person(&email(n)).contains(&known_by));
            }
        }
    }
}
