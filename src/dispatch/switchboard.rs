//! The switchboard: which relay's workers get the next deliveries.
//!
//! The rules stand on the ground floor: `routing` (priority and weight),
//! `breaker` (whether a relay is trusted), `pace` (rates, and the doors of
//! recipient domains). Here they meet the workers that ask.

use super::hand::{Answer, Ask, Seat};
use crate::domain::breaker::Breaker;
use crate::domain::pace::{Door, Places};
use crate::domain::relay::RelayProfile;
use crate::domain::routing::{Lane, may_take, served_on_return};
use crate::relay::RelayError;
use crate::store::{Claimed, Pace, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::time::Instant;

/// A relay that has not asked for so long does not hold up the others.
const KEEPS_UP: SignedDuration = SignedDuration::from_secs(1);

/// A relay, as its workers and its fortune show it.
struct Station {
    profile: RelayProfile,
    breaker: Breaker,
    served: f64,
    /// Connections open now.
    live: usize,
    /// Ever reached in this run.
    known: bool,
    asked: Option<Timestamp>,
    places: Option<Places>,
    doors: HashMap<String, Door>,
    /// What went wrong last.
    trouble: Option<Trouble>,
}

/// What is wrong with a relay.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// It cannot be reached, or will not have us.
    Relay(RelayError),
    /// It refuses everything we bring.
    Refuses(String),
}

impl Trouble {
    /// Whether another try in a moment may go well.
    fn may_pass(&self) -> bool {
        match self {
            Self::Relay(error) => error.may_pass(),
            Self::Refuses(_) => false,
        }
    }
}

/// Failures of a relay that was reached before, before a run gives it up.
const TRIES: u32 = 5;

/// All relays and all workers that wait.
pub(super) struct Switchboard {
    stations: Vec<Station>,
    /// By worker.
    asks: Vec<Option<Ask>>,
    /// Workers that were told to connect and have not answered.
    connecting: HashMap<usize, Seat>,
}

/// Who gets which of the deliveries that one claim finds.
pub(super) struct Sorting<'a> {
    board: &'a mut Switchboard,
    now: Timestamp,
    /// Worker and what is left of what it may have, in turn.
    slots: Vec<(usize, usize)>,
    turn: usize,
    /// The worker of each delivery that begins, in order.
    given: Vec<usize>,
    /// Doors that were entered on the way.
    entered: Vec<(usize, String)>,
}

