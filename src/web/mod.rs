//! The web room: what a service shows to those who watch over it.
//!
//! `/healthz` (is the scheduler alive), `/readyz` (can it send) and `/metrics`
//! (`OpenMetrics` text). Nothing here names a contact.

mod metrics;

use crate::desk::service::Service;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until told to stop.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics::show))
        .with_state(service);
    axum::serve(listener, routes)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}

async fn health(State(service): State<Arc<Service>>) -> Response {
    answer(service.healthy())
}

async fn readiness(State(service): State<Arc<Service>>) -> Response {
    answer(service.ready().await)
}

fn answer(state: Result<(), String>) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match state {
        Ok(()) => (plain, "ok\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, plain, format!("{why}\n")).into_response(),
    }
}
