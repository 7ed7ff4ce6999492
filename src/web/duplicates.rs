//! Contacts that may be one person: offered, told apart, compared side by side and
//! made one.

use super::Front;
use super::fault::{Answer, Fault};
use super::fields::query;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::merge::{Duplicate, Duplicates, MergeOrder, PairPlace, print_of_both};
use crate::desk::people::Whole;
use crate::desk::slow::PATIENCE;
use crate::domain::contact::Contact;
use crate::domain::contact_fields::CUSTOM;
use crate::domain::likeness::Why;
use crate::domain::merge::{Choice, Pick, Picks, choices};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Pairs on one page.
const PAGE: usize = 25;
/// Pairs that were told apart, of which the page shows so many.
const APART: usize = 50;
/// What stands before a field's name in the form.
const PICK: &str = "pick.";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    #[serde(default)]
    after: String,
}

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(place): Query<Place>,
) -> Answer {
    // Whatever is no place stands before all of them.
    sheet(&front, &visitor, place.after.parse().ok(), None).await
}

async fn sheet(
    front: &Arc<Front>,
    visitor: &Visitor,
    after: Option<PairPlace>,
    fault: Option<String>,
) -> Answer {
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let begun = after.is_some();
    let page = match offered(front, after).await? {
        Some(found) => offer(front, visitor, begun, &found, fault.as_deref()).await?,
        None => json!({ "tab": "duplicates", "fault": fault, "counting": true }),
    };
    let page = front.page(visitor, "duplicates", "tab-duplicates", page)?;
    Ok((status, page).into_response())
}

/// The pairs of a page. Nothing, where that takes longer than somebody waits: it goes
/// on, and whoever asks again finds it.
async fn offered(
    front: &Arc<Front>,
    after: Option<PairPlace>,
) -> Result<Option<Duplicates>, DeskError> {
    let own = Arc::clone(front);
    let work = tokio::spawn(async move {
        let desk = own.desk();
        desk.duplicates(&own.counted, after.as_ref(), PAGE).await
    });
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(found)) => found.map(Some),
        // It was cut off with the service.
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}

async fn offer(
    front: &Front,
    visitor: &Visitor,
    begun: bool,
    found: &Duplicates,
    fault: Option<&str>,
) -> Result<Value, DeskError> {
    let next = found.next.as_ref().map(ToString::to_string);
    let apart = front.desk().told_apart().await?;
    Ok(json!({
        "tab": "duplicates",
        "all": found.all,
        "pairs": found.pairs.iter().map(pair).collect::<Vec<_>>(),
        "begun": begun,
        "next": next.map(|next| query([("after", next.as_str())])),
        "apart": apart.iter().take(APART).map(|one| json!({
            "one": one.one, "other": one.other, "by": one.by,
            "at": front.shown(visitor, one.at).text,
        })).collect::<Vec<_>>(),
        "apart_n": apart.len(),
        "fault": fault,
    }))
}

fn pair(pair: &Duplicate) -> Value {
    json!({
        "one": short(&pair.one),
        "other": short(&pair.other),
        "why": match pair.why {
            Why::Capitals => "capitals",
            Why::NameAndOutlet => "name",
        },
        "query": both(&pair.one, &pair.other),
    })
}

fn both(kept: &Contact, other: &Contact) -> String {
    let (kept, other) = (kept.id.to_string(), other.id.to_string());
    query([("kept", kept.as_str()), ("other", &other)])
}

fn short(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "email": contact.email,
        "name": contact.name,
        "outlet": contact.outlet,
        "role": contact.role,
    })
}

/// A pair as a form names it, by address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pair {
    #[serde(default)]
    one: String,
    #[serde(default)]
    other: String,
}

pub(super) async fn tell_apart(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(pair): Form<Pair>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    let said = desk.tell_apart(&pair.one, &pair.other, by).await;
    answered(
        &front,
        &visitor,
        front.told(&visitor, said.map(drop))?,
        "told-apart",
    )
    .await
}

pub(super) async fn offer_again(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(pair): Form<Pair>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    let said = desk.offer_again(&pair.one, &pair.other, by).await;
    answered(
        &front,
        &visitor,
        front.told(&visitor, said)?,
        "offered-again",
    )
    .await
}

async fn answered(
    front: &Arc<Front>,
    visitor: &Visitor,
    done: Result<(), String>,
    said: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/contacts/duplicates?said={said}")).into_response()),
        Err(fault) => sheet(front, visitor, None, Some(fault)).await,
    }
}

/// Two contacts, by identifier: who stays, and who goes.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Two {
    #[serde(default)]
    kept: String,
    #[serde(default)]
    other: String,
}

