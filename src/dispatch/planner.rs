//! The planner: from a rule and a release to a distribution with all its
//! deliveries, written in one transaction.

use super::content::{ContentError, FrozenContent, hash};
use super::entries;
use crate::domain::audience::{Exclusion, Included, Selection, Verdict, judge};
use crate::domain::contact::Contact;
use crate::domain::delivery::Delivery;
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::log::LogEvent;
use crate::domain::segment::Matcher;
use crate::entropy::Entropy;
use crate::store::{Planning, Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Contacts read at once: memory stays flat however long the list is.
const PAGE: u32 = 1000;

/// Why a distribution could not be planned. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The content cannot be frozen.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// Judges every contact of the store, in the order of addresses.
///
/// # Errors
/// The store failed.
pub async fn survey<F>(
    store: &dyn Store,
    selection: &Selection<'_>,
    mut each: F,
) -> Result<(), StoreError>
where
    F: AsyncFnMut(Contact, Verdict) -> Result<(), StoreError>,
{
    let matcher = Matcher::default();
    let mut after = None;
    loop {
        let page = store.contacts(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.email.clone());
        for contact in page {
            let verdict = judge(&contact, selection, &matcher);
            each(contact, verdict).await?;
        }
    }
}

/// What is planned, beside the audience.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// Who is asked for.
    pub selection: &'a Selection<'a>,
    /// What is sent.
    pub content: &'a FrozenContent,
    /// Now.
    pub now: Timestamp,
}

/// Plans a distribution: all of it, or nothing.
///
/// # Errors
/// The store failed; nothing was written.
pub async fn plan(store: &dyn Store, proposal: &Proposal<'_>) -> Result<Distribution, PlanError> {
    let bytes = proposal.content.to_bytes()?;
    let mut distribution = announce(proposal, hash(&bytes));
    let mut batch = Batch {
        planning: store.plan(distribution.id).await?,
        rows: Vec::new(),
    };
    survey(
        store,
        proposal.selection,
        async |contact, verdict| match verdict {
            Verdict::Included(included) => {
                distribution.included += 1;
                let delivery = promise(distribution.id, &contact, included, proposal.now);
                batch.add(delivery, proposal.now).await
            }
            Verdict::Excluded(exclusion) => {
                count(&mut distribution.excluded, &exclusion);
                Ok(())
            }
        },
    )
    .await?;
    batch.flush().await?;
    let event = entries::distribution(&distribution);
    batch.planning.commit(&distribution, &bytes, event).await?;
    Ok(distribution)
}

fn announce(proposal: &Proposal<'_>, content: String) -> Distribution {
    let release = &proposal.content.release;
    let names = |segments: &[crate::domain::segment::Segment]| {
        segments
            .iter()
            .map(|segment| segment.name().to_owned())
            .collect()
    };
    Distribution {
        id: Entropy.distribution(proposal.now),
        release: release.id.clone(),
        headline: release.headline().to_owned(),
        planned_at: proposal.now,
        scheduled: proposal.selection.scheduled,
        lift: release.embargo.as_ref().map(|embargo| embargo.until),
        to: names(&proposal.selection.rule.to),
        not: names(&proposal.selection.rule.not),
        content,
        included: 0,
        excluded: BTreeMap::new(),
    }
}

fn promise(
    distribution: DistributionId,
    contact: &Contact,
    included: Included,
    now: Timestamp,
) -> Delivery {
    Delivery {
        id: Entropy.delivery(now),
        distribution,
        recipient: contact.recipient(),
        languages: included.languages,
        choice: included.choice,
        zone: included.zone,
        phase: included.phase,
        segment: included.segment,
        permitted_from: included.permitted_from,
        not_before: included.not_before,
    }
}

/// A delivery that is only looked at: it belongs to no distribution.
pub fn promise_preview(contact: &Contact, included: Included, now: Timestamp) -> Delivery {
    promise(DistributionId::from_parts(0, 0), contact, included, now)
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
