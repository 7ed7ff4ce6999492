//! What a file's columns mean: by their names in several languages, or by what
//! somebody says of them.

use crate::domain::contact_fields::{CUSTOM, Field, KEY};
use crate::domain::likeness::bare;
use crate::domain::said::Said;
use crate::said;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

const TABLE: &str = include_str!("headers.tsv");

/// What a column is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A field of a contact.
    Field(Field),
    /// The first part of a name that stands in several columns.
    GivenName,
    /// Its middle part.
    MiddleName,
    /// Its last part.
    FamilyName,
    /// Their public key: ASCII armor, or base64 of it or of its binary form.
    Key,
    /// A further column under this name.
    Custom(String),
    /// Nothing.
    Ignored,
}

impl Meaning {
    /// Reads a meaning's name: a field's, `custom.NAME`, or `ignore`.
    ///
    /// # Errors
    /// There is no such meaning; all are named.
    pub fn parse(text: &str) -> Result<Self, Said> {
        let text = text.trim();
        if let Some(name) = text.strip_prefix(CUSTOM)
            && !name.trim().is_empty()
        {
            return Ok(Self::Custom(name.trim().to_lowercase()));
        }
        match text {
            "given_name" => Ok(Self::GivenName),
            "middle_name" => Ok(Self::MiddleName),
            "family_name" => Ok(Self::FamilyName),
            KEY => Ok(Self::Key),
            "ignore" => Ok(Self::Ignored),
            name => Field::from_name(name).map(Self::Field).ok_or_else(|| {
                let known: Vec<_> = Field::ALL.into_iter().map(Field::name).collect();
                said!("`{text}` is no field of a contact; expected one of {known}, given_name, middle_name, family_name, {key}, custom.NAME or ignore", text = text.escape_debug(), known = known.join(", "), key = KEY)
            }),
        }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field.name()),
            Self::GivenName => f.write_str("given_name"),
            Self::MiddleName => f.write_str("middle_name"),
            Self::FamilyName => f.write_str("family_name"),
            Self::Key => f.write_str(KEY),
            Self::Custom(name) => write!(f, "{CUSTOM}{name}"),
            Self::Ignored => f.write_str("ignore"),
        }
    }
}

