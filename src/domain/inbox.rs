//! The mailbox to which mail comes back, where Dateline fetches it itself.

use super::relay::{Credentials, TlsPolicy};
use std::path::PathBuf;
use std::time::Duration;

/// What becomes of a message in the mailbox once it was handled, so that it is
/// handled once: the mailbox remembers, whoever reads it next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// It gets a keyword of ours, which no mail client shows.
    Flagged,
    /// It is marked as read; what is marked so is not looked at.
    Seen,
    /// It is moved to this folder.
    Moved(String),
}

/// A mailbox as the newsroom configured it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImapAccount {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the way is kept private.
    pub tls: TlsPolicy,
    /// Further certificate authorities, PEM; trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// What to log in with.
    pub credentials: Credentials,
    /// The folder that is read.
    pub folder: String,
    /// What becomes of what was handled.
    pub handled: Handled,
    /// After how long the folder is looked into again, also where the server
    /// tells of nothing.
    pub poll: Duration,
}
