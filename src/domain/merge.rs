//! Two records of one person made one: field by field, as somebody chooses, and
//! by a rule where nobody does.

use super::contact::Contact;
use super::contact_edit::Slot;
use super::contact_fields::{CUSTOM, Field, KEY};
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Which of two values stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// That of the contact that stays.
    Kept,
    /// That of the contact that goes.
    Other,
    /// Both, for what holds several: languages, beats, lists, remarks.
    Both,
}

impl Pick {
    /// All.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Other, Self::Both];

    /// Its name on the command line, in forms and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Other => "other",
            Self::Both => "both",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pick| pick.name() == name)
    }
}

/// A choice that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// It is no choice.
    Form(String),
    /// There is no such field to choose.
    Field(String),
    /// It is never chosen.
    Fixed(String, Said),
    /// It holds one value.
    One(String),
}

impl Tell for PickError {
    fn said(&self) -> Said {
        match self {
            Self::Form(text) => said!(
                "`{text}` is no choice; expected FIELD=kept, FIELD=other or FIELD=both",
                text
            ),
            Self::Field(text) => said!(
                "`{text}` is no field to choose; expected one of {known}, or {custom}COLUMN",
                text,
                known = fields(),
                custom = CUSTOM
            ),
            Self::Fixed(text, why) => said!("`{text}` is not chosen: {why}", text, why),
            Self::One(text) => said!("`{text}` holds one value; expected kept or other", text),
        }
    }
}

shown_as_said!(PickError);

/// A place in two records of which one value is chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Slot(Slot),
    Key,
}

impl Place {
    fn parse(name: &str) -> Result<Self, PickError> {
        let shown = || name.escape_debug().to_string();
        if name == KEY {
            return Ok(Self::Key);
        }
        if let Some(custom) = name.strip_prefix(CUSTOM).filter(|name| !name.is_empty()) {
            // However it came to be called so: it is only looked up.
            return Ok(Self::Slot(Slot::Custom(custom.to_owned())));
        }
        match Field::from_name(name) {
            None => Err(PickError::Field(shown())),
            Some(field) => match unchosen(field) {
                None => Ok(Self::Slot(Slot::Field(field))),
                Some(why) => Err(PickError::Fixed(shown(), why)),
            },
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Slot(slot) => slot.name(),
            Self::Key => KEY.to_owned(),
        }
    }

    fn text(&self, contact: &Contact) -> String {
        match self {
            Self::Slot(slot) => slot.text(contact),
            Self::Key => {
                let key = contact.public_key.as_ref();
                key.map(|key| key.print()).unwrap_or_default()
            }
        }
    }

    fn holds_several(&self) -> bool {
        let several = [Field::Languages, Field::Beats, Field::Lists, Field::Notes];
        match self {
            Self::Slot(Slot::Field(field)) => several.contains(field),
            Self::Slot(Slot::Custom(_)) | Self::Key => false,
        }
    }

    /// What stays where nobody chooses.
    fn usual(&self, kept: &Contact) -> Pick {
        if self.holds_several() {
            Pick::Both
        } else if self.text(kept).is_empty() {
            Pick::Other
        } else {
            Pick::Kept
        }
    }

    /// Takes the value of the contact that goes.
    fn take(&self, whole: &mut Contact, from: &Contact) {
        match self {
            Self::Key => whole.public_key.clone_from(&from.public_key),
            Self::Slot(Slot::Custom(name)) => match from.custom.get(name) {
                Some(value) => drop(whole.custom.insert(name.clone(), value.clone())),
                None => drop(whole.custom.remove(name)),
            },
            Self::Slot(Slot::Field(field)) => take(*field, whole, from),
        }
    }

