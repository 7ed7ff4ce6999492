//! Who gets a release, and who not and why: seen while one chooses.

use super::Front;
use super::charts::{MOST, bars};
use super::fault::Answer;
use super::fields::query;
use super::order::OrderForm;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::audience::{Row, RowVerdict};
use crate::desk::review::{Looked, Surveyed, Turn};
use crate::desk::send::Order;
use crate::desk::slow::PATIENCE;
use crate::domain::audience::{Exclusion, Included, ZoneFrom};
use crate::domain::encryption::{Obstacle, Sealing};
use crate::domain::language::Choice;
use axum::extract::{Path, State};
use axum_extra::extract::Query;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// At most so many of each are shown at once; the numbers count all.
const SHOWN: usize = 200;

/// From which on both are shown, counted from nought.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Place {
    /// Those who get it.
    #[serde(default)]
    from: usize,
    /// Those who do not.
    #[serde(default)]
    out_from: usize,
}

impl Place {
    /// The address of another place in the same order, by which a page of one of
    /// the tables begins.
    fn address(self, form: &OrderForm, table: &str) -> String {
        let [from, out_from] = [self.from, self.out_from].map(|n| n.to_string());
        let place = [("from", from.as_str()), ("out_from", out_from.as_str())];
        let place = place.into_iter().filter(|(_, n)| *n != "0");
        format!("?{}&{}#{table}", form.query(), query(place))
    }
}

/// A page of a table, with where it is in it and what is before and behind it.
/// `address` is that of the page from a row on.
fn leaf(rows: &[Value], all: u64, from: usize, address: impl Fn(usize) -> String) -> Value {
    let last = from.saturating_add(rows.len());
    json!({
        "is_part": (rows.len() as u64) < all,
        "first": from.saturating_add(1),
        "last": last,
        "all": all,
        "begin": (from > 0).then(|| address(0)),
        "next": ((last as u64) < all).then(|| address(last)),
        "rows": rows,
    })
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(form): Query<OrderForm>,
    Query(place): Query<Place>,
) -> Answer {
    let id = front.release_id(&id)?;
    let (mut found, mut fault, mut counting) = (None, None, false);
    if form.is_begun() {
        let looked = match form.order(&id) {
            Ok(order) => look(&front, &order, place, Some(PATIENCE)).await,
            Err(error) => Err(error),
        };
        match front.told(&visitor, looked)? {
            Ok(Some(looked)) => found = Some(shown(&front, &visitor, &looked, &form, place)),
            Ok(None) => counting = true,
            Err(why) => fault = Some(why),
        }
    }
    let desk = front.desk();
    let mut segments: Vec<_> = desk
        .segments_now()?
        .iter()
        .map(|one| (one.name().to_owned(), one.rule().to_owned()))
        .collect();
    segments.extend(
        desk.press_lists(&front.counted)
            .await?
            .groups
            .iter()
            .map(|list| (list.name.clone(), String::new())),
    );
    let page = json!({
        "id": id,
        "form": form.shown(&segments),
        "hidden": form.hidden(),
        "chosen": form.chosen(),
        "query": form.query(),
        "fault": fault,
        "found": found,
        "counting": counting,
    });
    front.page(&visitor, "audience", "audience", page)
}

/// Looks at an order's audience, with the first of those who are in it and of those
/// who are not. Nothing, where that takes longer than somebody waits.
pub(super) async fn look(
    front: &Front,
    order: &Order,
    place: Place,
    patience: Option<Duration>,
) -> Result<Option<Arc<Looked>>, DeskError> {
    let wants = move || {
        let (mut included, mut excluded) = (0, 0);
        move |row: &Row| {
            let (seen, from) = match &row.verdict {
                RowVerdict::Included(_) => (&mut included, place.from),
                // Whom nobody asked for is no surprise; the numbers tell.
                RowVerdict::Excluded(Exclusion::NotSelected) => return false,
                RowVerdict::Excluded(_) => (&mut excluded, place.out_from),
            };
            *seen += 1;
            *seen > from && *seen - from <= SHOWN
        }
    };
    let desk = front.desk();
    let view = format!("page {place:?}");
    desk.look(&front.looks, order, &view, patience, wants).await
}

fn shown(
    front: &Front,
    visitor: &Visitor,
    looked: &Looked,
    form: &OrderForm,
    place: Place,
) -> Value {
    let (mut included, mut excluded) = (Vec::new(), Vec::new());
    for row in &looked.rows {
        match &row.verdict {
            RowVerdict::Included(own) => included.push(shown_included(front, visitor, row, own)),
            RowVerdict::Excluded(why) => excluded.push(json!({
                "email": row.email, "name": row.name, "outlet": row.outlet, "why": front.why(visitor, why),
            })),
        }
    }
    let surveyed = &looked.surveyed;
    let totals = &surveyed.totals;
    let chart = |title: &str, counts: &BTreeMap<String, u64>| {
        let mut all: Vec<_> = counts
            .iter()
            .map(|(name, number)| (named(name), *number, "bar"))
            .collect();
        all.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let title = front.pages.say(visitor.language, title, &[]);
        let others = all.iter().skip(MOST).map(|(_, number, _)| number);
        json!({ "svg": bars(&title, &all), "others": others.sum::<u64>() })
    };
    let reasons = totals
        .by_reason
        .iter()
        .map(|(reason, n)| json!({ "reason": reason, "n": n }));
    // Whom nobody asked for is not in the table.
    let unasked = totals.by_reason.get(Exclusion::NotSelected.name());
    let surprises = totals.excluded - unasked.copied().unwrap_or_default();
    let included = leaf(&included, totals.included, place.from, |from| {
        Place { from, ..place }.address(form, "included")
    });
    let excluded = leaf(&excluded, surprises, place.out_from, |out_from| {
        Place { out_from, ..place }.address(form, "excluded")
    });
    json!({
        "n": totals.included,
        "excluded_n": totals.excluded,
        "reasons": reasons.collect::<Vec<_>>(),
        "fallbacks": totals.fallbacks,
        "without_zone": totals.without_zone,
        "by_country": chart("by-country", &surveyed.by_country),
        "by_language": chart("by-language", &totals.by_language),
        "sentences": sentences(front, visitor, surveyed),
        "included": included,
        "excluded": excluded,
    })
}

