//! Revisions of a distribution: hold, resume, kill, another embargo.
//!
//! Each is a pure change from `domain`, written by the store in one
//! transaction with its log entries. A distribution that somebody else changed
//! meanwhile is read again, so two people at once cannot undo each other.

use super::entries;
use crate::domain::course::{Course, CourseError, HoldCause};
use crate::domain::delivery::{Delivery, DeliveryState, Event, apply};
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::log::LogEvent;
use crate::domain::said::{Said, Tell};
use crate::domain::suppression::SuppressionReason;
use crate::store::{Move, Reach, Revision, Standing, Store, StoreError};
use crate::{said, shown_as_said};
use jiff::Timestamp;

/// Why a revision was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReviseError {
    /// The store failed.
    Store(#[from] StoreError),
    /// The course does not allow it.
    Course(DistributionId, CourseError),
    /// There is no such distribution.
    Unknown(DistributionId),
    /// It changed too often meanwhile.
    Busy(DistributionId),
}

impl Tell for ReviseError {
    fn said(&self) -> Said {
        match self {
            Self::Store(error) => error.said(),
            Self::Course(id, error) => said!("{id}: {error}", id, error),
            Self::Unknown(id) => said!("there is no distribution {id}", id),
            Self::Busy(id) => said!("{id} is being changed by somebody else; look again", id),
        }
    }
}

shown_as_said!(ReviseError);

/// Who does it, what for, and when.
#[derive(Debug, Clone)]
pub struct Deed {
    /// Who.
    pub by: String,
    /// What for.
    pub why: String,
    /// When.
    pub now: Timestamp,
}

/// What becomes of each delivery; `None` leaves it as it is.
pub type Moves<'a> = Box<dyn Fn(&Standing) -> Option<Move> + Send + Sync + 'a>;

/// A distribution as it is to be, and what the log says of it.
pub struct Plan<'a> {
    /// As it is to be.
    pub to: Distribution,
    /// New frozen content, where it names other.
    pub content: Option<Vec<u8>>,
    /// What the log says.
    pub event: LogEvent,
    /// Which deliveries are asked about.
    pub reach: Reach,
    /// What becomes of each.
    pub moves: Moves<'a>,
}

impl std::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("to", &self.to)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

/// Tries so often against others who change the same.
const TRIES: usize = 5;

/// Carries a revision out. Answers with the distribution as it is now, and
/// with the number of deliveries moved.
///
/// # Errors
/// See [`ReviseError`]; nothing was changed.
pub async fn revise<'a, E: From<ReviseError>>(
    store: &dyn Store,
    id: DistributionId,
    plan: impl Fn(&Distribution) -> Result<Plan<'a>, E>,
) -> Result<(Distribution, u64), E> {
    for _ in 0..TRIES {
        let found = store.distribution(id).await.map_err(ReviseError::from)?;
        let from = found.ok_or(ReviseError::Unknown(id))?;
        let plan = plan(&from)?;
        let revision = Revision {
            from: &from,
            to: &plan.to,
            content: plan.content.as_deref(),
            events: vec![plan.event],
            reach: plan.reach,
            moves: plan.moves.as_ref(),
        };
        if let Some(moved) = store.revise(revision).await.map_err(ReviseError::from)? {
            return Ok((plan.to, moved));
        }
    }
    Err(ReviseError::Busy(id).into())
}

/// Stops it for now: nothing that has not begun will begin.
///
/// # Errors
/// It is held or killed already, or the store failed.
pub async fn hold(
    store: &dyn Store,
    id: DistributionId,
    deed: &Deed,
    cause: HoldCause,
) -> Result<Distribution, ReviseError> {
    let held = |from: &Distribution| {
        let course = from.course.hold(deed.now, &deed.by, &deed.why, cause);
        turn(from, course, deed, Reach::Claimed, take_back)
    };
    revise(store, id, held).await.map(|(to, _)| to)
}

/// Lets a held distribution go on.
///
/// # Errors
/// It is not held, or the store failed.
pub async fn resume(
    store: &dyn Store,
    id: DistributionId,
    deed: &Deed,
) -> Result<Distribution, ReviseError> {
    let resumed = |from: &Distribution| {
        turn(
            from,
            from.course.resume(deed.now),
            deed,
            Reach::Claimed,
            |_, _| None,
        )
    };
    revise(store, id, resumed).await.map(|(to, _)| to)
}

