//! Another embargo for a distribution that is planned: lifted now, or moved.

use super::{Desk, DeskError};
use crate::dispatch::content::{FrozenContent, hash};
use crate::dispatch::revisions::{Deed, Moves, Plan, revise};
use crate::dispatch::{replanned, revised};
use crate::domain::audience::{Timing, time_it};
use crate::domain::delivery::{Delivery, Event, apply};
use crate::domain::distribution::Distribution;
use crate::domain::embargo::{Embargo, Phase, parse_zoned_time};
use crate::domain::ids::{DistributionId, ReleaseId};
use crate::domain::schedule::Spot;
use crate::store::{Move, Reach, Standing, Store};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashSet;

/// A delivery's moves under another embargo or other agreements.
pub(super) struct Retiming<'a> {
    /// Addresses whose agreement stands.
    pub(super) agreed: &'a HashSet<String>,
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
        let agreed = self.agreed.contains(&old.recipient.email.to_string());
        let spot = Spot {
            zone: &old.zone,
            window: old.send_window,
            permitted_from: None,
            wave: old.wave,
        };
        let Timing {
            phase,
            permitted_from,
            not_before,
        } = time_it(
            to.embargo.as_ref(),
            agreed,
            &to.schedule,
            self.deed.now,
            spot,
        );
        let same = (phase, permitted_from) == (old.phase, old.permitted_from);
        if same && not_before == old.not_before {
            return None;
        }
        let delivery = Delivery {
            phase,
            permitted_from,
            not_before,
            ..old.clone()
        };
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

/// What came of another embargo.
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
    /// Lifts the embargo of a distribution now: what waited for it is due.
    ///
    /// # Errors
    /// It has none, or it has lifted.
    pub async fn lift_embargo(
        &self,
        which: &Distribution,
        deed: &Deed,
    ) -> Result<Moved, DeskError> {
        self.change_embargo(which, deed.now, "embargo_lifted", deed)
            .await
    }

    /// Moves the embargo of a distribution to another time.
    ///
    /// # Errors
    /// It has none, it has lifted, or the new time cannot be or has passed.
    pub async fn move_embargo(
        &self,
        which: &Distribution,
        time: &str,
        deed: &Deed,
    ) -> Result<Moved, DeskError> {
        let (until, _) =
            parse_zoned_time(time).map_err(|error| DeskError::request(error.to_string()))?;
        if until <= deed.now {
            return Err(DeskError::request(format!(
                "{} has passed; to end the embargo now, say `dateline embargo lift {} --why …`",
                self.shown(until),
                which.id
            )));
        }
        self.change_embargo(which, until, "embargo_moved", deed)
            .await
    }

    async fn change_embargo(
        &self,
        which: &Distribution,
        until: Timestamp,
        event: &str,
        deed: &Deed,
    ) -> Result<Moved, DeskError> {
        let agreed = self.who_agreed(&which.release, deed.now).await?;
        let bytes = self.store.content(&which.content).await?;
        let bytes = bytes.ok_or_else(|| {
            DeskError::request(format!("the frozen content of {} is gone", which.id))
        })?;
        let retiming = Retiming {
            agreed: &agreed,
            deed,
            only: None,
        };
        let plan = |from: &Distribution| {
            let old = standing_embargo(from, deed.now)?;
            if from.content != which.content {
                return Err(DeskError::request(format!(
                    "{} was changed meanwhile; look again",
                    from.id
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
                .map_err(|error| DeskError::request(error.to_string()))?;
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

    /// The addresses of all contacts whose agreement stands for a release today.
    pub(super) async fn who_agreed(
        &self,
        release: &ReleaseId,
        now: Timestamp,
    ) -> Result<HashSet<String>, DeskError> {
        let agreements = self.agreements().await?;
        let zone = &self.settings.newsroom.zone;
        let day = now.to_zoned_datetime(zone.time_zone().clone()).date();
        let mut agreed = HashSet::new();
        self.each_contact(|contact| {
            if agreements.permit(&contact, release, day) {
                agreed.insert(contact.email.to_string());
            }
            Ok(())
        })
        .await?;
        Ok(agreed)
    }
}

/// The embargo of a distribution, while it bars.
fn standing_embargo(from: &Distribution, now: Timestamp) -> Result<&Embargo, DeskError> {
    match &from.embargo {
        None => Err(DeskError::request(format!("{} has no embargo", from.id))),
        Some(embargo) if embargo.is_lifted(now) => Err(DeskError::request(format!(
            "the embargo of {} lifted at {}; what has been published cannot be put under embargo again",
            from.id,
            embargo.until.strftime("%Y-%m-%d %H:%M:%S UTC")
        ))),
        Some(embargo) => Ok(embargo),
    }
}
