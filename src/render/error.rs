//! Why a letter could not be rendered.

use super::dates::DateError;
use super::words::WordsError;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};

/// Why a letter could not be rendered. None of these depends on the network or
/// the hour: the same letter fails again.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template names a field that this letter does not have.
    MissingField {
        /// The template's file.
        file: String,
        /// Line in it, counted from 1.
        line: Option<usize>,
        /// The field as the template writes it.
        field: String,
    },
    /// A template fails in another way.
    Template {
        /// The template's file.
        file: String,
        /// Line in it, counted from 1.
        line: Option<usize>,
        /// What handlebars says.
        reason: Said,
    },
    /// A part grew past what a mail may hold.
    TooLarge {
        /// The template's file.
        file: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The subject came out empty.
    EmptySubject {
        /// The template's file.
        file: String,
    },
    /// The letter asks for a language that the release does not have, or for none.
    NoVariant {
        /// The language asked for.
        language: String,
    },
    /// A message fails.
    Words(#[from] WordsError),
    /// A date fails.
    Dates(#[from] DateError),
}

impl RenderError {
    /// What is wrong, without the place.
    fn message(&self) -> Said {
        match self {
            Self::MissingField { field, .. } => said!(
                "no field `{field}` here; wrap it in `{{{{#if {field}}}}}` where it may be absent, or see docs/templates.md for the names",
                field
            ),
            Self::Template { reason, .. } => reason.clone(),
            Self::TooLarge { limit, .. } => {
                said!("the rendered part has more than {limit} bytes", limit)
            }
            Self::EmptySubject { .. } => said!("the subject is empty"),
            Self::NoVariant { language } => {
                said!("the release has no variant in `{language}`", language)
            }
            Self::Words(error) => error.said(),
            Self::Dates(error) => error.said(),
        }
    }
}

impl Tell for RenderError {
    fn said(&self) -> Said {
        match self {
            Self::MissingField { .. }
            | Self::Template { .. }
            | Self::TooLarge { .. }
            | Self::EmptySubject { .. } => self.problem().said(),
            Self::NoVariant { .. } | Self::Words(_) | Self::Dates(_) => self.message(),
        }
    }
}

shown_as_said!(RenderError);

impl RenderError {
    /// The same as a problem for `check`.
    pub fn problem(&self) -> Problem {
        let (file, line) = self.place();
        let problem = Problem::error(file, self.message());
        match line {
            Some(line) => problem.at_line(line),
            None => problem,
        }
    }

    fn place(&self) -> (&str, Option<usize>) {
        match self {
            Self::MissingField { file, line, .. } | Self::Template { file, line, .. } => {
                (file, *line)
            }
            Self::TooLarge { file, .. } | Self::EmptySubject { file } => (file, None),
            Self::NoVariant { .. } => ("release.toml", None),
            Self::Words(_) | Self::Dates(_) => ("templates/i18n", None),
        }
    }
}
