//! The table of routes: each with who may call it. The router is made of the
//! table, so there is no route without a rule.

use super::guard::{Post, stand};
use super::{
    Front, account, agreements, api, assets, audience, bounces, contact_form, contacts, copy,
    distributions, duplicates, fault, groups, health, imports, keys, language, live, log, metrics,
    news, opt_out, preview, privacy, readers, rehearsals, releases, send, sign_in, suppressed,
    users,
};
use crate::desk::uploads;
use crate::domain::account::Permission;
use crate::domain::token::Scope;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, handler::Handler};
use std::sync::Arc;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Whoever watches over the service: no host, page or session is asked for,
    /// nothing personal is told.
    Watcher,
    /// Anybody who finds the door.
    Anyone,
    /// Journalists, also under the name that their pages have; the link itself
    /// says who they are.
    Reader,
    /// The same, also from another site: a mail client opts its user out with one
    /// click, and sends no origin of ours (RFC 8058 3.1).
    OneClick,
    /// Whoever is signed in.
    SignedIn,
    /// Whose role includes it.
    May(Permission),
    /// A program that shows a token; one of this scope, whose account's role
    /// includes it too.
    Token(Option<Scope>),
}

/// How a route is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Changes something.
    Post,
    /// Changes a part of something.
    Patch,
}

/// A route and its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// How it is called.
    pub verb: Verb,
    /// Its path; `{…}` stands for a value.
    pub path: String,
    /// Who may.
    pub rule: Rule,
}

type Served = (Route, MethodRouter<Arc<Front>>);

