//! Accounts of the desk, their tokens, and who did what: for admins.

use super::given::{Asked, Body, Caller};
use super::page::{Page, Which, place};
use super::problem::{Answer, Problem};
use crate::domain;
use crate::domain::account::Role;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

/// What somebody is at the desk.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AccountRole {
    /// Writes, previews, rehearses, holds.
    Author,
    /// Also approves, sends and steers.
    Approver,
    /// Also keeps accounts and erases.
    Admin,
}

impl From<Role> for AccountRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Author => Self::Author,
            Role::Approver => Self::Approver,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<AccountRole> for Role {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Author => Self::Author,
            AccountRole::Approver => Self::Approver,
            AccountRole::Admin => Self::Admin,
        }
    }
}

/// Somebody who works at the desk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Account {
    /// What they sign in with.
    name: String,
    /// How they are called.
    full_name: String,
    /// What they may.
    role: AccountRole,
    /// Whether they have a second factor.
    second_factor: bool,
    /// Whether they may not sign in any more.
    disabled: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// No try to sign in counts before this instant.
    #[schema(value_type = Option<String>, format = DateTime)]
    locked_until: Option<Timestamp>,
}

impl From<domain::account::Account> for Account {
    fn from(account: domain::account::Account) -> Self {
        Self {
            name: account.name.to_string(),
            full_name: account.full_name,
            role: account.role.into(),
            second_factor: account.second_factor.is_some(),
            disabled: account.disabled,
            made_at: account.made_at,
            locked_until: account.locked_until,
        }
    }
}

/// All accounts, by name, on one page.
#[utoipa::path(get, path = "/api/v1/accounts", operation_id = "accounts", tag = "accounts",
    responses((status = 200, body = Page<Account>)))]
pub(super) async fn list(State(front): State<Arc<Front>>) -> Answer<Json<Page<Account>>> {
    let accounts = front.desk().users().await?;
    let accounts = accounts.into_iter().map(Account::from);
    Ok(Json(Page::whole(accounts.collect())))
}

/// An account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAccount {
    /// What they sign in with.
    #[schema(example = "vera")]
    name: String,
    /// How they are called.
    #[serde(default)]
    full_name: String,
    /// What they may.
    role: AccountRole,
    /// Their first password: at least 12 characters.
    #[schema(min_length = 12)]
    password: String,
}

/// Make an account.
#[utoipa::path(post, path = "/api/v1/accounts", operation_id = "add_account", tag = "accounts",
    request_body = NewAccount,
    responses((status = 201, body = Account, description = "They may sign in.")))]
pub(super) async fn add(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(new): Body<NewAccount>,
) -> Answer<Response> {
    let (desk, role) = (front.desk(), new.role.into());
    let made = desk.add_user(
        &new.name,
        &new.full_name,
        role,
        &new.password,
        caller.name(),
    );
    let account = Account::from(made.await?);
    let place = format!("/api/v1/accounts/{}", account.name);
    let place = header::HeaderValue::try_from(place).ok();
    let at = place.map(|place| [(header::LOCATION, place)]);
    Ok((StatusCode::CREATED, at, Json(account)).into_response())
}

/// What becomes of an account: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountChange {
    /// Another role. One admin stays.
    #[serde(default)]
    role: Option<AccountRole>,
    /// Another password. Every session ends, and a lock-out with them.
    #[serde(default)]
    #[schema(min_length = 12)]
    password: Option<String>,
    /// Whether they may not sign in any more. Their sessions and tokens end; false
    /// ends a lock-out too.
    #[serde(default)]
    disabled: Option<bool>,
    /// `false` takes their second factor away.
    #[serde(default)]
    second_factor: Option<bool>,
}

/// Change an account.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}", operation_id = "change_account",
    tag = "accounts", params(("account" = String, Path, description = "What they sign in with")),
    request_body = AccountChange, responses((status = 200, body = Account)))]
