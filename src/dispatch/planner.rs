//! The planner: from a rule and a release to a distribution with all its
//! deliveries, written in one transaction.

use super::content::{ContentError, FrozenContent, hash};
use super::entries;
use crate::domain::address::EmailAddress;
use crate::domain::agreement::Consent;
use crate::domain::audience::{Exclusion, Included, Selection, Verdict, judge, time_it};
use crate::domain::contact::Contact;
use crate::domain::course::Course;
use crate::domain::delivery::Delivery;
use crate::domain::distribution::Distribution;
use crate::domain::embargo::Phase;
use crate::domain::ids::{DeliveryId, DistributionId, ReleaseId};
use crate::domain::language::Choice;
use crate::domain::log::LogEvent;
use crate::domain::said::{Said, Tell};
use crate::domain::schedule::{Schedule, ScheduleError, Spot};
use crate::domain::segment::{Matcher, Segment};
use crate::domain::suppression::{SuppressionReason, bar_key};
use crate::domain::unclear::UnclearTimes;
use crate::entropy::{Entropy, in_order};
use crate::store::{Planning, Store, StoreError};
use crate::{said, shown_as_said};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Contacts read at once: memory stays flat however long the list is.
const PAGE: u32 = 1000;

/// Why a distribution could not be planned. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The store failed.
    Store(#[from] StoreError),
    /// The content cannot be frozen.
    Content(#[from] ContentError),
    /// The time asked for is not one instant on everybody's clock.
    Schedule(#[from] ScheduleError),
    /// The audience is another than whoever gave the order saw.
    Unexpected {
        /// As many as were seen.
        expected: u64,
        /// As many as there are.
        found: u64,
    },
}

impl Tell for PlanError {
    fn said(&self) -> Said {
        match self {
            Self::Store(error) => error.said(),
            Self::Content(error) => error.said(),
            Self::Schedule(error) => error.said(),
            Self::Unexpected { expected, found } => said!(
                "{expected} recipients were expected and there are {found} now; look again. Nothing was planned",
                expected,
                found
            ),
        }
    }
}

shown_as_said!(PlanError);

/// Judges every contact of the store, in the order of addresses, page by page.
pub struct Survey<'a> {
    store: &'a dyn Store,
    selection: &'a Selection<'a>,
    matcher: Matcher,
    after: Option<EmailAddress>,
}

impl std::fmt::Debug for Survey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Survey").finish_non_exhaustive()
    }
}

impl<'a> Survey<'a> {
    /// Begins one.
    pub fn new(store: &'a dyn Store, selection: &'a Selection<'a>) -> Self {
        Self {
            store,
            selection,
            matcher: Matcher::default(),
            after: None,
        }
    }

    /// The next contacts with their verdicts; `None` where all are judged.
    ///
    /// # Errors
    /// The store failed.
    pub async fn page(&mut self) -> Result<Option<Vec<(Contact, Verdict)>>, StoreError> {
        let page = self.store.contacts(self.after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.after = Some(last.email.clone());
        let judged = page.into_iter().map(|contact| {
            let verdict = judge(&contact, self.selection, &self.matcher);
            (contact, verdict)
        });
        Ok(Some(judged.collect()))
    }
}

/// What is planned, beside the audience.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// Who is asked for.
    pub selection: &'a Selection<'a>,
    /// What is sent.
    pub content: &'a FrozenContent,
    /// Who approved it.
    pub approved_by: Vec<String>,
    /// How many recipients whoever gave the order saw, where they say so.
    pub expected: Option<u64>,
    /// Now.
    pub now: Timestamp,
}

/// A follow-up on a release, for exactly those who received it.
#[derive(Debug)]
pub struct FollowUp<'a> {
    /// The release that is followed up on.
    pub original: &'a ReleaseId,
    /// Each accepted delivery of it, by address.
    pub receivers: &'a HashMap<String, Delivery>,
    /// Barred addresses.
    pub suppressed: &'a HashMap<String, SuppressionReason>,
    /// Addresses that have the follow-up, or are due to.
    pub already: &'a HashMap<String, DistributionId>,
    /// Who may have it before its own lift.
    pub early: Early<'a>,
    /// What is sent.
    pub content: &'a FrozenContent,
    /// Who approved it.
    pub approved_by: Vec<String>,
    /// Now.
    pub now: Timestamp,
}

