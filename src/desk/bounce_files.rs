//! Files with mail that came back: messages, mbox files, Maildir folders, and
//! standard input.

use super::DeskError;
use crate::inbound::source;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Reads every message of every source.
pub(super) fn read_all(
    sources: &[PathBuf],
    mut take: impl FnMut(Vec<u8>) -> Result<(), DeskError>,
) -> Result<(), DeskError> {
    if sources.is_empty() {
        return read_one(Path::new("-"), &mut take);
    }
    for source in sources {
        if source.is_dir() {
            for file in maildir(source)? {
                read_one(&file, &mut take)?;
            }
        } else {
            read_one(source, &mut take)?;
        }
    }
    Ok(())
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

fn read_one(
    source: &Path,
    take: &mut impl FnMut(Vec<u8>) -> Result<(), DeskError>,
) -> Result<(), DeskError> {
    let take = |message| take(message).map_err(Broken::Taken);
    let read = if source == Path::new("-") {
        source::each_message(std::io::stdin().lock(), take)
    } else {
        let file = std::fs::File::open(source).map_err(DeskError::file("read", source))?;
        source::each_message(BufReader::new(file), take)
    };
    match read {
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
        return Err(DeskError::request(format!(
            "{} is no Maildir: there is neither `new` nor `cur` in it",
            folder.display()
        )));
    }
    files.sort_unstable();
    Ok(files)
}
