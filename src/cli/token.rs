//! `dateline token`.

use super::args::TokenCommand;
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::{Output, table};
use crate::desk::Desk;
use crate::desk::tokens::{MadeToken, NewToken};
use crate::domain::token::{Scope, Token};
use serde_json::{Value, json};

pub(super) async fn run(
    command: TokenCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let by = operator(None);
    match command {
        TokenCommand::Add {
            name,
            user,
            scope,
            expires,
        } => {
            let new = NewToken {
                name,
                account: user,
                scopes: scope,
                expires,
            };
            made(&desk.add_token(&new, &by).await?, desk, output);
        }
        TokenCommand::List { user } => list(&desk.tokens(user.as_deref()).await?, desk, output),
        TokenCommand::Revoke { name } => {
            desk.end_token(&name, None, &by).await?;
            if output.is_text() {
                output.say(format!("{name} opens nothing any more"));
            } else {
                output.json(&json!({ "name": name, "revoked": true }));
            }
        }
    }
    Ok(Exit::Done)
}

fn described(token: &Token) -> Value {
    json!({
        "name": token.name,
        "user": token.account,
        "scopes": token.scopes,
        "made_at": token.made_at,
        "made_by": token.made_by,
        "expires": token.expires,
        "used": token.used,
    })
}

fn names(token: &Token) -> String {
    let names: Vec<_> = token.scopes.iter().copied().map(Scope::name).collect();
    names.join(" ")
}

fn made(made: &MadeToken, desk: &Desk, output: &Output) {
    let token = &made.token;
    if !output.is_text() {
        let mut value = described(token);
        value["token"] = json!(made.secret);
        output.json(&value);
        return;
    }
    output.say(&made.secret);
    output.remark(format!(
        "{} acts as {} ({}) until {}; it is shown this once and kept nowhere",
        token.name,
        token.account,
        names(token),
        desk.shown(token.expires)
    ));
}

fn list(tokens: &[Token], desk: &Desk, output: &Output) {
    if !output.is_text() {
        let all: Vec<_> = tokens.iter().map(described).collect();
        output.json(&all);
        return;
    }
    if tokens.is_empty() {
        output.say(
            "there is no token; `dateline token add NAME --user USER --scope SCOPE` makes one",
        );
        return;
    }
    let now = desk.clock.now();
    let rows = tokens.iter().map(|token| {
        let until = desk.shown(token.expires);
        vec![
            token.name.to_string(),
            token.account.to_string(),
            names(token),
            if token.stands(now) {
                until
            } else {
                format!("{until} (expired)")
            },
            token.used.map(|at| desk.shown(at)).unwrap_or_default(),
        ]
    });
    let mut shown = table(&["name", "acts as", "scopes", "until", "last used"]);
    shown.add_rows(rows);
    output.say(shown);
}
