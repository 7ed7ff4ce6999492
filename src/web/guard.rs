//! The guard before every route: whose host, whose page, whose session, whose role.

use super::api;
use super::fault::{self, Fault};
use super::language::language_of;
use super::origin::is_own;
use super::routes::Rule;
use super::{Front, sheet::Visitor};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// The cookie that holds a session's token.
pub(super) const SESSION: &str = "dateline_session";

/// The policy of every page: nothing foreign, nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every answer carries unless its page says otherwise.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// A guard's post: what it guards, and by which rule.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) front: Arc<Front>,
    pub(super) rule: Rule,
}

pub(super) async fn stand(State(post): State<Post>, request: Request, next: Next) -> Response {
    match post.rule {
        Rule::Watcher => return next.run(request).await,
        Rule::Token(scope) => {
            let answer = api::guard::stand(&post.front, scope, request, next).await;
            return dressed(&post, answer);
        }
        Rule::Anyone | Rule::Reader | Rule::OneClick | Rule::SignedIn | Rule::May(_) => {}
    }
    let (mut parts, body) = request.into_parts();
    let mut visitor = Visitor::stranger(language_of(&parts.headers), &parts.uri);
    let admitted = admit(&post, &mut visitor, &parts).await;
    let answer = match admitted {
        Ok(()) => {
            parts.extensions.insert(visitor.clone());
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal,
    };
    let answer = fault::shown(&post.front, &visitor, answer);
    dressed(&post, answer)
}

/// Lets somebody pass, or says why not.
async fn admit(post: &Post, visitor: &mut Visitor, request: &Parts) -> Result<(), Response> {
    let (front, headers) = (&post.front, &request.headers);
    let addressed = match post.rule {
        Rule::Reader | Rule::OneClick => front.place.addressed_by_reader(headers),
        Rule::Watcher | Rule::Anyone | Rule::SignedIn | Rule::May(_) | Rule::Token(_) => {
            front.place.addressed(headers)
        }
    };
    let Some(addressed) = addressed else {
        return Err(Fault::new(StatusCode::MISDIRECTED_REQUEST).into_response());
    };
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    if !reads && post.rule != Rule::OneClick && !is_own(&addressed, headers) {
        return Err(Fault::worded(StatusCode::FORBIDDEN, "fault-origin").into_response());
    }
    visitor.me = match token(headers) {
        Some(token) => front
            .desk()
            .who(&token)
            .await
            .map_err(|error| Fault::from(error).into_response())?,
        None => None,
    };
    let allowed = match (post.rule, &visitor.me) {
        (Rule::Watcher | Rule::Anyone | Rule::Reader | Rule::OneClick, _) => true,
        (Rule::SignedIn, Some(_)) => true,
        (Rule::May(what), Some(me)) => me.account.role.may(what),
        (Rule::SignedIn | Rule::May(_), None) => return Err(to_the_door(request, reads)),
        // Tokens have a guard of their own.
        (Rule::Token(_), _) => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(Fault::worded(StatusCode::FORBIDDEN, "fault-forbidden").into_response())
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(SESSION).map(|cookie| cookie.value().to_owned())
}

/// The way to sign in, and back to where somebody wanted to go.
fn to_the_door(request: &Parts, reads: bool) -> Response {
    let wanted = request.uri.path_and_query().filter(|_| reads);
    let to = wanted.map_or("/", |path| path.as_str());
    let to = utf8_percent_encode(to, NON_ALPHANUMERIC);
    Redirect::to(&format!("/sign-in?to={to}")).into_response()
}

/// Puts the headers on that every answer carries.
fn dressed(post: &Post, mut answer: Response) -> Response {
    for (name, value) in HEADERS {
        answer
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    let place = &post.front.place;
    let secure = match post.rule {
        Rule::Reader | Rule::OneClick => place.is_secure_for_readers(),
        Rule::Watcher | Rule::Anyone | Rule::SignedIn | Rule::May(_) | Rule::Token(_) => {
            place.is_secure()
        }
    };
    if secure {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        answer
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    answer
}
