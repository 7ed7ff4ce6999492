//! A contact's fields as somebody writes them: by name, as text, each checked at
//! the door. Forms and the command line share it.

use super::address::EmailAddress;
use super::contact::Contact;
use super::header_text::HeaderText;
use super::ids::ContactId;
use super::language::Language;
use super::send_window::SendWindow;
use super::zone::Zone;
use std::collections::BTreeMap;
use std::fmt;

/// A field that can be written. The address is none: it is who the contact is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The person's or desk's name.
    Name,
    /// How the person is greeted.
    Salutation,
    /// The publication they work for.
    Outlet,
    /// Their part in it.
    Role,
    /// ISO 3166-1 alpha-2.
    Country,
    /// BCP 47, best first.
    Languages,
    /// An IANA name.
    TimeZone,
    /// Their own hours.
    SendWindow,
    /// Subjects they cover.
    Beats,
    /// Press lists they stand on.
    Lists,
    /// The newsroom's own remarks.
    Notes,
    /// A column of the newsroom's own.
    Custom(String),
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldFault {
    /// The field's name; `email` for the address.
    pub field: String,
    /// Which value, and what was expected.
    pub message: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It says this and nothing else.
    Set,
    /// These items join those it has.
    Add,
    /// These items leave it.
    Remove,
}

/// A change of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which field.
    pub field: Field,
    /// What becomes of it.
    pub how: How,
    /// The text as it was written.
    pub text: String,
}

/// What stands before the name of a column of the newsroom's own.
const CUSTOM: &str = "custom.";

/// Letters in the name of such a column.
const LONGEST_NAME: usize = 64;

impl Field {
    /// Those that every contact has, in the order of a form.
    pub const ALL: [Self; 11] = [
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
        Self::Notes,
    ];

    /// Its name: the column in a contact file, or `custom.COLUMN`.
    pub fn name(&self) -> String {
        match self {
            Self::Name => "name".to_owned(),
            Self::Salutation => "salutation".to_owned(),
            Self::Outlet => "outlet".to_owned(),
            Self::Role => "role".to_owned(),
            Self::Country => "country".to_owned(),
            Self::Languages => "languages".to_owned(),
            Self::TimeZone => "time_zone".to_owned(),
            Self::SendWindow => "send_window".to_owned(),
            Self::Beats => "beats".to_owned(),
            Self::Lists => "lists".to_owned(),
            Self::Notes => "notes".to_owned(),
            Self::Custom(name) => format!("{CUSTOM}{name}"),
        }
    }

    /// Finds a field by its name.
    ///
    /// # Errors
    /// No field has this name, or it is not written like the others.
    pub fn parse(name: &str) -> Result<Self, FieldFault> {
        let name = name.trim().to_lowercase();
        let fault = |message: String| FieldFault {
            field: name.escape_debug().to_string(),
            message,
        };
        if let Some(found) = Self::ALL.into_iter().find(|field| field.name() == name) {
            return Ok(found);
        }
        if let Some(custom) = name.strip_prefix(CUSTOM) {
            return match custom_name(custom) {
                Ok(()) => Ok(Self::Custom(custom.to_owned())),
                Err(message) => Err(fault(message)),
            };
        }
        let message = match name.as_str() {
            "email" => "is who the contact is; add the new address as a contact of its own",
            "embargo_agreement" => {
                "is put on record, not written over; use `dateline agreement grant` or `revoke`"
            }
            _ => {
                let known: Vec<_> = Self::ALL.iter().map(Self::name).collect();
                let known = known.join(", ");
                return Err(fault(format!(
                    "is no field; expected one of {known}, or {CUSTOM}COLUMN"
                )));
            }
        };
        Err(fault(message.to_owned()))
    }

    /// What it says of a contact, as a form shows it.
    pub fn text(&self, contact: &Contact) -> String {
        let shown = |value: Option<String>| value.unwrap_or_default();
        match self {
            Self::Name => contact.name.to_string(),
            Self::Salutation => contact.salutation.clone(),
            Self::Outlet => contact.outlet.clone(),
            Self::Role => contact.role.clone(),
            Self::Country => contact.country.clone(),
            Self::Languages => {
                let languages = contact.languages.iter().map(ToString::to_string);
                languages.collect::<Vec<_>>().join(", ")
            }
            Self::TimeZone => shown(contact.time_zone.as_ref().map(ToString::to_string)),
            Self::SendWindow => shown(contact.send_window.as_ref().map(ToString::to_string)),
            Self::Beats => contact.beats.join(", "),
            Self::Lists => contact.lists.join(", "),
            Self::Notes => contact.notes.clone(),
            Self::Custom(name) => shown(contact.custom.get(name).cloned()),
        }
    }

    /// Writes it.
    fn set(&self, contact: &mut Contact, text: &str) -> Result<(), String> {
        match self {
            Self::Name => contact.name = HeaderText::parse(text).map_err(|e| e.to_string())?,
            Self::Salutation => contact.salutation = line(text)?,
            Self::Outlet => contact.outlet = line(text)?,
            Self::Role => contact.role = line(text)?,
            Self::Country => contact.country = country(text)?,
            Self::Languages => contact.languages = languages(text)?,
            Self::TimeZone => contact.time_zone = optional(text, Zone::parse)?,
            Self::SendWindow => contact.send_window = optional(text, SendWindow::parse)?,
            Self::Beats => contact.beats = items(text)?,
            Self::Lists => contact.lists = items(text)?,
            Self::Notes => contact.notes = text.to_owned(),
            Self::Custom(name) if text.is_empty() => drop(contact.custom.remove(name)),
            Self::Custom(name) => drop(contact.custom.insert(name.clone(), text.to_owned())),
        }
        Ok(())
    }
}

