//! One's own account: password, second factor, and tokens for programs.

use super::Front;
use super::fault::Answer;
use super::fields::given;
use super::sheet::Visitor;
use crate::desk::second_factor::Offer;
use crate::desk::tokens::NewToken;
use crate::domain::token::{Scope, Token};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn show(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    sheet(&front, &visitor, &News::default()).await
}

/// What was asked for in vain, and why.
#[derive(Default)]
struct News {
    fault: Option<String>,
    token: TokenForm,
    token_fault: Option<String>,
}

/// One's own page, with what is wrong with what was asked for: of the account, or
/// of a token.
async fn sheet(front: &Front, visitor: &Visitor, news: &News) -> Answer {
    let account = &visitor.me()?.account;
    let tokens = front.desk().tokens(Some(account.name.as_str())).await?;
    let scopes = Scope::ALL.into_iter();
    let scopes = scopes.filter(|scope| account.role.may(scope.permission()));
    let ticked = |name: &str| news.token.scope.iter().any(|one| one == name);
    let scopes = scopes.map(Scope::name);
    let scopes = scopes.map(|name| json!({ "name": name, "here": ticked(name) }));
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
        "fault": news.fault,
        "tokens": tokens.iter().map(|token| token_row(front, visitor, token)).collect::<Vec<_>>(),
        "scopes": scopes.collect::<Vec<_>>(),
        "token": { "name": news.token.name, "expires": news.token.expires },
        "token_fault": news.token_fault,
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
    match front.told(&visitor, changed)? {
        Ok(()) => Ok(Redirect::to("/account?said=password-changed").into_response()),
        Err(fault) => {
            let fault = Some(fault);
            let news = News {
                fault,
                ..News::default()
            };
            sheet(&front, &visitor, &news).await
        }
    }
}

/// A token for people.
pub(super) fn token_row(front: &Front, visitor: &Visitor, token: &Token) -> Value {
    let scopes: Vec<_> = token.scopes.iter().copied().map(Scope::name).collect();
    json!({
        "name": token.name,
        "of": token.account,
        "scopes": scopes,
        "until": front.shown(visitor, token.expires).text,
        "stands": token.stands(front.desk().clock.now()),
        "used": token.used.map(|at| front.shown(visitor, at).text),
    })
}

#[derive(Default, Deserialize)]
pub(super) struct TokenForm {
    name: String,
    #[serde(default)]
    scope: Vec<String>,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    password: String,
}

/// Makes a token of one's own, and shows its secret this once.
pub(super) async fn add_token(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<TokenForm>,
) -> Answer {
    let new = NewToken {
        name: form.name.clone(),
        scopes: form.scope.clone(),
        expires: given(&form.expires),
        ..NewToken::default()
    };
    let me = visitor.me()?;
    let made = front.desk().add_own_token(me, &form.password, new).await;
    match front.told(&visitor, made)? {
        Ok(made) => {
            let page = json!({
                "token": token_row(&front, &visitor, &made.token),
                "secret": made.secret,
            });
            front.page(&visitor, "token", "token-made", page)
        }
        Err(fault) => {
            let news = News {
                token: form,
                token_fault: Some(fault),
                ..News::default()
            };
            sheet(&front, &visitor, &news).await
        }
    }
}

/// Which token is to end.
#[derive(Deserialize)]
pub(super) struct Revoke {
    pub(super) name: String,
}

/// Ends a token of one's own.
pub(super) async fn revoke_token(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<Revoke>,
) -> Answer {
    let own = &visitor.me()?.account.name;
    let ended = front
        .desk()
        .end_token(&form.name, Some(own), own.as_str())
        .await;
    match front.told(&visitor, ended)? {
        Ok(()) => Ok(Redirect::to("/account?said=token-revoked").into_response()),
        Err(fault) => {
            let news = News {
                token_fault: Some(fault),
                ..News::default()
            };
            sheet(&front, &visitor, &news).await
        }
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
    let fault = match front.told(&visitor, set)? {
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
