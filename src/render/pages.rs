//! The desk's pages: Handlebars templates, words and assets of `templates/web/`,
//! the workspace's over the built-in ones.
//!
//! Read once and checked as a whole. A page escapes every value; it sees nothing
//! but what it is given, and a name that is not there is an error.

use super::catalogue::Catalogue;
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::domain::zone::Zone;
use crate::{said, shown_as_said};
use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource, FluentValue};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason,
};
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates/web");

/// The languages that the desk speaks; the first is the fallback.
pub const LANGUAGES: [&str; 2] = ["en", "ru"];

/// The languages that journalists' pages speak: those of the mails. What a further
/// one has no words for is in English.
const READERS: [&str; 7] = ["en", "ru", "uk", "kk", "fr", "es", "ar"];

/// A file of this many bytes is no page.
const MAX_FILE: u64 = 1024 * 1024;

/// What is served as it is: a stylesheet, a script.
#[derive(Debug, Clone)]
pub struct Asset {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The beginning of its hash, for its address: another content has another.
    pub hash: String,
}

type Bundle = FluentBundle<FluentResource>;

/// The words of a language, and behind them those that stand in for what it lacks.
type Voice = Vec<Arc<Bundle>>;

/// All pages, ready to be written in every language.
pub struct Pages {
    /// Compiled when a page is first asked for in the language: most never are.
    engines: BTreeMap<&'static str, OnceLock<Handlebars<'static>>>,
    voices: BTreeMap<&'static str, Voice>,
    /// What is said of something wrong, in each language of the desk but the first.
    catalogues: BTreeMap<&'static str, Catalogue>,
    templates: Files,
    assets: BTreeMap<String, Asset>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages")
            .field("assets", &self.assets.keys())
            .finish_non_exhaustive()
    }
}

/// A page that cannot be written: a template asks for what it is not given.
#[derive(Debug, thiserror::Error)]
pub struct PageError {
    page: String,
    cause: String,
}

impl Tell for PageError {
    fn said(&self) -> Said {
        let Self { page, cause } = self;
        said!("the page `{page}` cannot be written: {cause}", page, cause)
    }
}

shown_as_said!(PageError);

