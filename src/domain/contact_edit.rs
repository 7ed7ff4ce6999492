//! A contact's fields as somebody writes them: by name, as text, each checked at
//! the door. Forms and the command line share it.

use super::address::EmailAddress;
use super::contact::Contact;
use super::contact_fields::{CUSTOM, Field};
use super::encryption::EncryptionPolicy;
use super::header_text::HeaderText;
use super::ids::ContactId;
use super::language::Language;
use super::said::{Said, Tell};
use super::send_window::SendWindow;
use super::zone::Zone;
use crate::{said, shown_as_said};
use std::collections::BTreeMap;

/// A place of a contact's record that has a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// A field that every contact has.
    Field(Field),
    /// A column of the newsroom's own.
    Custom(String),
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldFault {
    /// The field's name; `email` for the address.
    pub field: String,
    /// Which value, and what was expected.
    pub message: Said,
}

impl Tell for FieldFault {
    fn said(&self) -> Said {
        let Self { field, message } = self;
        said!("`{field}`: {message}", field, message)
    }
}

shown_as_said!(FieldFault);

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It says this and nothing else.
    Set,
    /// These items join those it has.
    Add,
    /// These items leave it.
    Remove,
    /// These press lists are left by the contact's own wish: they stay left
    /// whatever an import says.
    Leave,
}

/// A change of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is written.
    pub slot: Slot,
    /// What becomes of it.
    pub how: How,
    /// The text as it was written.
    pub text: String,
}

/// Letters in the name of a column of the newsroom's own.
const LONGEST_NAME: usize = 64;

impl Slot {
    /// Those of every contact that can be written, in the order of a form.
    pub fn all() -> impl Iterator<Item = Self> {
        let fields = Field::ALL.into_iter();
        fields
            .filter(|field| unwritten(*field).is_none())
            .map(Self::Field)
    }

    /// Its name: the column in a contact file, or `custom.COLUMN`.
    pub fn name(&self) -> String {
        match self {
            Self::Field(field) => field.name().to_owned(),
            Self::Custom(name) => format!("{CUSTOM}{name}"),
        }
    }

    /// Finds what can be written by its name.
    ///
    /// # Errors
    /// Nothing has this name, or it is not written like the others.
    pub fn parse(name: &str) -> Result<Self, FieldFault> {
        let name = name.trim().to_lowercase();
        let fault = |message: Said| FieldFault {
            field: name.escape_debug().to_string(),
            message,
        };
        if let Some(custom) = name.strip_prefix(CUSTOM) {
            return match custom_name(custom) {
                Ok(()) => Ok(Self::Custom(custom.to_owned())),
                Err(message) => Err(fault(message)),
            };
        }
        let found = Field::from_name(&name).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(|slot| slot.name()).collect();
            let known = known.join(", ");
            fault(said!(
                "is no field; expected one of {known}, or {prefix}COLUMN",
                known,
                prefix = CUSTOM
            ))
        })?;
        match unwritten(found) {
            None => Ok(Self::Field(found)),
            Some(why) => Err(fault(why)),
        }
    }

    /// What it says of a contact, as a form shows it.
    pub fn text(&self, contact: &Contact) -> String {
        match self {
            Self::Field(field) => field.text(contact),
            Self::Custom(name) => contact.custom.get(name).cloned().unwrap_or_default(),
        }
    }

    /// Writes it.
    fn set(&self, contact: &mut Contact, text: &str) -> Result<(), Said> {
        match self {
            Self::Field(field) => set(*field, contact, text)?,
            Self::Custom(name) if text.is_empty() => drop(contact.custom.remove(name)),
            Self::Custom(name) => drop(contact.custom.insert(name.clone(), text.to_owned())),
        }
        Ok(())
    }
}

/// Why a field is not written as the others are.
fn unwritten(field: Field) -> Option<Said> {
    match field {
        Field::Email => Some(said!(
            "is who the contact is; add the new address as a contact of its own"
        )),
        Field::EmbargoAgreement => Some(said!(
            "is put on record, not written over; use `dateline agreement grant` or `revoke`"
        )),
        Field::Name
        | Field::Salutation
        | Field::Outlet
        | Field::Role
        | Field::Country
        | Field::Languages
        | Field::TimeZone
        | Field::SendWindow
        | Field::Beats
        | Field::Lists
        | Field::Encryption
        | Field::Notes => None,
    }
}

