//! Who gets a release, in which language, when, and who not and why.

use super::{Desk, DeskError};
use crate::dispatch::planner::{Survey, count};
use crate::domain::agreement::Agreements;
use crate::domain::audience::{Exclusion, Included, Rule, Selection, Verdict, ZoneFrom};
use crate::domain::contact::Contact;
use crate::domain::ids::DistributionId;
use crate::domain::language::Choice;
use crate::domain::release::Release;
use crate::domain::schedule::Schedule;
use crate::domain::suppression::SuppressionReason;
use crate::domain::unclear::UnclearTimes;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// One contact's verdict, ready to show.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Where the mail goes.
    pub email: String,
    /// The contact's name.
    pub name: String,
    /// Their outlet.
    pub outlet: String,
    /// Their country.
    pub country: String,
    /// What was decided.
    #[serde(flatten)]
    pub verdict: RowVerdict,
}

/// A verdict, ready to show.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase", tag = "verdict")]
pub enum RowVerdict {
    /// Gets it.
    Included(Box<Included>),
    /// Does not.
    Excluded(Exclusion),
}

/// The audience in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    /// Contacts included.
    pub included: u64,
    /// Contacts excluded.
    pub excluded: u64,
    /// The excluded by reason.
    pub by_reason: BTreeMap<String, u64>,
    /// The included by language.
    pub by_language: BTreeMap<String, u64>,
    /// The included by phase.
    pub by_phase: BTreeMap<String, u64>,
    /// The included by the segment that brought them in.
    pub by_segment: BTreeMap<String, u64>,
    /// Included who get a language they did not ask for.
    pub fallbacks: u64,
    /// Included who go by their country's only zone, for want of their own.
    pub zone_by_country: u64,
    /// Included who go by the newsroom's zone, for want of another.
    pub without_zone: u64,
    /// Included whose clock does not show the time asked for, or shows it twice.
    pub unclear: UnclearTimes,
}

impl Totals {
    fn add(&mut self, verdict: &RowVerdict) {
        match verdict {
            RowVerdict::Included(included) => self.include(included),
            RowVerdict::Excluded(exclusion) => {
                self.excluded += 1;
                count(&mut self.by_reason, exclusion);
            }
        }
    }

    fn include(&mut self, included: &Included) {
        self.included += 1;
        let language = included
            .languages
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        *self.by_language.entry(language).or_default() += 1;
        *self
            .by_phase
            .entry(included.phase.name().to_owned())
            .or_default() += 1;
        *self.by_segment.entry(included.segment.clone()).or_default() += 1;
        match included.zone_from {
            ZoneFrom::Own => {}
            ZoneFrom::Country => self.zone_by_country += 1,
            ZoneFrom::Newsroom => self.without_zone += 1,
        }
        included
            .unclear
            .iter()
            .for_each(|one| self.unclear.add(one));
        self.fallbacks += match included.choice {
            Choice::Asked { .. } => 0,
            Choice::Fallback { .. } | Choice::ReleaseDefault => 1,
        };
    }
}

/// What selection needs from the store, read once.
#[derive(Debug)]
pub struct Bars {
    suppressed: HashMap<String, SuppressionReason>,
    already: HashMap<String, DistributionId>,
    agreements: Agreements,
}

fn row(contact: Contact, verdict: Verdict) -> Row {
    Row {
        email: contact.email.to_string(),
        name: contact.name.to_string(),
        outlet: contact.outlet,
        country: contact.country,
        verdict: match verdict {
            Verdict::Included(included) => RowVerdict::Included(included),
            Verdict::Excluded(exclusion) => RowVerdict::Excluded(exclusion),
        },
    }
}

impl Desk {
    /// Reads who is barred, and who has the release already; with `again`, the
    /// latter count as if they had not.
    ///
    /// # Errors
    /// The store failed.
    pub async fn bars(&self, release: &Release, again: bool) -> Result<Bars, DeskError> {
        let already = if again {
            HashMap::new()
        } else {
            self.already(release).await?
        };
        Ok(Bars {
            suppressed: self.store.suppressed().await?,
            already,
            agreements: self.agreements().await?,
        })
    }

    /// Who has a release already, or will: also who has it at an address that they
    /// had before their records were merged.
    async fn already(
        &self,
        release: &Release,
    ) -> Result<HashMap<String, DistributionId>, DeskError> {
        let mut already = self.store.recipients_of(&release.id).await?;
        for (email, now) in self.store.aliases().await?.all() {
            if let Some(distribution) = already.get(&email.to_string()).copied() {
                already.entry(now.to_string()).or_insert(distribution);
            }
        }
        Ok(already)
    }

    /// Shows each contact's verdict, one at a time, in the order of addresses.
    ///
    /// # Errors
    /// The store failed.
    pub async fn audience(
        &self,
        release: &Release,
        rule: &Rule,
        schedule: &Schedule,
        again: bool,
        mut show: impl FnMut(Row),
    ) -> Result<Totals, DeskError> {
        let languages = release.languages();
        let bars = self.bars(release, again).await?;
        let selection = self.selection(release, rule, &languages, &bars, schedule);
        let mut totals = Totals::default();
        let mut survey = Survey::new(self.store.as_ref(), &selection);
        while let Some(page) = survey.page().await? {
            for (contact, verdict) in page {
                let row = row(contact, verdict);
                totals.add(&row.verdict);
                show(row);
            }
        }
        Ok(totals)
    }

    /// Puts together what a verdict depends on.
    pub(super) fn selection<'a>(
        &'a self,
        release: &'a Release,
        rule: &'a Rule,
        languages: &'a [crate::domain::language::Language],
        bars: &'a Bars,
        schedule: &'a Schedule,
    ) -> Selection<'a> {
        Selection {
            rule,
            languages,
            embargo: release.embargo.as_ref(),
            policy: &self.settings.languages,
            newsroom_zone: &self.settings.newsroom.zone,
            release: &release.id,
            schedule,
            now: self.clock.now(),
            agreements: &bars.agreements,
            suppressed: &bars.suppressed,
            already: &bars.already,
        }
    }
}
