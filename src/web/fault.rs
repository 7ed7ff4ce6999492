//! What went wrong, as a page in the visitor's language.

use super::Front;
use super::api;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::domain::said::{Said, Tell};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What a page comes to.
pub(super) type Answer = Result<Response, Fault>;

/// Something went wrong; the guard makes a page of it.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    status: StatusCode,
    /// A message of the desk's words.
    worded: Option<&'static str>,
    /// What the desk says.
    message: Said,
    problems: Vec<Said>,
}

impl Fault {
    pub(super) fn new(status: StatusCode) -> Self {
        Self {
            status,
            worded: None,
            message: Said::default(),
            problems: Vec::new(),
        }
    }

    pub(super) fn worded(status: StatusCode, id: &'static str) -> Self {
        Self {
            worded: Some(id),
            ..Self::new(status)
        }
    }

    /// What the desk says, for a form to show.
    fn text(&self) -> Said {
        let parts = std::iter::once(&self.message).chain(&self.problems);
        Said::several(parts.filter(|part| !part.is_empty()).cloned(), "; ")
    }
}

impl Front {
    /// What is wrong, in the visitor's language.
    pub(super) fn tell(&self, visitor: &Visitor, what: &impl Tell) -> String {
        let desk = self.desk();
        let zone = &desk.settings.newsroom.zone;
        self.pages.tell(visitor.language, &what.said(), zone)
    }

    /// What the desk answered, or what it says about what was asked for, in the
    /// visitor's language, for the form to show; everything else is a fault of its
    /// own.
    pub(super) fn told<T>(
        &self,
        visitor: &Visitor,
        answer: Result<T, DeskError>,
    ) -> Result<Result<T, String>, Fault> {
        match answer.map_err(Fault::from) {
            Ok(done) => Ok(Ok(done)),
            Err(fault) if fault.status.is_client_error() => {
                Ok(Err(self.tell(visitor, &fault.text())))
            }
            Err(fault) => Err(fault),
        }
    }
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        let status = match &error {
            DeskError::Problems(_) | DeskError::Request(_) | DeskError::Conflict(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            DeskError::Store(_) | DeskError::Relay(_) | DeskError::Inbox(_) | DeskError::Run(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            DeskError::File { .. }
            | DeskError::Catcher(_)
            | DeskError::Listen(_)
            | DeskError::Content(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(%error, "a page could not be made");
        }
        let problems = match &error {
            DeskError::Problems(problems) => problems.iter().map(Tell::said).collect(),
            DeskError::Request(_)
            | DeskError::Conflict(_)
            | DeskError::File { .. }
            | DeskError::Store(_)
            | DeskError::Relay(_)
            | DeskError::Catcher(_)
            | DeskError::Inbox(_)
            | DeskError::Listen(_)
            | DeskError::Run(_)
            | DeskError::Content(_) => Vec::new(),
        };
        Self {
            message: error.said(),
            problems,
            ..Self::new(status)
        }
    }
}

impl From<crate::render::pages::PageError> for Fault {
    fn from(error: crate::render::pages::PageError) -> Self {
        tracing::error!(%error, "a page could not be written");
        Self {
            message: error.said(),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An answer with its page, where it is a fault; also where axum itself refused.
pub(super) fn shown(front: &Front, visitor: &Visitor, answer: Response) -> Response {
    let status = answer.status();
    let fault = match answer.extensions().get::<Fault>() {
        Some(fault) => fault.clone(),
        // A form that comes back with its faults is a page already; what could not
        // be read has a plain text of axum's own.
        None if status.is_client_error() && !is_told(&answer) => Fault::new(status),
        None => return answer,
    };
    let message = fault.worded.map_or_else(
        || front.tell(visitor, &fault.message),
        |id| front.pages.say(visitor.language, id, &[]),
    );
    let problems = fault.problems.iter().map(|one| front.tell(visitor, one));
    let page = json!({
        "status": status.as_u16().to_string(),
        "message": message,
        "problems": problems.collect::<Vec<_>>(),
        "back": if visitor.path == "/" { "/sign-in" } else { "/" },
    });
    let title = front
        .pages
        .say(visitor.language, &format!("fault-{}", status.as_u16()), &[]);
    match front.sheet(visitor, "fault", &title, page) {
        Ok(page) => (status, page).into_response(),
        Err(_) => (status, message_of(status)).into_response(),
    }
}

/// Whether it says already what went wrong: a page, or a problem for a program.
fn is_told(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| {
        kind.as_bytes().starts_with(b"text/html") || kind == api::problem::MEDIA_TYPE
    })
}

fn message_of(status: StatusCode) -> String {
    format!("{}\n", status.canonical_reason().unwrap_or("fault"))
}
