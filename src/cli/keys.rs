//! `dateline contacts key`.

use super::args::{KeyCommand, PolicyArg};
use super::error::{CliError, Exit};
use super::operator::operator;
use super::output::Output;
use crate::desk::keys::KeyReport;
use crate::desk::{Desk, DeskError};
use crate::domain::encryption::{EncryptionPolicy, PublicKey};
use crate::said;
use jiff::Timestamp;

pub(super) async fn run(
    command: KeyCommand,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    match command {
        KeyCommand::Import {
            email,
            file,
            policy,
            by,
        } => {
            let octets = std::fs::read(&file).map_err(DeskError::file("read", &file))?;
            let (name, policy) = (file.display().to_string(), policy.map(Into::into));
            let by = operator(by);
            let import = desk.import_key(&email, &name, octets, policy, &by);
            tell("imported", &import.await?, output);
        }
        KeyCommand::Show { email, armor } => {
            let report = desk.key_of(&email).await?;
            if !armor {
                tell("", &report, output);
                return Ok(Exit::Done);
            }
            let missing = || DeskError::request(said!("{email} has no key", email));
            let key = report.key.ok_or_else(missing)?;
            output.write(&key.armored);
        }
        KeyCommand::Remove { email, by } => {
            tell(
                "removed",
                &desk.remove_key(&email, &operator(by)).await?,
                output,
            );
        }
    }
    Ok(Exit::Done)
}

fn tell(what: &str, report: &KeyReport, output: &Output) {
    if !output.is_text() {
        return output.json(report);
    }
    let done = if what.is_empty() { "" } else { ": the key is " };
    output.say(format!("{}{done}{what}", report.contact));
    output.say(format!("encryption   {}", report.policy));
    match &report.key {
        Some(key) => tell_key(key, report, output),
        None => output.say("key          none"),
    }
    for warning in &report.warnings {
        output.say(format!("WARNING: {}", warning.words()));
    }
}

fn tell_key(key: &PublicKey, report: &KeyReport, output: &Output) {
    output.say(format!("key          {}", grouped(&key.fingerprint)));
    output.say(format!(
        "made         {}, {}",
        day(key.created),
        key.algorithm
    ));
    for part in &key.parts {
        let revoked = if part.revoked { ", revoked" } else { "" };
        output.say(format!("encrypts by  {}{revoked}", part.algorithm));
    }
    output.say(format!(
        "ends         {}",
        key.ends().map_or_else(|| "never".to_owned(), day)
    ));
    for id in &key.user_ids {
        output.say(format!("user id      {}", id.escape_debug()));
    }
    let state = report
        .obstacle
        .as_ref()
        .map_or_else(|| "can be used".to_owned(), ToString::to_string);
    output.say(format!("state        {state}"));
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A fingerprint as people read it out: in groups of four.
fn grouped(fingerprint: &str) -> String {
    let digits: Vec<_> = fingerprint.chars().collect();
    let groups = digits
        .chunks(4)
        .map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

impl From<PolicyArg> for EncryptionPolicy {
    fn from(policy: PolicyArg) -> Self {
        match policy {
            PolicyArg::Off => Self::Off,
            PolicyArg::Preferred => Self::Preferred,
            PolicyArg::Required => Self::Required,
        }
    }
}