fn set(field: Field, contact: &mut Contact, text: &str) -> Result<(), Said> {
    match field {
        Field::Name => contact.name = HeaderText::parse(text)?,
        Field::Salutation => contact.salutation = line(text)?,
        Field::Outlet => contact.outlet = line(text)?,
        Field::Role => contact.role = line(text)?,
        Field::Country => contact.country = country(text)?,
        Field::Languages => contact.languages = languages(text)?,
        Field::TimeZone => contact.time_zone = optional(text, Zone::parse)?,
        Field::SendWindow => contact.send_window = optional(text, SendWindow::parse)?,
        Field::Beats => contact.beats = items(text)?,
        Field::Lists => contact.lists = items(text)?,
        Field::Encryption => {
            contact.encryption = optional(text, EncryptionPolicy::parse)?.unwrap_or_default();
        }
        Field::Notes => contact.notes = text.to_owned(),
        Field::Email | Field::EmbargoAgreement => {
            return unwritten(field).map_or(Ok(()), Err);
        }
    }
    Ok(())
}

impl Edit {
    /// Sets a field.
    pub fn set(slot: Slot, text: impl Into<String>) -> Self {
        Self {
            slot,
            how: How::Set,
            text: text.into(),
        }
    }

    /// Reads `field=value`, `lists+=value` or `lists-=value`.
    ///
    /// # Errors
    /// It has no `=`, or names no field.
    pub fn parse(text: &str) -> Result<Self, FieldFault> {
        let (name, value) = text.split_once('=').ok_or_else(|| FieldFault {
            field: text.escape_debug().to_string(),
            message: said!("expected FIELD=VALUE, LIST+=VALUE or LIST-=VALUE"),
        })?;
        let (name, how) = match (name.strip_suffix('+'), name.strip_suffix('-')) {
            (Some(name), _) => (name, How::Add),
            (None, Some(name)) => (name, How::Remove),
            (None, None) => (name, How::Set),
        };
        Ok(Self {
            slot: Slot::parse(name)?,
            how,
            text: value.to_owned(),
        })
    }

    fn apply(&self, contact: &mut Contact) -> Result<(), Said> {
        // A browser sends every line break as CRLF.
        let text = self.text.replace("\r\n", "\n");
        let text = text.trim();
        let old = self.slot.text(contact);
        match self.how {
            // What only its line breaks or blanks tell apart stays as it is.
            How::Set if old.replace("\r\n", "\n").trim() == text => Ok(()),
            How::Set => self.slot.set(contact, text),
            How::Leave if self.slot == Slot::Field(Field::Lists) => {
                leave(contact, &items(text)?);
                Ok(())
            }
            How::Leave => Err(said!("is no set of lists; only lists are left")),
            How::Add | How::Remove => {
                let listed = matches!(
                    self.slot,
                    Slot::Field(Field::Languages | Field::Beats | Field::Lists)
                );
                if !listed {
                    return Err(said!(
                        "holds one value; only languages, beats and lists take += and -="
                    ));
                }
                let (old, named) = (items(&old)?, items(text)?);
                let same = |one: &String| named.iter().any(|name| one.eq_ignore_ascii_case(name));
                let left = old.into_iter().filter(|one| !same(one));
                let new: Vec<_> = match self.how {
                    How::Add => left.chain(named.iter().cloned()).collect(),
                    How::Set | How::Remove | How::Leave => left.collect(),
                };
                self.slot.set(contact, &new.join(", "))
            }
        }
    }
}

/// A contact with all of these changes.
///
/// # Errors
/// Every field that cannot be so; then nothing is changed.
pub fn edited(contact: &Contact, edits: &[Edit]) -> Result<Contact, Vec<FieldFault>> {
    let mut new = contact.clone();
    let mut faults = Vec::new();
    for edit in edits {
        if let Err(message) = edit.apply(&mut new) {
            let field = edit.slot.name();
            faults.push(FieldFault { field, message });
        }
    }
    // Whoever is put on a list by name has come back to it.
    new.left_lists.retain(|left| !new.lists.contains(left));
    if faults.is_empty() {
        Ok(new)
    } else {
        Err(faults)
    }
}

