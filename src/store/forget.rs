//! What becomes of each row in which somebody is named who is to be forgotten.
//!
//! Tables that are known here have rules of their own. For any other, also one
//! that is made after this was written: a row with them in its key goes, and
//! everywhere else [`FORGOTTEN`] stands where they stood.

use super::Result;
use super::archive::{Cell, Kind, Row};
use super::erasure::{Erased, Forgetting, Forgot, key};
use super::surgery::{Statement, Surgery, Table, delete, having, holding, named, update};
use super::values::{damaged, due_at, json};
use crate::domain::account::Act;
use crate::domain::address::EmailAddress;
use crate::domain::agreement::{AgreementWord, Party};
use crate::domain::bounce::Bounce;
use crate::domain::contact::{Contact, Recipient};
use crate::domain::delivery::{Delivery, DeliveryState, Event, apply};
use crate::domain::encryption::EncryptionPolicy;
use crate::domain::erasure::{ErasureKey, FORGOTTEN, Mentions, is_same};
use crate::domain::header_text::HeaderText;
use crate::domain::ids::{ContactId, DeliveryId, DistributionId};
use crate::domain::log::{Facts, LogEvent, erased};
use crate::domain::suppression::SuppressionReason;
use serde_json::{Map, json as value};
use std::collections::{BTreeMap, BTreeSet};

/// What is not the person's to have erased: the newsroom's published words, its
/// own staff, and what this module itself keeps.
pub(super) const KEPT: [&str; 6] = [
    "content",
    "account",
    "session",
    "api_token",
    "forgotten",
    "erasure_key",
];

/// Tables that have been seen to when the others' turn comes.
const DONE: [&str; 5] = [
    "contact",
    "contact_key",
    "delivery_plan",
    "delivery_state",
    "delivery_log",
];

/// Forgets in an open store; the caller commits, where it is done.
pub(super) async fn forget(open: &mut dyn Surgery, wish: &Forgetting<'_>) -> Result<Forgot> {
    let tables = open.tables().await?;
    let mut work = Work {
        wish,
        mentions: Mentions::of(wish.email),
        tables,
        erased: Erased::default(),
        events: Vec::new(),
    };
    let deliveries = work.deliveries(open).await?;
    let busy = |claimed: bool| -> Vec<DeliveryId> {
        let states = deliveries.iter().filter(|one| match one.state {
            Some(DeliveryState::Claimed { .. }) => claimed,
            Some(DeliveryState::InDoubt { .. }) => !claimed,
            Some(_) | None => false,
        });
        states.map(|one| one.delivery.id).collect()
    };
    let (in_flight, in_doubt) = (busy(true), busy(false));
    if !in_flight.is_empty() {
        return Ok(Forgot::InFlight(in_flight));
    }
    if !in_doubt.is_empty() {
        return Ok(Forgot::InDoubt(in_doubt));
    }
    work.contacts(open).await?;
    for one in &deliveries {
        work.empty_delivery(open, one).await?;
    }
    work.log(open, &deliveries).await?;
    work.others(open).await?;
    work.erased.before = keep_barred(open, wish).await?;
    open.append(&work.events).await?;
    Ok(Forgot::Done(work.erased))
}

/// A delivery with its rows.
pub(super) struct Held {
    plan: Row,
    pub(super) state_row: Option<Row>,
    pub(super) delivery: Delivery,
    pub(super) state: Option<DeliveryState>,
}

/// Deliveries of which these are the plans, with how they stand.
pub(super) async fn held(
    open: &mut dyn Surgery,
    (plans, states): (&Table, &Table),
    rows: Vec<Row>,
) -> Result<Vec<Held>> {
    let mut found = Vec::new();
    for plan in rows {
        let delivery: Delivery = plans.read(open.place(), &plan, "plan")?;
        found.push((plan, delivery));
    }
    let ids: Vec<_> = found.iter().map(|(_, one)| one.id.to_string()).collect();
    let rows = having(open, states, "id", &ids).await?;
    let mut rows: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| (states.text(&row, "id").to_owned(), row))
        .collect();
    found
        .into_iter()
        .map(|(plan, delivery)| {
            let state_row = rows.remove(&delivery.id.to_string());
            let state = state_row
                .as_ref()
                .map(|row| state_of(open.place(), states, row));
            Ok(Held {
                plan,
                state: state.transpose()?,
                state_row,
                delivery,
            })
        })
        .collect()
}

