//! The stylesheet and the script, as they are in the binary or the workspace.

use super::Front;
use super::fault::{Answer, Fault};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::sync::Arc;

pub(super) async fn show(State(front): State<Arc<Front>>, Path(name): Path<String>) -> Answer {
    let asset = front
        .pages
        .asset(&name)
        .ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))?;
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "woff2")) => "font/woff2",
        _ => "application/octet-stream",
    };
    // Its address changes with its content.
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.bytes.clone()).into_response())
}
