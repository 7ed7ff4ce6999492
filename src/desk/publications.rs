//! Releases that anybody may read, once they are out.

use super::{Desk, DeskError};
use crate::dispatch::content::FrozenContent;
use crate::domain::distribution::Distribution;
use crate::domain::ids::{DistributionId, ReleaseId};
use crate::domain::newsroom::Newsroom;
use crate::domain::publication::{may_be_public, public_from};
use crate::domain::release::{Release, ReleaseKind};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Texts kept at hand; then all are read anew.
const KEPT: usize = 200;

/// A text as it went out.
#[derive(Debug)]
pub struct Text {
    /// The release; its attachments are named, not held.
    pub release: Release,
    /// In whose name it went out.
    pub newsroom: Newsroom,
}

/// A release that anybody may read.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its text, as it went out last.
    pub text: Arc<Text>,
    /// Since when anybody may read it.
    pub since: Timestamp,
    /// Since when in this form.
    pub updated: Timestamp,
}

impl Publication {
    /// Its id.
    pub fn id(&self) -> &ReleaseId {
        &self.text.release.id
    }
}

/// What is known of releases that are out: their texts, which never change, and
/// which distributions went out, which they never unlearn.
#[derive(Debug, Default)]
pub struct Published {
    texts: Mutex<HashMap<String, Arc<Text>>>,
    out: Mutex<HashSet<DistributionId>>,
}

impl Published {
    fn text(&self, content: &str) -> Option<Arc<Text>> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.get(content).cloned()
    }

    fn keep(&self, content: &str, text: &Arc<Text>) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() >= KEPT {
            texts.clear();
        }
        texts.insert(content.to_owned(), Arc::clone(text));
    }

    fn out(&self) -> std::sync::MutexGuard<'_, HashSet<DistributionId>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// A release that anybody may read; `None` where there is none of that id,
    /// nobody may yet, or the newsroom publishes nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn publication(
        &self,
        id: &str,
        published: &Published,
    ) -> Result<Option<Publication>, DeskError> {
        // What is not told is looked for as long as what is.
        let all = self.store.distributions().await?;
        match ReleaseId::parse(id) {
            Ok(id) if self.settings.readers.public => {
                self.publication_of(&id, &all, published).await
            }
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// Releases that anybody may read, the newest first, after one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn publications(
        &self,
        after: Option<&str>,
        limit: usize,
        published: &Published,
    ) -> Result<Vec<Publication>, DeskError> {
        if !self.settings.readers.public {
            return Ok(Vec::new());
        }
        let all = self.store.distributions().await?;
        let mut seen = HashSet::new();
        let releases = all.iter().map(|one| &one.release);
        let releases: Vec<_> = releases.filter(|id| seen.insert(*id)).collect();
        // By time alone first: what is on no page is not looked at any further.
        let now = self.clock.now();
        let mut timed: Vec<_> = releases
            .into_iter()
            .filter_map(|id| Some((since(&may_be_public(id, &all, now))?, id)))
            .collect();
        timed.sort_by(|one, other| other.cmp(one));
        let from = after.and_then(|after| timed.iter().position(|(_, id)| id.as_str() == after));
        let mut page = Vec::new();
        for (_, id) in timed.iter().skip(from.map_or(0, |place| place + 1)) {
            if page.len() == limit {
                break;
            }
            page.extend(self.publication_of(id, &all, published).await?);
        }
        Ok(page)
    }

    async fn publication_of(
        &self,
        id: &ReleaseId,
        all: &[Distribution],
        published: &Published,
    ) -> Result<Option<Publication>, DeskError> {
        let mut out = Vec::new();
        for one in may_be_public(id, all, self.clock.now()) {
            if self.went_out(one.id, published).await? {
                out.push(one);
            }
        }
        let Some(newest) = out.first() else {
            return Ok(None);
        };
        let text = self.text(newest, published).await?;
        let taken_back = self.is_retracted(id, all, published).await?;
        if text.release.kind == ReleaseKind::Retraction || taken_back {
            return Ok(None);
        }
        // Sent once more as it was, it is no other text.
        let same = out.iter().filter(|one| one.content == newest.content);
        let updated = same.copied().map(public_from).min();
        Ok(Some(Publication {
            text,
            since: since(&out).unwrap_or_else(|| public_from(newest)),
            updated: updated.unwrap_or_else(|| public_from(newest)),
        }))
    }

    /// Whether anybody has it by now.
    async fn went_out(&self, id: DistributionId, published: &Published) -> Result<bool, DeskError> {
        if published.out().contains(&id) {
            return Ok(true);
        }
        let accepted = self.store.standing(Some(id), "accepted", 1).await?;
        if accepted.is_empty() {
            return Ok(false);
        }
        published.out().insert(id);
        Ok(true)
    }

    /// Whether a release was written that takes it back.
    async fn is_retracted(
        &self,
        id: &ReleaseId,
        all: &[Distribution],
        published: &Published,
    ) -> Result<bool, DeskError> {
        let follow = all
            .iter()
            .filter(|one| one.follows.as_ref() == Some(id) && !one.notice);
        for one in follow {
            let text = self.text(one, published).await?;
            if text.release.kind == ReleaseKind::Retraction && one.course.is_under_way() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn text(
        &self,
        distribution: &Distribution,
        published: &Published,
    ) -> Result<Arc<Text>, DeskError> {
        let hash = &distribution.content;
        if let Some(known) = published.text(hash) {
            return Ok(known);
        }
        let bytes = self.store.content(hash).await?.unwrap_or_default();
        let FrozenContent {
            newsroom, release, ..
        } = FrozenContent::from_bytes(&bytes)?;
        let text = Arc::new(Text { release, newsroom });
        published.keep(hash, &text);
        Ok(text)
    }
}

/// The first moment from which one of them makes its release public.
fn since(distributions: &[&Distribution]) -> Option<Timestamp> {
    distributions.iter().copied().map(public_from).min()
}
