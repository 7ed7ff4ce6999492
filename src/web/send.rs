//! Review, approval, sending.

use super::Front;
use super::audience::{Place, look, sentences};
use super::fault::Answer;
use super::order::OrderForm;
use super::sheet::Visitor;
use crate::desk::rehearsals::Outcome;
use crate::desk::slow::PATIENCE;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn review(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(form): Query<OrderForm>,
) -> Answer {
    let id = front.release_id(&id)?;
    sheet(&front, &visitor, &id, &form, None).await
}

/// A page that says that its numbers are being counted, and asks for them again.
fn counting(front: &Front, visitor: &Visitor, id: &str, form: &OrderForm) -> Answer {
    let page = json!({ "id": id, "query": form.query(), "counting": true });
    front.page(visitor, "review", "review", page)
}

async fn sheet(
    front: &Front,
    visitor: &Visitor,
    id: &str,
    form: &OrderForm,
    fault: Option<&str>,
) -> Answer {
    let (desk, order) = (front.desk(), form.order(id)?);
    // What somebody posted cannot be asked for again by its address.
    let patience = if fault.is_none() {
        Some(PATIENCE)
    } else {
        None
    };
    let Some(looked) = look(front, &order, Place::default(), patience).await? else {
        return counting(front, visitor, id, form);
    };
    let surveyed = &looked.surveyed;
    let clearance = desk.clearance(&order).await?;
    let me = visitor.name()?;
    let page = json!({
        "id": id,
        "headline": surveyed.release.headline(),
        "embargo": surveyed.release.embargo.as_ref().map(|embargo| front.shown_embargo(visitor, embargo)),
        "sentences": sentences(front, visitor, surveyed),
        "n": surveyed.totals.included,
        "excluded_n": surveyed.totals.excluded,
        "to": order.to.join(", "),
        "not": order.not.join(", "),
        "hidden": form.hidden(),
        "query": form.query(),
        "needed": clearance.needed,
        "by": clearance.by,
        "mine": clearance.by.iter().any(|by| by == me),
        "lacking": clearance.lacking.as_ref().map(|one| front.tell(visitor, one)),
        "uneven": clearance.uneven.iter().map(|one| front.tell(visitor, one)).collect::<Vec<_>>(),
        "content": clearance.content,
        "short": clearance.content.chars().take(12).collect::<String>(),
        "clear": clearance.lacking.is_none(),
        "rehearsals": rehearsals(front, visitor, id),
        "fault": fault,
    });
    front.page(visitor, "review", "review", page)
}

fn rehearsals(front: &Front, visitor: &Visitor, id: &str) -> Vec<Value> {
    let all = front.rehearsals.of(id);
    all.iter()
        .map(|one| {
            let (state, caught) = match one.outcome() {
                Outcome::UnderWay => ("under-way", 0),
                Outcome::Done(done) => ("done", done.caught),
                Outcome::Failed(_) => ("failed", 0),
            };
            json!({ "id": one.id, "by": one.by, "at": front.shown(visitor, one.since), "state": state, "caught": caught })
        })
        .collect()
}

pub(super) async fn approve(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<OrderForm>,
) -> Answer {
    let id = front.release_id(&id)?;
    let (desk, order) = (front.desk(), form.order(&id)?);
    let rule = desk.rule(&order.to, &order.not)?;
    let approved = desk.approve(&id, &rule, visitor.name()?, order.parity_ok);
    match front.told(&visitor, approved.await)? {
        Ok(approved) => {
            let what = json!({ "release": id, "content": approved.approval.print.hash() });
            desk.note(visitor.name()?, "approved", what).await?;
            let to = format!("/releases/{id}/send?{}&said=approved", form.query());
            Ok(Redirect::to(&to).into_response())
        }
        Err(fault) => sheet(&front, &visitor, &id, &form, Some(&fault)).await,
    }
}

pub(super) async fn send(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<OrderForm>,
) -> Answer {
    let id = front.release_id(&id)?;
    let (desk, order) = (front.desk(), form.order(&id)?);
    if order.expected.included.is_none() || order.expected.content.is_none() {
        // Nobody sends what they have not reviewed.
        return Ok(Redirect::to(&format!("/releases/{id}/send?{}", form.query())).into_response());
    }
    match front.told(&visitor, desk.plan(&order).await)? {
        Ok(planned) => {
            let distribution = planned.distribution;
            let what = json!({ "release": id, "distribution": distribution.id, "recipients": distribution.included });
            desk.note(visitor.name()?, "sent", what).await?;
            let said = if planned.continued {
                "continued"
            } else {
                "planned"
            };
            Ok(
                Redirect::to(&format!("/distributions/{}?said={said}", distribution.id))
                    .into_response(),
            )
        }
        Err(fault) => sheet(&front, &visitor, &id, &form, Some(&fault)).await,
    }
}
