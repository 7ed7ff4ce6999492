//! Segments and press lists, and how many are in each.

use super::given::{Body, Caller};
use super::page::Page;
use super::problem::{Answer, Problem};
use crate::desk::segments::{Group, NewSegment, SegmentSaved};
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A segment or a press list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Segment {
    /// What it is chosen by: a segment's name, or `list:NAME`.
    name: String,
    /// A segment's rule; null for a press list.
    rule: Option<String>,
    /// How many contacts are in it.
    count: u64,
}

impl From<&Group> for Segment {
    fn from(group: &Group) -> Self {
        Self {
            name: group.name.clone(),
            rule: group.rule.clone(),
            count: group.count,
        }
    }
}

/// All segments, then all press lists, on one page.
#[utoipa::path(get, path = "/api/v1/segments", operation_id = "segments", tag = "releases",
    responses((status = 200, body = Page<Segment>)))]
pub(super) async fn list(State(front): State<Arc<Front>>) -> Answer<Json<Page<Segment>>> {
    let desk = front.desk();
    let segments = desk.segment_groups(&front.counted).await?;
    let lists = desk.press_lists(&front.counted).await?;
    let all = segments.iter().chain(&lists.groups);
    Ok(Json(Page::whole(all.map(Segment::from).collect())))
}

/// A segment to be saved: by a rule, or by the segments that it is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SavingSegment {
    /// Its name.
    #[schema(min_length = 1, example = "kyrgyz-radio")]
    name: String,
    /// Its rule (CEL).
    #[serde(default)]
    #[schema(example = "contact.country == 'KG' && 'radio' in contact.lists")]
    rule: String,
    /// Whoever is in one of these; `list:NAME` is a press list. Only without a rule.
    #[serde(default)]
    to: Vec<String>,
    /// But in none of these.
    #[serde(default)]
    not: Vec<String>,
}

/// Save a segment into segments.toml, beside everything that stands there.
#[utoipa::path(post, path = "/api/v1/segments", operation_id = "save_segment", tag = "contacts",
    request_body = SavingSegment,
    responses((status = 201, body = Segment, description = "It is saved.")))]
pub(super) async fn save(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<SavingSegment>,
) -> Answer<Response> {
    let composed = !asked.to.is_empty() || !asked.not.is_empty();
    if !asked.rule.trim().is_empty() && composed {
        return Err(Problem::request(
            "expected `rule`, or `to` and `not`, and not both",
        ));
    }
    let new = NewSegment {
        name: asked.name,
        rule: asked.rule,
        to: asked.to,
        not: asked.not,
    };
    match front.desk().save_segment(&new, caller.name()).await? {
        SegmentSaved::Done(group) => {
            Ok((StatusCode::CREATED, Json(Segment::from(&group))).into_response())
        }
        SegmentSaved::Faulty(faults) => Err(Problem::faulty(faults)),
    }
}
