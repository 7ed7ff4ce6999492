//! Everything that is wrong, at once, before anything is sent.

use super::workspace::{LoadedContent, settings};
use super::{Desk, DeskError, Wiring};
use crate::config::Settings;
use crate::dispatch::composer::{Composer, probe_deliveries};
use crate::dispatch::content::FrozenContent;
use crate::domain::link::{LinkKey, Links};
use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// What a check looked at and found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Releases looked at, by id.
    pub releases: Vec<String>,
    /// Everything found, errors and warnings, by file and line.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// Whether something bars sending.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }
}

/// Checks a workspace and one release of it, or all of them. The store is not opened.
///
/// # Errors
/// Only where a file that exists cannot be read; problems are the answer.
pub fn check(
    workspace: &Path,
    release: Option<&str>,
    wiring: &dyn Wiring,
) -> Result<Checked, DeskError> {
    let mut checked = Checked::default();
    let settings = match settings(workspace, wiring) {
        Ok((settings, warnings)) => {
            checked.problems.extend(warnings);
            let end = signing_end(&settings, wiring.clock().now());
            checked.problems.extend(end);
            settings
        }
        Err(DeskError::Problems(problems)) => {
            checked.problems.extend(problems);
            return Ok(checked);
        }
        Err(other) => return Err(other),
    };
    let folders = match release {
        Some(name) => crate::intake::find_release(workspace, name).map(|folder| vec![folder]),
        None => crate::intake::list_releases(workspace),
    };
    match folders {
        Ok(folders) => {
            for folder in folders {
                check_release(
                    workspace,
                    &folder,
                    &settings,
                    wiring.clock().now(),
                    &mut checked,
                )?;
            }
        }
        Err(problems) => checked.problems.extend(problems),
    }
    checked.problems.sort_unstable();
    checked.problems.dedup();
    Ok(checked)
}

fn check_release(
    workspace: &Path,
    folder: &Path,
    settings: &Settings,
    now: Timestamp,
    checked: &mut Checked,
) -> Result<(), DeskError> {
    let intake = crate::intake::load_release(
        workspace,
        folder,
        &settings.limits,
        settings.newsroom.allow_html,
    );
    checked.problems.extend(intake.problems);
    let Some(loaded) = intake.value else {
        checked.releases.push(folder.display().to_string());
        return Ok(());
    };
    checked.releases.push(loaded.release.id.to_string());
    match super::workspace::freeze(workspace, settings, loaded) {
        Ok(content) => checked.problems.extend(try_out(content, settings, now)),
        Err(DeskError::Problems(problems)) => checked.problems.extend(problems),
        Err(other) => return Err(other),
    }
    Ok(())
}

impl Desk {
    /// Freezes a release that passes every check.
    ///
    /// # Errors
    /// All its problems.
    pub(super) fn load_checked(
        &self,
        release: &str,
    ) -> Result<(LoadedContent, Vec<Problem>), DeskError> {
        let (loaded, mut warnings) = self.freeze(release)?;
        let now = self.clock.now();
        let mut found = try_out(loaded.content.clone(), &self.settings, now);
        found.extend(signing_end(&self.settings, now));
        if found.iter().any(Problem::is_error) {
            warnings.extend(found);
            return Err(DeskError::Problems(warnings));
        }
        warnings.extend(found);
        Ok((loaded, warnings))
    }
}

/// A key that ends within so long is told of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is to be said of the end of the newsroom's OpenPGP key.
fn signing_end(settings: &Settings, now: Timestamp) -> Option<Problem> {
    let key = settings.openpgp.key()?;
    let end = key.expires()?;
    let (key, time) = (
        key.fingerprint(),
        Said::moment(end, end.strftime("%Y-%m-%d %H:%M UTC")),
    );
    if end <= now {
        return Some(Problem::error(
            "dateline.toml",
            said!(
                "openpgp: the newsroom's key {key} ended {time}; lengthen its life or name another",
                key,
                time
            ),
        ));
    }
    let soon = now.saturating_add(SOON).unwrap_or(Timestamp::MAX);
    (end <= soon).then(|| {
        Problem::warning(
            "dateline.toml",
            said!(
                "openpgp: the newsroom's key {key} ends {time}; lengthen its life or name another",
                key,
                time
            ),
        )
    })
}

/// Makes one mail of each language and phase, as a recipient would get it: a
/// field that a template misses shows here and not on the day.
fn try_out(content: FrozenContent, settings: &Settings, now: Timestamp) -> Vec<Problem> {
    let limit = settings.limits.message_bytes;
    // Whatever they are proved with, links are of one length.
    let links = settings.readers.url.as_ref();
    let links =
        links.map(|url| Links::new(url.as_str(), &content.newsroom.domain, LinkKey::new("")));
    let file = format!("releases/{}", content.release.id);
    let deliveries = probe_deliveries(&content, now);
    let composer = match Composer::new(content) {
        Ok(composer) => composer.linked(links),
        Err(problems) => return problems,
    };
    let mut problems = Vec::new();
    for delivery in deliveries {
        let languages = delivery
            .languages
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("+");
        match composer.compose(&delivery, now) {
            Ok((_, message)) if message.size() as u64 > limit => problems.push(Problem::error(
                file.as_str(),
                said!(
                    "the mail in {languages} is {length} octets long; the limit is {limit}",
                    languages,
                    length = message.size(),
                    limit
                ),
            )),
            Ok(_) => {}
            Err(cause) => problems.push(Problem::error(
                file.as_str(),
                said!(
                    "the mail in {languages} cannot be made: {cause}",
                    languages,
                    cause
                ),
            )),
        }
    }
    problems.sort_unstable();
    problems.dedup();
    problems
}
