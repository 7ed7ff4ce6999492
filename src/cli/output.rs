//! The only room that prints.

use super::args::Format;
use super::error::CliError;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use serde_json::json;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// Where a command's results go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    format: Format,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self { format }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Whether a person watches standard error.
    pub(super) fn is_watched(&self) -> bool {
        self.is_text() && std::io::stderr().is_terminal()
    }

    /// CSV is for the commands that say so.
    pub(super) fn refuse_csv(&self) -> Result<(), CliError> {
        match self.format {
            Format::Csv => Err(CliError::usage(
                "--format csv is for `log` and `contacts export`; use text or json here",
            )),
            Format::Text | Format::Json => Ok(()),
        }
    }

    /// A line of results for people; nothing in JSON.
    pub(super) fn say(&self, line: impl Display) {
        if self.is_text() {
            self.write(&format!("{line}\n"));
        }
    }

    /// A remark for people beside the results.
    #[expect(clippy::print_stderr, reason = "this is the room that prints")]
    pub(super) fn remark(&self, line: impl Display) {
        eprintln!("{line}");
    }

    /// Results as they are.
    pub(super) fn write(&self, text: &str) {
        // A reader that has gone away (`| head`) wants no more.
        drop(std::io::stdout().lock().write_all(text.as_bytes()));
    }

    /// One JSON object on a line of its own.
    pub(super) fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        self.write(&format!("{text}\n"));
    }

    /// An error: problems line by line, everything else as one.
    pub(super) fn complain(&self, error: &CliError) {
        match (self.format, error) {
            (Format::Json, CliError::Problems(problems)) => self.json(&json!({ "error": "the input has problems; nothing was sent", "problems": problems })),
            (Format::Json, CliError::Usage(text) | CliError::Infrastructure(text)) => self.json(&json!({ "error": text })),
            (Format::Text | Format::Csv, CliError::Problems(problems)) => {
                for problem in problems {
                    self.remark(problem);
                }
                let errors = problems.iter().filter(|problem| problem.is_error()).count();
                self.remark(format!("{errors} error(s); nothing was sent"));
            }
            (Format::Text | Format::Csv, CliError::Usage(text) | CliError::Infrastructure(text)) => self.remark(format!("dateline: {text}")),
        }
    }
}

/// A table that fits its terminal, and is plain when piped.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.to_vec());
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// `a 3, b 2`: counts on one line.
pub(super) fn counted<'a>(counts: impl IntoIterator<Item = (&'a String, &'a u64)>) -> String {
    let parts: Vec<_> = counts
        .into_iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}
