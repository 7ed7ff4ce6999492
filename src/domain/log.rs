//! The delivery log: append-only, each entry bound to the one before it.
//!
//! An entry is a line of JSON. Its hash is BLAKE3 over the previous entry's
//! hash and this line, so no entry can be changed, taken out or moved without
//! every later hash being wrong. Personal facts (an address, a relay's words,
//! which may repeat one) stand beside the line; the line holds only a salted
//! hash of them, so that erasing them (GDPR article 17) will not break the chain.

use super::ids::{DeliveryId, DistributionId};
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use blake3::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What the first entry is bound to.
pub const GENESIS: &str = "dateline delivery log, version 1";

/// The event of a reader's complaint.
pub const COMPLAINT: &str = "complaint";

/// The event of a reader who opts out by mail.
pub const OPT_OUT: &str = "opt_out";

/// Whether an event of a delivery tells of its state, whose name it then has:
/// all do but for what a reader says of it.
pub fn tells_state(event: &str) -> bool {
    event != COMPLAINT && event != OPT_OUT
}
/// The event of an erasure: it names entries whose personal facts were taken out.
pub const ERASED: &str = "erased";

/// What happened, before it has a place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent {
    /// When.
    pub at: Timestamp,
    /// The distribution it belongs to.
    pub distribution: DistributionId,
    /// The delivery; absent for events of the whole distribution.
    pub delivery: Option<DeliveryId>,
    /// What happened: `distribution`, `attempt`, or a state's name.
    pub event: Cow<'static, str>,
    /// Facts that name nobody.
    pub facts: Facts,
    /// Facts that may name somebody.
    pub personal: Option<Personal>,
}

/// Facts that may name somebody, and the salt of their commitment.
#[derive(Debug, Clone, PartialEq)]
pub struct Personal {
    /// The facts.
    pub facts: Facts,
    /// 128 random bits, so that the commitment cannot be guessed from a list of addresses.
    pub salt: u128,
}

/// Facts of an event: an object of plain values, as the JSON that is written of it.
/// By name, in the order of the alphabet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(Box<RawValue>);

impl Facts {
    /// Of what serialises as an object; of anything else there are none.
    pub fn of(object: impl Serialize) -> Self {
        let written = to_raw_value(&object).ok();
        let written = written.filter(|written| written.get().starts_with('{'));
        Self(written.unwrap_or_else(|| RawValue::NULL.to_owned()))
    }

    /// The object as JSON.
    pub fn json(&self) -> &str {
        self.0.get()
    }

    /// The same without its braces.
    fn fields(&self) -> &str {
        let inner = self.json().strip_prefix('{');
        inner
            .and_then(|inner| inner.strip_suffix('}'))
            .unwrap_or_default()
    }
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

/// The facts of an object that `json!` made.
pub fn facts(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// The line: canonical JSON, what the hash is made over.
    pub line: String,
    /// The personal facts as JSON; erased on request.
    pub personal: Option<String>,
    /// The salt, 32 hex digits; erased with them.
    pub salt: Option<String>,
    /// BLAKE3 of the previous hash and the line, 64 hex digits.
    pub hash: String,
}

/// The line's content. The order of fields is the canonical order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its place in the chain.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The distribution.
    pub distribution: DistributionId,
    /// The delivery.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delivery: Option<DeliveryId>,
    /// What happened.
    pub event: String,
    /// Facts that name nobody.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
    /// Commitment to the personal facts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commitment: Option<String>,
}

/// What a [`Line`] begins with; its facts and its commitment follow.
#[derive(Serialize)]
struct Opening<'a> {
    seq: u64,
    at: Timestamp,
    distribution: DistributionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryId>,
    event: &'a str,
}

/// Octets that hardly any line is longer than.
const LONG_LINE: usize = 512;

