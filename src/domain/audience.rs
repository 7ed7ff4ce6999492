//! The audience: who gets a release, in which language, when, and who not and why.
//!
//! [`judge`] is pure and looks at one contact at a time, so an audience of any
//! size needs no more memory than its widest row. Every contact gets exactly
//! one verdict: the included and the excluded together are the whole list.

use super::agreement::{Agreements, Consent};
use super::contact::Contact;
use super::country::only_zone;
use super::embargo::{EarlyCopy, Embargo, Phase, permitted_from};
use super::encryption::{Obstacle, Sealing, decide};
use super::ids::{DistributionId, ReleaseId};
use super::language::{Choice, Language, negotiate};
use super::newsroom::{LanguagePolicy, Variants};
use super::said::{Said, Tell};
use super::schedule::{Schedule, Spot};
use super::segment::{Matcher, Segment};
use super::send_window::SendWindow;
use super::suppression::{SuppressionReason, bar_key};
use super::zone::Zone;
use crate::said;
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
    /// The release.
    pub release: &'a ReleaseId,
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
    /// When sending may start.
    pub schedule: &'a Schedule,
    /// Now.
    pub now: Timestamp,
    /// Who may hold copy under embargo.
    pub agreements: &'a Agreements,
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
    /// The zone that their times are shown in, and that the schedule goes by.
    pub zone: Zone,
    /// Where the zone comes from.
    pub zone_from: ZoneFrom,
    /// Their segment's place in the order of the rule.
    pub wave: usize,
    /// Which clock they go by.
    pub phase: Phase,
    /// The embargo's bar for this contact; `None` where there is none.
    pub permitted_from: Option<Timestamp>,
    /// What it stands on, where it goes before the lift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<EarlyCopy>,
    /// When sending to them may start.
    pub not_before: Timestamp,
    /// The window it keeps to; `None` where that is always open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SendWindow>,
    /// Why the time asked for is not one instant on their clock, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unclear: Option<Said>,
    /// Whether it is encrypted.
    #[serde(default, rename = "encryption", skip_serializing_if = "Sealing::is_no")]
    pub sealing: Sealing,
}

/// Where a contact's zone comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZoneFrom {
    /// Their own record.
    Own,
    /// Their country has only one.
    Country,
    /// It is the newsroom's, for want of another.
    Newsroom,
}

/// The clock that a contact goes by.
pub fn zone_of(contact: &Contact, newsroom: &Zone) -> (Zone, ZoneFrom) {
    if let Some(own) = &contact.time_zone {
        return (own.clone(), ZoneFrom::Own);
    }
    match only_zone(&contact.country) {
        Some(zone) => (zone, ZoneFrom::Country),
        None => (newsroom.clone(), ZoneFrom::Newsroom),
    }
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
    /// Their mail must be encrypted, and cannot be.
    CannotEncrypt {
        /// Why.
        obstacle: Obstacle,
    },
    /// The release has no variant at all.
    NoVariant,
    /// Their hours open only when the release is stale.
    TooLate {
        /// When they would.
        opens: Timestamp,
    },
}

impl Exclusion {
    /// The reason's name alone, for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotSelected => "not_selected",
            Self::InExcludedSegment { .. } => "in_excluded_segment",
            Self::Suppressed { .. } => "suppressed",
            Self::AlreadySent { .. } => "already_sent",
            Self::CannotEncrypt { .. } => "cannot_encrypt",
            Self::NoVariant => "no_variant",
            Self::TooLate { .. } => "too_late",
        }
    }

    /// The reason in words.
    pub fn explain(&self) -> Said {
        match self {
            Self::NotSelected => said!("in none of the segments asked for"),
            Self::InExcludedSegment { segment } => {
                said!("in segment {segment}, which is left out", segment)
            }
            Self::Suppressed { because } => {
                said!("suppressed: {reason}", reason = because.in_words())
            }
            Self::AlreadySent { distribution } => {
                said!("already has it by {distribution}", distribution)
            }
            Self::CannotEncrypt { obstacle } => {
                said!("their mail must be encrypted, and {obstacle}", obstacle)
            }
            Self::NoVariant => said!("the release has no variant"),
            Self::TooLate { opens } => said!(
                "their turn would be {time}, when the release is stale",
                time = Said::moment(*opens, opens.strftime("%Y-%m-%d %H:%M UTC"))
            ),
        }
    }
}

