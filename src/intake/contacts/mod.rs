//! Contact files, as press offices have them: CSV as spreadsheets write it,
//! Excel workbooks, vCards and LDIF.
//!
//! What a file is, is told by its content. A bad row is reported with its line
//! and does not stop the good ones.

mod cards;
mod charset;
mod columns;
mod folded;
mod ldif;
mod names;
mod records;
mod row;
mod sheet;
mod workbook;

pub(super) use charset::decode;
pub use charset::{Charset, Found};
pub use columns::{Column, Mapping, Meaning};

use super::export::plain;
use crate::domain::address::EmailAddress;
use crate::domain::contact_fields::{FieldChange, Partial, differences};
use crate::domain::ids::ContactId;
use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use records::Entry;
use row::{Cells, Strictness, made};
use serde::Serialize;
use sheet::{Sheet, SheetRow};
use std::borrow::Cow;
use std::collections::HashMap;

/// What somebody says of a contact file.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Its encoding, where it is not to be found out.
    pub encoding: Option<String>,
    /// What its columns mean, where they do not say so themselves.
    pub mappings: Vec<Mapping>,
}

/// What a contact file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Cells between delimiters.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// vCards.
    Vcard,
    /// LDIF.
    Ldif,
}

impl Format {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
            Self::Vcard => "vCard",
            Self::Ldif => "LDIF",
        }
    }
}

/// A contact read off a file.
#[derive(Debug, Clone)]
pub struct ReadContact {
    /// The line, or the row of a sheet, where it begins, counted from 1.
    pub line: usize,
    /// What the file says of it.
    pub partial: Partial,
}

/// An address that the file has twice, with two different records: the first
/// stands, and this one is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repeat {
    /// The line of the record that is left out.
    pub line: usize,
    /// The line of the one that stands.
    pub first: usize,
    /// The address.
    pub email: EmailAddress,
    /// Where the one left out differs.
    pub differs: Vec<FieldChange>,
}

/// What came of reading a contact file.
#[derive(Debug)]
pub struct ContactsRead {
    /// What the file is.
    pub format: Format,
    /// Its encoding, where it is text.
    pub charset: Option<Charset>,
    /// Where the contacts stand in it: a delimiter's or a sheet's name.
    pub within: Option<Said>,
    /// Its columns, and what each is taken for.
    pub columns: Vec<Column>,
    /// The first rows, cell by cell as the columns are.
    pub sample: Vec<Vec<String>>,
    /// The good rows, each address once.
    pub contacts: Vec<ReadContact>,
    /// Rows whose address stands there already, with another record.
    pub repeats: Vec<Repeat>,
    /// Rows left out, and remarks, with their lines.
    pub problems: Vec<Problem>,
}

/// Rows of a table that are shown as they are.
const SAMPLE: usize = 5;
/// Octets of a contact file: far more than a press list has.
const MOST_OCTETS: usize = 256 * 1024 * 1024;

/// Reads a contact file. `mint` gives identifiers for new contacts.
pub fn read_contacts(
    bytes: &[u8],
    file: &str,
    reading: &Reading,
    mint: &mut dyn FnMut() -> ContactId,
) -> ContactsRead {
    let mut gathering = Gathering {
        file,
        reading,
        mint,
        lines: HashMap::new(),
        read: ContactsRead {
            format: Format::Csv,
            charset: None,
            within: None,
            columns: Vec::new(),
            sample: Vec::new(),
            contacts: Vec::new(),
            repeats: Vec::new(),
            problems: Vec::new(),
        },
    };
    gathering.read(bytes);
    gathering.read
}

struct Gathering<'a> {
    file: &'a str,
    reading: &'a Reading,
    mint: &'a mut dyn FnMut() -> ContactId,
    /// The contact of each address taken, by its place.
    lines: HashMap<EmailAddress, usize>,
    read: ContactsRead,
}

