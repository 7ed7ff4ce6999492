//! A contact's key and policy of encryption, on the contact's page.

use super::Front;
use super::contacts::{Asked, sheet};
use super::fault::Answer;
use super::files::brought;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::keys::{Warning, report};
use crate::desk::people::Saved;
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, Slot};
use crate::domain::contact_fields::Field;
use crate::domain::encryption::{EncryptionPolicy, PublicKey};
use crate::domain::said::{Said, Tell};
use crate::said;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How a contact stands with encryption, for their page.
pub(super) fn shown(front: &Front, visitor: &Visitor, contact: &Contact) -> Value {
    let report = report(contact, front.desk().clock.now());
    let policies = EncryptionPolicy::ALL
        .map(|policy| json!({ "name": policy.name(), "here": policy == report.policy }));
    let key = report.key.as_ref().map(|key| {
        let obstacle = report.obstacle.as_ref();
        let mut shown = facts(front, visitor, key);
        shown["obstacle"] = json!(obstacle.map(|one| front.obstacle(visitor, one)));
        shown
    });
    json!({
        "policy": report.policy.name(),
        "policies": policies,
        "key": key,
        "warnings": report.warnings.iter().copied().map(Warning::name).collect::<Vec<_>>(),
    })
}

fn facts(front: &Front, visitor: &Visitor, key: &PublicKey) -> Value {
    let parts = key.parts.iter().filter(|part| !part.revoked);
    let by: Vec<_> = parts.map(|part| part.algorithm.as_str()).collect();
    let day = |at| front.shown(visitor, at).text;
    json!({
        "fingerprint": key.fingerprint,
        "algorithm": key.algorithm,
        "by": by.join(", "),
        "created": day(key.created),
        "ends": key.ends().map(day),
        "user_ids": key.user_ids,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct PolicyForm {
    #[serde(default)]
    policy: String,
}

/// Sets the policy.
pub(super) async fn set_policy(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<PolicyForm>,
) -> Answer {
    let contact = front.contact(&id).await?;
    // Nothing chosen is no word on it.
    let policy = EncryptionPolicy::parse(&form.policy).map_err(DeskError::request);
    let saved = match policy {
        Ok(policy) => {
            let edit = Edit::set(Slot::Field(Field::Encryption), policy.name());
            let (email, by) = (contact.email.to_string(), visitor.name()?);
            let saved = front.desk().change_contact(&email, &[edit], by).await;
            saved.and_then(done)
        }
        Err(fault) => Err(fault),
    };
    answered(&front, &visitor, &id, saved, "policy-set").await
}

fn done(saved: Saved) -> Result<(), DeskError> {
    match saved {
        Saved::Done(_) => Ok(()),
        Saved::Faulty(faults) => {
            let faults = faults.iter().map(Tell::said);
            Err(DeskError::request(Said::several(faults, "; ")))
        }
        Saved::Overtaken(now) => Err(DeskError::request(said!(
            "{email} was changed by somebody else meanwhile",
            email = now.email
        ))),
    }
}

/// Takes a key that comes in a file.
pub(super) async fn bring(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    let contact = front.contact(&id).await?;
    let Some((name, octets)) = brought(form).await? else {
        let fault = front.pages.say(visitor.language, "import-no-file", &[]);
        return refused(&front, &visitor, &id, fault).await;
    };
    let (email, by) = (contact.email.to_string(), visitor.name()?);
    let desk = front.desk();
    let imported = desk.import_key(&email, &name, octets, None, by).await;
    answered(&front, &visitor, &id, imported.map(drop), "key-imported").await
}

/// Takes the key away.
pub(super) async fn remove(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let email = front.contact(&id).await?.email.to_string();
    let removed = front.desk().remove_key(&email, visitor.name()?).await;
    answered(&front, &visitor, &id, removed.map(drop), "key-removed").await
}

async fn answered(
    front: &Front,
    visitor: &Visitor,
    id: &str,
    done: Result<(), DeskError>,
    said: &str,
) -> Answer {
    match front.told(visitor, done)? {
        Ok(()) => Ok(Redirect::to(&format!("/contacts/{id}?said={said}")).into_response()),
        Err(fault) => refused(front, visitor, id, fault).await,
    }
}

async fn refused(front: &Front, visitor: &Visitor, id: &str, fault: String) -> Answer {
    let asked = Asked {
        key: Some(fault),
        ..Asked::default()
    };
    sheet(front, visitor, id, asked).await
}
