//! Reports that came back: taken in, listed, and one with what it says and does.

use super::files::octets;
use super::given::{Asked, Body, Caller};
use super::page::{Limit, Page, place};
use super::problem::{Answer, Problem};
use super::suppressions::Suppression;
use crate::desk::bounces::{Ingested, WholeBounce};
use crate::domain;
use crate::domain::bounce_search::BounceSearch;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// What it says: `hard`, `soft`, `delayed`, `delivered`, `complaint`, `opt-out`,
    /// `auto-reply`, `challenge`.
    kind: String,
    /// Why it failed, where it did.
    class: Option<String>,
    /// By what it was matched: `return-path`, `message-id`, `word` or `address`.
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
    /// `opt-out`, `auto-reply`, `challenge`.
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

/// A report with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BounceReport {
    /// What it was found to say.
    bounce: Bounce,
    /// By what that was understood: `words` of its diagnostic text, its `status`, a
    /// `reply` code, what the `report` says of itself, or `nothing`.
    rule: String,
    /// Which words, status, code or part it was.
    because: String,
    /// The distribution of the delivery that it is about.
    distribution: Option<String>,
    /// The headline of what was sent.
    headline: String,
    /// Where the delivery stands now.
    state: Option<String>,
    /// The identifier of the contact of this address.
    contact: Option<String>,
    /// The bar on the address now, whatever set it.
    suppression: Option<Suppression>,
    /// Whether it was this report that set the bar.
    set_bar: bool,
    /// The message, or its beginning where it is long. What is no text stands as a
    /// sign.
    message: String,
}

impl From<WholeBounce> for BounceReport {
    fn from(whole: WholeBounce) -> Self {
        let standing = whole.standing.as_ref();
        Self {
            rule: whole.bounce.ground.name().to_owned(),
            because: whole.bounce.ground.what(),
            distribution: standing.map(|one| one.delivery.distribution.to_string()),
            state: standing.map(|one| one.state.name().to_owned()),
            contact: whole.contact.as_ref().map(|one| one.id.to_string()),
            set_bar: whole.set_bar(),
            message: whole.text(),
            suppression: whole.suppression.map(Suppression::from),
            headline: whole.headline,
            bounce: whole.bounce.into(),
        }
    }
}

/// A report as it came, what it was found to say, and what it is about.
#[utoipa::path(get, path = "/api/v1/bounces/{report}", operation_id = "bounce", tag = "bounces",
    params(("report" = String, Path, description = "What tells it from all others")),
    responses((status = 200, body = BounceReport)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(report): Path<String>,
) -> Answer<Json<BounceReport>> {
    let found = front.desk().find_bounce(&report).await?;
    let found = found.ok_or_else(|| Problem::missing("report", &report))?;
    Ok(Json(found.into()))
}

/// Mail that came back: one message, or an mbox of many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ComingBack {
    /// The file's name, for the record.
    #[schema(min_length = 1, example = "came-back.mbox")]
    file: String,
    /// What is in it, in base64 (RFC 4648 4): at most 16 MiB.
    #[schema(format = Byte, min_length = 1, example = "RnJvbTogPG1haWxlci1kYWVtb25AbXguZXhhbXBsZT4KCg==")]
    content: String,
}

/// What was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TakenIn {
    /// Messages read.
    messages: u64,
    /// Reports kept, by what they say.
    kept: BTreeMap<String, u64>,
    /// Reports that had been taken in before.
    known: u64,
    /// Reports of no delivery that is known.
    unmatched: u64,
    /// Messages that are no report.
    unknown: u64,
    /// Deliveries that are `bounced` now.
    bounced: u64,
    /// Addresses that are barred now, and were not before.
    barred: u64,
}

impl From<Ingested> for TakenIn {
    fn from(done: Ingested) -> Self {
        let kept = done.kept.into_iter();
        Self {
            messages: done.messages,
            kept: kept.map(|(name, n)| (name.to_owned(), n)).collect(),
            known: done.known,
            unmatched: done.unmatched,
            unknown: done.unknown,
            bounced: done.bounced,
            barred: done.barred,
        }
    }
}

/// Take in what came back: bounces, complaints, auto-replies, readers who opt out by
/// mail. The same report counts once.
#[utoipa::path(post, path = "/api/v1/bounces", operation_id = "take_in_bounces", tag = "bounces",
    request_body = ComingBack, responses((status = 200, body = TakenIn)))]
pub(super) async fn take_in(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<ComingBack>,
) -> Answer<Json<TakenIn>> {
    let octets = octets(&asked.file, &asked.content)?;
    if octets.is_empty() {
        return Err(Problem::request(
            "`content` is empty; expected a message, or an mbox of some",
        ));
    }
    let desk = front.desk();
    let taken = desk.ingest_brought(&asked.file, octets, caller.name());
    Ok(Json(taken.await?.into()))
}
