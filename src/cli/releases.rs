//! `dateline releases`.

use super::error::{CliError, Exit};
use super::output::{Output, table};
use crate::desk::Desk;

pub(super) async fn run(desk: &Desk, output: &Output) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let releases = desk.releases().await?;
    if !output.is_text() {
        output.json(&releases);
        return Ok(Exit::Done);
    }
    let mut shown = table(&["release", "stage", "languages", "embargo", "headline"]);
    for card in &releases {
        let languages: Vec<_> = card.languages.iter().map(ToString::to_string).collect();
        shown.add_row([
            card.id.clone(),
            card.stage.name().to_owned(),
            languages.join(" "),
            card.embargo
                .as_ref()
                .map(|embargo| desk.shown(embargo.until))
                .unwrap_or_default(),
            card.headline.clone(),
        ]);
    }
    output.say(shown);
    Ok(Exit::Done)
}
