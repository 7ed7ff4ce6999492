//! The contact list: export, list, show.

use super::{Desk, DeskError};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::said::Tell;
use crate::said;
use std::collections::BTreeSet;

/// Contacts read at once.
const PAGE: u32 = 1000;

impl Desk {
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

    /// The names of the newsroom's own columns that any contact fills.
    ///
    /// # Errors
    /// The store failed.
    pub async fn own_columns(&self) -> Result<BTreeSet<String>, DeskError> {
        let mut names = BTreeSet::new();
        self.each_contact(|contact| {
            names.extend(contact.custom.into_keys());
            Ok(())
        })
        .await?;
        Ok(names)
    }

    /// The contact with an address.
    ///
    /// # Errors
    /// Not an address, or nobody has it.
    pub async fn contact(&self, email: &str) -> Result<Contact, DeskError> {
        let email = address(email)?;
        let found = self.store.contact(&email).await?;
        found.ok_or_else(|| {
            DeskError::request(said!(
                "there is no contact {email}; `dateline contacts list` shows all",
                email
            ))
        })
    }
}

/// An address, as somebody wrote it.
///
/// # Errors
/// In words: it is none.
pub fn address(text: &str) -> Result<EmailAddress, DeskError> {
    EmailAddress::parse(text).map_err(|error| DeskError::request(error.said()))
}
