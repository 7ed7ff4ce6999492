//! What journalists do for themselves: by a personal link, or somebody at the
//! desk for them. Both faces come here.

use super::agreements::NewWord;
use super::people::Saved;
use super::{Desk, DeskError};
use crate::config::MIN_SECRET;
use crate::dispatch::composers::Composers;
use crate::dispatch::revisions::{Deed, spare};
use crate::domain::address::EmailAddress;
use crate::domain::agreement::{Party, Said, Scope};
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, Field, How};
use crate::domain::course::Course;
use crate::domain::delivery::Delivery;
use crate::domain::language::Language;
use crate::domain::link::{Bearer, LinkKey, Links, Purpose};
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::entropy::Entropy;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The workspace's own key, where the settings name none.
const KEY_FILE: &str = "readers.key";

/// Deliveries to an address that are looked at when it leaves a list.
const LATEST: u32 = 100;

/// Who acts in the records where a reader acts for themselves.
const READER: &str = "the reader";

/// Whoever holds a personal link.
#[derive(Debug, Clone)]
pub struct Reader {
    /// By what the link knows them.
    pub bearer: Bearer,
    /// Where mail to them goes.
    pub email: EmailAddress,
    /// Their record, where there still is one.
    pub contact: Option<Contact>,
    /// The mail that the link stands in.
    pub delivery: Option<Delivery>,
}

impl Reader {
    /// The press list by which they got the mail.
    pub fn list(&self) -> Option<&str> {
        self.delivery.as_ref()?.segment.strip_prefix("list:")
    }

    /// How the records name where a wish came from.
    fn source(&self) -> String {
        match self.bearer {
            Bearer::Delivery(id) => format!("by the link in {id}"),
            Bearer::Contact(id) => format!("by the link of {id}"),
        }
    }
}

/// How much somebody wants no more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth<'a> {
    /// No mail of this newsroom at all.
    All,
    /// What comes by this press list.
    List(&'a str),
}

/// The links of one contact.
#[derive(Debug, Clone, Serialize)]
pub struct OwnLinks {
    /// Whose.
    pub email: EmailAddress,
    /// To get no more.
    pub opt_out: String,
    /// To what they get, their agreement, their copy.
    pub own: String,
}

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

fn hash_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

impl Desk {
    /// Links to the readers' pages; `None` where the settings name no place for
    /// them. The key is made where the workspace has none yet.
    ///
    /// # Errors
    /// The key's file cannot be made or read, or holds no secret.
    pub fn links(&self) -> Result<Option<Links>, DeskError> {
        let Some(url) = &self.settings.readers.url else {
            return Ok(None);
        };
        let key = match &self.settings.readers.key {
            Some(secret) => LinkKey::new(secret.reveal()),
            None => own_key(&self.workspace.join(KEY_FILE))?,
        };
        let domain = &self.settings.newsroom.domain;
        Ok(Some(Links::new(url.as_str(), domain, key)))
    }

    /// Who holds a link; `None` where it is none of ours, is for something else,
    /// or leads to nobody any more.
    ///
    /// # Errors
    /// The store or the key's file failed.
    pub async fn reader(&self, purpose: Purpose, token: &str) -> Result<Option<Reader>, DeskError> {
        let Some(bearer) = self.links()?.and_then(|links| links.read(purpose, token)) else {
            return Ok(None);
        };
        match bearer {
            Bearer::Delivery(id) => {
                let Some(standing) = self.store.delivery(id).await? else {
                    return Ok(None);
                };
                let delivery = standing.delivery;
                let email = delivery.recipient.email.clone();
                Ok(Some(Reader {
                    bearer,
                    contact: self.store.contact(&email).await?,
                    email,
                    delivery: Some(delivery),
                }))
            }
            Bearer::Contact(id) => {
                let contact = self.store.contact_of(id).await?;
                Ok(contact.map(|contact| Reader {
                    bearer,
                    email: contact.email.clone(),
                    contact: Some(contact),
                    delivery: None,
                }))
            }
        }
    }

    /// Opts the holder of a link out. Answers false where they were already.
    ///
    /// # Errors
    /// See [`Self::opt_out`].
    pub async fn opt_reader_out(
        &self,
        reader: &Reader,
        breadth: Breadth<'_>,
    ) -> Result<bool, DeskError> {
        self.opt_out(&reader.email, breadth, &reader.source(), READER)
            .await
    }

    /// Opts an address out: from this commit on no conversation begins for it, also
    /// in a distribution that is under way. Answers false where it was already.
    ///
    /// # Errors
    /// A list that nobody knows the contact to be on, or the store failed.
    pub async fn opt_out(
        &self,
        email: &EmailAddress,
        breadth: Breadth<'_>,
        why: &str,
        by: &str,
    ) -> Result<bool, DeskError> {
        match breadth {
            Breadth::All => self.bar_for_good(email, why, by).await,
            Breadth::List(list) => self.leave_list(email, list, why, by).await,
        }
    }

