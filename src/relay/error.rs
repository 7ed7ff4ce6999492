//! Why a relay cannot be used.

use crate::domain::reply::{SmtpReply, Step};
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};
use std::time::Duration;

/// A relay that cannot be used now. No message was under way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No way leads there.
    Unreachable {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// What the system says.
        cause: Said,
    },
    /// It says nothing.
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
    NotSmtp {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// What it said.
        said: String,
    },
    /// It will not have us.
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
    NoStartTls {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
    },
    /// The handshake failed, or the certificate is not the host's.
    Tls {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
        /// What is wrong.
        cause: Said,
    },
    /// Credentials are set, and the relay takes none that we know.
    NoAuth {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
    },
    /// A password would have gone over the network in clear.
    AuthInClear {
        /// Its name in dateline.toml.
        relay: String,
        /// Host and port.
        place: String,
    },
    /// Its profile cannot be used.
    Profile {
        /// Its name in dateline.toml.
        relay: String,
        /// What is wrong with it.
        cause: Said,
    },
}

impl Tell for RelayError {
    fn said(&self) -> Said {
        let (relay, fault) = (self.relay(), self.fault());
        said!("relay {relay}: {fault}", relay, fault)
    }
}

impl RelayError {
    fn relay(&self) -> &str {
        match self {
            Self::Unreachable { relay, .. }
            | Self::Silent { relay, .. }
            | Self::NotSmtp { relay, .. }
            | Self::Refused { relay, .. }
            | Self::NoStartTls { relay, .. }
            | Self::Tls { relay, .. }
            | Self::NoAuth { relay, .. }
            | Self::AuthInClear { relay, .. }
            | Self::Profile { relay, .. } => relay,
        }
    }

    /// What is wrong with it.
    fn fault(&self) -> Said {
        match self {
            Self::Unreachable { place, cause, .. } => said!(
                "cannot reach {place}: {cause}; nothing is lost, run it again when the relay is up",
                place,
                cause
            ),
            Self::Silent {
                place, step, after, ..
            } => said!(
                "{place} was silent for {after} s at step {step}",
                place,
                after = after.as_secs_f64(),
                step
            ),
            Self::NotSmtp { place, said, .. } => said!(
                "{place} does not speak SMTP: {said}; check host and port",
                place,
                said
            ),
            Self::Refused {
                place, step, reply, ..
            } => said!(
                "{place} refuses us at step {step}: {reply}",
                place,
                step,
                reply
            ),
            Self::NoStartTls { place, .. } => said!(
                "{place} does not offer STARTTLS, and TLS is required; use tls = \"implicit\" if it speaks TLS from the first byte",
                place
            ),
            Self::Tls { place, cause, .. } => {
                said!("no private way to {place}: {cause}", place, cause)
            }
            Self::NoAuth { place, .. } => said!(
                "{place} offers no AUTH PLAIN or LOGIN, but a username is set",
                place
            ),
            Self::AuthInClear { place, .. } => said!(
                "a password may not go to {place} in clear text; use tls = \"required\"",
                place
            ),
            Self::Profile { cause, .. } => cause.clone(),
        }
    }
}

shown_as_said!(RelayError);

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
