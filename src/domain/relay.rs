//! A relay's profile: where it is, how it must be spoken to, and for how long to wait.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How the way to the relay is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsPolicy {
    /// STARTTLS (RFC 3207) and nothing less.
    Required,
    /// TLS from the first byte (RFC 8314), usually port 465.
    Implicit,
    /// Clear text: on loopback, or where the config says so in so many words.
    None,
}

/// A secret that no debug print shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What we show the relay to be let in (RFC 4954).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret,
}

/// How long each step may take (RFC 5321 4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name look-up and TCP.
    pub connect: Duration,
    /// Banner, EHLO, TLS, AUTH.
    pub greeting: Duration,
    /// MAIL, RCPT, RSET: 5 minutes.
    pub command: Duration,
    /// DATA up to 354: 2 minutes.
    pub data: Duration,
    /// Each write of the message: 3 minutes.
    pub block: Duration,
    /// After the final dot: 10 minutes.
    pub dot: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(300),
            command: Duration::from_secs(300),
            data: Duration::from_secs(120),
            block: Duration::from_secs(180),
            dot: Duration::from_secs(600),
        }
    }
}

/// How much of one recipient domain's mail a relay takes.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainLimit {
    /// The domain, as in addresses: lower case, IDNA.
    pub domain: String,
    /// Conversations for it at once.
    pub connections: Option<usize>,
    /// Messages a second for it.
    pub rate: Option<f64>,
}

/// A relay as the newsroom configured it.
#[derive(Debug, Clone, PartialEq)]
pub struct RelayProfile {
    /// Its name in dateline.toml.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the way is kept private.
    pub tls: TlsPolicy,
    /// Further certificate authorities, PEM; trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// What to log in with.
    pub credentials: Option<Credentials>,
    /// The name we greet with; the newsroom's domain.
    pub helo: String,
    /// Connections at once, at least 1.
    pub connections: usize,
    /// Messages that one connection carries; `None`: as many as there are.
    pub messages_per_connection: Option<u32>,
    /// Messages a second at most; `None`: as fast as it takes them.
    pub rate: Option<f64>,
    /// Relays of a higher number stand by until all of a lower one are out.
    pub priority: u32,
    /// Its share among those of the same priority, at least 1.
    pub weight: u32,
    /// What it takes for some recipients' domains.
    pub domains: Vec<DomainLimit>,
    /// How long each step may take.
    pub deadlines: Deadlines,
}

impl RelayProfile {
    /// Messages a second that a forecast reckons with: the rate it is held to,
    /// else what a connection to a distant relay commonly manages.
    pub fn reckoned_rate(&self) -> f64 {
        self.rate.unwrap_or(self.connections as f64 * USUAL_RATE)
    }
}

/// Messages a second over one connection, where nothing better is known: seven
/// round trips of some 30 ms.
const USUAL_RATE: f64 = 5.0;
