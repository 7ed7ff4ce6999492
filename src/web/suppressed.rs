//! Barred addresses: listed, added, lifted, carried in and out.

use super::Front;
use super::contacts::{Asked, REASONS, bar_row, sheet as contact_sheet};
use super::fault::{Answer, Fault};
use super::fields::{cut, one_more, query};
use super::files::{attached, brought};
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::readers::Breadth;
use crate::desk::suppression::BarsImported;
use crate::domain::address::EmailAddress;
use crate::domain::suppression::{SuppressionReason, SuppressionSearch};
use crate::intake::SuppressionWriter;
use crate::said;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Bars on one page.
const PAGE: usize = 50;

/// At most so many lines of a file that could not be taken are told.
const PROBLEMS: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    search: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    after: String,
}

impl Search {
    fn wanted(&self) -> SuppressionSearch {
        SuppressionSearch {
            text: self.search.trim().to_owned(),
            reason: SuppressionReason::from_name(&self.reason),
        }
    }
}

/// A bar as a form gives it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Bar {
    #[serde(default)]
    email: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    why: String,
}

impl Bar {
    fn reason(&self) -> Result<SuppressionReason, Fault> {
        SuppressionReason::from_name(&self.reason)
            .ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST))
    }
}

/// What the page has to say beside the list.
#[derive(Default)]
struct News {
    form: Bar,
    fault: Option<String>,
    imported: Option<BarsImported>,
    import_fault: Option<String>,
}

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Answer {
    sheet(&front, &visitor, &search, News::default()).await
}

async fn sheet(front: &Front, visitor: &Visitor, search: &Search, news: News) -> Answer {
    let desk = front.desk();
    let after = EmailAddress::parse(&search.after).ok();
    let mut bars = desk
        .suppressions(&search.wanted(), after.as_ref(), one_more(PAGE))
        .await?;
    let last = cut(&mut bars, PAGE).map(|bar| bar.email.to_string());
    let pairs = [
        ("search", search.search.as_str()),
        ("reason", &search.reason),
    ];
    let next = last.map(|last| query(pairs.into_iter().chain([("after", last.as_str())])));
    let reason = |reason: SuppressionReason, here: &str| json!({ "name": reason.name(), "here": reason.name() == here });
    let imported = news.imported.as_ref().map(|done| {
        let told = done.problems.iter().take(PROBLEMS);
        let problems: Vec<_> = told.map(|one| front.tell(visitor, one)).collect();
        json!({ "read": done.read, "added": done.added, "problems": problems })
    });
    let page = json!({
        "tab": "suppressed",
        "search": search.search,
        "reasons": SuppressionReason::ALL.map(|one| reason(one, &search.reason)),
        "choices": REASONS.map(|one| reason(one, &news.form.reason)),
        "bars": bars.iter().map(|bar| bar_row(front, visitor, bar)).collect::<Vec<_>>(),
        "form": { "email": news.form.email, "why": news.form.why },
        "fault": news.fault,
        "imported": imported,
        "import_fault": news.import_fault,
        "query": query(pairs),
        "forgotten": desk.forgotten_count().await?,
        "begun": !search.after.is_empty(),
        "next": next,
    });
    front.page(visitor, "suppressed", "tab-suppressed", page)
}

pub(super) async fn add(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<Bar>,
) -> Answer {
    let emails: Vec<_> = form.email.split_whitespace().map(str::to_owned).collect();
    let by = visitor.name()?;
    let added = match emails.is_empty() {
        true => Err(DeskError::request(said!(
            "no address is given; expected at least one"
        ))),
        false => {
            front
                .desk()
                .suppress(&emails, form.reason()?, &form.why, by)
                .await
        }
    };
    match front.told(&visitor, added)? {
        Ok(_) => Ok(Redirect::to("/contacts/suppressed?said=barred").into_response()),
        Err(fault) => {
            let news = News {
                form,
                fault: Some(fault),
                ..News::default()
            };
            sheet(&front, &visitor, &Search::default(), news).await
        }
    }
}

