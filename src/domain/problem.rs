//! A fault found in somebody's input, with the place where it stands.
//!
//! Intake, config and render find problems; the faces print them, all at once.

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use serde::Serialize;

/// How much a [`Problem`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is sent while this stands.
    Error,
    /// Worth a look; sending goes on.
    Warning,
}

/// One fault: what is wrong, which value, where, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// File, relative to the workspace where it lies inside it.
    pub file: String,
    /// Line, counted from 1; absent where the fault is the whole file's.
    pub line: Option<usize>,
    /// Column in characters, counted from 1.
    pub column: Option<usize>,
    /// Error or warning.
    pub severity: Severity,
    /// A lowercase fragment without a full stop.
    pub message: Said,
}

impl Problem {
    /// An error in a file as a whole.
    pub fn error(file: impl Into<String>, message: impl Into<Said>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            severity: Severity::Error,
            message: message.into(),
        }
    }

    /// A warning about a file as a whole.
    pub fn warning(file: impl Into<String>, message: impl Into<Said>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(file, message)
        }
    }

    /// The same problem at a line, counted from 1.
    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The same problem at a line and column, both counted from 1.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// Whether this one bars sending.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Problem {
    /// Where it stands: the file, with its line and column where they are known.
    pub fn place(&self) -> String {
        let numbers = self.line.into_iter().chain(self.column);
        numbers.fold(self.file.clone(), |place, number| {
            format!("{place}:{number}")
        })
    }
}

impl Tell for Problem {
    fn said(&self) -> Said {
        let (place, message) = (self.place(), &self.message);
        match self.severity {
            Severity::Error => said!("{place}: {message}", place, message),
            Severity::Warning => said!("{place}: warning: {message}", place, message),
        }
    }
}

shown_as_said!(Problem);
