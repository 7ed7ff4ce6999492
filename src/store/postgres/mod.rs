//! The store in a PostgreSQL database: for several machines that share the work.
//!
//! Transactions overlap, so they keep one order of locks, and none waits for
//! another in a circle: first a distribution's course (an advisory lock, shared
//! by claims, alone for a revision), then deliveries by identifier, then the end
//! of the log, which is held for the shortest time that can be. A claim never
//! waits for a row: it takes what nobody holds (`SKIP LOCKED`).

mod accounts;
mod archive;
mod bell;
mod bounces;
mod contacts;
mod erasure;
mod imports;
mod lead;
mod lease;
mod log;
mod merge;
mod open;
mod people;
mod plan;
mod read;
mod revise;
mod rows;
mod suppressions;
mod tokens;
mod turn;
mod watch;

use super::{
    Bell, Census, Claim, Countdown, Imported, LogRow, Pace, Planning, Reaped, Record, Result,
    Revision, Standing, Store, StoreError, Term, Turned,
};
use crate::domain::address::EmailAddress;
use crate::domain::agreement::AgreementWord;
use crate::domain::approval::Approval;
use crate::domain::clock_guard::Heartbeat;
use crate::domain::contact::Contact;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::distribution::{Counts, Distribution};
use crate::domain::encryption::Protection;
use crate::domain::ids::{DeliveryId, DistributionId, LeaseToken, ReleaseId};
use crate::domain::log::{Head, LogEvent};
use crate::domain::log_search::{LogSearch, LogWay};
use crate::domain::outcomes::Breakdown;
use crate::domain::suppression::{Suppression, SuppressionReason};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgPool, Postgres, Transaction};
use std::collections::{BTreeMap, HashMap};
use tokio::time::timeout;

/// The store in a PostgreSQL database.
pub struct PostgresStore {
    /// The server and database, for messages; without any password.
    place: String,
    /// How to get there.
    options: PgConnectOptions,
    writers: PgPool,
    readers: PgPool,
    seat: lead::Seat,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The options hold the password.
        f.debug_struct("PostgresStore")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Translates what PostgreSQL says, at this one place.
    fn failed(&self, error: sqlx::Error) -> StoreError {
        rows::failed(&self.place, error)
    }

    /// Gives up on a server that does not answer: its own limits end every
    /// statement well before, so the way to it is cut, and nobody may say so.
    /// Whoever writes much at once, page by page, is not asked to be quick.
    async fn within<T>(&self, asked: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(open::ANSWER, asked).await.unwrap_or_else(|_| {
            Err(StoreError::CutOff {
                place: self.place.clone(),
                cause: format!("no answer in {} s", open::ANSWER.as_secs()),
            })
        })
    }

