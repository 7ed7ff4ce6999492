//! segments.toml: saved rules.

use crate::domain::contact_edit::FieldFault;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::domain::segment::Segment;
use crate::said;
use crate::toml_reader::{Section, parse};
use std::path::Path;

/// The file's name in a workspace.
pub const FILE: &str = "segments.toml";

/// The segments of a workspace as its file says now, and the file's text.
///
/// # Errors
/// Every problem in it.
pub fn read_segments(workspace: &Path) -> Result<(Vec<Segment>, String), Vec<Problem>> {
    let text = super::read::read_file(workspace, FILE).map_err(|problem| vec![problem])?;
    let (text, mut problems) = (text.unwrap_or_default(), Vec::new());
    let segments = read(&text, &mut problems);
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    Ok((segments, text))
}

/// The file's text with one more segment at its end: what stands there stays as
/// it is, octet by octet.
///
/// # Errors
/// The name is none or taken, the rule is wrong, or nothing can follow the text.
pub fn with_segment(text: &str, name: &str, rule: &str) -> Result<String, Vec<FieldFault>> {
    let fault = |field: &str, message: Said| FieldFault {
        field: field.to_owned(),
        message,
    };
    let mut faults = Vec::new();
    let known = read(text, &mut Vec::new());
    if !is_name(name) {
        faults.push(fault("name", not_a_name(name)));
    } else if known.iter().any(|segment| segment.name() == name) {
        faults.push(fault(
            "name",
            said!("there is a segment `{name}` already", name),
        ));
    }
    if let Err(error) = Segment::parse(name, rule) {
        faults.push(fault("where", error.said()));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let key = if name.is_ascii() {
        name.to_owned()
    } else {
        quoted(name)
    };
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let whole = format!("{text}{gap}[segment.{key}]\nwhere = {}\n", quoted(rule));
    // Whatever the file's form, it must read as it did, with one more.
    let mut problems = Vec::new();
    let (read, mut expected) = (read(&whole, &mut problems), rules(&known));
    expected.push((name.to_owned(), rule.to_owned()));
    expected.sort_unstable();
    let mut found = rules(&read);
    found.sort_unstable();
    if found == expected && !problems.iter().any(Problem::is_error) {
        return Ok(whole);
    }
    let problem = problems.first().map(Tell::said).unwrap_or_default();
    Err(vec![fault(
        "name",
        said!(
            "cannot be added at the end of {file}; write it in by hand: {problem}",
            file = FILE,
            problem
        ),
    )])
}

fn rules(segments: &[Segment]) -> Vec<(String, String)> {
    let pair = |one: &Segment| (one.name().to_owned(), one.rule().to_owned());
    segments.iter().map(pair).collect()
}

fn is_name(name: &str) -> bool {
    let letters = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.chars().all(letters)
}

fn not_a_name(name: &str) -> Said {
    said!(
        "`{name}` is not a segment's name; expected letters, digits, `-` and `_`",
        name = name.escape_debug()
    )
}

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
    let plain = is_name(name);
    if !plain {
        problems.push(section.problem(line, not_a_name(name)));
    }
    let rule = section.required("where", problems);
    section.text("description", problems);
    let found = rule.and_then(|rule| {
        Segment::parse(name, &rule.value)
            .map_err(|error| problems.push(section.problem(rule.line, error.said())))
            .ok()
    });
    section.finish(problems);
    found.filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEPT: &str =
        "# ours, kept by hand\n[segment.a]\nwhere = \"contact.country == 'KZ'\" # why";

    fn messages(text: &str, name: &str, rule: &str) -> String {
        let faults = with_segment(text, name, rule).unwrap_err();
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        faults.join("; ")
    }

    #[test]
    fn one_more_leaves_the_rest_as_it_is() {
        let text =
            with_segment(KEPT, "б-1", "contact.outlet == 'A \"b\" \\\\c'\n  || true").unwrap();
        assert!(text.starts_with(KEPT), "{text}");
        let mut problems = Vec::new();
        assert_eq!(read(&text, &mut problems).len(), 2);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            with_segment("", "a", "true").unwrap(),
            "[segment.a]\nwhere = \"true\"\n"
        );
    }

    #[test]
    fn what_cannot_stand_is_refused() {
        for (text, name, rule, part) in [
            (KEPT, "a", "true", "`name`: there is a segment `a` already"),
            (KEPT, "a b", "true", "`a b` is not a segment's name"),
            (KEPT, "", "true", "is not a segment's name"),
            (
                KEPT,
                "b",
                "contact.contry == 'KZ'",
                "`where`: segment `b`: contact has no field",
            ),
            (
                "segment = { a = { where = \"true\" } }\n",
                "b",
                "true",
                "write it in by hand",
            ),
        ] {
            let said = messages(text, name, rule);
            assert!(said.contains(part), "{name} {rule}: {said}");
        }
        assert_eq!(
            with_segment(KEPT, "a", "contact.x").unwrap_err().len(),
            2,
            "all at once"
        );
    }

    proptest! {
        #[test]
        fn any_text_within_a_rule_reads_back(value in "[ -~а-я\n\t]{0,20}") {
            let value = value.replace(['\\', '\'', '\n', '\t'], "");
            let rule = format!("contact.outlet == '{value}'");
            let text = with_segment(KEPT, "b", &rule).unwrap();
            let found = read(&text, &mut Vec::new());
            prop_assert!(found.iter().any(|one| one.rule() == rule));
        }
    }
}
