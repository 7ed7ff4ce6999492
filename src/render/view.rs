//! What templates see. docs/templates.md lists these names for newsrooms:
//! change both together.

use super::markdown::Prose;
use serde::Serialize;
use std::collections::BTreeMap;

/// The part that every letter of a release shares.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ReleaseView {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) countries: Vec<String>,
}

/// The newsroom in one language.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NewsroomView {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logo: Option<String>,
    pub(super) accent: String,
    pub(super) accent_text: String,
    pub(super) accent_dark: String,
    pub(super) email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) website_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postal_address: Option<String>,
}

/// How a language is set.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Setting {
    pub(super) lang: String,
    pub(super) dir: &'static str,
    pub(super) rtl: bool,
    /// The side on which a line begins: `left` or `right`.
    pub(super) start: &'static str,
    pub(super) end: &'static str,
    /// Letter spacing of small capitals; none where letters join.
    pub(super) tracking: &'static str,
    pub(super) comma: &'static str,
    /// Marks that set left-to-right text apart; empty where all of it is.
    pub(super) lri: &'static str,
    pub(super) pdi: &'static str,
}

impl Setting {
    pub(super) fn new(lang: String, rtl: bool) -> Self {
        let arabic_comma = ["ar", "fa", "ur", "ps", "ug", "ckb", "sd"]
            .contains(&lang.split('-').next().unwrap_or(""));
        let comma = if arabic_comma { "\u{60c}" } else { "," };
        if rtl {
            Self {
                lang,
                dir: "rtl",
                rtl,
                start: "right",
                end: "left",
                tracking: "0",
                comma,
                lri: "\u{2066}",
                pdi: "\u{2069}",
            }
        } else {
            Self {
                lang,
                dir: "ltr",
                rtl,
                start: "left",
                end: "right",
                tracking: "0.07em",
                comma,
                lri: "",
                pdi: "",
            }
        }
    }
}

/// One variant; the embargo is added per letter.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VariantView {
    #[serde(flatten)]
    pub(super) setting: Setting,
    pub(super) anchor: String,
    pub(super) words: BTreeMap<String, String>,
    pub(super) kind: String,
    pub(super) release_line: String,
    pub(super) headline: String,
    /// CSS font size: a long headline is set smaller.
    pub(super) headline_size: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subhead: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    /// Place and date on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dateline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    pub(super) highlights: Vec<String>,
    pub(super) body: Prose,
    pub(super) contacts: Vec<PressContactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notes: Option<Prose>,
    pub(super) about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) boilerplate: Option<Prose>,
}

/// A spokesperson.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PressContactView {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    /// The number as a `tel:` link has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tel: Option<String>,
}

/// A pointer to a further variant of a stacked mail, in that variant's language.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VersionBelow {
    pub(super) phrase: String,
    pub(super) anchor: String,
    pub(super) lang: String,
    pub(super) dir: &'static str,
}

/// The reader.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RecipientView<'a> {
    pub(super) email: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) salutation: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) outlet: &'a str,
}

/// How to get no more of these mails.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OptOutView<'a> {
    pub(super) href: &'a str,
    pub(super) label: String,
    pub(super) line: &'a str,
    pub(super) address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preferences: Option<PreferencesView<'a>>,
}

/// The way to the reader's own pages.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PreferencesView<'a> {
    pub(super) href: &'a str,
    pub(super) label: String,
    pub(super) line: &'a str,
}
