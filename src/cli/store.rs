//! `dateline store`.

use super::args::StoreCommand;
use super::error::{CliError, Exit};
use super::output::{Output, table};
use crate::desk::Wiring;
use crate::desk::store::{check_store, copy_store};
use crate::store::copy::{AtWork, PartCopied};
use std::path::Path;

pub(super) async fn run(
    command: StoreCommand,
    workspace: &Path,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        StoreCommand::Copy { from, to, force } => {
            let at_work = if force {
                AtWork::Ignore
            } else {
                AtWork::Refuse
            };
            copy(workspace, &from, &to, at_work, wiring, output).await
        }
        StoreCommand::Check => check(workspace, wiring, output).await,
    }
}

async fn copy(
    workspace: &Path,
    from: &str,
    to: &str,
    at_work: AtWork,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    let made = copy_store(workspace, from, to, at_work, wiring).await?;
    if !output.is_text() {
        output.json(&made);
        return Ok(Exit::Done);
    }
    output.say(format!("{} is copied to {}", made.from, made.to));
    show(&made.copied.parts, output);
    output.say(format!(
        "every row was read back as it was written; {} log entries verify, the last hash is {}",
        made.copied.log_entries, made.copied.head
    ));
    output.say(format!(
        "dateline.toml still says where the store is; `[store] url = \"{}\"` goes on with the copy",
        made.to
    ));
    Ok(Exit::Done)
}

async fn check(workspace: &Path, wiring: &dyn Wiring, output: &Output) -> Result<Exit, CliError> {
    let checked = check_store(workspace, wiring).await?;
    if output.is_text() {
        output.say(format!("{}, schema {}", checked.store, checked.schema));
        show(&checked.parts, output);
        match &checked.broken {
            Some(broken) => output.say(format!("the log is broken: {broken}")),
            None => output.say(format!(
                "the log verifies; the last hash is {}",
                checked.head
            )),
        }
    } else {
        output.json(&checked);
    }
    Ok(if checked.verified {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

fn show(parts: &[PartCopied], output: &Output) {
    let mut rows = table(&["what", "rows"]);
    for part in parts {
        rows.add_row([part.part.to_owned(), part.rows.to_string()]);
    }
    output.say(rows);
}
