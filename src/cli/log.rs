//! `dateline log`.

use super::args::{Format, LogCommand};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::{Desk, DeskError};
use crate::domain::ids::DistributionId;
use crate::store::LogRow;
use serde_json::{Map, Value};

pub(super) async fn run(
    command: Option<LogCommand>,
    distribution: Option<&str>,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    match command {
        Some(LogCommand::Verify { head }) => verify(head.as_deref(), desk, output).await,
        None => {
            let distribution = match distribution {
                Some(text) => Some(desk.find(text).await?.id),
                None => None,
            };
            show(distribution, desk, output).await
        }
    }
}

async fn verify(anchor: Option<&str>, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let verification = desk.verify().await?;
    let anchored = match anchor {
        Some(hash) => holds(hash, desk).await?,
        None => true,
    };
    if output.is_text() {
        match &verification.broken {
            Some(broken) => output.say(format!("the log is broken: {broken}")),
            None => output.say(format!(
                "{} entries, each as it was written; the last hash is {}",
                verification.entries, verification.head
            )),
        }
        if !anchored {
            output
                .say("the hash given with --head is not in the chain: the log was replaced or cut");
        }
    } else {
        output.json(&verification);
    }
    Ok(if verification.verified && anchored {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

/// Whether an entry with this hash is in the log.
async fn holds(hash: &str, desk: &Desk) -> Result<bool, CliError> {
    let mut found = false;
    desk.each_entry(None, |row| {
        found |= row.entry.hash == hash;
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn show(
    distribution: Option<DistributionId>,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut csv = csv::Writer::from_writer(std::io::stdout());
    if output.format() == Format::Csv {
        csv.write_record(COLUMNS)
            .map_err(|error| CliError::infrastructure(error.to_string()))?;
    }
    desk.each_entry(distribution, |row| {
        let entry = Flat::of(&row);
        match output.format() {
            Format::Text => output.say(entry.text()),
            Format::Json => output.write(&format!("{}\n", Value::Object(entry.0))),
            Format::Csv => csv
                .write_record(entry.record())
                .map_err(|error| DeskError::request(error.to_string()))?,
        }
        Ok(())
    })
    .await?;
    csv.flush()?;
    Ok(Exit::Done)
}

/// The columns of the CSV, in order.
const COLUMNS: [&str; 17] = [
    "seq",
    "at",
    "distribution",
    "delivery",
    "event",
    "email",
    "name",
    "language",
    "phase",
    "attempt",
    "relay",
    "step",
    "code",
    "enhanced",
    "reply",
    "until",
    "hash",
];

/// An entry with its personal facts beside the others.
struct Flat(Map<String, Value>);

impl Flat {
    fn of(row: &LogRow) -> Self {
        let parsed =
            |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let mut facts = parsed(&row.entry.line);
        facts.extend(
            row.entry
                .personal
                .as_deref()
                .map(parsed)
                .unwrap_or_default(),
        );
        facts.insert("hash".to_owned(), Value::from(row.entry.hash.as_str()));
        Self(facts)
    }

    fn get(&self, name: &str) -> String {
        match self.0.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    fn record(&self) -> Vec<String> {
        // A spreadsheet takes some beginnings for formulas.
        COLUMNS
            .iter()
            .map(|name| self.get(name))
            .map(|cell| {
                if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                    format!("'{cell}")
                } else {
                    cell
                }
            })
            .collect()
    }

    fn text(&self) -> String {
        let shown = [
            "seq",
            "at",
            "distribution",
            "delivery",
            "event",
            "hash",
            "commitment",
        ];
        let facts: Vec<_> = self
            .0
            .iter()
            .filter(|(name, _)| !shown.contains(&name.as_str()))
            .map(|(name, _)| format!("{name}={}", self.get(name).replace('\n', " / ")))
            .collect();
        let whose = if self.get("delivery").is_empty() {
            self.get("distribution")
        } else {
            self.get("delivery")
        };
        format!(
            "{:>6}  {}  {:<12} {whose}  {}",
            self.get("seq"),
            self.get("at"),
            self.get("event"),
            facts.join("  ")
        )
    }
}
