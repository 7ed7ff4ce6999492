//! Releases: listed, shown, checked, and one mail of them.

use super::given::{Asked, Caller};
use super::page::{Page, Which};
use super::problem::{Answer, FileProblem};
use super::shapes::{Distribution, Embargo, shown};
use crate::desk::check;
use crate::desk::preview::Glass;
use crate::desk::releases::{ReleaseCard, ReleaseSheet, ShownVariant, Stage};
use crate::domain::approval;
use crate::domain::problem::Problem as Found;
use crate::domain::token::Scope;
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How far a release has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StageName {
    /// Something bars it from being sent.
    Faulty,
    /// Nothing of it was planned.
    Draft,
    /// Everything waits for its time.
    Scheduled,
    /// Deliveries are due or under way.
    Sending,
    /// Stopped for now.
    Held,
    /// Withdrawn.
    Killed,
    /// Everything is settled.
    Sent,
}

impl From<Stage> for StageName {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Faulty => Self::Faulty,
            Stage::Draft => Self::Draft,
            Stage::Scheduled => Self::Scheduled,
            Stage::Sending => Self::Sending,
            Stage::Held => Self::Held,
            Stage::Killed => Self::Killed,
            Stage::Sent => Self::Sent,
        }
    }
}

/// A release in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Release {
    /// Its id.
    id: String,
    /// What people know it by.
    headline: String,
    /// What sort of announcement; null where it cannot be read.
    kind: Option<String>,
    /// In which languages, the fallback first.
    languages: Vec<String>,
    /// Its embargo.
    embargo: Option<Embargo>,
    /// How far it has come.
    stage: StageName,
    /// Errors that its files alone tell.
    errors: usize,
    /// What is worth a look.
    warnings: usize,
    /// Distributions of it.
    distributions: usize,
    /// When one was planned last.
    #[schema(value_type = Option<String>, format = DateTime)]
    planned_at: Option<Timestamp>,
}

impl From<ReleaseCard> for Release {
    fn from(card: ReleaseCard) -> Self {
        Self {
            kind: card.kind.map(|kind| kind.name().to_owned()),
            languages: card.languages.iter().map(ToString::to_string).collect(),
            embargo: card.embargo.as_ref().map(Embargo::from),
            stage: card.stage.into(),
            id: card.id,
            headline: card.headline,
            errors: card.errors,
            warnings: card.warnings,
            distributions: card.distributions,
            planned_at: card.planned_at,
        }
    }
}

/// The text in one language.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Variant {
    /// Its language.
    language: String,
    /// Headline.
    headline: String,
    /// Line under it.
    subhead: Option<String>,
    /// The mail's subject where it is not the headline.
    subject: Option<String>,
    /// Main points.
    highlights: Vec<String>,
    /// The body, in Markdown.
    body: String,
    /// Notes to editors, in Markdown.
    notes: Option<String>,
    /// When it was edited last.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited: Option<Timestamp>,
}

impl From<ShownVariant> for Variant {
    fn from(ShownVariant { variant, edited }: ShownVariant) -> Self {
        Self {
            language: variant.language.to_string(),
            headline: variant.headline.to_string(),
            subhead: variant.subhead.as_ref().map(ToString::to_string),
            subject: variant.subject.as_ref().map(ToString::to_string),
            highlights: variant.highlights.iter().map(ToString::to_string).collect(),
            body: variant.body,
            notes: variant.notes,
            edited,
        }
    }
}

/// An approval on record.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Approval {
    /// Who.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The hash of what they approved.
    content: String,
    /// Whether they took note that the languages are not level.
    parity_ok: bool,
}

impl From<approval::Approval> for Approval {
    fn from(approval: approval::Approval) -> Self {
        Self {
            content: approval.print.hash(),
            by: approval.by,
            at: approval.at,
            parity_ok: approval.parity_ok,
        }
    }
}

/// All that is known of a release.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct WholeRelease {
    /// As in a list.
    release: Release,
    /// Its texts; none where it cannot be read.
    variants: Vec<Variant>,
    /// Everything that `check` finds.
    problems: Vec<FileProblem>,
    /// Languages that are not level, in words.
    uneven: Vec<String>,
    /// Approvals, the oldest first.
    approvals: Vec<Approval>,
    /// Its distributions, the newest first.
    distributions: Vec<Distribution>,
    /// What those who have it were told since, the newest first: corrections, notices.
    followed: Vec<Distribution>,
}

