//! A release folder: release.toml, a Markdown file per language, attachments.

use super::files::{media_type, read_text, resolve, shown};
use super::{Intake, dates, front_matter};
use crate::config::Limits;
use crate::domain::address::EmailAddress;
use crate::domain::embargo::Embargo;
use crate::domain::header_text::HeaderText;
use crate::domain::ids::ReleaseId;
use crate::domain::language::Language;
use crate::domain::localized::Localized;
use crate::domain::problem::Problem;
use crate::domain::release::{
    Attachment, PressContact, Release, ReleaseDateline, ReleaseKind, Variant,
};
use crate::domain::said::Said;
use crate::said;
use crate::toml_reader::{Section, Spot, parse};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A release and the bytes of its files, by path in its folder.
#[derive(Debug, Clone)]
pub struct LoadedRelease {
    /// The release.
    pub release: Release,
    /// Attachments and inline images.
    pub files: BTreeMap<String, Vec<u8>>,
    /// When each variant's file was last edited.
    pub edited: Vec<(Language, Timestamp)>,
}

/// Reads a release folder, with everything that is wrong in it.
pub fn load_release(
    workspace: &Path,
    folder: &Path,
    limits: &Limits,
    allow_html: bool,
) -> Intake<LoadedRelease> {
    let mut problems = Vec::new();
    let loader = Loader {
        workspace,
        folder,
        limits,
        allow_html,
    };
    let loaded = loader.load(&mut problems);
    problems.sort_unstable();
    problems.dedup();
    let sound = !problems.iter().any(Problem::is_error);
    Intake {
        value: loaded.filter(|_| sound),
        problems,
    }
}

struct Loader<'a> {
    workspace: &'a Path,
    folder: &'a Path,
    limits: &'a Limits,
    allow_html: bool,
}

/// What release.toml says, before the variants are read.
struct Card {
    id: Option<ReleaseId>,
    kind: ReleaseKind,
    languages: Vec<Spot<Language>>,
    embargo: Option<Embargo>,
    dateline: ReleaseDateline,
    countries: Vec<String>,
    press_contacts: Vec<PressContact>,
    attachments: Vec<(Attachment, usize)>,
    data: BTreeMap<String, serde_json::Value>,
}

