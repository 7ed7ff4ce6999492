//! Contacts: found, shown, added, edited.

use super::given::{Asked, Body, Caller, object};
use super::keys::Policy;
use super::page::{Limit, Page};
use super::problem::{Answer, Problem};
use crate::desk::contacts::address;
use crate::desk::people::{Saved, print};
use crate::desk::readers::Breadth;
use crate::domain;
use crate::domain::contact_edit::{Edit, FieldFault, Slot};
use crate::domain::contact_fields::{CUSTOM, Field};
use crate::domain::contact_search::ContactSearch;
use crate::domain::encryption::EncryptionPolicy;
use crate::said;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A journalist or desk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Contact {
    /// Their identifier.
    id: String,
    /// Where the mail goes.
    email: String,
    /// Their name.
    name: String,
    /// How they are greeted.
    salutation: String,
    /// The publication they work for.
    outlet: String,
    /// Their part in it.
    role: String,
    /// ISO 3166-1 alpha-2; empty where unknown.
    country: String,
    /// Languages they read, best first.
    languages: Vec<String>,
    /// Their time zone.
    time_zone: Option<String>,
    /// When they want mail, on their own clock.
    send_window: Option<String>,
    /// Subjects they cover.
    beats: Vec<String>,
    /// Press lists they stand on.
    lists: Vec<String>,
    /// Whether their mail is encrypted.
    encryption: Policy,
    /// What the imported list says of an embargo agreement: a day, or `yes`.
    embargo_agreement: Option<String>,
    /// The newsroom's own remarks.
    notes: String,
    /// Columns of the newsroom's own.
    custom: BTreeMap<String, String>,
    /// What this record looks like: give it with a change, and nothing that
    /// somebody else wrote meanwhile is overwritten.
    version: String,
}

impl From<domain::contact::Contact> for Contact {
    fn from(contact: domain::contact::Contact) -> Self {
        let said = |field: Field| Some(field.text(&contact)).filter(|text| !text.is_empty());
        Self {
            id: contact.id.to_string(),
            email: contact.email.to_string(),
            name: contact.name.to_string(),
            time_zone: said(Field::TimeZone),
            send_window: said(Field::SendWindow),
            embargo_agreement: said(Field::EmbargoAgreement),
            languages: contact.languages.iter().map(ToString::to_string).collect(),
            version: print(&contact),
            encryption: contact.encryption.into(),
            salutation: contact.salutation,
            outlet: contact.outlet,
            role: contact.role,
            country: contact.country,
            beats: contact.beats,
            lists: contact.lists,
            notes: contact.notes,
            custom: contact.custom,
        }
    }
}

/// Which contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Beginnings of words in their address, name or outlet.
    #[serde(default)]
    #[param(required = false)]
    search: String,
    /// A press list that they stand on.
    list: Option<String>,
    /// Those after this address.
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    limit: Limit,
}

/// Contacts, by address.
#[utoipa::path(get, path = "/api/v1/contacts", operation_id = "contacts", tag = "contacts",
    params(Which), responses((status = 200, body = Page<Contact>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Contact>>> {
    let search = ContactSearch::new(&which.search, which.list);
    let after = which.after.as_deref().map(address).transpose()?;
    let found = front
        .desk()
        .find_contacts(&search, after.as_ref(), which.limit.and_one())
        .await?;
    let place = |contact: &domain::contact::Contact| contact.email.to_string();
    Ok(Json(Page::cut(found, which.limit, place, Contact::from)))
}

impl Front {
    pub(super) async fn named_contact(
        &self,
        id: &str,
    ) -> Result<domain::contact::Contact, Problem> {
        let found = self.desk().contact_of(id).await?;
        found.ok_or_else(|| Problem::missing("contact", id))
    }
}

/// A contact.
#[utoipa::path(get, path = "/api/v1/contacts/{contact}", operation_id = "contact", tag = "contacts",
    params(("contact" = String, Path, description = "Their identifier")),
    responses((status = 200, body = Contact)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(contact): Path<String>,
) -> Answer<Json<Contact>> {
    Ok(Json(front.named_contact(&contact).await?.into()))
}

/// The fields of a contact that a call may write.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactFields {
    /// Their name.
    #[serde(default)]
    name: Option<String>,
    /// How they are greeted.
    #[serde(default)]
    salutation: Option<String>,
    /// The publication they work for.
    #[serde(default)]
    outlet: Option<String>,
    /// Their part in it.
    #[serde(default)]
    role: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    country: Option<String>,
    /// Languages they read, best first (BCP 47).
    #[serde(default)]
    languages: Option<Vec<String>>,
    /// Their time zone (IANA).
    #[serde(default)]
    time_zone: Option<String>,
    /// When they want mail, on their own clock: `mon-fri 09:00-18:00`.
    #[serde(default)]
    send_window: Option<String>,
    /// Subjects they cover.
    #[serde(default)]
    beats: Option<Vec<String>>,
    /// Press lists they stand on.
    #[serde(default)]
    lists: Option<Vec<String>>,
    /// Whether their mail is encrypted.
    #[serde(default)]
    encryption: Option<Policy>,
    /// The newsroom's own remarks.
    #[serde(default)]
    notes: Option<String>,
    /// Columns of the newsroom's own, by name; an empty text takes one away.
    #[serde(default)]
    custom: BTreeMap<String, String>,
}

impl ContactFields {
    /// The changes that the given fields ask for; what is not given stays.
    ///
    /// # Errors
    /// An item that would be two, a column that cannot be.
    fn edits(self) -> Result<Vec<Edit>, Problem> {
        let texts = [
            (Field::Name, self.name),
            (Field::Salutation, self.salutation),
            (Field::Outlet, self.outlet),
            (Field::Role, self.role),
            (Field::Country, self.country),
            (Field::TimeZone, self.time_zone),
            (Field::SendWindow, self.send_window),
            (Field::Notes, self.notes),
        ];
        let policy = self.encryption.map(EncryptionPolicy::from);
        let lists = [
            (Field::Languages, self.languages),
            (Field::Beats, self.beats),
            (Field::Lists, self.lists),
        ];
        let (mut edits, mut faults) = (Vec::new(), Vec::new());
        for (field, text) in texts {
            edits.extend(text.map(|text| Edit::set(Slot::Field(field), text)));
        }
        let policy = policy.map(|policy| Edit::set(Slot::Field(Field::Encryption), policy.name()));
        edits.extend(policy);
        for (field, items) in lists {
            match items.map(|items| joined(field, &items)).transpose() {
                Ok(text) => edits.extend(text.map(|text| Edit::set(Slot::Field(field), text))),
                Err(fault) => faults.push(fault),
            }
        }
        for (name, text) in self.custom {
            match Slot::parse(&format!("{CUSTOM}{name}")) {
                Ok(slot) => edits.push(Edit::set(slot, text)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(edits)
        } else {
            Err(Problem::faulty(faults))
        }
    }
}

/// Items as a form writes them.
fn joined(field: Field, items: &[String]) -> Result<String, FieldFault> {
    let parts = |item: &&String| item.contains([',', ';', '|', '\n']);
    match items.iter().find(parts) {
        None => Ok(items.join(", ")),
        Some(item) => Err(FieldFault {
            field: field.name().to_owned(),
            message: said!(
                "`{item}` holds a sign that parts items; expected none of `,`, `;`, `|` and line breaks",
                item = item.escape_debug()
            ),
        }),
    }
}

/// A contact to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewContact {
    /// Where the mail goes.
    #[schema(example = "anna.kim@steppe-post.example")]
    email: String,
    /// What is known of them.
    #[serde(default, deserialize_with = "object")]
    fields: ContactFields,
}

/// Add a contact.
#[utoipa::path(post, path = "/api/v1/contacts", operation_id = "add_contact", tag = "contacts",
    request_body = NewContact,
    responses((status = 201, body = Contact, description = "They are added.")))]
