//! Lines for the plain text part: wrapped at 76 columns as a terminal counts
//! them, without trailing white space.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Columns of a line (RFC 5322 section 2.1.1 asks for 78 at most).
pub(super) const COLUMNS: usize = 76;

/// Wraps a paragraph; every line starts with `indent`, the first with `first`.
pub(super) fn wrap(text: &str, first: &str, indent: &str) -> String {
    // Most lines fit, and a letter has many: they cost no more than a look.
    let wide = !text.is_ascii() && text.chars().any(joins_words);
    let fits = first.chars().count() + text.chars().count() <= COLUMNS;
    if fits && !wide && !text.contains('\n') {
        return format!("{first}{text}");
    }
    if first.is_empty()
        && indent.is_empty()
        && !text.starts_with(' ')
        && text.chars().all(is_narrow)
    {
        return wrap_narrow(text);
    }
    let separator = if wide {
        WordSeparator::UnicodeBreakProperties
    } else {
        WordSeparator::AsciiSpace
    };
    let options = Options::new(COLUMNS)
        .initial_indent(first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(separator)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// What most sentences are made of: characters that a terminal shows in one
/// column each (Latin, Cyrillic, and the punctuation that goes with them).
fn is_narrow(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{17f}' | '\u{400}'..='\u{482}' | '\u{48a}'..='\u{4ff}' | '\u{2013}' | '\u{2014}' | '\u{2018}'..='\u{201e}')
}

/// The same lines as by textwrap where every character is narrow, in one pass:
/// each mail has a line or two of its own.
fn wrap_narrow(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let (mut column, mut spaces) = (0, 0);
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        let width = word.chars().count();
        if column > 0 && column + width > COLUMNS {
            out.push('\n');
            column = 0;
        } else {
            out.extend(std::iter::repeat_n(' ', spaces));
        }
        out.push_str(word);
        rest = after.trim_start_matches(' ');
        spaces = after.len() - rest.len();
        column += width + spaces;
    }
    out
}

/// Whether a character is of a script that puts no spaces between words (from
/// Thai, Lao, Khmer and the CJK blocks); elsewhere only spaces break a line, so
/// that addresses stay whole.
fn joins_words(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn narrow_text_is_wrapped_as_textwrap_does(
            text in "[!-~жЁ«»“”—\u{a0}]{1,90}( {1,3}[!-~жçœ’]{0,30}){0,20}( {60,90}[a-z]{1,90})? {0,3}",
        ) {
            prop_assume!(text.chars().all(is_narrow));
            let options = Options::new(COLUMNS)
                .break_words(false)
                .word_separator(WordSeparator::AsciiSpace)
                .wrap_algorithm(WrapAlgorithm::FirstFit)
                .word_splitter(WordSplitter::NoHyphenation);
            prop_assert_eq!(wrap_narrow(&text), textwrap::fill(&text, options));
        }
    }

    #[test]
    fn addresses_stay_whole_and_scripts_without_spaces_still_wrap() {
        let address = format!("see https://rivers.example/{}-x", "a-b-".repeat(30));
        assert_eq!(wrap(&address, "", "").lines().count(), 2);
        assert_eq!(wrap(&"水".repeat(100), "", "").lines().count(), 3);
    }

    #[test]
    fn tidy_text_has_no_surplus_white_space() {
        assert_eq!(tidy("\n\na  \n\n\n\nb\n\n"), "a\n\nb\n");
        assert_eq!(tidy(""), "\n");
    }

    #[test]
    fn lines_are_as_wide_as_a_terminal_shows_them() {
        for line in wrap(&"вода 水 ".repeat(60), "  • ", "    ").lines() {
            assert!(display_width(line) <= COLUMNS, "{line}");
        }
    }
}
