//! The shapes that a template gives to one value: what the text helpers and
//! HTML escaping do, each from text to text, each with a letter for its name.

use super::helpers::escape;
use super::plain;
use std::borrow::Cow;

/// How a value is written into a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// HTML text or a quoted attribute.
    Escaped,
    /// Capitals.
    Upper,
    /// Lines of plain text.
    Wrapped,
    /// The same with a double line below.
    Underlined,
    /// The same with a line below.
    Heading,
    /// A bullet point.
    Bullet,
}

impl Shape {
    const ALL: [Self; 6] = [
        Self::Escaped,
        Self::Upper,
        Self::Wrapped,
        Self::Underlined,
        Self::Heading,
        Self::Bullet,
    ];

    /// The text in this shape.
    pub(super) fn apply(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Escaped => escape(text),
            Self::Upper => text.to_uppercase().into(),
            Self::Wrapped => plain::wrap(text, "", "").into(),
            Self::Underlined => plain::underlined(text, '=').into(),
            Self::Heading => plain::underlined(text, '-').into(),
            Self::Bullet => plain::bullet(text).into(),
        }
    }

    /// The letter that stands for it in a mark.
    pub(super) fn letter(self) -> char {
        match self {
            Self::Escaped => 'e',
            Self::Upper => 'u',
            Self::Wrapped => 'w',
            Self::Underlined => 'l',
            Self::Heading => 'h',
            Self::Bullet => 'b',
        }
    }

    /// The shape of a letter.
    pub(super) fn of(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.letter() == letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_shapes_are_one_to_one() {
        for shape in Shape::ALL {
            assert_eq!(Shape::of(shape.letter()), Some(shape));
        }
        assert_eq!(Shape::of('x'), None);
    }
}
