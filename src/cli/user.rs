//! `dateline user`.

use super::args::UserCommand;
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::Desk;
use crate::domain::account::Account;
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal};

pub(super) async fn run(
    command: UserCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let by = operator(None);
    match command {
        UserCommand::Add {
            name,
            role,
            full_name,
        } => {
            let password = new_password()?;
            let made = desk
                .add_user(&name, &full_name, role.into(), &password, &by)
                .await?;
            show(&made, "may sign in", output);
        }
        UserCommand::List => list(&desk.users().await?, output),
        UserCommand::Role { name, role } => {
            show(
                &desk.set_role(&name, role.into(), &by).await?,
                "has that role now",
                output,
            );
        }
        UserCommand::Password { name } => {
            // Somebody who mistyped a name need not think of a password first.
            desk.user(&name).await?;
            let changed = desk
                .set_password(&name, &new_password()?, None, &by)
                .await?;
            show(
                &changed,
                "has another password; every session has ended",
                output,
            );
        }
        UserCommand::Disable { name } => {
            show(
                &desk.set_disabled(&name, true, &by).await?,
                "may sign in no more",
                output,
            );
        }
        UserCommand::Enable { name } => {
            show(
                &desk.set_disabled(&name, false, &by).await?,
                "may sign in again",
                output,
            );
        }
        UserCommand::ResetSecondFactor { name } => {
            desk.drop_second_factor(&name, &by).await?;
            show(&desk.user(&name).await?, "has no second factor now", output);
        }
        UserCommand::Acts { limit } => acts(desk, limit, output).await?,
    }
    Ok(Exit::Done)
}

/// Asks twice at a terminal; else takes a line of standard input.
fn new_password() -> Result<String, CliError> {
    let unread =
        |error: std::io::Error| CliError::usage(format!("cannot read a password: {error}"));
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(unread)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("New password: ").map_err(unread)?;
    let second = rpassword::prompt_password("Once more: ").map_err(unread)?;
    if first == second {
        Ok(first)
    } else {
        Err(CliError::usage("the two passwords differ"))
    }
}

fn described(account: &Account) -> Value {
    json!({
        "name": account.name,
        "full_name": account.full_name,
        "role": account.role,
        "second_factor": account.second_factor.is_some(),
        "disabled": account.disabled,
        "made_at": account.made_at,
        "locked_until": account.locked_until,
    })
}

fn show(account: &Account, what: &str, output: &Output) {
    if output.is_text() {
        output.say(format!("{} ({}) {what}", account.name, account.role.name()));
    } else {
        output.json(&described(account));
    }
}

fn list(accounts: &[Account], output: &Output) {
    if !output.is_text() {
        let all: Vec<_> = accounts.iter().map(described).collect();
        output.json(&all);
        return;
    }
    if accounts.is_empty() {
        output.say(
            "nobody may sign in yet; `dateline user add NAME --role admin` makes the first account",
        );
        return;
    }
    let yes = |known: bool| if known { "yes" } else { "no" }.to_owned();
    let rows = accounts.iter().map(|account| {
        vec![
            account.name.to_string(),
            account.full_name.clone(),
            account.role.name().to_owned(),
            yes(account.second_factor.is_some()),
            yes(!account.disabled),
        ]
    });
    let mut shown = table(&["name", "full name", "role", "second factor", "may sign in"]);
    shown.add_rows(rows);
    output.say(shown);
}

async fn acts(desk: &Desk, limit: u32, output: &Output) -> Result<(), CliError> {
    let acts = desk.acts(None, limit).await?;
    if !output.is_text() {
        let all: Vec<_> = acts.iter().map(|(_, act)| act).collect();
        output.json(&all);
        return Ok(());
    }
    let rows = acts.iter().map(|(_, act)| {
        let facts: Vec<_> = act
            .facts
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        vec![
            desk.shown(act.at),
            act.by.clone(),
            act.act.replace('_', " "),
            facts.join(", "),
        ]
    });
    let mut shown = table(&["when", "by", "act", "on"]);
    shown.add_rows(rows);
    output.say(shown);
    Ok(())
}
