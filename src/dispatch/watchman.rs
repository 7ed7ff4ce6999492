//! The watchman: looks around before anything is claimed.
//!
//! A clock that jumped holds what waits for a time; after a long silence what
//! fell due meanwhile is held; what is stale expires; what a dead worker held
//! comes back.

use super::reaper;
use super::retention::retain;
use super::revisions::{Deed, ReviseError, end, hold};
use super::run::{Run, RunError, Until};
use crate::domain::clock_guard::Jump;
use crate::domain::course::{Course, HoldCause};
use crate::domain::distribution::Distribution;
use crate::domain::ids::DistributionId;
use crate::domain::retention::is_time;
use crate::domain::said::Tell;
use crate::domain::staleness::is_stale;
use crate::store::erasure::Really;
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

/// How often a service notes that it is there.
const BEAT: SignedDuration = SignedDuration::from_secs(60);

/// Who holds, in the log.
const OWN_NAME: &str = "dateline";

/// One look around.
#[derive(Debug, Default)]
pub(super) struct Watchman {
    beaten: Option<Timestamp>,
    looked_back: bool,
    /// When what is too old was last let go.
    retained: Option<Timestamp>,
}

impl Watchman {
    #[tracing::instrument(name = "look around", skip_all)]
    pub(super) async fn look(&mut self, run: &Run) -> Result<(), RunError> {
        run.pulse.beat();
        if mind_the_clock(run).await? {
            // Whoever comes after is to compare with the clock as it is now.
            self.beaten = None;
        }
        compare_clocks(run).await?;
        run.leads.ask(run.store.as_ref()).await?;
        // Who runs `send` looks after what it sends, whoever leads.
        if run.leads.is_held() || run.until != Until::Stopped {
            self.look_after(run).await?;
        }
        Ok(())
    }

    async fn look_after(&mut self, run: &Run) -> Result<(), RunError> {
        let now = run.clock.now();
        if run.until == Until::Stopped {
            self.look_back(run).await?;
        }
        for id in run.store.over(now).await? {
            if asks_about_the_clock(run, id).await? {
                continue;
            }
            let ended = end(run.store.as_ref(), id, now).await.map_err(into_run)?;
            tracing::warn!(distribution.id = %id, ended, "stale or killed: what still waited is ended");
        }
        reaper::reap(run).await?;
        match run.until {
            Until::Stopped => self.keep_watch(run, now).await,
            Until::NothingDue | Until::AllSettled => Ok(()),
        }
    }

    /// The first look reaches back to the last of the service before this one: a
    /// clock that was set in between is no more to be trusted than one that was
    /// set before somebody's eyes.
    async fn look_back(&mut self, run: &Run) -> Result<(), RunError> {
        if self.looked_back {
            return Ok(());
        }
        let present = run.clock.heartbeat();
        if present.machine.is_none() {
            tracing::info!(
                "the machine's boot id cannot be read: a clock that is set while no service runs goes unnoticed"
            );
        }
        let last = run.store.last_beat().await?;
        let tolerance = run.settings.clock_tolerance;
        if let Some(jump) = last.and_then(|last| last.jump_to(&present, tolerance)) {
            hold_beyond(run, &jump).await?;
        }
        self.looked_back = true;
        Ok(())
    }

    /// The service alone holds what it comes too late for: who runs `send` is
    /// there, and has just asked for it.
    async fn keep_watch(&mut self, run: &Run, now: Timestamp) -> Result<(), RunError> {
        let last_beat = match self.beaten {
            Some(beaten) => Some(beaten),
            None => run.store.last_beat().await?.map(|last| last.at),
        };
        for (id, due) in run.store.overdue(now).await? {
            let Some(distribution) = run.store.distribution(id).await? else {
                continue;
            };
            let alive = last_alive(&distribution, last_beat);
            if is_stale(due, alive, now, run.settings.grace) {
                let why = format!(
                    "deliveries were due {}, and nobody was there to send them; resume it to send now",
                    due.max(distribution.schedule.from)
                        .strftime("%Y-%m-%d %H:%M:%S UTC")
                );
                stop(run, id, HoldCause::Stale, why, now).await?;
            }
        }
        if is_time(self.retained, now) {
            self.let_go(run, now).await?;
        }
        if self
            .beaten
            .is_none_or(|beaten| now.duration_since(beaten) >= BEAT)
        {
            let beat = run.clock.heartbeat();
            run.store.beat(&beat).await?;
            self.beaten = Some(beat.at);
        }
        Ok(())
    }
}

