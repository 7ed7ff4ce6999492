//! Accounts, sessions and acts: what the store remembers of who works here.

use super::Result;
use crate::domain::account::{Account, Act, Session, UserName};
use async_trait::async_trait;
use jiff::Timestamp;

/// Who works at the desk. Every store has it.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds an account. Answers false where there is one of that name.
    async fn add_account(&self, account: &Account) -> Result<bool>;

    /// One account.
    async fn account(&self, name: &UserName) -> Result<Option<Account>>;

    /// All, by name.
    async fn accounts(&self) -> Result<Vec<Account>>;

    /// Changes an account as it was read. Answers false where it has changed
    /// meanwhile, and nothing was done.
    async fn change_account(&self, from: &Account, to: &Account) -> Result<bool>;

    /// Keeps a session under the hash of its token, or what changed of it.
    async fn keep_session(&self, hash: &str, session: &Session) -> Result<()>;

    /// The session under a hash.
    async fn session(&self, hash: &str) -> Result<Option<Session>>;

    /// Ends one session.
    async fn end_session(&self, hash: &str) -> Result<()>;

    /// Ends every session of an account but one.
    async fn end_sessions(&self, name: &UserName, but: Option<&str>) -> Result<u64>;

    /// Forgets sessions that have ended.
    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64>;

    /// Puts an act on record. Acts are never changed.
    async fn record_act(&self, act: &Act) -> Result<()>;

    /// Acts before a place, the newest first, each with its place.
    async fn acts(&self, before: Option<u64>, limit: u32) -> Result<Vec<(u64, Act)>>;
}
