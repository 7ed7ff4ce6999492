//! Embargo agreements: words on record, and one more.

use super::given::{Body, Caller};
use super::page::Page;
use super::problem::{Answer, Problem};
use crate::desk::agreements::NewWord;
use crate::desk::contacts::address;
use crate::domain::agreement::{AgreementWord, Party, Said, Scope};
use crate::domain::ids::ReleaseId;
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What was said of an agreement.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WordSaid {
    /// Early copy may be sent.
    Granted,
    /// No more.
    Revoked,
}

impl From<Said> for WordSaid {
    fn from(said: Said) -> Self {
        match said {
            Said::Granted => Self::Granted,
            Said::Revoked => Self::Revoked,
        }
    }
}

impl From<WordSaid> for Said {
    fn from(said: WordSaid) -> Self {
        match said {
            WordSaid::Granted => Self::Granted,
            WordSaid::Revoked => Self::Revoked,
        }
    }
}

/// A word on an embargo agreement, on record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Agreement {
    /// The address of the contact whose it is.
    contact: Option<String>,
    /// The outlet whose it is, for all who work there.
    outlet: Option<String>,
    /// What was said.
    said: WordSaid,
    /// The release it is about; null for every release.
    release: Option<String>,
    /// A grant's first day.
    #[schema(value_type = Option<String>, format = Date)]
    since: Option<Date>,
    /// A grant's last day.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By whom.
    by: String,
    /// Where it can be found.
    note: String,
}

impl From<AgreementWord> for Agreement {
    fn from(word: AgreementWord) -> Self {
        let (contact, outlet) = match word.party {
            Party::Contact(email) => (Some(email.to_string()), None),
            Party::Outlet(name) => (None, Some(name)),
        };
        Self {
            contact,
            outlet,
            said: word.said.into(),
            release: match word.scope {
                Scope::All => None,
                Scope::Release(id) => Some(id.to_string()),
            },
            since: word.since,
            until: word.until,
            at: word.recorded_at,
            by: word.recorded_by,
            note: word.note,
        }
    }
}

/// All words on embargo agreements, the oldest first, on one page.
#[utoipa::path(get, path = "/api/v1/agreements", operation_id = "agreements", tag = "contacts",
    responses((status = 200, body = Page<Agreement>)))]
pub(super) async fn list(State(front): State<Arc<Front>>) -> Answer<Json<Page<Agreement>>> {
    let words = front.desk().agreement_words().await?;
    let words = words.into_iter().map(Agreement::from);
    Ok(Json(Page::whole(words.collect())))
}

/// A word to be put on record: of exactly one of `contact` and `outlet`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAgreement {
    /// The address of the contact whose it is.
    #[serde(default)]
    contact: Option<String>,
    /// The outlet whose it is, for all who work there.
    #[serde(default)]
    outlet: Option<String>,
    /// What is said.
    said: WordSaid,
    /// The release it is about; every release, where nothing is said.
    #[serde(default)]
    release: Option<String>,
    /// A grant's first day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    since: Option<Date>,
    /// A grant's last day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Where it can be found: a letter, a form.
    #[serde(default)]
    note: String,
}

impl NewAgreement {
    fn read(self) -> Result<NewWord, Problem> {
        let party = match (self.contact, self.outlet) {
            (Some(email), None) => Party::Contact(address(&email)?),
            (None, Some(outlet)) if !outlet.trim().is_empty() => {
                Party::Outlet(outlet.trim().to_owned())
            }
            (None, Some(_)) => {
                return Err(Problem::request("`outlet` says nothing; expected its name"));
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(Problem::request("expected one of `contact` and `outlet`"));
            }
        };
        let said = Said::from(self.said);
        if said == Said::Revoked && (self.since.is_some() || self.until.is_some()) {
            return Err(Problem::request(
                "a revocation counts from now on; expected no `since` and no `until`",
            ));
        }
        let release = self.release.as_deref().map(ReleaseId::parse).transpose();
        let release = release.map_err(|error| Problem::request(format!("`release`: {error}")))?;
        Ok(NewWord {
            party,
            said,
            scope: release.map_or(Scope::All, Scope::Release),
            since: self.since,
            until: self.until,
            note: self.note,
        })
    }
}

/// What came of a word.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgreementRecorded {
    /// The word.
    agreement: Agreement,
    /// Planned advance deliveries that wait for the lift now.
    moved: u64,
    /// What the word names and nobody here knows; it is recorded all the same.
    unknown: Vec<String>,
}

/// Put a word on an embargo agreement on record. A revocation stops what is planned
/// under it and has not begun.
#[utoipa::path(post, path = "/api/v1/agreements", operation_id = "record_agreement",
    tag = "contacts", request_body = NewAgreement,
    responses((status = 201, body = AgreementRecorded, description = "It is on record.")))]
pub(super) async fn record(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(new): Body<NewAgreement>,
) -> Answer<Response> {
    let desk = front.desk();
    let word = desk.agreement_word(new.read()?, caller.name())?;
    let unknown = desk.unknown_in(&word).await?;
    let moved = desk.record_agreement(&word).await?;
    let recorded = AgreementRecorded {
        agreement: word.into(),
        moved,
        unknown: unknown.iter().map(ToString::to_string).collect(),
    };
    Ok((StatusCode::CREATED, Json(recorded)).into_response())
}
