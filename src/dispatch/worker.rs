//! A worker: one connection to the relay, kept busy.
//!
//! It begins a few deliveries at a time, so that one commit covers them, and
//! while it hands these over the next few are already being committed. How
//! many depends on how quick the relay is: what a crash would leave in doubt
//! is never more than a moment's work.

use super::entries;
use super::ledger::{Closed, Ledger};
use super::progress::Mark;
use super::run::{Run, RunError, Until};
use super::watchman;
use crate::domain::course::HoldCause;
use crate::domain::delivery::{Conclusion, DeliveryState, Event, apply, conclude};
use crate::domain::embargo::may_leave;
use crate::domain::ids::DeliveryId;
use crate::domain::reply::{Handover, RejectClass, Step};
use crate::domain::suppression::SuppressionReason;
use crate::entropy::Entropy;
use crate::relay::{ComposedMessage, Connection, Envelope, RelayError};
use crate::store::{Claimed, Record};
use async_channel::Receiver;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What a crash may leave in doubt, as a time of work.
const MOMENT: Duration = Duration::from_millis(50);
/// Deliveries begun by one commit, at most.
const MOST: usize = 16;
/// A delivery that was begun longer ago is asked about again before its conversation.
const FRESH: Duration = Duration::from_millis(200);
/// A service's worker whose connection the relay refuses tries again after so long.
const STEP_BACK: Duration = Duration::from_secs(15);
/// A connection without work is given up after so long.
const IDLE: Duration = Duration::from_secs(10);
/// Tries to reach a relay that was reached before, before the run gives up.
const TRIES: u32 = 5;

/// One worker.
pub(super) struct Worker {
    run: Arc<Run>,
    work: Receiver<Claimed>,
    ledger: Ledger,
    connection: Option<Connection>,
    /// How many to begin at once.
    handful: usize,
}

/// A delivery whose beginning is committed.
struct Begun {
    claimed: Claimed,
    state: DeliveryState,
    attempt: u32,
}

impl Worker {
    pub(super) fn new(run: Arc<Run>, work: Receiver<Claimed>, ledger: Ledger) -> Self {
        Self {
            run,
            work,
            ledger,
            connection: None,
            handful: 1,
        }
    }

    /// Works until the queue is closed and empty. A worker that fails stops
    /// the whole run: what one relay connection meets, the others will.
    pub(super) async fn work(mut self) -> Result<(), RunError> {
        let ended = self.go_on().await;
        self.part().await;
        if ended.is_err() {
            self.run.stop.cancel();
        }
        ended
    }

    async fn go_on(&mut self) -> Result<(), RunError> {
        let mut hand = self.take().await;
        while !hand.is_empty() {
            if !self.connect().await? {
                self.put_back(hand).await?;
                if !self.step_back().await {
                    return Ok(());
                }
                hand = self.take().await;
                continue;
            }
            let begun = match self.begin(hand).await {
                Ok(begun) => begun,
                Err(Closed) => return Ok(()),
            };
            if let Err(Closed) = self.deliver_all(begun).await? {
                return Ok(());
            }
            if self.run.stop.is_cancelled() {
                return Ok(());
            }
            hand = self.take().await;
        }
        Ok(())
    }

    async fn deliver_all(&mut self, begun: Vec<Begun>) -> Result<Result<(), Closed>, RunError> {
        let (started, mut asked) = (Instant::now(), Instant::now());
        let count = begun.len();
        for delivery in begun {
            if asked.elapsed() > FRESH || self.run.stop.is_cancelled() {
                let planned = &delivery.claimed.delivery;
                if self.run.stop.is_cancelled() || !self.run.store.still_stands(planned).await? {
                    if let Err(Closed) = self.ledger.end(self.unsaid(&delivery)).await {
                        return Ok(Err(Closed));
                    }
                    continue;
                }
                asked = Instant::now();
            }
            if let Err(Closed) = self.deliver(delivery).await? {
                return Ok(Err(Closed));
            }
        }
        self.pace(started.elapsed(), count);
        Ok(Ok(()))
    }

