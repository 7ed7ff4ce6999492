//! Text bodies: encoded always, so that they are ASCII in CRLF lines of 76 octets.

use super::draft::Draft;
use super::form::BodyForm;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Octets of base64 on a line (RFC 2045 6.8).
const LINE: usize = 76;
/// Octets that such a line stands for.
const OCTETS: usize = LINE / 4 * 3;

/// The text of a body.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// As it is.
    Plain(&'a str),
    /// A form that many messages share, with this message's values.
    Form {
        /// The form.
        form: &'a BodyForm,
        /// A value for each slot. Octet for octet the same as the plain text
        /// is only a body whose values do not begin or end with a line break.
        values: &'a [String],
    },
}

impl Body<'_> {
    /// Octets in all, and those that are not ASCII.
    fn weight(self) -> (usize, usize) {
        match self {
            Self::Plain(text) => weight(text),
            Self::Form { form, values } => values.iter().fold(form.weight(), |sum, value| {
                let (length, foreign) = weight(value);
                (sum.0 + length, sum.1 + foreign)
            }),
        }
    }
}

/// Octets in all, and those that are not ASCII.
pub(super) fn weight(text: &str) -> (usize, usize) {
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    (text.len(), foreign)
}

/// Writes a text part: its headers, an empty line, its body, ending in CRLF.
///
/// A text that is mostly ASCII goes as quoted-printable, which a person can
/// still read in the source; another, Cyrillic or Arabic, as base64, which is
/// less than half as long.
pub(super) fn write(subtype: &str, body: Body<'_>, draft: &mut Draft) {
    let out = &mut draft.own;
    let (length, foreign) = body.weight();
    let readable = foreign * 6 < length;
    let encoding = if readable {
        "quoted-printable"
    } else {
        "base64"
    };
    out.push_str("Content-Type: text/");
    out.push_str(subtype);
    out.push_str("; charset=utf-8\r\nContent-Transfer-Encoding: ");
    out.push_str(encoding);
    out.push_str("\r\n\r\n");
    match (body, readable) {
        (Body::Plain(text), true) => write_quoted(text, out),
        (Body::Plain(text), false) => write_base64(crlf(text).as_bytes(), out),
        (Body::Form { form, values }, true) => form.write_quoted(values, draft),
        (Body::Form { form, values }, false) => {
            write_base64(form.with_crlf(values).as_bytes(), out);
        }
    }
}

/// Writes quoted-printable (RFC 2045 6.7) in one pass over runs of plain
/// octets: a third of all the work on a mail was this, so it is our own.
/// A dot at the beginning of a line is encoded too, so that no line needs stuffing.
pub(super) fn write_quoted(text: &str, out: &mut String) {
    let column = write_lines(text, out);
    end_line(column, out);
}

/// The same of text whose last line goes on in a line of its own: the break between
/// them is none of the text's (RFC 2045 6.7, rule 5).
pub(super) fn write_quoted_open(text: &str, out: &mut String) {
    if !text.is_empty() {
        write_lines(text, out);
        out.push_str("=\r\n");
    }
}

/// Writes all but the end of the last line, and gives its length; one more fits.
fn write_lines(text: &str, out: &mut String) -> usize {
    out.reserve(text.len() + text.len() / 8 + 64);
    let bytes = text.as_bytes();
    let (mut at, mut column) = (0, 0);
    while at < bytes.len() {
        let room = LINE - 1 - column;
        let run = bytes[at..]
            .iter()
            .take(room)
            .take_while(|byte| PLAIN[usize::from(**byte)])
            .count();
        let dotted = column == 0 && bytes[at] == b'.';
        if run > 0 && !dotted {
            out.push_str(&text[at..at + run]);
            (at, column) = (at + run, column + run);
            continue;
        }
        let byte = bytes[at];
        if matches!(byte, b'\r' | b'\n') {
            at += if bytes[at..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
            end_line(column, out);
            column = 0;
        } else if room < if PLAIN[usize::from(byte)] { 1 } else { 3 } {
            out.push_str("=\r\n");
            column = 0;
        } else {
            push_code(byte, out);
            (at, column) = (at + 1, column + 3);
        }
    }
    column
}

/// Octets that stand for themselves: printable ASCII but `=`, and space and tab.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'=';
        byte += 1;
    }
    plain[b'\t' as usize] = true;
    plain
};

fn push_code(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('=');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// White space at the end of a line is lost on the way unless it is encoded, on
/// a line of its own where it has no room.
fn end_line(column: usize, out: &mut String) {
    let last = out.as_bytes().last().copied();
    if let Some(space @ (b' ' | b'\t')) = last {
        out.pop();
        if column + 2 > LINE {
            out.push_str("=\r\n");
        }
        push_code(space, out);
    }
    out.push_str("\r\n");
}

/// Writes octets as base64 lines. No line begins with a dot.
pub(super) fn write_base64(bytes: &[u8], out: &mut String) {
    let lines = bytes.len().div_ceil(OCTETS);
    out.reserve(bytes.len().div_ceil(3) * 4 + 2 * lines);
    // Many lines at once and then cut: a call for each line costs more than its
    // work. Not all of them: a large file would be there once more.
    let mut encoded = String::new();
    for some in bytes.chunks(OCTETS * 512) {
        encoded.clear();
        STANDARD.encode_string(some, &mut encoded);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(LINE));
            out.push_str(line);
            out.push_str("\r\n");
            rest = after;
        }
    }
}

/// Every line end as CRLF, whichever it was.
pub(super) fn crlf(text: &str) -> String {
    if text.contains('\r') {
        return text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\n', "\r\n");
    }
    text.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        write_quoted(text, &mut out);
        out
    }

    #[test]
    fn spaces_at_the_end_dots_at_the_beginning_and_signs_are_encoded() {
        assert_eq!(
            quoted("a=b \n.c\r\nd\té\t"),
            "a=3Db=20\r\n=2Ec\r\nd\t=C3=A9=09\r\n"
        );
    }

    #[test]
    fn a_space_at_the_end_of_a_full_line_goes_on_a_line_of_its_own() {
        let full = "x".repeat(LINE - 2);
        assert_eq!(quoted(&format!("{full} ")), format!("{full}=\r\n=20\r\n"));
        let room = "x".repeat(LINE - 3);
        assert_eq!(quoted(&format!("{room}\t")), format!("{room}=09\r\n"));
    }

    #[test]
    fn a_large_file_is_encoded_as_if_at_one_go() {
        for length in [0, 1, 56, 57, 58, 29_183, 29_184, 29_185, 100_000] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            let mut ours = String::new();
            write_base64(&bytes, &mut ours);
            assert!(ours.lines().all(|line| line.len() <= LINE), "{length}");
            assert_eq!(
                ours.replace("\r\n", ""),
                STANDARD.encode(&bytes),
                "{length}"
            );
        }
    }

    proptest! {
        #[test]
        fn it_reads_back_and_its_lines_are_short(text in any::<String>(), long in "[ -~]{0,400}") {
            let text = format!("{text}{long}{text}");
            let encoded = quoted(&text);
            let lines: Vec<_> = encoded.split("\r\n").collect();
            prop_assert!(lines.iter().all(|line| line.len() <= LINE && !line.starts_with('.') && !line.contains(['\r', '\n'])));
            let read = quoted_printable::decode(&encoded, quoted_printable::ParseMode::Strict).unwrap();
            prop_assert_eq!(String::from_utf8(read).unwrap(), format!("{}\r\n", crlf(&text)));
        }
    }
}
