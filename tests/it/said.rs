//! What is said of something wrong: every text has its Russian, and none goes round
//! the catalogue.

use crate::architecture::sources;
use dateline::domain::said::places;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

const CATALOGUE: &str = "templates/web/i18n/errors.ru.toml";

/// The sources without comments and without what is there for tests alone, by name.
fn program() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(root).unwrap().display().to_string();
            let whole = std::fs::read_to_string(file).unwrap();
            let own = whole.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
            let text: Vec<_> = own.lines().filter(is_code).collect();
            (name, text.join("\n"))
        })
        .filter(|(name, _)| !name.contains("tests"))
        .collect()
}

/// Where a macro or function is called in the sources, and what follows its bracket.
fn calls<'t>(text: &'t str, called: &str) -> Vec<(usize, &'t str)> {
    let at = |(at, found): (usize, &str)| {
        let before = text[..at].chars().next_back();
        let own = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let line = text[..at].matches('\n').count() + 1;
        own.then(|| (line, text[at + found.len()..].trim_start()))
    };
    text.match_indices(called).filter_map(at).collect()
}

/// The text of a literal that begins here.
fn literal(code: &str) -> Option<String> {
    let mut rest = code.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                'n' => text.push('\n'),
                // The line goes on where the next one says something.
                '\n' => rest = rest.as_str().trim_start().chars(),
                same @ ('"' | '\\' | '\'') => text.push(same),
                other => panic!("an escape that is not known here: \\{other}"),
            },
            c => text.push(c),
        }
    }
}

/// Whether it says anything beside its values.
fn has_words(text: &str) -> bool {
    let mut bare = text.to_owned();
    for place in places(text) {
        bare = bare.replace(&format!("{{{place}}}"), "");
    }
    bare.contains(char::is_alphabetic)
}

/// Every text that is said, with the places in the sources where it is.
fn said() -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (file, text) in program() {
        for (line, rest) in calls(&text, "said!(") {
            let place = format!("{file}, about line {line}");
            let pattern = literal(rest).unwrap_or_else(|| panic!("no text: {place}"));
            all.entry(pattern).or_default().push(place);
        }
    }
    assert!(all.len() > 500, "only {} were found", all.len());
    all
}

fn catalogue() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(CATALOGUE);
    let text = std::fs::read_to_string(path).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let told = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let pairs = table.iter().map(|(key, value)| (key.clone(), told(value)));
    pairs.collect()
}

