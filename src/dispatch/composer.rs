//! The composer: from a delivery to the mail that goes out for it.
//!
//! Made once per run from frozen content; everything that two readers share is
//! prepared once, and a mail takes some tens of microseconds.

use super::content::FrozenContent;
use crate::domain::address::Mailbox;
use crate::domain::contact::Recipient;
use crate::domain::delivery::Delivery;
use crate::domain::embargo::{Embargo, Phase, permitted_from};
use crate::domain::encryption::EncryptionPolicy;
use crate::domain::header_text::HeaderText;
use crate::domain::ids::{ContactId, DeliveryId, DistributionId};
use crate::domain::language::{Choice, Language};
use crate::domain::link::{Bearer, Links, Purpose};
use crate::domain::newsroom::Newsroom;
use crate::domain::opt_out_word::OptOutWords;
use crate::domain::problem::Problem;
use crate::domain::release::{Attachment, Release};
use crate::domain::return_path::ReturnPath;
use crate::domain::said::{Said, Tell};
use crate::relay::compose::{
    Body, BodyForm, EncodedParts, Letterhead, Message, PartSource, compose,
};
use crate::relay::{ComposedMessage, Envelope};
use crate::render::{Kit, Letter, OptOut, Part, Parts, PreparedRelease, Rendered};
use crate::said;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// An attachment, encoded for the languages it goes with.
type EncodedAttachment = (Attachment, HashMap<Language, EncodedParts>);

/// Makes the mails of one distribution.
#[derive(Debug)]
pub struct Composer {
    newsroom: Newsroom,
    prepared: PreparedRelease,
    embargo: Option<Embargo>,
    letterheads: HashMap<Language, Letterhead>,
    /// Inline images by language, the logo first.
    inline: HashMap<Language, EncodedParts>,
    /// Attachments, in the release's order, with the languages they go with.
    attachments: Vec<EncodedAttachment>,
    /// Content-ID and a data URI for each image, for a preview without a mail.
    pictures: Vec<(String, String)>,
    /// Where mails come back to; else to the newsroom's From.
    return_path: Option<ReturnPath>,
    /// Where readers have pages of their own.
    links: Option<Links>,
    /// By what readers are known who opt out by mail.
    words: Option<OptOutWords>,
}

impl Composer {
    /// Compiles the kit, prepares the release, encodes its files.
    ///
    /// # Errors
    /// Everything wrong with kit and release at once.
    pub fn new(content: FrozenContent) -> Result<Self, Vec<Problem>> {
        let FrozenContent {
            newsroom,
            release,
            kit,
            files,
        } = content;
        let images = content_ids(&newsroom, &release);
        let prepared = Kit::compile(&kit)?.prepare(&release, &newsroom, &images)?;
        let wrong = |cause: Said| vec![Problem::error(format!("releases/{}", release.id), cause)];
        let maker = Maker {
            newsroom: &newsroom,
            release: &release,
            files: &files,
            images: &images,
        };
        let letterheads = maker.letterheads().map_err(wrong)?;
        let inline = maker.inline().map_err(wrong)?;
        let attachments = maker.attachments().map_err(wrong)?;
        let pictures = maker.pictures();
        Ok(Self {
            prepared,
            embargo: release.embargo.clone(),
            letterheads,
            inline,
            attachments,
            pictures,
            newsroom,
            return_path: None,
            links: None,
            words: None,
        })
    }

    /// Has each mail come back to an address of its own.
    pub fn with_return_path(self, return_path: Option<ReturnPath>) -> Self {
        Self {
            return_path,
            ..self
        }
    }

    /// Has each reader known by a word of their own when they opt out by mail.
    pub fn with_words(self, words: Option<OptOutWords>) -> Self {
        Self { words, ..self }
    }

    /// With links to the readers' pages, where there are any.
    pub fn linked(self, links: Option<Links>) -> Self {
        Self { links, ..self }
    }