    /// A delivery that was begun, but of which the relay has heard nothing.
    fn unsaid(&self, begun: &Begun) -> Record {
        let delivery = &begun.claimed.delivery;
        let now = self.run.clock.now();
        let event = entries::decided(
            delivery,
            &DeliveryState::Due,
            "stopped before the conversation",
            now,
        );
        self.write(
            delivery.id,
            DeliveryState::Due,
            begun.claimed.attempts,
            Some(event),
        )
    }

    /// Takes the next few from the queue: at least one, waiting for it; none at the end.
    async fn take(&mut self) -> Vec<Claimed> {
        let mut hand = Vec::with_capacity(self.handful);
        let Some(first) = self.first().await else {
            return hand;
        };
        hand.push(first);
        while hand.len() < self.handful {
            let Ok(next) = self.work.try_recv() else {
                break;
            };
            hand.push(next);
        }
        self.keep_pace(hand.len()).await;
        hand
    }

    /// Waits for work. Meanwhile a connection is opened when something is
    /// about to fall due, and closed when nothing comes for a while.
    async fn first(&mut self) -> Option<Claimed> {
        loop {
            let run = Arc::clone(&self.run);
            tokio::select! {
                biased;
                first = self.work.recv() => return first.ok(),
                () = run.stop.cancelled() => return None,
                () = run.ready.notified() => self.open_early().await,
                () = tokio::time::sleep(IDLE), if self.connection.is_some() => self.part().await,
            }
        }
    }

    /// That it fails now matters to nobody: it is tried again when there is work.
    async fn open_early(&mut self) {
        if self.connection.is_none()
            && let Ok(connection) = self.run.relay.open().await
        {
            self.connection = Some(connection);
            self.run.connections.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn part(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.run.connections.fetch_sub(1, Ordering::SeqCst);
            connection.quit().await;
        }
    }

    /// Waits until the relay's rate allows so many more.
    async fn keep_pace(&self, count: usize) {
        let Some(pace) = &self.run.pace else { return };
        for _ in 0..count {
            tokio::select! {
                () = pace.until_ready() => {}
                () = self.run.stop.cancelled() => return,
            }
        }
    }

    /// Another worker may still use what this one cannot deliver: its claims
    /// go back when the run ends, or at once where others are at work.
    async fn put_back(&self, hand: Vec<Claimed>) -> Result<(), RunError> {
        let records = hand
            .iter()
            .map(|claimed| self.given_back(claimed))
            .collect();
        let count = hand.len();
        self.run.store.record(records).await?;
        self.run.settle(count);
        Ok(())
    }

    /// One connection too many for the relay: a service tries again in a while,
    /// a run that is soon over leaves it to the others. False: it is over.
    async fn step_back(&self) -> bool {
        match self.run.until {
            Until::NothingDue | Until::AllSettled => false,
            Until::Stopped => {
                tokio::select! {
                    () = tokio::time::sleep(STEP_BACK) => true,
                    () = self.run.stop.cancelled() => false,
                }
            }
        }
    }

    fn given_back(&self, claimed: &Claimed) -> Record {
        Record {
            delivery: claimed.delivery.id,
            lease: self.run.lease,
            state: DeliveryState::Due,
            attempts: claimed.attempts,
            event: None,
        }
    }

    /// Sees that there is a usable connection. False: this worker is one too
    /// many for the relay, and the others carry on.
    async fn connect(&mut self) -> Result<bool, RunError> {
        if self.connection.as_ref().is_some_and(Connection::is_usable) {
            return Ok(true);
        }
        let known = self.connection.take().is_some();
        if known {
            self.run.connections.fetch_sub(1, Ordering::SeqCst);
        }
        for n in 1..=TRIES {
            let error = match self.run.relay.open().await {
                Ok(connection) => {
                    self.connection = Some(connection);
                    self.run.connections.fetch_add(1, Ordering::SeqCst);
                    self.run.pulse.well();
                    return Ok(true);
                }
                Err(error) => error,
            };
            if self.run.connections.load(Ordering::SeqCst) > 0 {
                tracing::warn!(relay.name = self.run.relay.name(), %error, "one connection less");
                return Ok(false);
            }
            self.wait_or_fail(error, n, known).await?;
        }
        Ok(false)
    }

    /// A relay that was there a moment ago is given some time to come back;
    /// one that never answered, or will not have us, is not.
    async fn wait_or_fail(&self, error: RelayError, n: u32, known: bool) -> Result<(), RunError> {
        if !known || !error.may_pass() || n == TRIES || self.run.stop.is_cancelled() {
            return Err(error.into());
        }
        tracing::warn!(relay.name = self.run.relay.name(), %error, "relay lost; trying again");
        let pause = Duration::from_millis(250) * 2u32.pow(n);
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.run.stop.cancelled() => Err(error.into()),
        }
    }

