//! One's own account: password and second factor.

use super::Front;
use super::fault::{Answer, told};
use super::sheet::Visitor;
use crate::desk::second_factor::Offer;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

pub(super) async fn show(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    sheet(&front, &visitor, None)
}

fn sheet(front: &Front, visitor: &Visitor, fault: Option<&str>) -> Answer {
    let account = &visitor.me()?.account;
    let name = if account.full_name.is_empty() {
        account.name.as_str()
    } else {
        &account.full_name
    };
    let page = json!({
        "name": name,
        "user": account.name,
        "role": account.role,
        "has_factor": account.second_factor.is_some(),
        "fault": fault,
    });
    front.page(visitor, "account", "user-name", page)
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    old: String,
    new: String,
}

pub(super) async fn change_password(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<NewPassword>,
) -> Answer {
    let changed = front
        .desk()
        .change_own_password(visitor.me()?, &form.old, &form.new)
        .await;
    match told(changed)? {
        Ok(()) => Ok(Redirect::to("/account?said=password-changed").into_response()),
        Err(fault) => sheet(&front, &visitor, Some(&fault)),
    }
}

pub(super) async fn begin_factor(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    let offer = front.desk().offer_second_factor(&visitor.me()?.account)?;
    offered(&front, &visitor, &offer, None)
}

#[derive(Deserialize)]
pub(super) struct Confirm {
    #[serde(default)]
    password: String,
    secret: String,
    code: String,
}

pub(super) async fn confirm_factor(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<Confirm>,
) -> Answer {
    let me = visitor.me()?;
    let desk = front.desk();
    let set = desk
        .set_second_factor(me, &form.password, &form.secret, &form.code)
        .await;
    let fault = match told(set)? {
        Ok(true) => return Ok(Redirect::to("/account?said=factor-set").into_response()),
        Ok(false) => front
            .pages
            .say(visitor.language, "second-factor-wrong", &[]),
        Err(fault) => fault,
    };
    let offer = desk.same_second_factor(&me.account, &form.secret)?;
    offered(&front, &visitor, &offer, Some(&fault))
}

fn offered(front: &Front, visitor: &Visitor, offer: &Offer, fault: Option<&str>) -> Answer {
    let page = json!({ "secret": offer.secret, "qr": qr(&offer.url), "fault": fault });
    front.page(visitor, "second-factor", "second-factor", page)
}

/// A QR code as a picture within the page.
fn qr(text: &str) -> String {
    let drawn = QrCode::new(text).map(|code| {
        code.render::<svg::Color<'_>>()
            .min_dimensions(208, 208)
            .build()
    });
    let drawn = drawn.unwrap_or_default();
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(drawn))
}
