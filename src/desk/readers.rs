//! What journalists do for themselves: by a personal link, or somebody at the
//! desk for them. Both faces come here.

use super::people::Saved;
use super::{Desk, DeskError};
use crate::config::MIN_SECRET;
use crate::dispatch::revisions::{Deed, spare};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, How, Slot};
use crate::domain::contact_fields::Field;
use crate::domain::delivery::Delivery;
use crate::domain::erasure::is_forgotten;
use crate::domain::ids::ContactId;
use crate::domain::link::{Bearer, LinkKey, Links, Purpose};
use crate::domain::said::{Said, Tell};
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::entropy::Entropy;
use crate::said;
use serde::Serialize;
use serde_json::json;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The workspace's own key, where the settings name none.
const KEY_FILE: &str = "readers.key";

/// Deliveries to an address that are looked at when it leaves a list.
const LATEST: u32 = 100;

/// Who acts in the records where a reader acts for themselves.
pub(super) const READER: &str = "the reader";

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
    pub(super) fn source(&self) -> String {
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
                if is_forgotten(&email) {
                    return Ok(None);
                }
                let now = self.store.aliases().await?.known_by(&email).clone();
                Ok(Some(Reader {
                    bearer,
                    contact: self.store.contact(&now).await?,
                    email,
                    delivery: Some(delivery),
                }))
            }
            Bearer::Contact(id) => {
                let contact = self.contact_or_whom_it_went_into(id).await?;
                Ok(contact.map(|contact| Reader {
                    bearer,
                    email: contact.email.clone(),
                    contact: Some(contact),
                    delivery: None,
                }))
            }
        }
    }

    /// The contact of an identifier, or the one that it went into: a link in an old
    /// mail leads to its reader still.
    async fn contact_or_whom_it_went_into(
        &self,
        id: ContactId,
    ) -> Result<Option<Contact>, DeskError> {
        if let Some(contact) = self.store.contact_of(id).await? {
            return Ok(Some(contact));
        }
        match self.store.aliases().await?.of_id(id) {
            Some(email) => Ok(self.store.contact(email).await?),
            None => Ok(None),
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
    /// The store failed.
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
        // It is the person who wants no more, whichever address they say it of.
        let bar = |email| Suppression {
            email,
            reason: SuppressionReason::OptOut,
            at: self.clock.now(),
            source: by.to_owned(),
            note: why.to_owned(),
        };
        let all = self.store.aliases().await?.person(email);
        let bars: Vec<_> = all.into_iter().map(bar).collect();
        let new = self.store.suppress(&bars).await? > 0;
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
        let now = self.store.aliases().await?.known_by(email).clone();
        let contact = self.store.contact(&now).await?;
        let on_it = contact.is_some_and(|contact| contact.lists.iter().any(|one| one == list));
        if on_it {
            let edit = Edit {
                slot: Slot::Field(Field::Lists),
                how: How::Leave,
                text: list.to_owned(),
            };
            let saved = self.change_contact(&now.to_string(), &[edit], by).await?;
            if let Saved::Faulty(faults) = saved {
                let faults = faults.iter().map(Tell::said);
                return Err(DeskError::request(Said::several(faults, "; ")));
            }
            let facts = json!({ "address": email, "list": list, "why": why });
            self.note(by, "left_list", facts).await?;
        }
        self.spare(email, list, &self.deed(by, why)).await?;
        Ok(on_it)
    }

    /// Ends what still waits for an address by a press list.
    pub(super) async fn spare(
        &self,
        email: &EmailAddress,
        list: &str,
        deed: &Deed,
    ) -> Result<(), DeskError> {
        let by_list = format!("list:{list}");
        for email in self.store.aliases().await?.person(email) {
            for standing in self.store.deliveries_to(&email, LATEST).await? {
                let waits = !standing.state.is_final() && standing.delivery.segment == by_list;
                if waits {
                    spare(self.store.as_ref(), &standing.delivery, deed).await?;
                }
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

    /// The personal links of a contact.
    ///
    /// # Errors
    /// There is no such contact, or there are no readers' pages.
    pub async fn own_links(&self, email: &str) -> Result<OwnLinks, DeskError> {
        let contact = self.contact(email).await?;
        let links = self.links()?.ok_or_else(|| {
            DeskError::request(said!("there are no pages for readers: set `[readers] url` in dateline.toml to where they are reached"))
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
        return Err(DeskError::request(said!(
            "{path} holds fewer than {least} letters; expected the secret that personal links are proved with: without it older links are dead, and a new one is made where the file is not there",
            path = path.display(),
            least = MIN_SECRET
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