/// The line of an event: the fields of a [`Line`] in their order.
fn write(seq: u64, event: &LogEvent, commitment: Option<Hash>) -> String {
    let opening = Opening {
        seq,
        at: event.at,
        distribution: event.distribution,
        delivery: event.delivery,
        event: &event.event,
    };
    let mut line = Vec::with_capacity(LONG_LINE);
    // Plain values always serialise, and memory takes whatever is written.
    let _ = serde_json::to_writer(&mut line, &opening);
    line.pop();
    let facts = event.facts.fields();
    if !facts.is_empty() {
        line.push(b',');
        line.extend_from_slice(facts.as_bytes());
    }
    if let Some(commitment) = commitment {
        line.extend_from_slice(b",\"commitment\":\"");
        line.extend_from_slice(commitment.to_hex().as_bytes());
        line.push(b'"');
    }
    line.push(b'}');
    String::from_utf8(line).unwrap_or_default()
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries so far.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            seq: 0,
            hash: blake3::hash(GENESIS.as_bytes()).to_hex().to_string(),
        }
    }
}

impl Head {
    /// Gives an event its place, and moves the head on.
    pub fn append(&mut self, event: &LogEvent) -> LogEntry {
        let seq = self.seq + 1;
        let personal = event.personal.as_ref();
        let salt = personal.map(|personal| format!("{:032x}", personal.salt));
        let personal = personal.map(|personal| personal.facts.json());
        let commitment = salt.as_deref().zip(personal);
        let commitment = commitment.map(|(salt, facts)| bound(salt, facts));
        let line = write(seq, event, commitment);
        let hash = bound(&self.hash, &line).to_hex().to_string();
        self.seq = seq;
        self.hash.clone_from(&hash);
        LogEntry {
            seq,
            line,
            personal: personal.map(str::to_owned),
            salt,
            hash,
        }
    }
}

/// A text bound to what stands before it.
fn bound(before: &str, text: &str) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(before.as_bytes())
        .update(b"\n")
        .update(text.as_bytes());
    hasher.finalize()
}

/// Why the log does not verify, at the first broken entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Broken {
    /// An entry is not where it should be.
    Missing {
        /// The place looked at.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// The line was edited or moved, or its hash was.
    Hash {
        /// Which entry.
        seq: u64,
    },
    /// The line is no log line, or names another place.
    Line {
        /// Which entry.
        seq: u64,
    },
    /// A column that repeats the line says otherwise.
    Column {
        /// Which entry.
        seq: u64,
        /// Which column.
        column: String,
    },
    /// The personal facts are not those committed to.
    Personal {
        /// Which entry.
        seq: u64,
    },
    /// The chain's end is not where it was left.
    End {
        /// Entries that were written.
        expected: u64,
        /// Entries there are.
        found: u64,
    },
    /// A delivery's state is not what the log says last.
    State {
        /// The delivery's last entry.
        seq: u64,
        /// Which delivery.
        delivery: String,
        /// The last state in the log.
        logged: String,
        /// The state in the store.
        stored: String,
    },
}

impl Tell for Broken {
    fn said(&self) -> Said {
        match self {
            Self::Missing { expected, found } => said!(
                "entry {expected} is missing: entry {found} stands in its place",
                expected,
                found
            ),
            Self::Hash { seq } => said!(
                "entry {seq} is not as it was written: its hash does not follow from its line and entry {before}",
                seq,
                before = seq.saturating_sub(1)
            ),
            Self::Line { seq } => said!("entry {seq} is not a log line of that place", seq),
            Self::Column { seq, column } => said!(
                "entry {seq}: column `{column}` differs from its line",
                seq,
                column
            ),
            Self::Personal { seq } => said!(
                "entry {seq}: the personal facts are not those that were written",
                seq
            ),
            Self::End { expected, found } => said!(
                "entry {found} is missing: the log ended with entry {expected}",
                found = found.saturating_add(1),
                expected
            ),
            Self::State {
                seq,
                delivery,
                logged,
                stored,
            } => said!(
                "entry {seq}: the log says `{logged}`, but delivery {delivery} is `{stored}`",
                seq,
                logged,
                delivery,
                stored
            ),
        }
    }
}

