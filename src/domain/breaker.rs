//! A relay's circuit breaker: how many conversations it is trusted with now.
//!
//! A relay that fails while others of its connections live is trusted with
//! those alone. One that fails altogether is left alone for a while, longer
//! each time; then one conversation tries it, and it comes back slowly. Pure:
//! the time is an argument.

use jiff::{SignedDuration, Timestamp};

/// How long a relay is left alone after its first failure.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_millis(500);
/// At most so long; doubled up to it.
const LAST_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// How long nothing is added to the connections that live, where one failed.
const SHRUNK_FOR: SignedDuration = SignedDuration::from_secs(15);
/// How long a step of coming back takes at least.
const STEP: SignedDuration = SignedDuration::from_secs(1);

/// The breaker of one relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// Connections at full strength.
    full: usize,
    /// Connections that it is trusted with.
    trusted: usize,
    /// Failures of the whole relay since it last worked.
    failures: u32,
    /// Left alone until then.
    closed_until: Option<Timestamp>,
    /// It is trusted with more from then on, if it works.
    grows_from: Option<Timestamp>,
}

impl Breaker {
    /// A relay that is trusted with all its connections.
    pub fn new(full: usize) -> Self {
        Self {
            full: full.max(1),
            trusted: full.max(1),
            failures: 0,
            closed_until: None,
            grows_from: None,
        }
    }

    /// How many connections it may have now; 0: it is left alone.
    pub fn allows(&self, now: Timestamp) -> usize {
        match self.closed_until {
            Some(until) if until > now => 0,
            Some(_) | None => self.trusted,
        }
    }

    /// Until when it is left alone.
    pub fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.closed_until.filter(|until| *until > now)
    }

    /// How often it failed as a whole since it last worked.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A connection could not be opened, or the relay hung up on us or said
    /// 421 (RFC 5321 3.8), while so many others of its connections live.
    pub fn failed(&mut self, others: usize, now: Timestamp) {
        if others > 0 {
            self.trusted = others.min(self.full);
            self.grows_from = now.saturating_add(SHRUNK_FOR).ok();
            return;
        }
        // Several connections that meet the same failure are one failure.
        if self.closed_until(now).is_some() {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.trusted = 1;
        self.closed_until = now.saturating_add(pause(self.failures)).ok();
        self.grows_from = self.closed_until;
    }

    /// It will not have us: nothing but a person can change that.
    pub fn refused(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.trusted = 1;
        self.closed_until = now.saturating_add(LAST_PAUSE).ok();
        self.grows_from = self.closed_until;
    }

    /// A conversation went as it should.
    pub fn worked(&mut self, now: Timestamp) {
        self.failures = 0;
        self.closed_until = None;
        if self.trusted < self.full && self.grows_from.is_none_or(|from| from <= now) {
            self.trusted = (self.trusted * 2).min(self.full);
            self.grows_from = now.saturating_add(STEP).ok();
        }
    }
}

/// The pause after so many failures.
fn pause(failures: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_PAUSE
        .checked_mul(1 << doublings)
        .unwrap_or(LAST_PAUSE)
        .min(LAST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_relay_that_is_down_is_left_alone_ever_longer() {
        let mut breaker = Breaker::new(4);
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            breaker.failed(0, now);
            let until = breaker.closed_until(now).unwrap();
            assert_eq!(breaker.allows(now), 0);
            pauses.push(until.duration_since(now).as_millis());
            now = until;
            assert_eq!(breaker.allows(now), 1, "one tries it");
        }
        assert_eq!(
            pauses,
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
        );
    }

    #[test]
    fn it_comes_back_slowly() {
        let mut breaker = Breaker::new(16);
        breaker.failed(0, at(0));
        let mut trusted = Vec::new();
        for second in 1..=7 {
            for n in 0..100 {
                breaker.worked(at(1000 * second + n));
            }
            trusted.push(breaker.allows(at(1000 * second + 100)));
        }
        assert_eq!(trusted, [2, 4, 8, 16, 16, 16, 16]);
    }

    #[test]
    fn a_refused_connection_costs_those_beyond_the_living_alone() {
        let mut breaker = Breaker::new(16);
        breaker.failed(5, at(0));
        assert_eq!(breaker.allows(at(1)), 5);
        breaker.worked(at(1000));
        assert_eq!(breaker.allows(at(1000)), 5);
        breaker.worked(at(15_000));
        assert_eq!(breaker.allows(at(15_000)), 10);
    }

    #[test]
    fn many_connections_that_fail_at_once_are_one_failure() {
        let mut breaker = Breaker::new(16);
        for n in 0..16 {
            breaker.failed(0, at(n));
        }
        assert_eq!(breaker.failures(), 1);
    }

    proptest! {
        #[test]
        fn it_is_never_trusted_with_more_than_it_has_and_never_left_for_ever(
            full in 1usize..64, steps in prop::collection::vec((0u8..3, 0usize..70, 0i64..5000), 0..200),
        ) {
            let mut breaker = Breaker::new(full);
            let mut now = at(0);
            for (what, others, later) in steps {
                now += SignedDuration::from_millis(later);
                match what {
                    0 => breaker.failed(others, now),
                    1 => breaker.refused(now),
                    _ => breaker.worked(now),
                }
                prop_assert!(breaker.allows(now) <= full);
                prop_assert!(breaker.allows(now + LAST_PAUSE) >= 1);
            }
        }
    }
}
