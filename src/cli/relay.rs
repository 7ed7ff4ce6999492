//! `dateline relay`.

use super::args::RelayCommand;
use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::Desk;
use crate::desk::relay::RelayReport;
use crate::domain::address::EmailAddress;
use crate::domain::reply::Handover;
use crate::relay::certificate::{Certificate, Protection};

pub(super) async fn run(
    command: RelayCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let RelayCommand::Test { name, to, no_probe } = command;
    let to = match (to, no_probe) {
        (Some(text), _) => Some(
            EmailAddress::parse(&text)
                .map_err(|error| CliError::usage(format!("--to: {error}")))?,
        ),
        (None, true) => None,
        (None, false) => Some(desk.settings.newsroom.from.clone()),
    };
    let report = desk.try_relay(&name, to).await?;
    if output.is_text() {
        show(&report, desk, output);
    } else {
        output.json(&report);
    }
    let refused = report
        .probe
        .as_ref()
        .is_some_and(|probe| !probe.is_accepted());
    Ok(if refused {
        Exit::SomeFailed
    } else {
        Exit::Done
    })
}

fn show(report: &RelayReport, desk: &Desk, output: &Output) {
    let portrait = &report.portrait;
    output.say(format!(
        "relay {} at {} answers; ready after {} ms",
        report.relay,
        report.place,
        portrait.took.as_millis()
    ));
    output.say(format!("  greeting    {}", portrait.banner));
    let mut announces = portrait.announces.iter();
    output.say(format!(
        "  goes by     {}",
        announces.next().map_or("", String::as_str)
    ));
    output.say(format!(
        "  announces   {}",
        announces.map(String::as_str).collect::<Vec<_>>().join(", ")
    ));
    match &portrait.protection {
        Some(protection) => show_protection(protection, desk, output),
        None => output.say("  protection  none: clear text"),
    }
    output.say(format!(
        "  login       {}",
        if portrait.logged_in {
            "yes"
        } else {
            "not asked for"
        }
    ));
    if let Some(probe) = &report.probe {
        let ended = match &probe.handover {
            Handover::Accepted { reply } => format!("accepted: {reply}"),
            Handover::Refused { step, reply } => format!("refused at step {step}: {reply}"),
            Handover::Lost { step, cause, .. } => format!("broke off at step {step}: {cause}"),
        };
        output.say(format!(
            "  probe       to {}, Message-ID {}: {ended}",
            probe.to, probe.message_id
        ));
    }
    for warning in &report.warnings {
        output.remark(format!("warning: {warning}"));
    }
}

fn show_protection(protection: &Protection, desk: &Desk, output: &Output) {
    output.say(format!(
        "  protection  {}, {}",
        protection.version, protection.cipher
    ));
    for certificate in &protection.chain {
        output.say(format!("  certificate {}", described(certificate, desk)));
    }
}

fn described(certificate: &Certificate, desk: &Desk) -> String {
    let until = certificate
        .not_after
        .map_or_else(|| "?".to_owned(), |at| desk.shown(at));
    let names = if certificate.names.is_empty() {
        String::new()
    } else {
        format!(" for {}", certificate.names.join(", "))
    };
    format!(
        "{}{names}, by {}, until {until}",
        certificate.subject, certificate.issuer
    )
}