    /// Commits that these begin now, and gives those that may. A contact who
    /// was barred meanwhile ends here.
    async fn begin(&self, hand: Vec<Claimed>) -> Result<Vec<Begun>, Closed> {
        let emails: Vec<_> = hand
            .iter()
            .map(|claimed| claimed.delivery.recipient.email.clone())
            .collect();
        let barred = match self.run.store.is_suppressed(&emails).await {
            Ok(barred) => barred,
            Err(error) => {
                tracing::error!(%error, "cannot ask for suppressions; nothing begins without them");
                self.run.stop.cancel();
                return Err(Closed);
            }
        };
        let mut begun = Vec::with_capacity(hand.len());
        let mut records = Vec::with_capacity(hand.len());
        for claimed in hand {
            match self.prepare(&claimed, &barred) {
                Prepared::Begins(record, state) => {
                    let attempt = record.attempts;
                    records.push(*record);
                    begun.push(Begun {
                        claimed,
                        state,
                        attempt,
                    });
                }
                Prepared::Ends(record) => {
                    self.run.progress.mark(Mark::Failed);
                    self.ledger.end(*record).await?;
                }
            }
        }
        let lost = self.ledger.begin(records).await?;
        self.run.settle(lost.len());
        begun.retain(|begun| !lost.contains(&begun.claimed.delivery.id));
        Ok(begun)
    }

    fn prepare(&self, claimed: &Claimed, barred: &HashMap<String, SuppressionReason>) -> Prepared {
        let delivery = &claimed.delivery;
        let now = self.run.clock.now();
        let attempt = claimed.attempts + 1;
        let held = DeliveryState::Claimed {
            lease: self.run.lease,
            until: now,
            attempt: None,
        };
        if let Some(reason) = barred.get(&delivery.recipient.email.to_string()) {
            let state = DeliveryState::Suppressed { reason: *reason };
            let event = entries::decided(delivery, &state, "suppression list", now);
            return Prepared::Ends(Box::new(self.write(
                delivery.id,
                state,
                claimed.attempts,
                Some(event),
            )));
        }
        match apply(
            &held,
            delivery.permitted_from,
            Event::Start {
                lease: self.run.lease,
                attempt,
            },
            now,
        ) {
            Ok(DeliveryState::Claimed {
                lease,
                attempt: begun,
                ..
            }) => {
                let until = now.saturating_add(self.run.settings.lease).unwrap_or(now);
                let state = DeliveryState::Claimed {
                    lease,
                    until,
                    attempt: begun,
                };
                let event = entries::attempt(delivery, attempt, self.run.relay.name(), now);
                Prepared::Begins(
                    Box::new(self.write(delivery.id, state.clone(), attempt, Some(event))),
                    state,
                )
            }
            // The embargo's second wall: the claim should not have been, so it goes back.
            Ok(_) | Err(_) => {
                tracing::error!(delivery.id = %delivery.id, "a claim that the embargo does not permit was given back");
                Prepared::Ends(Box::new(self.given_back(claimed)))
            }
        }
    }

