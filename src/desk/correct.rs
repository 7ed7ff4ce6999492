//! Corrections and notices, for exactly those who received the original.

use super::send::Planned;
use super::{Desk, DeskError};
use crate::dispatch::content::FrozenContent;
use crate::dispatch::planner::{Early, FollowUp, follow_up};
use crate::domain::audience::Rule;
use crate::domain::delivery::Delivery;
use crate::domain::distribution::Distribution;
use crate::domain::header_text::HeaderText;
use crate::domain::ids::ReleaseId;
use crate::domain::localized::Localized;
use crate::domain::problem::Problem;
use crate::domain::release::{Release, ReleaseDateline, ReleaseKind, Variant};
use crate::domain::said::Tell;
use crate::render::Kit;
use crate::said;
use std::collections::{BTreeMap, HashMap};

/// A short notice in Dateline's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The release is withdrawn, and is not to be used.
    Kill,
    /// The embargo has ended early.
    LiftedEarly,
    /// The embargo ends at another time.
    EmbargoMoved,
}

impl Notice {
    /// Its name on the command line, in identifiers and in the words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::LiftedEarly => "lifted-early",
            Self::EmbargoMoved => "embargo-moved",
        }
    }
}

/// What receivers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// Another release, written for it.
    With(String),
    /// A notice.
    Notice(Notice),
}

/// A follow-up on a release, as somebody ordered it.
#[derive(Debug, Clone)]
pub struct FollowOrder {
    /// The release that was received, by id or folder.
    pub release: String,
    /// What its receivers are told.
    pub correction: Correction,
    /// Somebody took note that the languages are not level.
    pub parity_ok: bool,
    /// Those are told too of whom nobody knows whether they have it.
    pub in_doubt: bool,
}

/// A follow-up that is ready to be worked on.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Its distribution.
    pub planned: Planned,
    /// Of so many nobody knows whether they have the original, and they are not told.
    pub left_in_doubt: u64,
}

/// What receivers are told, and who let it go out.
struct Message {
    content: FrozenContent,
    warnings: Vec<Problem>,
    approved_by: Vec<String>,
}

impl Desk {
    /// Plans a follow-up on a release, or finds the one that was planned and
    /// has not come to its end.
    ///
    /// # Errors
    /// Nobody received the original; the follow-up\u{2019}s problems.
    pub async fn correct(&self, order: &FollowOrder) -> Result<Followed, DeskError> {
        let folder = order.release.trim_end_matches('/');
        let original = ReleaseId::parse(folder.rsplit('/').next().unwrap_or(folder))
            .map_err(|error| DeskError::request(error.said()))?;
        let mut receivers = self.store.receivers_of(&original).await?;
        let mut doubted = self.doubted(&original).await?;
        doubted.retain(|email, _| !receivers.contains_key(email));
        if order.in_doubt {
            receivers.extend(doubted.clone());
        }
        if receivers.is_empty() {
            return Err(nobody(&original, doubted.len()));
        }
        let message = self.message(&original, order).await?;
        let (warnings, id) = (message.warnings.clone(), message.content.release.id.clone());
        let unfinished = self
            .follow_up_under_way(&original, &message.content)
            .await?;
        let (distribution, continued) = match unfinished {
            Some(distribution) => (distribution, true),
            None => (
                self.follow(&original, order, &receivers, message).await?,
                false,
            ),
        };
        let told = self.store.recipients_of(&id).await?;
        doubted.retain(|email, _| !told.contains_key(email));
        Ok(Followed {
            planned: Planned {
                distribution,
                continued,
                warnings,
            },
            left_in_doubt: doubted.len() as u64,
        })
    }

    async fn follow(
        &self,
        original: &ReleaseId,
        order: &FollowOrder,
        receivers: &HashMap<String, Delivery>,
        message: Message,
    ) -> Result<Distribution, DeskError> {
        let Message {
            content,
            approved_by,
            ..
        } = message;
        let agreed = self.consents(&[&content.release.id, original]).await?;
        let follow = FollowUp {
            original,
            receivers,
            suppressed: &self.store.suppressed().await?,
            already: &self.store.recipients_of(&content.release.id).await?,
            early: match order.correction {
                Correction::With(_) => Early::Agreements(&agreed),
                Correction::Notice(_) => Early::AsOriginal,
            },
            content: &content,
            approved_by,
            now: self.clock.now(),
        };
        Ok(follow_up(self.store.as_ref(), &follow).await?)
    }

    /// Deliveries of a release of which nobody knows whether they arrived, by address.
    async fn doubted(&self, release: &ReleaseId) -> Result<HashMap<String, Delivery>, DeskError> {
        let mut doubted = HashMap::new();
        for one in self.store.distributions().await? {
            if one.release != *release {
                continue;
            }
            let standings = self
                .store
                .standing(Some(one.id), "in_doubt", u32::MAX)
                .await?;
            doubted.extend(standings.into_iter().map(|standing| {
                let email = standing.delivery.recipient.email.to_string();
                (email, standing.delivery)
            }));
        }
        Ok(doubted)
    }

