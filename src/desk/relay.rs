//! Trying a relay out before it is relied upon.

use super::{Desk, DeskError};
use crate::domain::address::{EmailAddress, Mailbox};
use crate::domain::header_text::HeaderText;
use crate::domain::relay::{RelayProfile, TlsPolicy};
use crate::domain::reply::Handover;
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::relay::compose::{Body, EncodedParts, Letterhead, Message, compose};
use crate::relay::probe::Portrait;
use crate::relay::{Envelope, Mail, Relay};
use crate::said;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A certificate that runs out within this time is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What trying a relay out came to.
#[derive(Debug, Clone, Serialize)]
pub struct RelayReport {
    /// Its name in dateline.toml.
    pub relay: String,
    /// Host and port.
    pub place: String,
    /// What it showed of itself.
    #[serde(flatten)]
    pub portrait: Portrait,
    /// The probe: to whom, and how it ended. None where none was wanted.
    pub probe: Option<Probe>,
    /// What is worth knowing.
    pub warnings: Vec<Said>,
}

/// A mail that was sent to try a relay out.
#[derive(Debug, Clone, Serialize)]
pub struct Probe {
    /// To whom.
    pub to: EmailAddress,
    /// Its Message-ID.
    pub message_id: String,
    /// How it ended.
    pub handover: Handover,
}

impl Probe {
    /// Whether the relay took it.
    pub fn is_accepted(&self) -> bool {
        matches!(self.handover, Handover::Accepted { .. })
    }
}

impl Desk {
    /// Tries a relay out; sends a probe to an address, where one is given.
    ///
    /// # Errors
    /// No relay of that name; whatever keeps us from it, in its own words.
    pub async fn try_relay(
        &self,
        name: &str,
        probe_to: Option<EmailAddress>,
    ) -> Result<RelayReport, DeskError> {
        let profile = self.relay_named(name)?;
        let relay = Relay::new(profile.clone())?;
        let (portrait, connection) = relay.portray().await?;
        let warnings = self.warnings_of(profile, &portrait);
        let probe = match probe_to {
            Some(to) => {
                let (mail, message_id) = self.probe_mail(profile, &to)?;
                let handover = connection.try_out(mail).await;
                Some(Probe {
                    to,
                    message_id,
                    handover,
                })
            }
            None => {
                connection.quit().await;
                None
            }
        };
        Ok(RelayReport {
            relay: profile.name.clone(),
            place: format!("{}:{}", profile.host, profile.port),
            portrait,
            probe,
            warnings,
        })
    }

    fn relay_named(&self, name: &str) -> Result<&RelayProfile, DeskError> {
        let relays = &self.settings.relays;
        relays
            .iter()
            .find(|relay| relay.name == name)
            .ok_or_else(|| {
                let known: Vec<_> = relays.iter().map(|relay| relay.name.as_str()).collect();
                DeskError::request(said!(
                    "there is no relay `{name}` in dateline.toml; known are {known}",
                    name,
                    known = known.join(", ")
                ))
            })
    }

    fn warnings_of(&self, profile: &RelayProfile, portrait: &Portrait) -> Vec<Said> {
        let mut warnings = Vec::new();
        let announced = |name: &str| {
            let mut lines = portrait.announces.iter().skip(1);
            lines.find(|line| {
                line.split(' ')
                    .next()
                    .is_some_and(|word| word.eq_ignore_ascii_case(name))
            })
        };
        if profile.tls == TlsPolicy::None {
            warnings.push(said!("mail goes to this relay in clear text"));
        }
        if announced("PIPELINING").is_none() {
            warnings.push(said!(
                "it does not announce PIPELINING: each mail takes four round trips instead of one"
            ));
        }
        let largest =
            announced("SIZE").and_then(|line| line.split(' ').nth(1)?.parse::<u64>().ok());
        let own = self.settings.limits.message_bytes;
        if let Some(largest) = largest.filter(|largest| (1..own).contains(largest)) {
            warnings.push(said!(
                "it takes mails of {largest} octets at most; limits.message allows {own}",
                largest,
                own
            ));
        }
        let now = self.clock.now();
        if let Some(expires) = portrait.protection.as_ref().and_then(|tls| tls.expires())
            && expires.duration_since(now) < SOON
        {
            warnings.push(said!(
                "its certificate runs out {time}",
                time = self.moment(expires)
            ));
        }
        warnings
    }

    fn probe_mail(
        &self,
        profile: &RelayProfile,
        to: &EmailAddress,
    ) -> Result<(Mail, String), DeskError> {
        let newsroom = &self.settings.newsroom;
        let wrong = |error: crate::relay::compose::ComposeError| DeskError::request(error.said());
        let now = self.clock.now();
        let own = mailbox(&newsroom.from);
        let head = Letterhead::new(
            &own,
            None,
            &newsroom.opt_out,
            &newsroom.domain,
            &newsroom.zone,
        );
        let text = probe_text(profile, now);
        let delivery = Entropy.delivery(now);
        let message = compose(&Message {
            letterhead: &head.map_err(wrong)?,
            to: &mailbox(to),
            delivery,
            replies_to: None,
            opt_out_page: None,
            opt_out_word: "probe",
            date: now,
            subject: "Dateline relay test",
            languages: &[],
            html: Body::Plain(&format!("<p>{text}</p>")),
            text: Body::Plain(&text),
            inline: &EncodedParts::default(),
            attachments: &EncodedParts::default(),
        });
        let mail = Mail {
            envelope: Envelope {
                from: newsroom.from.clone(),
                to: to.clone(),
            },
            message: message
                .map_err(wrong)?
                .signed(&self.settings.dkim, now)
                .map_err(|error| DeskError::request(error.said()))?,
        };
        let id = crate::relay::compose::message_id(delivery, &newsroom.domain);
        Ok((mail, id))
    }
}

fn probe_text(profile: &RelayProfile, now: Timestamp) -> String {
    format!(
        "This mail tries out the relay {} ({}:{}), {now}. It needs no answer.\n",
        profile.name, profile.host, profile.port
    )
}

fn mailbox(address: &EmailAddress) -> Mailbox {
    Mailbox {
        name: HeaderText::default(),
        address: address.clone(),
    }
}