    fn write(
        &self,
        delivery: DeliveryId,
        state: DeliveryState,
        attempts: u32,
        event: Option<crate::domain::log::LogEvent>,
    ) -> Record {
        Record {
            delivery,
            lease: self.run.lease,
            state,
            attempts,
            event,
        }
    }

    /// Hands one delivery over and leaves its outcome with the ledger.
    #[tracing::instrument(name = "delivery", skip_all, fields(
        delivery.id = %begun.claimed.delivery.id,
        distribution.id = %begun.claimed.delivery.distribution,
        delivery.attempt = begun.attempt,
        relay.name = self.run.relay.name(),
        outcome,
    ))]
    async fn deliver(&mut self, begun: Begun) -> Result<Result<(), Closed>, RunError> {
        let Some(handover) = self.hand_over(&begun).await? else {
            return Ok(Ok(()));
        };
        let now = self.run.clock.now();
        let claimed = &begun.claimed;
        let refusal = relay_refuses(&handover);
        let conclusion = match &refusal {
            Some(reply) => Conclusion::Retry {
                at: now,
                reply: reply.clone(),
            },
            None => conclude(
                &handover,
                begun.attempt,
                claimed.due_since,
                &self.run.settings.retry,
                now,
                Entropy.roll(),
            ),
        };
        tracing::Span::current().record("outcome", name_of(&conclusion));
        self.run.progress.mark(mark_of(&conclusion));
        self.run
            .metrics
            .attempt(name_of(&conclusion), self.run.relay.name());
        if begun.attempt == 1 {
            self.run.metrics.late(now.duration_since(claimed.due_since));
        }
        let finish = Event::Finish {
            lease: self.run.lease,
            conclusion,
        };
        let state = apply(&begun.state, claimed.delivery.permitted_from, finish, now).map_err(
            |illegal| RunError::Compose {
                delivery: claimed.delivery.id.to_string(),
                cause: illegal.to_string(),
            },
        )?;
        let event = entries::outcome(&claimed.delivery, begun.attempt, &handover, &state, now);
        let left = self
            .ledger
            .end(self.write(claimed.delivery.id, state, begun.attempt, Some(event)))
            .await;
        match refusal {
            Some(reply) => Err(RunError::RelayRefuses {
                relay: self.run.relay.name().to_owned(),
                reply,
            }),
            None => Ok(left),
        }
    }

    /// Composes and hands over; `None` where there is no mail to hand over, and
    /// the delivery has gone back.
    async fn hand_over(&mut self, begun: &Begun) -> Result<Option<Handover>, RunError> {
        let delivery = &begun.claimed.delivery;
        let now = self.run.clock.now();
        let composed = self.compose(begun, now).await;
        let (envelope, message) = match composed {
            Ok(composed) => composed,
            Err(cause) => return self.cannot_compose(begun, cause).await.map(|()| None),
        };
        self.run.progress.weigh(message.size());
        if !self.connect().await? {
            return Ok(Some(not_begun("no connection to the relay is left")));
        }
        // The last instruction before the conversation: the embargo once more.
        if !may_leave(delivery.permitted_from, self.run.clock.now()) {
            return Ok(Some(not_begun(
                "the embargo bars it again: the clock went back",
            )));
        }
        match self.connection.as_mut() {
            Some(connection) => {
                let started = Instant::now();
                let handover = connection.deliver(&envelope, &message).await;
                self.run.metrics.conversed(started.elapsed());
                Ok(Some(handover))
            }
            None => Ok(Some(not_begun("no connection to the relay is left"))),
        }
    }

    async fn compose(
        &self,
        begun: &Begun,
        now: Timestamp,
    ) -> Result<(Envelope, ComposedMessage), String> {
        let content = &begun.claimed.content;
        let composer = self
            .run
            .composers
            .get(self.run.store.as_ref(), content)
            .await;
        let composer = composer.map_err(|error| error.to_string())?;
        let started = Instant::now();
        let composed = composer.compose(&begun.claimed.delivery, now);
        let signed = composed.and_then(|(envelope, message)| {
            let signed = message.signed(&self.run.signer, now);
            Ok((envelope, signed.map_err(|error| error.to_string())?))
        });
        self.run.metrics.rendered(started.elapsed());
        signed
    }

    /// Nothing was said to the relay, so nothing is in doubt: the delivery goes
    /// back. Every other mail of its distribution would fail alike, so that is
    /// held; a run that sends nothing else is over.
    async fn cannot_compose(&self, begun: &Begun, cause: String) -> Result<(), RunError> {
        let delivery = &begun.claimed.delivery;
        let error = RunError::Compose {
            delivery: delivery.id.to_string(),
            cause,
        };
        self.run
            .store
            .record(vec![self.given_back(&begun.claimed)])
            .await?;
        self.run.settle(1);
        match self.run.distribution {
            Some(_) => Err(error),
            None => {
                let (why, now) = (error.to_string(), self.run.clock.now());
                let (id, cause) = (delivery.distribution, HoldCause::CannotCompose);
                watchman::stop(&self.run, id, cause, why, now).await
            }
        }
    }

    /// As many at once as fit into a moment.
    fn pace(&mut self, took: Duration, count: usize) {
        if count == 0 {
            return;
        }
        let each = took.as_micros() / count as u128;
        let fit = MOMENT.as_micros() / each.max(1);
        // What is taken at once also waits for the relay's rate at once.
        let paced = self
            .run
            .relay
            .rate()
            .map_or(MOST, |rate| (rate * MOMENT.as_secs_f64()) as usize);
        let most = MOST.min(paced.max(1));
        self.handful = usize::try_from(fit).unwrap_or(MOST).clamp(1, most);
    }
}

