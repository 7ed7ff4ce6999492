//! vCards, 3.0 (RFC 2426) and 4.0 (RFC 6350): one contact a card.

use super::columns::{Dialect, Mapping, Meaning};
use super::folded::{Fold, Line, unfold};
use super::records::{Entry, Record, Skipped, short};
use crate::said;
use percent_encoding::percent_decode_str;

/// A property of a card: `item1.EMAIL;TYPE=work;PREF=1:anna@example.org`.
#[derive(Debug, PartialEq, Eq)]
struct Property<'l> {
    /// Upper case, without its group.
    name: String,
    /// Parameters: name in upper case, and value.
    params: Vec<(String, &'l str)>,
    /// As written.
    value: &'l str,
}

impl<'l> Property<'l> {
    /// Reads a line (RFC 6350 3.3); a parameter's value in quotes may hold
    /// colons and semicolons.
    fn parse(line: &'l str) -> Option<Self> {
        let mut quoted = false;
        let mut parts = Vec::new();
        let mut begun = 0;
        for (place, letter) in line.char_indices() {
            match letter {
                '"' => quoted = !quoted,
                ';' | ':' if !quoted => {
                    parts.push(&line[begun..place]);
                    begun = place + 1;
                    if letter == ':' {
                        break;
                    }
                }
                _ => {}
            }
        }
        // What came last before the value ended in a colon.
        if parts.is_empty() || line.as_bytes().get(begun.checked_sub(1)?) != Some(&b':') {
            return None;
        }
        let name = parts[0].rsplit('.').next().unwrap_or_default().trim();
        let params = parts[1..].iter().map(|part| {
            // vCard 2.1 names a type without `TYPE=`, and some 3.0 do so still.
            let (name, value) = part.split_once('=').unwrap_or(("TYPE", part));
            (name.trim().to_uppercase(), value.trim_matches('"'))
        });
        Some(Self {
            name: name.to_uppercase(),
            params: params.collect(),
            value: &line[begun..],
        })
    }

    /// How much it is preferred, 1 being most (RFC 6350 5.3, RFC 2426 `TYPE=pref`).
    fn preference(&self) -> u32 {
        let of = |(name, value): &(String, &str)| match name.as_str() {
            "PREF" => value.parse().ok(),
            "TYPE" => value
                .split(',')
                .any(|one| one.eq_ignore_ascii_case("pref"))
                .then_some(1),
            _ => None,
        };
        self.params.iter().filter_map(of).min().unwrap_or(101)
    }

    fn param(&self, name: &str) -> Option<&str> {
        let own = self.params.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| *value)
    }
}

/// A value's parts at a delimiter that no backslash stands before, their
/// escapes undone (RFC 6350 3.4).
fn parts(value: &str, delimiter: Option<char>) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        let literal = match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => Some('\n'),
                Some(escaped) => Some(escaped),
                None => Some('\\'),
            },
            one if Some(one) == delimiter => {
                parts.push(String::new());
                None
            }
            one => Some(one),
        };
        if let (Some(letter), Some(last)) = (literal, parts.last_mut()) {
            last.push(letter);
        }
    }
    parts
}

fn whole(value: &str) -> String {
    parts(value, None).concat().trim().to_owned()
}

fn component(value: &str, place: usize) -> String {
    let parts = parts(value, Some(';'));
    parts.get(place).map_or("", |part| part.trim()).to_owned()
}

/// Whether a text is vCards.
pub(super) fn are_cards(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    first.trim_end().eq_ignore_ascii_case("BEGIN:VCARD")
}

/// Reads all cards of a text.
pub(super) fn cards(text: &str, mappings: &[Mapping]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut open: Option<(usize, Vec<Line>)> = None;
    for line in unfold(text, Fold::SpaceOrTab) {
        let is = |word: &str| line.text.trim().eq_ignore_ascii_case(word);
        if is("BEGIN:VCARD") {
            if let Some((begun, _)) = open.replace((line.number, Vec::new())) {
                entries.push(unfinished(begun));
            }
        } else if is("END:VCARD") {
            if let Some((begun, lines)) = open.take() {
                entries.push(card(begun, &lines, mappings));
            }
        } else if let Some((_, lines)) = &mut open {
            lines.push(line);
        } else if !line.text.trim().is_empty() {
            let message = said!("stands outside of any card; expected BEGIN:VCARD");
            entries.push(Err(Skipped::fault(line.number, message)));
        }
    }
    if let Some((begun, _)) = open {
        entries.push(unfinished(begun));
    }
    entries
}

