//! To get no more: a page with a button, and the one click of RFC 8058.
//!
//! A GET changes nothing: link scanners and mail clients follow every link. A
//! POST needs neither session nor cookie nor a page of ours before it; that it
//! knows the link is all.

use super::Front;
use super::fault::{Answer, Fault};
use super::readers::{nobody, reader_page};
use super::sheet::Visitor;
use crate::desk::readers::{Breadth, Reader};
use crate::domain::link::Purpose;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::json;
use std::sync::Arc;

/// What the page has to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Asked,
    Out,
    OffList,
}

impl Stand {
    fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Out => "out",
            Self::OffList => "off-list",
        }
    }
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Answer {
    let Some(reader) = front.desk().reader(Purpose::OptOut, &token).await? else {
        return nobody(&front, &visitor);
    };
    let stand = match front.desk().is_out(&reader).await? {
        true => Stand::Out,
        false => Stand::Asked,
    };
    sheet(&front, &visitor, &reader, &token, stand)
}

pub(super) async fn opt_out(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(token): Path<String>,
    body: Bytes,
) -> Answer {
    let Some(reader) = front.desk().reader(Purpose::OptOut, &token).await? else {
        return nobody(&front, &visitor);
    };
    let breadth = asked(&body, reader.list()).ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST))?;
    front.desk().opt_reader_out(&reader, breadth).await?;
    let stand = match breadth {
        Breadth::All => Stand::Out,
        Breadth::List(_) => Stand::OffList,
    };
    sheet(&front, &visitor, &reader, &token, stand)
}

/// What a body asks for: `List-Unsubscribe=One-Click`, as a form or in parts
/// (RFC 8058 3.1 allows both), or the buttons of our own page.
fn asked<'l>(body: &[u8], list: Option<&'l str>) -> Option<Breadth<'l>> {
    let holds = |text: &str| memchr::memmem::find(body, text.as_bytes()).is_some();
    match body {
        b"breadth=list" => list.map(Breadth::List),
        b"breadth=all" => Some(Breadth::All),
        _ if holds("List-Unsubscribe") && holds("One-Click") => Some(Breadth::All),
        _ => None,
    }
}

fn sheet(front: &Front, visitor: &Visitor, reader: &Reader, token: &str, stand: Stand) -> Answer {
    let page = json!({
        "token": token,
        "stand": stand.name(),
        "list": reader.list(),
    });
    let title = match stand {
        Stand::Asked => "reader-opt-out",
        Stand::Out | Stand::OffList => "reader-out",
    };
    reader_page(front, visitor, Some(reader), "opt-out", title, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_is_known_in_both_forms_and_nothing_else_is() {
        let parts = b"--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
        for body in [&b"List-Unsubscribe=One-Click"[..], parts, b"breadth=all"] {
            assert_eq!(asked(body, Some("x")), Some(Breadth::All));
        }
        assert_eq!(asked(b"breadth=list", Some("x")), Some(Breadth::List("x")));
        for body in [&b""[..], b"breadth=list", b"List-Unsubscribe=No", b"x"] {
            assert_eq!(asked(body, None), None);
        }
    }
}