impl Gathering<'_> {
    fn read(&mut self, bytes: &[u8]) {
        if bytes.len() > MOST_OCTETS {
            let message = said!(
                "has {bytes} octets; at most {most} are read",
                bytes = bytes.len(),
                most = MOST_OCTETS
            );
            return self.fault(None, message);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            return self.workbook(bytes);
        }
        if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            let message =
                said!("is an Excel file of before 2007 (.xls); save it as .xlsx or as CSV");
            return self.fault(None, message);
        }
        let asked = self.reading.encoding.as_deref().map(charset::by_name);
        let asked = match asked.transpose() {
            Ok(asked) => asked,
            Err(message) => return self.fault(None, message),
        };
        match charset::decode(bytes, asked) {
            Ok(decoded) => {
                self.doubt(&decoded.charset);
                self.read.charset = Some(decoded.charset);
                self.text(&decoded.text);
            }
            Err(error) => self.fault(error.line, error.message),
        }
    }

    fn fault(&mut self, line: Option<usize>, message: Said) {
        self.tell(line, Problem::error(self.file, message));
    }

    fn remark(&mut self, line: Option<usize>, message: Said) {
        self.tell(line, Problem::warning(self.file, message));
    }

    fn tell(&mut self, line: Option<usize>, problem: Problem) {
        self.read.problems.push(match line {
            Some(line) => problem.at_line(line),
            None => problem,
        });
    }

    fn doubt(&mut self, charset: &Charset) {
        if let Some(other) = charset.or_else {
            let message = said!(
                "is taken for {name}, and {other} is nearly as likely; see that the names are right, or say --encoding {other}",
                name = charset.name,
                other
            );
            self.remark(None, message);
        }
    }

    fn text(&mut self, text: &str) {
        let mappings = &self.reading.mappings;
        if cards::are_cards(text) {
            self.read.format = Format::Vcard;
            self.book(cards::cards(text, mappings));
        } else if ldif::is_ldif(text) {
            self.read.format = Format::Ldif;
            self.book(ldif::entries(text, mappings));
        } else {
            let (sheet, delimiter) = sheet::csv(text, mappings);
            self.read.within = Some(delimiter_name(delimiter));
            self.table(sheet);
        }
    }

    /// The first sheet whose header we know; else the first, with what is
    /// wrong with it.
    fn workbook(&mut self, bytes: &[u8]) {
        self.read.format = Format::Xlsx;
        let mut sheets = match workbook::xlsx(bytes) {
            Ok(sheets) => sheets,
            Err(message) => return self.fault(None, message),
        };
        let names: Vec<_> = sheets.iter().map(|one| one.name.clone()).collect();
        let is_known = |one: &workbook::NamedSheet| {
            let header = one.sheet.rows.first();
            header.is_some_and(|row| {
                columns::mapped(&header_names(row), &self.reading.mappings).is_ok()
            })
        };
        let chosen = sheets.iter().position(is_known).unwrap_or_default();
        if names.len() > 1 {
            let message = said!(
                "has {count} sheets; `{name}` is read",
                count = names.len(),
                name = names[chosen].escape_debug()
            );
            self.remark(None, message);
        }
        if sheets.is_empty() {
            return self.table(Sheet::default());
        }
        let chosen = sheets.swap_remove(chosen);
        self.read.within = Some(said!("sheet `{name}`", name = chosen.name));
        self.table(chosen.sheet);
    }

    fn table(&mut self, sheet: Sheet) {
        let mut rows = sheet.rows.into_iter();
        let Some(header) = rows.next() else {
            let message = said!("is empty; a header with at least `email` is expected");
            return self.fault(None, message);
        };
        let names = header_names(&header);
        let mappings = &self.reading.mappings;
        let columns = match columns::mapped(&names, mappings) {
            Ok((columns, remarks)) => {
                for remark in remarks {
                    self.remark(Some(header.line), remark);
                }
                columns
            }
            Err(faults) => {
                // To be shown to whoever can say what is meant.
                self.read.columns = columns::taken(&names, mappings);
                self.read.sample = rows.take(SAMPLE).map(|row| row.cells).collect();
                for fault in faults {
                    self.fault(Some(header.line), fault);
                }
                return;
            }
        };
        for (line, message) in sheet.faults {
            self.fault(Some(line), message);
        }
        for row in rows {
            self.row(&columns, &row);
        }
        self.read.columns = columns;
    }

    fn row(&mut self, columns: &[Column], row: &SheetRow) {
        if row.cells.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if row.cells.len() > columns.len()
            && row.cells[columns.len()..]
                .iter()
                .any(|cell| !cell.trim().is_empty())
        {
            let message = said!(
                "the row has {cells} cells, the header {columns}",
                cells = row.cells.len(),
                columns = columns.len()
            );
            return self.fault(Some(row.line), message);
        }
        if self.read.sample.len() < SAMPLE {
            self.read.sample.push(row.cells.clone());
        }
        let mut cells = Cells::default();
        for (place, column) in columns.iter().enumerate() {
            // A row that ends early has nothing in its last cells.
            let cell = row.cells.get(place).map_or("", String::as_str);
            cells.put(&column.meaning, Cow::Borrowed(plain(cell)));
        }
        self.contact(row.line, &cells, Strictness::Reject);
    }

    fn book(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match entry {
                Ok(record) => {
                    for column in &record.columns {
                        if !self.read.columns.contains(column) {
                            self.read.columns.push(column.clone());
                        }
                    }
                    for email in record.further_addresses() {
                        let message = said!(
                            "a contact has one address; the further one `{email}` is left out",
                            email = email.escape_debug()
                        );
                        self.remark(Some(record.line), message);
                    }
                    self.contact(record.line, &record.cells(), Strictness::Overlook);
                }
                Err(skipped) if skipped.is_fault => {
                    self.fault(Some(skipped.line), skipped.message);
                }
                Err(skipped) => self.remark(Some(skipped.line), skipped.message),
            }
        }
    }

    fn contact(&mut self, line: usize, cells: &Cells<'_>, strictness: Strictness) {
        if cells.is_empty() {
            return;
        }
        let made = made(cells, strictness, (self.mint)());
        for fault in made.faults {
            if made.partial.is_some() {
                self.remark(Some(line), said!("{fault}; this field is left out", fault));
            } else {
                self.fault(Some(line), fault);
            }
        }
        if let Some(partial) = made.partial {
            self.keep(line, partial);
        }
    }

    fn keep(&mut self, line: usize, partial: Partial) {
        let email = partial.contact.email.clone();
        let Some(place) = self.lines.get(&email).copied() else {
            self.lines.insert(email, self.read.contacts.len());
            self.read.contacts.push(ReadContact { line, partial });
            return;
        };
        let known = &self.read.contacts[place];
        let (first, differs) = (
            known.line,
            differences(&known.partial.contact, &partial.contact),
        );
        if differs.is_empty() {
            let message = said!(
                "the address {email} stands in line {first} already; this row is left out",
                email,
                first
            );
            return self.remark(Some(line), message);
        }
        self.read.repeats.push(Repeat {
            line,
            first,
            email,
            differs,
        });
    }
}

fn header_names(row: &SheetRow) -> Vec<String> {
    row.cells
        .iter()
        .map(|cell| cell.trim().to_owned())
        .collect()
}

fn delimiter_name(delimiter: char) -> Said {
    match delimiter {
        ',' => said!("commas"),
        ';' => said!("semicolons"),
        '\t' => said!("tabs"),
        other => Said::verbatim(format_args!("`{}`", other.escape_debug())),
    }
}

#[cfg(test)]
mod tests;
