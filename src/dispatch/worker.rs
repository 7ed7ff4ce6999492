//! A worker: one connection to a relay, kept busy.
//!
//! The ledger begins a few deliveries at a time for it, so that one commit
//! covers them, and while it hands these over the next few are already being
//! committed. How many depends on how quick the relay is: what a crash would
//! leave in doubt is never more than a moment's work.

use super::entries;
use super::hand::{Answer, Closed, Fare, Hand, Seat, unsaid};
use super::outcome::{Outcome, relay_refuses};
use super::progress::Mark;
use super::protect::{Unready, protect};
use super::run::{Run, RunError};
use super::watchman;
use crate::domain::course::HoldCause;
use crate::domain::delivery::DeliveryState;
use crate::domain::embargo::may_leave;
use crate::domain::encryption::Obstacle;
use crate::domain::reply::Handover;
use crate::domain::said::{Said, Tell};
use crate::relay::{Connection, Mail, Relay};
use crate::store::{Claimed, Record};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot::Receiver;

/// What a crash may leave in doubt, as a time of work.
const MOMENT: Duration = Duration::from_millis(50);
/// Deliveries begun at once for one worker, at most.
const MOST: usize = 32;
/// At least: the one that is said, and the next, whose opening goes along with it.
const LEAST: usize = 2;
/// What was asked about a delivery longer ago is asked again before a word of
/// it is said.
const FRESH: Duration = Duration::from_millis(200);
/// A connection without work is given up after so long.
const IDLE: Duration = Duration::from_secs(10);

/// One worker.
pub(super) struct Worker {
    run: Arc<Run>,
    seat: Seat,
    hand: Hand,
    connection: Option<Connection>,
    /// How many to begin at once.
    handful: usize,
    /// Begun for this worker, and not yet said; all was well with them then.
    begun: VecDeque<(Claimed, Instant)>,
}

/// Why a worker goes home.
enum Leave {
    /// The ledger is closed, or the run is over.
    Closed,
    /// It cannot go on.
    Failed(RunError),
}

impl From<Closed> for Leave {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<RunError> for Leave {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

/// A mail that is ready to be said.
struct Ready {
    claimed: Claimed,
    mail: Mail,
    /// When it was last asked whether it may be.
    asked: Instant,
}

impl Ready {
    /// It is not said after all.
    fn unsaid(self) -> (Claimed, Instant) {
        (self.claimed, self.asked)
    }
}

impl Worker {
    pub(super) fn new(run: Arc<Run>, seat: Seat, hand: Hand) -> Self {
        Self {
            run,
            seat,
            hand,
            connection: None,
            handful: LEAST,
            begun: VecDeque::new(),
        }
    }

    /// Works until the run is over. A worker that fails stops the whole run.
    pub(super) async fn work(mut self) -> Result<(), RunError> {
        let left = self.go_on().await;
        self.part().await;
        match left {
            Err(Leave::Failed(error)) => {
                self.run.stop.cancel();
                Err(error)
            }
            Err(Leave::Closed) | Ok(()) => Ok(()),
        }
    }

    async fn go_on(&mut self) -> Result<(), Leave> {
        let mut asked = self.ask().await?;
        loop {
            let Some(answer) = self.wait(&mut asked).await? else {
                return Ok(());
            };
            match answer {
                Answer::Connect => {
                    self.connect().await?;
                    asked = self.ask().await?;
                }
                Answer::Begin(hand, at) => {
                    self.begin(hand, at);
                    // The next few are committed while these are handed over.
                    asked = self.ask().await?;
                    let handed = self.hand_over_all(&mut asked).await;
                    if handed.is_err() || self.run.stop.is_cancelled() {
                        self.put_all_back(&mut asked, "stopped before the conversation")
                            .await?;
                        return handed;
                    }
                }
            }
        }
    }

    fn begin(&mut self, hand: Vec<Claimed>, at: Instant) {
        self.begun
            .extend(hand.into_iter().map(|claimed| (claimed, at)));
    }

