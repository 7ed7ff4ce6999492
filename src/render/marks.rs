//! Marks: stand-ins for what differs by reader, written through the templates
//! in place of the values. Each notes what a template does to it on the way.
//!
//! A mark is a field's letter and those of the shapes it went through, between
//! two code points that Unicode keeps for such inner use (U+FDD0, U+FDD1) and
//! that no template or text has any reason to hold. A text that holds them all
//! the same makes no form, or one that fails its trial.

use super::reader::Field;
use super::shape::Shape;

const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// A place in a form that a reader's value goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) field: Field,
    /// In the order they are applied.
    pub(super) shapes: Vec<Shape>,
}

/// The mark of a field that nothing was done to yet.
pub(super) fn mark(field: Field) -> String {
    String::from_iter([OPEN, field.letter(), CLOSE])
}

/// A mark with a further shape noted on it; any other text in that shape.
pub(super) fn shaped(text: &str, shape: Shape) -> String {
    let inside = text
        .strip_prefix(OPEN)
        .and_then(|text| text.strip_suffix(CLOSE));
    match inside {
        Some(inside) if !inside.contains(OPEN) => {
            format!("{OPEN}{inside}{}{CLOSE}", shape.letter())
        }
        Some(_) | None => shape.apply(text).into_owned(),
    }
}

/// The texts between the marks, and the slots that the marks stand for: one
/// text more than slots. None where something only looks like a mark.
pub(super) fn split(text: &str) -> Option<(Vec<String>, Vec<Slot>)> {
    let mut parts = text.split(OPEN);
    let mut literals = vec![parts.next()?.to_owned()];
    let mut slots = Vec::new();
    for part in parts {
        let (inside, after) = part.split_once(CLOSE)?;
        slots.push(slot(inside)?);
        literals.push(after.to_owned());
    }
    let stray = literals.iter().any(|literal| literal.contains(CLOSE));
    (!stray).then_some((literals, slots))
}

fn slot(inside: &str) -> Option<Slot> {
    let mut letters = inside.chars();
    let field = Field::of(letters.next()?)?;
    let shapes = letters.map(Shape::of).collect::<Option<_>>()?;
    Some(Slot { field, shapes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_notes_what_is_done_to_it() {
        let mark = shaped(&shaped(&mark(Field::Name), Shape::Upper), Shape::Escaped);
        let (literals, slots) = split(&format!("a {mark} b")).unwrap();
        assert_eq!(literals, ["a ", " b"]);
        assert_eq!(
            slots,
            [Slot {
                field: Field::Name,
                shapes: vec![Shape::Upper, Shape::Escaped]
            }]
        );
        assert_eq!(shaped("a & b", Shape::Escaped), "a &amp; b");
    }

    #[test]
    fn what_only_looks_like_a_mark_makes_no_slots() {
        for text in [
            "\u{fdd0}",
            "a\u{fdd1}",
            "\u{fdd0}\u{fdd1}",
            "\u{fdd0}n?\u{fdd1}",
            "\u{fdd0}\u{fdd0}n\u{fdd1}\u{fdd1}",
        ] {
            assert_eq!(split(text), None, "{text:?}");
        }
        assert_eq!(split("").unwrap().0, [""]);
    }
}
