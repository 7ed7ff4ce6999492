//! `dateline bounce`.

use super::args::BounceCommand;
use super::error::{CliError, Exit};
use super::output::{Output, counted, table};
use crate::desk::Desk;
use crate::desk::bounces::Ingested;
use crate::domain::bounce_search::BounceSearch;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) async fn run(
    command: BounceCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        BounceCommand::Ingest { files } => {
            tell(&desk.ingest_bounces(files).await?, output);
            Ok(Exit::Done)
        }
        BounceCommand::Fetch => {
            tell(&desk.fetch_bounces().await?, output);
            Ok(Exit::Done)
        }
        BounceCommand::List {
            search,
            kind,
            limit,
        } => {
            let search = BounceSearch {
                text: search.unwrap_or_default(),
                email: None,
                finding: kind,
            };
            list(&search, limit, desk, output).await
        }
        BounceCommand::Show { report } => show(&report, desk, output).await,
    }
}

fn tell(ingested: &Ingested, output: &Output) {
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
        output.json(ingested);
    }
}

async fn list(
    search: &BounceSearch,
    limit: u32,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    let found = desk.bounces(search, None, limit).await?;
    let bounces: Vec<_> = found.into_iter().map(|(_, bounce)| bounce).collect();
    if output.is_text() {
        let mut rows = table(&["at", "email", "kind", "class", "rule", "by", "report"]);
        for bounce in &bounces {
            let failure = bounce.finding.failure();
            rows.add_row([
                bounce.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                bounce.email.to_string(),
                bounce.finding.name().to_owned(),
                failure
                    .map_or("", |failure| failure.class.name())
                    .to_owned(),
                bounce.ground.to_string(),
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
    let whole = desk.bounce(report).await?;
    if output.is_text() {
        output.write(&whole.text());
    } else {
        let standing = whole.standing.as_ref();
        output.json(&json!({
            "report": report,
            "bounce": whole.bounce,
            "distribution": standing.map(|standing| standing.delivery.distribution),
            "headline": whole.headline,
            "state": standing.map(|standing| standing.state.name()),
            "suppression": whole.suppression,
            "message": whole.text(),
        }));
    }
    Ok(Exit::Done)
}
