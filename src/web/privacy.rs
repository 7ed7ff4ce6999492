//! What is held of an address, for its owner; and that it be forgotten.

use super::Front;
use super::fault::{Answer, Fault};
use super::fields::query;
use super::files::attached;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::contacts::address;
use crate::desk::privacy::{Everything, ForgetReport};
use crate::desk::retention::Really;
use crate::desk::slow::PATIENCE;
use crate::domain::erasure::is_same;
use crate::domain::retention::Gone;
use crate::said;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Whom it is about.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Whom {
    #[serde(default)]
    email: String,
    /// Whether what is too old is to be counted.
    #[serde(default)]
    old: String,
}

/// What a form asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    email: String,
    /// The address written once more: it cannot be taken back.
    #[serde(default)]
    confirm: String,
    #[serde(default)]
    why: String,
}

/// What the page has to say.
#[derive(Default)]
struct News {
    fault: Option<String>,
    lift_fault: Option<String>,
    /// What is too old, where somebody asks; and whether it went.
    old: Option<Vec<Gone>>,
    retained: bool,
    /// What was written into the form that lets an address be known again.
    lift: (String, String),
    done: Option<ForgetReport>,
    lifted: Option<String>,
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(whom): Query<Whom>,
) -> Answer {
    let asked = whom.email.trim().to_owned();
    let mut news = News::default();
    if !whom.old.is_empty() {
        news.old = Some(front.let_go(Really::Asked, visitor.name()?).await?);
    }
    sheet(&front, &visitor, &asked, news).await
}

