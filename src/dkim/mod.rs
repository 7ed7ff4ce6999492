//! DKIM (RFC 6376, Ed25519 by RFC 8463): keys, what DNS says of them, and the
//! signatures that a message carries.
//!
//! A leaf that config, relay and desk share: it knows the text of a message and
//! no room of the house. lettre signs too, but only a message of its own, whose
//! body it copies twice, at a time it takes from the wall, and by `rsa` 0.9
//! (RUSTSEC-2023-0071); here the pieces of a message are hashed where they lie,
//! and `ring` signs.
//!
//! Invariant: a private key is neither printed nor written, but by
//! [`NewKey::pem`], once, for its file.

mod canonical;
mod key;
mod name;
mod new_key;
mod record;
mod signer;

pub use canonical::fields;
pub use key::{KeyError, KeyKind, SigningKey};
pub use name::{Selector, aligned};
pub use new_key::NewKey;
pub use record::Record;
pub use signer::{Identity, Signer, SigningError};