impl Watchman {
    /// Lets go what is too old.
    async fn let_go(&mut self, run: &Run, now: Timestamp) -> Result<(), RunError> {
        let (store, policy) = (run.store.as_ref(), &run.settings.retention);
        let gone = retain(store, policy, now, (OWN_NAME, Map::new()), Really::Done).await?;
        for one in gone.iter().filter(|one| one.count > 0) {
            tracing::info!(what = one.what.name(), count = one.count, before = %one.before, "{}", one.what.told());
        }
        self.retained = Some(now);
        Ok(())
    }
}

/// Machines that share a store must agree on the time: one whose clock is fast
/// would lift every embargo early.
async fn compare_clocks(run: &Run) -> Result<(), RunError> {
    let asked = run.clock.now();
    let Some(stores) = run.store.time().await? else {
        return Ok(());
    };
    let heard = run.clock.now();
    let early = asked.duration_since(stores);
    let late = stores.duration_since(heard);
    let off = early.max(late);
    if off > run.settings.clock_tolerance {
        return Err(RunError::Clocks(format!("{off:#}")));
    }
    Ok(())
}

/// Since when somebody can have been there to send it.
fn last_alive(distribution: &Distribution, last_beat: Option<Timestamp>) -> Timestamp {
    let since = match &distribution.course {
        Course::UnderWay { since } => *since,
        Course::Held { since, .. } | Course::Killed { at: since, .. } => *since,
    };
    let alive = since.max(distribution.planned_at);
    last_beat.map_or(alive, |beat| beat.max(alive))
}

/// Holds what a clock that was set has made uncertain. Answers whether it was.
async fn mind_the_clock(run: &Run) -> Result<bool, RunError> {
    let Some(jump) = run.clock.jump() else {
        return Ok(false);
    };
    hold_beyond(run, &jump).await?;
    run.clock.trust();
    Ok(true)
}

/// Whatever waits for an instant beyond the one that is certain is held: the
/// clock it waits for cannot be trusted until a person has looked.
async fn hold_beyond(run: &Run, jump: &Jump) -> Result<(), RunError> {
    let why = jump.explain();
    tracing::error!("{why}");
    let mine = |id: &DistributionId| run.distribution.is_none_or(|own| own == *id);
    let waiting = run.store.waiting_beyond(jump.certain()).await?;
    for id in waiting.into_iter().filter(mine) {
        stop(run, id, HoldCause::ClockJumped, why.clone(), jump.certain()).await?;
    }
    Ok(())
}

/// Whether a distribution is held because nobody knows what time it is: then
/// nobody knows either that it is stale.
async fn asks_about_the_clock(run: &Run, id: DistributionId) -> Result<bool, RunError> {
    let found = run.store.distribution(id).await?;
    Ok(found.is_some_and(|one| match one.course {
        Course::Held { cause, .. } => cause == HoldCause::ClockJumped,
        Course::UnderWay { .. } | Course::Killed { .. } => false,
    }))
}

/// Holds a distribution in the service's own name.
pub(super) async fn stop(
    run: &Run,
    id: DistributionId,
    cause: HoldCause,
    why: String,
    now: Timestamp,
) -> Result<(), RunError> {
    tracing::error!(distribution.id = %id, why, "held");
    let deed = Deed {
        by: OWN_NAME.to_owned(),
        why,
        now,
    };
    match hold(run.store.as_ref(), id, &deed, cause).await {
        // Somebody else was quicker: it is held or killed, and that was the aim.
        Ok(_) | Err(ReviseError::Course(..)) => Ok(()),
        Err(error) => Err(into_run(error)),
    }
}

fn into_run(error: ReviseError) -> RunError {
    match error {
        ReviseError::Store(error) => RunError::Store(error),
        ReviseError::Course(..) | ReviseError::Unknown(_) | ReviseError::Busy(_) => {
            RunError::Revise(error.said())
        }
    }
}
