//! The door: sign in, sign out.

use super::Front;
use super::fault::{Answer, Fault};
use super::guard::SESSION;
use super::origin::own_path;
use super::sheet::Visitor;
use crate::desk::accounts::{Credentials, Welcome};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    name: String,
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(way): Query<Way>,
) -> Answer {
    if visitor.me.is_some() {
        return Ok(Redirect::to(own_path(&way.to)).into_response());
    }
    door(&front, &visitor, &way.to, "", None).await
}

async fn door(
    front: &Front,
    visitor: &Visitor,
    to: &str,
    name: &str,
    fault: Option<String>,
) -> Answer {
    let page = json!({
        "to": own_path(to),
        "name": name,
        "fault": fault,
        "nobody": front.desk().users().await?.is_empty(),
    });
    front.page(visitor, "sign-in", "sign-in", page)
}

pub(super) async fn enter(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    jar: CookieJar,
    Form(shown): Form<Shown>,
) -> Answer {
    let credentials = Credentials {
        name: shown.name.clone(),
        password: shown.password,
        code: shown.code,
    };
    let say = |id: &str, with: &[(&str, Value)]| front.pages.say(visitor.language, id, with);
    let fault = match front.desk().sign_in(&credentials).await? {
        Welcome::In(token) => {
            let cookie = session_cookie(token, front.place.is_secure());
            return Ok((jar.add(cookie), Redirect::to(own_path(&shown.to))).into_response());
        }
        Welcome::CodeWanted => say("code-wanted", &[]),
        Welcome::Refused => say("refused", &[]),
        Welcome::Locked(until) => {
            let until = front.shown(&visitor, until).text;
            say("locked", &[("until", Value::String(until))])
        }
    };
    door(&front, &visitor, &shown.to, &shown.name, Some(fault)).await
}

fn session_cookie(token: String, secure: bool) -> Cookie<'static> {
    // Without an age it ends with the browser; the store ends it in any case.
    Cookie::build((SESSION, token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .build()
}

pub(super) async fn leave(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    jar: CookieJar,
) -> Answer {
    front
        .desk()
        .sign_out(visitor.me()?)
        .await
        .map_err(Fault::from)?;
    let gone = Cookie::build((SESSION, "")).path("/");
    Ok((jar.remove(gone), Redirect::to("/sign-in")).into_response())
}
