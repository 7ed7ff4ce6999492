//! `dateline suppression`.

use super::contacts::{destination, unwritten};
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use super::people_args::{BarSearch, ReasonArg, SuppressionCommand};
use crate::desk::{Desk, DeskError};
use crate::domain::suppression::SuppressionSearch;
use crate::intake::SuppressionWriter;
use serde_json::json;
use std::path::Path;

pub(super) async fn run(
    command: SuppressionCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    match command {
        SuppressionCommand::Add {
            emails,
            reason,
            why,
            by,
        } => add(&emails, reason, &why, &operator(by), desk, output).await,
        SuppressionCommand::Lift {
            email,
            forgotten: true,
            why,
            by,
        } => lift_forgotten(&email, &why, &operator(by), desk, output).await,
        SuppressionCommand::Lift {
            email,
            forgotten: false,
            why,
            by,
        } => {
            output.refuse_csv()?;
            let bar = desk.lift_suppression(&email, &why, &operator(by)).await?;
            if output.is_text() {
                let (reason, since) = (bar.reason.name(), desk.shown(bar.at));
                output.say(format!(
                    "{}: no longer barred ({reason}, since {since})",
                    bar.email
                ));
            } else {
                output.json(&json!({ "lifted": bar }));
            }
            Ok(Exit::Done)
        }
        SuppressionCommand::List(search) => list(search, desk, output).await,
        SuppressionCommand::Export { file, search } => {
            export(file.as_deref(), search, desk, output).await
        }
        SuppressionCommand::Import { file, dry_run, by } => {
            import(&file, dry_run, &operator(by), desk, output).await
        }
    }
}

async fn lift_forgotten(
    email: &str,
    why: &str,
    by: &str,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let (email, since) = desk.lift_forgotten(email, why, by).await?;
    if output.is_text() {
        let since = desk.shown(since);
        output.say(format!(
            "{email}: forgotten since {since}, and may be known again"
        ));
    } else {
        output.json(&json!({ "email": email, "forgotten": since }));
    }
    Ok(Exit::Done)
}

async fn add(
    emails: &[String],
    reason: ReasonArg,
    why: &str,
    by: &str,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let added = desk.suppress(emails, reason.into(), why, by).await?;
    let known = emails.len() as u64 - added.min(emails.len() as u64);
    if output.is_text() {
        output.say(format!("{added} barred, {known} barred already"));
    } else {
        output.json(&json!({ "added": added, "known": known }));
    }
    Ok(Exit::Done)
}

impl From<BarSearch> for SuppressionSearch {
    fn from(search: BarSearch) -> Self {
        Self {
            text: search.search.trim().to_owned(),
            reason: search.reason.map(Into::into),
        }
    }
}

async fn list(search: BarSearch, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let mut bars = Vec::new();
    desk.each_suppression(&search.into(), |bar| {
        bars.push(bar);
        Ok(())
    })
    .await?;
    if !output.is_text() {
        output.json(&json!({ "suppressions": bars }));
        return Ok(Exit::Done);
    }
    let mut rows = table(&["address", "reason", "since", "by", "why"]);
    for bar in &bars {
        rows.add_row([
            bar.email.to_string(),
            bar.reason.name().to_owned(),
            desk.shown(bar.at),
            bar.source.clone(),
            bar.note.clone(),
        ]);
    }
    output.say(&rows);
    output.say(format!("{} barred", bars.len()));
    Ok(Exit::Done)
}

async fn export(
    file: Option<&Path>,
    search: BarSearch,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    if output.format() == super::args::Format::Json {
        return list(search, desk, output).await;
    }
    let failed = unwritten(file);
    let out = destination(file).map_err(&failed)?;
    let mut writer = SuppressionWriter::new(out).map_err(&failed)?;
    let written = desk
        .each_suppression(&search.into(), |bar| writer.write(&bar).map_err(&failed))
        .await?;
    writer.finish().map_err(failed)?;
    if let Some(path) = file {
        output.say(format!(
            "{written} barred addresses written to {}",
            path.display()
        ));
    }
    Ok(Exit::Done)
}

async fn import(
    file: &Path,
    dry_run: bool,
    by: &str,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let bytes = std::fs::read(file).map_err(DeskError::file("read", file))?;
    let name = file.display().to_string();
    let done = desk.import_suppressions(&bytes, &name, dry_run, by).await?;
    if !output.is_text() {
        output.json(&done);
        return Ok(Exit::Done);
    }
    for problem in &done.problems {
        output.remark(problem);
    }
    let (would, nothing) = if dry_run {
        ("would be ", " (nothing was written)")
    } else {
        ("", "")
    };
    output.say(format!(
        "{} addresses read: {} {would}barred, {} barred already, {} remark(s){nothing}",
        done.read,
        done.added,
        done.read as u64 - done.added,
        done.problems.len()
    ));
    Ok(Exit::Done)
}
