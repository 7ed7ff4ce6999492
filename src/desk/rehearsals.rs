//! Rehearsals that a service goes through for the desk: one at a time, the last
//! few kept with the mails they caught.

use super::rehearsal::Rehearsal;
use super::send::Order;
use super::traces::REHEARSAL;
use super::{Desk, DeskError, Wiring};
use crate::dispatch::progress::{Progress, Snapshot};
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::said;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// So many are kept; their mails go with them.
const KEPT: usize = 5;

/// What a rehearsal came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is under way.
    UnderWay,
    /// It went through.
    Done(Arc<Rehearsal>),
    /// It did not, for this reason.
    Failed(Said),
}

/// One rehearsal.
#[derive(Debug)]
pub struct Rehearsing {
    /// Its name in addresses.
    pub id: String,
    /// What was rehearsed.
    pub order: Order,
    /// By whom.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    mailbox: TempDir,
    progress: Arc<Progress>,
    outcome: Mutex<Outcome>,
}

impl Rehearsing {
    /// What it came to so far.
    pub fn outcome(&self) -> Outcome {
        self.outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How far it is.
    pub fn snapshot(&self) -> Snapshot {
        self.progress.snapshot()
    }

    /// Where its mails lie.
    pub fn mailbox(&self) -> &std::path::Path {
        self.mailbox.path()
    }

    fn settle(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
    }
}

/// A rehearsal and its task, which ends when it is dropped.
type Kept = (Arc<Rehearsing>, AbortOnDropHandle<()>);

/// The last few rehearsals of a service.
#[derive(Debug, Default)]
pub struct Rehearsals {
    all: Mutex<VecDeque<Kept>>,
}

impl Rehearsals {
    fn all(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rehearsal of a name.
    pub fn find(&self, id: &str) -> Option<Arc<Rehearsing>> {
        self.all()
            .iter()
            .find(|(one, _)| one.id == id)
            .map(|(one, _)| Arc::clone(one))
    }

    /// Those of a release, the newest first.
    pub fn of(&self, release: &str) -> Vec<Arc<Rehearsing>> {
        let all = self.all();
        let own = all.iter().filter(|(one, _)| one.order.release == release);
        own.map(|(one, _)| Arc::clone(one)).collect()
    }

    /// Lets all go, with the mails that they caught.
    pub fn clear(&self) {
        self.all().clear();
    }

    /// Begins one.
    ///
    /// # Errors
    /// Another is under way, or there is no room for its mails.
    pub fn begin(
        &self,
        desk: Arc<Desk>,
        wiring: &'static dyn Wiring,
        order: Order,
        by: &str,
    ) -> Result<String, DeskError> {
        let mut all = self.all();
        if all
            .iter()
            .any(|(one, _)| matches!(one.outcome(), Outcome::UnderWay))
        {
            return Err(DeskError::conflict(said!(
                "a rehearsal is under way; wait for its end"
            )));
        }
        let mailbox = tempfile::Builder::new().prefix(REHEARSAL).tempdir();
        let rehearsing = Arc::new(Rehearsing {
            id: format!("{:032x}", Entropy.bits()),
            order,
            by: by.to_owned(),
            since: desk.clock.now(),
            mailbox: mailbox.map_err(DeskError::file("create", std::env::temp_dir()))?,
            progress: Arc::default(),
            outcome: Mutex::new(Outcome::UnderWay),
        });
        let id = rehearsing.id.clone();
        let task = tokio::spawn(go(Arc::clone(&rehearsing), desk, wiring));
        all.push_front((rehearsing, AbortOnDropHandle::new(task)));
        all.truncate(KEPT);
        Ok(id)
    }
}

async fn go(rehearsing: Arc<Rehearsing>, desk: Arc<Desk>, wiring: &'static dyn Wiring) {
    let (progress, stop) = (Arc::clone(&rehearsing.progress), CancellationToken::new());
    let done = desk
        .rehearse(
            &rehearsing.order,
            wiring,
            rehearsing.mailbox(),
            progress,
            stop,
        )
        .await;
    rehearsing.settle(match done {
        Ok(rehearsal) => Outcome::Done(Arc::new(rehearsal)),
        Err(DeskError::Problems(problems)) => {
            Outcome::Failed(Said::several(problems.iter().map(Tell::said), "; "))
        }
        Err(error) => Outcome::Failed(error.said()),
    });
}
