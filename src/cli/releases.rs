//! `dateline releases`.

use super::error::{CliError, Exit};
use super::output::{Output, counted, table};
use crate::desk::releases::{ReleaseCard, ReleaseSheet};
use crate::desk::status::Status;
use crate::desk::{Desk, Wiring};
use serde_json::{Value, json};

pub(super) async fn run(
    release: Option<&str>,
    desk: &Desk,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match release {
        Some(release) => one(&desk.release(release, wiring).await?, desk, output),
        None => all(&desk.releases().await?, desk, output),
    }
    Ok(Exit::Done)
}

fn all(releases: &[ReleaseCard], desk: &Desk, output: &Output) {
    if !output.is_text() {
        output.json(&releases);
        return;
    }
    let mut shown = table(&["release", "stage", "languages", "embargo", "headline"]);
    for card in releases {
        shown.add_row([
            card.id.clone(),
            card.stage.name().to_owned(),
            languages(card),
            embargo(card, desk),
            card.headline.clone(),
        ]);
    }
    output.say(shown);
}

fn languages(card: &ReleaseCard) -> String {
    let languages: Vec<_> = card.languages.iter().map(ToString::to_string).collect();
    languages.join(" ")
}

fn embargo(card: &ReleaseCard, desk: &Desk) -> String {
    let embargo = card.embargo.as_ref();
    embargo
        .map(|embargo| desk.shown(embargo.until))
        .unwrap_or_default()
}

fn one(sheet: &ReleaseSheet, desk: &Desk, output: &Output) {
    let card = &sheet.card;
    if !output.is_text() {
        output.json(&described(sheet));
        return;
    }
    output.say(format!("{}: {}", card.id, card.headline));
    output.say(format!("{}, {}", card.stage.name(), languages(card)));
    if card.embargo.is_some() {
        output.say(format!("embargoed until {}", embargo(card, desk)));
    }
    for problem in &sheet.problems {
        output.say(&problem.problem);
    }
    for uneven in &sheet.uneven {
        output.say(uneven);
    }
    for approval in &sheet.approvals {
        output.say(format!(
            "approved by {} on {}, content {}",
            approval.by,
            desk.shown(approval.at),
            approval.print.hash()
        ));
    }
    for status in &sheet.distributions {
        output.say(line(status));
    }
    for status in &sheet.followed {
        output.say(format!("told since: {}", line(status)));
    }
}

fn line(status: &Status) -> String {
    format!(
        "{}  {}  {}: {}",
        status.id,
        status.release,
        status.course.name().replace('_', " "),
        counted(&status.counts.by_state)
    )
}

fn described(sheet: &ReleaseSheet) -> Value {
    let variants = sheet.variants.iter().map(|one| {
        json!({
            "language": one.variant.language,
            "headline": one.variant.headline,
            "edited": one.edited,
        })
    });
    let uneven = sheet.uneven.iter().map(ToString::to_string);
    json!({
        "release": sheet.card,
        "variants": variants.collect::<Vec<_>>(),
        "problems": sheet.problems.iter().map(|one| &one.problem).collect::<Vec<_>>(),
        "uneven": uneven.collect::<Vec<_>>(),
        "approvals": sheet.approvals,
        "distributions": sheet.distributions,
        "followed": sheet.followed,
    })
}
