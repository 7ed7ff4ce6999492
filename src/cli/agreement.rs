//! `dateline agreement`.

use super::args::{AgreementCommand, PartyArgs};
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::Desk;
use crate::desk::agreements::NewWord;
use crate::domain::address::EmailAddress;
use crate::domain::agreement::{AgreementWord, Party, Said, Scope};
use crate::domain::ids::ReleaseId;
use jiff::civil::Date;
use serde_json::json;

pub(super) async fn run(
    command: AgreementCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        AgreementCommand::Grant {
            party,
            since,
            until,
        } => {
            let word = word(party, Said::Granted, since, until, desk)?;
            record(&word, desk, output).await
        }
        AgreementCommand::Revoke { party } => {
            let word = word(party, Said::Revoked, None, None, desk)?;
            record(&word, desk, output).await
        }
        AgreementCommand::List => list(desk, output).await,
    }
}

fn word(
    args: PartyArgs,
    said: Said,
    since: Option<Date>,
    until: Option<Date>,
    desk: &Desk,
) -> Result<AgreementWord, CliError> {
    let usage = |error: &dyn std::fmt::Display| CliError::usage(error.to_string());
    let party = match (args.contact, args.outlet) {
        (Some(email), _) => {
            Party::Contact(EmailAddress::parse(&email).map_err(|error| usage(&error))?)
        }
        (None, Some(outlet)) if !outlet.trim().is_empty() => {
            Party::Outlet(outlet.trim().to_owned())
        }
        (None, _) => {
            return Err(CliError::usage(
                "--contact EMAIL or --outlet NAME is needed",
            ));
        }
    };
    let scope = match args.release {
        Some(release) => Scope::Release(ReleaseId::parse(&release).map_err(|error| usage(&error))?),
        None => Scope::All,
    };
    let new = NewWord {
        party,
        said,
        scope,
        since,
        until,
        note: args.note,
    };
    Ok(desk.agreement_word(new, &operator(args.by))?)
}

async fn record(word: &AgreementWord, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    for unknown in desk.unknown_in(word).await? {
        output.remark(format!("warning: {unknown}; recorded all the same"));
    }
    let moved = desk.record_agreement(word).await?;
    if output.is_text() {
        output.say(format!(
            "{}: {} for {}",
            word.party,
            said(word.said),
            word.scope
        ));
        if moved > 0 {
            output.say(format!(
                "{moved} planned advance deliveries wait for the lift now"
            ));
        }
    } else {
        output.json(&json!({ "word": word, "replanned": moved }));
    }
    Ok(Exit::Done)
}

async fn list(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let words = desk.agreement_words().await?;
    if !output.is_text() {
        output.json(&json!({ "agreements": words }));
        return Ok(Exit::Done);
    }
    let mut rows = table(&[
        "recorded", "who", "word", "for", "since", "until", "by", "note",
    ]);
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    for word in &words {
        rows.add_row([
            word.recorded_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            word.party.to_string(),
            said(word.said).to_owned(),
            word.scope.to_string(),
            day(word.since),
            day(word.until),
            word.recorded_by.clone(),
            word.note.clone(),
        ]);
    }
    output.say(&rows);
    output.say("agreements in the imported contact list are the oldest word, and stand in `dateline contacts list`");
    Ok(Exit::Done)
}

fn said(said: Said) -> &'static str {
    match said {
        Said::Granted => "granted",
        Said::Revoked => "revoked",
    }
}