impl Loader<'_> {
    fn name(&self, file: &str) -> String {
        shown(self.workspace, &self.folder.join(file))
    }

    fn load(&self, problems: &mut Vec<Problem>) -> Option<LoadedRelease> {
        let file = self.name("release.toml");
        let text = read_text(self.workspace, &self.folder.join("release.toml"))
            .map_err(|problem| problems.push(problem))
            .ok()?;
        let top = parse(&file, &text, 0)
            .map_err(|problem| problems.push(problem))
            .ok()?;
        let card = self.card(top, problems);
        let (variants, images) = self.variants(&file, &card, problems);
        let (attachments, files) = self.attachments(&file, card.attachments, &images, problems);
        Some(LoadedRelease {
            edited: self.edited(&variants),
            release: Release {
                id: card.id?,
                kind: card.kind,
                embargo: card.embargo,
                dateline: card.dateline,
                countries: card.countries,
                press_contacts: card.press_contacts,
                attachments,
                data: card.data,
                variants,
            },
            files,
        })
    }

    fn card(&self, mut top: Section, problems: &mut Vec<Problem>) -> Card {
        let folder_name = self
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let id = top.text("id", problems).unwrap_or(Spot {
            value: folder_name,
            line: 1,
        });
        let id = ReleaseId::parse(&id.value)
            .map_err(|error| problems.push(top.problem(id.line, said!("`id`: {error}", error))))
            .ok();
        let kind = top.parsed("kind", problems, kind);
        let languages = top.languages("languages", problems);
        if languages.is_empty() {
            problems.push(top.problem(
                top.line(),
                said!("`languages` is missing; name at least one, such as languages = [\"en\", \"ru\"]"),
            ));
        }
        let countries = countries(&mut top, problems);
        let embargo = top
            .section("embargo", problems)
            .and_then(|section| embargo(section, problems));
        let dateline = top
            .section("dateline", problems)
            .map(|section| dateline(section, problems))
            .unwrap_or_default();
        let press_contacts = top
            .sections("press_contact", problems)
            .into_iter()
            .filter_map(|section| press_contact(section, problems))
            .collect();
        let attachments = top
            .sections("attachment", problems)
            .into_iter()
            .filter_map(|section| attachment(section, problems))
            .collect();
        let data = data(&mut top, problems);
        top.finish(problems);
        Card {
            id,
            kind: kind.unwrap_or(ReleaseKind::PressRelease),
            languages,
            embargo,
            dateline,
            countries,
            press_contacts,
            attachments,
            data,
        }
    }

    fn edited(&self, variants: &[Variant]) -> Vec<(Language, Timestamp)> {
        let edited = |variant: &Variant| {
            let file = self.folder.join(format!("{}.md", variant.language));
            let at = std::fs::metadata(file)
                .and_then(|file| file.modified())
                .ok()?;
            Some((variant.language.clone(), Timestamp::try_from(at).ok()?))
        };
        variants.iter().filter_map(edited).collect()
    }

    /// Reads the variants listed, and finds those that are not.
    fn variants(
        &self,
        file: &str,
        card: &Card,
        problems: &mut Vec<Problem>,
    ) -> (Vec<Variant>, Vec<(String, String, usize)>) {
        let mut variants = Vec::new();
        let mut images = Vec::new();
        for Spot {
            value: language,
            line,
        } in &card.languages
        {
            let name = format!("{language}.md");
            let path = self.folder.join(&name);
            if !path.is_file() {
                problems.push(
                    Problem::error(
                        file,
                        said!(
                            "language {language} is listed, but its variant {file} is missing",
                            language,
                            file = name
                        ),
                    )
                    .at_line(*line),
                );
                continue;
            }
            let shown = self.name(&name);
            match read_text(self.workspace, &path) {
                Ok(text) => {
                    let read =
                        front_matter::read(&shown, &text, language, self.allow_html, problems);
                    dates::check(&shown, &text, card.embargo.as_ref(), problems);
                    variants.extend(read.variant);
                    images.extend(
                        read.images
                            .into_iter()
                            .map(|(image, line)| (image, shown.clone(), line)),
                    );
                }
                Err(problem) => problems.push(problem),
            }
        }
        self.unlisted(&card.languages, problems);
        (variants, images)
    }

    fn unlisted(&self, languages: &[Spot<Language>], problems: &mut Vec<Problem>) {
        let entries = std::fs::read_dir(self.folder)
            .into_iter()
            .flatten()
            .flatten();
        for name in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
            let Some(language) = name
                .strip_suffix(".md")
                .and_then(|stem| Language::parse(stem).ok())
            else {
                continue;
            };
            if !languages.iter().any(|listed| listed.value == language) {
                problems.push(Problem::error(self.name(&name), said!("is a variant in {language}, which `languages` in release.toml does not list", language)));
            }
        }
    }

    fn attachments(
        &self,
        file: &str,
        listed: Vec<(Attachment, usize)>,
        images: &[(String, String, usize)],
        problems: &mut Vec<Problem>,
    ) -> (Vec<Attachment>, BTreeMap<String, Vec<u8>>) {
        let mut files = BTreeMap::new();
        let mut attachments: Vec<Attachment> = Vec::new();
        for (mut attachment, line) in listed {
            let wrong = |message: Said| {
                Problem::error(file, said!("attachment {message}", message)).at_line(line)
            };
            if attachments
                .iter()
                .any(|other| other.path == attachment.path)
            {
                problems.push(wrong(said!(
                    "`{path}` is listed twice",
                    path = attachment.path
                )));
                continue;
            }
            match resolve(self.workspace, self.folder, &attachment.path)
                .and_then(|path| self.read_file(&path, &attachment.path))
            {
                Ok(bytes) => drop(files.insert(attachment.path.clone(), bytes)),
                Err(message) => problems.push(wrong(message)),
            }
            attachment.inline = images.iter().any(|(path, _, _)| *path == attachment.path);
            attachments.push(attachment);
        }
        for (path, shown, line) in images {
            if !attachments
                .iter()
                .any(|attachment| attachment.path == *path)
            {
                problems.push(Problem::error(shown.as_str(), said!("the image `{path}` is no attachment; list it in release.toml under [[attachment]]", path)).at_line(*line));
            }
        }
        (attachments, files)
    }

    fn read_file(&self, path: &PathBuf, name: &str) -> Result<Vec<u8>, Said> {
        let unreadable =
            |error: std::io::Error| said!("`{name}` cannot be read: {error}", name, error);
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > self.limits.attachment_bytes {
            return Err(said!(
                "`{name}` is {length} octets long; the limit is {limit} (limits.attachment in dateline.toml)",
                name,
                length,
                limit = self.limits.attachment_bytes
            ));
        }
        std::fs::read(path).map_err(unreadable)
    }
}

