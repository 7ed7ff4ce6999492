//! The parts of a distribution's page that renew themselves while it runs.

use super::Front;
use super::charts::{Bar, Split, bars, progress, split_bars};
use super::fault::{Answer, Fault};
use super::pieces::pieces;
use super::sheet::Visitor;
use crate::desk::live::{LOOK_EVERY, SHOWN, Seen};
use crate::domain::account::Permission;
use crate::domain::course::Course;
use crate::domain::ids::DistributionId;
use crate::domain::outcomes::{Outcome, Outcomes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// How soon a browser comes back whose connection was lost.
const COME_BACK: Duration = Duration::from_secs(2);
/// After so many looks it is asked whether whoever watches is signed in still.
const CHECK_AFTER: u32 = 8;

/// How an outcome looks in a chart.
fn tone(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "bar",
        Outcome::Waiting => "wait",
        Outcome::InDoubt => "doubt",
        Outcome::Failed => "bad",
        Outcome::Ended => "rest",
    }
}

/// The figures and charts, for `live.hbs`.
pub(super) fn figures(front: &Front, visitor: &Visitor, seen: &Seen) -> Value {
    let say = |id: &str| front.pages.say(visitor.language, id, &[]);
    let (status, counts) = (&seen.status, &seen.status.counts);
    let whole = Outcomes::of(&counts.by_state);
    let parts = [Outcome::Accepted, Outcome::InDoubt, Outcome::Failed];
    let parts = parts.map(|outcome| (whole.number(outcome), tone(outcome)));
    let outcomes = status.alone.as_ref().map(|alone| &alone.outcomes);
    let languages = outcomes.iter().flat_map(|all| &all.by_language);
    let languages: Vec<_> = languages
        .map(|(name, outcomes)| split(front, visitor, name, outcomes))
        .collect();
    let domains = outcomes.iter().flat_map(|all| &all.by_domain);
    let domains: Vec<_> = domains
        .map(|one| split(front, visitor, &one.domain, &one.outcomes))
        .collect();
    let legend = whole.parts().into_iter();
    let legend = legend.map(
        |(outcome, _)| json!({ "tone": tone(outcome), "name": called(front, visitor, outcome) }),
    );
    json!({
        "status": front.shown_status(visitor, status),
        "held": matches!(seen.distribution.course, Course::Held { .. }),
        "killed": matches!(seen.distribution.course, Course::Killed { .. }),
        "progress": progress(&say("progress"), &parts, counts.total()),
        "states": bars(&say("by-state"), &states(front, visitor, seen)),
        "languages": split_bars(&say("by-language"), &languages),
        "domains": split_bars(&say("by-domain"), &domains),
        "elsewhere": counts.total().saturating_sub(domains.iter().map(Split::whole).sum()),
        "legend": legend.collect::<Vec<_>>(),
        "rate": status.alone.as_ref().and_then(|alone| alone.rate).map(|rate| pace(front, visitor, rate)),
        "last": status.outlook.as_ref().map(|outlook| front.shown(visitor, outlook.forecast.last)),
    })
}

fn states(front: &Front, visitor: &Visitor, seen: &Seen) -> Vec<Bar> {
    let states = seen.status.counts.by_state.iter().filter(|(_, n)| **n > 0);
    states
        .map(|(state, number)| {
            let id = format!("state-{}", state.replace('_', "-"));
            let name = front.pages.say(visitor.language, &id, &[]);
            (name, *number, tone(Outcome::of(state)))
        })
        .collect()
}

/// What an outcome is called.
fn called(front: &Front, visitor: &Visitor, outcome: Outcome) -> String {
    let id = format!("outcome-{}", outcome.name());
    front.pages.say(visitor.language, &id, &[])
}

fn split(front: &Front, visitor: &Visitor, name: &str, outcomes: &Outcomes) -> Split {
    let parts = outcomes.parts().into_iter();
    Split {
        name: name.to_owned(),
        parts: parts
            .map(|(outcome, number)| (called(front, visitor, outcome), number, tone(outcome)))
            .collect(),
    }
}

/// Mails a second in words: few of them by the minute.
fn pace(front: &Front, visitor: &Visitor, rate: f64) -> String {
    let (id, number) = if rate >= 2.0 {
        ("rate-second", rate)
    } else {
        ("rate-minute", rate * 60.0)
    };
    let number = json!(number.round().max(1.0));
    front.pages.say(visitor.language, id, &[("n", number)])
}

/// What wants a person, and what will be tried again, for `wants.hbs`.
pub(super) fn wants(front: &Front, visitor: &Visitor, seen: &Seen) -> Value {
    let doubts = seen.doubts.iter().map(|one| {
        json!({ "id": one.delivery.id, "email": one.delivery.recipient.email, "attempts": one.attempts })
    });
    let deferred = seen.deferred.iter().map(|one| {
        json!({
            "email": one.standing.delivery.recipient.email,
            "until": front.shown(visitor, one.until),
            "reply": one.reply,
            "attempts": one.standing.attempts,
        })
    });
    let full = |len: usize| (len >= SHOWN as usize).then_some(SHOWN);
    json!({
        "id": seen.status.id,
        "doubts": doubts.collect::<Vec<_>>(),
        "doubts_cut": full(seen.doubts.len()),
        "deferred": deferred.collect::<Vec<_>>(),
        "deferred_cut": full(seen.deferred.len()),
    })
}