    async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        self.writers
            .begin()
            .await
            .map_err(|error| self.failed(error))
    }

    async fn commit(&self, transaction: Transaction<'static, Postgres>) -> Result<()> {
        transaction
            .commit()
            .await
            .map_err(|error| self.failed(error))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }

    async fn import(&self, contacts: &[Contact]) -> Result<Imported> {
        contacts::import(self, contacts).await
    }

    async fn contacts(&self, after: Option<&EmailAddress>, limit: u32) -> Result<Vec<Contact>> {
        self.within(contacts::page(self, after, limit)).await
    }

    async fn contact(&self, email: &EmailAddress) -> Result<Option<Contact>> {
        self.within(contacts::find(self, email)).await
    }

    async fn suppress(&self, suppressions: &[Suppression]) -> Result<u64> {
        self.within(suppressions::suppress(self, suppressions))
            .await
    }

    async fn suppressed(&self) -> Result<HashMap<String, SuppressionReason>> {
        self.within(suppressions::suppressed(self)).await
    }

    async fn is_suppressed(
        &self,
        emails: &[EmailAddress],
    ) -> Result<HashMap<String, SuppressionReason>> {
        self.within(suppressions::is_suppressed(self, emails)).await
    }

    async fn recipients_of(&self, release: &ReleaseId) -> Result<HashMap<String, DistributionId>> {
        self.within(read::recipients_of(self, release)).await
    }

    async fn plan(&self, distribution: DistributionId) -> Result<Box<dyn Planning>> {
        plan::begin(self, distribution).await
    }

    async fn distributions(&self) -> Result<Vec<Distribution>> {
        self.within(read::distributions(self)).await
    }

    async fn distribution(&self, id: DistributionId) -> Result<Option<Distribution>> {
        self.within(read::distribution(self, id)).await
    }

    async fn content(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        self.within(read::content(self, hash)).await
    }

    async fn revise(&self, revision: Revision<'_>) -> Result<Option<u64>> {
        revise::revise(self, revision).await
    }

    async fn still_stands(
        &self,
        delivery: &Delivery,
        protection: &Protection,
        lease: LeaseToken,
        now: Timestamp,
    ) -> Result<bool> {
        self.within(watch::still_stands(self, delivery, protection, lease, now))
            .await
    }

    async fn overdue(&self, now: Timestamp) -> Result<Vec<(DistributionId, Timestamp)>> {
        self.within(watch::overdue(self, now)).await
    }

    async fn countdowns(&self, now: Timestamp) -> Result<Vec<Countdown>> {
        self.within(watch::countdowns(self, now)).await
    }

    async fn waiting_beyond(&self, at: Timestamp) -> Result<Vec<DistributionId>> {
        self.within(watch::waiting_beyond(self, at)).await
    }

    async fn over(&self, now: Timestamp) -> Result<Vec<DistributionId>> {
        self.within(watch::over(self, now)).await
    }

    async fn due_times(&self, id: DistributionId) -> Result<Vec<(Timestamp, u64)>> {
        self.within(watch::due_times(self, id)).await
    }

    async fn receivers_of(&self, release: &ReleaseId) -> Result<HashMap<String, Delivery>> {
        self.within(read::receivers_of(self, release)).await
    }

    async fn approve(&self, approval: &Approval) -> Result<()> {
        let statement = "INSERT INTO approval (release, record) VALUES ($1, $2)";
        let release = approval.release.to_string();
        self.within(watch::keep(self, statement, Some(release), approval))
            .await
    }

    async fn approvals(&self, release: &ReleaseId) -> Result<Vec<Approval>> {
        let statement = "SELECT record FROM approval WHERE release = $1 ORDER BY seq";
        self.within(watch::kept(
            self,
            statement,
            Some(release.to_string()),
            "approval",
        ))
        .await
    }

    async fn record_agreement(&self, word: &AgreementWord) -> Result<()> {
        let statement = "INSERT INTO agreement (record) VALUES ($1)";
        self.within(watch::keep(self, statement, None, word)).await
    }

    async fn agreements(&self) -> Result<Vec<AgreementWord>> {
        let statement = "SELECT record FROM agreement ORDER BY seq";
        self.within(watch::kept(self, statement, None, "agreement"))
            .await
    }

    async fn beat(&self, beat: &Heartbeat) -> Result<()> {
        self.within(watch::beat(self, beat)).await
    }

    async fn next_lapse(&self, distribution: Option<DistributionId>) -> Result<Option<Timestamp>> {
        self.within(watch::next_lapse(self, distribution)).await
    }

    async fn census(&self, now: Timestamp) -> Result<Census> {
        self.within(watch::census(self, now)).await
    }

    async fn last_beat(&self) -> Result<Option<Heartbeat>> {
        self.within(watch::last_beat(self)).await
    }

    async fn listen(&self) -> Result<Option<Box<dyn Bell>>> {
        bell::hang(self).await.map(Some)
    }

    async fn counts(&self, id: DistributionId, now: Timestamp) -> Result<Counts> {
        self.within(read::counts(self, id, now)).await
    }

    async fn counts_by_state(
        &self,
        id: DistributionId,
        now: Timestamp,
        _total: u64,
    ) -> Result<BTreeMap<String, u64>> {
        self.within(read::by_state(self, id, now)).await
    }

    async fn outcomes(&self, id: DistributionId) -> Result<Breakdown> {
        self.within(read::outcomes(self, id)).await
    }

    async fn lease(&self, lease: LeaseToken, until: Timestamp, term: Term) -> Result<bool> {
        self.within(lease::lease(self, lease, until, term)).await
    }

    async fn turn(&self, records: &[Record], claim: Option<Claim<'_>>) -> Result<Turned> {
        self.within(turn::turn(self, records, claim)).await
    }

    async fn held(&self, lease: LeaseToken) -> Result<Vec<DeliveryId>> {
        self.within(lease::held(self, lease)).await
    }

    async fn end_lease(&self, lease: LeaseToken, now: Timestamp) -> Result<Reaped> {
        self.within(lease::end_one(self, lease, now)).await
    }

    async fn reap(&self, now: Timestamp) -> Result<Reaped> {
        self.within(lease::reap(self, now)).await
    }

    async fn lead(&self) -> Result<bool> {
        lead::lead(self).await
    }

    async fn step_down(&self) -> Result<()> {
        lead::step_down(self).await;
        Ok(())
    }

    async fn time(&self) -> Result<Option<Timestamp>> {
        self.within(lease::time(self)).await.map(Some)
    }

    async fn reserve(&self, pace: &Pace<'_>) -> Result<Timestamp> {
        self.within(lease::reserve(self, pace)).await
    }

    async fn due(
        &self,
        distribution: Option<DistributionId>,
        now: Timestamp,
        most: u32,
    ) -> Result<u32> {
        self.within(watch::due(self, distribution, now, most)).await
    }

    async fn next_due(&self, distribution: Option<DistributionId>) -> Result<Option<Timestamp>> {
        self.within(watch::next_due(self, distribution)).await
    }

    async fn standing(
        &self,
        distribution: Option<DistributionId>,
        state: &str,
        limit: u32,
    ) -> Result<Vec<Standing>> {
        self.within(read::standing(self, distribution, state, limit))
            .await
    }

    async fn addresses_of(&self, ids: &[DeliveryId]) -> Result<HashMap<String, String>> {
        self.within(read::addresses_of(self, ids)).await
    }

    async fn last_entries(&self) -> Result<HashMap<DistributionId, u64>> {
        self.within(read::last_entries(self)).await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Standing>> {
        self.within(read::delivery(self, id)).await
    }

    async fn decide(
        &self,
        id: DeliveryId,
        from: &DeliveryState,
        to: &DeliveryState,
        event: LogEvent,
    ) -> Result<bool> {
        self.within(turn::decide(self, id, from, to, event)).await
    }

    async fn search_log(&self, search: &LogSearch, way: LogWay, limit: u32) -> Result<Vec<LogRow>> {
        self.within(log::search(self, search, way, limit)).await
    }

    async fn log_head(&self) -> Result<Head> {
        self.within(log::head(self)).await
    }

    async fn states(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<(DeliveryId, String)>> {
        self.within(read::states(self, after, limit)).await
    }
}
