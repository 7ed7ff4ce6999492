//! A press release with one variant per language.

use super::address::EmailAddress;
use super::embargo::Embargo;
use super::header_text::HeaderText;
use super::ids::ReleaseId;
use super::language::Language;
use super::localized::Localized;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What sort of announcement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// The usual announcement.
    PressRelease,
    /// An invitation to an event.
    MediaAdvisory,
    /// A position on something that happened.
    Statement,
    /// A follow-up that mends an earlier release.
    Correction,
    /// A follow-up that takes an earlier release back: nothing to publish.
    Retraction,
}

impl ReleaseKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::PressRelease,
        Self::MediaAdvisory,
        Self::Statement,
        Self::Correction,
        Self::Retraction,
    ];

    /// Its name in release.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::PressRelease => "press-release",
            Self::MediaAdvisory => "media-advisory",
            Self::Statement => "statement",
            Self::Correction => "correction",
            Self::Retraction => "retraction",
        }
    }

    /// Reads a kind's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Place and date of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ReleaseDateline {
    /// The place, per language.
    pub place: Localized<String>,
    /// The day it is dated.
    pub date: Option<Date>,
}

/// Our spokesperson, named in the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PressContact {
    /// Name, per language.
    pub name: Localized<HeaderText>,
    /// Part in the organisation, per language.
    pub role: Localized<HeaderText>,
    /// Mail address.
    pub email: Option<EmailAddress>,
    /// Telephone number, as printed.
    pub phone: Option<HeaderText>,
    /// Languages they answer in.
    pub languages: Vec<Language>,
}

/// A file that goes with the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Path in the release folder, with `/`.
    pub path: String,
    /// The file's name as the reader sees it, per language.
    pub file_name: Localized<HeaderText>,
    /// Media type, such as `application/pdf`.
    pub media_type: String,
    /// The variants it goes with; empty for all.
    pub languages: Vec<Language>,
    /// Shown in the body by Content-ID, since the Markdown names it as an image.
    pub inline: bool,
}

impl Attachment {
    /// Whether it goes with a variant.
    pub fn goes_with(&self, language: &Language) -> bool {
        self.languages.is_empty() || self.languages.contains(language)
    }
}

/// The text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its language.
    pub language: Language,
    /// Headline; never empty.
    pub headline: HeaderText,
    /// Line under the headline.
    pub subhead: Option<HeaderText>,
    /// The mail's subject where it is not the headline.
    pub subject: Option<HeaderText>,
    /// Main points, one line each.
    pub highlights: Vec<HeaderText>,
    /// The body, in Markdown.
    pub body: String,
    /// Notes to editors, in Markdown.
    pub notes: Option<String>,
}

/// One announcement in all its languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its identifier.
    pub id: ReleaseId,
    /// What sort of announcement.
    pub kind: ReleaseKind,
    /// Absent: for immediate release.
    pub embargo: Option<Embargo>,
    /// Place and date.
    pub dateline: ReleaseDateline,
    /// Countries it concerns, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Our spokespersons.
    pub press_contacts: Vec<PressContact>,
    /// Files that go with it.
    pub attachments: Vec<Attachment>,
    /// Free values for templates.
    pub data: BTreeMap<String, Value>,
    /// At least one variant; the first is the fallback.
    pub variants: Vec<Variant>,
}

impl Release {
    /// The languages it is published in, the fallback first.
    pub fn languages(&self) -> Vec<Language> {
        self.variants
            .iter()
            .map(|variant| variant.language.clone())
            .collect()
    }

    /// Its text in a language.
    pub fn variant(&self, language: &Language) -> Option<&Variant> {
        self.variants
            .iter()
            .find(|variant| variant.language == *language)
    }

    /// The headline people know it by: the first variant's.
    pub fn headline(&self) -> &str {
        self.variants
            .first()
            .map_or("", |variant| variant.headline.as_str())
    }
}
