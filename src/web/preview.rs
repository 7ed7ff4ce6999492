//! A mail as a reader would get it, in a frame that can do nothing.

use super::Front;
use super::fault::Answer;
use super::fields::{given, query};
use super::sheet::Visitor;
use crate::desk::preview::{Glass, Preview};
use crate::desk::schedule::When;
use crate::domain::encryption::Sealing;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse};
use axum_extra::extract::Query;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// What may be looked at.
const PARTS: [&str; 5] = ["html", "text", "headers", "source", "size"];

/// What a mail may do in its frame: show itself. Its styles stand in it, as mail
/// clients want them; its pictures are its own attachments.
const FRAME_POLICY: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/// The condition by which a mail is dark.
const DARK: &str = "(prefers-color-scheme: dark)";

#[derive(Default, Deserialize)]
pub(super) struct View {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    width: String,
    #[serde(default)]
    light: String,
    #[serde(default)]
    part: String,
}

impl View {
    fn glass(&self) -> Glass {
        Glass {
            language: given(&self.lang),
            contact: given(&self.contact),
            when: When::default(),
        }
    }

    fn part(&self) -> &'static str {
        PARTS
            .into_iter()
            .find(|part| *part == self.part)
            .unwrap_or("html")
    }

    fn query(&self, part: &str) -> String {
        query([
            ("lang", self.lang.as_str()),
            ("contact", &self.contact),
            ("width", &self.width),
            ("light", &self.light),
            ("part", part),
        ])
    }
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(view): Query<View>,
) -> Answer {
    let id = front.release_id(&id)?;
    let desk = front.desk();
    let (mail, fault) = match front.told(&visitor, desk.preview(&id, &view.glass()).await)? {
        Ok(mail) => (Some(mail), None),
        Err(fault) => (None, Some(fault)),
    };
    let languages = desk
        .load(&id)
        .map(|(loaded, _)| loaded.release.languages())
        .unwrap_or_default();
    let languages = languages.iter().map(|language| {
        let language = language.to_string();
        json!({ "language": language, "here": language == view.lang })
    });
    let part = view.part();
    let parts = PARTS.map(|name| {
        json!({ "name": name, "here": name == part, "href": format!("?{}", view.query(name)) })
    });
    let page = json!({
        "id": id,
        "languages": languages.collect::<Vec<_>>(),
        "contact": view.contact,
        "phone": view.width == "phone",
        "dark": view.light == "dark",
        "part": part,
        "parts": parts,
        "fault": fault,
        "frame": format!("/releases/{id}/mail?{}", view.query("html")),
        "mail": mail.as_ref().map(|mail| shown_mail(&front, &visitor, mail)),
    });
    front.page(&visitor, "preview", "preview", page)
}

fn shown_mail(front: &Front, visitor: &Visitor, mail: &Preview) -> serde_json::Value {
    let source = String::from_utf8_lossy(&mail.eml).replace("\r\n", "\n");
    let headers = source.split("\n\n").next().unwrap_or_default().to_owned();
    let sizes = [
        ("whole", mail.eml.len()),
        ("html", mail.html.len()),
        ("text", mail.text.len()),
    ];
    let sizes = sizes.map(|(name, octets)| json!({ "name": name, "octets": octets }));
    json!({
        "encrypted_to": match &mail.sealing {
            Sealing::Yes { fingerprint } => Some(fingerprint),
            Sealing::No | Sealing::Unable { .. } => None,
        },
        "unencrypted": match &mail.sealing {
            Sealing::Unable { because } => Some(front.obstacle(visitor, because)),
            Sealing::No | Sealing::Yes { .. } => None,
        },
        "subject": mail.subject,
        "phase": mail.phase.name(),
        "languages": mail.languages.join(", "),
        "zone": mail.zone.name(),
        "at": front.shown(visitor, mail.not_before),
        "text": mail.text,
        "headers": headers,
        "source": source,
        "sizes": sizes,
    })
}

/// The mail itself, for the frame.
pub(super) async fn mail(
    State(front): State<Arc<Front>>,
    Path(id): Path<String>,
    Query(view): Query<View>,
) -> Answer {
    let id = front.release_id(&id)?;
    let mail = front.desk().preview(&id, &view.glass()).await?;
    Ok(framed(&mail.html, view.light == "dark"))
}

/// A mail's HTML for a frame, in a light of one's choice: a frame cannot ask the
/// browser for another than the reader's own.
pub(super) fn framed(html: &str, dark: bool) -> axum::response::Response {
    let html = html.replace(DARK, if dark { "all" } else { "not all" });
    let policy = [(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(FRAME_POLICY),
    )];
    (policy, Html(html)).into_response()
}
