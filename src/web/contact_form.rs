//! The form in which a contact is added or edited: every fault at its field.

use super::Front;
use super::fault::Answer;
use super::fields::fault_at;
use super::sheet::Visitor;
use crate::desk::people::{Saved, print};
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, FieldFault, Slot};
use crate::domain::contact_fields::{CUSTOM, Field};
use crate::domain::said::Tell;
use crate::said;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde_json::{Value, json};
use std::sync::Arc;

/// Fields that want a hint.
const HINTED: [Field; 7] = [
    Field::Salutation,
    Field::Country,
    Field::Languages,
    Field::TimeZone,
    Field::SendWindow,
    Field::Lists,
    Field::Encryption,
];

/// What was written, by name, in the order of the form.
type Written = Vec<(String, String)>;

/// What is wrong with a field, in the visitor's language.
type Told<'t> = &'t dyn Fn(&str) -> Option<String>;

/// The form as it is shown.
#[derive(Default)]
struct Sheet {
    /// The contact that is edited; none where one is added.
    contact: Option<Contact>,
    /// What is in the fields; the contact's own where nothing was written yet.
    written: Option<Written>,
    faults: Vec<FieldFault>,
    /// Somebody else changed it meanwhile.
    overtaken: bool,
}

pub(super) async fn blank(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    show(&front, &visitor, &Sheet::default()).await
}

pub(super) async fn begin(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let contact = Some(front.contact(&id).await?);
    let sheet = Sheet {
        contact,
        ..Sheet::default()
    };
    show(&front, &visitor, &sheet).await
}

pub(super) async fn add(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(written): Form<Written>,
) -> Answer {
    let desk = front.desk();
    let (edits, mut faults) = edits(&written, None);
    let email = value(&written, "email").unwrap_or_default();
    if faults.is_empty() {
        let saved = desk.add_contact(email, &edits, visitor.name()?);
        match saved.await? {
            Saved::Done(contact) => return Ok(gone_to(&contact, "contact-added")),
            Saved::Faulty(found) => faults = found,
            Saved::Overtaken(_) => {}
        }
    }
    let sheet = Sheet {
        written: Some(written),
        faults,
        ..Sheet::default()
    };
    show(&front, &visitor, &sheet).await
}

pub(super) async fn save(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(written): Form<Written>,
) -> Answer {
    let (desk, from) = (front.desk(), front.contact(&id).await?);
    let (edits, mut faults) = edits(&written, Some(&from));
    let seen = value(&written, "seen").unwrap_or_default();
    let (mut now, mut overtaken) = (from.clone(), false);
    if faults.is_empty() {
        let saved = desk.change_seen(&from, seen, &edits, visitor.name()?);
        match saved.await? {
            Saved::Done(contact) => return Ok(gone_to(&contact, "contact-saved")),
            Saved::Faulty(found) => faults = found,
            Saved::Overtaken(contact) => (now, overtaken) = (*contact, true),
        }
    }
    // Who is told of a fault has still seen no more than before.
    let sheet = Sheet {
        contact: Some(now),
        written: Some(written),
        faults,
        overtaken,
    };
    show(&front, &visitor, &sheet).await
}

fn gone_to(contact: &Contact, said: &str) -> axum::response::Response {
    Redirect::to(&format!("/contacts/{}?said={said}", contact.id)).into_response()
}

fn value<'w>(written: &'w Written, name: &str) -> Option<&'w str> {
    let found = written.iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value.as_str())
}

