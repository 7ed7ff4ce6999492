//! Reports that come back.

use super::read::{STANDING, stand, text};
use super::rows::{asked, due_at, from_json, json, micros, timestamp};
use super::{Result, SqliteStore, log, suppressions};
use crate::domain::bounce::{Bounce, Evidence};
use crate::domain::bounce_search::BounceSearch;
use crate::domain::erasure::is_forgotten;
use crate::store::Standing;
use crate::store::bounces::{Arrived, Bounces, Fate, Judge, Judged, bounce_query, key, seq};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

#[async_trait]
impl Bounces for SqliteStore {
    async fn take_in(
        &self,
        arrived: &[Arrived],
        since: Timestamp,
        judge: &Judge<'_>,
    ) -> Result<Vec<Fate>> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.begin().await?;
        let (mut fates, mut events) = (Vec::new(), Vec::new());
        for one in arrived {
            if is_known(&mut transaction, &one.fingerprint)
                .await
                .map_err(wrong)?
            {
                fates.push(Fate::Known);
                continue;
            }
            let found = find(self, &mut transaction, one).await?;
            let found = found.filter(|(standing, _)| is_known_still(standing));
            let Some((standing, evidence)) = found else {
                fates.push(Fate::Unmatched);
                continue;
            };
            let earlier = earlier(self, &mut transaction, &standing, since).await?;
            let Some(judged) = judge(one, evidence, &standing, &earlier) else {
                fates.push(Fate::Early);
                continue;
            };
            let fate = keep(&mut transaction, one, &standing, &judged)
                .await
                .map_err(wrong)?;
            fates.push(fate);
            events.extend(judged.event);
        }
        let events: Vec<_> = events.iter().collect();
        log::append(&mut transaction, &events)
            .await
            .map_err(wrong)?;
        transaction.commit().await.map_err(wrong)?;
        Ok(fates)
    }

    async fn bounces(
        &self,
        search: &BounceSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Bounce)>> {
        let mut query = asked(bounce_query(search, before, limit, suppressions::POSITION));
        let rows = query
            .build()
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        let read = |row| {
            let at: i64 = SqliteRow::try_get(row, 0).map_err(|error| self.failed(error))?;
            let bounce = from_json(&self.place, "bounce", &text(self, row, 1)?)?;
            Ok((seq(&self.place, at)?, bounce))
        };
        rows.iter().map(read).collect()
    }

    async fn bounce(&self, fingerprint: &str) -> Result<Option<(Bounce, Vec<u8>)>> {
        let row = sqlx::query("SELECT record, report FROM bounce WHERE fingerprint = ?")
            .bind(fingerprint)
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        let read = |row: SqliteRow| {
            let bounce = from_json(&self.place, "bounce", &text(self, &row, 0)?)?;
            let report = row.try_get(1).map_err(|error| self.failed(error))?;
            Ok((bounce, report))
        };
        row.map(read).transpose()
    }

    async fn bounce_key(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let wrong = |error| self.failed(error);
        let ask = "SELECT octets FROM bounce_key";
        let mut row = sqlx::query(ask)
            .fetch_optional(&self.readers)
            .await
            .map_err(wrong)?;
        if row.is_none() {
            sqlx::query(
                "INSERT INTO bounce_key (one, octets) VALUES (1, ?) ON CONFLICT (one) DO NOTHING",
            )
            .bind(fresh.as_slice())
            .execute(&self.writer)
            .await
            .map_err(wrong)?;
            row = sqlx::query(ask)
                .fetch_optional(&self.writer)
                .await
                .map_err(wrong)?;
        }
        let octets: Option<Vec<u8>> = row.map(|row| row.try_get(0)).transpose().map_err(wrong)?;
        key(&self.place, octets.as_deref())
    }
}

async fn is_known(connection: &mut SqliteConnection, fingerprint: &str) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT 1 FROM bounce WHERE fingerprint = ?")
        .bind(fingerprint)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// The delivery that a report is about: the one that it names, else the newest
/// that an address of it got.
async fn find(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    one: &Arrived,
) -> Result<Option<(Standing, Evidence)>> {
    let wrong = |error| store.failed(error);
    if let Some((id, evidence)) = one.delivery {
        let named = sqlx::query(AssertSqlSafe(format!("{STANDING} WHERE id = ?")))
            .bind(id.to_string())
            .fetch_optional(&mut *connection)
            .await
            .map_err(wrong)?;
        if let Some(row) = named {
            return Ok(Some((stand(store, &row)?, evidence)));
        }
    }
    for email in &one.addresses {
        let newest = sqlx::query(AssertSqlSafe(format!(
            "{STANDING} WHERE n = (SELECT plan.n FROM delivery_plan AS plan JOIN delivery_state AS state ON state.n = plan.n \
             WHERE plan.email = ? AND state.state IN ('accepted', 'in_doubt', 'bounced') ORDER BY state.state = 'bounced', plan.n DESC LIMIT 1)"
        )))
        .bind(email.to_string())
        .fetch_optional(&mut *connection)
        .await
        .map_err(wrong)?;
        if let Some(row) = newest {
            return Ok(Some((stand(store, &row)?, Evidence::Address)));
        }
    }
    Ok(None)
}

/// Whether a report may be kept: whoever was forgotten has none.
fn is_known_still(standing: &Standing) -> bool {
    !is_forgotten(&standing.delivery.recipient.email)
}

/// The times of an address's earlier failures, one for each other delivery.
async fn earlier(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    standing: &Standing,
    since: Timestamp,
) -> Result<Vec<Timestamp>> {
    let wrong = |error| store.failed(error);
    let rows = sqlx::query(
        "SELECT max(at) FROM bounce WHERE email = ? AND at >= ? AND kind IN ('hard', 'soft') AND delivery <> ? GROUP BY delivery",
    )
    .bind(standing.delivery.recipient.email.to_string())
    .bind(micros(since))
    .bind(standing.delivery.id.to_string())
    .fetch_all(connection)
    .await
    .map_err(wrong)?;
    rows.iter()
        .map(|row| timestamp(&store.place, row.try_get(0).map_err(wrong)?))
        .collect()
}

/// Writes what was judged.
async fn keep(
    connection: &mut SqliteConnection,
    one: &Arrived,
    from: &Standing,
    judged: &Judged,
) -> sqlx::Result<Fate> {
    let bounce = &judged.bounce;
    sqlx::query("INSERT INTO bounce (fingerprint, delivery, email, kind, at, record, report) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(&bounce.fingerprint)
        .bind(bounce.delivery.to_string())
        .bind(bounce.email.to_string())
        .bind(bounce.finding.name())
        .bind(micros(bounce.at))
        .bind(json(bounce))
        .bind(one.report.as_ref())
        .execute(&mut *connection)
        .await?;
    if let Some(to) = &judged.state {
        // It was read in this transaction: nobody has moved it since.
        sqlx::query(
            "UPDATE delivery_state SET state = ?, facts = ?, due_at = ?, lease = NULL WHERE id = ?",
        )
        .bind(to.name())
        .bind(json(to))
        .bind(due_at(to))
        .bind(from.delivery.id.to_string())
        .execute(&mut *connection)
        .await?;
    }
    let barred = suppressions::insert(connection, &judged.bars).await? > 0;
    Ok(Fate::Kept {
        moved: judged.state.is_some(),
        barred,
    })
}
