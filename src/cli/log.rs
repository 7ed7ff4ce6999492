//! `dateline log`.

use super::args::{Format, LogCommand};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::log::{COLUMNS, Flat, SearchWords};
use crate::desk::{Desk, DeskError};
use crate::domain::log_search::LogSearch;
use crate::domain::said::Said;
use serde_json::Value;

pub(super) async fn run(
    command: Option<LogCommand>,
    words: SearchWords,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    match command {
        Some(LogCommand::Verify { head }) => verify(head.as_deref(), desk, output).await,
        None => {
            let search = desk.log_search(&words).await?;
            show(&search, desk, output).await
        }
    }
}

async fn verify(anchor: Option<&str>, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let verification = desk.verify(anchor).await?;
    let anchored = verification.anchored != Some(false);
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

async fn show(search: &LogSearch, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let mut csv = csv::Writer::from_writer(std::io::stdout());
    if output.format() == Format::Csv {
        csv.write_record(COLUMNS)
            .map_err(|error| CliError::infrastructure(error.to_string()))?;
    }
    desk.each_entry(search, |row| {
        let entry = Flat::of(&row);
        match output.format() {
            Format::Text => output.say(entry.text()),
            Format::Json => output.write(&format!("{}\n", Value::Object(entry.0))),
            Format::Csv => csv
                .write_record(entry.record())
                .map_err(|error| DeskError::request(Said::verbatim(error)))?,
        }
        Ok(())
    })
    .await?;
    csv.flush()?;
    Ok(Exit::Done)
}