    async fn message(
        &self,
        original: &ReleaseId,
        order: &FollowOrder,
    ) -> Result<Message, DeskError> {
        let follow = match &order.correction {
            Correction::With(follow) => follow,
            Correction::Notice(notice) => {
                return Ok(Message {
                    content: self.notice(original, *notice).await?,
                    warnings: Vec::new(),
                    approved_by: Vec::new(),
                });
            }
        };
        let (loaded, warnings) = self.load_checked(follow)?;
        self.one_embargo(&loaded.content.release).await?;
        let nobody = Rule {
            to: Vec::new(),
            not: Vec::new(),
        };
        let clearance = self.cleared(&loaded, &nobody, order.parity_ok).await?;
        Ok(Message {
            content: loaded.content,
            warnings,
            approved_by: clearance.by,
        })
    }

    async fn follow_up_under_way(
        &self,
        original: &ReleaseId,
        content: &FrozenContent,
    ) -> Result<Option<Distribution>, DeskError> {
        for distribution in self.store.distributions().await? {
            let same = distribution.follows.as_ref() == Some(original)
                && distribution.release == content.release.id;
            let waiting = self
                .store
                .counts(distribution.id, self.clock.now())
                .await?
                .waiting();
            if same && waiting > 0 {
                return Ok(Some(distribution));
            }
        }
        Ok(None)
    }

    /// A notice on a release: the frame of the original, with words of our own.
    async fn notice(
        &self,
        original: &ReleaseId,
        notice: Notice,
    ) -> Result<FrozenContent, DeskError> {
        let all = self.store.distributions().await?;
        let last = all
            .into_iter()
            .find(|distribution| distribution.release == *original)
            .ok_or_else(|| DeskError::request(said!("{original} was never sent", original)))?;
        self.fits(notice, &last)?;
        let bytes = self.store.content(&last.content).await?.unwrap_or_default();
        let old = FrozenContent::from_bytes(&bytes)?;
        let kit = Kit::compile(&old.kit).map_err(DeskError::Problems)?;
        let word = |variant: &Variant| say(notice, variant, &kit);
        let variants: Result<Vec<_>, _> = old.release.variants.iter().map(word).collect();
        let zone = self.settings.newsroom.zone.time_zone().clone();
        let today = self.clock.now().to_zoned_datetime(zone).date();
        // Each move of an embargo is news; a kill or a lift happens once.
        let id = match notice {
            Notice::Kill | Notice::LiftedEarly => format!("{original}.{}", notice.name()),
            Notice::EmbargoMoved => format!("{original}.{}.{}", notice.name(), &last.content[..8]),
        };
        Ok(FrozenContent {
            release: Release {
                id: ReleaseId::parse(&id).map_err(|error| DeskError::request(error.said()))?,
                kind: match notice {
                    Notice::Kill => ReleaseKind::Retraction,
                    Notice::LiftedEarly | Notice::EmbargoMoved => ReleaseKind::Statement,
                },
                embargo: match notice {
                    Notice::EmbargoMoved => last.embargo.clone(),
                    Notice::Kill | Notice::LiftedEarly => None,
                },
                dateline: ReleaseDateline {
                    place: Localized::default(),
                    date: Some(today),
                },
                attachments: Vec::new(),
                data: BTreeMap::new(),
                variants: variants?,
                ..old.release
            },
            files: old
                .files
                .into_iter()
                .filter(|(path, _)| old.newsroom.logo.as_ref() == Some(path))
                .collect(),
            newsroom: old.newsroom,
            kit: old.kit,
        })
    }

    /// A notice must not say what is not so.
    fn fits(&self, notice: Notice, last: &Distribution) -> Result<(), DeskError> {
        let lift = last.lift();
        let wrong = match (notice, lift) {
            (Notice::Kill, _) => None,
            (Notice::LiftedEarly, Some(lift)) if lift <= self.clock.now() => None,
            (Notice::LiftedEarly, Some(lift)) => Some(said!(
                "the embargo stands until {time}; lift it first with `dateline embargo lift {id} --why …`",
                time = self.moment(lift),
                id = last.id
            )),
            (Notice::EmbargoMoved, Some(lift)) if lift > self.clock.now() => None,
            (Notice::EmbargoMoved, Some(_)) => Some(said!("its embargo has lifted")),
            (Notice::LiftedEarly | Notice::EmbargoMoved, None) => Some(said!("it had no embargo")),
        };
        match wrong {
            None => Ok(()),
            Some(why) => Err(DeskError::request(said!(
                "{release}: {why}",
                release = last.release,
                why
            ))),
        }
    }
}

fn nobody(original: &ReleaseId, in_doubt: usize) -> DeskError {
    DeskError::request(match in_doubt {
        0 => said!(
            "nobody has received {original}, so there is nobody to tell",
            original
        ),
        n => said!(
            "nobody is known to have received {original}, but {n} are in doubt; --in-doubt tells them",
            original,
            n
        ),
    })
}

/// What a notice says to the readers of a variant.
fn say(notice: Notice, variant: &Variant, kit: &Kit) -> Result<Variant, DeskError> {
    let said = |part: &str| {
        let id = format!("notice-{}-{part}", notice.name());
        let headline = [("headline", variant.headline.as_str())];
        kit.say(&variant.language, &id, &headline)
            .map_err(DeskError::request)
    };
    let headline = HeaderText::collapse(&said("headline")?);
    Ok(Variant {
        language: variant.language.clone(),
        // What it is stands in the headline; the kind need not stand before it.
        subject: Some(headline.clone()),
        headline,
        subhead: None,
        highlights: Vec::new(),
        body: said("body")?,
        notes: None,
    })
}
