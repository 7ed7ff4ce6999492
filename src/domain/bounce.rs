//! Bounces: what a report that comes back means for a delivery and its address.
//!
//! Pure: reading the report is the work of `inbound`. Here stands what the codes
//! and words in it mean, how far a report is believed, and when an address is
//! barred for it.

use super::address::EmailAddress;
use super::ids::DeliveryId;
use super::reply::{EnhancedCode, RejectClass};
use super::suppression::SuppressionReason;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What servers write, class by class.
const WORDS: &str = include_str!("bounce_words.tsv");

/// Whether the address itself is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BounceKind {
    /// The mailbox or its domain is not there, and will not be tomorrow.
    Hard,
    /// This mail did not arrive; the next one may.
    Soft,
}

impl BounceKind {
    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }
}

/// Why a mail came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BounceClass {
    /// No such mailbox.
    MailboxUnknown,
    /// The mailbox was there and is closed.
    MailboxDisabled,
    /// The mailbox is full.
    MailboxFull,
    /// Taken for spam, or its sender for a spammer.
    Spam,
    /// Refused for another rule of the receiver.
    Policy,
    /// Larger than the receiver takes.
    TooLarge,
    /// The domain is not in the DNS, or takes no mail.
    Dns,
    /// A server on the way does not speak for the recipient.
    RelayDenied,
    /// Tried for too long.
    Expired,
    /// The receiver's server could not be reached.
    Unreachable,
    /// Two servers disagree on the protocol.
    Protocol,
    /// Anything else.
    Other,
}

impl BounceClass {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::MailboxUnknown,
        Self::MailboxDisabled,
        Self::MailboxFull,
        Self::Spam,
        Self::Policy,
        Self::TooLarge,
        Self::Dns,
        Self::RelayDenied,
        Self::Expired,
        Self::Unreachable,
        Self::Protocol,
        Self::Other,
    ];

    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MailboxUnknown => "mailbox-unknown",
            Self::MailboxDisabled => "mailbox-disabled",
            Self::MailboxFull => "mailbox-full",
            Self::Spam => "spam",
            Self::Policy => "policy",
            Self::TooLarge => "too-large",
            Self::Dns => "dns",
            Self::RelayDenied => "relay-denied",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::Protocol => "protocol",
            Self::Other => "other",
        }
    }

    /// Reads a class's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The class of a refusal that comes nearest, for the delivery's state.
    pub fn reject_class(self) -> RejectClass {
        match self {
            Self::MailboxUnknown | Self::Dns => RejectClass::MailboxUnknown,
            Self::MailboxDisabled | Self::MailboxFull => RejectClass::MailboxUnavailable,
            Self::Spam | Self::Policy => RejectClass::Policy,
            Self::TooLarge => RejectClass::TooLarge,
            Self::RelayDenied => RejectClass::RelayDenied,
            Self::Protocol => RejectClass::Protocol,
            Self::Expired | Self::Unreachable | Self::Other => RejectClass::Other,
        }
    }

    /// The class by an enhanced code (RFC 3463 section 3, RFC 7504, RFC 7505,
    /// and the registry of RFC 5248); `None` where the code says nothing.
    pub fn of_code(code: EnhancedCode) -> Option<Self> {
        Some(match (code.subject, code.detail) {
            (1, 1 | 3 | 4 | 6) => Self::MailboxUnknown,
            (1, 2 | 10) | (4, 3 | 4) => Self::Dns,
            (1, 7 | 8) | (7, _) => Self::Policy,
            (2, 1) => Self::MailboxDisabled,
            (2, 2) | (3, 1) => Self::MailboxFull,
            (2, 3) | (3, 4) => Self::TooLarge,
            (2, 4) | (6, _) => Self::Policy,
            (4, 7) => Self::Expired,
            (3, 2) | (4, 1 | 2 | 5 | 6) => Self::Unreachable,
            (5, _) => Self::Protocol,
            (_, _) => return None,
        })
    }

    /// The class by the words of a diagnostic text, and the words that say it.
    pub fn of_words(text: &str) -> Option<(Self, &'static str)> {
        let text = text.to_lowercase();
        let (class, words) = word_table().find(|(_, words)| text.contains(words))?;
        Some((Self::from_name(class)?, words))
    }

    fn kind(self, lasting: bool) -> BounceKind {
        match self {
            Self::MailboxUnknown | Self::MailboxDisabled | Self::Dns if lasting => BounceKind::Hard,
            Self::MailboxUnknown
            | Self::MailboxDisabled
            | Self::Dns
            | Self::MailboxFull
            | Self::Spam
            | Self::Policy
            | Self::TooLarge
            | Self::RelayDenied
            | Self::Expired
            | Self::Unreachable
            | Self::Protocol
            | Self::Other => BounceKind::Soft,
        }
    }
}

