//! Countries and languages by the names that people write into tables.

use crate::domain::language::Language;
use crate::domain::likeness::bare;
use crate::domain::said::{Said, Tell};
use crate::intake::release::is_country;
use crate::said;
use std::collections::HashMap;
use std::sync::LazyLock;

const COUNTRIES: &str = include_str!("countries.tsv");
const LANGUAGES: &str = include_str!("languages.tsv");

type Codes = HashMap<String, &'static str>;

/// Shorter names of languages are codes of others: `Yi`, `Ewe`.
const SHORTEST_LANGUAGE: usize = 4;

static COUNTRY_CODES: LazyLock<Codes> = LazyLock::new(|| codes(COUNTRIES, 1));
static LANGUAGE_CODES: LazyLock<Codes> = LazyLock::new(|| codes(LANGUAGES, SHORTEST_LANGUAGE));

/// Codes by names of at least so many letters; of two that have one name, the
/// first.
fn codes(table: &'static str, shortest: usize) -> Codes {
    let mut codes = Codes::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let Some(code) = cells.next() else { continue };
        for name in cells.map(bare) {
            if name.chars().count() >= shortest {
                codes.entry(name).or_insert(code);
            }
        }
    }
    codes
}

/// A country's code, by its name in one of several languages or by the code
/// itself (ISO 3166-1 alpha-2).
pub(super) fn country(text: &str) -> Result<String, Said> {
    let upper = text.to_ascii_uppercase();
    if is_country(&upper) && upper != "UK" {
        return Ok(upper);
    }
    COUNTRY_CODES.get(&bare(text)).map_or_else(
        || {
            Err(said!(
                "`{text}` is no country; expected two letters such as KZ (ISO 3166-1), or its name",
                text = text.escape_debug()
            ))
        },
        |code| Ok((*code).to_owned()),
    )
}

/// A language, by its name in one of several languages or by its tag (BCP 47).
pub(super) fn language(text: &str) -> Result<Language, Said> {
    // Names go first: `Russian` would be a well-formed tag.
    let tag = LANGUAGE_CODES.get(&bare(text)).copied().unwrap_or(text);
    Language::parse(tag).map_err(|error| error.said())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_by_name() {
        for (text, code) in [
            ("kz", "KZ"),
            ("Казахстан", "KZ"),
            ("KAZAKHSTAN", "KZ"),
            ("Kazajistán", "KZ"),
            ("UK", "GB"),
            ("США", "US"),
            ("Cote d'Ivoire", "CI"),
            ("Россия", "RU"),
            ("Україна", "UA"),
        ] {
            assert_eq!(country(text), Ok(code.to_owned()), "{text}");
        }
        assert!(
            country("Atlantis")
                .unwrap_err()
                .to_string()
                .contains("`Atlantis`")
        );
    }

    #[test]
    fn languages_are_known_by_tag_and_by_name() {
        for (text, tag) in [
            ("ru", "ru"),
            ("pt-BR", "pt-BR"),
            ("русский", "ru"),
            ("Russian", "ru"),
            ("ANGLAIS", "en"),
            ("inglés", "en"),
            ("Қазақша", "kk"),
            ("yi", "yi"),
        ] {
            assert_eq!(language(text).unwrap().to_string(), tag, "{text}");
        }
        assert!(language("?").is_err());
    }
}
