//! Tokens of the API: made, shown, ended, and what they open.
//!
//! Who holds a token acts as its account, and the record names the account. The
//! secret is 256 random bits: nobody guesses it, so a fast hash of it is enough
//! (BLAKE3), and it is shown once, when it is made.

use super::accounts::{SignedIn, token_hash};
use super::{Desk, DeskError};
use crate::domain::account::{Account, UserName};
use crate::domain::said::{Said, Tell};
use crate::domain::schedule::parse_instant;
use crate::domain::token::{LASTS, LONGEST, Scope, Token, TokenName};
use crate::entropy::Entropy;
use crate::said;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// What every secret begins with, so that whoever finds one knows what it is.
const MARK: &str = "dateline_";

/// A token to be made, as somebody wrote it.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// What it is to be called.
    pub name: String,
    /// Who acts by it.
    pub account: String,
    /// What it is for.
    pub scopes: Vec<String>,
    /// Until when; else for 90 days.
    pub expires: Option<String>,
}

/// A token that was just made.
pub struct MadeToken {
    /// The token.
    pub token: Token,
    /// Its secret, which nobody can be shown again.
    pub secret: String,
}

impl std::fmt::Debug for MadeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Whoever shows a token that stands.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The token.
    pub token: Token,
    /// Whose it is.
    pub account: Account,
}

impl Holder {
    /// Whether they may what is of a scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.token.opens(scope, self.account.role)
    }
}

tokio::task_local! {
    /// The token by which a program acts here.
    static ACTING: Acting;
}

/// A program at work.
struct Acting {
    token: TokenName,
    /// Whether anything was put on record of what it did.
    noted: AtomicBool,
}

/// Whether what was done put anything on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It did, and what it put there names the token.
    Yes,
    /// It did not.
    No,
}

/// Does what a program asks for: every act that is put on record of it names the
/// token, so that a deed stands there once.
pub async fn acting_by<T>(token: &TokenName, work: impl Future<Output = T>) -> (T, Noted) {
    let acting = Acting {
        token: token.clone(),
        noted: AtomicBool::new(false),
    };
    let told = async {
        let done = work.await;
        let noted = ACTING.with(|acting| acting.noted.load(Ordering::Relaxed));
        (done, if noted { Noted::Yes } else { Noted::No })
    };
    ACTING.scope(acting, told).await
}

/// Adds to the facts of an act the token by which it is done, where it is by one.
pub(super) fn name_token(facts: &mut Map<String, Value>) {
    let name = |acting: &Acting| {
        acting.noted.store(true, Ordering::Relaxed);
        facts.entry("token").or_insert_with(|| json!(acting.token));
    };
    // Whoever works at the desk or on the command line acts by none.
    ACTING.try_with(name).unwrap_or_default();
}

