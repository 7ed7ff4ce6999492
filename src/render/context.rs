//! What the templates see of one letter: all that its kind shares, kept for
//! reuse, and the fields that are set anew for each.

use super::error::RenderError;
use super::letter::Letter;
use super::prepare::{PreparedRelease, PreparedVariant};
use super::reader::{Field, Reader};
use super::view::{OptOutView, PreferencesView, RecipientView, VersionBelow};
use crate::domain::embargo::Phase;
use handlebars::Context;
use serde_json::{Map, Value, json};

impl PreparedRelease {
    /// Does something with a context of these variants.
    pub(super) fn with_context<T>(
        &self,
        chosen: Vec<usize>,
        work: impl FnOnce(&mut Context, &[usize]) -> Result<T, RenderError>,
    ) -> Result<T, RenderError> {
        let mut context = match self.pool.take(&chosen) {
            Some(context) => context,
            None => self.context(&chosen),
        };
        let result = work(&mut context, &chosen);
        self.pool.put(chosen, context);
        result
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

    /// Sets every field that differs by letter; `reader` gives the values.
    pub(super) fn fill<'a>(
        &self,
        context: &mut Context,
        chosen: &[usize],
        letter: &Letter<'_>,
        reader: impl FnOnce(&PreparedVariant) -> Result<Reader<'a>, RenderError>,
    ) -> Result<(), RenderError> {
        let primary = self.primary(chosen)?;
        let Value::Object(root) = context.data_mut() else {
            return Ok(());
        };
        let lead = self.fill_embargo(root, chosen, letter)?;
        let reader = reader(primary)?;
        fill_salutation(root, reader.value(Field::Salutation));
        let preheader = lead.unwrap_or_else(|| primary.teaser.clone());
        let opt_out = OptOutView {
            href: reader.value(Field::OptOutHref),
            label: primary.words.say("opt-out", &[])?,
            line: reader.value(Field::OptOutLine),
            address: letter.opt_out.address.to_string(),
            preferences: preferences(primary, letter, &reader),
        };
        let recipient = RecipientView {
            email: reader.value(Field::Email),
            name: reader.value(Field::Name),
            salutation: reader.value(Field::Salutation),
            outlet: reader.value(Field::Outlet),
        };
        root.insert("preheader".to_owned(), Value::String(preheader));
        root.insert("phase".to_owned(), Value::from(letter.phase.name()));
        root.insert("why".to_owned(), Value::from(reader.value(Field::Why)));
        root.insert("opt_out".to_owned(), json!(opt_out));
        root.insert("recipient".to_owned(), json!(recipient));
        Ok(())
    }

    /// Sets each variant's embargo; returns the embargo line of the first.
    fn fill_embargo(
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
        for (position, (view, index)) in views(root).zip(chosen).enumerate() {
            let Some(embargo) = embargo else {
                view.remove("embargo");
                continue;
            };
            let notice = self.variant(*index)?.notice(embargo, letter.zone)?;
            if position == 0 {
                let line = notice.get("line").and_then(Value::as_str);
                lead = line.map(str::to_owned);
            }
            view.insert("embargo".to_owned(), (*notice).clone());
        }
        Ok(lead)
    }
}

/// The way to the reader's own pages, where there are any and the words know them.
fn preferences<'a>(
    primary: &PreparedVariant,
    letter: &Letter<'_>,
    reader: &'a Reader<'_>,
) -> Option<PreferencesView<'a>> {
    if letter.opt_out.own.is_empty() {
        return None;
    }
    Some(PreferencesView {
        href: reader.value(Field::OwnHref),
        label: primary.words.say("preferences", &[]).ok()?,
        line: reader.value(Field::OwnLine),
    })
}

/// Only the first variant greets.
fn fill_salutation(root: &mut Map<String, Value>, salutation: &str) {
    for (position, view) in views(root).enumerate() {
        if position == 0 && !salutation.is_empty() {
            view.insert("salutation".to_owned(), Value::from(salutation));
        } else {
            view.remove("salutation");
        }
    }
}

fn views(root: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    root.get_mut("variants")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
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
