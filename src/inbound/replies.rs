//! Answers that no person wrote: auto-replies (RFC 3834 section 5, and the usual
//! forms from before and beside it) and challenges. By a table.

use super::mime::{Opened, said};
use crate::domain::bounce::{Finding, Ground};

const REPLIES: &str = include_str!("replies.tsv");
/// Of a text, so much is looked at.
const SAID: usize = 8192;

/// Which kind of answer it is, and by which line of the table; `None` where a
/// person may have written it.
pub(super) fn read(opened: &Opened<'_>) -> Option<(Finding, Ground)> {
    let subject = opened.header.subject().to_lowercase();
    let subject = subject.trim_start_matches("re:").trim_start();
    let text = said(&opened.leaves, SAID).to_lowercase();
    rules()
        .find(|(_, place, words)| match *place {
            "subject" => subject.starts_with(words),
            "text" => text.contains(words),
            field => opened
                .header
                .raw(field)
                .is_some_and(|value| value.to_ascii_lowercase().starts_with(words)),
        })
        .map(|(kind, place, words)| {
            let finding = match kind {
                "challenge" => Finding::Challenge,
                _ => Finding::AutoReply,
            };
            (finding, Ground::Report(format!("{place}: {words}")))
        })
}

fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    REPLIES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.splitn(3, '\t');
            Some((cells.next()?, cells.next()?, cells.next()?))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        for line in REPLIES.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.matches('\t').count(), 2, "{line}");
        }
        for (kind, place, words) in rules() {
            assert!(matches!(kind, "auto-reply" | "challenge"), "{kind}");
            assert_eq!(words, words.to_lowercase());
            assert!(
                !matches!(place, "subject" | "text") || words.len() > 4,
                "{words}"
            );
        }
    }
}
