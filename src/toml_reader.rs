//! TOML read key by key, with the line of each, so that everything wrong in a
//! file is told at once. A leaf that config and intake share.

use crate::domain::header_text::HeaderText;
use crate::domain::language::Language;
use crate::domain::localized::Localized;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::said;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

/// A value and the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot<T> {
    /// The value.
    pub value: T,
    /// Its line, from 1.
    pub line: usize,
}

/// One table of a file. Keys are taken from it; [`Section::finish`] reports
/// those that nobody asked for.
#[derive(Debug)]
pub struct Section {
    file: String,
    /// The table's own name for messages: empty at the top, else `relay.main.`.
    prefix: String,
    /// The line its first key stands in.
    line: usize,
    entries: Vec<Entry>,
    asked: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    key: String,
    line: usize,
    node: Node,
}

/// A TOML value, owned.
#[derive(Debug)]
enum Node {
    Text(String),
    Number(f64, String),
    Flag(bool),
    Date(String),
    List(Vec<(usize, Node)>),
    Table(Vec<Entry>),
}

impl Node {
    fn kind(&self) -> Said {
        match self {
            Self::Text(_) => said!("a text"),
            Self::Number(..) => said!("a number"),
            Self::Flag(_) => said!("true or false"),
            Self::Date(_) => said!("a date"),
            Self::List(_) => said!("a list"),
            Self::Table(_) => said!("a table"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) | Self::Date(text) => Value::from(text.as_str()),
            Self::Number(number, text) => text
                .parse::<i64>()
                .map_or_else(|_| Value::from(*number), Value::from),
            Self::Flag(flag) => Value::from(*flag),
            Self::List(list) => list.iter().map(|(_, node)| node.json()).collect(),
            Self::Table(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.json()))
                    .collect(),
            ),
        }
    }
}

/// Parses a file, or a part of one that begins after `lines_before` lines.
///
/// # Errors
/// The first syntax error, with line and column.
pub fn parse(file: &str, text: &str, lines_before: usize) -> Result<Section, Problem> {
    let lines = Lines {
        starts: line_starts(text),
        before: lines_before,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let column = text[..floor(text, at)]
            .rsplit('\n')
            .next()
            .map_or(0, |head| head.chars().count())
            + 1;
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        Problem::error(file, said!("TOML syntax: {message}", message)).at(lines.of(at), column)
    })?;
    let entries = lines.entries(table.get_ref());
    Ok(Section {
        file: file.to_owned(),
        prefix: String::new(),
        line: lines_before + 1,
        entries,
        asked: Vec::new(),
    })
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect()
}

struct Lines {
    starts: Vec<usize>,
    before: usize,
}

impl Lines {
    fn of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) + self.before
    }

    fn entries(&self, table: &DeTable<'_>) -> Vec<Entry> {
        let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let key: &toml::Spanned<std::borrow::Cow<'_, str>> = key;
            Entry {
                key: key.get_ref().to_string(),
                line: self.of(key.span().start),
                node: self.node(value.get_ref()),
            }
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.line);
        entries
    }

    fn node(&self, value: &DeValue<'_>) -> Node {
        match value {
            DeValue::String(text) => Node::Text(text.to_string()),
            DeValue::Integer(number) => {
                let parsed =
                    i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX);
                #[expect(clippy::cast_precision_loss, reason = "the text beside it is exact")]
                Node::Number(parsed as f64, parsed.to_string())
            }
            DeValue::Float(number) => Node::Number(
                number.as_str().parse().unwrap_or(f64::NAN),
                number.as_str().to_owned(),
            ),
            DeValue::Boolean(flag) => Node::Flag(*flag),
            DeValue::Datetime(date) => Node::Date(date.to_string()),
            DeValue::Array(list) => Node::List(
                list.iter()
                    .map(|item| (self.of(item.span().start), self.node(item.get_ref())))
                    .collect(),
            ),
            DeValue::Table(table) => Node::Table(self.entries(table)),
        }
    }
}

impl Section {
    /// A problem at a line of this file.
    pub fn problem(&self, line: usize, message: impl Into<Said>) -> Problem {
        Problem::error(self.file.as_str(), message).at_line(line)
    }

