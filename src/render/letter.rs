//! One reader's letter: the fields that differ by reader, then three templates.

use super::error::RenderError;
use super::kit::{SUBJECT, TEXT};
use super::plain;
use super::prepare::{PreparedRelease, PreparedVariant};
use super::view::{OptOutView, RecipientView, VersionBelow};
use crate::domain::address::EmailAddress;
use crate::domain::contact::Recipient;
use crate::domain::embargo::Phase;
use crate::domain::header_text::HeaderText;
use crate::domain::language::Language;
use crate::domain::zone::Zone;
use handlebars::Context;
use serde_json::{Map, Value, json};
use std::fmt::Write;

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

/// Where an opt-out by mail goes.
#[derive(Debug, Clone, Copy)]
pub struct OptOut<'a> {
    /// The address to write to.
    pub address: &'a EmailAddress,
    /// The subject that tells who writes; empty for none.
    pub subject: &'a str,
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

impl PreparedRelease {
    /// Renders a letter.
    ///
    /// # Errors
    /// A language without a variant, a template that names what this letter
    /// does not have, a part that grows too large.
    pub fn render(&self, letter: &Letter<'_>) -> Result<Rendered, RenderError> {
        let chosen = self.choose(letter.languages)?;
        let mut context = match self.pool.take(&chosen) {
            Some(context) => context,
            None => self.context(&chosen),
        };
        let result = self
            .fill(&mut context, &chosen, letter)
            .and_then(|()| self.write(&context, &chosen));
        self.pool.put(chosen, context);
        result
    }

    /// The languages a letter may be in.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.variants.iter().map(|variant| &variant.language)
    }

    /// Positions of the variants a letter holds.
    fn choose(&self, languages: &[Language]) -> Result<Vec<usize>, RenderError> {
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

    fn variant(&self, index: usize) -> Result<&PreparedVariant, RenderError> {
        self.variants
            .get(index)
            .ok_or_else(|| RenderError::NoVariant {
                language: index.to_string(),
            })
    }

    /// A context for these variants, with all that does not differ by reader.
    fn context(&self, chosen: &[usize]) -> Context {
        let mut root = self.common.clone();
        let variants: Vec<&PreparedVariant> = chosen
            .iter()
            .filter_map(|index| self.variants.get(*index))
            .collect();
        if let Some(primary) = variants.first() {
            if let Value::Object(setting) = json!(primary.setting) {
                root.extend(setting);
            }
            root.insert("newsroom".to_owned(), primary.newsroom.clone());
            root.insert(
                "words".to_owned(),
                primary.view.get("words").cloned().unwrap_or_default(),
            );
            root.insert(
                "title".to_owned(),
                primary.view.get("headline").cloned().unwrap_or_default(),
            );
        }
        root.insert("stacked".to_owned(), json!(variants.len() > 1));
        let views = variants.iter().enumerate().map(|(index, variant)| {
            let mut view = variant.view.clone();
            if let Value::Object(fields) = &mut view {
                fields.insert("first".to_owned(), json!(index == 0));
                let below = if index == 0 {
                    versions_below(&variants)
                } else {
                    Vec::new()
                };
                fields.insert("versions_below".to_owned(), json!(below));
            }
            view
        });
        root.insert("variants".to_owned(), views.collect());
        Context::from(Value::Object(root))
    }

    /// Sets every field that differs by reader.
    fn fill(
        &self,
        context: &mut Context,
        chosen: &[usize],
        letter: &Letter<'_>,
    ) -> Result<(), RenderError> {
        let Some(&first) = chosen.first() else {
            return Err(RenderError::NoVariant {
                language: String::new(),
            });
        };
        let primary = self.variant(first)?;
        let Value::Object(root) = context.data_mut() else {
            return Ok(());
        };
        let recipient = letter.recipient;
        let email = recipient.email.to_string();
        let lead = self.fill_variants(root, chosen, letter)?;
        root.insert(
            "preheader".to_owned(),
            Value::String(lead.unwrap_or_else(|| primary.teaser.clone())),
        );
        root.insert("phase".to_owned(), Value::from(letter.phase.name()));
        root.insert(
            "why".to_owned(),
            Value::String(why(primary, letter.list, &email)?),
        );
        root.insert(
            "opt_out".to_owned(),
            json!(opt_out(primary, letter.opt_out)?),
        );
        root.insert(
            "recipient".to_owned(),
            json!(RecipientView {
                email,
                name: recipient.name.as_str(),
                salutation: &recipient.salutation,
                outlet: &recipient.outlet
            }),
        );
        Ok(())
    }

    /// Sets each variant's embargo and the greeting; returns the embargo line
    /// of the first.
    fn fill_variants(
        &self,
        root: &mut Map<String, Value>,
        chosen: &[usize],
        letter: &Letter<'_>,
    ) -> Result<Option<String>, RenderError> {
        let embargo = match letter.phase {
            Phase::Advance => self.embargo.as_ref(),
            Phase::Immediate | Phase::General => None,
        };
        let mut lead = None;
        let views = root
            .get_mut("variants")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten();
        for (position, (view, index)) in views.zip(chosen).enumerate() {
            let Value::Object(view) = view else { continue };
            match embargo {
                Some(embargo) => {
                    let notice = self.variant(*index)?.notice(embargo, letter.zone)?;
                    if position == 0 {
                        lead = notice
                            .get("line")
                            .and_then(Value::as_str)
                            .map(str::to_owned);
                    }
                    view.insert("embargo".to_owned(), (*notice).clone());
                }
                None => drop(view.remove("embargo")),
            }
            if position == 0 && !letter.recipient.salutation.is_empty() {
                view.insert(
                    "salutation".to_owned(),
                    Value::from(letter.recipient.salutation.as_str()),
                );
            } else {
                view.remove("salutation");
            }
        }
        Ok(lead)
    }

    fn write(&self, context: &Context, chosen: &[usize]) -> Result<Rendered, RenderError> {
        let first = chosen.first().copied().unwrap_or_default();
        let primary = self.variant(first)?;
        let engine = &primary.engine;
        let subject = HeaderText::collapse(&engine.render_text(SUBJECT, context)?);
        if subject.is_empty() {
            return Err(RenderError::EmptySubject {
                file: engine.shown(SUBJECT),
            });
        }
        let text = plain::tidy(&engine.render_text(TEXT, context)?);
        let html = engine.render_html(context)?;
        Ok(Rendered {
            subject,
            html,
            text,
            language: primary.language.clone(),
        })
    }
}