shown_as_said!(Broken);

/// Entries in a row.
type Span = (u64, u64);

/// What the log says where the personal facts of entries of a distribution are
/// taken out: which entries, who did it and why. Entries come in any order.
pub fn erased(
    at: Timestamp,
    distribution: DistributionId,
    entries: &BTreeSet<u64>,
    by: &str,
    why: &str,
) -> LogEvent {
    let mut spans: Vec<Span> = Vec::new();
    for seq in entries {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *seq => *last = *seq,
            Some(_) | None => spans.push((*seq, *seq)),
        }
    }
    LogEvent {
        at,
        distribution,
        delivery: None,
        event: ERASED.into(),
        facts: Facts::of(serde_json::json!({ "entries": spans, "by": by, "why": why })),
        personal: None,
    }
}

/// The entries that a line says were emptied; all stand before it.
fn emptied(line: &Line) -> Vec<Span> {
    if line.event != ERASED {
        return Vec::new();
    }
    let named = line.facts.get("entries").cloned().unwrap_or_default();
    let spans: Vec<Span> = serde_json::from_value(named).unwrap_or_default();
    let before = |(first, last): &Span| first <= last && *last < line.seq;
    spans.into_iter().filter(before).collect()
}

/// Walks the chain from its beginning.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    head: Head,
    /// Entries without the personal facts that they are bound to, of which no
    /// later entry has said so yet.
    missing: BTreeSet<u64>,
}

impl Verifier {
    /// Checks the next entry, and gives back its line.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&mut self, entry: &LogEntry) -> Result<Line, Broken> {
        let expected = self.head.seq + 1;
        if entry.seq != expected {
            return Err(Broken::Missing {
                expected,
                found: entry.seq,
            });
        }
        if bound(&self.head.hash, &entry.line).to_hex().as_str() != entry.hash {
            return Err(Broken::Hash { seq: entry.seq });
        }
        let line: Line =
            serde_json::from_str(&entry.line).map_err(|_| Broken::Line { seq: entry.seq })?;
        if line.seq != entry.seq {
            return Err(Broken::Line { seq: entry.seq });
        }
        if !has_personal(entry, &line)? {
            self.missing.insert(entry.seq);
        }
        for (first, last) in emptied(&line) {
            let told: Vec<_> = self.missing.range(first..=last).copied().collect();
            for seq in told {
                self.missing.remove(&seq);
            }
        }
        self.head = Head {
            seq: entry.seq,
            hash: entry.hash.clone(),
        };
        Ok(line)
    }

    /// Checks that the chain ends where the store says that it ends, and that
    /// whatever was taken out of it was told.
    ///
    /// # Errors
    /// Entries are missing at the end, the head was changed, or personal facts are
    /// gone and no entry says that they were erased.
    pub fn finish(self, head: &Head) -> Result<Head, Broken> {
        if self.head.seq != head.seq {
            return Err(Broken::End {
                expected: head.seq,
                found: self.head.seq,
            });
        }
        if self.head.hash != head.hash {
            return Err(Broken::Hash { seq: head.seq });
        }
        if let Some(seq) = self.missing.first() {
            return Err(Broken::Personal { seq: *seq });
        }
        Ok(self.head)
    }
}