fn leave(contact: &mut Contact, named: &[String]) {
    let lists = std::mem::take(&mut contact.lists);
    for list in lists {
        let leaves = named.iter().any(|name| name.eq_ignore_ascii_case(&list));
        if !leaves {
            contact.lists.push(list);
        } else if !contact.left_lists.contains(&list) {
            contact.left_lists.push(list);
        }
    }
}

/// What is wrong with changes of a contact who is nobody yet.
pub fn faults_of(edits: &[Edit]) -> Vec<FieldFault> {
    let nobody = blank(ContactId::from_parts(0, 0), EmailAddress::nobody());
    edited(&nobody, edits).err().unwrap_or_default()
}

/// A contact of whom only the address is known.
pub fn blank(id: ContactId, email: EmailAddress) -> Contact {
    Contact {
        id,
        email,
        name: HeaderText::default(),
        salutation: String::new(),
        outlet: String::new(),
        role: String::new(),
        country: String::new(),
        languages: Vec::new(),
        time_zone: None,
        send_window: None,
        beats: Vec::new(),
        lists: Vec::new(),
        left_lists: Vec::new(),
        embargo_agreement: None,
        encryption: EncryptionPolicy::Off,
        public_key: None,
        notes: String::new(),
        custom: BTreeMap::new(),
    }
}

fn custom_name(name: &str) -> Result<(), Said> {
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if !fits {
        return Err(said!(
            "is no column; expected 1 to {most} letters after `{prefix}`",
            most = LONGEST_NAME,
            prefix = CUSTOM
        ));
    }
    if Field::from_name(name).is_some() {
        return Err(said!("is a field of every contact; write `{name}`", name));
    }
    Ok(())
}

fn line(text: &str) -> Result<String, Said> {
    HeaderText::parse(text)
        .map(String::from)
        .map_err(|error| error.said())
}

fn optional<T, E: Tell>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Said> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|error| error.said())
}

fn country(text: &str) -> Result<String, Said> {
    let upper = text.to_ascii_uppercase();
    let code = upper.len() == 2 && upper.bytes().all(|byte| byte.is_ascii_uppercase());
    if upper.is_empty() || code {
        Ok(upper)
    } else {
        Err(said!(
            "`{text}` is no country; expected two letters such as KZ (ISO 3166-1)",
            text = text.escape_debug()
        ))
    }
}

fn languages(text: &str) -> Result<Vec<Language>, Said> {
    let mut all = Vec::new();
    for item in items(text)? {
        let language = Language::parse(&item).map_err(|error| error.said())?;
        if !all.contains(&language) {
            all.push(language);
        }
    }
    Ok(all)
}

