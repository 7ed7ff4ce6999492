//! Two records that may be one person. They are offered to somebody who knows,
//! never made one by themselves.
//!
//! A name is compared by its sound in Latin letters, so that `Нарси` and
//! `Narsee` are one, whatever the order of its parts and whether a patronymic
//! stands between them. Of two people with one name the outlet tells.

use super::address::EmailAddress;
use super::contact::Contact;
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use icu::normalizer::DecomposingNormalizer;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

const LATIN: &str = include_str!("latin.tsv");

static LETTERS: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    LATIN
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (letter, sound) = line.split_once('\t')?;
            Some((letter.chars().next()?, sound))
        })
        .collect()
});

/// Several ways to write one sound, in the order in which they are levelled.
const SOUNDS: [(&str, &str); 30] = [
    ("shch", "sh"),
    ("sch", "sh"),
    ("tsch", "ch"),
    ("tch", "ch"),
    ("kh", "h"),
    ("zh", "j"),
    ("ph", "f"),
    ("ck", "k"),
    ("cz", "ch"),
    ("ts", "c"),
    ("tz", "c"),
    ("x", "ks"),
    ("w", "v"),
    ("yi", "i"),
    ("ya", "ia"),
    ("ja", "ia"),
    ("yu", "iu"),
    ("ju", "iu"),
    ("ou", "u"),
    ("oo", "u"),
    ("yo", "e"),
    ("io", "e"),
    ("ye", "e"),
    ("je", "e"),
    ("ie", "e"),
    ("ee", "i"),
    ("y", "i"),
    ("q", "k"),
    ("dj", "j"),
    ("dzh", "j"),
];

/// Letters and digits alone, in lower case and without their marks: how words
/// are compared that people write with and without accents and blanks.
pub fn bare(text: &str) -> String {
    if text.is_ascii() {
        let kept = text.bytes().filter(u8::is_ascii_alphanumeric);
        return kept
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect();
    }
    DecomposingNormalizer::new_nfkd()
        .normalize(text)
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// How a word sounds, in Latin letters: two spellings of one name are the same.
pub fn sound(word: &str) -> String {
    let mut latin = String::new();
    for letter in word.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii() {
            if letter.is_ascii_alphanumeric() {
                latin.push(letter);
            }
            continue;
        }
        match LETTERS.get(&letter) {
            Some(sound) => latin.push_str(sound),
            None => latin.push_str(&bare(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    let mut here = letters(&latin);
    for (written, level) in SOUNDS {
        // Most words hold few of them, and are spared the search.
        if letters(written) & !here == 0 && latin.contains(written) {
            latin = latin.replace(written, level);
            here = letters(&latin);
        }
    }
    let mut once = String::new();
    for letter in latin.chars() {
        if !once.ends_with(letter) {
            once.push(letter);
        }
    }
    once
}

/// Which of the letters from a to z stand in a text: a bit each.
fn letters(text: &str) -> u32 {
    let small = text.bytes().filter(u8::is_ascii_lowercase);
    small.fold(0, |all, letter| all | 1 << (letter - b'a'))
}

/// The sounds of a text's words, each once and in order; what is no letter or digit
/// parts them.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| {
        !letter.is_alphanumeric() && !matches!(letter, '\'' | '’' | '`' | '\u{300}'..='\u{36f}')
    });
    let mut words: Vec<_> = parts.map(sound).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Words that outlets have before or after their names, by their sound.
const ARTICLES: [&str; 8] = ["the", "le", "la", "les", "el", "los", "gazeta", "redakcia"];

/// How an outlet's name sounds, without what people leave out.
fn outlet(name: &str) -> String {
    let mut words = words(name);
    if words.len() > 1 {
        words.retain(|word| !ARTICLES.contains(&word.as_str()));
    }
    words.concat()
}

/// Why two records may be one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The addresses differ in capitals alone: only their host knows whether
    /// they are one mailbox (RFC 5321 2.4).
    Capitals,
    /// One name at one outlet.
    NameAndOutlet,
}

impl Tell for Why {
    fn said(&self) -> Said {
        match self {
            Self::Capitals => said!("the addresses differ in capitals alone"),
            Self::NameAndOutlet => said!("the same name at the same outlet"),
        }
    }
}

shown_as_said!(Why);

/// Two records that may be one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Likeness {
    /// The one that was there before, or comes first.
    pub one: EmailAddress,
    /// The other.
    pub other: EmailAddress,
    /// Why.
    pub why: Why,
}

