//! Reports that came back.

use super::given::Asked;
use super::page::{Limit, Page, place};
use super::problem::{Answer, Problem};
use crate::domain;
use crate::domain::bounce_search::BounceSearch;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A report that came back.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Bounce {
    /// What tells it from all others.
    report: String,
    /// When it was taken in.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What it says: `hard`, `soft`, `delayed`, `delivered`, `complaint`,
    /// `auto-reply`, `challenge`.
    kind: String,
    /// Why it failed, where it did.
    class: Option<String>,
    /// By what it was matched: `return-path`, `message-id` or `address`.
    evidence: String,
    /// The delivery it is about.
    delivery: String,
    /// The address that the delivery went to.
    email: String,
    /// The status it names (RFC 3463).
    status: Option<String>,
    /// The server's words.
    diagnostic: String,
    /// Which form it has.
    form: String,
}

impl From<domain::bounce::Bounce> for Bounce {
    fn from(bounce: domain::bounce::Bounce) -> Self {
        let failure = bounce.finding.failure();
        Self {
            kind: bounce.finding.name().to_owned(),
            class: failure.map(|failure| failure.class.name().to_owned()),
            evidence: bounce.evidence.name().to_owned(),
            delivery: bounce.delivery.to_string(),
            email: bounce.email.to_string(),
            status: bounce.status.map(|status| status.to_string()),
            report: bounce.fingerprint,
            at: bounce.at,
            diagnostic: bounce.diagnostic,
            form: bounce.form,
        }
    }
}

/// Which reports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Those after this place.
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    limit: Limit,
    /// Those whose address has this in it.
    #[serde(default)]
    #[param(required = false)]
    search: String,
    /// Those that say this: `hard`, `soft`, `delayed`, `delivered`, `complaint`,
    /// `auto-reply`, `challenge`.
    kind: Option<String>,
}

/// Reports that came back, the newest first.
#[utoipa::path(get, path = "/api/v1/bounces", operation_id = "bounces", tag = "bounces",
    params(Which), responses((status = 200, body = Page<Bounce>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Bounce>>> {
    let before = place::<u64>(which.after.as_deref())?;
    let kind = which.kind.as_deref().map(BounceSearch::finding);
    let search = BounceSearch {
        text: which.search,
        finding: kind.transpose().map_err(Problem::request)?,
        ..BounceSearch::default()
    };
    let desk = front.desk();
    let found = desk.bounces(&search, before, which.limit.and_one()).await?;
    let next = |(seq, _): &(u64, _)| seq.to_string();
    let show = |(_, bounce)| Bounce::from(bounce);
    Ok(Json(Page::cut(found, which.limit, next, show)))
}

/// A report as it came.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BounceReport {
    /// What tells it from all others.
    report: String,
    /// The message, or its beginning where it is long.
    message: String,
}

/// A report as it came.
#[utoipa::path(get, path = "/api/v1/bounces/{report}", operation_id = "bounce", tag = "bounces",
    params(("report" = String, Path, description = "What tells it from all others")),
    responses((status = 200, body = BounceReport)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(report): Path<String>,
) -> Answer<Json<BounceReport>> {
    let found = front.desk().find_bounce(&report).await?;
    let found = found.ok_or_else(|| Problem::missing("report", &report))?;
    Ok(Json(BounceReport {
        message: String::from_utf8_lossy(&found.report).into_owned(),
        report,
    }))
}
