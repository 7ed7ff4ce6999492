//! `dateline status`.

use super::error::{CliError, Exit};
use super::output::{Output, counted, table};
use crate::desk::Desk;
use crate::desk::schedule::Outlook;
use crate::desk::status::Status;
use crate::domain::course::Course;
use serde_json::json;

pub(super) async fn run(
    distribution: Option<&str>,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let Some(text) = distribution else {
        return all(desk, output).await;
    };
    let status = desk.status_alone(&desk.find(text).await?).await?;
    if output.is_text() {
        print(&status, output);
    } else {
        output.json(&status);
    }
    Ok(Exit::Done)
}

async fn all(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let statuses = desk.statuses().await?;
    if !output.is_text() {
        output.json(&json!({ "distributions": statuses }));
        return Ok(Exit::Done);
    }
    let mut rows = table(&[
        "distribution",
        "release",
        "planned",
        "audience",
        "course",
        "deliveries",
    ]);
    for status in &statuses {
        let planned = status.planned_at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        rows.add_row([
            status.id.clone(),
            status.release.clone(),
            planned,
            status.audience.included.to_string(),
            course(&status.course),
            counted(&status.counts.by_state),
        ]);
    }
    output.say(&rows);
    Ok(Exit::Done)
}

fn course(course: &Course) -> String {
    course.name().replace('_', " ")
}

/// When a distribution will be through, in words.
pub(super) fn through(outlook: &Outlook) -> String {
    let forecast = &outlook.forecast;
    format!(
        "the last will be through {} (at {} mails a second)",
        forecast.last.strftime("%Y-%m-%d %H:%M:%S UTC"),
        forecast.rate
    )
}

/// The largest domains; with what became of their deliveries, where that is known.
fn domains(status: &Status) -> String {
    let Some(alone) = &status.alone else {
        let domains = status.counts.by_domain.iter();
        return counted(domains.map(|(name, count)| (name, count)));
    };
    let domains = alone.outcomes.by_domain.iter();
    let told = domains.map(|one| {
        let all = one.outcomes.total();
        let parts = one.outcomes.parts().into_iter();
        let parts: Vec<_> = parts
            .map(|(outcome, number)| format!("{number} {}", outcome.name().replace('-', " ")))
            .collect();
        format!("{} {all} ({})", one.domain, parts.join(", "))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// One distribution in words.
pub(super) fn print(status: &Status, output: &Output) {
    output.say(format!("{}  {}", status.id, status.release));
    output.say(format!("  {}", status.headline));
    if let Some(original) = &status.follows {
        output.say(format!("  follows    {original}"));
    }
    output.say(format!(
        "  audience   {} included, {} excluded",
        status.audience.included, status.audience.excluded
    ));
    output.say(format!("  state      {}", counted(&status.counts.by_state)));
    output.say(format!(
        "  language   {}",
        counted(&status.counts.by_language)
    ));
    output.say(format!("  phase      {}", counted(&status.counts.by_phase)));
    output.say(format!("  domain     {}", domains(status)));
    if let Some(lift) = status.lift {
        output.say(format!(
            "  embargo    lifts {}",
            lift.strftime("%Y-%m-%d %H:%M:%S UTC")
        ));
    }
    match &status.course {
        Course::UnderWay { .. } => {}
        Course::Held { since, by, why, .. } => output.say(format!(
            "  HELD       since {} by {by}: {why}",
            since.strftime("%Y-%m-%d %H:%M:%S UTC")
        )),
        Course::Killed { at, by, why } => output.say(format!(
            "  KILLED     {} by {by}: {why}",
            at.strftime("%Y-%m-%d %H:%M:%S UTC")
        )),
    }
    if let Some(outlook) = &status.outlook {
        output.say(format!("  forecast   {}", through(outlook)));
        if let Some(warning) = &outlook.warning {
            output.say(format!("  WARNING    {warning}"));
        }
    }
    if let Some(rate) = status.alone.as_ref().and_then(|alone| alone.rate) {
        output.say(format!("  rate       {rate:.1} mails a second now"));
    }
    if let Some(next) = status.next_due {
        output.say(format!(
            "  next due   {}",
            next.strftime("%Y-%m-%d %H:%M:%S UTC")
        ));
    }
}