/// The changes that a form asks for. A column that the contact has is its own
/// name, however it came to be called so.
fn edits(written: &Written, contact: Option<&Contact>) -> (Vec<Edit>, Vec<FieldFault>) {
    let (mut edits, mut faults) = (Vec::new(), Vec::new());
    let known = |name: &str| {
        let custom = name.strip_prefix(CUSTOM)?;
        let has = contact?.custom.contains_key(custom);
        has.then(|| Slot::Custom(custom.to_owned()))
    };
    for (name, text) in written {
        if matches!(name.as_str(), "email" | "seen" | "new_name" | "new_value") {
            continue;
        }
        match known(name).map_or_else(|| Slot::parse(name), Ok) {
            Ok(slot) => edits.push(Edit::set(slot, text)),
            Err(fault) => faults.push(fault),
        }
    }
    let column = value(written, "new_name").unwrap_or_default().trim();
    let text = value(written, "new_value").unwrap_or_default();
    if !column.is_empty() {
        match Slot::parse(&format!("{CUSTOM}{column}")) {
            Ok(slot) => edits.push(Edit::set(slot, text)),
            Err(fault) => faults.push(FieldFault {
                field: "new_name".to_owned(),
                message: fault.said(),
            }),
        }
    } else if !text.trim().is_empty() {
        faults.push(FieldFault {
            field: "new_name".to_owned(),
            message: said!("a value without a column; expected the column's name"),
        });
    }
    (edits, faults)
}

async fn show(front: &Front, visitor: &Visitor, sheet: &Sheet) -> Answer {
    let contact = sheet.contact.as_ref();
    let told = |name: &str| fault_at(front, visitor, &sheet.faults, name);
    let lists = front.desk().press_lists(&front.counted).await?;
    let own = contact.map(|one| one.custom.keys()).into_iter().flatten();
    let custom = own.map(|name| sheet.field(&Slot::Custom(name.clone()), &told));
    let seen = match (&sheet.written, contact) {
        // After a fault it is what was seen at first; whoever was overtaken sees it now.
        (Some(written), Some(_)) if !sheet.overtaken => value(written, "seen").map(str::to_owned),
        (_, contact) => contact.map(print),
    };
    let page = json!({
        "id": contact.map(|one| one.id),
        "address": contact.map(|one| one.email.to_string()),
        "email": sheet.plain("email", &told),
        "seen": seen.unwrap_or_default(),
        "overtaken": sheet.overtaken,
        "fields": Slot::all().map(|slot| sheet.field(&slot, &told)).collect::<Vec<_>>(),
        "custom": custom.collect::<Vec<_>>(),
        "new_name": sheet.plain("new_name", &told),
        "new_value": sheet.plain("new_value", &told),
        "faults": sheet.faults.iter().map(|fault| json!({
            "field": fault.field, "message": front.tell(visitor, &fault.message),
        })).collect::<Vec<_>>(),
        "lists": lists.names().collect::<Vec<_>>(),
    });
    let title = if contact.is_some() {
        "editing-contact"
    } else {
        "add-contact"
    };
    let status = match sheet.faults.is_empty() && !sheet.overtaken {
        true => axum::http::StatusCode::OK,
        false if sheet.overtaken => axum::http::StatusCode::CONFLICT,
        false => axum::http::StatusCode::UNPROCESSABLE_ENTITY,
    };
    let answer = front.page(visitor, "contact-form", title, page)?;
    Ok((status, answer).into_response())
}

impl Sheet {
    /// A field that stands for none of the contact's.
    fn plain(&self, name: &str, told: Told<'_>) -> Value {
        let written = self.written.as_ref();
        let value = written.and_then(|written| value(written, name));
        json!({ "value": value.unwrap_or_default(), "fault": told(name) })
    }

    fn field(&self, slot: &Slot, told: Told<'_>) -> Value {
        let name = slot.name();
        let stands = self.contact.as_ref().map(|one| slot.text(one));
        let written = self.written.as_ref();
        let value = written.and_then(|written| value(written, &name));
        let value = value.map_or_else(|| stands.clone().unwrap_or_default(), str::to_owned);
        let bare = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        let other = stands.filter(|stands| self.overtaken && bare(stands) != bare(&value));
        json!({
            "name": name,
            "label": name.strip_prefix(CUSTOM),
            "id": format!("f-{}", name.replace(|c: char| !c.is_alphanumeric(), "-")),
            "value": value,
            "fault": told(&name),
            "differs": other.is_some(),
            "now": other,
            "long": matches!(slot, Slot::Field(Field::Notes) | Slot::Custom(_)),
            "lists": *slot == Slot::Field(Field::Lists),
            "hint": HINTED.into_iter().any(|field| *slot == Slot::Field(field)),
        })
    }
}
