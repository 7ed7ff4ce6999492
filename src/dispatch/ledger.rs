//! The ledger: one task that begins deliveries and commits outcomes.
//!
//! A commit costs a flush to disk whatever it holds, so everything that has
//! arrived while the last one was under way goes into the next: the outcomes
//! that workers left here, and the beginnings that they ask for, in one
//! transaction. A worker asks for its next few while it hands over the last,
//! and speaks to the relay once it is committed that it is about to.

use super::entries;
use super::hand::{Ask, End, Fare, Page, Seat, unsaid};
use super::progress::Mark;
use super::rest::Rest;
use super::run::{Run, RunError};
use super::switchboard::{Switchboard, Trouble};
use super::watchman::Watchman;
use crate::domain::delivery::{DeliveryState, Event, Life, apply};
use crate::domain::encryption::Sealing;
use crate::domain::ids::DeliveryId;
use crate::store::{Bell, Claim, Claimed, Record, StoreError, Taken, Turned};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Outcomes of one transaction at most; more was slower (DESIGN.md).
const GROUP: usize = 500;
/// What has arrived waits so long at most for more to go into its commit.
const GATHER: Duration = Duration::from_millis(50);
/// Work goes on for so long before the watchman looks around again.
const ROUND: Duration = Duration::from_secs(10);
/// The first wait for a store that was cut off; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest.
const LAST_PAUSE: Duration = Duration::from_secs(3);

/// A delivery that a worker has, or is about to have.
struct Held {
    worker: usize,
    relay: usize,
    /// Its recipient's domain, where the relay limits what goes there.
    door: Option<String>,
    since: Instant,
}

/// The task.
pub(super) struct Ledger {
    pub(super) run: Arc<Run>,
    pages: mpsc::Receiver<Page>,
    pub(super) board: Switchboard,
    pub(super) bell: Option<Box<dyn Bell>>,
    watchman: Watchman,
    looked: Instant,
    /// Outcomes that are still to be written.
    records: Vec<Record>,
    in_hand: HashMap<DeliveryId, Held>,
    /// How many of them each worker has.
    loads: Vec<usize>,
    /// The last claim found less than it might have.
    pub(super) dry: bool,
}

impl Ledger {
    /// Opens the ledger of a run, and the way for pages to it.
    pub(super) fn open(run: Arc<Run>, workers: usize) -> (Self, mpsc::Sender<Page>) {
        // Room for one group beside the one being written: back-pressure ends here.
        let (sender, pages) = mpsc::channel(GROUP);
        let profiles = run.relays.iter().map(|relay| relay.profile());
        let ledger = Self {
            board: Switchboard::new(profiles, workers),
            pages,
            bell: None,
            watchman: Watchman::default(),
            looked: Instant::now(),
            records: Vec::with_capacity(GROUP),
            in_hand: HashMap::new(),
            loads: vec![0; workers],
            dry: false,
            run,
        };
        (ledger, sender)
    }

    /// Keeps the ledger until there is nothing left to do or somebody says
    /// stop, and then until every hand has left.
    pub(super) async fn keep(mut self) -> Result<(), RunError> {
        let worked = self.work().await;
        if worked.is_err() {
            self.run.stop.cancel();
        }
        let closed = self.close().await;
        worked.and(closed)
    }

