//! Dispatch: from an audience to outcomes.
//!
//! The planner writes a distribution; the ledger begins what is due and commits
//! outcomes, in groups; the switchboard shares it out among the relays; a worker
//! for each connection hands its deliveries over and concludes. Nothing is said
//! to a relay before it is committed that it is about to be said, so a crash at
//! any point leaves each delivery due, or in doubt, never forgotten.

pub mod composer;
pub mod composers;
pub mod content;
mod entries;
mod hand;
mod lead;
mod ledger;
pub mod metrics;
mod outcome;
pub mod planner;
pub mod progress;
pub mod protect;
mod reaper;
mod rest;
pub mod retention;
pub mod revisions;
pub mod run;
mod switchboard;
mod watchman;
mod worker;

pub(crate) use entries::{decided, replanned, reported, revised};
