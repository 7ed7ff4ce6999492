//! Lines for the plain text part: wrapped at 76 columns as a terminal counts
//! them, without trailing white space.

use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

/// Columns of a line (RFC 5322 section 2.1.1 asks for 78 at most).
pub(super) const COLUMNS: usize = 76;

/// Wraps a paragraph; every line starts with `indent`, the first with `first`.
pub(super) fn wrap(text: &str, first: &str, indent: &str) -> String {
    let options = Options::new(COLUMNS)
        .initial_indent(first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// A headline with a line of `=` or `-` under it, as long as its longest line.
pub(super) fn underlined(text: &str, mark: char) -> String {
    let wrapped = wrap(text, "", "");
    let width = wrapped.lines().map(display_width).max().unwrap_or(0);
    format!("{wrapped}\n{}", mark.to_string().repeat(width))
}

/// A bullet point.
pub(super) fn bullet(text: &str) -> String {
    wrap(text, "  • ", "    ")
}

/// Drops trailing white space and surplus empty lines; ends with one line feed.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines() {
        let line = line.trim_end();
        let doubled = line.is_empty() && empty;
        empty = line.is_empty();
        if !doubled {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
