//! Accounts and acts, for admins.

use super::Front;
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
    sheet(&front, &visitor, place.before, &NewUser::default(), None).await
}

async fn sheet(
    front: &Front,
    visitor: &Visitor,
    before: Option<u64>,
    form: &NewUser,
    fault: Option<String>,
) -> Answer {
    let desk = front.desk();
    let (users, acts) = (desk.users().await?, desk.acts(before, PAGE).await?);
    let full = acts.len() == PAGE as usize;
    let older = acts.last().filter(|_| full).map(|(seq, _)| *seq);
    let acts: Vec<_> = acts
        .iter()
        .map(|(_, act)| line(front, visitor, act))
        .collect();
    let page = json!({
        "users": users.iter().map(row).collect::<Vec<_>>(),
        "roles": Role::ALL.map(Role::name),
        "acts": acts,
        "older": older,
        "form": { "name": form.name, "full_name": form.full_name },
        "fault": fault,
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
        Err(fault) => sheet(&front, &visitor, None, &form, Some(fault)).await,
    }
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
