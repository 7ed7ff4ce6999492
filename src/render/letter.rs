//! One reader's letter: by the forms of its kind, or by three templates.

use super::error::RenderError;
use super::form::Filled;
use super::kind::Kind;
use super::kit::{SUBJECT, TEXT};
use super::plain;
use super::prepare::{PreparedRelease, PreparedVariant};
use super::reader::Reader;
use super::shelf::{Advice, Forms};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Recipient;
use crate::domain::embargo::Phase;
use crate::domain::header_text::HeaderText;
use crate::domain::language::Language;
use crate::domain::zone::Zone;
use handlebars::Context;

/// Whom a letter is for.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The reader.
    pub recipient: &'a Recipient,
    /// The variants it holds, the primary one first; several make a stacked mail.
    pub languages: &'a [Language],
    /// The zone that times are told in.
    pub zone: &'a Zone,
    /// Advance copies carry the embargo; all others are free to publish.
    pub phase: Phase,
    /// The press list or segment that the reader stands on, as readers may see
    /// it; empty for none.
    pub list: &'a str,
    /// How to get no more.
    pub opt_out: OptOut<'a>,
}

/// Where an opt-out goes, by mail and by the web.
#[derive(Debug, Clone, Copy)]
pub struct OptOut<'a> {
    /// The address to write to.
    pub address: &'a EmailAddress,
    /// The subject that tells who writes; empty for none.
    pub subject: &'a str,
    /// The link to a page to opt out; empty for none.
    pub page: &'a str,
    /// The link to the reader's own pages; empty for none.
    pub own: &'a str,
}

/// A rendered letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line; never empty.
    pub subject: HeaderText,
    /// The HTML part.
    pub html: String,
    /// The plain text part; lines end with a line feed.
    pub text: String,
    /// The primary language.
    pub language: Language,
}

/// A letter whose parts may still be forms with a reader's values beside them.
#[derive(Debug, Clone)]
pub struct Parts {
    /// One line; never empty.
    pub subject: HeaderText,
    /// The HTML part.
    pub html: Part,
    /// The plain text part; lines end with a line feed.
    pub text: Part,
    /// The primary language.
    pub language: Language,
}

/// One part of a letter.
#[derive(Debug, Clone)]
pub enum Part {
    /// Written for this reader.
    Whole(String),
    /// A form, filled in for this reader.
    Filled(Filled),
}

impl Part {
    /// The part as the reader has it.
    pub fn into_text(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::Filled(filled) => filled.text(),
        }
    }
}

impl From<Parts> for Rendered {
    fn from(parts: Parts) -> Self {
        Self {
            subject: parts.subject,
            html: parts.html.into_text(),
            text: parts.text.into_text(),
            language: parts.language,
        }
    }
}

/// The parts of a letter that a form gave.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) subject: Option<HeaderText>,
    pub(super) html: Option<Filled>,
    pub(super) text: Option<Filled>,
}

impl PreparedRelease {
    /// Renders a letter.
    ///
    /// # Errors
    /// A language without a variant, a template that names what this letter
    /// does not have, a part that grows too large.
    pub fn render(&self, letter: &Letter<'_>) -> Result<Rendered, RenderError> {
        self.parts(letter).map(Rendered::from)
    }

    /// Renders a letter, and leaves as forms what is one: for a caller that has
    /// more to do with it and would rather do that once for all readers.
    ///
    /// # Errors
    /// See [`Self::render`].
    pub fn parts(&self, letter: &Letter<'_>) -> Result<Parts, RenderError> {
        let chosen = self.choose(letter.languages)?;
        let tells_times = letter.phase == Phase::Advance && self.embargo.is_some();
        let kind = Kind::of(&chosen, letter, tells_times);
        match self.shelf.advise(&kind) {
            Advice::Use(forms) => self.by_forms(&forms, chosen, letter),
            Advice::Make => {
                self.shelf.keep(&kind, self.make_forms(&chosen, letter));
                self.by_templates(chosen, letter, Given::default())
            }
            Advice::Write => self.by_templates(chosen, letter, Given::default()),
        }
    }

