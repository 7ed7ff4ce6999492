//! Everything that any table holds of one person (GDPR article 15): found by
//! looking through all of them, so that none can be left out.

use super::Result;
use super::archive::{Cell, Kind, Row};
use super::erasure::{Forgotten, Holding};
use super::forget::{known_key, named_in, names_them};
use super::surgery::{Statement, Surgery, Table, having, named};
use super::values::damaged;
use crate::domain::address::EmailAddress;
use crate::domain::agreement::{AgreementWord, Party};
use crate::domain::contact::Contact;
use crate::domain::delivery::Delivery;
use crate::domain::erasure::{Mentions, is_same};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Tables that are tied to a delivery, and by which column.
const BY_DELIVERY: [(&str, &str); 3] = [
    ("delivery_state", "id"),
    ("delivery_log", "delivery"),
    ("bounce", "delivery"),
];

/// Tables of which only the key is shown: the rest is not the person's to see, or
/// no text.
const KEY_ALONE: [&str; 4] = ["content", "account", "session", "api_token"];

/// Looks through every table.
pub(super) async fn holdings(open: &mut dyn Surgery, email: &EmailAddress) -> Result<Vec<Holding>> {
    let tables = open.tables().await?;
    let mut look = Look {
        email,
        mentions: Mentions::of(email),
        deliveries: Vec::new(),
    };
    look.find_ids(open, &tables).await?;
    let mut found = Vec::new();
    for table in &tables {
        let mut rows = named_in(open, table, &look.mentions).await?;
        if let Some((_, column)) = BY_DELIVERY.iter().find(|(name, _)| *name == table.name) {
            for row in having(open, table, column, &look.deliveries).await? {
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        let mut others = Vec::new();
        for row in rows {
            let is_about_them = look.is_about_them(open.place(), table, &row)?;
            let all = if is_about_them {
                &mut found
            } else {
                &mut others
            };
            all.push(look.show(table, &row, is_about_them));
        }
        found.append(&mut others);
    }
    if let Some(known) = forgotten(open, std::slice::from_ref(email))
        .await?
        .remove(&email.to_string())
    {
        let facts = [("at", known.at.to_string()), ("source", known.by)];
        found.push(Holding {
            table: "forgotten".to_owned(),
            facts: facts
                .into_iter()
                .map(|(name, text)| (name.to_owned(), Value::String(text)))
                .collect(),
        });
    }
    Ok(found)
}

struct Look<'a> {
    email: &'a EmailAddress,
    mentions: Mentions,
    /// Identifiers of their deliveries.
    deliveries: Vec<String>,
}

impl Look<'_> {
    fn is_theirs(&self, email: &str) -> bool {
        EmailAddress::parse(email).is_ok_and(|email| is_same(&email, self.email))
    }

    /// Their identifiers stand for them elsewhere.
    async fn find_ids(&mut self, open: &mut dyn Surgery, tables: &[Table]) -> Result<()> {
        let contacts = named(open.place(), tables, "contact")?;
        for row in named_in(open, contacts, &self.mentions).await? {
            let contact: Contact = contacts.read(open.place(), &row, "record")?;
            if is_same(&contact.email, self.email) {
                self.mentions.add_id(&contact.id);
            }
        }
        let plans = named(open.place(), tables, "delivery_plan")?;
        for row in named_in(open, plans, &self.mentions).await? {
            if self.is_theirs(plans.text(&row, "email")) {
                let delivery: Delivery = plans.read(open.place(), &row, "plan")?;
                self.mentions.add_id(&delivery.recipient.contact);
                self.deliveries.push(delivery.id.to_string());
            }
        }
        Ok(())
    }

    fn show(&self, table: &Table, row: &Row, is_about_them: bool) -> Holding {
        let columns = table.columns.iter().zip(row);
        let facts = if KEY_ALONE.contains(&table.name.as_str()) {
            let keys = columns.filter(|(column, _)| column.key);
            keys.map(|(column, cell)| (column.name.clone(), shown(cell)))
                .collect()
        } else if is_about_them {
            columns
                .map(|(column, cell)| (column.name.clone(), shown(cell)))
                .collect()
        } else {
            // Somebody else's record: its number, what it says of them, and no more.
            let told = columns.filter_map(|(column, cell)| {
                let is_number = matches!(cell, Cell::Whole(_)) && column.key;
                let said = if is_number {
                    shown(cell)
                } else if names_them(&self.mentions, cell) {
                    self.said(cell)
                } else {
                    return None;
                };
                Some((column.name.clone(), said))
            });
            told.collect()
        };
        Holding {
            table: table.name.clone(),
            facts,
        }
    }

    /// Whether a row is about them, and does not only name them.
    fn is_about_them(&self, place: &str, table: &Table, row: &Row) -> Result<bool> {
        let of_delivery = |column| {
            let id = table.text(row, column);
            self.deliveries.iter().any(|one| one == id)
        };
        Ok(match table.name.as_str() {
            "contact" | "contact_key" | "suppression" | "delivery_plan" => {
                self.is_theirs(table.text(row, "email"))
            }
            "bounce" => self.is_theirs(table.text(row, "email")) || of_delivery("delivery"),
            "delivery_state" => of_delivery("id"),
            "delivery_log" => of_delivery("delivery"),
            "agreement" => {
                let word: AgreementWord = table.read(place, row, "record")?;
                match word.party {
                    Party::Contact(email) => is_same(&email, self.email),
                    Party::Outlet(_) => false,
                }
            }
            "act" => true,
            "contact_alias" => {
                self.is_theirs(table.text(row, "email")) || self.is_theirs(table.text(row, "kept"))
            }
            _ => {
                let mut keys = table.columns.iter().zip(row).filter(|(one, _)| one.key);
                keys.any(|(_, cell)| names_them(&self.mentions, cell))
            }
        })
    }

    /// The words of a cell that name them.
    fn said(&self, cell: &Cell) -> Value {
        let Cell::Text(text) = cell else {
            return shown(&Cell::Null);
        };
        let mut said = Vec::new();
        match serde_json::from_str::<Value>(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => self.strings(&value, &mut said),
            Ok(_) | Err(_) => said.push(Value::String(text.clone())),
        }
        Value::Array(said)
    }

    fn strings(&self, value: &Value, said: &mut Vec<Value>) {
        match value {
            Value::String(text) if self.mentions.is_in(text) => said.push(value.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.strings(item, said)),
            Value::Object(fields) => fields.values().for_each(|item| self.strings(item, said)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// A cell as JSON: records as what they are, octets as the text that they mostly
/// are.
fn shown(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Whole(number) => (*number).into(),
        Cell::Text(text) => match serde_json::from_str::<Value>(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            Ok(_) | Err(_) => Value::String(text.clone()),
        },
        Cell::Bytes(octets) => Value::String(String::from_utf8_lossy(octets).into_owned()),
    }
}

/// Those of some addresses that were forgotten, by address.
pub(super) async fn forgotten(
    open: &mut dyn Surgery,
    emails: &[EmailAddress],
) -> Result<HashMap<String, Forgotten>> {
    let Some(key) = known_key(open).await? else {
        return Ok(HashMap::new());
    };
    let table = Table::of(
        "forgotten",
        &[
            ("hash", Kind::Text),
            ("at", Kind::Text),
            ("source", Kind::Text),
        ],
    );
    let hashes: HashMap<_, _> = emails
        .iter()
        .map(|email| (email.to_string(), key.hash(email)))
        .collect();
    let asked: BTreeSet<_> = hashes.values().cloned().collect();
    let asked: Vec<_> = asked.into_iter().collect();
    let mut known = HashMap::new();
    for row in having(open, &table, "hash", &asked).await? {
        let at = table.text(&row, "at").parse();
        let forgotten = Forgotten {
            at: at.map_err(|error| damaged(open.place(), "time", error))?,
            by: table.text(&row, "source").to_owned(),
        };
        known.insert(table.text(&row, "hash").to_owned(), forgotten);
    }
    let found = hashes
        .into_iter()
        .filter_map(|(email, hash)| Some((email, known.get(&hash)?.clone())));
    Ok(found.collect())
}

/// Lets an address be known again.
pub(super) async fn remember(open: &mut dyn Surgery, email: &EmailAddress) -> Result<bool> {
    let Some(key) = known_key(open).await? else {
        return Ok(false);
    };
    let mut lift = Statement::new(open.dialect(), "DELETE FROM forgotten WHERE hash = ");
    lift.value(Cell::Text(key.hash(email)));
    Ok(open.execute(lift).await? > 0)
}

/// How many addresses were forgotten.
pub(super) async fn count(open: &mut dyn Surgery, statement: Statement) -> Result<u64> {
    let rows = open.fetch(statement, &[Kind::Whole]).await?;
    match rows.first().and_then(|row| row.first()) {
        Some(Cell::Whole(count)) => Ok(u64::try_from(*count).unwrap_or_default()),
        Some(Cell::Null | Cell::Text(_) | Cell::Bytes(_)) | None => Ok(0),
    }
}
