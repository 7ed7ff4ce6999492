//! The delivery log: searched, and verified.

use super::given::Asked;
use super::page::{Limit, Page, place};
use super::problem::{Answer, Problem};
use crate::desk::log::{Flat, SearchWords};
use crate::domain::log_search::LogWay;
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    /// The oldest first.
    #[default]
    Oldest,
    /// The newest first.
    Newest,
}

/// Which entries; what is not given, all have.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this distribution: its id, the beginning of it, or `latest`.
    distribution: Option<String>,
    /// Of deliveries to this address.
    contact: Option<String>,
    /// Of deliveries to those who work for this outlet now: beginnings of words of its
    /// name.
    outlet: Option<String>,
    /// Of this event: `attempt`, `accepted`, `held`.
    event: Option<String>,
    /// From this time on: RFC 3339, or as in `send`.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// In which order.
    #[serde(default)]
    #[param(inline, required = false)]
    order: Order,
    /// Those after this place, in that order.
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    limit: Limit,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogEntry {
    /// Its place.
    seq: u64,
    /// When, as it stands in the log.
    at: String,
    /// What happened.
    event: String,
    /// The distribution.
    distribution: String,
    /// The delivery, where it is of one.
    delivery: Option<String>,
    /// The chain's hash: of this entry and all before it.
    hash: String,
    /// Everything else that it says.
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
}

impl From<Flat> for LogEntry {
    fn from(mut entry: Flat) -> Self {
        let seq = entry.0.remove("seq").and_then(|seq| seq.as_u64());
        let mut text = |name: &str| match entry.0.remove(name) {
            Some(Value::String(text)) => text,
            Some(_) | None => String::new(),
        };
        let (at, event, hash) = (text("at"), text("event"), text("hash"));
        let (distribution, delivery) = (text("distribution"), text("delivery"));
        Self {
            seq: seq.unwrap_or_default(),
            at,
            event,
            distribution,
            delivery: Some(delivery).filter(|id| !id.is_empty()),
            hash,
            facts: entry.0,
        }
    }
}

/// Entries of the log that somebody looks for.
#[utoipa::path(get, path = "/api/v1/log", operation_id = "log", tag = "log",
    params(Which), responses((status = 200, body = Page<LogEntry>)))]
pub(super) async fn search(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<LogEntry>>> {
    let desk = front.desk();
    let after = place::<u64>(which.after.as_deref())?;
    let words = SearchWords {
        distribution: which.distribution,
        contact: which.contact,
        outlet: which.outlet,
        event: which.event,
        since: which.since,
        until: which.until,
    };
    let search = desk.log_search(&words).await?;
    let way = match which.order {
        Order::Oldest => LogWay::Onward(after.unwrap_or_default()),
        Order::Newest => LogWay::Back(after),
    };
    let found = desk.entries(&search, way, which.limit.and_one()).await?;
    let next = |entry: &Flat| entry.get("seq");
    Ok(Json(Page::cut(found, which.limit, next, LogEntry::from)))
}

/// Against what the log is held besides.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Anchor {
    /// A hash that an earlier verification told as `head`: it must still be in the
    /// chain.
    head: Option<String>,
}

/// What verification came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Verified {
    /// Entries in the log.
    entries: u64,
    /// Whether every one is as it was written.
    verified: bool,
    /// The chain's last hash.
    head: String,
    /// The first fault, in words.
    broken: Option<String>,
    /// Whether the hash that was given is in the chain; null where none was. If it is
    /// not, the log was replaced or cut.
    anchored: Option<bool>,
}

/// Verify the whole log.
#[utoipa::path(get, path = "/api/v1/log/verify", operation_id = "verify_log", tag = "log",
    params(Anchor), responses((status = 200, body = Verified)))]
pub(super) async fn verify(
    State(front): State<Arc<Front>>,
    Asked(anchor): Asked<Anchor>,
) -> Answer<Json<Verified>> {
    let verified = front.verification(anchor.head.as_deref(), None).await?;
    let verified = verified.ok_or_else(|| Problem::of(StatusCode::SERVICE_UNAVAILABLE))?;
    Ok(Json(Verified {
        entries: verified.entries,
        verified: verified.verified,
        head: verified.head.clone(),
        broken: verified.broken.as_ref().map(ToString::to_string),
        anchored: verified.anchored,
    }))
}
