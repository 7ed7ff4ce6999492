//! Why a relay cannot be used.

use crate::domain::reply::{SmtpReply, Step};
use std::time::Duration;

/// A relay that cannot be used now. No message was under way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No way leads there.
    #[error(
        "relay {relay}: cannot reach {place}: {cause}; nothing is lost, run it again when the relay is up"
    )]
    Unreachable {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// What the system says.
        cause: String,
    },
    /// It says nothing.
    #[error("relay {relay}: {place} was silent for {} s at step {step}", after.as_secs_f64())]
    Silent {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// At which step.
        step: Step,
        /// How long we waited.
        after: Duration,
    },
    /// Something other than SMTP answers, or it hangs up.
    #[error("relay {relay}: {place} does not speak SMTP: {said}; check host and port")]
    NotSmtp {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// What it said.
        said: String,
    },
    /// It will not have us.
    #[error("relay {relay}: {place} refuses us at step {step}: {reply}")]
    Refused {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// At which step.
        step: Step,
        /// What it said.
        reply: SmtpReply,
    },
    /// TLS is required and not to be had.
    #[error(
        "relay {relay}: {place} does not offer STARTTLS, and TLS is required; use tls = \"implicit\" if it speaks TLS from the first byte"
    )]
    NoStartTls {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
    },
    /// The handshake failed, or the certificate is not the host's.
    #[error("relay {relay}: no private way to {place}: {cause}")]
    Tls {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// What is wrong.
        cause: String,
    },
    /// Credentials are set, and the relay takes none that we know.
    #[error("relay {relay}: {place} offers no AUTH PLAIN or LOGIN, but a username is set")]
    NoAuth {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
    },
    /// A password would have gone over the network in clear.
    #[error(
        "relay {relay}: a password may not go to {place} in clear text; use tls = \"required\""
    )]
    AuthInClear {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
    },
    /// Its profile cannot be used.
    #[error("relay {relay}: {cause}")]
    Profile {
        /// Its name in dateline.toml.
        relay: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl RelayError {
    /// Whether another try in a moment may go well.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } => true,
            Self::Refused { reply, .. } => reply.is_transient(),
            Self::NotSmtp { said, .. } => said.is_empty(),
            Self::NoStartTls { .. }
            | Self::Tls { .. }
            | Self::NoAuth { .. }
            | Self::AuthInClear { .. }
            | Self::Profile { .. } => false,
        }
    }
}
