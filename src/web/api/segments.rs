//! Segments and press lists, and how many are in each.

use super::page::Page;
use super::problem::Answer;
use crate::desk::segments::Group;
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
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
