//! Releases that anybody may read, where the newsroom says so: a list, each
//! release in each of its languages, and an Atom feed (RFC 4287).
//!
//! What nobody may read yet is not told apart from what there is not.

use super::Front;
use super::fault::Answer;
use super::fields::cut;
use super::readers::nobody;
use super::sheet::Visitor;
use crate::desk::publications::Publication;
use crate::domain::language::Language;
use crate::domain::release::{PressContact, Variant};
use crate::render::is_right_to_left;
use crate::render::pages::spoken_to_readers;
use crate::render::prose::prose;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Query;
use fluent_langneg::{NegotiationStrategy, accepted_languages, negotiate_languages};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Releases on one page, and in the feed.
const PAGE: usize = 20;

/// How long a browser or proxy may show what it has: a kill must be seen soon.
const FRESH: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=60");

#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    #[serde(default)]
    after: String,
}

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(place): Query<Place>,
) -> Answer {
    let (desk, visitor) = (front.desk(), spoken_to(&visitor, &headers));
    if !desk.settings.readers.public {
        return nobody(&front, &visitor);
    }
    let after = Some(place.after.as_str()).filter(|after| !after.is_empty());
    let mut found = desk.publications(after, PAGE + 1, &front.published).await?;
    let older = cut(&mut found, PAGE).map(|last| last.id().to_string());
    let releases = found.iter().filter_map(|one| {
        let variant = nearest_of(one, &headers)?;
        let mut row = front.summary(&visitor, one, variant);
        row["href"] = json!(path(one, &variant.language));
        Some(row)
    });
    let page = json!({
        "releases": releases.collect::<Vec<_>>(),
        "older": older,
        "feed": "/news.atom",
        "canonical": null,
        "alternates": [],
    });
    fresh(front.page(&visitor, "news", "reader-news", page)?)
}

pub(super) async fn feed(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    let desk = front.desk();
    let base = front.readers_base();
    if !desk.settings.readers.public {
        return nobody(&front, &visitor);
    }
    let found = desk.publications(None, PAGE, &front.published).await?;
    let entries = found.iter().filter_map(|one| {
        let variant = one.text.release.variants.first()?;
        let mut row = front.summary(&visitor, one, variant);
        row["id"] = json!(format!("{base}/news/{}", one.id()));
        row["updated"] = json!(front.shown(&visitor, one.updated));
        row["alternates"] = json!(alternates(&base, one));
        Some(row)
    });
    // An empty feed was never updated.
    let updated = found.iter().map(|one| one.updated).max();
    let page = json!({
        "id": format!("{base}/news"),
        "self": format!("{base}/news.atom"),
        "updated": front.shown(&visitor, updated.unwrap_or_default()).iso,
        "entries": entries.collect::<Vec<_>>(),
    });
    let sheet = front.sheet(&visitor, "news-feed", "", page)?;
    let kind = [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")];
    fresh((kind, sheet.0).into_response())
}

/// The way to a release in the language that the browser asks for.
pub(super) async fn nearest(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(release): Path<String>,
) -> Answer {
    let found = front.desk().publication(&release, &front.published).await?;
    let way = found
        .as_ref()
        .and_then(|one| Some(path(one, &nearest_of(one, &headers)?.language)));
    match way {
        Some(way) => Ok(([(header::VARY, "accept-language")], Redirect::to(&way)).into_response()),
        None => nobody(&front, &visitor),
    }
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path((release, language)): Path<(String, String)>,
) -> Answer {
    let found = front.desk().publication(&release, &front.published).await?;
    let Some(one) = found else {
        return nobody(&front, &visitor);
    };
    let mut variants = one.text.release.variants.iter();
    let wanted = Language::parse(&language).ok();
    let Some(variant) = variants.find(|variant| Some(&variant.language) == wanted.as_ref()) else {
        return nobody(&front, &visitor);
    };
    let spoken = spoken_to_readers(&variant.language);
    let visitor = visitor.reading(spoken.unwrap_or(visitor.language));
    let base = front.readers_base();
    let page = json!({
        "canonical": format!("{base}{}", path(&one, &variant.language)),
        "alternates": alternates(&base, &one),
        "others": others(&one, &variant.language),
        "feed": "/news.atom",
    });
    let page = merged(page, front.article(&visitor, &one, variant));
    let sheet = front.sheet(&visitor, "news-release", variant.headline.as_str(), page)?;
    fresh(sheet.into_response())
}

fn fresh(mut answer: Response) -> Answer {
    let (name, value) = FRESH;
    let value = header::HeaderValue::from_static(value);
    answer.headers_mut().insert(name, value);
    Ok(answer)
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn path(one: &Publication, language: &Language) -> String {
    format!("/news/{}/{language}", one.id())
}

fn direction(language: &Language) -> &'static str {
    if is_right_to_left(language) {
        "rtl"
    } else {
        "ltr"
    }
}

/// A release's addresses by language.
fn alternates(base: &str, one: &Publication) -> Vec<Value> {
    let variants = one.text.release.variants.iter();
    variants
        .map(|variant| {
            let href = format!("{base}{}", path(one, &variant.language));
            json!({ "language": variant.language.to_string(), "href": href })
        })
        .collect()
}

fn others(one: &Publication, own: &Language) -> Vec<Value> {
    let mut all = alternates("", one);
    all.retain(|other| other["language"] != own.to_string());
    all
}

/// The languages that a browser asks for, the dearest first.
fn asked(headers: &HeaderMap) -> Vec<unic_langid::LanguageIdentifier> {
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    let asked = asked.and_then(|asked| asked.to_str().ok());
    let asked = accepted_languages::parse(asked.unwrap_or_default());
    asked
        .iter()
        .filter_map(|one| one.to_string().parse().ok())
        .collect()
}

/// The variant nearest to what a browser asks for; else the first.
fn nearest_of<'p>(one: &'p Publication, headers: &HeaderMap) -> Option<&'p Variant> {
    let variants = &one.text.release.variants;
    let known: Vec<unic_langid::LanguageIdentifier> = variants
        .iter()
        .filter_map(|variant| variant.language.to_string().parse().ok())
        .collect();
    let asked = asked(headers);
    let found = negotiate_languages(&asked, &known, None, NegotiationStrategy::Lookup);
    let found = found.first().map(ToString::to_string);
    let chosen = variants
        .iter()
        .find(|variant| Some(variant.language.to_string()) == found);
    chosen.or_else(|| variants.first())
}

