//! Reports that come back.

use super::rows::{STANDING, asked, get, stand};
use super::{PostgresStore, Result, log, suppressions};
use crate::domain::bounce::{Bounce, Evidence};
use crate::domain::bounce_search::BounceSearch;
use crate::domain::erasure::is_forgotten;
use crate::store::Standing;
use crate::store::bounces::{self, Arrived, Bounces, Fate, Judge, Judged, bounce_query};
use crate::store::values::{due_at, from_json, json, micros, timestamp};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection};

/// Whoever takes reports in holds this lock: two at once would each count
/// failures without the other's. "bounces" in ASCII.
const LOCK: i64 = 0x62_6f_75_6e_63_65_73;

#[async_trait]
impl Bounces for PostgresStore {
    async fn take_in(
        &self,
        arrived: &[Arrived],
        since: Timestamp,
        judge: &Judge<'_>,
    ) -> Result<Vec<Fate>> {
        let wrong = |error| self.failed(error);
        let mut transaction = self.begin().await?;
        lock_all(&mut transaction).await.map_err(wrong)?;
        let mut fates = vec![Fate::Unmatched; arrived.len()];
        let mut events = Vec::new();
        // Deliveries are locked in the order of identifiers, as everybody does.
        for (place, standing, evidence) in find_all(self, &mut transaction, arrived).await? {
            let one = &arrived[place];
            if is_known(&mut transaction, &one.fingerprint)
                .await
                .map_err(wrong)?
            {
                fates[place] = Fate::Known;
                continue;
            }
            let (standing, evidence) = match evidence {
                Evidence::ReturnPath | Evidence::MessageId | Evidence::Word => (standing, evidence),
                // An earlier report of this batch may have moved what was found.
                Evidence::Address => match find(self, &mut transaction, one).await? {
                    Some(found) => found,
                    None => continue,
                },
            };
            let standing = lock(self, &mut transaction, standing).await?;
            if !is_known_still(&standing) {
                continue;
            }
            let earlier = earlier(self, &mut transaction, &standing, since).await?;
            let Some(judged) = judge(one, evidence, &standing, &earlier) else {
                fates[place] = Fate::Early;
                continue;
            };
            fates[place] = keep(&mut transaction, one, &standing, &judged)
                .await
                .map_err(wrong)?;
            events.extend(judged.event);
        }
        let events: Vec<_> = events.iter().collect();
        log::append(&mut transaction, &events)
            .await
            .map_err(wrong)?;
        self.commit(transaction).await?;
        Ok(fates)
    }

