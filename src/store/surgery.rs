//! Tables opened as they are, cell by cell: for what must reach every place where
//! somebody is named, also in tables that are made after this was written. The
//! statements are written here, in the little in which the backends differ; a
//! backend carries them out.

use super::Result;
use super::archive::{Cell, Kind, Row};
use super::erasure::Really;
use super::values::{damaged, from_json};
use crate::domain::contact::Contact;
use crate::domain::log::LogEvent;
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// Values in one list of a statement.
const LIST: usize = 500;

/// A table as the schema has it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether it is of the primary key.
    pub(super) key: bool,
}

/// In what the backends differ.
#[derive(Debug)]
pub(super) struct Dialect {
    /// What stands before the number of a value.
    pub(super) place: char,
    /// Whether a text column holds a text, in ASCII letters of any case.
    pub(super) text_holds: fn(&str, &str) -> String,
    /// Whether a column of octets holds it.
    pub(super) octets_hold: fn(&str, &str) -> String,
    /// What is looked for in octets.
    pub(super) octets_part: fn(&str) -> String,
    /// The time in a JSON text, in a way that compares octet by octet.
    pub(super) at: fn(&str) -> String,
}

/// A statement with its values.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Cell>,
    place: char,
}

impl Statement {
    pub(super) fn new(dialect: &Dialect, sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
            place: dialect.place,
        }
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Binds a value, and gives how it is named.
    fn named(&mut self, value: Cell) -> String {
        self.values.push(value);
        format!("{}{}", self.place, self.values.len())
    }

    pub(super) fn value(&mut self, value: Cell) -> &mut Self {
        let named = self.named(value);
        self.push(&named)
    }

    /// ` column = value`, for each; `between` stands between them.
    fn pairs(&mut self, pairs: &[(&str, Cell)], between: &str) {
        for (n, (column, value)) in pairs.iter().enumerate() {
            self.push(if n == 0 { " " } else { between });
            self.push(column).push(" = ").value(value.clone());
        }
    }
}

/// Tables open in one transaction.
#[async_trait]
pub(super) trait Surgery: Send {
    fn place(&self) -> &str;

    fn dialect(&self) -> &'static Dialect;

    /// Every table of ours, as the schema has them now.
    async fn tables(&mut self) -> Result<Vec<Table>>;

    /// Rows of a statement, whose columns are of these kinds.
    async fn fetch(&mut self, statement: Statement, kinds: &[Kind]) -> Result<Vec<Row>>;

    /// Carries a statement out; answers with how many rows it changed.
    async fn execute(&mut self, statement: Statement) -> Result<u64>;

    /// Keeps distributions and what is in them as they are until the end.
    async fn hold(&mut self, distributions: &BTreeSet<String>) -> Result<()>;

    /// Writes a contact after the one that was there, with what it is found by;
    /// `None` takes it away.
    async fn change_contact(&mut self, old: &Contact, new: Option<&Contact>) -> Result<()>;

    /// Adds to the log.
    async fn append(&mut self, events: &[LogEvent]) -> Result<()>;

    /// Commits. Dropped without this, nothing was done.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// Opens its tables.
#[async_trait]
pub(super) trait Opens: Sync {
    /// To look, or to change what nobody else changes.
    async fn opened(&self, really: Really) -> Result<Box<dyn Surgery>>;
}

/// The tables that steps of a schema make.
pub(super) fn made_by(steps: &[&str]) -> BTreeSet<String> {
    let lines = steps.iter().flat_map(|step| step.lines());
    let made = lines.filter_map(|line| {
        let rest = line
            .strip_prefix("CREATE TABLE ")
            .or_else(|| line.strip_prefix("CREATE UNLOGGED TABLE "))?;
        rest.split([' ', '(']).next().map(str::to_owned)
    });
    made.collect()
}

impl Table {
    /// Some columns of a table that is known here; the first is its key.
    pub(super) fn of(name: &str, columns: &[(&str, Kind)]) -> Self {
        let columns = columns.iter().enumerate();
        Self {
            name: name.to_owned(),
            columns: columns
                .map(|(n, (name, kind))| Column {
                    name: (*name).to_owned(),
                    kind: *kind,
                    key: n == 0,
                })
                .collect(),
        }
    }

