//! `dateline contacts import`, `imports` and `undo`.

use super::args::ImportArgs;
use super::contacts::private;
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::import::{ImportOptions, ImportPlan, ImportReport};
use crate::desk::{Desk, DeskError};
use crate::domain::contact_fields::FieldChange;
use crate::domain::import_record::{ImportKind, ImportRecord};
use crate::intake::{Found, Mapping, Meaning, Reading};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Rows of one kind that a dry run shows; the report file has all.
const SHOWN: usize = 50;

pub(super) async fn import(
    args: ImportArgs,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let report_kind = args.report.as_deref().map(ReportKind::of).transpose()?;
    let mappings = args.map.iter().map(|text| Mapping::parse(text));
    let mappings = mappings
        .collect::<Result<_, _>>()
        .map_err(|error| CliError::usage(format!("--map: {error}")))?;
    let options = ImportOptions {
        dry_run: args.dry_run,
        strict: args.strict,
        reading: Reading {
            encoding: args.encoding,
            mappings,
        },
        by: operator(args.by),
    };
    let report = desk.import(&args.file, &options).await?;
    if let (Some(path), Some(kind)) = (&args.report, report_kind) {
        write_report(&report, path, kind).map_err(DeskError::file("write", path))?;
    }
    let report = report.taken()?;
    if output.is_text() {
        tell(&report, output);
    } else {
        output.json(&report);
    }
    Ok(Exit::Done)
}

/// What a report file is, by its name.
#[derive(Debug, Clone, Copy)]
enum ReportKind {
    Csv,
    Json,
}

impl ReportKind {
    fn of(path: &Path) -> Result<Self, CliError> {
        let end = path.extension().and_then(|end| end.to_str());
        match end.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("json") => Ok(Self::Json),
            _ => Err(CliError::usage(format!(
                "--report {}: the name must end in .csv or .json",
                path.display()
            ))),
        }
    }
}

fn write_report(report: &ImportReport, path: &Path, kind: ReportKind) -> std::io::Result<()> {
    let mut out = BufWriter::new(private(path)?);
    match kind {
        ReportKind::Csv => report.write_csv(&mut out)?,
        ReportKind::Json => serde_json::to_writer_pretty(&mut out, report)?,
    }
    out.flush()
}

fn tell(report: &ImportReport, output: &Output) {
    let plan = &report.plan;
    for problem in &plan.problems {
        output.remark(problem);
    }
    understood(plan, output);
    if report.dry_run {
        some(output, &plan.added, |one| {
            format!("line {}: + {}", one.line, one.email)
        });
        some(output, &plan.changed, |one| {
            format!("line {}: ~ {}{}", one.line, one.email, fields(&one.fields))
        });
    }
    some(output, &plan.conflicts, |one| {
        format!(
            "line {}: conflict: {}: {}{}",
            one.line,
            one.email,
            one.message,
            fields(&one.fields)
        )
    });
    some(output, &plan.duplicates, |one| {
        format!(
            "line {}: {} may be {}: {}",
            one.line, one.email, one.like, one.why
        )
    });
    let (would, did) = if report.dry_run {
        ("would be ", " (nothing was written)")
    } else {
        ("", "")
    };
    let counts = plan.imported;
    output.say(format!(
        "{} contacts read: {} {would}added, {} {would}changed, {} unchanged, {} conflict(s), {} rejected, {} remark(s){did}",
        plan.read,
        counts.added,
        counts.changed,
        counts.unchanged,
        plan.conflicts.len(),
        plan.rejected(),
        plan.problems.iter().filter(|problem| !problem.is_error()).count(),
    ));
    if let Some(import) = report.import {
        output.say(format!("`dateline contacts undo {import}` undoes it"));
    }
}

/// How the file was understood.
fn understood(plan: &ImportPlan, output: &Output) {
    let mut parts = vec![plan.format.name().to_owned()];
    if let Some(encoding) = &plan.encoding {
        let how = match encoding.found {
            Found::Mark => " by its mark",
            Found::Form => "",
            Found::Letters => " by its letters",
            Found::Asked => " as asked",
        };
        parts.push(format!("{}{how}", encoding.name));
    }
    parts.extend(plan.within.iter().map(ToString::to_string));
    output.say(format!("{}: {}", plan.file, parts.join(", ")));
    let mapped: Vec<_> = plan
        .columns
        .iter()
        .filter(|column| column.meaning != Meaning::Ignored)
        .map(|column| format!("{} = {}", column.name, column.meaning))
        .collect();
    output.say(format!("columns: {}", mapped.join(", ")));
    let mut ignored: Vec<_> = plan
        .columns
        .iter()
        .filter(|column| column.meaning == Meaning::Ignored && !column.name.is_empty())
        .map(|column| column.name.as_str())
        .collect();
    ignored.dedup();
    if !ignored.is_empty() {
        output.say(format!("left out: {}", ignored.join(", ")));
    }
}

fn some<T>(output: &Output, all: &[T], line: impl Fn(&T) -> String) {
    for one in all.iter().take(SHOWN) {
        output.say(line(one));
    }
    if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        output.say(format!("… and {more} more; --report FILE has all"));
    }
}

/// `outlet: old -> new`, each on a line of its own.
pub(super) fn fields(fields: &[FieldChange]) -> String {
    let lines = fields.iter().map(|field| {
        format!(
            "\n    {}: {} -> {}",
            field.field,
            shown(&field.old),
            shown(&field.new)
        )
    });
    lines.collect()
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        "(nothing)".to_owned()
    } else {
        // A value of several lines stays on one.
        value.replace('\n', "⏎")
    }
}

pub(super) async fn imports(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let imports = desk.imports().await?;
    if output.is_text() {
        let mut rows = table(&["import", "at", "by", "what", "added", "changed", "undone"]);
        for one in &imports {
            rows.add_row([
                one.id.to_string(),
                one.at.to_string(),
                one.by.clone(),
                what(one),
                one.added.to_string(),
                one.changed.to_string(),
                one.undone
                    .as_ref()
                    .map(|undone| format!("{} by {}", undone.at, undone.by))
                    .unwrap_or_default(),
            ]);
        }
        output.say(&rows);
    } else {
        output.json(&imports);
    }
    Ok(Exit::Done)
}

fn what(record: &ImportRecord) -> String {
    match record.kind {
        ImportKind::File => record.source.clone(),
        ImportKind::Merge => "two contacts merged".to_owned(),
    }
}

pub(super) async fn undo(
    which: Option<&str>,
    by: Option<String>,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let report = desk.undo_import(which, &operator(by)).await?;
    if output.is_text() {
        output.say(format!(
            "{} ({}) is undone: {} contacts are as they were before, {} are gone again",
            report.import.id,
            what(&report.import),
            report.restored,
            report.removed
        ));
    } else {
        output.json(&report);
    }
    Ok(Exit::Done)
}