    /// Renders a delivery's letter as it reads now.
    ///
    /// # Errors
    /// In words: a template that names what is not there, or grows too large.
    pub fn render(&self, delivery: &Delivery, now: Timestamp) -> Result<Rendered, Said> {
        self.letter_parts(delivery, now, &self.ways(delivery))
            .map(Rendered::from)
    }

    fn letter_parts(
        &self,
        delivery: &Delivery,
        now: Timestamp,
        ways: &Ways,
    ) -> Result<Parts, Said> {
        self.prepared
            .parts(&self.letter(delivery, now, ways))
            .map_err(|error| error.said())
    }

    fn letter<'a>(&'a self, delivery: &'a Delivery, now: Timestamp, ways: &'a Ways) -> Letter<'a> {
        Letter {
            recipient: &delivery.recipient,
            languages: &delivery.languages,
            zone: &delivery.zone,
            phase: delivery.phase.shown(self.embargo.as_ref(), now),
            // A segment is the newsroom's own tool; a press list is what a reader joined.
            list: delivery.segment.strip_prefix("list:").unwrap_or_default(),
            opt_out: OptOut {
                address: &self.newsroom.opt_out,
                subject: &ways.subject,
                page: &ways.page,
                own: &ways.own,
            },
        }
    }

    fn ways(&self, delivery: &Delivery) -> Ways {
        let bearer = Bearer::Delivery(delivery.id);
        let link = |purpose| self.links.as_ref().map(|links| links.link(purpose, bearer));
        // It tells who writes; without a signature, to people alone.
        let word = match &self.words {
            Some(words) => words.of(delivery.id),
            None => delivery.id.to_string(),
        };
        Ways {
            subject: format!("unsubscribe {word}"),
            word,
            page: link(Purpose::OptOut).unwrap_or_default(),
            own: link(Purpose::Own).unwrap_or_default(),
        }
    }

    /// Makes a delivery's mail, and says from whom to whom it goes.
    ///
    /// # Errors
    /// In words; see [`Self::render`].
    pub fn compose(
        &self,
        delivery: &Delivery,
        date: Timestamp,
    ) -> Result<(Envelope, ComposedMessage), Said> {
        let ways = self.ways(delivery);
        let letter = self.letter_parts(delivery, date, &ways)?;
        self.compose_parts(delivery, date, &letter, &ways)
    }

    fn compose_parts(
        &self,
        delivery: &Delivery,
        date: Timestamp,
        letter: &Parts,
        ways: &Ways,
    ) -> Result<(Envelope, ComposedMessage), Said> {
        let language = &letter.language;
        let letterhead = self
            .letterheads
            .get(language)
            .ok_or_else(|| said!("there is no variant `{language}`", language))?;
        let (inline, attachments) = self.parts(&delivery.languages);
        let to = Mailbox {
            name: delivery.recipient.name.clone(),
            address: delivery.recipient.email.clone(),
        };
        let (mut html, mut text) = (String::new(), String::new());
        let message = Message {
            letterhead,
            to: &to,
            delivery: delivery.id,
            replies_to: delivery.replies_to,
            opt_out_page: Some(ways.page.as_str()).filter(|page| !page.is_empty()),
            opt_out_word: &ways.word,
            date,
            subject: letter.subject.as_str(),
            languages: &delivery.languages,
            html: body(&letter.html, &mut html),
            text: body(&letter.text, &mut text),
            inline: &inline,
            attachments: &attachments,
        };
        let composed = compose(&message).map_err(|error| error.said())?;
        Ok((
            Envelope {
                from: self.return_path.as_ref().map_or_else(
                    || self.newsroom.from.clone(),
                    |return_path| return_path.of(delivery.id),
                ),
                to: to.address,
            },
            composed,
        ))
    }

    /// The encoded files that go with these variants; shared, not copied.
    fn parts(&self, languages: &[Language]) -> (EncodedParts, EncodedParts) {
        let inline = languages
            .first()
            .and_then(|first| self.inline.get(first))
            .cloned()
            .unwrap_or_default();
        let fitting = self.attachments.iter().filter_map(|(attachment, encoded)| {
            let language = languages
                .iter()
                .find(|language| attachment.goes_with(language))?;
            encoded.get(language)
        });
        (
            inline,
            fitting.fold(EncodedParts::default(), |all, next| all.with(next)),
        )
    }

    /// The HTML with its images in it, to be looked at outside a mail.
    pub fn show_images(&self, html: &str) -> String {
        self.pictures
            .iter()
            .fold(html.to_owned(), |html, (cid, uri)| {
                html.replace(&format!("cid:{cid}"), uri)
            })
    }
}