async fn sheet(front: &Front, visitor: &Visitor, email: &str, mut news: News) -> Answer {
    let (mut held, mut counting) = (None, false);
    if !email.is_empty() {
        // What somebody posted cannot be asked for again by its address.
        let patience = if news.fault.is_none() {
            Some(PATIENCE)
        } else {
            None
        };
        match front.told(visitor, front.everything(email, patience).await)? {
            Ok(all) => {
                counting = all.is_none();
                held = all;
            }
            Err(fault) => {
                news.fault.get_or_insert(fault);
            }
        }
    }
    let failed = news.fault.is_some() || news.lift_fault.is_some();
    let old = news.old.as_ref().map(|all| old(front, visitor, all));
    let page = json!({
        "tab": "",
        "email": held.as_ref().map(|all| all.email.to_string()),
        "asked": email,
        "query": query([("email", email)]),
        "counting": counting,
        "held": held.as_deref().map(|all| counted(front, visitor, all)),
        "files": held.as_ref().map(|all| all.files.clone()),
        "nothing": held.as_deref().is_some_and(Everything::is_nothing),
        "fault": news.fault,
        "lift_fault": news.lift_fault,
        "lift_email": news.lift.0,
        "lift_why": news.lift.1,
        "done": news.done.as_ref().map(|done| report(front, visitor, done)),
        "lifted": news.lifted,
        "old": old,
        "keeps_all": news.old.as_ref().is_some_and(Vec::is_empty),
        "retained": news.retained,
    });
    let page = front.page(visitor, "forget", "forget-contact", page)?;
    let status = match failed {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Ok((status, page).into_response())
}

impl Front {
    /// What is held of an address, looked up for whoever asks for it now: all tables are
    /// looked through. Nothing, where that takes longer than they wait.
    pub(super) async fn everything(
        &self,
        email: &str,
        patience: Option<Duration>,
    ) -> Result<Option<Arc<Everything>>, DeskError> {
        let work = || {
            let (desk, email) = (self.desk(), email.to_owned());
            async move { desk.everything(&email).await }
        };
        self.holdings.look(email, patience, work).await
    }

    /// Lets go what is too old, or counts it; what was seen before is not shown again.
    pub(super) async fn let_go(&self, really: Really, by: &str) -> Result<Vec<Gone>, DeskError> {
        let gone = self.desk().retain(really, by).await?;
        if really == Really::Done {
            self.holdings.clear();
        }
        Ok(gone)
    }

    /// Files that were brought, rehearsals and whatever was worked out for somebody to
    /// look at may name whoever is forgotten.
    pub(super) fn forget_what_was_looked_at(&self) {
        self.uploads.clear();
        self.rehearsals.clear();
        self.holdings.clear();
        self.looks.clear();
        self.plans.clear();
    }
}

fn counted(front: &Front, visitor: &Visitor, all: &Everything) -> Vec<Value> {
    let tables = all.store.iter();
    tables
        .map(|(table, rows)| json!({ "table": front.tell(visitor, &Everything::title(table)), "count": rows.len() }))
        .collect()
}

fn old(front: &Front, visitor: &Visitor, all: &[Gone]) -> Vec<Value> {
    let all = all.iter();
    all.map(|one| {
        json!({
            "kind": one.what.name(),
            "before": front.shown(visitor, one.before).text,
            "n": one.count,
        })
    })
    .collect()
}

fn report(front: &Front, visitor: &Visitor, done: &ForgetReport) -> Value {
    let remaining = done.remaining.iter().map(|one| front.tell(visitor, one));
    json!({
        "email": done.email,
        "rows": done.erased.rows.values().sum::<u64>(),
        "cancelled": done.erased.cancelled,
        "caught": done.caught,
        "copies": done.copies,
        "pending": done.pending,
        "remaining": remaining.collect::<Vec<_>>(),
    })
}

pub(super) async fn forget(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(wish): Form<Wish>,
) -> Answer {
    let mut news = News::default();
    match front.told(&visitor, confirmed(&front, &visitor, &wish).await)? {
        Ok(done) => {
            front.forget_what_was_looked_at();
            news.done = Some(done);
            sheet(&front, &visitor, "", news).await
        }
        Err(fault) => {
            news.fault = Some(fault);
            sheet(&front, &visitor, &wish.email, news).await
        }
    }
}

/// Sees that an address was written twice: what is erased is gone.
///
/// # Errors
/// They are two, or one is none.
pub(super) fn is_confirmed(email: &str, again: &str) -> Result<(), DeskError> {
    let (email, again) = (address(email)?, address(again)?);
    if is_same(&email, &again) {
        return Ok(());
    }
    Err(DeskError::request(said!(
        "{email} and {other} are two addresses; nothing was erased",
        email,
        other = again
    )))
}

async fn confirmed(
    front: &Front,
    visitor: &Visitor,
    wish: &Wish,
) -> Result<ForgetReport, DeskError> {
    let by = visitor
        .me
        .as_ref()
        .map_or("", |me| me.account.name.as_str());
    is_confirmed(&wish.email, &wish.confirm)?;
    front.desk().forget(&wish.email, by, front.wiring).await
}

pub(super) async fn lift(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(wish): Form<Wish>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    let lifted = desk.lift_forgotten(&wish.email, &wish.why, by);
    let mut news = News::default();
    match front.told(&visitor, lifted.await)? {
        Ok((email, _)) => news.lifted = Some(email.to_string()),
        Err(fault) => {
            news.lift_fault = Some(fault);
            news.lift = (wish.email, wish.why);
        }
    }
    sheet(&front, &visitor, "", news).await
}

/// Lets go what is too old, as the settings say; a service does so once a day.
pub(super) async fn retain(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    let gone = front.let_go(Really::Done, visitor.name()?).await?;
    let news = News {
        old: Some(gone),
        retained: true,
        ..News::default()
    };
    sheet(&front, &visitor, "", news).await
}

/// Everything that is held of an address, as a file to hand over.
pub(super) async fn everything(
    State(front): State<Arc<Front>>,
    Path(file): Path<String>,
    Query(whom): Query<Whom>,
) -> Answer {
    if file != "everything.json" {
        return Err(Fault::new(StatusCode::NOT_FOUND));
    }
    let all = front.everything(&whom.email, None).await?;
    let text = serde_json::to_string_pretty(&all.as_deref()).unwrap_or_default();
    let headers = attached(&file, "application/json; charset=utf-8");
    Ok((headers, text).into_response())
}
