//! What is too old goes, in steps that hold nobody up for long.

use super::Result;
use super::access::count;
use super::archive::{Cell, Kind, Row};
use super::erasure::Really;
use super::forget::distribution_id;
use super::surgery::{Opens, Statement, Surgery, Table, update};
use super::values::{json, micros};
use crate::domain::bounce::Bounce;
use crate::domain::ids::ImportId;
use crate::domain::log::erased;
use crate::domain::log_search::line_time;
use crate::domain::retention::{Cut, Gone, Kept};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Rows in one step.
const STEP: i64 = 2000;

/// Cuts everything, or counts what would go.
pub(super) async fn retain(
    store: &dyn Opens,
    cuts: &[Cut],
    now: Timestamp,
    really: Really,
) -> Result<Vec<Gone>> {
    let mut all = Vec::new();
    for cut in cuts {
        let mut count = 0;
        loop {
            let mut open = store.opened(really).await?;
            let gone = step(open.as_mut(), cut, now, really).await?;
            open.commit().await?;
            count += gone;
            if really == Really::Asked || !has_more(cut, gone) {
                break;
            }
        }
        all.push(Gone {
            what: cut.what,
            before: cut.before,
            count,
        });
    }
    Ok(all)
}

/// One step of a cut. Answers with how many went, or would; fewer than a step may
/// hold, and no more are left.
async fn step(open: &mut dyn Surgery, cut: &Cut, now: Timestamp, really: Really) -> Result<u64> {
    match (really, cut.what) {
        (Really::Asked, _) => {
            let mut ask = Statement::new(open.dialect(), "SELECT count(*)");
            old(open, cut, &mut ask);
            count(open, ask).await
        }
        (Really::Done, Kept::Log) => empty_log(open, cut, now).await,
        (Really::Done, Kept::Bounces) => empty_bounces(open, cut).await,
        (Really::Done, Kept::Imports | Kept::Acts) => {
            let mut cut_off = Statement::new(open.dialect(), "DELETE");
            old(open, cut, &mut cut_off);
            open.execute(cut_off).await
        }
    }
}

/// Whether another step may find more.
fn has_more(cut: &Cut, gone: u64) -> bool {
    match cut.what {
        Kept::Log | Kept::Bounces => gone >= u64::try_from(STEP).unwrap_or(u64::MAX),
        // They go at once.
        Kept::Imports | Kept::Acts => false,
    }
}

/// `FROM` the table `WHERE` a row is too old.
fn old(open: &dyn Surgery, cut: &Cut, statement: &mut Statement) {
    let at = open.dialect().at;
    match cut.what {
        Kept::Log => {
            statement.push(" FROM delivery_log WHERE personal IS NOT NULL AND ");
            statement.push(&at("line")).push(" < ");
            statement.value(Cell::Text(line_time(cut.before)));
        }
        Kept::Bounces => {
            statement.push(" FROM bounce WHERE length(report) > 0 AND at < ");
            statement.value(Cell::Whole(micros(cut.before)));
        }
        Kept::Imports => {
            // Identifiers are in the order of their times.
            let millisecond = u64::try_from(cut.before.as_millisecond()).unwrap_or_default();
            let first = ImportId::from_parts(millisecond, 0);
            statement.push(" FROM contact_import_entry WHERE entry < ");
            statement.value(Cell::Text(first.to_string()));
        }
        Kept::Acts => {
            statement
                .push(" FROM act WHERE ")
                .push(&at("record"))
                .push(" < ");
            statement.value(Cell::Text(line_time(cut.before)));
        }
    }
}

/// Empties the next entries, and has the log say which.
async fn empty_log(open: &mut dyn Surgery, cut: &Cut, now: Timestamp) -> Result<u64> {
    let table = Table::of(
        "delivery_log",
        &[("seq", Kind::Whole), ("distribution", Kind::Text)],
    );
    let rows = next(open, cut, &table, "seq").await?;
    let mut entries: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for row in &rows {
        let set = [("personal", Cell::Null), ("salt", Cell::Null)];
        update(open, &table, row, &set).await?;
        if let Some(Cell::Whole(seq)) = row.first() {
            let told = entries.entry(table.text(row, "distribution")).or_default();
            told.extend(u64::try_from(*seq).ok());
        }
    }
    let mut events = Vec::new();
    for (distribution, entries) in entries {
        let distribution = distribution_id(open.place(), distribution)?;
        let why = format!("older than {}", cut.before);
        events.push(erased(now, distribution, &entries, "retention", &why));
    }
    open.append(&events).await?;
    Ok(rows.len() as u64)
}

/// Empties the next reports: that they came, and what they meant, stays.
async fn empty_bounces(open: &mut dyn Surgery, cut: &Cut) -> Result<u64> {
    let table = Table::of("bounce", &[("seq", Kind::Whole), ("record", Kind::Text)]);
    let rows = next(open, cut, &table, "seq").await?;
    for row in &rows {
        let known: Bounce = table.read(open.place(), row, "record")?;
        let record = Bounce {
            diagnostic: String::new(),
            ..known
        };
        let set = [
            ("record", Cell::Text(json(&record))),
            ("report", Cell::Bytes(Vec::new())),
        ];
        update(open, &table, row, &set).await?;
    }
    Ok(rows.len() as u64)
}

async fn next(open: &mut dyn Surgery, cut: &Cut, table: &Table, order: &str) -> Result<Vec<Row>> {
    let mut ask = Statement::new(open.dialect(), format!("SELECT {}", table.names()));
    old(open, cut, &mut ask);
    ask.push(" ORDER BY ").push(order).push(" LIMIT ");
    ask.value(Cell::Whole(STEP));
    open.fetch(ask, &table.kinds()).await
}
