//! A kit, compiled: MJML to HTML, Handlebars registered, words read. Done once;
//! a compiled kit serves any number of releases and threads.

use super::error::RenderError;
use super::guard::treats_readers_alike;
use super::helpers;
use super::layout::{self, Expanded, LAYOUT};
use super::partials::{Graph, check_depth};
use super::sources::KitSources;
use super::words::Words;
use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::said;
use handlebars::{Context, Handlebars, RenderErrorReason, TemplateErrorReason, no_escape};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// The text part's template.
pub(super) const TEXT: &str = "text.hbs";
/// The subject's template.
pub(super) const SUBJECT: &str = "subject.hbs";
/// The style sheet of Markdown texts; a template too.
pub(super) const STYLE: &str = "style.css";

/// What one part of a mail may hold, in bytes.
pub(super) const MAX_PART: usize = 2 * 1024 * 1024;

/// A set of templates, ready to prepare releases with.
#[derive(Debug, Clone)]
pub struct Kit {
    engines: Arc<Engines>,
    words: Arc<BTreeMap<Language, Arc<Words>>>,
}

/// The templates as they serve every language, and those languages for which a
/// file of their own stands.
#[derive(Debug)]
struct Engines {
    common: Arc<Engine>,
    by_language: BTreeMap<Language, Arc<Engine>>,
}

impl Kit {
    /// Compiles a kit.
    ///
    /// # Errors
    /// Everything wrong with it at once: MJML, Handlebars and Fluent syntax with
    /// file and line, partials that are missing or run in a circle, words that
    /// a language lacks.
    pub fn compile(sources: &KitSources) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut keep = |result: Result<Engine, Vec<Problem>>| {
            result
                .map(Arc::new)
                .map_err(|found| problems.extend(found))
                .ok()
        };
        let common = keep(Engine::compile(sources, None));
        let own = sources.languages().into_iter().map(|language| {
            (
                language.clone(),
                keep(Engine::compile(sources, Some(&language))),
            )
        });
        let by_language: BTreeMap<_, _> = own
            .filter_map(|(language, engine)| Some((language, engine?)))
            .collect();
        let words = read_words(sources, &mut problems);
        problems.sort_unstable();
        problems.dedup();
        match common {
            Some(common) if problems.is_empty() => Ok(Self {
                engines: Arc::new(Engines {
                    common,
                    by_language,
                }),
                words: Arc::new(words),
            }),
            _ => Err(problems),
        }
    }

    /// A message of the words in a language; in English where it has none.
    ///
    /// # Errors
    /// In words: the message is missing, or names what it was not given.
    pub fn say(
        &self,
        language: &Language,
        id: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, Said> {
        let said = self
            .words(language)
            .and_then(|words| words.say(id, variables).ok());
        if let Some(said) = said {
            return Ok(said);
        }
        let english = Language::parse("en")
            .ok()
            .and_then(|english| self.words(&english));
        let words = english.ok_or_else(|| said!("there are no words in `{language}`", language))?;
        words.say(id, variables).map_err(|error| error.said())
    }

    /// The words of a language, or of its primary language.
    pub(super) fn words(&self, language: &Language) -> Option<Arc<Words>> {
        find(&self.words, language).cloned()
    }

    pub(super) fn engine(&self, language: &Language) -> &Arc<Engine> {
        find(&self.engines.by_language, language).unwrap_or(&self.engines.common)
    }
}

fn find<'a, T>(map: &'a BTreeMap<Language, T>, language: &Language) -> Option<&'a T> {
    map.get(language)
        .or_else(|| map.get(&Language::parse(language.primary()).ok()?))
}

fn read_words(sources: &KitSources, problems: &mut Vec<Problem>) -> BTreeMap<Language, Arc<Words>> {
    let mut all = BTreeMap::new();
    for (name, source) in &sources.files {
        let Some((_, tag)) = name
            .strip_suffix(".ftl")
            .and_then(|stem| stem.rsplit_once("i18n/"))
        else {
            continue;
        };
        let Ok(language) = Language::parse(tag) else {
            problems.push(Problem::error(
                &source.shown,
                said!(
                    "`{tag}` is not a BCP 47 language tag",
                    tag = tag.escape_debug()
                ),
            ));
            continue;
        };
        // A workspace's file lies over the built-in one of the same language.
        if all.contains_key(&language) {
            continue;
        }
        match Words::load(&language, &sources.words(&language)) {
            Ok(words) => drop(all.insert(language, Arc::new(words))),
            Err(found) => problems.extend(found),
        }
    }
    all
}

/// The registered templates of one language.
pub(super) struct Engine {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
    layout: Expanded,
    shown: BTreeMap<String, String>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("files", &self.shown)
            .finish_non_exhaustive()
    }
}

impl Engine {
    fn compile(sources: &KitSources, language: Option<&Language>) -> Result<Self, Vec<Problem>> {
        let (html, layout) = layout::compile(sources, language).map_err(|problem| vec![problem])?;
        let mut engine = Self {
            html: registry(),
            text: registry(),
            layout,
            shown: BTreeMap::new(),
        };
        engine
            .html
            .register_escape_fn(|text| helpers::escape(text).into_owned());
        engine.text.register_escape_fn(no_escape);
        helpers::register_text(&mut engine.text);
        let mut problems = Vec::new();
        engine.name(sources, language, LAYOUT);
        problems.extend(engine.register(Part::Html, LAYOUT, &html).err());
        for name in [TEXT, SUBJECT, STYLE] {
            match sources.find(name, language) {
                Some(source) => {
                    engine.name(sources, language, name);
                    problems.extend(engine.register(Part::Text, name, &source.text).err());
                }
                None => problems.push(Problem::error(
                    format!("templates/email/{}/{name}", sources.kit),
                    said!("is missing from the kit"),
                )),
            }
        }
        engine.register_partials(sources, language, &mut problems);
        problems.extend(engine.partial_faults());
        if problems.is_empty() {
            Ok(engine)
        } else {
            Err(problems)
        }
    }

