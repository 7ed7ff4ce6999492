//! Contacts: found, and one with everything that is known of them.

use super::Front;
use super::bounces;
use super::fault::{Answer, Fault};
use super::fields::{cut, one_more, query};
use super::files::attached;
use super::keys;
use super::pieces::parts;
use super::sheet::Visitor;
use crate::desk::people::{DeliveryTo, Whole};
use crate::desk::{DeskError, background};
use crate::domain::address::EmailAddress;
use crate::domain::agreement::{AgreementWord, Party, Said, Scope};
use crate::domain::contact::Contact;
use crate::domain::contact_edit::Slot;
use crate::domain::contact_fields::Field;
use crate::domain::contact_search::ContactSearch;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::intake::ContactWriter;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum_extra::extract::Query;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Contacts on one page.
const PAGE: usize = 50;

/// Reasons for which somebody bars an address by hand.
pub(super) const REASONS: [SuppressionReason; 4] = [
    SuppressionReason::OptOut,
    SuppressionReason::Manual,
    SuppressionReason::Complaint,
    SuppressionReason::HardBounce,
];

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    search: String,
    #[serde(default)]
    list: String,
    #[serde(default)]
    after: String,
}

impl Search {
    fn wanted(&self) -> ContactSearch {
        let list = Some(self.list.clone()).filter(|list| !list.is_empty());
        ContactSearch::new(&self.search, list)
    }
}

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Answer {
    let (desk, wanted) = (front.desk(), search.wanted());
    // Whatever is no address stands before all of them.
    let after = EmailAddress::parse(&search.after).ok();
    let mut found = desk
        .find_contacts(&wanted, after.as_ref(), one_more(PAGE))
        .await?;
    let last = cut(&mut found, PAGE).map(|one| one.email.to_string());
    let pairs = [("search", search.search.as_str()), ("list", &search.list)];
    let next = last.map(|last| query(pairs.into_iter().chain([("after", last.as_str())])));
    let known = desk.press_lists(&front.counted).await?;
    let lists = known
        .names()
        .map(|name| json!({ "name": name, "here": name == search.list }));
    let page = json!({
        "tab": "contacts",
        "search": search.search,
        "list": search.list,
        "lists": lists.collect::<Vec<_>>(),
        "all": known.contacts,
        "contacts": found.iter().map(row).collect::<Vec<_>>(),
        "begun": !search.after.is_empty(),
        "first": query(pairs),
        "next": next,
    });
    front.page(&visitor, "contacts", "nav-contacts", page)
}

/// Contacts read at once for an export.
const BATCH: u32 = 1000;

/// The contacts that somebody looks for, as the file that import reads, sent as it is
/// read. An address book that leaves the desk is put on record.
pub(super) async fn export(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(file): Path<String>,
    Query(search): Query<Search>,
) -> Answer {
    if file != "contacts.csv" {
        return Err(Fault::new(StatusCode::NOT_FOUND));
    }
    let (desk, wanted) = (front.desk(), search.wanted());
    let columns = {
        let desk = Arc::clone(&desk);
        background::run(async move { desk.own_columns().await }).await?
    };
    let facts = json!({ "search": search.search, "list": search.list });
    desk.note(visitor.name()?, "contacts_exported", facts)
        .await?;
    let (sender, made) = mpsc::channel(2);
    background::spawn(async move {
        let (mut after, mut writer) = (None, Sheet::new(columns));
        loop {
            let page = desk.find_contacts(&wanted, after.as_ref(), BATCH).await;
            let part = page.and_then(|page| {
                after = page.last().map(|last| last.email.clone());
                writer.part(&page)
            });
            let is_over = part.is_err() || after.is_none();
            if sender.send(part).await.is_err() || is_over {
                return;
            }
        }
    });
    Ok((
        attached(&file, "text/csv; charset=utf-8"),
        Body::from_stream(parts(made)),
    )
        .into_response())
}

/// A CSV written part by part.
struct Sheet {
    columns: BTreeSet<String>,
    is_begun: bool,
}

impl Sheet {
    fn new(columns: BTreeSet<String>) -> Self {
        Self {
            columns,
            is_begun: false,
        }
    }

    /// The lines of these contacts, the header before the first.
    fn part(&mut self, contacts: &[Contact]) -> Result<Vec<u8>, DeskError> {
        let mut out = Vec::new();
        let failed = DeskError::file("write", "contacts.csv");
        let written = (|| {
            let columns = self.columns.clone();
            let mut writer = match self.is_begun {
                false => ContactWriter::new(&mut out, columns)?,
                true => ContactWriter::further(&mut out, columns),
            };
            contacts.iter().try_for_each(|one| writer.write(one))?;
            writer.finish()
        })();
        self.is_begun = true;
        written.map_err(failed).map(|()| out)
    }
}