    async fn ask(&self) -> Result<Receiver<Answer>, Closed> {
        self.hand.ask(self.handful, self.connection.is_some()).await
    }

    fn relay(&self) -> &Relay {
        &self.run.relays[self.seat.relay]
    }

    /// Waits for work. Meanwhile a connection is opened when something is
    /// about to fall due, and closed when nothing comes for a while. `None`:
    /// it is over.
    async fn wait(&mut self, asked: &mut Receiver<Answer>) -> Result<Option<Answer>, Closed> {
        loop {
            let run = Arc::clone(&self.run);
            let early = tokio::select! {
                biased;
                answer = &mut *asked => return Ok(answer.ok()),
                () = run.stop.cancelled() => {
                    self.put_all_back(asked, "stopped before the conversation").await?;
                    return Ok(None);
                }
                () = run.ready.notified(), if self.connection.is_none() => true,
                () = tokio::time::sleep(IDLE), if self.connection.is_some() => false,
            };
            if early {
                self.open_early().await?;
            } else {
                self.part().await;
            }
            // What was answered meanwhile counts; else it is asked anew.
            asked.close();
            if let Ok(answer) = asked.try_recv() {
                return Ok(Some(answer));
            }
            *asked = self.ask().await?;
        }
    }

    /// That it fails now matters to nobody: it is tried again when there is work.
    async fn open_early(&mut self) -> Result<(), Closed> {
        if let Ok(connection) = self.relay().open().await {
            self.connection = Some(connection);
            self.hand.fare(Fare::Opened).await?;
        }
        Ok(())
    }

    /// Opens a connection, and tells how that went.
    async fn connect(&mut self) -> Result<bool, Closed> {
        let opened = tokio::select! {
            opened = self.relay().open() => opened,
            () = self.run.stop.cancelled() => return Ok(false),
        };
        match opened {
            Ok(connection) => {
                self.connection = Some(connection);
                self.hand.fare(Fare::Opened).await?;
                Ok(true)
            }
            Err(error) => {
                self.hand.fare(Fare::NotOpened(error)).await?;
                Ok(false)
            }
        }
    }

    /// Says good-bye to the relay.
    async fn part(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Where the ledger is closed, nobody counts connections any more.
            let _ = self.hand.fare(Fare::Closed).await;
            connection.quit().await;
        }
    }

    /// Sees that there is a connection that can carry a mail.
    async fn see_to_connection(&mut self) -> Result<bool, Closed> {
        let spent = self.connection.as_ref().is_some_and(Connection::is_spent);
        let broken = self
            .connection
            .as_ref()
            .is_some_and(|connection| !connection.is_usable());
        if spent || broken {
            self.part().await;
        }
        if self.connection.is_some() {
            return Ok(true);
        }
        self.connect().await
    }

    /// Hands over what was begun, and what is begun meanwhile.
    async fn hand_over_all(&mut self, asked: &mut Receiver<Answer>) -> Result<(), Leave> {
        let (started, mut count) = (Instant::now(), 0u32);
        let mut next = None;
        loop {
            if !self.see_to_connection().await? {
                self.begun.extend(next.take().map(Ready::unsaid));
                self.put_back("no connection to the relay").await?;
                return Ok(());
            }
            let current = match next.take() {
                Some(ready) => ready,
                None => match self.ready().await? {
                    Some(ready) => ready,
                    None => break,
                },
            };
            self.refill(asked).await?;
            next = self.ready().await?;
            self.converse(current, next.as_mut()).await?;
            count += 1;
            if self.run.stop.is_cancelled() {
                self.begun.extend(next.take().map(Ready::unsaid));
                break;
            }
        }
        self.pace(started.elapsed(), count);
        Ok(())
    }