/// What may be done to it as a whole, for `steer.hbs`.
pub(super) fn steer(seen: &Seen) -> Value {
    let course = &seen.distribution.course;
    json!({
        "id": seen.status.id,
        "open": seen.status.counts.waiting() > 0,
        "held": matches!(course, Course::Held { .. }),
        "killed": matches!(course, Course::Killed { .. }),
    })
}

/// A part of the page, and the beginning of its hash.
struct Part {
    name: &'static str,
    html: String,
    print: String,
}

impl Part {
    fn new(name: &'static str, html: String) -> Self {
        let print = blake3::hash(html.as_bytes()).to_hex();
        Self {
            name,
            html,
            print: print.chars().take(16).collect(),
        }
    }
}

/// The live parts as a visitor is to see them.
fn parts(front: &Front, visitor: &Visitor, seen: &Seen) -> Result<[Part; 3], Fault> {
    let write = |page, data: Value| front.pages.write(page, visitor.language, &data);
    let figures = json!({ "live": figures(front, visitor, seen) });
    let wants = json!({
        "may": visitor.may(),
        "wants": wants(front, visitor, seen),
    });
    let steer = json!({ "may": visitor.may(), "steer": steer(seen) });
    Ok([
        Part::new("figures", write("live", figures)?),
        Part::new("wants", write("wants", wants)?),
        Part::new("steer", write("steer", steer)?),
    ])
}

/// What a browser has: the prints of the parts, as the name of the last event that
/// it heard says. Each part is sent whole whenever it is another, so whoever comes
/// back lacks nothing, and is not sent what it has.
struct Had(Vec<String>);

impl Had {
    fn of(headers: &HeaderMap) -> Self {
        let last = headers.get("last-event-id");
        let last = last.and_then(|last| last.to_str().ok()).unwrap_or_default();
        Self(last.split('.').map(str::to_owned).collect())
    }

    fn has(&self, part: usize, print: &str) -> bool {
        self.0.get(part).is_some_and(|had| had == print)
    }

    /// The name of the event that brings a part.
    fn with(&mut self, part: usize, print: &str) -> String {
        self.0.resize(self.0.len().max(part + 1), String::new());
        self.0[part] = print.to_owned();
        self.0.join(".")
    }
}

/// The live parts, each sent whenever it is another, until all is settled.
pub(super) async fn events(
    State(front): State<Arc<Front>>,
    mut visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let id = front.distribution(&id).await?.id;
    let (sender, made) = tokio::sync::mpsc::channel::<Event>(4);
    let watcher = Arc::clone(&front);
    tokio::spawn(async move {
        let mut had = Had::of(&headers);
        if sender
            .send(Event::default().retry(COME_BACK))
            .await
            .is_err()
        {
            return;
        }
        let mut looks = 0_u32;
        // A store that fails ends the answer: the browser comes back for another.
        while let Ok(true) = tell(&watcher, &visitor, id, &mut had, &sender).await {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = sender.closed() => return,
                () = watcher.stop.cancelled() => return,
            }
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(CHECK_AFTER) && !is_still_here(&watcher, &mut visitor).await {
                return;
            }
        }
    });
    Ok(Sse::new(pieces(made))
        .keep_alive(KeepAlive::default())
        .into_response())
}

/// Whether somebody is signed in still, and may see it: the guard has asked when they
/// came. What their role includes is what it includes now.
async fn is_still_here(front: &Front, visitor: &mut Visitor) -> bool {
    let Ok(me) = visitor.me() else { return false };
    let Ok(Some(me)) = front.desk().still_in(me).await else {
        return false;
    };
    let may = me.account.role.may(Permission::See);
    visitor.me = Some(me);
    may
}

/// Tells what is another than before. False where that was all.
async fn tell(
    front: &Front,
    visitor: &Visitor,
    id: DistributionId,
    had: &mut Had,
    sender: &Sender<Event>,
) -> Result<bool, Fault> {
    let seen = front.watched.glance(&front.desk(), id).await?;
    let seen = seen.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))?;
    for (n, part) in parts(front, visitor, &seen)?.into_iter().enumerate() {
        if had.has(n, &part.print) {
            continue;
        }
        let name = had.with(n, &part.print);
        let event = Event::default().id(name).event(part.name).data(&part.html);
        if sender.send(event).await.is_err() {
            return Ok(false);
        }
    }
    let is_over = seen.status.counts.waiting() == 0;
    if is_over {
        // A browser hears of no event that has no data.
        let end = Event::default().event("end").data("all is settled");
        drop(sender.send(end).await);
    }
    Ok(!is_over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_is_not_sent_what_it_has() {
        let mut headers = HeaderMap::new();
        let mut had = Had::of(&headers);
        assert!(!had.has(0, "a") && !had.has(1, ""));
        assert_eq!(had.with(1, "b"), ".b");
        assert_eq!(had.with(0, "a"), "a.b");
        headers.insert("last-event-id", "a.b".parse().unwrap());
        let back = Had::of(&headers);
        assert!(back.has(0, "a") && back.has(1, "b") && !back.has(1, "c"));
        headers.insert("last-event-id", "<script>.....".parse().unwrap());
        assert!(!Had::of(&headers).has(0, "a"));
    }
}