impl From<ReleaseSheet> for WholeRelease {
    fn from(sheet: ReleaseSheet) -> Self {
        let problems = sheet.problems.into_iter().map(|one| one.problem);
        let distributions = sheet.distributions.into_iter();
        Self {
            release: sheet.card.into(),
            variants: sheet.variants.into_iter().map(Variant::from).collect(),
            problems: shown(problems.collect()),
            uneven: sheet.uneven.iter().map(ToString::to_string).collect(),
            approvals: sheet.approvals.into_iter().map(Approval::from).collect(),
            distributions: distributions.map(Distribution::from).collect(),
            followed: sheet.followed.into_iter().map(Distribution::from).collect(),
        }
    }
}

/// Releases, the newest name first.
#[utoipa::path(get, path = "/api/v1/releases", operation_id = "releases", tag = "releases",
    params(Which), responses((status = 200, body = Page<Release>)))]
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<Release>>> {
    let mut cards = front.desk().releases().await?;
    if let Some(after) = &which.after {
        cards.retain(|card| card.id < *after);
    }
    let place = |card: &ReleaseCard| card.id.clone();
    Ok(Json(Page::cut(cards, which.limit, place, Release::from)))
}

/// A release with all that is known of it.
#[utoipa::path(get, path = "/api/v1/releases/{release}", operation_id = "release", tag = "releases",
    params(("release" = String, Path, description = "Its id")),
    responses((status = 200, body = WholeRelease)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(release): Path<String>,
) -> Answer<Json<WholeRelease>> {
    let id = front.named_release(&release)?;
    let sheet = front.desk().release(&id, front.wiring).await?;
    Ok(Json(sheet.into()))
}

/// What a check found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Checked {
    /// Nothing bars it from being sent.
    ok: bool,
    /// Everything found, errors and warnings, by file and line.
    problems: Vec<FileProblem>,
}

/// Everything that is wrong with a release, at once.
#[utoipa::path(get, path = "/api/v1/releases/{release}/check", operation_id = "check",
    tag = "releases", params(("release" = String, Path, description = "Its id")),
    responses((status = 200, body = Checked)))]
pub(super) async fn check(
    State(front): State<Arc<Front>>,
    Path(release): Path<String>,
) -> Answer<Json<Checked>> {
    let id = front.named_release(&release)?;
    let desk = front.desk();
    let checked = check::check(&desk.workspace, Some(&id), front.wiring)?;
    Ok(Json(Checked {
        ok: !checked.problems.iter().any(Found::is_error),
        problems: shown(checked.problems),
    }))
}

/// Whose mail is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct View {
    /// In this language; else the contact's, or the release's first.
    language: Option<String>,
    /// As the contact of this address gets it; takes `contacts:read` too.
    contact: Option<String>,
    /// Also the message as it goes over the wire.
    #[serde(default)]
    #[param(required = false)]
    source: bool,
}

/// One mail in its forms.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Preview {
    /// The variants it holds.
    languages: Vec<String>,
    /// Its phase.
    phase: String,
    /// When it would leave, were it sent now.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    /// The zone that its times are shown in.
    zone: String,
    /// Subject.
    subject: String,
    /// Plain text.
    text: String,
    /// HTML.
    html: String,
    /// Octets of the whole message.
    size: usize,
    /// The whole message, where it was asked for.
    source: Option<String>,
}

/// One mail as a reader would get it.
#[utoipa::path(get, path = "/api/v1/releases/{release}/preview", operation_id = "preview",
    tag = "releases", params(("release" = String, Path, description = "Its id"), View),
    responses((status = 200, body = Preview)))]
pub(super) async fn preview(
    State(front): State<Arc<Front>>,
    Path(release): Path<String>,
    caller: Caller,
    Asked(view): Asked<View>,
) -> Answer<Json<Preview>> {
    let id = front.named_release(&release)?;
    if view.contact.is_some() {
        caller.needs(Scope::ReadContacts)?;
    }
    let glass = Glass {
        language: view.language,
        contact: view.contact,
        ..Glass::default()
    };
    let mail = front.desk().preview(&id, &glass).await?;
    Ok(Json(Preview {
        languages: mail.languages,
        phase: mail.phase.name().to_owned(),
        not_before: mail.not_before,
        zone: mail.zone.name().to_owned(),
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        size: mail.eml.len(),
        source: view
            .source
            .then(|| String::from_utf8_lossy(&mail.eml).into_owned()),
    }))
}