pub(super) async fn change(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(account): Path<String>,
    Body(change): Body<AccountChange>,
) -> Answer<Json<Account>> {
    let (desk, by) = (front.desk(), caller.name());
    let known = desk.users().await?;
    let found = known.into_iter().find(|one| one.name.as_str() == account);
    let name = found.ok_or_else(|| Problem::missing("account", &account))?;
    let name = name.name.as_str();
    let AccountChange {
        role,
        password,
        disabled,
        second_factor,
    } = change;
    let changed = match (role, password, disabled, second_factor) {
        (Some(role), None, None, None) => desk.set_role(name, role.into(), by).await?,
        (None, Some(password), None, None) => desk.set_password(name, &password, None, by).await?,
        (None, None, Some(disabled), None) => desk.set_disabled(name, disabled, by).await?,
        (None, None, None, Some(false)) => {
            desk.drop_second_factor(name, by).await?;
            desk.user(name).await?
        }
        (None, None, None, Some(true)) => {
            return Err(Problem::request(
                "a second factor is set up by whose it is, at the desk; expected false",
            ));
        }
        _ => {
            return Err(Problem::request(
                "expected exactly one of `role`, `password`, `disabled` and `second_factor`",
            ));
        }
    };
    Ok(Json(changed.into()))
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Act {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By whom.
    by: String,
    /// What, such as `signed_in`.
    act: String,
    /// On what, and how; `token` names the token that a program showed.
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
}

/// Who did what, the newest first.
#[utoipa::path(get, path = "/api/v1/acts", operation_id = "acts", tag = "accounts",
    params(Which), responses((status = 200, body = Page<Act>)))]
pub(super) async fn acts(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Act>>> {
    let before = place::<u64>(which.after.as_deref())?;
    let found = front.desk().acts(before, which.limit.and_one()).await?;
    let next = |(seq, _): &(u64, _)| seq.to_string();
    let show = |(_, act): (u64, domain::account::Act)| Act {
        at: act.at,
        by: act.by,
        act: act.act,
        facts: act.facts,
    };
    Ok(Json(Page::cut(found, which.limit, next, show)))
}

/// A token of the API, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KnownToken {
    /// What it is called.
    name: String,
    /// Whose it is: what it does is done by them.
    account: String,
    /// What it is for.
    scopes: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// By whom it was made.
    made_by: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    /// When it was last shown, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    used: Option<Timestamp>,
}

impl From<domain::token::Token> for KnownToken {
    fn from(token: domain::token::Token) -> Self {
        let scopes = token.scopes.iter().map(|scope| scope.name().to_owned());
        Self {
            name: token.name.to_string(),
            account: token.account.to_string(),
            scopes: scopes.collect(),
            made_at: token.made_at,
            made_by: token.made_by,
            expires: token.expires,
            used: token.used,
        }
    }
}

/// Everybody's tokens, on one page. One is made on the command line, or by whose it is
/// at the desk: no token makes another.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "tokens", tag = "accounts",
    responses((status = 200, body = Page<KnownToken>)))]
pub(super) async fn tokens(State(front): State<Arc<Front>>) -> Answer<Json<Page<KnownToken>>> {
    let all = front.desk().tokens(None).await?.into_iter();
    Ok(Json(Page::whole(all.map(KnownToken::from).collect())))
}

/// End a token, of whomever it is: it opens nothing any more.
#[utoipa::path(post, path = "/api/v1/tokens/{token}/revoke", operation_id = "revoke_token",
    tag = "accounts", params(("token" = String, Path, description = "What it is called")),
    responses((status = 204, description = "It opens nothing any more.")))]
pub(super) async fn revoke_token(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(token): Path<String>,
) -> Answer<StatusCode> {
    let desk = front.desk();
    let known = desk.tokens(None).await?;
    if !known.iter().any(|one| one.name.to_string() == token) {
        return Err(Problem::missing("token", &token));
    }
    desk.end_token(&token, None, caller.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}
