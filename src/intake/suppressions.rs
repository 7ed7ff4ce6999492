//! Bars on addresses as CSV: read, and written as it is read.

use super::contacts::decode;
use super::export::{plain, safe};
use crate::domain::address::EmailAddress;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::said;
use csv::StringRecord;
use jiff::Timestamp;
use std::collections::HashSet;
use std::io::Write;

/// The columns, in the order of an export.
const COLUMNS: [&str; 5] = ["email", "reason", "at", "source", "note"];

/// More letters than any address has (RFC 5321 4.5.3.1.3).
const LONGEST_ADDRESS: usize = 320;

/// Reads bars, in any encoding that contacts are read in: CSV with a header that names `email`, or one address a line. What
/// a line does not say is the default: barred by hand, now, by this person.
/// Each address comes once; bad lines are told.
pub fn read_suppressions(
    bytes: &[u8],
    file: &str,
    now: Timestamp,
    by: &str,
) -> (Vec<Suppression>, Vec<Problem>) {
    let mut problems = Vec::new();
    let decoded = match decode(bytes, None) {
        Ok(decoded) => decoded,
        Err(fault) => {
            let problem = Problem::error(file, fault.message);
            let placed = match fault.line {
                Some(line) => problem.at_line(line),
                None => problem,
            };
            return (Vec::new(), vec![placed]);
        }
    };
    let text = decoded.text.trim_start_matches('\u{feff}');
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
        .into_records()
        .peekable();
    let header = match rows.peek() {
        Some(Ok(first)) => header(first),
        Some(Err(_)) | None => None,
    };
    if header.is_some() {
        rows.next();
    }
    let columns = header.unwrap_or_else(|| COLUMNS.map(str::to_owned).to_vec());
    let (mut bars, mut seen) = (Vec::new(), HashSet::new());
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                problems.push(Problem::error(file, Said::verbatim(error)));
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        let line = usize::try_from(line).unwrap_or_default();
        match bar(&columns, &row, now, by) {
            Ok(None) => {}
            Ok(Some(bar)) => {
                if seen.insert(bar.email.clone()) {
                    bars.push(bar);
                }
            }
            Err(message) => problems.push(Problem::error(file, message).at_line(line)),
        }
    }
    (bars, problems)
}

/// The names of the columns, where the first line is a header.
fn header(first: &StringRecord) -> Option<Vec<String>> {
    let names: Vec<_> = first.iter().map(str::to_lowercase).collect();
    names.iter().any(|name| name == "email").then_some(names)
}

fn bar(
    columns: &[String],
    row: &StringRecord,
    now: Timestamp,
    by: &str,
) -> Result<Option<Suppression>, Said> {
    let cell = |name: &str| {
        let at = columns.iter().position(|column| column == name);
        plain(at.and_then(|at| row.get(at)).unwrap_or_default()).to_owned()
    };
    let given = |name: &str| Some(cell(name)).filter(|cell| !cell.is_empty());
    let Some(email) = given("email") else {
        return Ok(None);
    };
    let reason = match given("reason") {
        None => SuppressionReason::Manual,
        Some(name) => SuppressionReason::from_name(&name).ok_or_else(|| {
            let known = SuppressionReason::ALL
                .map(SuppressionReason::name)
                .join(", ");
            said!(
                "`{name}` is no reason; expected one of {known}",
                name = name.escape_debug(),
                known
            )
        })?,
    };
    let at = given("at").map(|at| {
        at.parse().map_err(|_| {
            said!(
                "`{text}` is no time; expected one such as 2026-11-30T09:00:00Z",
                text = at.escape_debug()
            )
        })
    });
    // Not to be shown back whole.
    let letters = email.chars().count();
    if letters > LONGEST_ADDRESS {
        return Err(said!(
            "{count} letters are no mail address; is it one address a line?",
            count = letters
        ));
    }
    Ok(Some(Suppression {
        email: EmailAddress::parse(&email).map_err(|error| error.said())?,
        reason,
        at: at.transpose()?.unwrap_or(now),
        source: given("source").unwrap_or_else(|| by.to_owned()),
        note: cell("note"),
    }))
}

/// Writes bars in the form that import reads.
pub struct SuppressionWriter<W: Write> {
    csv: csv::Writer<W>,
}

impl<W: Write> std::fmt::Debug for SuppressionWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SuppressionWriter").finish_non_exhaustive()
    }
}

