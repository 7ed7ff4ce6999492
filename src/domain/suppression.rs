//! Suppression: a standing bar on an address.

use super::address::EmailAddress;
use super::said::Said;
use crate::said;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why an address is barred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionReason {
    /// The contact asked not to be written to.
    OptOut,
    /// A permanent failure said that the mailbox does not exist.
    HardBounce,
    /// Mail came back too often.
    SoftBounces,
    /// The contact's provider reported a complaint.
    Complaint,
    /// Somebody in the newsroom barred it.
    Manual,
    /// The contact's data were erased on request.
    Erasure,
}

impl SuppressionReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OptOut,
        Self::HardBounce,
        Self::SoftBounces,
        Self::Complaint,
        Self::Manual,
        Self::Erasure,
    ];

    /// Its name in tables, files and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt-out",
            Self::HardBounce => "hard-bounce",
            Self::SoftBounces => "soft-bounces",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
            Self::Erasure => "erasure",
        }
    }

    /// Its name, as it is told.
    pub fn in_words(self) -> Said {
        match self {
            Self::OptOut => said!("opt-out"),
            Self::HardBounce => said!("hard-bounce"),
            Self::SoftBounces => said!("soft-bounces"),
            Self::Complaint => said!("complaint"),
            Self::Manual => said!("manual"),
            Self::Erasure => said!("erasure"),
        }
    }

    /// How much it weighs against another reason on the same address. What the
    /// person said themselves stands above what others decided, and that above
    /// what servers reported: whoever lifts a bar because a mailbox is there again
    /// must not lift an opt-out with it.
    pub fn weight(self) -> u8 {
        match self {
            Self::Erasure => 5,
            Self::OptOut => 4,
            Self::Complaint => 3,
            Self::Manual => 2,
            Self::HardBounce => 1,
            Self::SoftBounces => 0,
        }
    }

    /// Whether it is about the person, whichever address they are written to at, and
    /// not about a mailbox.
    pub fn is_about_the_person(self) -> bool {
        match self {
            Self::OptOut | Self::Complaint | Self::Manual | Self::Erasure => true,
            Self::HardBounce | Self::SoftBounces => false,
        }
    }

    /// Whether a bar for this reason takes the place of one for another. Of two
    /// that weigh the same, the first stays.
    pub fn outweighs(self, other: Self) -> bool {
        self.weight() > other.weight()
    }

    /// Reads a reason's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The address barred.
    pub email: EmailAddress,
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub at: Timestamp,
    /// Who or what said so.
    pub source: String,
    /// Why, in words; may be empty.
    #[serde(default)]
    pub note: String,
}

/// By what the bars on an address are found: whoever is barred is so however
/// somebody writes their address. Only its host may say that capitals before the
/// `@` matter (RFC 5321 2.4), and hardly any does; a list that somebody wrote anew
/// must not undo an opt-out. ASCII letters alone are folded, as stores do.
pub fn bar_key(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// The bars of a batch that count: for each address the weightiest, of several
/// that weigh the same the first; by address.
pub fn weightiest(bars: &[Suppression]) -> Vec<&Suppression> {
    let mut kept: BTreeMap<&EmailAddress, &Suppression> = BTreeMap::new();
    for bar in bars {
        kept.entry(&bar.email)
            .and_modify(|known| {
                if bar.reason.outweighs(known.reason) {
                    *known = bar;
                }
            })
            .or_insert(bar);
    }
    kept.into_values().collect()
}

/// Which bars somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuppressionSearch {
    /// A part of the address; the case of ASCII letters does not matter.
    pub text: String,
    /// The reason.
    pub reason: Option<SuppressionReason>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bar(email: &str, reason: SuppressionReason, note: &str) -> Suppression {
        Suppression {
            email: email.parse().unwrap(),
            reason,
            at: Timestamp::UNIX_EPOCH,
            source: "vera".into(),
            note: note.into(),
        }
    }

    #[test]
    fn the_persons_own_word_stands_above_what_servers_report() {
        use SuppressionReason::{Complaint, Erasure, HardBounce, Manual, OptOut, SoftBounces};
        let order = [Erasure, OptOut, Complaint, Manual, HardBounce, SoftBounces];
        for (place, heavier) in order.into_iter().enumerate() {
            assert!(!heavier.outweighs(heavier), "the first of its kind stays");
            for lighter in order.into_iter().skip(place + 1) {
                assert!(heavier.outweighs(lighter) && !lighter.outweighs(heavier));
            }
        }
    }

    proptest! {
        #[test]
        fn an_address_is_barred_once_for_its_weightiest_reason(
            given in proptest::collection::vec((0usize..3, 0usize..6), 0..12),
        ) {
            let bars: Vec<_> = given
                .iter()
                .enumerate()
                .map(|(n, (who, why))| {
                    bar(&format!("p{who}@example.org"), SuppressionReason::ALL[*why], &n.to_string())
                })
                .collect();
            let kept = weightiest(&bars);
            for one in &bars {
                let stands: Vec<_> = kept.iter().filter(|bar| bar.email == one.email).collect();
                prop_assert_eq!(stands.len(), 1);
                prop_assert!(!one.reason.outweighs(stands[0].reason));
                let first = bars.iter().find(|bar| {
                    bar.email == one.email && bar.reason.weight() == stands[0].reason.weight()
                });
                prop_assert_eq!(first, Some(*stands[0]));
            }
        }
    }
}
