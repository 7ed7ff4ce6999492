//! Embargo agreements, put on record on a contact's page.

use super::Front;
use super::contacts::{Asked, sheet};
use super::fault::{Answer, Fault};
use super::fields::given;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::agreements::NewWord;
use crate::domain::agreement::{Party, Said, Scope};
use crate::domain::contact::Contact;
use crate::domain::ids::ReleaseId;
use crate::domain::said::Tell;
use crate::said;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// A word as a form gives it.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct WordForm {
    said: String,
    #[serde(default)]
    party: String,
    #[serde(default)]
    release: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    note: String,
}

impl WordForm {
    fn said(&self) -> Result<Said, Fault> {
        match self.said.as_str() {
            "granted" => Ok(Said::Granted),
            "revoked" => Ok(Said::Revoked),
            _ => Err(Fault::new(StatusCode::BAD_REQUEST)),
        }
    }

    fn word(&self, contact: &Contact, said: Said) -> Result<NewWord, DeskError> {
        let party = if self.party == "outlet" && !contact.outlet.is_empty() {
            Party::Outlet(contact.outlet.clone())
        } else {
            Party::Contact(contact.email.clone())
        };
        let scope = match given(&self.release) {
            None => Scope::All,
            Some(id) => {
                let id = ReleaseId::parse(&id);
                Scope::Release(id.map_err(|error| DeskError::request(error.said()))?)
            }
        };
        let granted = said == Said::Granted;
        Ok(NewWord {
            party,
            said,
            scope,
            since: day(&self.since)?.filter(|_| granted),
            until: day(&self.until)?.filter(|_| granted),
            note: self.note.clone(),
        })
    }
}

fn day(text: &str) -> Result<Option<Date>, DeskError> {
    let day = given(text).map(|text| {
        text.parse().map_err(|_| {
            let text = text.escape_debug();
            DeskError::request(said!(
                "`{text}` is no day; expected one such as 2026-11-30",
                text
            ))
        })
    });
    day.transpose()
}

pub(super) async fn record(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<WordForm>,
) -> Answer {
    let (contact, said) = (front.contact(&id).await?, form.said()?);
    let recorded = put_down(&front, &visitor, &contact, &form, said).await?;
    match front.told(&visitor, recorded)? {
        Ok(_) => Ok(Redirect::to(&format!("/contacts/{id}?said={}", form.said)).into_response()),
        Err(fault) => {
            let asked = Asked {
                agreement: Some(fault),
                form: json!(form),
                ..Asked::default()
            };
            sheet(&front, &visitor, &id, asked).await
        }
    }
}

async fn put_down(
    front: &Front,
    visitor: &Visitor,
    contact: &Contact,
    form: &WordForm,
    said: Said,
) -> Result<Result<u64, DeskError>, Fault> {
    let (desk, by) = (front.desk(), visitor.name()?);
    let word = form
        .word(contact, said)
        .and_then(|new| desk.agreement_word(new, by));
    Ok(match word {
        Ok(word) => desk.record_agreement(&word).await,
        Err(error) => Err(error),
    })
}
