//! Selectors, and which domain may speak for which.

use crate::domain::said::Said;
use crate::said;
use std::fmt;

/// Names a key among those of a domain (RFC 6376 3.1): letters, digits and
/// hyphens, in parts that dots divide.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector(String);

impl Selector {
    /// Reads a selector; DNS does not tell upper case from lower, so it is kept lower.
    ///
    /// # Errors
    /// In words: what is not allowed in it.
    pub fn parse(text: &str) -> Result<Self, Said> {
        let plain = |part: &str| {
            (1..=63).contains(&part.len())
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // With `._domainkey.` and a domain it must fit the 253 octets of a name.
        if text.len() <= 100 && text.split('.').all(plain) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(said!(
            "`{text}` is no selector; expected letters, digits and hyphens such as `press2027`",
            text = text.escape_debug()
        ))
    }

    /// The selector.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a signature of one domain can speak for an author at the other under
/// DMARC (RFC 7489 3.1.1): one is the other, or lies within it. That both belong
/// to one organisation otherwise, only the DNS can tell.
pub fn aligned(signing: &str, author: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner
            .strip_suffix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    within(author, signing) || within(signing, author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        assert_eq!(
            Selector::parse("Press-2027.A").unwrap().as_str(),
            "press-2027.a"
        );
        let long = "a".repeat(64);
        for text in ["", ".", "a..b", "-a", "a-", "a_b", "a b", "a;b", "é", &long] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn alignment() {
        for (signing, author, expected) in [
            ("newsroom.example", "newsroom.example", true),
            ("newsroom.example", "press.newsroom.example", true),
            ("mail.newsroom.example", "newsroom.example", true),
            ("room.example", "newsroom.example", false),
            ("other.example", "newsroom.example", false),
        ] {
            assert_eq!(aligned(signing, author), expected, "{signing} {author}");
        }
    }
}
