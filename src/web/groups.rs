//! Segments and press lists: who is in them, and one more saved.

use super::Front;
use super::fault::Answer;
use super::fields::{fault_at, query};
use super::sheet::Visitor;
use crate::desk::segments::{Group, NewSegment, SegmentSaved};
use crate::domain::contact_edit::FieldFault;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A segment as a form gives it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SegmentForm {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "where")]
    rule: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
}

pub(super) async fn list(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    sheet(&front, &visitor, &SegmentForm::default(), &[]).await
}

pub(super) async fn save(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<SegmentForm>,
) -> Answer {
    let new = NewSegment {
        name: form.name.clone(),
        rule: form.rule.clone(),
        to: form.to.clone(),
        not: form.not.clone(),
    };
    match front.desk().save_segment(&new, visitor.name()?).await? {
        SegmentSaved::Done(_) => {
            Ok(Redirect::to("/contacts/groups?said=segment-saved").into_response())
        }
        SegmentSaved::Faulty(faults) => {
            let page = sheet(&front, &visitor, &form, &faults).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn sheet(
    front: &Front,
    visitor: &Visitor,
    form: &SegmentForm,
    faults: &[FieldFault],
) -> Answer {
    let desk = front.desk();
    let segments = desk.segment_groups(&front.counted).await?;
    let lists = desk.press_lists(&front.counted).await?;
    let page = json!({
        "tab": "groups",
        "segments": segments.iter().map(shown).collect::<Vec<_>>(),
        "lists": lists.groups.iter().map(shown).collect::<Vec<_>>(),
        "form": {
            "name": form.name, "where": form.rule, "to": form.to, "not": form.not,
            "composed": form.rule.trim().is_empty() && !form.to.is_empty(),
        },
        "name_fault": fault_at(front, visitor, faults, "name"),
        "where_fault": fault_at(front, visitor, faults, "where"),
    });
    front.page(visitor, "groups", "tab-groups", page)
}

fn shown(group: &Group) -> Value {
    let list = group
        .name
        .strip_prefix("list:")
        .filter(|_| group.rule.is_none());
    json!({
        "name": list.unwrap_or(&group.name),
        "rule": group.rule,
        "count": group.count,
        "first": group.first,
        "more": group.count > group.first.len() as u64,
        "query": list.map(|list| query([("list", list)])),
    })
}
