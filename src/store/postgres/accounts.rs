//! Accounts, sessions and acts.

use super::{PostgresStore, Result};
use crate::domain::account::{Account, Act, Session, UserName};
use crate::store::accounts::Accounts;
use crate::store::values::{from_json, json, micros};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::postgres::PgRow;

#[async_trait]
impl Accounts for PostgresStore {
    async fn add_account(&self, account: &Account) -> Result<bool> {
        self.within(async {
            let done = sqlx::query(
                "INSERT INTO account (name, record) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            )
            .bind(account.name.as_str())
            .bind(json(account))
            .execute(&self.writers)
            .await
            .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn account(&self, name: &UserName) -> Result<Option<Account>> {
        self.within(async {
            let row = sqlx::query("SELECT record FROM account WHERE name = $1")
                .bind(name.as_str())
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            row.map(|row| record(self, &row, "account")).transpose()
        })
        .await
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        self.within(async {
            let rows = sqlx::query("SELECT record FROM account ORDER BY name")
                .fetch_all(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            rows.iter()
                .map(|row| record(self, row, "account"))
                .collect()
        })
        .await
    }

    async fn change_account(&self, from: &Account, to: &Account) -> Result<bool> {
        self.within(async {
            let done =
                sqlx::query("UPDATE account SET record = $1 WHERE name = $2 AND record = $3")
                    .bind(json(to))
                    .bind(from.name.as_str())
                    .bind(json(from))
                    .execute(&self.writers)
                    .await
                    .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn keep_session(&self, hash: &str, session: &Session) -> Result<()> {
        self.within(async {
            sqlx::query(
                "INSERT INTO session (hash, account, ends, record) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (hash) DO UPDATE SET ends = excluded.ends, record = excluded.record",
            )
            .bind(hash)
            .bind(session.account.as_str())
            .bind(micros(session.ends()))
            .bind(json(session))
            .execute(&self.writers)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
        })
        .await
    }

    async fn session(&self, hash: &str) -> Result<Option<Session>> {
        self.within(async {
            let row = sqlx::query("SELECT record FROM session WHERE hash = $1")
                .bind(hash)
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            row.map(|row| record(self, &row, "session")).transpose()
        })
        .await
    }

    async fn end_session(&self, hash: &str) -> Result<()> {
        self.within(async {
            sqlx::query("DELETE FROM session WHERE hash = $1")
                .bind(hash)
                .execute(&self.writers)
                .await
                .map(drop)
                .map_err(|error| self.failed(error))
        })
        .await
    }

    async fn end_sessions(&self, name: &UserName, but: Option<&str>) -> Result<u64> {
        self.within(async {
            let done = sqlx::query("DELETE FROM session WHERE account = $1 AND hash <> $2")
                .bind(name.as_str())
                .bind(but.unwrap_or_default())
                .execute(&self.writers)
                .await
                .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64> {
        self.within(async {
            let done = sqlx::query("DELETE FROM session WHERE ends <= $1")
                .bind(micros(now))
                .execute(&self.writers)
                .await
                .map_err(|error| self.failed(error))?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn record_act(&self, act: &Act) -> Result<()> {
        self.within(async {
            sqlx::query("INSERT INTO act (record) VALUES ($1)")
                .bind(json(act))
                .execute(&self.writers)
                .await
                .map(drop)
                .map_err(|error| self.failed(error))
        })
        .await
    }

    async fn acts(&self, before: Option<u64>, limit: u32) -> Result<Vec<(u64, Act)>> {
        self.within(async {
            let before = before.and_then(|seq| i64::try_from(seq).ok());
            let rows = sqlx::query(
                "SELECT seq, record FROM act WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
            )
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
        })
        .await
    }
}

/// What a `record` column holds.
pub(super) fn record<T: DeserializeOwned>(
    store: &PostgresStore,
    row: &PgRow,
    what: &str,
) -> Result<T> {
    let text: &str = row.try_get("record").map_err(|error| store.failed(error))?;
    from_json(&store.place, what, text)
}
