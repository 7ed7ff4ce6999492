//! LDIF (RFC 2849), as directories and mail programs export address books.

use super::charset;
use super::columns::{Dialect, Mapping};
use super::folded::{Fold, Line, unfold};
use super::records::{Entry, Record, Skipped, short};
use crate::domain::said::Said;
use crate::said;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Whether a text is LDIF: it begins with a version or with a name.
pub(super) fn is_ldif(text: &str) -> bool {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    let word = first.split(':').next().unwrap_or_default();
    first.contains(':') && matches!(word.to_ascii_lowercase().as_str(), "version" | "dn")
}

/// Reads all entries of a text.
pub(super) fn entries(text: &str, mappings: &[Mapping]) -> Vec<Entry> {
    let lines: Vec<Line> = unfold(text, Fold::Space)
        .into_iter()
        .filter(|line| !line.text.starts_with('#'))
        .collect();
    lines
        .split(|line| line.text.trim().is_empty())
        .filter_map(|entry| self::entry(entry, mappings))
        .collect()
}

/// An attribute and its value.
struct Attribute {
    /// Lower case, without options.
    name: String,
    /// Whether it is said in another language besides (`cn;lang-ru`).
    has_options: bool,
    value: String,
}

fn entry(lines: &[Line], mappings: &[Mapping]) -> Option<Entry> {
    // The version stands before the first entry, often without an empty line.
    let is_version = |line: &&Line| line.text.to_ascii_lowercase().starts_with("version:");
    let lines: Vec<_> = lines.iter().filter(|line| !is_version(line)).collect();
    let begun = lines.first()?.number;
    let mut attributes = Vec::new();
    for line in lines {
        match attribute(&line.text) {
            Ok(Some(attribute)) => attributes.push(attribute),
            Ok(None) => {}
            Err(message) => return Some(Err(Skipped::fault(line.number, message))),
        }
    }
    let first = attributes.first()?;
    if first.name != "dn" {
        let message = said!(
            "the entry begins with `{name}`; expected its name, `dn: …`",
            name = first.name.escape_debug()
        );
        return Some(Err(Skipped::fault(begun, message)));
    }
    let change = attributes.iter().find(|one| one.name == "changetype");
    if let Some(change) = change.filter(|one| one.value != "add") {
        let message = said!(
            "the entry is a change (`changetype: {value}`), no contact",
            value = change.value.escape_debug()
        );
        return Some(Err(Skipped::fault(begun, message)));
    }
    if attributes.iter().any(is_group) {
        return Some(Err(Skipped::remark(
            begun,
            said!("the entry is a group, no contact"),
        )));
    }
    // Of two values the one without a language goes first.
    attributes.sort_by_key(|one| one.has_options);
    let mut record = Record::new(begun);
    for one in attributes.into_iter().skip_while(|one| one.name == "dn") {
        if !matches!(one.name.as_str(), "objectclass" | "changetype") {
            record.take(&one.name, one.value, Dialect::Directory, mappings);
        }
    }
    Some(Ok(record))
}

fn is_group(attribute: &Attribute) -> bool {
    let value = attribute.value.to_lowercase();
    attribute.name == "objectclass"
        && matches!(
            value.as_str(),
            "groupofnames" | "groupofuniquenames" | "group" | "organizationalunit"
        )
}

/// Reads `name: value`, `name:: base64` or `name:< URL` (RFC 2849, value-spec).
/// What stands elsewhere is not fetched.
fn attribute(line: &str) -> Result<Option<Attribute>, Said> {
    let wrong = || {
        said!(
            "`{text}` is no attribute of LDIF; expected `name: value`",
            text = short(line)
        )
    };
    let (name, value) = line.split_once(':').ok_or_else(wrong)?;
    let value = if let Some(encoded) = value.strip_prefix(':') {
        match decoded(encoded.trim()) {
            Ok(value) => value,
            // A photograph, which nobody reads as text.
            Err(Undecoded::NoText) => return Ok(None),
            Err(Undecoded::NotBase64) => {
                return Err(said!(
                    "`{name}`: the value is no base64",
                    name = name.escape_debug()
                ));
            }
        }
    } else if value.starts_with('<') {
        return Ok(None);
    } else {
        value.trim().to_owned()
    };
    let (name, options) = name.split_once(';').unwrap_or((name, ""));
    if options.contains("binary") {
        return Ok(None);
    }
    Ok(Some(Attribute {
        name: name.trim().to_lowercase(),
        has_options: !options.is_empty(),
        value,
    }))
}

enum Undecoded {
    NotBase64,
    NoText,
}

/// A value in base64 is UTF-8, says the standard; what older programs wrote is
/// judged by its letters.
fn decoded(encoded: &str) -> Result<String, Undecoded> {
    let bytes = BASE64_STANDARD
        .decode(encoded)
        .map_err(|_| Undecoded::NotBase64)?;
    let decoded = charset::decode(&bytes, None).map_err(|_| Undecoded::NoText)?;
    Ok(decoded.text.trim().to_owned())
}

#[cfg(test)]
#[path = "ldif_tests.rs"]
mod tests;
