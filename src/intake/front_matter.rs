//! A variant's file: TOML between `+++` lines, then Markdown.

use super::markdown::{self, Body};
use crate::domain::header_text::HeaderText;
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::release::Variant;
use crate::said;
use crate::toml_reader::{Section, parse};

/// A variant and where its parts stand.
pub(super) struct ReadVariant {
    pub(super) variant: Option<Variant>,
    /// Paths of images that the body or the notes show, with their lines.
    pub(super) images: Vec<(String, usize)>,
}

/// Reads a variant; problems go where the others are.
pub(super) fn read(
    file: &str,
    text: &str,
    language: &Language,
    allow_html: bool,
    problems: &mut Vec<Problem>,
) -> ReadVariant {
    let nothing = ReadVariant {
        variant: None,
        images: Vec::new(),
    };
    let (front, body, body_line) = match split(file, text) {
        Ok(parts) => parts,
        Err(problem) => {
            problems.push(problem);
            return nothing;
        }
    };
    let body = markdown::check(
        Body {
            file,
            text: body,
            first_line: body_line,
            allow_html,
        },
        problems,
    );
    match parse(file, front, 1) {
        Ok(section) => {
            let mut images = body.images;
            let variant = fields(
                file,
                section,
                language,
                body.text,
                allow_html,
                &mut images,
                problems,
            );
            ReadVariant { variant, images }
        }
        Err(problem) => {
            problems.push(problem);
            nothing
        }
    }
}

/// Front matter, body, and the line the body begins in.
fn split<'t>(file: &str, text: &'t str) -> Result<(&'t str, &'t str, usize), Problem> {
    let missing = || {
        Problem::error(
            file,
            said!("must begin with a line `+++`, then TOML with at least a headline, then `+++`"),
        )
        .at_line(1)
    };
    let first_end = text.find('\n').ok_or_else(missing)?;
    if text[..first_end].trim_end() != "+++" {
        return Err(missing());
    }
    let mut at = first_end + 1;
    let start = at;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        if line.trim_end() == "+++" {
            return Ok((&text[start..at], &text[at + line.len()..], index + 3));
        }
        at += line.len();
    }
    Err(Problem::error(
        file,
        said!("the front matter is not closed; a line `+++` is expected after it"),
    )
    .at_line(1))
}

fn fields(
    file: &str,
    mut section: Section,
    language: &Language,
    body: String,
    allow_html: bool,
    images: &mut Vec<(String, usize)>,
    problems: &mut Vec<Problem>,
) -> Option<Variant> {
    let headline = section.required_parsed("headline", problems, HeaderText::parse);
    let subhead = section.parsed("subhead", problems, HeaderText::parse);
    let subject = section.parsed("subject", problems, HeaderText::parse);
    let mut highlights = Vec::new();
    for spot in section.texts("highlights", problems) {
        match HeaderText::parse(&spot.value) {
            Ok(text) => highlights.push(text),
            Err(error) => {
                problems.push(section.problem(spot.line, said!("`highlights`: {error}", error)))
            }
        }
    }
    let notes = section.text("notes", problems).map(|spot| {
        let notes = markdown::check(
            Body {
                file,
                text: &spot.value,
                first_line: spot.line,
                allow_html,
            },
            problems,
        );
        images.extend(notes.images);
        notes.text
    });
    section.finish(problems);
    if body.trim().is_empty() {
        problems.push(Problem::error(
            file,
            said!("has no text after the front matter"),
        ));
    }
    Some(Variant {
        language: language.clone(),
        headline: headline?,
        subhead,
        subject,
        highlights,
        body,
        notes,
    })
}
