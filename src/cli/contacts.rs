//! `dateline contacts`.

use super::args::{ContactsCommand, Format};
use super::error::{CliError, Exit};
use super::import;
use super::keys;
use super::merge;
use super::operator::operator;
use super::output::{Output, table};
use super::people_args::{EditArgs, FindArgs};
use super::privacy;
use crate::desk::contacts::address;
use crate::desk::people::Saved;
use crate::desk::readers::Breadth;
use crate::desk::{Desk, DeskError, Wiring};
use crate::domain::contact::Contact;
use crate::domain::contact_edit::{Edit, FieldFault};
use crate::domain::contact_search::ContactSearch;
use crate::intake::ContactWriter;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Contacts read at once.
const PAGE: u32 = 1000;

pub(super) async fn run(
    command: ContactsCommand,
    desk: &Desk,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    match command {
        ContactsCommand::Import(args) => import::import(args, desk, output).await,
        ContactsCommand::Imports => import::imports(desk, output).await,
        ContactsCommand::Undo { import: which, by } => {
            import::undo(which.as_deref(), by, desk, output).await
        }
        ContactsCommand::Duplicates => merge::duplicates(desk, output).await,
        ContactsCommand::Merge {
            kept,
            other,
            pick,
            by,
        } => merge::merge((kept, other), &pick, by, desk, output).await,
        ContactsCommand::Distinct {
            one,
            other,
            undo,
            by,
        } => match one.zip(other) {
            None => merge::told_apart(desk, output).await,
            Some(pair) if undo => merge::offer_again(&pair, &operator(by), desk, output).await,
            Some(pair) => merge::tell_apart(&pair, &operator(by), desk, output).await,
        },
        ContactsCommand::Export { file } => export(file.as_deref(), desk, output).await,
        ContactsCommand::Add(edit) => add(edit, desk, output).await,
        ContactsCommand::Set(edit) => set(edit, desk, output).await,
        ContactsCommand::List(find) => list(&find, desk, output).await,
        ContactsCommand::Show {
            email,
            everything: false,
        } => show(&email, desk, output).await,
        ContactsCommand::Show {
            email,
            everything: true,
        } => privacy::show(&email, desk, output).await,
        ContactsCommand::Forget { email, yes, by } => {
            privacy::forget(&email, yes, &operator(by), desk, wiring, output).await
        }
        ContactsCommand::OptOut {
            email,
            list,
            why,
            by,
        } => opt_out(&email, list.as_deref(), &why, &operator(by), desk, output).await,
        ContactsCommand::Key { command } => keys::run(command, desk, output).await,
        ContactsCommand::Link { email } => link(&email, desk, output).await,
    }
}

async fn export(file: Option<&Path>, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    if output.format() == Format::Json {
        return list(&FindArgs::default(), desk, output).await;
    }
    let custom = desk.own_columns().await?;
    let failed = unwritten(file);
    let out = destination(file).map_err(&failed)?;
    let mut writer = ContactWriter::new(out, custom).map_err(&failed)?;
    let exported = desk
        .each_contact(|contact| writer.write(&contact).map_err(&failed))
        .await?;
    writer.finish().map_err(failed)?;
    if let Some(path) = file {
        output.say(format!("{exported} contacts written to {}", path.display()));
    }
    Ok(Exit::Done)
}

/// Where an export goes: a file for its owner alone, or standard output.
pub(super) fn destination(file: Option<&Path>) -> std::io::Result<Box<dyn Write>> {
    Ok(match file {
        Some(path) => Box::new(private(path)?),
        None => Box::new(std::io::stdout()),
    })
}

/// What is said of an export that cannot be written.
pub(super) fn unwritten(file: Option<&Path>) -> impl Fn(std::io::Error) -> DeskError + '_ {
    let path = file.unwrap_or(Path::new("-"));
    move |cause| DeskError::file("write", path)(cause)
}

/// A file for its owner alone: an address book can put people at risk.
pub(super) fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

async fn list(find: &FindArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let mut all = Vec::new();
    each_found(find, desk, |contact| all.push(contact)).await?;
    if output.is_text() {
        let mut rows = table(&[
            "email",
            "name",
            "outlet",
            "country",
            "languages",
            "zone",
            "agreement",
        ]);
        rows.add_rows(all.iter().map(row));
        output.say(&rows);
        output.say(format!("{} contacts", all.len()));
    } else {
        output.json(&all);
    }
    Ok(Exit::Done)
}

async fn each_found(
    find: &FindArgs,
    desk: &Desk,
    mut show: impl FnMut(Contact),
) -> Result<(), CliError> {
    let search = ContactSearch::new(&find.search, find.list.clone());
    let mut after = None;
    loop {
        let page = desk.find_contacts(&search, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.email.clone());
        page.into_iter().for_each(&mut show);
    }
}

