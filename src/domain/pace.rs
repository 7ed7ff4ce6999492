//! Pacing: a rate as places in a queue, and a domain's door.
//!
//! Pure. Places are reserved in the store, which all workers share, so that a
//! rate holds for all of them together; here they are used up in time.

use super::relay::DomainLimit;
use jiff::{SignedDuration, Timestamp};

/// Places are reserved for so long ahead, and lapse so long after their time:
/// what was not used in time is not made up for in a burst.
const SPAN: SignedDuration = SignedDuration::from_millis(50);
/// How long a conversation is taken to last before one was seen.
const GUESS: SignedDuration = SignedDuration::from_millis(100);

/// Places that were reserved in a queue that moves at a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    each: SignedDuration,
    next: Timestamp,
    left: u32,
}

impl Places {
    /// None yet, at this many a second.
    pub fn new(rate: f64) -> Self {
        let each = SignedDuration::try_from_secs_f64(1.0 / rate.max(1e-6));
        Self {
            each: each
                .unwrap_or(SignedDuration::from_hours(1))
                .max(SignedDuration::from_micros(1)),
            next: Timestamp::UNIX_EPOCH,
            left: 0,
        }
    }

    /// From one place to the next.
    pub fn each(&self) -> SignedDuration {
        self.each
    }

    /// How many are to be reserved now: none while some are left.
    pub fn wanted(&mut self, now: Timestamp) -> u32 {
        self.lapse(now);
        if self.left > 0 {
            return 0;
        }
        let fit = SPAN.as_nanos() / self.each.as_nanos().max(1);
        u32::try_from(fit).unwrap_or(u32::MAX).max(1)
    }

    /// Takes over so many places from this one on.
    pub fn reserved(&mut self, first: Timestamp, count: u32) {
        self.next = first;
        self.left = count;
    }

    /// How many may be used now.
    pub fn ready(&mut self, now: Timestamp) -> u32 {
        self.lapse(now);
        if self.left == 0 || self.next > now {
            return 0;
        }
        let passed = now.duration_since(self.next).as_nanos() / self.each.as_nanos().max(1);
        u32::try_from(passed)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
            .min(self.left)
    }

    /// When the next may be used; `None` where none is reserved.
    pub fn next(&self) -> Option<Timestamp> {
        (self.left > 0).then_some(self.next)
    }

    /// Uses one, if its time has come.
    pub fn take(&mut self, now: Timestamp) -> bool {
        let ready = self.ready(now) > 0;
        if ready {
            self.pass();
        }
        ready
    }

    fn pass(&mut self) {
        self.left -= 1;
        self.next = self
            .next
            .saturating_add(self.each)
            .unwrap_or(Timestamp::MAX);
    }

    fn lapse(&mut self, now: Timestamp) {
        let span = SPAN.max(self.each);
        while self.left > 0 && now.duration_since(self.next) > span {
            self.pass();
        }
    }
}

/// The door to one recipient domain at one relay: so many at once, so many a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    most: Option<usize>,
    inside: usize,
    places: Option<Places>,
    /// How long a conversation lasts, smoothed.
    lasts: SignedDuration,
    /// The end of the queue before the door: when who comes next is to come back.
    queue: Timestamp,
    /// Somebody found no place.
    asked: bool,
}

impl Door {
    /// Nobody is inside yet.
    pub fn new(limit: &DomainLimit) -> Self {
        Self {
            most: limit.connections,
            inside: 0,
            places: limit.rate.map(Places::new),
            lasts: GUESS,
            queue: Timestamp::UNIX_EPOCH,
            asked: true,
        }
    }

    /// Goes in.
    ///
    /// # Errors
    /// It is full; when to come back. Each who asks is told a later time.
    pub fn enter(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let full = self.most.is_some_and(|most| self.inside >= most);
        if !full && self.places.as_mut().is_none_or(|places| places.take(now)) {
            self.inside += 1;
            return Ok(());
        }
        self.asked = true;
        self.queue = self
            .queue
            .max(now)
            .saturating_add(self.each())
            .unwrap_or(Timestamp::MAX);
        Err(self.queue)
    }

