//! What a call brings: a body, a query, a caller. Whatever the document does not
//! describe is refused as a whole, before anything is done.

use super::problem::Problem;
use crate::desk::tokens::Holder;
use crate::desk::{Desk, DeskError};
use crate::domain::token::Scope;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum_extra::extract::Query;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};
use std::fmt;
use std::marker::PhantomData;

/// A body of JSON.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body is not of `application/json`",
            ));
        }
        let octets = Bytes::from_request(request, state)
            .await
            .map_err(|refused| Problem::of(refused.into_response().status()))?;
        let mut reader = serde_json::Deserializer::from_slice(&octets);
        object(&mut reader)
            .and_then(|body| reader.end().map(|()| Self(body)))
            .map_err(|error| Problem::form(format!("the body cannot be read: {error}")))
    }
}

/// An object and nothing else: to serde, a list of the fields' values is one too.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    struct Fields<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_map(Fields(PhantomData))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next();
    let essence = essence.unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// A whole number, also where it is written as `12.0`: to JSON Schema that is an
/// integer too (2020-12, validation 6.1.1).
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(from)? else {
        return Ok(None);
    };
    let float = number.as_f64().filter(|float| float.fract() == 0.0);
    // Beyond this, neighbours are no whole numbers apart any more.
    let exact = float.filter(|float| (0.0..=MOST_EXACT).contains(float));
    #[expect(clippy::cast_possible_truncation, reason = "it is whole")]
    #[expect(clippy::cast_sign_loss, reason = "it is not negative")]
    let exact = exact.map(|float| float as u64);
    let read = number.as_u64().or(exact);
    let wrong = || D::Error::custom(format!("`{number}` is no count; expected a whole number"));
    read.map(Some).ok_or_else(wrong)
}

/// 2 to the power of 53.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// A value of a query that is read where it is named: to a query's reader, an
/// empty one is none.
pub(super) fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::form(format!("the query cannot be read: {error}"))),
        }
    }
}

/// Who calls. The guard has seen to it.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) Holder);

impl Caller {
    /// The name that the log calls them.
    pub(super) fn name(&self) -> &str {
        self.0.account.name.as_str()
    }

    /// Sees that they may what is of a scope.
    ///
    /// # Errors
    /// Their token is not for it, or their account may not.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        let Holder { token, account } = &self.0;
        if self.0.may(scope) {
            return Ok(());
        }
        let (role, what) = (account.role.name(), scope.name());
        Err(Problem::lacking(
            scope,
            format!(
                "the token `{}` of {} ({role}) may not {what}",
                token.name, account.name
            ),
        ))
    }

    /// Puts on record what they did, as the desk's pages do.
    pub(super) async fn note(&self, desk: &Desk, act: &str, what: Value) -> Result<(), DeskError> {
        desk.note(self.name(), act, what).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| Problem::of(StatusCode::UNAUTHORIZED))
    }
}