async fn add(args: EditArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let edits = edits(&args.fields)?;
    let saved = desk
        .add_contact(&args.email, &edits, &operator(args.by))
        .await?;
    said(saved, "added", output)
}

async fn set(args: EditArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    if args.fields.is_empty() {
        return Err(CliError::usage(
            "nothing is to be changed; write FIELD=VALUE",
        ));
    }
    let edits = edits(&args.fields)?;
    let saved = desk
        .change_contact(&args.email, &edits, &operator(args.by))
        .await?;
    said(saved, "saved", output)
}

/// All of them, or everything that is wrong with them.
fn edits(fields: &[String]) -> Result<Vec<Edit>, CliError> {
    let (mut edits, mut faults) = (Vec::new(), Vec::new());
    for field in fields {
        match Edit::parse(field) {
            Ok(edit) => edits.push(edit),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(edits)
    } else {
        Err(refused(&faults))
    }
}

/// Fields that cannot be so, in words.
pub(super) fn refused(faults: &[FieldFault]) -> CliError {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    CliError::usage(format!("{}; nothing was changed", faults.join("; ")))
}

fn said(saved: Saved, what: &str, output: &Output) -> Result<Exit, CliError> {
    match saved {
        Saved::Done(contact) if output.is_text() => {
            output.say(format!("{}: {what}", contact.email));
        }
        Saved::Done(contact) => output.json(&contact),
        Saved::Faulty(faults) => return Err(refused(&faults)),
        Saved::Overtaken(now) => {
            return Err(CliError::usage(format!(
                "{} was changed by somebody else meanwhile; look at it and try again",
                now.email
            )));
        }
    }
    Ok(Exit::Done)
}

async fn opt_out(
    email: &str,
    list: Option<&str>,
    why: &str,
    by: &str,
    desk: &Desk,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let address = address(email)?;
    let breadth = list.map_or(Breadth::All, Breadth::List);
    let new = desk.opt_out(&address, breadth, why, by).await?;
    if output.is_text() {
        let what = match (list, new) {
            (None, true) => "gets nothing more".to_owned(),
            (None, false) => "was barred already".to_owned(),
            (Some(list), true) => format!("is off the list {list}"),
            (Some(list), false) => format!("was not on the list {list}"),
        };
        output.say(format!("{address}: {what}"));
    } else {
        output.json(&json!({ "address": address, "list": list, "new": new }));
    }
    Ok(Exit::Done)
}

async fn link(email: &str, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let links = desk.own_links(email).await?;
    if output.is_text() {
        output.say(format!("opt out   {}", links.opt_out));
        output.say(format!("own page  {}", links.own));
    } else {
        output.json(&links);
    }
    Ok(Exit::Done)
}

fn row(contact: &Contact) -> Vec<String> {
    let languages: Vec<_> = contact.languages.iter().map(ToString::to_string).collect();
    vec![
        contact.email.to_string(),
        contact.name.to_string(),
        contact.outlet.clone(),
        contact.country.clone(),
        languages.join(" "),
        contact
            .time_zone
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        if contact.is_listed_as_agreed() {
            "yes"
        } else {
            ""
        }
        .to_owned(),
    ]
}

async fn show(email: &str, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let contact = desk.contact(email).await?;
    if output.is_text() {
        let mut lines = table(&["field", "value"]);
        let names = [
            "email",
            "name",
            "outlet",
            "country",
            "languages",
            "zone",
            "agreement",
        ];
        for (name, value) in names.into_iter().zip(row(&contact)) {
            lines.add_row([name, &value]);
        }
        let (encryption, key) = (contact.encryption.to_string(), key(&contact));
        let further = [
            ("encryption", &encryption),
            ("key", &key),
            ("salutation", &contact.salutation),
            ("role", &contact.role),
            ("notes", &contact.notes),
        ];
        for (name, value) in further.into_iter().chain(
            contact
                .custom
                .iter()
                .map(|(name, value)| (name.as_str(), value)),
        ) {
            lines.add_row([name, value]);
        }
        lines.add_row(["beats", &contact.beats.join(", ")]);
        lines.add_row(["lists", &contact.lists.join(", ")]);
        if !contact.left_lists.is_empty() {
            lines.add_row(["left lists", &contact.left_lists.join(", ")]);
        }
        output.say(&lines);
    } else {
        output.json(&contact);
    }
    Ok(Exit::Done)
}

fn key(contact: &Contact) -> String {
    let key = contact.public_key.as_ref();
    key.map(|key| key.print()).unwrap_or_default()
}
