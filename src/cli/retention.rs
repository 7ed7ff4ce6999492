//! `dateline retention`.

use super::args::RetentionCommand;
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::Desk;
use crate::domain::retention::Gone;
use crate::store::erasure::Really;
use serde_json::json;

pub(super) async fn run(
    command: RetentionCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let RetentionCommand::Run { dry_run, by } = command;
    let really = if dry_run { Really::Asked } else { Really::Done };
    let gone = desk.retain(really, &operator(by)).await?;
    if output.is_text() {
        tell(&gone, dry_run, output);
    } else {
        output.json(&json!({ "dry_run": dry_run, "gone": gone }));
    }
    Ok(Exit::Done)
}

fn tell(gone: &[Gone], dry_run: bool, output: &Output) {
    if gone.is_empty() {
        output.say("everything is kept: dateline.toml says nothing in [retention]");
        return;
    }
    let mut rows = table(&["what", "older than", "count", ""]);
    for one in gone {
        rows.add_row([
            one.what.name().to_owned(),
            one.before.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            one.count.to_string(),
            one.what.told().to_owned(),
        ]);
    }
    output.say(&rows);
    if dry_run {
        output.say("nothing was changed");
    }
}