    /// Takes what was committed meanwhile, so that the conversation does not pause.
    async fn refill(&mut self, asked: &mut Receiver<Answer>) -> Result<(), Closed> {
        if self.begun.is_empty()
            && let Ok(Answer::Begin(hand, at)) = asked.try_recv()
        {
            self.begin(hand, at);
            *asked = self.ask().await?;
        }
        Ok(())
    }

    /// The next mail that may be said, composed.
    async fn ready(&mut self) -> Result<Option<Ready>, Leave> {
        while let Some((claimed, asked)) = self.begun.pop_front() {
            let now = self.run.clock.now();
            if self.run.stop.is_cancelled() {
                self.begun.push_front((claimed, asked));
                return Ok(None);
            }
            match self.compose(&claimed, now).await {
                Ok(mail) => {
                    self.run.progress.weigh(mail.message.size());
                    return Ok(Some(Ready {
                        claimed,
                        mail,
                        asked,
                    }));
                }
                Err(Unready::Withheld(obstacle)) => self.withhold(&claimed, obstacle).await?,
                Err(Unready::Fault(cause)) => self.cannot_compose(&claimed, cause).await?,
            }
        }
        Ok(None)
    }

    async fn compose(&self, claimed: &Claimed, now: Timestamp) -> Result<Mail, Unready> {
        let fault = |error: &dyn Tell| Unready::Fault(error.said());
        let composer = self
            .run
            .composers
            .get(self.run.store.as_ref(), &claimed.content)
            .await;
        let composer = composer.map_err(|error| fault(&error))?;
        let started = Instant::now();
        let delivery = &claimed.delivery;
        let composed = composer.compose(delivery, now);
        let (envelope, message) = composed.map_err(|cause| fault(&cause))?;
        // Decided anew: a key may have ended since the delivery began.
        let (decision, signatory) = (claimed.protection.decide(now), &self.run.signatory);
        let message = protect(message, delivery.id, decision, signatory, now).await?;
        let signed = message.signed(&self.run.signer, now);
        self.run.metrics.rendered(started.elapsed());
        Ok(Mail {
            envelope,
            message: signed.map_err(|error| fault(&error))?,
        })
    }

    /// It had to be encrypted and could not be: it ends here, and the relay has
    /// heard nothing of it.
    async fn withhold(&self, claimed: &Claimed, obstacle: Obstacle) -> Result<(), Closed> {
        let (state, event) = entries::withheld(claimed, obstacle, self.run.clock.now());
        self.run.progress.mark(Mark::Failed);
        let record = Record {
            state,
            ..unsaid(claimed, self.run.lease, event)
        };
        self.hand.end(record, false).await
    }

    /// Whether it may still be said: asked again where the answer is old, and
    /// nothing is waited for after this before the first word.
    async fn still_may(&self, ready: &mut Ready) -> Result<bool, RunError> {
        let delivery = &ready.claimed.delivery;
        if ready.asked.elapsed() > FRESH {
            let (asked, now) = (Instant::now(), self.run.clock.now());
            let lease = self.run.lease;
            let (store, protection) = (&self.run.store, &ready.claimed.protection);
            let stands = store.still_stands(delivery, protection, lease, now);
            if !stands.await? {
                return Ok(false);
            }
            ready.asked = asked;
        }
        let now = self.run.clock.now();
        Ok(may_leave(delivery.permitted_from, now) && delivery.waits_until(now).is_none())
    }