impl Pages {
    /// Reads the built-in files and, over them, those of a workspace's
    /// `templates/web/`. The folder need not exist.
    ///
    /// # Errors
    /// Everything wrong with them at once.
    pub fn load(workspace: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut files = BTreeMap::new();
        built_in(&BUILT_IN, &mut files);
        if let Some(workspace) = workspace {
            overlay(
                &workspace.join("templates/web"),
                "",
                &mut files,
                &mut problems,
            );
        }
        let assets = assets(&files);
        let voices = voices(&files, &mut problems);
        let catalogues = catalogues(&files, &mut problems);
        files.retain(|name, _| name.ends_with(".hbs"));
        // What is wrong with a template is wrong in every language.
        let first = engine(&voices[LANGUAGES[0]], &files, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut engines = BTreeMap::from(READERS.map(|language| (language, OnceLock::new())));
        engines.insert(LANGUAGES[0], OnceLock::from(first));
        Ok(Self {
            engines,
            voices,
            catalogues,
            templates: files,
            assets,
        })
    }

    /// Writes a page.
    ///
    /// # Errors
    /// The template asks for what it is not given, or the words lack a message.
    pub fn write(
        &self,
        page: &str,
        language: &str,
        data: &impl Serialize,
    ) -> Result<String, PageError> {
        let fail = |cause: String| PageError {
            page: page.to_owned(),
            cause,
        };
        let (language, voice) = self.voice(language);
        self.engines[language]
            .get_or_init(|| engine(voice, &self.templates, &mut Vec::new()))
            .render(page, data)
            .map_err(|error| fail(error.to_string()))
    }

    /// A message of the desk's words; its id where there is none.
    pub fn say(&self, language: &str, id: &str, with: &[(&str, Value)]) -> String {
        let args = with.iter().map(|(name, value)| (*name, fluent(value)));
        let (_, voice) = self.voice(language);
        message(voice, id, &args.collect()).unwrap_or_else(|_| id.to_owned())
    }

    /// What was said of something wrong, in a language of the desk: as its catalogue
    /// has it, with instants in this zone, and in English what that has not.
    pub fn tell(&self, language: &str, said: &Said, zone: &Zone) -> String {
        let language = spoken(language);
        let dates = |at| {
            let text = self.moment(language, at, zone, "%H:%M");
            format!("{text} ({})", zone.name())
        };
        match self.catalogues.get(language) {
            Some(catalogue) => catalogue.told(said, &dates),
            None => said.to_string(),
        }
    }

    /// A day and time in words; `clock` is the form of the time, as `strftime` has it.
    pub fn moment(&self, language: &str, at: Timestamp, zone: &Zone, clock: &str) -> String {
        let local = at.to_zoned_datetime(zone.time_zone().clone());
        let month = self.say(language, &format!("month-{}", local.month()), &[]);
        let with = [
            ("day", Value::from(local.day())),
            ("month", Value::String(month)),
            ("year", Value::String(local.year().to_string())),
            ("time", Value::String(local.strftime(clock).to_string())),
        ];
        self.say(language, "date-time", &with)
    }

    /// A language as it is named here, and its words: its own, else those of the
    /// desk's nearest.
    fn voice(&self, language: &str) -> (&'static str, &Voice) {
        let known = READERS.into_iter().find(|known| *known == language);
        let name = known.unwrap_or_else(|| spoken(language));
        (name, &self.voices[name])
    }

    /// Whether the desk's words have a message.
    pub fn knows(&self, id: &str) -> bool {
        let mut desk = LANGUAGES.iter().flat_map(|language| &self.voices[language]);
        desk.all(|words| words.has_message(id))
    }

    /// A file served as it is.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }
}

/// The desk's language nearest to one asked for.
pub fn spoken(language: &str) -> &'static str {
    let asked = Language::parse(language).ok();
    let asked = asked.as_ref().map_or("", Language::primary);
    let found = LANGUAGES.into_iter().find(|known| *known == asked);
    found.unwrap_or(LANGUAGES[0])
}

/// The language of journalists' pages nearest to one they read; `None` where it is
/// not spoken here.
pub fn spoken_to_readers(language: &Language) -> Option<&'static str> {
    READERS
        .into_iter()
        .find(|known| *known == language.primary())
}

/// Whether a language is written from right to left.
pub fn direction(language: &str) -> &'static str {
    if language == "ar" { "rtl" } else { "ltr" }
}

/// Files by their path under `templates/web/`: contents, and what to call them.
type Files = BTreeMap<String, (Vec<u8>, String)>;

fn built_in(dir: &'static Dir<'static>, files: &mut Files) {
    for file in dir.files() {
        let name = file.path().display().to_string();
        let shown = format!("(built-in)/templates/web/{name}");
        files.insert(name, (file.contents().to_vec(), shown));
    }
    for inner in dir.dirs() {
        built_in(inner, files);
    }
}

fn overlay(folder: &Path, prefix: &str, files: &mut Files, problems: &mut Vec<Problem>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let shown = format!("templates/web/{name}");
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => {
                overlay(&entry.path(), &format!("{name}/"), files, problems)
            }
            Ok(meta) if meta.is_file() && meta.len() <= MAX_FILE => {
                match std::fs::read(entry.path()) {
                    Ok(bytes) => drop(files.insert(name, (bytes, shown))),
                    Err(error) => problems.push(Problem::error(
                        shown,
                        said!("cannot be read: {error}", error),
                    )),
                }
            }
            Ok(_) => problems.push(Problem::error(
                shown,
                said!("is no file of at most {most} octets", most = MAX_FILE),
            )),
            Err(error) => problems.push(Problem::error(
                shown,
                said!("cannot be read: {error}", error),
            )),
        }
    }
}

fn assets(files: &Files) -> BTreeMap<String, Asset> {
    let found = files.iter().filter_map(|(name, (bytes, _))| {
        let name = name.strip_prefix("assets/")?;
        let hash = blake3::hash(bytes).to_hex().chars().take(12).collect();
        let bytes = bytes.clone();
        Some((name.to_owned(), Asset { bytes, hash }))
    });
    found.collect()
}

