//! A reader's copy of the release, in the browser: before the lift for whoever
//! has an agreement that stands, afterwards for every holder of a link.

use super::Front;
use super::fault::Answer;
use super::preview::framed;
use super::readers::{language_of, nobody, reader_page};
use super::sheet::Visitor;
use crate::desk::reader_pages::Copy;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use std::sync::Arc;

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Answer {
    let Some((reader, contact)) = front.own_reader(&token).await? else {
        return nobody(&front, &visitor);
    };
    let (status, page) = match front.desk().copy(&reader, &contact, &front.copies).await? {
        Copy::Free { subject, .. } => {
            (StatusCode::OK, json!({ "subject": subject, "lifts": null }))
        }
        Copy::Barred(lift) => {
            let visitor = visitor.reading(language_of(&contact, &visitor));
            let lifts = front.shown(&visitor, lift);
            (
                StatusCode::FORBIDDEN,
                json!({ "subject": null, "lifts": lifts }),
            )
        }
        Copy::None => return nobody(&front, &visitor),
    };
    let page = json!({ "token": token, "copy": page });
    let sheet = reader_page(&front, &visitor, Some(&reader), "copy", "reader-copy", page)?;
    Ok((status, sheet).into_response())
}

/// The release itself, for the frame.
pub(super) async fn mail(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Answer {
    let Some((reader, contact)) = front.own_reader(&token).await? else {
        return nobody(&front, &visitor);
    };
    match front.desk().copy(&reader, &contact, &front.copies).await? {
        Copy::Free { html, .. } => Ok(framed(&html, false)),
        Copy::Barred(_) | Copy::None => nobody(&front, &visitor),
    }
}
