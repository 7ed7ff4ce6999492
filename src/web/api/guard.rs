//! The guard before the API: whose host, whose origin, whose token, which scope.

use super::given::Caller;
use super::problem::{MEDIA_TYPE, Problem};
use crate::desk::tokens::{Holder, Noted, acting_by};
use crate::domain::token::Scope;
use crate::web::Front;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::time::Instant;

/// Lets a call pass to its handler, or says why not.
pub(in crate::web) async fn stand(
    front: &Front,
    scope: Option<Scope>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match admit(front, scope, &parts).await {
        Ok(caller) => caller,
        Err(problem) => return refused(problem),
    };
    parts.extensions.insert(caller.clone());
    let call = (parts.method.clone(), parts.uri.path().to_owned());
    let work = next.run(Request::from_parts(parts, body));
    match acting_by(&caller.0.token.name, work).await {
        (answer, Noted::Yes) => told(answer),
        (answer, Noted::No) => told(noted(front, &caller, call, answer).await),
    }
}

async fn admit(front: &Front, scope: Option<Scope>, call: &Parts) -> Result<Caller, Problem> {
    let headers = &call.headers;
    let Some(own) = front.place.addressed(headers) else {
        return Err(Problem::of(StatusCode::MISDIRECTED_REQUEST));
    };
    // Programs send no origin; a page of another site has nothing to do here.
    if let Some(origin) = headers.get(header::ORIGIN)
        && !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes())
    {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "a page of another site may not call the API",
        ));
    }
    let caller = Caller(holder(front, headers).await?);
    if let Some(scope) = scope {
        caller.needs(scope)?;
    }
    Ok(caller)
}

/// Whoever shows a token. One that opened nothing is not looked up again and
/// again: a program with an old token knocks all day. Nobody guesses one.
async fn holder(front: &Front, headers: &HeaderMap) -> Result<Holder, Problem> {
    let unknown = |detail| Problem::new(StatusCode::UNAUTHORIZED, detail);
    let secret = bearer(headers).ok_or_else(|| {
        unknown(
            "a token is needed: `Authorization: Bearer dateline_…`; `dateline token add` makes one",
        )
    })?;
    let knock = blake3::hash(secret.as_bytes());
    if front.knocks.is_over(&knock, Instant::now()) {
        return Err(unknown(
            "this token opens nothing, and was shown too often; it is looked at again in a minute",
        ));
    }
    let found = front.desk().holder(secret).await?;
    found.ok_or_else(|| {
        front.knocks.lets_pass(knock, Instant::now());
        unknown("the token opens nothing: it is unknown, revoked or expired, or its account may not sign in")
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = shown.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// Puts on record that a call went well that might have changed something, where
/// what it did put nothing there.
async fn noted(
    front: &Front,
    caller: &Caller,
    call: (Method, String),
    answer: Response,
) -> Response {
    let (method, path) = call;
    if matches!(method, Method::GET | Method::HEAD) || !answer.status().is_success() {
        return answer;
    }
    let facts = json!({ "call": format!("{method} {path}"), "status": answer.status().as_u16() });
    let desk = front.desk();
    let called = caller.note(&desk, "called_the_api", facts);
    match acting_by(&caller.0.token.name, called).await.0 {
        Ok(()) => answer,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// An answer to somebody who was not let in.
fn refused(problem: Problem) -> Response {
    told(problem.into_response())
}

/// An answer whose faults are problems, also where axum itself refused.
pub(in crate::web) fn told(answer: Response) -> Response {
    let status = answer.status();
    let fault = status.is_client_error() || status.is_server_error();
    let kind = answer.headers().get(header::CONTENT_TYPE);
    if !fault || kind.is_some_and(|kind| kind == MEDIA_TYPE) {
        return answer;
    }
    let mut problem = Problem::of(status).into_response();
    if let Some(allow) = answer.headers().get(header::ALLOW) {
        let headers = problem.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::clone(allow));
    }
    problem
}
