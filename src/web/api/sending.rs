//! From an audience to a distribution: who, what is lacking, approved, sent.

use super::given::{Asked, Body, Caller};
use super::orders::{Looking, Sending};
use super::problem::{Answer, FileProblem, Problem};
use super::shapes::{Distribution, Forecast, shown};
use crate::desk::audience::{Row, RowVerdict, Totals};
use crate::desk::review::Turn;
use crate::desk::send::{Order, Planned};
use crate::domain::audience::{Exclusion, Rule};
use crate::web::{Front, fields};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// An audience in numbers, and a page of who is in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Audience {
    /// Contacts included.
    included: u64,
    /// Contacts excluded.
    excluded: u64,
    /// The excluded by reason.
    by_reason: BTreeMap<String, u64>,
    /// The included by language.
    by_language: BTreeMap<String, u64>,
    /// The included by phase.
    by_phase: BTreeMap<String, u64>,
    /// The included by the segment that brought them in.
    by_segment: BTreeMap<String, u64>,
    /// The included by country.
    by_country: BTreeMap<String, u64>,
    /// Included who get a language they did not ask for.
    fallbacks: u64,
    /// When each phase's turns are.
    turns: Vec<Turns>,
    /// When the last will be through.
    forecast: Option<Forecast>,
    /// Contacts, by address.
    items: Vec<Candidate>,
    /// What to give as `after` for the next page; null where this is the last.
    next: Option<String>,
}

/// Recipients of one phase, and when their turns are.
#[derive(Debug, Serialize, ToSchema)]
struct Turns {
    /// The phase.
    phase: String,
    /// How many.
    count: u64,
    /// The first turn.
    #[schema(value_type = String, format = DateTime)]
    first: Timestamp,
    /// The last turn.
    #[schema(value_type = String, format = DateTime)]
    last: Timestamp,
}

impl From<Turn> for Turns {
    fn from(turn: Turn) -> Self {
        Self {
            phase: turn.phase.name().to_owned(),
            count: turn.count,
            first: turn.first,
            last: turn.last,
        }
    }
}

/// A contact and what was decided.
#[derive(Debug, Serialize, ToSchema)]
struct Candidate {
    /// Where the mail goes.
    email: String,
    /// The contact's name.
    name: String,
    /// Their outlet.
    outlet: String,
    /// Their country.
    country: String,
    /// How they get it; null where they do not.
    gets: Option<Gets>,
    /// Why not; null where they do.
    why_not: Option<WhyNot>,
}

/// How a contact gets a release.
#[derive(Debug, Serialize, ToSchema)]
struct Gets {
    /// The segment that brought them in.
    segment: String,
    /// The variants the mail holds, the first being its own language.
    languages: Vec<String>,
    /// The zone that they go by.
    zone: String,
    /// Which clock they go by.
    phase: String,
    /// When sending to them may start.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    /// Why the time asked for is not one instant on their clock.
    unclear: Option<String>,
}

/// Why a contact does not get a release.
#[derive(Debug, Serialize, ToSchema)]
struct WhyNot {
    /// The reason's name.
    reason: String,
    /// In words.
    explained: String,
}

impl From<Row> for Candidate {
    fn from(row: Row) -> Self {
        let (gets, why_not) = match row.verdict {
            RowVerdict::Included(own) => (
                Some(Gets {
                    languages: own.languages.iter().map(ToString::to_string).collect(),
                    zone: own.zone.name().to_owned(),
                    phase: own.phase.name().to_owned(),
                    not_before: own.not_before,
                    unclear: own.unclear.map(String::from),
                    segment: own.segment,
                }),
                None,
            ),
            RowVerdict::Excluded(why) => (
                None,
                Some(WhyNot {
                    reason: why.name().to_owned(),
                    explained: why.explain().to_string(),
                }),
            ),
        };
        Self {
            email: row.email,
            name: row.name,
            outlet: row.outlet,
            country: row.country,
            gets,
            why_not,
        }
    }
}

/// Who would get a release, in which language, when, and who not and why.
#[utoipa::path(get, path = "/api/v1/releases/{release}/audience", operation_id = "audience",
    tag = "releases", params(("release" = String, Path, description = "Its id"), Looking),
    responses((status = 200, body = Audience)))]
pub(super) async fn audience(
    State(front): State<Arc<Front>>,
    Path(release): Path<String>,
    Asked(looking): Asked<Looking>,
) -> Answer<Json<Audience>> {
    let order = looking.order(front.named_release(&release)?)?;
    let (limit, after) = (looking.limit.count(), looking.after.unwrap_or_default());
    let selected = looking.selected;
    let view = format!("{limit} {selected} {after}");
    let wants = || {
        let (after, mut kept) = (after.clone(), 0);
        move |row: &Row| {
            let unasked = matches!(row.verdict, RowVerdict::Excluded(Exclusion::NotSelected));
            let wanted = row.email > after && !(selected && unasked) && kept <= limit;
            kept += usize::from(wanted);
            wanted
        }
    };
    let desk = front.desk();
    let looked = desk.look(&front.looks, &order, &view, None, wants).await?;
    let looked = looked.ok_or_else(|| Problem::of(StatusCode::SERVICE_UNAVAILABLE))?;
    let mut rows = looked.rows.clone();
    let surveyed = &looked.surveyed;
    let next = fields::cut(&mut rows, limit).map(|row| row.email.clone());
    let Totals {
        included,
        excluded,
        by_reason,
        by_language,
        by_phase,
        by_segment,
        fallbacks,
        ..
    } = surveyed.totals.clone();
    Ok(Json(Audience {
        included,
        excluded,
        by_reason,
        by_language,
        by_phase,
        by_segment,
        by_country: surveyed.by_country.clone(),
        fallbacks,
        turns: surveyed.turns.iter().cloned().map(Turns::from).collect(),
        forecast: surveyed.outlook.clone().map(Forecast::from),
        items: rows.into_iter().map(Candidate::from).collect(),
        next,
    }))
}

