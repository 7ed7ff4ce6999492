//! A reader's own page: what they get and when, and their embargo agreement.

use super::Front;
use super::fault::{Answer, Fault};
use super::fields::fault_at;
use super::sheet::Visitor;
use crate::desk::people::Saved;
use crate::desk::reader_pages::Terms;
use crate::desk::readers::Reader;
use crate::domain::agreement::Said;
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, FieldFault, Slot};
use crate::domain::contact_fields::Field;
use crate::domain::link::Purpose;
use crate::domain::send_window::SendWindow;
use crate::render::pages::spoken_to_readers;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// Hours that many choose; any other stays as it is.
const WINDOWS: [&str; 5] = [
    "always",
    "mon-fri",
    "mon-fri 08:00-18:00",
    "mon-fri 09:00-20:00",
    "07:00-22:00",
];

/// What a reader may set for themselves.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wishes {
    #[serde(default)]
    languages: String,
    #[serde(default)]
    beats: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    send_window: String,
    /// Lists that they stay on.
    #[serde(default)]
    list: Vec<String>,
}

impl Wishes {
    fn of(contact: &Contact) -> Self {
        Self {
            languages: Field::Languages.text(contact),
            beats: Field::Beats.text(contact),
            time_zone: Field::TimeZone.text(contact),
            send_window: Field::SendWindow.text(contact),
            list: contact.lists.clone(),
        }
    }

    /// Nobody puts themselves on a list: they only leave one.
    fn edits(&self, contact: &Contact) -> Vec<Edit> {
        let window = match self.send_window.as_str() {
            "always" => "",
            other => other,
        };
        let stays = |list: &&String| self.list.contains(list);
        let lists: Vec<_> = contact.lists.iter().filter(stays).cloned().collect();
        vec![
            Edit::set(Slot::Field(Field::Languages), &self.languages),
            Edit::set(Slot::Field(Field::Beats), &self.beats),
            Edit::set(Slot::Field(Field::TimeZone), &self.time_zone),
            Edit::set(Slot::Field(Field::SendWindow), window),
            Edit::set(Slot::Field(Field::Lists), lists.join(", ")),
        ]
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Word {
    said: String,
    /// The text that was on the page.
    #[serde(default)]
    text: String,
}

/// A page of the readers', in the reader's own language where it is spoken here.
pub(super) fn reader_page(
    front: &Front,
    visitor: &Visitor,
    reader: Option<&Reader>,
    page: &str,
    title: &str,
    data: impl Serialize,
) -> Answer {
    let contact = reader.and_then(|reader| reader.contact.as_ref());
    let language = contact.map_or(visitor.language, |one| language_of(one, visitor));
    let visitor = visitor.reading(language);
    front.page(&visitor, page, title, data)
}

/// The first language they read that is spoken here, else their browser's.
pub(super) fn language_of(contact: &Contact, visitor: &Visitor) -> &'static str {
    let spoken = contact.languages.iter().find_map(spoken_to_readers);
    spoken.unwrap_or(visitor.language)
}

/// What a link shows that is none of ours, or leads to nobody any more.
pub(super) fn nobody(front: &Front, visitor: &Visitor) -> Answer {
    let page = reader_page(
        front,
        visitor,
        None,
        "no-reader",
        "reader-nobody",
        json!({}),
    )?;
    Ok((StatusCode::NOT_FOUND, page).into_response())
}

impl Front {
    /// Who holds a link to pages of their own, with their record.
    pub(super) async fn own_reader(&self, token: &str) -> Result<Option<(Reader, Contact)>, Fault> {
        let Some(reader) = self.desk().reader(Purpose::Own, token).await? else {
            return Ok(None);
        };
        if !self.turnstile.lets_pass(reader.bearer, Instant::now()) {
            return Err(Fault::worded(
                StatusCode::TOO_MANY_REQUESTS,
                "reader-too-often",
            ));
        }
        let contact = reader.contact.clone();
        Ok(contact.map(|contact| (reader, contact)))
    }
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Answer {
    let Some((reader, contact)) = front.own_reader(&token).await? else {
        return nobody(&front, &visitor);
    };
    let wishes = Wishes::of(&contact);
    sheet(&front, &visitor, &reader, &contact, &token, &wishes, &[]).await
}

pub(super) async fn save(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
    Form(wishes): Form<Wishes>,
) -> Answer {
    let Some((reader, contact)) = front.own_reader(&token).await? else {
        return nobody(&front, &visitor);
    };
    let edits = wishes.edits(&contact);
    match front.desk().change_reader(&contact, &edits).await? {
        Saved::Faulty(faults) => {
            let page = sheet(
                &front, &visitor, &reader, &contact, &token, &wishes, &faults,
            );
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page.await?).into_response())
        }
        Saved::Done(_) | Saved::Overtaken(_) => Ok(back(&token, "reader-saved")),
    }
}