/// Whether the personal facts that a line is bound to are there, as committed to.
/// Nobody takes them out unseen: an erasure is an entry of its own that says so.
fn has_personal(entry: &LogEntry, line: &Line) -> Result<bool, Broken> {
    let broken = Err(Broken::Personal { seq: entry.seq });
    match (&entry.salt, &entry.personal, &line.commitment) {
        (Some(salt), Some(facts), Some(commitment))
            if bound(salt, facts).to_hex().as_str() == commitment =>
        {
            Ok(true)
        }
        (None, None, None) => Ok(true),
        (None, None, Some(_)) => Ok(false),
        (_, _, _) => broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain_of(n: u64) -> (Vec<LogEntry>, Head) {
        let mut head = Head::default();
        let entries = (0..n)
            .map(|i| {
                let facts = Facts::of(serde_json::json!({ "n": i }));
                head.append(&LogEvent {
                    at: Timestamp::from_second(i64::try_from(i).unwrap()).unwrap(),
                    distribution: DistributionId::from_parts(1, 1),
                    delivery: None,
                    event: "accepted".into(),
                    personal: Some(Personal {
                        facts: facts.clone(),
                        salt: u128::from(i),
                    }),
                    facts,
                })
            })
            .collect();
        (entries, head)
    }

    fn verify(entries: &[LogEntry], head: &Head) -> Result<Head, Broken> {
        let mut verifier = Verifier::default();
        for entry in entries {
            verifier.check(entry)?;
        }
        verifier.finish(head)
    }

    #[test]
    fn an_untouched_log_verifies_and_no_fact_can_be_taken_out() {
        let (mut entries, head) = chain_of(5);
        assert_eq!(verify(&entries, &head), Ok(head.clone()));
        entries[2].personal = None;
        entries[2].salt = None;
        assert_eq!(verify(&entries, &head), Err(Broken::Personal { seq: 3 }));
    }

    #[test]
    fn an_erasure_is_told_by_an_entry_that_comes_after() {
        let (mut entries, mut head) = chain_of(6);
        let at = Timestamp::UNIX_EPOCH;
        let distribution = DistributionId::from_parts(1, 1);
        for place in [1, 2, 4] {
            entries[place].personal = None;
            entries[place].salt = None;
        }
        assert_eq!(verify(&entries, &head), Err(Broken::Personal { seq: 2 }));
        let told = erased(at, distribution, &BTreeSet::from([2, 3]), "vera", "asked");
        assert!(told.facts.json().contains("\"entries\":[[2,3]]"));
        entries.push(head.append(&told));
        assert_eq!(verify(&entries, &head), Err(Broken::Personal { seq: 5 }));
        entries.push(head.append(&erased(at, distribution, &BTreeSet::from([5]), "vera", "")));
        assert_eq!(verify(&entries, &head), Ok(head.clone()));
        // The facts alone without their salt are no erasure.
        entries[3].personal = None;
        assert_eq!(verify(&entries, &head), Err(Broken::Personal { seq: 4 }));
    }

    #[test]
    fn nobody_is_told_of_an_erasure_beforehand() {
        let mut head = Head::default();
        let at = Timestamp::UNIX_EPOCH;
        let distribution = DistributionId::from_parts(1, 1);
        let told = erased(at, distribution, &BTreeSet::from([2]), "x", "");
        let first = head.append(&told);
        let mut event = told;
        event.event = "accepted".into();
        event.personal = Some(Personal {
            facts: Facts::of(Map::new()),
            salt: 1,
        });
        let mut second = head.append(&event);
        (second.personal, second.salt) = (None, None);
        assert_eq!(
            verify(&[first, second], &head),
            Err(Broken::Personal { seq: 2 })
        );
    }

    proptest! {
        #[test]
        fn any_edit_deletion_or_move_is_found_at_its_entry(n in 2u64..12, at in 0usize..12, how in 0u8..5) {
            let (mut entries, head) = chain_of(n);
            let at = at % entries.len();
            match how {
                0 => entries[at].line = entries[at].line.replace("accepted", "rejected"),
                1 => { entries.remove(at); }
                2 => entries[at].personal = Some("{\"n\":99}".into()),
                3 => entries[at].hash = entries[at].hash.chars().rev().collect(),
                _ => {
                    let other = (at + 1) % entries.len();
                    let line = entries[at].line.clone();
                    entries[at].line = std::mem::replace(&mut entries[other].line, line);
                }
            }
            prop_assert!(verify(&entries, &head).is_err());
        }
    }
}
