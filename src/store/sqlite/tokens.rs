//! The API's tokens.

use super::accounts::record;
use super::{Result, SqliteStore};
use crate::domain::account::UserName;
use crate::domain::token::{Token, TokenName};
use crate::store::tokens::Tokens;
use crate::store::values::json;
use async_trait::async_trait;

#[async_trait]
impl Tokens for SqliteStore {
    async fn add_token(&self, hash: &str, token: &Token) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO api_token (hash, name, account, record) VALUES (?, ?, ?, ?) \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(hash)
        .bind(token.name.as_str())
        .bind(token.account.as_str())
        .bind(json(token))
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected() == 1)
    }

    async fn token(&self, hash: &str) -> Result<Option<Token>> {
        let row = sqlx::query("SELECT record FROM api_token WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| record(self, &row, "token")).transpose()
    }

    async fn tokens(&self, of: Option<&UserName>) -> Result<Vec<Token>> {
        let rows = sqlx::query(
            "SELECT record FROM api_token WHERE ?1 IS NULL OR account = ?1 ORDER BY name",
        )
        .bind(of.map(UserName::as_str))
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))?;
        rows.iter().map(|row| record(self, row, "token")).collect()
    }

    async fn keep_token(&self, token: &Token) -> Result<()> {
        sqlx::query("UPDATE api_token SET record = ? WHERE name = ?")
            .bind(json(token))
            .bind(token.name.as_str())
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    async fn end_token(&self, name: &TokenName) -> Result<bool> {
        let done = sqlx::query("DELETE FROM api_token WHERE name = ?")
            .bind(name.as_str())
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected() == 1)
    }

    async fn end_tokens(&self, of: &UserName) -> Result<u64> {
        let done = sqlx::query("DELETE FROM api_token WHERE account = ?")
            .bind(of.as_str())
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected())
    }
}