    fn register_partials(
        &mut self,
        sources: &KitSources,
        language: Option<&Language>,
        problems: &mut Vec<Problem>,
    ) {
        for file in sources.plain_names() {
            let Some(name) = file
                .strip_prefix("partials/")
                .and_then(|file| file.strip_suffix(".hbs"))
            else {
                continue;
            };
            let Some(source) = sources.find(&file, language) else {
                continue;
            };
            self.shown.insert(name.to_owned(), source.shown.clone());
            for part in [Part::Html, Part::Text] {
                problems.extend(self.register(part, name, &source.text).err());
            }
        }
    }

    fn name(&mut self, sources: &KitSources, language: Option<&Language>, name: &str) {
        if let Some(source) = sources.find(name, language) {
            self.shown.insert(name.to_owned(), source.shown.clone());
        }
    }

    fn register(&mut self, part: Part, name: &str, text: &str) -> Result<(), Problem> {
        let shown = self.shown(name);
        check_depth(&shown, text)?;
        let registry = match part {
            Part::Html => &mut self.html,
            Part::Text => &mut self.text,
        };
        registry
            .register_template_string(name, text)
            .map_err(|error| {
                let problem = Problem::error(
                    &shown,
                    said!("not Handlebars: {syntax}", syntax = syntax(error.reason())),
                );
                match error.pos() {
                    // Lines of the compiled HTML say nothing about the MJML.
                    Some((line, column)) if name != LAYOUT => problem.at(line, column),
                    Some(_) | None => problem,
                }
            })
    }

    fn partial_faults(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for registry in [&self.html, &self.text] {
            let mut graph = Graph::default();
            for (name, template) in registry.get_templates() {
                graph.add(name, template);
            }
            problems.extend(
                graph
                    .faults()
                    .into_iter()
                    .map(|(name, fault)| Problem::error(self.shown(&name), fault)),
            );
        }
        problems
    }

    pub(super) fn shown(&self, name: &str) -> String {
        self.shown
            .get(name)
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    }

    /// Whether the HTML treats its readers alike, so that it may be a form.
    pub(super) fn html_is_formal(&self) -> bool {
        self.html.get_templates().values().all(treats_readers_alike)
    }

    /// The same of subject and text.
    pub(super) fn text_is_formal(&self) -> bool {
        self.text.get_templates().values().all(treats_readers_alike)
    }

    /// Renders the HTML part with marks for values.
    pub(super) fn mark_html(&self, context: &Context) -> Result<String, RenderError> {
        self.render(&helpers::marking_html(&self.html), LAYOUT, context)
    }

    /// Renders the text part or the subject with marks for values.
    pub(super) fn mark_text(&self, name: &str, context: &Context) -> Result<String, RenderError> {
        self.render(&helpers::marking_text(&self.text), name, context)
    }

    /// Renders the HTML part.
    pub(super) fn render_html(&self, context: &Context) -> Result<String, RenderError> {
        self.render(&self.html, LAYOUT, context)
    }

    /// Renders the text part, the subject or the style sheet.
    pub(super) fn render_text(&self, name: &str, context: &Context) -> Result<String, RenderError> {
        self.render(&self.text, name, context)
    }

    fn render(
        &self,
        registry: &Handlebars<'static>,
        name: &str,
        context: &Context,
    ) -> Result<String, RenderError> {
        let mut out = Bounded {
            bytes: Vec::with_capacity(16 * 1024),
            full: false,
        };
        let result = registry.render_with_context_to_write(name, context, &mut out);
        if out.full {
            return Err(RenderError::TooLarge {
                file: self.shown(name),
                limit: MAX_PART,
            });
        }
        result.map_err(|error| self.explain(name, &error))?;
        String::from_utf8(out.bytes).map_err(|error| RenderError::Template {
            file: self.shown(name),
            line: None,
            reason: Said::verbatim(error),
        })
    }

    fn explain(&self, name: &str, error: &handlebars::RenderError) -> RenderError {
        let template = error.template_name.as_deref().unwrap_or(name);
        let field = if let RenderErrorReason::MissingVariable(field) = error.reason() {
            Some(field.clone().unwrap_or_else(|| "?".to_owned()))
        } else {
            None
        };
        let wanted = field.as_deref().unwrap_or("{{");
        let (file, line) = match self.layout.find(wanted).filter(|_| template == LAYOUT) {
            Some((file, line)) => (file.to_owned(), Some(line)),
            None => (
                self.shown(template),
                error.line_no.filter(|_| template != LAYOUT),
            ),
        };
        match field {
            Some(field) => RenderError::MissingField { file, line, field },
            None => RenderError::Template {
                file,
                line,
                reason: Said::verbatim(error.reason()),
            },
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Html,
    Text,
}

fn registry() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    helpers::register(&mut registry);
    registry
}

/// The parser's list of all that it could have met helps nobody.
fn syntax(reason: &TemplateErrorReason) -> Said {
    let whole = reason
        .to_string()
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    match whole.split_once(": expected ") {
        Some((what, _)) => said!("{what}; a tag is malformed, or a block is not closed", what),
        None => Said::verbatim(whole),
    }
}

/// Takes bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_PART {
            self.full = true;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
