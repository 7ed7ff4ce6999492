//! Accounts of the desk: who may do what, how wrong passwords slow a guesser
//! down, and how long somebody stays signed in.

use super::person::name_key;
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Wrong passwords in a row that cost nothing.
const FREE_TRIES: u32 = 5;
/// The first lock-out; each further failure doubles it.
const FIRST_LOCK: SignedDuration = SignedDuration::from_secs(30);
/// The longest lock-out: longer ones would only help whoever wants to lock
/// somebody else out.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_hours(1);
/// A session that nobody uses for so long has ended.
pub const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// The longest session, however busy.
pub const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How seldom a session's use is noted: a page is several requests.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A sign-in name: also the name that stands in the log and in approvals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// A text that is no sign-in name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UserNameError(String);

impl Tell for UserNameError {
    fn said(&self) -> Said {
        said!(
            "`{text}` is no user name: expected 1 to 64 letters, digits, `.`, `-`, `_` or `@`, beginning with a letter or digit",
            text = self.0
        )
    }
}

shown_as_said!(UserNameError);

impl UserName {
    /// Checks a name. Spellings of one name are one name: it is kept folded, as
    /// approvals compare people.
    ///
    /// # Errors
    /// Other characters, or too many.
    pub fn parse(text: &str) -> Result<Self, UserNameError> {
        let folded = name_key(text);
        let fits = (1..=64).contains(&folded.chars().count())
            && folded.starts_with(char::is_alphanumeric)
            && folded
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
        if fits {
            Ok(Self(folded))
        } else {
            Err(UserNameError(text.escape_debug().to_string()))
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UserName {
    type Error = UserNameError;
    fn try_from(text: String) -> Result<Self, UserNameError> {
        Self::parse(&text)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

/// What somebody is at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Writes, previews, rehearses; may stop a distribution, since that does no harm.
    Author,
    /// Also lets releases go out, sends them, and decides what becomes of them.
    Approver,
    /// Also keeps accounts.
    Admin,
}

/// What can be done at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Look at everything: releases, contacts, distributions, the log.
    See,
    /// Rehearse: every mail goes to the catcher.
    Rehearse,
    /// Change contacts and agreements.
    KeepContacts,
    /// Hold a distribution.
    Hold,
    /// Approve a release.
    Approve,
    /// Send a release.
    Send,
    /// Resume and kill distributions, settle what is in doubt.
    Steer,
    /// Keep accounts, read the audit log.
    KeepAccounts,
    /// Erase what is held of somebody, for good.
    Forget,
}

impl Permission {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::See,
        Self::Rehearse,
        Self::KeepContacts,
        Self::Hold,
        Self::Approve,
        Self::Send,
        Self::Steer,
        Self::KeepAccounts,
        Self::Forget,
    ];

    /// Its name in pages and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Rehearse => "rehearse",
            Self::KeepContacts => "keep_contacts",
            Self::Hold => "hold",
            Self::Approve => "approve",
            Self::Send => "send",
            Self::Steer => "steer",
            Self::KeepAccounts => "keep_accounts",
            Self::Forget => "forget",
        }
    }
}

impl Role {
    /// All, the least first.
    pub const ALL: [Self; 3] = [Self::Author, Self::Approver, Self::Admin];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// Reads a role's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it may.
    pub fn may(self, what: Permission) -> bool {
        let least = match what {
            Permission::See
            | Permission::Rehearse
            | Permission::KeepContacts
            | Permission::Hold => Self::Author,
            Permission::Approve | Permission::Send | Permission::Steer => Self::Approver,
            Permission::KeepAccounts | Permission::Forget => Self::Admin,
        };
        self >= least
    }
}

/// A second factor (TOTP, RFC 6238).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The shared secret in base32.
    pub secret: String,
    /// The last step whose code was used: no code counts twice (RFC 6238 5.2).
    pub last_step: u64,
}

impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactor").finish_non_exhaustive()
    }
}

