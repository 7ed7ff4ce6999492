//! MJML to HTML, once at load: what comes out is a Handlebars template.
//!
//! Includes are put in here and not by mrml: a file that includes itself in any
//! chain is an error that names the chain, and included sections know the width
//! of the body (mrml 6.0 forgets it).

use super::sources::{KitSources, Source};
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use mrml::prelude::parser::ParserOptions;
use mrml::prelude::render::RenderOptions;
use std::collections::HashMap;
use std::error::Error;

/// The layout's name in a kit.
pub(super) const LAYOUT: &str = "layout.mjml";

/// mrml recurses once per level; no mail needs as many.
const MAX_DEPTH: usize = 128;

/// A layout whose includes have been put in, with the origin of every line.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    text: String,
    lines: Vec<(String, usize)>,
}

impl Expanded {
    /// File and line of the first line that holds a text.
    pub(super) fn find(&self, wanted: &str) -> Option<(&str, usize)> {
        let index = self.text.lines().position(|line| line.contains(wanted))?;
        self.origin(index)
    }

    fn origin(&self, index: usize) -> Option<(&str, usize)> {
        self.lines
            .get(index)
            .map(|(file, line)| (file.as_str(), *line))
    }

    fn push(&mut self, text: &str, file: &Source, line: usize) {
        self.text.push_str(text);
        self.text.push('\n');
        self.lines.push((file.shown.clone(), line));
    }
}

/// Puts the includes in and compiles to HTML that still holds Handlebars.
pub(super) fn compile(
    sources: &KitSources,
    language: Option<&Language>,
) -> Result<(String, Expanded), Problem> {
    let Some(layout) = sources.find(LAYOUT, language) else {
        return Err(Problem::error(LAYOUT, said!("is missing from the kit")));
    };
    let mut expanded = Expanded::default();
    expand(
        sources,
        language,
        layout,
        &mut vec![LAYOUT.to_owned()],
        &mut expanded,
    )?;
    if let Some((file, line)) = too_deep(&expanded.text).and_then(|index| expanded.origin(index)) {
        return Err(Problem::error(
            file,
            said!(
                "elements are nested more than {most} deep",
                most = MAX_DEPTH
            ),
        )
        .at_line(line));
    }
    let parsed = mrml::parse_with_options(&expanded.text, &ParserOptions::default())
        .map_err(|error| located(&error, layout, &expanded))?;
    // No remote font is ever asked for, whatever a font stack names.
    let options = RenderOptions {
        fonts: HashMap::new(),
        ..RenderOptions::default()
    };
    let html = parsed
        .element
        .render(&options)
        .map_err(|error| located(&error, layout, &expanded))?;
    Ok((html, expanded))
}

fn expand(
    sources: &KitSources,
    language: Option<&Language>,
    file: &Source,
    chain: &mut Vec<String>,
    out: &mut Expanded,
) -> Result<(), Problem> {
    for (index, line) in file.text.lines().enumerate() {
        let number = index + 1;
        let Some((before, path, after)) = include_in(line) else {
            out.push(line, file, number);
            continue;
        };
        let fail = |message: Said| Problem::error(&file.shown, message).at_line(number);
        if chain.iter().any(|name| name == path) {
            return Err(fail(said!(
                "includes itself: {chain} -> {path}",
                chain = chain.join(" -> "),
                path
            )));
        }
        let included = sources
            .find(path, language)
            .ok_or_else(|| fail(said!("`{path}` is not a file of the kit", path)))?;
        out.push(before, file, number);
        chain.push(path.to_owned());
        expand(sources, language, included, chain, out)?;
        chain.pop();
        out.push(after, file, number);
    }
    Ok(())
}

/// An include stands on one line: what is before it, its path, what is after.
fn include_in(line: &str) -> Option<(&str, &str, &str)> {
    let (before, tag) = line.split_once("<mj-include")?;
    let (tag, after) = tag.split_once("/>")?;
    let path = tag.split_once("path=\"")?.1.split_once('"')?.0;
    Some((before, path, after))
}

/// The line on which elements are nested too deep, if any.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.lines().position(|line| {
        for tag in line.split('<').skip(1) {
            let void = ["br", "img", "hr", "meta", "link", "!"]
                .iter()
                .any(|name| tag.starts_with(name));
            if tag.starts_with('/') {
                depth = depth.saturating_sub(1);
            } else if !void
                && !tag
                    .split('>')
                    .next()
                    .is_some_and(|inside| inside.ends_with('/'))
            {
                depth += 1;
            }
        }
        depth > MAX_DEPTH
    })
}

/// mrml names byte positions, and its parser rows; people want a file and a line.
fn located(error: &dyn Error, layout: &Source, expanded: &Expanded) -> Problem {
    let (whole, cause) = (error.to_string(), error.source().map(ToString::to_string));
    let by_position = whole
        .rsplit_once("position ")
        .and_then(|(_, at)| leading_number(at))
        .and_then(|at| Some(expanded.text.get(..at)?.matches('\n').count()));
    let by_row = cause
        .as_deref()
        .and_then(|cause| leading_number(cause.rsplit_once(" at ")?.1))
        .and_then(|row| row.checked_sub(1));
    let message = said!("not MJML: {cause}", cause = cause.unwrap_or(whole));
    match by_position
        .or(by_row)
        .and_then(|index| expanded.origin(index))
    {
        Some((file, line)) => Problem::error(file, message).at_line(line),
        None => Problem::error(&layout.shown, message),
    }
}

fn leading_number(text: &str) -> Option<usize> {
    text.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
