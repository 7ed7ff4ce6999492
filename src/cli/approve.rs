//! `dateline approve` and `dateline correct`.

use super::args::{ApproveArgs, CorrectArgs, NoticeArg};
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::Output;
use super::send::dispatch;
use crate::desk::Desk;
use crate::desk::correct::{Correction, Notice};
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
    let planned = desk
        .correct(&args.release, &correction, args.parity_ok)
        .await?;
    dispatch(planned, args.wait, desk, output).await
}