/// A reader's ways to say what they want: the subject of a mail to opt out with
/// the word by which they are known, and links, empty where there are no pages.
struct Ways {
    subject: String,
    word: String,
    page: String,
    own: String,
}

/// A part of a letter as a body; `whole` is for one whose form is not at hand.
fn body<'a>(part: &'a Part, whole: &'a mut String) -> Body<'a> {
    match part {
        Part::Whole(text) => Body::Plain(text),
        Part::Filled(filled) => match filled.form().kept(BodyForm::new) {
            Some(form) => Body::Form {
                form,
                values: filled.values(),
            },
            None => {
                *whole = filled.text();
                Body::Plain(whole)
            }
        },
    }
}

/// A Content-ID for every image that the HTML may show, by path.
fn content_ids(newsroom: &Newsroom, release: &Release) -> BTreeMap<String, String> {
    let images = release
        .attachments
        .iter()
        .filter(|attachment| attachment.inline)
        .map(|attachment| attachment.path.as_str());
    images
        .chain(newsroom.logo.as_deref())
        .map(|path| {
            (
                path.to_owned(),
                format!(
                    "{}@{}",
                    &blake3::hash(path.as_bytes()).to_hex()[..16],
                    newsroom.domain
                ),
            )
        })
        .collect()
}

/// What the parts are made from.
struct Maker<'a> {
    newsroom: &'a Newsroom,
    release: &'a Release,
    files: &'a BTreeMap<String, Vec<u8>>,
    images: &'a BTreeMap<String, String>,
}

impl Maker<'_> {
    fn letterheads(&self) -> Result<HashMap<Language, Letterhead>, Said> {
        let newsroom = self.newsroom;
        let head = |language: Language| {
            let from = Mailbox {
                name: HeaderText::collapse(newsroom.name_in(&language)),
                address: newsroom.from.clone(),
            };
            let head = Letterhead::new(
                &from,
                newsroom.reply_to.as_ref(),
                &newsroom.opt_out,
                &newsroom.domain,
                &newsroom.zone,
            );
            Ok((language, head.map_err(|error| error.said())?))
        };
        self.release.languages().into_iter().map(head).collect()
    }

    fn inline(&self) -> Result<HashMap<Language, EncodedParts>, Said> {
        let parts = |language: Language| {
            let logo = self
                .newsroom
                .logo
                .as_deref()
                .map(|path| self.logo(path))
                .transpose()?
                .unwrap_or_default();
            let shown = self
                .release
                .attachments
                .iter()
                .filter(|attachment| attachment.inline && attachment.goes_with(&language));
            let parts = shown
                .map(|attachment| self.encode(attachment, &language))
                .try_fold(logo, |all, next| next.map(|next| all.with(&next)))?;
            Ok((language, parts))
        };
        self.release.languages().into_iter().map(parts).collect()
    }

    fn attachments(&self) -> Result<Vec<EncodedAttachment>, Said> {
        let encode = |attachment: &Attachment| {
            let languages = self
                .release
                .languages()
                .into_iter()
                .filter(|language| attachment.goes_with(language));
            let mut by_name: HashMap<String, EncodedParts> = HashMap::new();
            let mut encoded = HashMap::new();
            for language in languages {
                // Once per name that it has, which is mostly once.
                let name = attachment
                    .file_name
                    .get(&language)
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let part = match by_name.get(&name) {
                    Some(part) => part.clone(),
                    None => self.encode(attachment, &language)?,
                };
                by_name.insert(name, part.clone());
                encoded.insert(language, part);
            }
            Ok((attachment.clone(), encoded))
        };
        self.release
            .attachments
            .iter()
            .filter(|attachment| !attachment.inline)
            .map(encode)
            .collect()
    }

    fn encode(&self, attachment: &Attachment, language: &Language) -> Result<EncodedParts, Said> {
        let bytes = self.file(&attachment.path)?;
        let name = attachment
            .file_name
            .get(language)
            .cloned()
            .unwrap_or_default();
        let content_id = if attachment.inline {
            self.images.get(&attachment.path).map(String::as_str)
        } else {
            None
        };
        let source = PartSource {
            file_name: &name,
            media_type: &attachment.media_type,
            bytes,
            content_id,
        };
        EncodedParts::encode(&[source]).map_err(|error| error.said())
    }

    fn logo(&self, path: &str) -> Result<EncodedParts, Said> {
        let name = HeaderText::collapse(path.rsplit('/').next().unwrap_or(path));
        let source = PartSource {
            file_name: &name,
            media_type: picture_type(path),
            bytes: self.file(path)?,
            content_id: self.images.get(path).map(String::as_str),
        };
        EncodedParts::encode(&[source]).map_err(|error| error.said())
    }

    fn file(&self, path: &str) -> Result<&[u8], Said> {
        self.files
            .get(path)
            .map(Vec::as_slice)
            .ok_or_else(|| said!("the file {path} is missing", path))
    }

    fn pictures(&self) -> Vec<(String, String)> {
        use base64::Engine;
        let uri = |(path, cid): (&String, &String)| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(self.files.get(path)?);
            Some((
                cid.clone(),
                format!("data:{};base64,{encoded}", picture_type(path)),
            ))
        };
        self.images.iter().filter_map(uri).collect()
    }
}

