//! Tokens of the API: whose, what for, until when.
//!
//! A token opens no more than its scopes name, and never more than the role of
//! its account lets the account itself do.

use super::account::{Permission, Role, UserName};
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How long a token stands where nobody says otherwise.
pub const LASTS: SignedDuration = SignedDuration::from_hours(24 * 90);
/// The longest that one stands: what nobody thinks of any more ends by itself.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);
/// How seldom a token's use is noted: a program asks often.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Letters of a name.
const LONGEST_NAME: usize = 64;

/// A token's name: by what people tell it from others and end it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenName(String);

/// A text that is no token's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TokenNameError(String);

impl Tell for TokenNameError {
    fn said(&self) -> Said {
        said!(
            "`{text}` is no name of a token: expected 1 to {longest_name} letters, digits, `.`, `-` or `_`, beginning with a letter or digit",
            text = self.0,
            longest_name = LONGEST_NAME
        )
    }
}

shown_as_said!(TokenNameError);

impl TokenName {
    /// Checks a name.
    ///
    /// # Errors
    /// Other characters, or too many.
    pub fn parse(text: &str) -> Result<Self, TokenNameError> {
        let fits = (1..=LONGEST_NAME).contains(&text.chars().count())
            && text.starts_with(char::is_alphanumeric)
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenNameError(text.escape_debug().to_string()))
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TokenName {
    type Error = TokenNameError;
    fn try_from(text: String) -> Result<Self, TokenNameError> {
        Self::parse(&text)
    }
}

impl From<TokenName> for String {
    fn from(name: TokenName) -> Self {
        name.0
    }
}

/// What a token is for. What names people (contacts, the log) is apart from what
/// does not, so that a board in the newsroom needs no address book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Releases, their checks and previews; segments.
    #[serde(rename = "releases:read")]
    ReadReleases,
    /// Rehearse a release.
    #[serde(rename = "releases:rehearse")]
    Rehearse,
    /// Approve a release.
    #[serde(rename = "releases:approve")]
    Approve,
    /// Send a release; tell those who have it.
    #[serde(rename = "releases:send")]
    Send,
    /// Distributions, counted.
    #[serde(rename = "distributions:read")]
    ReadDistributions,
    /// Hold a distribution.
    #[serde(rename = "distributions:hold")]
    Hold,
    /// Resume and kill distributions; settle what is in doubt.
    #[serde(rename = "distributions:steer")]
    Steer,
    /// Contacts, audiences, barred addresses, what came back.
    #[serde(rename = "contacts:read")]
    ReadContacts,
    /// Change contacts, agreements and bars; import and merge.
    #[serde(rename = "contacts:write")]
    KeepContacts,
    /// Erase what is held of somebody, for good.
    #[serde(rename = "contacts:forget")]
    Forget,
    /// The delivery log.
    #[serde(rename = "log:read")]
    ReadLog,
    /// Accounts, and who did what.
    #[serde(rename = "accounts:write")]
    KeepAccounts,
}

impl Scope {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::ReadReleases,
        Self::Rehearse,
        Self::Approve,
        Self::Send,
        Self::ReadDistributions,
        Self::Hold,
        Self::Steer,
        Self::ReadContacts,
        Self::KeepContacts,
        Self::Forget,
        Self::ReadLog,
        Self::KeepAccounts,
    ];

    /// Its name on the command line and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadReleases => "releases:read",
            Self::Rehearse => "releases:rehearse",
            Self::Approve => "releases:approve",
            Self::Send => "releases:send",
            Self::ReadDistributions => "distributions:read",
            Self::Hold => "distributions:hold",
            Self::Steer => "distributions:steer",
            Self::ReadContacts => "contacts:read",
            Self::KeepContacts => "contacts:write",
            Self::Forget => "contacts:forget",
            Self::ReadLog => "log:read",
            Self::KeepAccounts => "accounts:write",
        }
    }

    /// Reads a scope's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// What the account must be allowed for it.
    pub fn permission(self) -> Permission {
        match self {
            Self::ReadReleases | Self::ReadDistributions | Self::ReadContacts | Self::ReadLog => {
                Permission::See
            }
            Self::Rehearse => Permission::Rehearse,
            Self::Approve => Permission::Approve,
            Self::Send => Permission::Send,
            Self::Hold => Permission::Hold,
            Self::Steer => Permission::Steer,
            Self::KeepContacts => Permission::KeepContacts,
            Self::Forget => Permission::Forget,
            Self::KeepAccounts => Permission::KeepAccounts,
        }
    }
}

/// A token, without the secret that is shown for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What it is called.
    pub name: TokenName,
    /// Who acts by it.
    pub account: UserName,
    /// What it is for.
    pub scopes: BTreeSet<Scope>,
    /// Since when.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// From then on it opens nothing.
    pub expires: Timestamp,
    /// When it was last used, to the minute.
    pub used: Option<Timestamp>,
}

impl Token {
    /// Whether it opens anything at all by now.
    pub fn stands(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    /// Whether it opens what is of a scope, for an account of a role.
    pub fn opens(&self, scope: Scope, role: Role) -> bool {
        self.scopes.contains(&scope) && role.may(scope.permission())
    }

    /// The token with this use noted, where that is worth a write.
    pub fn used(&self, now: Timestamp) -> Option<Self> {
        let noted = |at: Timestamp| now.duration_since(at) < NOTED_EVERY;
        (!self.used.is_some_and(noted)).then(|| Self {
            used: Some(now),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(scopes: BTreeSet<Scope>) -> Token {
        Token {
            name: TokenName::parse("board").unwrap(),
            account: UserName::parse("vera").unwrap(),
            scopes,
            made_at: Timestamp::UNIX_EPOCH,
            made_by: "vera".to_owned(),
            expires: Timestamp::UNIX_EPOCH + LASTS,
            used: None,
        }
    }

    #[test]
    fn a_name_is_plain() {
        for good in ["board", "ci-2", "Вестник_1", "a.b"] {
            assert_eq!(TokenName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a b", "a\nb", "a/b", &"x".repeat(65)] {
            assert!(TokenName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_scope_is_written_as_it_is_called() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
        assert_eq!(Scope::from_name("everything"), None);
    }

    #[test]
    fn a_token_ends_and_its_use_is_noted_now_and_then() {
        let made = token(BTreeSet::new());
        let end = made.expires;
        assert!(made.stands(end - SignedDuration::from_nanos(1)) && !made.stands(end));
        let used = made.used(end).unwrap();
        assert_eq!(used.used, Some(end));
        assert_eq!(used.used(end + SignedDuration::from_secs(59)), None);
        assert!(used.used(end + SignedDuration::from_secs(60)).is_some());
    }

    proptest! {
        #[test]
        fn a_token_opens_no_more_than_its_scopes_and_no_more_than_its_account_may(
            chosen in proptest::collection::vec(0..Scope::ALL.len(), 0..12),
            role in 0..Role::ALL.len(),
        ) {
            let scopes: BTreeSet<_> = chosen.into_iter().map(|n| Scope::ALL[n]).collect();
            let (made, role) = (token(scopes.clone()), Role::ALL[role]);
            for scope in Scope::ALL {
                let opens = made.opens(scope, role);
                prop_assert!(!opens || (scopes.contains(&scope) && role.may(scope.permission())));
                prop_assert!(opens || !scopes.contains(&scope) || !role.may(scope.permission()));
            }
        }
    }
}
