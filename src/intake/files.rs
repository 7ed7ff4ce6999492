//! Reading files of a workspace: bounded, in UTF-8, and never from outside it.

use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use std::path::{Component, Path, PathBuf};

/// A text file longer than this is not a release's.
const TEXT_LIMIT: u64 = 2 * 1024 * 1024;

/// A path as messages show it: relative to the workspace, with `/`.
pub(super) fn shown(workspace: &Path, path: &Path) -> String {
    path.strip_prefix(workspace)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Reads a text file; a byte order mark is dropped.
pub(super) fn read_text(workspace: &Path, path: &Path) -> Result<String, Problem> {
    let name = shown(workspace, path);
    let length = std::fs::metadata(path)
        .map_err(|error| Problem::error(name.as_str(), said!("cannot be read: {error}", error)))?
        .len();
    if length > TEXT_LIMIT {
        return Err(Problem::error(
            name,
            said!(
                "is {length} octets long; a text of at most {most} is expected",
                length,
                most = TEXT_LIMIT
            ),
        ));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Problem::error(name.as_str(), said!("cannot be read: {error}", error)))?;
    decode(&name, bytes)
}

fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes)
        .map(|text| {
            text.strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text)
        })
        .map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            Problem::error(name, said!("is not UTF-8; save it as UTF-8")).at_line(line)
        })
}

/// Why a file of a release cannot be taken.
pub(super) fn resolve(workspace: &Path, folder: &Path, path: &str) -> Result<PathBuf, Said> {
    let relative = Path::new(path);
    if relative
        .components()
        .any(|part| matches!(part, Component::ParentDir))
    {
        return Err(said!(
            "`{path}` has `..` in it; a path within the release folder is expected",
            path
        ));
    }
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
        || path.contains('\\')
    {
        return Err(said!(
            "`{path}` is no path within the release folder",
            path = path.escape_debug()
        ));
    }
    let file = folder.join(relative);
    let real = file.canonicalize().map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            said!("`{path}` is missing", path)
        } else {
            said!("`{path}` cannot be read: {error}", path, error)
        }
    })?;
    let root = workspace.canonicalize().map_err(Said::verbatim)?;
    if !real.starts_with(root) {
        return Err(said!(
            "`{path}` is a link that leads out of the workspace",
            path
        ));
    }
    if real.is_file() {
        Ok(real)
    } else {
        Err(said!("`{path}` is not a file", path))
    }
}

/// The media type that a file's name stands for.
pub(super) fn media_type(path: &str) -> &'static str {
    let extension = path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match extension.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "zip" => "application/zip",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        _ => "application/octet-stream",
    }
}