struct Work<'a> {
    wish: &'a Forgetting<'a>,
    mentions: Mentions,
    tables: Vec<Table>,
    erased: Erased,
    events: Vec<LogEvent>,
}

impl Work<'_> {
    fn table(&self, open: &dyn Surgery, name: &str) -> Result<Table> {
        named(open.place(), &self.tables, name).cloned()
    }

    fn count(&mut self, table: &Table) {
        *self.erased.rows.entry(table.name.clone()).or_default() += 1;
    }

    fn is_theirs(&self, email: &str) -> bool {
        EmailAddress::parse(email).is_ok_and(|email| is_same(&email, self.wish.email))
    }

    async fn named_in(&self, open: &mut dyn Surgery, table: &Table) -> Result<Vec<Row>> {
        named_in(open, table, &self.mentions).await
    }

    /// Their deliveries, which nobody moves on from here.
    async fn deliveries(&mut self, open: &mut dyn Surgery) -> Result<Vec<Held>> {
        let (plans, states) = (
            self.table(open, "delivery_plan")?,
            self.table(open, "delivery_state")?,
        );
        let mut theirs = Vec::new();
        let mut distributions = BTreeSet::new();
        for plan in self.named_in(open, &plans).await? {
            if self.is_theirs(plans.text(&plan, "email")) {
                distributions.insert(plans.text(&plan, "distribution").to_owned());
                theirs.push(plan);
            }
        }
        open.hold(&distributions).await?;
        let found = held(open, (&plans, &states), theirs).await?;
        for one in &found {
            self.mentions.add_id(&one.delivery.recipient.contact);
        }
        Ok(found)
    }

    /// Their own records go; in others' the words that name them.
    async fn contacts(&mut self, open: &mut dyn Surgery) -> Result<()> {
        let table = self.table(open, "contact")?;
        for row in self.named_in(open, &table).await? {
            let contact: Contact = table.read(open.place(), &row, "record")?;
            if self.is_theirs(&contact.email.to_string()) {
                self.mentions.add_id(&contact.id);
                open.change_contact(&contact, None).await?;
            } else {
                let redacted = without(&contact, &self.mentions);
                open.change_contact(&contact, Some(&redacted)).await?;
            }
            self.count(&table);
        }
        Ok(())
    }

    /// A delivery stays, as one to nobody: the log tells of it, and how many there
    /// were is the newsroom's to know. What has not begun ends.
    async fn empty_delivery(&mut self, open: &mut dyn Surgery, one: &Held) -> Result<()> {
        let (plans, states) = (
            self.table(open, "delivery_plan")?,
            self.table(open, "delivery_state")?,
        );
        let nobody = nobodys(open.place(), &one.delivery)?;
        let email = nobody.recipient.email.clone();
        let set = [
            ("contact", Cell::Text(nobody.recipient.contact.to_string())),
            ("domain", Cell::Text(email.domain().to_owned())),
            ("email", Cell::Text(email.to_string())),
            ("plan", Cell::Text(json(&nobody))),
        ];
        update(open, &plans, &one.plan, &set).await?;
        self.count(&plans);
        let (Some(row), Some(state)) = (&one.state_row, &one.state) else {
            return Ok(());
        };
        let barred = Event::Suppress(SuppressionReason::Erasure);
        let ended = apply(state, None, barred, self.wish.at).ok();
        if let Some(ended) = &ended {
            self.erased.cancelled += 1;
            self.events.push(self.ended(&one.delivery, ended));
        }
        let state = ended.unwrap_or_else(|| wordless(state));
        let set = [
            ("state", Cell::Text(state.name().to_owned())),
            ("facts", Cell::Text(json(&state))),
            ("due_at", Cell::Whole(due_at(&state))),
        ];
        update(open, &states, row, &set).await
    }

    fn ended(&self, delivery: &Delivery, state: &DeliveryState) -> LogEvent {
        LogEvent {
            at: self.wish.at,
            distribution: delivery.distribution,
            delivery: Some(delivery.id),
            event: state.name().into(),
            facts: Facts::of(value!({ "by": self.wish.by, "because": SuppressionReason::Erasure })),
            personal: None,
        }
    }

    /// The personal facts of all entries of their deliveries, and of any other
    /// that names them. What a line itself says cannot be taken out.
    async fn log(&mut self, open: &mut dyn Surgery, deliveries: &[Held]) -> Result<()> {
        let table = self.table(open, "delivery_log")?;
        let ids: Vec<_> = deliveries
            .iter()
            .map(|one| one.delivery.id.to_string())
            .collect();
        let mut rows = having(open, &table, "delivery", &ids).await?;
        let others = self.named_in(open, &table).await?;
        rows.extend(
            others
                .into_iter()
                .filter(|row| self.mentions.is_in(table.text(row, "personal"))),
        );
        let mut entries: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for row in rows {
            let Some(seq) = seq_of(&table, &row) else {
                continue;
            };
            if table.cell(&row, "personal") == Some(&Cell::Null) {
                continue;
            }
            let told = entries
                .entry(table.text(&row, "distribution").to_owned())
                .or_default();
            if told.insert(seq) {
                let set = [("personal", Cell::Null), ("salt", Cell::Null)];
                update(open, &table, &row, &set).await?;
                self.count(&table);
            }
        }
        for (distribution, entries) in entries {
            let distribution = distribution_id(open.place(), &distribution)?;
            let why = "their owner asked to be forgotten";
            self.events.push(erased(
                self.wish.at,
                distribution,
                &entries,
                self.wish.by,
                why,
            ));
        }
        Ok(())
    }

    async fn others(&mut self, open: &mut dyn Surgery) -> Result<()> {
        let all = self.tables.clone();
        let name = |table: &&Table| table.name.clone();
        for table in all.iter().filter(|one| {
            !KEPT.contains(&name(one).as_str()) && !DONE.contains(&name(one).as_str())
        }) {
            for row in self.named_in(open, table).await? {
                let fate = self.fate(open.place(), table, &row)?;
                match fate {
                    Fate::Goes => delete(open, table, &row).await?,
                    Fate::Becomes(set) if set.is_empty() => continue,
                    Fate::Becomes(set) => update(open, table, &row, &set).await?,
                }
                self.count(table);
            }
        }
        Ok(())
    }

    fn fate<'t>(&self, place: &str, table: &'t Table, row: &Row) -> Result<Fate<'t>> {
        match table.name.as_str() {
            "suppression" if self.is_theirs(table.text(row, "email")) => Ok(Fate::Goes),
            "suppression" => Ok(Fate::Becomes(self.redacted(
                table,
                row,
                &["source", "note"],
            ))),
            "agreement" => {
                let word: AgreementWord = table.read(place, row, "record")?;
                match word.party {
                    Party::Contact(email) if is_same(&email, self.wish.email) => Ok(Fate::Goes),
                    Party::Contact(_) | Party::Outlet(_) => Ok(self.anywhere(table, row)),
                }
            }
            // Of two addresses of one person neither is left without the other.
            "contact_alias" | "contact_distinct" => Ok(Fate::Goes),
            "act" => Ok(Fate::Becomes(vec![(
                "record",
                self.act(place, table, row)?,
            )])),
            "bounce" if self.is_theirs(table.text(row, "email")) => {
                Ok(Fate::Becomes(wordless_bounce(place, table, row)?))
            }
            _ => Ok(self.anywhere(table, row)),
        }
    }

    /// An act in which they are named says of whom no more, nor what: whatever
    /// words stand in it are about them.
    fn act(&self, place: &str, table: &Table, row: &Row) -> Result<Cell> {
        let act: Act = table.read(place, row, "record")?;
        let by = self.mentions.redact(&act.by).unwrap_or(act.by);
        let act = Act {
            by,
            facts: Map::from_iter([("forgotten".to_owned(), true.into())]),
            ..act
        };
        Ok(Cell::Text(json(&act)))
    }

    /// The rule for any table.
    fn anywhere<'t>(&self, table: &'t Table, row: &Row) -> Fate<'t> {
        let mut keys = table.columns.iter().zip(row).filter(|(one, _)| one.key);
        if keys.any(|(_, cell)| self.names_them(cell)) {
            return Fate::Goes;
        }
        let names: Vec<_> = table.columns.iter().map(|one| one.name.as_str()).collect();
        Fate::Becomes(self.redacted(table, row, &names))
    }

    fn names_them(&self, cell: &Cell) -> bool {
        names_them(&self.mentions, cell)
    }

    /// These columns without them, where they stand in any.
    fn redacted<'t>(&self, table: &'t Table, row: &Row, columns: &[&str]) -> Vec<(&'t str, Cell)> {
        let asked = table.columns.iter().zip(row);
        let asked = asked.filter(|(one, _)| columns.contains(&one.name.as_str()));
        asked
            .filter_map(|(column, cell)| {
                let cell = match cell {
                    Cell::Text(text) => Cell::Text(self.mentions.redact(text)?),
                    // A report with somebody else's words around theirs.
                    Cell::Bytes(_) if self.names_them(cell) => Cell::Bytes(Vec::new()),
                    Cell::Null | Cell::Whole(_) | Cell::Bytes(_) => return None,
                };
                Some((column.name.as_str(), cell))
            })
            .collect()
    }
}