/// The values of a field that holds several, each once, as a contact file has them.
fn items(text: &str) -> Result<Vec<String>, Said> {
    let mut all: Vec<String> = Vec::new();
    for item in text.split([';', ',', '|', '\n']).map(str::trim) {
        let item = line(item)?;
        if !item.is_empty() && !all.contains(&item) {
            all.push(item);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::example;
    use crate::domain::contact_fields::differences;
    use proptest::prelude::*;

    fn edit(texts: &[&str]) -> Result<Contact, Vec<FieldFault>> {
        let edits: Vec<_> = texts
            .iter()
            .map(|text| Edit::parse(text).unwrap())
            .collect();
        edited(&example("a@example.org"), &edits)
    }

    #[test]
    fn a_list_is_left_until_somebody_is_put_on_it_by_name() {
        let lists = |how, text: &str| Edit {
            slot: Slot::Field(Field::Lists),
            how,
            text: text.to_owned(),
        };
        let contact = Contact {
            lists: vec!["radio".into(), "Wires".into()],
            ..example("a@example.org")
        };
        let left = edited(&contact, &[lists(How::Leave, "wires, sport")]).unwrap();
        assert_eq!(
            (left.lists.len(), left.left_lists.as_slice()),
            (1, &["Wires".to_owned()][..])
        );
        let taken_off = edited(&contact, &[lists(How::Remove, "Wires")]).unwrap();
        assert!(taken_off.left_lists.is_empty(), "the newsroom's own doing");
        let back = edited(&left, &[lists(How::Add, "Wires")]).unwrap();
        assert_eq!(back.lists, ["radio", "Wires"]);
        assert!(back.left_lists.is_empty());
        let beats = Edit {
            slot: Slot::Field(Field::Beats),
            ..lists(How::Leave, "x")
        };
        assert!(edited(&contact, &[beats]).is_err());
    }

    #[test]
    fn fields_are_written_by_name() {
        let new = edit(&[
            "outlet=Steppe Post",
            "country=kg",
            "languages=ky; ru, ky",
            "time_zone=Asia/Bishkek",
            "send_window=mon-fri 08:00-20:00",
            "lists=radio|wires",
            "custom.tier=",
            "encryption=Required",
            "custom.Desk=Culture",
            "notes= two\r\nlines ",
        ])
        .unwrap();
        assert_eq!(
            (new.outlet.as_str(), new.country.as_str()),
            ("Steppe Post", "KG")
        );
        assert_eq!(Field::Languages.text(&new), "ky, ru");
        assert_eq!(new.lists, ["radio", "wires"]);
        assert_eq!(
            new.custom,
            BTreeMap::from([("desk".into(), "Culture".into())])
        );
        assert_eq!(new.notes, "two\nlines");
        assert_eq!(
            differing(&example("a@example.org"), &new),
            [
                "outlet",
                "country",
                "languages",
                "time_zone",
                "send_window",
                "lists",
                "encryption",
                "notes",
                "custom.desk",
                "custom.tier"
            ]
        );
    }

    fn differing(one: &Contact, other: &Contact) -> Vec<String> {
        let all = differences(one, other).into_iter();
        all.map(|change| change.field).collect()
    }

    #[test]
    fn items_join_and_leave() {
        let new = edit(&[
            "beats+=climate, human-rights",
            "beats-=human-rights",
            "languages+=EN",
        ]);
        let new = new.unwrap();
        assert_eq!(new.beats, ["climate"]);
        assert_eq!(Field::Languages.text(&new), "ru, en");
        let fault = edit(&["outlet+=X"]).unwrap_err().remove(0);
        assert!(
            fault.to_string().contains("`outlet`: holds one value"),
            "{fault}"
        );
    }

    #[test]
    fn every_fault_is_told_and_nothing_is_changed() {
        let faults = edit(&[
            "country=Kazakhstan",
            "time_zone=Almaty",
            "languages=rus sian",
            "encryption=sometimes",
            "send_window=always and ever",
            "name=A\nBcc: b@example.org",
            "outlet=Fine",
        ])
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "country",
                "time_zone",
                "languages",
                "encryption",
                "send_window",
                "name"
            ]
        );
        assert!(
            faults[0]
                .message
                .to_string()
                .contains("`Kazakhstan` is no country")
        );
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for (text, part) in [
            ("contry=KZ", "is no field; expected one of name"),
            ("email=b@example.org", "is who the contact is"),
            ("embargo_agreement=yes", "agreement grant"),
            ("custom.=x", "is no column"),
            ("custom.outlet=x", "write `outlet`"),
            ("outlet", "expected FIELD=VALUE"),
        ] {
            let fault = Edit::parse(text).unwrap_err().to_string();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }

    #[test]
    fn a_field_shown_and_written_back_changes_nothing() {
        let mut contact = example("a@example.org");
        contact.notes = " kept\r\nas it is \n".into();
        contact.custom.insert("tier".into(), "a\r\nb".into());
        let edits: Vec<_> = Slot::all()
            .chain([Slot::Custom("tier".into())])
            .map(|slot| Edit::set(slot.clone(), slot.text(&contact)))
            .collect();
        assert_eq!(edited(&contact, &edits), Ok(contact));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_reads_back(name in "\\PC{0,12}", text in "\\PC{0,20}") {
            if let Ok(slot) = Slot::parse(&name) {
                prop_assert_eq!(Slot::parse(&slot.name()), Ok(slot));
            }
            let contact = example("a@example.org");
            for slot in Slot::all() {
                if let Ok(new) = edited(&contact, &[Edit::set(slot.clone(), text.clone())]) {
                    let again = [Edit::set(slot.clone(), slot.text(&new))];
                    prop_assert_eq!(edited(&new, &again), Ok(new.clone()));
                }
            }
        }
    }
}