/// What of a contact's record is compared.
#[derive(Debug, Clone)]
pub struct NamedRecord {
    email: EmailAddress,
    name: String,
    outlet: String,
}

impl NamedRecord {
    /// Of a contact.
    pub fn of(contact: &Contact) -> Self {
        Self {
            email: contact.email.clone(),
            name: contact.name.to_string(),
            outlet: contact.outlet.clone(),
        }
    }
}

/// Records to be compared with one another.
#[derive(Debug, Default)]
pub struct Likenesses {
    people: Vec<Person>,
    by_mailbox: HashMap<String, Places>,
    /// By an outlet and two words of a name.
    by_name: HashMap<String, Places>,
    /// How outlets sound: many people work for one.
    outlets: HashMap<String, Arc<str>>,
}

/// Where some records stand; most have nobody beside them.
#[derive(Debug, Default)]
struct Places {
    first: Option<usize>,
    others: Vec<usize>,
}

impl Places {
    fn iter(&self) -> impl Iterator<Item = usize> {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    /// Adds one, where there are not enough yet.
    fn add(&mut self, place: usize) {
        if self.first.is_none() {
            self.first = Some(place);
        } else if self.others.len() + 1 < MOST_ALIKE {
            self.others.push(place);
        }
    }
}

#[derive(Debug)]
struct Person {
    email: EmailAddress,
    words: Vec<String>,
}

impl Likenesses {
    /// Adds a record, and answers with those before it that it is like.
    pub fn add(&mut self, record: &NamedRecord) -> Vec<Likeness> {
        let place = self.people.len();
        let person = Person {
            email: record.email.clone(),
            words: words(&record.name),
        };
        let mut like = BTreeSet::new();
        let mailbox = record.email.to_string().to_lowercase();
        let same = self.by_mailbox.entry(mailbox).or_default();
        like.extend(same.iter().map(|other| (other, Why::Capitals)));
        same.add(place);
        let outlet = self.outlet(&record.outlet);
        // A desk without a name, or a person without an outlet, is like nobody.
        if !outlet.is_empty() {
            for (one, two) in pairs(&person.words) {
                // No sound holds a blank.
                let key = [&*outlet, one, two].join(" ");
                let same = self.by_name.entry(key).or_default();
                let alike = same
                    .iter()
                    .filter(|other| self.people[*other].is_like(&person))
                    .map(|other| (other, Why::NameAndOutlet));
                like.extend(alike);
                same.add(place);
            }
        }
        // Who is like somebody for two reasons is told of once, for the first.
        let like: BTreeMap<_, _> = like.into_iter().rev().collect();
        let found = like.into_iter().map(|(other, why)| Likeness {
            one: self.people[other].email.clone(),
            other: person.email.clone(),
            why,
        });
        let found = found.collect();
        self.people.push(person);
        found
    }

