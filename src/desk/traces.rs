//! Files in which somebody is named: those that people keep, those that Dateline
//! made, and copies of the store.

use super::DeskError;
use crate::domain::address::EmailAddress;
use crate::domain::erasure::{Mentions, is_same};
use crate::domain::problem::Problem;
use crate::entropy::Entropy;
use crate::intake::{Reading, read_contacts};
use crate::said;
use jiff::Timestamp;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// How a rehearsal's folder of caught mails begins, in the system's folder for
/// temporary files.
pub const REHEARSAL: &str = "dateline-rehearsal-";

/// What a SQLite file begins with (its file format, section 1.3).
const SQLITE: &[u8] = b"SQLite format 3\0";
/// What tells a store of ours from other databases.
const OURS: &[u8] = b"CREATE TABLE delivery_log";

/// Where somebody is named.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// Files that people keep: the way back into the store.
    pub(super) kept: Vec<Problem>,
    /// Releases, which are published words.
    pub(super) published: Vec<Problem>,
    /// Mails that a catcher caught, with their envelopes.
    pub(super) caught: Vec<PathBuf>,
    /// Other stores of ours, whoever is in them.
    pub(super) copies: Vec<PathBuf>,
}

/// Somebody who is looked for.
struct Search<'a> {
    email: &'a EmailAddress,
    mentions: Mentions,
    workspace: &'a Path,
    /// The store in use.
    store: Option<&'a Path>,
    found: Traces,
}

/// Looks through a workspace, and through what rehearsals left behind.
///
/// # Errors
/// A folder or file cannot be read.
pub(super) fn traces(
    workspace: &Path,
    store: Option<&Path>,
    email: &EmailAddress,
) -> Result<Traces, DeskError> {
    let mut search = Search {
        email,
        mentions: Mentions::of(email),
        workspace,
        store,
        found: Traces::default(),
    };
    search.folder(workspace)?;
    search.rehearsals(&std::env::temp_dir());
    search.found.kept.sort_unstable();
    search.found.published.sort_unstable();
    search.found.caught.sort_unstable();
    Ok(search.found)
}

impl Search<'_> {
    fn folder(&mut self, folder: &Path) -> Result<(), DeskError> {
        let entries = fs::read_dir(folder).map_err(DeskError::file("read", folder))?;
        for entry in entries {
            let entry = entry.map_err(DeskError::file("read", folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(DeskError::file("read", &path))?;
            // What is hidden is some tool's own; what is linked lies elsewhere.
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !hidden {
                self.folder(&path)?;
            } else if kind.is_file() && !hidden {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    /// Caught mails of rehearsals. Folders of other users are theirs.
    fn rehearsals(&mut self, temporary: &Path) {
        let Ok(entries) = fs::read_dir(temporary) else {
            return;
        };
        for entry in entries.flatten() {
            let ours = entry.file_name().to_string_lossy().starts_with(REHEARSAL);
            let Ok(files) = fs::read_dir(entry.path()) else {
                continue;
            };
            for file in files.flatten().filter(|_| ours) {
                // One that goes meanwhile is gone.
                if is_caught(&file.path())
                    && fs::read(file.path()).is_ok_and(|octets| self.is_named(&octets))
                {
                    self.catch(&file.path());
                }
            }
        }
    }

    fn is_named(&self, octets: &[u8]) -> bool {
        self.mentions.is_in_octets(octets)
    }

    fn file(&mut self, path: &Path) -> Result<(), DeskError> {
        if self.is_store(path) {
            return Ok(());
        }
        let octets = match fs::read(path) {
            Ok(octets) => octets,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(DeskError::file("read", path)(error)),
        };
        if octets.starts_with(SQLITE) {
            if is_ours(path, &octets) {
                self.found.copies.push(path.to_owned());
            }
            return Ok(());
        }
        let Some(line) = self.line(path, &octets) else {
            return Ok(());
        };
        if is_caught(path) {
            self.catch(path);
            return Ok(());
        }
        let name = path.strip_prefix(self.workspace).unwrap_or(path);
        let published = name.starts_with("releases");
        let (problems, message) = if published {
            (
                &mut self.found.published,
                said!(
                    "names {email}, and stays: it is published",
                    email = self.email
                ),
            )
        } else {
            (
                &mut self.found.kept,
                said!(
                    "names {email}; take that out first, else it comes back from here",
                    email = self.email
                ),
            )
        };
        let problem = Problem::error(name.display().to_string(), message);
        problems.push(match line {
            Some(line) => problem.at_line(line),
            None => problem,
        });
        Ok(())
    }

    /// Whether they are named, and in which line where that is known: as the file
    /// is written, or as contacts are read from it, whatever its form.
    fn line(&self, path: &Path, octets: &[u8]) -> Option<Option<usize>> {
        if let Some(line) = self.mentions.line_in(octets) {
            return Some(Some(line));
        }
        // UTF-16 and workbooks; and base64 in LDIF (RFC 2849, value-spec).
        let is_coded = octets.contains(&0) || memchr::memmem::find(octets, b":: ").is_some();
        if !is_coded {
            return None;
        }
        let name = path.display().to_string();
        let mut ids = || Entropy.contact(Timestamp::UNIX_EPOCH);
        let read = read_contacts(octets, &name, &Reading::default(), &mut ids);
        let theirs = |email: &EmailAddress| is_same(email, self.email);
        let found = read
            .contacts
            .iter()
            .find(|one| theirs(&one.partial.contact.email));
        found.map(|one| Some(one.line))
    }

    /// A caught mail goes with its envelope.
    fn catch(&mut self, path: &Path) {
        for end in ["eml", "json"] {
            let twin = path.with_extension(end);
            if twin.is_file() && !self.found.caught.contains(&twin) {
                self.found.caught.push(twin);
            }
        }
    }

    /// Whether it is the store in use, or a side file of a database.
    fn is_store(&self, path: &Path) -> bool {
        let same = |one: &Path, other: &Path| match (one.canonicalize(), other.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            (Ok(_) | Err(_), _) => false,
        };
        let text = path.to_string_lossy();
        let sides = ["-wal", "-shm", "-journal"];
        let main = sides.iter().find_map(|side| text.strip_suffix(side));
        main.is_some_and(|main| Path::new(main).is_file())
            || self.store.is_some_and(|store| same(store, path))
    }
}

/// Whether a database is a store of ours; its tables may stand in its write-ahead
/// log alone.
fn is_ours(path: &Path, octets: &[u8]) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = fs::read(log).unwrap_or_default();
    [octets, &log]
        .into_iter()
        .any(|octets| memchr::memmem::find(octets, OURS).is_some())
}

/// Whether a file is one of a catcher's: `000001.eml`, and `000001.json` beside it.
fn is_caught(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let numbered = stem
        .is_some_and(|stem| stem.len() >= 6 && stem.bytes().all(|octet| octet.is_ascii_digit()));
    let end = path.extension().and_then(|end| end.to_str());
    let twin = match end {
        Some("eml") => path.with_extension("json"),
        Some("json") => path.with_extension("eml"),
        Some(_) | None => return false,
    };
    // Its envelope is written first.
    numbered && (twin.is_file() || is_envelope(path))
}

fn is_envelope(path: &Path) -> bool {
    let mut begun = [0; 64];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut begun));
    read.is_ok() && memchr::memmem::find(&begun, b"\"mail_from\"").is_some()
}