pub(super) async fn agree(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
    Form(word): Form<Word>,
) -> Answer {
    let Some((reader, contact)) = front.own_reader(&token).await? else {
        return nobody(&front, &visitor);
    };
    let said = match word.said.as_str() {
        "granted" => Said::Granted,
        "revoked" => Said::Revoked,
        _ => return Err(Fault::new(StatusCode::BAD_REQUEST)),
    };
    let done = front
        .desk()
        .reader_agrees(&reader, &contact, said, &word.text)
        .await?;
    let said = match (done, said) {
        (false, _) => "reader-text-changed",
        (true, Said::Granted) => "reader-agreed",
        (true, Said::Revoked) => "reader-withdrew",
    };
    Ok(back(&token, said))
}

/// Whether two texts are one window: `mon-fri` is `mon,tue,wed,thu,fri`.
fn same_hours(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| SendWindow::parse(text).ok());
    one.is_some() && one == other
}

fn back(token: &str, said: &str) -> axum::response::Response {
    Redirect::to(&format!("/me/{token}?said={said}")).into_response()
}

async fn sheet(
    front: &Front,
    visitor: &Visitor,
    reader: &Reader,
    contact: &Contact,
    token: &str,
    wishes: &Wishes,
    faults: &[FieldFault],
) -> Answer {
    let desk = front.desk();
    let field = |name: &str, value: &str| json!({ "value": value, "fault": fault_at(front, visitor, faults, name) });
    let chosen = match wishes.send_window.as_str() {
        "" => WINDOWS[0],
        other => other,
    };
    let is_chosen = |window: &str| window == chosen || same_hours(window, chosen);
    let known = WINDOWS.into_iter().any(is_chosen);
    let windows = WINDOWS.into_iter().chain((!known).then_some(chosen));
    let window = |window: &str| {
        let name = window.replace([' ', ':'], "-");
        let name = WINDOWS.contains(&window).then_some(name);
        json!({ "value": window, "name": name, "here": is_chosen(window) })
    };
    let stays = |list: &String| json!({ "name": list, "here": wishes.list.contains(list) });
    let Terms { text, hash, stands } = desk.terms(contact, language_of(contact, visitor)).await?;
    let page = json!({
        "token": token,
        "languages": field("languages", &wishes.languages),
        "beats": field("beats", &wishes.beats),
        "zone": field("time_zone", &wishes.time_zone),
        "windows": windows.map(window).collect::<Vec<_>>(),
        "lists": contact.lists.iter().map(stays).collect::<Vec<_>>(),
        "faulty": !faults.is_empty(),
        "out": desk.is_out(reader).await?,
        "opt_out": desk.opt_out_token(reader)?,
        "agreement": text,
        "hash": hash,
        "stands": stands,
        "release": reader.delivery.is_some(),
    });
    reader_page(front, visitor, Some(reader), "own", "reader-own", page)
}
