//! Another embargo for a release that is planned: lifted now, or moved.
//!
//! The embargo is the release's: every distribution of it that stands under it
//! gets the new one.

use super::{Desk, DeskError};
use crate::dispatch::content::{FrozenContent, hash};
use crate::dispatch::revisions::{Deed, Moves, Plan, revise};
use crate::dispatch::{replanned, revised};
use crate::domain::agreement::Consent;
use crate::domain::audience::{Timing, time_it};
use crate::domain::delivery::{Delivery, Event, apply};
use crate::domain::distribution::Distribution;
use crate::domain::embargo::{Embargo, Phase};
use crate::domain::ids::DistributionId;
use crate::domain::said::{Said, Tell};
use crate::domain::schedule::{Spot, parse_instant};
use crate::said;
use crate::store::{Move, Reach, Standing, Store};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashMap;

/// A delivery's moves under another embargo or other agreements.
pub(super) struct Retiming<'a> {
    /// Agreements, by address.
    pub(super) agreed: &'a HashMap<String, Consent>,
    /// Who does it and why.
    pub(super) deed: &'a Deed,
    /// Only deliveries of this phase.
    pub(super) only: Option<Phase>,
}

impl Retiming<'_> {
    /// Whether it would move anything.
    pub(super) async fn concerns(
        &self,
        store: &dyn Store,
        id: DistributionId,
    ) -> Result<bool, DeskError> {
        let Some(distribution) = store.distribution(id).await? else {
            return Ok(false);
        };
        for state in ["planned", "due", "deferred", "claimed", "in_doubt"] {
            let standings = store.standing(Some(id), state, u32::MAX).await?;
            if standings
                .iter()
                .any(|standing| self.retime(standing, &distribution).is_some())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn moves<'m>(&'m self, to: Distribution) -> Moves<'m> {
        Box::new(move |standing| self.retime(standing, &to))
    }

    /// What has begun keeps its state, but a later attempt of it obeys the new
    /// times too.
    fn retime(&self, standing: &Standing, to: &Distribution) -> Option<Move> {
        let old = &standing.delivery;
        if self.only.is_some_and(|phase| phase != old.phase) {
            return None;
        }
        let nothing = Consent::default();
        let consent = self.agreed.get(&old.recipient.email.to_string());
        let spot = Spot {
            zone: &old.zone,
            window: old.send_window,
            permitted_from: None,
            wave: old.wave,
        };
        let Timing {
            phase,
            permitted_from,
            early,
            not_before,
            window,
        } = time_it(
            to.embargo.as_ref(),
            consent.unwrap_or(&nothing),
            &to.schedule,
            self.deed.now,
            spot,
        );
        let delivery = Delivery {
            phase,
            permitted_from,
            early,
            not_before,
            window,
            ..old.clone()
        };
        if delivery == *old {
            return None;
        }
        let event = Event::Replan { not_before };
        match apply(&standing.state, permitted_from, event, self.deed.now) {
            Ok(state) => Some(Move {
                event: Some(replanned(&delivery, &state, self.deed)),
                delivery,
                state,
            }),
            Err(_) => Some(Move {
                delivery,
                state: standing.state.clone(),
                event: None,
            }),
        }
    }
}

/// What came of another embargo, for one distribution.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The distribution as it is now.
    pub distribution: Distribution,
    /// Deliveries that got another time.
    pub deliveries: u64,
    /// Advance copies that went out already, and name the old time.
    pub named_before: u64,
}

impl Desk {
    /// Lifts the embargo of a distribution's release now: what waited for it is due.
    ///
    /// # Errors
    /// It has none, or it has lifted.
    pub async fn lift_embargo(
        &self,
        which: &Distribution,
        deed: &Deed,
    ) -> Result<Vec<Moved>, DeskError> {
        self.change_all(which, deed.now, "embargo_lifted", deed)
            .await
    }

