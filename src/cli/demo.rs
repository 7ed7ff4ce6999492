//! `dateline demo`.

use super::args::DemoArgs;
use super::error::{CliError, Exit};
use super::output::Output;
use super::progress::{Watch, stop_on_signal};
use super::send::object;
use super::status;
use crate::desk::demo::{Demo, Outcome, RELEASES};
use crate::desk::{DeskError, Wiring};
use crate::dispatch::progress::Progress;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) async fn run(
    args: DemoArgs,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let dir = match args.dir {
        Some(dir) => dir,
        None => temporary()?,
    };
    let demo = Demo::set_up(&dir, wiring).await?;
    let imported = demo.import().await?;
    output.say(format!(
        "sample newsroom in {}: {} contacts imported",
        dir.display(),
        imported.plan.imported.added
    ));
    output.say("a catcher on this machine plays the relay: every mail stays here\n");
    let mut statuses = Vec::new();
    for release in RELEASES {
        let distribution = demo.plan(release).await?;
        if let Some(lift) = distribution.lift() {
            output.say(format!(
                "{release} is under embargo until {} (a few seconds from now, for the demo):",
                lift.strftime("%H:%M:%S UTC")
            ));
            output.say("contacts with an agreement get it now, everyone else at the lift");
        } else {
            output.say(format!("{release} is for immediate release:"));
        }
        let progress = Arc::new(Progress::default());
        let stop = stop_on_signal(*output, "finishing the conversations under way …");
        let watch = Watch::begin(&progress, distribution.included, output);
        let sent = demo.send(&distribution, progress, stop).await;
        watch.end();
        let sent = sent?;
        status::print(&sent, output);
        output.say("");
        statuses.push(sent);
    }
    let mailbox = demo.mailbox.clone();
    let outcome = demo.finish(statuses).await?;
    report(&dir, &mailbox, &outcome, output);
    Ok(if outcome.log.verified {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

fn temporary() -> Result<PathBuf, CliError> {
    let dir = tempfile::Builder::new()
        .prefix("dateline-demo-")
        .tempdir()
        .map_err(DeskError::file("create", std::env::temp_dir()))?;
    Ok(dir.keep())
}

fn report(dir: &Path, mailbox: &Path, outcome: &Outcome, output: &Output) {
    if !output.is_text() {
        let statuses: Vec<_> = outcome.statuses.iter().collect();
        output.json(&object(
            dir,
            Some(mailbox),
            &statuses,
            outcome.log.entries,
            outcome.log.verified,
        ));
        return;
    }
    output.say(format!(
        "{} mails caught, in {}",
        outcome.caught,
        mailbox.display()
    ));
    match &outcome.log.broken {
        None => output.say(format!(
            "delivery log: {} entries, verified",
            outcome.log.entries
        )),
        Some(broken) => output.say(format!("delivery log: BROKEN: {broken}")),
    }
    output.say("(a few contacts script faults: refused twice, refused for good, a reply lost after the final dot)\n");
    output.say("what to try next:");
    let at = dir.display();
    for line in [
        format!("dateline -C {at} status"),
        format!("dateline -C {at} log latest"),
        format!("dateline -C {at} log verify"),
        format!("dateline -C {at} in-doubt list"),
        format!(
            "dateline -C {at} audience {} --to central-asia --selected",
            RELEASES[1]
        ),
        format!(
            "dateline -C {at} preview {} --lang ru --out {at}/preview",
            RELEASES[1]
        ),
        format!(
            "dateline -C {at} send {} --to environment --again --dry-run",
            RELEASES[1]
        ),
    ] {
        output.say(format!("  {line}"));
    }
}
