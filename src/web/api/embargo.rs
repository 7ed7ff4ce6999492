//! Another embargo for a release that is planned: lifted now, or moved.

use super::distributions::{Order, Why};
use super::given::{Body, Caller};
use super::problem::{Answer, Problem};
use crate::desk::embargo::Moved;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// A distribution under another embargo.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Replanned {
    /// The distribution.
    distribution: String,
    /// Deliveries that got another time.
    deliveries: u64,
    /// Advance copies that went out already, and name the old time: a notice tells
    /// their readers.
    named_before: u64,
}

/// What came of another embargo.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmbargoChanged {
    /// When it lifts now.
    #[schema(value_type = Option<String>, format = DateTime)]
    lift: Option<Timestamp>,
    /// Every distribution of the release that stood under it.
    distributions: Vec<Replanned>,
}

impl From<&Moved> for Replanned {
    fn from(moved: &Moved) -> Self {
        Self {
            distribution: moved.distribution.id.to_string(),
            deliveries: moved.deliveries,
            named_before: moved.named_before,
        }
    }
}

async fn changed(
    order: &Order,
    caller: &Caller,
    act: &str,
    moved: &[Moved],
) -> Answer<Json<EmbargoChanged>> {
    let replanned: u64 = moved.iter().map(|one| one.deliveries).sum();
    let lift = moved.first().and_then(|one| one.distribution.lift());
    let what = json!({
        "distribution": order.found.id, "why": order.deed.why, "lift": lift,
        "replanned": replanned,
    });
    caller.note(&order.desk, act, what).await?;
    Ok(Json(EmbargoChanged {
        lift,
        distributions: moved.iter().map(Replanned::from).collect(),
    }))
}

/// End the embargo of a distribution's release now: what waited for it is due.
#[utoipa::path(post, path = "/api/v1/distributions/{distribution}/embargo/lift",
    operation_id = "lift_embargo", tag = "distributions",
    params(("distribution" = String, Path, description = "Its identifier")),
    request_body = Why, responses((status = 200, body = EmbargoChanged)))]
pub(super) async fn lift(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(distribution): Path<String>,
    Body(why): Body<Why>,
) -> Answer<Json<EmbargoChanged>> {
    let order = Order::of(&front, &distribution, &caller, &why).await?;
    let moved = order.desk.lift_embargo(&order.found, &order.deed).await?;
    changed(&order, &caller, "embargo_lifted", &moved).await
}

/// Another time for an embargo, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MovingEmbargo {
    /// When it is to lift: RFC 9557 with a zone, RFC 3339, or a local time on the
    /// newsroom's clock.
    #[schema(min_length = 1, example = "2027-03-11T11:00[Asia/Almaty]")]
    until: String,
    /// Why, for the log.
    #[schema(min_length = 1, example = "the ministry answers a day later")]
    why: String,
}

/// Move the embargo of a distribution's release to another time.
#[utoipa::path(post, path = "/api/v1/distributions/{distribution}/embargo/move",
    operation_id = "move_embargo", tag = "distributions",
    params(("distribution" = String, Path, description = "Its identifier")),
    request_body = MovingEmbargo, responses((status = 200, body = EmbargoChanged)))]
pub(super) async fn shift(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(distribution): Path<String>,
    Body(asked): Body<MovingEmbargo>,
) -> Answer<Json<EmbargoChanged>> {
    let why = Why::of(asked.why);
    let order = Order::of(&front, &distribution, &caller, &why).await?;
    let until = asked.until.trim();
    if until.is_empty() {
        return Err(Problem::request("`until` says nothing; expected a time"));
    }
    let moved = order.desk.move_embargo(&order.found, until, &order.deed);
    changed(&order, &caller, "embargo_moved", &moved.await?).await
}
