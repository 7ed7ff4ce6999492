//! A whole store copied into an empty one, and compared with it before anybody
//! can see it: every row, and the chain of the log.

use super::StoreError;
use super::archive::{Archive, Cell, Part, Reading, Row, Writing};
use crate::domain::log::{Broken, Head, LogEntry, Verifier};
use jiff::Timestamp;

/// Why nothing was copied. The target is as empty as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyFailure {
    /// Workers may be at work on it.
    #[error(
        "{leases} worker(s) may be at work on the store that is to be copied, until {until} at the latest; stop every `dateline serve` and `send`, or use --force and lose what they do from now on"
    )]
    AtWork {
        /// How many.
        leases: u64,
        /// When the last lease ends.
        until: Timestamp,
    },
    /// There is something in the target.
    #[error("the store {0} is not empty; a copy goes into a new one")]
    NotEmpty(String),
    /// A part was not read back as it was written.
    #[error("the copy differs: {part} ({written} written, {found} found)")]
    Differs {
        /// Which part.
        part: &'static str,
        /// Rows written.
        written: u64,
        /// Rows found.
        found: u64,
    },
    /// The log is broken, and was so before.
    #[error("the log that is to be copied is broken: {0}")]
    Broken(#[from] Broken),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Copied {
    /// Rows, part by part.
    pub parts: Vec<PartCopied>,
    /// Entries of the log, each of which follows from the one before it.
    pub log_entries: u64,
    /// The chain's last hash.
    pub head: String,
}

/// What was copied of one part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PartCopied {
    /// Which part.
    pub part: &'static str,
    /// Rows read from one store, and found again in the other.
    pub rows: u64,
}

/// Whether workers at work stand in the way of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtWork {
    /// They do.
    Refuse,
    /// They do not.
    Ignore,
}

/// Copies everything, in pages, and compares it before it commits.
///
/// # Errors
/// Workers at work, a target that is not empty, a broken log, or a store that
/// failed. The target is as empty as it was.
pub async fn copy(
    from: &dyn Archive,
    to: &dyn Archive,
    target: &str,
    at_work: AtWork,
    now: Timestamp,
) -> Result<Copied, CopyFailure> {
    let mut from = from.read_whole().await?;
    if at_work == AtWork::Refuse {
        check_leases(from.as_mut(), now).await?;
    }
    let Some(mut to) = to.write_whole().await? else {
        return Err(CopyFailure::NotEmpty(target.to_owned()));
    };
    let mut written = Vec::new();
    for part in Part::ALL {
        written.push((part, carry(from.as_mut(), to.as_mut(), part).await?));
    }
    let mut verifier = Verifier::default();
    let mut parts = Vec::new();
    for (part, written) in written {
        let found = read_back(to.as_mut(), part, &mut verifier).await?;
        if found != written {
            return Err(CopyFailure::Differs {
                part: part.name(),
                written: written.rows,
                found: found.rows,
            });
        }
        parts.push(PartCopied {
            part: part.name(),
            rows: found.rows,
        });
    }
    let end = head(to.as_mut()).await?;
    let head = verifier.finish(&end)?;
    to.commit().await?;
    Ok(Copied {
        parts,
        log_entries: head.seq,
        head: head.hash,
    })
}

/// Leases that have not ended mean that somebody is at work.
async fn check_leases(from: &mut dyn Reading, now: Timestamp) -> Result<(), CopyFailure> {
    let mut ends = Vec::new();
    each_page(from, Part::Leases, |rows| {
        ends.extend(rows.iter().filter_map(|row| match row.get(1) {
            Some(Cell::Whole(until)) if *until > now.as_microsecond() => Some(*until),
            Some(_) | None => None,
        }));
        Ok(())
    })
    .await?;
    let last = ends.iter().max();
    match last.and_then(|last| Timestamp::from_microsecond(*last).ok()) {
        Some(until) => Err(CopyFailure::AtWork {
            leases: u64::try_from(ends.len()).unwrap_or(u64::MAX),
            until,
        }),
        None => Ok(()),
    }
}

