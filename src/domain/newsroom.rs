//! The newsroom: the issuing organisation.

use super::address::EmailAddress;
use super::header_text::HeaderText;
use super::language::{Fallbacks, Language};
use super::localized::Localized;
use super::zone::Zone;
use serde::{Deserialize, Serialize};

/// The organisation in whose name releases go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newsroom {
    /// Its name, per language.
    pub name: Localized<HeaderText>,
    /// The domain that Message-ID and List-Id end in: lower-case A-labels.
    pub domain: String,
    /// From.
    pub from: EmailAddress,
    /// Reply-To, where it differs from From.
    pub reply_to: Option<EmailAddress>,
    /// Where an opt-out by mail goes (RFC 2369 List-Unsubscribe).
    pub opt_out: EmailAddress,
    /// The zone for contacts whose own is unknown, and for times in reports.
    pub zone: Zone,
    /// Accent colour, `#rrggbb`.
    pub accent: String,
    /// Logo file, relative to the workspace; inlined by Content-ID.
    pub logo: Option<String>,
    /// Web site.
    pub website: Option<String>,
    /// Postal address, one line.
    pub postal_address: Option<String>,
    /// About the organisation, in Markdown, per language.
    pub boilerplate: Localized<String>,
    /// Whether raw HTML in Markdown is let through (sanitised).
    pub allow_html: bool,
}

impl Newsroom {
    /// Its name for readers of a language.
    pub fn name_in(&self, language: &Language) -> &str {
        self.name.get(language).map_or("", HeaderText::as_str)
    }
}

/// Whether a contact who reads several languages gets one or all of them in a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Variants {
    /// One language: the first the contact asked for.
    #[default]
    Preferred,
    /// Every variant the contact reads, one under the other.
    Stacked,
}

/// How the newsroom chooses languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LanguagePolicy {
    /// For a language without a variant, which to try instead.
    pub fallbacks: Fallbacks,
    /// One language a mail, or all that the contact reads.
    pub variants: Variants,
}
