//! A new workspace, made from the sample newsroom.

use super::DeskError;
use crate::said;
use include_dir::{Dir, include_dir};
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

/// The sample newsroom, as it stands in the repository.
static EXAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/example");

/// Makes a workspace in a folder that is not there or empty. Its embargoed
/// release lifts a week from now, so that it passes `check` and shows both clocks.
///
/// # Errors
/// The folder holds something already, or cannot be written.
pub fn init(dir: &Path, now: Timestamp) -> Result<Vec<PathBuf>, DeskError> {
    let week = now
        .saturating_add(SignedDuration::from_hours(7 * 24))
        .unwrap_or(now);
    let eleven = week
        .in_tz(ZONE)
        .and_then(|local| local.date().at(11, 0, 0, 0).in_tz(ZONE));
    let lift = eleven.map_or(week, |local| local.timestamp());
    write_example(dir, lift)
}

/// Writes the sample newsroom with the embargo at an instant.
pub(super) fn write_example(dir: &Path, lift: Timestamp) -> Result<Vec<PathBuf>, DeskError> {
    let taken = dir
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(DeskError::request(said!(
            "{dir} is not empty; name a new folder",
            dir = dir.display()
        )));
    }
    let mut written = Vec::new();
    copy(&EXAMPLE, dir, lift, &mut written)?;
    written.sort();
    Ok(written)
}

fn copy(
    from: &Dir<'_>,
    to: &Path,
    lift: Timestamp,
    written: &mut Vec<PathBuf>,
) -> Result<(), DeskError> {
    std::fs::create_dir_all(to).map_err(DeskError::file("create", to))?;
    for folder in from.dirs() {
        let name = folder.path().file_name().unwrap_or_default();
        copy(folder, &to.join(name), lift, written)?;
    }
    for file in from.files() {
        let name = file.path().file_name().unwrap_or_default();
        let path = to.join(name);
        let contents = match (name.to_str(), file.contents_utf8()) {
            (Some("release.toml"), Some(text)) => move_embargo(text, lift).into_bytes(),
            (_, _) => file.contents().to_vec(),
        };
        write_private(&path, &contents).map_err(DeskError::file("write", &path))?;
        written.push(path);
    }
    Ok(())
}

/// Gives a release of the sample another lift; one without an embargo stays as it is.
pub(super) fn set_lift(release: &Path, lift: Timestamp) -> Result<(), DeskError> {
    let path = release.join("release.toml");
    let text = std::fs::read_to_string(&path).map_err(DeskError::file("read", &path))?;
    std::fs::write(&path, move_embargo(&text, lift)).map_err(DeskError::file("write", &path))
}

/// For its owner alone: there is an address book among the files.
pub(super) fn write_private(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(contents)
}

/// The zone that the sample release is written for.
const ZONE: &str = "Asia/Almaty";

/// The text of release.toml with the lift, and the date of the dateline, moved.
fn move_embargo(text: &str, lift: Timestamp) -> String {
    let Ok(local) = lift.in_tz(ZONE) else {
        return text.to_owned();
    };
    let until = format!(
        "until = \"{}[{ZONE}]\"",
        local.strftime("%Y-%m-%dT%H:%M:%S")
    );
    let date = format!("date = {}", local.strftime("%Y-%m-%d"));
    let embargoed = text.contains("[embargo]");
    let line = |line: &str| match line {
        line if embargoed && line.starts_with("until = ") => until.clone(),
        line if embargoed && line.starts_with("date = ") => date.clone(),
        other => other.to_owned(),
    };
    text.lines()
        .map(line)
        .fold(String::new(), |out, line| out + &line + "\n")
}