/// The words of every language. Only journalists' pages speak more languages than
/// the desk: what they have no words for is in its first.
fn voices(files: &Files, problems: &mut Vec<Problem>) -> BTreeMap<&'static str, Voice> {
    let own = READERS.map(|language| (language, Arc::new(words(language, files, problems))));
    let own = BTreeMap::from(own);
    let voice = |language: &'static str| {
        let behind = (!LANGUAGES.contains(&language)).then_some(LANGUAGES[0]);
        let names = std::iter::once(language).chain(behind);
        (language, names.map(|name| Arc::clone(&own[name])).collect())
    };
    BTreeMap::from(READERS.map(voice))
}

fn words(language: &str, files: &Files, problems: &mut Vec<Problem>) -> Bundle {
    let tag = language.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false);
    for (bytes, shown) in &layers(&format!("i18n/{language}.ftl"), files).collect::<Vec<_>>() {
        match FluentResource::try_new(String::from_utf8_lossy(bytes).into_owned()) {
            Ok(resource) => bundle.add_resource_overriding(resource),
            Err((_, errors)) => problems.extend(errors.iter().map(|error| {
                let text = String::from_utf8_lossy(bytes);
                let before = text.get(..error.pos.start).unwrap_or_default();
                Problem::error(
                    shown.as_str(),
                    said!("not Fluent: {kind}", kind = error.kind),
                )
                .at_line(before.matches('\n').count() + 1)
            })),
        }
    }
    bundle
}

/// English is what is said; every other language of the desk has a catalogue of it.
fn catalogues(files: &Files, problems: &mut Vec<Problem>) -> BTreeMap<&'static str, Catalogue> {
    let others = LANGUAGES.into_iter().skip(1).map(|language| {
        let mut catalogue = Catalogue::default();
        for (bytes, shown) in layers(&format!("i18n/errors.{language}.toml"), files) {
            catalogue.read(&shown, &String::from_utf8_lossy(&bytes), problems);
        }
        (language, catalogue)
    });
    others.collect()
}

/// A file of words: a workspace's lies over the built-in one message by message.
fn layers(name: &str, files: &Files) -> impl Iterator<Item = (Vec<u8>, String)> {
    let own = files
        .get(name)
        .filter(|(_, shown)| !shown.starts_with("(built-in)"));
    let base = BUILT_IN.get_file(name).map(|file| file.contents().to_vec());
    let base = base.map(|bytes| (bytes, format!("(built-in)/templates/web/{name}")));
    base.into_iter().chain(own.cloned())
}

fn engine(voice: &Voice, files: &Files, problems: &mut Vec<Problem>) -> Handlebars<'static> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(|text| super::helpers::escape(text).into_owned());
    engine.unregister_helper("log");
    engine.register_helper("t", Box::new(Say(voice.clone())));
    engine.register_helper("is", Box::new(is));
    for (name, (bytes, shown)) in files {
        let Some(page) = name.strip_suffix(".hbs") else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        if let Err(error) = engine.register_template_string(page, text) {
            let problem = Problem::error(shown.as_str(), Said::verbatim(error.reason()));
            problems.push(match error.pos() {
                Some((line, _)) => problem.at_line(line),
                None => problem,
            });
        }
    }
    engine
}

fn fluent(value: &Value) -> FluentValue<'static> {
    match value {
        Value::Number(number) => number.as_f64().map_or(FluentValue::None, FluentValue::from),
        Value::String(text) => FluentValue::from(text.clone()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            FluentValue::from(value.to_string())
        }
    }
}

fn message(voice: &Voice, id: &str, args: &FluentArgs<'_>) -> Result<String, String> {
    let found = voice.iter().find_map(|words| {
        let pattern = words.get_message(id)?.value()?;
        Some((words, pattern))
    });
    let (words, pattern) = found.ok_or_else(|| format!("the words have no message `{id}`"))?;
    let mut errors = Vec::new();
    let said = words
        .format_pattern(pattern, Some(args), &mut errors)
        .into_owned();
    match errors.first() {
        None => Ok(said),
        Some(error) => Err(format!("the message `{id}`: {error}")),
    }
}

