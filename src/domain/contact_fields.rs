//! A contact field by field: what a column of a file holds, what differs
//! between two records of one contact, and a record laid over another.

use super::contact::{Contact, EmbargoAgreement};
use super::encryption::EncryptionPolicy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Display;

/// What stands before the name of a column of the newsroom's own.
pub const CUSTOM: &str = "custom.";

/// A field of a contact that has a name of its own in files and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The address.
    Email,
    /// The person's or desk's name.
    Name,
    /// How they are greeted.
    Salutation,
    /// Where they work.
    Outlet,
    /// As what.
    Role,
    /// ISO 3166-1 alpha-2.
    Country,
    /// Languages, best first.
    Languages,
    /// IANA time zone.
    TimeZone,
    /// Their own hours.
    SendWindow,
    /// Subjects.
    Beats,
    /// Press lists.
    Lists,
    /// Consent to early copy.
    EmbargoAgreement,
    /// Whether mail is encrypted.
    Encryption,
    /// Remarks.
    Notes,
}

impl Field {
    /// All, in the order of an export.
    pub const ALL: [Self; 14] = [
        Self::Email,
        Self::Name,
        Self::Salutation,
        Self::Outlet,
        Self::Role,
        Self::Country,
        Self::Languages,
        Self::TimeZone,
        Self::SendWindow,
        Self::Beats,
        Self::Lists,
        Self::EmbargoAgreement,
        Self::Encryption,
        Self::Notes,
    ];

    /// Its name, as the column of an export is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Salutation => "salutation",
            Self::Outlet => "outlet",
            Self::Role => "role",
            Self::Country => "country",
            Self::Languages => "languages",
            Self::TimeZone => "time_zone",
            Self::SendWindow => "send_window",
            Self::Beats => "beats",
            Self::Lists => "lists",
            Self::EmbargoAgreement => "embargo_agreement",
            Self::Encryption => "encryption",
            Self::Notes => "notes",
        }
    }

    /// Reads a field's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Its place in [`Field::ALL`].
    pub fn place(self) -> usize {
        self as usize
    }

    /// What a contact has in it, as a cell of a file says it.
    pub fn of(self, contact: &Contact) -> String {
        self.said(contact, ";")
    }

    /// What a contact has in it, as a form shows it.
    pub fn text(self, contact: &Contact) -> String {
        self.said(contact, ", ")
    }

    fn said(self, contact: &Contact, between: &str) -> String {
        match self {
            Self::Email => contact.email.to_string(),
            Self::Name => contact.name.to_string(),
            Self::Salutation => contact.salutation.clone(),
            Self::Outlet => contact.outlet.clone(),
            Self::Role => contact.role.clone(),
            Self::Country => contact.country.clone(),
            Self::Languages => joined(&contact.languages, between),
            Self::TimeZone => shown(contact.time_zone.as_ref()),
            Self::SendWindow => shown(contact.send_window.as_ref()),
            Self::Beats => joined(&contact.beats, between),
            Self::Lists => joined(&contact.lists, between),
            Self::EmbargoAgreement => agreement(contact.embargo_agreement.as_ref()),
            Self::Encryption => encryption(contact.encryption),
            Self::Notes => contact.notes.clone(),
        }
    }
}

fn joined<T: Display>(values: &[T], between: &str) -> String {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    texts.join(between)
}

fn shown<T: Display>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn agreement(agreement: Option<&EmbargoAgreement>) -> String {
    agreement.map_or_else(String::new, |agreement| {
        agreement
            .since
            .map_or_else(|| "yes".to_owned(), |since| since.to_string())
    })
}

/// Off is what a contact of whom nothing was said has: it is left empty.
fn encryption(policy: EncryptionPolicy) -> String {
    match policy {
        EncryptionPolicy::Off => String::new(),
        EncryptionPolicy::Preferred | EncryptionPolicy::Required => policy.to_string(),
    }
}

/// What a contact's key is called where fields that differ are told.
pub const KEY: &str = "public_key";

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet(u16);

impl FieldSet {
    /// Every field.
    pub fn all() -> Self {
        Field::ALL.into_iter().collect()
    }

    /// Whether a field is in it.
    pub fn has(self, field: Field) -> bool {
        self.0 & (1 << field.place()) != 0
    }

    /// The set with one field more.
    #[must_use]
    pub fn with(self, field: Field) -> Self {
        Self(self.0 | (1 << field.place()))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<T: IntoIterator<Item = Field>>(fields: T) -> Self {
        fields.into_iter().fold(Self::default(), Self::with)
    }
}

/// One field that differs between two records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field's name; `custom.NAME` for a further column.
    pub field: String,
    /// What was there; empty for nothing.
    pub old: String,
    /// What is there now.
    pub new: String,
}

/// The fields in which two records differ, in the order of an export.
pub fn differences(old: &Contact, new: &Contact) -> Vec<FieldChange> {
    let fixed = Field::ALL.into_iter().filter_map(|field| {
        change(
            field.name().to_owned(),
            Some(field.of(old)),
            Some(field.of(new)),
        )
    });
    let names: BTreeSet<_> = old.custom.keys().chain(new.custom.keys()).collect();
    let further = names.into_iter().filter_map(|name| {
        let value = |contact: &Contact| contact.custom.get(name).cloned();
        change(format!("{CUSTOM}{name}"), value(old), value(new))
    });
    let print = |contact: &Contact| {
        let key = contact.public_key.as_ref();
        key.map(|key| key.print())
    };
    let key = change(KEY.to_owned(), print(old), print(new));
    fixed.chain(key).chain(further).collect()
}

