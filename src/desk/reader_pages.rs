//! A reader's own page: what they get, what they agree to, their copy.

use super::agreements::NewWord;
use super::people::Saved;
use super::readers::{READER, Reader};
use super::{Desk, DeskError};
use crate::dispatch::composers::Composers;
use crate::domain::agreement::{Party, Said, Scope};
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, How, Slot, edited};
use crate::domain::contact_fields::Field;
use crate::domain::course::Course;
use crate::domain::language::Language;
use crate::domain::said::Tell;
use crate::said;
use jiff::Timestamp;

/// What somebody agrees to who wants copy under embargo.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The text; `None` where the newsroom has none.
    pub text: Option<String>,
    /// Its BLAKE3: what a word on record names it by.
    pub hash: Option<String>,
    /// Whether an agreement to every release stands.
    pub stands: bool,
}

/// A reader's copy of a release.
#[derive(Debug, Clone)]
pub enum Copy {
    /// They may have it.
    Free {
        /// Its subject.
        subject: String,
        /// Its HTML, with its images in it.
        html: String,
    },
    /// Not before this lift.
    Barred(Timestamp),
    /// There is none, or it was withdrawn.
    None,
}

/// Makes readers' copies, and keeps the last few releases ready for it.
#[derive(Debug)]
pub struct Copies(Composers);

fn leave(lists: &[&String]) -> Edit {
    let names: Vec<_> = lists.iter().map(|list| list.as_str()).collect();
    Edit {
        slot: Slot::Field(Field::Lists),
        how: How::Leave,
        text: names.join(", "),
    }
}

fn hash_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

impl Desk {
    /// Changes what a reader gets, as they themselves wish. A list that they leave
    /// brings them nothing that still waits.
    ///
    /// # Errors
    /// The store failed; what is wrong with the fields is an answer.
    pub async fn change_reader(&self, from: &Contact, edits: &[Edit]) -> Result<Saved, DeskError> {
        let mut edits = edits.to_vec();
        // What they take off is left for good: no import puts them back.
        if let Ok(wanted) = edited(from, &edits) {
            let lists = from.lists.iter();
            let left: Vec<_> = lists.filter(|one| !wanted.lists.contains(one)).collect();
            edits.insert(0, leave(&left));
        }
        let saved = self
            .change_contact(&from.email.to_string(), &edits, READER)
            .await?;
        if let Saved::Done(now) = &saved {
            let left = from.lists.iter().filter(|list| !now.lists.contains(list));
            for list in left {
                let deed = self.deed(READER, "by their own page");
                self.spare(&from.email, list, &deed).await?;
            }
        }
        Ok(saved)
    }

    /// What somebody agrees to, and whether they have.
    ///
    /// # Errors
    /// The store failed.
    pub async fn terms(&self, contact: &Contact, language: &str) -> Result<Terms, DeskError> {
        let language = Language::parse(language).ok();
        let texts = &self.settings.readers.agreement;
        let text = language.and_then(|language| texts.get(&language).cloned());
        let agreements = self.agreements().await?;
        let consent = agreements.consent(contact, &[], &self.settings.newsroom.zone);
        Ok(Terms {
            hash: text.as_deref().map(hash_of),
            text,
            stands: consent.stands(self.clock.now()).is_some(),
        })
    }

    /// Puts on record that a reader accepts the terms whose hash they saw, or takes
    /// it back. Answers false where these are no terms of ours any more: nothing
    /// was recorded.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reader_agrees(
        &self,
        reader: &Reader,
        contact: &Contact,
        said: Said,
        seen: &str,
    ) -> Result<bool, DeskError> {
        let texts = &self.settings.readers.agreement;
        let each = texts.by_language.iter().map(|(_, text)| text);
        let known = each.chain(&texts.any).any(|text| hash_of(text) == seen);
        let note = match said {
            Said::Granted if !known => return Ok(false),
            Said::Granted => format!("accepted {}, the text with BLAKE3 {seen}", reader.source()),
            Said::Revoked => format!("taken back {}", reader.source()),
        };
        let word = NewWord {
            party: Party::Contact(contact.email.clone()),
            said,
            scope: Scope::All,
            since: None,
            until: None,
            note,
        };
        let word = self.agreement_word(word, READER)?;
        self.record_agreement(&word).await?;
        Ok(true)
    }

    /// What makes readers' copies.
    ///
    /// # Errors
    /// The key's file failed.
    pub fn copies(&self) -> Result<Copies, DeskError> {
        Ok(Copies(Composers::new(None, self.links()?, None)))
    }

    /// A reader's copy of what their mail brought, as it reads now.
    ///
    /// # Errors
    /// The store failed, or the mail cannot be made.
    pub async fn copy(
        &self,
        reader: &Reader,
        contact: &Contact,
        copies: &Copies,
    ) -> Result<Copy, DeskError> {
        let Some(delivery) = &reader.delivery else {
            return Ok(Copy::None);
        };
        let Some(which) = self.store.distribution(delivery.distribution).await? else {
            return Ok(Copy::None);
        };
        if matches!(which.course, Course::Killed { .. }) {
            return Ok(Copy::None);
        }
        let now = self.clock.now();
        let barring = which.embargo.as_ref().filter(|bar| !bar.is_lifted(now));
        if let Some(embargo) = barring {
            let releases: Vec<_> = std::iter::once(&which.release)
                .chain(&which.follows)
                .collect();
            let zone = &self.settings.newsroom.zone;
            let consent = self.agreements().await?.consent(contact, &releases, zone);
            if consent.stands(now).is_none() {
                return Ok(Copy::Barred(embargo.until));
            }
        }
        let cannot = |cause: crate::domain::said::Said| {
            DeskError::request(said!("the copy cannot be made: {cause}", cause))
        };
        let composer = copies
            .0
            .get(self.store.as_ref(), &which.content)
            .await
            .map_err(|error| cannot(error.said()))?;
        let rendered = composer.render(delivery, now).map_err(cannot)?;
        Ok(Copy::Free {
            subject: rendered.subject.to_string(),
            html: composer.show_images(&rendered.html),
        })
    }
}
