//! Contacts one by one, and how they are found.

use super::contacts::{begin_alone, contact, write};
use super::erasure::among;
use super::rows::{STANDING, asked, delivery, get, number, stand};
use super::{PostgresStore, Result, suppressions};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_search::ContactSearch;
use crate::domain::ids::ContactId;
use crate::domain::suppression::{Suppression, SuppressionSearch};
use crate::store::Standing;
use crate::store::people::{COMMON, People, after_all, contact_query, gathering};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;
use std::collections::BTreeMap;

#[async_trait]
impl People for PostgresStore {
    async fn add_contact(&self, contact: &Contact) -> Result<bool> {
        self.within(add(self, contact)).await
    }

    async fn change_contact(&self, from: &Contact, to: &Contact) -> Result<bool> {
        self.within(change(self, from, to)).await
    }

    async fn contact_of(&self, id: ContactId) -> Result<Option<Contact>> {
        self.within(async {
            let row = sqlx::query("SELECT record FROM contact WHERE id = $1")
                .bind(id.to_string())
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            row.map(|row| contact(&self.place, &row)).transpose()
        })
        .await
    }

    async fn find_contacts(
        &self,
        search: &ContactSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Contact>> {
        self.within(find(self, search, after, limit)).await
    }

    async fn lists(&self) -> Result<BTreeMap<String, u64>> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT value, count(*) FROM contact_key WHERE kind = 'list' GROUP BY value",
            )
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
            let pair = |row: &PgRow| -> Result<_> {
                Ok((
                    get(&self.place, row, "value")?,
                    number(&self.place, row, "count")?,
                ))
            };
            rows.iter().map(pair).collect()
        })
        .await
    }

    async fn contact_count(&self) -> Result<u64> {
        self.within(counted(self, "SELECT count(*) AS n FROM contact"))
            .await
    }

    async fn contacts_version(&self) -> Result<u64> {
        self.within(counted(self, "SELECT version AS n FROM contact_book"))
            .await
    }

    async fn deliveries_to(&self, email: &EmailAddress, limit: u32) -> Result<Vec<Standing>> {
        self.within(deliveries(self, email, limit)).await
    }

    async fn suppression(&self, email: &EmailAddress) -> Result<Option<Suppression>> {
        self.within(suppressions::one(self, email)).await
    }

    async fn suppressions(
        &self,
        search: &SuppressionSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Suppression>> {
        self.within(suppressions::search(self, search, after, limit))
            .await
    }

    async fn lift(&self, suppression: &Suppression) -> Result<bool> {
        self.within(suppressions::lift(self, suppression)).await
    }
}

async fn add(store: &PostgresStore, contact: &Contact) -> Result<bool> {
    let mut transaction = begin_alone(store).await?;
    let wrong = |error| store.failed(error);
    let known = sqlx::query("SELECT 1 FROM contact WHERE email = $1")
        .bind(contact.email.to_string())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(wrong)?;
    let emails = std::slice::from_ref(&contact.email);
    let forgotten = among(&mut transaction, &store.place, emails).await?;
    if known.is_some() || !forgotten.is_empty() {
        return Ok(false);
    }
    write(&mut transaction, None, contact)
        .await
        .map_err(wrong)?;
    store.commit(transaction).await?;
    Ok(true)
}

async fn change(store: &PostgresStore, from: &Contact, to: &Contact) -> Result<bool> {
    let mut transaction = begin_alone(store).await?;
    let wrong = |error| store.failed(error);
    let row = sqlx::query("SELECT record FROM contact WHERE email = $1")
        .bind(from.email.to_string())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(wrong)?;
    let now = row.map(|row| contact(&store.place, &row)).transpose()?;
    if now.as_ref() != Some(from) || (from.id, &from.email) != (to.id, &to.email) {
        return Ok(false);
    }
    write(&mut transaction, Some(from), to)
        .await
        .map_err(wrong)?;
    store.commit(transaction).await?;
    Ok(true)
}

async fn find(
    store: &PostgresStore,
    search: &ContactSearch,
    after: Option<&EmailAddress>,
    limit: u32,
) -> Result<Vec<Contact>> {
    let rare = rare(store, search).await?;
    let mut query = asked(contact_query(search, rare, after, limit, "strpos"));
    let rows = query
        .build()
        .fetch_all(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    rows.iter().map(|row| contact(&store.place, row)).collect()
}

/// The words by which to gather contacts.
async fn rare<'s>(store: &PostgresStore, search: &'s ContactSearch) -> Result<Vec<&'s String>> {
    let mut rare = Vec::new();
    for word in &search.words {
        let row = sqlx::query(
            "SELECT count(*) AS n FROM (SELECT 1 FROM contact_key WHERE kind = 'word' AND value >= $1 AND value < $2 LIMIT $3) AS few",
        )
        .bind(word)
        .bind(after_all(word))
        .bind(COMMON)
        .fetch_one(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
        let count: i64 = get(&store.place, &row, "n")?;
        if count < COMMON {
            rare.push((count, word));
        }
    }
    Ok(gathering(rare))
}

async fn counted(store: &PostgresStore, question: &'static str) -> Result<u64> {
    let row = sqlx::query(question)
        .fetch_one(&store.readers)
        .await
        .map_err(|error| store.failed(error))?;
    number(&store.place, &row, "n")
}

/// By the identifiers in their plans: states have an index by these alone.
async fn deliveries(
    store: &PostgresStore,
    email: &EmailAddress,
    limit: u32,
) -> Result<Vec<Standing>> {
    let wrong = |error| store.failed(error);
    let plans =
        sqlx::query("SELECT plan FROM delivery_plan WHERE email = $1 ORDER BY n DESC LIMIT $2")
            .bind(email.to_string())
            .bind(i64::from(limit))
            .fetch_all(&store.readers)
            .await
            .map_err(wrong)?;
    let ids: Vec<_> = plans
        .iter()
        .map(|row| Ok(delivery(&store.place, row)?.id.to_string()))
        .collect::<Result<_>>()?;
    let question = format!("{STANDING} WHERE state.id = ANY($1) ORDER BY state.n DESC");
    let rows = sqlx::query(AssertSqlSafe(question))
        .bind(ids)
        .fetch_all(&store.readers)
        .await
        .map_err(wrong)?;
    rows.iter().map(|row| stand(&store.place, row)).collect()
}
