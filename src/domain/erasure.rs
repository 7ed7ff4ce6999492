//! Erasure: who counts as the same mailbox, what counts as a mention of it, and
//! what is put in its place (GDPR article 17).
//!
//! Pure: the tables and files are the store's and the desk's. An address that was
//! forgotten is kept as a keyed hash alone, so that it stays barred and nobody
//! can read off whose it was.

use super::address::EmailAddress;
use std::fmt;

/// What stands where an address was: an address, so that whatever is read as one
/// still is one, of a name that is never given to anybody (RFC 2606 section 2).
pub const FORGOTTEN: &str = "forgotten@erased.invalid";

/// Signs that may stand in a local part (RFC 5321 4.1.2), but that mostly end
/// whatever stands before an address: `to=anna@…`, `https://example.org/anna@…`.
const DIVIDERS: &[u8] = b"=/?&";

/// Other signs that may stand in a local part beside letters and digits.
const SIGNS: &[u8] = b"!#$%'*+-^_`{|}~.";

/// Whether an address is the one that stands where somebody was forgotten.
pub fn is_forgotten(email: &EmailAddress) -> bool {
    email.to_string() == FORGOTTEN
}

/// An address as it is compared here. Only its own host may say whether the case
/// of a local part matters (RFC 5321 2.4), and hardly any does: whoever asks to be
/// forgotten means every spelling.
pub fn folded(email: &EmailAddress) -> String {
    format!("{}@{}", email.local().to_lowercase(), email.domain())
}

/// Whether two addresses are one mailbox, as far as erasure goes.
pub fn is_same(one: &EmailAddress, other: &EmailAddress) -> bool {
    folded(one) == folded(other)
}

/// By what hashes of forgotten addresses are keyed: without it nobody can try a
/// list of addresses against them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ErasureKey([u8; 32]);

impl fmt::Debug for ErasureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasureKey")
    }
}

impl ErasureKey {
    /// The key of 32 octets.
    pub fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// What an address is known by once it is forgotten: BLAKE3 keyed, 64 hex digits.
    pub fn hash(&self, email: &EmailAddress) -> String {
        blake3::keyed_hash(&self.0, folded(email).as_bytes())
            .to_hex()
            .to_string()
    }
}

/// A form in which somebody is named.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Form {
    /// What stands right before the text, in small letters of any script: where it is
    /// empty, nothing need. No store folds other letters than ASCII's.
    before: String,
    /// ASCII letters in lower case.
    text: String,
    /// Whether what stands beside it may make another address of it.
    bounded: bool,
}

impl Form {
    /// Where it begins, where its text stands at a place: before it there must be
    /// what belongs there, as many letters of whatever case.
    fn begins(&self, octets: &[u8], from: usize, at: usize) -> Option<usize> {
        let mut start = at;
        for _ in self.before.chars() {
            // Octets that go on with a letter (RFC 3629 3).
            let letter = octets.get(from..start)?;
            let goes_on = letter.iter().rev().take_while(|one| **one & 0xC0 == 0x80);
            start = start
                .checked_sub(goes_on.count() + 1)
                .filter(|start| *start >= from)?;
        }
        let before = std::str::from_utf8(octets.get(start..at)?).ok()?;
        (self.before.is_empty() || before.to_lowercase() == self.before).then_some(start)
    }
}

/// Everything that counts as a mention of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentions {
    forms: Vec<Form>,
}

impl Mentions {
    /// Of an address: as it is written, with its domain in its own letters
    /// (RFC 5890), as JSON escapes it, in a URL, and as return paths of others
    /// carry it (`anna=example.org`).
    pub fn of(email: &EmailAddress) -> Self {
        let mut all = Self { forms: Vec::new() };
        let (unicode, _) = idna::domain_to_unicode(email.domain());
        let lower = email.local().to_lowercase();
        for local in [email.local(), lower.as_str()] {
            for domain in [email.domain(), unicode.as_str()] {
                let plain = format!("{local}@{domain}");
                all.add(&json_inside(&plain), true);
                all.add(&plain, true);
                all.add(&format!("{local}={domain}"), true);
                all.add(&format!("{local}%40{domain}"), true);
                all.add(&format!("{}%40{domain}", percent(local)), true);
            }
        }
        if !email.local().is_ascii() {
            for domain in [email.domain(), unicode.as_str()] {
                for sign in ["@", "=", "%40"] {
                    all.add_folded(&json_inside(&lower), &format!("{sign}{domain}"));
                }
            }
        }
        all
    }

