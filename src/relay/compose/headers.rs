//! A message's headers. lettre encodes names and subjects (RFC 2047) and folds.

use super::{ComposeError, Message};
use crate::domain::address::{EmailAddress, Mailbox};
use crate::domain::header_text::HeaderText;
use crate::domain::ids::DeliveryId;
use crate::domain::zone::Zone;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use lettre::message::Mailboxes;
use lettre::message::header::{From, Headers, ReplyTo, Subject, To};

/// What all messages of a distribution in one language share, ready written.
#[derive(Debug, Clone)]
pub struct Letterhead {
    fixed: String,
    domain: String,
    opt_out: EmailAddress,
    zone: Zone,
}

impl Letterhead {
    /// Writes the newsroom's part of the headers.
    ///
    /// # Errors
    /// An address that no header can hold.
    pub fn new(
        from: &Mailbox,
        reply_to: Option<&EmailAddress>,
        opt_out: &EmailAddress,
        domain: &str,
        zone: &Zone,
    ) -> Result<Self, ComposeError> {
        let mut headers = Headers::new();
        headers.set(From::from(mailboxes("From", from)?));
        if let Some(address) = reply_to {
            let reply_to = Mailbox {
                name: HeaderText::default(),
                address: address.clone(),
            };
            headers.set(ReplyTo::from(mailboxes("Reply-To", &reply_to)?));
        }
        // `no` says that a person sent it (RFC 3834 5); a list has an identity (RFC 2919).
        let fixed = format!(
            "{headers}Auto-Submitted: no\r\nList-Id: <press.{domain}>\r\nMIME-Version: 1.0\r\n"
        );
        Ok(Self {
            fixed,
            domain: domain.to_owned(),
            opt_out: opt_out.clone(),
            zone: zone.clone(),
        })
    }
}

/// The Message-ID of a delivery: the same at every attempt (RFC 5322 3.6.4).
pub fn message_id(delivery: DeliveryId, domain: &str) -> String {
    format!("<{delivery}@{domain}>")
}

/// Writes all headers up to those of the first part.
pub(super) fn write(message: &Message<'_>) -> Result<String, ComposeError> {
    let letterhead = message.letterhead;
    let mut headers = Headers::new();
    headers.set(To::from(mailboxes("To", message.to)?));
    headers.set(Subject::from(
        HeaderText::collapse(message.subject).to_string(),
    ));
    let languages: Vec<_> = message.languages.iter().map(ToString::to_string).collect();
    let mut out = String::with_capacity(16 * 1024);
    out.push_str(&format!(
        "Date: {}\r\n",
        date(message.date, &letterhead.zone)?
    ));
    out.push_str(&letterhead.fixed);
    out.push_str(&headers.to_string());
    out.push_str(&format!(
        "Message-ID: {}\r\n",
        message_id(message.delivery, &letterhead.domain)
    ));
    if let Some(original) = message.replies_to {
        let original = message_id(original, &letterhead.domain);
        out.push_str(&format!(
            "In-Reply-To: {original}\r\nReferences: {original}\r\n"
        ));
    }
    out.push_str(&format!(
        "List-Unsubscribe: <mailto:{}?subject=unsubscribe%20{}>\r\n",
        percent(&letterhead.opt_out),
        message.delivery
    ));
    if !languages.is_empty() {
        out.push_str(&format!("Content-Language: {}\r\n", languages.join(", ")));
    }
    Ok(out)
}

fn date(at: Timestamp, zone: &Zone) -> Result<String, ComposeError> {
    let local = at.to_zoned_datetime(zone.time_zone().clone());
    DateTimePrinter::new()
        .zoned_datetime_to_string(&local)
        .map_err(|_| ComposeError::Date(at))
}

fn mailboxes(header: &'static str, mailbox: &Mailbox) -> Result<Mailboxes, ComposeError> {
    let wrong = |cause: String| ComposeError::Address { header, cause };
    let address = lettre::Address::new(mailbox.address.local(), mailbox.address.domain())
        .map_err(|error| wrong(error.to_string()))?;
    let name = (!mailbox.name.is_empty()).then(|| mailbox.name.to_string());
    Ok(lettre::message::Mailbox::new(name, address).into())
}

/// An address in a mailto URI (RFC 6068 2).
fn percent(address: &EmailAddress) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@!$'()*+,;:".contains(&byte);
    address
        .to_string()
        .bytes()
        .fold(String::new(), |mut out, byte| {
            if plain(byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
            out
        })
}