/// The table's lines: a class's name and words.
fn word_table() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

/// A failure, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whether the address is at fault.
    pub kind: BounceKind,
    /// Why.
    pub class: BounceClass,
}

/// By what a report was understood: the rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "what")]
pub enum Ground {
    /// These words of the diagnostic text.
    Words(String),
    /// This status (RFC 3463).
    Status(EnhancedCode),
    /// This reply code (RFC 5321).
    Reply(u16),
    /// What the report says of itself: an action, a kind of feedback, a header
    /// field, the words of a form.
    Report(String),
    /// Nothing that is known.
    #[default]
    Nothing,
}

impl Ground {
    /// Its name in tables and on pages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Words(_) => "words",
            Self::Status(_) => "status",
            Self::Reply(_) => "reply",
            Self::Report(_) => "report",
            Self::Nothing => "nothing",
        }
    }

    /// What it was, in the report's own words.
    pub fn what(&self) -> String {
        match self {
            Self::Words(text) | Self::Report(text) => text.clone(),
            Self::Status(code) => code.to_string(),
            Self::Reply(code) => code.to_string(),
            Self::Nothing => String::new(),
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(text) => write!(f, "words \"{text}\""),
            Self::Status(code) => write!(f, "status {code}"),
            Self::Reply(code) => write!(f, "reply {code}"),
            Self::Report(text) => write!(f, "{text}"),
            Self::Nothing => Ok(()),
        }
    }
}

/// Understands a failure from the report's status and its words, and tells by
/// what.
///
/// The words stand above the code where they are plain: many servers say
/// `5.7.1` for a user they do not know, and `5.0.0` for anything. Expiry stands
/// above the words: they tell of the last attempt. A code of class 4 never makes
/// a failure hard, whatever the words.
pub fn understand(status: Option<EnhancedCode>, diagnostic: &str) -> (Failure, Ground) {
    let in_text = code_in(diagnostic);
    let status = match status {
        Some(code) if BounceClass::of_code(code).is_some() => Some(code),
        Some(code) => in_text.or(Some(code)),
        None => in_text,
    };
    let (class, ground) = class_of(status, diagnostic);
    let lasting = match status {
        Some(code) => code.class == 5,
        None => smtp_code(diagnostic).is_none_or(|code| code >= 500),
    };
    let kind = class.kind(lasting);
    (Failure { kind, class }, ground)
}

fn class_of(status: Option<EnhancedCode>, diagnostic: &str) -> (BounceClass, Ground) {
    let by_code = status.and_then(|code| {
        let class = BounceClass::of_code(code)?;
        Some((class, Ground::Status(code)))
    });
    let by_words = || {
        let (class, words) = BounceClass::of_words(diagnostic)?;
        Some((class, Ground::Words(words.to_owned())))
    };
    match by_code {
        Some((BounceClass::Expired, ground)) => (BounceClass::Expired, ground),
        by_code => by_words()
            .or(by_code)
            .or_else(|| {
                let code = smtp_code(diagnostic)?;
                Some((basic(code)?, Ground::Reply(code)))
            })
            .unwrap_or((BounceClass::Other, Ground::Nothing)),
    }
}

/// The first enhanced code in a text.
pub fn code_in(text: &str) -> Option<EnhancedCode> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter_map(|word| EnhancedCode::parse(word.trim_end_matches('.')))
        .find(|code| code.class != 2)
}

/// The first basic code of a refusal in a text (RFC 5321 4.2.3).
fn smtp_code(text: &str) -> Option<u16> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse().ok())
        .find(|code| (421..=556).contains(code))
}

/// What the basic code says where nothing says more.
fn basic(code: u16) -> Option<BounceClass> {
    Some(match code {
        552 | 452 => BounceClass::MailboxFull,
        550 | 551 | 553 => BounceClass::MailboxUnknown,
        530 | 535 | 538 => BounceClass::RelayDenied,
        500..=504 | 555 => BounceClass::Protocol,
        554 => BounceClass::Policy,
        421 => BounceClass::Unreachable,
        _ => return None,
    })
}

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "finding")]
pub enum Finding {
    /// It did not arrive.
    Failed(Failure),
    /// It has not arrived yet (RFC 3464 2.3.3 `delayed`).
    Delayed,
    /// It arrived, or went on to where no more is told.
    Delivered,
    /// The reader called it spam (RFC 5965).
    Complaint,
    /// A machine answers for the reader, who has it (RFC 3834).
    AutoReply,
    /// A machine wants to be answered before it lets mail through.
    Challenge,
    /// The reader wants no more, by the signed word in the mail's own link.
    OptOut,
}

