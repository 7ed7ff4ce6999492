//! How contacts are found: by the beginnings of words in their address, name and
//! outlet, and by their press lists.

use super::contact::Contact;
use super::person::name_key;
use std::collections::BTreeSet;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactSearch {
    /// Beginnings of words, all of which a contact must have; folded.
    pub words: Vec<String>,
    /// A press list that they stand on.
    pub list: Option<String>,
}

impl ContactSearch {
    /// Reads what somebody wrote.
    pub fn new(text: &str, list: Option<String>) -> Self {
        Self {
            words: words(text).into_iter().collect(),
            list,
        }
    }

    /// Whether an outlet has words that begin like all that is looked for: a contact
    /// may have them in an address or a name.
    pub fn fits_outlet(&self, outlet: &str) -> bool {
        let has = words(outlet);
        let mut wanted = self.words.iter();
        wanted.all(|word| has.iter().any(|one| one.starts_with(word)))
    }
}

/// Letters of a word that tell it from others.
const LONGEST_WORD: usize = 64;

/// The words of a text as they are compared: letters and digits, folded; each once.
pub fn words(text: &str) -> BTreeSet<String> {
    let folded = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        name_key(text)
    };
    folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST_WORD).collect())
        .collect()
}

/// Every word that a contact is found by.
pub fn words_of(contact: &Contact) -> BTreeSet<String> {
    let address = contact.email.to_string();
    [address.as_str(), contact.name.as_str(), &contact.outlet]
        .into_iter()
        .flat_map(words)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::example;
    use crate::domain::header_text::HeaderText;

    #[test]
    fn words_are_folded_and_cut_at_signs() {
        let mut contact = example("A.Narsee@tidewater-wire.example");
        contact.name = HeaderText::parse("Аарти НАРСИ").unwrap();
        contact.outlet = "Tidewater Wire".into();
        let found: Vec<_> = words_of(&contact).into_iter().collect();
        assert_eq!(
            found,
            [
                "a",
                "example",
                "narsee",
                "tidewater",
                "wire",
                "аарти",
                "нарси"
            ]
        );
        let search = ContactSearch::new("  нарси, tide ", None);
        assert_eq!(search.words, ["tide", "нарси"]);
        assert!(!search.fits_outlet(&contact.outlet), "it is in the name");
        let search = ContactSearch::new("wire, TIDE", None);
        assert!(search.fits_outlet(&contact.outlet));
        assert!(!search.fits_outlet("Tideless") && !search.fits_outlet(""));
        assert_eq!(
            ContactSearch::new(" %_'\" ", None),
            ContactSearch::default()
        );
    }
}
