//! Groups of fields, as delivery status and feedback reports have them
//! (RFC 3464 section 2.1): `Name: value`, folded lines, an empty line between
//! groups. And addresses in running text.

use crate::domain::address::EmailAddress;

/// Groups that are looked at.
const MOST_GROUPS: usize = 200;
/// Octets of a value that are kept.
const LONGEST_VALUE: usize = 4096;

/// A group: names in lower case, and their values unfolded.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.0.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    fn take_line(&mut self, line: &str) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = self.0.last_mut()
                && value.len() + line.len() < LONGEST_VALUE
            {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let value: String = value.trim().chars().take(LONGEST_VALUE).collect();
            self.0.push((name.trim().to_ascii_lowercase(), value));
        }
    }
}

/// The groups of a text.
pub(super) fn groups(text: &str) -> Vec<Fields> {
    let mut groups = Vec::new();
    let mut group = Fields::default();
    for line in text.lines() {
        if !line.trim().is_empty() {
            group.take_line(line);
        } else if !group.0.is_empty() {
            groups.push(std::mem::take(&mut group));
            if groups.len() >= MOST_GROUPS {
                return groups;
            }
        }
    }
    if !group.0.is_empty() {
        groups.push(group);
    }
    groups
}

/// The value of a typed field: `rfc822; anna@example.org`, `smtp; 550 no`.
pub(super) fn typed(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.contains(char::is_whitespace) || kind.len() < 20 => rest.trim(),
        Some(_) | None => value.trim(),
    }
}

/// An address in a typed field: of the type `rfc822` as it stands or as xtext
/// (RFC 3461 section 4), of the type `utf-8` with `\x{…}` (RFC 6533 section 3).
pub(super) fn typed_address(value: &str) -> Option<EmailAddress> {
    let text = typed(value);
    address(text)
        .or_else(|| address(&from_xtext(text)?))
        .or_else(|| address(&from_unitext(text)?))
}

/// A word as an address, whatever stands around it.
pub(super) fn address(word: &str) -> Option<EmailAddress> {
    let bare = word.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '<' | '>'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '"'
                    | '\''
                    | ','
                    | ';'
                    | ':'
                    | '*'
                    | '.'
                    | '«'
                    | '»'
            )
    });
    let bare = bare
        .strip_prefix("mailto:")
        .or_else(|| bare.strip_prefix("smtp:"))
        .or_else(|| bare.strip_prefix("SMTP:"))
        .unwrap_or(bare);
    if !bare.contains('@') {
        return None;
    }
    EmailAddress::parse(bare).ok()
}

/// The addresses in a line, in order.
pub(super) fn addresses(line: &str) -> impl Iterator<Item = EmailAddress> {
    line.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';'))
        .filter(|word| word.contains('@'))
        .filter_map(address)
}

/// `anna+40example.org`: two hexadecimal digits after each `+`.
fn from_xtext(text: &str) -> Option<String> {
    unescape(text, "+", |rest| rest.get(..2).map(|digits| (digits, 2)))
}

/// `\x{430}nna@example.org`.
fn from_unitext(text: &str) -> Option<String> {
    unescape(text, "\\x{", |rest| {
        let end = rest.find('}').filter(|end| *end <= 6)?;
        Some((&rest[..end], end + 1))
    })
}

fn unescape<'a>(
    text: &'a str,
    sign: &str,
    digits: impl Fn(&'a str) -> Option<(&'a str, usize)>,
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(sign) {
        out.push_str(&rest[..at]);
        rest = &rest[at + sign.len()..];
        let (number, length) = digits(rest)?;
        let number = u32::from_str_radix(number, 16).ok()?;
        out.push(char::from_u32(number)?);
        rest = rest.get(length..)?;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_coding() {
        for text in [
            "rfc822; anna@example.org",
            "RFC822;<anna@example.org>",
            "rfc822;anna+40example.org",
            "utf-8; \\x{61}nna@example.org",
            "anna@example.org",
        ] {
            let read = typed_address(text).map(|found| found.to_string());
            assert_eq!(read.as_deref(), Some("anna@example.org"), "{text}");
        }
        for text in ["rfc822; anna", "x400; /CN=anna/", "rfc822;", "+4", "\\x{}"] {
            assert_eq!(typed_address(text), None, "{text}");
        }
    }

    #[test]
    fn groups_are_told_apart_and_unfolded() {
        let groups = groups("A: 1\nB: two\n lines\n\n\n c : 3\nC: 3\n");
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].get("b"), Some("two lines"));
        assert_eq!(groups[1].get("c"), Some("3"));
    }
}
