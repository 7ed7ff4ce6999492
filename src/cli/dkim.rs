//! `dateline dkim`.

use super::args::{AlgorithmArg, DkimCommand, KeygenArgs};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::Wiring;
use crate::desk::dkim::{KeyOrder, PublicKey, Wanted, keygen, records};
use serde_json::json;
use std::path::Path;

pub(super) fn run(
    command: DkimCommand,
    workspace: &Path,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        DkimCommand::Keygen(args) => make(args, workspace, wiring, output),
        DkimCommand::Record => show(workspace, wiring, output),
    }
}

fn make(
    args: KeygenArgs,
    workspace: &Path,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    let wanted = match (args.algorithm, args.bits) {
        (AlgorithmArg::Rsa, bits) => Wanted::Rsa(bits.unwrap_or(2048)),
        (AlgorithmArg::Ed25519, None) => Wanted::Ed25519,
        (AlgorithmArg::Ed25519, Some(_)) => {
            return Err(CliError::usage(
                "--bits is for RSA keys; an Ed25519 key has one length",
            ));
        }
    };
    let order = KeyOrder {
        selector: args.selector,
        domain: args.domain,
        wanted,
        out: args.out,
    };
    let made = keygen(workspace, &order, wiring)?;
    if !output.is_text() {
        output.json(&made);
        return Ok(Exit::Done);
    }
    output.say(format!(
        "made {}, for its owner alone: {}\n",
        made.file.display(),
        described(&made.key)
    ));
    output.say("1. publish in DNS\n");
    say_record(&made.key, output);
    output.say("2. when DNS shows it, add to dateline.toml\n");
    output.say(made.settings);
    Ok(Exit::Done)
}

fn show(workspace: &Path, wiring: &dyn Wiring, output: &Output) -> Result<Exit, CliError> {
    let keys = records(workspace, wiring)?;
    if !output.is_text() {
        output.json(&json!({ "keys": keys }));
        return Ok(Exit::Done);
    }
    for key in &keys {
        output.say(format!(
            "{} for {}: {}\n",
            key.selector,
            key.domain,
            described(key)
        ));
        say_record(key, output);
    }
    Ok(Exit::Done)
}

fn described(key: &PublicKey) -> String {
    format!("{}, {} bits", key.algorithm, key.bits)
}

fn say_record(key: &PublicKey, output: &Output) {
    output.say(format!("name:   {}", key.record.name));
    output.say("type:   TXT");
    output.say(format!("value:  {}\n", key.record.value));
    output.say(format!("as a line of a zone file:\n{}\n", key.zone));
}
