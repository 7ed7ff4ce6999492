//! The audience: who gets a release, in which language, when, and who not and why.
//!
//! [`judge`] is pure and looks at one contact at a time, so an audience of any
//! size needs no more memory than its widest row. Every contact gets exactly
//! one verdict: the included and the excluded together are the whole list.

use super::contact::Contact;
use super::embargo::{Embargo, Phase, permitted_from};
use super::ids::DistributionId;
use super::language::{Choice, Language, negotiate};
use super::newsroom::{LanguagePolicy, Variants};
use super::segment::{Matcher, Segment};
use super::suppression::SuppressionReason;
use super::zone::Zone;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Which contacts are asked for.
#[derive(Debug)]
pub struct Rule {
    /// Segments of which a contact must match one.
    pub to: Vec<Segment>,
    /// Segments of which a contact may match none.
    pub not: Vec<Segment>,
}

/// What a verdict depends on besides the contact.
#[derive(Debug)]
pub struct Selection<'a> {
    /// Who is asked for.
    pub rule: &'a Rule,
    /// The release's languages, the fallback first.
    pub languages: &'a [Language],
    /// The release's embargo.
    pub embargo: Option<&'a Embargo>,
    /// How languages are chosen.
    pub policy: &'a LanguagePolicy,
    /// The zone of contacts whose own is unknown.
    pub newsroom_zone: &'a Zone,
    /// Not before this instant, for anyone.
    pub scheduled: Timestamp,
    /// Barred addresses, in canonical form.
    pub suppressed: &'a HashMap<String, SuppressionReason>,
    /// Addresses that already have this release, or are due to.
    pub already: &'a HashMap<String, DistributionId>,
}

/// A contact who gets the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Included {
    /// The segment that brought them in.
    pub segment: String,
    /// The variants the mail holds, the first being its own language.
    pub languages: Vec<Language>,
    /// Why that language.
    pub choice: Choice,
    /// The zone their times are shown in.
    pub zone: Zone,
    /// Whether the zone is their own.
    pub own_zone: bool,
    /// Which clock they go by.
    pub phase: Phase,
    /// The embargo's bar for this contact; `None` where there is none.
    pub permitted_from: Option<Timestamp>,
    /// When sending to them may start.
    pub not_before: Timestamp,
}

/// Why a contact does not get the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Exclusion {
    /// None of the segments asked for holds them.
    NotSelected,
    /// A segment that is to be left out holds them.
    InExcludedSegment {
        /// Which.
        segment: String,
    },
    /// Their address is barred.
    Suppressed {
        /// Why.
        because: SuppressionReason,
    },
    /// An earlier distribution of this release brings it to them.
    AlreadySent {
        /// Which.
        distribution: DistributionId,
    },
    /// The release has no variant at all.
    NoVariant,
}

impl Exclusion {
    /// The reason's name alone, for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotSelected => "not_selected",
            Self::InExcludedSegment { .. } => "in_excluded_segment",
            Self::Suppressed { .. } => "suppressed",
            Self::AlreadySent { .. } => "already_sent",
            Self::NoVariant => "no_variant",
        }
    }

    /// The reason in words.
    pub fn explain(&self) -> String {
        match self {
            Self::NotSelected => "in none of the segments asked for".to_owned(),
            Self::InExcludedSegment { segment } => {
                format!("in segment {segment}, which is left out")
            }
            Self::Suppressed { because } => format!("suppressed: {}", because.name()),
            Self::AlreadySent { distribution } => format!("already has it by {distribution}"),
            Self::NoVariant => "the release has no variant".to_owned(),
        }
    }
}

/// The outcome of selection for one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Gets it.
    Included(Included),
    /// Does not, for one reason.
    Excluded(Exclusion),
}

/// Judges one contact. A bar on the address stands above the newsroom's own
/// wishes, so that the reason shown for a suppressed contact is always that.
pub fn judge(contact: &Contact, selection: &Selection<'_>, matcher: &Matcher) -> Verdict {
    let key = contact.email.to_string();
    let (to, not) = matcher.first_matches(contact, &selection.rule.to, &selection.rule.not);
    let Some(segment) = to else {
        return Verdict::Excluded(Exclusion::NotSelected);
    };
    if let Some(because) = selection.suppressed.get(&key) {
        return Verdict::Excluded(Exclusion::Suppressed { because: *because });
    }
    if let Some(not) = not {
        return Verdict::Excluded(Exclusion::InExcludedSegment {
            segment: not.name().to_owned(),
        });
    }
    if let Some(distribution) = selection.already.get(&key) {
        return Verdict::Excluded(Exclusion::AlreadySent {
            distribution: *distribution,
        });
    }
    include(contact, selection, segment.name())
        .map_or(Verdict::Excluded(Exclusion::NoVariant), Verdict::Included)
}

fn include(contact: &Contact, selection: &Selection<'_>, segment: &str) -> Option<Included> {
    let negotiated = negotiate(
        &contact.languages,
        selection.languages,
        &selection.policy.fallbacks,
    )?;
    let permitted_from = permitted_from(selection.embargo, contact.has_agreement());
    Some(Included {
        segment: segment.to_owned(),
        languages: match selection.policy.variants {
            Variants::Preferred => vec![negotiated.language],
            Variants::Stacked => negotiated.readable,
        },
        choice: negotiated.choice,
        zone: contact
            .time_zone
            .clone()
            .unwrap_or_else(|| selection.newsroom_zone.clone()),
        own_zone: contact.time_zone.is_some(),
        phase: Phase::at(
            selection.embargo,
            contact.has_agreement(),
            selection.scheduled,
        ),
        permitted_from,
        not_before: permitted_from
            .map_or(selection.scheduled, |from| from.max(selection.scheduled)),
    })
}
