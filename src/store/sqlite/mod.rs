//! The store in one SQLite file: for a newsroom on one machine.
//!
//! SQLite has one writer, so there is one writing connection behind a lock,
//! and a few readers beside it (WAL). Claims and outcomes are one statement a
//! batch; a commit is on disk when it answers (`synchronous = FULL`).

mod accounts;
mod archive;
mod batch;
mod bell;
mod bounces;
mod contacts;
mod erasure;
mod fold;
mod imports;
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

pub use open::Durability;

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
use sqlx::{Sqlite, SqlitePool, Transaction};
use std::collections::{BTreeMap, HashMap};

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    /// The file, for messages.
    place: String,
    /// Where the bell hangs.
    bell: Option<std::path::PathBuf>,
    /// One connection.
    writer: SqlitePool,
    readers: SqlitePool,
    folder: fold::Folder,
}

impl SqliteStore {
    /// Translates what SQLite says, at this one place.
    fn failed(&self, error: sqlx::Error) -> StoreError {
        rows::failed(&self.place, error)
    }

    /// Begins to write; nobody else does meanwhile.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        self.writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(|error| self.failed(error))
    }

    /// Tells whoever listens that there may be something new to do.
    fn ring(&self) {
        bell::ring(self.bell.as_deref());
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn close(&self) {
        self.readers.close().await;
        self.folder.close().await;
        // The last one folds what is left and takes the log away.
        self.writer.close().await;
    }

    async fn import(&self, contacts: &[Contact]) -> Result<Imported> {
        contacts::import(self, contacts).await
    }

    async fn contacts(&self, after: Option<&EmailAddress>, limit: u32) -> Result<Vec<Contact>> {
        contacts::page(self, after, limit).await
    }

    async fn contact(&self, email: &EmailAddress) -> Result<Option<Contact>> {
        contacts::find(self, email).await
    }

    async fn suppress(&self, suppressions: &[Suppression]) -> Result<u64> {
        suppressions::suppress(self, suppressions).await
    }

    async fn suppressed(&self) -> Result<HashMap<String, SuppressionReason>> {
        suppressions::suppressed(self).await
    }

    async fn is_suppressed(
        &self,
        emails: &[EmailAddress],
    ) -> Result<HashMap<String, SuppressionReason>> {
        suppressions::is_suppressed(self, emails).await
    }

    async fn recipients_of(&self, release: &ReleaseId) -> Result<HashMap<String, DistributionId>> {
        read::recipients_of(self, release).await
    }

    async fn plan(&self, distribution: DistributionId) -> Result<Box<dyn Planning>> {
        plan::begin(self, distribution).await
    }

    async fn distributions(&self) -> Result<Vec<Distribution>> {
        read::distributions(self).await
    }

    async fn distribution(&self, id: DistributionId) -> Result<Option<Distribution>> {
        read::distribution(self, id).await
    }

    async fn content(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        read::content(self, hash).await
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
        watch::still_stands(self, delivery, protection, lease, now).await
    }

    async fn overdue(&self, now: Timestamp) -> Result<Vec<(DistributionId, Timestamp)>> {
        watch::overdue(self, now).await
    }

    async fn countdowns(&self, now: Timestamp) -> Result<Vec<Countdown>> {
        watch::countdowns(self, now).await
    }

    async fn waiting_beyond(&self, at: Timestamp) -> Result<Vec<DistributionId>> {
        watch::waiting_beyond(self, at).await
    }

    async fn over(&self, now: Timestamp) -> Result<Vec<DistributionId>> {
        watch::over(self, now).await
    }

    async fn due_times(&self, id: DistributionId) -> Result<Vec<(Timestamp, u64)>> {
        watch::due_times(self, id).await
    }

    async fn receivers_of(&self, release: &ReleaseId) -> Result<HashMap<String, Delivery>> {
        read::receivers_of(self, release).await
    }

    async fn approve(&self, approval: &Approval) -> Result<()> {
        let statement = "INSERT INTO approval (release, record) VALUES (?, ?)";
        watch::keep(
            self,
            statement,
            Some(approval.release.to_string()),
            approval,
        )
        .await
    }

    async fn approvals(&self, release: &ReleaseId) -> Result<Vec<Approval>> {
        let statement = "SELECT record FROM approval WHERE release = ? ORDER BY seq";
        watch::kept(self, statement, Some(release.to_string()), "approval").await
    }

    async fn record_agreement(&self, word: &AgreementWord) -> Result<()> {
        let statement = "INSERT INTO agreement (record) VALUES (?)";
        watch::keep(self, statement, None, word).await
    }

    async fn agreements(&self) -> Result<Vec<AgreementWord>> {
        let statement = "SELECT record FROM agreement ORDER BY seq";
        watch::kept(self, statement, None, "agreement").await
    }

    async fn beat(&self, beat: &Heartbeat) -> Result<()> {
        watch::beat(self, beat).await
    }

    async fn next_lapse(&self, distribution: Option<DistributionId>) -> Result<Option<Timestamp>> {
        watch::next_lapse(self, distribution).await
    }

    async fn census(&self, now: Timestamp) -> Result<Census> {
        watch::census(self, now).await
    }

    async fn last_beat(&self) -> Result<Option<Heartbeat>> {
        watch::last_beat(self).await
    }

    async fn listen(&self) -> Result<Option<Box<dyn Bell>>> {
        Ok(bell::hang(self.bell.as_deref()))
    }

    async fn counts(&self, id: DistributionId, now: Timestamp) -> Result<Counts> {
        read::counts(self, id, now).await
    }

    async fn counts_by_state(
        &self,
        id: DistributionId,
        now: Timestamp,
        total: u64,
    ) -> Result<BTreeMap<String, u64>> {
        read::by_state(self, Some((id, total)), Some(now)).await
    }

    async fn outcomes(&self, id: DistributionId) -> Result<Breakdown> {
        read::outcomes(self, id).await
    }

    async fn lease(&self, lease: LeaseToken, until: Timestamp, term: Term) -> Result<bool> {
        lease::lease(self, lease, until, term).await
    }

    async fn turn(&self, records: &[Record], claim: Option<Claim<'_>>) -> Result<Turned> {
        turn::turn(self, records, claim).await
    }

    async fn held(&self, lease: LeaseToken) -> Result<Vec<DeliveryId>> {
        lease::held(self, lease).await
    }

    async fn end_lease(&self, lease: LeaseToken, now: Timestamp) -> Result<Reaped> {
        let ended = lease::end_one(self, lease, now).await;
        // Whoever gives up its work may leave retries behind for others.
        self.ring();
        ended
    }

    async fn reap(&self, now: Timestamp) -> Result<Reaped> {
        lease::reap(self, now).await
    }

    async fn lead(&self) -> Result<bool> {
        // Processes on one file are on one machine, and looking after it twice does no harm.
        Ok(true)
    }

    async fn step_down(&self) -> Result<()> {
        Ok(())
    }

    async fn time(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }

    async fn reserve(&self, pace: &Pace<'_>) -> Result<Timestamp> {
        lease::reserve(self, pace).await
    }

    async fn due(
        &self,
        distribution: Option<DistributionId>,
        now: Timestamp,
        most: u32,
    ) -> Result<u32> {
        read::due(self, distribution, now, most).await
    }

    async fn next_due(&self, distribution: Option<DistributionId>) -> Result<Option<Timestamp>> {
        read::next_due(self, distribution).await
    }

    async fn standing(
        &self,
        distribution: Option<DistributionId>,
        state: &str,
        limit: u32,
    ) -> Result<Vec<Standing>> {
        read::standing(self, distribution, state, limit).await
    }

    async fn addresses_of(&self, ids: &[DeliveryId]) -> Result<HashMap<String, String>> {
        read::addresses_of(self, ids).await
    }

    async fn last_entries(&self) -> Result<HashMap<DistributionId, u64>> {
        log::last_entries(self).await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Standing>> {
        read::delivery(self, id).await
    }

    async fn decide(
        &self,
        id: DeliveryId,
        from: &DeliveryState,
        to: &DeliveryState,
        event: LogEvent,
    ) -> Result<bool> {
        turn::decide(self, id, from, to, event).await
    }

    async fn search_log(&self, search: &LogSearch, way: LogWay, limit: u32) -> Result<Vec<LogRow>> {
        log::search(self, search, way, limit).await
    }

    async fn log_head(&self) -> Result<Head> {
        log::head(self).await
    }

    async fn states(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<(DeliveryId, String)>> {
        read::states(self, after, limit).await
    }
}
