//! How contacts are found: by the beginnings of words in their address, name and
//! outlet, and by their press lists.

use super::contact::Contact;
use super::person::name_key;

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
            words: words(text),
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

/// The words of a text as they are compared: letters and digits, folded; each once,
/// in order.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    take_words(text, &mut words);
    each_once(words)
}

/// Every word that a contact is found by, in order.
pub fn words_of(contact: &Contact) -> Vec<String> {
    let address = contact.email.to_string();
    let mut words = Vec::new();
    for text in [address.as_str(), contact.name.as_str(), &contact.outlet] {
        take_words(text, &mut words);
    }
    each_once(words)
}

fn take_words(text: &str, words: &mut Vec<String>) {
    let folded = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        name_key(text)
    };
    let found = folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.extend(found.map(|word| {
        let end = word.char_indices().nth(LONGEST_WORD);
        end.map_or(word, |(end, _)| &word[..end]).to_owned()
    }));
}

fn each_once(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable();
    words.dedup();
    words
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
        let found = words_of(&contact);
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
