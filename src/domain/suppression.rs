//! Suppression: a standing bar on an address.

use super::address::EmailAddress;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

/// Which bars somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuppressionSearch {
    /// A part of the address; the case of ASCII letters does not matter.
    pub text: String,
    /// The reason.
    pub reason: Option<SuppressionReason>,
}