/// The outcome of selection for one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Gets it.
    Included(Box<Included>),
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
    if let Some(because) = selection.suppressed.get(&bar_key(&key)) {
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
    let Some(included) = include(contact, selection, segment.name()) else {
        return Verdict::Excluded(Exclusion::NoVariant);
    };
    if selection.schedule.is_stale(included.not_before) {
        return Verdict::Excluded(Exclusion::TooLate {
            opens: included.not_before,
        });
    }
    // When it leaves, for a key may end before that.
    let leaves = included.not_before.max(selection.now);
    let key = contact.public_key.as_deref();
    match Sealing::try_from(decide(contact.encryption, key, leaves)) {
        Ok(sealing) => Verdict::Included(Box::new(Included {
            sealing,
            ..included
        })),
        Err(obstacle) => Verdict::Excluded(Exclusion::CannotEncrypt { obstacle }),
    }
}

fn include(contact: &Contact, selection: &Selection<'_>, segment: &str) -> Option<Included> {
    let negotiated = negotiate(
        &contact.languages,
        selection.languages,
        &selection.policy.fallbacks,
    )?;
    let (zone, zone_from) = zone_of(contact, selection.newsroom_zone);
    let wave = selection.rule.wave(segment);
    let spot = Spot {
        zone: &zone,
        window: contact.send_window,
        permitted_from: None,
        wave,
    };
    let releases = &[selection.release];
    let newsroom = selection.newsroom_zone;
    let consent = selection.agreements.consent(contact, releases, newsroom);
    let schedule = selection.schedule;
    let timing = time_it(selection.embargo, &consent, schedule, selection.now, spot);
    let reading = schedule.reading(Spot {
        permitted_from: timing.permitted_from,
        ..spot
    });
    Some(Included {
        segment: segment.to_owned(),
        languages: match selection.policy.variants {
            Variants::Preferred => vec![negotiated.language],
            Variants::Stacked => negotiated.readable,
        },
        choice: negotiated.choice,
        zone_from,
        wave,
        phase: timing.phase,
        permitted_from: timing.permitted_from,
        early: timing.early,
        not_before: timing.not_before,
        window: timing.window,
        unclear: reading.err().map(|unclear| unclear.said()),
        sealing: Sealing::No,
        zone,
    })
}

impl Rule {
    fn wave(&self, segment: &str) -> usize {
        let place = self.to.iter().position(|one| one.name() == segment);
        place.unwrap_or_default()
    }
}

/// Which clock a delivery goes by, and when it may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The clock.
    pub phase: Phase,
    /// The embargo's bar.
    pub permitted_from: Option<Timestamp>,
    /// What it stands on, where it goes before the lift.
    pub early: Option<EarlyCopy>,
    /// The start.
    pub not_before: Timestamp,
    /// The window it keeps to; `None` where that is always open.
    pub window: Option<SendWindow>,
}

/// Decides a contact's phase and start: the two clocks in one place. The
/// agreement must stand when the early copy is to leave, whatever day it is
/// now. Who has one, but whose turn comes after the lift all the same, is no
/// advance reader. An embargo that has lifted makes no phases, but its bar
/// stays on record: should `now` be wrong, the bar still holds.
pub fn time_it(
    embargo: Option<&Embargo>,
    consent: &Consent,
    schedule: &Schedule,
    now: Timestamp,
    spot: Spot<'_>,
) -> Timing {
    let bar = embargo.map(|embargo| embargo.until);
    let barring = embargo.filter(|embargo| !embargo.is_lifted(now));
    let lift = barring.and(bar);
    let placed = |phase, permitted_from| Timing {
        phase,
        permitted_from,
        early: None,
        not_before: schedule.place(
            lift,
            Spot {
                permitted_from,
                ..spot
            },
        ),
        window: schedule.window_of(&spot),
    };
    let Some(embargo) = barring else {
        return placed(Phase::Immediate, bar);
    };
    let early = placed(Phase::Advance, permitted_from(Some(embargo), true));
    // What is planned anew may have been due a while ago.
    let leaves = early.not_before.max(now);
    match consent.stands(leaves) {
        Some(agreed) if leaves < embargo.until => Timing {
            early: Some(EarlyCopy {
                lift: embargo.until,
                agreed_until: agreed.until,
            }),
            ..early
        },
        Some(_) | None => placed(Phase::General, permitted_from(Some(embargo), false)),
    }
}

#[cfg(test)]
#[path = "audience_tests.rs"]
mod tests;
