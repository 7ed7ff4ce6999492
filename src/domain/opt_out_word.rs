//! Opting out by mail: the word in a mail's `mailto:` link by which a reader is
//! known, whatever address they write from. It is the delivery's signed name;
//! its key is derived from that of the return paths, so that a return path,
//! which every server on the way sees, opts nobody out.

use super::ids::DeliveryId;
use super::signed_name::NameKey;

/// What the key is used for, as BLAKE3's key derivation wants it told.
const CONTEXT: &str = "dateline 2026-11-26 opting out by mail";
/// Words of a subject that are looked at.
const MOST_WORDS: usize = 100;

/// Makes and reads the words of a newsroom.
#[derive(Debug, Clone)]
pub struct OptOutWords(NameKey);

impl OptOutWords {
    /// Words signed with a key that is derived from that of the return paths.
    pub fn new(key: [u8; 32]) -> Self {
        Self(NameKey::new(blake3::derive_key(CONTEXT, &key)))
    }

    /// The word of a delivery's reader.
    pub fn of(&self, delivery: DeliveryId) -> String {
        self.0.write(delivery)
    }

    /// The delivery whose reader's word stands in a subject; `None` where there
    /// is none, or it was not signed with this key.
    pub fn find(&self, subject: &str) -> Option<DeliveryId> {
        subject
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .take(MOST_WORDS)
            .find_map(|word| self.0.read(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::EmailAddress;
    use crate::domain::return_path::ReturnPath;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_word_is_found_and_no_other_is(
            ms in 0u64..1 << 48, random: u128, before in "[ a-z:]{0,20}", after in "[ .>\"]{0,5}", at in 0usize..43, put in "[0-9a-v-]",
        ) {
            let id = DeliveryId::from_parts(ms, random);
            let (ours, others) = (OptOutWords::new([1; 32]), OptOutWords::new([2; 32]));
            let word = ours.of(id);
            let subject = format!("{before} {word}{after}");
            prop_assert_eq!(ours.find(&subject), Some(id));
            prop_assert_eq!(ours.find(&subject.to_uppercase()), Some(id));
            prop_assert_eq!(others.find(&subject), None);
            let mut changed = word.clone();
            changed.replace_range(at..=at, &put);
            if changed != word {
                prop_assert_eq!(ours.find(&changed), None);
            }
            // Neither a Message-ID nor a return path of the same delivery is one.
            prop_assert_eq!(ours.find(&format!("unsubscribe {id}")), None);
            let address = EmailAddress::parse("bounces@newsroom.example").unwrap();
            let path = ReturnPath::new(address, [1; 32]).of(id);
            prop_assert_eq!(ours.find(&format!("unsubscribe {path}")), None);
        }

        #[test]
        fn any_subject_is_read_without_panic(subject in any::<String>()) {
            prop_assert_eq!(OptOutWords::new([1; 32]).find(&subject), None);
        }
    }
}