/// What becomes of a row.
enum Fate<'t> {
    Goes,
    Becomes(Vec<(&'t str, Cell)>),
}

/// Rows of a table in which somebody is named.
pub(super) async fn named_in(
    open: &mut dyn Surgery,
    table: &Table,
    mentions: &Mentions,
) -> Result<Vec<Row>> {
    let mut rows = holding(open, table, &mentions.parts()).await?;
    rows.retain(|row| row.iter().any(|cell| names_them(mentions, cell)));
    Ok(rows)
}

pub(super) fn names_them(mentions: &Mentions, cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) => mentions.is_in(text),
        Cell::Bytes(octets) => mentions.is_in_octets(octets),
        Cell::Null | Cell::Whole(_) => false,
    }
}

/// A delivery's state, off its row. That of a claim stands in columns of its own,
/// and nothing is asked of it but that it is one.
fn state_of(place: &str, table: &Table, row: &Row) -> Result<DeliveryState> {
    if table.text(row, "state") == "claimed" {
        let lease = table.text(row, "lease").parse();
        return Ok(DeliveryState::Claimed {
            lease: lease.map_err(|error| damaged(place, "lease", error))?,
            until: jiff::Timestamp::MAX,
            attempt: None,
        });
    }
    table.read(place, row, "facts")
}

