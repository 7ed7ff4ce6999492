//! Rehearsals: every mail goes to the catcher, and is read there.

use super::given::{Asked, Body, Caller};
use super::orders;
use super::page::{Page, Which, place};
use super::problem::{Answer, Problem};
use crate::desk::mailbox::{self, Cover, MailLine};
use crate::desk::rehearsals::{Outcome, Rehearsing};
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// How far a rehearsal is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Progress {
    /// It is under way.
    UnderWay,
    /// It went through.
    Done,
    /// It did not.
    Failed,
}

/// A rehearsal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rehearsal {
    /// Its identifier: the service keeps the last few.
    id: String,
    /// The release.
    release: String,
    /// By whom.
    by: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How far it is.
    state: Progress,
    /// Why it failed.
    failed: Option<String>,
    /// Deliveries that are through.
    done: u64,
    /// What it came to, once it is done.
    report: Option<RehearsalReport>,
}

/// What a rehearsal came to.
#[derive(Debug, Serialize, ToSchema)]
struct RehearsalReport {
    /// Contacts in the audience.
    included: u64,
    /// Mails caught.
    caught: u64,
    /// The largest mail, in octets.
    largest: u64,
    /// Deliveries by state.
    by_state: BTreeMap<String, u64>,
    /// Recipients by language.
    by_language: BTreeMap<String, u64>,
    /// Whether its own log verified.
    verified: bool,
    /// What is worth a look.
    warnings: Vec<String>,
}

impl Rehearsal {
    fn of(one: &Rehearsing) -> Self {
        let (state, failed, report) = match one.outcome() {
            Outcome::UnderWay => (Progress::UnderWay, None, None),
            Outcome::Failed(why) => (Progress::Failed, Some(why.to_string()), None),
            Outcome::Done(done) => {
                let report = RehearsalReport {
                    included: done.totals.included,
                    caught: done.caught,
                    largest: done.largest,
                    by_state: done.status.counts.by_state.clone(),
                    by_language: done.totals.by_language.clone(),
                    verified: done.log.verified,
                    warnings: done.warnings.iter().map(ToString::to_string).collect(),
                };
                (Progress::Done, None, Some(report))
            }
        };
        Self {
            id: one.id.clone(),
            release: one.order.release.clone(),
            by: one.by.clone(),
            since: one.since,
            state,
            failed,
            done: one.snapshot().done(),
            report,
        }
    }
}

/// Rehearse a release; one at a time.
#[utoipa::path(post, path = "/api/v1/releases/{release}/rehearse", operation_id = "rehearse",
    tag = "releases", params(("release" = String, Path, description = "Its id")),
    request_body = orders::Rehearsing,
    responses((status = 202, body = Rehearsal, description = "It is begun.")))]
pub(super) async fn begin(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(release): Path<String>,
    Body(asked): Body<orders::Rehearsing>,
) -> Answer<Response> {
    let (desk, release) = (front.desk(), front.named_release(&release)?);
    let order = asked.order(release.clone())?;
    // What cannot be ordered is told at once.
    desk.rule(&order.to, &order.not)?;
    let (held, by) = (Arc::clone(&desk), caller.name());
    let id = front.rehearsals.begin(held, front.wiring, order, by)?;
    caller
        .note(&desk, "rehearsed", json!({ "release": release }))
        .await?;
    let place = format!("/api/v1/rehearsals/{id}");
    let body = Json(Rehearsal::of(&*find(&front, &id)?));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], body).into_response())
}

fn find(front: &Front, id: &str) -> Result<Arc<Rehearsing>, Problem> {
    let found = front.rehearsals.find(id);
    found.ok_or_else(|| Problem::missing("rehearsal", id))
}

/// A rehearsal, and what it came to.
#[utoipa::path(get, path = "/api/v1/rehearsals/{rehearsal}", operation_id = "rehearsal",
    tag = "releases", params(("rehearsal" = String, Path, description = "Its identifier")),
    responses((status = 200, body = Rehearsal)))]
