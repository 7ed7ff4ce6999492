//! Deliveries in doubt: a person decides.

use super::{Desk, DeskError};
use crate::dispatch::decided;
use crate::domain::address::EmailAddress;
use crate::domain::delivery::{Event, apply};
use crate::domain::ids::{DeliveryId, DistributionId};
use crate::said;
use crate::store::Standing;

/// At most so many are listed.
const MOST: u32 = 10_000;

/// How somebody settles a delivery in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it again, under the same Message-ID.
    Resend,
    /// It is known to have arrived.
    Arrived,
    /// It is known not to have arrived, and is not to be sent again.
    Abandon,
}

/// A delivery in doubt, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Which.
    pub delivery: DeliveryId,
    /// Of which distribution.
    pub distribution: DistributionId,
    /// To whom.
    pub email: EmailAddress,
    /// The name of its state.
    pub state: &'static str,
    /// Attempts made.
    pub attempts: u32,
}

impl Doubt {
    /// What is told of a delivery.
    pub fn of(standing: &Standing) -> Self {
        Self {
            delivery: standing.delivery.id,
            distribution: standing.delivery.distribution,
            email: standing.delivery.recipient.email.clone(),
            state: standing.state.name(),
            attempts: standing.attempts,
        }
    }
}

impl Desk {
    /// Whether there is a delivery of an identifier.
    ///
    /// # Errors
    /// The store failed.
    pub async fn knows_delivery(&self, id: DeliveryId) -> Result<bool, DeskError> {
        Ok(self.store.delivery(id).await?.is_some())
    }

    /// Deliveries in doubt, in short.
    ///
    /// # Errors
    /// The store failed.
    pub async fn doubts(
        &self,
        distribution: Option<DistributionId>,
    ) -> Result<Vec<Doubt>, DeskError> {
        let standings = self.in_doubt(distribution).await?;
        Ok(standings.iter().map(Doubt::of).collect())
    }

    /// Deliveries in doubt, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn in_doubt(
        &self,
        distribution: Option<DistributionId>,
    ) -> Result<Vec<Standing>, DeskError> {
        Ok(self.store.standing(distribution, "in_doubt", MOST).await?)
    }

    /// Settles one of them, of any distribution or of the one named.
    ///
    /// # Errors
    /// There is no such delivery there, it is not in doubt, or it has moved on meanwhile.
    pub async fn decide(
        &self,
        id: DeliveryId,
        of: Option<DistributionId>,
        decision: &Decision,
        by: &str,
    ) -> Result<Standing, DeskError> {
        let standing = self.store.delivery(id).await?;
        let standing =
            standing.filter(|found| of.is_none_or(|of| of == found.delivery.distribution));
        let standing =
            standing.ok_or_else(|| DeskError::request(said!("there is no delivery {id}", id)))?;
        let now = self.clock.now();
        let event = match decision {
            Decision::Resend => Event::Resend,
            Decision::Arrived => Event::Settle {
                arrived: true,
                by: by.to_owned(),
            },
            Decision::Abandon => Event::Settle {
                arrived: false,
                by: by.to_owned(),
            },
        };
        let next = apply(
            &standing.state,
            standing.delivery.permitted_from,
            event,
            now,
        )
        .map_err(|illegal| DeskError::conflict(said!("{id}: {illegal}", id, illegal)))?;
        let entry = decided(&standing.delivery, &next, by, now);
        if self.store.decide(id, &standing.state, &next, entry).await? {
            Ok(Standing {
                state: next,
                ..standing
            })
        } else {
            Err(DeskError::conflict(said!(
                "{id} has moved on meanwhile; look again",
                id
            )))
        }
    }
}
