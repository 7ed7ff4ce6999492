//! Text that may stand in a mail header: one line, no control characters.

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One line of text without CR, LF or any other control character, so that no
/// name or subject can start a header of its own (RFC 5322 section 2.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderText(String);

/// Why a text may not stand in a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderTextError {
    /// A line break, which would let the value write headers of its own.
    LineBreak {
        /// Position in characters, counted from 1.
        at: usize,
    },
    /// Another control character.
    Control {
        /// The character's code point.
        code: u32,
        /// Position in characters, counted from 1.
        at: usize,
    },
}

impl Tell for HeaderTextError {
    fn said(&self) -> Said {
        match self {
            Self::LineBreak { at } => said!(
                "holds a line break at character {at}; a header value is one line",
                at
            ),
            Self::Control { code, at } => said!(
                "holds the control character U+{code} at character {at}",
                code = format_args!("{code:04X}"),
                at
            ),
        }
    }
}

shown_as_said!(HeaderTextError);

impl HeaderText {
    /// Checks a text; surrounding white space is dropped.
    ///
    /// # Errors
    /// A line break or another control character, with its position.
    pub fn parse(text: &str) -> Result<Self, HeaderTextError> {
        let text = text.trim_matches([' ', '\t']);
        for (index, c) in text.chars().enumerate() {
            let at = index + 1;
            if matches!(c, '\r' | '\n' | '\u{2028}' | '\u{2029}' | '\u{85}') {
                return Err(HeaderTextError::LineBreak { at });
            }
            if c.is_control() && c != '\t' {
                return Err(HeaderTextError::Control { code: c as u32, at });
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Folds any run of white space and control characters into one space:
    /// for text of our own making, such as a rendered subject.
    pub fn collapse(text: &str) -> Self {
        let is_odd = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
        let text = text.trim_matches(|c: char| c.is_control() || c.is_whitespace());
        if !text.contains("  ") && !text.contains(is_odd) {
            return Self(text.to_owned());
        }
        let spaced: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        Self(spaced.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for HeaderText {
    type Error = HeaderTextError;
    fn try_from(text: String) -> Result<Self, HeaderTextError> {
        Self::parse(&text)
    }
}

impl From<HeaderText> for String {
    fn from(text: HeaderText) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_break_is_refused_with_its_place() {
        let error = HeaderText::parse("Eve\r\nBcc: x@y").unwrap_err();
        assert_eq!(error, HeaderTextError::LineBreak { at: 4 });
    }

    proptest! {
        #[test]
        fn collapsed_text_is_always_a_header_text(text in any::<String>()) {
            let collapsed = HeaderText::collapse(&text);
            prop_assert_eq!(HeaderText::parse(collapsed.as_str()), Ok(collapsed.clone()));
        }
    }
}
