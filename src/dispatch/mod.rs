//! Dispatch: from an audience to outcomes.
//!
//! The planner writes a distribution; the feeder claims what is due; a worker
//! for each connection begins deliveries, hands them to the relay and
//! concludes; the ledger commits beginnings and outcomes in groups. Nothing is
//! said to the relay before it is committed that it is about to be said, so a
//! crash at any point leaves each delivery due, or in doubt, never forgotten.

pub mod composer;
pub mod composers;
pub mod content;
mod entries;
mod feeder;
mod ledger;
pub mod metrics;
pub mod planner;
pub mod progress;
mod reaper;
pub mod revisions;
pub mod run;
mod watchman;
mod worker;

pub(crate) use entries::{decided, replanned, revised};
