//! What became of deliveries, in the few words that people ask for.

use super::delivery::has_failed;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Taken by a relay.
    Accepted,
    /// Still to be tried: planned, due, under way or deferred.
    Waiting,
    /// The relay may have taken it: a person decides.
    InDoubt,
    /// Failed for good, also by what came back later.
    Failed,
    /// Over before a word was said to a relay: barred, or withdrawn.
    Ended,
}

impl Outcome {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Waiting,
        Self::InDoubt,
        Self::Failed,
        Self::Ended,
    ];

    /// What a state of this name comes to.
    pub fn of(state: &str) -> Self {
        match state {
            "accepted" => Self::Accepted,
            "planned" | "due" | "claimed" | "deferred" => Self::Waiting,
            "in_doubt" => Self::InDoubt,
            failed if has_failed(failed) => Self::Failed,
            _ => Self::Ended,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Waiting => "waiting",
            Self::InDoubt => "in-doubt",
            Self::Failed => "failed",
            Self::Ended => "ended",
        }
    }
}

/// Deliveries counted by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Outcomes {
    /// [`Outcome::Accepted`].
    pub accepted: u64,
    /// [`Outcome::Waiting`].
    pub waiting: u64,
    /// [`Outcome::InDoubt`].
    pub in_doubt: u64,
    /// [`Outcome::Failed`].
    pub failed: u64,
    /// [`Outcome::Ended`].
    pub ended: u64,
}

impl Outcomes {
    /// Of deliveries counted by state.
    pub fn of(by_state: &BTreeMap<String, u64>) -> Self {
        let mut outcomes = Self::default();
        for (state, number) in by_state {
            outcomes.add(state, *number);
        }
        outcomes
    }

    /// So many more in a state of this name.
    pub fn add(&mut self, state: &str, number: u64) {
        let which = match Outcome::of(state) {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Waiting => &mut self.waiting,
            Outcome::InDoubt => &mut self.in_doubt,
            Outcome::Failed => &mut self.failed,
            Outcome::Ended => &mut self.ended,
        };
        *which += number;
    }

    /// Those that there are, in the order in which they are told.
    pub fn parts(&self) -> Vec<(Outcome, u64)> {
        let all = Outcome::ALL.map(|outcome| (outcome, self.number(outcome)));
        all.into_iter().filter(|(_, number)| *number > 0).collect()
    }

    /// How many it became so of.
    pub fn number(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Accepted => self.accepted,
            Outcome::Waiting => self.waiting,
            Outcome::InDoubt => self.in_doubt,
            Outcome::Failed => self.failed,
            Outcome::Ended => self.ended,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.accepted + self.waiting + self.in_doubt + self.failed + self.ended
    }
}

/// What became of a distribution's deliveries, by what people ask about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Breakdown {
    /// By the mail's own language.
    #[serde(rename = "outcomes_by_language")]
    pub by_language: BTreeMap<String, Outcomes>,
    /// By the recipient's domain, the largest first; at most ten.
    #[serde(rename = "outcomes_by_domain")]
    pub by_domain: Vec<DomainOutcomes>,
}

impl Breakdown {
    /// So many more in this language and in a state of this name.
    pub fn add_language(&mut self, language: String, state: &str, number: u64) {
        self.by_language
            .entry(language)
            .or_default()
            .add(state, number);
    }
}

/// What became of the deliveries to one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainOutcomes {
    /// The recipients' domain.
    pub domain: String,
    /// What became of them.
    #[serde(flatten)]
    pub outcomes: Outcomes,
}

impl DomainOutcomes {
    /// The first few domains of counts by domain and state, each domain's counts one
    /// after the other.
    pub fn first(
        counts: impl IntoIterator<Item = (String, String, u64)>,
        most: usize,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (domain, state, number) in counts {
            if all.last().is_none_or(|last| last.domain != domain) {
                if all.len() == most {
                    break;
                }
                let outcomes = Outcomes::default();
                all.push(Self { domain, outcomes });
            }
            if let Some(last) = all.last_mut() {
                last.outcomes.add(&state, number);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_counts_once_and_domains_are_whole() {
        let counts = [
            ("a.example", "accepted", 5),
            ("a.example", "deferred", 1),
            ("a.example", "due", 2),
            ("a.example", "in_doubt", 1),
            ("b.example", "bounced", 1),
            ("b.example", "rejected", 2),
            ("b.example", "suppressed", 1),
            ("c.example", "planned", 1),
        ];
        let counts = counts.map(|(domain, state, n)| (domain.to_owned(), state.to_owned(), n));
        let found = DomainOutcomes::first(counts.clone(), 2);
        let expected = Outcomes {
            accepted: 5,
            waiting: 3,
            in_doubt: 1,
            ..Outcomes::default()
        };
        assert_eq!(found[0].outcomes, expected);
        assert_eq!(found[0].outcomes.total(), 9);
        assert_eq!((found[1].outcomes.failed, found[1].outcomes.ended), (3, 1));
        assert_eq!(found.len(), 2);
        let states = [
            ("accepted", 5),
            ("claimed", 3),
            ("in_doubt", 1),
            ("withheld", 2),
            ("cancelled", 1),
        ];
        let states = states.map(|(state, n)| (state.to_owned(), n));
        let parts = Outcomes::of(&states.into()).parts();
        let parts: Vec<_> = parts.iter().map(|(one, n)| (one.name(), *n)).collect();
        let told = [
            ("accepted", 5),
            ("waiting", 3),
            ("in-doubt", 1),
            ("failed", 2),
            ("ended", 1),
        ];
        assert_eq!(parts, told);
        assert_eq!(
            found[1].outcomes.parts().len(),
            2,
            "what is not there is not told"
        );
        assert_eq!(DomainOutcomes::first(counts, 9).len(), 3);
        assert!(DomainOutcomes::first([], 9).is_empty());
    }
}