/// `{{t "state" name n=3}}`: the message `state-<name>`, escaped.
struct Say(Voice);

impl HelperDef for Say {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let parts: Vec<_> = helper
            .params()
            .iter()
            .map(|part| plain(part.value()))
            .collect();
        let id = parts.join("-").replace('_', "-");
        let args = helper
            .hash()
            .iter()
            .map(|(name, value)| ((*name).to_owned(), fluent(value.value())));
        let said = message(&self.0, &id, &args.collect()).map_err(RenderErrorReason::Other)?;
        out.write(&super::helpers::escape(&said))?;
        Ok(())
    }
}

/// `{{#if (is a "b")}}`: whether two values read alike.
fn is<'reg, 'rc>(
    helper: &Helper<'rc>,
    _: &'reg Handlebars<'reg>,
    _: &'rc Context,
    _: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let mut texts = helper.params().iter().map(|part| plain(part.value()));
    let first = texts.next();
    if texts.any(|text| Some(text) == first) {
        out.write("yes")?;
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_built_in_pages_are_sound_and_every_language_says_the_same() {
        let pages = Pages::load(None).unwrap();
        let ids = |language: &str| {
            let file = BUILT_IN.get_file(format!("i18n/{language}.ftl")).unwrap();
            let text = file.contents_utf8().unwrap();
            let ids = text
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
            ids.map(|line| line.split(" =").next().unwrap().to_owned())
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(ids("en"), ids("ru"));
        let readers = |id: &String| id.starts_with("reader-") || id.starts_with("said-reader-");
        let wanted: Vec<_> = ids("en").into_iter().filter(readers).collect();
        for language in READERS {
            let known = ids(language);
            let missing: Vec<_> = wanted.iter().filter(|id| !known.contains(*id)).collect();
            assert!(missing.is_empty(), "{language}: {missing:?}");
            assert!(ids("en").is_superset(&known), "{language}");
        }
        assert!(pages.knows("sign-in") && pages.asset("desk.css").is_some());
    }

    #[test]
    fn every_message_that_a_page_names_is_there() {
        let pages = Pages::load(None).unwrap();
        let mut files = Files::new();
        built_in(&BUILT_IN, &mut files);
        for (name, (bytes, _)) in files.iter().filter(|(name, _)| name.ends_with(".hbs")) {
            for said in String::from_utf8_lossy(bytes)
                .split("{{t \"")
                .skip(1)
                .chain(String::from_utf8_lossy(bytes).split("(t \"").skip(1))
            {
                let (id, rest) = said.split_once('"').unwrap();
                // With a further part the id depends on a value.
                if rest.trim_start().starts_with(['}', ')'])
                    || rest
                        .split_whitespace()
                        .next()
                        .is_some_and(|word| word.contains('='))
                {
                    assert!(pages.knows(id), "{name}: {id}");
                }
            }
        }
    }

    #[test]
    fn a_value_is_escaped_wherever_it_stands() {
        let mut files = Files::new();
        let text = "{{a}} <i title=\"{{a}}\">{{t \"x\" a=a}}</i>";
        files.insert("p.hbs".into(), (text.into(), "p".into()));
        files.insert("i18n/en.ftl".into(), ("x = <{ $a }>".into(), "w".into()));
        let mut problems = Vec::new();
        let voice = vec![Arc::new(words("en", &files, &mut problems))];
        let engine = engine(&voice, &files, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        let page = engine.render("p", &json!({ "a": "\"><script>'" })).unwrap();
        assert!(
            !page.contains("<script>") && !page.contains("\"><"),
            "{page}"
        );
        assert!(
            engine.render("p", &json!({})).is_err(),
            "a name that is not there"
        );
    }

    #[test]
    fn the_nearest_language_is_spoken() {
        assert_eq!(
            ["ru-KZ", "ru", "de", "", "en-GB"].map(spoken),
            ["ru", "ru", "en", "en", "en"]
        );
    }
}
