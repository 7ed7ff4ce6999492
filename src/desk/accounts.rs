//! Accounts of the desk: made, changed, signed in to and out of; and the record
//! of who did what.

use super::second_factor::{self, Offer};
use super::tokens::name_token;
use super::{Desk, DeskError, password};
use crate::domain::account::{Account, Act, Role, SecondFactor, Session, UserName};
use crate::domain::language::Language;
use crate::domain::log::facts;
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::said;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

/// How often a change is tried where somebody else changes the same account.
const TRIES: usize = 8;

/// What somebody shows at the door.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Who they say they are.
    pub name: String,
    /// Their password.
    pub password: String,
    /// The code of their second factor.
    pub code: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What the door says.
#[derive(Debug, Clone)]
pub enum Welcome {
    /// Come in: the session's token, which nobody else ever sees.
    In(String),
    /// The password is right; the second factor's code is asked for.
    CodeWanted,
    /// No such name, a wrong password, a wrong code, an account that is
    /// disabled: which of these is not said.
    Refused,
    /// Too many failures: nothing is looked at before this instant.
    Locked(Timestamp),
}

/// Somebody signed in, and under which session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// The session's hash.
    pub hash: String,
}

/// The hash that a token is kept under: whoever reads the store gets no token.
pub(super) fn token_hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

fn user_name(name: &str) -> Result<UserName, DeskError> {
    UserName::parse(name).map_err(|error| DeskError::request(error.said()))
}

impl Desk {
    /// Puts on record who did what.
    ///
    /// # Errors
    /// The store failed.
    pub async fn note(&self, by: &str, act: &str, what: Value) -> Result<(), DeskError> {
        let mut facts = facts(what);
        name_token(&mut facts);
        let act = Act {
            at: self.clock.now(),
            by: by.to_owned(),
            act: act.to_owned(),
            facts,
        };
        Ok(self.store.record_act(&act).await?)
    }