impl Finding {
    /// All names there are.
    pub const NAMES: [&str; 8] = [
        "hard",
        "soft",
        "complaint",
        "opt-out",
        "delayed",
        "delivered",
        "auto-reply",
        "challenge",
    ];

    /// Its name in tables and JSON; of a failure, its kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed(failure) => failure.kind.name(),
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Complaint => "complaint",
            Self::AutoReply => "auto-reply",
            Self::Challenge => "challenge",
            Self::OptOut => "opt-out",
        }
    }

    /// The failure, where it is one.
    pub fn failure(self) -> Option<Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Delayed
            | Self::Delivered
            | Self::Complaint
            | Self::AutoReply
            | Self::Challenge
            | Self::OptOut => None,
        }
    }
}

/// By what a report was matched with its delivery: the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// It came to the delivery's own signed return path.
    ReturnPath,
    /// It holds the mail's Message-ID, which only those know who had the mail.
    MessageId,
    /// It has the signed word of the mail's own link in its subject.
    Word,
    /// It names the address: anybody could have written it.
    Address,
}

impl Evidence {
    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReturnPath => "return-path",
            Self::MessageId => "message-id",
            Self::Word => "word",
            Self::Address => "address",
        }
    }
}

/// A report as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    /// The hash that tells it from all others.
    pub fingerprint: String,
    /// When it was taken in.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub finding: Finding,
    /// By what it was matched.
    pub evidence: Evidence,
    /// The delivery it is about.
    pub delivery: DeliveryId,
    /// The address that the delivery went to.
    pub email: EmailAddress,
    /// The status it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<EnhancedCode>,
    /// The server's words.
    pub diagnostic: String,
    /// By what it was understood.
    #[serde(default)]
    pub ground: Ground,
    /// Which form it has: `dsn`, `arf`, or the name of a server's own.
    pub form: String,
}

/// When bounces bar an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BouncePolicy {
    /// So many soft bounces of different deliveries bar it.
    pub soft: u32,
    /// Within so long.
    pub within: SignedDuration,
    /// Whether every mail has a signed return path: then a report that names
    /// only an address is believed in nothing.
    pub signed: bool,
}

impl Default for BouncePolicy {
    fn default() -> Self {
        Self {
            soft: 5,
            within: SignedDuration::from_hours(30 * 24),
            signed: false,
        }
    }
}

impl BouncePolicy {
    /// Whether a report so matched may change anything.
    pub fn believes(&self, evidence: Evidence) -> bool {
        match evidence {
            Evidence::ReturnPath | Evidence::MessageId | Evidence::Word => true,
            Evidence::Address => !self.signed,
        }
    }

    /// Whether an address is barred for a report, and why. `earlier` are the
    /// times of its failures before this one, each of another delivery.
    ///
    /// A hard bounce and a complaint bar at once, but not on the mere word of
    /// whoever knows the address; a soft one bars with as many before it as the
    /// policy asks for.
    pub fn bar(
        &self,
        finding: Finding,
        evidence: Evidence,
        earlier: &[Timestamp],
        now: Timestamp,
    ) -> Option<SuppressionReason> {
        if !self.believes(evidence) {
            return None;
        }
        let sure = evidence != Evidence::Address;
        match finding {
            Finding::Complaint if sure => Some(SuppressionReason::Complaint),
            Finding::OptOut if evidence == Evidence::Word => Some(SuppressionReason::OptOut),
            Finding::Failed(failure) if sure && failure.kind == BounceKind::Hard => {
                Some(SuppressionReason::HardBounce)
            }
            Finding::Failed(_) => self
                .is_too_many(earlier, now)
                .then_some(SuppressionReason::SoftBounces),
            Finding::Complaint
            | Finding::Delayed
            | Finding::Delivered
            | Finding::AutoReply
            | Finding::Challenge
            | Finding::OptOut => None,
        }
    }

    /// From when on earlier failures count.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.within).unwrap_or(Timestamp::MIN)
    }

    fn is_too_many(&self, earlier: &[Timestamp], now: Timestamp) -> bool {
        let since = self.since(now);
        let before = earlier.iter().filter(|at| **at >= since).count();
        before.saturating_add(1) >= usize::try_from(self.soft).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
#[path = "bounce_tests.rs"]
mod tests;
