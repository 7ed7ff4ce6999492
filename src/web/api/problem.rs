//! What went wrong, for programs: `application/problem+json` (RFC 9457), in the
//! words of the command line.

use crate::desk::DeskError;
use crate::domain::contact_edit::FieldFault;
use crate::domain::problem::Severity;
use crate::domain::token::Scope;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Its media type.
pub(in crate::web) const MEDIA_TYPE: &str = "application/problem+json";

/// What the API answers.
pub(super) type Answer<T> = Result<T, Problem>;

/// What went wrong, and nothing was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(in crate::web) struct Problem {
    /// Always `about:blank`: the status says what sort it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What, which value, and what was expected.
    detail: String,
    /// Everything that is wrong in the newsroom's files, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    problems: Vec<FileProblem>,
    /// Everything that is wrong with the fields of what was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    faults: Vec<Fault>,
    /// The scope that the token lacks, for a header.
    #[serde(skip)]
    lacks: Option<Scope>,
}

/// A fault in a file of the newsroom.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileProblem {
    /// The file, relative to the workspace.
    file: String,
    /// The line, from 1.
    line: Option<usize>,
    /// The column, from 1.
    column: Option<usize>,
    /// Whether it bars sending.
    severity: Weight,
    /// What is wrong.
    message: String,
}

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Weight {
    /// Nothing is sent while this stands.
    Error,
    /// Worth a look.
    Warning,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Fault {
    /// The field's name.
    field: String,
    /// Which value, and what was expected.
    message: String,
}

impl From<crate::domain::problem::Problem> for FileProblem {
    fn from(problem: crate::domain::problem::Problem) -> Self {
        Self {
            file: problem.file,
            line: problem.line,
            column: problem.column,
            severity: match problem.severity {
                Severity::Error => Weight::Error,
                Severity::Warning => Weight::Warning,
            },
            message: problem.message.to_string(),
        }
    }
}

impl Problem {
    /// A status that says all.
    pub(in crate::web) fn of(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Fault");
        Self::new(status, title.to_lowercase())
    }

    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Fault"),
            status: status.as_u16(),
            detail: detail.into(),
            problems: Vec::new(),
            faults: Vec::new(),
            lacks: None,
        }
    }

    /// What a path names is not there.
    pub(super) fn missing(what: &str, name: &str) -> Self {
        let name = name.escape_debug();
        Self::new(
            StatusCode::NOT_FOUND,
            format!("there is no {what} `{name}`"),
        )
    }

    /// What was sent is not of the form that the document describes.
    pub(super) fn form(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What was asked for cannot be.
    pub(super) fn request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Fields that cannot be so.
    pub(super) fn faulty(faults: Vec<FieldFault>) -> Self {
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let faults = faults.into_iter().map(|fault| Fault {
            field: fault.field,
            message: fault.message.to_string(),
        });
        Self {
            faults: faults.collect(),
            ..Self::request(told.join("; "))
        }
    }

    /// The token is not for this.
    pub(super) fn lacking(scope: Scope, detail: impl Into<String>) -> Self {
        Self {
            lacks: Some(scope),
            ..Self::new(StatusCode::FORBIDDEN, detail)
        }
    }

    /// What a caller who shows no token, or a wrong one, is to show (RFC 6750 3).
    fn challenge(&self) -> Option<HeaderValue> {
        match (self.status, self.lacks) {
            (401, _) => Some(HeaderValue::from_static("Bearer realm=\"dateline\"")),
            (_, Some(scope)) => {
                let text = format!(
                    "Bearer realm=\"dateline\", error=\"insufficient_scope\", scope=\"{}\"",
                    scope.name()
                );
                HeaderValue::try_from(text).ok()
            }
            (_, None) => None,
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let detail = error.to_string();
        match error {
            DeskError::Problems(problems) => Self {
                problems: problems.into_iter().map(FileProblem::from).collect(),
                ..Self::request(detail)
            },
            DeskError::Request(_) => Self::request(detail),
            DeskError::Conflict(_) => Self::new(StatusCode::CONFLICT, detail),
            DeskError::Store(_) | DeskError::Relay(_) | DeskError::Inbox(_) | DeskError::Run(_) => {
                broken(StatusCode::SERVICE_UNAVAILABLE, detail)
            }
            DeskError::File { .. }
            | DeskError::Catcher(_)
            | DeskError::Listen(_)
            | DeskError::Content(_) => broken(StatusCode::INTERNAL_SERVER_ERROR, detail),
        }
    }
}

fn broken(status: StatusCode, detail: String) -> Problem {
    tracing::error!(error = detail, "a call of the API could not be answered");
    Problem::new(status, detail)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, MEDIA_TYPE)];
        let mut response = (status, kind, body).into_response();
        if let Some(challenge) = self.challenge() {
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
