//! A distribution: one sending of one release to one audience.

use super::ids::{DistributionId, ReleaseId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was decided when a distribution was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Its identifier.
    pub id: DistributionId,
    /// The release it sends.
    pub release: ReleaseId,
    /// The release's headline at planning.
    pub headline: String,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When sending may start.
    pub scheduled: Timestamp,
    /// The lift, where the release is under embargo.
    pub lift: Option<Timestamp>,
    /// Segments asked for, as named on the command line.
    pub to: Vec<String>,
    /// Segments left out.
    pub not: Vec<String>,
    /// BLAKE3 of the frozen content: what a recipient can see.
    pub content: String,
    /// Contacts included.
    pub included: u64,
    /// Contacts excluded, by reason.
    pub excluded: BTreeMap<String, u64>,
}

/// Deliveries counted by what people ask about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Counts {
    /// By state.
    pub by_state: BTreeMap<String, u64>,
    /// By the mail's own language.
    pub by_language: BTreeMap<String, u64>,
    /// By phase.
    pub by_phase: BTreeMap<String, u64>,
    /// By the recipient's domain, the largest first; at most ten.
    pub by_domain: Vec<(String, u64)>,
}

impl Counts {
    /// How many deliveries are in a state.
    pub fn in_state(&self, state: &str) -> u64 {
        self.by_state.get(state).copied().unwrap_or(0)
    }

    /// All deliveries.
    pub fn total(&self) -> u64 {
        self.by_state.values().sum()
    }

    /// Those that still wait for a worker.
    pub fn waiting(&self) -> u64 {
        ["planned", "due", "deferred", "claimed"]
            .iter()
            .map(|state| self.in_state(state))
            .sum()
    }

    /// Those that failed for good.
    pub fn failed(&self) -> u64 {
        self.by_state
            .iter()
            .filter(|(state, _)| super::delivery::has_failed(state))
            .map(|(_, n)| n)
            .sum()
    }
}
