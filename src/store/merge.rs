//! Two contacts made one, in one transaction, and pairs that are two people after
//! all. The statements are the same in every backend.

use super::Result;
use super::archive::{Cell, Kind, Row};
use super::forget::{Held, held};
use super::imports::{Changed, ContactChange};
use super::surgery::{Statement, Surgery, Table, having, named, update};
use super::values::{damaged, due_at, json, reason};
use crate::domain::address::EmailAddress;
use crate::domain::alias::{Alias, Aliases};
use crate::domain::contact::Contact;
use crate::domain::delivery::{Event, Life, apply};
use crate::domain::erasure::is_same;
use crate::domain::import_record::ImportRecord;
use crate::domain::log::{Facts, LogEvent};
use crate::domain::suppression::Suppression;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::collections::{BTreeMap, BTreeSet};

/// Two contacts to be made one.
#[derive(Debug, Clone, Copy)]
pub struct Merging<'a> {
    /// The contact that stays, as it was read.
    pub kept: &'a Contact,
    /// What it is to be.
    pub whole: &'a Contact,
    /// The contact that goes, as it was read.
    pub removed: &'a Contact,
    /// By which it can be undone.
    pub record: &'a ImportRecord,
}

impl Merging<'_> {
    /// What becomes of the two records.
    pub(super) fn changes(&self) -> Vec<ContactChange> {
        let mut changes = vec![ContactChange::Remove(self.removed.clone())];
        if self.kept != self.whole {
            let both = (self.kept.clone(), self.whole.clone());
            changes.push(ContactChange::Change(Box::new(both)));
        }
        changes
    }
}

/// What came of making two contacts one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// It is done.
    Done(Consequences),
    /// Nothing was done: one of them is not what it was.
    Stale,
}

/// What followed from making two contacts one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consequences {
    /// Bars that are new, or stand for a weightier reason now.
    pub barred: Vec<Suppression>,
    /// Deliveries that were ended, for the same distribution brings the release to
    /// the person's other address.
    pub cancelled: u64,
}

/// Two contacts that are two people, as somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distinct {
    /// The one.
    pub one: EmailAddress,
    /// The other.
    pub other: EmailAddress,
    /// When it was said.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

impl Distinct {
    /// By what a pair is known, whichever is named first.
    pub(super) fn pair(one: &EmailAddress, other: &EmailAddress) -> String {
        let mut both = [one.to_string(), other.to_string()];
        both.sort_unstable();
        blake3::hash(both.join("\n").as_bytes())
            .to_hex()
            .to_string()
    }
}

