//! Tokens of the API: what the store remembers of them. The secret itself is
//! nowhere, only its hash.

use super::Result;
use crate::domain::account::UserName;
use crate::domain::token::{Token, TokenName};
use async_trait::async_trait;

/// The API's tokens. Every store has them.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a token under the hash of its secret. Answers false where there is
    /// one of that name, and nothing was done.
    async fn add_token(&self, hash: &str, token: &Token) -> Result<bool>;

    /// The token under a hash.
    async fn token(&self, hash: &str) -> Result<Option<Token>>;

    /// All, by name; or those of one account.
    async fn tokens(&self, of: Option<&UserName>) -> Result<Vec<Token>>;

    /// Keeps what changed of a token, where it is still there.
    async fn keep_token(&self, token: &Token) -> Result<()>;

    /// Ends a token. Answers false where there is none of that name.
    async fn end_token(&self, name: &TokenName) -> Result<bool>;

    /// Ends every token of an account, and says how many.
    async fn end_tokens(&self, of: &UserName) -> Result<u64>;
}
