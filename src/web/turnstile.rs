//! How often one reader, or one token that opens nothing, may come by: a person
//! never notices, a program cannot keep the store busy.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests of one reader in [`SPAN`].
pub(super) const READS: u32 = 60;
/// Tries of one token that opens nothing.
pub(super) const KNOCKS: u32 = 10;
const SPAN: Duration = Duration::from_secs(60);
/// Readers remembered at once; then all begin anew.
const REMEMBERED: usize = 10_000;

/// Counts requests by whom they come from.
#[derive(Debug)]
pub(super) struct Turnstile<K> {
    most: u32,
    seen: Mutex<HashMap<K, (Instant, u32)>>,
}

impl<K: Eq + Hash> Turnstile<K> {
    /// One that lets each pass so many times in [`SPAN`].
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            seen: Mutex::default(),
        }
    }

    /// Whether somebody had all their turns, and one more would be too many.
    pub(super) fn is_over(&self, who: &K, now: Instant) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(who).is_some_and(|(since, count)| {
            now.saturating_duration_since(*since) < SPAN && *count >= self.most
        })
    }

    /// Whether somebody may pass once more.
    pub(super) fn lets_pass(&self, who: K, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED && !seen.contains_key(&who) {
            seen.clear();
        }
        let (since, count) = seen.entry(who).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= SPAN {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ContactId;
    use crate::domain::link::Bearer;

    #[test]
    fn one_reader_waits_and_the_others_do_not() {
        let turnstile = Turnstile::new(READS);
        let [one, other] = [1, 2].map(|n| Bearer::Contact(ContactId::from_parts(n, 0)));
        let now = Instant::now();
        for _ in 0..READS {
            assert!(!turnstile.is_over(&one, now));
            assert!(turnstile.lets_pass(one, now));
        }
        assert!(turnstile.is_over(&one, now) && !turnstile.is_over(&other, now));
        assert!(!turnstile.is_over(&one, now + SPAN));
        assert!(!turnstile.lets_pass(one, now));
        assert!(turnstile.lets_pass(other, now));
        assert!(turnstile.lets_pass(one, now + SPAN));
    }
}