impl Edit {
    /// Sets a field.
    pub fn set(field: Field, text: impl Into<String>) -> Self {
        Self {
            field,
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
            message: "expected FIELD=VALUE, LIST+=VALUE or LIST-=VALUE".to_owned(),
        })?;
        let (name, how) = match (name.strip_suffix('+'), name.strip_suffix('-')) {
            (Some(name), _) => (name, How::Add),
            (None, Some(name)) => (name, How::Remove),
            (None, None) => (name, How::Set),
        };
        Ok(Self {
            field: Field::parse(name)?,
            how,
            text: value.to_owned(),
        })
    }

    fn apply(&self, contact: &mut Contact) -> Result<(), String> {
        // A browser sends every line break as CRLF.
        let text = self.text.replace("\r\n", "\n");
        let text = text.trim();
        let old = self.field.text(contact);
        match self.how {
            // What only its line breaks or blanks tell apart stays as it is.
            How::Set if old.replace("\r\n", "\n").trim() == text => Ok(()),
            How::Set => self.field.set(contact, text),
            How::Add | How::Remove => {
                let listed = matches!(self.field, Field::Languages | Field::Beats | Field::Lists);
                if !listed {
                    return Err(
                        "holds one value; only languages, beats and lists take += and -="
                            .to_owned(),
                    );
                }
                let (old, named) = (items(&old)?, items(text)?);
                let same = |one: &String| named.iter().any(|name| one.eq_ignore_ascii_case(name));
                let left = old.into_iter().filter(|one| !same(one));
                let new: Vec<_> = match self.how {
                    How::Add => left.chain(named.iter().cloned()).collect(),
                    How::Set | How::Remove => left.collect(),
                };
                self.field.set(contact, &new.join(", "))
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
            let field = edit.field.name();
            faults.push(FieldFault { field, message });
        }
    }
    if faults.is_empty() {
        Ok(new)
    } else {
        Err(faults)
    }
}

/// What is wrong with changes of a contact who is nobody yet.
pub fn faults_of(edits: &[Edit]) -> Vec<FieldFault> {
    let nobody = blank(ContactId::from_parts(0, 0), EmailAddress::nobody());
    edited(&nobody, edits).err().unwrap_or_default()
}

/// The fields in which two records of a contact differ, by name.
pub fn differing(one: &Contact, other: &Contact) -> Vec<String> {
    let custom = one.custom.keys().chain(other.custom.keys());
    let custom: std::collections::BTreeSet<_> = custom.cloned().map(Field::Custom).collect();
    let fields = Field::ALL.into_iter().chain(custom);
    fields
        .filter(|field| field.text(one) != field.text(other))
        .map(|field| field.name())
        .collect()
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
        embargo_agreement: None,
        notes: String::new(),
        custom: BTreeMap::new(),
    }
}

fn custom_name(name: &str) -> Result<(), String> {
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if !fits {
        return Err(format!(
            "is no column; expected 1 to {LONGEST_NAME} letters after `{CUSTOM}`"
        ));
    }
    let taken = Field::ALL.iter().any(|field| field.name() == name);
    if taken || matches!(name, "email" | "embargo_agreement") {
        return Err(format!("is a field of every contact; write `{name}`"));
    }
    Ok(())
}

fn line(text: &str) -> Result<String, String> {
    HeaderText::parse(text)
        .map(String::from)
        .map_err(|error| error.to_string())
}

fn optional<T, E: fmt::Display>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|error| error.to_string())
}

fn country(text: &str) -> Result<String, String> {
    let upper = text.to_ascii_uppercase();
    let code = upper.len() == 2 && upper.bytes().all(|byte| byte.is_ascii_uppercase());
    if upper.is_empty() || code {
        Ok(upper)
    } else {
        Err(format!(
            "`{}` is no country; expected two letters such as KZ (ISO 3166-1)",
            text.escape_debug()
        ))
    }
}

fn languages(text: &str) -> Result<Vec<Language>, String> {
    let mut all = Vec::new();
    for item in items(text)? {
        let language = Language::parse(&item).map_err(|error| error.to_string())?;
        if !all.contains(&language) {
            all.push(language);
        }
    }
    Ok(all)
}

/// The values of a field that holds several, each once, as a contact file has them.
fn items(text: &str) -> Result<Vec<String>, String> {
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
    use proptest::prelude::*;

    fn edit(texts: &[&str]) -> Result<Contact, Vec<FieldFault>> {
        let edits: Vec<_> = texts
            .iter()
            .map(|text| Edit::parse(text).unwrap())
            .collect();
        edited(&example("a@example.org"), &edits)
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
                "notes",
                "custom.desk",
                "custom.tier"
            ]
        );
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
            "send_window=always and ever",
            "name=A\nBcc: b@example.org",
            "outlet=Fine",
        ])
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["country", "time_zone", "languages", "send_window", "name"]
        );
        assert!(faults[0].message.contains("`Kazakhstan` is no country"));
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
        let custom = Field::Custom("tier".into());
        let fields = Field::ALL.into_iter().chain([custom]);
        let edits: Vec<_> = fields
            .map(|field| Edit::set(field.clone(), field.text(&contact)))
            .collect();
        assert_eq!(edited(&contact, &edits), Ok(contact));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_reads_back(name in "\\PC{0,12}", text in "\\PC{0,20}") {
            if let Ok(field) = Field::parse(&name) {
                prop_assert_eq!(Field::parse(&field.name()), Ok(field));
            }
            let contact = example("a@example.org");
            for field in Field::ALL {
                if let Ok(new) = edited(&contact, &[Edit::set(field.clone(), text.clone())]) {
                    let again = [Edit::set(field.clone(), field.text(&new))];
                    prop_assert_eq!(edited(&new, &again), Ok(new.clone()));
                }
            }
        }
    }
}