pub(super) async fn one(
    State(front): State<Arc<Front>>,
    Path(rehearsal): Path<String>,
) -> Answer<Json<Rehearsal>> {
    Ok(Json(Rehearsal::of(&*find(&front, &rehearsal)?)))
}

/// How OpenPGP protects a mail (RFC 3156).
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MailCover {
    /// Not at all.
    None,
    /// It is signed.
    Signed,
    /// It is encrypted.
    Encrypted,
}

impl From<Cover> for MailCover {
    fn from(cover: Cover) -> Self {
        match cover {
            Cover::None => Self::None,
            Cover::Signed => Self::Signed,
            Cover::Encrypted => Self::Encrypted,
        }
    }
}

/// A mail that was caught.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaughtMail {
    /// Its number.
    number: u64,
    /// To whom.
    to: String,
    /// Its subject.
    subject: String,
    /// Its octets.
    size: usize,
    /// How OpenPGP protects it.
    cover: MailCover,
}

impl From<MailLine> for CaughtMail {
    fn from(line: MailLine) -> Self {
        Self {
            number: line.number,
            to: line.to,
            subject: line.subject,
            size: line.size,
            cover: line.cover.into(),
        }
    }
}

/// The mails that a rehearsal caught; none before it is done.
#[utoipa::path(get, path = "/api/v1/rehearsals/{rehearsal}/mails", operation_id = "caught_mails",
    tag = "releases", params(("rehearsal" = String, Path, description = "Its identifier"), Which),
    responses((status = 200, body = Page<CaughtMail>)))]
pub(super) async fn mails(
    State(front): State<Arc<Front>>,
    Path(rehearsal): Path<String>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Page<CaughtMail>>> {
    let found = find(&front, &rehearsal)?;
    let after = place::<u64>(which.after.as_deref())?.unwrap_or_default();
    let (lines, more) = match found.outcome() {
        Outcome::Done(_) => mailbox::mails(found.mailbox(), after, which.limit.count())?,
        Outcome::UnderWay | Outcome::Failed(_) => (Vec::new(), false),
    };
    let next = lines.last().filter(|_| more);
    let next = next.map(|line| line.number.to_string());
    let lines = lines.into_iter().map(CaughtMail::from);
    Ok(Json(Page::part(lines.collect(), next)))
}

/// A file that goes with a mail.
#[derive(Debug, Serialize, ToSchema)]
struct MailFile {
    /// Its name.
    name: String,
    /// Its octets.
    size: usize,
}

/// A mail that was caught, opened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenedMail {
    /// As in the list.
    mail: CaughtMail,
    /// From whom.
    from: String,
    /// Its date, as written.
    date: String,
    /// Its text part.
    text: String,
    /// Its HTML part, with the pictures it brings.
    html: String,
    /// Files that go with it.
    attachments: Vec<MailFile>,
    /// The whole mail as it came.
    source: String,
}

/// A mail that a rehearsal caught.
#[utoipa::path(get, path = "/api/v1/rehearsals/{rehearsal}/mails/{number}",
    operation_id = "caught_mail", tag = "releases",
    params(("rehearsal" = String, Path, description = "Its identifier"),
        ("number" = String, Path, description = "The mail's number")),
    responses((status = 200, body = OpenedMail)))]
pub(super) async fn mail(
    State(front): State<Arc<Front>>,
    Path((rehearsal, number)): Path<(String, String)>,
) -> Answer<Json<OpenedMail>> {
    let found = find(&front, &rehearsal)?;
    let missing = || Problem::missing("mail", &number);
    let at = number.parse().map_err(|_| missing())?;
    let mail = mailbox::open(found.mailbox(), at)?.ok_or_else(missing)?;
    let attachments = mail.attachments.into_iter();
    Ok(Json(OpenedMail {
        mail: mail.line.into(),
        from: mail.from,
        date: mail.date,
        text: mail.text,
        html: mail.html,
        attachments: attachments
            .map(|(name, size)| MailFile { name, size })
            .collect(),
        source: mail.source,
    }))
}