impl Switchboard {
    pub(super) fn new<'a>(
        profiles: impl Iterator<Item = &'a RelayProfile>,
        workers: usize,
    ) -> Self {
        let station = |profile: &RelayProfile| Station {
            breaker: Breaker::new(profile.connections),
            served: 0.0,
            live: 0,
            known: false,
            asked: None,
            places: profile.rate.map(Places::new),
            doors: profile
                .domains
                .iter()
                .map(|limit| (limit.domain.clone(), Door::new(limit)))
                .collect(),
            trouble: None,
            profile: profile.clone(),
        };
        Self {
            stations: profiles.map(station).collect(),
            asks: (0..workers).map(|_| None).collect(),
            connecting: HashMap::new(),
        }
    }

    /// A relay's name.
    pub(super) fn name(&self, relay: usize) -> &str {
        &self.stations[relay].profile.name
    }

    /// A worker asks; what it asked before counts no more.
    pub(super) fn ask(&mut self, ask: Ask, now: Timestamp) {
        self.stations[ask.seat.relay].asked = Some(now);
        let worker = ask.seat.worker;
        self.asks[worker] = Some(ask);
    }

    /// Nobody gets anything any more.
    pub(super) fn dismiss(&mut self) {
        for ask in &mut self.asks {
            *ask = None;
        }
    }

    /// A worker has a connection.
    pub(super) fn opened(&mut self, seat: Seat) {
        self.connecting.remove(&seat.worker);
        let station = &mut self.stations[seat.relay];
        station.live += 1;
        station.known = true;
    }

    /// A worker's connection is closed, or was lost.
    pub(super) fn closed(&mut self, relay: usize) {
        let station = &mut self.stations[relay];
        station.live = station.live.saturating_sub(1);
    }

    /// No connection could be opened, or the relay takes no more for now.
    pub(super) fn failed(&mut self, relay: usize, trouble: Option<Trouble>, now: Timestamp) {
        let station = &mut self.stations[relay];
        let passes = trouble.as_ref().is_none_or(Trouble::may_pass);
        if passes {
            station.breaker.failed(station.live, now);
        } else {
            station.breaker.refused(now);
        }
        if trouble.is_some() {
            station.trouble = trouble;
        }
    }

    /// A worker that was told to connect could not.
    pub(super) fn not_opened(&mut self, seat: Seat, trouble: Trouble, now: Timestamp) {
        self.connecting.remove(&seat.worker);
        self.failed(seat.relay, Some(trouble), now);
    }

    /// How many workers of a relay are on the way to a connection.
    fn connecting(&self, relay: usize) -> usize {
        let seats = self.connecting.values();
        seats.filter(|seat| seat.relay == relay).count()
    }

    /// A conversation at this relay went as it should.
    pub(super) fn worked(&mut self, relay: usize, now: Timestamp) {
        let was_away = self.stations[relay].breaker.failures() > 0;
        self.stations[relay].breaker.worked(now);
        self.stations[relay].trouble = None;
        if was_away {
            let lanes = self.lanes(now);
            self.stations[relay].served = served_on_return(&lanes, relay);
        }
    }

    /// Whether a relay other than this one can be used now.
    pub(super) fn has_other(&self, relay: usize, now: Timestamp) -> bool {
        let mut others = self.stations.iter().enumerate();
        others.any(|(index, other)| index != relay && other.breaker.allows(now) > 0)
    }

    /// Why nothing can be sent at all: every relay is out, and waiting does not help.
    pub(super) fn stranded(&self, now: Timestamp) -> Option<(String, Trouble)> {
        let out = |station: &Station| station.live == 0 && station.breaker.allows(now) == 0;
        if !self.connecting.is_empty() || !self.stations.iter().all(out) {
            return None;
        }
        let hopeless = |station: &&Station| {
            !station.known
                || station.breaker.failures() >= TRIES
                || station
                    .trouble
                    .as_ref()
                    .is_some_and(|trouble| !trouble.may_pass())
        };
        if !self.stations.iter().all(|station| hopeless(&station)) {
            return None;
        }
        let first = self
            .stations
            .iter()
            .find(|station| station.trouble.is_some())?;
        Some((first.profile.name.clone(), first.trouble.clone()?))
    }

    fn lanes(&self, now: Timestamp) -> Vec<Lane> {
        let lane = |station: &Station| Lane {
            priority: station.profile.priority,
            weight: station.profile.weight,
            open: station.breaker.allows(now) > 0,
            keeps_up: station
                .asked
                .is_some_and(|asked| now.duration_since(asked) < KEEPS_UP)
                && station
                    .places
                    .as_ref()
                    .is_none_or(|places| places.next().is_none_or(|next| next <= now)),
            served: station.served,
        };
        self.stations.iter().map(lane).collect()
    }

    /// Reserves places for relays and domains that are held to a rate, where
    /// their workers wait.
    pub(super) async fn reserve(
        &mut self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let waiting: Vec<bool> = (0..self.stations.len())
            .map(|relay| {
                self.asks
                    .iter()
                    .flatten()
                    .any(|ask| ask.seat.relay == relay)
            })
            .collect();
        for (station, _) in self
            .stations
            .iter_mut()
            .zip(waiting)
            .filter(|(_, waits)| *waits)
        {
            let name = &station.profile.name;
            if let Some(places) = &mut station.places {
                let count = places.wanted(now);
                if count > 0 {
                    let first = store
                        .reserve(&pace(name, count, places.each(), now))
                        .await?;
                    places.reserved(first, count);
                }
            }
            for (domain, door) in &mut station.doors {
                if let Some((count, each)) = door.wanted(now) {
                    let queue = format!("{name} {domain}");
                    let first = store.reserve(&pace(&queue, count, each, now)).await?;
                    door.reserved(first, count);
                }
            }
        }
        Ok(())
    }

    /// Workers without a connection that may open one now.
    pub(super) fn may_connect(&self, now: Timestamp) -> Vec<usize> {
        let lanes = self.lanes(now);
        let mut room: Vec<usize> = self
            .stations
            .iter()
            .enumerate()
            .map(|(relay, station)| {
                let taken = station.live + self.connecting(relay);
                station.breaker.allows(now).saturating_sub(taken)
            })
            .collect();
        let mut workers = Vec::new();
        for ask in self.asks.iter().flatten().filter(|ask| !ask.connected) {
            let relay = ask.seat.relay;
            if room[relay] > 0 && may_take(&lanes, relay) {
                room[relay] -= 1;
                workers.push(ask.seat.worker);
            }
        }
        workers
    }

    /// Has a worker connect.
    pub(super) fn connect(&mut self, worker: usize) {
        if let Some(ask) = self.asks[worker].take()
            && ask.answer.send(Answer::Connect).is_ok()
        {
            self.connecting.insert(worker, ask.seat);
        }
    }

    /// Who may have how many deliveries now.
    fn slots(&mut self, now: Timestamp) -> Vec<(usize, usize)> {
        let lanes = self.lanes(now);
        let mut places: Vec<usize> = self
            .stations
            .iter_mut()
            .map(|station| {
                station
                    .places
                    .as_mut()
                    .map_or(usize::MAX, |places| places.ready(now) as usize)
            })
            .collect();
        let mut slots = Vec::new();
        for ask in self.asks.iter().flatten().filter(|ask| ask.connected) {
            let relay = ask.seat.relay;
            let most = ask.want.min(places[relay]);
            if most > 0 && may_take(&lanes, relay) {
                places[relay] = places[relay].saturating_sub(most);
                slots.push((ask.seat.worker, most));
            }
        }
        slots
    }

    /// How many deliveries the workers that wait could begin now.
    pub(super) fn demand(&mut self, now: Timestamp) -> usize {
        self.slots(now).iter().map(|(_, most)| most).sum()
    }

    /// Whether a worker that asks will soon have nothing left to do; `loads` tells
    /// what each has. The one after the next must be there before the next is said.
    pub(super) fn anybody_runs_short(&self, loads: &[usize]) -> bool {
        let mut asks = self.asks.iter().flatten().filter(|ask| ask.connected);
        asks.any(|ask| loads[ask.seat.worker] <= (ask.want / 2).max(2))
    }

    /// Whether any worker waits for deliveries.
    pub(super) fn anybody_waits(&self) -> bool {
        self.asks.iter().any(Option::is_some)
    }

    /// When a relay that holds its workers back lets them go on.
    pub(super) fn next_chance(&self, now: Timestamp) -> Option<Timestamp> {
        let chances = self.stations.iter().flat_map(|station| {
            let place = station.places.as_ref().and_then(Places::next);
            [station.breaker.closed_until(now), place]
        });
        chances.flatten().filter(|at| *at > now).min()
    }

    /// Whether somebody is on the way to a connection.
    pub(super) fn is_connecting(&self) -> bool {
        !self.connecting.is_empty()
    }

    /// Begins to share out what a claim finds.
    pub(super) fn sorting(&mut self, now: Timestamp) -> Sorting<'_> {
        let slots = self.slots(now);
        Sorting {
            board: self,
            now,
            slots,
            turn: 0,
            given: Vec::new(),
            entered: Vec::new(),
        }
    }

    /// Hands out what began. Gives back what nobody was there to take any more.
    pub(super) fn hand_out(
        &mut self,
        given: &[usize],
        claimed: Vec<Claimed>,
        at: Instant,
    ) -> Vec<(Seat, Claimed)> {
        let mut hands: HashMap<usize, Vec<Claimed>> = HashMap::new();
        for (worker, one) in given.iter().zip(claimed) {
            hands.entry(*worker).or_default().push(one);
        }
        let mut orphans = Vec::new();
        for (worker, hand) in hands {
            let Some(ask) = self.asks[worker].take() else {
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let count = hand.len() as f64;
            self.stations[ask.seat.relay].served += count;
            if let Err(Answer::Begin(hand, _)) = ask.answer.send(Answer::Begin(hand, at)) {
                orphans.extend(hand.into_iter().map(|one| (ask.seat, one)));
            }
        }
        orphans
    }

    /// A delivery that had entered a domain's door is out again.
    pub(super) fn leave(&mut self, relay: usize, domain: &str, after: SignedDuration) {
        if let Some(door) = self.stations[relay].doors.get_mut(domain) {
            door.leave(after);
        }
    }

    /// Whether a relay limits what goes to a domain.
    pub(super) fn limits(&self, relay: usize, domain: &str) -> bool {
        self.stations[relay].doors.contains_key(domain)
    }
}

