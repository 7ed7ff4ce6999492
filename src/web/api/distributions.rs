//! Distributions: looked at, held, resumed, killed, and followed up.

use super::given::{Asked, Body, Caller};
use super::page::{Limit, Page};
use super::problem::{Answer, Problem};
use super::sending::{Going, going};
use super::shapes::Distribution;
use crate::desk::DeskError;
use crate::desk::correct::{Correction, FollowOrder, Notice};
use crate::desk::course::Deed;
use crate::desk::status::Status;
use crate::desk::workspace::Desk;
use crate::domain;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which distributions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this release alone.
    release: Option<String>,
    /// Those after this one.
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    limit: Limit,
}

/// Distributions, the newest first.
#[utoipa::path(get, path = "/api/v1/distributions", operation_id = "distributions",
    tag = "distributions", params(Which),
    responses((status = 200, body = Page<Distribution>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Distribution>>> {
    let after = super::page::place(which.after.as_deref())?;
    let found = front
        .desk()
        .statuses_after(which.release.as_deref(), after, which.limit.and_one())
        .await?;
    let place = |status: &Status| status.id.clone();
    let page = Page::cut(found, which.limit, place, Distribution::from);
    Ok(Json(page))
}

/// Where a distribution stands.
#[utoipa::path(get, path = "/api/v1/distributions/{distribution}", operation_id = "distribution",
    tag = "distributions", params(("distribution" = String, Path, description = "Its identifier")),
    responses((status = 200, body = Distribution)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(distribution): Path<String>,
) -> Answer<Json<Distribution>> {
    let found = front.named_distribution(&distribution).await?;
    Ok(Json(front.standing(&found).await?))
}

/// Why somebody does it, for the log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// In words.
    #[schema(min_length = 1, example = "a figure is wrong")]
    why: String,
}

impl Why {
    pub(super) fn of(why: String) -> Self {
        Self { why }
    }

    pub(super) fn said(&self) -> Result<&str, Problem> {
        match self.why.trim() {
            "" => Err(Problem::request(
                "`why` says nothing; the log needs a reason",
            )),
            why => Ok(why),
        }
    }
}

/// What is to become of a distribution, who says so and why.
pub(super) struct Order {
    pub(super) desk: Arc<Desk>,
    pub(super) found: domain::distribution::Distribution,
    pub(super) deed: Deed,
}

impl Order {
    pub(super) async fn of(
        front: &Front,
        id: &str,
        caller: &Caller,
        why: &Why,
    ) -> Result<Self, Problem> {
        let (desk, found) = (front.desk(), front.named_distribution(id).await?);
        let deed = desk.deed(caller.name(), why.said()?);
        Ok(Self { desk, found, deed })
    }

    /// Puts on record that it was carried out.
    async fn note(&self, caller: &Caller, act: &str) -> Result<(), DeskError> {
        let what = json!({ "distribution": self.found.id, "why": self.deed.why });
        caller.note(&self.desk, act, what).await
    }
}

/// Stop a distribution for now: nothing that has not begun will begin.
#[utoipa::path(post, path = "/api/v1/distributions/{distribution}/hold", operation_id = "hold",
    tag = "distributions", params(("distribution" = String, Path, description = "Its identifier")),
    request_body = Why, responses((status = 200, body = Distribution)))]
pub(super) async fn hold(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(distribution): Path<String>,
    Body(why): Body<Why>,
) -> Answer<Json<Distribution>> {
    let order = Order::of(&front, &distribution, &caller, &why).await?;
    let held = order.desk.hold(&order.found, &order.deed).await?;
    order.note(&caller, "held").await?;
    Ok(Json(front.standing(&held).await?))
}

/// Let a held distribution go on.
#[utoipa::path(post, path = "/api/v1/distributions/{distribution}/resume", operation_id = "resume",
    tag = "distributions", params(("distribution" = String, Path, description = "Its identifier")),
    request_body = Why, responses((status = 200, body = Distribution)))]
