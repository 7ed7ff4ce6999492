//! A newsroom to measure with: the sample workspace under a list of readers.

use anyhow::{Context, Result, ensure};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program, as it was built with this benchmark.
pub(crate) const DATELINE: &str = env!("CARGO_BIN_EXE_dateline");
/// Readers of this segment are the list.
pub(crate) const SEGMENT: &str = "bench";

const HEADER: &str = "email,name,salutation,outlet,country,languages,time_zone,beats";

/// Copies the sample newsroom into a new folder.
pub(crate) fn init(dir: &Path) -> Result<PathBuf> {
    let mut command = Command::new(DATELINE);
    command.arg("init").arg(dir);
    finish(&mut command)?;
    Ok(dir.to_owned())
}

/// The sample newsroom without its logo, whose image would be most of the mail.
pub(crate) fn plain(dir: &Path) -> Result<PathBuf> {
    let workspace = init(dir)?;
    edit(&workspace.join("dateline.toml"), |text| {
        let lines: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with("logo"))
            .collect();
        lines.join("\n")
    })?;
    std::fs::write(
        workspace.join("segments.toml"),
        format!(
            "[segment.{SEGMENT}]\nwhere = \"contact.country in ['KZ', 'FR'] && 'water' in contact.beats\"\n"
        ),
    )?;
    Ok(workspace)
}

/// Takes so many readers into a newsroom's store.
pub(crate) fn import(
    workspace: &Path,
    count: u32,
    reader: impl Fn(u32) -> Vec<String>,
) -> Result<()> {
    let mut csv = format!("{HEADER}\n");
    for n in 0..count {
        writeln!(csv, "{}", reader(n).join(","))?;
    }
    let file = workspace.join("readers.csv");
    std::fs::write(&file, csv)?;
    run(
        workspace,
        &["contacts", "import", &file.display().to_string()],
    )
}

/// A reader, in the order of the columns.
pub(crate) fn reader(n: u32, country: &str, languages: &str, zone: &str) -> Vec<String> {
    vec![
        format!("reader{n}@d{}.example", n % 1000),
        format!("Reader {n}"),
        format!("Dear Reader {n}"),
        format!("Outlet {n}"),
        country.to_owned(),
        languages.to_owned(),
        zone.to_owned(),
        "water;politics".to_owned(),
    ]
}

/// Rewrites a file.
pub(crate) fn edit(file: &Path, change: impl FnOnce(&str) -> String) -> Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    std::fs::write(file, change(&text)).with_context(|| format!("cannot write {}", file.display()))
}

/// A command over a workspace.
pub(crate) fn dateline(workspace: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(DATELINE);
    command.arg("-C").arg(workspace).args(args);
    command
}

/// Runs a command over a workspace to its good end.
pub(crate) fn run(workspace: &Path, args: &[&str]) -> Result<()> {
    finish(&mut dateline(workspace, args))
}

fn finish(command: &mut Command) -> Result<()> {
    let said = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()?;
    ensure!(
        said.status.success(),
        "{command:?}: {}: {}",
        said.status,
        String::from_utf8_lossy(&said.stderr)
    );
    Ok(())
}

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), middle.checked_sub(1)) {
        (Some(upper), Some(below)) if values.len().is_multiple_of(2) => {
            f64::midpoint(values[below], *upper)
        }
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}
