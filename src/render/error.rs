//! Why a letter could not be rendered.

use super::dates::DateError;
use super::words::WordsError;
use crate::domain::problem::Problem;

/// Why a letter could not be rendered. None of these depends on the network or
/// the hour: the same letter fails again.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template names a field that this letter does not have.
    #[error("{file}{}: no field `{field}` here; wrap it in `{{{{#if {field}}}}}` where it may be absent, or see docs/templates.md for the names", at(*line))]
    MissingField {
        /// The template's file.
        file: String,
        /// Line in it, counted from 1.
        line: Option<usize>,
        /// The field as the template writes it.
        field: String,
    },
    /// A template fails in another way.
    #[error("{file}{}: {reason}", at(*line))]
    Template {
        /// The template's file.
        file: String,
        /// Line in it, counted from 1.
        line: Option<usize>,
        /// What handlebars says.
        reason: String,
    },
    /// A part grew past what a mail may hold.
    #[error("{file}: the rendered part has more than {limit} bytes")]
    TooLarge {
        /// The template's file.
        file: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The subject came out empty.
    #[error("{file}: the subject is empty")]
    EmptySubject {
        /// The template's file.
        file: String,
    },
    /// The letter asks for a language that the release does not have, or for none.
    #[error("the release has no variant in `{language}`")]
    NoVariant {
        /// The language asked for.
        language: String,
    },
    /// A message fails.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// A date fails.
    #[error(transparent)]
    Dates(#[from] DateError),
}

impl RenderError {
    /// The same as a problem for `check`.
    pub fn problem(&self) -> Problem {
        let whole = self.to_string();
        let (file, line) = self.place();
        let place = format!("{file}{}: ", at(line));
        let message = whole.strip_prefix(&place).unwrap_or(&whole);
        let problem = Problem::error(file, message);
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

fn at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(":{line}"))
}
