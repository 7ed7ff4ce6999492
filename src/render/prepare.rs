//! A release made ready for a kit: Markdown written, words and dates chosen,
//! styles inlined. Once per release; letters only add what differs by reader.

use super::colour::Colour;
use super::dates::{Dates, is_right_to_left};
use super::error::RenderError;
use super::kit::{Engine, Kit, STYLE};
use super::markdown::{Prose, Writer};
use super::notice::Notice;
use super::view::{NewsroomView, PressContactView, ReleaseView, Setting, VariantView};
use super::words::Words;
use crate::domain::embargo::Embargo;
use crate::domain::header_text::HeaderText;
use crate::domain::language::Language;
use crate::domain::localized::Localized;
use crate::domain::newsroom::Newsroom;
use crate::domain::problem::Problem;
use crate::domain::release::{PressContact, Release, ReleaseKind, Variant};
use crate::domain::said::{Said, Tell};
use crate::domain::zone::Zone;
use crate::said;
use handlebars::Context;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// A release, ready to be rendered for any number of readers, from any thread.
#[derive(Debug)]
pub struct PreparedRelease {
    pub(super) variants: Vec<PreparedVariant>,
    /// What every letter shares, whatever its language.
    pub(super) common: Map<String, Value>,
    pub(super) embargo: Option<Embargo>,
    pub(super) pool: super::pool::Pool,
    pub(super) shelf: super::shelf::Shelf,
}

/// One variant with all that its language needs.
#[derive(Debug)]
pub(super) struct PreparedVariant {
    pub(super) language: Language,
    pub(super) setting: Setting,
    pub(super) view: Value,
    pub(super) newsroom: Value,
    pub(super) newsroom_name: String,
    /// What inboxes show after the subject, where there is no embargo to tell.
    pub(super) teaser: String,
    pub(super) words: Arc<Words>,
    pub(super) engine: Arc<Engine>,
    dates: Dates,
    notices: RwLock<HashMap<String, Arc<Value>>>,
}

impl PreparedVariant {
    /// The embargo for a zone; written once per zone.
    pub(super) fn notice(&self, embargo: &Embargo, zone: &Zone) -> Result<Arc<Value>, RenderError> {
        let known = self
            .notices
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(zone.name())
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let notice = Arc::new(json!(Notice::write(
            embargo,
            zone,
            &self.words,
            &self.dates
        )?));
        self.notices
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(zone.name().to_owned(), Arc::clone(&notice));
        Ok(notice)
    }
}

impl Kit {
    /// Makes a release ready. `images` leads from the path of an inline
    /// attachment, and of the newsroom's logo, to its Content-ID (without
    /// angle brackets).
    ///
    /// # Errors
    /// Everything wrong at once: images that are remote or not attached, links
    /// of a strange scheme, raw HTML that is not allowed, languages without
    /// words, an accent that is no colour.
    pub fn prepare(
        &self,
        release: &Release,
        newsroom: &Newsroom,
        images: &BTreeMap<String, String>,
    ) -> Result<PreparedRelease, Vec<Problem>> {
        let Some(accent) = Colour::parse(&newsroom.accent) else {
            return Err(vec![Problem::error(
                "dateline.toml",
                said!(
                    "the accent `{accent}` is no colour; expected the form `#0b3d91`",
                    accent = newsroom.accent.escape_debug()
                ),
            )]);
        };
        let (mut variants, mut problems) = (Vec::new(), Vec::new());
        for variant in &release.variants {
            match (Maker {
                kit: self,
                release,
                newsroom,
                images,
                accent,
            })
            .variant(variant)
            {
                Ok(prepared) => variants.push(prepared),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let view = ReleaseView {
            id: release.id.to_string(),
            kind: release.kind.name(),
            countries: release.countries.clone(),
        };
        let common = Map::from_iter([
            ("release".to_owned(), json!(view)),
            ("data".to_owned(), json!(release.data)),
        ]);
        Ok(PreparedRelease {
            variants,
            common,
            embargo: release.embargo.clone(),
            pool: super::pool::Pool::default(),
            shelf: super::shelf::Shelf::default(),
        })
    }
}

/// What goes into preparing one variant.
struct Maker<'a> {
    kit: &'a Kit,
    release: &'a Release,
    newsroom: &'a Newsroom,
    images: &'a BTreeMap<String, String>,
    accent: Colour,
}

impl Maker<'_> {
    fn variant(&self, variant: &Variant) -> Result<PreparedVariant, Vec<Problem>> {
        let language = &variant.language;
        let file = format!("{language}.md");
        let one = |message: Said| vec![Problem::error(&file, message)];
        let words = self.kit.words(language).ok_or_else(|| {
            one(said!(
                "the templates have no words for `{language}`; add templates/i18n/{language}.ftl",
                language
            ))
        })?;
        let dates = Dates::new(language).map_err(|error| one(error.said()))?;
        let engine = Arc::clone(self.kit.engine(language));
        let setting = Setting::new(language.to_string(), is_right_to_left(language));
        let newsroom = self.newsroom_view(language);
        let css =
            stylesheet(&engine, &setting, &newsroom).map_err(|error| vec![error.problem()])?;
        let [body, notes, boilerplate] = self
            .texts(variant, &css)
            .map_err(|faults| faults.into_iter().flat_map(one).collect::<Vec<_>>())?;
        let texts = (
            body.unwrap_or(Prose {
                html: String::new(),
                text: String::new(),
            }),
            notes,
            boilerplate,
        );
        let view = self
            .view(variant, &setting, &newsroom, &words, &dates, texts)
            .map_err(|error| vec![error.problem()])?;
        Ok(PreparedVariant {
            language: language.clone(),
            teaser: teaser(variant),
            newsroom_name: newsroom.name.clone(),
            newsroom: json!(newsroom),
            view: json!(view),
            setting,
            words,
            engine,
            dates,
            notices: RwLock::default(),
        })
    }

