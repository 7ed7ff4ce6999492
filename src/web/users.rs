//! Accounts and acts, for admins.

use super::Front;
use super::account::{Revoke, token_row};
use super::fault::{Answer, Fault};
use super::sheet::Visitor;
use crate::domain::account::{Account, Act, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Acts on one page.
const PAGE: u32 = 50;

#[derive(Deserialize)]
pub(super) struct Place {
    before: Option<u64>,
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(place): Query<Place>,
) -> Answer {
    sheet(&front, &visitor, place.before, &News::default()).await
}

/// What was asked for in vain, and why.
#[derive(Default)]
struct News {
    form: NewUser,
    fault: Option<String>,
    /// Whose password could not be so, and why.
    password: Option<(String, String)>,
}

async fn sheet(front: &Front, visitor: &Visitor, before: Option<u64>, news: &News) -> Answer {
    let (desk, form) = (front.desk(), &news.form);
    let tokens = desk.tokens(None).await?;
    let role = |role: Role| json!({ "name": role.name(), "here": role.name() == form.role });
    let (users, acts) = (desk.users().await?, desk.acts(before, PAGE).await?);
    let full = acts.len() == PAGE as usize;
    let older = acts.last().filter(|_| full).map(|(seq, _)| *seq);
    let acts: Vec<_> = acts
        .iter()
        .map(|(_, act)| line(front, visitor, act))
        .collect();
    let page = json!({
        "users": users.iter().map(row).collect::<Vec<_>>(),
        "roles": Role::ALL.map(role),
        "tokens": tokens.iter().map(|token| token_row(front, visitor, token)).collect::<Vec<_>>(),
        "acts": acts,
        "older": older,
        "form": { "name": form.name, "full_name": form.full_name },
        "fault": news.fault,
        "password_of": news.password.as_ref().map(|(name, _)| name),
        "password_fault": news.password.as_ref().map(|(_, why)| why),
    });
    front.page(visitor, "users", "nav-users", page)
}

fn row(account: &Account) -> Value {
    let others: Vec<_> = Role::ALL
        .into_iter()
        .filter(|role| *role != account.role)
        .map(Role::name)
        .collect();
    json!({
        "name": account.name,
        "full_name": account.full_name,
        "role": account.role,
        "factor": account.second_factor.is_some(),
        "disabled": account.disabled,
        "roles": others,
    })
}

fn line(front: &Front, visitor: &Visitor, act: &Act) -> Value {
    let facts: Vec<_> = act
        .facts
        .iter()
        .map(|(name, value)| format!("{name} {}", bare(value)))
        .collect();
    json!({
        "at": front.shown(visitor, act.at).text,
        "by": act.by,
        "act": act.act.replace('_', " "),
        "facts": facts.join(", "),
    })
}

fn bare(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Default, Deserialize, Serialize)]
pub(super) struct NewUser {
    name: String,
    #[serde(default)]
    full_name: String,
    role: String,
    password: String,
}

pub(super) async fn add(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<NewUser>,
) -> Answer {
    let role = Role::from_name(&form.role).ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST))?;
    let added = front
        .desk()
        .add_user(
            &form.name,
            &form.full_name,
            role,
            &form.password,
            visitor.name()?,
        )
        .await;
    match front.told(&visitor, added)? {
        Ok(_) => Ok(Redirect::to("/users?said=user-added").into_response()),
        Err(fault) => {
            let news = News {
                form,
                fault: Some(fault),
                ..News::default()
            };
            sheet(&front, &visitor, None, &news).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    name: String,
    password: String,
}

/// Gives somebody another password; their sessions end.
pub(super) async fn set_password(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<NewPassword>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    let changed = desk.set_password(&form.name, &form.password, None, by);
    match front.told(&visitor, changed.await)? {
        Ok(_) => Ok(Redirect::to("/users?said=changed").into_response()),
        Err(fault) => {
            let news = News {
                password: Some((form.name, fault)),
                ..News::default()
            };
            sheet(&front, &visitor, None, &news).await
        }
    }
}

/// Ends anybody's token.
pub(super) async fn revoke_token(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<Revoke>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    desk.end_token(&form.name, None, by).await?;
    Ok(Redirect::to("/users?said=token-revoked").into_response())
}

#[derive(Deserialize)]
pub(super) struct Change {
    name: String,
    act: String,
}

pub(super) async fn change(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<Change>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    match form.act.as_str() {
        "enable" => drop(desk.set_disabled(&form.name, false, by).await?),
        "disable" => drop(desk.set_disabled(&form.name, true, by).await?),
        "drop-factor" => desk.drop_second_factor(&form.name, by).await?,
        other => {
            let role = Role::from_name(other).ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST))?;
            desk.set_role(&form.name, role, by).await?;
        }
    }
    Ok(Redirect::to("/users?said=changed").into_response())
}