    /// The line its first key stands in.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The names of the keys nobody has taken yet.
    pub fn keys(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.key.clone()).collect()
    }

    fn take(&mut self, key: &str) -> Option<Entry> {
        self.asked.push(key.to_owned());
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    fn wrong(&self, entry: &Entry, expected: &Said) -> Problem {
        self.problem(
            entry.line,
            said!(
                "`{prefix}{key}` is {kind}; expected {expected}",
                prefix = self.prefix,
                key = entry.key,
                kind = entry.node.kind(),
                expected
            ),
        )
    }

    /// A text.
    pub fn text(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<Spot<String>> {
        let entry = self.take(key)?;
        if let Node::Text(value) = entry.node {
            return Some(Spot {
                value,
                line: entry.line,
            });
        }
        problems.push(self.wrong(&entry, &said!("a text in quotes")));
        None
    }

    /// A text that must be there and not be empty.
    pub fn required(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<Spot<String>> {
        let missing = !self.entries.iter().any(|entry| entry.key == key);
        if missing {
            problems.push(self.problem(
                self.line,
                said!("`{prefix}{key}` is missing", prefix = self.prefix, key),
            ));
        }
        let found = self.text(key, problems)?;
        if found.value.trim().is_empty() {
            problems.push(self.problem(
                found.line,
                said!("`{prefix}{key}` is empty", prefix = self.prefix, key),
            ));
            return None;
        }
        Some(found)
    }

    /// A text, parsed.
    pub fn parsed<T, E: Tell>(
        &mut self,
        key: &str,
        problems: &mut Vec<Problem>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let found = self.text(key, problems)?;
        self.accept(key, &found, problems, parse)
    }

    /// A text that must be there, parsed.
    pub fn required_parsed<T, E: Tell>(
        &mut self,
        key: &str,
        problems: &mut Vec<Problem>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let found = self.required(key, problems)?;
        self.accept(key, &found, problems, parse)
    }

    fn accept<T, E: Tell>(
        &self,
        key: &str,
        found: &Spot<String>,
        problems: &mut Vec<Problem>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(&found.value)
            .map_err(|error| {
                problems.push(self.problem(
                    found.line,
                    said!("`{prefix}{key}`: {error}", prefix = self.prefix, key, error),
                ))
            })
            .ok()
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &str, problems: &mut Vec<Problem>) -> Vec<Spot<String>> {
        let Some(entry) = self.take(key) else {
            return Vec::new();
        };
        let Node::List(list) = entry.node else {
            problems.push(self.wrong(&entry, &said!("a list of texts")));
            return Vec::new();
        };
        let mut found = Vec::new();
        for (line, node) in list {
            match node {
                Node::Text(value) => found.push(Spot { value, line }),
                other @ (Node::Number(..)
                | Node::Flag(_)
                | Node::Date(_)
                | Node::List(_)
                | Node::Table(_)) => problems.push(self.problem(
                    line,
                    said!(
                        "`{prefix}{key}` holds {kind}; expected texts",
                        prefix = self.prefix,
                        key,
                        kind = other.kind()
                    ),
                )),
            }
        }
        found
    }

    /// A list of languages.
    pub fn languages(&mut self, key: &str, problems: &mut Vec<Problem>) -> Vec<Spot<Language>> {
        let mut languages: Vec<Spot<Language>> = Vec::new();
        for spot in self.texts(key, problems) {
            match Language::parse(&spot.value) {
                Ok(value) if languages.iter().any(|known| known.value == value) => {
                    problems.push(self.problem(
                        spot.line,
                        said!(
                            "`{prefix}{key}` names {value} twice",
                            prefix = self.prefix,
                            key,
                            value
                        ),
                    ));
                }
                Ok(value) => languages.push(Spot {
                    value,
                    line: spot.line,
                }),
                Err(error) => problems.push(self.problem(
                    spot.line,
                    said!("`{prefix}{key}`: {error}", prefix = self.prefix, key, error),
                )),
            }
        }
        languages
    }

    /// A text for all languages, or a table with one for each.
    pub fn localized(&mut self, key: &str, problems: &mut Vec<Problem>) -> Localized<String> {
        self.localized_parsed(key, problems, |text| {
            Ok::<_, std::convert::Infallible>(text.to_owned())
        })
    }

    /// One line for all languages, or a table with one for each.
    pub fn localized_line(
        &mut self,
        key: &str,
        problems: &mut Vec<Problem>,
    ) -> Localized<HeaderText> {
        self.localized_parsed(key, problems, HeaderText::parse)
    }

    fn localized_parsed<T, E: Tell>(
        &mut self,
        key: &str,
        problems: &mut Vec<Problem>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Localized<T> {
        let Some(entry) = self.take(key) else {
            return Localized::default();
        };
        match entry.node {
            Node::Text(value) => self
                .accept(
                    key,
                    &Spot {
                        value,
                        line: entry.line,
                    },
                    problems,
                    parse,
                )
                .map(Localized::same)
                .unwrap_or_default(),
            Node::Table(entries) => {
                let mut by_language = Vec::new();
                for own in entries {
                    by_language.extend(self.localized_entry(key, own, problems, &parse));
                }
                Localized {
                    any: None,
                    by_language,
                }
            }
            Node::Number(..) | Node::Flag(_) | Node::Date(_) | Node::List(_) => {
                problems.push(self.wrong(
                    &entry,
                    &said!("a text, or a table such as {{ en = \"…\", ru = \"…\" }}"),
                ));
                Localized::default()
            }
        }
    }

    fn localized_entry<T, E: Tell>(
        &self,
        key: &str,
        own: Entry,
        problems: &mut Vec<Problem>,
        parse: &impl Fn(&str) -> Result<T, E>,
    ) -> Option<(Language, T)> {
        let name = format!("{key}.{}", own.key);
        let language = Language::parse(&own.key)
            .map_err(|error| {
                problems.push(self.problem(
                    own.line,
                    said!(
                        "`{prefix}{name}`: {error}",
                        prefix = self.prefix,
                        name,
                        error
                    ),
                ))
            })
            .ok();
        let Node::Text(value) = own.node else {
            problems.push(self.problem(
                own.line,
                said!(
                    "`{prefix}{name}` is {kind}; expected a text",
                    prefix = self.prefix,
                    name,
                    kind = own.node.kind()
                ),
            ));
            return None;
        };
        let value = self.accept(
            &name,
            &Spot {
                value,
                line: own.line,
            },
            problems,
            parse,
        )?;
        Some((language?, value))
    }

    /// A whole number of at least `least`.
    pub fn whole(&mut self, key: &str, least: u64, problems: &mut Vec<Problem>) -> Option<u64> {
        let entry = self.take(key)?;
        if let Node::Number(_, text) = &entry.node
            && let Ok(number) = text.parse::<u64>()
            && number >= least
        {
            return Some(number);
        }
        problems.push(self.problem(
            entry.line,
            said!(
                "`{prefix}{key}` must be a whole number of at least {least}",
                prefix = self.prefix,
                key,
                least
            ),
        ));
        None
    }

    /// A number in a range.
    pub fn number(
        &mut self,
        key: &str,
        range: std::ops::RangeInclusive<f64>,
        problems: &mut Vec<Problem>,
    ) -> Option<f64> {
        let entry = self.take(key)?;
        if let Node::Number(number, _) = entry.node
            && range.contains(&number)
        {
            return Some(number);
        }
        problems.push(self.problem(
            entry.line,
            said!(
                "`{prefix}{key}` must be a number from {least} to {most}",
                prefix = self.prefix,
                key,
                least = range.start(),
                most = range.end()
            ),
        ));
        None
    }

    /// True or false.
    pub fn flag(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<bool> {
        let entry = self.take(key)?;
        if let Node::Flag(flag) = entry.node {
            return Some(flag);
        }
        problems.push(self.wrong(&entry, &said!("true or false")));
        None
    }

    /// A date, written as TOML's own or as a text.
    pub fn date(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<jiff::civil::Date> {
        let entry = self.take(key)?;
        let written = match &entry.node {
            Node::Date(text) | Node::Text(text) => text.parse().ok(),
            Node::Number(..) | Node::Flag(_) | Node::List(_) | Node::Table(_) => None,
        };
        if written.is_none() {
            problems.push(self.problem(
                entry.line,
                said!(
                    "`{prefix}{key}` must be a date such as 2026-03-10",
                    prefix = self.prefix,
                    key
                ),
            ));
        }
        written
    }

    /// Any value, as JSON.
    pub fn json(&mut self, key: &str) -> Option<Spot<Value>> {
        self.take(key).map(|entry| Spot {
            value: entry.node.json(),
            line: entry.line,
        })
    }

    /// A table within this one.
    pub fn section(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<Section> {
        let entry = self.take(key)?;
        let line = entry.line;
        if let Node::Table(entries) = entry.node {
            return Some(self.inner(key, line, entries));
        }
        problems.push(self.wrong(&entry, &said!("a table")));
        None
    }

    /// A list of tables within this one.
    pub fn sections(&mut self, key: &str, problems: &mut Vec<Problem>) -> Vec<Section> {
        let Some(entry) = self.take(key) else {
            return Vec::new();
        };
        let Node::List(list) = entry.node else {
            problems.push(self.wrong(&entry, &said!("tables [[{key}]]", key)));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (line, node) in list {
            match node {
                Node::Table(entries) => sections.push(self.inner(key, line, entries)),
                other @ (Node::Text(_)
                | Node::Number(..)
                | Node::Flag(_)
                | Node::Date(_)
                | Node::List(_)) => problems.push(self.problem(
                    line,
                    said!(
                        "`{prefix}{key}` holds {kind}; expected tables [[{key}]]",
                        prefix = self.prefix,
                        key,
                        kind = other.kind()
                    ),
                )),
            }
        }
        sections
    }

    fn inner(&self, key: &str, line: usize, entries: Vec<Entry>) -> Section {
        let line = entries.first().map_or(line, |first| first.line);
        Section {
            file: self.file.clone(),
            prefix: format!("{}{key}.", self.prefix),
            line,
            entries,
            asked: Vec::new(),
        }
    }

    /// Reports every key that nobody took.
    pub fn finish(self, problems: &mut Vec<Problem>) {
        for entry in &self.entries {
            let near = self
                .asked
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &entry.key), known))
                .min();
            let hint = match near {
                Some((distance, known)) if distance <= 2 && distance < entry.key.len() => {
                    said!("; did you mean `{known}`?", known)
                }
                Some(_) | None => said!("; known are {known}", known = self.asked.join(", ")),
            };
            problems.push(self.problem(
                entry.line,
                said!(
                    "unknown key `{prefix}{key}`{hint}",
                    prefix = self.prefix,
                    key = entry.key,
                    hint
                ),
            ));
        }
    }
}