    /// From one who goes in to the next, at this door's usual pace.
    fn each(&self) -> SignedDuration {
        let by_number = self
            .most
            .map(|most| self.lasts / i32::try_from(most.max(1)).unwrap_or(i32::MAX));
        let by_rate = self.places.as_ref().map(Places::each);
        by_number
            .max(by_rate)
            .unwrap_or_default()
            .max(SignedDuration::from_millis(1))
    }

    /// Comes out, after so long.
    pub fn leave(&mut self, after: SignedDuration) {
        self.inside = self.inside.saturating_sub(1);
        let after = after.max(SignedDuration::ZERO);
        self.lasts = (self.lasts * 7 + after) / 8;
    }

    /// How many places are to be reserved, and their distance: none where
    /// nobody asked.
    pub fn wanted(&mut self, now: Timestamp) -> Option<(u32, SignedDuration)> {
        let places = self.places.as_mut().filter(|_| self.asked)?;
        let count = places.wanted(now);
        (count > 0).then(|| (count, places.each()))
    }

    /// Takes over reserved places.
    pub fn reserved(&mut self, first: Timestamp, count: u32) {
        self.asked = false;
        if let Some(places) = &mut self.places {
            places.reserved(first, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    /// Uses places for so long, reserving as it goes, and looking every few
    /// milliseconds; gives how many were used.
    fn used(rate: f64, steps: &[i64]) -> (u32, i64) {
        let mut places = Places::new(rate);
        let (mut now, mut used, mut free) = (0, 0, at(0));
        for step in steps {
            now += step;
            let wanted = places.wanted(at(now));
            if wanted > 0 {
                let first = free.max(at(now));
                places.reserved(first, wanted);
                free = first + places.each() * i32::try_from(wanted).unwrap();
            }
            while places.take(at(now)) {
                used += 1;
            }
        }
        (used, now)
    }

    #[test]
    fn a_rate_is_used_up_and_never_exceeded() {
        let (used, _) = used(100.0, &[5; 2000]);
        assert!((995..=1001).contains(&used), "{used} in ten seconds");
    }

    #[test]
    fn what_was_not_used_in_time_is_lost() {
        let mut places = Places::new(10.0);
        places.reserved(at(0), 1);
        assert_eq!(places.ready(at(10_000)), 0);
        assert!(!places.take(at(10_000)));
        assert_eq!(places.wanted(at(10_000)), 1);
    }

    #[test]
    fn a_door_lets_so_many_in_and_sends_the_others_away_for_longer_and_longer() {
        let limit = DomainLimit {
            domain: "example.org".to_owned(),
            connections: Some(2),
            rate: None,
        };
        let mut door = Door::new(&limit);
        assert_eq!(door.enter(at(0)), Ok(()));
        assert_eq!(door.enter(at(0)), Ok(()));
        let third = door.enter(at(0)).unwrap_err();
        let fourth = door.enter(at(0)).unwrap_err();
        assert!(at(0) < third && third < fourth);
        door.leave(SignedDuration::from_millis(10));
        assert_eq!(door.enter(at(20)), Ok(()));
    }

    proptest! {
        #[test]
        fn no_pattern_of_looking_exceeds_a_rate(rate in 1.0f64..500.0, steps in prop::collection::vec(0i64..400, 1..200)) {
            let (used, passed) = used(rate, &steps);
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let most = rate * (passed as f64 / 1000.0 + 0.05) + 1.0;
            prop_assert!(f64::from(used) <= most, "{} used in {} ms", used, passed);
        }

        #[test]
        fn a_door_is_never_overfull(most in 1usize..5, steps in prop::collection::vec(any::<bool>(), 1..100)) {
            let limit = DomainLimit { domain: String::new(), connections: Some(most), rate: None };
            let mut door = Door::new(&limit);
            let mut inside = 0;
            for (n, comes) in steps.into_iter().enumerate() {
                let now = at(i64::try_from(n).unwrap());
                if comes {
                    inside += usize::from(door.enter(now).is_ok());
                } else if inside > 0 {
                    door.leave(SignedDuration::from_millis(5));
                    inside -= 1;
                }
                prop_assert!(inside <= most);
            }
        }
    }
}
