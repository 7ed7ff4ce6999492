//! Approvals: who let which content go out.
//!
//! An approval is bound to a [`ContentPrint`]: a hash of every part that a
//! recipient could see, and of the rule that says who they are. Any edit gives
//! another print, so the approval is void, and the parts tell what changed.

use super::ids::ReleaseId;
use super::language::Language;
use super::person::name_key;
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// BLAKE3 hashes of the parts of a content, by the part's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContentPrint {
    parts: BTreeMap<String, String>,
}

impl ContentPrint {
    /// Adds a part, such as `variant ru`.
    pub fn add(&mut self, part: impl Into<String>, content: &[u8]) {
        let hash = blake3::hash(content).to_hex().to_string();
        self.parts.insert(part.into(), hash);
    }

    /// One hash over all parts and their names.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (part, hash) in &self.parts {
            // Lengths first, so that no two lists of parts read alike.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
            hasher.update(hash.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// What is different now, part by part, in words.
    pub fn changes_to(&self, now: &Self) -> Vec<Said> {
        let names: BTreeSet<_> = self.parts.keys().chain(now.parts.keys()).collect();
        names
            .into_iter()
            .filter_map(|name| match (self.parts.get(name), now.parts.get(name)) {
                (Some(old), Some(new)) if old != new => {
                    Some(said!("{part} changed", part = part_in_words(name)))
                }
                (Some(_), None) => Some(said!("{part} is gone", part = part_in_words(name))),
                (None, Some(_)) => Some(said!("{part} is new", part = part_in_words(name))),
                (Some(_), Some(_)) | (None, None) => None,
            })
            .collect()
    }

    /// The languages whose variant is another now.
    pub fn changed_variants<'a>(&self, now: &Self, languages: &'a [Language]) -> Vec<&'a Language> {
        languages
            .iter()
            .filter(|language| {
                let part = variant_part(language);
                self.parts.get(&part) != now.parts.get(&part)
            })
            .collect()
    }
}

/// The name of a variant's part.
pub fn variant_part(language: &Language) -> String {
    format!("variant {language}")
}

/// A part of a print, as those who compose prints name it.
fn part_in_words(name: &str) -> Said {
    match name.split_once(' ') {
        Some(("variant", language)) => said!("variant {language}", language),
        Some(("attachment", path)) => said!("attachment {path}", path),
        Some(("template", file)) => said!("template {file}", file),
        _ if name == "audience rule" => said!("audience rule"),
        _ if name == "language policy" => said!("language policy"),
        _ if name == "embargo" => said!("embargo"),
        _ if name == "newsroom" => said!("newsroom"),
        _ => Said::verbatim(name),
    }
}

/// One person's approval of one content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The release.
    pub release: ReleaseId,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub print: ContentPrint,
    /// Whether they took note that the languages are not level.
    pub parity_ok: bool,
}

/// Why a release may not go out yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unapproved {
    /// Different people that are needed.
    pub needed: usize,
    /// Those who approved this very content.
    pub by: Vec<String>,
    /// The last approval of another content, and what changed since.
    pub void: Option<(Box<Approval>, Vec<Said>)>,
}

/// Sees whether enough different people approved a content.
///
/// # Errors
/// Too few did.
pub fn approved(
    approvals: &[Approval],
    print: &ContentPrint,
    needed: usize,
) -> Result<(), Unapproved> {
    let by = approvers(approvals, print);
    if by.len() >= needed {
        return Ok(());
    }
    let void = approvals
        .iter()
        .rev()
        .find(|approval| approval.print != *print)
        .map(|approval| (Box::new(approval.clone()), approval.print.changes_to(print)));
    Err(Unapproved { needed, by, void })
}

/// The different people who approved a content, in order, each in the spelling
/// they gave first.
pub fn approvers(approvals: &[Approval], print: &ContentPrint) -> Vec<String> {
    let mut seen = BTreeSet::new();
    approvals
        .iter()
        .filter(|approval| approval.print == *print && seen.insert(name_key(&approval.by)))
        .map(|approval| approval.by.clone())
        .collect()
}

impl Tell for Unapproved {
    fn said(&self) -> Said {
        let have = match self.by.as_slice() {
            [] => said!("nobody has approved it"),
            by => said!("approved by {by} alone", by = by.join(", ")),
        };
        let lacking = match self.needed {
            1 => said!(
                "an embargoed release needs the approval of 1 person; {have}",
                have
            ),
            needed => said!(
                "an embargoed release needs the approval of {needed} different people; {have}",
                needed,
                have
            ),
        };
        match &self.void {
            None => lacking,
            Some((approval, changes)) => said!(
                "{lacking}; the approval by {by} of {time} is void: {changes}",
                lacking,
                by = approval.by,
                time = Said::moment(approval.at, approval.at.strftime("%Y-%m-%d %H:%M UTC")),
                changes = Said::several(changes.iter().cloned(), ", ")
            ),
        }
    }
}

shown_as_said!(Unapproved);

