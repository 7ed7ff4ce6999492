//! Contacts that may be one person: offered, told apart, made one.

use super::contacts::Contact;
use super::given::{Asked, Body, Caller};
use super::imports::FieldChange;
use super::page::{Page, Which, place};
use super::problem::{Answer, Problem};
use crate::desk::merge::{MergeOrder, PairPlace, print_of};
use crate::domain::likeness::Why;
use crate::domain::merge::{Pick, Picks};
use crate::web::Front;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Two contacts that may be one person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Duplicate {
    /// The one.
    one: Contact,
    /// The other.
    other: Contact,
    /// Why: `capitals` where the addresses differ in capitals alone,
    /// `name_and_outlet` where one name is at one outlet.
    why: String,
}

/// Contacts that may be one person, but for those that somebody told apart.
#[utoipa::path(get, path = "/api/v1/contacts/duplicates", operation_id = "duplicates",
    tag = "contacts", params(Which), responses((status = 200, body = Page<Duplicate>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Duplicate>>> {
    let after = place::<PairPlace>(which.after.as_deref())?;
    let found = front
        .desk()
        .duplicates(&front.counted, after.as_ref(), which.limit.count())
        .await?;
    let show = |pair: crate::desk::merge::Duplicate| Duplicate {
        one: pair.one.into(),
        other: pair.other.into(),
        why: match pair.why {
            Why::Capitals => "capitals".to_owned(),
            Why::NameAndOutlet => "name_and_outlet".to_owned(),
        },
    };
    let pairs = found.pairs.into_iter().map(show);
    let next = found.next.map(|next| next.to_string());
    Ok(Json(Page::part(pairs.collect(), next)))
}

/// Which of two values stays.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Whose {
    /// That of the contact that stays.
    Kept,
    /// That of the contact that goes.
    Other,
    /// Both: for languages, beats, lists and notes.
    Both,
}

impl From<Whose> for Pick {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Kept => Self::Kept,
            Whose::Other => Self::Other,
            Whose::Both => Self::Both,
        }
    }
}

/// The versions of two contacts that were seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Versions {
    /// Of the contact that stays.
    kept: String,
    /// Of the contact that goes.
    other: String,
}

/// Two contacts to be made one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Merging {
    /// The address of the contact that stays.
    #[schema(example = "anna.kim@steppe-post.example")]
    kept: String,
    /// The address of the contact that goes.
    #[schema(example = "a.kim@old-mail.example")]
    other: String,
    /// Whose value stays in a field. Where nothing is said, the first keeps what it
    /// has and takes what it lacks; languages, beats, lists and notes are of both.
    #[serde(default)]
    fields: BTreeMap<String, Whose>,
    /// Where one of the two is another by now, nothing is merged.
    #[serde(default)]
    versions: Option<Versions>,
}

/// What was made of two contacts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Merged {
    /// The contact that stays.
    contact: Contact,
    /// What changed in it.
    changed: Vec<FieldChange>,
    /// The address of the contact that went, which is remembered as theirs.
    removed: String,
    /// By which it can be undone.
    import: String,
    /// The reason for which both addresses are barred now, where one was.
    barred: Option<String>,
    /// Deliveries that were ended, for the same distribution brings the release to
    /// the person's other address.
    cancelled: u64,
}

/// Make two contacts one. Agreements of both count, and bars that are about the
/// person hold for both addresses.
#[utoipa::path(post, path = "/api/v1/contacts/merge", operation_id = "merge_contacts",
    tag = "contacts", request_body = Merging, responses((status = 200, body = Merged)))]
pub(super) async fn merge(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Merging>,
) -> Answer<Json<Merged>> {
    let mut picks = Picks::default();
    for (field, whose) in asked.fields {
        let chosen = picks.choose(&field, whose.into());
        chosen.map_err(|error| Problem::request(format!("`fields`: {error}")))?;
    }
    let seen = asked.versions;
    let order = MergeOrder {
        kept: asked.kept,
        other: asked.other,
        picks,
        seen: seen.map(|seen| print_of(&seen.kept, &seen.other)),
    };
    let merged = front.desk().merge_contacts(&order, caller.name()).await?;
    Ok(Json(Merged {
        contact: merged.kept.into(),
        changed: merged.fields.into_iter().map(FieldChange::from).collect(),
        removed: merged.removed.email.to_string(),
        import: merged.import.to_string(),
        barred: merged.barred.map(|reason| reason.name().to_owned()),
        cancelled: merged.cancelled,
    }))
}

/// Two contacts, by address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    /// The one.
    #[schema(example = "anna.kim@steppe-post.example")]
    one: String,
    /// The other.
    #[schema(example = "a.kim@old-mail.example")]
    other: String,
}

/// Two contacts that are two people.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Distinct {
    /// The address of the one.
    one: String,
    /// The address of the other.
    other: String,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By whom.
    by: String,
}

/// All pairs that are two people, the newest first, on one page.
#[utoipa::path(get, path = "/api/v1/contacts/distinct", operation_id = "distinct",
    tag = "contacts", responses((status = 200, body = Page<Distinct>)))]
pub(super) async fn told_apart(State(front): State<Arc<Front>>) -> Answer<Json<Page<Distinct>>> {
    let all = front.desk().told_apart().await?.into_iter();
    let all = all.map(|pair| Distinct {
        one: pair.one.to_string(),
        other: pair.other.to_string(),
        at: pair.at,
        by: pair.by,
    });
    Ok(Json(Page::whole(all.collect())))
}

/// Put on record that two contacts are two people: they are not offered any more.
#[utoipa::path(post, path = "/api/v1/contacts/distinct", operation_id = "tell_apart",
    tag = "contacts", request_body = Pair,
    responses((status = 204, description = "It is on record.")))]
pub(super) async fn tell_apart(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(pair): Body<Pair>,
) -> Answer<StatusCode> {
    let desk = front.desk();
    desk.tell_apart(&pair.one, &pair.other, caller.name())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take back that two contacts are two people.
#[utoipa::path(post, path = "/api/v1/contacts/distinct/undo", operation_id = "offer_again",
    tag = "contacts", request_body = Pair,
    responses((status = 204, description = "They may be one person again.")))]
pub(super) async fn offer_again(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(pair): Body<Pair>,
) -> Answer<StatusCode> {
    let desk = front.desk();
    desk.offer_again(&pair.one, &pair.other, caller.name())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
