//! `dateline segments`.

use super::contacts::refused;
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use super::people_args::SegmentsCommand;
use crate::desk::Desk;
use crate::desk::segments::{Counted, Group, NewSegment, SegmentSaved};
use serde_json::json;

pub(super) async fn run(
    command: SegmentsCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        SegmentsCommand::List => list(desk, output).await,
        SegmentsCommand::Save {
            name,
            rule,
            to,
            not,
            by,
        } => {
            let new = NewSegment {
                name,
                rule: rule.unwrap_or_default(),
                to,
                not,
            };
            match desk.save_segment(&new, &operator(by)).await? {
                SegmentSaved::Done(saved) => say(&saved, output),
                SegmentSaved::Faulty(faults) => return Err(refused(&faults)),
            }
            Ok(Exit::Done)
        }
    }
}

fn say(saved: &Group, output: &Output) {
    if output.is_text() {
        output.say(format!("{}: saved; {} contacts", saved.name, saved.count));
    } else {
        output.json(saved);
    }
}

async fn list(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let counted = Counted::default();
    let segments = desk.segment_groups(&counted).await?;
    let lists = desk.press_lists(&counted).await?;
    if !output.is_text() {
        output.json(&json!({ "segments": *segments, "lists": lists.groups }));
        return Ok(Exit::Done);
    }
    let mut rows = table(&["name", "contacts", "rule"]);
    for group in segments.iter().chain(&lists.groups) {
        let rule = group.rule.as_deref().unwrap_or_default();
        let rule = rule.split_whitespace().collect::<Vec<_>>().join(" ");
        rows.add_row([group.name.clone(), group.count.to_string(), rule]);
    }
    output.say(&rows);
    Ok(Exit::Done)
}