/// Who may have a follow-up before its own lift.
#[derive(Debug)]
pub enum Early<'a> {
    /// Who has an agreement, by address, as with any release.
    Agreements(&'a HashMap<String, Consent>),
    /// Who had the original early: it tells them nothing of the news but what
    /// they must know of what they hold.
    AsOriginal,
}

impl Early<'_> {
    fn consent(&self, original: &Delivery) -> Consent {
        match self {
            Self::Agreements(consents) => consents
                .get(&original.recipient.email.to_string())
                .cloned()
                .unwrap_or_default(),
            Self::AsOriginal if original.phase == Phase::Advance => Consent::open(),
            Self::AsOriginal => Consent::default(),
        }
    }
}

/// Plans a follow-up: all of it, or nothing. Each goes in the language of the
/// original, and names it by its Message-ID.
///
/// # Errors
/// The store failed; nothing was written.
pub async fn follow_up(
    store: &dyn Store,
    follow: &FollowUp<'_>,
) -> Result<Distribution, PlanError> {
    let bytes = follow.content.to_bytes()?;
    let mut distribution = Distribution {
        to: vec![format!("receivers:{}", follow.original)],
        follows: Some(follow.original.clone()),
        notice: match follow.early {
            Early::AsOriginal => true,
            Early::Agreements(_) => false,
        },
        approved_by: follow.approved_by.clone(),
        ..announce(
            follow.content,
            Schedule::now(follow.now),
            hash(&bytes),
            follow.now,
        )
    };
    let mut batch = Batch {
        planning: store.plan(distribution.id).await?,
        rows: Vec::new(),
    };
    let receivers: BTreeMap<_, _> = follow.receivers.iter().collect();
    for (email, original) in receivers {
        let barred = follow.suppressed.get(&bar_key(email));
        let exclusion = barred
            .map(|because| Exclusion::Suppressed { because: *because })
            .or_else(|| {
                let distribution = follow.already.get(email)?;
                Some(Exclusion::AlreadySent {
                    distribution: *distribution,
                })
            });
        if let Some(exclusion) = exclusion {
            count(&mut distribution.excluded, &exclusion);
            continue;
        }
        distribution.included += 1;
        let id = Entropy.delivery(in_order(follow.now, distribution.included));
        let delivery = reply(id, &distribution, original, follow);
        batch.add(delivery, follow.now).await?;
    }
    batch.flush().await?;
    let event = entries::distribution(&distribution);
    batch.planning.commit(&distribution, &bytes, event).await?;
    Ok(distribution)
}

fn reply(
    id: DeliveryId,
    distribution: &Distribution,
    original: &Delivery,
    follow: &FollowUp<'_>,
) -> Delivery {
    let published = follow.content.release.languages();
    let mut languages: Vec<_> = original
        .languages
        .iter()
        .filter(|language| published.contains(language))
        .cloned()
        .collect();
    let mut choice = original.choice.clone();
    if languages.is_empty() {
        languages = published.into_iter().take(1).collect();
        choice = Choice::ReleaseDefault;
    }
    let spot = Spot {
        zone: &original.zone,
        window: original.send_window,
        permitted_from: None,
        wave: 0,
    };
    let consent = follow.early.consent(original);
    let embargo = distribution.embargo.as_ref();
    let timing = time_it(embargo, &consent, &distribution.schedule, follow.now, spot);
    Delivery {
        id,
        distribution: distribution.id,
        languages,
        choice,
        phase: timing.phase,
        permitted_from: timing.permitted_from,
        early: timing.early,
        not_before: timing.not_before,
        wave: 0,
        window: timing.window,
        replies_to: Some(original.id),
        ..original.clone()
    }
}

