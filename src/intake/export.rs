//! Contacts as CSV again, safe to open in a spreadsheet.

use super::contacts::COLUMNS;
use crate::domain::contact::Contact;
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
        csv.write_record(COLUMNS.into_iter().chain(custom.iter().map(String::as_str)))?;
        Ok(Self { csv, custom })
    }

    /// Writes one contact.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, contact: &Contact) -> std::io::Result<()> {
        let agreement = contact.embargo_agreement.as_ref().map(|agreement| {
            agreement
                .since
                .map_or("yes".to_owned(), |since| since.to_string())
        });
        let languages: Vec<_> = contact.languages.iter().map(ToString::to_string).collect();
        let fixed = [
            contact.email.to_string(),
            contact.name.to_string(),
            contact.salutation.clone(),
            contact.outlet.clone(),
            contact.role.clone(),
            contact.country.clone(),
            languages.join(";"),
            contact
                .time_zone
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            contact
                .send_window
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            contact.beats.join(";"),
            contact.lists.join(";"),
            agreement.unwrap_or_default(),
            contact.notes.clone(),
        ];
        let custom = self
            .custom
            .iter()
            .map(|name| contact.custom.get(name).cloned().unwrap_or_default());
        self.csv
            .write_record(fixed.into_iter().chain(custom).map(safe))?;
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

/// Whether a spreadsheet would take a cell for a formula.
pub(super) fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\''])
}

/// A formula is disarmed by an apostrophe before it; import takes it off again.
pub(super) fn safe(cell: String) -> String {
    if is_formula(&cell) {
        format!("'{cell}")
    } else {
        cell
    }
}