    /// Adds an identifier that stands for the same person.
    pub fn add_id(&mut self, id: &impl fmt::Display) {
        self.add(&id.to_string(), false);
    }

    fn add(&mut self, text: &str, bounded: bool) {
        self.add_form(Form {
            before: String::new(),
            text: text.to_ascii_lowercase(),
            bounded,
        });
    }

    /// Adds a text with whatever spelling of another before it.
    fn add_folded(&mut self, before: &str, text: &str) {
        self.add_form(Form {
            before: before.to_owned(),
            text: text.to_ascii_lowercase(),
            bounded: true,
        });
    }

    fn add_form(&mut self, form: Form) {
        if !self.forms.contains(&form) {
            self.forms.push(form);
        }
    }

    /// Texts of which a mention holds one, whatever the case of ASCII letters: a
    /// store may ask for these first. Not all that holds one is a mention.
    pub fn parts(&self) -> Vec<&str> {
        self.forms.iter().map(|form| form.text.as_str()).collect()
    }

    /// Whether a text names them.
    pub fn is_in(&self, text: &str) -> bool {
        self.is_in_octets(text.as_bytes())
    }

    /// Whether octets name them.
    pub fn is_in_octets(&self, octets: &[u8]) -> bool {
        self.first(octets, &octets.to_ascii_lowercase(), 0)
            .is_some()
    }

    /// The line, from 1, in which octets name them first.
    pub fn line_in(&self, octets: &[u8]) -> Option<usize> {
        let (start, _) = self.first(octets, &octets.to_ascii_lowercase(), 0)?;
        let breaks = octets[..start].iter().filter(|octet| **octet == b'\n');
        Some(breaks.count() + 1)
    }

    /// The text with [`FORGOTTEN`] wherever they are named; `None` where they are
    /// not.
    pub fn redact(&self, text: &str) -> Option<String> {
        let lower = text.as_bytes().to_ascii_lowercase();
        let (mut redacted, mut from) = (String::new(), 0);
        while let Some((start, end)) = self.first(text.as_bytes(), &lower, from) {
            redacted.push_str(text.get(from..start)?);
            redacted.push_str(FORGOTTEN);
            from = end;
        }
        (from > 0).then(|| {
            redacted.push_str(text.get(from..).unwrap_or_default());
            redacted
        })
    }

    /// The same for a text that is changed in place.
    pub fn redact_in(&self, text: &mut String) {
        if let Some(redacted) = self.redact(text) {
            *text = redacted;
        }
    }

    /// The first mention from a place on: of several at one place the longest.
    fn first(&self, octets: &[u8], lower: &[u8], from: usize) -> Option<(usize, usize)> {
        let found = self.forms.iter().filter_map(|form| {
            let needle = form.text.as_bytes();
            let finder = memchr::memmem::Finder::new(needle);
            finder
                .find_iter(lower.get(from..)?)
                .filter_map(|at| {
                    let start = form.begins(octets, from, from + at)?;
                    Some((start, from + at + needle.len()))
                })
                .find(|(start, end)| !form.bounded || stands_alone(octets, *start, *end))
        });
        found.min_by_key(|(start, end)| (*start, usize::MAX - end))
    }
}

/// Whether nothing beside an address makes another one of it.
fn stands_alone(octets: &[u8], start: usize, end: usize) -> bool {
    begins(&octets[..start]) && ends(&octets[end..])
}

/// Whether an address may begin after this. `joanna@…` is not `anna@…`, nor is
/// `o'anna@…`; `'anna@…` is.
fn begins(before: &[u8]) -> bool {
    let mut before = before;
    let mut signs = 0;
    loop {
        match before.last() {
            None => return true,
            Some(octet) if DIVIDERS.contains(octet) => return true,
            Some(octet) if SIGNS.contains(octet) => {
                // Nobody quotes an address by dots and the like.
                if signs == 0 && b".+-_".contains(octet) {
                    return false;
                }
                signs += 1;
                before = &before[..before.len() - 1];
            }
            Some(_) => return !ends_in_letter(before),
        }
    }
}

