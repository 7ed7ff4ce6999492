//! The relaxed canonical forms (RFC 6376 3.4.2 and 3.4.4): what a signature is
//! made over, so that a change of white space on the way does not break it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr2;
use ring::digest::{Context, SHA256};

/// The fields of a head, each with its line end.
pub fn fields(head: &str) -> impl Iterator<Item = &str> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let mut end = 0;
        for line in rest.split_inclusive("\r\n") {
            if end > 0 && !line.starts_with([' ', '\t']) {
                break;
            }
            end += line.len();
        }
        let (field, after) = rest.split_at(end);
        rest = after;
        (!field.is_empty()).then_some(field)
    })
}

/// A field's name, as it is written.
pub(super) fn name(field: &str) -> &str {
    field.split(':').next().unwrap_or_default().trim_end()
}

/// Writes a field in its relaxed form: the name in lower case, the value on one
/// line, each white space one space, none at its ends. Without the line end.
pub(super) fn write_field(field: &str, out: &mut String) {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    out.push_str(&name.trim_end().to_ascii_lowercase());
    out.push(':');
    let words = value
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty());
    for (n, word) in words.enumerate() {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Hashes a body in its relaxed form, a piece at a time: white space at the end
/// of a line goes, any other becomes one space, and so do empty lines at the end.
///
/// A piece is whole lines that end in CRLF, as [`super::Signer::sign`] is given.
pub(super) struct BodyHash {
    hash: Context,
    /// Line ends that were met and may be the last.
    held_back: usize,
    is_empty: bool,
}

impl BodyHash {
    pub(super) fn new() -> Self {
        Self {
            hash: Context::new(&SHA256),
            held_back: 0,
            is_empty: true,
        }
    }

    pub(super) fn take(&mut self, piece: &str) {
        let bytes = piece.as_bytes();
        let (mut from, mut at) = (0, 0);
        while let Some(found) = memchr2(b' ', b'\t', &bytes[at..]) {
            let space = at + found;
            at = space
                + bytes[space..]
                    .iter()
                    .take_while(|byte| matches!(byte, b' ' | b'\t'))
                    .count();
            let ends_line = bytes[at..].starts_with(b"\r\n");
            // Most spaces are right as they are: these go with the text around them.
            if &bytes[space..at] == b" " && !ends_line {
                continue;
            }
            self.text(&bytes[from..space]);
            if !ends_line {
                self.text(b" ");
            }
            from = at;
        }
        self.text(&bytes[from..]);
    }

    fn text(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(shorter) = rest.strip_suffix(b"\r\n") {
            rest = shorter;
        }
        if !rest.is_empty() {
            for _ in 0..std::mem::take(&mut self.held_back) {
                self.hash.update(b"\r\n");
            }
            self.hash.update(rest);
            self.is_empty = false;
        }
        self.held_back += (text.len() - rest.len()) / 2;
    }

    /// The hash in base64, as `bh=` wants it.
    pub(super) fn finish(mut self) -> String {
        if !self.is_empty {
            self.hash.update(b"\r\n");
        }
        STANDARD.encode(self.hash.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ring::digest::digest;

    fn relaxed(field: &str) -> String {
        let mut out = String::new();
        write_field(field, &mut out);
        out
    }

    fn hash_of(pieces: &[&str]) -> String {
        let mut hash = BodyHash::new();
        for piece in pieces {
            hash.take(piece);
        }
        hash.finish()
    }

    /// RFC 6376 3.4.4 by the letter, line by line.
    fn by_the_letter(body: &str) -> String {
        let lines: Vec<_> = body
            .split("\r\n")
            .map(|line| {
                let mut line = line.replace('\t', " ");
                while line.contains("  ") {
                    line = line.replace("  ", " ");
                }
                line.trim_end_matches(' ').to_owned()
            })
            .collect();
        let text = lines.join("\r\n");
        let text = text.trim_end_matches("\r\n");
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("{text}\r\n")
        };
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    }

    #[test]
    fn the_example_of_the_standard() {
        // RFC 6376 3.4.5, example 1.
        let head = "A: X\r\nB : Y\t\r\n\tZ  \r\n";
        let fields: Vec<_> = fields(head).map(relaxed).collect();
        assert_eq!(fields, ["a:X", "b:Y Z"]);
        assert_eq!(
            hash_of(&[" C \r\nD \t E\r\n\r\n\r\n"]),
            STANDARD.encode(digest(&SHA256, b" C\r\nD E\r\n"))
        );
        assert_eq!(hash_of(&[]), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(hash_of(&["\r\n \r\n"]), hash_of(&[]));
        // RFC 8463 A.3.
        assert_eq!(
            hash_of(&["Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"]),
            "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
        );
    }

    proptest! {
        #[test]
        fn in_pieces_as_by_the_letter(lines in prop::collection::vec("[ab \t]{0,8}", 0..12), cut in 0usize..12) {
            let lines: Vec<_> = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let (one, two) = lines.split_at(cut.min(lines.len()));
            prop_assert_eq!(hash_of(&[&one.concat(), &two.concat()]), by_the_letter(&lines.concat()));
        }
    }
}
