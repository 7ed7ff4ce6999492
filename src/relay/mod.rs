//! The relay room: making messages, and handing them to an SMTP server.
//!
//! `lettre` stops here. Dispatch asks a [`Relay`] for a [`Connection`] and
//! hands it [`ComposedMessage`]s; what comes back is a
//! [`Handover`](crate::domain::reply::Handover), whatever the network did. The
//! [`Catcher`] is the other end: an SMTP server on loopback for rehearsals.

pub mod catcher;
pub mod certificate;
pub mod compose;
mod connection;
mod conversation;
mod error;
pub mod probe;
mod replies;
mod wire;

pub use catcher::{Catcher, CatcherConfig, CatcherCounts, CatcherError};
pub use compose::ComposedMessage;
pub use connection::Relay;
pub use conversation::{Connection, Envelope, Mail};
pub use error::RelayError;
