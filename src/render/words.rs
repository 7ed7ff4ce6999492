//! The words of the templates in one language, by Fluent.
//!
//! Built-in words lie under the workspace's own: a workspace file replaces
//! single messages and may add further ones. Every message that the room itself
//! asks for must be there and must resolve, or loading fails.

use super::sources::Source;
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::{said, shown_as_said};
use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentError, FluentResource};
use std::collections::BTreeMap;
use std::fmt;

/// The messages that every language must have.
const REQUIRED: [&str; 23] = [
    "kind-press-release",
    "kind-media-advisory",
    "kind-statement",
    "kind-correction",
    "kind-retraction",
    "immediate-release",
    "not-for-publication",
    "embargo-until",
    "embargo-until-utc",
    "embargo-short",
    "embargo-note",
    "utc-same-day",
    "utc-other-day",
    "highlights",
    "press-contacts",
    "notes-to-editors",
    "about",
    "version-below",
    "why",
    "why-list",
    "opt-out",
    "opt-out-line",
    "opt-out-line-subject",
];

/// The variables that any message may name; the loader tries each message with
/// all of them, so that a mistyped one fails there and not in a mail.
const VARIABLES: [&str; 18] = [
    "headline",
    "newsroom",
    "email",
    "list",
    "address",
    "link",
    "subject",
    "full-date",
    "date",
    "day",
    "time",
    "hour",
    "weekday",
    "zone",
    "city",
    "initial",
    "utc",
    "utc-time",
];

/// A message that is missing, or that names what it was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct WordsError {
    language: String,
    id: String,
    reason: Said,
}

impl Tell for WordsError {
    fn said(&self) -> Said {
        let Self {
            language,
            id,
            reason,
        } = self;
        said!(
            "the message `{id}` of `{language}` {reason}",
            id,
            language,
            reason
        )
    }
}

shown_as_said!(WordsError);

/// The words of one language.
pub(super) struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    ids: Vec<String>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words")
            .field("language", &self.language)
            .field("ids", &self.ids.len())
            .finish_non_exhaustive()
    }
}

impl Words {
    /// Reads the files of a language, the built-in one first. Problems name the
    /// file and line.
    pub(super) fn load(language: &Language, files: &[&Source]) -> Result<Self, Vec<Problem>> {
        let mut bundle = FluentBundle::new_concurrent(vec![language.as_ref().clone()]);
        // Isolating every value would put invisible marks into subjects; the
        // right-to-left files mark what they need themselves.
        bundle.set_use_isolating(false);
        let mut problems = Vec::new();
        let mut ids = Vec::new();
        for file in files {
            ids.extend(message_ids(&file.text));
            match FluentResource::try_new(file.text.clone()) {
                Ok(resource) => bundle.add_resource_overriding(resource),
                Err((_, errors)) => problems.extend(
                    errors
                        .iter()
                        .map(|error| syntax_problem(file, error.pos.start, &error.kind)),
                ),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let words = Self {
            language: language.clone(),
            bundle,
            ids,
        };
        if problems.is_empty() {
            problems.extend(words.unresolved(files));
        }
        if problems.is_empty() {
            Ok(words)
        } else {
            Err(problems)
        }
    }

    /// A message with its variables filled in.
    pub(super) fn say(&self, id: &str, variables: &[(&str, &str)]) -> Result<String, WordsError> {
        let fail = |reason: Said| WordsError {
            language: self.language.to_string(),
            id: id.to_owned(),
            reason,
        };
        let pattern = self
            .bundle
            .get_message(id)
            .and_then(|message| message.value())
            .ok_or_else(|| fail(said!("is missing")))?;
        let args: FluentArgs<'_> = variables.iter().copied().collect();
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&args), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(fail(said!(
                "does not resolve: {cause}",
                cause = shown(error)
            ))),
        }
    }

    /// All messages that need no variable but the newsroom's name, by id: what
    /// templates find under `words`.
    pub(super) fn plain(&self, newsroom: &str) -> BTreeMap<String, String> {
        let said = |id: &String| Some((id.clone(), self.say(id, &[("newsroom", newsroom)]).ok()?));
        self.ids.iter().filter_map(said).collect()
    }

    fn unresolved(&self, files: &[&Source]) -> Vec<Problem> {
        let variables: Vec<(&str, &str)> = VARIABLES
            .iter()
            .chain(&["utc-day"])
            .map(|name| (*name, "x"))
            .collect();
        let required = REQUIRED.iter().map(|id| (*id).to_owned());
        let mut ids: Vec<String> = required.chain(self.ids.iter().cloned()).collect();
        ids.sort_unstable();
        ids.dedup();
        let faults = ids
            .iter()
            .filter_map(|id| Some((id, self.say(id, &variables).err()?)));
        faults
            .map(|(id, error)| {
                place_of(files, id).map_or_else(
                    |file| Problem::error(file, error.said()),
                    |(file, line)| Problem::error(file, error.said()).at_line(line),
                )
            })
            .collect()
    }
}

/// Where a message stands, the topmost file first; else the file to add it to.
fn place_of<'a>(files: &[&'a Source], id: &str) -> Result<(&'a str, usize), &'a str> {
    let found = files.iter().rev().find_map(|file| {
        let line = file
            .text
            .lines()
            .position(|line| message_id(line) == Some(id))?;
        Some((file.shown.as_str(), line + 1))
    });
    found.ok_or_else(|| {
        files
            .last()
            .map_or("templates/i18n", |file| file.shown.as_str())
    })
}

fn message_ids(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(message_id).map(str::to_owned)
}

/// The id at the start of a message's first line (terms and attributes aside).
fn message_id(line: &str) -> Option<&str> {
    let id = line.split_once('=')?.0.trim_end();
    let starts = id.starts_with(|c: char| c.is_ascii_alphabetic());
    (starts
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
    .then_some(id)
}

fn syntax_problem(file: &Source, offset: usize, kind: &dyn fmt::Display) -> Problem {
    let before = file.text.get(..offset).unwrap_or(&file.text);
    let line = before.matches('\n').count() + 1;
    Problem::error(
        &file.shown,
        said!(
            "not Fluent: {cause}",
            cause = lower_first(&kind.to_string())
        ),
    )
    .at_line(line)
}

fn shown(error: &FluentError) -> Said {
    match error {
        FluentError::Overriding { kind, id } => said!("{kind} `{id}` is there twice", kind, id),
        FluentError::ParserError(error) => Said::verbatim(error),
        FluentError::ResolverError(error) => Said::verbatim(lower_first(&error.to_string())),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
