//! Makes the forms of a kind of letter, and tries them out: a form is used only
//! after it wrote the letters of two made-up readers, octet for octet, as the
//! templates do.

use super::error::RenderError;
use super::form::{Filled, Form};
use super::kit::{SUBJECT, TEXT};
use super::letter::{Given, Letter, OptOut, Part, Parts};
use super::plain;
use super::prepare::PreparedRelease;
use super::reader::Reader;
use super::shelf::Forms;
use crate::domain::address::EmailAddress;
use crate::domain::contact::Recipient;
use crate::domain::header_text::HeaderText;
use std::sync::Arc;

/// Readers to try a form with: all that may stand in a value, long and short.
const TRIALS: [Trial; 2] = [
    Trial {
        email: "a.o'neil+desk&news@newsdesk.example",
        name: "Ann <O'Neil> & \"Sons\" von und zu der langen Zeile, die kein Ende nimmt, MA",
        salutation: "Dear Ms O'Neil & colleagues at the <Daily> desk, all of you who read the news before it is any,",
        outlet: "The \"Daily\" & Evening <News>",
        subject: "unsubscribe dlv_1 & \"more\" of <it>",
        page: "https://press.example.org/o/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
    },
    Trial {
        email: "редакция@новости.example",
        name: "Ё",
        salutation: "Уважаемая редакция «Новости»!",
        outlet: "Новости 水",
        subject: "нет",
        page: "http://[::1]:9925/o/-_",
    },
];

/// A made-up reader.
struct Trial {
    email: &'static str,
    name: &'static str,
    salutation: &'static str,
    outlet: &'static str,
    /// Of a mail to opt out.
    subject: &'static str,
    /// A page of theirs.
    page: &'static str,
}

impl PreparedRelease {
    /// The forms of a letter's kind; those that fail in any way are left out.
    pub(super) fn make_forms(&self, chosen: &[usize], letter: &Letter<'_>) -> Forms {
        let Ok(mut forms) = self.draft(chosen, letter) else {
            return Forms::default();
        };
        for trial in &TRIALS {
            if forms.are_none() || self.stand(trial, &mut forms, chosen, letter).is_none() {
                return Forms::default();
            }
        }
        forms
    }

    /// The forms as the marks give them.
    fn draft(&self, chosen: &[usize], letter: &Letter<'_>) -> Result<Forms, RenderError> {
        let engine = &self.primary(chosen)?.engine;
        let (html, text) = (engine.html_is_formal(), engine.text_is_formal());
        if !html && !text {
            return Ok(Forms::default());
        }
        self.with_context(chosen.to_vec(), |context, chosen| {
            self.fill(context, chosen, letter, |_| Ok(Reader::marked(letter)))?;
            let as_is = |written: String| Form::read(&written, str::to_owned);
            let tidied = |written: String| Form::read(&written, plain::tidy);
            let text_part = |name| text.then(|| engine.mark_text(name, context).ok()).flatten();
            Ok(Forms {
                subject: text_part(SUBJECT).and_then(as_is).map(Arc::new),
                html: html
                    .then(|| engine.mark_html(context).ok())
                    .flatten()
                    .and_then(as_is)
                    .map(Arc::new),
                text: text_part(TEXT).and_then(tidied).map(Arc::new),
            })
        })
    }

    /// Drops the forms that do not write a made-up reader's letter as the
    /// templates do. None where the templates cannot write it at all.
    fn stand(
        &self,
        trial: &Trial,
        forms: &mut Forms,
        chosen: &[usize],
        letter: &Letter<'_>,
    ) -> Option<()> {
        let recipient = trial.recipient(letter.recipient)?;
        let letter = Letter {
            recipient: &recipient,
            opt_out: OptOut {
                address: letter.opt_out.address,
                subject: instead(letter.opt_out.subject, trial.subject),
                page: instead(letter.opt_out.page, trial.page),
                own: instead(letter.opt_out.own, trial.page),
            },
            ..*letter
        };
        let expected = self
            .by_templates(chosen.to_vec(), &letter, Given::default())
            .ok()?;
        let reader = Reader::of(self.primary(chosen).ok()?, &letter).ok()?;
        let passes = |form: &Arc<Form>, expected: &str, after: fn(String) -> String| {
            Filled::new(form, &reader).is_some_and(|filled| after(filled.text()) == expected)
        };
        let Parts {
            subject,
            html: Part::Whole(html),
            text: Part::Whole(text),
            ..
        } = expected
        else {
            return None;
        };
        let collapsed = |text: String| HeaderText::collapse(&text).to_string();
        forms
            .subject
            .take_if(|form| !passes(form, subject.as_str(), collapsed));
        forms.html.take_if(|form| !passes(form, &html, |text| text));
        forms.text.take_if(|form| !passes(form, &text, |text| text));
        Some(())
    }
}

impl Trial {
    /// A reader with values where another has any.
    fn recipient(&self, other: &Recipient) -> Option<Recipient> {
        Some(Recipient {
            contact: other.contact,
            email: EmailAddress::parse(self.email).ok()?,
            name: HeaderText::collapse(instead(other.name.as_str(), self.name)),
            salutation: instead(&other.salutation, self.salutation).to_owned(),
            outlet: instead(&other.outlet, self.outlet).to_owned(),
            encryption: other.encryption,
        })
    }
}

/// A value where there is one.
fn instead(value: &str, other: &'static str) -> &'static str {
    if value.is_empty() { "" } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_made_up_addresses_are_addresses() {
        for trial in TRIALS {
            EmailAddress::parse(trial.email).unwrap();
        }
    }
}
