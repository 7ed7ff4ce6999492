//! What the program says of something wrong, in a language of the desk: a TOML file
//! of English texts and their translations, which a translator edits.

use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tongue, places};
use crate::said;
use crate::toml_reader;
use jiff::Timestamp;
use std::collections::HashMap;

/// The texts of one language by the English ones.
#[derive(Debug, Default)]
pub(super) struct Catalogue(HashMap<String, String>);

impl Catalogue {
    /// Reads a file over what is known: where both have a text, the file's is told.
    ///
    /// A text that nobody says is left alone, as a newer program may have changed
    /// its English. One whose places are not those of the English is a problem, for
    /// a value would be missing from it.
    pub(super) fn read(&mut self, shown: &str, text: &str, problems: &mut Vec<Problem>) {
        let mut section = match toml_reader::parse(shown, text, 0) {
            Ok(section) => section,
            Err(problem) => return problems.push(problem),
        };
        for english in section.keys() {
            let Some(told) = section.text(&english, problems) else {
                continue;
            };
            let wanted = places(&english);
            if places(&told.value) == wanted {
                self.0.insert(english, told.value);
            } else {
                let message = said!(
                    "the text of `{english}` has other places; expected {places}",
                    english,
                    places = listed(&wanted)
                );
                problems.push(section.problem(told.line, message));
            }
        }
    }

    /// What was said, in this language; in English what has no text here. `dates`
    /// writes an instant.
    pub(super) fn told(&self, said: &Said, dates: &dyn Fn(Timestamp) -> String) -> String {
        let catalogue = self;
        said.told(&Told { catalogue, dates })
    }
}

struct Told<'c> {
    catalogue: &'c Catalogue,
    dates: &'c dyn Fn(Timestamp) -> String,
}

impl Tongue for Told<'_> {
    fn text(&self, english: &str) -> Option<&str> {
        self.catalogue.0.get(english).map(String::as_str)
    }

    fn moment(&self, at: Timestamp) -> Option<String> {
        Some((self.dates)(at))
    }
}

fn listed(places: &[&str]) -> Said {
    if places.is_empty() {
        return said!("no places");
    }
    let names = places.iter().map(|name| format!("{{{name}}}"));
    Said::verbatim(names.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(at: Timestamp) -> String {
        at.strftime("%Y").to_string()
    }

    fn read(text: &str) -> (Catalogue, Vec<String>) {
        let (mut catalogue, mut problems) = (Catalogue::default(), Vec::new());
        catalogue.read("t.toml", "\"no {x}\" = \"нет {x}\"\n", &mut problems);
        catalogue.read("t.toml", text, &mut problems);
        let told = problems.iter().map(ToString::to_string).collect();
        (catalogue, told)
    }

    #[test]
    fn a_newsrooms_own_text_lies_over_the_built_in_one() {
        let no = said!("no {x}", x = "<b>");
        assert_eq!(read("").0.told(&no, &dates), "нет <b>");
        assert_eq!(
            read("\"no {x}\" = \"{x}: нету\"").0.told(&no, &dates),
            "<b>: нету"
        );
        assert_eq!(read("").0.told(&said!("unknown"), &dates), "unknown");
    }

    #[test]
    fn a_text_with_other_places_is_refused_with_its_line() {
        let (catalogue, problems) =
            read("# more\n\"no {x}\" = \"нет {y}\"\n\"a\" = 3\n\"b\" = \"{c}\"");
        assert_eq!(catalogue.told(&said!("no {x}", x = 1), &dates), "нет 1");
        assert_eq!(
            problems,
            [
                "t.toml:2: the text of `no {x}` has other places; expected {x}",
                "t.toml:3: `a` is a number; expected a text in quotes",
                "t.toml:4: the text of `b` has other places; expected no places",
            ]
        );
        assert!(read("\"a = 1").1[0].starts_with("t.toml:1:"));
    }
}
