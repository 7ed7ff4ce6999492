//! `dateline bounce`.

use super::args::BounceCommand;
use super::error::{CliError, Exit};
use super::output::{Output, counted, table};
use crate::desk::Desk;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) async fn run(
    command: BounceCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        BounceCommand::Ingest { files } => ingest(files, desk, output).await,
        BounceCommand::List { limit } => list(limit, desk, output).await,
        BounceCommand::Show { report } => show(&report, desk, output).await,
    }
}

async fn ingest(files: Vec<PathBuf>, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let ingested = desk.ingest_bounces(files).await?;
    if output.is_text() {
        let kept: BTreeMap<_, _> = ingested
            .kept
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect();
        output.say(format!(
            "{} message(s) read; taken in: {}; {} bounced, {} address(es) barred; {} known before, {} of no known delivery, {} no report",
            ingested.messages,
            counted(&kept),
            ingested.bounced,
            ingested.barred,
            ingested.known,
            ingested.unmatched,
            ingested.unknown
        ));
    } else {
        output.json(&ingested);
    }
    Ok(Exit::Done)
}

async fn list(limit: u32, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let bounces = desk.bounces(None, limit).await?;
    let bounces: Vec<_> = bounces.into_iter().map(|(_, bounce)| bounce).collect();
    if output.is_text() {
        let mut rows = table(&["at", "email", "kind", "class", "status", "by", "report"]);
        for bounce in &bounces {
            let failure = bounce.finding.failure();
            rows.add_row([
                bounce.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                bounce.email.to_string(),
                bounce.finding.name().to_owned(),
                failure
                    .map_or("", |failure| failure.class.name())
                    .to_owned(),
                bounce
                    .status
                    .map(|code| code.to_string())
                    .unwrap_or_default(),
                bounce.evidence.name().to_owned(),
                bounce.fingerprint.clone(),
            ]);
        }
        output.say(&rows);
        output.say(format!("{} report(s)", bounces.len()));
    } else {
        output.json(&json!({ "bounces": bounces }));
    }
    Ok(Exit::Done)
}

async fn show(report: &str, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let octets = desk.bounce_report(report).await?;
    let text = String::from_utf8_lossy(&octets);
    if output.is_text() {
        output.write(&text);
    } else {
        output.json(&json!({ "report": report, "message": text }));
    }
    Ok(Exit::Done)
}