#[test]
fn every_text_has_its_russian_with_the_same_places() {
    let (said, catalogue) = (said(), catalogue());
    let mut faults = String::new();
    for (english, where_) in said.iter().filter(|(text, _)| has_words(text)) {
        match catalogue.get(english) {
            None => writeln!(faults, "{}: no Russian for {english:?}", where_[0]).unwrap(),
            Some(russian) if places(russian) != places(english) => {
                writeln!(faults, "{CATALOGUE}: other places than in {english:?}").unwrap();
            }
            Some(russian) if russian.trim() != russian && english.trim() == english => {
                writeln!(faults, "{CATALOGUE}: blanks round {russian:?}").unwrap();
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<_> = said.keys().collect();
    for english in catalogue.keys().filter(|english| !known.contains(english)) {
        writeln!(faults, "{CATALOGUE}: nobody says {english:?}").unwrap();
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// Settings and files that a text may name without any word of its own.
const NAMES: [&str; 9] = [
    "ca_file",
    "dkim",
    "key_file",
    "openpgp",
    "passphrase_file",
    "password_file",
    "store",
    "style.css",
    "true or false",
];

#[test]
fn the_russian_is_russian() {
    for (english, russian) in catalogue() {
        // What stands in backquotes is typed as it is.
        let own: String = english.split('`').step_by(2).collect();
        let left = NAMES.iter().fold(own, |own, name| own.replace(name, ""));
        let is_russian = russian
            .chars()
            .any(|c| ('а'..='я').contains(&c) || c == 'ё');
        let no_words = !has_words(&left) || english.starts_with("--");
        assert!(is_russian || no_words, "{english:?} = {russian:?}");
    }
}

/// Words that are put together without a text of the catalogue stay English for
/// everybody. The types let no `String` be said; what is left is to call one the
/// words of somebody else.
#[test]
fn no_words_of_ours_are_called_somebody_elses() {
    let mut faults = String::new();
    for (file, text) in program() {
        for (line, rest) in calls(&text, "verbatim(") {
            let rest = rest.trim_start_matches(['&', '*']);
            let made = ["format!(", "format_args!(", "concat!("];
            let inside = made.iter().find_map(|made| rest.strip_prefix(made));
            let own = literal(inside.unwrap_or(rest).trim_start());
            if own.is_some_and(|own| has_words(&own)) {
                writeln!(faults, "{file}, about line {line}: use `said!`").unwrap();
            }
        }
        let made_up = !calls(&text, "Said::filled(").is_empty();
        if made_up && file != "src/domain/said.rs" {
            writeln!(faults, "{file}: a text is said by `said!` alone").unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// The fields in which desk and rules say something, by their names.
fn said_fields(program: &BTreeMap<String, String>) -> BTreeSet<String> {
    let kinds = ["Said,", "Option<Said>,", "Vec<Said>,"];
    let field = |line: &str| {
        let (name, kind) = line.trim().strip_prefix("pub ")?.split_once(": ")?;
        kinds.contains(&kind).then(|| name.to_owned())
    };
    let lines = program.values().flat_map(|text| text.lines());
    lines.filter_map(field).collect()
}

/// What is called like such a field and is a number.
const A_NUMBER: &str = "card.warnings";

/// What a page is given as it stands: the last name of `"key": value.name,`.
fn given(line: &str) -> Option<&str> {
    let (_, value) = line.split_once("\": ")?;
    let value = value.trim_end().strip_suffix(',')?;
    if value == A_NUMBER {
        return None;
    }
    let is_path = value
        .chars()
        .all(|c| c.is_alphanumeric() || "_.&*".contains(c));
    let (_, name) = value.rsplit_once('.').filter(|_| is_path)?;
    Some(name)
}

/// A page is given nothing that was said but through `tell`; the API is in English.
#[test]
fn a_page_asks_the_catalogue() {
    let program = program();
    let fields = said_fields(&program);
    assert!(
        fields.contains("message") && fields.contains("lacking"),
        "{fields:?}"
    );
    let mut faults = String::new();
    let is_page = |file: &str| file.starts_with("src/web/") && !file.starts_with("src/web/api/");
    for (file, text) in program.iter().filter(|(file, _)| is_page(file)) {
        for line in text.lines() {
            let bare = given(line).is_some_and(|name| fields.contains(name));
            let flat = ["fault", "error", "problem"]
                .iter()
                .any(|said| !calls(line, &format!("{said}.to_string()")).is_empty());
            if bare || (flat && file != "src/web/metrics.rs") {
                writeln!(faults, "{file}: use `tell`: {}", line.trim()).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn a_literal_is_read_as_the_compiler_reads_it() {
    assert_eq!(
        literal("\"a \\\"b\\\" \\\n     c\\n\", x)").as_deref(),
        Some("a \"b\" c\n")
    );
    assert_eq!(literal("name, x"), None);
    assert_eq!(given("    \"message\": one.message,"), Some("message"));
    assert_eq!(given("\"message\": tell(&one.message),"), None);
    assert!(has_words("a {b}") && !has_words("{b}: `{c}`") && has_words("{{a}}"));
    let found = calls("said!(\"x\") shown_as_said!(E) said!(\n \"y\")", "said!(");
    let found: Vec<_> = found
        .iter()
        .map(|(line, rest)| (*line, literal(rest)))
        .collect();
    assert_eq!(
        found,
        [(1, Some("x".to_owned())), (1, Some("y".to_owned()))]
    );
}
