//! Rehearsals: begun, watched, and the mails they caught.

use super::Front;
use super::fault::{Answer, Fault};
use super::order::OrderForm;
use super::preview::framed;
use super::sheet::Visitor;
use crate::desk::mailbox::{self, OpenMail};
use crate::desk::rehearsal::Rehearsal;
use crate::desk::rehearsals::{Outcome, Rehearsing};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Mails on one page.
const PAGE: usize = 50;

pub(super) async fn begin(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<OrderForm>,
) -> Answer {
    let id = front.release_id(&id)?;
    let desk = front.desk();
    // What cannot be ordered is told at once.
    let order = form.order(&id)?;
    desk.rule(&order.to, &order.not)?;
    let begun = front
        .rehearsals
        .begin(Arc::clone(&desk), front.wiring, order, visitor.name()?)?;
    desk.note(visitor.name()?, "rehearsed", json!({ "release": id }))
        .await?;
    Ok(Redirect::to(&format!("/rehearsals/{begun}")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Place {
    #[serde(default)]
    after: u64,
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Answer {
    let one = find(&front, &id)?;
    let (done, failed) = match one.outcome() {
        Outcome::UnderWay => (None, None),
        Outcome::Done(done) => (Some(report(&front, &visitor, &done)), None),
        Outcome::Failed(why) => (None, Some(front.tell(&visitor, &why))),
    };
    let (mails, more) = if done.is_some() {
        mailbox::mails(one.mailbox(), place.after, PAGE)?
    } else {
        (Vec::new(), false)
    };
    let last = mails.last().filter(|_| more).map(|mail| mail.number);
    let page = json!({
        "id": one.id,
        "release": one.order.release,
        "by": one.by,
        "at": front.shown(&visitor, one.since),
        "under_way": done.is_none() && failed.is_none(),
        "so_far": one.snapshot().done(),
        "done": done,
        "failed": failed,
        "mails": mails,
        "after": last,
    });
    front.page(&visitor, "rehearsal", "rehearsal", page)
}

fn find(front: &Front, id: &str) -> Result<Arc<Rehearsing>, Fault> {
    front
        .rehearsals
        .find(id)
        .ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))
}

fn report(front: &Front, visitor: &Visitor, done: &Rehearsal) -> Value {
    let warnings = done.warnings.iter().map(|one| front.tell(visitor, one));
    let states = done.status.counts.by_state.iter();
    json!({
        "caught": done.caught,
        "included": done.totals.included,
        "largest": done.largest,
        "verified": done.log.verified,
        "warnings": warnings.collect::<Vec<_>>(),
        "states": states.map(|(state, n)| json!({ "state": state, "n": n })).collect::<Vec<_>>(),
    })
}

fn opened(front: &Front, id: &str, number: u64) -> Result<OpenMail, Fault> {
    let found = mailbox::open(find(front, id)?.mailbox(), number)?;
    found.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))
}

fn number(text: &str) -> Result<u64, Fault> {
    text.parse().map_err(|_| Fault::new(StatusCode::NOT_FOUND))
}

pub(super) async fn mail(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path((id, text)): Path<(String, String)>,
) -> Answer {
    let number = number(&text)?;
    let mail = opened(&front, &id, number)?;
    let attachments = mail
        .attachments
        .iter()
        .map(|(name, octets)| json!({ "name": name, "octets": octets }));
    let page = json!({
        "id": id,
        "mail": {
            "number": number,
            "from": mail.from,
            "to": mail.line.to,
            "subject": mail.line.subject,
            "date": mail.date,
            "size": mail.line.size,
            "text": mail.text,
            "cover": mail.line.cover,
            "source": mail.source,
            "attachments": attachments.collect::<Vec<_>>(),
        },
    });
    front.page(&visitor, "mail", "mail", page)
}

pub(super) async fn frame(
    State(front): State<Arc<Front>>,
    Path((id, text)): Path<(String, String)>,
) -> Answer {
    Ok(framed(&opened(&front, &id, number(&text)?)?.html, false))
}
