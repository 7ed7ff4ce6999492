//! Signing: the DKIM-Signature fields of a message.

use super::canonical::{BodyHash, fields, name, write_field};
use super::{Selector, SigningKey};
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::sync::Arc;

/// Fields that are signed where they are there (RFC 6376 5.4.1; RFC 8058 4 for
/// the list's own), in this order.
const SIGNED: [&str; 15] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// Fields that are signed once more than they are there, so that nobody can add
/// another for the reader to see, or to answer to (RFC 6376 8.15).
const SEALED: [&str; 6] = ["From", "Reply-To", "To", "Subject", "Date", "Content-Type"];

/// Octets of a line of the field, as RFC 5322 2.1.1 would have it.
const LINE: usize = 76;

/// A key did not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SigningError {
    /// Its selector.
    pub selector: Selector,
    /// Its domain.
    pub domain: String,
}

impl Tell for SigningError {
    fn said(&self) -> Said {
        let Self { selector, domain } = self;
        said!(
            "the DKIM key of selector `{selector}` at {domain} does not sign; expected a sound key, make a new one with `dateline dkim keygen`",
            selector,
            domain
        )
    }
}

shown_as_said!(SigningError);

/// Who signs: a domain's key under its selector.
#[derive(Debug)]
pub struct Identity {
    /// `s=`.
    pub selector: Selector,
    /// `d=`.
    pub domain: String,
    /// The key.
    pub key: SigningKey,
}

/// Signs with every identity it has, so that a verifier can choose (RFC 8463 3);
/// with none it does nothing.
#[derive(Debug, Clone, Default)]
pub struct Signer(Arc<[Identity]>);

impl Signer {
    /// Signs with these, in this order.
    pub fn new(identities: Vec<Identity>) -> Self {
        Self(identities.into())
    }

    /// Whether it signs nothing.
    pub fn is_idle(&self) -> bool {
        self.0.is_empty()
    }

    /// With whom it signs.
    pub fn identities(&self) -> &[Identity] {
        &self.0
    }

    /// The fields that go before a message's head. The head is its fields without the
    /// empty line; the body is in pieces of whole lines that end in CRLF.
    ///
    /// # Errors
    /// A key that does not sign.
    pub fn sign<'a>(
        &self,
        head: &str,
        body: impl IntoIterator<Item = &'a str>,
        at: Timestamp,
    ) -> Result<String, SigningError> {
        let mut hash = BodyHash::new();
        body.into_iter().for_each(|piece| hash.take(piece));
        let body_hash = hash.finish();
        let (names, signed) = header(head);
        self.0
            .iter()
            .map(|identity| {
                let field = identity.unsigned(&names, &body_hash, at);
                identity.sign(field, &signed)
            })
            .collect()
    }
}

impl Identity {
    /// The field but for its signature (RFC 6376 3.5).
    fn unsigned(&self, names: &[&str], body_hash: &str, at: Timestamp) -> String {
        let mut field = format!(
            "DKIM-Signature: v=1; a={}-sha256; c=relaxed/relaxed;\r\n d={}; s={};\r\n t={};",
            self.key.kind().name(),
            self.domain,
            self.selector,
            at.as_second(),
        );
        push_names(names, &mut field);
        field.push_str(";\r\n bh=");
        field.push_str(body_hash);
        field.push_str(";\r\n b=");
        field
    }

    /// Signs the signed fields and the field itself with nothing after `b=`
    /// (RFC 6376 3.7).
    fn sign(&self, mut field: String, signed: &str) -> Result<String, SigningError> {
        let mut data = signed.to_owned();
        write_field(&field, &mut data);
        let signature = self.key.sign(data.as_bytes()).ok_or_else(|| SigningError {
            selector: self.selector.clone(),
            domain: self.domain.clone(),
        })?;
        push_folded(&STANDARD.encode(signature), &mut field);
        Ok(field)
    }
}

/// The names for `h=`, and these fields in their relaxed form. Of several fields of
/// one name the last is signed first (RFC 6376 5.4.2); a name more than there are
/// fields stands for none.
fn header(head: &str) -> (Vec<&'static str>, String) {
    let (mut names, mut text) = (Vec::new(), String::with_capacity(head.len()));
    for wanted in SIGNED {
        let mut found: Vec<_> = fields(head)
            .filter(|field| name(field).eq_ignore_ascii_case(wanted))
            .collect();
        found.reverse();
        for field in found {
            names.push(wanted);
            write_field(field, &mut text);
            text.push_str("\r\n");
        }
        if SEALED.contains(&wanted) {
            names.push(wanted);
        }
    }
    (names, text)
}

/// Writes ` h=`, folded between names.
fn push_names(names: &[&str], field: &mut String) {
    field.push_str("\r\n h=");
    let mut column = 3;
    for (n, name) in names.iter().enumerate() {
        if n > 0 {
            field.push(':');
            column += 1;
        }
        if column + name.len() > LINE {
            field.push_str("\r\n  ");
            column = 2;
        }
        field.push_str(name);
        column += name.len();
    }
}

/// Writes base64 in lines, after ` b=`, and ends the field.
fn push_folded(base64: &str, field: &mut String) {
    let (mut rest, mut room) = (base64, LINE - " b=".len());
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(room));
        field.push_str(line);
        field.push_str("\r\n ");
        (rest, room) = (after, LINE - 1);
    }
    field.pop();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dkim::NewKey;

    const HEAD: &str = "Date: Thu, 10 Mar 2022 05:00:00 +0000\r\nFrom: A <a@newsroom.example>\r\nTo: b@example.org\r\nX-Other: x\r\nSubject: S\r\n";

    fn signed(count: usize) -> String {
        let identity = |n| Identity {
            selector: Selector::parse(&format!("s{n}")).unwrap(),
            domain: "newsroom.example".to_owned(),
            key: NewKey::ed25519().unwrap().key,
        };
        let signer = Signer::new((0..count).map(identity).collect());
        let at = Timestamp::from_second(1_646_888_400).unwrap();
        signer.sign(HEAD, ["Hi.\r\n"], at).unwrap()
    }

    #[test]
    fn the_field_names_what_it_signs_and_seals() {
        let field = signed(1);
        assert!(
            field.starts_with(
                "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=newsroom.example; s=s0;\r\n t=1646888400;\r\n h=From:From:Reply-To:To:To:Subject:Subject:Date:Date:Content-Type;\r\n bh="
            ),
            "{field}"
        );
    }

    #[test]
    fn each_key_signs_apart_and_lines_are_short() {
        let fields_made = signed(2);
        assert_eq!(fields(&fields_made).count(), 2);
        assert!(fields_made.ends_with("\r\n"));
        assert!(
            fields_made
                .split("\r\n")
                .all(|line| line.len() <= 78 && line != " ")
        );
        assert!(signed(0).is_empty());
    }
}