/// A language that is not level with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uneven {
    /// The newsroom asks for it, and the release has it not.
    Missing(Language),
    /// Its file is older than that of another.
    Older {
        /// Which.
        language: Language,
        /// The newest.
        than: Language,
        /// By how much.
        by: SignedDuration,
    },
    /// It stayed as it was at the last approval, while others changed.
    Unchanged {
        /// Which.
        language: Language,
        /// The others.
        while_changed: Vec<Language>,
    },
}

impl Tell for Uneven {
    fn said(&self) -> Said {
        match self {
            Self::Missing(language) => said!("the variant {language} is missing", language),
            Self::Older { language, than, by } => said!(
                "the variant {language} is {hours} h {minutes} min older than {than}",
                language,
                hours = by.as_hours(),
                minutes = by.as_mins() % 60,
                than
            ),
            Self::Unchanged {
                language,
                while_changed,
            } => {
                let others: Vec<_> = while_changed.iter().map(ToString::to_string).collect();
                said!(
                    "{others} changed since the last approval, the variant {language} did not",
                    others = others.join(", "),
                    language
                )
            }
        }
    }
}

shown_as_said!(Uneven);

/// Finds what is not level: `variants` with the time of their last edit, the
/// languages that the newsroom asks for, and the last approval's print.
pub fn parity(
    variants: &[(Language, Timestamp)],
    asked: &[Language],
    margin: Option<SignedDuration>,
    last: Option<(&ContentPrint, &ContentPrint)>,
) -> Vec<Uneven> {
    let languages: Vec<_> = variants
        .iter()
        .map(|(language, _)| language.clone())
        .collect();
    let mut uneven: Vec<_> = asked
        .iter()
        .filter(|language| !languages.contains(language))
        .map(|language| Uneven::Missing(language.clone()))
        .collect();
    if let (Some(margin), Some((newest, edited))) =
        (margin, variants.iter().max_by_key(|(_, edited)| *edited))
    {
        uneven.extend(variants.iter().filter_map(|(language, own)| {
            let by = edited.duration_since(*own);
            (by > margin).then(|| Uneven::Older {
                language: language.clone(),
                than: newest.clone(),
                by,
            })
        }));
    }
    if let Some((then, now)) = last {
        let changed = then.changed_variants(now, &languages);
        if !changed.is_empty() {
            let while_changed: Vec<_> = changed.iter().map(|one| (*one).clone()).collect();
            let still = languages.iter().filter(|one| !while_changed.contains(one));
            uneven.extend(still.map(|language| Uneven::Unchanged {
                language: language.clone(),
                while_changed: while_changed.clone(),
            }));
        }
    }
    uneven
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(parts: &[(&str, &str)]) -> ContentPrint {
        let mut print = ContentPrint::default();
        for (part, content) in parts {
            print.add(*part, content.as_bytes());
        }
        print
    }

    fn approval(by: &str, print: &ContentPrint) -> Approval {
        Approval {
            release: ReleaseId::parse("2027-03-11-river").unwrap(),
            by: by.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            print: print.clone(),
            parity_ok: false,
        }
    }

    #[test]
    fn an_edit_voids_an_approval_and_is_named() {
        let old = print(&[
            ("variant en", "a"),
            ("variant ru", "b"),
            ("attachment x.pdf", "c"),
        ]);
        let new = print(&[("variant en", "a"), ("variant ru", "B"), ("embargo", "d")]);
        assert_ne!(old.hash(), new.hash());
        assert_eq!(
            old.changes_to(&new),
            [
                "attachment x.pdf is gone",
                "embargo is new",
                "variant ru changed"
            ]
        );
        assert_eq!(approved(&[approval("vera", &old)], &old, 1), Ok(()));
        let refused = approved(&[approval("vera", &old)], &new, 1)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("by vera") && refused.contains("variant ru changed"),
            "{refused}"
        );
    }

    #[test]
    fn two_approvals_need_two_people() {
        let content = print(&[("variant en", "a")]);
        let twice = [approval("vera", &content), approval("vera", &content)];
        assert!(approved(&twice, &content, 2).is_err());
        let spelt = [approval("vera", &content), approval(" VERA ", &content)];
        let alone = approved(&spelt, &content, 2).unwrap_err();
        assert_eq!(alone.by, ["vera"]);
        let both = [approval("vera", &content), approval("ivan", &content)];
        assert_eq!(approved(&both, &content, 2), Ok(()));
        assert_eq!(approved(&[], &content, 0), Ok(()));
    }

    #[test]
    fn languages_that_are_not_level_are_found() {
        let language = |tag: &str| Language::parse(tag).unwrap();
        let at = |hour: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let variants = [(language("en"), at(5)), (language("ru"), at(3))];
        let margin = Some(SignedDuration::from_hours(1));
        let found = parity(&variants, &[language("fr")], margin, None);
        let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "the variant fr is missing",
                "the variant ru is 2 h 0 min older than en"
            ]
        );
        let (then, now) = (
            print(&[("variant en", "a"), ("variant ru", "b")]),
            print(&[("variant en", "A"), ("variant ru", "b")]),
        );
        let found = parity(&variants, &[], None, Some((&then, &now)));
        assert_eq!(
            found[0].to_string(),
            "en changed since the last approval, the variant ru did not"
        );
        assert!(parity(&variants, &[], None, Some((&now, &now))).is_empty());
    }
}