    /// Moves the embargo of a distribution's release to another time, written
    /// as that of `--at`.
    ///
    /// # Errors
    /// It has none, it has lifted, or the new time cannot be or has passed.
    pub async fn move_embargo(
        &self,
        which: &Distribution,
        time: &str,
        deed: &Deed,
    ) -> Result<Vec<Moved>, DeskError> {
        let until = parse_instant(time, &self.settings.newsroom.zone)
            .map_err(|error| DeskError::request(error.said()))?;
        if until <= deed.now {
            return Err(DeskError::request(said!(
                "{time} has passed; to end the embargo now, say `dateline embargo lift {id} --why …`",
                time = self.moment(until),
                id = which.id
            )));
        }
        self.change_all(which, until, "embargo_moved", deed).await
    }

    /// Each is changed in a transaction of its own: should one fail, the same
    /// command changes the rest.
    async fn change_all(
        &self,
        which: &Distribution,
        until: Timestamp,
        event: &'static str,
        deed: &Deed,
    ) -> Result<Vec<Moved>, DeskError> {
        let under_it = self.under_embargo_with(which, deed.now).await?;
        if under_it.is_empty() {
            standing_embargo(which, deed.now)?;
        }
        let mut moved = Vec::new();
        for distribution in &under_it {
            let change = self.change_embargo(distribution, until, event, deed);
            moved.push(change.await?);
        }
        Ok(moved)
    }

    async fn change_embargo(
        &self,
        which: &Distribution,
        until: Timestamp,
        event: &'static str,
        deed: &Deed,
    ) -> Result<Moved, DeskError> {
        let agreed = self.who_agreed(which).await?;
        let bytes = self.store.content(&which.content).await?;
        let bytes = bytes.ok_or_else(|| {
            DeskError::request(said!("the frozen content of {id} is gone", id = which.id))
        })?;
        let retiming = Retiming {
            agreed: &agreed,
            deed,
            only: None,
        };
        let plan = |from: &Distribution| {
            let old = standing_embargo(from, deed.now)?;
            if from.content != which.content {
                return Err(DeskError::request(said!(
                    "{id} was changed meanwhile; look again",
                    id = from.id
                )));
            }
            let embargo = Embargo {
                until,
                zone: old.zone.clone(),
            };
            let mut content = FrozenContent::from_bytes(&bytes)?;
            content.release.embargo = Some(embargo.clone());
            let bytes = content
                .to_bytes()
                .map_err(|error| DeskError::request(error.said()))?;
            let to = Distribution {
                embargo: Some(embargo),
                content: hash(&bytes),
                ..from.clone()
            };
            Ok(Plan {
                event: revised(
                    from,
                    event,
                    deed,
                    json!({ "from": old.until, "to": until, "content": to.content }),
                ),
                moves: retiming.moves(to.clone()),
                to,
                content: Some(bytes),
                reach: Reach::Open,
            })
        };
        let (distribution, deliveries) = revise(self.store.as_ref(), which.id, plan).await?;
        Ok(Moved {
            named_before: self.sent_in_advance(&distribution).await?,
            distribution,
            deliveries,
        })
    }

    async fn sent_in_advance(&self, distribution: &Distribution) -> Result<u64, DeskError> {
        let receivers = self.store.receivers_of(&distribution.release).await?;
        let early = receivers.values().filter(|delivery| {
            delivery.distribution == distribution.id && delivery.phase == Phase::Advance
        });
        Ok(early.count() as u64)
    }

    /// The agreements of all contacts who have one to a distribution, by address.
    pub(super) async fn who_agreed(
        &self,
        which: &Distribution,
    ) -> Result<HashMap<String, Consent>, DeskError> {
        let releases: Vec<_> = std::iter::once(&which.release)
            .chain(&which.follows)
            .collect();
        self.consents(&releases).await
    }
}

/// The embargo of a distribution, while it bars.
fn standing_embargo(from: &Distribution, now: Timestamp) -> Result<&Embargo, DeskError> {
    match &from.embargo {
        None => Err(DeskError::request(said!(
            "{id} has no embargo",
            id = from.id
        ))),
        Some(embargo) if embargo.is_lifted(now) => Err(DeskError::request(said!(
            "the embargo of {id} lifted at {time}; what has been published cannot be put under embargo again",
            id = from.id,
            time = Said::moment(
                embargo.until,
                embargo.until.strftime("%Y-%m-%d %H:%M:%S UTC")
            )
        ))),
        Some(embargo) => Ok(embargo),
    }
}
