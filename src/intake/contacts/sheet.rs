//! Tables: rows of cells with their lines, off CSV as spreadsheets write it.

use super::columns::Mapping;
use super::columns::{Dialect, known, said};
use crate::domain::said::Said;
use crate::said;

/// One row, and the line where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SheetRow {
    pub(super) line: usize,
    pub(super) cells: Vec<String>,
}

/// A whole table; its first row is the header.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) rows: Vec<SheetRow>,
    /// What could not be read, with its line.
    pub(super) faults: Vec<(usize, Said)>,
}

/// Reads CSV. Its delimiter is said by a first line `sep=;`, as Excel writes
/// it, else found out.
pub(super) fn csv(text: &str, mappings: &[Mapping]) -> (Sheet, char) {
    let (said, text) = sep_line(text);
    let skipped = usize::from(said.is_some());
    let delimiter = said.unwrap_or_else(|| delimiter(text, mappings));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::default();
    let mut record = csv::StringRecord::new();
    let mut lines = LineCount::new(skipped);
    let mut last = 0;
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => {
                if is_unclosed(&text[last..])
                    && let Some(row) = sheet.rows.pop()
                {
                    let message = said!(
                        "a quotation mark in this row is never closed: whatever follows is taken for one cell"
                    );
                    sheet.faults.push((row.line, message));
                }
                return (sheet, char::from(delimiter));
            }
            Ok(true) => {
                let begun = record.position().map_or(0, csv::Position::byte);
                last = usize::try_from(begun).unwrap_or_default();
                sheet.rows.push(SheetRow {
                    line: lines.at(text, last),
                    cells: record.iter().map(str::to_owned).collect(),
                });
            }
            Err(error) => sheet.faults.push((lines.line, Said::verbatim(error))),
        }
    }
}

/// Whether the last row ends within quotation marks: those within a cell are
/// doubled, so that all together are even (RFC 4180 2.7). One within a cell that
/// has none round it means nothing.
fn is_unclosed(row: &str) -> bool {
    let within_lines = row.trim().contains(['\r', '\n']);
    within_lines && !row.matches('"').count().is_multiple_of(2)
}

/// Counts lines along a text. The reader's own count is one short where lines
/// end in CRLF: it takes the LF for the beginning of the next.
struct LineCount {
    offset: usize,
    line: usize,
}

impl LineCount {
    fn new(skipped: usize) -> Self {
        Self {
            offset: 0,
            line: skipped + 1,
        }
    }

    /// The line of what stands at an offset or behind the line ends there.
    fn at(&mut self, text: &str, offset: usize) -> usize {
        let bytes = text.as_bytes();
        let is_end = |byte: Option<&u8>| matches!(byte, Some(b'\r' | b'\n'));
        while self.offset < offset || is_end(bytes.get(self.offset)) {
            let here = bytes.get(self.offset);
            let behind = bytes.get(self.offset + 1);
            // A lone CR ends a line too: Macs wrote it so.
            if here == Some(&b'\n') || (here == Some(&b'\r') && behind != Some(&b'\n')) {
                self.line += 1;
            }
            self.offset += 1;
        }
        self.line
    }
}

/// What a first line `sep=;` says, and the text behind it.
fn sep_line(text: &str) -> (Option<u8>, &str) {
    let (first, rest) = text.split_once(['\r', '\n']).unwrap_or((text, ""));
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    let first = first.trim_matches('"');
    let said = first
        .get(..4)
        .filter(|word| word.eq_ignore_ascii_case("sep="))
        .map(|_| &first.as_bytes()[4..]);
    match said {
        Some([delimiter]) if delimiter.is_ascii() => (Some(*delimiter), rest),
        Some(_) | None => (None, text),
    }
}

/// The delimiter that splits the header into the most columns we know; where
/// it has none of them, the tab or the semicolon, which stand in no words.
fn delimiter(text: &str, mappings: &[Mapping]) -> u8 {
    let header = text
        .split(['\r', '\n'])
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let rank = |delimiter: u8| {
        let cells = header
            .split(char::from(delimiter))
            .map(|cell| cell.trim().trim_matches('"'));
        let is_known =
            |cell: &&str| said(cell, mappings).is_some() || known(cell, Dialect::Table).is_some();
        (cells.clone().filter(is_known).count(), cells.count() > 1)
    };
    // Of equals, the last.
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| rank(*delimiter))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_may_say_the_delimiter() {
        for (text, delimiter) in [
            (
                "sep=;\r\nemail;name\r\na@example.org;\"x\ny\"\r\nb@example.org;z\r\n",
                ';',
            ),
            (
                "\"sep=|\"\nemail|name\na@example.org|\"x\ny\"\nb@example.org|z\n",
                '|',
            ),
            (
                "SEP=\t\nemail\tname\na@example.org\t\"x\ny\"\nb@example.org\tz\n",
                '\t',
            ),
        ] {
            let (sheet, found) = csv(text, &[]);
            assert_eq!(found, delimiter);
            let lines: Vec<_> = sheet.rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 3, 5], "{text:?}");
            assert_eq!(sheet.rows[1].cells, ["a@example.org", "x\ny"]);
        }
    }

    #[test]
    fn a_mark_that_is_never_closed_is_told() {
        let (sheet, _) = csv(
            "email,name\na@example.org,A\nb@example.org,\"B\nc@example.org,C\n",
            &[],
        );
        assert_eq!(sheet.rows.len(), 2);
        assert_eq!(sheet.faults[0].0, 3);
        assert!(sheet.faults[0].1.to_string().contains("never closed"));
        for sound in [
            "email,name\r\na@example.org,5\" disk\r\n",
            "email,name\na@example.org,\"x\ny\"\n",
        ] {
            assert_eq!(csv(sound, &[]).0.faults, []);
        }
    }

    #[test]
    fn headers_that_nobody_knows_are_split_where_it_is_likely() {
        assert_eq!(csv("a;b;c\n1;2,5;3\n", &[]).1, ';');
        assert_eq!(csv("Кто, где;Куда, как\n", &[]).1, ';');
    }
}
