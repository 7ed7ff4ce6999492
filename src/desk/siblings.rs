//! The distributions of one release: its embargo is one for all of them.
//!
//! Readers of early copy were told one time, whichever distribution brought it.
//! So a distribution is planned only under the lift that those before it stand
//! under, and a lift or a move reaches them all.

use super::{Desk, DeskError};
use crate::dispatch::revisions::{Deed, hold};
use crate::domain::course::{Course, HoldCause};
use crate::domain::distribution::Distribution;
use crate::domain::release::Release;
use crate::said;
use jiff::Timestamp;

impl Desk {
    /// A distribution and all others of its release whose embargo still bars; a
    /// killed one only where it is the one named.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn under_embargo_with(
        &self,
        which: &Distribution,
        now: Timestamp,
    ) -> Result<Vec<Distribution>, DeskError> {
        let mut all = self.store.distributions().await?;
        all.retain(|one| {
            one.release == which.release
                && bars(one.lift(), now)
                && (one.id == which.id || !is_killed(one))
        });
        Ok(all)
    }

    /// Sees that every open distribution of a release has the lift that its
    /// folder names: open is what has deliveries that wait, and whatever went
    /// out under an embargo that still bars.
    ///
    /// # Errors
    /// One has another lift; it is named.
    pub(super) async fn one_embargo(&self, release: &Release) -> Result<(), DeskError> {
        let now = self.clock.now();
        let said = release.embargo.as_ref().map(|embargo| embargo.until);
        for other in self.store.distributions().await? {
            let lift = other.lift();
            let differs = lift != said && (bars(lift, now) || bars(said, now));
            if other.release != release.id || !differs || is_killed(&other) {
                continue;
            }
            let waiting = self.store.counts(other.id, now).await?.waiting();
            if bars(lift, now) || waiting > 0 {
                return Err(self.two_embargoes(said, &other));
            }
        }
        Ok(())
    }

    fn two_embargoes(&self, said: Option<Timestamp>, other: &Distribution) -> DeskError {
        let id = other.id;
        let said = match said {
            Some(lift) => said!(
                "release.toml says that the embargo lifts {time}",
                time = self.moment(lift)
            ),
            None => said!("release.toml names no embargo"),
        };
        let lift = match other.lift() {
            Some(lift) => self.moment(lift),
            None => said!("none"),
        };
        DeskError::conflict(said!(
            "{said}, but {id} of the same release stands with {lift}, and a release has one embargo: write that into release.toml, change it for all with `dateline embargo move {id} TIME --why …` or `embargo lift`, or `dateline kill {id} --why …`; nothing was planned",
            said,
            id,
            lift
        ))
    }

    /// Somebody may have changed the embargo while a distribution was being
    /// planned under the old one: then that is held at once.
    ///
    /// # Errors
    /// It was so.
    pub(super) async fn still_one_embargo(
        &self,
        release: &Release,
        planned: &Distribution,
    ) -> Result<(), DeskError> {
        let Err(error) = self.one_embargo(release).await else {
            return Ok(());
        };
        let deed = Deed {
            by: "dateline".to_owned(),
            why: format!("the embargo was changed while this was planned: {error}"),
            now: self.clock.now(),
        };
        hold(self.store.as_ref(), planned.id, &deed, HoldCause::Person).await?;
        Err(DeskError::conflict(said!(
            "{id} is planned and held: {why}",
            id = planned.id,
            why = deed.why
        )))
    }
}

fn bars(lift: Option<Timestamp>, now: Timestamp) -> bool {
    lift.is_some_and(|lift| lift > now)
}

fn is_killed(distribution: &Distribution) -> bool {
    match distribution.course {
        Course::Killed { .. } => true,
        Course::UnderWay { .. } | Course::Held { .. } => false,
    }
}
