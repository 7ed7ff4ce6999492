//! The only window on chance: identifiers, salts, and the spread of retries.

use crate::domain::ids::{ContactId, DeliveryId, DistributionId, LeaseToken};
use jiff::Timestamp;

/// Draws from the operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entropy;

impl Entropy {
    /// 128 random bits.
    pub fn bits(self) -> u128 {
        let high = u128::from(self.word());
        (high << 64) | u128::from(self.word())
    }

    /// A number in `0..1`, evenly spread.
    pub fn roll(self) -> f64 {
        // 53 bits fill the mantissa of a double exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let bits = (self.word() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// The random numbers themselves, for making keys.
    pub fn source(self) -> getrandom::SysRng {
        getrandom::SysRng
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

    /// A lease for a worker.
    pub fn lease(self, now: Timestamp) -> LeaseToken {
        LeaseToken::from_parts(millisecond(now), self.bits())
    }

    /// A system without random numbers cannot run at all; a constant would
    /// only make identifiers collide, which the store refuses.
    fn word(self) -> u64 {
        getrandom::u64().unwrap_or_default()
    }
}

fn millisecond(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or_default()
}
