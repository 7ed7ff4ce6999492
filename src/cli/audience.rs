//! `dateline audience`.

use super::args::AudienceArgs;
use super::error::{CliError, Exit};
use super::output::{Output, counted, table};
use super::status::through;
use crate::desk::Desk;
use crate::desk::audience::{Row, RowVerdict, Totals};
use crate::desk::send::Order;
use crate::domain::audience::{Exclusion, Included, ZoneFrom};
use crate::domain::encryption::Sealing;
use crate::domain::language::Choice;
use crate::domain::release::Release;
use serde_json::json;

pub(super) async fn run(
    args: AudienceArgs,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let order = Order {
        release: args.release,
        to: args.whom.to,
        not: args.whom.not,
        again: args.whom.again,
        when: args.when.into(),
        ..Order::default()
    };
    let mut rows: Vec<Row> = Vec::new();
    let wanted = |row: &Row| {
        !args.selected || !matches!(row.verdict, RowVerdict::Excluded(Exclusion::NotSelected))
    };
    let keep = |row: Row| {
        if wanted(&row) {
            rows.push(row);
        }
    };
    let surveyed = desk.survey(&order, keep).await?;
    let (release, totals, outlook) = (&surveyed.release, &surveyed.totals, &surveyed.outlook);
    if output.is_text() {
        print(release, &rows, totals, output);
        if let Some(outlook) = outlook {
            output.say(through(outlook));
            if let Some(warning) = &outlook.warning {
                output.say(format!("WARNING: {warning}"));
            }
        }
    } else {
        output.json(&json!({ "release": release.id, "totals": totals, "forecast": outlook, "contacts": rows }));
    }
    Ok(Exit::Done)
}

fn print(release: &Release, rows: &[Row], totals: &Totals, output: &Output) {
    let mut included = table(&[
        "email",
        "outlet",
        "language",
        "phase",
        "when (their clock)",
        "segment",
    ]);
    let mut excluded = table(&["email", "outlet", "why not"]);
    for row in rows {
        match &row.verdict {
            RowVerdict::Included(own) => {
                included.add_row([
                    row.email.clone(),
                    row.outlet.clone(),
                    language(own),
                    own.phase.name().to_owned(),
                    when(own),
                    own.segment.clone(),
                ]);
            }
            RowVerdict::Excluded(why) => {
                excluded.add_row([
                    row.email.clone(),
                    row.outlet.clone(),
                    why.explain().to_string(),
                ]);
            }
        }
    }
    output.say(format!("{}: {}", release.id, release.headline()));
    output.say(&included);
    if !excluded.is_empty() {
        output.say(&excluded);
    }
    sum_up(totals, output);
}

fn sum_up(totals: &Totals, output: &Output) {
    output.say(format!(
        "{} included: {}; {}",
        totals.included,
        counted(&totals.by_language),
        counted(&totals.by_phase)
    ));
    output.say(format!(
        "{} excluded: {}",
        totals.excluded,
        counted(&totals.by_reason)
    ));
    if totals.fallbacks > 0 {
        output.say(format!(
            "{} get a language they did not ask for (marked with the reason)",
            totals.fallbacks
        ));
    }
    if totals.zone_by_country > 0 {
        output.say(format!(
            "{} have no time zone of their own (°): their country's only one is used",
            totals.zone_by_country
        ));
    }
    if !totals.unclear.is_empty() {
        output.say(format!(
            "WARNING: --at-local is not one instant on some clocks (?), so `send` refuses it: {}",
            totals.unclear
        ));
    }
    if totals.without_zone > 0 {
        output.say(format!(
            "{} have no time zone of their own (*): the newsroom's is used",
            totals.without_zone
        ));
    }
}

fn language(own: &Included) -> String {
    let languages: Vec<_> = own.languages.iter().map(ToString::to_string).collect();
    let language = match &own.choice {
        Choice::Asked { .. } => languages.join("+"),
        Choice::Fallback { from } => format!("{} (fallback for {from})", languages.join("+")),
        Choice::ReleaseDefault => format!("{} (the release's first)", languages.join("+")),
    };
    match &own.sealing {
        Sealing::No => language,
        Sealing::Yes { .. } => format!("{language}, encrypted"),
        Sealing::Unable { because } => format!("{language}, in the clear: {because}"),
    }
}

fn when(own: &Included) -> String {
    let star = match own.zone_from {
        ZoneFrom::Own => "",
        ZoneFrom::Country => "°",
        ZoneFrom::Newsroom => "*",
    };
    let unclear = if own.unclear.is_some() { " ?" } else { "" };
    format!("{}{star}{unclear}", own.zone.show(own.not_before))
}