/// Somebody who works at the desk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What they sign in with, and what the log calls them.
    pub name: UserName,
    /// How they are called.
    pub full_name: String,
    /// What they may.
    pub role: Role,
    /// The password's Argon2id hash as a PHC string.
    pub password: String,
    /// Their second factor, where they set one up.
    pub second_factor: Option<SecondFactor>,
    /// Since when.
    pub made_at: Timestamp,
    /// Whether they may not sign in any more.
    pub disabled: bool,
    /// Failed tries since the last success.
    pub failures: u32,
    /// No try counts before this instant.
    pub locked_until: Option<Timestamp>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// Whether tries are refused unseen, and until when.
    pub fn locked(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until)
    }

    /// The account with one more try on record. It is put on record before the
    /// password is looked at, so that many tries at once are no way round it.
    #[must_use]
    pub fn tried(&self, now: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        Self {
            failures,
            locked_until: lock_after(failures).and_then(|lock| now.checked_add(lock).ok()),
            ..self.clone()
        }
    }

    /// The account after a success.
    #[must_use]
    pub fn welcomed(&self) -> Self {
        Self {
            failures: 0,
            locked_until: None,
            ..self.clone()
        }
    }
}

/// How long so many failures in a row lock an account.
fn lock_after(failures: u32) -> Option<SignedDuration> {
    let over = failures.checked_sub(FREE_TRIES)?;
    let doubled = FIRST_LOCK.as_secs() << over.min(16);
    Some(SignedDuration::from_secs(doubled).min(LONGEST_LOCK))
}

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub account: UserName,
    /// Since when.
    pub since: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
}

impl Session {
    /// When it ends if nobody uses it any more.
    pub fn ends(&self) -> Timestamp {
        let idle = self.seen.checked_add(IDLE).unwrap_or(self.seen);
        let longest = self.since.checked_add(LONGEST_SESSION).unwrap_or(idle);
        idle.min(longest)
    }

    /// The session with this use noted, where that is worth a write.
    pub fn used(&self, now: Timestamp) -> Option<Self> {
        (now.duration_since(self.seen) >= NOTED_EVERY).then(|| Self {
            seen: now,
            ..self.clone()
        })
    }
}

/// One act at the desk or on the command line, put on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What, such as `signed_in`.
    pub act: String,
    /// On what, and how.
    pub facts: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn account() -> Account {
        Account {
            name: UserName::parse("vera").unwrap(),
            full_name: String::new(),
            role: Role::Author,
            password: String::new(),
            second_factor: None,
            made_at: Timestamp::UNIX_EPOCH,
            disabled: false,
            failures: 0,
            locked_until: None,
        }
    }

    #[test]
    fn spellings_of_a_name_are_one_name() {
        assert_eq!(UserName::parse(" Vera "), UserName::parse("vera"));
        for bad in ["", "  ", "-x", "a b", "a/b", "a\nb", "<b>", &"x".repeat(65)] {
            assert!(UserName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_role_may_what_the_lesser_may() {
        for what in Permission::ALL {
            assert!(Role::Admin.may(what));
            assert!(!Role::Author.may(what) || Role::Approver.may(what));
        }
        assert!(Role::Author.may(Permission::Hold) && !Role::Author.may(Permission::Send));
        assert!(!Role::Approver.may(Permission::KeepAccounts));
    }

    #[test]
    fn failures_lock_longer_and_longer_and_a_success_forgives() {
        let now = Timestamp::UNIX_EPOCH;
        let mut one = account();
        let mut locks = Vec::new();
        for _ in 0..14 {
            one = one.tried(now);
            locks.push(one.locked(now).map_or(0, Timestamp::as_second));
        }
        assert_eq!(
            locks,
            [
                0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
        assert_eq!(one.welcomed().locked(now), None);
    }

    #[test]
    fn a_session_ends_unused_and_after_a_week_however_used() {
        let start = Timestamp::UNIX_EPOCH;
        let mut session = Session {
            account: UserName::parse("vera").unwrap(),
            since: start,
            seen: start,
        };
        assert_eq!(session.ends(), start + IDLE);
        assert_eq!(session.used(start + SignedDuration::from_secs(59)), None);
        session = session
            .used(start + SignedDuration::from_hours(167))
            .unwrap();
        assert_eq!(session.ends(), start + LONGEST_SESSION);
    }

    proptest! {
        #[test]
        fn no_number_of_failures_overflows(failures in 0..=u32::MAX) {
            let one = Account { failures, ..account() };
            let tried = one.tried(Timestamp::UNIX_EPOCH);
            prop_assert!(tried.locked_until.is_none_or(|until| until.as_second() <= 3600));
        }
    }
}
