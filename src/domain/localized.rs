//! A value with one form per language.

use super::language::Language;
use serde::{Deserialize, Serialize};

/// A value in one or several languages, or one value for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Localized<T> {
    /// What holds for a language that has no form of its own.
    pub any: Option<T>,
    /// Forms by language, in the order written.
    pub by_language: Vec<(Language, T)>,
}

impl<T> Default for Localized<T> {
    fn default() -> Self {
        Self {
            any: None,
            by_language: Vec::new(),
        }
    }
}

impl<T> Localized<T> {
    /// One value for every language.
    pub fn same(value: T) -> Self {
        Self {
            any: Some(value),
            by_language: Vec::new(),
        }
    }

    /// The form for a language: its own, its primary language's, the common
    /// one, English, or the first written.
    pub fn get(&self, language: &Language) -> Option<&T> {
        let find = |test: &dyn Fn(&Language) -> bool| {
            self.by_language
                .iter()
                .find(|(own, _)| test(own))
                .map(|(_, value)| value)
        };
        find(&|own| own == language)
            .or_else(|| find(&|own| own.primary() == language.primary()))
            .or(self.any.as_ref())
            .or_else(|| find(&|own| own.primary() == "en"))
            .or_else(|| self.by_language.first().map(|(_, value)| value))
    }

    /// Whether it has no form at all.
    pub fn is_empty(&self) -> bool {
        self.any.is_none() && self.by_language.is_empty()
    }
}
