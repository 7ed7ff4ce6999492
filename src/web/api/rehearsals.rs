//! Rehearsals: every mail goes to the catcher.

use super::given::{Body, Caller};
use super::orders;
use super::problem::{Answer, Problem};
use crate::desk::rehearsals::{Outcome, Rehearsing};
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// How far a rehearsal is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Progress {
    /// It is under way.
    UnderWay,
    /// It went through.
    Done,
    /// It did not.
    Failed,
}

/// A rehearsal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rehearsal {
    /// Its identifier: the service keeps the last few.
    id: String,
    /// The release.
    release: String,
    /// By whom.
    by: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How far it is.
    state: Progress,
    /// Why it failed.
    failed: Option<String>,
    /// Deliveries that are through.
    done: u64,
    /// What it came to, once it is done.
    report: Option<RehearsalReport>,
}

/// What a rehearsal came to.
#[derive(Debug, Serialize, ToSchema)]
struct RehearsalReport {
    /// Contacts in the audience.
    included: u64,
    /// Mails caught.
    caught: u64,
    /// The largest mail, in octets.
    largest: u64,
    /// Deliveries by state.
    by_state: BTreeMap<String, u64>,
    /// Recipients by language.
    by_language: BTreeMap<String, u64>,
    /// Whether its own log verified.
    verified: bool,
    /// What is worth a look.
    warnings: Vec<String>,
}

impl Rehearsal {
    fn of(one: &Rehearsing) -> Self {
        let (state, failed, report) = match one.outcome() {
            Outcome::UnderWay => (Progress::UnderWay, None, None),
            Outcome::Failed(why) => (Progress::Failed, Some(why.to_string()), None),
            Outcome::Done(done) => {
                let report = RehearsalReport {
                    included: done.totals.included,
                    caught: done.caught,
                    largest: done.largest,
                    by_state: done.status.counts.by_state.clone(),
                    by_language: done.totals.by_language.clone(),
                    verified: done.log.verified,
                    warnings: done.warnings.iter().map(ToString::to_string).collect(),
                };
                (Progress::Done, None, Some(report))
            }
        };
        Self {
            id: one.id.clone(),
            release: one.order.release.clone(),
            by: one.by.clone(),
            since: one.since,
            state,
            failed,
            done: one.snapshot().done(),
            report,
        }
    }
}

/// Rehearse a release; one at a time.
#[utoipa::path(post, path = "/api/v1/releases/{release}/rehearse", operation_id = "rehearse",
    tag = "releases", params(("release" = String, Path, description = "Its id")),
    request_body = orders::Rehearsing,
    responses((status = 202, body = Rehearsal, description = "It is begun.")))]
pub(super) async fn begin(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(release): Path<String>,
    Body(asked): Body<orders::Rehearsing>,
) -> Answer<Response> {
    let (desk, release) = (front.desk(), front.named_release(&release)?);
    let order = asked.order(release.clone())?;
    // What cannot be ordered is told at once.
    desk.rule(&order.to, &order.not)?;
    let (held, by) = (Arc::clone(&desk), caller.name());
    let id = front.rehearsals.begin(held, front.wiring, order, by)?;
    caller
        .note(&desk, "rehearsed", json!({ "release": release }))
        .await?;
    let place = format!("/api/v1/rehearsals/{id}");
    let body = Json(Rehearsal::of(&*find(&front, &id)?));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], body).into_response())
}

fn find(front: &Front, id: &str) -> Result<Arc<Rehearsing>, Problem> {
    let found = front.rehearsals.find(id);
    found.ok_or_else(|| Problem::missing("rehearsal", id))
}

/// A rehearsal, and what it came to.
#[utoipa::path(get, path = "/api/v1/rehearsals/{rehearsal}", operation_id = "rehearsal",
    tag = "releases", params(("rehearsal" = String, Path, description = "Its identifier")),
    responses((status = 200, body = Rehearsal)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(rehearsal): Path<String>,
) -> Answer<Json<Rehearsal>> {
    Ok(Json(Rehearsal::of(&*find(&front, &rehearsal)?)))
}