/// Withdraws what has not begun. Answers with the number of deliveries withdrawn.
///
/// # Errors
/// It was killed already, or the store failed.
pub async fn kill(
    store: &dyn Store,
    id: DistributionId,
    deed: &Deed,
) -> Result<(Distribution, u64), ReviseError> {
    let killed = |from: &Distribution| {
        let course = from.course.kill(deed.now, &deed.by, &deed.why);
        turn(from, course, deed, Reach::Open, cancel)
    };
    revise(store, id, killed).await
}

/// Ends one delivery that has not begun: its reader wants it no more. Answers
/// whether there was anything to end.
///
/// # Errors
/// The store failed.
pub async fn spare(
    store: &dyn Store,
    delivery: &Delivery,
    deed: &Deed,
) -> Result<bool, ReviseError> {
    let spared = |from: &Distribution| {
        let (id, all) = (delivery.id, moves(deed.clone(), suppress));
        let moves = move |standing: &Standing| {
            let meant = standing.delivery.id == id;
            meant.then(|| all(standing)).flatten()
        };
        Ok::<_, ReviseError>(Plan {
            to: from.clone(),
            content: None,
            event: entries::revised(from, "opt-out", deed, serde_json::Value::Null),
            reach: Reach::Open,
            moves: Box::new(moves),
        })
    };
    let (_, moved) = revise(store, delivery.distribution, spared).await?;
    Ok(moved > 0)
}

fn suppress(state: &DeliveryState, deed: &Deed) -> Option<DeliveryState> {
    apply(
        state,
        None,
        Event::Suppress(SuppressionReason::OptOut),
        deed.now,
    )
    .ok()
}

/// Ends what still waits of a distribution that is stale or killed.
///
/// # Errors
/// The store failed.
pub async fn end(
    store: &dyn Store,
    id: DistributionId,
    now: Timestamp,
) -> Result<u64, ReviseError> {
    let ended = |from: &Distribution| {
        let (name, by, why) = match &from.course {
            Course::Killed { by, why, .. } => ("killed", by.as_str(), why.as_str()),
            Course::UnderWay { .. } | Course::Held { .. } => {
                ("stale", "schedule", "not_after has passed")
            }
        };
        let deed = Deed {
            by: by.to_owned(),
            why: why.to_owned(),
            now,
        };
        let turn: Turn = match &from.course {
            Course::Killed { .. } => cancel,
            Course::UnderWay { .. } | Course::Held { .. } => go_stale,
        };
        Ok::<_, ReviseError>(Plan {
            to: from.clone(),
            content: None,
            event: entries::revised(from, name, &deed, serde_json::Value::Null),
            reach: Reach::Open,
            moves: moves(deed, turn),
        })
    };
    revise(store, id, ended).await.map(|(_, moved)| moved)
}

fn go_stale(state: &DeliveryState, deed: &Deed) -> Option<DeliveryState> {
    apply(state, None, Event::GoStale, deed.now).ok()
}

/// What a change of course makes of one delivery's state.
type Turn = fn(&DeliveryState, &Deed) -> Option<DeliveryState>;

fn turn(
    from: &Distribution,
    course: Result<Course, CourseError>,
    deed: &Deed,
    reach: Reach,
    turn: Turn,
) -> Result<Plan<'static>, ReviseError> {
    let course = course.map_err(|error| ReviseError::Course(from.id, error))?;
    let name = match &course {
        Course::UnderWay { .. } => "resumed",
        Course::Held { .. } => "held",
        Course::Killed { .. } => "killed",
    };
    Ok(Plan {
        event: entries::revised(from, name, deed, serde_json::Value::Null),
        to: Distribution {
            course,
            ..from.clone()
        },
        content: None,
        reach,
        moves: moves(deed.clone(), turn),
    })
}

/// Moves whose log entries say who did it and why. A claim that goes back
/// unbegun has nothing to tell.
fn moves(deed: Deed, turn: Turn) -> Moves<'static> {
    Box::new(move |standing| {
        let state = turn(&standing.state, &deed)?;
        let event = state
            .is_final()
            .then(|| entries::decided(&standing.delivery, &state, &deed.by, deed.now));
        Some(Move {
            delivery: standing.delivery.clone(),
            state,
            event,
        })
    })
}

fn take_back(state: &DeliveryState, deed: &Deed) -> Option<DeliveryState> {
    apply(state, None, Event::TakeBack, deed.now).ok()
}

fn cancel(state: &DeliveryState, deed: &Deed) -> Option<DeliveryState> {
    let event = Event::Cancel {
        by: deed.by.clone(),
    };
    apply(state, None, event, deed.now).ok()
}
