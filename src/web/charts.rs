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
/// Bars of a chart: beyond a dozen they say little.
pub(super) const MOST: usize = 12;

/// A bar: its name, its number, and its class.
pub(super) type Bar = (String, u64, &'static str);

/// Bars one under the other, the longest first where they come so; no more than
/// [`MOST`].
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let shown = bars.get(..MOST).unwrap_or(bars);
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
        let (text, name) = (top + 17, short(name));
        let name = escape(&name);
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

/// A bar of several parts, each with its name, its number and its class.
pub(super) struct Split {
    /// What the bar is of.
    pub(super) name: String,
    /// Its parts, in the order in which they stand.
    pub(super) parts: Vec<(String, u64, &'static str)>,
}

impl Split {
    /// All of it.
    pub(super) fn whole(&self) -> u64 {
        self.parts.iter().map(|(_, number, _)| number).sum()
    }

    /// The bar in words: for those who do not see it, and where a colour says little.
    fn words(&self) -> String {
        let parts = self.parts.iter().filter(|(_, number, _)| *number > 0);
        let parts: Vec<_> = parts
            .map(|(name, number, _)| format!("{name} {number}"))
            .collect();
        format!("{}: {}", self.name, parts.join(", "))
    }
}

/// Bars of several parts one under the other, as long as they are large; no more than
/// [`MOST`]. What each is made of stands in its words too.
pub(super) fn split_bars(title: &str, bars: &[Split]) -> String {
    let shown = bars.get(..MOST).unwrap_or(bars);
    let most = shown.iter().map(Split::whole).max().unwrap_or(0).max(1);
    let words: Vec<_> = shown.iter().map(Split::words).collect();
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 420 {}\" role=\"img\" aria-label=\"{}\">",
        shown.len() * STEP + 6,
        escape(&format!("{title}: {}", words.join("; ")))
    );
    for (row, (bar, words)) in shown.iter().zip(&words).enumerate() {
        let (top, text) = (row * STEP + 4, row * STEP + 17);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<g><title>{}</title><text class=\"quiet\" x=\"0\" y=\"{text}\">{}</text>",
            escape(words),
            escape(&short(&bar.name))
        );
        let mut from = NAMES;
        for (_, number, class) in bar.parts.iter().filter(|(_, number, _)| *number > 0) {
            // Who has one among thousands is still seen.
            let width = (number * LONGEST / most).max(2);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{from}\" y=\"{top}\" width=\"{width}\" height=\"16\"/>"
            );
            from += width;
        }
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{text}\">{}</text></g>",
            from + 8,
            bar.whole()
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

    #[test]
    fn parts_stand_one_after_the_other_and_in_words() {
        let part = |name: &str, number, class| (name.to_owned(), number, class);
        let bar = |name: &str, parts| Split {
            name: name.to_owned(),
            parts,
        };
        let svg = split_bars(
            "<by domain>",
            &[
                bar(
                    "a.example",
                    vec![
                        part("Accepted", 9, "bar"),
                        part("Failed", 0, "bad"),
                        part("Waiting", 1, "wait"),
                    ],
                ),
                bar("\"><script>", vec![part("Failed", 1, "bad")]),
            ],
        );
        assert!(
            !svg.contains("<script>") && !svg.contains("<by domain>"),
            "{svg}"
        );
        assert!(svg.contains("a.example: Accepted 9, Waiting 1"), "{svg}");
        assert!(
            svg.contains("class=\"bar\" x=\"170\" y=\"4\" width=\"180\""),
            "{svg}"
        );
        assert!(
            svg.contains("class=\"wait\" x=\"350\" y=\"4\" width=\"20\""),
            "{svg}"
        );
        assert!(!svg.contains("width=\"0\""), "{svg}");
        assert!(split_bars("none", &[]).ends_with("</svg>"));
        let thousands = bar(
            "b",
            vec![part("Accepted", 99_999, "bar"), part("Failed", 1, "bad")],
        );
        assert!(
            split_bars("t", &[thousands]).contains("class=\"bad\" x=\"369\" y=\"4\" width=\"2\"")
        );
    }
}