/// The visitor, who reads these pages in any language of the readers'.
fn spoken_to(visitor: &Visitor, headers: &HeaderMap) -> Visitor {
    let mut asked = asked(headers).into_iter();
    let spoken = asked.find_map(|one| {
        let language = Language::parse(&one.to_string()).ok()?;
        spoken_to_readers(&language)
    });
    visitor.reading(spoken.unwrap_or(visitor.language))
}

impl Front {
    /// Where readers find these pages.
    fn readers_base(&self) -> String {
        let desk = self.desk();
        let url = desk.settings.readers.url.as_ref();
        url.map_or_else(String::new, |url| url.origin().ascii_serialization())
    }

    /// A release in a list.
    fn summary(&self, visitor: &Visitor, one: &Publication, variant: &Variant) -> Value {
        json!({
            "language": variant.language.to_string(),
            "dir": direction(&variant.language),
            "headline": variant.headline,
            "subhead": variant.subhead,
            "since": self.shown(visitor, one.since),
        })
    }

    /// A release whole.
    fn article(&self, visitor: &Visitor, one: &Publication, variant: &Variant) -> Value {
        let (release, newsroom) = (&one.text.release, &one.text.newsroom);
        let language = &variant.language;
        let contacts = release.press_contacts.iter();
        let whole = json!({
            "place": release.dateline.place.get(language),
            "highlights": variant.highlights,
            "body": prose(&variant.body),
            "notes": variant.notes.as_deref().map(prose),
            "contacts": contacts.map(|one| spokesperson(one, language)).collect::<Vec<_>>(),
            "about": newsroom.boilerplate.get(language).map(|text| prose(text)),
        });
        merged(self.summary(visitor, one, variant), whole)
    }
}

fn spokesperson(contact: &PressContact, language: &Language) -> Value {
    json!({
        "name": contact.name.get(language),
        "role": contact.role.get(language),
        "email": contact.email,
        "phone": contact.phone,
    })
}
