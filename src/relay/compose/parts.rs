//! Attachments and inline images, each encoded once per release.

use super::body::write_base64;
use super::{ComposeError, stuffed_text};
use crate::domain::header_text::HeaderText;
use lettre::message::header::{ContentDisposition, ContentType, Headers};
use std::sync::Arc;

/// A file that goes with a message.
#[derive(Debug, Clone)]
pub struct PartSource<'a> {
    /// Its name as the reader sees it.
    pub file_name: &'a HeaderText,
    /// Its media type.
    pub media_type: &'a str,
    /// Its octets.
    pub bytes: &'a [u8],
    /// Set where the HTML shows it: `name@domain`, without brackets.
    pub content_id: Option<&'a str>,
}

/// Parts encoded with their headers, ready to stand in any number of messages.
#[derive(Debug, Clone, Default)]
pub struct EncodedParts(Vec<Arc<str>>);

impl EncodedParts {
    /// Encodes files: base64, names by RFC 2231 where they are not ASCII.
    ///
    /// # Errors
    /// A media type that is none.
    pub fn encode(sources: &[PartSource<'_>]) -> Result<Self, ComposeError> {
        sources
            .iter()
            .map(encode)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// These parts and others after them.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).map(Arc::clone).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter()
    }
}

fn encode(source: &PartSource<'_>) -> Result<Arc<str>, ComposeError> {
    let media_type = ContentType::parse(source.media_type)
        .map_err(|_| ComposeError::MediaType(source.media_type.to_owned()))?;
    let name = source.file_name.as_str();
    let mut headers = Headers::new();
    headers.set(media_type);
    headers.set(match source.content_id {
        Some(_) => ContentDisposition::inline_with_name(name),
        None => ContentDisposition::attachment(name),
    });
    let mut part = headers.to_string();
    if let Some(content_id) = source.content_id {
        part.push_str(&format!("Content-ID: <{content_id}>\r\n"));
    }
    part.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
    write_base64(source.bytes, &mut part);
    Ok(stuffed_text(part).into())
}
