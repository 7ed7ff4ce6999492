//! OpenPGP (RFC 9580, and RFC 4880 before it): public keys as they come in, mail
//! encrypted to them, and the newsroom's own signature.
//!
//! A leaf that intake, config, relay, dispatch and desk share: it knows octets and
//! no room of the house, and does no I/O. rPGP (the crate `pgp`) stands here alone.
//! rPGP reads keys and leaves judgement to its caller, so [`read_key`] judges: only
//! what a key's own signatures vouch for counts, by hashes that still hold.
//!
//! Invariants: a secret key is neither printed nor written; a public key that
//! cannot be encrypted to, or that is weak, does not come in.

mod certificate;
mod choice;
mod seal;
mod signing;
mod strength;

pub use certificate::KeyFault;
pub use choice::{MOST_OCTETS, read_key};
pub use seal::{SealError, seal};
pub use signing::{NewsroomKey, SecretFault, Signatory, Signed};

#[cfg(test)]
pub(crate) mod tests;
