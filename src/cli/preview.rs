//! `dateline preview`.

use super::args::{Part, PreviewArgs};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::preview::{Glass, Preview};
use crate::desk::{Desk, DeskError};
use crate::domain::encryption::Sealing;
use std::path::Path;

pub(super) async fn run(args: PreviewArgs, desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let glass = Glass {
        language: args.lang,
        contact: args.to,
        when: args.when.into(),
    };
    let preview = desk.preview(&args.release, &glass).await?;
    match (&args.out, args.part) {
        (Some(dir), part) => write(dir, &preview, part, output)?,
        (None, Some(part)) => output.write(&String::from_utf8_lossy(&bytes(&preview, part))),
        (None, None) if output.is_text() => {
            output.say(format!("subject:   {}", preview.subject));
            output.say(format!(
                "languages: {}; phase: {}; {} octets",
                preview.languages.join(", "),
                preview.phase.name(),
                preview.eml.len()
            ));
            let leaves = preview.zone.show(preview.not_before);
            match &preview.sealing {
                Sealing::No => {}
                Sealing::Yes { fingerprint } => {
                    output.say(format!("encrypted: to the key {fingerprint}"));
                }
                Sealing::Unable { because } => {
                    output.say(format!("encrypted: no, in the clear, for {because}"));
                }
            }
            output.say(format!("leaves:    {leaves}\n"));
            output.say(&preview.text);
        }
        (None, None) => output.json(&preview),
    }
    Ok(Exit::Done)
}

fn bytes(preview: &Preview, part: Part) -> Vec<u8> {
    match part {
        Part::Subject => format!("{}\n", preview.subject).into_bytes(),
        Part::Html => preview.html.clone().into_bytes(),
        Part::Text => preview.text.clone().into_bytes(),
        Part::Eml => preview.eml.clone(),
    }
}

fn write(
    dir: &Path,
    preview: &Preview,
    part: Option<Part>,
    output: &Output,
) -> Result<(), CliError> {
    std::fs::create_dir_all(dir).map_err(DeskError::file("create", dir))?;
    let stem = preview.languages.join("+");
    for (own, name) in [
        (Part::Subject, "subject.txt"),
        (Part::Html, "html"),
        (Part::Text, "txt"),
        (Part::Eml, "eml"),
    ] {
        if part.is_none_or(|part| part == own) {
            let path = dir.join(format!("{stem}.{name}"));
            std::fs::write(&path, bytes(preview, own)).map_err(DeskError::file("write", &path))?;
            output.say(path.display());
        }
    }
    Ok(())
}
