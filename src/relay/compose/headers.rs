//! A message's headers. lettre encodes names and subjects (RFC 2047) and folds.

use super::{ComposeError, Message};
use crate::domain::address::{EmailAddress, Mailbox};
use crate::domain::header_text::HeaderText;
use crate::domain::ids::DeliveryId;
use crate::domain::said::Said;
use crate::domain::zone::Zone;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use lettre::message::Mailboxes;
use lettre::message::header::{From, Headers, ReplyTo, Subject, To};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// A header's line that needs no folding (RFC 5322 2.1.1 says 78, lettre folds earlier).
const LONGEST_LINE: usize = 70;

/// What all messages of a distribution in one language share, ready written.
#[derive(Debug)]
pub struct Letterhead {
    fixed: String,
    domain: String,
    /// Where an opt-out by mail goes, up to the reader's own word.
    opt_out: String,
    zone: Zone,
    /// The last subject and its header: most readers have the same.
    subject: Mutex<(String, String)>,
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
            opt_out: format!("<mailto:{}?subject=unsubscribe%20", percent(opt_out)),
            zone: zone.clone(),
            subject: Mutex::default(),
        })
    }

    /// Writes the subject as lettre does, once for readers in a row who have the same.
    fn write_subject(&self, subject: &str, out: &mut String) {
        let mut last = self.subject.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != subject || last.1.is_empty() {
            let mut headers = Headers::new();
            headers.set(Subject::from(HeaderText::collapse(subject).to_string()));
            *last = (subject.to_owned(), headers.to_string());
        }
        out.push_str(&last.1);
    }
}

/// The Message-ID of a delivery: the same at every attempt (RFC 5322 3.6.4).
pub fn message_id(delivery: DeliveryId, domain: &str) -> String {
    format!("<{delivery}@{domain}>")
}

/// Writes all headers up to those of the first part.
pub(super) fn write(message: &Message<'_>) -> Result<String, ComposeError> {
    let letterhead = message.letterhead;
    let mut out = String::with_capacity(4 * 1024);
    write_date(message.date, &letterhead.zone, &mut out)?;
    out.push_str(&letterhead.fixed);
    write_to(message.to, &mut out)?;
    letterhead.write_subject(message.subject, &mut out);
    let domain = &letterhead.domain;
    // Writing to a text never fails.
    let _ = write!(
        out,
        "Message-ID: {}\r\n",
        message_id(message.delivery, domain)
    );
    if let Some(original) = message.replies_to {
        let original = message_id(original, domain);
        let _ = write!(out, "In-Reply-To: {original}\r\nReferences: {original}\r\n");
    }
    write_opt_out(message, &mut out);
    for (n, language) in message.languages.iter().enumerate() {
        let before = if n == 0 { "Content-Language: " } else { ", " };
        let _ = write!(out, "{before}{language}");
    }
    if !message.languages.is_empty() {
        out.push_str("\r\n");
    }
    Ok(out)
}

/// Writes how to opt out: by the web with one click where there is a page for it
/// (RFC 8058 3.1: the `https` URI, and what to post there), and by mail (RFC 2369 3.2).
fn write_opt_out(message: &Message<'_>, out: &mut String) {
    let (word, by_mail) = (message.opt_out_word, &message.letterhead.opt_out);
    out.push_str("List-Unsubscribe: ");
    if let Some(page) = message.opt_out_page {
        let _ = write!(out, "<{page}>,\r\n ");
    }
    let _ = write!(out, "{by_mail}{word}>\r\n");
    if message.opt_out_page.is_some() {
        out.push_str("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    }
}

fn write_date(at: Timestamp, zone: &Zone, out: &mut String) -> Result<(), ComposeError> {
    let local = at.to_zoned_datetime(zone.time_zone().clone());
    out.push_str("Date: ");
    DateTimePrinter::new()
        .print_zoned_datetime(&local, &mut *out)
        .map_err(|_| ComposeError::Date(at))?;
    out.push_str("\r\n");
    Ok(())
}

/// Writes whom it is to: plainly where nothing needs to be encoded, quoted or
/// folded, else as lettre does.
fn write_to(to: &Mailbox, out: &mut String) -> Result<(), ComposeError> {
    let (name, address) = (to.name.as_str(), &to.address);
    let begun = out.len();
    let quote = if name.contains(' ') { "\"" } else { "" };
    let _ = if name.is_empty() {
        write!(out, "To: {address}")
    } else {
        write!(out, "To: {quote}{name}{quote} <{address}>")
    };
    if is_plain(name, " ")
        && !name.contains("  ")
        && is_plain(address.local(), ".-_+")
        && is_plain(address.domain(), ".-")
        && out.len() - begun <= LONGEST_LINE
    {
        out.push_str("\r\n");
        return Ok(());
    }
    out.truncate(begun);
    let mut headers = Headers::new();
    headers.set(To::from(mailboxes("To", to)?));
    let _ = write!(out, "{headers}");
    Ok(())
}

fn is_plain(text: &str, also: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

fn mailboxes(header: &'static str, mailbox: &Mailbox) -> Result<Mailboxes, ComposeError> {
    let wrong = |cause: Said| ComposeError::Address { header, cause };
    let address = lettre::Address::new(mailbox.address.local(), mailbox.address.domain())
        .map_err(|error| wrong(Said::verbatim(error)))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_name_stands_as_lettre_writes_it(
            name in prop_oneof!["[a-zA-Z0-9]{0,30}( [a-zA-Z0-9]{1,20}){0,2}", "[a-zA-Z0-9 .'\"é,_-]{0,40}"],
            local in "[a-z0-9.+_-]{1,30}",
            domain in "[a-z0-9-]{1,30}[.]example",
        ) {
            let Ok(address) = EmailAddress::parse(&format!("{local}@{domain}")) else {
                return Ok(());
            };
            let to = Mailbox { name: HeaderText::collapse(&name), address };
            let mut headers = Headers::new();
            headers.set(To::from(mailboxes("To", &to).unwrap()));
            let mut ours = String::new();
            write_to(&to, &mut ours).unwrap();
            prop_assert_eq!(ours, headers.to_string());
        }
    }

    #[test]
    fn every_subject_is_the_readers_own() {
        let at = EmailAddress::parse("press@newsroom.example").unwrap();
        let from = Mailbox {
            name: HeaderText::default(),
            address: at.clone(),
        };
        let head = Letterhead::new(&from, None, &at, "newsroom.example", &Zone::utc()).unwrap();
        let mut out = String::new();
        for subject in ["", "One", "One", "Два", "One\r\nBcc: x", ""] {
            head.write_subject(subject, &mut out);
        }
        assert_eq!(
            out,
            "Subject: \r\nSubject: One\r\nSubject: One\r\nSubject: =?utf-8?b?0JTQstCw?=\r\n\
             Subject: One Bcc: x\r\nSubject: \r\n"
        );
    }
}