    /// Body, notes and boilerplate; footnotes are numbered through all three.
    fn texts(&self, variant: &Variant, css: &str) -> Result<[Option<Prose>; 3], Vec<Said>> {
        let mut writer = Writer {
            css,
            images: self.images,
            allow_html: self.newsroom.allow_html,
            footnotes: 0,
        };
        let boilerplate = self
            .newsroom
            .boilerplate
            .get(&variant.language)
            .map(String::as_str);
        let mut faults = Vec::new();
        let texts = [
            Some(variant.body.as_str()),
            variant.notes.as_deref(),
            boilerplate,
        ]
        .map(|text| {
            let text = text.filter(|text| !text.trim().is_empty())?;
            writer
                .write(text)
                .map_err(|found| faults.extend(found))
                .ok()
        });
        if faults.is_empty() {
            Ok(texts)
        } else {
            Err(faults)
        }
    }

    fn view(
        &self,
        variant: &Variant,
        setting: &Setting,
        newsroom: &NewsroomView,
        words: &Words,
        dates: &Dates,
        texts: (Prose, Option<Prose>, Option<Prose>),
    ) -> Result<VariantView, RenderError> {
        let language = &variant.language;
        let place = self
            .release
            .dateline
            .place
            .get(language)
            .filter(|place| !place.trim().is_empty())
            .cloned();
        let date = self
            .release
            .dateline
            .date
            .map(|date| dates.long(date))
            .transpose()?;
        let dateline: Vec<&str> = [&place, &date]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let dateline = dateline.join(&format!("{} ", setting.comma));
        let text = |text: &Option<HeaderText>| {
            text.as_ref()
                .filter(|text| !text.is_empty())
                .map(ToString::to_string)
        };
        let (body, notes, boilerplate) = texts;
        Ok(VariantView {
            setting: setting.clone(),
            anchor: format!("v-{language}"),
            words: words.plain(&newsroom.name),
            kind: words.say(&format!("kind-{}", self.release.kind.name()), &[])?,
            release_line: words.say(release_line(self.release.kind), &[])?,
            headline_size: headline_size(variant.headline.as_str()),
            headline: variant.headline.to_string(),
            subhead: text(&variant.subhead),
            subject: text(&variant.subject),
            dateline: Some(dateline).filter(|line| !line.is_empty()),
            place,
            date,
            highlights: variant.highlights.iter().map(ToString::to_string).collect(),
            body,
            contacts: self
                .release
                .press_contacts
                .iter()
                .map(|contact| contact_view(contact, language))
                .collect(),
            notes,
            about: words.say("about", &[("newsroom", &newsroom.name)])?,
            boilerplate,
        })
    }

    fn newsroom_view(&self, language: &Language) -> NewsroomView {
        let newsroom = self.newsroom;
        let website_name = newsroom.website.as_ref().map(|url| {
            let bare = url
                .trim_start_matches("https://")
                .trim_start_matches("http://");
            bare.trim_start_matches("www.")
                .trim_end_matches('/')
                .to_owned()
        });
        NewsroomView {
            name: newsroom.name_in(language).to_owned(),
            logo: newsroom
                .logo
                .as_ref()
                .and_then(|path| self.images.get(path))
                .map(|cid| format!("cid:{cid}")),
            accent: self.accent.css(),
            accent_text: self.accent.on_light().css(),
            accent_dark: self.accent.on_dark().css(),
            email: newsroom
                .reply_to
                .as_ref()
                .unwrap_or(&newsroom.from)
                .to_string(),
            website: newsroom.website.clone(),
            website_name,
            postal_address: newsroom.postal_address.clone(),
        }
    }
}

fn stylesheet(
    engine: &Engine,
    setting: &Setting,
    newsroom: &NewsroomView,
) -> Result<String, RenderError> {
    let mut view = json!(setting);
    if let Value::Object(fields) = &mut view {
        fields.insert("newsroom".to_owned(), json!(newsroom));
    }
    let context = Context::from(view);
    engine.render_text(STYLE, &context)
}

fn contact_view(contact: &PressContact, language: &Language) -> PressContactView {
    let text = |text: &Localized<HeaderText>| {
        text.get(language)
            .filter(|text| !text.is_empty())
            .map(ToString::to_string)
    };
    let phone = contact.phone.as_ref().map(ToString::to_string);
    let tel = phone.as_ref().map(|phone| {
        phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    });
    PressContactView {
        name: text(&contact.name).unwrap_or_default(),
        role: text(&contact.role),
        email: contact.email.as_ref().map(ToString::to_string),
        phone,
        tel,
    }
}

fn teaser(variant: &Variant) -> String {
    let subhead = variant.subhead.as_ref().filter(|text| !text.is_empty());
    subhead
        .or_else(|| variant.highlights.first())
        .map_or_else(String::new, ToString::to_string)
}

fn headline_size(headline: &str) -> &'static str {
    match headline.chars().count() {
        0..=95 => "29px",
        96..=140 => "26px",
        _ => "23px",
    }
}

/// What readers may do with it; an embargo's own line stands in its place.
fn release_line(kind: ReleaseKind) -> &'static str {
    match kind {
        ReleaseKind::PressRelease
        | ReleaseKind::MediaAdvisory
        | ReleaseKind::Statement
        | ReleaseKind::Correction => "immediate-release",
        ReleaseKind::Retraction => "not-for-publication",
    }
}
