//! A distribution: one sending of one release to one audience.

use super::course::Course;
use super::embargo::Embargo;
use super::ids::{DistributionId, ReleaseId};
use super::schedule::Schedule;
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
    pub schedule: Schedule,
    /// The embargo in force: as planned, or as somebody moved it since.
    pub embargo: Option<Embargo>,
    /// Where it stands as a whole.
    pub course: Course,
    /// Who approved this content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<String>,
    /// What it follows up on: the release whose receivers this one goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<ReleaseId>,
    /// Whether it brings a short notice in Dateline's own words, and nothing of
    /// a release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
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

impl Distribution {
    /// The lift, where the release is under embargo.
    pub fn lift(&self) -> Option<Timestamp> {
        self.embargo.as_ref().map(|embargo| embargo.until)
    }

    /// Whether its content may leave at all: under way, and not stale.
    pub fn may_send(&self, now: Timestamp) -> bool {
        self.course.is_under_way() && !self.schedule.is_stale(now)
    }
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
