//! How the service fares, and what the caller's token is for.

use super::given::Caller;
use super::problem::Answer;
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How the service fares.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Whether the scheduler is alive.
    healthy: bool,
    /// Whether it can send.
    ready: bool,
    /// What is in the way.
    trouble: Vec<String>,
    /// The desk's clock.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// Dateline's version.
    version: &'static str,
}

/// How the service fares.
#[utoipa::path(get, path = "/api/v1/health", operation_id = "health", tag = "service",
    responses((status = 200, body = Health)))]
pub(super) async fn health(State(front): State<Arc<Front>>) -> Json<Health> {
    let (healthy, ready) = (front.service.healthy(), front.service.ready().await);
    Json(Health {
        healthy: healthy.is_ok(),
        ready: ready.is_ok(),
        trouble: healthy.err().into_iter().chain(ready.err()).collect(),
        now: front.desk().clock.now(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// What the caller's token is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnToken {
    /// What it is called.
    name: String,
    /// Who acts by it.
    user: String,
    /// What they may at the desk.
    role: String,
    /// What it is for.
    scopes: Vec<String>,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
}

/// What the token that was shown is for.
#[utoipa::path(get, path = "/api/v1/token", operation_id = "own_token", tag = "service",
    responses((status = 200, body = OwnToken)))]
pub(super) async fn token(Caller(holder): Caller) -> Answer<Json<OwnToken>> {
    let scopes = holder.token.scopes.iter();
    Ok(Json(OwnToken {
        name: holder.token.name.to_string(),
        user: holder.account.name.to_string(),
        role: holder.account.role.name().to_owned(),
        scopes: scopes.map(|scope| scope.name().to_owned()).collect(),
        expires: holder.token.expires,
    }))
}
