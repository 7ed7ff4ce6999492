//! Local times that are not one instant: how many contacts' clocks jump over
//! the time asked for, or show it twice.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What is unclear, in words that name the zone and both instants; and for how
/// many contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct UnclearTimes(BTreeMap<String, u64>);

impl UnclearTimes {
    /// Counts one contact.
    pub fn add(&mut self, unclear: &str) {
        *self.0.entry(unclear.to_owned()).or_default() += 1;
    }

    /// Whether every time is one instant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for UnclearTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (unclear, contacts)) in self.0.iter().enumerate() {
            let between = if n == 0 { "" } else { "; " };
            let whose = if *contacts == 1 {
                "contact"
            } else {
                "contacts"
            };
            write!(f, "{between}{contacts} {whose}: {unclear}")?;
        }
        Ok(())
    }
}