fn reads<H, T>(path: &'static str, rule: Rule, handler: H) -> Served
where
    H: Handler<T, Arc<Front>>,
    T: 'static,
{
    let (verb, path) = (Verb::Get, path.to_owned());
    (Route { verb, path, rule }, get(handler))
}

fn changes<H, T>(path: &'static str, rule: Rule, handler: H) -> Served
where
    H: Handler<T, Arc<Front>>,
    T: 'static,
{
    let (verb, path) = (Verb::Post, path.to_owned());
    (Route { verb, path, rule }, post(handler))
}

/// Changes something by a file that comes along. More than a file may have is
/// read, to be able to say so.
fn takes_file<H, T>(path: &'static str, rule: Rule, handler: H) -> Served
where
    H: Handler<T, Arc<Front>>,
    T: 'static,
{
    let (route, served) = changes(path, rule, handler);
    let limit = DefaultBodyLimit::max(4 * uploads::MOST_OCTETS);
    (route, served.layer(limit))
}

/// The door, accounts, and what watches over the service.
fn of_the_house() -> Vec<Served> {
    use Permission::KeepAccounts;
    use Rule::{Anyone, May, Reader, SignedIn, Watcher};
    vec![
        reads("/healthz", Watcher, health::health),
        reads("/readyz", Watcher, health::readiness),
        reads("/metrics", Watcher, metrics::show),
        reads("/assets/{name}", Reader, assets::show),
        changes("/language", Anyone, language::choose),
        reads("/sign-in", Anyone, sign_in::show),
        changes("/sign-in", Anyone, sign_in::enter),
        changes("/sign-out", SignedIn, sign_in::leave),
        reads("/account", SignedIn, account::show),
        changes("/account/password", SignedIn, account::change_password),
        changes("/account/second-factor", SignedIn, account::begin_factor),
        changes(
            "/account/second-factor/confirm",
            SignedIn,
            account::confirm_factor,
        ),
        changes("/account/tokens", SignedIn, account::add_token),
        changes("/account/tokens/revoke", SignedIn, account::revoke_token),
        reads("/users", May(KeepAccounts), users::show),
        changes("/users", May(KeepAccounts), users::add),
        changes("/users/change", May(KeepAccounts), users::change),
        changes("/users/password", May(KeepAccounts), users::set_password),
        changes(
            "/users/tokens/revoke",
            May(KeepAccounts),
            users::revoke_token,
        ),
    ]
}

/// Releases, from the list to the button that sends.
fn of_releases() -> Vec<Served> {
    use Permission::{Approve, Rehearse, See, Send};
    use Rule::{May, SignedIn};
    vec![
        reads("/", SignedIn, releases::home),
        reads("/releases", May(See), releases::list),
        reads("/releases/{id}", May(See), releases::show),
        reads("/releases/{id}/preview", May(See), preview::show),
        reads("/releases/{id}/mail", May(See), preview::mail),
        reads("/releases/{id}/audience", May(See), audience::show),
        changes("/releases/{id}/rehearse", May(Rehearse), rehearsals::begin),
        reads("/releases/{id}/send", May(See), send::review),
        changes("/releases/{id}/approve", May(Approve), send::approve),
        changes("/releases/{id}/send", May(Send), send::send),
        reads("/rehearsals/{id}", May(See), rehearsals::show),
        reads("/rehearsals/{id}/mails/{n}", May(See), rehearsals::mail),
        reads(
            "/rehearsals/{id}/mails/{n}/frame",
            May(See),
            rehearsals::frame,
        ),
    ]
}

/// Imports of contacts.
fn of_imports() -> Vec<Served> {
    use Permission::KeepContacts;
    use Rule::May;
    vec![
        reads("/contacts/import", May(KeepContacts), imports::show),
        takes_file("/contacts/import", May(KeepContacts), imports::bring),
        changes("/contacts/import/undo", May(KeepContacts), imports::undo),
        reads("/contacts/import/{id}", May(KeepContacts), imports::plan),
        changes("/contacts/import/{id}", May(KeepContacts), imports::confirm),
    ]
}

/// Distributions and the log.
fn of_distributions() -> Vec<Served> {
    use Permission::{Hold, See, Steer};
    use Rule::May;
    vec![
        reads("/distributions", May(See), distributions::list),
        reads("/distributions/{id}", May(See), distributions::show),
        reads("/distributions/{id}/events", May(See), live::events),
        changes("/distributions/{id}/hold", May(Hold), distributions::hold),
        changes(
            "/distributions/{id}/resume",
            May(Steer),
            distributions::resume,
        ),
        changes("/distributions/{id}/kill", May(Steer), distributions::kill),
        changes(
            "/distributions/{id}/embargo",
            May(Steer),
            distributions::embargo,
        ),
        changes(
            "/distributions/{id}/follow",
            May(Steer),
            distributions::follow,
        ),
        changes(
            "/distributions/{id}/settle",
            May(Steer),
            distributions::settle,
        ),
        reads("/log", May(See), log::show),
        reads("/log/verify", May(See), log::verify),
        reads("/log/export/{file}", May(See), log::export),
    ]
}

/// Contacts, what groups them, and whom nobody writes to.
fn of_contacts() -> Vec<Served> {
    use Permission::{Forget, KeepContacts, See};
    use Rule::May;
    vec![
        reads("/contacts", May(See), contacts::list),
        changes("/contacts", May(KeepContacts), contact_form::add),
        reads("/contacts/new", May(KeepContacts), contact_form::blank),
        reads("/contacts/groups", May(See), groups::list),
        changes("/contacts/groups", May(KeepContacts), groups::save),
        reads("/contacts/suppressed", May(See), suppressed::list),
        changes("/contacts/suppressed", May(KeepContacts), suppressed::add),
        changes(
            "/contacts/suppressed/lift",
            May(KeepContacts),
            suppressed::lift,
        ),
        takes_file(
            "/contacts/suppressed/import",
            May(KeepContacts),
            suppressed::import,
        ),
        reads(
            "/contacts/suppressed/export/{file}",
            May(See),
            suppressed::export,
        ),
        reads(
            "/contacts/export/{file}",
            May(KeepContacts),
            contacts::export,
        ),
        reads("/contacts/bounces", May(See), bounces::list),
        takes_file("/contacts/bounces", May(KeepContacts), bounces::bring),
        reads("/contacts/bounces/{report}", May(See), bounces::show),
        reads("/contacts/forget", May(Forget), privacy::show),
        changes("/contacts/forget", May(Forget), privacy::forget),
        changes("/contacts/forget/lift", May(Forget), privacy::lift),
        changes("/contacts/forget/old", May(Forget), privacy::retain),
        reads(
            "/contacts/privacy/{file}",
            May(KeepContacts),
            privacy::everything,
        ),
    ]
}

/// Contacts that may be one person.
fn of_duplicates() -> Vec<Served> {
    use Permission::KeepContacts;
    use Rule::May;
    vec![
        reads("/contacts/duplicates", May(KeepContacts), duplicates::list),
        changes(
            "/contacts/duplicates/apart",
            May(KeepContacts),
            duplicates::tell_apart,
        ),
        changes(
            "/contacts/duplicates/again",
            May(KeepContacts),
            duplicates::offer_again,
        ),
        reads("/contacts/merge", May(KeepContacts), duplicates::compare),
        changes("/contacts/merge", May(KeepContacts), duplicates::merge),
    ]
}

/// One contact.
fn of_contact() -> Vec<Served> {
    use Permission::{KeepContacts, See};
    use Rule::May;
    vec![
        reads("/contacts/{id}", May(See), contacts::show),
        reads(
            "/contacts/{id}/edit",
            May(KeepContacts),
            contact_form::begin,
        ),
        changes("/contacts/{id}/edit", May(KeepContacts), contact_form::save),
        changes(
            "/contacts/{id}/agreement",
            May(KeepContacts),
            agreements::record,
        ),
        changes(
            "/contacts/{id}/encryption",
            May(KeepContacts),
            keys::set_policy,
        ),
        takes_file("/contacts/{id}/key", May(KeepContacts), keys::bring),
        changes("/contacts/{id}/key/remove", May(KeepContacts), keys::remove),
        changes(
            "/contacts/{id}/suppress",
            May(KeepContacts),
            suppressed::bar_contact,
        ),
        changes(
            "/contacts/{id}/lift",
            May(KeepContacts),
            suppressed::free_contact,
        ),
        changes(
            "/contacts/{id}/leave",
            May(KeepContacts),
            suppressed::leave_list,
        ),
    ]
}

/// What journalists see.
fn of_readers() -> Vec<Served> {
    use Rule::{OneClick, Reader};
    vec![
        reads("/news", Reader, news::list),
        reads("/news.atom", Reader, news::feed),
        reads("/news/{release}", Reader, news::nearest),
        reads("/news/{release}/{language}", Reader, news::show),
        reads("/o/{token}", Reader, opt_out::show),
        changes("/o/{token}", OneClick, opt_out::opt_out),
        reads("/me/{token}", Reader, readers::show),
        changes("/me/{token}", Reader, readers::save),
        changes("/me/{token}/agreement", Reader, readers::agree),
        reads("/me/{token}/release", Reader, copy::show),
        reads("/me/{token}/mail", Reader, copy::mail),
    ]
}

/// What programs call.
fn of_the_api() -> Vec<Served> {
    let document = reads("/api/v1/openapi.json", Rule::Watcher, api::document::show);
    let offers = api::offers().map(|offer| {
        let route = Route {
            verb: offer.verb,
            path: offer.path,
            rule: offer.rule,
        };
        (route, offer.served)
    });
    std::iter::once(document).chain(offers).collect()
}

fn table() -> Vec<Served> {
    let all = [
        of_the_house(),
        of_releases(),
        of_distributions(),
        of_contacts(),
        of_duplicates(),
        of_contact(),
        of_imports(),
        of_readers(),
        of_the_api(),
    ];
    all.into_iter().flatten().collect()
}

/// Every route with its rule.
pub fn routes() -> Vec<Route> {
    table().into_iter().map(|(route, _)| route).collect()
}

pub(super) fn router(front: &Arc<Front>) -> Router {
    let guard = |rule| {
        let front = Arc::clone(front);
        from_fn_with_state(Post { front, rule }, stand)
    };
    let mut router = Router::new();
    for (route, served) in table() {
        router = router.route(&route.path, served.layer(guard(route.rule)));
    }
    let nothing = |request: Request| async move {
        if request.uri().path().starts_with(api::ROOT) {
            return api::Problem::of(StatusCode::NOT_FOUND).into_response();
        }
        fault::Fault::new(StatusCode::NOT_FOUND).into_response()
    };
    let nowhere = MethodRouter::new()
        .fallback(nothing)
        .layer(guard(Rule::Anyone));
    router
        .fallback_service(nowhere.with_state(Arc::clone(front)))
        .with_state(Arc::clone(front))
}
