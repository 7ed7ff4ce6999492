//! `dateline send`.

use super::args::{SendArgs, Whom};
use super::error::{CliError, Exit};
use super::output::{Output, counted};
use super::progress::{Watch, stop_on_signal};
use super::status;
use crate::desk::rehearsal::Rehearsal;
use crate::desk::review::Expected;
use crate::desk::send::{Order, Planned};
use crate::desk::status::Status;
use crate::desk::traces::REHEARSAL;
use crate::desk::{Desk, DeskError, Wiring};
use crate::dispatch::progress::Progress;
use crate::dispatch::run::Until;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(
    args: SendArgs,
    desk: &Desk,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let Whom { to, not, again } = args.whom;
    let order = Order {
        release: args.release,
        to,
        not,
        again,
        when: args.when.into(),
        parity_ok: args.parity_ok,
        expected: Expected {
            included: args.expect,
            content: None,
        },
    };
    if args.dry_run {
        return rehearse(&order, desk, wiring, output).await;
    }
    let planned = desk.plan(&order).await?;
    dispatch(planned, args.wait, desk, output).await
}

/// Works on what was planned, and reports.
pub(super) async fn dispatch(
    planned: Planned,
    wait: bool,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    announce(&planned, desk, output).await?;
    let distribution = planned.distribution;
    let progress = Arc::new(Progress::default());
    let stop = stop_on_signal(*output, "finishing the conversations under way …");
    let watch = Watch::begin(&progress, distribution.included, output);
    let until = if wait {
        Until::AllSettled
    } else {
        Until::NothingDue
    };
    let ended = desk
        .dispatch(&distribution, until, progress, stop.clone())
        .await;
    watch.end();
    let status = desk.status(&distribution).await?;
    report(&status, desk, output, &stop).await?;
    ended?;
    Ok(exit(&status))
}

async fn announce(planned: &Planned, desk: &Desk, output: &Output) -> Result<(), CliError> {
    for warning in &planned.warnings {
        output.remark(warning);
    }
    let distribution = &planned.distribution;
    if planned.continued {
        output.say(format!(
            "{} goes on: it was planned {} and has not come to its end",
            distribution.id,
            distribution.planned_at.strftime("%Y-%m-%d %H:%M UTC")
        ));
    } else {
        output.say(format!(
            "{} is planned: {} deliveries, {} contacts excluded",
            distribution.id,
            distribution.included,
            distribution.excluded.values().sum::<u64>()
        ));
    }
    if let Some(outlook) = desk.outlook(distribution).await? {
        output.say(status::through(&outlook));
        if let Some(warning) = &outlook.warning {
            output.remark(format!("warning: {warning}"));
        }
    }
    Ok(())
}

fn exit(status: &Status) -> Exit {
    if status.counts.failed() > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    }
}

async fn report(
    status: &Status,
    desk: &Desk,
    output: &Output,
    stop: &CancellationToken,
) -> Result<(), CliError> {
    if !output.is_text() {
        let log = desk.verify(None).await?;
        output.json(&object(
            &desk.workspace,
            None,
            &[status],
            log.entries,
            log.verified,
        ));
        return Ok(());
    }
    status::print(status, output);
    let waiting = status.counts.waiting();
    if stop.is_cancelled() {
        output.say(format!("stopped: {waiting} deliveries wait; nothing is lost. Run the same command again to go on."));
    } else if waiting > 0 {
        let next = status
            .next_due
            .map(|at| format!(", the next at {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")))
            .unwrap_or_default();
        output.say(format!("{waiting} deliveries wait for their time{next}. `dateline serve` sends them then; or run the same command again, or with --wait now."));
    }
    if status.counts.in_state("in_doubt") > 0 {
        output.say("some are in doubt: `dateline in-doubt list`");
    }
    Ok(())
}

/// The object that `send` and `demo` print.
pub(super) fn object(
    workspace: &std::path::Path,
    mailbox: Option<&std::path::Path>,
    statuses: &[&Status],
    entries: u64,
    verified: bool,
) -> Value {
    let distributions: Vec<_> = statuses.iter().map(|status| distribution(status)).collect();
    json!({
        "workspace": workspace,
        "mailbox": mailbox,
        "distributions": distributions,
        "log": { "entries": entries, "verified": verified },
    })
}

fn distribution(status: &Status) -> Value {
    json!({
        "id": status.id,
        "release": status.release,
        "audience": { "included": status.audience.included, "excluded": status.audience.excluded },
        "by_state": status.counts.by_state,
        "by_language": status.counts.by_language,
        "by_phase": status.counts.by_phase,
    })
}

async fn rehearse(
    order: &Order,
    desk: &Desk,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    let mailbox = rehearsal_mailbox()?;
    output.say(format!(
        "dry run: every mail goes to {}; no relay is spoken to, nothing is remembered",
        mailbox.display()
    ));
    let progress = Arc::new(Progress::default());
    let stop = stop_on_signal(*output, "stopping the rehearsal …");
    let watch = Watch::begin(&progress, 0, output);
    let rehearsed = desk.rehearse(order, wiring, &mailbox, progress, stop).await;
    watch.end();
    let rehearsal = rehearsed?;
    if output.is_text() {
        print(&rehearsal, output);
    } else {
        let status = &rehearsal.status;
        let mut value = object(
            &desk.workspace,
            Some(&rehearsal.mailbox),
            &[status],
            rehearsal.log.entries,
            rehearsal.log.verified,
        );
        value["dry_run"] = json!({ "caught": rehearsal.caught, "by_segment": rehearsal.totals.by_segment, "largest": rehearsal.largest, "warnings": rehearsal.warnings });
        output.json(&value);
    }
    Ok(exit(&rehearsal.status))
}

fn print(rehearsal: &Rehearsal, output: &Output) {
    output.say(format!(
        "{} mails caught, {} of them in the audience of {}",
        rehearsal.caught,
        rehearsal.status.counts.in_state("accepted"),
        rehearsal.totals.included
    ));
    output.say(format!(
        "  state      {}",
        counted(&rehearsal.status.counts.by_state)
    ));
    output.say(format!(
        "  language   {}",
        counted(&rehearsal.totals.by_language)
    ));
    output.say(format!(
        "  segment    {}",
        counted(&rehearsal.totals.by_segment)
    ));
    output.say(format!(
        "  phase      {}",
        counted(&rehearsal.totals.by_phase)
    ));
    output.say(format!("  largest    {} octets", rehearsal.largest));
    for warning in &rehearsal.warnings {
        output.say(format!("  warning    {warning}"));
    }
}

/// A new folder of this user's alone that outlives the command.
fn rehearsal_mailbox() -> Result<PathBuf, CliError> {
    let dir = tempfile::Builder::new()
        .prefix(REHEARSAL)
        .tempdir()
        .map_err(DeskError::file("create", std::env::temp_dir()))?;
    Ok(dir.keep())
}
