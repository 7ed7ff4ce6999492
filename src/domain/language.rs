//! Languages: BCP 47 tags, and which variant a contact gets.

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use fluent_langneg::negotiate::{NegotiationStrategy, filter_matches};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use unic_langid::LanguageIdentifier;

/// A BCP 47 language tag, in canonical form (`pt-BR`, `sr-Cyrl`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(LanguageIdentifier);

/// A text that is not a BCP 47 tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LanguageError(String);

impl Tell for LanguageError {
    fn said(&self) -> Said {
        said!(
            "`{text}` is not a BCP 47 language tag; expected one such as `en`, `ru` or `pt-BR`",
            text = self.0
        )
    }
}

shown_as_said!(LanguageError);

impl Language {
    /// Parses a tag.
    ///
    /// # Errors
    /// The text is not a well-formed tag, or names no language (`und`).
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        let wrong = || LanguageError(text.escape_debug().to_string());
        let tag: LanguageIdentifier = text.trim().parse().map_err(|_| wrong())?;
        if tag.language.is_empty() {
            return Err(wrong());
        }
        Ok(Self(tag))
    }

    /// The primary subtag alone: `pt` of `pt-BR`.
    pub fn primary(&self) -> &str {
        self.0.language.as_str()
    }
}

impl AsRef<LanguageIdentifier> for Language {
    fn as_ref(&self) -> &LanguageIdentifier {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Language {
    type Err = LanguageError;
    fn from_str(text: &str) -> Result<Self, LanguageError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Language {
    type Error = LanguageError;
    fn try_from(text: String) -> Result<Self, LanguageError> {
        Self::parse(&text)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.to_string()
    }
}

/// For a language without a variant, which ones to try instead, in order:
/// `[languages] fallback = { kk = ["ru"] }`.
pub type Fallbacks = BTreeMap<Language, Vec<Language>>;

/// Why a contact gets the variant they get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Choice {
    /// It answers one of the contact's own languages.
    Asked {
        /// The contact's language that was answered.
        wanted: Language,
    },
    /// The newsroom's fallback rule for one of the contact's languages.
    Fallback {
        /// The contact's language for which the rule stands.
        from: Language,
    },
    /// None of theirs is published: the release's first language.
    ReleaseDefault,
}

/// The variants a contact can read, best first, and why the first was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The variant for a mail in one language.
    pub language: Language,
    /// Why.
    pub choice: Choice,
    /// All variants the contact asked for, in the contact's order, beginning
    /// with `language`: what a stacked mail holds.
    pub readable: Vec<Language>,
}

/// Chooses the variant for a contact: the first of the contact's languages that
/// has one, by itself or by its fallback rule; else the release's first language.
///
/// Each wanted language is tried whole (its own variant, then its fallbacks)
/// before the next: who lists `kk, en` with the rule kk -> ru gets Russian only
/// if the list holds nothing published, since a language the contact named
/// stands above one the newsroom guessed.
///
/// Returns `None` only for a release without variants.
pub fn negotiate(
    wanted: &[Language],
    available: &[Language],
    fallbacks: &Fallbacks,
) -> Option<Negotiated> {
    let mut readable: Vec<Language> = Vec::new();
    let mut choice = None;
    for want in wanted {
        if let Some(found) = matching(want, available) {
            choice.get_or_insert_with(|| Choice::Asked {
                wanted: want.clone(),
            });
            if !readable.contains(&found) {
                readable.push(found);
            }
        }
    }
    if let (Some(choice), Some(first)) = (choice, readable.first()) {
        return Some(Negotiated {
            language: first.clone(),
            choice,
            readable,
        });
    }
    let (language, choice) = fall_back(wanted, available, fallbacks)
        .or_else(|| Some((available.first()?.clone(), Choice::ReleaseDefault)))?;
    Some(Negotiated {
        readable: vec![language.clone()],
        language,
        choice,
    })
}

fn fall_back(
    wanted: &[Language],
    available: &[Language],
    fallbacks: &Fallbacks,
) -> Option<(Language, Choice)> {
    wanted.iter().find_map(|want| {
        let rule = fallbacks
            .get(want)
            .or_else(|| fallbacks.get(&Language::parse(want.primary()).ok()?))?;
        let found = rule.iter().find_map(|other| matching(other, available))?;
        Some((found, Choice::Fallback { from: want.clone() }))
    })
}

/// The variant that answers one wanted language, by language negotiation.
fn matching(want: &Language, available: &[Language]) -> Option<Language> {
    filter_matches(&[want], available, NegotiationStrategy::Lookup)
        .first()
        .map(|found| (*found).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn languages(tags: &str) -> Vec<Language> {
        tags.split_whitespace()
            .map(|tag| Language::parse(tag).unwrap())
            .collect()
    }

    fn check(wanted: &str, available: &str, language: &str, by: &str, readable: &str) {
        let fallbacks = Fallbacks::from([(Language::parse("kk").unwrap(), languages("ru"))]);
        let got = negotiate(&languages(wanted), &languages(available), &fallbacks).unwrap();
        assert_eq!(got.language.to_string(), language, "{wanted}");
        assert_eq!(
            serde_json::to_value(&got.choice).unwrap()["by"],
            by,
            "{wanted}"
        );
        assert_eq!(got.readable, languages(readable), "{wanted}");
    }

    #[test]
    fn the_contacts_order_decides() {
        check("ru en", "en ru", "ru", "asked", "ru en");
        check("en-GB", "en ru", "en", "asked", "en");
        check("pt-BR pt", "pt", "pt", "asked", "pt");
    }

    #[test]
    fn a_named_language_stands_above_a_guessed_one() {
        check("kk en", "en ru", "en", "asked", "en");
        check("kk", "en ru", "ru", "fallback", "ru");
    }

    #[test]
    fn without_a_match_the_release_decides() {
        check("de", "en ru", "en", "release_default", "en");
        check("", "ru en", "ru", "release_default", "ru");
    }

    #[test]
    fn tags_are_checked() {
        for bad in ["", "e", "english language", "und", "en_"] {
            assert!(Language::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Language::parse("PT-br").unwrap().to_string(), "pt-BR");
    }
}
