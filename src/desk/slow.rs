//! Work that must read everything: done once for all who ask for the same at the
//! same time, and one after the other, so that everything else goes on meanwhile.
//! Whoever has no time to wait is told that it is under way, and asks again.

use super::{DeskError, background};
use crate::said;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};

/// So long a page waits: what is done by then is shown at once, and not kept.
pub const PATIENCE: Duration = Duration::from_millis(40);
/// What took this long is kept [`KEPT_TIMES`] as long as it took, so that a page
/// that is looked at all the time does not keep the machine busy; what took less is
/// kept for whoever was told to ask again.
const LONG: Duration = Duration::from_millis(500);
const KEPT_TIMES: u32 = 8;
/// But no longer than this.
const MOST_KEPT: Duration = Duration::from_secs(120);
/// So long somebody has to ask again.
const FETCHED: Duration = Duration::from_secs(10);

/// How far one piece of work is.
#[derive(Debug)]
enum Stage<T> {
    UnderWay,
    /// It is done.
    Done(Arc<T>, Kept),
    /// It failed; whoever comes first is told why, the others try anew.
    Failed(Arc<Mutex<Option<DeskError>>>),
}

/// How long something that is done is shown.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// To those who wait for it, and nobody else.
    No,
    /// To one more who asks, by then.
    Once(Instant),
    /// Until then.
    Until(Instant),
}

impl Kept {
    /// What was begun then and is done now.
    fn of(begun: Instant) -> Self {
        let (now, took) = (Instant::now(), begun.elapsed());
        if took < PATIENCE {
            Self::No
        } else if took < LONG {
            Self::Once(now + FETCHED)
        } else {
            Self::Until(now + (took * KEPT_TIMES).min(MOST_KEPT))
        }
    }
}

impl<T> Clone for Stage<T> {
    fn clone(&self) -> Self {
        match self {
            Self::UnderWay => Self::UnderWay,
            Self::Done(value, kept) => Self::Done(Arc::clone(value), *kept),
            Self::Failed(why) => Self::Failed(Arc::clone(why)),
        }
    }
}

/// Work of one kind, by what was asked for.
#[derive(Debug)]
pub struct Slow<T> {
    all: Mutex<HashMap<String, watch::Receiver<Stage<T>>>>,
    /// One at a time.
    turn: Arc<Semaphore>,
}

impl<T> Default for Slow<T> {
    fn default() -> Self {
        Self {
            all: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

impl<T: Send + Sync + 'static> Slow<T> {
    /// Gives what was asked for, or nothing where it is not there within `patience`;
    /// without one it waits. `work` is begun where nobody has asked for the same.
    ///
    /// # Errors
    /// What the work fails with.
    pub async fn look<W>(
        &self,
        asked: &str,
        patience: Option<Duration>,
        work: impl Fn() -> W,
    ) -> Result<Option<Arc<T>>, DeskError>
    where
        W: Future<Output = Result<T, DeskError>> + Send + 'static,
    {
        let begun = Instant::now();
        loop {
            let mut seen = self.place(asked, &work);
            let settled = seen.wait_for(|stage| !matches!(stage, Stage::UnderWay));
            let stage = match patience {
                None => settled.await.map(|stage| stage.clone()),
                Some(patience) => {
                    let left = patience.saturating_sub(begun.elapsed());
                    match tokio::time::timeout(left, settled).await {
                        Ok(stage) => stage.map(|stage| stage.clone()),
                        Err(_) => return Ok(None),
                    }
                }
            };
            match stage {
                Ok(Stage::Done(value, _)) => return Ok(Some(value)),
                Ok(Stage::Failed(why)) => {
                    let why = why.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(error) = why {
                        return Err(error);
                    }
                }
                Ok(Stage::UnderWay) => {}
                // The work is gone without a word: the service ends.
                Err(_) => {
                    return Err(DeskError::request(said!(
                        "the work was broken off; ask again"
                    )));
                }
            }
        }
    }

    /// Forgets everything that is done.
    pub fn clear(&self) {
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The work that somebody asked for, begun where it is not there or is over.
    fn place<W>(&self, asked: &str, work: &impl Fn() -> W) -> watch::Receiver<Stage<T>>
    where
        W: Future<Output = Result<T, DeskError>> + Send + 'static,
    {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, seen| is_kept(seen));
        if let Some(seen) = all.get(asked).cloned() {
            if matches!(*seen.borrow(), Stage::Done(_, Kept::Once(_))) {
                all.remove(asked);
            }
            return seen;
        }
        let (told, seen) = watch::channel(Stage::UnderWay);
        all.insert(asked.to_owned(), seen.clone());
        let asked_at = Instant::now();
        let (turn, work) = (Arc::clone(&self.turn), work());
        background::spawn(async move {
            let stage = {
                let _turn = turn.acquire_owned().await;
                match work.await {
                    Ok(value) => Stage::Done(Arc::new(value), Kept::of(asked_at)),
                    Err(error) => Stage::Failed(Arc::new(Mutex::new(Some(error)))),
                }
            };
            told.send_replace(stage);
        });
        seen
    }
}

fn is_kept<T>(seen: &watch::Receiver<Stage<T>>) -> bool {
    match &*seen.borrow() {
        // Work that ended without a word is none.
        Stage::UnderWay => seen.has_changed().is_ok(),
        Stage::Done(_, Kept::No) | Stage::Failed(_) => false,
        Stage::Done(_, Kept::Once(until) | Kept::Until(until)) => Instant::now() < *until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    }

    #[test]
    fn whoever_asks_for_the_same_shares_it_and_nobody_has_to_wait() {
        runtime().block_on(async {
            let (slow, gate, begun) = (
                Slow::default(),
                Arc::new(Notify::new()),
                Arc::new(AtomicU32::new(0)),
            );
            let work = || {
                let (gate, begun) = (Arc::clone(&gate), Arc::clone(&begun));
                async move {
                    let n = begun.fetch_add(1, Ordering::SeqCst);
                    gate.notified().await;
                    Ok(n)
                }
            };
            let patience = Some(Duration::from_millis(80));
            assert!(slow.look("a", patience, work).await.unwrap().is_none());
            assert!(slow.look("a", patience, work).await.unwrap().is_none());
            gate.notify_one();
            assert_eq!(*slow.look("a", None, work).await.unwrap().unwrap(), 0);
            assert_eq!(begun.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn what_is_done_at_once_is_done_anew_each_time() {
        runtime().block_on(async {
            let (slow, begun) = (Slow::default(), Arc::new(AtomicU32::new(0)));
            for n in 0..3 {
                let begun = Arc::clone(&begun);
                let work = || {
                    let begun = Arc::clone(&begun);
                    async move { Ok(begun.fetch_add(1, Ordering::SeqCst)) }
                };
                assert_eq!(
                    slow.look("a", None, work).await.unwrap().as_deref(),
                    Some(&n)
                );
            }
        });
    }

    #[test]
    fn a_failure_is_told_and_not_kept() {
        runtime().block_on(async {
            let slow = Slow::<u32>::default();
            for why in ["one", "other"] {
                let work = || async move {
                    Err(DeskError::request(crate::domain::said::Said::verbatim(why)))
                };
                let error = slow.look("a", None, work).await.unwrap_err();
                assert_eq!(error.to_string(), why);
            }
        });
    }
}
