//! segments.toml: saved rules.

use crate::domain::problem::Problem;
use crate::domain::segment::Segment;
use crate::toml_reader::{Section, parse};

/// The file's name in a workspace.
pub(super) const FILE: &str = "segments.toml";

/// Reads all segments, compiling each rule.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Vec<Segment> {
    let mut top = match parse(FILE, text, 0) {
        Ok(top) => top,
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    let mut segments = Vec::new();
    if let Some(mut all) = top.section("segment", problems) {
        for name in all.keys() {
            if let Some(section) = all.section(&name, problems) {
                segments.extend(segment(&name, section, problems));
            }
        }
    }
    top.finish(problems);
    segments
}

fn segment(name: &str, mut section: Section, problems: &mut Vec<Problem>) -> Option<Segment> {
    let line = section.line();
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !plain {
        problems.push(section.problem(
            line,
            format!("`{name}` is not a segment's name; expected letters, digits, `-` and `_`"),
        ));
    }
    let rule = section.required("where", problems);
    section.text("description", problems);
    let found = rule.and_then(|rule| {
        Segment::parse(name, &rule.value)
            .map_err(|error| problems.push(section.problem(rule.line, error.to_string())))
            .ok()
    });
    section.finish(problems);
    found.filter(|_| plain)
}
