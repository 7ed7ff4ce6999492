//! Frozen content: everything a recipient can see, as it was when the
//! distribution was planned.
//!
//! A run reads this and not the workspace, so that an edit during sending
//! changes nothing for those who are still to come.

use crate::domain::approval::{ContentPrint, variant_part};
use crate::domain::audience::Rule;
use crate::domain::newsroom::{LanguagePolicy, Newsroom};
use crate::domain::release::Release;
use crate::domain::said::{Said, Tell};
use crate::domain::segment::Segment;
use crate::render::KitSources;
use crate::{said, shown_as_said};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a distribution sends.
#[derive(Debug, Clone, PartialEq)]
pub struct FrozenContent {
    /// In whose name.
    pub newsroom: Newsroom,
    /// The release.
    pub release: Release,
    /// The templates and words.
    pub kit: KitSources,
    /// Attachments, inline images and the logo, by path.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The first line of the frozen form; the files' bytes follow it, one after
/// the other, so that an attachment is stored as it is.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    newsroom: Newsroom,
    release: Release,
    kit: KitSources,
    files: Vec<(String, usize)>,
}

/// Frozen content that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ContentError(Said);

impl Tell for ContentError {
    fn said(&self) -> Said {
        said!(
            "the frozen content of this distribution cannot be read: {cause}",
            cause = self.0
        )
    }
}

shown_as_said!(ContentError);

const VERSION: u32 = 1;

impl FrozenContent {
    /// The stored form.
    ///
    /// # Errors
    /// A value that JSON cannot hold; none is known.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ContentError> {
        let header = Header {
            version: VERSION,
            newsroom: self.newsroom.clone(),
            release: self.release.clone(),
            kit: self.kit.clone(),
            files: self
                .files
                .iter()
                .map(|(path, bytes)| (path.clone(), bytes.len()))
                .collect(),
        };
        let mut bytes =
            serde_json::to_vec(&header).map_err(|error| ContentError(Said::verbatim(error)))?;
        bytes.push(b'\n');
        bytes.extend(self.files.values().flatten());
        Ok(bytes)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// It is cut short, or another version wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        let short = || ContentError(said!("it is cut short"));
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(short)?;
        let header: Header = serde_json::from_slice(&bytes[..end])
            .map_err(|error| ContentError(Said::verbatim(error)))?;
        if header.version != VERSION {
            return Err(ContentError(said!(
                "it has version {version}, this program knows {known}",
                version = header.version,
                known = VERSION
            )));
        }
        let mut rest = &bytes[end + 1..];
        let mut files = BTreeMap::new();
        for (path, length) in header.files {
            let (file, after) = rest.split_at_checked(length).ok_or_else(short)?;
            files.insert(path, file.to_vec());
            rest = after;
        }
        Ok(Self {
            newsroom: header.newsroom,
            release: header.release,
            kit: header.kit,
            files,
        })
    }
}

impl FrozenContent {
    /// The print that approvals are bound to: every part that a recipient
    /// could see, the rule that says who they are, and the policy that says
    /// which of the variants each of them sees.
    pub fn print(&self, rule: &Rule, languages: &LanguagePolicy) -> ContentPrint {
        let mut print = ContentPrint::default();
        let release = &self.release;
        for variant in &release.variants {
            print.add(variant_part(&variant.language), &json(variant));
        }
        for attachment in &release.attachments {
            let bytes = self
                .files
                .get(&attachment.path)
                .map_or(&[][..], Vec::as_slice);
            let mut whole = json(attachment);
            whole.extend(bytes);
            print.add(format!("attachment {}", attachment.path), &whole);
        }
        for (name, source) in &self.kit.files {
            print.add(format!("template {name}"), source.text.as_bytes());
        }
        print.add("embargo", &json(&release.embargo));
        let facts = Release {
            variants: Vec::new(),
            attachments: Vec::new(),
            embargo: None,
            ..release.clone()
        };
        print.add("release.toml", &json(&facts));
        let logo = self
            .newsroom
            .logo
            .as_ref()
            .and_then(|path| self.files.get(path));
        print.add("newsroom", &json(&(&self.newsroom, logo)));
        let rules = |segments: &[Segment]| -> Vec<(String, String)> {
            let text = |one: &Segment| (one.name().to_owned(), one.rule().to_owned());
            segments.iter().map(text).collect()
        };
        print.add("audience rule", &json(&(rules(&rule.to), rules(&rule.not))));
        print.add("language policy", &json(languages));
        print
    }
}

/// Our own values always serialise.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// BLAKE3 of a stored form, 64 hex digits.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
