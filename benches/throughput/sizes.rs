//! How much is measured, and where the benchmark keeps its things.

use crate::newsroom::DATELINE;
use anyhow::{Context, Result, ensure};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    /// Rounds; each measures every subject once.
    pub(crate) runs: u32,
    /// Recipients.
    pub(crate) messages: u32,
    /// Connections to the sink.
    pub(crate) connections: u32,
    /// Recipients of the part `million`.
    pub(crate) million: u32,
}

impl Sizes {
    pub(crate) fn from_env() -> Result<Self> {
        let sizes = Self {
            runs: number("DATELINE_BENCH_RUNS", 3)?,
            messages: number("DATELINE_BENCH_MESSAGES", 20_000)?,
            connections: number("DATELINE_BENCH_CONNECTIONS", 16)?,
            million: number("DATELINE_BENCH_MILLION", 1_000_000)?,
        };
        ensure!(
            (1..=256).contains(&sizes.connections),
            "DATELINE_BENCH_CONNECTIONS is 1 to 256"
        );
        Ok(sizes)
    }

    /// So many times fewer messages, for what is slow, but some for each connection.
    pub(crate) fn fraction(&self, of: u32, connections: u32) -> u32 {
        (self.messages / of).max(connections * 4).min(self.messages)
    }
}

fn number(variable: &str, default: u32) -> Result<u32> {
    let Ok(text) = std::env::var(variable) else {
        return Ok(default);
    };
    let number: u32 = text
        .parse()
        .with_context(|| format!("{variable}={text} is no number"))?;
    ensure!(number > 0, "{variable} must be at least 1");
    Ok(number)
}

/// The folder under target/ that `setup` fills.
pub(crate) fn place() -> PathBuf {
    let target = Path::new(DATELINE).ancestors().nth(2);
    target.unwrap_or(Path::new("target")).join("throughput")
}

/// Something that `setup` brings.
pub(crate) fn brought(path: &str) -> Result<PathBuf> {
    let path = place().join(path);
    ensure!(
        path.exists(),
        "{} is missing: run benches/throughput/setup",
        path.display()
    );
    Ok(path)
}

/// A file of the benchmark's own.
pub(crate) fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/throughput")
        .join(path)
}

/// Postfix's sink and PostgreSQL will not work as root: they want another user.
pub(crate) fn am_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