fn change(field: String, old: Option<String>, new: Option<String>) -> Option<FieldChange> {
    (old != new).then(|| FieldChange {
        field,
        old: old.unwrap_or_default(),
        new: new.unwrap_or_default(),
    })
}

/// What a file says of a contact: a whole record, and which of it the file
/// speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The record that a new contact would get.
    pub contact: Contact,
    /// The fields that the file speaks of, be they empty.
    pub given: FieldSet,
    /// Further columns that the file has, and where this contact has nothing.
    pub emptied: Vec<String>,
}

impl Partial {
    /// The known record with what the file says of it. What the file does not
    /// speak of stays as it is.
    pub fn over(&self, known: &Contact) -> Contact {
        let mut new = known.clone();
        let from = &self.contact;
        new.email = from.email.clone();
        for field in Field::ALL
            .into_iter()
            .filter(|field| self.given.has(*field))
        {
            match field {
                Field::Email => {}
                Field::Name => new.name = from.name.clone(),
                Field::Salutation => new.salutation.clone_from(&from.salutation),
                Field::Outlet => new.outlet.clone_from(&from.outlet),
                Field::Role => new.role.clone_from(&from.role),
                Field::Country => new.country.clone_from(&from.country),
                Field::Languages => new.languages.clone_from(&from.languages),
                Field::TimeZone => new.time_zone.clone_from(&from.time_zone),
                Field::SendWindow => new.send_window.clone_from(&from.send_window),
                Field::Beats => new.beats.clone_from(&from.beats),
                Field::Lists => new.lists.clone_from(&from.lists),
                Field::EmbargoAgreement => {
                    new.embargo_agreement.clone_from(&from.embargo_agreement);
                }
                Field::Encryption => new.encryption = from.encryption,
                Field::Notes => new.notes.clone_from(&from.notes),
            }
        }
        for name in &self.emptied {
            new.custom.remove(name);
        }
        new.custom.extend(from.custom.clone());
        // Who left a list does not come back to it because a file names it.
        new.lists.retain(|list| !known.left_lists.contains(list));
        if let Some(key) = &from.public_key
            && !known
                .public_key
                .as_ref()
                .is_some_and(|old| old.outlives(key))
        {
            new.public_key = Some(key.clone());
        }
        new
    }

    /// Lists that the file names and that the known contact left: they stay left.
    pub fn kept_off<'a>(&'a self, known: &'a Contact) -> impl Iterator<Item = &'a String> {
        let named = self.contact.lists.iter();
        named.filter(|list| known.left_lists.contains(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::example;
    use crate::domain::encryption::example_key;

    #[test]
    fn names_and_places_agree() {
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field.place(), place);
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert!(Field::ALL.into_iter().all(|one| FieldSet::all().has(one)));
    }

    #[test]
    fn a_list_that_was_left_stays_left() {
        let known = Contact {
            lists: vec!["radio".into()],
            left_lists: vec!["wires".into()],
            ..example("a@example.org")
        };
        let says = Partial {
            contact: Contact {
                lists: vec!["wires".into(), "radio".into(), "sport".into()],
                ..example("a@example.org")
            },
            given: FieldSet::all(),
            emptied: Vec::new(),
        };
        let new = says.over(&known);
        assert_eq!(new.lists, ["radio", "sport"]);
        assert_eq!(new.left_lists, ["wires"]);
        let kept_off: Vec<_> = says.kept_off(&known).collect();
        assert_eq!(kept_off, ["wires"]);
    }

    #[test]
    fn what_the_file_does_not_speak_of_stays() {
        let known = example("a@example.org");
        let mut says = example("a@example.org");
        says.outlet = "Another".into();
        says.beats = vec![];
        says.custom = [("level".to_owned(), "2".to_owned())].into();
        let partial = Partial {
            contact: says,
            given: [Field::Email, Field::Outlet].into_iter().collect(),
            emptied: vec!["tier".into()],
        };
        let new = partial.over(&known);
        assert_eq!(new.beats, known.beats);
        let told: Vec<_> = differences(&known, &new)
            .into_iter()
            .map(|one| format!("{}: {} -> {}", one.field, one.old, one.new))
            .collect();
        assert_eq!(
            told,
            [
                "outlet: The Example -> Another",
                "custom.level:  -> 2",
                "custom.tier: 1 -> "
            ]
        );
        assert_eq!(partial.over(&new), new, "once more changes nothing");
    }

    #[test]
    fn an_empty_field_that_the_file_speaks_of_is_emptied() {
        let mut known = example("a@example.org");
        known.embargo_agreement = Some(EmbargoAgreement { since: None });
        let says = Partial {
            contact: example("a@example.org"),
            given: FieldSet::all(),
            emptied: vec![],
        };
        assert_eq!(says.over(&known).embargo_agreement, None);
    }

    #[test]
    fn a_key_that_was_revoked_stays_so() {
        let mut known = example("a@example.org");
        let mut revoked = example_key();
        revoked.revoked = true;
        known.public_key = Some(Box::new(revoked));
        let mut says = example("a@example.org");
        says.public_key = Some(Box::new(example_key()));
        let file = |contact: &Contact| Partial {
            contact: contact.clone(),
            given: FieldSet::default(),
            emptied: vec![],
        };
        assert_eq!(file(&says).over(&known), known);
        let mut other = example_key();
        other.fingerprint = "D4".repeat(20);
        says.public_key = Some(Box::new(other.clone()));
        let new = file(&says).over(&known);
        assert_eq!(new.public_key.as_deref(), Some(&other));
        let told = differences(&known, &new);
        assert_eq!(told[0].field, KEY);
        assert!(told[0].old.ends_with("(revoked)"), "{}", told[0].old);
        assert!(told[0].new.starts_with("D4D4"), "{}", told[0].new);
    }
}
