//! Contacts one by one, and how they are found.

use super::contacts::{contact, write};
use super::erasure::among;
use super::read::{STANDING, number, stand, text};
use super::rows::asked;
use super::{Result, SqliteStore, suppressions};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_search::ContactSearch;
use crate::domain::ids::ContactId;
use crate::domain::suppression::{Suppression, SuppressionSearch};
use crate::store::Standing;
use crate::store::people::{COMMON, People, after_all, contact_query, gathering};
use async_trait::async_trait;
use sqlx::{Row, Sqlite, Transaction};
use std::collections::BTreeMap;

#[async_trait]
impl People for SqliteStore {
    async fn add_contact(&self, contact: &Contact) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let known = sqlx::query("SELECT 1 FROM contact WHERE email = ?")
            .bind(contact.email.to_string())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| self.failed(error))?;
        let emails = std::slice::from_ref(&contact.email);
        let forgotten = among(&mut transaction, &self.place, emails).await?;
        if known.is_some() || !forgotten.is_empty() {
            return Ok(false);
        }
        self.written(transaction, None, contact).await
    }

    async fn change_contact(&self, from: &Contact, to: &Contact) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query("SELECT record FROM contact WHERE email = ?")
            .bind(from.email.to_string())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| self.failed(error))?;
        let now = row.map(|row| contact(&self.place, &row)).transpose()?;
        if now.as_ref() != Some(from) || (from.id, &from.email) != (to.id, &to.email) {
            return Ok(false);
        }
        self.written(transaction, Some(from), to).await
    }

    async fn contact_of(&self, id: ContactId) -> Result<Option<Contact>> {
        let row = sqlx::query("SELECT record FROM contact WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| contact(&self.place, &row)).transpose()
    }

    async fn find_contacts(
        &self,
        search: &ContactSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Contact>> {
        let rare = self.rare(search).await?;
        let mut query = asked(contact_query(search, rare, after, limit, "instr"));
        let rows = query
            .build()
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        rows.iter().map(|row| contact(&self.place, row)).collect()
    }

    async fn lists(&self) -> Result<BTreeMap<String, u64>> {
        let rows = sqlx::query(
            "SELECT value, count(*) FROM contact_key WHERE kind = 'list' GROUP BY value",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))?;
        rows.iter()
            .map(|row| Ok((text(self, row, 0)?, number(self, row, 1)?)))
            .collect()
    }

    async fn contact_count(&self) -> Result<u64> {
        self.counted("SELECT count(*) FROM contact").await
    }

    async fn contacts_version(&self) -> Result<u64> {
        self.counted("SELECT version FROM contact_book").await
    }

    async fn deliveries_to(&self, email: &EmailAddress, limit: u32) -> Result<Vec<Standing>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{STANDING} WHERE email = ? ORDER BY n DESC LIMIT ?"
        )))
        .bind(email.to_string())
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))?;
        rows.iter().map(|row| stand(self, row)).collect()
    }

    async fn suppression(&self, email: &EmailAddress) -> Result<Option<Suppression>> {
        suppressions::one(self, email).await
    }

    async fn suppressions(
        &self,
        search: &SuppressionSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Suppression>> {
        suppressions::search(self, search, after, limit).await
    }

    async fn lift(&self, suppression: &Suppression) -> Result<bool> {
        suppressions::lift(self, suppression).await
    }
}

impl SqliteStore {
    async fn written(
        &self,
        mut transaction: Transaction<'static, Sqlite>,
        old: Option<&Contact>,
        new: &Contact,
    ) -> Result<bool> {
        let wrong = |error| self.failed(error);
        write(&mut transaction, old, new).await.map_err(wrong)?;
        transaction.commit().await.map_err(wrong)?;
        Ok(true)
    }

    /// The words by which to gather contacts.
    async fn rare<'s>(&self, search: &'s ContactSearch) -> Result<Vec<&'s String>> {
        let mut rare = Vec::new();
        for word in &search.words {
            let row = sqlx::query(
                "SELECT count(*) FROM (SELECT 1 FROM contact_key WHERE kind = 'word' AND value >= ? AND value < ? LIMIT ?)",
            )
            .bind(word)
            .bind(after_all(word))
            .bind(COMMON)
            .fetch_one(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
            let count: i64 = row.try_get(0).map_err(|error| self.failed(error))?;
            if count < COMMON {
                rare.push((count, word));
            }
        }
        Ok(gathering(rare))
    }

    async fn counted(&self, question: &'static str) -> Result<u64> {
        let row = sqlx::query(question)
            .fetch_one(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        number(self, &row, 0)
    }
}
