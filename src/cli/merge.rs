//! `dateline contacts duplicates`, `merge` and `distinct`.

use super::error::{CliError, Exit};
use super::import::fields;
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::Desk;
use crate::desk::merge::MergeOrder;
use crate::desk::segments::Counted;
use crate::domain::contact::Contact;
use crate::domain::merge::Picks;
use serde_json::json;

pub(super) async fn duplicates(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let found = desk
        .duplicates(&Counted::default(), None, usize::MAX)
        .await?;
    if output.is_text() {
        let one =
            |contact: &Contact| format!("{} ({}, {})", contact.email, contact.name, contact.outlet);
        for pair in &found.pairs {
            output.say(format!(
                "{} and {}: {}",
                one(&pair.one),
                one(&pair.other),
                pair.why
            ));
        }
        output.say(format!(
            "{} pair(s) that may be one person; `dateline contacts merge KEPT OTHER` makes two one, `dateline contacts distinct ONE OTHER` offers them no more",
            found.pairs.len()
        ));
    } else {
        output.json(&found.pairs);
    }
    Ok(Exit::Done)
}

pub(super) async fn merge(
    (kept, other): (String, String),
    chosen: &[String],
    by: Option<String>,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let mut picks = Picks::default();
    for text in chosen {
        let read = picks.read(text);
        read.map_err(|error| CliError::usage(format!("--pick: {error}")))?;
    }
    let order = MergeOrder {
        kept,
        other,
        picks,
        seen: None,
    };
    let merged = desk.merge_contacts(&order, &operator(by)).await?;
    if output.is_text() {
        output.say(format!(
            "{} went into {}{}",
            merged.removed.email,
            merged.kept.email,
            fields(&merged.fields)
        ));
        if let Some(reason) = merged.barred {
            output.say(format!("both addresses are barred now ({})", reason.name()));
        }
        if merged.cancelled > 0 {
            output.say(format!(
                "{} delivery(ies) ended: the same distribution brings the release to the other address",
                merged.cancelled
            ));
        }
        output.say(format!(
            "`dateline contacts undo {}` gives both their records back",
            merged.import
        ));
    } else {
        output.json(&merged);
    }
    Ok(Exit::Done)
}

pub(super) async fn tell_apart(
    (one, other): &(String, String),
    by: &str,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let new = desk.tell_apart(one, other, by).await?;
    if output.is_text() {
        let known = if new { "" } else { " (that is known)" };
        output.say(format!("{one} and {other} are two people{known}"));
    } else {
        output.json(&json!({ "one": one, "other": other, "new": new }));
    }
    Ok(Exit::Done)
}

pub(super) async fn offer_again(
    (one, other): &(String, String),
    by: &str,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    desk.offer_again(one, other, by).await?;
    if output.is_text() {
        output.say(format!("{one} and {other} may be one person again"));
    } else {
        output.json(&json!({ "one": one, "other": other }));
    }
    Ok(Exit::Done)
}

pub(super) async fn told_apart(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let all = desk.told_apart().await?;
    if output.is_text() {
        let mut rows = table(&["one", "other", "at", "by"]);
        for pair in &all {
            rows.add_row([
                pair.one.to_string(),
                pair.other.to_string(),
                pair.at.to_string(),
                pair.by.clone(),
            ]);
        }
        output.say(&rows);
    } else {
        output.json(&all);
    }
    Ok(Exit::Done)
}