/// Whether an address may end before this: `anna@example.org.uk` is another.
fn ends(after: &[u8]) -> bool {
    match after {
        [b'-', ..] => false,
        [b'.', rest @ ..] => !begins_with_letter(rest),
        rest => !begins_with_letter(rest),
    }
}

fn ends_in_letter(octets: &[u8]) -> bool {
    let tails = (1..=4.min(octets.len())).map(|length| &octets[octets.len() - length..]);
    let last = tails
        .filter_map(|tail| std::str::from_utf8(tail).ok())
        .find_map(|tail| tail.chars().next_back());
    last.is_some_and(char::is_alphanumeric)
}

fn begins_with_letter(octets: &[u8]) -> bool {
    let heads = (1..=4.min(octets.len())).map(|length| &octets[..length]);
    let first = heads
        .filter_map(|head| std::str::from_utf8(head).ok())
        .find_map(|head| head.chars().next());
    first.is_some_and(char::is_alphanumeric)
}

/// A text as it stands between the marks of a JSON string.
fn json_inside(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.trim_matches('"').to_owned()
}

/// A text as it stands in a URL (RFC 3986 section 2.1).
fn percent(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn anna() -> Mentions {
        Mentions::of(&EmailAddress::parse("anna@example.org").unwrap())
    }

    #[test]
    fn what_stands_for_somebody_forgotten_is_an_address_of_nobody() {
        let address = EmailAddress::parse(FORGOTTEN).unwrap();
        assert_eq!(address.to_string(), FORGOTTEN);
        assert!(is_forgotten(&address));
    }

    #[test]
    fn an_address_is_found_in_all_its_forms() {
        for text in [
            "anna@example.org",
            "Anna@Example.ORG",
            "<anna@example.org>",
            "\"anna@example.org\"",
            "'anna@example.org'",
            "to=anna@example.org, status=bounced",
            "550 5.1.1 anna@example.org: unknown",
            "write to anna@example.org.",
            "«anna@example.org»",
            "mailto:anna@example.org?subject=x",
            "https://example.org/?to=anna%40example.org&x=1",
            "bounces-anna=example.org@lists.example",
        ] {
            // A return path of somebody else's begins with words of its own.
            let expected = text.starts_with("bounces-");
            assert_eq!(anna().is_in(text), !expected, "{text}");
        }
        assert!(anna().is_in("<anna=example.org@lists.example>"));
    }

    #[test]
    fn another_address_is_not_taken_for_it() {
        for text in [
            "joanna@example.org",
            "jo.anna@example.org",
            "x+anna@example.org",
            "o'anna@example.org",
            "anna@example.org.uk",
            "anna@example.organic",
            "anna@example.org-x.example",
            "яanna@example.org",
            "anna@sub.example.org",
            "anna@example.com",
        ] {
            assert!(!anna().is_in(text), "{text}");
            assert_eq!(anna().redact(text), None, "{text}");
        }
    }

    #[test]
    fn a_domain_in_its_own_letters_is_the_same() {
        let email = EmailAddress::parse("desk@bücher.example").unwrap();
        let mentions = Mentions::of(&email);
        assert!(mentions.is_in("desk@bücher.example"));
        assert!(mentions.is_in("desk@xn--bcher-kva.example"));
        let quoted = EmailAddress::parse("\"a\\\"b\"@example.org").unwrap();
        let json = serde_json::to_string(&quoted).unwrap();
        assert!(Mentions::of(&quoted).is_in(&json), "{json}");
    }

    #[test]
    fn capitals_of_any_script_are_one_spelling() {
        let email = EmailAddress::parse("редакция@bücher.example").unwrap();
        let mentions = Mentions::of(&email);
        for text in [
            "РЕДАКЦИЯ@xn--bcher-kva.example",
            "Редакция@bücher.example",
            "<рЕДАКЦИЯ@XN--BCHER-KVA.example>",
            "{\"email\":\"РеДаКцИя@xn--bcher-kva.example\"}",
        ] {
            assert!(mentions.is_in(text), "{text}");
            let redacted = mentions.redact(text).unwrap();
            assert!(
                redacted.contains(FORGOTTEN) && !mentions.is_in(&redacted),
                "{redacted}"
            );
            let asked = mentions.parts();
            let folded = text.to_ascii_lowercase();
            assert!(asked.iter().any(|part| folded.contains(part)), "{text}");
        }
        for text in [
            "яРЕДАКЦИЯ@xn--bcher-kva.example",
            "@xn--bcher-kva.example",
            "ция@xn--bcher-kva.example",
            "РЕДАКЦИИ@xn--bcher-kva.example",
        ] {
            assert!(!mentions.is_in(text), "{text}");
        }
    }

    #[test]
    fn the_line_is_told() {
        assert_eq!(
            anna().line_in(b"email\r\nx@y.example\r\nanna@example.org"),
            Some(3)
        );
        assert_eq!(anna().line_in(b"joanna@example.org"), None);
    }

    #[test]
    fn an_identifier_counts_as_its_owner() {
        let id = super::super::ids::ContactId::from_parts(1, 2);
        let mut mentions = anna();
        mentions.add_id(&id);
        assert!(mentions.is_in(&format!("by the link of {id}")));
    }

    #[test]
    fn spellings_of_one_mailbox_have_one_hash_and_others_have_not() {
        let parse = |text: &str| EmailAddress::parse(text).unwrap();
        let key = ErasureKey::new([7; 32]);
        let hash = key.hash(&parse("Anna@EXAMPLE.org"));
        assert_eq!(hash, key.hash(&parse("anna@example.org")));
        assert!(is_same(
            &parse("РЕДАКЦИЯ@example.org"),
            &parse("редакция@example.org")
        ));
        assert_ne!(hash, key.hash(&parse("anna@example.com")));
        let other = ErasureKey::new([8; 32]);
        assert_ne!(hash, other.hash(&parse("anna@example.org")));
        assert_eq!(format!("{key:?}"), "ErasureKey", "a key is not for logs");
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_an_address_and_all_else_stays(
            before in "([^@\n]{0,8}[ <,:\"])?", between in "[ ,;\"][\\PC&&[^@]]{0,8}[ ,<(]", after in "([ >,;)\"][^@\n]{0,8})?",
            local in "[a-zа-я]{1,6}([.+_-][a-z0-9]{1,4})?",
        ) {
            let email = EmailAddress::parse(&format!("{local}@example.org")).unwrap();
            let mentions = Mentions::of(&email);
            prop_assume!([&before, &between, &after].into_iter().all(|part| !part.contains('@') && !part.contains("example")));
            let text = format!("{before}{email}{between}{}{after}", email.to_string().to_ascii_uppercase());
            let redacted = mentions.redact(&text).unwrap();
            prop_assert!(!mentions.is_in(&redacted));
            prop_assert_eq!(redacted, format!("{before}{FORGOTTEN}{between}{FORGOTTEN}{after}"));
        }

        #[test]
        fn an_address_that_only_ends_alike_stays(prefix in "[a-z0-9._+-]{1,6}", local in "[a-z]{1,5}") {
            let email = EmailAddress::parse(&format!("{local}@example.org")).unwrap();
            if let Ok(other) = EmailAddress::parse(&format!("{prefix}{local}@example.org")) {
                prop_assert_eq!(Mentions::of(&email).redact(&format!("x {other} y")), None);
            }
        }

        #[test]
        fn redacted_json_is_json(value in "\\PC{0,12}", local in "[a-z]{1,5}") {
            let email = EmailAddress::parse(&format!("{local}@example.org")).unwrap();
            let json = serde_json::json!({ "email": email, "why": format!("{value} {email}") }).to_string();
            let redacted = Mentions::of(&email).redact(&json).unwrap();
            let read: serde_json::Value = serde_json::from_str(&redacted).unwrap();
            prop_assert_eq!(&read["email"], FORGOTTEN);
        }

        #[test]
        fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut around = octets.clone();
            around.extend(b"anna@example.org");
            around.extend(&octets);
            let _ = anna().is_in_octets(&around);
            let folded = EmailAddress::parse("\u{44f}\u{44f}@example.org").unwrap();
            let _ = Mentions::of(&folded).is_in_octets(&around);
        }
    }
}
