//! What an order would do, before anybody gives it: who, when, in which
//! languages, and what still stands in the way.

use super::approval::Clearance;
use super::audience::{Row, RowVerdict, Totals};
use super::schedule::Outlook;
use super::send::Order;
use super::slow::Slow;
use super::{Desk, DeskError};
use crate::domain::audience::Included;
use crate::domain::embargo::Phase;
use crate::domain::release::Release;
use crate::said;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Recipients of one phase, and when their turns are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The phase.
    pub phase: Phase,
    /// How many.
    pub count: u64,
    /// The first turn.
    pub first: Timestamp,
    /// The last turn.
    pub last: Timestamp,
}

/// An audience as a whole.
#[derive(Debug)]
pub struct Surveyed {
    /// What it would get.
    pub release: Release,
    /// The audience in numbers.
    pub totals: Totals,
    /// Recipients by country.
    pub by_country: BTreeMap<String, u64>,
    /// Who comes when, phase by phase.
    pub turns: Vec<Turn>,
    /// When the last will be through.
    pub outlook: Option<Outlook>,
}

/// What somebody saw when they gave an order: where it is not so any more,
/// nothing is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// So many recipients.
    pub included: Option<u64>,
    /// This content, by its hash.
    pub content: Option<String>,
}

#[derive(Default)]
struct Tally {
    due: BTreeMap<Timestamp, u64>,
    by_country: BTreeMap<String, u64>,
    turns: BTreeMap<Phase, Turn>,
}

impl Tally {
    fn add(&mut self, row: &Row, own: &Included) {
        *self.due.entry(own.not_before).or_default() += 1;
        *self.by_country.entry(row.country.clone()).or_default() += 1;
        let turn = self.turns.entry(own.phase).or_insert(Turn {
            phase: own.phase,
            count: 0,
            first: own.not_before,
            last: own.not_before,
        });
        turn.count += 1;
        turn.first = turn.first.min(own.not_before);
        turn.last = turn.last.max(own.not_before);
    }
}

impl Expected {
    /// Sees that the content is what was seen.
    pub(super) fn sees(&self, content: &str) -> Result<(), DeskError> {
        match &self.content {
            Some(seen) if seen != content => Err(DeskError::conflict(said!(
                "the release was edited since it was reviewed; look again. Nothing was planned"
            ))),
            Some(_) | None => Ok(()),
        }
    }
}

/// An audience as a whole, and those of its contacts that somebody wants to see.
#[derive(Debug)]
pub struct Looked {
    /// The whole.
    pub surveyed: Surveyed,
    /// Some of them, by address.
    pub rows: Vec<Row>,
}

/// Audiences that are being looked at.
pub type Looks = Slow<Looked>;

impl Desk {
    /// Looks at an order's audience for whoever asks for it now, with those rows that
    /// `wants` says yes to. `None` where it is not through within `patience`; without
    /// one it waits. `view` tells apart what is wanted of the same order.
    ///
    /// # Errors
    /// As [`Self::survey`].
    pub async fn look<F>(
        self: &Arc<Self>,
        looks: &Looks,
        order: &Order,
        view: &str,
        patience: Option<Duration>,
        wants: impl Fn() -> F,
    ) -> Result<Option<Arc<Looked>>, DeskError>
    where
        F: FnMut(&Row) -> bool + Send + 'static,
    {
        let asked = self.asked(order, view).await?;
        let work = || {
            let (desk, order, mut wants) = (Arc::clone(self), order.clone(), wants());
            async move {
                let mut rows = Vec::new();
                let keep = |row: Row| {
                    if wants(&row) {
                        rows.push(row);
                    }
                };
                let surveyed = desk.survey(&order, keep).await?;
                Ok(Looked { surveyed, rows })
            }
        };
        looks.look(&asked, patience, work).await
    }

    /// What tells one look from others: the contacts, and what stands in the files
    /// that say to whom and when. People edit those while a service runs, and who
    /// reviews an order must be told of it as it is now.
    async fn asked(&self, order: &Order, view: &str) -> Result<String, DeskError> {
        let version = self.store.contacts_version().await?;
        let rule = self.rule(&order.to, &order.not)?;
        let (loaded, _) = self.load(&order.release)?;
        let files = format!("{rule:?} {:?}", loaded.release);
        let files = blake3::hash(files.as_bytes()).to_hex();
        Ok(format!("{version} {files} {view} {order:?}"))
    }

    /// Looks at an order's audience, one contact at a time.
    ///
    /// # Errors
    /// The release's problems, an unknown segment, a time that cannot be.
    pub async fn survey(
        &self,
        order: &Order,
        mut show: impl FnMut(Row),
    ) -> Result<Surveyed, DeskError> {
        let rule = self.rule(&order.to, &order.not)?;
        let (loaded, _) = self.load(&order.release)?;
        let release = loaded.release;
        let schedule = self.schedule(&order.when, release.embargo.as_ref())?;
        let mut tally = Tally::default();
        let keep = |row: Row| {
            if let RowVerdict::Included(own) = &row.verdict {
                tally.add(&row, own);
            }
            show(row);
        };
        let totals = self
            .audience(&release, &rule, &schedule, order.again, keep)
            .await?;
        let lift = release.embargo.as_ref().map(|embargo| embargo.until);
        Ok(Surveyed {
            outlook: self.forecast(tally.due, lift)?,
            release,
            totals,
            by_country: tally.by_country,
            turns: tally.turns.into_values().collect(),
        })
    }

    /// Whether an order may be given, and what it lacks.
    ///
    /// # Errors
    /// The release's problems, an unknown segment.
    pub async fn clearance(&self, order: &Order) -> Result<Clearance, DeskError> {
        let rule = self.rule(&order.to, &order.not)?;
        let (loaded, _) = self.load_checked(&order.release)?;
        self.clearance_of(&loaded, &rule, order.parity_ok).await
    }
}
