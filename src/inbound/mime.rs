//! A message taken apart, within bounds.
//!
//! A whole message as a tree is more than a report needs, and a tree of any
//! depth can be asked for in a few octets a level. So the header fields and the
//! encodings are mail-parser's, but which parts are opened is decided here:
//! multiparts a few levels deep, their first parts, and of a message within the
//! message its header alone.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessageParser, MimeHeaders};
use memchr::memmem;

/// Levels of multiparts that are opened.
const DEEPEST: usize = 8;
/// Parts that are looked at.
const MOST_PARTS: usize = 64;
/// Octets of a part that are looked at.
const LONGEST_PART: usize = 128 * 1024;
/// Octets of a header that are looked at.
const LONGEST_HEADER: usize = 64 * 1024;

/// A part that holds no others.
#[derive(Debug)]
pub(super) struct Leaf {
    /// Its media type in lower case.
    pub(super) kind: String,
    /// What it says; of a message within the message, its header.
    pub(super) text: String,
}

/// The beginning of the first text for people.
pub(super) fn said(leaves: &[Leaf], letters: usize) -> String {
    let text = leaves.iter().find(|leaf| leaf.kind.starts_with("text/"));
    text.map(|leaf| leaf.text.chars().take(letters).collect())
        .unwrap_or_default()
}

/// A message's own header, read.
pub(super) struct Header<'x>(Option<Message<'x>>);

impl<'x> Header<'x> {
    fn read(octets: &'x [u8]) -> Self {
        Self(MessageParser::default().parse_headers(octets))
    }

    /// A field as it was written, without white space around it.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        Some(self.0.as_ref()?.header_raw(name.to_owned())?.trim())
    }

    /// Every field of a name as it was written.
    pub(super) fn all_raw(&self, name: &str) -> Vec<&str> {
        let fields = self.0.iter().flat_map(Message::headers_raw);
        fields
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The subject, decoded.
    pub(super) fn subject(&self) -> &str {
        self.0.as_ref().and_then(Message::subject).unwrap_or("")
    }

    fn kind(&self, otherwise: &str) -> String {
        let kind = self.0.as_ref().and_then(|header| header.content_type());
        kind.map_or_else(
            || otherwise.to_owned(),
            |kind| {
                let name = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain"));
                name.to_ascii_lowercase()
            },
        )
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.content_type()?.attribute(name)
    }

    fn encoding(&self) -> &str {
        let header = self.0.as_ref();
        header
            .and_then(|header| header.content_transfer_encoding())
            .unwrap_or("")
    }
}

/// A message taken apart.
pub(super) struct Opened<'x> {
    /// Its own header.
    pub(super) header: Header<'x>,
    /// Its own media type.
    pub(super) kind: String,
    /// The octets after its header.
    pub(super) body: &'x [u8],
    /// Its parts, in order.
    pub(super) leaves: Vec<Leaf>,
}

/// Takes a message apart.
pub(super) fn open(octets: &[u8]) -> Opened<'_> {
    let (head, body) = split(octets);
    let header = Header::read(head);
    let kind = header.kind("text/plain");
    let mut leaves = Vec::new();
    walk(&header, body, "text/plain", 0, &mut leaves);
    Opened {
        header,
        kind,
        body,
        leaves,
    }
}

/// The header with its empty line, bounded, and what follows it.
fn split(octets: &[u8]) -> (&[u8], &[u8]) {
    if octets.starts_with(b"\n") || octets.starts_with(b"\r\n") {
        return (&[], octets);
    }
    let bare = memmem::find(octets, b"\n\n").map(|at| at + 2);
    let end = match memmem::find(octets, b"\n\r\n").map(|at| at + 3) {
        Some(at) => bare.map_or(at, |bare| bare.min(at)),
        None => bare.unwrap_or(octets.len()),
    };
    let (head, body) = octets.split_at(end);
    (&head[..head.len().min(LONGEST_HEADER)], body)
}

fn walk(header: &Header<'_>, body: &[u8], otherwise: &str, depth: usize, leaves: &mut Vec<Leaf>) {
    if leaves.len() >= MOST_PARTS {
        return;
    }
    let kind = header.kind(otherwise);
    let boundary = header.attribute("boundary").filter(|text| !text.is_empty());
    if let (true, Some(boundary)) = (kind.starts_with("multipart/"), boundary) {
        if depth >= DEEPEST {
            return;
        }
        let within = match kind.as_str() {
            "multipart/digest" => "message/rfc822",
            _ => "text/plain",
        };
        let parts = parts(body, boundary);
        for part in &parts {
            let (head, body) = split(part);
            walk(&Header::read(head), body, within, depth + 1, leaves);
        }
        if parts.is_empty() {
            // It says that it has parts, and has none.
            let (kind, text) = ("text/plain".to_owned(), words(header, "", body));
            leaves.push(Leaf { kind, text });
        }
        return;
    }
    let text = if kind == "message/rfc822" || kind == "message/global" {
        let decoded = decode(header, body);
        let (head, _) = split(&decoded);
        Some(String::from_utf8_lossy(head).into_owned())
    } else if kind.starts_with("text/") || kind.starts_with("message/") {
        Some(words(header, &kind, body))
    } else {
        None
    };
    leaves.extend(text.map(|text| Leaf { kind, text }));
}

/// The first parts between a multipart's boundaries (RFC 2046 5.1.1).
fn parts<'x>(body: &'x [u8], boundary: &str) -> Vec<&'x [u8]> {
    let line = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut begin: Option<usize> = None;
    for at in memmem::find_iter(body, line.as_bytes()) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        if let Some(begin) = begin {
            // The line's end before a boundary belongs to the boundary.
            let end = at.saturating_sub(1).max(begin);
            parts.push(&body[begin..end]);
        }
        let rest = &body[at + line.len()..];
        if rest.starts_with(b"--") || parts.len() >= MOST_PARTS {
            return parts;
        }
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        begin = Some(at + line.len() + end);
    }
    // A message that was cut off, or whose last boundary is missing.
    parts.extend(begin.map(|begin| &body[begin.min(body.len())..]));
    parts
}

fn decode(header: &Header<'_>, body: &[u8]) -> Vec<u8> {
    let body = &body[..body.len().min(LONGEST_PART)];
    let encoding = header.encoding();
    let decoded = if encoding.eq_ignore_ascii_case("base64") {
        base64_decode(body)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable_decode(body)
    } else {
        None
    };
    decoded.unwrap_or_else(|| body.to_vec())
}

fn words(header: &Header<'_>, kind: &str, body: &[u8]) -> String {
    let octets = decode(header, body);
    let decoder = header
        .attribute("charset")
        .and_then(|charset| charset_decoder(charset.as_bytes()));
    let text = match decoder {
        Some(decode) => decode(&octets),
        None => String::from_utf8_lossy(&octets).into_owned(),
    };
    match kind {
        "text/html" => html_to_text(&text),
        _ => text,
    }
}
