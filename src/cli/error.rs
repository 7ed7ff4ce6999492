//! From what went wrong to an exit code: the one place that decides it.

use crate::desk::DeskError;
use crate::dispatch::run::RunError;
use crate::domain::problem::Problem;

/// The exit codes of DESIGN.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// Done.
    Done = 0,
    /// Some deliveries failed for good.
    SomeFailed = 1,
    /// Bad usage or bad input; nothing was sent.
    Input = 2,
    /// Relay or store unreachable; nothing lost, may be run again.
    Infrastructure = 3,
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub(super) enum CliError {
    /// Problems in files, each with its place.
    Problems(Vec<Problem>),
    /// Asked for in a way that cannot be.
    Usage(String),
    /// The relay, the store or the system.
    Infrastructure(String),
}

impl CliError {
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(super) fn infrastructure(text: impl Into<String>) -> Self {
        Self::Infrastructure(text.into())
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Problems(_) | Self::Usage(_) => Exit::Input,
            Self::Infrastructure(_) => Exit::Infrastructure,
        }
    }
}

impl From<DeskError> for CliError {
    fn from(error: DeskError) -> Self {
        let text = error.to_string();
        match error {
            DeskError::Problems(problems) => Self::Problems(problems),
            DeskError::Request(_)
            | DeskError::Conflict(_)
            | DeskError::File { .. }
            | DeskError::Content(_) => Self::Usage(text),
            DeskError::Run(RunError::Compose { .. }) => Self::Usage(text),
            DeskError::Store(_)
            | DeskError::Relay(_)
            | DeskError::Catcher(_)
            | DeskError::Inbox(_)
            | DeskError::Listen(_)
            | DeskError::Run(_) => Self::Infrastructure(text),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::Infrastructure(format!("cannot write the output: {error}"))
    }
}
