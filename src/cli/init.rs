//! `dateline init`.

use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::{Wiring, init};
use serde_json::json;
use std::path::Path;

pub(super) fn run(dir: &Path, wiring: &dyn Wiring, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let files = init::init(dir, wiring.clock().now())?;
    if output.is_text() {
        output.say(format!(
            "made the workspace {} with {} files",
            dir.display(),
            files.len()
        ));
        output.say("what next:");
        output.say("  edit dateline.toml: the newsroom's name and addresses, the relay");
        output.say(format!("  dateline -C {} check", dir.display()));
        output.say(format!(
            "  dateline -C {} contacts import {}/contacts.csv",
            dir.display(),
            dir.display()
        ));
    } else {
        output.json(&json!({ "workspace": dir, "files": files }));
    }
    Ok(Exit::Done)
}
