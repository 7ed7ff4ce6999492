//! MIME composition: a rendered letter becomes a message that is ready for the wire.
//!
//! Invariant of every [`ComposedMessage`]: lines end in CRLF and nothing else,
//! no line is longer than 998 octets (RFC 5322 2.1.1), and every body is
//! encoded, so no text of anybody's can end a message early or begin another
//! (lettre 0.11.23 does not stuff a dot after a bare LF or CR, RUSTSEC-2026-0561;
//! here there are none).

mod body;
mod headers;
mod parts;
mod signed;

pub use headers::{Letterhead, message_id};
pub use parts::{EncodedParts, PartSource};

use crate::domain::address::Mailbox;
use crate::domain::ids::DeliveryId;
use crate::domain::language::Language;
use jiff::Timestamp;
use std::sync::Arc;

/// Why a message cannot be composed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// An address that no mail header can hold.
    #[error("{header}: {cause}")]
    Address {
        /// The header it was for.
        header: &'static str,
        /// What is wrong.
        cause: String,
    },
    /// A media type that is none.
    #[error("`{0}` is not a media type")]
    MediaType(String),
    /// The moment lies outside the years that a Date header can hold.
    #[error("{0} cannot stand in a Date header")]
    Date(Timestamp),
}

/// A whole message in pieces. Attachments are shared between all messages of
/// a release: encoded once, copied nowhere until they are written.
#[derive(Debug, Clone)]
pub struct ComposedMessage {
    pieces: Vec<Arc<str>>,
    size: usize,
}

impl ComposedMessage {
    fn new(pieces: Vec<Arc<str>>) -> Self {
        let size = pieces.iter().map(|piece| piece.len()).sum();
        Self { pieces, size }
    }

    /// Its size in octets, without dot-stuffing: what MAIL's SIZE says (RFC 1870).
    pub fn size(&self) -> usize {
        self.size
    }

    /// The message as it will arrive.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces.concat().into_bytes()
    }

    /// The message with its dots stuffed and the final dot (RFC 5321 4.5.2).
    /// Every piece begins at the beginning of a line.
    pub(super) fn on_the_wire(&self) -> String {
        let mut wire = String::with_capacity(self.size + 64);
        for piece in &self.pieces {
            if piece.starts_with('.') {
                wire.push('.');
            }
            stuff(piece, &mut wire);
        }
        wire.push_str(".\r\n");
        wire
    }
}

fn stuff(piece: &str, wire: &mut String) {
    let mut rest = piece;
    while let Some(at) = rest.find("\r\n.") {
        wire.push_str(&rest[..at + 2]);
        wire.push('.');
        rest = &rest[at + 2..];
        // The dot itself is passed on, so that it is not found again.
        wire.push('.');
        rest = &rest[1..];
    }
    wire.push_str(rest);
}

/// Everything that one message is made of.
#[derive(Debug)]
pub struct Message<'a> {
    /// What all messages of the distribution share.
    pub letterhead: &'a Letterhead,
    /// To whom.
    pub to: &'a Mailbox,
    /// The delivery; Message-ID and boundaries are made from it.
    pub delivery: DeliveryId,
    /// The delivery that this one follows up on (RFC 5322 3.6.4).
    pub replies_to: Option<DeliveryId>,
    /// Date.
    pub date: Timestamp,
    /// Subject; line breaks in it become spaces.
    pub subject: &'a str,
    /// The languages it is written in (RFC 3282).
    pub languages: &'a [Language],
    /// The HTML.
    pub html: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// Images that the HTML shows by Content-ID.
    pub inline: &'a EncodedParts,
    /// Files that go with it.
    pub attachments: &'a EncodedParts,
}

/// Composes a message: `mixed(alternative(text, related(html, images)), attachments)`,
/// each level only where it holds more than one thing.
///
/// # Errors
/// An address or moment that no header can hold.
pub fn compose(message: &Message<'_>) -> Result<ComposedMessage, ComposeError> {
    let mut writer = Writer::new(headers::write(message)?, message.delivery);
    writer.mixed(message);
    Ok(ComposedMessage::new(writer.finish()))
}

/// Writes the tree of parts; shared parts become pieces of their own.
struct Writer {
    pieces: Vec<Arc<str>>,
    current: String,
    delivery: DeliveryId,
}

impl Writer {
    fn new(headers: String, delivery: DeliveryId) -> Self {
        Self {
            pieces: Vec::new(),
            current: headers,
            delivery,
        }
    }

    /// A boundary that no encoded body can hold: neither quoted-printable nor
    /// base64 ever writes `=_` (RFC 2045 6.7).
    fn boundary(&self, level: &str) -> String {
        format!("=_{level}_{}", self.delivery)
    }

    fn open(&mut self, subtype: &str, parameters: &str, boundary: &str) {
        self.current.push_str(&format!(
            "Content-Type: multipart/{subtype};{parameters}\r\n boundary=\"{boundary}\"\r\n\r\n"
        ));
    }

    fn next(&mut self, boundary: &str) {
        self.current.push_str(&format!("--{boundary}\r\n"));
    }

    fn close(&mut self, boundary: &str) {
        self.current.push_str(&format!("--{boundary}--\r\n"));
    }

    fn mixed(&mut self, message: &Message<'_>) {
        if message.attachments.is_empty() {
            return self.alternative(message);
        }
        let boundary = self.boundary("m");
        self.open("mixed", "", &boundary);
        self.next(&boundary);
        self.alternative(message);
        self.shared(message.attachments, &boundary);
        self.close(&boundary);
    }

    fn alternative(&mut self, message: &Message<'_>) {
        let boundary = self.boundary("a");
        self.open("alternative", "", &boundary);
        self.next(&boundary);
        body::write("plain", message.text, &mut self.current);
        self.next(&boundary);
        self.related(message);
        self.close(&boundary);
    }

    fn related(&mut self, message: &Message<'_>) {
        if message.inline.is_empty() {
            return body::write("html", message.html, &mut self.current);
        }
        let boundary = self.boundary("r");
        self.open("related", " type=\"text/html\";", &boundary);
        self.next(&boundary);
        body::write("html", message.html, &mut self.current);
        self.shared(message.inline, &boundary);
        self.close(&boundary);
    }

    fn shared(&mut self, parts: &EncodedParts, boundary: &str) {
        for part in parts.iter() {
            self.next(boundary);
            self.pieces.push(std::mem::take(&mut self.current).into());
            self.pieces.push(Arc::clone(part));
        }
    }

    fn finish(mut self) -> Vec<Arc<str>> {
        self.pieces.push(self.current.into());
        self.pieces
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