/// What was seen of a part.
#[derive(PartialEq, Eq)]
struct Seen {
    rows: u64,
    digest: blake3::Hash,
}

/// Counts and hashes rows.
#[derive(Default)]
struct Watcher {
    rows: u64,
    hasher: blake3::Hasher,
}

impl Watcher {
    fn see(&mut self, rows: &[Row]) {
        self.rows += u64::try_from(rows.len()).unwrap_or_default();
        for cell in rows.iter().flatten() {
            match cell {
                Cell::Null => self.octets(b'n', &[]),
                Cell::Whole(number) => self.octets(b'w', &number.to_le_bytes()),
                Cell::Text(text) => self.octets(b't', text.as_bytes()),
                Cell::Bytes(bytes) => self.octets(b'b', bytes),
            }
        }
    }

    /// The length goes first, so that no two lists of cells read alike.
    fn octets(&mut self, kind: u8, octets: &[u8]) {
        self.hasher.update(&[kind]);
        self.hasher.update(&(octets.len() as u64).to_le_bytes());
        self.hasher.update(octets);
    }

    fn seen(self) -> Seen {
        Seen {
            rows: self.rows,
            digest: self.hasher.finalize(),
        }
    }
}

async fn carry(
    from: &mut dyn Reading,
    to: &mut dyn Writing,
    part: Part,
) -> Result<Seen, CopyFailure> {
    let mut watcher = Watcher::default();
    let mut after = part.layout().before_all();
    loop {
        let rows = from.page(part, &after).await?;
        let Some(key) = last_key(&rows) else {
            return Ok(watcher.seen());
        };
        after = key;
        watcher.see(&rows);
        to.add(part, rows).await?;
    }
}

fn last_key(rows: &[Row]) -> Option<Cell> {
    rows.last().and_then(|row| row.first()).cloned()
}

async fn each_page(
    store: &mut dyn Reading,
    part: Part,
    mut look: impl FnMut(&[Row]) -> Result<(), CopyFailure>,
) -> Result<(), CopyFailure> {
    let mut after = part.layout().before_all();
    loop {
        let rows = store.page(part, &after).await?;
        let Some(key) = last_key(&rows) else {
            return Ok(());
        };
        after = key;
        look(&rows)?;
    }
}

async fn read_back(
    to: &mut dyn Writing,
    part: Part,
    verifier: &mut Verifier,
) -> Result<Seen, CopyFailure> {
    let mut watcher = Watcher::default();
    each_page(to, part, |rows| {
        watcher.see(rows);
        if part == Part::Log {
            for entry in rows.iter().filter_map(entry) {
                verifier.check(&entry)?;
            }
        }
        Ok(())
    })
    .await?;
    Ok(watcher.seen())
}

/// A row of the log's layout.
fn entry(row: &Row) -> Option<LogEntry> {
    let [seq, _, _, line, personal, salt, hash] = row.as_slice() else {
        return None;
    };
    Some(LogEntry {
        seq: whole(seq)?,
        line: text(line)?,
        personal: text(personal),
        salt: text(salt),
        hash: text(hash)?,
    })
}

fn whole(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Whole(number) => u64::try_from(*number).ok(),
        Cell::Null | Cell::Text(_) | Cell::Bytes(_) => None,
    }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Null | Cell::Whole(_) | Cell::Bytes(_) => None,
    }
}

async fn head(to: &mut dyn Writing) -> Result<Head, CopyFailure> {
    let mut found = Head::default();
    each_page(to, Part::Head, |rows| {
        if let Some([_, seq, hash]) = rows.first().map(Vec::as_slice) {
            found = Head {
                seq: whole(seq).unwrap_or_default(),
                hash: text(hash).unwrap_or_default(),
            };
        }
        Ok(())
    })
    .await?;
    Ok(found)
}
