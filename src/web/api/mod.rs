//! The API under `/api/v1`: JSON for programs, by the same use cases as the
//! pages and the command line, with an OpenAPI document made of the very
//! handlers that answer.
//!
//! Who calls shows a token (`Authorization: Bearer …`); cookies count for
//! nothing here, so that no page of another site can act by a browser. Every
//! fault is `application/problem+json` (RFC 9457).

mod accounts;
mod agreements;
mod bounces;
mod contacts;
mod distributions;
pub(super) mod document;
mod duplicates;
mod embargo;
mod files;
mod given;
pub(super) mod guard;
mod health;
mod imports;
mod in_doubt;
mod keys;
mod log;
mod orders;
mod page;
mod privacy;
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
/// Octets of a body with a file in it: base64 takes four for three, and what is
/// larger than a file may be is read, to be able to say so.
const MOST_WITH_FILE: usize = 2 * crate::desk::uploads::MOST_OCTETS;
/// Where a file comes along.
const WITH_FILE: [&str; 3] = [
    "/api/v1/imports",
    "/api/v1/bounces",
    "/api/v1/suppressions/import",
];

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
    let most = if WITH_FILE.contains(&path.as_str()) {
        MOST_WITH_FILE
    } else {
        MOST_OCTETS
    };
    Some(Offered {
        verb,
        path,
        rule,
        served: served.layer(DefaultBodyLimit::max(most)),
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

/// Who may call an operation, and what makes it.
type Operated = (Rule, fn() -> Made);

fn of(scope: Scope) -> Rule {
    Rule::Token(Some(scope))
}

/// The service, the log, accounts.
fn of_the_house() -> [Operated; 10] {
    let any = Rule::Token(None);
    [
        (any, || routes!(health::health)),
        (any, || routes!(health::token)),
        (of(Scope::ReadLog), || routes!(log::search)),
        (of(Scope::ReadLog), || routes!(log::verify)),
        (of(Scope::KeepAccounts), || routes!(accounts::list)),
        (of(Scope::KeepAccounts), || routes!(accounts::add)),
        (of(Scope::KeepAccounts), || routes!(accounts::change)),
        (of(Scope::KeepAccounts), || routes!(accounts::acts)),
        (of(Scope::KeepAccounts), || routes!(accounts::tokens)),
        (of(Scope::KeepAccounts), || routes!(accounts::revoke_token)),
    ]
}

/// Releases, from the list to the order that sends.
fn of_releases() -> [Operated; 12] {
    [
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
        (of(Scope::Rehearse), || routes!(rehearsals::mails)),
        (of(Scope::Rehearse), || routes!(rehearsals::mail)),
    ]
}

/// Distributions, and what is in doubt.
fn of_distributions() -> [Operated; 11] {
    [
        (of(Scope::ReadDistributions), || {
            routes!(distributions::list)
        }),
        (of(Scope::ReadDistributions), || routes!(distributions::one)),
        (of(Scope::Hold), || routes!(distributions::hold)),
        (of(Scope::Steer), || routes!(distributions::resume)),
        (of(Scope::Steer), || routes!(distributions::kill)),
        (of(Scope::Steer), || routes!(embargo::lift)),
        (of(Scope::Steer), || routes!(embargo::shift)),
        (of(Scope::Send), || routes!(distributions::correct)),
        (of(Scope::ReadLog), || routes!(in_doubt::list)),
        (of(Scope::Steer), || routes!(in_doubt::resend)),
        (of(Scope::Steer), || routes!(in_doubt::settle)),
    ]
}

/// Contacts, what groups them, and whom nobody writes to.
fn of_contacts() -> [Operated; 31] {
    [
        (of(Scope::ReadContacts), || routes!(contacts::list)),
        (of(Scope::ReadContacts), || routes!(contacts::one)),
        (of(Scope::KeepContacts), || routes!(contacts::add)),
        (of(Scope::KeepContacts), || routes!(contacts::change)),
        (of(Scope::KeepContacts), || routes!(contacts::opt_out)),
        (of(Scope::ReadContacts), || routes!(keys::show)),
        (of(Scope::KeepContacts), || routes!(keys::bring)),
        (of(Scope::KeepContacts), || routes!(keys::remove)),
        (of(Scope::ReadContacts), || routes!(duplicates::list)),
        (of(Scope::KeepContacts), || routes!(duplicates::merge)),
        (of(Scope::ReadContacts), || routes!(duplicates::told_apart)),
        (of(Scope::KeepContacts), || routes!(duplicates::tell_apart)),
        (of(Scope::KeepContacts), || routes!(duplicates::offer_again)),
        (of(Scope::ReadContacts), || routes!(agreements::list)),
        (of(Scope::KeepContacts), || routes!(agreements::record)),
        (of(Scope::ReadContacts), || routes!(imports::list)),
        (of(Scope::KeepContacts), || routes!(imports::bring)),
        (of(Scope::KeepContacts), || routes!(imports::undo)),
        (of(Scope::KeepContacts), || routes!(privacy::everything)),
        (of(Scope::Forget), || routes!(privacy::forget)),
        (of(Scope::Forget), || routes!(privacy::lift)),
        (of(Scope::Forget), || routes!(privacy::retain)),
        (of(Scope::ReadContacts), || routes!(suppressions::list)),
        (of(Scope::KeepContacts), || routes!(suppressions::add)),
        (of(Scope::KeepContacts), || routes!(suppressions::lift)),
        (of(Scope::KeepContacts), || routes!(suppressions::import)),
        (of(Scope::ReadReleases), || routes!(segments::list)),
        (of(Scope::KeepContacts), || routes!(segments::save)),
        (of(Scope::ReadContacts), || routes!(bounces::list)),
        (of(Scope::ReadContacts), || routes!(bounces::one)),
        (of(Scope::KeepContacts), || routes!(bounces::take_in)),
    ]
}

/// Everything that the API offers, made one after the other: what utoipa makes of
/// one handler takes 57 KB until it is taken apart.
pub(in crate::web) fn offers() -> impl Iterator<Item = Offered> {
    let all = of_the_house().into_iter().chain(of_releases());
    let all = all.chain(of_distributions()).chain(of_contacts());
    all.filter_map(|(rule, make)| offered(rule, make()))
}
