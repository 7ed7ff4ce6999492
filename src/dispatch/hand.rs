//! A worker's hand in the ledger: what it asks for, and what it brings.

use crate::domain::delivery::DeliveryState;
use crate::domain::log::LogEvent;
use crate::relay::RelayError;
use crate::store::{Claimed, Record};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// A worker's number, and its relay's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    /// Among all workers.
    pub(super) worker: usize,
    /// Among the relays.
    pub(super) relay: usize,
}

/// What a worker brings to the ledger.
pub(super) enum Page {
    /// It wants deliveries.
    Ask(Ask),
    /// An attempt that has ended, or that was not begun after all.
    End(Box<End>),
    /// How it fares with its relay.
    Fare(Seat, Fare),
}

/// A worker wants deliveries.
pub(super) struct Ask {
    pub(super) seat: Seat,
    /// At most so many.
    pub(super) want: usize,
    /// Whether it has a connection. One that has none is first told that there
    /// is something to connect for.
    pub(super) connected: bool,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What a worker is told. Nothing at all: it is over.
pub(super) enum Answer {
    /// It is committed that these begin; all was well with them at this moment.
    Begin(Vec<Claimed>, Instant),
    /// Something is due: connect, and ask again.
    Connect,
}

/// The end of an attempt.
pub(super) struct End {
    pub(super) seat: Seat,
    pub(super) record: Record,
    /// Whether the relay did its work: it took the mail or refused it in due form.
    pub(super) worked: bool,
}

/// How a worker fares with its relay.
pub(super) enum Fare {
    /// A connection is open.
    Opened,
    /// None could be opened.
    NotOpened(RelayError),
    /// The relay said 421: it takes no more for now (RFC 5321 3.8).
    HungUp,
    /// It refuses everything we bring, for a reason that is not the recipient's.
    Refuses(String),
    /// The connection is closed.
    Closed,
}

/// A worker's hand in the ledger.
#[derive(Clone)]
pub(super) struct Hand {
    pages: mpsc::Sender<Page>,
    seat: Seat,
}

/// The ledger's task has ended, so nothing can be committed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

impl Hand {
    pub(super) fn new(pages: mpsc::Sender<Page>, seat: Seat) -> Self {
        Self { pages, seat }
    }

    /// Asks for deliveries; the answer comes when there are some.
    pub(super) async fn ask(
        &self,
        want: usize,
        connected: bool,
    ) -> Result<oneshot::Receiver<Answer>, Closed> {
        let (answer, asked) = oneshot::channel();
        let ask = Ask {
            seat: self.seat,
            want,
            connected,
            answer,
        };
        self.bring(Page::Ask(ask)).await.map(|()| asked)
    }

    /// Leaves an outcome to be committed with the next group.
    pub(super) async fn end(&self, record: Record, worked: bool) -> Result<(), Closed> {
        let seat = self.seat;
        self.bring(Page::End(Box::new(End {
            seat,
            record,
            worked,
        })))
        .await
    }

    /// Tells how it fares with its relay.
    pub(super) async fn fare(&self, fare: Fare) -> Result<(), Closed> {
        self.bring(Page::Fare(self.seat, fare)).await
    }

    async fn bring(&self, page: Page) -> Result<(), Closed> {
        self.pages.send(page).await.map_err(|_| Closed)
    }
}

/// A delivery that goes back: its attempt was begun, and the relay has heard
/// nothing of it.
pub(super) fn unsaid(
    claimed: &Claimed,
    lease: crate::domain::ids::LeaseToken,
    event: LogEvent,
) -> Record {
    Record {
        delivery: claimed.delivery.id,
        place: claimed.place,
        lease,
        state: DeliveryState::Due,
        attempts: claimed.attempt - 1,
        event: Some(event),
    }
}