    /// Acts before a place, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn acts(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Act)>, DeskError> {
        Ok(self.store.acts(before, limit).await?)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// A name that cannot be or is taken, a password that is too short.
    pub async fn add_user(
        &self,
        name: &str,
        full_name: &str,
        role: Role,
        new_password: &str,
        by: &str,
    ) -> Result<Account, DeskError> {
        let account = Account {
            name: user_name(name)?,
            full_name: full_name.trim().to_owned(),
            role,
            password: password::hash(new_password).await?,
            second_factor: None,
            made_at: self.clock.now(),
            disabled: false,
            failures: 0,
            locked_until: None,
        };
        if !self.store.add_account(&account).await? {
            return Err(DeskError::conflict(said!(
                "there is a user `{name}` already",
                name = account.name
            )));
        }
        self.note(
            by,
            "user_added",
            json!({ "user": account.name, "role": role }),
        )
        .await?;
        Ok(account)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn users(&self) -> Result<Vec<Account>, DeskError> {
        Ok(self.store.accounts().await?)
    }

    /// One account.
    ///
    /// # Errors
    /// There is none of that name.
    pub async fn user(&self, name: &str) -> Result<Account, DeskError> {
        let found = self.store.account(&user_name(name)?).await?;
        found.ok_or_else(|| {
            DeskError::request(said!(
                "there is no user `{name}`",
                name = name.escape_debug()
            ))
        })
    }

    /// Changes an account as it is by then.
    async fn change_user(
        &self,
        name: &str,
        change: impl Fn(&Account) -> Result<Account, DeskError>,
    ) -> Result<Account, DeskError> {
        for _ in 0..TRIES {
            let from = self.user(name).await?;
            let to = change(&from)?;
            if self.store.change_account(&from, &to).await? {
                return Ok(to);
            }
        }
        Err(DeskError::conflict(said!(
            "the account of `{name}` changes all the time; try again",
            name
        )))
    }

    /// Gives somebody another role. At least one admin stays.
    ///
    /// # Errors
    /// There is no such account, or it is the last admin's.
    pub async fn set_role(&self, name: &str, role: Role, by: &str) -> Result<Account, DeskError> {
        if role != Role::Admin {
            self.not_the_last_admin(name).await?;
        }
        let changed = self
            .change_user(name, |account| {
                Ok(Account {
                    role,
                    ..account.clone()
                })
            })
            .await?;
        self.note(
            by,
            "role_changed",
            json!({ "user": changed.name, "role": role }),
        )
        .await?;
        Ok(changed)
    }

    /// Lets somebody in no more, or again. Their sessions and their tokens end.
    ///
    /// # Errors
    /// There is no such account, or it is the last admin's.
    pub async fn set_disabled(
        &self,
        name: &str,
        disabled: bool,
        by: &str,
    ) -> Result<Account, DeskError> {
        if disabled {
            self.not_the_last_admin(name).await?;
        }
        let changed = self
            .change_user(name, |account| {
                Ok(Account {
                    disabled,
                    ..account.welcomed()
                })
            })
            .await?;
        if disabled {
            self.store.end_sessions(&changed.name, None).await?;
            self.store.end_tokens(&changed.name).await?;
        }
        let act = if disabled {
            "user_disabled"
        } else {
            "user_enabled"
        };
        self.note(by, act, json!({ "user": changed.name })).await?;
        Ok(changed)
    }

    async fn not_the_last_admin(&self, name: &str) -> Result<(), DeskError> {
        let one = self.user(name).await?;
        let another = self.users().await?.into_iter().any(|account| {
            account.role == Role::Admin && !account.disabled && account.name != one.name
        });
        if one.role == Role::Admin && !another {
            return Err(DeskError::request(said!(
                "`{name}` is the last admin; make another first",
                name = one.name
            )));
        }
        Ok(())
    }

    /// Gives somebody another password. Every session but one ends, and a
    /// lock-out with them.
    ///
    /// # Errors
    /// There is no such account, or the password is too short.
    pub async fn set_password(
        &self,
        name: &str,
        new_password: &str,
        but: Option<&str>,
        by: &str,
    ) -> Result<Account, DeskError> {
        let hash = password::hash(new_password).await?;
        let changed = self
            .change_user(name, |account| {
                Ok(Account {
                    password: hash.clone(),
                    ..account.welcomed()
                })
            })
            .await?;
        self.store.end_sessions(&changed.name, but).await?;
        self.note(by, "password_changed", json!({ "user": changed.name }))
            .await?;
        Ok(changed)
    }

    /// Changes one's own password, which takes the old one.
    ///
    /// # Errors
    /// The old one is wrong, or the new one too short.
    pub async fn change_own_password(
        &self,
        me: &SignedIn,
        old: &str,
        new_password: &str,
    ) -> Result<(), DeskError> {
        let name = me.account.name.as_str();
        self.ask_own_password(me, old).await?;
        self.set_password(name, new_password, Some(&me.hash), name)
            .await
            .map(drop)
    }

    /// Asks somebody signed in for their password again, before what an
    /// unattended desk must not give away. A try counts as one at the door, and
    /// locks as there.
    pub(super) async fn ask_own_password(
        &self,
        me: &SignedIn,
        shown: &str,
    ) -> Result<(), DeskError> {
        let (now, name) = (self.clock.now(), me.account.name.as_str());
        let known = self.user(name).await?;
        if let Some(until) = known.locked(now) {
            return Err(DeskError::request(said!(
                "too many wrong passwords; nothing is looked at before {until}",
                until = Said::moment(until, until)
            )));
        }
        let tried = known.tried(now);
        let counted = self.store.change_account(&known, &tried).await?;
        if !counted || !password::matches(shown, Some(&tried.password)).await? {
            self.note(
                name,
                "password_refused",
                json!({ "failures": tried.failures }),
            )
            .await?;
            return Err(DeskError::request(said!("the present password is wrong")));
        }
        let uncounted = Account {
            failures: known.failures,
            locked_until: known.locked_until,
            ..tried.clone()
        };
        self.store.change_account(&tried, &uncounted).await?;
        Ok(())
    }

    /// A second factor to be set up.
    ///
    /// # Errors
    /// The account's name cannot stand in an authenticator.
    pub fn offer_second_factor(&self, account: &Account) -> Result<Offer, DeskError> {
        second_factor::offer(account.name.as_str(), &self.issuer())
    }

    /// The same offer once more, after a wrong code.
    ///
    /// # Errors
    /// It is no secret.
    pub fn same_second_factor(&self, account: &Account, secret: &str) -> Result<Offer, DeskError> {
        second_factor::again(secret, account.name.as_str(), &self.issuer())
    }

    fn issuer(&self) -> String {
        let english = Language::parse("en");
        let name = english.map_or("", |english| self.settings.newsroom.name_in(&english));
        format!("{name} (Dateline)")
    }

    /// Sets a second factor up, once a code of it proves that it was taken over
    /// and the password that it is the owner who did. Answers false where the
    /// code is wrong.
    ///
    /// # Errors
    /// The password is wrong, or the store failed.
    pub async fn set_second_factor(
        &self,
        me: &SignedIn,
        own_password: &str,
        secret: &str,
        code: &str,
    ) -> Result<bool, DeskError> {
        let name = me.account.name.as_str();
        self.ask_own_password(me, own_password).await?;
        let new = SecondFactor {
            secret: secret.to_owned(),
            last_step: 0,
        };
        let Some(used) = second_factor::redeem(&new, code, self.clock.now()) else {
            return Ok(false);
        };
        let set = |account: &Account| {
            Ok(Account {
                second_factor: Some(used.clone()),
                ..account.clone()
            })
        };
        self.change_user(name, set).await?;
        self.store
            .end_sessions(&me.account.name, Some(&me.hash))
            .await?;
        self.note(name, "second_factor_set", json!({})).await?;
        Ok(true)
    }

    /// Takes somebody's second factor away.
    ///
    /// # Errors
    /// There is no such account.
    pub async fn drop_second_factor(&self, name: &str, by: &str) -> Result<(), DeskError> {
        let dropped = |account: &Account| {
            Ok(Account {
                second_factor: None,
                ..account.clone()
            })
        };
        let changed = self.change_user(name, dropped).await?;
        self.note(by, "second_factor_dropped", json!({ "user": changed.name }))
            .await
    }

    /// The door. A try is on record before its password is looked at.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_in(&self, shown: &Credentials) -> Result<Welcome, DeskError> {
        let now = self.clock.now();
        let known = match UserName::parse(&shown.name) {
            Ok(name) => self.store.account(&name).await?,
            Err(_) => None,
        };
        let Some(known) = known else {
            password::matches(&shown.password, None).await?;
            return Ok(Welcome::Refused);
        };
        if let Some(until) = known.locked(now) {
            return Ok(Welcome::Locked(until));
        }
        let tried = known.tried(now);
        if !self.store.change_account(&known, &tried).await? {
            // Somebody tries the same account at the same moment.
            return Ok(Welcome::Refused);
        }
        let right = password::matches(&shown.password, Some(&tried.password)).await?;
        if !right || tried.disabled {
            return self.refuse(&tried, now).await;
        }
        let Some(passed) = self.second_step(&tried, shown, now) else {
            if shown.code.trim().is_empty() {
                // The password was right: asking for the code is no failure.
                self.store
                    .change_account(
                        &tried,
                        &Account {
                            failures: known.failures,
                            ..tried.welcomed()
                        },
                    )
                    .await?;
                return Ok(Welcome::CodeWanted);
            }
            return self.refuse(&tried, now).await;
        };
        if !self
            .store
            .change_account(&tried, &passed.welcomed())
            .await?
        {
            return Ok(Welcome::Refused);
        }
        self.let_in(&passed, now).await.map(Welcome::In)
    }

