//! Barred addresses: found, barred, freed, carried in.

use super::files::octets;
use super::given::{Asked, Body, Caller, named};
use super::page::{Limit, Page};
use super::problem::{Answer, FileProblem, Problem};
use crate::desk::contacts::address;
use crate::domain;
use crate::domain::suppression::{SuppressionReason, SuppressionSearch};
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Why an address is barred.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Reason {
    /// They asked not to be written to.
    OptOut,
    /// The mailbox does not exist.
    HardBounce,
    /// Mail came back too often.
    SoftBounces,
    /// Their provider reported a complaint.
    Complaint,
    /// Somebody in the newsroom barred it.
    Manual,
    /// Their data were erased.
    Erasure,
}

impl From<SuppressionReason> for Reason {
    fn from(reason: SuppressionReason) -> Self {
        match reason {
            SuppressionReason::OptOut => Self::OptOut,
            SuppressionReason::HardBounce => Self::HardBounce,
            SuppressionReason::SoftBounces => Self::SoftBounces,
            SuppressionReason::Complaint => Self::Complaint,
            SuppressionReason::Manual => Self::Manual,
            SuppressionReason::Erasure => Self::Erasure,
        }
    }
}

impl From<Reason> for SuppressionReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::OptOut => Self::OptOut,
            Reason::HardBounce => Self::HardBounce,
            Reason::SoftBounces => Self::SoftBounces,
            Reason::Complaint => Self::Complaint,
            Reason::Manual => Self::Manual,
            Reason::Erasure => Self::Erasure,
        }
    }
}

/// A bar on an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Suppression {
    /// The address.
    email: String,
    /// Why, by its kind.
    reason: Reason,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who or what said so.
    source: String,
    /// Why, in words.
    note: String,
}

impl From<domain::suppression::Suppression> for Suppression {
    fn from(bar: domain::suppression::Suppression) -> Self {
        Self {
            email: bar.email.to_string(),
            reason: bar.reason.into(),
            at: bar.at,
            source: bar.source,
            note: bar.note,
        }
    }
}

/// Which bars.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// A part of the address.
    #[serde(default)]
    #[param(required = false)]
    search: String,
    /// Of this kind.
    #[serde(default, deserialize_with = "named")]
    #[param(inline, required = false)]
    reason: Option<Reason>,
    /// Those after this address.
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    limit: Limit,
}

/// Barred addresses.
#[utoipa::path(get, path = "/api/v1/suppressions", operation_id = "suppressions",
    tag = "suppressions", params(Which), responses((status = 200, body = Page<Suppression>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Suppression>>> {
    let search = SuppressionSearch {
        text: which.search,
        reason: which.reason.map(SuppressionReason::from),
    };
    let after = which.after.as_deref().map(address).transpose()?;
    let found = front
        .desk()
        .suppressions(&search, after.as_ref(), which.limit.and_one())
        .await?;
    let place = |bar: &domain::suppression::Suppression| bar.email.to_string();
    let page = Page::cut(found, which.limit, place, Suppression::from);
    Ok(Json(page))
}

/// Addresses to be barred.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Barring {
    /// The addresses.
    #[schema(min_items = 1, example = json!(["anna.kim@steppe-post.example"]))]
    emails: Vec<String>,
    /// Of which kind the reason is.
    reason: Reason,
    /// Why, for the record.
    #[schema(min_length = 1, example = "asked by telephone")]
    why: String,
}

/// What came of barring.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Barred {
    /// Addresses that were not barred before: what is barred keeps its first bar.
    added: u64,
}

/// Bar addresses: nothing more is sent to them, what is planned included.
#[utoipa::path(post, path = "/api/v1/suppressions", operation_id = "suppress",
    tag = "suppressions", request_body = Barring, responses((status = 200, body = Barred)))]
pub(super) async fn add(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Barring>,
) -> Answer<Json<Barred>> {
    if asked.emails.is_empty() {
        return Err(Problem::request(
            "`emails` names no address; expected at least one",
        ));
    }
    let (desk, reason) = (front.desk(), asked.reason.into());
    let added = desk
        .suppress(&asked.emails, reason, &asked.why, caller.name())
        .await?;
    Ok(Json(Barred { added }))
}

/// An address to be freed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lifting {
    /// The address.
    #[schema(example = "anna.kim@steppe-post.example")]
    email: String,
    /// Why, for the record.
    #[schema(min_length = 1, example = "wrote that she wants our releases again")]
    why: String,
}

/// Lift the bar on an address. Answers with the bar as it was.
#[utoipa::path(post, path = "/api/v1/suppressions/lift", operation_id = "lift_suppression",
    tag = "suppressions", request_body = Lifting, responses((status = 200, body = Suppression)))]
pub(super) async fn lift(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Lifting>,
) -> Answer<Json<Suppression>> {
    let lifted = front
        .desk()
        .lift_suppression(&asked.email, &asked.why, caller.name())
        .await?;
    Ok(Json(lifted.into()))
}

/// A file of addresses to be barred: CSV as an export writes it, or one address a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportingBars {
    /// Its name.
    #[schema(min_length = 1, example = "suppressed.csv")]
    file: String,
    /// What is in it, in base64 (RFC 4648 4): at most 16 MiB.
    #[schema(format = Byte, example = "ZW1haWwscmVhc29uCmFubmEua2ltQHN0ZXBwZS1wb3N0LmV4YW1wbGUsb3B0LW91dAo=")]
    content: String,
    /// Only say what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What came of a file of addresses.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BarsImported {
    /// Bars in the file.
    read: usize,
    /// Addresses that are barred now, or would be, and were not or for a lesser reason.
    added: u64,
    /// Lines that were left out, and other remarks.
    problems: Vec<FileProblem>,
    /// Nothing was written.
    dry_run: bool,
}

/// Bar every address of a file. A bad line is told and does not stop the others.
#[utoipa::path(post, path = "/api/v1/suppressions/import", operation_id = "import_suppressions",
    tag = "suppressions", request_body = ImportingBars,
    responses((status = 200, body = BarsImported)))]
pub(super) async fn import(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<ImportingBars>,
) -> Answer<Json<BarsImported>> {
    let octets = octets(&asked.file, &asked.content)?;
    let desk = front.desk();
    let done = desk.import_suppressions(&octets, &asked.file, asked.dry_run, caller.name());
    let done = done.await?;
    Ok(Json(BarsImported {
        read: done.read,
        added: done.added,
        problems: done.problems.into_iter().map(FileProblem::from).collect(),
        dry_run: done.dry_run,
    }))
}