    async fn bounces(
        &self,
        search: &BounceSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Bounce)>> {
        let found = async {
            let rows = asked(bounce_query(search, before, limit, suppressions::POSITION))
                .build()
                .fetch_all(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            let read = |row| {
                let at = bounces::seq(&self.place, get(&self.place, row, "seq")?)?;
                let bounce = from_json(&self.place, "bounce", get(&self.place, row, "record")?)?;
                Ok((at, bounce))
            };
            rows.iter().map(read).collect()
        };
        self.within(found).await
    }

    async fn bounce(&self, fingerprint: &str) -> Result<Option<(Bounce, Vec<u8>)>> {
        // No text in PostgreSQL holds NUL, so no fingerprint does.
        if fingerprint.contains('\0') {
            return Ok(None);
        }
        let asked = async {
            let row = sqlx::query("SELECT record, report FROM bounce WHERE fingerprint = $1")
                .bind(fingerprint)
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
            let read = |row: PgRow| {
                let bounce = from_json(&self.place, "bounce", get(&self.place, &row, "record")?)?;
                Ok((bounce, get(&self.place, &row, "report")?))
            };
            row.map(read).transpose()
        };
        self.within(asked).await
    }

    async fn bounce_key(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.within(key(self, fresh)).await
    }
}

/// Keeps everybody else who takes reports in out until the transaction ends.
pub(super) async fn lock_all(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(connection)
        .await
        .map(drop)
}

async fn key(store: &PostgresStore, fresh: [u8; 32]) -> Result<[u8; 32]> {
    let wrong = |error| store.failed(error);
    let ask = "SELECT octets FROM bounce_key";
    let mut row = sqlx::query(ask)
        .fetch_optional(&store.readers)
        .await
        .map_err(wrong)?;
    if row.is_none() {
        sqlx::query(
            "INSERT INTO bounce_key (one, octets) VALUES (1, $1) ON CONFLICT (one) DO NOTHING",
        )
        .bind(fresh.as_slice())
        .execute(&store.writers)
        .await
        .map_err(wrong)?;
        row = sqlx::query(ask)
            .fetch_optional(&store.writers)
            .await
            .map_err(wrong)?;
    }
    let octets: Option<Vec<u8>> = row
        .map(|row| get(&store.place, &row, "octets"))
        .transpose()?;
    bounces::key(&store.place, octets.as_deref())
}

async fn is_known(connection: &mut PgConnection, fingerprint: &str) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT 1 FROM bounce WHERE fingerprint = $1")
        .bind(fingerprint)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// The place of a report, the delivery it is about, and by what it was matched.
type Found = (usize, Standing, Evidence);

/// Those with a delivery, by the deliveries' identifiers.
async fn find_all(
    store: &PostgresStore,
    connection: &mut PgConnection,
    arrived: &[Arrived],
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (place, one) in arrived.iter().enumerate() {
        if let Some((standing, evidence)) = find(store, connection, one).await? {
            found.push((place, standing, evidence));
        }
    }
    found.sort_by_key(|(place, standing, _)| (standing.delivery.id, *place));
    Ok(found)
}

/// The delivery that a report is about: the one that it names, else the newest
/// that an address of it got.
async fn find(
    store: &PostgresStore,
    connection: &mut PgConnection,
    one: &Arrived,
) -> Result<Option<(Standing, Evidence)>> {
    let wrong = |error| store.failed(error);
    if let Some((id, evidence)) = one.delivery {
        let named = sqlx::query(AssertSqlSafe(format!("{STANDING} WHERE state.id = $1")))
            .bind(id.to_string())
            .fetch_optional(&mut *connection)
            .await
            .map_err(wrong)?;
        if let Some(row) = named {
            return Ok(Some((stand(&store.place, &row)?, evidence)));
        }
    }
    for email in &one.addresses {
        let newest = sqlx::query(AssertSqlSafe(format!(
            "{STANDING} WHERE plan.email = $1 AND state.state IN ('accepted', 'in_doubt', 'bounced') \
             ORDER BY state.state = 'bounced', plan.n DESC LIMIT 1"
        )))
        .bind(email.to_string())
        .fetch_optional(&mut *connection)
        .await
        .map_err(wrong)?;
        if let Some(row) = newest {
            return Ok(Some((stand(&store.place, &row)?, Evidence::Address)));
        }
    }
    Ok(None)
}

/// The delivery as it stands while nobody else can move it.
async fn lock(
    store: &PostgresStore,
    connection: &mut PgConnection,
    standing: Standing,
) -> Result<Standing> {
    let row = sqlx::query(AssertSqlSafe(format!(
        "{STANDING} WHERE state.id = $1 FOR UPDATE OF state"
    )))
    .bind(standing.delivery.id.to_string())
    .fetch_optional(connection)
    .await
    .map_err(|error| store.failed(error))?;
    match row {
        Some(row) => stand(&store.place, &row),
        None => Ok(standing),
    }
}

/// Whether a report may be kept: whoever was forgotten has none.
fn is_known_still(standing: &Standing) -> bool {
    !is_forgotten(&standing.delivery.recipient.email)
}

/// The times of an address's earlier failures, one for each other delivery.
async fn earlier(
    store: &PostgresStore,
    connection: &mut PgConnection,
    standing: &Standing,
    since: Timestamp,
) -> Result<Vec<Timestamp>> {
    let rows = sqlx::query(
        "SELECT max(at) AS at FROM bounce WHERE email = $1 AND at >= $2 AND kind IN ('hard', 'soft') AND delivery <> $3 GROUP BY delivery",
    )
    .bind(standing.delivery.recipient.email.to_string())
    .bind(micros(since))
    .bind(standing.delivery.id.to_string())
    .fetch_all(connection)
    .await
    .map_err(|error| store.failed(error))?;
    rows.iter()
        .map(|row| timestamp(&store.place, get(&store.place, row, "at")?))
        .collect()
}

/// Writes what was judged.
async fn keep(
    connection: &mut PgConnection,
    one: &Arrived,
    from: &Standing,
    judged: &Judged,
) -> sqlx::Result<Fate> {
    let bounce = &judged.bounce;
    sqlx::query("INSERT INTO bounce (fingerprint, delivery, email, kind, at, record, report) VALUES ($1, $2, $3, $4, $5, $6, $7)")
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
        sqlx::query("UPDATE delivery_state SET state = $1, facts = $2, due_at = $3, lease = NULL WHERE id = $4")
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
