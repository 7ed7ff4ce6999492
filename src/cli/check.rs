//! `dateline check`.

use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::Wiring;
use crate::desk::check::check;
use serde_json::json;
use std::path::Path;

pub(super) fn run(
    workspace: &Path,
    release: Option<&str>,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let checked = check(workspace, release, wiring)?;
    let errors = checked
        .problems
        .iter()
        .filter(|problem| problem.is_error())
        .count();
    if output.is_text() {
        for problem in &checked.problems {
            output.say(problem);
        }
        let warnings = checked.problems.len() - errors;
        output.say(format!(
            "{} release(s) looked at: {errors} error(s), {warnings} warning(s)",
            checked.releases.len()
        ));
    } else {
        output.json(&json!({ "ok": !checked.has_errors(), "releases": checked.releases, "problems": checked.problems }));
    }
    Ok(if checked.has_errors() {
        Exit::Input
    } else {
        Exit::Done
    })
}
