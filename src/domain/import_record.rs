//! What is remembered of an import, so that it can be undone.

use super::ids::ImportId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Imports whose changes are kept. Older ones cannot be undone any more: what
/// was changed long ago is personal data without a purpose.
pub const KEPT: usize = 10;

/// Which change of many contacts it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// A file was imported.
    File,
    /// Two contacts were made one.
    Merge,
}

/// An import on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    /// Which.
    pub id: ImportId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What it was.
    pub kind: ImportKind,
    /// The file's name; empty for a merge, which has none.
    pub source: String,
    /// Contacts that were new.
    pub added: u64,
    /// Contacts whose record changed.
    pub changed: u64,
    /// Contacts that went into another.
    pub removed: u64,
    /// When it was undone, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

/// That an import was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}
