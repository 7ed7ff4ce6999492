//! MIME composition: a rendered letter becomes a message that is ready for the wire.
//!
//! Invariant of every [`ComposedMessage`]: lines end in CRLF and nothing else,
//! no line is longer than 998 octets (RFC 5322 2.1.1), and every body is
//! encoded, so no text of anybody's can end a message early or begin another
//! (lettre 0.11.23 does not stuff a dot after a bare LF or CR, RUSTSEC-2026-0561;
//! here there are none).

mod body;
mod draft;
mod form;
mod headers;
mod parts;
mod sealed;
mod signed;

pub use body::Body;
pub use form::BodyForm;
pub use headers::{Letterhead, message_id};
pub use parts::{EncodedParts, PartSource};

use crate::domain::address::Mailbox;
use crate::domain::ids::DeliveryId;
use crate::domain::language::Language;
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};
use draft::Draft;
use jiff::Timestamp;
use std::fmt::Write;
use std::sync::Arc;

/// Why a message cannot be composed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// An address that no mail header can hold.
    Address {
        /// The header it was for.
        header: &'static str,
        /// What is wrong.
        cause: Said,
    },
    /// A media type that is none.
    MediaType(String),
    /// The moment lies outside the years that a Date header can hold.
    Date(Timestamp),
}

impl Tell for ComposeError {
    fn said(&self) -> Said {
        match self {
            Self::Address { header, cause } => said!("{header}: {cause}", header, cause),
            Self::MediaType(text) => said!("`{text}` is not a media type", text),
            Self::Date(time) => said!("{time} cannot stand in a Date header", time),
        }
    }
}

shown_as_said!(ComposeError);

/// A part of a message: its own text, or one that many messages share.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// This message's own.
    Own(String),
    /// An attachment, or a part of a body that many readers get alike: encoded once
    /// per release and copied nowhere.
    Shared(Arc<str>),
}

impl Piece {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Shared(text) => text,
        }
    }
}

/// A whole message in pieces, each beginning at the beginning of a line. No
/// line begins with a dot, so that none needs stuffing (RFC 5321 4.5.2):
/// quoted-printable encodes it, base64 and our headers have none.
#[derive(Debug, Clone)]
pub struct ComposedMessage {
    pieces: Vec<Piece>,
    size: usize,
}

impl ComposedMessage {
    fn new(pieces: Vec<Piece>) -> Self {
        let pieces: Vec<_> = pieces.into_iter().map(stuffed).collect();
        let size = pieces.iter().map(|piece| piece.as_str().len()).sum();
        Self { pieces, size }
    }

    /// Its size in octets, without dot-stuffing: what MAIL's SIZE says (RFC 1870).
    pub fn size(&self) -> usize {
        self.size
    }

    /// The message as it will arrive.
    pub fn to_vec(&self) -> Vec<u8> {
        let texts: Vec<_> = self.pieces.iter().map(Piece::as_str).collect();
        texts.concat().into_bytes()
    }

    /// The pieces for the wire; the final dot follows them.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        self.pieces
    }
}

/// The invariant, seen to at the last moment. A dot at the beginning of a line
/// is nobody's intent here; should there ever be one, it is stuffed, and the
/// reader's server takes it out again.
fn stuffed(piece: Piece) -> Piece {
    match piece {
        // Checked when it was encoded, once for all messages.
        Piece::Shared(_) => piece,
        Piece::Own(text) => Piece::Own(stuffed_text(text)),
    }
}

fn stuffed_text(text: String) -> String {
    if text.starts_with('.') || memchr::memmem::find(text.as_bytes(), b"\r\n.").is_some() {
        stuff(&text)
    } else {
        text
    }
}

/// Doubles every dot at the beginning of a line.
fn stuff(text: &str) -> String {
    let first = if text.starts_with('.') { "." } else { "" };
    format!("{first}{}", text.replace("\r\n.", "\r\n.."))
}

/// Everything that one message is made of. A body is plain text, or a form.
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
    /// Where one click opts the reader out; an `https` URI in ASCII.
    pub opt_out_page: Option<&'a str>,
    /// By what a reader is known who opts out by mail: letters, digits, `-`, `_`.
    pub opt_out_word: &'a str,
    /// Date.
    pub date: Timestamp,
    /// Subject; line breaks in it become spaces.
    pub subject: &'a str,
    /// The languages it is written in (RFC 3282).
    pub languages: &'a [Language],
    /// The HTML.
    pub html: Body<'a>,
    /// The plain text.
    pub text: Body<'a>,
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
    let mut writer = Writer {
        draft: Draft::new(headers::write(message)?),
        delivery: message.delivery,
        html: message.html,
        text: message.text,
        inline: message.inline,
    };
    writer.mixed(message.attachments);
    Ok(ComposedMessage::new(writer.draft.finish()))
}

/// Writes the tree of parts; shared parts become pieces of their own.
struct Writer<'a> {
    draft: Draft,
    delivery: DeliveryId,
    html: Body<'a>,
    text: Body<'a>,
    inline: &'a EncodedParts,
}

impl Writer<'_> {
    /// A boundary that no encoded body can hold: neither quoted-printable nor
    /// base64 ever writes `=_` (RFC 2045 6.7).
    fn boundary(&self, level: &str) -> String {
        format!("=_{level}_{}", self.delivery)
    }

    fn open(&mut self, subtype: &str, parameters: &str, boundary: &str) {
        // Writing to a text never fails.
        let _ = write!(
            self.draft.own,
            "Content-Type: multipart/{subtype};{parameters}\r\n boundary=\"{boundary}\"\r\n\r\n"
        );
    }

    fn next(&mut self, boundary: &str) {
        let _ = write!(self.draft.own, "--{boundary}\r\n");
    }

    fn close(&mut self, boundary: &str) {
        let _ = write!(self.draft.own, "--{boundary}--\r\n");
    }

    fn mixed(&mut self, attachments: &EncodedParts) {
        if attachments.is_empty() {
            return self.alternative();
        }
        let boundary = self.boundary("m");
        self.open("mixed", "", &boundary);
        self.next(&boundary);
        self.alternative();
        self.shared(attachments, &boundary);
        self.close(&boundary);
    }

    fn alternative(&mut self) {
        let boundary = self.boundary("a");
        self.open("alternative", "", &boundary);
        self.next(&boundary);
        body::write("plain", self.text, &mut self.draft);
        self.next(&boundary);
        self.related();
        self.close(&boundary);
    }

    fn related(&mut self) {
        if self.inline.is_empty() {
            return body::write("html", self.html, &mut self.draft);
        }
        let boundary = self.boundary("r");
        self.open("related", " type=\"text/html\";", &boundary);
        self.next(&boundary);
        body::write("html", self.html, &mut self.draft);
        self.shared(self.inline, &boundary);
        self.close(&boundary);
    }

    fn shared(&mut self, parts: &EncodedParts, boundary: &str) {
        for part in parts.iter() {
            self.next(boundary);
            self.draft.share(part);
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