/// Contacts that are one person, and contacts that are not.
#[async_trait]
pub trait Merges: Send + Sync {
    /// Makes two contacts one, in one transaction: their records, the bars on
    /// both, the address that went, and what waits twice in one distribution.
    async fn merge(&self, merging: Merging<'_>) -> Result<MergeOutcome>;

    /// Addresses of contacts that went into others.
    async fn aliases(&self) -> Result<Aliases>;

    /// Puts on record that two contacts are two people. Answers false where that
    /// is known.
    async fn tell_apart(&self, distinct: &Distinct) -> Result<bool>;

    /// Takes that back. Answers false where nobody had said so.
    async fn offer_again(&self, one: &EmailAddress, other: &EmailAddress) -> Result<bool>;

    /// All pairs that are two people, the newest first.
    async fn told_apart(&self) -> Result<Vec<Distinct>>;
}

fn alias_table() -> Table {
    let columns = ["email", "id", "kept", "at"];
    Table::of("contact_alias", &columns.map(|name| (name, Kind::Text)))
}

fn distinct_table() -> Table {
    let columns = ["pair", "record"];
    Table::of("contact_distinct", &columns.map(|name| (name, Kind::Text)))
}

fn bar_table() -> Table {
    let columns = ["email", "reason", "at", "source", "note"];
    Table::of("suppression", &columns.map(|name| (name, Kind::Text)))
}

/// Adds a row; what is there of its key stays.
async fn insert(open: &mut dyn Surgery, table: &Table, row: Row) -> Result<bool> {
    let into = format!("INSERT INTO {} ({}) VALUES (", table.name, table.names());
    let mut statement = Statement::new(open.dialect(), into);
    for (n, cell) in row.into_iter().enumerate() {
        statement.push(if n == 0 { "" } else { ", " }).value(cell);
    }
    statement.push(") ON CONFLICT DO NOTHING");
    Ok(open.execute(statement).await? > 0)
}

async fn all(open: &mut dyn Surgery, table: &Table) -> Result<Vec<Row>> {
    let ask = format!("SELECT {} FROM {}", table.names(), table.name);
    let ask = Statement::new(open.dialect(), ask);
    open.fetch(ask, &table.kinds()).await
}

fn text(value: &impl ToString) -> Cell {
    Cell::Text(value.to_string())
}

/// Sees to everything that follows from a merge whose records have changed in the
/// same transaction; the caller commits.
pub(super) async fn follow(open: &mut dyn Surgery, merging: &Merging<'_>) -> Result<Consequences> {
    let consequences = Consequences {
        cancelled: end_doubles(open, merging).await?,
        barred: unite_bars(open, merging).await?,
    };
    let (kept, removed) = (&merging.kept.email, &merging.removed.email);
    let row = vec![
        text(removed),
        text(&merging.removed.id),
        text(kept),
        text(&merging.record.at),
    ];
    insert(open, &alias_table(), row).await?;
    take_back(open, kept, removed).await?;
    Ok(consequences)
}

/// Ends what waits for one address in a distribution that has brought the release
/// to the other, or will: nobody gets it twice for having two addresses. Where
/// neither has begun, the one to the address that stays stands. What failed at the
/// one address may still arrive at the other.
async fn end_doubles(open: &mut dyn Surgery, merging: &Merging<'_>) -> Result<u64> {
    let emails = [&merging.kept.email, &merging.removed.email].map(ToString::to_string);
    let tables = open.tables().await?;
    let plans = named(open.place(), &tables, "delivery_plan")?.clone();
    let states = named(open.place(), &tables, "delivery_state")?.clone();
    let rows = having(open, &plans, "email", &emails).await?;
    let mut shared: BTreeMap<String, [Vec<Row>; 2]> = BTreeMap::new();
    for row in rows {
        let whose = usize::from(plans.text(&row, "email") == emails[1]);
        let of = plans.text(&row, "distribution").to_owned();
        shared.entry(of).or_default()[whose].push(row);
    }
    shared.retain(|_, [kept, removed]| !kept.is_empty() && !removed.is_empty());
    open.hold(&shared.keys().cloned().collect::<BTreeSet<_>>())
        .await?;
    let mut events = Vec::new();
    for [kept, removed] in shared.into_values() {
        let kept = held(open, (&plans, &states), kept).await?;
        let removed = held(open, (&plans, &states), removed).await?;
        let ends = match (stands(&kept), stands(&removed)) {
            (Some(_), Some(Life::Waiting)) => removed,
            (Some(Life::Waiting), Some(_)) => kept,
            (_, _) => continue,
        };
        for one in &ends {
            events.extend(end(open, &states, one, merging.record).await?);
        }
    }
    let ended = events.len() as u64;
    open.append(&events).await?;
    Ok(ended)
}

/// How far the duty to one address is, where it has not failed.
fn stands(all: &[Held]) -> Option<Life> {
    let lives = all
        .iter()
        .filter_map(|one| Some(one.state.as_ref()?.life()));
    let mut lives = lives.filter(|life| *life != Life::Ended);
    lives.next()
}

async fn end(
    open: &mut dyn Surgery,
    states: &Table,
    one: &Held,
    record: &ImportRecord,
) -> Result<Option<LogEvent>> {
    let (Some(row), Some(state)) = (&one.state_row, &one.state) else {
        return Ok(None);
    };
    if state.life() != Life::Waiting {
        return Ok(None);
    }
    let by = record.by.clone();
    let ended = apply(state, None, Event::Cancel { by }, record.at);
    let ended = ended.map_err(|illegal| damaged(open.place(), "delivery", illegal))?;
    let set = [
        ("state", Cell::Text(ended.name().to_owned())),
        ("facts", Cell::Text(json(&ended))),
        ("due_at", Cell::Whole(due_at(&ended))),
    ];
    update(open, states, row, &set).await?;
    Ok(Some(LogEvent {
        at: record.at,
        distribution: one.delivery.distribution,
        delivery: Some(one.delivery.id),
        event: ended.name().into(),
        facts: Facts::of(value!({ "by": record.by, "because": "merged" })),
        personal: None,
    }))
}

/// The bars on these addresses, in whatever capitals: so they hold.
async fn bars_on(
    open: &mut dyn Surgery,
    table: &Table,
    emails: [&EmailAddress; 2],
) -> Result<Vec<(Row, Suppression)>> {
    let ask = format!(
        "SELECT {} FROM {} WHERE lower(email) IN (lower(",
        table.names(),
        table.name
    );
    let mut ask = Statement::new(open.dialect(), ask);
    ask.value(text(emails[0]))
        .push("), lower(")
        .value(text(emails[1]))
        .push("))");
    let rows = open.fetch(ask, &table.kinds()).await?.into_iter();
    let read = |row: Row| Ok((row.clone(), bar(open.place(), table, &row)?));
    rows.map(read).collect()
}

/// Bars that are about the person hold for both addresses, the weightiest of them
/// each; what servers said of a mailbox stays with that mailbox.
async fn unite_bars(open: &mut dyn Surgery, merging: &Merging<'_>) -> Result<Vec<Suppression>> {
    let table = bar_table();
    let emails = [&merging.kept.email, &merging.removed.email];
    let known = bars_on(open, &table, emails).await?;
    let mut new = Vec::new();
    for (to, from) in [(emails[0], emails[1]), (emails[1], emails[0])] {
        let of = |email: &EmailAddress| {
            let all = known.iter().map(|(_, bar)| bar);
            let all = all.filter(|bar| is_same(&bar.email, email));
            all.max_by_key(|bar| bar.reason.weight())
        };
        let Some(theirs) = of(from).filter(|bar| bar.reason.is_about_the_person()) else {
            continue;
        };
        let own = of(to);
        if own.is_some_and(|own| !theirs.reason.outweighs(own.reason)) {
            continue;
        }
        let between = if theirs.note.is_empty() { "" } else { ": " };
        let bar = Suppression {
            email: to.clone(),
            reason: theirs.reason,
            at: merging.record.at,
            source: merging.record.by.clone(),
            note: format!("merged with {from}{between}{}", theirs.note),
        };
        let cells = [
            text(&bar.email),
            text(&bar.reason.name()),
            text(&bar.at),
            text(&bar.source),
            text(&bar.note),
        ];
        match known.iter().find(|(_, bar)| bar.email == *to) {
            None => drop(insert(open, &table, cells.to_vec()).await?),
            Some((row, _)) => {
                let names = table.columns.iter().map(|one| one.name.as_str());
                let set: Vec<_> = names.zip(cells).skip(1).collect();
                update(open, &table, row, &set).await?;
            }
        }
        new.push(bar);
    }
    Ok(new)
}

fn bar(place: &str, table: &Table, row: &Row) -> Result<Suppression> {
    let read = |column: &str| table.text(row, column).to_owned();
    let wrong = |error: &dyn std::fmt::Display| damaged(place, "suppression", error);
    Ok(Suppression {
        email: EmailAddress::parse(&read("email")).map_err(|error| wrong(&error))?,
        reason: reason(place, &read("reason"))?,
        at: read("at")
            .parse()
            .map_err(|error: jiff::Error| wrong(&error))?,
        source: read("source"),
        note: read("note"),
    })
}

pub(super) async fn aliases(open: &mut dyn Surgery) -> Result<Aliases> {
    let table = alias_table();
    let rows = all(open, &table).await?;
    let read = |row: &Row| {
        let text = |column| table.text(row, column);
        let wrong = |error: &dyn std::fmt::Display| damaged(open.place(), "alias", error);
        Ok(Alias {
            email: EmailAddress::parse(text("email")).map_err(|error| wrong(&error))?,
            id: text("id")
                .parse()
                .map_err(|error: crate::domain::ids::IdError| wrong(&error))?,
            kept: EmailAddress::parse(text("kept")).map_err(|error| wrong(&error))?,
            at: text("at")
                .parse()
                .map_err(|error: jiff::Error| wrong(&error))?,
        })
    };
    let all = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Aliases::new(all))
}

