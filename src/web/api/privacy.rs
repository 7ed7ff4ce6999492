//! What is held of an address, that it be forgotten, and that what is too old goes.

use super::given::{Asked, Body, Caller};
use super::problem::{Answer, Problem};
use crate::desk::retention::Really;
use crate::web::Front;
use crate::web::privacy::is_confirmed;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Of whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whom {
    /// The address.
    email: String,
}

/// Everything that is held of an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Everything {
    /// Whose.
    email: String,
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Rows of the store by table, each with its columns.
    #[schema(value_type = Object)]
    store: BTreeMap<String, Vec<Map<String, Value>>>,
    /// Files of the workspace in which they are named.
    files: Vec<String>,
}

/// Everything that is held of an address, for its owner (GDPR article 15).
#[utoipa::path(get, path = "/api/v1/everything", operation_id = "everything", tag = "privacy",
    params(Whom), responses((status = 200, body = Everything)))]
pub(super) async fn everything(
    State(front): State<Arc<Front>>,
    Asked(whom): Asked<Whom>,
) -> Answer<Json<Everything>> {
    // Looked up once for all who ask, one address at a time: it reads every table.
    let all = front.everything(&whom.email, None).await?;
    let all = all.ok_or_else(|| Problem::of(StatusCode::SERVICE_UNAVAILABLE))?;
    Ok(Json(Everything {
        email: all.email.to_string(),
        at: all.at,
        store: all.store.clone(),
        files: all.files.clone(),
    }))
}

/// An address to be forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgetting {
    /// The address.
    #[schema(example = "anna.kim@steppe-post.example")]
    email: String,
    /// The address once more: it cannot be taken back.
    #[schema(example = "anna.kim@steppe-post.example")]
    confirm: String,
}

/// What was erased, and what is left.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Forgotten {
    /// Whose.
    email: String,
    /// Rows that went or were emptied, by table.
    rows: BTreeMap<String, u64>,
    /// Deliveries that had not begun, and will not.
    cancelled: u64,
    /// Copies of the store in the workspace, from which it went too.
    copies: Vec<String>,
    /// Files of caught mails that went.
    caught: usize,
    /// Why something may remain in free pages of the store for now, where it may;
    /// the same call tries again.
    pending: Option<String>,
    /// What names them still, and stays.
    remaining: Vec<String>,
}

/// Erase what is held of an address, for good (GDPR article 17). It stays barred.
#[utoipa::path(post, path = "/api/v1/forget", operation_id = "forget", tag = "privacy",
    request_body = Forgetting, responses((status = 200, body = Forgotten)))]
pub(super) async fn forget(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Forgetting>,
) -> Answer<Json<Forgotten>> {
    is_confirmed(&asked.email, &asked.confirm)?;
    let desk = front.desk();
    let done = desk
        .forget(&asked.email, caller.name(), front.wiring)
        .await?;
    front.forget_what_was_looked_at();
    Ok(Json(Forgotten {
        email: done.email.to_string(),
        rows: done.erased.rows,
        cancelled: done.erased.cancelled,
        copies: done.copies,
        caught: done.caught,
        pending: done.pending,
        remaining: done.remaining.into_iter().map(String::from).collect(),
    }))
}

/// A forgotten address to be known again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Remembering {
    /// The address.
    #[schema(example = "anna.kim@steppe-post.example")]
    email: String,
    /// Why, for the record.
    #[schema(min_length = 1, example = "asked to be written to again")]
    why: String,
}

/// Since when an address was forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Remembered {
    /// The address.
    email: String,
    /// When it was forgotten.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// Let an address be known again that was forgotten: its owner asks for it.
#[utoipa::path(post, path = "/api/v1/forget/lift", operation_id = "lift_forgotten",
    tag = "privacy", request_body = Remembering, responses((status = 200, body = Remembered)))]
pub(super) async fn lift(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Remembering>,
) -> Answer<Json<Remembered>> {
    let desk = front.desk();
    let lifted = desk.lift_forgotten(&asked.email, &asked.why, caller.name());
    let (email, since) = lifted.await?;
    Ok(Json(Remembered {
        email: email.to_string(),
        since,
    }))
}

/// Whether what is too old goes now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retaining {
    /// Only count what would go.
    dry_run: bool,
}

/// What is too old, of one kind.
#[derive(Debug, Serialize, ToSchema)]
struct TooOld {
    /// What: `log`, `bounces`, `imports` or `acts`.
    what: String,
    /// What was older than this.
    #[schema(value_type = String, format = DateTime)]
    before: Timestamp,
    /// How many.
    count: u64,
}

/// What went, or would go.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Retained {
    /// Nothing went.
    dry_run: bool,
    /// Each kind that is kept for a time alone.
    gone: Vec<TooOld>,
}

/// Let go what is too old, as `[retention]` of the settings says. A service does so once
/// a day by itself.
#[utoipa::path(post, path = "/api/v1/retention", operation_id = "retain", tag = "privacy",
    request_body = Retaining, responses((status = 200, body = Retained)))]
pub(super) async fn retain(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Retaining>,
) -> Answer<Json<Retained>> {
    let really = match asked.dry_run {
        true => Really::Asked,
        false => Really::Done,
    };
    let gone = front.let_go(really, caller.name()).await?.into_iter();
    let gone = gone.map(|one| TooOld {
        what: one.what.name().to_owned(),
        before: one.before,
        count: one.count,
    });
    Ok(Json(Retained {
        dry_run: asked.dry_run,
        gone: gone.collect(),
    }))
}