    fn unite(&self, whole: &mut Contact, from: &Contact) {
        let Self::Slot(Slot::Field(field)) = self else {
            return;
        };
        match field {
            Field::Languages => unite(&mut whole.languages, &from.languages),
            Field::Beats => unite(&mut whole.beats, &from.beats),
            Field::Lists => unite(&mut whole.lists, &from.lists),
            Field::Notes => add_notes(&mut whole.notes, &from.notes),
            Field::Email
            | Field::Name
            | Field::Salutation
            | Field::Outlet
            | Field::Role
            | Field::Country
            | Field::TimeZone
            | Field::SendWindow
            | Field::EmbargoAgreement
            | Field::Encryption => {}
        }
    }
}

/// Why a field is never chosen.
fn unchosen(field: Field) -> Option<Said> {
    match field {
        Field::Email => Some(said!(
            "it is who the contact is; name the contact that stays first"
        )),
        Field::EmbargoAgreement => {
            Some(said!("the agreements of both count, and so do revocations"))
        }
        Field::Encryption => Some(said!("the stricter of both stays")),
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
        | Field::Notes => None,
    }
}

fn take(field: Field, whole: &mut Contact, from: &Contact) {
    match field {
        Field::Name => whole.name.clone_from(&from.name),
        Field::Salutation => whole.salutation.clone_from(&from.salutation),
        Field::Outlet => whole.outlet.clone_from(&from.outlet),
        Field::Role => whole.role.clone_from(&from.role),
        Field::Country => whole.country.clone_from(&from.country),
        Field::Languages => whole.languages.clone_from(&from.languages),
        Field::TimeZone => whole.time_zone.clone_from(&from.time_zone),
        Field::SendWindow => whole.send_window.clone_from(&from.send_window),
        Field::Beats => whole.beats.clone_from(&from.beats),
        Field::Lists => whole.lists.clone_from(&from.lists),
        Field::Notes => whole.notes.clone_from(&from.notes),
        Field::Email | Field::EmbargoAgreement | Field::Encryption => {}
    }
}

fn unite<T: Clone + PartialEq>(own: &mut Vec<T>, theirs: &[T]) {
    for one in theirs {
        if !own.contains(one) {
            own.push(one.clone());
        }
    }
}

fn add_notes(own: &mut String, theirs: &str) {
    if !own.contains(theirs) {
        let between = if own.is_empty() { "" } else { "\n" };
        *own = format!("{own}{between}{theirs}");
    }
}

/// The names of all fields that are chosen.
fn fields() -> String {
    let chosen = Field::ALL
        .into_iter()
        .filter(|one| unchosen(*one).is_none());
    let names: Vec<_> = chosen.map(Field::name).chain([KEY]).collect();
    names.join(", ")
}

/// What somebody chose, by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picks(BTreeMap<Place, Pick>);

impl Picks {
    /// Chooses for one field.
    ///
    /// # Errors
    /// There is no such field, it is never chosen, or it holds one value.
    pub fn choose(&mut self, field: &str, pick: Pick) -> Result<(), PickError> {
        let place = Place::parse(field)?;
        if pick == Pick::Both && !place.holds_several() {
            return Err(PickError::One(place.name()));
        }
        self.0.insert(place, pick);
        Ok(())
    }

    /// Reads `FIELD=kept`, `FIELD=other` or `FIELD=both`.
    ///
    /// # Errors
    /// As [`Self::choose`], or it is none of these.
    pub fn read(&mut self, text: &str) -> Result<(), PickError> {
        let form = || PickError::Form(text.escape_debug().to_string());
        let (field, pick) = text.rsplit_once('=').ok_or_else(form)?;
        let pick = Pick::from_name(pick.trim()).ok_or_else(form)?;
        self.choose(field.trim(), pick)
    }

    fn of(&self, place: &Place, kept: &Contact) -> Pick {
        let chosen = self.0.get(place).copied();
        chosen.unwrap_or_else(|| place.usual(kept))
    }
}

impl fmt::Display for Picks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.iter();
        let all = all.map(|(place, pick)| format!("{}={}", place.name(), pick.name()));
        f.write_str(&all.collect::<Vec<_>>().join(", "))
    }
}

