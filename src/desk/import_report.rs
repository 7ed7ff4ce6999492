//! An import's report as a table: what became of which row.

use super::import::ImportReport;
use crate::domain::contact_fields::FieldChange;
use crate::domain::said::Said;
use crate::intake::safe;
use crate::said;
use std::io::Write;

const HEADER: [&str; 7] = ["line", "outcome", "email", "field", "old", "new", "message"];

/// One line of the table.
struct Line {
    line: Option<usize>,
    outcome: &'static str,
    email: String,
    message: Said,
}

impl ImportReport {
    /// Writes the report as CSV, in the order of the file's lines: one line for
    /// each field that changes, and one for whatever else there is to say. A
    /// cell that a spreadsheet would take for a formula is disarmed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_csv(&self, out: impl Write) -> std::io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(HEADER)?;
        let mut lines = self.lines();
        lines.sort_by_key(|(line, _)| line.line);
        for (line, fields) in &lines {
            if fields.is_empty() {
                write(&mut csv, line, None)?;
            }
            for field in *fields {
                write(&mut csv, line, Some(field))?;
            }
        }
        csv.flush()
    }

    fn lines(&self) -> Vec<(Line, &[FieldChange])> {
        let plan = &self.plan;
        let line = |line, outcome, email: &dyn std::fmt::Display, message: Said| Line {
            line: Some(line),
            outcome,
            email: email.to_string(),
            message,
        };
        let none: &[FieldChange] = &[];
        let added = plan
            .added
            .iter()
            .map(|one| (line(one.line, "added", &one.email, Said::default()), none));
        let changed = plan.changed.iter().map(|one| {
            let row = line(one.line, "changed", &one.email, Said::default());
            (row, one.fields.as_slice())
        });
        let conflicts = plan.conflicts.iter().map(|one| {
            let row = line(one.line, "conflict", &one.email, one.message.clone());
            (row, one.fields.as_slice())
        });
        let duplicates = plan.duplicates.iter().map(|one| {
            let message = said!("may be {like}: {why}", like = one.like, why = one.why);
            (line(one.line, "duplicate", &one.email, message), none)
        });
        let problems = plan.problems.iter().map(|problem| {
            let row = Line {
                line: problem.line,
                outcome: if problem.is_error() {
                    "rejected"
                } else {
                    "remark"
                },
                email: String::new(),
                message: problem.message.clone(),
            };
            (row, none)
        });
        added
            .chain(changed)
            .chain(conflicts)
            .chain(duplicates)
            .chain(problems)
            .collect()
    }
}

fn write<W: Write>(
    csv: &mut csv::Writer<W>,
    line: &Line,
    field: Option<&FieldChange>,
) -> std::io::Result<()> {
    let number = line.line.map(|line| line.to_string()).unwrap_or_default();
    let (name, old, new) =
        field.map_or(("", "", ""), |field| (&field.field, &field.old, &field.new));
    let message = line.message.to_string();
    let cells = [
        number.as_str(),
        line.outcome,
        &line.email,
        name,
        old,
        new,
        &message,
    ];
    csv.write_record(cells.map(|cell| safe(cell).into_owned()))?;
    Ok(())
}
