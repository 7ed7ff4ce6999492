//! `dateline contacts show --everything` and `dateline contacts forget`.

use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::privacy::{Everything, ForgetReport};
use crate::desk::{Desk, Wiring};
use serde_json::Value;

pub(super) async fn show(email: &str, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let all = desk.everything(email).await?;
    if output.is_text() {
        tell(&all, output);
    } else {
        output.json(&all);
    }
    Ok(Exit::Done)
}

fn tell(all: &Everything, output: &Output) {
    let at = all.at.strftime("%Y-%m-%d %H:%M UTC");
    output.say(format!("Everything that is held of {}, {at}", all.email));
    for (table, rows) in &all.store {
        output.say(format!("\n{} ({})", Everything::title(table), rows.len()));
        for (n, row) in rows.iter().enumerate() {
            if n > 0 {
                output.say("");
            }
            for (name, value) in row {
                line(name, value, output);
            }
        }
    }
    if !all.files.is_empty() {
        output.say("\nFiles");
        for file in &all.files {
            output.say(format!("  {file}"));
        }
    }
    if all.is_nothing() {
        output.say("\nnothing");
    }
}

/// A value under its name; what is in it, under both names.
fn line(name: &str, value: &Value, output: &Output) {
    match value {
        Value::Object(fields) => {
            for (inner, value) in fields {
                line(&format!("{name}.{inner}"), value, output);
            }
        }
        Value::Array(items) if items.iter().any(|one| one.is_object() || one.is_array()) => {
            for (n, value) in items.iter().enumerate() {
                line(&format!("{name}.{}", n + 1), value, output);
            }
        }
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().map(plain).collect();
            output.say(format!("  {name}: {}", texts.join(", ")));
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let text = plain(value).replace('\n', "\n      ");
            output.say(format!("  {name}: {text}"));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace("\r\n", "\n"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// Without `--yes` it is only told what would go.
pub(super) async fn forget(
    email: &str,
    yes: bool,
    by: &str,
    desk: &Desk,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    if !yes {
        let all = desk.everything(email).await?;
        for (table, rows) in &all.store {
            output.remark(format!("  {} ({})", Everything::title(table), rows.len()));
        }
        for file in &all.files {
            output.remark(format!("  {file}"));
        }
        return Err(CliError::usage(format!(
            "this erases for good what is held of {}, and nothing can be written to it any more; nothing was erased yet, say --yes to do it",
            all.email
        )));
    }
    let report = desk.forget(email, by, wiring).await?;
    if output.is_text() {
        told(&report, output);
    } else {
        output.json(&report);
    }
    Ok(match report.pending {
        None => Exit::Done,
        Some(_) => Exit::Infrastructure,
    })
}

fn told(report: &ForgetReport, output: &Output) {
    let email = &report.email;
    if let Some(before) = report.erased.before {
        let day = before.strftime("%Y-%m-%d");
        output.say(format!("{email} was forgotten on {day}"));
    }
    let rows: u64 = report.erased.rows.values().sum();
    output.say(format!(
        "{email}: {rows} row(s) of the store erased or emptied, {} planned mail(s) cancelled, {} file(s) of caught mails removed",
        report.erased.cancelled, report.caught
    ));
    for copy in &report.copies {
        output.say(format!("  also from the copy {copy}"));
    }
    for left in &report.remaining {
        output.remark(format!("  stays: {left}"));
    }
    if let Some(why) = &report.pending {
        output.remark(format!(
            "something may remain in free pages of the store: {why}; run the same command again"
        ));
    }
}