/// A field in which two records differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its name, as it is chosen by.
    pub field: String,
    /// What the contact has in it that stays.
    pub kept: String,
    /// What the contact has in it that goes.
    pub other: String,
    /// Whether both can stay.
    pub both: bool,
    /// What stays.
    pub pick: Pick,
}

/// Every place where two records may differ and somebody may choose.
fn places(kept: &Contact, other: &Contact) -> impl Iterator<Item = Place> {
    let fixed = Field::ALL.into_iter();
    let fixed = fixed.filter(|field| unchosen(*field).is_none());
    let fixed = fixed.map(|field| Place::Slot(Slot::Field(field)));
    let names: BTreeSet<_> = kept.custom.keys().chain(other.custom.keys()).collect();
    let further: Vec<_> = names
        .into_iter()
        .map(|name| Place::Slot(Slot::Custom(name.clone())))
        .collect();
    fixed.chain([Place::Key]).chain(further)
}

/// The fields in which two records differ, each with what stays.
pub fn choices(kept: &Contact, other: &Contact, picks: &Picks) -> Vec<Choice> {
    let differ = |place: &Place| place.text(kept) != place.text(other);
    let all = places(kept, other).filter(differ);
    all.map(|place| Choice {
        field: place.name(),
        kept: place.text(kept),
        other: place.text(other),
        both: place.holds_several(),
        pick: picks.of(&place, kept),
    })
    .collect()
}

