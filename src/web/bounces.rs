//! Reports that came back: listed, taken in, and one with what it says and does.

use super::Front;
use super::contacts::bar_row;
use super::fault::{Answer, Fault};
use super::fields::{cut, one_more, query};
use super::files::brought;
use super::sheet::Visitor;
use crate::desk::bounces::{Ingested, WholeBounce};
use crate::domain::bounce::{Bounce, Finding};
use crate::domain::bounce_search::BounceSearch;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum_extra::extract::Query;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Reports on one page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    search: String,
    #[serde(default)]
    kind: String,
    before: Option<u64>,
}

impl Search {
    fn wanted(&self) -> BounceSearch {
        BounceSearch {
            text: self.search.trim().to_owned(),
            email: None,
            // A name that there is not is no wish.
            finding: BounceSearch::finding(&self.kind).ok(),
        }
    }
}

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Answer {
    sheet(&front, &visitor, &search, &News::default()).await
}

/// What came of a file that somebody brought.
#[derive(Default)]
struct News {
    taken: Option<Ingested>,
    fault: Option<String>,
}

/// Takes reports in: a message or an mbox, as `dateline bounce ingest` does.
pub(super) async fn bring(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    form: Multipart,
) -> Answer {
    let mut news = News::default();
    match brought(form).await? {
        Some((name, bytes)) => {
            let desk = front.desk();
            let taken = desk.ingest_brought(&name, bytes, visitor.name()?).await;
            match front.told(&visitor, taken)? {
                Ok(taken) => news.taken = Some(taken),
                Err(fault) => news.fault = Some(fault),
            }
        }
        None => news.fault = Some(front.pages.say(visitor.language, "import-no-file", &[])),
    }
    sheet(&front, &visitor, &Search::default(), &news).await
}

/// What was taken in, for people.
fn taken(ingested: &Ingested) -> Value {
    let kept = ingested.kept.iter();
    json!({
        "messages": ingested.messages,
        "kept": kept.map(|(name, n)| json!({ "name": name, "n": n })).collect::<Vec<_>>(),
        "bounced": ingested.bounced,
        "barred": ingested.barred,
        "known": ingested.known,
        "unmatched": ingested.unmatched,
        "unknown": ingested.unknown,
    })
}

async fn sheet(front: &Front, visitor: &Visitor, search: &Search, news: &News) -> Answer {
    let desk = front.desk();
    let mut found = desk
        .bounces(&search.wanted(), search.before, one_more(PAGE))
        .await?;
    let last = cut(&mut found, PAGE).map(|(seq, _)| seq.to_string());
    let pairs = [("search", search.search.as_str()), ("kind", &search.kind)];
    let older = last.map(|last| query(pairs.into_iter().chain([("before", last.as_str())])));
    let kinds = Finding::NAMES.map(|name| json!({ "name": name, "here": name == search.kind }));
    let rows = found.iter().map(|(_, one)| row(front, visitor, one));
    let page = json!({
        "tab": "bounces",
        "taken": news.taken.as_ref().map(taken),
        "fault": news.fault,
        "search": search.search,
        "kinds": kinds,
        "bounces": rows.collect::<Vec<_>>(),
        "begun": search.before.is_some(),
        "query": query(pairs),
        "older": older,
    });
    front.page(visitor, "bounces", "tab-bounces", page)
}

/// A report for people.
pub(super) fn row(front: &Front, visitor: &Visitor, bounce: &Bounce) -> Value {
    let class = bounce.finding.failure().map(|failure| failure.class.name());
    json!({
        "report": bounce.fingerprint,
        "at": front.shown(visitor, bounce.at).text,
        "email": bounce.email,
        "kind": bounce.finding.name(),
        "class": class,
        "evidence": bounce.evidence.name(),
        "said": bounce.diagnostic,
    })
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(report): Path<String>,
) -> Answer {
    let found = front.desk().find_bounce(&report).await?;
    let whole = found.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))?;
    let bounce = &whole.bounce;
    let bar = whole.suppression.as_ref();
    let contact = whole.contact.as_ref();
    let page = json!({
        "of": row(&front, &visitor, bounce),
        "status": bounce.status.map(|code| code.to_string()),
        "form": bounce.form,
        "ground": bounce.ground.name(),
        "ground_what": bounce.ground.what(),
        "contact": contact.map(|contact| json!({ "id": contact.id, "name": contact.name })),
        "delivery": delivery(&front, &visitor, &whole),
        "bar": bar.map(|bar| bar_row(&front, &visitor, bar)),
        "own_bar": whole.set_bar(),
        "in_log": query([("contact", bounce.email.to_string().as_str())]),
        "text": whole.text(),
    });
    front.page(&visitor, "bounce", "bounce", page)
}

fn delivery(front: &Front, visitor: &Visitor, whole: &WholeBounce) -> Option<Value> {
    let standing = whole.standing.as_ref()?;
    let delivery = &standing.delivery;
    Some(json!({
        "id": delivery.id,
        "distribution": delivery.distribution,
        "headline": whole.headline,
        "state": standing.state.name(),
        "at": front.shown(visitor, delivery.not_before).text,
    }))
}
