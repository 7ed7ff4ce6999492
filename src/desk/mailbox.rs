//! Caught mails, read as in a mail client.

use super::DeskError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A mail in a list.
#[derive(Debug, Clone, Serialize)]
pub struct MailLine {
    /// Its number in the mailbox.
    pub number: u64,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Octets.
    pub size: usize,
    /// How OpenPGP protects it.
    pub cover: Cover,
}

/// How OpenPGP protects a mail (RFC 3156 4 and 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cover {
    /// Not at all.
    None,
    /// It is signed.
    Signed,
    /// It is encrypted.
    Encrypted,
}

/// One mail, opened.
#[derive(Debug, Clone, Serialize)]
pub struct OpenMail {
    /// As in a list.
    #[serde(flatten)]
    pub line: MailLine,
    /// From whom.
    pub from: String,
    /// Its date, as written.
    pub date: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part, with the pictures it brings.
    pub html: String,
    /// Files that go with it: name and octets.
    pub attachments: Vec<(String, usize)>,
    /// As it came.
    pub source: String,
}

fn numbers(dir: &Path) -> Result<Vec<u64>, DeskError> {
    let entries = std::fs::read_dir(dir).map_err(DeskError::file("read", dir))?;
    let named = entries
        .flatten()
        .map(|entry| PathBuf::from(entry.file_name()));
    let mails = named.filter(|name| name.extension().is_some_and(|end| end == "eml"));
    let mut numbers: Vec<u64> = mails
        .filter_map(|name| name.file_stem()?.to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A mail as it lies there, where it does.
fn found(dir: &Path, number: u64) -> Result<Option<Vec<u8>>, DeskError> {
    let path = dir.join(format!("{number:06}.eml"));
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DeskError::file("read", path)(error)),
    }
}

/// Mails of a mailbox in order, after a number; and whether there are more.
///
/// # Errors
/// The folder cannot be read.
pub fn mails(dir: &Path, after: u64, limit: usize) -> Result<(Vec<MailLine>, bool), DeskError> {
    let all = numbers(dir)?;
    let wanted = all.into_iter().filter(|number| *number > after);
    let mut lines = Vec::new();
    for number in wanted.take(limit + 1) {
        lines.extend(found(dir, number)?.map(|bytes| line(number, &bytes)));
    }
    let more = lines.len() > limit;
    lines.truncate(limit);
    Ok((lines, more))
}

fn line(number: u64, bytes: &[u8]) -> MailLine {
    let message = MessageParser::default().parse_headers(bytes);
    let address = |list: Option<&mail_parser::Address<'_>>| {
        let first = list.and_then(|list| list.first());
        first
            .map(|one| one.address().unwrap_or_default().to_owned())
            .unwrap_or_default()
    };
    MailLine {
        number,
        to: message
            .as_ref()
            .map(|message| address(message.to()))
            .unwrap_or_default(),
        subject: message
            .as_ref()
            .and_then(|message| message.subject())
            .unwrap_or_default()
            .to_owned(),
        size: bytes.len(),
        cover: cover(message.as_ref()),
    }
}

fn cover(message: Option<&mail_parser::Message<'_>>) -> Cover {
    let kind = message.and_then(|message| message.content_type());
    match kind.and_then(|kind| kind.subtype()) {
        Some(kind) if kind.eq_ignore_ascii_case("encrypted") => Cover::Encrypted,
        Some(kind) if kind.eq_ignore_ascii_case("signed") => Cover::Signed,
        Some(_) | None => Cover::None,
    }
}

/// One mail of a mailbox; none where there is none of that number.
///
/// # Errors
/// It cannot be read.
pub fn open(dir: &Path, number: u64) -> Result<Option<OpenMail>, DeskError> {
    let Some(bytes) = found(dir, number)? else {
        return Ok(None);
    };
    let source = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let Some(message) = MessageParser::default().parse(&bytes) else {
        return Ok(None);
    };
    let from = message.from().and_then(|from| from.first());
    let mut html = message.body_html(0).unwrap_or_default().into_owned();
    let mut attachments = Vec::new();
    for part in message.attachments() {
        let kind = part
            .content_type()
            .map_or("application/octet-stream".to_owned(), |kind| {
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
            });
        let (PartType::Binary(octets) | PartType::InlineBinary(octets)) = &part.body else {
            continue;
        };
        match part.content_id() {
            Some(cid) if kind.starts_with("image/") => {
                let picture = format!("data:{kind};base64,{}", STANDARD.encode(octets));
                html = html.replace(&format!("cid:{cid}"), &picture);
            }
            Some(_) | None => attachments.push((
                part.attachment_name().unwrap_or("?").to_owned(),
                octets.len(),
            )),
        }
    }
    Ok(Some(OpenMail {
        line: line(number, &bytes),
        from: from
            .and_then(|from| from.address())
            .unwrap_or_default()
            .to_owned(),
        date: message
            .header_raw("Date")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html,
        attachments,
        source,
    }))
}
