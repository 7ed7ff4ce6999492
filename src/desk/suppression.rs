//! Bars on addresses: set and lifted with a reason, listed, carried in and out.

use super::contacts::address;
use super::{Desk, DeskError};
use crate::domain::address::EmailAddress;
use crate::domain::alias::Aliases;
use crate::domain::erasure::folded;
use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::domain::suppression::{Suppression, SuppressionReason, SuppressionSearch};
use crate::said;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Bars read at once.
const PAGE: u32 = 1000;

/// What came of an import of bars.
#[derive(Debug, Serialize)]
pub struct BarsImported {
    /// Bars in the file.
    pub read: usize,
    /// Addresses that are barred now, or would be, and were not or for a lesser reason.
    pub added: u64,
    /// Lines that were left out, and other remarks.
    pub problems: Vec<Problem>,
    /// Nothing was written.
    pub dry_run: bool,
}

impl Desk {
    /// Bars addresses. Answers with how many were not barred before, or for a
    /// lesser reason: of two bars the weightier stands.
    ///
    /// # Errors
    /// Something is no address, no reason is told, or the store failed; then
    /// nothing is barred.
    pub async fn suppress(
        &self,
        emails: &[String],
        reason: SuppressionReason,
        why: &str,
        by: &str,
    ) -> Result<u64, DeskError> {
        let why = told(why)?;
        if reason == SuppressionReason::Erasure {
            return Err(DeskError::request(said!(
                "an erasure is no bar that somebody sets; expected opt-out, hard-bounce, complaint or manual"
            )));
        }
        let mut named = Vec::new();
        for email in emails {
            named.push(address(email)?);
        }
        if reason.is_about_the_person() {
            named = self.all_addresses(&named).await?;
        }
        let bar = |email| Suppression {
            email,
            reason,
            at: self.clock.now(),
            source: by.to_owned(),
            note: why.to_owned(),
        };
        let bars: Vec<_> = named.into_iter().map(bar).collect();
        self.bar(&bars, by).await
    }

    /// These addresses, and those that their owners have besides, since their
    /// records were merged.
    async fn all_addresses(&self, named: &[EmailAddress]) -> Result<Vec<EmailAddress>, DeskError> {
        let aliases = self.store.aliases().await?;
        let mut all = named.to_vec();
        for email in named {
            let others = aliases.person(email);
            let others = others.into_iter().filter(|one| !named.contains(one));
            all.extend(others);
        }
        Ok(all)
    }

    /// These bars, and those on other addresses of the same people: of two on one
    /// address the weightier.
    async fn with_other_addresses(
        &self,
        bars: Vec<Suppression>,
    ) -> Result<Vec<Suppression>, DeskError> {
        let others = on_other_addresses(&bars, &self.store.aliases().await?);
        if others.is_empty() {
            return Ok(bars);
        }
        let mut all: BTreeMap<String, Suppression> = BTreeMap::new();
        for bar in bars.into_iter().chain(others) {
            let place = all.entry(bar.email.to_string());
            let stands = place.or_insert_with(|| bar.clone());
            if bar.reason.outweighs(stands.reason) {
                *stands = bar;
            }
        }
        Ok(all.into_values().collect())
    }

    /// Sets bars, and puts on record those that are new. Answers with how many
    /// they are.
    pub(super) async fn bar(&self, bars: &[Suppression], by: &str) -> Result<u64, DeskError> {
        let named: Vec<_> = bars.iter().map(|bar| bar.email.clone()).collect();
        let known = self.store.is_suppressed(&named).await?;
        let added = self.store.suppress(bars).await?;
        let new = bars.iter().filter(|bar| is_news(bar, &known));
        for bar in new {
            let facts =
                json!({ "address": bar.email, "reason": bar.reason.name(), "why": bar.note });
            self.note(by, "suppressed", facts).await?;
        }
        Ok(added)
    }

    /// Lifts the bar on an address, and gives it.
    ///
    /// # Errors
    /// It is not barred, no reason is told, or the store failed.
    pub async fn lift_suppression(
        &self,
        email: &str,
        why: &str,
        by: &str,
    ) -> Result<Suppression, DeskError> {
        let (email, why) = (address(email)?, told(why)?);
        let gone = || DeskError::conflict(said!("{email} is not barred", email));
        let first = self.store.suppression(&email).await?.ok_or_else(gone)?;
        let emails = std::slice::from_ref(&email);
        if let Some(known) = self.store.forgotten(emails).await?.values().next() {
            return Err(DeskError::request(forgotten(&email, known.at)));
        }
        // Each spelling of the address may have a bar of its own.
        let mut next = Some(first.clone());
        while let Some(bar) = next {
            if !self.store.lift(&bar).await? {
                return Err(DeskError::conflict(said!(
                    "the bar on {email} was changed meanwhile; look at it again",
                    email
                )));
            }
            let facts = json!({
                "address": bar.email, "was": bar.reason.name(), "since": bar.at, "why": why,
            });
            self.note(by, "suppression_lifted", facts).await?;
            next = self.store.suppression(&email).await?;
        }
        Ok(first)
    }

