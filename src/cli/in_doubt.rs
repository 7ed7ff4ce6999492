//! `dateline in-doubt`.

use super::args::InDoubtCommand;
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::Desk;
use crate::desk::in_doubt::Decision;
use crate::domain::ids::DeliveryId;
use crate::store::Standing;
use serde_json::{Value, json};

pub(super) async fn run(
    command: InDoubtCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        InDoubtCommand::List { distribution } => list(distribution.as_deref(), desk, output).await,
        InDoubtCommand::Resend { delivery } => {
            decide(&delivery, &Decision::Resend, desk, output).await
        }
        InDoubtCommand::Settle {
            delivery, arrived, ..
        } => {
            let decision = if arrived {
                Decision::Arrived
            } else {
                Decision::Abandon
            };
            decide(&delivery, &decision, desk, output).await
        }
    }
}

async fn list(distribution: Option<&str>, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    let distribution = match distribution {
        Some(text) => Some(desk.find(text).await?.id),
        None => None,
    };
    let standings = desk.in_doubt(distribution).await?;
    if output.is_text() {
        let mut rows = table(&["delivery", "email", "distribution", "attempts"]);
        for standing in &standings {
            let delivery = &standing.delivery;
            rows.add_row([
                delivery.id.to_string(),
                delivery.recipient.email.to_string(),
                delivery.distribution.to_string(),
                standing.attempts.to_string(),
            ]);
        }
        output.say(&rows);
        output.say(format!("{} in doubt; ask the relay's log for the Message-ID, then `dateline in-doubt settle` or `resend`", standings.len()));
    } else {
        output.json(&json!({ "in_doubt": standings.iter().map(shown).collect::<Vec<_>>() }));
    }
    Ok(Exit::Done)
}

fn shown(standing: &Standing) -> Value {
    let delivery = &standing.delivery;
    json!({
        "delivery": delivery.id,
        "distribution": delivery.distribution,
        "email": delivery.recipient.email,
        "state": standing.state.name(),
        "attempts": standing.attempts,
    })
}

async fn decide(
    delivery: &str,
    decision: &Decision,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    let id: DeliveryId = delivery
        .parse()
        .map_err(|error: crate::domain::ids::IdError| CliError::usage(error.to_string()))?;
    let standing = desk.decide(id, None, decision, &operator(None)).await?;
    if output.is_text() {
        output.say(format!("{id} is {} now", standing.state.name()));
    } else {
        output.json(&shown(&standing));
    }
    Ok(Exit::Done)
}