/// A contact without words that name somebody else; its own address stays.
fn without(contact: &Contact, mentions: &Mentions) -> Contact {
    let mut new = contact.clone();
    if let Some(name) = mentions.redact(new.name.as_str())
        && let Ok(name) = HeaderText::parse(&name)
    {
        new.name = name;
    }
    let single = [
        &mut new.salutation,
        &mut new.outlet,
        &mut new.role,
        &mut new.notes,
    ];
    let several = [&mut new.beats, &mut new.lists, &mut new.left_lists];
    let texts = single.into_iter().chain(several.into_iter().flatten());
    texts
        .chain(new.custom.values_mut())
        .for_each(|text| mentions.redact_in(text));
    new
}

/// The same delivery to nobody. Its own identifier stands for the contact: no two
/// of a distribution may be for one.
fn nobodys(place: &str, delivery: &Delivery) -> Result<Delivery> {
    let email = EmailAddress::parse(FORGOTTEN)
        .map_err(|error| damaged(place, "address of nobody", error))?;
    Ok(Delivery {
        recipient: Recipient {
            contact: ContactId::from_octets(delivery.id.octets()),
            email,
            name: HeaderText::default(),
            salutation: String::new(),
            outlet: String::new(),
            encryption: EncryptionPolicy::Off,
        },
        send_window: None,
        ..delivery.clone()
    })
}

