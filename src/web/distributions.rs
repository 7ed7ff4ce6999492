//! Distributions: where they stand, and what is done to them. What changes as they
//! go is `live`.

use super::Front;
use super::fault::{Answer, Fault};
use super::live;
use super::sheet::Visitor;
use crate::desk::correct::{Correction, FollowOrder, Notice};
use crate::desk::in_doubt::Decision;
use crate::domain::distribution::Distribution;
use crate::domain::ids::DeliveryId;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn list(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    let all = front.desk().statuses().await?;
    let all: Vec<_> = all
        .iter()
        .map(|one| front.shown_status(&visitor, one))
        .collect();
    front.page(
        &visitor,
        "distributions",
        "nav-distributions",
        json!({ "distributions": all }),
    )
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    sheet(&front, &visitor, &id, None, Written::default()).await
}

/// What somebody wrote into a form, for it to be shown again.
#[derive(Default, Serialize)]
struct Written {
    time: String,
    why: String,
    release: String,
}

/// The page, with why what somebody asked for cannot be, and what they wrote.
async fn sheet(
    front: &Front,
    visitor: &Visitor,
    id: &str,
    fault: Option<String>,
    written: Written,
) -> Answer {
    let (title, mut data) = whole(front, visitor, id).await?;
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    data["fault"] = json!(fault);
    data["form"] = json!(written);
    let page = front.sheet(visitor, "distribution", &title, data)?;
    Ok((status, page).into_response())
}

impl Front {
    /// The distribution of an id that there is.
    pub(super) async fn distribution(&self, id: &str) -> Result<Distribution, Fault> {
        let found = self.desk().find_exactly(id).await?;
        found.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))
    }
}

/// Everything that the page shows.
async fn whole(front: &Front, visitor: &Visitor, id: &str) -> Result<(String, Value), Fault> {
    let found = front.distribution(id).await?;
    let seen = front.watched.look(&front.desk(), found.id).await?;
    let seen = seen.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))?;
    let (found, status) = (&seen.distribution, &seen.status);
    let data = json!({
        "live": live::figures(front, visitor, &seen),
        "wants": live::wants(front, visitor, &seen),
        "status": front.shown_status(visitor, status),
        "embargo": found.embargo.as_ref().map(|embargo| front.shown_embargo(visitor, embargo)),
        "approved_by": found.approved_by,
        "to": found.to.join(", "),
        "not": found.not.join(", "),
        "steer": live::steer(&seen),
        "open": status.counts.waiting() > 0,
        "received": status.counts.in_state("accepted") + status.counts.in_state("in_doubt") > 0,
    });
    Ok((status.headline.clone(), data))
}

#[derive(Deserialize)]
pub(super) struct Why {
    #[serde(default)]
    why: String,
}

/// What is done to a distribution.
#[derive(Clone, Copy)]
enum Deed {
    Hold,
    Resume,
    Kill,
}

pub(super) async fn hold(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Why>,
) -> Answer {
    steer(&front, &visitor, &id, &form, Deed::Hold).await
}

pub(super) async fn resume(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Why>,
) -> Answer {
    steer(&front, &visitor, &id, &form, Deed::Resume).await
}

pub(super) async fn kill(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Why>,
) -> Answer {
    steer(&front, &visitor, &id, &form, Deed::Kill).await
}

/// The log needs a reason.
fn reason(why: &str) -> Result<&str, Fault> {
    let unsaid = || Fault::worded(StatusCode::UNPROCESSABLE_ENTITY, "why-needed");
    Some(why.trim())
        .filter(|why| !why.is_empty())
        .ok_or_else(unsaid)
}

async fn steer(front: &Front, visitor: &Visitor, id: &str, form: &Why, what: Deed) -> Answer {
    let (desk, found) = (front.desk(), front.distribution(id).await?);
    let deed = desk.deed(visitor.name()?, reason(&form.why)?);
    let done = match what {
        Deed::Hold => desk.hold(&found, &deed).await.map(|_| "held"),
        Deed::Resume => desk.resume(&found, &deed).await.map(|_| "resumed"),
        Deed::Kill => desk.kill(&found, &deed).await.map(|_| "killed"),
    };
    let act = match front.told(visitor, done)? {
        Ok(act) => act,
        Err(fault) => {
            let written = Written {
                why: form.why.clone(),
                ..Written::default()
            };
            return sheet(front, visitor, id, Some(fault), written).await;
        }
    };
    desk.note(
        visitor.name()?,
        act,
        json!({ "distribution": found.id, "why": deed.why }),
    )
    .await?;
    Ok(Redirect::to(&format!("/distributions/{}?said={act}", found.id)).into_response())
}

