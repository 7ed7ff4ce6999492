//! `dateline approve` and `dateline correct`.

use super::args::{ApproveArgs, CorrectArgs, NoticeArg};
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::Output;
use super::send::dispatch;
use crate::desk::Desk;
use crate::desk::correct::{Correction, FollowOrder, Followed, Notice};
use crate::domain::audience::Rule;
use serde_json::json;

pub(super) async fn run(args: ApproveArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    // A correction goes to those who received the original: it has no segments.
    let rule = if args.to.is_empty() && args.not.is_empty() {
        Rule {
            to: Vec::new(),
            not: Vec::new(),
        }
    } else {
        desk.rule(&args.to, &args.not)?
    };
    let by = operator(args.by);
    let approved = desk
        .approve(&args.release, &rule, &by, args.parity_ok)
        .await?;
    for warning in &approved.warnings {
        output.remark(warning);
    }
    let approval = &approved.approval;
    let hash = approval.print.hash();
    if output.is_text() {
        output.say(format!("{} approved by {by}", approval.release));
        output.say(format!("  content    {hash}"));
        output.say(format!(
            "  approvals  {} ({} needed while under embargo)",
            approved.by.join(", "),
            approved.needed
        ));
        output.say("any later edit of it makes this void");
    } else {
        output.json(&json!({
            "release": approval.release,
            "by": by,
            "at": approval.at,
            "content": hash,
            "approved_by": approved.by,
            "needed": approved.needed,
        }));
    }
    Ok(Exit::Done)
}

pub(super) async fn correct(
    args: CorrectArgs,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let correction = match (args.with, args.notice) {
        (Some(release), _) => Correction::With(release),
        (None, Some(NoticeArg::Kill)) => Correction::Notice(Notice::Kill),
        (None, Some(NoticeArg::LiftedEarly)) => Correction::Notice(Notice::LiftedEarly),
        (None, Some(NoticeArg::EmbargoMoved)) => Correction::Notice(Notice::EmbargoMoved),
        (None, None) => return Err(CliError::usage("--with RELEASE or --notice is needed")),
    };
    let order = FollowOrder {
        release: args.release,
        correction,
        parity_ok: args.parity_ok,
        in_doubt: args.in_doubt,
    };
    let followed = desk.correct(&order).await?;
    remark_on_doubt(&followed, args.in_doubt, output);
    dispatch(followed.planned, args.wait, desk, output).await
}

fn remark_on_doubt(followed: &Followed, asked: bool, output: &Output) {
    let left_out = followed.left_in_doubt;
    if left_out == 0 {
        return;
    }
    let what = if asked {
        "they are not in what goes on now: run it again when that is through"
    } else {
        "--in-doubt tells them too"
    };
    output.remark(format!(
        "{left_out} recipient(s) are in doubt and left out: nobody knows whether they have it; {what}"
    ));
}
