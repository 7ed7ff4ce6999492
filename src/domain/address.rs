//! Email addresses: parsed once at the door (RFC 5321 4.1.2, RFC 6531), trusted inside.

use super::header_text::HeaderText;
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A mail address. The domain is held as lower-case A-labels (RFC 5890), so
/// that one mailbox has one form; the local part is kept as it was written,
/// since only its own host may say that case does not matter (RFC 5321 2.4).
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress {
    /// Both parts, as they are written.
    text: String,
    /// Where the `@` between them is.
    at: usize,
}

/// Why a text is not a mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct AddressError {
    text: String,
    reason: Said,
}

impl Tell for AddressError {
    fn said(&self) -> Said {
        let Self { text, reason } = self;
        said!("`{text}` is not a mail address: {reason}", text, reason)
    }
}

shown_as_said!(AddressError);

impl EmailAddress {
    /// Parses `local@domain` by RFC 5321 and RFC 6531; internationalised domains too.
    ///
    /// # Errors
    /// What is wrong with it: a missing `@`, a bad local part, a domain that
    /// IDNA refuses, a line break, or a length over RFC 5321 4.5.3.1.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        Self::split(text).map_err(|reason| AddressError {
            text: text.escape_debug().to_string(),
            reason,
        })
    }

    fn split(text: &str) -> Result<Self, Said> {
        let (local, domain) = text
            .rsplit_once('@')
            .ok_or_else(|| said!("there is no `@` in it; expected `name@domain`"))?;
        let domain = parse_domain(domain)?;
        check_local(local)?;
        let length = local.len() + 1 + domain.len();
        if length > 254 {
            return Err(said!(
                "it is {length} octets long; at most 254 are allowed",
                length
            ));
        }
        Ok(Self::of(&[local], &domain))
    }

    /// An address of a local part, in pieces, and a domain.
    fn of(local: &[&str], domain: &str) -> Self {
        let at = local.iter().map(|piece| piece.len()).sum();
        let mut text = String::with_capacity(at + 1 + domain.len());
        local.iter().for_each(|piece| text.push_str(piece));
        text.push('@');
        text.push_str(domain);
        Self { text, at }
    }

    /// An address that is nobody's (RFC 2606 section 3), where there is none yet.
    pub(super) fn nobody() -> Self {
        Self::of(&["nobody"], "example.org")
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain: lower case, internationalised names as A-labels (`xn--…`).
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same mailbox with a detail after a `+` (RFC 5233): the caller sees to
    /// it that the detail is short and of letters, digits and hyphens.
    pub(super) fn with_detail(&self, detail: &str) -> Self {
        Self::of(&[self.local(), "+", detail], self.domain())
    }

    /// Whether the local part needs SMTPUTF8 (RFC 6531) of the relay.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }

    /// The address with all but the first letters hidden, for log lines: `a***@e***.org`.
    pub fn masked(&self) -> String {
        let first = |s: &str| s.chars().next().map(String::from).unwrap_or_default();
        let top = self.domain().rsplit_once('.').map_or("", |(_, top)| top);
        format!(
            "{}***@{}***.{top}",
            first(self.local()),
            first(self.domain())
        )
    }
}

fn check_local(local: &str) -> Result<(), Said> {
    if local.len() > 64 {
        return Err(said!(
            "its local part is {length} octets long; at most 64 are allowed",
            length = local.len()
        ));
    }
    // The crate lets a quoted local part hold white space and escapes; CR, LF and
    // other controls may never reach an SMTP command, whatever the quoting.
    if let Some(c) = local.chars().find(|c| c.is_control()) {
        return Err(said!(
            "its local part holds the control character U+{code}",
            code = format_args!("{:04X}", c as u32)
        ));
    }
    if email_address::EmailAddress::is_valid_local_part(local) {
        Ok(())
    } else {
        Err(said!(
            "its local part `{local}` breaks RFC 5321 4.1.2",
            local = local.escape_debug()
        ))
    }
}

fn parse_domain(domain: &str) -> Result<String, Said> {
    if domain.is_empty() {
        return Err(said!("there is no domain after the `@`"));
    }
    if let Some(literal) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) {
        return parse_literal(literal);
    }
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| {
        said!(
            "the domain `{domain}` is not a valid host name",
            domain = domain.escape_debug()
        )
    })?;
    if ascii.ends_with('.') || !ascii.contains('.') {
        return Err(said!(
            "the domain `{domain}` is not fully qualified; expected something like `example.org`",
            domain = ascii
        ));
    }
    Ok(ascii)
}

/// An address literal (RFC 5321 4.1.3): `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
fn parse_literal(literal: &str) -> Result<String, Said> {
    let wrong = || {
        said!(
            "`[{literal}]` is not an address literal",
            literal = literal.escape_debug()
        )
    };
    if let Some(v6) = literal.strip_prefix("IPv6:") {
        let ip: std::net::Ipv6Addr = v6.parse().map_err(|_| wrong())?;
        return Ok(format!("[IPv6:{ip}]"));
    }
    let ip: std::net::Ipv4Addr = literal.parse().map_err(|_| wrong())?;
    Ok(format!("[{ip}]"))
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// By the local part, then by the domain.
impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.local(), self.domain()).cmp(&(other.local(), other.domain()))
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Masked: a debug print must not put an address into a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

/// An address with the name shown before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The name shown; empty where there is none.
    pub name: HeaderText,
    /// The address.
    pub address: EmailAddress,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_domain_is_folded_and_the_local_part_kept() {
        let address = EmailAddress::parse(" Anna.K@Example.ORG ").unwrap();
        assert_eq!(address.to_string(), "Anna.K@example.org");
        assert_eq!(format!("{address:?}"), "A***@e***.org");
    }

    #[test]
    fn an_internationalised_domain_has_one_form() {
        let one = EmailAddress::parse("desk@BÜCHER.example").unwrap();
        assert_eq!(one.domain(), "xn--bcher-kva.example");
        assert_eq!(
            one,
            EmailAddress::parse("desk@xn--bcher-kva.example").unwrap()
        );
    }

    #[test]
    fn utf8_local_parts_need_smtputf8() {
        assert!(
            EmailAddress::parse("редакция@example.org")
                .unwrap()
                .needs_smtputf8()
        );
    }

    #[test]
    fn bad_addresses_are_refused_with_the_reason() {
        let cases = [
            ("anna", "no `@`"),
            ("@example.org", "local part"),
            ("anna@", "no domain"),
            ("anna@localhost", "fully qualified"),
            ("a b@example.org", "local part"),
            ("a..b@example.org", "local part"),
            ("anna@exa mple.org", "host name"),
            ("anna@-example.org", "host name"),
            ("x\r\nBcc: y@example.org", "control character"),
            ("a@[300.1.1.1]", "address literal"),
        ];
        for (text, part) in cases {
            let error = EmailAddress::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
            assert!(!error.contains('\n'), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_reads_back_and_holds_no_line_break(text in "\\PC{0,12}@[a-z\u{e0}-\u{ff}.-]{1,16}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(&address.to_string()), Ok(address.clone()));
                prop_assert!(!address.to_string().contains(['\r', '\n']));
            }
        }
    }
}