impl Sorting<'_> {
    /// Finds a worker for a delivery.
    ///
    /// # Errors
    /// None of them may take it now; when to come back.
    pub(super) fn place(&mut self, claimed: &Claimed) -> Result<&str, Timestamp> {
        let domain = claimed.delivery.recipient.email.domain();
        let mut later = None;
        for step in 0..self.slots.len() {
            let index = (self.turn + step) % self.slots.len();
            let (worker, left) = self.slots[index];
            if left == 0 {
                continue;
            }
            let Some(relay) = self.board.asks[worker].as_ref().map(|ask| ask.seat.relay) else {
                continue;
            };
            let station = &mut self.board.stations[relay];
            let entered = match station.doors.get_mut(domain) {
                Some(door) => door.enter(self.now).map(|()| {
                    self.entered.push((relay, domain.to_owned()));
                }),
                None => Ok(()),
            };
            if let Err(at) = entered {
                later = Some(later.map_or(at, |other: Timestamp| other.min(at)));
                continue;
            }
            if let Some(places) = &mut station.places {
                places.take(self.now);
            }
            self.slots[index].1 -= 1;
            self.turn = index + 1;
            self.given.push(worker);
            return Ok(&self.board.stations[relay].profile.name);
        }
        Err(later.unwrap_or(self.now))
    }

    /// Nothing of it was committed: whoever entered a door is out again.
    pub(super) fn undo(self) {
        for (relay, domain) in self.entered {
            self.board.leave(relay, &domain, SignedDuration::ZERO);
        }
    }

    /// The worker of each delivery that begins, in order.
    pub(super) fn given(self) -> Vec<usize> {
        self.given
    }
}

fn pace<'a>(queue: &'a str, count: u32, each: SignedDuration, now: Timestamp) -> Pace<'a> {
    Pace {
        queue,
        count,
        each,
        now,
    }
}