/// Whom a release is to go to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whom {
    /// Segments asked for.
    #[param(min_items = 1)]
    to: Vec<String>,
    /// Segments left out.
    #[serde(default)]
    #[param(required = false)]
    not: Vec<String>,
}

/// Whether a release may be sent now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Clearance {
    /// It may.
    clear: bool,
    /// Approvals that are needed.
    needed: usize,
    /// Who approved this very content for this audience.
    approved_by: Vec<String>,
    /// What is lacking, in words.
    lacking: Option<String>,
    /// Languages that are not level, in words.
    uneven: Vec<String>,
    /// The hash of what would be sent.
    content: String,
}

/// Whether a release may be sent to an audience, and what is lacking.
#[utoipa::path(get, path = "/api/v1/releases/{release}/clearance", operation_id = "clearance",
    tag = "releases", params(("release" = String, Path, description = "Its id"), Whom),
    responses((status = 200, body = Clearance)))]
pub(super) async fn clearance(
    State(front): State<Arc<Front>>,
    Path(release): Path<String>,
    Asked(whom): Asked<Whom>,
) -> Answer<Json<Clearance>> {
    let order = Order {
        release: front.named_release(&release)?,
        to: whom.to,
        not: whom.not,
        ..Order::default()
    };
    let found = front.desk().clearance(&order).await?;
    Ok(Json(Clearance {
        clear: found.lacking.is_none() && found.uneven.is_empty(),
        needed: found.needed,
        approved_by: found.by,
        lacking: found.lacking.map(String::from),
        uneven: found.uneven.into_iter().map(String::from).collect(),
        content: found.content,
    }))
}

/// What is approved, and for whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approving {
    /// Segments asked for; none for a correction, which goes to those who have
    /// the original.
    #[serde(default)]
    #[schema(example = json!(["wires"]))]
    to: Vec<String>,
    /// Segments left out.
    #[serde(default)]
    not: Vec<String>,
    /// You took note that the languages are not level.
    #[serde(default)]
    parity_ok: bool,
}

/// An approval that was put on record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Approved {
    /// The release.
    release: String,
    /// Who approved it now.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The hash of what they approved: any later edit makes it void.
    content: String,
    /// Everybody who approved it.
    approved_by: Vec<String>,
    /// How many are needed while it is under embargo.
    needed: usize,
    /// What is worth knowing.
    warnings: Vec<FileProblem>,
}

/// Approve a release as it is now, for an audience.
#[utoipa::path(post, path = "/api/v1/releases/{release}/approve", operation_id = "approve",
    tag = "releases", params(("release" = String, Path, description = "Its id")),
    request_body = Approving, responses((status = 200, body = Approved)))]
pub(super) async fn approve(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(release): Path<String>,
    Body(asked): Body<Approving>,
) -> Answer<Json<Approved>> {
    let (desk, id) = (front.desk(), front.named_release(&release)?);
    let rule = match (asked.to.as_slice(), asked.not.as_slice()) {
        ([], []) => Rule {
            to: Vec::new(),
            not: Vec::new(),
        },
        (to, not) => desk.rule(to, not)?,
    };
    let done = desk
        .approve(&id, &rule, caller.name(), asked.parity_ok)
        .await?;
    let content = done.approval.print.hash();
    let what = json!({ "release": id, "content": content });
    caller.note(&desk, "approved", what).await?;
    Ok(Json(Approved {
        release: id,
        by: done.approval.by,
        at: done.approval.at,
        content,
        approved_by: done.by,
        needed: done.needed,
        warnings: shown(done.warnings),
    }))
}

/// A distribution that is planned; the service sends it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Going {
    /// The distribution.
    distribution: Distribution,
    /// It was planned earlier by the same order, and had not come to its end.
    continued: bool,
    /// What is worth knowing.
    warnings: Vec<FileProblem>,
    /// Of so many nobody knows whether they have the original, and they are not
    /// told.
    left_in_doubt: u64,
}

/// Answers with what was planned: new, or found.
pub(super) async fn going(
    front: &Front,
    planned: Planned,
    left_in_doubt: u64,
) -> Result<Response, Problem> {
    let distribution = front.standing(&planned.distribution).await?;
    let place = format!("/api/v1/distributions/{}", distribution.id());
    let code = if planned.continued {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let body = Going {
        distribution,
        continued: planned.continued,
        warnings: shown(planned.warnings),
        left_in_doubt,
    };
    Ok((code, [(header::LOCATION, place)], Json(body)).into_response())
}

/// Send a release. The same order again finds what it planned the first time.
#[utoipa::path(post, path = "/api/v1/releases/{release}/send", operation_id = "send",
    tag = "releases", params(("release" = String, Path, description = "Its id")),
    request_body = Sending, responses(
        (status = 200, body = Going, description = "The same order planned it earlier, and it goes on."),
        (status = 201, body = Going, description = "It is planned.")))]
pub(super) async fn send(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(release): Path<String>,
    Body(asked): Body<Sending>,
) -> Answer<Response> {
    let (desk, id) = (front.desk(), front.named_release(&release)?);
    let planned = desk.plan(&asked.order(id.clone())?).await?;
    let distribution = &planned.distribution;
    let what = json!({
        "release": id, "distribution": distribution.id, "recipients": distribution.included,
    });
    caller.note(&desk, "sent", what).await?;
    going(&front, planned, 0).await
}
