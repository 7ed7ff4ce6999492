//! What can go wrong at the desk, by whose move is next.

use crate::dispatch::content::ContentError;
use crate::dispatch::planner::PlanError;
use crate::dispatch::revisions::ReviseError;
use crate::dispatch::run::RunError;
use crate::domain::problem::Problem;
use crate::inbound::imap::ImapError;
use crate::relay::{CatcherError, RelayError};
use crate::store::StoreError;
use std::path::PathBuf;

/// Why a use case could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The input has problems; all of them are here, and nothing was sent.
    #[error("{} problem(s) in the input; nothing was sent", .0.len())]
    Problems(Vec<Problem>),
    /// Somebody asked for a thing that is not there, or in a way that cannot be.
    #[error("{0}")]
    Request(String),
    /// What was asked for does not go with how things stand by now: somebody
    /// else was first, or it is done already.
    #[error("{0}")]
    Conflict(String),
    /// A file could not be read or written.
    #[error("cannot {action} {}: {cause}", path.display())]
    File {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The mailbox to which mail comes back failed.
    #[error("{0}; nothing was lost")]
    Inbox(#[from] ImapError),
    /// An address to listen on cannot be had.
    #[error("{0}")]
    Listen(String),
    /// The catcher failed.
    #[error(transparent)]
    Catcher(#[from] CatcherError),
    /// The run stopped before its end.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Frozen content cannot be read back.
    #[error(transparent)]
    Content(#[from] ContentError),
}

impl From<PlanError> for DeskError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Store(error) => Self::Store(error),
            PlanError::Content(error) => Self::Content(error),
            PlanError::Unexpected { .. } => Self::conflict(error.to_string()),
            PlanError::Schedule(error) => Self::Request(format!("{error}; nothing was planned")),
        }
    }
}

impl From<ReviseError> for DeskError {
    fn from(error: ReviseError) -> Self {
        match error {
            ReviseError::Store(error) => Self::Store(error),
            ReviseError::Course(..) | ReviseError::Unknown(_) | ReviseError::Busy(_) => {
                Self::Conflict(error.to_string())
            }
        }
    }
}

impl DeskError {
    /// Something asked for that cannot be.
    pub fn request(text: impl Into<String>) -> Self {
        Self::Request(text.into())
    }

    /// Something asked for that does not go with how things stand.
    pub fn conflict(text: impl Into<String>) -> Self {
        Self::Conflict(text.into())
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
