//! Charts as SVG, made here: no script draws them, and a page's policy lets no
//! style into them.

use crate::render::escape;
use std::fmt::Write;

/// Room for the names, before the bars.
const NAMES: u64 = 170;
/// The longest bar.
const LONGEST: u64 = 200;
/// Letters of a name that have room.
const LETTERS: usize = 22;
/// From one bar to the next.
const STEP: usize = 26;

/// A bar: its name, its number, and its class.
pub(super) type Bar = (String, u64, &'static str);

/// Bars one under the other, the longest first where they come so; beyond a
/// dozen they say little.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let shown = bars.get(..12).unwrap_or(bars);
    let most = shown
        .iter()
        .map(|(_, number, _)| *number)
        .max()
        .unwrap_or(0)
        .max(1);
    let height = shown.len() * STEP + 6;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 420 {height}\" role=\"img\" aria-label=\"{}\">",
        escape(title)
    );
    for (row, (name, number, class)) in shown.iter().enumerate() {
        let (top, width) = (row * STEP, (number * LONGEST).div_ceil(most));
        let (text, name) = (top + 17, escape(&short(name)));
        let at = NAMES + width + 8;
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<text class=\"quiet\" x=\"0\" y=\"{text}\">{name}</text>\
             <rect class=\"{class}\" x=\"{NAMES}\" y=\"{}\" width=\"{width}\" height=\"16\" rx=\"3\"/>\
             <text x=\"{at}\" y=\"{text}\">{number}</text>",
            top + 4
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A name that fits before its bar.
fn short(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    let begin: String = name.chars().take(LETTERS - 1).collect();
    format!("{begin}…")
}

/// One bar of several parts: how far something is.
pub(super) fn progress(title: &str, parts: &[(u64, &'static str)], whole: u64) -> String {
    let mut svg = format!(
        "<svg class=\"chart whole\" viewBox=\"0 0 1000 16\" role=\"img\" aria-label=\"{}\"><rect class=\"rest\" width=\"1000\" height=\"16\" rx=\"4\"/>",
        escape(title)
    );
    let mut from = 0;
    for (number, class) in parts {
        let width = number * 1000 / whole.max(1);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{from}\" width=\"{width}\" height=\"16\"/>"
        );
        from += width;
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_numbers_never_overflow_the_picture() {
        let svg = bars(
            "<x>",
            &[("\"><script>".into(), 3, "bar"), ("b".into(), 0, "bar")],
        );
        assert!(
            !svg.contains("<script>") && svg.contains("width=\"200\""),
            "{svg}"
        );
        assert!(bars("none", &[]).ends_with("</svg>"));
        let svg = progress("p", &[(1, "bar"), (2, "bad")], 3);
        assert!(
            svg.contains("width=\"333\"") && svg.contains("width=\"666\""),
            "{svg}"
        );
        assert!(progress("p", &[], 0).contains("rest"));
    }
}