impl Two {
    async fn find(&self, front: &Front) -> Result<(Contact, Contact), Fault> {
        let both = (
            front.contact(&self.kept).await?,
            front.contact(&self.other).await?,
        );
        if both.0.id == both.1.id {
            return Err(Fault::new(StatusCode::NOT_FOUND));
        }
        Ok(both)
    }
}

pub(super) async fn compare(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(two): Query<Two>,
) -> Answer {
    let both = two.find(&front).await?;
    side_by_side(&front, &visitor, both, &Picks::default(), None).await
}

async fn side_by_side(
    front: &Front,
    visitor: &Visitor,
    (kept, other): (Contact, Contact),
    picks: &Picks,
    fault: Option<String>,
) -> Answer {
    let desk = front.desk();
    let (seen, swapped) = (print_of_both(&kept, &other), both(&other, &kept));
    let fields: Vec<_> = choices(&kept, &other, picks).iter().map(choice).collect();
    let stricter = kept.encryption.max(other.encryption);
    let encryption = (kept.encryption != other.encryption).then(|| stricter.to_string());
    let (kept, other) = (desk.whole(kept).await?, desk.whole(other).await?);
    let bars = [&kept, &other].map(|one| one.suppression.as_ref().map(|bar| bar.reason));
    let bar = bars
        .into_iter()
        .flatten()
        .filter(|reason| reason.is_about_the_person())
        .max_by_key(|reason| reason.weight());
    let page = json!({
        "kept": side(&kept),
        "other": side(&other),
        "fields": fields,
        "seen": seen,
        "swap": swapped,
        "bar": bar.map(|reason| reason.name()),
        "encryption": encryption,
        "words": !kept.words.is_empty() || !other.words.is_empty()
            || kept.contact.is_listed_as_agreed() || other.contact.is_listed_as_agreed(),
        "fault": fault,
    });
    let status = match fault {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let page = front.page(visitor, "merge", "merge-title", page)?;
    Ok((status, page).into_response())
}

fn side(whole: &Whole) -> Value {
    let contact = &whole.contact;
    let agreed = contact.is_listed_as_agreed() || !whole.words.is_empty();
    let key = contact.public_key.is_some();
    json!({
        "id": contact.id,
        "email": contact.email,
        "name": contact.name,
        "outlet": contact.outlet,
        "agreed": agreed,
        "bar": whole.suppression.as_ref().map(|bar| bar.reason.name()),
        "key": key,
        "tagged": agreed || key || whole.suppression.is_some() || !whole.former.is_empty(),
        "deliveries": whole.deliveries.len(),
        "last": whole.deliveries.first().map(|one| one.headline.clone()),
        "former": whole.former,
    })
}

fn choice(choice: &Choice) -> Value {
    let option = |pick: Pick, text: &str| {
        json!({
            "name": pick.name(),
            "text": text,
            "here": pick == choice.pick,
            "id": format!("pick-{}-{}", choice.field.replace(|c: char| !c.is_alphanumeric(), "-"), pick.name()),
        })
    };
    let mut options = vec![
        option(Pick::Kept, &choice.kept),
        option(Pick::Other, &choice.other),
    ];
    if choice.both {
        options.push(option(Pick::Both, ""));
    }
    json!({
        "field": choice.field,
        "label": choice.field.strip_prefix(CUSTOM),
        "options": options,
    })
}

/// What a form says, by name.
type Written = Vec<(String, String)>;

pub(super) async fn merge(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(written): Form<Written>,
) -> Answer {
    let value = |name: &str| {
        let found = written.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let two = Two {
        kept: value("kept"),
        other: value("other"),
    };
    let (kept, other) = two.find(&front).await?;
    let picks = picks(&written)?;
    let order = MergeOrder {
        kept: kept.email.to_string(),
        other: other.email.to_string(),
        picks,
        seen: Some(value("seen")),
    };
    let merged = front.desk().merge_contacts(&order, visitor.name()?).await;
    match front.told(&visitor, merged)? {
        Ok(_) => Ok(Redirect::to("/contacts/duplicates?said=merged").into_response()),
        Err(fault) => {
            let now = two.find(&front).await?;
            side_by_side(&front, &visitor, now, &order.picks, Some(fault)).await
        }
    }
}

fn picks(written: &Written) -> Result<Picks, Fault> {
    let mut picks = Picks::default();
    let given = written
        .iter()
        .filter_map(|(name, whose)| Some((name.strip_prefix(PICK)?, whose)));
    for (field, whose) in given {
        let wrong = || Fault::new(StatusCode::BAD_REQUEST);
        let pick = Pick::from_name(whose).ok_or_else(wrong)?;
        picks.choose(field, pick).map_err(|_| wrong())?;
    }
    Ok(picks)
}
