//! The only window on chance: identifiers, salts, and the spread of retries.

use crate::domain::ids::{ContactId, DeliveryId, DistributionId, ImportId, LeaseToken};
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;

/// Numbers drawn at once: a mail takes several, and each draw is a call to the
/// system.
const DRAWN: usize = 64;

thread_local! {
    /// Drawn and not yet used; each is used once.
    static POOL: RefCell<Vec<u128>> = const { RefCell::new(Vec::new()) };
}

/// A system without random numbers cannot run at all; zeros would only make
/// identifiers collide, which the store refuses.
fn draw() -> impl Iterator<Item = u128> {
    let mut octets = [0; 16 * DRAWN];
    let _ = getrandom::fill(&mut octets);
    let (numbers, _) = octets.as_chunks::<16>();
    numbers
        .iter()
        .map(|octets| u128::from_ne_bytes(*octets))
        .collect::<Vec<_>>()
        .into_iter()
}

/// Draws from the operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entropy;

impl Entropy {
    /// 128 random bits.
    pub fn bits(self) -> u128 {
        POOL.with_borrow_mut(|pool| {
            let taken = pool.pop();
            taken.unwrap_or_else(|| {
                pool.extend(draw());
                pool.pop().unwrap_or_default()
            })
        })
    }

    /// 256 random bits that nobody guesses: for a token, or a shared secret.
    pub fn secret(self) -> [u8; 32] {
        let mut octets = [0; 32];
        for half in octets.as_chunks_mut::<16>().0 {
            *half = self.bits().to_ne_bytes();
        }
        octets
    }

    /// A number in `0..1`, evenly spread.
    pub fn roll(self) -> f64 {
        // 53 bits fill the mantissa of a double exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let bits = (self.bits() >> 75) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// The random numbers themselves, for making keys.
    pub fn source(self) -> getrandom::SysRng {
        getrandom::SysRng
    }

    /// The same for OpenPGP, whose library counts on an older `rand_core`.
    pub fn openpgp_source(self) -> rand_core::OsRng {
        rand_core::OsRng
    }

    /// An identifier for a new contact.
    pub fn contact(self, now: Timestamp) -> ContactId {
        ContactId::from_parts(millisecond(now), self.bits())
    }

    /// An identifier for a new distribution.
    pub fn distribution(self, now: Timestamp) -> DistributionId {
        DistributionId::from_parts(millisecond(now), self.bits())
    }

    /// An identifier for a new delivery.
    pub fn delivery(self, now: Timestamp) -> DeliveryId {
        DeliveryId::from_parts(millisecond(now), self.bits())
    }

    /// An identifier for a new import.
    pub fn import(self, now: Timestamp) -> ImportId {
        ImportId::from_parts(millisecond(now), self.bits())
    }

    /// A lease for a worker.
    pub fn lease(self, now: Timestamp) -> LeaseToken {
        LeaseToken::from_parts(millisecond(now), self.bits())
    }
}

/// Identifiers made at once that share a millisecond.
const ABREAST: u64 = 512;

/// Under which time the `n`th of many identifiers made at once goes: those made later
/// sort later, so that an index over a million of them grows at its end, and not
/// everywhere.
pub fn in_order(now: Timestamp, n: u64) -> Timestamp {
    let later = i64::try_from(n / ABREAST).unwrap_or(i64::MAX);
    let later = SignedDuration::from_millis(later);
    now.saturating_add(later).unwrap_or(Timestamp::MAX)
}

fn millisecond(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or_default()
}
