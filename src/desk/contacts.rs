//! The contact list: import, export, list, show.

use super::{Desk, DeskError};
use crate::dispatch::revisions::Deed;
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::problem::Problem;
use crate::entropy::Entropy;
use crate::store::Imported;
use serde::Serialize;
use std::path::Path;

/// Contacts read at once.
const PAGE: u32 = 1000;

/// How an import treats what it finds.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// Only say what would be done.
    pub dry_run: bool,
    /// A single bad row stops all of it.
    pub strict: bool,
}

/// What an import found and did.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// Contacts in the file.
    pub read: usize,
    /// What changed, or would.
    pub imported: Imported,
    /// Rows that were left out, and other remarks, with their lines.
    pub problems: Vec<Problem>,
    /// Nothing was written.
    pub dry_run: bool,
}

impl Desk {
    /// Imports a file of contacts in one transaction. Bad rows are reported
    /// and do not stop the good ones, unless `strict`.
    ///
    /// # Errors
    /// The file cannot be read at all, a bad row under `strict`, or the store failed.
    pub async fn import(
        &self,
        file: &Path,
        options: ImportOptions,
    ) -> Result<ImportReport, DeskError> {
        let bytes = std::fs::read(file).map_err(DeskError::file("read", file))?;
        let now = self.clock.now();
        let read = crate::intake::read_contacts(&bytes, &file.display().to_string(), &mut || {
            Entropy.contact(now)
        });
        let has_errors = read.problems.iter().any(Problem::is_error);
        if has_errors && (options.strict || read.contacts.is_empty()) {
            return Err(DeskError::Problems(read.problems));
        }
        let imported = if options.dry_run {
            self.compare(&read.contacts).await?
        } else {
            let imported = self.store.import(&read.contacts).await?;
            // A list may have taken an agreement back.
            self.mind_agreements(&Deed {
                by: "import".to_owned(),
                why: "the imported list names no agreement".to_owned(),
                now: self.clock.now(),
            })
            .await?;
            imported
        };
        Ok(ImportReport {
            read: read.contacts.len(),
            imported,
            problems: read.problems,
            dry_run: options.dry_run,
        })
    }

    /// What an import would do.
    async fn compare(&self, contacts: &[Contact]) -> Result<Imported, DeskError> {
        let mut would = Imported::default();
        for contact in contacts {
            match self.store.contact(&contact.email).await? {
                None => would.added += 1,
                Some(known)
                    if (Contact {
                        id: known.id,
                        ..contact.clone()
                    }) == known =>
                {
                    would.unchanged += 1
                }
                Some(_) => would.changed += 1,
            }
        }
        Ok(would)
    }

    /// Shows every contact, by address.
    ///
    /// # Errors
    /// The store failed.
    pub async fn each_contact(
        &self,
        mut show: impl FnMut(Contact) -> Result<(), DeskError>,
    ) -> Result<u64, DeskError> {
        let mut after = None;
        let mut shown = 0;
        loop {
            let page = self.store.contacts(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(shown);
            };
            after = Some(last.email.clone());
            for contact in page {
                shown += 1;
                show(contact)?;
            }
        }
    }

    /// The contact with an address.
    ///
    /// # Errors
    /// Not an address, or nobody has it.
    pub async fn contact(&self, email: &str) -> Result<Contact, DeskError> {
        let email =
            EmailAddress::parse(email).map_err(|error| DeskError::request(error.to_string()))?;
        let found = self.store.contact(&email).await?;
        found.ok_or_else(|| {
            DeskError::request(format!(
                "there is no contact {email}; `dateline contacts list` shows all"
            ))
        })
    }
}
