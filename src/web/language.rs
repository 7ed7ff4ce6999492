//! Which language a visitor reads: as they chose, else as their browser says.

use super::fault::Answer;
use super::origin::own_path;
use crate::render::pages::spoken;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;

const CHOICE: &str = "dateline_language";

pub(super) fn language_of(headers: &HeaderMap) -> &'static str {
    if let Some(chosen) = CookieJar::from_headers(headers).get(CHOICE) {
        return spoken(chosen.value());
    }
    let asked = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    // Browsers name the dearest first, weights or not.
    let first = asked.unwrap_or_default().split([',', ';']).next();
    spoken(first.unwrap_or_default().trim())
}

#[derive(Deserialize)]
pub(super) struct Choice {
    language: String,
    to: String,
}

pub(super) async fn choose(jar: CookieJar, Form(choice): Form<Choice>) -> Answer {
    let cookie = Cookie::build((CHOICE, spoken(&choice.language)))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .permanent();
    Ok((jar.add(cookie), Redirect::to(own_path(&choice.to))).into_response())
}
