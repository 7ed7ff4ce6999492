//! Caught mails as files: `000001.eml` as it came, `000001.json` its envelope.

use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether mails are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// To files.
    Files,
    /// Nowhere: for measuring.
    Discard,
}

/// What is known of a mail beside its text.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CaughtEnvelope {
    pub(super) mail_from: String,
    pub(super) rcpt_to: Vec<String>,
    pub(super) received_at: jiff::Timestamp,
    pub(super) helo: String,
    pub(super) size: usize,
}

/// The folder.
#[derive(Debug)]
pub(super) struct Mailbox {
    dir: PathBuf,
    keep: Keep,
    last: AtomicU64,
}

impl Mailbox {
    /// Makes the folder, for its owner alone; numbering goes on after what is there.
    pub(super) fn open(dir: &Path, keep: Keep) -> io::Result<Self> {
        if keep == Keep::Discard {
            return Ok(Self {
                dir: dir.to_owned(),
                keep,
                last: AtomicU64::new(0),
            });
        }
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)?;
        let mut last = 0;
        for entry in std::fs::read_dir(dir)? {
            let name = entry?.file_name();
            let number = Path::new(&name)
                .file_stem()
                .and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            last = last.max(number.unwrap_or_default());
        }
        Ok(Self {
            dir: dir.to_owned(),
            keep,
            last: AtomicU64::new(last),
        })
    }

    /// Writes a mail. It is there whole or not at all, its envelope first.
    pub(super) fn keep(&self, envelope: &CaughtEnvelope, message: &[u8]) -> io::Result<()> {
        if self.keep == Keep::Discard {
            return Ok(());
        }
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let json = serde_json::to_vec_pretty(envelope)?;
        self.write(&format!("{number:06}.json"), &json)?;
        self.write(&format!("{number:06}.eml"), message)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let half = self.dir.join(format!(".{name}.part"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file: File = options.open(&half)?;
        file.write_all(bytes)?;
        drop(file);
        std::fs::rename(half, self.dir.join(name))
    }
}