    /// A cell of a row of this table.
    pub(super) fn cell<'r>(&self, row: &'r Row, column: &str) -> Option<&'r Cell> {
        let at = self.columns.iter().position(|one| one.name == column)?;
        row.get(at)
    }

    /// A text of a row; empty where there is none.
    pub(super) fn text<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        match self.cell(row, column) {
            Some(Cell::Text(text)) => text,
            Some(Cell::Null | Cell::Whole(_) | Cell::Bytes(_)) | None => "",
        }
    }

    /// A value of ours, off a text column.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        place: &str,
        row: &Row,
        column: &str,
    ) -> Result<T> {
        from_json(place, &self.name, self.text(row, column))
    }

    pub(super) fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|column| column.kind).collect()
    }

    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|one| one.name.as_str()).collect();
        names.join(", ")
    }

    /// The key of a row: what tells it from all others.
    fn key(&self, place: &str, row: &Row) -> Result<Vec<(&str, Cell)>> {
        let columns = self.columns.iter().zip(row);
        let key: Vec<_> = columns
            .filter(|(column, _)| column.key)
            .map(|(column, cell)| (column.name.as_str(), cell.clone()))
            .collect();
        if key.is_empty() {
            return Err(damaged(place, &self.name, "the table has no key"));
        }
        Ok(key)
    }
}

/// One of the tables by its name.
pub(super) fn named<'t>(place: &str, tables: &'t [Table], name: &str) -> Result<&'t Table> {
    let found = tables.iter().find(|table| table.name == name);
    found.ok_or_else(|| damaged(place, "schema", format!("there is no table `{name}`")))
}

/// Rows in which any text or octets hold one of these parts.
pub(super) async fn holding(
    open: &mut dyn Surgery,
    table: &Table,
    parts: &[&str],
) -> Result<Vec<Row>> {
    let dialect = open.dialect();
    let mut statement = Statement::new(dialect, select(table));
    let mut conditions = Vec::new();
    for column in &table.columns {
        for part in parts {
            let (holds, part) = match column.kind {
                Kind::Whole => continue,
                Kind::Text => (dialect.text_holds, (*part).to_owned()),
                Kind::Bytes => (dialect.octets_hold, (dialect.octets_part)(part)),
            };
            let value = statement.named(Cell::Text(part));
            conditions.push(holds(&column.name, &value));
        }
    }
    if conditions.is_empty() {
        return Ok(Vec::new());
    }
    statement.push(" WHERE ").push(&conditions.join(" OR "));
    open.fetch(statement, &table.kinds()).await
}

/// Rows in which a column is one of these.
pub(super) async fn having(
    open: &mut dyn Surgery,
    table: &Table,
    column: &str,
    values: &[String],
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for values in values.chunks(LIST) {
        let mut statement = Statement::new(open.dialect(), select(table));
        statement.push(" WHERE ").push(column).push(" IN (");
        for (n, value) in values.iter().enumerate() {
            statement.push(if n == 0 { "" } else { ", " });
            statement.value(Cell::Text(value.clone()));
        }
        statement.push(")");
        rows.extend(open.fetch(statement, &table.kinds()).await?);
    }
    Ok(rows)
}

fn select(table: &Table) -> String {
    format!("SELECT {} FROM {}", table.names(), table.name)
}

/// Changes cells of a row.
pub(super) async fn update(
    open: &mut dyn Surgery,
    table: &Table,
    row: &Row,
    set: &[(&str, Cell)],
) -> Result<()> {
    let key = table.key(open.place(), row)?;
    let mut statement = Statement::new(open.dialect(), format!("UPDATE {} SET", table.name));
    statement.pairs(set, ", ");
    statement.push(" WHERE");
    statement.pairs(&key, " AND ");
    open.execute(statement).await.map(drop)
}

/// Takes a row away.
pub(super) async fn delete(open: &mut dyn Surgery, table: &Table, row: &Row) -> Result<()> {
    let key = table.key(open.place(), row)?;
    let mut statement = Statement::new(open.dialect(), format!("DELETE FROM {} WHERE", table.name));
    statement.pairs(&key, " AND ");
    open.execute(statement).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_told_by_the_steps_that_make_them() {
        let steps = [
            "-- A note.\nCREATE TABLE one (\n    a TEXT\n);\nCREATE INDEX two ON one (a);",
            "CREATE UNLOGGED TABLE three (a);\nCREATE VIEW four AS SELECT 1;",
        ];
        assert_eq!(
            made_by(&steps),
            BTreeSet::from(["one".to_owned(), "three".to_owned()])
        );
    }
}