fn picture_type(path: &str) -> &'static str {
    match path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        _ => "image/png",
    }
}

/// A delivery to nobody, for trying a release out: in its first language.
pub fn probe_delivery(content: &FrozenContent, phase: Phase, now: Timestamp) -> Delivery {
    let languages: Vec<_> = content.release.languages().into_iter().take(1).collect();
    let embargo = content.release.embargo.as_ref();
    Delivery {
        id: DeliveryId::from_parts(0, 0),
        distribution: DistributionId::from_parts(0, 0),
        recipient: probe_recipient(content),
        choice: Choice::ReleaseDefault,
        languages,
        zone: embargo.map_or_else(
            || content.newsroom.zone.clone(),
            |embargo: &Embargo| embargo.zone.clone(),
        ),
        phase,
        segment: "preview".to_owned(),
        permitted_from: permitted_from(embargo, phase == Phase::Advance),
        early: None,
        not_before: now,
        wave: 0,
        send_window: None,
        window: None,
        replies_to: None,
    }
}

fn probe_recipient(content: &FrozenContent) -> Recipient {
    Recipient {
        contact: ContactId::from_parts(0, 0),
        email: content.newsroom.opt_out.clone(),
        name: HeaderText::default(),
        salutation: String::new(),
        outlet: String::new(),
        encryption: EncryptionPolicy::Off,
    }
}

/// A delivery for each language and phase that the release can go out in, and
/// a stacked one: whatever a template can miss, one of them meets.
pub fn probe_deliveries(content: &FrozenContent, now: Timestamp) -> Vec<Delivery> {
    let phases: &[Phase] = if content.release.embargo.is_some() {
        &[Phase::Advance, Phase::General]
    } else {
        &[Phase::Immediate]
    };
    let languages = content.release.languages();
    let mut probes = Vec::new();
    for phase in phases {
        let probe = probe_delivery(content, *phase, now);
        probes.extend(languages.iter().map(|language| Delivery {
            languages: vec![language.clone()],
            ..probe.clone()
        }));
        probes.push(Delivery {
            languages: languages.clone(),
            ..probe
        });
    }
    probes
}

#[cfg(test)]
#[path = "composer_tests.rs"]
mod tests;