pub(super) async fn tell_apart(open: &mut dyn Surgery, distinct: &Distinct) -> Result<bool> {
    let pair = Distinct::pair(&distinct.one, &distinct.other);
    let row = vec![Cell::Text(pair), Cell::Text(json(distinct))];
    insert(open, &distinct_table(), row).await
}

pub(super) async fn take_back(
    open: &mut dyn Surgery,
    one: &EmailAddress,
    other: &EmailAddress,
) -> Result<bool> {
    let mut delete = Statement::new(open.dialect(), "DELETE FROM contact_distinct WHERE pair = ");
    delete.value(Cell::Text(Distinct::pair(one, other)));
    Ok(open.execute(delete).await? > 0)
}

pub(super) async fn told_apart(open: &mut dyn Surgery) -> Result<Vec<Distinct>> {
    let table = distinct_table();
    let rows = all(open, &table).await?;
    let read = |row: &Row| table.read::<Distinct>(open.place(), row, "record");
    let mut all = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    all.sort_by(|one, other| {
        (other.at, &one.one, &one.other).cmp(&(one.at, &other.one, &other.other))
    });
    Ok(all)
}

/// What came of changing the two records.
pub(super) fn is_done(changed: &Changed) -> bool {
    match changed {
        Changed::Done => true,
        Changed::Stale(_) => false,
    }
}
