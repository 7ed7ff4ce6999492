//! The API under `/api/v1`: JSON for programs, by the same use cases as the
//! pages and the command line, with an OpenAPI document made of the very
//! handlers that answer.
//!
//! Who calls shows a token (`Authorization: Bearer …`); cookies count for
//! nothing here, so that no page of another site can act by a browser. Every
//! fault is `application/problem+json` (RFC 9457).

mod bounces;
mod contacts;
mod distributions;
pub(super) mod document;
mod given;
pub(super) mod guard;
mod health;
mod in_doubt;
mod log;
mod orders;
mod page;
pub(super) mod problem;
mod rehearsals;
mod releases;
mod segments;
mod sending;
mod shapes;
mod suppressions;

use super::Front;
use super::routes::{Rule, Verb};
use crate::domain::token::Scope;
use axum::extract::DefaultBodyLimit;
use axum::routing::MethodRouter;
use std::sync::Arc;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem, Paths};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::routes;

pub(in crate::web) use problem::Problem;

/// What every path of the API begins with.
pub(in crate::web) const ROOT: &str = "/api/";

/// Octets of a request's body.
const MOST_OCTETS: usize = 256 * 1024;

/// An operation: its place, who may call it, what answers, and its description.
pub(in crate::web) struct Offered {
    pub(in crate::web) verb: Verb,
    pub(in crate::web) path: String,
    pub(in crate::web) rule: Rule,
    pub(in crate::web) served: MethodRouter<Arc<Front>>,
    described: Operation,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// What `routes!` makes of a handler.
type Made = (
    Vec<(String, RefOr<Schema>)>,
    Paths,
    MethodRouter<Arc<Front>>,
);

/// A handler's operation. Each handler describes one path and one method.
fn offered(rule: Rule, (schemas, paths, served): Made) -> Option<Offered> {
    let (path, item) = paths.paths.into_iter().next()?;
    let (verb, described) = only(item)?;
    Some(Offered {
        verb,
        path,
        rule,
        served: served.layer(DefaultBodyLimit::max(MOST_OCTETS)),
        described,
        schemas,
    })
}

fn only(item: PathItem) -> Option<(Verb, Operation)> {
    let each = [
        (Verb::Get, item.get),
        (Verb::Post, item.post),
        (Verb::Patch, item.patch),
    ];
    let mut each = each.into_iter();
    each.find_map(|(verb, operation)| Some((verb, operation?)))
}

impl Verb {
    fn method(self) -> HttpMethod {
        match self {
            Self::Get => HttpMethod::Get,
            Self::Post => HttpMethod::Post,
            Self::Patch => HttpMethod::Patch,
        }
    }
}

/// Everything that the API offers, made one after the other: what utoipa makes of
/// one handler takes 57 KB until it is taken apart.
pub(in crate::web) fn offers() -> impl Iterator<Item = Offered> {
    let any = Rule::Token(None);
    let of = |scope| Rule::Token(Some(scope));
    let all: [(Rule, fn() -> Made); 33] = [
        (any, || routes!(health::health)),
        (any, || routes!(health::token)),
        (of(Scope::ReadReleases), || routes!(releases::list)),
        (of(Scope::ReadReleases), || routes!(releases::one)),
        (of(Scope::ReadReleases), || routes!(releases::check)),
        (of(Scope::ReadReleases), || routes!(releases::preview)),
        (of(Scope::ReadContacts), || routes!(sending::audience)),
        (of(Scope::ReadReleases), || routes!(sending::clearance)),
        (of(Scope::Approve), || routes!(sending::approve)),
        (of(Scope::Send), || routes!(sending::send)),
        (of(Scope::Rehearse), || routes!(rehearsals::begin)),
        (of(Scope::Rehearse), || routes!(rehearsals::one)),
        (of(Scope::ReadDistributions), || {
            routes!(distributions::list)
        }),
        (of(Scope::ReadDistributions), || routes!(distributions::one)),
        (of(Scope::Hold), || routes!(distributions::hold)),
        (of(Scope::Steer), || routes!(distributions::resume)),
        (of(Scope::Steer), || routes!(distributions::kill)),
        (of(Scope::Send), || routes!(distributions::correct)),
        (of(Scope::ReadLog), || routes!(in_doubt::list)),
        (of(Scope::Steer), || routes!(in_doubt::resend)),
        (of(Scope::Steer), || routes!(in_doubt::settle)),
        (of(Scope::ReadLog), || routes!(log::search)),
        (of(Scope::ReadLog), || routes!(log::verify)),
        (of(Scope::ReadContacts), || routes!(contacts::list)),
        (of(Scope::ReadContacts), || routes!(contacts::one)),
        (of(Scope::KeepContacts), || routes!(contacts::add)),
        (of(Scope::KeepContacts), || routes!(contacts::change)),
        (of(Scope::ReadContacts), || routes!(suppressions::list)),
        (of(Scope::KeepContacts), || routes!(suppressions::add)),
        (of(Scope::KeepContacts), || routes!(suppressions::lift)),
        (of(Scope::ReadReleases), || routes!(segments::list)),
        (of(Scope::ReadContacts), || routes!(bounces::list)),
        (of(Scope::ReadContacts), || routes!(bounces::one)),
    ];
    all.into_iter()
        .filter_map(|(rule, make)| offered(rule, make()))
}