fn row(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "email": contact.email,
        "name": contact.name,
        "outlet": contact.outlet,
        "role": contact.role,
        "country": contact.country,
        "languages": Field::Languages.text(contact),
        "lists": contact.lists,
    })
}

/// What stands in the forms of a contact's page, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What is wrong with a word on an agreement.
    pub(super) agreement: Option<String>,
    /// What is wrong with a bar.
    pub(super) bar: Option<String>,
    /// What is wrong with a key or a policy of encryption.
    pub(super) key: Option<String>,
    /// What was written, by field.
    pub(super) form: Value,
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    sheet(&front, &visitor, &id, Asked::default()).await
}

/// A contact's page, with what somebody asked for in vain.
pub(super) async fn sheet(front: &Front, visitor: &Visitor, id: &str, asked: Asked) -> Answer {
    let desk = front.desk();
    let whole = desk.whole(front.contact(id).await?).await?;
    let contact = &whole.contact;
    let called = match contact.name.as_str() {
        "" => contact.email.to_string(),
        name => name.to_owned(),
    };
    let form = |name: &str| asked.form[name].as_str().unwrap_or_default().to_owned();
    let page = json!({
        "id": contact.id,
        "called": called,
        "email": contact.email,
        "outlet": contact.outlet,
        "facts": facts(contact),
        "custom": contact.custom,
        "lists": contact.lists,
        "former": whole.former,
        "left_lists": contact.left_lists.join(", "),
        "query": query([("email", contact.email.to_string().as_str())]),
        "listed": contact.embargo_agreement.is_some(),
        "listed_since": contact.embargo_agreement.as_ref().and_then(|one| one.since).map(|day| day.to_string()),
        "words": whole.words.iter().map(|word| word_row(front, visitor, word)).collect::<Vec<_>>(),
        "releases": desk.release_names()?,
        "bar": whole.suppression.as_ref().map(|bar| bar_row(front, visitor, bar)),
        "reasons": REASONS.map(SuppressionReason::name),
        "deliveries": deliveries(front, visitor, &whole),
        "all_bounces": query([("search", contact.email.to_string().as_str())]),
        "bounces": whole.bounces.iter().map(|one| bounces::row(front, visitor, one)).collect::<Vec<_>>(),
        "agreement_fault": asked.agreement,
        "bar_fault": asked.bar,
        "encryption": keys::shown(front, visitor, contact),
        "key_fault": asked.key,
        "form": {
            "party": form("party"), "release": form("release"), "since": form("since"),
            "until": form("until"), "note": form("note"), "reason": form("reason"), "why": form("why"),
        },
    });
    Ok(front
        .sheet(visitor, "contact", &called, page)?
        .into_response())
}

impl Front {
    /// The contact of an identifier that there is.
    pub(super) async fn contact(&self, id: &str) -> Result<Contact, Fault> {
        let found = self.desk().contact_of(id).await?;
        found.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND))
    }
}

/// Fields that say something, but for those that the page shows in its own way.
fn facts(contact: &Contact) -> Vec<Value> {
    let own_way = |slot: &Slot| {
        matches!(
            slot,
            Slot::Field(Field::Name | Field::Lists | Field::Encryption)
        )
    };
    let shown = Slot::all().filter(|slot| !own_way(slot));
    shown
        .map(|slot| (slot.name(), slot.text(contact)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| json!({ "name": name, "text": text }))
        .collect()
}

fn word_row(front: &Front, visitor: &Visitor, word: &AgreementWord) -> Value {
    let release = match &word.scope {
        Scope::All => None,
        Scope::Release(id) => Some(id.to_string()),
    };
    let outlet = match &word.party {
        Party::Contact(_) => None,
        Party::Outlet(name) => Some(name),
    };
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
    json!({
        "at": front.shown(visitor, word.recorded_at).text,
        "outlet": outlet,
        "said": match word.said { Said::Granted => "granted", Said::Revoked => "revoked" },
        "release": release,
        "since": day(word.since),
        "until": day(word.until),
        "by": word.recorded_by,
        "note": word.note,
    })
}

/// A bar for people.
pub(super) fn bar_row(front: &Front, visitor: &Visitor, bar: &Suppression) -> Value {
    json!({
        "email": bar.email,
        "reason": bar.reason.name(),
        "at": front.shown(visitor, bar.at).text,
        "by": bar.source,
        "why": bar.note,
    })
}

fn deliveries(front: &Front, visitor: &Visitor, whole: &Whole) -> Vec<Value> {
    let row = |one: &DeliveryTo| {
        let (delivery, state) = (&one.standing.delivery, &one.standing.state);
        json!({
            "distribution": delivery.distribution,
            "headline": one.headline,
            "state": state.name(),
            "phase": delivery.phase.name(),
            "at": front.shown(visitor, delivery.not_before).text,
            "attempts": one.standing.attempts,
        })
    };
    whole.deliveries.iter().map(row).collect()
}