fn versions_below(variants: &[&PreparedVariant]) -> Vec<VersionBelow> {
    let below = variants.iter().skip(1).filter_map(|variant| {
        let phrase = variant.words.say("version-below", &[]).ok()?;
        Some(VersionBelow {
            phrase,
            anchor: format!("v-{}", variant.language),
            lang: variant.setting.lang.clone(),
            dir: variant.setting.dir,
        })
    });
    below.collect()
}

fn why(variant: &PreparedVariant, list: &str, email: &str) -> Result<String, RenderError> {
    let variables = [
        ("newsroom", variant.newsroom_name.as_str()),
        ("email", email),
        ("list", list),
    ];
    Ok(if list.is_empty() {
        variant.words.say("why", &variables[..2])?
    } else {
        variant.words.say("why-list", &variables)?
    })
}

fn opt_out(variant: &PreparedVariant, opt_out: OptOut<'_>) -> Result<OptOutView, RenderError> {
    let address = opt_out.address.to_string();
    let mut href = format!("mailto:{}", percent_encoded(&address));
    let line = if opt_out.subject.is_empty() {
        variant
            .words
            .say("opt-out-line", &[("address", &address)])?
    } else {
        href.push_str("?subject=");
        href.push_str(&percent_encoded(opt_out.subject));
        variant.words.say(
            "opt-out-line-subject",
            &[("address", &address), ("subject", opt_out.subject)],
        )?
    };
    Ok(OptOutView {
        href,
        label: variant.words.say("opt-out", &[])?,
        line,
        address,
    })
}

/// Percent-encoding for a mailto URI (RFC 6068 section 2).
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