    async fn refuse(&self, tried: &Account, now: Timestamp) -> Result<Welcome, DeskError> {
        let locked = tried.locked(now);
        self.note(
            tried.name.as_str(),
            "sign_in_refused",
            json!({ "failures": tried.failures, "locked_until": locked }),
        )
        .await?;
        Ok(locked.map_or(Welcome::Refused, Welcome::Locked))
    }

    /// The account with its code used up, where it has a second factor and the
    /// code is right.
    fn second_step(
        &self,
        account: &Account,
        shown: &Credentials,
        now: Timestamp,
    ) -> Option<Account> {
        match &account.second_factor {
            None => Some(account.clone()),
            Some(factor) => second_factor::redeem(factor, &shown.code, now).map(|used| Account {
                second_factor: Some(used),
                ..account.clone()
            }),
        }
    }

    async fn let_in(&self, account: &Account, now: Timestamp) -> Result<String, DeskError> {
        let token = URL_SAFE_NO_PAD.encode(Entropy.secret());
        let session = Session {
            account: account.name.clone(),
            since: now,
            seen: now,
        };
        self.store.sweep_sessions(now).await?;
        self.store
            .keep_session(&token_hash(&token), &session)
            .await?;
        self.note(account.name.as_str(), "signed_in", json!({}))
            .await?;
        Ok(token)
    }

    /// Who a token stands for, where its session has not ended.
    ///
    /// # Errors
    /// The store failed.
    pub async fn who(&self, token: &str) -> Result<Option<SignedIn>, DeskError> {
        let (now, hash) = (self.clock.now(), token_hash(token));
        let Some((session, account)) = self.open_session(&hash, now).await? else {
            return Ok(None);
        };
        if let Some(used) = session.used(now) {
            self.store.keep_session(&hash, &used).await?;
        }
        Ok(Some(SignedIn { account, hash }))
    }

    /// Somebody signed in, as their account is by now; nobody, where their session
    /// has ended. Who only looks on does not use it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn still_in(&self, me: &SignedIn) -> Result<Option<SignedIn>, DeskError> {
        let found = self.open_session(&me.hash, self.clock.now()).await?;
        Ok(found.map(|(_, account)| SignedIn {
            account,
            hash: me.hash.clone(),
        }))
    }

    /// The session under a hash and whose it is, where it has not ended.
    async fn open_session(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Session, Account)>, DeskError> {
        let session = self.store.session(hash).await?;
        let Some(session) = session.filter(|session| session.ends() > now) else {
            return Ok(None);
        };
        let account = self.store.account(&session.account).await?;
        let account = account.filter(|account| !account.disabled);
        Ok(account.map(|account| (session, account)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out(&self, me: &SignedIn) -> Result<(), DeskError> {
        self.store.end_session(&me.hash).await?;
        self.note(me.account.name.as_str(), "signed_out", json!({}))
            .await
    }
}
