//! Contact files: CSV with a header, in UTF-8, delimiter found out by itself.
//!
//! A bad row is reported with its line and does not stop the good ones.

use super::release::is_country;
use crate::domain::address::EmailAddress;
use crate::domain::contact::{Contact, EmbargoAgreement};
use crate::domain::header_text::HeaderText;
use crate::domain::ids::ContactId;
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::send_window::SendWindow;
use crate::domain::zone::Zone;
use csv::StringRecord;
use std::collections::{BTreeMap, HashMap};

/// The columns that have a meaning, in the order of an export.
pub(super) const COLUMNS: [&str; 13] = [
    "email",
    "name",
    "salutation",
    "outlet",
    "role",
    "country",
    "languages",
    "time_zone",
    "send_window",
    "beats",
    "lists",
    "embargo_agreement",
    "notes",
];

/// What came of reading a contact file.
#[derive(Debug)]
pub struct ContactsRead {
    /// The good rows, each address once.
    pub contacts: Vec<Contact>,
    /// Rows left out, and remarks, with their lines.
    pub problems: Vec<Problem>,
}

/// Reads a contact file. `mint` gives identifiers for new contacts.
pub fn read_contacts(
    bytes: &[u8],
    file: &str,
    mint: &mut dyn FnMut() -> ContactId,
) -> ContactsRead {
    let mut reading = Reading {
        file,
        mint,
        contacts: Vec::new(),
        lines: HashMap::new(),
        problems: Vec::new(),
    };
    match utf8(bytes) {
        Ok(text) => reading.read(text),
        Err((line, message)) => reading
            .problems
            .push(Problem::error(file, message).at_line(line)),
    }
    ContactsRead {
        contacts: reading.contacts,
        problems: reading.problems,
    }
}

/// The text, without a byte order mark; else the line and what is likely wrong.
fn utf8(bytes: &[u8]) -> Result<&str, (usize, String)> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err((
            1,
            "is UTF-16, not UTF-8; in Excel save it as `CSV UTF-8`".to_owned(),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        let octet = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        (line, format!("is not UTF-8: octet {octet:#04x} cannot stand there (an older Cyrillic or Western encoding?); save it as UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The delimiter that splits the header into the most columns we know.
fn delimiter(text: &str) -> u8 {
    let header = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let known = |delimiter: u8| {
        let cells = header
            .split(char::from(delimiter))
            .map(|cell| cell.trim().trim_matches('"').to_lowercase());
        cells
            .filter(|cell| COLUMNS.contains(&cell.as_str()))
            .count()
    };
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| known(*delimiter))
        .unwrap_or(b',')
}

struct Reading<'a> {
    file: &'a str,
    mint: &'a mut dyn FnMut() -> ContactId,
    contacts: Vec<Contact>,
    /// The line of each address taken.
    lines: HashMap<EmailAddress, usize>,
    problems: Vec<Problem>,
}

/// Column names in the file's order, lower case.
struct Header(Vec<String>);

impl Reading<'_> {
    fn read(&mut self, text: &str) {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let header = match records.next() {
            Some(Ok(record)) => Header(
                record
                    .iter()
                    .map(|cell| cell.trim().to_lowercase())
                    .collect(),
            ),
            Some(Err(error)) => {
                return self
                    .problems
                    .push(Problem::error(self.file, error.to_string()).at_line(1));
            }
            None => {
                return self.problems.push(Problem::error(
                    self.file,
                    "is empty; a header with at least `email` is expected",
                ));
            }
        };
        if !self.is_sound(&header) {
            return;
        }
        for record in records {
            match record {
                Ok(record) => self.row(&header, &record),
                Err(error) => self
                    .problems
                    .push(Problem::error(self.file, error.to_string())),
            }
        }
    }

    fn is_sound(&mut self, Header(names): &Header) -> bool {
        let mut sound = true;
        if !names.iter().any(|name| name == "email") {
            let found = names.join(", ");
            self.problems.push(
                Problem::error(
                    self.file,
                    format!(
                        "the header has no column `email`; found {}",
                        found.escape_debug()
                    ),
                )
                .at_line(1),
            );
            sound = false;
        }
        for (index, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..index].contains(name) {
                self.problems.push(
                    Problem::error(
                        self.file,
                        format!("the header has the column `{}` twice", name.escape_debug()),
                    )
                    .at_line(1),
                );
                sound = false;
            }
        }
        sound
    }

    fn row(&mut self, header: &Header, record: &StringRecord) {
        let line = record.position().map_or(0, |position| {
            usize::try_from(position.line()).unwrap_or_default()
        });
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if record.len() > header.0.len() {
            let message = format!(
                "the row has {} cells, the header {}",
                record.len(),
                header.0.len()
            );
            return self
                .problems
                .push(Problem::error(self.file, message).at_line(line));
        }
        let mut row = Row {
            cells: header
                .0
                .iter()
                .map(String::as_str)
                .zip(record.iter().map(plain))
                .collect(),
            faults: Vec::new(),
        };
        let contact = row.contact((self.mint)());
        if !row.faults.is_empty() {
            let faults = row
                .faults
                .into_iter()
                .map(|fault| Problem::error(self.file, fault).at_line(line));
            return self.problems.extend(faults);
        }
        if let Some(contact) = contact {
            self.keep(contact, line);
        }
    }

    fn keep(&mut self, contact: Contact, line: usize) {
        if let Some(first) = self.lines.get(&contact.email) {
            let message = format!(
                "the address {} stands in line {first} already; this row is left out",
                contact.email
            );
            return self
                .problems
                .push(Problem::warning(self.file, message).at_line(line));
        }
        self.lines.insert(contact.email.clone(), line);
        self.contacts.push(contact);
    }
}

