//! The room as its callers see it: whole letters of an invented newsroom.

mod forms;
mod kits;
mod letters;
mod sample;

use self::sample::{english, lang, newsroom, recipient, release};
use super::{DEFAULT_KIT, Kit, KitSources, Letter, OptOut, PreparedRelease, RenderError, Rendered};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Recipient;
use crate::domain::embargo::Phase;
use crate::domain::language::Language;
use crate::domain::newsroom::Newsroom;
use crate::domain::release::{Release, Variant};
use crate::domain::zone::Zone;
use std::collections::BTreeMap;

pub(super) fn kit_with(files: &[(&str, &str)]) -> Result<Kit, String> {
    let mut sources = KitSources::load(DEFAULT_KIT, None).unwrap();
    for (name, text) in files {
        sources.overlay(name, *text);
    }
    Kit::compile(&sources).map_err(|problems| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

pub(super) fn prepare(
    kit: &Kit,
    release: &Release,
    newsroom: &Newsroom,
) -> Result<PreparedRelease, String> {
    let problems = kit.prepare(release, newsroom, &BTreeMap::new());
    problems.map_err(|problems| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

pub(super) fn render_with(
    prepared: &PreparedRelease,
    languages: &str,
    zone: &str,
    phase: Phase,
    recipient: &Recipient,
) -> Result<Rendered, RenderError> {
    let languages: Vec<Language> = languages.split_whitespace().map(lang).collect();
    let opt_out = EmailAddress::parse("opt-out@rivers.example").unwrap();
    let zone = Zone::parse(zone).unwrap();
    prepared.render(&Letter {
        recipient,
        languages: &languages,
        zone: &zone,
        phase,
        list: "Rivers & lakes",
        opt_out: OptOut {
            address: &opt_out,
            subject: "no more, please",
            page: "",
            own: "",
        },
    })
}

pub(super) fn render(languages: &str, zone: &str, phase: Phase) -> Rendered {
    let prepared = prepare(&kit_with(&[]).unwrap(), &release(), &newsroom()).unwrap();
    render_with(&prepared, languages, zone, phase, &recipient()).unwrap()
}

/// What a letter says with one file of the kit replaced, or what is wrong.
pub(super) fn render_file(name: &str, text: &str) -> Result<Rendered, String> {
    let kit = kit_with(&[(name, text)])?;
    let prepared = prepare(&kit, &release(), &newsroom())?;
    render_with(&prepared, "en", "Asia/Almaty", Phase::Advance, &recipient())
        .map_err(|error| error.to_string())
}

pub(super) fn embargo_lines(zone: &str) -> String {
    let mut release = release();
    let tags = ["en", "ru", "kk", "uk", "fr", "es", "ar"];
    release.variants = tags
        .iter()
        .map(|tag| Variant {
            language: lang(tag),
            ..english()
        })
        .collect();
    let prepared = prepare(&kit_with(&[]).unwrap(), &release, &newsroom()).unwrap();
    let line = |tag: &&str| {
        let text = render_with(&prepared, tag, zone, Phase::Advance, &recipient()).unwrap();
        let notice = text
            .html
            .split_once("embargo-line\"")
            .unwrap()
            .1
            .split_once('>')
            .unwrap()
            .1;
        format!(
            "{tag}: {}",
            notice
                .split_once("</p>")
                .unwrap()
                .0
                .escape_debug()
                .to_string()
                .replace("\\u{", "{")
        )
    };
    tags.iter().map(line).collect::<Vec<_>>().join("\n")
}
