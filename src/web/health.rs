//! `/healthz` and `/readyz`.

use super::Front;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub(super) async fn health(State(front): State<Arc<Front>>) -> Response {
    answer(front.service.healthy())
}

pub(super) async fn readiness(State(front): State<Arc<Front>>) -> Response {
    answer(front.service.ready().await)
}

fn answer(state: Result<(), String>) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match state {
        Ok(()) => (plain, "ok\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, plain, format!("{why}\n")).into_response(),
    }
}