fn unfinished(line: usize) -> Entry {
    Err(Skipped::fault(
        line,
        said!("the card has no END:VCARD; it is left out"),
    ))
}

fn card(begun: usize, lines: &[Line], mappings: &[Mapping]) -> Entry {
    let mut properties = Vec::new();
    for line in lines.iter().filter(|line| !line.text.trim().is_empty()) {
        match Property::parse(&line.text) {
            Some(property) => properties.push(property),
            None => {
                let message = said!(
                    "`{text}` is no property of a card; expected NAME:VALUE",
                    text = short(&line.text)
                );
                return Err(Skipped::fault(line.number, message));
            }
        }
    }
    let value = |name: &str| {
        properties
            .iter()
            .find(|one| one.name == name)
            .map(|one| one.value.trim())
    };
    match value("VERSION") {
        Some("3.0" | "4.0") => {}
        Some(other) => {
            let message = said!(
                "the card is of version {version}; 3.0 and 4.0 are read",
                version = other.escape_debug()
            );
            return Err(Skipped::fault(begun, message));
        }
        None => return Err(Skipped::fault(begun, said!("the card names no VERSION"))),
    }
    if value("KIND")
        .or(value("X-ADDRESSBOOKSERVER-KIND"))
        .is_some_and(|kind| kind.eq_ignore_ascii_case("group"))
    {
        return Err(Skipped::remark(
            begun,
            said!("the card is a group, no contact"),
        ));
    }
    // A stable sort: of equals, the first stays in front.
    properties.sort_by_key(Property::preference);
    let mut record = Record::new(begun);
    for property in &properties {
        take(&mut record, property, mappings);
    }
    Ok(record)
}

/// Puts what a property says into the record.
fn take(record: &mut Record, property: &Property<'_>, mappings: &[Mapping]) {
    let value = property.value;
    let name = property.name.as_str();
    if name == "KEY" {
        return take_key(record, property);
    }
    if property
        .param("ENCODING")
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("8bit"))
    {
        return record.ignore(name);
    }
    match name {
        "VERSION" | "KIND" => {}
        "N" => {
            for (place, meaning) in [
                (1, Meaning::GivenName),
                (2, Meaning::MiddleName),
                (0, Meaning::FamilyName),
            ] {
                record.add(name, meaning, component(value, place));
            }
        }
        "ORG" => record.take(name, component(value, 0), Dialect::Card, mappings),
        "ADR" => record.add(
            "ADR",
            Meaning::Field(crate::domain::contact_fields::Field::Country),
            component(value, 6),
        ),
        "CATEGORIES" => {
            let tags = parts(value, Some(','));
            record.take(name, tags.join(";"), Dialect::Card, mappings);
        }
        "EMAIL" | "TEL" | "URL" => {
            let value = whole(value);
            let value = value
                .strip_prefix("mailto:")
                .or(value.strip_prefix("tel:"))
                .unwrap_or(&value);
            record.take(name, value.to_owned(), Dialect::Card, mappings);
        }
        _ => record.take(name, whole(value), Dialect::Card, mappings),
    }
}

/// A public key (RFC 2426 3.7.2, RFC 6350 6.8.1): in base64, as a `data:` URI, or as
/// a text. One of X.509, or one that stands elsewhere, is left out: nothing is fetched.
fn take_key(record: &mut Record, property: &Property<'_>) {
    let kind = property.param("TYPE").or(property.param("MEDIATYPE"));
    let kind = kind.unwrap_or_default().to_lowercase();
    let value = parts(property.value, None).concat();
    let is_foreign =
        |kind: &str| kind.contains("x509") || kind.contains("pkix") || kind.contains("pkcs");
    let found = match value.strip_prefix("data:") {
        Some(data) => data.split_once(',').and_then(|(kind, data)| {
            let kind = kind.to_lowercase();
            let plain = || percent_decode_str(data).decode_utf8_lossy().into_owned();
            let text = if kind.ends_with(";base64") {
                data.to_owned()
            } else {
                plain()
            };
            (!is_foreign(&kind)).then_some(text)
        }),
        None if value.contains("://") && !value.contains("-----BEGIN ") => None,
        None => Some(value.clone()),
    };
    match found.filter(|_| !is_foreign(&kind)) {
        Some(text) => record.add("KEY", Meaning::Key, text),
        None => record.ignore("KEY"),
    }
}

#[cfg(test)]
#[path = "cards_tests.rs"]
mod tests;
