//! Which releases a workspace has.

use super::files::shown;
use crate::domain::problem::Problem;
use crate::said;
use std::path::{Path, PathBuf};

/// The folder that releases lie in.
const FOLDER: &str = "releases";

/// All release folders of a workspace, by name.
///
/// # Errors
/// The folder cannot be read, or two releases have one id.
pub fn list_releases(workspace: &Path) -> Result<Vec<PathBuf>, Vec<Problem>> {
    let root = workspace.join(FOLDER);
    let entries = match std::fs::read_dir(&root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(vec![Problem::error(
                FOLDER,
                said!("cannot be read: {error}", error),
            )]);
        }
    };
    let mut folders: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("release.toml").is_file())
        .collect();
    folders.sort();
    let doubles = doubles(workspace, &folders);
    if doubles.is_empty() {
        Ok(folders)
    } else {
        Err(doubles)
    }
}

/// The ids of all releases.
///
/// # Errors
/// The folder cannot be read, or two releases have one id.
pub fn release_ids(workspace: &Path) -> Result<Vec<String>, Vec<Problem>> {
    let folders = list_releases(workspace)?;
    Ok(folders.iter().map(|folder| id_of(folder)).collect())
}

fn doubles(workspace: &Path, folders: &[PathBuf]) -> Vec<Problem> {
    let ids: Vec<_> = folders.iter().map(|folder| id_of(folder)).collect();
    let double = |(index, id): (usize, &String)| {
        let first = ids[..index].iter().position(|other| other == id)?;
        let file = shown(workspace, &folders[index].join("release.toml"));
        Some(Problem::error(
            file,
            said!(
                "duplicate id `{id}`: {other} has it too",
                id,
                other = shown(workspace, &folders[first])
            ),
        ))
    };
    ids.iter().enumerate().filter_map(double).collect()
}

/// A release's id without the rest of it: as release.toml says, else the folder's name.
fn id_of(folder: &Path) -> String {
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let Ok(text) = std::fs::read_to_string(folder.join("release.toml")) else {
        return name;
    };
    let Ok(mut section) = crate::toml_reader::parse("", &text, 0) else {
        return name;
    };
    section
        .text("id", &mut Vec::new())
        .map_or(name, |spot| spot.value)
}

/// The folder of a release, named by its id, its folder's name or a path to it.
///
/// # Errors
/// There is no such release; the known ones are given.
pub fn find_release(workspace: &Path, name: &str) -> Result<PathBuf, Vec<Problem>> {
    let inside = workspace.join(FOLDER).join(name);
    if !name.contains("..") && inside.join("release.toml").is_file() {
        list_releases(workspace)?;
        return Ok(inside);
    }
    let folders = list_releases(workspace)?;
    if let Some(found) = folders.iter().find(|folder| id_of(folder) == name) {
        return Ok(found.clone());
    }
    let path = Path::new(name);
    if path.join("release.toml").is_file() {
        return Ok(path.to_owned());
    }
    let known: Vec<_> = folders.iter().map(|folder| id_of(folder)).collect();
    let known = if known.is_empty() {
        said!("there is none yet")
    } else {
        said!("known are {known}", known = known.join(", "))
    };
    Err(vec![Problem::error(
        FOLDER,
        said!("there is no release `{name}`; {known}", name, known),
    )])
}