    async fn work(&mut self) -> Result<(), RunError> {
        self.bell = self.listen().await?;
        self.look().await?;
        while !self.run.stop.is_cancelled() {
            self.receive();
            self.gather().await;
            if self.looked.elapsed() >= ROUND {
                self.look().await?;
            }
            let now = self.run.clock.now();
            if let Some((relay, trouble)) = self.board.stranded(now) {
                return Err(given_up(relay, trouble));
            }
            let demand = self.demand(now).await?;
            if demand > 0 || !self.records.is_empty() {
                self.turn(demand, now).await?;
            } else if self.rest(now).await? == Rest::Over {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What workers bring after the end of work is still written.
    async fn close(mut self) -> Result<(), RunError> {
        self.bell = None;
        loop {
            self.board.dismiss();
            if !self.records.is_empty() {
                let now = self.run.clock.now();
                self.turn(0, now).await?;
            }
            match self.pages.recv().await {
                Some(page) => self.take(page),
                None => return Ok(()),
            }
            self.receive();
        }
    }

    /// Looks around before anything is claimed.
    pub(super) async fn look(&mut self) -> Result<(), RunError> {
        self.watchman.look(&self.run).await?;
        self.looked = Instant::now();
        Ok(())
    }

    /// Takes in what has arrived.
    fn receive(&mut self) {
        while self.records.len() < GROUP
            && let Ok(page) = self.pages.try_recv()
        {
            self.take(page);
        }
    }

    /// Waits for more to go into the next commit, as long as nobody who asks runs
    /// short of work meanwhile.
    async fn gather(&mut self) {
        let until = tokio::time::Instant::now() + GATHER;
        let run = Arc::clone(&self.run);
        while self.may_gather() {
            tokio::select! {
                page = self.next_page() => if page.is_none() { return },
                () = tokio::time::sleep_until(until) => return,
                () = run.stop.cancelled() => return,
            }
        }
    }

    fn may_gather(&self) -> bool {
        let something = !self.records.is_empty() || (!self.dry && self.board.anybody_waits());
        let more_will_come = self.records.len() < GROUP && !self.in_hand.is_empty();
        something && more_will_come && !self.board.anybody_runs_short(&self.loads)
    }

    /// The next page; `None` once every hand has left.
    pub(super) async fn next_page(&mut self) -> Option<()> {
        let page = self.pages.recv().await?;
        self.take(page);
        Some(())
    }

    fn take(&mut self, page: Page) {
        match page {
            Page::Ask(ask) => self.hear(ask),
            Page::End(end) => self.end(*end),
            Page::Fare(seat, fare) => self.fare(seat, fare),
        }
    }

    fn hear(&mut self, ask: Ask) {
        let now = self.run.clock.now();
        self.board.ask(ask, now);
    }

    fn end(&mut self, end: End) {
        let End {
            seat,
            record,
            worked,
        } = end;
        self.release(record.delivery);
        if worked {
            self.board.worked(seat.relay, self.run.clock.now());
            self.run.pulse.well();
        }
        self.dry &= record.state.life() != Life::Waiting;
        self.records.push(record);
    }

    /// A delivery is in nobody's hand any more.
    fn release(&mut self, delivery: DeliveryId) {
        let Some(held) = self.in_hand.remove(&delivery) else {
            return;
        };
        self.loads[held.worker] -= 1;
        if let Some(domain) = held.door {
            let after = held.since.elapsed().try_into().unwrap_or_default();
            self.board.leave(held.relay, &domain, after);
        }
    }

    fn fare(&mut self, seat: Seat, fare: Fare) {
        let (relay, now) = (seat.relay, self.run.clock.now());
        match fare {
            Fare::Opened => {
                self.board.opened(seat);
                self.run.pulse.well();
            }
            Fare::Closed => self.board.closed(relay),
            Fare::NotOpened(error) => {
                tracing::warn!(relay.name = self.board.name(relay), %error, "no connection");
                self.board.not_opened(seat, Trouble::Relay(error), now);
            }
            Fare::HungUp => self.board.failed(relay, None, now),
            Fare::Refuses(reply) => {
                tracing::error!(
                    relay.name = self.board.name(relay),
                    reply,
                    "the relay refuses our mail as a whole"
                );
                self.board.failed(relay, Some(Trouble::Refuses(reply)), now);
            }
        }
        self.run
            .has_other
            .store(self.board.has_other(relay, now), Ordering::Relaxed);
    }

    /// How many deliveries the workers that wait could begin. Those without a
    /// connection are told to open one first, where something is due.
    async fn demand(&mut self, now: Timestamp) -> Result<usize, RunError> {
        if self.dry || !self.board.anybody_waits() {
            return Ok(0);
        }
        self.board.reserve(self.run.store.as_ref(), now).await?;
        let may_connect = self.board.may_connect(now);
        if !may_connect.is_empty() {
            let most = u32::try_from(may_connect.len()).unwrap_or(u32::MAX);
            let due = self.run.store.due(self.run.distribution, now, most).await?;
            self.dry = due == 0;
            for worker in may_connect.into_iter().take(due as usize) {
                self.board.connect(worker);
            }
            if self.dry {
                return Ok(0);
            }
        }
        Ok(self.board.demand(now).min(GROUP))
    }

    /// One transaction: outcomes, and as many beginnings as are asked for.
    async fn turn(&mut self, demand: usize, now: Timestamp) -> Result<(), RunError> {
        let (records, at) = (std::mem::take(&mut self.records), Instant::now());
        let (turned, given) = self.turn_surely(&records, demand, now).await?;
        report_lost(&turned.lost);
        if turned.lapsed {
            return Err(RunError::LeaseLapsed);
        }
        self.dry |= demand > 0 && (turned.asked as usize) < demand;
        for (claimed, worker) in turned.claimed.iter().zip(&given) {
            self.hold(claimed, *worker);
        }
        let seats = self.board.hand_out(&given, turned.claimed, at);
        for (seat, orphan) in seats {
            self.put_back(seat, &orphan, now);
        }
        Ok(())
    }

    fn hold(&mut self, claimed: &Claimed, worker: usize) {
        let relay = self.run.relay_of(worker);
        let domain = claimed.delivery.recipient.email.domain();
        let door = self.board.limits(relay, domain).then(|| domain.to_owned());
        let held = Held {
            worker,
            relay,
            door,
            since: Instant::now(),
        };
        if self.in_hand.insert(claimed.delivery.id, held).is_none() {
            self.loads[worker] += 1;
        }
    }

    /// Began, and nobody was there to say it.
    fn put_back(&mut self, seat: Seat, claimed: &Claimed, now: Timestamp) {
        let event = entries::decided(
            &claimed.delivery,
            &DeliveryState::Due,
            "stopped before the conversation",
            now,
        );
        let record = unsaid(claimed, self.run.lease, event);
        self.end(End {
            seat,
            record,
            worked: false,
        });
    }

    /// A store that was cut off is waited for as long as the lease holds; what
    /// it did with the last question is found out then.
    async fn turn_surely(
        &mut self,
        records: &[Record],
        demand: usize,
        now: Timestamp,
    ) -> Result<(Turned, Vec<usize>), RunError> {
        let (began, mut pause, mut demand) = (Instant::now(), FIRST_PAUSE, demand);
        let patience = Duration::try_from(self.run.settings.lease).unwrap_or_default();
        loop {
            let error = match self.turn_once(records, demand, now).await {
                Ok(turned) => return Ok(turned),
                Err(error) => error,
            };
            if !matches!(error, StoreError::CutOff { .. }) || began.elapsed() > patience {
                return Err(error.into());
            }
            tracing::warn!(%error, again_in = ?pause, "the store was cut off; nothing is lost");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
            // What it may have claimed without our hearing of it goes back.
            demand = 0;
            if let Err(error) = self.give_back_unknown(records, now).await {
                tracing::debug!(%error, "still cut off");
            }
        }
    }

    async fn turn_once(
        &mut self,
        records: &[Record],
        demand: usize,
        now: Timestamp,
    ) -> Result<(Turned, Vec<usize>), StoreError> {
        let (store, lease) = (Arc::clone(&self.run.store), self.run.lease);
        if demand == 0 {
            return Ok((store.turn(records, None).await?, Vec::new()));
        }
        let progress = Arc::clone(&self.run.progress);
        let sorting = Mutex::new(self.board.sorting(now));
        let take = |claimed: &Claimed| {
            let mut sorting = sorting.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ended) = entries::barred(claimed, now) {
                progress.mark(Mark::Failed);
                return ended;
            }
            if let Err(until) = may_begin(claimed, lease, now) {
                return Taken::Waits(until);
            }
            let sealing = match Sealing::try_from(claimed.protection.decide(now)) {
                Ok(sealing) => sealing,
                Err(obstacle) => {
                    progress.mark(Mark::Failed);
                    let (state, event) = entries::withheld(claimed, obstacle, now);
                    return Taken::Ends(state, event);
                }
            };
            match sorting.place(claimed) {
                Ok(relay) => Taken::Begins(entries::attempt(claimed, relay, &sealing, now)),
                Err(until) => Taken::Waits(until),
            }
        };
        let claim = Claim {
            distribution: self.run.distribution,
            now,
            lease,
            limit: u32::try_from(demand).unwrap_or(u32::MAX),
            take: &take,
        };
        let turned = store.turn(records, Some(claim)).await;
        let sorting = sorting.into_inner().unwrap_or_else(PoisonError::into_inner);
        match turned {
            Ok(turned) => Ok((turned, sorting.given())),
            Err(error) => {
                sorting.undo();
                Err(error)
            }
        }
    }

    /// Claims of this lease that no worker has: the answer to them was lost. What
    /// has ended and is still to be written was said, and stays claimed till then.
    async fn give_back_unknown(
        &mut self,
        unwritten: &[Record],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let held = self.run.store.held(self.run.lease).await?;
        let ended: std::collections::HashSet<_> =
            unwritten.iter().map(|record| record.delivery).collect();
        let mut lost = Vec::new();
        for id in held {
            if self.in_hand.contains_key(&id) || ended.contains(&id) {
                continue;
            }
            let Some(standing) = self.run.store.delivery(id).await? else {
                continue;
            };
            let due = DeliveryState::Due;
            let why = "the store was cut off before the conversation";
            lost.push(Record {
                delivery: id,
                place: None,
                lease: self.run.lease,
                attempts: standing.attempts.saturating_sub(1),
                event: Some(entries::decided(&standing.delivery, &due, why, now)),
                state: due,
            });
        }
        if !lost.is_empty() {
            self.run.store.record(&lost).await?;
        }
        Ok(())
    }

    /// Whether nothing is in anybody's hand and nobody is about to take something.
    pub(super) fn is_idle(&self) -> bool {
        self.in_hand.is_empty() && self.records.is_empty() && !self.board.is_connecting()
    }
}

/// The embargo's second wall, and whatever else a delivery may have to wait for.
fn may_begin(
    claimed: &Claimed,
    lease: crate::domain::ids::LeaseToken,
    now: Timestamp,
) -> Result<(), Timestamp> {
    let held = DeliveryState::Claimed {
        lease,
        until: now,
        attempt: None,
    };
    let start = Event::Start {
        lease,
        attempt: claimed.attempt,
    };
    let bar = claimed.delivery.permitted_from;
    if let Err(illegal) = apply(&held, bar, start, now) {
        tracing::error!(delivery.id = %claimed.delivery.id, %illegal, "a claim that may not begin goes back");
        return Err(bar.unwrap_or(now));
    }
    // An agreement that has ended since, a window that is closed by now.
    claimed.delivery.waits_until(now).map_or(Ok(()), Err)
}

fn given_up(relay: String, trouble: Trouble) -> RunError {
    match trouble {
        Trouble::Relay(error) => RunError::Relay(error),
        Trouble::Refuses(reply) => RunError::RelayRefuses { relay, reply },
    }
}

/// Held, killed or planned anew meanwhile, or taken over after a long silence.
fn report_lost(lost: &[DeliveryId]) {
    if let Some(first) = lost.first() {
        tracing::warn!(deliveries = lost.len(), delivery.id = %first, "moved on by another worker meanwhile; our outcomes were not written");
    }
}
