//! The ledger: one task that commits beginnings and outcomes in groups.
//!
//! A commit costs a flush to disk whatever it holds, so everything that has
//! arrived while the last one was under way goes into the next. Workers wait
//! for a beginning to be committed before they speak to the relay; outcomes
//! they leave here and go on.

use crate::domain::ids::DeliveryId;
use crate::store::{Record, Store, StoreError};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Records of one transaction at most; more was slower (DESIGN.md).
const GROUP: usize = 500;

/// What a worker brings to the ledger.
enum Page {
    /// Deliveries about to begin; the answer names those that may not.
    Begin(Vec<Record>, oneshot::Sender<Vec<DeliveryId>>),
    /// A delivery that has ended its attempt.
    End(Box<Record>),
}

/// A worker's hand in the ledger.
#[derive(Clone)]
pub(super) struct Ledger {
    pages: mpsc::Sender<Page>,
}

/// The ledger's task has ended, so nothing can be committed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

impl Ledger {
    /// Opens a ledger. The future runs until every hand is dropped; it fails
    /// where the store fails, and then every hand is told so.
    pub(super) fn open(
        store: Arc<dyn Store>,
        closed: impl Fn(usize) + Send,
    ) -> (Self, impl Future<Output = Result<(), StoreError>> + Send) {
        // Room for one group beside the one being written: back-pressure ends here.
        let (pages, inbox) = mpsc::channel(GROUP);
        (Self { pages }, keep(store, inbox, closed))
    }

    /// Commits that these are about to begin. Answers with those whose lease
    /// is lost: they must not begin.
    pub(super) async fn begin(&self, records: Vec<Record>) -> Result<Vec<DeliveryId>, Closed> {
        let (answer, committed) = oneshot::channel();
        self.pages
            .send(Page::Begin(records, answer))
            .await
            .map_err(|_| Closed)?;
        committed.await.map_err(|_| Closed)
    }

    /// Leaves an outcome to be committed with the next group.
    pub(super) async fn end(&self, record: Record) -> Result<(), Closed> {
        self.pages
            .send(Page::End(Box::new(record)))
            .await
            .map_err(|_| Closed)
    }
}

async fn keep(
    store: Arc<dyn Store>,
    mut inbox: mpsc::Receiver<Page>,
    closed: impl Fn(usize) + Send,
) -> Result<(), StoreError> {
    let mut pages = Vec::with_capacity(GROUP);
    while inbox.recv_many(&mut pages, GROUP).await > 0 {
        let mut records = Vec::with_capacity(pages.len());
        let mut waiting = Vec::new();
        let mut ended = 0;
        for page in pages.drain(..) {
            match page {
                Page::Begin(begun, answer) => {
                    waiting.push((
                        begun
                            .iter()
                            .map(|record| record.delivery)
                            .collect::<Vec<_>>(),
                        answer,
                    ));
                    records.extend(begun);
                }
                Page::End(record) => {
                    ended += 1;
                    records.push(*record);
                }
            }
        }
        let lost = store.record(records).await?;
        report_lost(&lost);
        for (begun, answer) in waiting {
            // A worker that is gone needs no answer: its lease will lapse.
            drop(answer.send(begun.into_iter().filter(|id| lost.contains(id)).collect()));
        }
        closed(ended);
    }
    Ok(())
}

/// Held, killed or planned anew meanwhile, or taken over after a long silence.
fn report_lost(lost: &[DeliveryId]) {
    if let Some(first) = lost.first() {
        tracing::warn!(deliveries = lost.len(), delivery.id = %first, "taken back before they began, or moved on by another worker");
    }
}
