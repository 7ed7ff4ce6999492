//! The delivery log: searched, exported, verified.

use super::Front;
use super::fault::{Answer, Fault};
use super::fields::{given, query};
use super::files::attached;
use super::pieces::parts;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::log::{COLUMNS, Flat, SearchWords, Verification};
use crate::desk::slow::PATIENCE;
use crate::domain::log_search::LogWay;
use crate::domain::said::Said;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum_extra::extract::Query;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Entries on one page.
const PAGE: u32 = 50;
/// Entries read at once for an export.
const BATCH: u32 = 1000;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    contact: String,
    #[serde(default)]
    outlet: String,
    #[serde(default)]
    distribution: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    before: Option<u64>,
}

impl Search {
    fn words(&self) -> SearchWords {
        SearchWords {
            distribution: given(&self.distribution),
            contact: given(&self.contact),
            outlet: given(&self.outlet),
            event: given(&self.event),
            since: given(&self.since),
            until: given(&self.until),
        }
    }

    fn query(&self) -> String {
        query([
            ("contact", self.contact.as_str()),
            ("outlet", &self.outlet),
            ("distribution", &self.distribution),
            ("event", &self.event),
            ("since", &self.since),
            ("until", &self.until),
        ])
    }
}

/// Events that a form offers.
const EVENTS: [&str; 19] = [
    "distribution",
    "planned",
    "attempt",
    "accepted",
    "deferred",
    "rejected",
    "bounced",
    "complaint",
    "opt_out",
    "expired",
    "suppressed",
    "withheld",
    "cancelled",
    "in_doubt",
    "held",
    "resumed",
    "killed",
    "embargo_moved",
    "erased",
];

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Answer {
    let (entries, fault) = match front.told(&visitor, find(&front, &search).await)? {
        Ok(entries) => (entries, None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    let full = entries.len() == PAGE as usize;
    let older = entries
        .last()
        .filter(|_| full)
        .map(|entry| entry.get("seq"));
    let events = EVENTS.map(|event| json!({ "name": event, "here": event == search.event }));
    let page = json!({
        "contact": search.contact,
        "outlet": search.outlet,
        "distribution": search.distribution,
        "events": events,
        "since": search.since,
        "until": search.until,
        "fault": fault,
        "query": search.query(),
        "older": older,
        "entries": entries.iter().map(|entry| line(&front, &visitor, entry)).collect::<Vec<_>>(),
    });
    front.page(&visitor, "log", "nav-log", page)
}

async fn find(front: &Front, search: &Search) -> Result<Vec<Flat>, DeskError> {
    let desk = front.desk();
    let wanted = desk.log_search(&search.words()).await?;
    desk.newest_entries(&wanted, search.before, PAGE).await
}

fn line(front: &Front, visitor: &Visitor, entry: &Flat) -> Value {
    let at = entry.get("at").parse().map(|at| front.second(visitor, at));
    let mut further = entry.clone();
    further.0.remove("email");
    json!({
        "seq": entry.get("seq"),
        "at": at.unwrap_or_default(),
        "event": entry.get("event").replace('_', " "),
        "distribution": entry.get("distribution"),
        "email": entry.get("email"),
        "facts": further.facts(),
    })
}

/// Against what the log is held besides: a hash that somebody kept.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Anchor {
    #[serde(default)]
    head: String,
}

pub(super) async fn verify(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(anchor): Query<Anchor>,
) -> Answer {
    let hash = given(&anchor.head);
    let verified = front.verification(hash.as_deref(), Some(PATIENCE)).await?;
    let page = match verified {
        None => json!({ "counting": true }),
        Some(verification) => json!({
            "anchor": hash,
            "anchored": verification.anchored,
            "at": front.shown(&visitor, verification.at),
            "entries": verification.entries,
            "verified": verification.verified,
            "head": verification.head,
            "broken": verification.broken.as_ref().map(|broken| front.tell(&visitor, broken)),
        }),
    };
    front.page(&visitor, "verified", "verify", page)
}

impl Front {
    /// Verifies the log for whoever asks for that now; nothing, where it takes longer
    /// than they wait.
    pub(super) async fn verification(
        &self,
        anchor: Option<&str>,
        patience: Option<Duration>,
    ) -> Result<Option<Arc<Verification>>, DeskError> {
        let work = || {
            let (desk, anchor) = (self.desk(), anchor.map(str::to_owned));
            async move { desk.verify(anchor.as_deref()).await }
        };
        let asked = anchor.unwrap_or_default();
        self.verifying.look(asked, patience, work).await
    }
}

/// The whole search as a file, sent as it is read: a long log needs little memory.
pub(super) async fn export(
    State(front): State<Arc<Front>>,
    Path(file): Path<String>,
    Query(search): Query<Search>,
) -> Answer {
    let csv = match file.as_str() {
        "log.csv" => true,
        "log.jsonl" => false,
        _ => return Err(Fault::new(StatusCode::NOT_FOUND)),
    };
    let desk = front.desk();
    let wanted = desk.log_search(&search.words()).await?;
    let (sender, made) = mpsc::channel(2);
    tokio::spawn(async move {
        let mut after = 0;
        let header = written(&[COLUMNS.map(str::to_owned).to_vec()]);
        if csv && sender.send(Ok(header)).await.is_err() {
            return;
        }
        loop {
            let entries = match desk.entries(&wanted, LogWay::Onward(after), BATCH).await {
                Ok(entries) => entries,
                Err(error) => return drop(sender.send(Err(error)).await),
            };
            let Some(last) = entries.last() else { return };
            after = last.get("seq").parse().unwrap_or(u64::MAX);
            let piece = if csv {
                written(&entries.iter().map(Flat::record).collect::<Vec<_>>())
            } else {
                entries
                    .iter()
                    .map(|entry| format!("{}\n", json!(entry.0)))
                    .collect()
            };
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
        }
    });
    let kind = if csv {
        "text/csv; charset=utf-8"
    } else {
        "application/jsonl"
    };
    Ok((attached(&file, kind), Body::from_stream(parts(made))).into_response())
}

fn written(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = rows.iter().try_for_each(|row| writer.write_record(row));
    let bytes = writer
        .into_inner()
        .map_err(|error| DeskError::request(Said::verbatim(error)));
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}