pub(super) async fn resume(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(distribution): Path<String>,
    Body(why): Body<Why>,
) -> Answer<Json<Distribution>> {
    let order = Order::of(&front, &distribution, &caller, &why).await?;
    let resumed = order.desk.resume(&order.found, &order.deed).await?;
    order.note(&caller, "resumed").await?;
    Ok(Json(front.standing(&resumed).await?))
}

/// What was withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Killed {
    /// The distribution.
    distribution: Distribution,
    /// Deliveries that had not begun, and never will.
    withdrawn: u64,
}

/// Withdraw a distribution for good.
#[utoipa::path(post, path = "/api/v1/distributions/{distribution}/kill", operation_id = "kill",
    tag = "distributions", params(("distribution" = String, Path, description = "Its identifier")),
    request_body = Why, responses((status = 200, body = Killed)))]
pub(super) async fn kill(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(distribution): Path<String>,
    Body(why): Body<Why>,
) -> Answer<Json<Killed>> {
    let order = Order::of(&front, &distribution, &caller, &why).await?;
    let withdrawn = order.desk.kill(&order.found, &order.deed).await?;
    order.note(&caller, "killed").await?;
    let now = front.named_distribution(&distribution).await?;
    Ok(Json(Killed {
        distribution: front.standing(&now).await?,
        withdrawn,
    }))
}

/// A short notice in Dateline's own words.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum NoticeName {
    /// It is withdrawn.
    Kill,
    /// The embargo has ended early.
    LiftedEarly,
    /// The embargo ends at another time.
    EmbargoMoved,
}

impl From<NoticeName> for Notice {
    fn from(name: NoticeName) -> Self {
        match name {
            NoticeName::Kill => Self::Kill,
            NoticeName::LiftedEarly => Self::LiftedEarly,
            NoticeName::EmbargoMoved => Self::EmbargoMoved,
        }
    }
}

/// What those are told who have a release: exactly one of `with` and `notice`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Correcting {
    /// A release written for it, by id.
    #[serde(default)]
    with: Option<String>,
    /// A short notice.
    #[serde(default)]
    notice: Option<NoticeName>,
    /// You took note that the languages are not level.
    #[serde(default)]
    parity_ok: bool,
    /// Those are told too of whom nobody knows whether they have it.
    #[serde(default)]
    in_doubt: bool,
}

/// Tell those who have a distribution's release.
#[utoipa::path(post, path = "/api/v1/distributions/{distribution}/correct", operation_id = "correct",
    tag = "distributions", params(("distribution" = String, Path, description = "Its identifier")),
    request_body = Correcting, responses(
        (status = 200, body = Going, description = "It was planned earlier, and goes on."),
        (status = 201, body = Going, description = "It is planned.")))]
pub(super) async fn correct(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(distribution): Path<String>,
    Body(asked): Body<Correcting>,
) -> Answer<Response> {
    let (desk, found) = (front.desk(), front.named_distribution(&distribution).await?);
    let (correction, what) = match (asked.with, asked.notice) {
        (Some(release), None) => {
            let release = front.named_release(&release).map_err(|_| {
                let name = release.escape_debug();
                Problem::request(format!("`with`: there is no release `{name}`"))
            })?;
            (Correction::With(release.clone()), release)
        }
        (None, Some(notice)) => {
            let notice = Notice::from(notice);
            (Correction::Notice(notice), notice.name().to_owned())
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::request("expected one of `with` and `notice`"));
        }
    };
    let order = FollowOrder {
        release: found.release.to_string(),
        correction,
        parity_ok: asked.parity_ok,
        in_doubt: asked.in_doubt,
    };
    let followed = desk.correct(&order).await?;
    let planned = followed.planned;
    let facts = json!({
        "distribution": planned.distribution.id, "follows": found.release, "what": what,
    });
    caller.note(&desk, "followed_up", facts).await?;
    going(&front, planned, followed.left_in_doubt).await
}