pub(super) async fn add(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(new): Body<NewContact>,
) -> Answer<Response> {
    let edits = new.fields.edits()?;
    let saved = front
        .desk()
        .add_contact(&new.email, &edits, caller.name())
        .await?;
    let contact = Contact::from(written(saved)?);
    let place = format!("/api/v1/contacts/{}", contact.id);
    let at = [(header::LOCATION, place)];
    Ok((StatusCode::CREATED, at, Json(contact)).into_response())
}

/// What becomes of a contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactChange {
    /// The version that was seen; where the record is another by now, nothing
    /// is changed.
    #[serde(default)]
    version: Option<String>,
    /// Fields and what they are to say; the others stay. An empty text or list
    /// empties one.
    #[serde(deserialize_with = "object")]
    fields: ContactFields,
}

/// Change a contact.
#[utoipa::path(patch, path = "/api/v1/contacts/{contact}", operation_id = "change_contact",
    tag = "contacts", params(("contact" = String, Path, description = "Their identifier")),
    request_body = ContactChange, responses((status = 200, body = Contact)))]
pub(super) async fn change(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(contact): Path<String>,
    Body(change): Body<ContactChange>,
) -> Answer<Json<Contact>> {
    let (desk, from) = (front.desk(), front.named_contact(&contact).await?);
    let edits = change.fields.edits()?;
    let saved = match change.version {
        Some(seen) => {
            desk.change_seen(&from, &seen, &edits, caller.name())
                .await?
        }
        None => {
            let email = from.email.to_string();
            desk.change_contact(&email, &edits, caller.name()).await?
        }
    };
    Ok(Json(written(saved)?.into()))
}

/// That a contact wants no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptingOut {
    /// Only of what comes by this press list: they leave it, and no import puts them
    /// back on it.
    #[serde(default)]
    list: Option<String>,
    /// How they asked, for the record.
    #[schema(min_length = 1, example = "asked by telephone")]
    why: String,
}

/// What came of opting out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OptedOut {
    /// False where it was so already.
    new: bool,
}

/// Write to a contact no more, or no more by a press list, as they could by the link in
/// a mail. What is planned ends too.
#[utoipa::path(post, path = "/api/v1/contacts/{contact}/opt-out", operation_id = "opt_out",
    tag = "contacts", params(("contact" = String, Path, description = "Their identifier")),
    request_body = OptingOut, responses((status = 200, body = OptedOut)))]
pub(super) async fn opt_out(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(contact): Path<String>,
    Body(asked): Body<OptingOut>,
) -> Answer<Json<OptedOut>> {
    let contact = front.named_contact(&contact).await?;
    let why = asked.why.trim();
    if why.is_empty() {
        return Err(Problem::request(
            "`why` says nothing; expected how they asked",
        ));
    }
    let list = asked.list.as_deref();
    let breadth = list.map_or(Breadth::All, Breadth::List);
    let desk = front.desk();
    let new = desk.opt_out(&contact.email, breadth, why, caller.name());
    Ok(Json(OptedOut { new: new.await? }))
}

fn written(saved: Saved) -> Answer<domain::contact::Contact> {
    match saved {
        Saved::Done(contact) => Ok(*contact),
        Saved::Faulty(faults) => Err(Problem::faulty(faults)),
        Saved::Overtaken(now) => Err(Problem::new(
            StatusCode::CONFLICT,
            format!(
                "the contact {} was changed meanwhile; its version is {} now",
                now.email,
                print(&now)
            ),
        )),
    }
}