    /// Lets an address be known again that was forgotten: its owner asks to be
    /// written to. Answers with when it was forgotten.
    ///
    /// # Errors
    /// It was not forgotten, no reason is told, or the store failed.
    pub async fn lift_forgotten(
        &self,
        email: &str,
        why: &str,
        by: &str,
    ) -> Result<(EmailAddress, Timestamp), DeskError> {
        let (email, why) = (address(email)?, told(why)?);
        let emails = std::slice::from_ref(&email);
        let known = self.store.forgotten(emails).await?.into_values().next();
        let known = known.ok_or_else(|| {
            DeskError::request(said!("{email} was not forgotten by anybody", email))
        })?;
        self.store.remember(&email).await?;
        let facts = json!({ "address": email, "since": known.at, "why": why });
        self.note(by, "forgetting_lifted", facts).await?;
        Ok((email, known.at))
    }

    /// The next bars that somebody looks for, by address, after one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn suppressions(
        &self,
        search: &SuppressionSearch,
        after: Option<&EmailAddress>,
        limit: u32,
    ) -> Result<Vec<Suppression>, DeskError> {
        Ok(self.store.suppressions(search, after, limit).await?)
    }

    /// Shows every bar that somebody looks for, by address.
    ///
    /// # Errors
    /// The store failed.
    pub async fn each_suppression(
        &self,
        search: &SuppressionSearch,
        mut show: impl FnMut(Suppression) -> Result<(), DeskError>,
    ) -> Result<u64, DeskError> {
        let (mut after, mut shown) = (None, 0);
        loop {
            let page = self.suppressions(search, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(shown);
            };
            after = Some(last.email.clone());
            for bar in page {
                shown += 1;
                show(bar)?;
            }
        }
    }

    /// Bars every address of a file, in one transaction: as `export` writes it, or
    /// one address a line. A bad line is told and does not stop the others. Bars that
    /// are about the person hold for their other addresses too.
    ///
    /// # Errors
    /// Nothing can be read of it, or the store failed.
    pub async fn import_suppressions(
        &self,
        bytes: &[u8],
        file: &str,
        dry_run: bool,
        by: &str,
    ) -> Result<BarsImported, DeskError> {
        let (bars, problems) = crate::intake::read_suppressions(bytes, file, self.clock.now(), by);
        if bars.is_empty() && problems.iter().any(Problem::is_error) {
            return Err(DeskError::Problems(problems));
        }
        let read = bars.len();
        let bars = self.with_other_addresses(bars).await?;
        let added = if dry_run {
            let emails: Vec<_> = bars.iter().map(|bar| bar.email.clone()).collect();
            let known = self.store.is_suppressed(&emails).await?;
            bars.iter().filter(|bar| is_news(bar, &known)).count() as u64
        } else {
            let added = self.store.suppress(&bars).await?;
            let facts = json!({ "file": file, "read": read, "added": added });
            self.note(by, "suppressions_imported", facts).await?;
            added
        };
        Ok(BarsImported {
            read,
            added,
            problems,
            dry_run,
        })
    }
}

/// Bars that are about the person, on their other addresses.
pub(super) fn on_other_addresses(bars: &[Suppression], aliases: &Aliases) -> Vec<Suppression> {
    let about_people = || bars.iter().filter(|bar| bar.reason.is_about_the_person());
    if aliases.is_empty() || about_people().next().is_none() {
        return Vec::new();
    }
    // Few of the many in a file have more addresses than one.
    let both = |(email, now): (EmailAddress, &EmailAddress)| [folded(&email), folded(now)];
    let merged: HashSet<_> = aliases.all().into_iter().flat_map(both).collect();
    let mut all = Vec::new();
    for bar in about_people().filter(|bar| merged.contains(&folded(&bar.email))) {
        let others = aliases.person(&bar.email).into_iter();
        let others = others.filter(|email| *email != bar.email);
        all.extend(others.map(|email| Suppression {
            email,
            ..bar.clone()
        }));
    }
    all
}

/// What is said of an address that was forgotten.
pub(super) fn forgotten(email: &EmailAddress, at: Timestamp) -> Said {
    said!(
        "{email} was forgotten on {day} because its owner asked for it; where they ask to be written to again, `dateline suppression lift {email} --forgotten --why REASON`",
        email,
        day = Said::moment(at, at.strftime("%Y-%m-%d"))
    )
}

/// Whether a bar changes anything where these addresses are barred already.
fn is_news(bar: &Suppression, known: &HashMap<String, SuppressionReason>) -> bool {
    known
        .get(&bar.email.to_string())
        .is_none_or(|standing| bar.reason.outweighs(*standing))
}

fn told(why: &str) -> Result<&str, DeskError> {
    let why = why.trim();
    if why.is_empty() {
        return Err(DeskError::request(said!(
            "a bar is set and lifted for a reason: say why"
        )));
    }
    Ok(why)
}
