//! What address books say of one contact, property by property.

use super::columns::{Column, Dialect, Mapping, Meaning, known, said};
use super::row::Cells;
use crate::domain::contact_fields::Field;
use crate::domain::said::Said;
use std::borrow::Cow;

/// What one entry of an address book is.
pub(super) type Entry = Result<Record, Skipped>;

/// An entry that is no contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) line: usize,
    pub(super) message: Said,
    /// Whether something is wrong with it.
    pub(super) is_fault: bool,
}

impl Skipped {
    pub(super) fn fault(line: usize, message: Said) -> Self {
        Self {
            line,
            message,
            is_fault: true,
        }
    }

    pub(super) fn remark(line: usize, message: Said) -> Self {
        Self {
            is_fault: false,
            ..Self::fault(line, message)
        }
    }
}

/// The beginning of a line, for a message.
pub(super) fn short(line: &str) -> String {
    line.chars()
        .take(40)
        .collect::<String>()
        .escape_debug()
        .to_string()
}

/// One entry's values, by what they mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line where it begins.
    pub(super) line: usize,
    values: Vec<(Meaning, String)>,
    /// Its properties, and what each was taken for.
    pub(super) columns: Vec<Column>,
}

impl Record {
    pub(super) fn new(line: usize) -> Self {
        Self {
            line,
            values: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Adds a value that means a certain thing.
    pub(super) fn add(&mut self, name: &str, meaning: Meaning, value: String) {
        self.columns.push(Column {
            name: name.to_owned(),
            meaning: meaning.clone(),
        });
        if !value.is_empty() && meaning != Meaning::Ignored {
            self.values.push((meaning, value));
        }
    }

    /// Leaves a property out.
    pub(super) fn ignore(&mut self, name: &str) {
        self.add(name, Meaning::Ignored, String::new());
    }

    /// Adds a value that means what somebody said of its property, or what the
    /// property means by itself.
    pub(super) fn take(
        &mut self,
        name: &str,
        value: String,
        dialect: Dialect,
        mappings: &[Mapping],
    ) {
        let meaning = said(name, mappings).or_else(|| known(name, dialect));
        self.add(name, meaning.unwrap_or(Meaning::Ignored), value);
    }

    /// Its cells. Lists of several properties are one list; a second address is
    /// a further column, and of anything else the first counts.
    pub(super) fn cells(&self) -> Cells<'_> {
        let mut cells = Cells::default();
        let mut lists: Vec<(&Meaning, String)> = Vec::new();
        for (meaning, value) in &self.values {
            match meaning {
                Meaning::Field(Field::Languages | Field::Beats | Field::Lists) => {
                    match lists.iter_mut().find(|(own, _)| *own == meaning) {
                        Some((_, list)) => {
                            list.push(';');
                            list.push_str(value);
                        }
                        None => lists.push((meaning, value.clone())),
                    }
                }
                Meaning::Field(_)
                | Meaning::GivenName
                | Meaning::MiddleName
                | Meaning::FamilyName
                | Meaning::Key
                | Meaning::Custom(_)
                | Meaning::Ignored => cells.put(meaning, Cow::Borrowed(value)),
            }
        }
        for (meaning, list) in lists {
            cells.put(meaning, Cow::Owned(list));
        }
        cells
    }

    /// Addresses but the first.
    pub(super) fn further_addresses(&self) -> impl Iterator<Item = &str> {
        let emails = self
            .values
            .iter()
            .filter(|(meaning, _)| *meaning == Meaning::Field(Field::Email));
        emails.skip(1).map(|(_, value)| value.as_str())
    }
}
