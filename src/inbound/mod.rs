//! Inbound: mail that comes back, told apart: bounces, complaints, auto-replies.
//!
//! The desk calls it with a message's octets and gets a [`Report`]. It imports
//! the ground floor alone, and knows no store. Whatever the octets are, it
//! answers in bounded time and memory: what lies too deep, too far behind or in
//! too many parts is not looked at. Here also stand the ways by which messages
//! come: files ([`source`]), a mailbox over IMAP ([`imap`]), LMTP ([`lmtp`]).

mod arf;
mod dsn;
mod fields;
mod forms;
pub mod imap;
pub mod lmtp;
mod mime;
mod ration;
mod replies;
mod report;
pub mod source;

pub use report::{Affected, Report, read};