    fn outlet(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.outlets.get(name) {
            return Arc::clone(known);
        }
        let sound: Arc<str> = outlet(name).into();
        self.outlets.insert(name.to_owned(), Arc::clone(&sound));
        sound
    }
}

impl Person {
    /// Whether one has all the names of the other: a patronymic may be left out.
    fn is_like(&self, other: &Self) -> bool {
        let (few, many) = if self.words.len() < other.words.len() {
            (&self.words, &other.words)
        } else {
            (&other.words, &self.words)
        };
        few.iter().all(|word| many.binary_search(word).is_ok())
    }
}

/// A record is compared with so many of one name at one outlet: the newsroom of
/// a list that calls everybody `News desk` need not hear of each pair.
const MOST_ALIKE: usize = 20;
/// At most so many words of a name are paired.
const MOST_WORDS: usize = 6;

/// Every two words of a name; a name of one word with itself.
fn pairs(words: &[String]) -> Vec<(&str, &str)> {
    let words: Vec<&str> = words.iter().take(MOST_WORDS).map(String::as_str).collect();
    if let [only] = words.as_slice() {
        return vec![(only, "")];
    }
    let mut pairs = Vec::new();
    for (place, one) in words.iter().enumerate() {
        for two in &words[place + 1..] {
            pairs.push((*one, *two));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::example;
    use crate::domain::header_text::HeaderText;
    use proptest::prelude::*;

    fn person(email: &str, name: &str, outlet: &str) -> NamedRecord {
        NamedRecord::of(&Contact {
            name: HeaderText::parse(name).unwrap(),
            outlet: outlet.into(),
            ..example(email)
        })
    }

    #[test]
    fn one_name_sounds_alike_however_it_is_written() {
        for (one, other) in [
            ("Нарси", "Narsee"),
            ("Аарти", "Aarti"),
            ("Юлия", "Yulia"),
            ("Юлия", "Julia"),
            ("Юлия", "Iuliia"),
            ("Щербаков", "Shcherbakov"),
            ("Чайковский", "Tchaikovsky"),
            ("Хабаров", "Khabarov"),
            ("Жанна", "Zhanna"),
            ("Цой", "Tsoy"),
            ("Ёлкина", "Елкина"),
            ("Сергей", "Sergey"),
            ("Сергей", "Sergei"),
            ("Олексій", "Oleksii"),
            ("Müller", "Muller"),
            ("José", "JOSE"),
            ("Әсел", "Асел"),
        ] {
            assert_eq!(sound(one), sound(other), "{one} {other}");
        }
        for (one, other) in [("Ким", "Кан"), ("Иванов", "Иванова"), ("Anna", "Inna")]
        {
            assert_ne!(sound(one), sound(other), "{one} {other}");
        }
    }

    #[test]
    fn one_person_at_one_outlet_is_found() {
        let mut known = Likenesses::default();
        let first = person("narsee@example.org", "Aarti Narsee", "The Steppe Post");
        assert_eq!(known.add(&first), []);
        let again = person("a.n@example.net", "Нарси Аарти Петровна", "Steppe Post");
        let found = known.add(&again);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (&found[0].one, &found[0].other, found[0].why),
            (&first.email, &again.email, Why::NameAndOutlet)
        );
        for (n, (name, outlet)) in [
            ("Aarti Narsee", "Another Post"),
            ("Aarti Kim", "Steppe Post"),
            ("Aarti Narsee", ""),
            ("", "Steppe Post"),
            ("Aarti", "Steppe Post"),
        ]
        .into_iter()
        .enumerate()
        {
            let stranger = person(&format!("s{n}@example.org"), name, outlet);
            assert_eq!(known.add(&stranger), [], "{name} {outlet}");
        }
    }

    #[test]
    fn an_outlet_is_known_in_either_script() {
        let mut known = Likenesses::default();
        known.add(&person("a@example.org", "Вера Ким", "Газета «Волна»"));
        assert_eq!(
            known
                .add(&person("b@example.org", "Vera Kim", "Volna"))
                .len(),
            1
        );
    }

    #[test]
    fn addresses_that_differ_in_capitals_are_offered() {
        let mut known = Likenesses::default();
        known.add(&person("Anna.K@example.org", "", ""));
        let found = known.add(&person("anna.k@example.org", "", ""));
        assert_eq!(found[0].why, Why::Capitals);
        assert_eq!(known.add(&person("anna@example.org", "", "")), []);
        // Of two reasons the first is told.
        known.add(&person("Vera@example.org", "Vera Ivanova", "Volna"));
        let found = known.add(&person("vera@example.org", "Вера Иванова", "Волна"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].why, Why::Capitals);
    }

    proptest! {
        #[test]
        fn any_name_is_like_itself_alone(name in "[a-zа-яA-ZА-Я]{2,9} [a-zа-я]{2,9}") {
            let mut known = Likenesses::default();
            known.add(&person("a@example.org", &name, "X"));
            let found = known.add(&person("b@example.org", &name, "X"));
            prop_assert!(found.len() <= 1);
            prop_assert_eq!(found.is_empty(), words(&name).is_empty());
        }
    }
}
