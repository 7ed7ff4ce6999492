//! Files and environment become checked settings, or problems: all of them.
//!
//! Called by `wire` and the desk. Secrets come from the environment or from a
//! file of their own; a password in TOML is refused.

mod bounces;
mod dkim;
mod read;
mod readers;
mod relays;
mod segments;
mod servers;
mod service;
mod store;
mod units;

pub use read::load;
pub use readers::MIN_SECRET;
pub use segments::{FILE as SEGMENTS_FILE, read_segments, with_segment};
pub use store::StoreLocation;
pub use units::duration;

use crate::dkim::Signer;
use crate::domain::address::EmailAddress;
use crate::domain::bounce::BouncePolicy;
use crate::domain::inbox::ImapAccount;
use crate::domain::language::Language;
use crate::domain::localized::Localized;
use crate::domain::newsroom::{LanguagePolicy, Newsroom};
use crate::domain::relay::{RelayProfile, Secret};
use crate::domain::retry::RetryPolicy;
use crate::domain::segment::Segment;
use crate::domain::send_window::SendWindow;
use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

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
    pub store: StoreLocation,
    /// Relays, by name; at least one.
    pub relays: Vec<RelayProfile>,
    /// With which keys mails are signed.
    pub dkim: Signer,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How deliveries are worked on.
    pub dispatch: DispatchSettings,
    /// When mail may leave, and what a forecast warns of.
    pub schedule: ScheduleSettings,
    /// Who must let a release go out.
    pub approval: ApprovalSettings,
    /// Mail that comes back.
    pub bounces: BounceSettings,
    /// The always-on service.
    pub service: ServiceSettings,
    /// What journalists see.
    pub readers: ReaderSettings,
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

/// When mail may leave.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleSettings {
    /// The local hours of all contacts without a window of their own.
    pub window: SendWindow,
    /// How late a service may be for a due delivery without asking.
    pub grace: SignedDuration,
    /// How long after the lift the last delivery may leave without a warning.
    pub margin: SignedDuration,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self {
            window: SendWindow::ALWAYS,
            grace: SignedDuration::from_mins(30),
            margin: SignedDuration::from_mins(15),
        }
    }
}

/// Who must let a release go out.
#[derive(Debug, Clone)]
pub struct ApprovalSettings {
    /// Different people who must approve an embargoed release: 0, 1 or 2.
    pub embargoed: usize,
    /// Languages that every release must have.
    pub languages: Vec<Language>,
    /// How much older than another a variant may be; `None`: however much.
    pub parity: Option<SignedDuration>,
}

impl Default for ApprovalSettings {
    fn default() -> Self {
        Self {
            embargoed: 0,
            languages: Vec::new(),
            parity: Some(SignedDuration::from_hours(1)),
        }
    }
}

/// Mail that comes back.
#[derive(Debug, Clone, Default)]
pub struct BounceSettings {
    /// The mailbox under which every mail has a return path of its own; `None`:
    /// mail comes back to the newsroom's From.
    pub address: Option<EmailAddress>,
    /// When it bars an address.
    pub policy: BouncePolicy,
    /// The mailbox that the service reads; `None`: none.
    pub imap: Option<ImapAccount>,
    /// Where the service takes mail over LMTP; `None`: nowhere.
    pub lmtp: Option<LmtpSettings>,
}

/// Where the service takes mail over LMTP, on this machine alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LmtpSettings {
    /// Where it listens.
    pub listen: LmtpAddress,
    /// Octets of a message at most.
    pub most: usize,
}

/// Where LMTP is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LmtpAddress {
    /// A port on loopback.
    Tcp(SocketAddr),
    /// A socket in the file system, for its owner and group alone.
    Unix(PathBuf),
}

/// The always-on service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSettings {
    /// Where the desk, health and metrics are served; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// Where people reach the desk, where that is not by this machine's own address.
    pub url: Option<Url>,
    /// How long conversations under way may take to end when it is told to stop.
    pub stop_within: SignedDuration,
    /// How far the wall clock may be off the steady one.
    pub clock_tolerance: SignedDuration,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 9925))),
            url: None,
            stop_within: SignedDuration::from_secs(30),
            clock_tolerance: SignedDuration::from_secs(10),
        }
    }
}

/// What journalists see: pages of their own, by a link in each mail.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReaderSettings {
    /// Where the pages are reached; `None`: there are none.
    pub url: Option<Url>,
    /// What links are proved with; `None`: what the workspace's own file holds.
    pub key: Option<Secret>,
    /// What somebody agrees to who wants copy under embargo, per language; empty:
    /// nobody can agree by a page.
    pub agreement: Localized<String>,
    /// Whether anybody may read a release once it is out.
    pub public: bool,
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
