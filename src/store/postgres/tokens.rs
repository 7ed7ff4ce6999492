//! The API's tokens.

use super::accounts::record;
use super::{PostgresStore, Result};
use crate::domain::account::UserName;
use crate::domain::token::{Token, TokenName};
use crate::store::tokens::Tokens;
use crate::store::values::json;
use async_trait::async_trait;

#[async_trait]
impl Tokens for PostgresStore {
    async fn add_token(&self, hash: &str, token: &Token) -> Result<bool> {
        self.within(async {
            let done = sqlx::query(
                "INSERT INTO api_token (hash, name, account, record) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (name) DO NOTHING",
            )
            .bind(hash)
            .bind(token.name.as_str())
            .bind(token.account.as_str())
            .bind(json(token))
            .execute(&self.writers)
            .await
            .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn token(&self, hash: &str) -> Result<Option<Token>> {
        self.within(async {
            let row = sqlx::query("SELECT record FROM api_token WHERE hash = $1")
                .bind(hash)
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            row.map(|row| record(self, &row, "token")).transpose()
        })
        .await
    }

    async fn tokens(&self, of: Option<&UserName>) -> Result<Vec<Token>> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT record FROM api_token WHERE $1::TEXT IS NULL OR account = $1 ORDER BY name",
            )
            .bind(of.map(UserName::as_str))
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
            rows.iter().map(|row| record(self, row, "token")).collect()
        })
        .await
    }

    async fn keep_token(&self, token: &Token) -> Result<()> {
        self.within(async {
            sqlx::query("UPDATE api_token SET record = $1 WHERE name = $2")
                .bind(json(token))
                .bind(token.name.as_str())
                .execute(&self.writers)
                .await
                .map(drop)
                .map_err(|error| self.failed(error))
        })
        .await
    }

    async fn end_token(&self, name: &TokenName) -> Result<bool> {
        self.within(async {
            let done = sqlx::query("DELETE FROM api_token WHERE name = $1")
                .bind(name.as_str())
                .execute(&self.writers)
                .await
                .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn end_tokens(&self, of: &UserName) -> Result<u64> {
        self.within(async {
            let done = sqlx::query("DELETE FROM api_token WHERE account = $1")
                .bind(of.as_str())
                .execute(&self.writers)
                .await
                .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected())
        })
        .await
    }
}
