//! Files and environment become checked settings, or problems: all of them.
//!
//! Called by `wire` and the desk. Secrets come from the environment or from a
//! file of their own; a password in TOML is refused.

mod read;
mod segments;
mod units;

pub use read::load;

use crate::domain::newsroom::{LanguagePolicy, Newsroom};
use crate::domain::relay::RelayProfile;
use crate::domain::retry::RetryPolicy;
use crate::domain::segment::Segment;
use jiff::SignedDuration;
use std::path::PathBuf;

/// A workspace's settings, checked.
#[derive(Debug)]
pub struct Settings {
    /// The organisation.
    pub newsroom: Newsroom,
    /// How languages are chosen.
    pub languages: LanguagePolicy,
    /// The set of templates.
    pub kit: String,
    /// Where the store lies.
    pub store: PathBuf,
    /// Relays, by name; at least one.
    pub relays: Vec<RelayProfile>,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How deliveries are worked on.
    pub dispatch: DispatchSettings,
    /// What is too much.
    pub limits: Limits,
    /// Saved rules.
    pub segments: Vec<Segment>,
}

/// How deliveries are worked on.
#[derive(Debug, Clone, Copy)]
pub struct DispatchSettings {
    /// What becomes of a delivery in doubt.
    pub in_doubt: InDoubtPolicy,
    /// How long a worker may hold a delivery without a sign of life.
    pub lease: SignedDuration,
}

/// What becomes of a delivery in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubtPolicy {
    /// It waits for a person.
    Hold,
    /// It is sent again, under the same Message-ID.
    Resend,
}

/// What is too much, in octets.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One attachment.
    pub attachment_bytes: u64,
    /// One whole mail.
    pub message_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attachment_bytes: 10 * 1024 * 1024,
            message_bytes: 25 * 1024 * 1024,
        }
    }
}
