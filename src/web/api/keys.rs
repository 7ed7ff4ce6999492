//! Contacts' OpenPGP keys.

use super::given::{Body, Caller};
use super::problem::{Answer, Problem};
use crate::desk::keys::{KeyReport, Warning, report};
use crate::domain::encryption::EncryptionPolicy;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether a contact's mail is encrypted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Policy {
    /// It is not.
    Off,
    /// It is where that can be done.
    Preferred,
    /// It is, or nothing is sent.
    Required,
}

impl From<EncryptionPolicy> for Policy {
    fn from(policy: EncryptionPolicy) -> Self {
        match policy {
            EncryptionPolicy::Off => Self::Off,
            EncryptionPolicy::Preferred => Self::Preferred,
            EncryptionPolicy::Required => Self::Required,
        }
    }
}

impl From<Policy> for EncryptionPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Off => Self::Off,
            Policy::Preferred => Self::Preferred,
            Policy::Required => Self::Required,
        }
    }
}

/// An OpenPGP key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Key {
    /// Its fingerprint.
    fingerprint: String,
    /// Its algorithm.
    algorithm: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends: Option<Timestamp>,
    /// Whether it was revoked.
    revoked: bool,
    /// Whom it names.
    user_ids: Vec<String>,
    /// The key itself, in ASCII armour.
    armored: String,
}

/// How a contact stands with encryption.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Encryption {
    /// Whether their mail is encrypted.
    policy: Policy,
    /// Their key.
    key: Option<Key>,
    /// Why a mail could not be encrypted to it now, where it could not.
    obstacle: Option<String>,
    /// What somebody should look at.
    warnings: Vec<String>,
}

impl From<KeyReport> for Encryption {
    fn from(report: KeyReport) -> Self {
        let key = report.key.map(|key| Key {
            ends: key.ends(),
            fingerprint: key.fingerprint,
            algorithm: key.algorithm,
            created: key.created,
            revoked: key.revoked,
            user_ids: key.user_ids,
            armored: key.armored,
        });
        let warnings = report.warnings.into_iter().map(Warning::words);
        Self {
            policy: report.policy.into(),
            key,
            obstacle: report.obstacle.map(|obstacle| obstacle.to_string()),
            warnings: warnings.map(str::to_owned).collect(),
        }
    }
}

/// A contact's key and policy of encryption.
#[utoipa::path(get, path = "/api/v1/contacts/{contact}/key", operation_id = "contact_key",
    tag = "contacts", params(("contact" = String, Path, description = "Their identifier")),
    responses((status = 200, body = Encryption)))]
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Path(contact): Path<String>,
) -> Answer<Json<Encryption>> {
    let contact = front.named_contact(&contact).await?;
    Ok(Json(report(&contact, front.desk().clock.now()).into()))
}

/// A key to be taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// The public key, in ASCII armour (RFC 9580 6.2).
    #[schema(min_length = 1)]
    armored: String,
    /// Whether their mail is encrypted from now on; else that stays.
    #[serde(default)]
    policy: Option<Policy>,
}

/// Put a key in the place of the one that a contact has.
#[utoipa::path(post, path = "/api/v1/contacts/{contact}/key", operation_id = "import_key",
    tag = "contacts", params(("contact" = String, Path, description = "Their identifier")),
    request_body = NewKey, responses((status = 200, body = Encryption)))]
pub(super) async fn bring(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(contact): Path<String>,
    Body(new): Body<NewKey>,
) -> Answer<Json<Encryption>> {
    let email = front.named_contact(&contact).await?.email.to_string();
    if new.armored.trim().is_empty() {
        return Err(Problem::request("`armored` is empty; expected a key"));
    }
    let policy = new.policy.map(EncryptionPolicy::from);
    let octets = new.armored.into_bytes();
    let desk = front.desk();
    let report = desk.import_key(&email, "`armored`", octets, policy, caller.name());
    Ok(Json(report.await?.into()))
}

/// Take a contact's key away. The policy stays.
#[utoipa::path(post, path = "/api/v1/contacts/{contact}/key/remove", operation_id = "remove_key",
    tag = "contacts", params(("contact" = String, Path, description = "Their identifier")),
    responses((status = 200, body = Encryption)))]
pub(super) async fn remove(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(contact): Path<String>,
) -> Answer<Json<Encryption>> {
    let email = front.named_contact(&contact).await?.email.to_string();
    let report = front.desk().remove_key(&email, caller.name()).await?;
    Ok(Json(report.into()))
}