    /// Hands one mail over and leaves its outcome with the ledger.
    #[tracing::instrument(name = "delivery", skip_all, fields(
        delivery.id = %ready.claimed.delivery.id,
        distribution.id = %ready.claimed.delivery.distribution,
        delivery.attempt = ready.claimed.attempt,
        relay.name = self.relay().name(),
        outcome,
    ))]
    async fn converse(&mut self, mut ready: Ready, next: Option<&mut Ready>) -> Result<(), Leave> {
        // Its opening would go along with this one's body.
        let next = match next {
            Some(next) => self.still_may(next).await?.then_some(&next.mail),
            None => None,
        };
        let may = self.still_may(&mut ready).await?;
        let Some(connection) = self.connection.as_mut().filter(|_| may) else {
            if let Some(connection) = &mut self.connection {
                connection.abandon();
            }
            let unsaid = self.unsaid(&ready.claimed, "stopped before the conversation");
            self.hand.end(unsaid, false).await?;
            return Ok(());
        };
        let started = Instant::now();
        let handover = connection.deliver(ready.mail, next).await;
        self.run.metrics.conversed(started.elapsed());
        self.conclude(&ready.claimed, &handover).await
    }

    async fn conclude(&mut self, claimed: &Claimed, handover: &Handover) -> Result<(), Leave> {
        let outcome = Outcome::of(&self.run, claimed, handover);
        tracing::Span::current().record("outcome", outcome.name());
        let relay = self.run.relays[self.seat.relay].name();
        let (worked, fare) = match (relay_refuses(handover), handover) {
            (Some(reply), _) => (false, Some(Fare::Refuses(reply))),
            (None, Handover::Refused { reply, .. }) if reply.code == 421 => {
                (false, Some(Fare::HungUp))
            }
            (None, Handover::Lost { .. }) => (false, None),
            (None, Handover::Refused { .. } | Handover::Accepted { .. }) => (true, None),
        };
        let record = outcome.record(&self.run, relay)?;
        // The relay's fortune first: where the delivery goes next depends on it.
        if let Some(fare) = fare {
            self.part().await;
            self.hand.fare(fare).await?;
        }
        self.hand.end(record, worked).await?;
        Ok(())
    }

    fn unsaid(&self, claimed: &Claimed, why: &str) -> Record {
        let now = self.run.clock.now();
        let event = entries::decided(&claimed.delivery, &DeliveryState::Due, why, now);
        unsaid(claimed, self.run.lease, event)
    }

    /// What was begun for this worker goes back, also what is just being begun:
    /// the relay has heard nothing of it.
    async fn put_all_back(
        &mut self,
        asked: &mut Receiver<Answer>,
        why: &str,
    ) -> Result<(), Closed> {
        asked.close();
        if let Ok(Answer::Begin(hand, at)) = asked.try_recv() {
            self.begin(hand, at);
        }
        self.put_back(why).await
    }

    async fn put_back(&mut self, why: &str) -> Result<(), Closed> {
        while let Some((claimed, _)) = self.begun.pop_front() {
            let record = self.unsaid(&claimed, why);
            self.hand.end(record, false).await?;
        }
        Ok(())
    }

    /// Nothing was said to the relay, so nothing is in doubt: the delivery goes
    /// back. Every other mail of its distribution would fail alike, so that is
    /// held; a run that sends nothing else is over.
    async fn cannot_compose(&self, claimed: &Claimed, cause: Said) -> Result<(), Leave> {
        let delivery = &claimed.delivery;
        let error = RunError::Compose {
            delivery: delivery.id.to_string(),
            cause,
        };
        let record = self.unsaid(claimed, "it could not be composed");
        if self.run.distribution.is_some() {
            self.hand.end(record, false).await?;
            return Err(error.into());
        }
        // Held before it goes back, so that nobody begins it again.
        let (why, now) = (error.to_string(), self.run.clock.now());
        let (id, cause) = (delivery.distribution, HoldCause::CannotCompose);
        watchman::stop(&self.run, id, cause, why, now).await?;
        self.hand.end(record, false).await?;
        Ok(())
    }

    /// As many at once as fit into a moment, and no fewer than the conversation needs.
    fn pace(&mut self, took: Duration, count: u32) {
        if count == 0 {
            return;
        }
        let each = took.as_micros() / u128::from(count);
        let fit = MOMENT.as_micros() / each.max(1);
        self.handful = usize::try_from(fit).unwrap_or(MOST).clamp(LEAST, MOST);
    }
}
