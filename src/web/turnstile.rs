//! How often one reader may come by: a person never notices, a program that
//! holds a link cannot keep the store busy.

use crate::domain::link::Bearer;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests of one reader in [`SPAN`].
const MOST: u32 = 60;
const SPAN: Duration = Duration::from_secs(60);
/// Readers remembered at once; then all begin anew.
const REMEMBERED: usize = 10_000;

/// Counts requests by reader.
#[derive(Debug, Default)]
pub(super) struct Turnstile(Mutex<HashMap<Bearer, (Instant, u32)>>);

impl Turnstile {
    /// Whether a reader may pass once more.
    pub(super) fn lets_pass(&self, bearer: Bearer, now: Instant) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED && !seen.contains_key(&bearer) {
            seen.clear();
        }
        let (since, count) = seen.entry(bearer).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= SPAN {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ContactId;

    #[test]
    fn one_reader_waits_and_the_others_do_not() {
        let turnstile = Turnstile::default();
        let [one, other] = [1, 2].map(|n| Bearer::Contact(ContactId::from_parts(n, 0)));
        let now = Instant::now();
        for _ in 0..MOST {
            assert!(turnstile.lets_pass(one, now));
        }
        assert!(!turnstile.lets_pass(one, now));
        assert!(turnstile.lets_pass(other, now));
        assert!(turnstile.lets_pass(one, now + SPAN));
    }
}
