//! One mail as a reader would get it.

use super::schedule::When;
use super::{Desk, DeskError};
use crate::dispatch::composer::{Composer, probe_delivery};
use crate::dispatch::protect::protect;
use crate::domain::audience::{Rule, Selection, Verdict, judge};
use crate::domain::contact::Contact;
use crate::domain::delivery::Delivery;
use crate::domain::embargo::{Embargo, Phase};
use crate::domain::encryption::{Protection, Sealing};
use crate::domain::language::Language;
use crate::domain::release::Release;
use crate::domain::said::{Said, Tell};
use crate::domain::segment::{Matcher, Segment};
use crate::domain::zone::Zone;
use crate::render::Rendered;
use crate::said;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;

/// Whose mail is shown.
#[derive(Debug, Clone, Default)]
pub struct Glass {
    /// In this language; else the contact's, or the release's first.
    pub language: Option<String>,
    /// As this contact gets it.
    pub contact: Option<String>,
    /// Under this schedule.
    pub when: When,
}

/// One mail in all its forms.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The variants it holds.
    pub languages: Vec<String>,
    /// Its phase.
    pub phase: Phase,
    /// When it would leave, were it sent now.
    pub not_before: Timestamp,
    /// The zone that its times are shown in.
    pub zone: Zone,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// Whether it goes encrypted.
    #[serde(rename = "encryption", skip_serializing_if = "Sealing::is_no")]
    pub sealing: Sealing,
    /// The whole message as it goes over the wire.
    #[serde(skip)]
    pub eml: Vec<u8>,
}

/// The embargo, while it bars.
fn barring(release: &Release, now: Timestamp) -> Option<&Embargo> {
    let embargo = release.embargo.as_ref();
    embargo.filter(|embargo| !embargo.is_lifted(now))
}

impl Desk {
    /// Makes one mail and sends it nowhere.
    ///
    /// # Errors
    /// The release's problems, or a language or contact that is not there.
    pub async fn preview(&self, release: &str, glass: &Glass) -> Result<Preview, DeskError> {
        let (loaded, _) = self.load_checked(release)?;
        let content = loaded.content;
        let now = self.clock.now();
        let (mut delivery, protection) = match &glass.contact {
            Some(email) => {
                let contact = self.contact(email).await?;
                let delivery = self.delivery_for(&content.release, &contact, &glass.when);
                (delivery.await?, contact.protection())
            }
            None => {
                let phase = Phase::of(barring(&content.release, now), true);
                (probe_delivery(&content, phase, now), Protection::default())
            }
        };
        if let Some(language) = &glass.language {
            delivery.languages = vec![self.published(&content.release.languages(), language)?];
        }
        let composer = Composer::new(content)
            .map_err(DeskError::Problems)?
            .linked(self.links()?);
        let cannot =
            |cause: Said| DeskError::request(said!("the mail cannot be made: {cause}", cause));
        let Rendered {
            subject,
            html,
            text,
            ..
        } = composer.render(&delivery, now).map_err(cannot)?;
        let (_, message) = composer.compose(&delivery, now).map_err(cannot)?;
        let decision = protection.decide(now);
        let sealing = Sealing::try_from(decision.clone()).unwrap_or_default();
        let signatory = &self.settings.openpgp;
        let message = protect(message, delivery.id, decision, signatory, now)
            .await
            .map_err(|error| cannot(error.said()))?
            .signed(&self.settings.dkim, now)
            .map_err(|error| cannot(error.said()))?;
        Ok(Preview {
            languages: delivery.languages.iter().map(ToString::to_string).collect(),
            phase: delivery.phase,
            not_before: delivery.not_before,
            zone: delivery.zone.clone(),
            subject: subject.to_string(),
            text,
            html: composer.show_images(&html),
            sealing,
            eml: message.to_vec(),
        })
    }

    fn published(&self, languages: &[Language], wanted: &str) -> Result<Language, DeskError> {
        let language = Language::parse(wanted).map_err(|error| DeskError::request(error.said()))?;
        if languages.contains(&language) {
            return Ok(language);
        }
        let known: Vec<_> = languages.iter().map(ToString::to_string).collect();
        Err(DeskError::request(said!(
            "the release has no variant `{language}`; it has {known}",
            language,
            known = known.join(", ")
        )))
    }

    /// The delivery that a contact would get, whichever segment brought them in.
    async fn delivery_for(
        &self,
        release: &crate::domain::release::Release,
        contact: &Contact,
        when: &When,
    ) -> Result<Delivery, DeskError> {
        let everyone =
            Segment::parse("preview", "true").map_err(|error| DeskError::request(error.said()))?;
        let rule = Rule {
            to: vec![everyone],
            not: Vec::new(),
        };
        let (languages, now) = (release.languages(), self.clock.now());
        let agreements = self.agreements().await?;
        let schedule = self.schedule(when, release.embargo.as_ref())?;
        let (nobody, nothing) = (HashMap::new(), HashMap::new());
        let selection = Selection {
            rule: &rule,
            languages: &languages,
            embargo: release.embargo.as_ref(),
            policy: &self.settings.languages,
            newsroom_zone: &self.settings.newsroom.zone,
            release: &release.id,
            schedule: &schedule,
            now,
            agreements: &agreements,
            suppressed: &nobody,
            already: &nothing,
        };
        match judge(contact, &selection, &Matcher::default()) {
            Verdict::Included(included) => Ok(crate::dispatch::planner::promise_preview(
                contact, *included, now,
            )),
            Verdict::Excluded(why) => Err(DeskError::request(said!(
                "{email} would get no mail: {why}",
                email = contact.email,
                why = why.explain()
            ))),
        }
    }
}