/// Plans a distribution: all of it, or nothing.
///
/// # Errors
/// The store failed, or somebody's clock does not show the time asked for, or
/// shows it twice; nothing was written.
pub async fn plan(store: &dyn Store, proposal: &Proposal<'_>) -> Result<Distribution, PlanError> {
    let bytes = proposal.content.to_bytes()?;
    let names = |segments: &[Segment]| {
        segments
            .iter()
            .map(|segment| segment.name().to_owned())
            .collect()
    };
    let (rule, schedule) = (proposal.selection.rule, proposal.selection.schedule.clone());
    let mut distribution = Distribution {
        to: names(&rule.to),
        not: names(&rule.not),
        approved_by: proposal.approved_by.clone(),
        ..announce(proposal.content, schedule, hash(&bytes), proposal.now)
    };
    let mut batch = Batch {
        planning: store.plan(distribution.id).await?,
        rows: Vec::new(),
    };
    let mut unclear = UnclearTimes::default();
    let mut survey = Survey::new(store, proposal.selection);
    while let Some(page) = survey.page().await? {
        for (contact, verdict) in page {
            match verdict {
                Verdict::Included(included) => {
                    distribution.included += 1;
                    included.unclear.iter().for_each(|one| unclear.add(one));
                    let id = Entropy.delivery(in_order(proposal.now, distribution.included));
                    let delivery = promise(id, distribution.id, &contact, *included);
                    batch.add(delivery, proposal.now).await?;
                }
                Verdict::Excluded(exclusion) => count(&mut distribution.excluded, &exclusion),
            }
        }
    }
    if !unclear.is_empty() {
        return Err(ScheduleError::Unclear(unclear).into());
    }
    if let Some(expected) = proposal.expected
        && expected != distribution.included
    {
        let found = distribution.included;
        return Err(PlanError::Unexpected { expected, found });
    }
    batch.flush().await?;
    let event = entries::distribution(&distribution);
    batch.planning.commit(&distribution, &bytes, event).await?;
    Ok(distribution)
}

fn announce(
    content: &FrozenContent,
    schedule: Schedule,
    hash: String,
    now: Timestamp,
) -> Distribution {
    let release = &content.release;
    Distribution {
        id: Entropy.distribution(now),
        release: release.id.clone(),
        headline: release.headline().to_owned(),
        planned_at: now,
        schedule,
        embargo: release.embargo.clone(),
        course: Course::UnderWay { since: now },
        approved_by: Vec::new(),
        follows: None,
        notice: false,
        to: Vec::new(),
        not: Vec::new(),
        content: hash,
        included: 0,
        excluded: BTreeMap::new(),
    }
}

fn promise(
    id: DeliveryId,
    distribution: DistributionId,
    contact: &Contact,
    included: Included,
) -> Delivery {
    Delivery {
        id,
        distribution,
        recipient: contact.recipient(),
        languages: included.languages,
        choice: included.choice,
        zone: included.zone,
        phase: included.phase,
        segment: included.segment,
        permitted_from: included.permitted_from,
        early: included.early,
        not_before: included.not_before,
        wave: included.wave,
        send_window: contact.send_window,
        window: included.window,
        replies_to: None,
    }
}

/// A delivery that is only looked at: it belongs to no distribution.
pub fn promise_preview(contact: &Contact, included: Included, now: Timestamp) -> Delivery {
    let (id, none) = (Entropy.delivery(now), DistributionId::from_parts(0, 0));
    promise(id, none, contact, included)
}

/// Counts an exclusion under its reason.
pub fn count(excluded: &mut BTreeMap<String, u64>, exclusion: &Exclusion) {
    *excluded.entry(exclusion.name().to_owned()).or_default() += 1;
}

/// Deliveries gathered for one statement.
struct Batch {
    planning: Box<dyn Planning>,
    rows: Vec<(Delivery, LogEvent)>,
}

impl Batch {
    async fn add(&mut self, delivery: Delivery, now: Timestamp) -> Result<(), StoreError> {
        let event = entries::planned(&delivery, now);
        self.rows.push((delivery, event));
        if self.rows.len() >= 500 {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.planning.add(std::mem::take(&mut self.rows)).await
    }
}