impl Desk {
    /// Makes a token.
    ///
    /// # Errors
    /// There is no such account or it is disabled, a name that cannot be or is
    /// taken, a scope that there is not or that the account may not, an end that
    /// cannot be.
    pub async fn add_token(&self, new: &NewToken, by: &str) -> Result<MadeToken, DeskError> {
        let now = self.clock.now();
        let account = self.user(&new.account).await?;
        if account.disabled {
            return Err(DeskError::conflict(said!(
                "`{name}` may not sign in, so no token can be theirs",
                name = account.name
            )));
        }
        let token = Token {
            name: token_name(&new.name)?,
            scopes: scopes(&new.scopes, &account)?,
            account: account.name,
            made_at: now,
            made_by: by.to_owned(),
            expires: self.expiry(new.expires.as_deref(), now)?,
            used: None,
        };
        let secret = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(Entropy.secret()));
        if !self.store.add_token(&token_hash(&secret), &token).await? {
            return Err(DeskError::conflict(said!(
                "there is a token `{name}` already",
                name = token.name
            )));
        }
        let facts = json!({
            "token": token.name, "user": token.account, "scopes": token.scopes,
            "expires": token.expires,
        });
        self.note(by, "token_added", facts).await?;
        Ok(MadeToken { token, secret })
    }

    /// Makes a token of one's own, which takes the password: whoever finds a desk
    /// unattended must not take a key to it away.
    ///
    /// # Errors
    /// The password is wrong; else as [`Self::add_token`].
    pub async fn add_own_token(
        &self,
        me: &SignedIn,
        own_password: &str,
        new: NewToken,
    ) -> Result<MadeToken, DeskError> {
        self.ask_own_password(me, own_password).await?;
        let name = me.account.name.as_str();
        let account = name.to_owned();
        self.add_token(&NewToken { account, ..new }, name).await
    }

    fn expiry(&self, text: Option<&str>, now: Timestamp) -> Result<Timestamp, DeskError> {
        let wrong = |error: &dyn Tell| DeskError::request(said!("--expires: {error}", error));
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return now
                .checked_add(LASTS)
                .map_err(|error| wrong(&Said::verbatim(error)));
        };
        let at =
            parse_instant(text, &self.settings.newsroom.zone).map_err(|error| wrong(&error))?;
        let longest = now.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        if at <= now {
            return Err(wrong(&said!("{time} has passed", time = self.moment(at))));
        }
        if at > longest {
            return Err(wrong(&said!(
                "{time} is too far off; expected a time within {days} days",
                time = self.moment(at),
                days = LONGEST.as_hours() / 24
            )));
        }
        Ok(at)
    }

    /// All tokens, by name, or those of one account.
    ///
    /// # Errors
    /// There is no such account, or the store failed.
    pub async fn tokens(&self, account: Option<&str>) -> Result<Vec<Token>, DeskError> {
        let of = match account {
            Some(name) => Some(self.user(name).await?.name),
            None => None,
        };
        Ok(self.store.tokens(of.as_ref()).await?)
    }

    /// Ends a token, of anybody or of the account named.
    ///
    /// # Errors
    /// There is none of that name there, or the store failed.
    pub async fn end_token(
        &self,
        name: &str,
        of: Option<&UserName>,
        by: &str,
    ) -> Result<(), DeskError> {
        let name = token_name(name)?;
        let known = self.store.tokens(of).await?;
        let found = known.iter().any(|token| token.name == name);
        if !found || !self.store.end_token(&name).await? {
            return Err(DeskError::request(said!(
                "there is no token `{name}`",
                name
            )));
        }
        self.note(by, "token_revoked", json!({ "token": name }))
            .await
    }

    /// Whoever shows a secret; `None` where no token stands behind it: there is
    /// none, it has expired, or its account may not sign in. A lock-out after
    /// wrong passwords does not end tokens, or whoever guesses at a password
    /// could stop the newsroom's programs.
    ///
    /// # Errors
    /// The store failed.
    pub async fn holder(&self, secret: &str) -> Result<Option<Holder>, DeskError> {
        if !secret.starts_with(MARK) {
            return Ok(None);
        }
        let now = self.clock.now();
        let token = self.store.token(&token_hash(secret)).await?;
        let Some(token) = token.filter(|token| token.stands(now)) else {
            return Ok(None);
        };
        let account = self.store.account(&token.account).await?;
        let Some(account) = account.filter(|account| !account.disabled) else {
            return Ok(None);
        };
        if let Some(used) = token.used(now) {
            self.store.keep_token(&used).await?;
        }
        Ok(Some(Holder { token, account }))
    }
}

fn token_name(name: &str) -> Result<TokenName, DeskError> {
    TokenName::parse(name.trim()).map_err(|error| DeskError::request(error.said()))
}

/// Scopes by their names, each of which the account may by now.
fn scopes(names: &[String], account: &Account) -> Result<BTreeSet<Scope>, DeskError> {
    let known = || Scope::ALL.map(Scope::name).join(", ");
    if names.is_empty() {
        return Err(DeskError::request(said!(
            "a token is for something; name a scope with --scope ({known})",
            known = known()
        )));
    }
    let read = |name: &String| {
        let scope = Scope::from_name(name.trim()).ok_or_else(|| {
            DeskError::request(said!(
                "`{name}` is no scope; expected one of {known}",
                name = name.escape_debug(),
                known = known()
            ))
        })?;
        if account.role.may(scope.permission()) {
            Ok(scope)
        } else {
            Err(DeskError::request(said!(
                "{name} is an {role}, who may not {scope}; a token does no more than its account",
                name = account.name,
                role = account.role.name(),
                scope = scope.name()
            )))
        }
    };
    names.iter().map(read).collect()
}