/// A cell without the apostrophe that an export puts before a formula.
fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if super::export::is_formula(rest) => rest,
        Some(_) | None => cell,
    }
}

struct Row<'r> {
    cells: BTreeMap<&'r str, &'r str>,
    faults: Vec<String>,
}

impl Row<'_> {
    fn contact(&mut self, id: ContactId) -> Option<Contact> {
        let email = self.parsed("email", EmailAddress::parse);
        if email.is_none() && self.cell("email").is_empty() {
            self.faults
                .push("the row has no address in `email`".to_owned());
        }
        let name = self.parsed("name", HeaderText::parse).unwrap_or_default();
        let salutation = self.line("salutation");
        let (outlet, role) = (self.line("outlet"), self.line("role"));
        let country = self.parsed("country", country).unwrap_or_default();
        let languages = self.languages();
        let time_zone = self.parsed("time_zone", Zone::parse);
        let send_window = self.parsed("send_window", SendWindow::parse);
        let embargo_agreement = self.parsed("embargo_agreement", agreement).flatten();
        Some(Contact {
            id,
            email: email?,
            name,
            salutation,
            outlet,
            role,
            country,
            languages,
            time_zone,
            send_window,
            beats: self.list("beats"),
            lists: self.list("lists"),
            embargo_agreement,
            notes: self.cell("notes").to_owned(),
            custom: self.custom(),
        })
    }

    fn cell(&self, name: &str) -> &str {
        self.cells.get(name).copied().unwrap_or_default()
    }

    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let cell = self.cell(name);
        if cell.is_empty() {
            return None;
        }
        match parse(cell) {
            Ok(value) => Some(value),
            Err(error) => {
                let fault = format!("`{name}`: {error}");
                self.faults.push(fault);
                None
            }
        }
    }

    fn line(&mut self, name: &str) -> String {
        self.parsed(name, HeaderText::parse)
            .map(String::from)
            .unwrap_or_default()
    }

    fn list(&self, name: &str) -> Vec<String> {
        items(self.cell(name)).map(str::to_owned).collect()
    }

    fn languages(&mut self) -> Vec<Language> {
        let mut languages: Vec<Language> = Vec::new();
        let mut faults = Vec::new();
        for item in items(self.cell("languages")) {
            match Language::parse(item) {
                Ok(language) if languages.contains(&language) => {}
                Ok(language) => languages.push(language),
                Err(error) => faults.push(format!("`languages`: {error}")),
            }
        }
        self.faults.extend(faults);
        languages
    }

    fn custom(&self) -> BTreeMap<String, String> {
        let further = self
            .cells
            .iter()
            .filter(|(name, cell)| !name.is_empty() && !COLUMNS.contains(name) && !cell.is_empty());
        further
            .map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned()))
            .collect()
    }
}

/// The values within one cell.
fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ',', '|'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn country(text: &str) -> Result<String, String> {
    let upper = text.to_ascii_uppercase();
    if is_country(&upper) {
        Ok(upper)
    } else {
        Err(format!(
            "`{}` is no country; expected two letters such as KZ (ISO 3166-1)",
            text.escape_debug()
        ))
    }
}

fn agreement(text: &str) -> Result<Option<EmbargoAgreement>, String> {
    match text.to_lowercase().as_str() {
        "no" | "false" | "0" | "нет" => Ok(None),
        "yes" | "true" | "1" | "да" => Ok(Some(EmbargoAgreement { since: None })),
        date => match date.parse() {
            Ok(since) => Ok(Some(EmbargoAgreement { since: Some(since) })),
            Err(_) => Err(format!(
                "`{}` is no agreement; expected the day it was given such as 2026-02-01, yes, no or nothing",
                text.escape_debug()
            )),
        },
    }
}

#[cfg(test)]
#[path = "contacts_tests.rs"]
mod tests;
