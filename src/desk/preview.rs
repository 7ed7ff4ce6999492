//! One mail as a reader would get it.

use super::{Desk, DeskError};
use crate::dispatch::composer::{Composer, probe_delivery};
use crate::domain::audience::{Rule, Selection, Verdict, judge};
use crate::domain::delivery::Delivery;
use crate::domain::embargo::Phase;
use crate::domain::language::Language;
use crate::domain::segment::{Matcher, Segment};
use crate::render::Rendered;
use serde::Serialize;
use std::collections::HashMap;

/// Whose mail is shown.
#[derive(Debug, Clone, Default)]
pub struct Glass {
    /// In this language; else the contact's, or the release's first.
    pub language: Option<String>,
    /// As this contact gets it.
    pub contact: Option<String>,
}

/// One mail in all its forms.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The variants it holds.
    pub languages: Vec<String>,
    /// Its phase.
    pub phase: Phase,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// The whole message as it goes over the wire.
    #[serde(skip)]
    pub eml: Vec<u8>,
}

impl Desk {
    /// Makes one mail and sends it nowhere.
    ///
    /// # Errors
    /// The release's problems, or a language or contact that is not there.
    pub async fn preview(&self, release: &str, glass: &Glass) -> Result<Preview, DeskError> {
        let (content, _) = self.freeze_checked(release)?;
        let now = self.clock.now();
        let mut delivery = match &glass.contact {
            Some(email) => self.delivery_for(&content.release, email).await?,
            None => probe_delivery(
                &content,
                Phase::at(content.release.embargo.as_ref(), true, now),
                now,
            ),
        };
        if let Some(language) = &glass.language {
            delivery.languages = vec![self.published(&content.release.languages(), language)?];
        }
        let composer = Composer::new(content).map_err(DeskError::Problems)?;
        let cannot =
            |cause: String| DeskError::request(format!("the mail cannot be made: {cause}"));
        let Rendered {
            subject,
            html,
            text,
            ..
        } = composer.render(&delivery, now).map_err(cannot)?;
        let (_, message) = composer.compose(&delivery, now).map_err(cannot)?;
        Ok(Preview {
            languages: delivery.languages.iter().map(ToString::to_string).collect(),
            phase: delivery.phase,
            subject: subject.to_string(),
            text,
            html: composer.show_images(&html),
            eml: message.to_vec(),
        })
    }

    fn published(&self, languages: &[Language], wanted: &str) -> Result<Language, DeskError> {
        let language =
            Language::parse(wanted).map_err(|error| DeskError::request(error.to_string()))?;
        if languages.contains(&language) {
            return Ok(language);
        }
        let known: Vec<_> = languages.iter().map(ToString::to_string).collect();
        Err(DeskError::request(format!(
            "the release has no variant `{language}`; it has {}",
            known.join(", ")
        )))
    }

    /// The delivery that a contact would get, whichever segment brought them in.
    async fn delivery_for(
        &self,
        release: &crate::domain::release::Release,
        email: &str,
    ) -> Result<Delivery, DeskError> {
        let contact = self.contact(email).await?;
        let everyone = Segment::parse("preview", "true")
            .map_err(|error| DeskError::request(error.to_string()))?;
        let rule = Rule {
            to: vec![everyone],
            not: Vec::new(),
        };
        let (languages, now) = (release.languages(), self.clock.now());
        let (nobody, nothing) = (HashMap::new(), HashMap::new());
        let selection = Selection {
            rule: &rule,
            languages: &languages,
            embargo: release.embargo.as_ref(),
            policy: &self.settings.languages,
            newsroom_zone: &self.settings.newsroom.zone,
            scheduled: now,
            suppressed: &nobody,
            already: &nothing,
        };
        match judge(&contact, &selection, &Matcher::default()) {
            Verdict::Included(included) => Ok(crate::dispatch::planner::promise_preview(
                &contact, included, now,
            )),
            Verdict::Excluded(why) => Err(DeskError::request(format!(
                "{email} would get no mail: {}",
                why.explain()
            ))),
        }
    }
}
