//! A form: one part of a letter with slots where readers differ. Filled in, it
//! is octet for octet what the templates would write for that reader.
//!
//! That holds because a template may only print a reader's value or shape it
//! by itself (guard.rs), and the shapes are applied to the very value (marks.rs);
//! what is done to a whole part afterwards changes nothing in a value that
//! [`holds_together`].

use super::kit::MAX_PART;
use super::marks::{self, Slot};
use super::reader::Reader;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The longest value that a form is filled with; a longer one is nobody's name.
const MAX_VALUE: usize = 2048;

/// A part of a letter with slots.
pub struct Form {
    /// One more than slots.
    literals: Vec<String>,
    slots: Vec<Slot>,
    /// Octets that the templates wrote between the marks, before any tidying.
    written: usize,
    kept: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("slots", &self.slots)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl Form {
    /// Reads a part that was written with marks; `after` is what is done to
    /// every part of its sort. None where it cannot be told apart.
    pub(super) fn read(written: &str, after: impl Fn(&str) -> String) -> Option<Self> {
        let (before, _) = marks::split(written)?;
        let (literals, slots) = marks::split(&after(written))?;
        Some(Self {
            literals,
            slots,
            written: before.iter().map(String::len).sum(),
            kept: OnceLock::new(),
        })
    }

    /// The texts between the slots: one more than there are slots.
    pub fn literals(&self) -> &[String] {
        &self.literals
    }

    /// What a caller makes of the form once, and keeps with it as long as it
    /// lives. None where another caller keeps something of another type.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce(&[String]) -> T) -> Option<&T> {
        self.kept
            .get_or_init(|| Box::new(make(&self.literals)))
            .downcast_ref()
    }

    /// Octets of text.
    pub(super) fn size(&self) -> usize {
        self.literals.iter().map(String::len).sum()
    }

    /// A reader's values for the slots, in order. None where the templates
    /// themselves must write this reader's letter.
    pub(super) fn values(&self, reader: &Reader<'_>) -> Option<Vec<String>> {
        let values: Vec<_> = self
            .slots
            .iter()
            .map(|slot| value(slot, reader))
            .collect::<Option<_>>()?;
        let whole = self.written + values.iter().map(String::len).sum::<usize>();
        (whole <= MAX_PART).then_some(values)
    }
}

fn value(slot: &Slot, reader: &Reader<'_>) -> Option<String> {
    let value = reader.value(slot.field);
    if value.len() > MAX_VALUE {
        return None;
    }
    let mut shaped = Cow::Borrowed(value);
    for shape in &slot.shapes {
        shaped = match shaped {
            Cow::Borrowed(text) => shape.apply(text),
            Cow::Owned(text) => Cow::Owned(shape.apply(&text).into_owned()),
        };
    }
    holds_together(&shaped).then(|| shaped.into_owned())
}

/// Whether a value comes through unchanged when the part around it is cut into
/// lines, trimmed at their ends and rid of empty ones.
fn holds_together(value: &str) -> bool {
    let ends_well = |line: &str| line.chars().next_back().is_some_and(|c| !c.is_whitespace());
    value.split('\n').all(ends_well) && !value.chars().any(|c| c.is_control() && c != '\n')
}

/// A form with a reader's values.
#[derive(Debug, Clone)]
pub struct Filled {
    form: Arc<Form>,
    values: Vec<String>,
}

impl Filled {
    /// The form filled in for a reader, where it can be.
    pub(super) fn new(form: &Arc<Form>, reader: &Reader<'_>) -> Option<Self> {
        Some(Self {
            form: Arc::clone(form),
            values: form.values(reader)?,
        })
    }

    /// The form.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The values, one for each slot.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// The part as the reader has it.
    pub fn text(&self) -> String {
        let literals = &self.form.literals;
        let size = self.form.size() + self.values.iter().map(String::len).sum::<usize>();
        let mut text = String::with_capacity(size);
        for (index, literal) in literals.iter().enumerate() {
            text.push_str(literal);
            text.push_str(self.values.get(index).map_or("", String::as_str));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::plain;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_holds_together_comes_through_tidying(
            before in "[ab \\n\\r]{0,6}", value in "[ab \\n\u{a0}\u{2003}]{1,8}", after in "[ab \\n]{0,6}",
        ) {
            if holds_together(&value) {
                let form = plain::tidy(&format!("{before}\u{fdd0}{after}"));
                prop_assert_eq!(
                    form.replace('\u{fdd0}', &value),
                    plain::tidy(&format!("{before}{value}{after}"))
                );
            }
        }
    }
}