/// Two records of one person made one. Where nobody chose, the first keeps what
/// it has, takes from the second what it lacks, and what holds several holds those
/// of both. It is one person who agreed to early copy, so either record's word
/// counts; of two policies of encryption the stricter stays; a list that was left
/// stays left, whichever address it was said of.
pub fn merged(kept: &Contact, other: &Contact, picks: &Picks) -> Contact {
    let mut whole = kept.clone();
    for place in places(kept, other) {
        match picks.of(&place, kept) {
            Pick::Kept => {}
            Pick::Other => place.take(&mut whole, other),
            Pick::Both => place.unite(&mut whole, other),
        }
    }
    whole.encryption = kept.encryption.max(other.encryption);
    if whole.embargo_agreement.is_none() {
        whole.embargo_agreement.clone_from(&other.embargo_agreement);
    }
    unite(&mut whole.left_lists, &other.left_lists);
    whole.lists.retain(|list| !whole.left_lists.contains(list));
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{EmbargoAgreement, example};
    use crate::domain::encryption::{EncryptionPolicy, example_key};
    use proptest::prelude::*;

    fn picks(all: &[&str]) -> Picks {
        let mut picks = Picks::default();
        all.iter().for_each(|one| picks.read(one).unwrap());
        picks
    }

    fn two() -> (Contact, Contact) {
        let kept = Contact {
            outlet: "Steppe Post".into(),
            lists: vec!["radio".into()],
            notes: "met in Almaty".into(),
            ..example("a@example.org")
        };
        let other = Contact {
            outlet: "Volna".into(),
            role: "Editor".into(),
            beats: vec!["climate".into()],
            lists: vec!["wires".into()],
            notes: "speaks French".into(),
            custom: [("tier".into(), "2".into()), ("level".into(), "x".into())].into(),
            embargo_agreement: Some(EmbargoAgreement { since: None }),
            encryption: EncryptionPolicy::Preferred,
            public_key: Some(Box::new(example_key())),
            ..example("b@example.org")
        };
        (kept, other)
    }

    #[test]
    fn where_nobody_chooses_nothing_is_lost_that_can_be_kept() {
        let (kept, other) = two();
        let whole = merged(&kept, &other, &Picks::default());
        assert_eq!((whole.id, &whole.email), (kept.id, &kept.email));
        assert_eq!(
            (whole.outlet.as_str(), whole.role.as_str()),
            ("Steppe Post", "Editor")
        );
        assert_eq!(whole.beats, ["human-rights", "climate"]);
        assert_eq!(whole.lists, ["radio", "wires"]);
        assert_eq!(whole.notes, "met in Almaty\nspeaks French");
        assert_eq!(
            (&whole.custom["tier"], &whole.custom["level"]),
            (&"1".into(), &"x".into())
        );
        assert_eq!(whole.encryption, EncryptionPolicy::Preferred);
        assert_eq!(whole.public_key, other.public_key);
        assert_eq!(whole.embargo_agreement, other.embargo_agreement);
    }

    #[test]
    fn what_was_chosen_stays() {
        let (kept, other) = two();
        let chosen = picks(&[
            "outlet=other",
            "role=kept",
            "beats=other",
            "lists = kept",
            "notes=both",
            "custom.tier=other",
            "custom.level=kept",
            "public_key=kept",
        ]);
        let whole = merged(&kept, &other, &chosen);
        assert_eq!((whole.outlet.as_str(), whole.role.as_str()), ("Volna", ""));
        assert_eq!(whole.beats, ["climate"]);
        assert_eq!(whole.lists, ["radio"]);
        assert_eq!(whole.custom, [("tier".to_owned(), "2".to_owned())].into());
        assert_eq!(whole.public_key, None);
        let told: Vec<_> = choices(&kept, &other, &chosen)
            .into_iter()
            .map(|one| format!("{} {} {}", one.field, one.pick.name(), one.both))
            .collect();
        assert_eq!(
            told,
            [
                "outlet other false",
                "role kept false",
                "beats other true",
                "lists kept true",
                "notes both true",
                "public_key kept false",
                "custom.level kept false",
                "custom.tier other false",
            ]
        );
    }

    #[test]
    fn what_cannot_be_chosen_is_told() {
        let mut none = Picks::default();
        for (text, says) in [
            ("outlet", "`outlet` is no choice"),
            ("outlet=mine", "`outlet=mine` is no choice"),
            (
                "outlet=both",
                "`outlet` holds one value; expected kept or other",
            ),
            (
                "custom.=kept",
                "`custom.` is no field to choose; expected one of name,",
            ),
            ("email=other", "`email` is not chosen: it is who"),
            ("encryption=other", "the stricter of both stays"),
            ("embargo_agreement=kept", "the agreements of both count"),
        ] {
            let told = none.read(text).unwrap_err().to_string();
            assert!(told.contains(says), "{told}");
        }
        assert_eq!(none, Picks::default());
    }

    #[test]
    fn a_list_that_was_left_stays_left_whatever_is_chosen() {
        let (mut kept, mut other) = two();
        kept.left_lists = vec!["wires".into()];
        other.left_lists = vec!["radio".into()];
        for chosen in ["lists=both", "lists=other", "lists=kept"] {
            let whole = merged(&kept, &other, &picks(&[chosen]));
            assert!(whole.lists.is_empty(), "{chosen} {:?}", whole.lists);
            assert_eq!(whole.left_lists, ["wires", "radio"]);
        }
    }

    proptest! {
        #[test]
        fn every_value_is_from_one_of_the_two(
            chosen in proptest::collection::vec(0usize..3, 12),
        ) {
            let (kept, other) = two();
            let mut picks = Picks::default();
            for (place, pick) in places(&kept, &other).zip(&chosen) {
                drop(picks.choose(&place.name(), Pick::ALL[*pick]));
            }
            let whole = merged(&kept, &other, &picks);
            for place in places(&kept, &other).filter(|place| !place.holds_several()) {
                let has = place.text(&whole);
                prop_assert!([place.text(&kept), place.text(&other)].contains(&has), "{has}");
            }
            for list in kept.lists.iter().chain(&other.lists) {
                let both = picks.of(&Place::Slot(Slot::Field(Field::Lists)), &kept) == Pick::Both;
                prop_assert!(!both || whole.lists.contains(list));
            }
            let again = merged(&whole, &other, &picks);
            prop_assert_eq!(again, whole, "once more changes nothing");
        }
    }
}
