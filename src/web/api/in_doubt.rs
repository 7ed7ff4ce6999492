//! Deliveries in doubt: a person decides.

use super::given::{Asked, Body, Caller};
use super::page::{Limit, Page, place};
use super::problem::{Answer, Problem};
use crate::desk::in_doubt::{Decision, Doubt};
use crate::domain::ids::DeliveryId;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A delivery of which nobody knows whether it arrived.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    /// Its identifier.
    delivery: String,
    /// The distribution.
    distribution: String,
    /// To whom.
    email: String,
    /// Where it stands.
    state: String,
    /// Attempts made.
    attempts: u32,
}

impl From<Doubt> for Delivery {
    fn from(doubt: Doubt) -> Self {
        Self {
            delivery: doubt.delivery.to_string(),
            distribution: doubt.distribution.to_string(),
            email: doubt.email.to_string(),
            state: doubt.state.to_owned(),
            attempts: doubt.attempts,
        }
    }
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this distribution alone.
    distribution: Option<String>,
    /// Those after this one.
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    limit: Limit,
}

/// Deliveries in doubt, by their identifiers.
#[utoipa::path(get, path = "/api/v1/in-doubt", operation_id = "in_doubt", tag = "in doubt",
    params(Which), responses((status = 200, body = Page<Delivery>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Delivery>>> {
    let desk = front.desk();
    let of = match &which.distribution {
        Some(text) => Some(desk.find(text).await?.id),
        None => None,
    };
    let after = place::<DeliveryId>(which.after.as_deref())?;
    let mut found = desk.doubts(of).await?;
    found.sort_unstable_by_key(|doubt| doubt.delivery);
    found.retain(|doubt| after.is_none_or(|after| doubt.delivery > after));
    let next = |doubt: &Doubt| doubt.delivery.to_string();
    Ok(Json(Page::cut(found, which.limit, next, Delivery::from)))
}

/// What is known of a delivery in doubt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settling {
    /// It is known to have arrived; else it is known not to, and is not sent again.
    arrived: bool,
}

/// Settle a delivery in doubt.
#[utoipa::path(post, path = "/api/v1/in-doubt/{delivery}/settle", operation_id = "settle",
    tag = "in doubt", params(("delivery" = String, Path, description = "Its identifier")),
    request_body = Settling, responses((status = 200, body = Delivery)))]
pub(super) async fn settle(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(delivery): Path<String>,
    Body(asked): Body<Settling>,
) -> Answer<Json<Delivery>> {
    let decision = if asked.arrived {
        (Decision::Arrived, "arrived")
    } else {
        (Decision::Abandon, "abandon")
    };
    decide(&front, &caller, &delivery, decision).await
}

/// Send a delivery in doubt again, under the same Message-ID.
#[utoipa::path(post, path = "/api/v1/in-doubt/{delivery}/resend", operation_id = "resend",
    tag = "in doubt", params(("delivery" = String, Path, description = "Its identifier")),
    responses((status = 200, body = Delivery)))]
pub(super) async fn resend(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(delivery): Path<String>,
) -> Answer<Json<Delivery>> {
    decide(&front, &caller, &delivery, (Decision::Resend, "resend")).await
}

async fn decide(
    front: &Front,
    caller: &Caller,
    delivery: &str,
    (decision, name): (Decision, &str),
) -> Answer<Json<Delivery>> {
    let desk = front.desk();
    let missing = || Problem::missing("delivery", delivery);
    let id: DeliveryId = delivery.parse().map_err(|_| missing())?;
    if !desk.knows_delivery(id).await? {
        return Err(missing());
    }
    let standing = desk.decide(id, None, &decision, caller.name()).await?;
    let what = json!({ "delivery": id, "decision": name });
    caller.note(&desk, "settled", what).await?;
    Ok(Json(Doubt::of(&standing).into()))
}
