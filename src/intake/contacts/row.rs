//! One contact as a file has it: cells by what they mean, made a record.

use super::columns::Meaning;
use super::names::{country, language};
use crate::domain::address::EmailAddress;
use crate::domain::contact::{Contact, EmbargoAgreement};
use crate::domain::contact_fields::{Field, FieldSet, KEY, Partial};
use crate::domain::encryption::{EncryptionPolicy, PublicKey};
use crate::domain::header_text::HeaderText;
use crate::domain::ids::ContactId;
use crate::domain::language::Language;
use crate::domain::said::{Said, Tell};
use crate::domain::send_window::SendWindow;
use crate::domain::zone::Zone;
use crate::openpgp::read_key;
use crate::said;
use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::civil::Date;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a file says of one contact.
#[derive(Debug, Default)]
pub(super) struct Cells<'c> {
    fields: [Option<Cow<'c, str>>; Field::ALL.len()],
    /// A name in parts: given, middle, family.
    parts: [Option<Cow<'c, str>>; 3],
    /// A public key.
    key: Option<Cow<'c, str>>,
    custom: Vec<(&'c str, Cow<'c, str>)>,
}

impl<'c> Cells<'c> {
    /// Takes a cell; what stands there already stays, unless it is empty.
    pub(super) fn put(&mut self, meaning: &'c Meaning, cell: Cow<'c, str>) {
        let place = match meaning {
            Meaning::Field(field) => &mut self.fields[field.place()],
            Meaning::GivenName => &mut self.parts[0],
            Meaning::MiddleName => &mut self.parts[1],
            Meaning::FamilyName => &mut self.parts[2],
            Meaning::Key => &mut self.key,
            Meaning::Custom(name) => {
                let known = self.custom.iter_mut().find(|(own, _)| own == name);
                match known {
                    Some((_, value)) if value.is_empty() => *value = cell,
                    Some(_) => {}
                    None => self.custom.push((name, cell)),
                }
                return;
            }
            Meaning::Ignored => return,
        };
        if place.as_deref().unwrap_or_default().is_empty() {
            *place = Some(cell);
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        let own = self.fields.iter().chain(&self.parts).chain([&self.key]);
        let own = own.flatten();
        own.chain(self.custom.iter().map(|(_, cell)| cell))
            .all(|cell| cell.is_empty())
    }

    fn cell(&self, field: Field) -> &str {
        self.fields[field.place()].as_deref().unwrap_or_default()
    }

    /// The name: as a whole, else out of its parts.
    fn name(&self) -> Cow<'_, str> {
        let whole = self.cell(Field::Name);
        if !whole.is_empty() {
            return Cow::Borrowed(whole);
        }
        let parts = self.parts.iter().flatten().map(AsRef::as_ref);
        let parts: Vec<&str> = parts.filter(|part: &&str| !part.is_empty()).collect();
        Cow::Owned(parts.join(" "))
    }

    fn given(&self) -> FieldSet {
        // Nothing in the place of a policy is no word on it: an empty cell does not
        // send in the clear what had to be encrypted.
        let silent = |field: &Field| *field == Field::Encryption && self.cell(*field).is_empty();
        let fields = Field::ALL
            .into_iter()
            .filter(|field| self.fields[field.place()].is_some() && !silent(field));
        let set: FieldSet = fields.collect();
        if self.parts.iter().any(Option::is_some) {
            set.with(Field::Name)
        } else {
            set
        }
    }
}

/// What to do with a cell that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The contact is left out: whoever made the table can mend it.
    Reject,
    /// The cell is left out, where the address is sound: an address book is
    /// written by a program, which has its own ideas.
    Overlook,
}

/// A contact made of cells, with all that is wrong with them.
#[derive(Debug)]
pub(super) struct Made {
    /// The contact; none where it is left out.
    pub(super) partial: Option<Partial>,
    /// Why it is left out, or what of it is.
    pub(super) faults: Vec<Said>,
}

/// Makes a contact of cells.
pub(super) fn made(cells: &Cells<'_>, strictness: Strictness, id: ContactId) -> Made {
    let mut making = Making {
        cells,
        given: cells.given(),
        faults: Vec::new(),
    };
    let partial = making.partial(id);
    let faults = making.faults;
    let is_kept = faults.is_empty() || strictness == Strictness::Overlook;
    Made {
        partial: partial.filter(|_| is_kept),
        faults,
    }
}

struct Making<'c> {
    cells: &'c Cells<'c>,
    given: FieldSet,
    faults: Vec<Said>,
}