/// What becomes of a claim just before it begins.
enum Prepared {
    /// It begins.
    Begins(Box<Record>, DeliveryState),
    /// It ends, or goes back, without a conversation.
    Ends(Box<Record>),
}

fn not_begun(cause: &str) -> Handover {
    Handover::Lost {
        step: Step::Connect,
        in_doubt: false,
        cause: cause.to_owned(),
    }
}

/// A refusal for good that is about us and not about the recipient or this
/// one message: without this, a wrong password or sender would burn a whole list.
fn relay_refuses(handover: &Handover) -> Option<String> {
    let Handover::Refused {
        step: step @ Step::Mail,
        reply,
    } = handover
    else {
        return None;
    };
    let about_content = reply.enhanced.is_some_and(|code| code.subject == 6);
    let about_us = match RejectClass::of(*step, reply) {
        RejectClass::RelayDenied
        | RejectClass::Policy
        | RejectClass::MailboxUnknown
        | RejectClass::MailboxUnavailable => true,
        RejectClass::TooLarge | RejectClass::Protocol | RejectClass::Other => false,
    };
    (!reply.is_transient() && about_us && !about_content).then(|| format!("{step}: {reply}"))
}

fn mark_of(conclusion: &Conclusion) -> Mark {
    match conclusion {
        Conclusion::Accepted(_) => Mark::Accepted,
        Conclusion::Retry { .. } => Mark::Deferred,
        Conclusion::Rejected { .. } | Conclusion::GiveUp => Mark::Failed,
        Conclusion::InDoubt => Mark::InDoubt,
    }
}

fn name_of(conclusion: &Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Accepted(_) => "accepted",
        Conclusion::Retry { .. } => "deferred",
        Conclusion::Rejected { .. } => "rejected",
        Conclusion::InDoubt => "in_doubt",
        Conclusion::GiveUp => "expired",
    }
}
