//! Files: one that comes with a form, and one that is taken away.

use super::fault::Fault;
use crate::desk::uploads;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::{HeaderName, StatusCode, header};

/// The name and octets of the form's field `file`; none where nothing was chosen.
pub(super) async fn brought(mut form: Multipart) -> Result<Option<(String, Vec<u8>)>, Fault> {
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = whole(field).await?;
        return Ok((!name.is_empty() && !bytes.is_empty()).then_some((name, bytes)));
    }
    Ok(None)
}

/// The headers of a file that a browser keeps.
pub(super) fn attached(name: &str, kind: &str) -> [(HeaderName, String); 2] {
    let place = format!("attachment; filename=\"{name}\"");
    [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, place),
    ]
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the end of the error, and `map_err` gives it by value"
)]
fn unreadable(error: MultipartError) -> Fault {
    Fault::new(match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    })
}

/// A field's octets. Of one that is too large the rest is read and let go: a
/// browser that is hung up on while it sends shows no answer.
async fn whole(mut field: Field<'_>) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let mut is_large = false;
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        is_large |= bytes.len() + chunk.len() > uploads::MOST_OCTETS;
        if is_large {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if is_large {
        Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE))
    } else {
        Ok(bytes)
    }
}
