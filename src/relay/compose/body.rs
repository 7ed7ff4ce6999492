//! Text bodies: encoded always, so that they are ASCII in CRLF lines of 76 octets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Octets of base64 on a line (RFC 2045 6.8).
const LINE: usize = 76;

/// Writes a text part: its headers, an empty line, its body, ending in CRLF.
///
/// A text that is mostly ASCII goes as quoted-printable, which a person can
/// still read in the source; another, Cyrillic or Arabic, as base64, which is
/// less than half as long.
pub(super) fn write(subtype: &str, text: &str, out: &mut String) {
    let text = crlf(text);
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let readable = foreign * 6 < text.len();
    let encoding = if readable {
        "quoted-printable"
    } else {
        "base64"
    };
    out.push_str(&format!("Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"));
    if readable {
        // The encoder writes only printable ASCII, spaces, tabs and CRLF.
        out.push_str(&quoted_printable::encode_to_str(text.as_bytes()));
        out.push_str("\r\n");
    } else {
        write_base64(text.as_bytes(), out);
    }
}

/// Writes octets as base64 lines. No line begins with a dot.
pub(super) fn write_base64(bytes: &[u8], out: &mut String) {
    out.reserve(bytes.len() / 3 * 4 + bytes.len() / (LINE / 4 * 3) * 2 + 8);
    for line in bytes.chunks(LINE / 4 * 3) {
        STANDARD.encode_string(line, out);
        out.push_str("\r\n");
    }
}

/// Every line end as CRLF, whichever it was.
fn crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                out.push_str("\r\n");
            }
            '\n' => out.push_str("\r\n"),
            other => out.push(other),
        }
    }
    out
}
