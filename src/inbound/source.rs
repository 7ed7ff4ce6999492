//! Messages out of a stream: one message, or a whole mbox (RFC 4155).
//!
//! A stream may be longer than memory: of each message only so much is kept as
//! is read of it.

use super::report::LONGEST;
use std::io::{BufRead, Read, Result};

/// Octets of a line that are kept in one piece.
const LONGEST_LINE: u64 = 64 * 1024;

/// Gives each message of a stream to `take`, until it answers with an error. A
/// stream that begins with a `From ` line is an mbox, in which `>From ` stands
/// for `From `; else it is one message.
///
/// # Errors
/// The stream cannot be read, or what `take` answers.
pub fn each_message<E: From<std::io::Error>>(
    mut stream: impl BufRead,
    mut take: impl FnMut(Vec<u8>) -> std::result::Result<(), E>,
) -> std::result::Result<u64, E> {
    let mut line = Vec::new();
    let mut message = Vec::new();
    let (mut taken, mut after_empty, mut is_mbox, mut first) = (0, true, false, true);
    let mut at_line_begin = true;
    while read_line(&mut stream, &mut line)? {
        let begins = at_line_begin && after_empty && line.starts_with(b"From ");
        if begins && (first || is_mbox) {
            is_mbox = true;
            if !message.is_empty() {
                taken += 1;
                take(std::mem::take(&mut message))?;
            }
        } else if message.len() < LONGEST {
            let quoted = is_mbox && at_line_begin && is_quoted_from(&line);
            message.extend_from_slice(&line[usize::from(quoted)..]);
        }
        after_empty = at_line_begin && matches!(line.as_slice(), b"\n" | b"\r\n");
        at_line_begin = line.ends_with(b"\n");
        first = false;
    }
    if !message.trim_ascii().is_empty() {
        taken += 1;
        take(message)?;
    }
    Ok(taken)
}

fn is_quoted_from(line: &[u8]) -> bool {
    let quotes = line.iter().take_while(|octet| **octet == b'>').count();
    quotes > 0 && line[quotes..].starts_with(b"From ")
}

/// Reads a line, or a piece of one that is too long; false at the end.
fn read_line(stream: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    let read = stream.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    Ok(read > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let count = each_message(text.as_bytes(), |message| {
            found.push(String::from_utf8(message).unwrap());
            Ok::<_, std::io::Error>(())
        });
        assert_eq!(count.unwrap(), found.len() as u64);
        found
    }

    #[test]
    fn an_mbox_is_taken_apart_and_a_message_is_not() {
        assert_eq!(messages("A: 1\n\nFrom here\n"), ["A: 1\n\nFrom here\n"]);
        assert_eq!(
            messages("From a\nA: 1\n\n>From b\n>>From c\nFrom d\n\nFrom e\nB: 2\n"),
            ["A: 1\n\nFrom b\n>From c\nFrom d\n\n", "B: 2\n"]
        );
        assert_eq!(
            messages("From a\r\nA: 1\r\n\r\nx\r\n\r\nFrom b\r\nB: 2\r\n").len(),
            2
        );
        assert_eq!(messages(""), [""; 0]);
        assert_eq!(messages("\n\n"), [""; 0]);
    }

    #[test]
    fn a_message_without_end_takes_bounded_memory() {
        let endless = std::io::BufReader::new(std::io::repeat(b'x').take(64 * 1024 * 1024));
        let mut longest = 0;
        each_message(endless, |message| {
            longest = longest.max(message.len());
            Ok::<_, std::io::Error>(())
        })
        .unwrap();
        assert!(longest <= LONGEST + usize::try_from(LONGEST_LINE).unwrap());
    }
}
