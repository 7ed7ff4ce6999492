//! `dateline hold`, `resume`, `kill`, `embargo`.

use super::args::{DeedArgs, EmbargoCommand};
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::Output;
use super::status;
use crate::desk::Desk;
use crate::desk::embargo::Moved;
use crate::dispatch::revisions::Deed;
use serde_json::{Value, json};

fn deed(why: &str, by: Option<String>, desk: &Desk) -> Result<Deed, CliError> {
    if why.trim().is_empty() {
        return Err(CliError::usage("--why is empty; the log needs a reason"));
    }
    Ok(desk.deed(&operator(by), why.trim()))
}

pub(super) async fn hold(args: DeedArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let which = desk.find(&args.distribution).await?;
    let held = desk.hold(&which, &deed(&args.why, args.by, desk)?).await?;
    output.say(format!(
        "{} is held: nothing that has not begun will begin",
        held.id
    ));
    show(&which, desk, output).await
}

pub(super) async fn resume(args: DeedArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let which = desk.find(&args.distribution).await?;
    let resumed = desk
        .resume(&which, &deed(&args.why, args.by, desk)?)
        .await?;
    output.say(format!("{} goes on", resumed.id));
    show(&which, desk, output).await
}

pub(super) async fn kill(args: DeedArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let which = desk.find(&args.distribution).await?;
    let withdrawn = desk.kill(&which, &deed(&args.why, args.by, desk)?).await?;
    output.say(format!(
        "{} is killed: {withdrawn} deliveries withdrawn",
        which.id
    ));
    show(&which, desk, output).await?;
    let counts = desk.status(&which).await?.counts;
    let (sent, in_doubt) = (counts.in_state("accepted"), counts.in_state("in_doubt"));
    if in_doubt > 0 {
        output.say(format!(
            "{in_doubt} are in doubt: nobody knows whether they have it; `--in-doubt` tells them too"
        ));
    }
    if sent + in_doubt > 0 {
        output.say(format!(
            "{sent} have it already; tell them with `dateline correct {} --notice kill`",
            which.release
        ));
    }
    Ok(Exit::Done)
}

pub(super) async fn embargo(
    command: EmbargoCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    let (moved, which, notice) = match command {
        EmbargoCommand::Lift { distribution, who } => {
            let which = desk.find(&distribution).await?;
            let deed = deed(&who.why, who.by, desk)?;
            let moved = desk.lift_embargo(&which, &deed).await?;
            (moved, which, "lifted-early")
        }
        EmbargoCommand::Move {
            distribution,
            time,
            who,
        } => {
            let which = desk.find(&distribution).await?;
            let deed = deed(&who.why, who.by, desk)?;
            let moved = desk.move_embargo(&which, &time, &deed).await?;
            (moved, which, "embargo-moved")
        }
    };
    for one in &moved {
        let lift = one.distribution.lift();
        output.say(format!(
            "the embargo of {} lifts {} now; {} deliveries were planned anew",
            one.distribution.id,
            lift.map(|at| desk.shown(at)).unwrap_or_default(),
            one.deliveries
        ));
    }
    let named_before: u64 = moved.iter().map(|one| one.named_before).sum();
    if named_before > 0 {
        output.say(format!(
            "{named_before} advance copies went out and name the old time; tell them with `dateline correct {} --notice {notice}`",
            which.release
        ));
    }
    output.say("release.toml and the texts still say what they said: change them too");
    if output.is_text() {
        return show(&which, desk, output).await;
    }
    let status = desk
        .status(&desk.find(&which.id.to_string()).await?)
        .await?;
    let moved: Vec<_> = moved.iter().map(described).collect();
    output.json(&json!({ "distribution": status, "moved": moved }));
    Ok(Exit::Done)
}

fn described(moved: &Moved) -> Value {
    json!({
        "id": moved.distribution.id,
        "lift": moved.distribution.lift(),
        "replanned": moved.deliveries,
        "named_before": moved.named_before,
    })
}

async fn show(
    which: &crate::domain::distribution::Distribution,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    let found = desk.find(&which.id.to_string()).await?;
    let status = desk.status(&found).await?;
    if output.is_text() {
        status::print(&status, output);
    } else {
        output.json(&json!({ "distribution": status }));
    }
    Ok(Exit::Done)
}
