//! Local times that are not one instant: how many contacts' clocks jump over
//! the time asked for, or show it twice.

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is unclear, in words that name the zone and both instants; and for how
/// many contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct UnclearTimes(BTreeMap<Said, u64>);

impl UnclearTimes {
    /// Counts one contact.
    pub fn add(&mut self, unclear: &Said) {
        *self.0.entry(unclear.clone()).or_default() += 1;
    }

    /// Whether every time is one instant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Tell for UnclearTimes {
    fn said(&self) -> Said {
        let each = self.0.iter().map(|(unclear, contacts)| match contacts {
            1 => said!("1 contact: {unclear}", unclear),
            _ => said!("{contacts} contacts: {unclear}", contacts, unclear),
        });
        Said::several(each, "; ")
    }
}

shown_as_said!(UnclearTimes);