fn named(name: &str) -> String {
    if name.is_empty() { "?" } else { name }.to_owned()
}

fn shown_included(front: &Front, visitor: &Visitor, row: &Row, own: &Included) -> Value {
    let languages: Vec<_> = own.languages.iter().map(ToString::to_string).collect();
    let asked = matches!(own.choice, Choice::Asked { .. });
    json!({
        "email": row.email,
        "preview": query([("contact", row.email.as_str())]),
        "name": row.name,
        "outlet": row.outlet,
        "country": row.country,
        "language": languages.join("+"),
        "fallback": !asked,
        "phase": own.phase.name(),
        "at": front.date(visitor.language, own.not_before, &own.zone),
        "zone": own.zone.name(),
        "own_zone": matches!(own.zone_from, ZoneFrom::Own),
        "segment": own.segment,
        "encrypted": matches!(own.sealing, Sealing::Yes { .. }),
        "unencrypted": match &own.sealing {
            Sealing::Unable { because } => Some(front.obstacle(visitor, because)),
            Sealing::No | Sealing::Yes { .. } => None,
        },
    })
}

/// What will happen, in words.
pub(super) fn sentences(front: &Front, visitor: &Visitor, surveyed: &Surveyed) -> Vec<String> {
    let say = |id: &str, with: &[(&str, Value)]| front.pages.say(visitor.language, id, with);
    let mut all: Vec<_> = surveyed
        .turns
        .iter()
        .map(|turn| sentence(front, visitor, turn))
        .collect();
    let languages = surveyed.totals.by_language.len();
    all.push(say("in-languages", &[("n", json!(languages))]));
    if let Some(outlook) = &surveyed.outlook {
        let last = front.shown(visitor, outlook.forecast.last);
        all.push(say(
            "last-through",
            &[("at", Value::String(format!("{} {}", last.text, last.zone)))],
        ));
        all.extend(outlook.warning.iter().map(|said| front.tell(visitor, said)));
    }
    all
}

fn sentence(front: &Front, visitor: &Visitor, turn: &Turn) -> String {
    let say = |id: &str, with: &[(&str, Value)]| front.pages.say(visitor.language, id, with);
    let shown = |at| {
        let at = front.shown(visitor, at);
        Value::String(format!("{} {}", at.text, at.zone))
    };
    let when = if turn.last <= front.desk().clock.now() {
        say("when-now", &[])
    } else if turn.first == turn.last {
        say("when-at", &[("at", shown(turn.first))])
    } else {
        say(
            "when-between",
            &[("first", shown(turn.first)), ("last", shown(turn.last))],
        )
    };
    let id = format!("will-{}", turn.phase.name());
    say(
        &id,
        &[("n", json!(turn.count)), ("when", Value::String(when))],
    )
}

impl Front {
    /// What keeps a mail from being encrypted, in the visitor's language.
    pub(super) fn obstacle(&self, visitor: &Visitor, obstacle: &Obstacle) -> String {
        let id = format!("obstacle-{}", obstacle.name().replace('_', "-"));
        let at = obstacle.at().map(|at| self.shown(visitor, at).text);
        let with = [("at", json!(at.unwrap_or_default()))];
        let said = self.pages.say(visitor.language, &id, &with);
        match obstacle {
            Obstacle::Failed { cause } => format!("{said}: {cause}"),
            Obstacle::NoKey
            | Obstacle::Revoked
            | Obstacle::Expired { .. }
            | Obstacle::NotYet { .. } => said,
        }
    }

    /// Why somebody is left out, in the visitor's language.
    fn why(&self, visitor: &Visitor, why: &Exclusion) -> String {
        let detail = match why {
            Exclusion::InExcludedSegment { segment } => segment.clone(),
            Exclusion::Suppressed { because } => because.name().to_owned(),
            Exclusion::AlreadySent { distribution } => distribution.to_string(),
            Exclusion::TooLate { opens } => self.shown(visitor, *opens).text,
            Exclusion::CannotEncrypt { obstacle } => self.obstacle(visitor, obstacle),
            Exclusion::NotSelected | Exclusion::NoVariant => String::new(),
        };
        let id = format!("reason-{}", why.name().replace('_', "-"));
        let said = self.pages.say(visitor.language, &id, &[]);
        if detail.is_empty() {
            said
        } else {
            format!("{said}: {detail}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_turned_over_and_nobody_is_left_out() {
        let page = |from: usize| {
            let rows: Vec<_> = (from..450).take(SHOWN).map(|n| json!(n)).collect();
            leaf(&rows, 450, from, |from| from.to_string())
        };
        let (mut from, mut seen) = (0, Vec::new());
        loop {
            let shown = page(from);
            assert_eq!(shown["first"], from + 1);
            assert_eq!(shown["begin"].is_null(), from == 0);
            seen.extend(shown["rows"].as_array().unwrap().clone());
            let Some(next) = shown["next"].as_str() else {
                break;
            };
            from = next.parse().unwrap();
        }
        assert_eq!(seen, (0..450).map(|n| json!(n)).collect::<Vec<_>>());
        let beyond = page(usize::MAX);
        assert!(beyond["next"].is_null() && beyond["rows"] == json!([]));
    }
}