/// The same state without a server's words, which may repeat an address.
fn wordless(state: &DeliveryState) -> DeliveryState {
    let mut state = state.clone();
    match &mut state {
        DeliveryState::Accepted { reply, .. } | DeliveryState::Rejected { reply, .. } => {
            reply.text.clear();
        }
        DeliveryState::Deferred { reply, .. } => reply.clear(),
        DeliveryState::Planned { .. }
        | DeliveryState::Due
        | DeliveryState::Claimed { .. }
        | DeliveryState::InDoubt { .. }
        | DeliveryState::Bounced { .. }
        | DeliveryState::Expired
        | DeliveryState::Suppressed { .. }
        | DeliveryState::Withheld { .. }
        | DeliveryState::Cancelled { .. } => {}
    }
    state
}

/// A report that came back from nobody: that it came stays, so that it is not
/// taken in again.
fn wordless_bounce<'t>(place: &str, table: &'t Table, row: &Row) -> Result<Vec<(&'t str, Cell)>> {
    let known: Bounce = table.read(place, row, "record")?;
    let email = EmailAddress::parse(FORGOTTEN)
        .map_err(|error| damaged(place, "address of nobody", error))?;
    let record = Bounce {
        email,
        diagnostic: String::new(),
        ..known
    };
    Ok(vec![
        ("email", Cell::Text(FORGOTTEN.to_owned())),
        ("record", Cell::Text(json(&record))),
        ("report", Cell::Bytes(Vec::new())),
    ])
}

fn seq_of(table: &Table, row: &Row) -> Option<u64> {
    match table.cell(row, "seq") {
        Some(Cell::Whole(seq)) => u64::try_from(*seq).ok(),
        Some(Cell::Null | Cell::Text(_) | Cell::Bytes(_)) | None => None,
    }
}

pub(super) fn distribution_id(place: &str, text: &str) -> Result<DistributionId> {
    text.parse()
        .map_err(|error| damaged(place, "identifier", error))
}

/// The key by which forgotten addresses are hashed; none where nobody was
/// forgotten yet.
pub(super) async fn known_key(open: &mut dyn Surgery) -> Result<Option<ErasureKey>> {
    let ask = Statement::new(open.dialect(), "SELECT octets FROM erasure_key");
    let rows = open.fetch(ask, &[Kind::Bytes]).await?;
    match rows.first().and_then(|row| row.first()) {
        Some(Cell::Bytes(octets)) => key(open.place(), octets).map(Some),
        Some(Cell::Null | Cell::Whole(_) | Cell::Text(_)) | None => Ok(None),
    }
}

/// Keeps the hash. Answers with when it was kept first, where that was before.
async fn keep_barred(
    open: &mut dyn Surgery,
    wish: &Forgetting<'_>,
) -> Result<Option<jiff::Timestamp>> {
    let key = match known_key(open).await? {
        Some(key) => key,
        None => {
            let mut keep = Statement::new(
                open.dialect(),
                "INSERT INTO erasure_key (one, octets) VALUES (1, ",
            );
            keep.value(Cell::Bytes(wish.fresh.to_vec())).push(")");
            open.execute(keep).await?;
            ErasureKey::new(wish.fresh)
        }
    };
    let hash = key.hash(wish.email);
    let mut ask = Statement::new(open.dialect(), "SELECT at FROM forgotten WHERE hash = ");
    ask.value(Cell::Text(hash.clone()));
    let known = open.fetch(ask, &[Kind::Text]).await?;
    if let Some(Cell::Text(at)) = known.first().and_then(|row| row.first()) {
        let at = at
            .parse()
            .map_err(|error| damaged(open.place(), "time", error))?;
        // There may be something new in free pages.
        let mut again = Statement::new(
            open.dialect(),
            "UPDATE forgotten SET swept = 0 WHERE hash = ",
        );
        again.value(Cell::Text(hash));
        open.execute(again).await?;
        return Ok(Some(at));
    }
    let mut keep = Statement::new(
        open.dialect(),
        "INSERT INTO forgotten (hash, at, source, swept) VALUES (",
    );
    keep.value(Cell::Text(hash)).push(", ");
    keep.value(Cell::Text(wish.at.to_string())).push(", ");
    keep.value(Cell::Text(wish.by.replace('\0', "\u{fffd}")));
    keep.push(", 0)");
    open.execute(keep).await?;
    Ok(None)
}
