//! The list of releases, and one release.

use super::Front;
use super::fault::{Answer, Fault};
use super::sheet::{Shown, Visitor};
use crate::desk::releases::{ReleaseCard, ReleaseSheet, ShownProblem, ShownVariant, Stage};
use crate::desk::status::Status;
use crate::domain::course::Course;
use crate::domain::embargo::Embargo;
use crate::domain::header_text::HeaderText;
use crate::render::prose::prose;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn home() -> Answer {
    Ok(Redirect::to("/releases").into_response())
}

pub(super) async fn list(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    let cards = front.desk().releases().await?;
    let cards: Vec<_> = cards
        .iter()
        .map(|card| shown_card(&front, &visitor, card))
        .collect();
    front.page(
        &visitor,
        "releases",
        "nav-releases",
        json!({ "releases": cards }),
    )
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let id = front.release_id(&id)?;
    let sheet = front.desk().release(&id, front.wiring).await?;
    let page = json!({
        "card": shown_card(&front, &visitor, &sheet.card),
        "sendable": !sheet.problems.iter().any(|one| one.problem.is_error()),
        "problems": sheet.problems.iter().map(|one| shown_problem(&front, &visitor, one)).collect::<Vec<_>>(),
        "uneven": sheet.uneven.iter().map(|one| front.tell(&visitor, one)).collect::<Vec<_>>(),
        "variants": sheet.variants.iter().map(|one| shown_variant(&front, &visitor, one)).collect::<Vec<_>>(),
        "approvals": approvals(&front, &visitor, &sheet),
        "distributions": sheet.distributions.iter().map(|one| front.shown_status(&visitor, one)).collect::<Vec<_>>(),
        "followed": sheet.followed.iter().map(|one| front.shown_status(&visitor, one)).collect::<Vec<_>>(),
    });
    Ok(front
        .sheet(&visitor, "release", &sheet.card.headline, page)?
        .into_response())
}

impl Front {
    /// The id of a release that there is.
    pub(super) fn release_id(&self, name: &str) -> Result<String, Fault> {
        let known = self.desk().known_release(name)?;
        known.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))
    }

    /// An embargo for people.
    pub(super) fn shown_embargo(&self, visitor: &Visitor, embargo: &Embargo) -> Value {
        let desk = self.desk();
        let newsroom = self.shown(visitor, embargo.until);
        let own = Shown {
            text: self.date(visitor.language, embargo.until, &embargo.zone),
            zone: embargo.zone.name().to_owned(),
            ..newsroom.clone()
        };
        let same = embargo.zone == desk.settings.newsroom.zone;
        json!({
            "own": own,
            "newsroom": if same { None } else { Some(newsroom) },
            "utc": embargo.until.strftime("%H:%M UTC").to_string(),
            "lifted": embargo.is_lifted(desk.clock.now()),
            "left": self.left(visitor, embargo),
        })
    }

    /// How long an embargo still bars, in words.
    fn left(&self, visitor: &Visitor, embargo: &Embargo) -> String {
        let left = embargo.until.duration_since(self.desk().clock.now());
        let minutes = left.as_mins().max(0);
        let with = [
            ("days", json!(minutes / 1440)),
            ("hours", json!(minutes / 60 % 24)),
            ("minutes", json!(minutes % 60)),
        ];
        let id = if minutes >= 1440 {
            "left-days"
        } else {
            "left-hours"
        };
        self.pages.say(visitor.language, id, &with)
    }

    /// A distribution in a list.
    pub(super) fn shown_status(&self, visitor: &Visitor, status: &Status) -> Value {
        let (course, by, why) = match &status.course {
            Course::UnderWay { .. } => ("under-way", "", ""),
            Course::Held { by, why, .. } => ("held", by.as_str(), why.as_str()),
            Course::Killed { by, why, .. } => ("killed", by.as_str(), why.as_str()),
        };
        json!({
            "id": status.id,
            "release": status.release,
            "headline": status.headline,
            "follows": status.follows,
            // A notice is no release of the folder's: its page is the original's.
            "page": if status.notice { status.follows.as_ref() } else { Some(&status.release) },
            "planned_at": self.shown(visitor, status.planned_at),
            "course": course,
            "by": by,
            "why": why,
            "included": status.audience.included,
            "accepted": status.counts.in_state("accepted"),
            "waiting": status.counts.waiting(),
            "failed": status.counts.failed(),
            "in_doubt": status.counts.in_state("in_doubt"),
            "next_due": status.next_due.map(|at| self.shown(visitor, at)),
        })
    }
}

fn tone(stage: Stage) -> &'static str {
    match stage {
        Stage::Faulty | Stage::Held | Stage::Killed => "bad",
        Stage::Scheduled | Stage::Sending => "live",
        Stage::Draft | Stage::Sent => "",
    }
}

fn shown_card(front: &Front, visitor: &Visitor, card: &ReleaseCard) -> Value {
    let languages: Vec<_> = card.languages.iter().map(ToString::to_string).collect();
    json!({
        "id": card.id,
        "headline": card.headline,
        "kind": card.kind.map(|kind| kind.name()),
        "languages": languages,
        "stage": card.stage.name(),
        "tone": tone(card.stage),
        "errors": card.errors,
        "warnings": card.warnings,
        "distributions": card.distributions,
        "planned_at": card.planned_at.map(|at| front.shown(visitor, at)),
        "embargo": card.embargo.as_ref().map(|embargo| front.shown_embargo(visitor, embargo)),
    })
}

fn shown_problem(front: &Front, visitor: &Visitor, shown: &ShownProblem) -> Value {
    let problem = &shown.problem;
    let lines = shown.lines.iter().map(|(number, text)| {
        json!({ "number": number, "text": text, "hit": Some(*number) == problem.line })
    });
    json!({
        "file": problem.file,
        "line": problem.line,
        "bars": problem.is_error(),
        "message": front.tell(visitor, &problem.message),
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn shown_variant(front: &Front, visitor: &Visitor, shown: &ShownVariant) -> Value {
    let variant = &shown.variant;
    let text = |text: &Option<HeaderText>| text.as_ref().map(ToString::to_string);
    json!({
        "language": variant.language.to_string(),
        "headline": variant.headline.to_string(),
        "subhead": text(&variant.subhead),
        "highlights": variant.highlights.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "body": prose(&variant.body),
        "notes": variant.notes.as_deref().map(prose),
        "edited": shown.edited.map(|at| front.shown(visitor, at)),
        "rtl": crate::render::is_right_to_left(&variant.language),
        "words": variant.body.split_whitespace().count(),
    })
}

fn approvals(front: &Front, visitor: &Visitor, sheet: &ReleaseSheet) -> Vec<Value> {
    let approvals = sheet.approvals.iter().rev();
    approvals
        .map(|one| {
            json!({
                "by": one.by,
                "at": front.shown(visitor, one.at),
                "print": one.print.hash().chars().take(12).collect::<String>(),
                "parity_ok": one.parity_ok,
            })
        })
        .collect()
}
