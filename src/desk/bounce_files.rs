//! Files with mail that came back: messages, mbox files, Maildir folders, and
//! standard input.

use super::DeskError;
use crate::inbound::source;
use crate::said;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// What takes messages, one after the other.
pub(super) type Take<'a> = &'a mut dyn FnMut(Vec<u8>) -> Result<(), DeskError>;

/// Reads every message of every source.
pub(super) fn read_all(sources: &[PathBuf], take: Take<'_>) -> Result<(), DeskError> {
    if sources.is_empty() {
        return read_one(Path::new("-"), take);
    }
    for source in sources {
        if source.is_dir() {
            for file in maildir(source)? {
                read_one(&file, take)?;
            }
        } else {
            read_one(source, take)?;
        }
    }
    Ok(())
}

/// Reads every message of a file that somebody brought: one message, or an mbox.
pub(super) fn read_brought(name: &str, bytes: &[u8], take: Take<'_>) -> Result<(), DeskError> {
    read_stream(Path::new(name), bytes, take)
}

/// What comes of a stream: it cannot be read, or nobody takes its messages.
enum Broken {
    Read(std::io::Error),
    Taken(DeskError),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

fn read_one(source: &Path, take: Take<'_>) -> Result<(), DeskError> {
    if source == Path::new("-") {
        return read_stream(source, std::io::stdin().lock(), take);
    }
    let file = std::fs::File::open(source).map_err(DeskError::file("read", source))?;
    read_stream(source, BufReader::new(file), take)
}

fn read_stream(source: &Path, stream: impl BufRead, take: Take<'_>) -> Result<(), DeskError> {
    match source::each_message(stream, |message| take(message).map_err(Broken::Taken)) {
        Ok(_) => Ok(()),
        Err(Broken::Read(cause)) => Err(DeskError::file("read", source)(cause)),
        Err(Broken::Taken(error)) => Err(error),
    }
}

/// The messages of a Maildir, by name: nothing in it is moved or marked.
fn maildir(folder: &Path) -> Result<Vec<PathBuf>, DeskError> {
    let mut files = Vec::new();
    let mut is_one = false;
    for part in ["new", "cur"] {
        let part = folder.join(part);
        if !part.is_dir() {
            continue;
        }
        is_one = true;
        for entry in std::fs::read_dir(&part).map_err(DeskError::file("read", &part))? {
            let path = entry.map_err(DeskError::file("read", &part))?.path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    if !is_one {
        return Err(DeskError::request(said!(
            "{folder} is no Maildir: there is neither `new` nor `cur` in it",
            folder = folder.display()
        )));
    }
    files.sort_unstable();
    Ok(files)
}
