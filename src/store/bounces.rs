//! Reports that come back, kept, with what follows from them.

use super::people::in_address;
use super::piece::Piece;
use super::values::damaged;
use super::{Result, Standing};
use crate::domain::address::EmailAddress;
use crate::domain::bounce::{Bounce, Evidence, Finding, Ground};
use crate::domain::bounce_search::BounceSearch;
use crate::domain::delivery::DeliveryState;
use crate::domain::ids::DeliveryId;
use crate::domain::log::LogEvent;
use crate::domain::reply::EnhancedCode;
use crate::domain::suppression::Suppression;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::fmt::Debug;

/// A report that has come in, about one recipient.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The hash that tells it from all others.
    pub fingerprint: String,
    /// Which form it has.
    pub form: String,
    /// What it says.
    pub finding: Finding,
    /// By what that was understood.
    pub ground: Ground,
    /// The status it names.
    pub status: Option<EnhancedCode>,
    /// The server's words.
    pub diagnostic: String,
    /// The delivery that it names, and by what.
    pub delivery: Option<(DeliveryId, Evidence)>,
    /// Addresses that it names: asked where the delivery is not known.
    pub addresses: Vec<EmailAddress>,
    /// The report as it came: shared, for one may tell of many.
    pub report: Bytes,
}

/// What follows from a report.
#[derive(Debug)]
pub struct Judged {
    /// The report as it is kept.
    pub bounce: Bounce,
    /// The delivery's new state, where it moves on.
    pub state: Option<DeliveryState>,
    /// What the log says of it.
    pub event: Option<LogEvent>,
    /// The bars that it sets.
    pub bars: Vec<Suppression>,
}

/// Judges a report of a delivery. The times are those of earlier failures of the
/// same address, each of another delivery. `None`: it is too early to say.
pub type Judge<'a> =
    dyn Fn(&Arrived, Evidence, &Standing, &[Timestamp]) -> Option<Judged> + Send + Sync + 'a;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was taken in before.
    Known,
    /// No delivery is known that it could be about: nothing was written.
    Unmatched,
    /// It is too early to say what follows from it: nothing was written.
    Early,
    /// It is kept.
    Kept {
        /// Its delivery moved on.
        moved: bool,
        /// Its address is barred for it, and was not before.
        barred: bool,
    },
}

/// Reports that come back.
#[async_trait]
pub trait Bounces {
    /// Takes reports in, in one transaction: keeps each, moves its delivery with
    /// a log entry, and bars its address, as the judge says. A report that was
    /// taken in before does nothing. Earlier failures are asked for from `since` on.
    async fn take_in(
        &self,
        arrived: &[Arrived],
        since: Timestamp,
        judge: &Judge<'_>,
    ) -> Result<Vec<Fate>>;

    /// The next reports that somebody looks for, each with its place, the newest
    /// first, before a place.
    async fn bounces(
        &self,
        search: &BounceSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Bounce)>>;

    /// The report of a fingerprint, and as it came.
    async fn bounce(&self, fingerprint: &str) -> Result<Option<(Bounce, Vec<u8>)>>;

    /// The key by which return paths are signed: the first that anybody gave.
    async fn bounce_key(&self, fresh: [u8; 32]) -> Result<[u8; 32]>;
}

/// The statement for reports that somebody looks for, before a place. `position` is
/// how a backend calls the place of a text within an address whose ASCII letters
/// are small.
pub(super) fn bounce_query(
    search: &BounceSearch,
    before: Option<u64>,
    limit: u32,
    position: &'static str,
) -> Vec<Piece> {
    use Piece::{Number, Sql, Text};
    // No store counts further.
    let before = before.map_or(i64::MAX, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
    let mut query = vec![
        Sql("SELECT seq, record FROM bounce WHERE seq < "),
        Number(before),
    ];
    if let Some(email) = &search.email {
        query.extend([Sql(" AND email = "), Text(email.to_string())]);
    }
    if let Some(finding) = search.finding {
        query.extend([Sql(" AND kind = "), Text(finding.to_owned())]);
    }
    query.extend(in_address(&search.text, position));
    query.extend([Sql(" ORDER BY seq DESC LIMIT "), Number(i64::from(limit))]);
    query
}

/// A place, off its column.
pub(super) fn seq(place: &str, seq: i64) -> Result<u64> {
    u64::try_from(seq).map_err(|_| damaged(place, "bounce", "its place is below 0"))
}

/// The key of return paths, off its column.
pub(super) fn key(place: &str, octets: Option<&[u8]>) -> Result<[u8; 32]> {
    let damage = |cause: &str| damaged(place, "bounce key", cause);
    let octets = octets.ok_or_else(|| damage("it is gone"))?;
    octets
        .try_into()
        .map_err(|_| damage("it is not 32 octets long"))
}