impl Making<'_> {
    fn partial(&mut self, id: ContactId) -> Option<Partial> {
        let email = self.parsed(Field::Email, EmailAddress::parse);
        if email.is_none() && self.cells.cell(Field::Email).is_empty() {
            self.faults.push(said!("the row has no address in `email`"));
        }
        let name = self.name();
        let contact = Contact {
            id,
            name,
            salutation: self.line(Field::Salutation),
            outlet: self.line(Field::Outlet),
            role: self.line(Field::Role),
            country: self.parsed(Field::Country, country).unwrap_or_default(),
            languages: self.languages(),
            time_zone: self.parsed(Field::TimeZone, Zone::parse),
            send_window: self.parsed(Field::SendWindow, SendWindow::parse),
            beats: self.list(Field::Beats),
            lists: self.list(Field::Lists),
            left_lists: Vec::new(),
            embargo_agreement: self.parsed(Field::EmbargoAgreement, agreement).flatten(),
            encryption: self
                .parsed(Field::Encryption, EncryptionPolicy::parse)
                .unwrap_or_default(),
            public_key: self.key(email.as_ref()),
            notes: self.cells.cell(Field::Notes).to_owned(),
            custom: self.custom(),
            email: email?,
        };
        Some(Partial {
            contact,
            given: self.given,
            emptied: self.emptied(),
        })
    }

    /// A cell that makes no sense is not spoken of either.
    fn wrong(&mut self, field: Field, error: &dyn Tell) {
        self.faults
            .push(said!("`{field}`: {error}", field = field.name(), error));
        self.given = Field::ALL
            .into_iter()
            .filter(|one| *one != field && self.given.has(*one))
            .collect();
    }

    fn parsed<T, E: Tell>(
        &mut self,
        field: Field,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let cell = self.cells.cell(field);
        if cell.is_empty() {
            return None;
        }
        match parse(cell) {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(field, &error);
                None
            }
        }
    }

    fn name(&mut self) -> HeaderText {
        match HeaderText::parse(&self.cells.name()) {
            Ok(name) => name,
            Err(error) => {
                self.wrong(Field::Name, &error);
                HeaderText::default()
            }
        }
    }

    fn line(&mut self, field: Field) -> String {
        self.parsed(field, HeaderText::parse)
            .map(String::from)
            .unwrap_or_default()
    }

    fn list(&self, field: Field) -> Vec<String> {
        items(self.cells.cell(field)).map(str::to_owned).collect()
    }

    fn languages(&mut self) -> Vec<Language> {
        let mut languages: Vec<Language> = Vec::new();
        for item in items(self.cells.cell(Field::Languages)) {
            match language(item) {
                Ok(language) if languages.contains(&language) => {}
                Ok(language) => languages.push(language),
                Err(error) => self.wrong(Field::Languages, &error),
            }
        }
        languages
    }

    /// The key, which is judged before it is kept.
    fn key(&mut self, of: Option<&EmailAddress>) -> Option<Box<PublicKey>> {
        let text = self.cells.key.as_deref().unwrap_or_default();
        let of = of.filter(|_| !text.is_empty())?;
        match key_octets(text)
            .and_then(|octets| read_key(&octets, of).map_err(|fault| fault.said()))
        {
            Ok(key) => Some(Box::new(key)),
            Err(fault) => {
                self.faults
                    .push(said!("`{field}`: {error}", field = KEY, error = fault));
                None
            }
        }
    }

    fn custom(&self) -> BTreeMap<String, String> {
        let cells = self.cells.custom.iter();
        cells
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(name, cell)| ((*name).to_owned(), cell.as_ref().to_owned()))
            .collect()
    }

    fn emptied(&self) -> Vec<String> {
        let cells = self.cells.custom.iter();
        cells
            .filter(|(_, cell)| cell.is_empty())
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }
}

/// A key as it stands in a text: armored, or in base64.
fn key_octets(text: &str) -> Result<Vec<u8>, Said> {
    if text.contains("-----BEGIN ") {
        return Ok(text.as_bytes().to_vec());
    }
    let bare: String = text.split_whitespace().collect();
    BASE64_STANDARD
        .decode(bare)
        .map_err(|_| said!("is neither ASCII armor nor base64 of a key"))
}

/// The values within one cell.
fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ',', '|'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// An agreement as tables have it: a day, yes or no.
fn agreement(text: &str) -> Result<Option<EmbargoAgreement>, Said> {
    match text.to_lowercase().as_str() {
        "no" | "false" | "0" | "нет" | "non" | "ложь" | "faux" | "falso" => Ok(None),
        "yes" | "true" | "1" | "да" | "oui" | "sí" | "si" | "истина" | "vrai" | "verdadero" => {
            Ok(Some(EmbargoAgreement { since: None }))
        }
        day => match date(day) {
            Some(since) => Ok(Some(EmbargoAgreement { since: Some(since) })),
            None => Err(said!(
                "`{text}` is no agreement; expected the day it was given such as 2026-02-01, yes, no or nothing",
                text = text.escape_debug()
            )),
        },
    }
}

/// A day as `2026-02-01`, or as `01.02.2026`, where points mean that the day
/// goes first; with slashes nobody knows.
fn date(text: &str) -> Option<Date> {
    text.parse()
        .ok()
        .or_else(|| Date::strptime("%d.%m.%Y", text).ok())
}
