//! Contacts one by one: found, looked at, added, edited.

use super::suppression::forgotten;
use super::{Desk, DeskError};
use crate::domain::address::EmailAddress;
use crate::domain::agreement::{AgreementWord, Party};
use crate::domain::bounce::Bounce;
use crate::domain::bounce_search::BounceSearch;
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, FieldFault, blank, edited, faults_of};
use crate::domain::contact_fields::differences;
use crate::domain::contact_search::ContactSearch;
use crate::domain::ids::ContactId;
use crate::domain::said::{Said, Tell};
use crate::domain::suppression::Suppression;
use crate::entropy::Entropy;
use crate::said;
use crate::store::Standing;
use serde_json::json;
use std::collections::BTreeMap;

/// How often a change is tried where somebody else changes the same contact.
const TRIES: usize = 8;
/// Deliveries that a contact's page shows.
const LATEST: u32 = 20;

/// What came of saving a contact.
#[derive(Debug)]
#[must_use]
pub enum Saved {
    /// It is as it was asked for.
    Done(Box<Contact>),
    /// These fields cannot be so; nothing was changed.
    Faulty(Vec<FieldFault>),
    /// Somebody else changed it meanwhile, to this; nothing was changed.
    Overtaken(Box<Contact>),
}

/// A delivery to a contact, and what it was of.
#[derive(Debug)]
pub struct DeliveryTo {
    /// Where it stands.
    pub standing: Standing,
    /// The headline of what was sent.
    pub headline: String,
}

/// Everything that is known of a contact.
#[derive(Debug)]
pub struct Whole {
    /// Their record.
    pub contact: Contact,
    /// Addresses of records that went into theirs.
    pub former: Vec<EmailAddress>,
    /// Words on agreements of theirs or of their outlet, the newest first.
    pub words: Vec<AgreementWord>,
    /// The bar on their address.
    pub suppression: Option<Suppression>,
    /// The latest deliveries, the newest first.
    pub deliveries: Vec<DeliveryTo>,
    /// The latest of what came back about their address, the newest first.
    pub bounces: Vec<Bounce>,
}

/// What a record looked like when somebody began to edit it.
pub fn print(contact: &Contact) -> String {
    let record = serde_json::to_vec(contact).unwrap_or_default();
    blake3::hash(&record).to_hex().to_string()
}

impl Desk {
    /// The next contacts that somebody looks for, by address, after one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_contacts(
        &self,
        search: &ContactSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Contact>, DeskError> {
        Ok(self.store.find_contacts(search, after, limit).await?)
    }

    /// The contact of an identifier, and of nothing less.
    ///
    /// # Errors
    /// The store failed.
    pub async fn contact_of(&self, id: &str) -> Result<Option<Contact>, DeskError> {
        match id.parse::<ContactId>() {
            Ok(id) => Ok(self.store.contact_of(id).await?),
            Err(_) => Ok(None),
        }
    }

    /// Everything that is known of a contact.
    ///
    /// # Errors
    /// The store failed.
    pub async fn whole(&self, contact: Contact) -> Result<Whole, DeskError> {
        let mut addresses = self.store.aliases().await?.person(&contact.email);
        let mut words = self.store.agreements().await?;
        words.retain(|word| {
            word.party.includes(&contact) || addresses.iter().any(|one| word.party.is(one))
        });
        words.reverse();
        let mut deliveries = Vec::new();
        let mut headlines = BTreeMap::new();
        for standing in self.latest_to(&addresses).await? {
            let id = standing.delivery.distribution;
            let headline = match headlines.get(&id) {
                Some(known) => String::clone(known),
                None => {
                    let found = self.store.distribution(id).await?;
                    let headline = found.map(|found| found.headline).unwrap_or_default();
                    headlines.insert(id, headline.clone());
                    headline
                }
            };
            deliveries.push(DeliveryTo { standing, headline });
        }
        let about = BounceSearch {
            email: Some(contact.email.clone()),
            ..BounceSearch::default()
        };
        let bounces = self.store.bounces(&about, None, LATEST).await?;
        addresses.retain(|one| *one != contact.email);
        Ok(Whole {
            former: addresses,
            bounces: bounces.into_iter().map(|(_, bounce)| bounce).collect(),
            suppression: self.store.suppression(&contact.email).await?,
            contact,
            words,
            deliveries,
        })
    }

