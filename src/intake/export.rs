//! Contacts as CSV again, safe to open in a spreadsheet.

use crate::domain::contact::Contact;
use crate::domain::contact_fields::Field;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;

/// Writes contacts in the form that import reads.
pub struct ContactWriter<W: Write> {
    csv: csv::Writer<W>,
    custom: Vec<String>,
}

impl<W: Write> std::fmt::Debug for ContactWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContactWriter")
            .field("custom", &self.custom)
            .finish_non_exhaustive()
    }
}

impl<W: Write> ContactWriter<W> {
    /// Writes the header; `custom` names the further columns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(out: W, custom: BTreeSet<String>) -> std::io::Result<Self> {
        let custom: Vec<_> = custom.into_iter().collect();
        let mut csv = csv::Writer::from_writer(out);
        let fixed: [&str; 14] = Field::ALL.map(Field::name);
        csv.write_record(fixed.into_iter().chain(custom.iter().map(String::as_str)))?;
        Ok(Self { csv, custom })
    }

    /// Goes on with a file whose header was written before, with these columns.
    pub fn further(out: W, custom: BTreeSet<String>) -> Self {
        Self {
            csv: csv::Writer::from_writer(out),
            custom: custom.into_iter().collect(),
        }
    }

    /// Writes one contact.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, contact: &Contact) -> std::io::Result<()> {
        let fixed = Field::ALL.into_iter().map(|field| field.of(contact));
        let custom = self
            .custom
            .iter()
            .map(|name| contact.custom.get(name).cloned().unwrap_or_default());
        self.csv
            .write_record(fixed.chain(custom).map(|cell| safe(&cell).into_owned()))?;
        Ok(())
    }

    /// Brings everything to the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.csv.flush()
    }
}

/// A cell without the blanks around it, and without the apostrophe that [`safe`]
/// puts before a formula.
pub(super) fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        Some(_) | None => cell,
    }
}

/// Whether a spreadsheet would take a cell for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\''])
}

/// A cell that no spreadsheet takes for a formula: an apostrophe goes before
/// what would be one; import takes it off again.
pub fn safe(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
