//! Accounts, sessions and acts.

use super::{Result, SqliteStore};
use crate::domain::account::{Account, Act, Session, UserName};
use crate::store::accounts::Accounts;
use crate::store::values::{from_json, json, micros};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[async_trait]
impl Accounts for SqliteStore {
    async fn add_account(&self, account: &Account) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO account (name, record) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        )
        .bind(account.name.as_str())
        .bind(json(account))
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected() == 1)
    }

    async fn account(&self, name: &UserName) -> Result<Option<Account>> {
        let row = sqlx::query("SELECT record FROM account WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| record(self, &row, "account")).transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        let rows = sqlx::query("SELECT record FROM account ORDER BY name")
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        rows.iter()
            .map(|row| record(self, row, "account"))
            .collect()
    }

    async fn change_account(&self, from: &Account, to: &Account) -> Result<bool> {
        let done = sqlx::query("UPDATE account SET record = ? WHERE name = ? AND record = ?")
            .bind(json(to))
            .bind(from.name.as_str())
            .bind(json(from))
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected() == 1)
    }

    async fn keep_session(&self, hash: &str, session: &Session) -> Result<()> {
        sqlx::query(
            "INSERT INTO session (hash, account, ends, record) VALUES (?, ?, ?, ?) \
             ON CONFLICT (hash) DO UPDATE SET ends = excluded.ends, record = excluded.record",
        )
        .bind(hash)
        .bind(session.account.as_str())
        .bind(micros(session.ends()))
        .bind(json(session))
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(|error| self.failed(error))
    }

    async fn session(&self, hash: &str) -> Result<Option<Session>> {
        let row = sqlx::query("SELECT record FROM session WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| record(self, &row, "session")).transpose()
    }

    async fn end_session(&self, hash: &str) -> Result<()> {
        sqlx::query("DELETE FROM session WHERE hash = ?")
            .bind(hash)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    async fn end_sessions(&self, name: &UserName, but: Option<&str>) -> Result<u64> {
        let done = sqlx::query("DELETE FROM session WHERE account = ? AND hash <> ?")
            .bind(name.as_str())
            .bind(but.unwrap_or_default())
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected())
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64> {
        let done = sqlx::query("DELETE FROM session WHERE ends <= ?")
            .bind(micros(now))
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected())
    }

    async fn record_act(&self, act: &Act) -> Result<()> {
        sqlx::query("INSERT INTO act (record) VALUES (?)")
            .bind(json(act))
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    async fn acts(&self, before: Option<u64>, limit: u32) -> Result<Vec<(u64, Act)>> {
        let before = before.and_then(|seq| i64::try_from(seq).ok());
        let rows =
            sqlx::query("SELECT seq, record FROM act WHERE seq < ? ORDER BY seq DESC LIMIT ?")
                .bind(before.unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
        rows.iter()
            .map(|row| {
                let seq: i64 = row.try_get("seq").map_err(|error| self.failed(error))?;
                let act = record(self, row, "act")?;
                Ok((u64::try_from(seq).unwrap_or_default(), act))
            })
            .collect()
    }
}

/// What a `record` column holds.
pub(super) fn record<T: DeserializeOwned>(
    store: &SqliteStore,
    row: &SqliteRow,
    what: &str,
) -> Result<T> {
    let text: &str = row.try_get("record").map_err(|error| store.failed(error))?;
    from_json(&store.place, what, text)
}