    /// A letter by the forms of its kind.
    fn by_forms(
        &self,
        forms: &Forms,
        chosen: Vec<usize>,
        letter: &Letter<'_>,
    ) -> Result<Parts, RenderError> {
        if forms.are_none() {
            return self.by_templates(chosen, letter, Given::default());
        }
        let reader = Reader::of(self.primary(&chosen)?, letter)?;
        let fill = |form: &Option<_>| Filled::new(form.as_ref()?, &reader);
        let given = Given {
            subject: fill(&forms.subject)
                .map(|subject| HeaderText::collapse(&subject.text()))
                .filter(|subject| !subject.is_empty()),
            html: fill(&forms.html),
            text: fill(&forms.text),
        };
        self.by_templates(chosen, letter, given)
    }

    /// A letter by its templates, but for what is given.
    pub(super) fn by_templates(
        &self,
        chosen: Vec<usize>,
        letter: &Letter<'_>,
        given: Given,
    ) -> Result<Parts, RenderError> {
        match given {
            Given {
                subject: Some(subject),
                html: Some(html),
                text: Some(text),
            } => Ok(Parts {
                subject,
                html: Part::Filled(html),
                text: Part::Filled(text),
                language: self.primary(&chosen)?.language.clone(),
            }),
            Given { .. } => self.with_context(chosen, |context, chosen| {
                let primary = self.primary(chosen)?;
                self.fill(context, chosen, letter, |primary| {
                    Reader::of(primary, letter)
                })?;
                primary.write(context, given)
            }),
        }
    }

    /// Renders a letter in full, whatever forms there are.
    #[cfg(test)]
    pub(crate) fn render_in_full(&self, letter: &Letter<'_>) -> Result<Rendered, RenderError> {
        let chosen = self.choose(letter.languages)?;
        self.by_templates(chosen, letter, Given::default())
            .map(Rendered::from)
    }

    /// The languages a letter may be in.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.variants.iter().map(|variant| &variant.language)
    }

    /// Positions of the variants a letter holds.
    pub(super) fn choose(&self, languages: &[Language]) -> Result<Vec<usize>, RenderError> {
        if languages.is_empty() {
            return Err(RenderError::NoVariant {
                language: String::new(),
            });
        }
        let position = |language: &Language| {
            self.variants
                .iter()
                .position(|variant| variant.language == *language)
        };
        languages
            .iter()
            .map(|language| {
                position(language).ok_or_else(|| RenderError::NoVariant {
                    language: language.to_string(),
                })
            })
            .collect()
    }

    /// The first of the variants that a letter holds.
    pub(super) fn primary(&self, chosen: &[usize]) -> Result<&PreparedVariant, RenderError> {
        match chosen.first() {
            Some(&first) => self.variant(first),
            None => Err(RenderError::NoVariant {
                language: String::new(),
            }),
        }
    }

    pub(super) fn variant(&self, index: usize) -> Result<&PreparedVariant, RenderError> {
        self.variants
            .get(index)
            .ok_or_else(|| RenderError::NoVariant {
                language: index.to_string(),
            })
    }
}

impl PreparedVariant {
    /// The parts of a letter, but for what is given.
    fn write(&self, context: &Context, given: Given) -> Result<Parts, RenderError> {
        let engine = &self.engine;
        let subject = match given.subject {
            Some(subject) => subject,
            None => HeaderText::collapse(&engine.render_text(SUBJECT, context)?),
        };
        if subject.is_empty() {
            return Err(RenderError::EmptySubject {
                file: engine.shown(SUBJECT),
            });
        }
        let text = match given.text {
            Some(text) => Part::Filled(text),
            None => Part::Whole(plain::tidy(&engine.render_text(TEXT, context)?)),
        };
        let html = match given.html {
            Some(html) => Part::Filled(html),
            None => Part::Whole(engine.render_html(context)?),
        };
        Ok(Parts {
            subject,
            html,
            text,
            language: self.language.clone(),
        })
    }
}