#[derive(Deserialize)]
pub(super) struct NewEmbargo {
    /// `lift` or `move`.
    what: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    why: String,
}

/// Lifts the embargo of a distribution's release now, or moves it.
pub(super) async fn embargo(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<NewEmbargo>,
) -> Answer {
    let (desk, found) = (front.desk(), front.distribution(&id).await?);
    let deed = desk.deed(visitor.name()?, reason(&form.why)?);
    let (done, act) = match form.what.as_str() {
        "lift" => (desk.lift_embargo(&found, &deed).await, "embargo_lifted"),
        "move" => {
            let time = form.time.trim();
            (
                desk.move_embargo(&found, time, &deed).await,
                "embargo_moved",
            )
        }
        _ => return Err(Fault::new(StatusCode::BAD_REQUEST)),
    };
    let moved = match front.told(&visitor, done)? {
        Ok(moved) => moved,
        Err(fault) => {
            let written = Written {
                time: form.time,
                why: form.why,
                ..Written::default()
            };
            return sheet(&front, &visitor, &id, Some(fault), written).await;
        }
    };
    let replanned: u64 = moved.iter().map(|one| one.deliveries).sum();
    let lift = moved.first().and_then(|one| one.distribution.lift());
    let what =
        json!({ "distribution": found.id, "why": deed.why, "lift": lift, "replanned": replanned });
    desk.note(visitor.name()?, act, what).await?;
    // Who has an advance copy reads the old time in it.
    let named_before: u64 = moved.iter().map(|one| one.named_before).sum();
    let said = if named_before > 0 {
        "embargo-tell"
    } else {
        "embargo-changed"
    };
    Ok(Redirect::to(&format!("/distributions/{}?said={said}", found.id)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Following {
    /// A notice by its name, or `with` for a release.
    what: String,
    #[serde(default)]
    release: String,
    #[serde(default)]
    in_doubt: Option<String>,
    #[serde(default)]
    parity_ok: Option<String>,
}

impl Following {
    fn order(self, original: &Distribution) -> Result<FollowOrder, Fault> {
        let notices = [Notice::Kill, Notice::LiftedEarly, Notice::EmbargoMoved];
        let notice = notices.into_iter().find(|one| one.name() == self.what);
        let correction = match (notice, self.what.as_str()) {
            (Some(notice), _) => Correction::Notice(notice),
            (None, "with") => Correction::With(self.release),
            (None, _) => return Err(Fault::new(StatusCode::BAD_REQUEST)),
        };
        Ok(FollowOrder {
            release: original.release.to_string(),
            correction,
            parity_ok: self.parity_ok.is_some(),
            in_doubt: self.in_doubt.is_some(),
        })
    }
}

/// Tells those who received it: a correction, or a notice.
pub(super) async fn follow(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Following>,
) -> Answer {
    let (desk, found) = (front.desk(), front.distribution(&id).await?);
    let what = form.what.clone();
    let written = Written {
        release: form.release.clone(),
        ..Written::default()
    };
    let followed = match front.told(&visitor, desk.correct(&form.order(&found)?).await)? {
        Ok(followed) => followed,
        Err(fault) => return sheet(&front, &visitor, &id, Some(fault), written).await,
    };
    let planned = &followed.planned;
    let facts = json!({
        "distribution": planned.distribution.id,
        "follows": found.release,
        "what": what,
    });
    desk.note(visitor.name()?, "followed_up", facts).await?;
    let said = match (planned.continued, followed.left_in_doubt) {
        (true, _) => "continued",
        (false, 0) => "planned",
        (false, _) => "some-in-doubt",
    };
    let id = planned.distribution.id;
    Ok(Redirect::to(&format!("/distributions/{id}?said={said}")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Settling {
    delivery: String,
    decision: String,
}

pub(super) async fn settle(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Settling>,
) -> Answer {
    let (desk, found) = (front.desk(), front.distribution(&id).await?);
    let bad = || Fault::new(StatusCode::BAD_REQUEST);
    let delivery: DeliveryId = form.delivery.parse().map_err(|_| bad())?;
    let decision = match form.decision.as_str() {
        "resend" => Decision::Resend,
        "arrived" => Decision::Arrived,
        "abandon" => Decision::Abandon,
        _ => return Err(bad()),
    };
    desk.decide(delivery, Some(found.id), &decision, visitor.name()?)
        .await?;
    let what = json!({ "delivery": delivery, "decision": form.decision });
    desk.note(visitor.name()?, "settled", what).await?;
    Ok(Redirect::to(&format!("/distributions/{}?said=changed", found.id)).into_response())
}