pub(super) async fn lift(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(form): Form<Bar>,
) -> Answer {
    let (desk, by) = (front.desk(), visitor.name()?);
    let lifted = desk.lift_suppression(&form.email, &form.why, by).await;
    match front.told(&visitor, lifted)? {
        Ok(_) => Ok(Redirect::to("/contacts/suppressed?said=lifted").into_response()),
        Err(fault) => {
            let news = News {
                fault: Some(fault),
                ..News::default()
            };
            sheet(&front, &visitor, &Search::default(), news).await
        }
    }
}

/// A bar on a contact's address, from their own page.
pub(super) async fn bar_contact(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Bar>,
) -> Answer {
    let email = front.contact(&id).await?.email.to_string();
    let by = visitor.name()?;
    let added = front
        .desk()
        .suppress(&[email], form.reason()?, &form.why, by)
        .await;
    answered(
        &front,
        &visitor,
        &id,
        front.told(&visitor, added.map(drop))?,
        &form,
        "barred",
    )
    .await
}

/// The bar on a contact's address lifted, from their own page.
pub(super) async fn free_contact(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Bar>,
) -> Answer {
    let email = front.contact(&id).await?.email.to_string();
    let by = visitor.name()?;
    let lifted = front.desk().lift_suppression(&email, &form.why, by).await;
    answered(
        &front,
        &visitor,
        &id,
        front.told(&visitor, lifted.map(drop))?,
        &form,
        "lifted",
    )
    .await
}

/// A press list that somebody leaves.
#[derive(Debug, Deserialize)]
pub(super) struct Leaving {
    #[serde(default)]
    list: String,
    #[serde(default)]
    why: String,
}

/// A contact taken off a press list because they asked for it: no import puts them
/// back on it.
pub(super) async fn leave_list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<Leaving>,
) -> Answer {
    let email = front.contact(&id).await?.email;
    let (desk, by) = (front.desk(), visitor.name()?);
    let left = match (form.list.trim(), form.why.trim()) {
        ("", _) | (_, "") => Err(DeskError::request(said!(
            "somebody leaves a list for a reason: say which list, and why"
        ))),
        (list, why) => desk.opt_out(&email, Breadth::List(list), why, by).await,
    };
    let bar = Bar {
        why: form.why,
        ..Bar::default()
    };
    answered(
        &front,
        &visitor,
        &id,
        front.told(&visitor, left.map(drop))?,
        &bar,
        "left-list",
    )
    .await
}

async fn answered(
    front: &Front,
    visitor: &Visitor,
    id: &str,
    done: Result<(), String>,
    form: &Bar,
    said: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/contacts/{id}?said={said}")).into_response()),
        Err(fault) => {
            let asked = Asked {
                bar: Some(fault),
                form: json!({ "reason": form.reason, "why": form.why }),
                ..Asked::default()
            };
            contact_sheet(front, visitor, id, asked).await
        }
    }
}

/// The bars that somebody looks for, as the file that import reads.
pub(super) async fn export(
    State(front): State<Arc<Front>>,
    Path(file): Path<String>,
    Query(search): Query<Search>,
) -> Answer {
    if file != "suppressed.csv" {
        return Err(Fault::new(StatusCode::NOT_FOUND));
    }
    let failed = DeskError::file("write", file.as_str());
    let mut out = Vec::new();
    let mut writer = match SuppressionWriter::new(&mut out) {
        Ok(writer) => writer,
        Err(cause) => return Err(failed(cause).into()),
    };
    front
        .desk()
        .each_suppression(&search.wanted(), |bar| {
            writer
                .write(&bar)
                .map_err(DeskError::file("write", file.as_str()))
        })
        .await?;
    writer.finish().map_err(failed)?;
    Ok((attached(&file, "text/csv; charset=utf-8"), out).into_response())
}

pub(super) async fn import(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    form: Multipart,
) -> Answer {
    let file = brought(form).await?;
    let (name, bytes) = file.ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST))?;
    let (desk, by) = (front.desk(), visitor.name()?);
    let done = desk.import_suppressions(&bytes, &name, false, by);
    let mut news = News::default();
    match front.told(&visitor, done.await)? {
        Ok(done) => news.imported = Some(done),
        Err(fault) => news.import_fault = Some(fault),
    }
    sheet(&front, &visitor, &Search::default(), news).await
}
