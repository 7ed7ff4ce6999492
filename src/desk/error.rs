//! What can go wrong at the desk, by whose move is next.

use crate::dispatch::content::ContentError;
use crate::dispatch::planner::PlanError;
use crate::dispatch::revisions::ReviseError;
use crate::dispatch::run::RunError;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::inbound::imap::ImapError;
use crate::relay::{CatcherError, RelayError};
use crate::store::StoreError;
use crate::{said, shown_as_said};
use std::path::PathBuf;

/// Why a use case could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The input has problems; all of them are here, and nothing was sent.
    Problems(Vec<Problem>),
    /// Somebody asked for a thing that is not there, or in a way that cannot be.
    Request(Said),
    /// What was asked for does not go with how things stand by now: somebody
    /// else was first, or it is done already.
    Conflict(Said),
    /// A file could not be read or written.
    File {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The store failed.
    Store(#[from] StoreError),
    /// The relay failed.
    Relay(#[from] RelayError),
    /// The mailbox to which mail comes back failed.
    Inbox(#[from] ImapError),
    /// An address to listen on cannot be had.
    Listen(Said),
    /// The catcher failed.
    Catcher(#[from] CatcherError),
    /// The run stopped before its end.
    Run(#[from] RunError),
    /// Frozen content cannot be read back.
    Content(#[from] ContentError),
}

impl Tell for DeskError {
    fn said(&self) -> Said {
        match self {
            Self::Problems(problems) => said!(
                "{count} problem(s) in the input; nothing was sent",
                count = problems.len()
            ),
            Self::Request(said) | Self::Conflict(said) | Self::Listen(said) => said.clone(),
            Self::File {
                action,
                path,
                cause,
            } => said!(
                "cannot {action} {path}: {cause}",
                action = match *action {
                    "create" => said!("create"),
                    "lock" => said!("lock"),
                    "read" => said!("read"),
                    "remove" => said!("remove"),
                    "write" => said!("write"),
                    other => Said::verbatim(other),
                },
                path = path.display(),
                cause
            ),
            Self::Store(error) => error.said(),
            Self::Relay(error) => error.said(),
            Self::Inbox(error) => said!("{error}; nothing was lost", error),
            Self::Catcher(error) => error.said(),
            Self::Run(error) => error.said(),
            Self::Content(error) => error.said(),
        }
    }
}

shown_as_said!(DeskError);

impl From<PlanError> for DeskError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Store(error) => Self::Store(error),
            PlanError::Content(error) => Self::Content(error),
            PlanError::Unexpected { .. } => Self::conflict(error),
            PlanError::Schedule(error) => {
                Self::Request(said!("{error}; nothing was planned", error))
            }
        }
    }
}

impl From<ReviseError> for DeskError {
    fn from(error: ReviseError) -> Self {
        match error {
            ReviseError::Store(error) => Self::Store(error),
            ReviseError::Course(..) | ReviseError::Unknown(_) | ReviseError::Busy(_) => {
                Self::conflict(error)
            }
        }
    }
}

impl DeskError {
    /// Something asked for that cannot be.
    pub fn request(said: impl Into<Said>) -> Self {
        Self::Request(said.into())
    }

    /// Something asked for that does not go with how things stand.
    pub fn conflict(said: impl Into<Said>) -> Self {
        Self::Conflict(said.into())
    }

    /// For `map_err` on file operations.
    pub fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File {
            action,
            path,
            cause,
        }
    }
}