impl<W: Write> SuppressionWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(out: W) -> std::io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS)?;
        Ok(Self { csv })
    }

    /// Writes one bar.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, bar: &Suppression) -> std::io::Result<()> {
        let cells = [
            bar.email.to_string(),
            bar.reason.name().to_owned(),
            bar.at.to_string(),
            bar.source.clone(),
            bar.note.clone(),
        ];
        Ok(self
            .csv
            .write_record(cells.map(|cell| safe(&cell).into_owned()))?)
    }

    /// Brings everything to the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.csv.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Vec<Suppression>, Vec<String>) {
        let (bars, problems) =
            read_suppressions(text.as_bytes(), "f", Timestamp::UNIX_EPOCH, "vera");
        (bars, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn addresses_alone_are_enough() {
        let (bars, problems) = read("a@example.org\n\n b@example.org \nnobody\na@EXAMPLE.org\n");
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].starts_with("f:4: `nobody` is not a mail address"),
            "{problems:?}"
        );
        let emails: Vec<_> = bars.iter().map(|bar| bar.email.to_string()).collect();
        assert_eq!(emails, ["a@example.org", "b@example.org"]);
        assert_eq!(
            (bars[0].reason, bars[0].source.as_str()),
            (SuppressionReason::Manual, "vera")
        );
    }

    #[test]
    fn what_is_no_address_is_not_shown_back_whole() {
        let (_, problems) = read(&"x".repeat(1000));
        let told = "f:1: 1000 letters are no mail address; is it one address a line?";
        assert_eq!(problems, [told]);
    }

    #[test]
    fn any_encoding_that_contacts_come_in_is_read() {
        let text = "email,note\r\nanna@example.org,просила больше не писать\r\n";
        let utf16 = |text: &str| -> Vec<u8> {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(units).collect()
        };
        // Windows-1251 has the small Cyrillic letters in their order from 0xE0 on.
        let old = |letter: char| match u32::from(letter) {
            code @ 0x430..=0x44f => u8::try_from(code - 0x430 + 0xe0).unwrap(),
            code => u8::try_from(code).unwrap(),
        };
        let windows: Vec<u8> = text.chars().map(old).collect();
        let marked = format!("\u{feff}{text}").into_bytes();
        for bytes in [utf16(text), windows, marked] {
            let (bars, problems) = read_suppressions(&bytes, "f", Timestamp::UNIX_EPOCH, "x");
            assert_eq!(problems.len(), 0, "{problems:?}");
            assert_eq!(bars[0].email.to_string(), "anna@example.org");
            assert_eq!(bars[0].note, "просила больше не писать");
        }
        let no_text = b"\x7fELF\0\x01\x02";
        let (bars, problems) = read_suppressions(no_text, "f", Timestamp::UNIX_EPOCH, "x");
        assert_eq!(bars.len(), 0);
        assert!(problems[0].to_string().contains("NUL"), "{problems:?}");
    }

    #[test]
    fn columns_are_found_by_name() {
        let (bars, problems) = read(
            "Note,EMAIL,reason,at\nby letter,a@example.org,opt-out,2026-11-30T09:00:00Z\n,b@example.org,because,\n,c@example.org,,noon\n",
        );
        assert_eq!(bars.len(), 1);
        assert_eq!(
            (bars[0].reason, bars[0].note.as_str()),
            (SuppressionReason::OptOut, "by letter")
        );
        assert!(
            problems[0].contains("f:3: `because` is no reason"),
            "{problems:?}"
        );
        assert!(
            problems[1].contains("f:4: `noon` is no time"),
            "{problems:?}"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(source in "[=+@'a-zа-я]{1,8}", note in "[-=+@'\",;\n a-z]{0,12}") {
            let bar = Suppression {
                email: EmailAddress::parse("a@example.org").unwrap(),
                reason: SuppressionReason::Complaint,
                at: Timestamp::UNIX_EPOCH,
                source,
                note: note.trim().to_owned(),
            };
            let mut out = Vec::new();
            let mut writer = SuppressionWriter::new(&mut out).unwrap();
            writer.write(&bar).unwrap();
            writer.finish().unwrap();
            let (bars, problems) = read_suppressions(&out, "f", Timestamp::UNIX_EPOCH, "x");
            prop_assert_eq!((bars, problems.len()), (vec![bar], 0));
        }

        #[test]
        fn no_file_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_suppressions(&bytes, "f", Timestamp::UNIX_EPOCH, "x");
        }
    }
}