impl Serialize for Meaning {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What somebody says of a column: `Почта=email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The column, as the file names it.
    pub column: String,
    /// What it means.
    pub meaning: Meaning,
}

impl Mapping {
    /// Reads `COLUMN=FIELD`.
    ///
    /// # Errors
    /// No `=`, or no such field.
    pub fn parse(text: &str) -> Result<Self, Said> {
        let (column, meaning) = text.rsplit_once('=').ok_or_else(|| {
            said!(
                "`{text}` says nothing of a column; expected COLUMN=FIELD such as `Почта=email`",
                text = text.escape_debug()
            )
        })?;
        Ok(Self {
            column: column.trim().to_owned(),
            meaning: Meaning::parse(meaning)?,
        })
    }
}

/// Whose words headers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    /// A table that people made.
    Table,
    /// Properties of vCard.
    Card,
    /// Attributes of LDIF.
    Directory,
}

type Words = HashMap<(Dialect, String), Meaning>;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(meaning), Some(language), Some(headers)) =
            (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let dialects: &[_] = match language {
            "vcard" => &[Dialect::Card],
            "ldif" => &[Dialect::Directory],
            "en" => &[Dialect::Table, Dialect::Card, Dialect::Directory],
            _ => &[Dialect::Table],
        };
        let Ok(meaning) = Meaning::parse(meaning) else {
            continue;
        };
        for header in headers.split('|') {
            for dialect in dialects {
                words.insert((*dialect, bare(header)), meaning.clone());
            }
        }
    }
    words
});

/// What a header means by itself; a field's own name goes before all others.
pub(super) fn known(header: &str, dialect: Dialect) -> Option<Meaning> {
    let own = header.trim().to_lowercase();
    Field::from_name(&own)
        .map(Meaning::Field)
        .or_else(|| WORDS.get(&(dialect, bare(header))).cloned())
}

/// One column, and what it is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name in the file.
    pub name: String,
    /// What it is taken for.
    pub meaning: Meaning,
}

/// Why a header cannot be read.
pub(super) type Faults = Vec<Said>;

/// What all columns of a table mean. What nobody knows is a further column;
/// where two mean the same, the one named as the field itself has it, else the
/// first, and the other is a further column.
pub(super) fn mapped(
    names: &[String],
    mappings: &[Mapping],
) -> Result<(Vec<Column>, Vec<Said>), Faults> {
    let mut faults = unknown(names, mappings);
    faults.extend(twice(names));
    let mut columns = taken(names, mappings);
    let remarks = settle(&mut columns, mappings, &mut faults);
    let is_email = |column: &Column| column.meaning == Meaning::Field(Field::Email);
    if faults.is_empty() && !columns.iter().any(is_email) {
        faults.push(said!("the header has no column `email`; found {found}; say which it is with --map \"COLUMN=email\"", found = names.join(", ").escape_debug()));
    }
    if faults.is_empty() {
        Ok((columns, remarks))
    } else {
        Err(faults)
    }
}

/// What each column is taken for by itself, whatever the others are.
pub(super) fn taken(names: &[String], mappings: &[Mapping]) -> Vec<Column> {
    let column = |name: &String| Column {
        name: name.clone(),
        meaning: said(name, mappings)
            .or_else(|| known(name, Dialect::Table))
            .unwrap_or_else(|| further(name)),
    };
    names.iter().map(column).collect()
}

fn further(name: &str) -> Meaning {
    let name = name.trim();
    if name.is_empty() {
        Meaning::Ignored
    } else {
        Meaning::Custom(name.to_lowercase())
    }
}

pub(super) fn said(name: &str, mappings: &[Mapping]) -> Option<Meaning> {
    let own = mappings
        .iter()
        .find(|mapping| bare(&mapping.column) == bare(name));
    own.map(|mapping| mapping.meaning.clone())
}

/// Mappings of columns that are not there.
fn unknown(names: &[String], mappings: &[Mapping]) -> Faults {
    mappings
        .iter()
        .filter(|mapping| !names.iter().any(|name| bare(name) == bare(&mapping.column)))
        .map(|mapping| {
            said!(
                "--map names the column `{column}`, which the header does not have; found {found}",
                column = mapping.column.escape_debug(),
                found = names.join(", ").escape_debug()
            )
        })
        .collect()
}

fn twice(names: &[String]) -> Faults {
    let lower: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
    let again = lower
        .iter()
        .enumerate()
        .filter(|(place, name)| !name.is_empty() && lower[..*place].contains(name));
    again
        .map(|(_, name)| {
            said!(
                "the header has the column `{name}` twice",
                name = name.escape_debug()
            )
        })
        .collect()
}

/// Sees that each meaning is had by one column.
fn settle(columns: &mut [Column], mappings: &[Mapping], faults: &mut Faults) -> Vec<Said> {
    let rank = |column: &Column| {
        let own = column.name.trim().to_lowercase() == column.meaning.to_string();
        match (said(&column.name, mappings).is_some(), own) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    };
    let mut remarks = Vec::new();
    let mut taken: HashMap<Meaning, usize> = HashMap::new();
    let mut order: Vec<_> = (0..columns.len()).collect();
    order.sort_by_key(|place| rank(&columns[*place]));
    for place in order {
        let meaning = columns[place].meaning.clone();
        if meaning == Meaning::Ignored {
            continue;
        }
        let Some(first) = taken.get(&meaning).copied() else {
            taken.insert(meaning, place);
            continue;
        };
        let (one, two) = (columns[first].name.clone(), columns[place].name.clone());
        let level = rank(&columns[first]) == rank(&columns[place]);
        if rank(&columns[place]) == 0 || (level && meaning == Meaning::Field(Field::Email)) {
            faults.push(said!("the columns `{one}` and `{two}` are both taken for `{meaning}`; say which it is with --map \"COLUMN={meaning}\"", one = one.escape_debug(), two = two.escape_debug(), meaning));
            continue;
        }
        columns[place].meaning = further(&two);
        if level {
            remarks.push(said!("the column `{one}` is taken for `{meaning}`; `{two}`, which could be that too, is a further column", one = one.escape_debug(), meaning, two = two.escape_debug()));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(names: &[&str], maps: &[&str]) -> Result<Vec<String>, Faults> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let maps: Vec<_> = maps
            .iter()
            .map(|map| Mapping::parse(map).unwrap())
            .collect();
        mapped(&names, &maps).map(|(columns, _)| {
            columns
                .into_iter()
                .map(|column| column.meaning.to_string())
                .collect()
        })
    }

    #[test]
    fn the_table_is_whole_and_says_each_thing_once() {
        let mut seen = HashMap::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<_> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            Meaning::parse(cells[0]).unwrap();
            let own_words = matches!(cells[1], "vcard" | "ldif");
            for header in cells[2].split('|') {
                assert!(!bare(header).is_empty(), "{line}");
                let key = (own_words.then_some(cells[1]), bare(header));
                let first = seen.entry(key).or_insert(cells[0]);
                assert_eq!(*first, cells[0], "`{header}` means two things");
            }
        }
    }

    #[test]
    fn headers_are_known_in_four_languages() {
        for (names, expected) in [
            (
                "E-mail Address|First Name|Last Name|Company|Job Title|Country/Region",
                "email|given_name|family_name|outlet|role|country",
            ),
            (
                "Эл. почта|ФИО|Издание|Должность|Страна|Языки|Часовой пояс|Темы",
                "email|name|outlet|role|country|languages|time_zone|beats",
            ),
            (
                "COURRIEL|Prenom|Nom|Société|Fonction|Pays|Langues",
                "email|given_name|family_name|outlet|role|country|languages",
            ),
            (
                "Correo electronico|Nombre|Apellidos|Medio|Cargo|PAÍS|Acuerdo de embargo",
                "email|given_name|family_name|outlet|role|country|embargo_agreement",
            ),
        ] {
            let names: Vec<_> = names.split('|').collect();
            assert_eq!(meanings(&names, &[]).unwrap().join("|"), expected);
        }
    }

    #[test]
    fn what_is_said_goes_before_what_is_known() {
        let said = meanings(
            &["Почта", "Запасная", "Tier", "Title"],
            &[
                "Запасная=email",
                "почта=ignore",
                "TIER=custom.level",
                "Title=salutation",
            ],
        );
        assert_eq!(
            said.unwrap(),
            ["ignore", "email", "custom.level", "salutation"]
        );
        let faults = meanings(&["email"], &["Почта=email"]).unwrap_err();
        assert!(
            faults[0]
                .to_string()
                .contains("`Почта`, which the header does not have"),
            "{faults:?}"
        );
        for bad in ["email", "a=address", "a=custom."] {
            assert!(Mapping::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_columns_of_one_meaning() {
        assert_eq!(
            meanings(&["Company", "outlet", "email"], &[]).unwrap(),
            ["custom.company", "outlet", "email"]
        );
        assert_eq!(
            meanings(&["Company", "Organisation", "email"], &[]).unwrap(),
            ["outlet", "custom.organisation", "email"]
        );
        assert!(
            meanings(&["Mail", "Почта"], &[]).unwrap_err()[0]
                .to_string()
                .contains("both taken for `email`")
        );
        assert!(
            meanings(&["x"], &[]).unwrap_err()[0]
                .to_string()
                .contains("no column `email`; found x")
        );
        assert!(
            meanings(&["email", "EMAIL"], &[]).unwrap_err()[0]
                .to_string()
                .contains("twice")
        );
    }
}