fn data(top: &mut Section, problems: &mut Vec<Problem>) -> BTreeMap<String, serde_json::Value> {
    let Some(spot) = top.json("data") else {
        return BTreeMap::new();
    };
    if let serde_json::Value::Object(map) = spot.value {
        return map.into_iter().collect();
    }
    problems.push(top.problem(spot.line, said!("`data` must be a table")));
    BTreeMap::new()
}

fn countries(top: &mut Section, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut countries = Vec::new();
    for spot in top.texts("countries", problems) {
        if is_country(&spot.value) {
            countries.push(spot.value);
        } else {
            problems.push(top.problem(
                spot.line,
                said!(
                    "`{text}` is no country; expected two capital letters such as KZ (ISO 3166-1)",
                    text = spot.value.escape_debug()
                ),
            ));
        }
    }
    countries
}

pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn embargo(mut section: Section, problems: &mut Vec<Problem>) -> Option<Embargo> {
    let embargo = section.required_parsed("until", problems, Embargo::parse);
    section.finish(problems);
    embargo
}

fn kind(text: &str) -> Result<ReleaseKind, Said> {
    ReleaseKind::from_name(text).ok_or_else(|| {
        said!(
            "`{text}` is no kind of release; expected one of {known}",
            text = text.escape_debug(),
            known = ReleaseKind::ALL.map(ReleaseKind::name).join(", ")
        )
    })
}

fn dateline(mut section: Section, problems: &mut Vec<Problem>) -> ReleaseDateline {
    let place = section.localized("place", problems);
    let date = section.date("date", problems);
    section.finish(problems);
    ReleaseDateline { place, date }
}

fn press_contact(mut section: Section, problems: &mut Vec<Problem>) -> Option<PressContact> {
    let line = section.line();
    let name = section.localized_line("name", problems);
    let role = section.localized_line("role", problems);
    let email = section.parsed("email", problems, EmailAddress::parse);
    let phone = section.parsed("phone", problems, HeaderText::parse);
    let languages = section
        .languages("languages", problems)
        .into_iter()
        .map(|spot| spot.value)
        .collect();
    if name.is_empty() {
        problems.push(section.problem(line, said!("`press_contact.name` is missing")));
    }
    section.finish(problems);
    Some(PressContact {
        name,
        role,
        email,
        phone,
        languages,
    })
}

fn attachment(mut section: Section, problems: &mut Vec<Problem>) -> Option<(Attachment, usize)> {
    let path = section.required("path", problems);
    let name = section.localized_line("name", problems);
    let languages = section
        .languages("languages", problems)
        .into_iter()
        .map(|spot| spot.value)
        .collect();
    section.finish(problems);
    let path = path?;
    let own = path.value.rsplit('/').next().unwrap_or(&path.value);
    let file_name = if name.is_empty() {
        Localized::same(HeaderText::collapse(own))
    } else {
        name
    };
    let attachment = Attachment {
        media_type: media_type(&path.value).to_owned(),
        path: path.value,
        file_name,
        languages,
        inline: false,
    };
    Some((attachment, path.line))
}