    async fn bar_for_good(
        &self,
        email: &EmailAddress,
        why: &str,
        by: &str,
    ) -> Result<bool, DeskError> {
        let bar = Suppression {
            email: email.clone(),
            reason: SuppressionReason::OptOut,
            at: self.clock.now(),
            source: by.to_owned(),
            note: why.to_owned(),
        };
        let new = self.store.suppress(&[bar]).await? > 0;
        if new {
            let facts = json!({ "address": email, "why": why });
            self.note(by, "opted_out", facts).await?;
        }
        Ok(new)
    }

    async fn leave_list(
        &self,
        email: &EmailAddress,
        list: &str,
        why: &str,
        by: &str,
    ) -> Result<bool, DeskError> {
        let contact = self.contact(&email.to_string()).await?;
        if !contact.lists.iter().any(|known| known == list) {
            return Ok(false);
        }
        let edit = Edit {
            field: Field::Lists,
            how: How::Remove,
            text: list.to_owned(),
        };
        let saved = self.change_contact(&email.to_string(), &[edit], by).await?;
        if let Saved::Faulty(faults) = saved {
            let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
            return Err(DeskError::request(faults.join("; ")));
        }
        let facts = json!({ "address": email, "list": list, "why": why });
        self.note(by, "left_list", facts).await?;
        self.spare(email, list, &self.deed(by, why)).await?;
        Ok(true)
    }

    /// Ends what still waits for an address by a press list.
    async fn spare(&self, email: &EmailAddress, list: &str, deed: &Deed) -> Result<(), DeskError> {
        let by_list = format!("list:{list}");
        for standing in self.store.deliveries_to(email, LATEST).await? {
            let waits = !standing.state.is_final() && standing.delivery.segment == by_list;
            if waits {
                spare(self.store.as_ref(), &standing.delivery, deed).await?;
            }
        }
        Ok(())
    }

    /// Whether a reader gets nothing any more.
    ///
    /// # Errors
    /// The store failed.
    pub async fn is_out(&self, reader: &Reader) -> Result<bool, DeskError> {
        Ok(self.store.suppression(&reader.email).await?.is_some())
    }

    /// The last part of the link by which a reader opts out; `None` where there
    /// are no pages.
    ///
    /// # Errors
    /// The key's file failed.
    pub fn opt_out_token(&self, reader: &Reader) -> Result<Option<String>, DeskError> {
        let links = self.links()?;
        Ok(links.map(|links| links.token(Purpose::OptOut, reader.bearer)))
    }

    /// Changes what a reader gets, as they themselves wish. A list that they leave
    /// brings them nothing that still waits.
    ///
    /// # Errors
    /// The store failed; what is wrong with the fields is an answer.
    pub async fn change_reader(&self, from: &Contact, edits: &[Edit]) -> Result<Saved, DeskError> {
        let saved = self
            .change_contact(&from.email.to_string(), edits, READER)
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
        Ok(Copies(Composers::new(self.links()?)))
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
        let cannot =
            |cause: String| DeskError::request(format!("the copy cannot be made: {cause}"));
        let composer = copies
            .0
            .get(self.store.as_ref(), &which.content)
            .await
            .map_err(|error| cannot(error.to_string()))?;
        let rendered = composer.render(delivery, now).map_err(cannot)?;
        Ok(Copy::Free {
            subject: rendered.subject.to_string(),
            html: composer.show_images(&rendered.html),
        })
    }

    /// The personal links of a contact.
    ///
    /// # Errors
    /// There is no such contact, or there are no readers' pages.
    pub async fn own_links(&self, email: &str) -> Result<OwnLinks, DeskError> {
        let contact = self.contact(email).await?;
        let links = self.links()?.ok_or_else(|| {
            DeskError::request(
                "there are no pages for readers: set `[readers] url` in dateline.toml to where they are reached",
            )
        })?;
        let link = |purpose| links.link(purpose, Bearer::Contact(contact.id));
        Ok(OwnLinks {
            opt_out: link(Purpose::OptOut),
            own: link(Purpose::Own),
            email: contact.email,
        })
    }
}

/// The key in a file, which is made for its owner alone where it is not there.
fn own_key(path: &Path) -> Result<LinkKey, DeskError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => make_key(path)?,
        Err(error) => return Err(DeskError::file("read", path)(error)),
    };
    let secret = text.trim();
    if secret.len() < MIN_SECRET {
        return Err(DeskError::request(format!(
            "{} holds fewer than {MIN_SECRET} letters; expected the secret that personal links are proved with: without it older links are dead, and a new one is made where the file is not there",
            path.display()
        )));
    }
    Ok(LinkKey::new(secret))
}

/// Makes a key as a whole or not at all; of two who make one, the first counts.
fn make_key(path: &Path) -> Result<String, DeskError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let wrong = |error| DeskError::file("write", path)(error);
    let hex = |octets: [u8; 32]| blake3::Hash::from_bytes(octets).to_hex().to_string();
    let text = format!("{}\n", hex(Entropy.secret()));
    // Temporary files are for their owner alone from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(wrong)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(text),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            std::fs::read_to_string(path).map_err(DeskError::file("read", path))
        }
        Err(error) => Err(wrong(error.error)),
    }
}