    /// The latest deliveries to any of somebody's addresses, the newest first.
    async fn latest_to(&self, addresses: &[EmailAddress]) -> Result<Vec<Standing>, DeskError> {
        let mut all = Vec::new();
        for email in addresses {
            all.extend(self.store.deliveries_to(email, LATEST).await?);
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.delivery.id));
        all.truncate(LATEST as usize);
        Ok(all)
    }

    /// Adds a contact.
    ///
    /// # Errors
    /// The store failed; what is wrong with the fields is an answer.
    pub async fn add_contact(
        &self,
        email: &str,
        edits: &[Edit],
        by: &str,
    ) -> Result<Saved, DeskError> {
        let at_address = |message: Said| FieldFault {
            field: "email".to_owned(),
            message,
        };
        let id = Entropy.contact(self.clock.now());
        let contact = match EmailAddress::parse(email) {
            Ok(address) => edited(&blank(id, address), edits),
            Err(error) => {
                let mut faults = vec![at_address(error.said())];
                faults.extend(faults_of(edits));
                Err(faults)
            }
        };
        let contact = match contact {
            Ok(contact) => contact,
            Err(faults) => return Ok(Saved::Faulty(faults)),
        };
        let emails = std::slice::from_ref(&contact.email);
        if let Some(known) = self.store.forgotten(emails).await?.values().next() {
            let message = forgotten(&contact.email, known.at);
            return Ok(Saved::Faulty(vec![at_address(message)]));
        }
        if !self.store.add_contact(&contact).await? {
            let message = said!("there is a contact {email} already", email = contact.email);
            return Ok(Saved::Faulty(vec![at_address(message)]));
        }
        self.note(by, "contact_added", json!({ "contact": contact.email }))
            .await?;
        Ok(Saved::Done(Box::new(contact)))
    }

    /// Changes a contact as it is by now.
    ///
    /// # Errors
    /// There is none of that address, or the store failed.
    pub async fn change_contact(
        &self,
        email: &str,
        edits: &[Edit],
        by: &str,
    ) -> Result<Saved, DeskError> {
        for _ in 0..TRIES {
            let from = self.contact(email).await?;
            match self.save(&from, edits, by).await? {
                Saved::Overtaken(_) => {}
                saved @ (Saved::Done(_) | Saved::Faulty(_)) => return Ok(saved),
            }
        }
        Err(DeskError::conflict(said!(
            "the contact {email} changes all the time; try again",
            email
        )))
    }

    /// Changes a contact that somebody saw, where it still looks so.
    ///
    /// # Errors
    /// The store failed.
    pub async fn change_seen(
        &self,
        from: &Contact,
        seen: &str,
        edits: &[Edit],
        by: &str,
    ) -> Result<Saved, DeskError> {
        if print(from) != seen {
            return Ok(Saved::Overtaken(Box::new(from.clone())));
        }
        self.save(from, edits, by).await
    }

    async fn save(&self, from: &Contact, edits: &[Edit], by: &str) -> Result<Saved, DeskError> {
        let to = match edited(from, edits) {
            Ok(to) if to == *from => return Ok(Saved::Done(Box::new(to))),
            Ok(to) => to,
            Err(faults) => return Ok(Saved::Faulty(faults)),
        };
        if !self.store.change_contact(from, &to).await? {
            let now = self.store.contact_of(from.id).await?;
            let gone = || {
                DeskError::request(said!(
                    "there is no contact {email} any more",
                    email = from.email
                ))
            };
            return Ok(Saved::Overtaken(Box::new(now.ok_or_else(gone)?)));
        }
        let fields: Vec<_> = differences(from, &to)
            .into_iter()
            .map(|change| change.field)
            .collect();
        let fields = fields.join(", ");
        self.note(
            by,
            "contact_changed",
            json!({ "contact": to.email, "fields": fields }),
        )
        .await?;
        // Who works for another outlet has its agreement, and no more the old one's.
        if !Party::Outlet(from.outlet.clone()).includes(&to) {
            let why = "the contact works for another outlet now";
            self.mind_agreements(&self.deed(by, why)).await?;
        }
        Ok(Saved::Done(Box::new(to)))
    }
}
