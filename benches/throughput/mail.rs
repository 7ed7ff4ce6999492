//! The mail that everybody sends: Dateline's own, taken apart into templates
//! that Handlebars and Jinja2 read alike.

use crate::newsroom;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The release that is sent, as its folder is called.
pub(crate) const RELEASE: &str = "bench";

const RELEASE_FILES: [(&str, &str); 2] = [
    ("release.toml", include_str!("release/release.toml")),
    ("en.md", include_str!("release/en.md")),
];

/// Stands in the mail where the salutation will.
const MARK: &str = "SALUTATIONMARK";

/// A mail to be filled in for each recipient.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    subject: String,
    text: String,
    html: String,
    /// One that is filled in, for `smtp-source`.
    filled: String,
}

/// What a peer is told: one JSON file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) connections: u32,
    pub(crate) domain: String,
    pub(crate) from: String,
    pub(crate) reply_to: String,
    pub(crate) unsubscribe: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) recipients: Vec<Recipient>,
    /// A file that goes with every mail.
    #[serde(default)]
    pub(crate) attachment: Option<PathBuf>,
}

/// To whom; also what the templates are filled in with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Recipient {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) salutation: String,
}

impl Mail {
    /// What Dateline sends to a reader, with the place of what is personal marked.
    pub(crate) fn of_dateline() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let workspace = newsroom(&folder.path().join("w"))?;
        newsroom::import(&workspace, 2, |n| {
            let mut reader = english(n);
            if n == 0 {
                MARK.clone_into(&mut reader[2]);
            }
            reader
        })?;
        let part = |reader: u32, part| preview(&workspace, &english(reader)[0], part);
        Ok(Self {
            subject: part(0, "subject")?.trim().to_owned(),
            text: template(&part(0, "text")?)?,
            html: template(&part(0, "html")?)?,
            filled: part(1, "eml")?.replace("\r\n", "\n"),
        })
    }

    /// Writes what a peer is to send to the first so many readers.
    pub(crate) fn job(
        &self,
        file: &Path,
        port: u16,
        connections: u32,
        messages: u32,
        attachment: Option<PathBuf>,
    ) -> Result<()> {
        let recipients = (0..messages).map(|n| {
            let [email, name, salutation] = english(n)
                .into_iter()
                .take(3)
                .collect::<Vec<_>>()
                .try_into()
                .unwrap_or_default();
            Recipient {
                email,
                name,
                salutation,
            }
        });
        let job = Job {
            host: "127.0.0.1".to_owned(),
            port,
            connections,
            domain: "two-banks.example".to_owned(),
            from: "Two Banks River Watch <press@two-banks.example>".to_owned(),
            reply_to: "newsdesk@two-banks.example".to_owned(),
            unsubscribe: "mailto:unsubscribe@two-banks.example?subject=unsubscribe".to_owned(),
            subject: self.subject.clone(),
            text: self.text.clone(),
            html: self.html.clone(),
            recipients: recipients.collect(),
            attachment,
        };
        std::fs::write(file, serde_json::to_vec(&job)?)?;
        Ok(())
    }

    /// Octets that no sender's mail is without: those of the two bodies.
    pub(crate) fn least(&self) -> u64 {
        (self.text.len() + self.html.len()) as u64
    }

    /// Writes the mail that `smtp-source` repeats.
    pub(crate) fn filled(&self, file: &Path) -> Result<()> {
        Ok(std::fs::write(file, &self.filled)?)
    }
}

/// Makes a newsroom that sends the benchmark's mail: its own release, no boilerplate,
/// and the kit without its style for dark screens, which is as long as the rest.
pub(crate) fn newsroom(dir: &Path) -> Result<PathBuf> {
    let workspace = newsroom::plain(dir)?;
    let release = workspace.join("releases").join(RELEASE);
    std::fs::create_dir_all(&release)?;
    for (name, text) in RELEASE_FILES {
        std::fs::write(release.join(name), text)?;
    }
    let partials = workspace.join("templates/email/press-release/partials");
    std::fs::create_dir_all(&partials)?;
    std::fs::write(partials.join("style.mjml"), "<mj-style></mj-style>\n")?;
    newsroom::edit(&workspace.join("dateline.toml"), |text| {
        let (before, rest) = text
            .split_once("[newsroom.boilerplate]")
            .unwrap_or((text, ""));
        let after = rest
            .split_once("[languages]")
            .map_or("", |(_, after)| after);
        format!("{before}[languages]{after}")
    })?;
    Ok(workspace)
}

/// A reader of the list that is measured: everybody has the same mail.
pub(crate) fn english(n: u32) -> Vec<String> {
    newsroom::reader(n, "KZ", "en", "")
}

/// The number of the reader with this address.
pub(crate) fn number_of(email: &str) -> Option<u32> {
    email
        .strip_prefix("reader")?
        .split('@')
        .next()?
        .parse()
        .ok()
}

fn preview(workspace: &Path, reader: &str, part: &str) -> Result<String> {
    let args = ["preview", RELEASE, "--to", reader, "--part", part];
    let said = newsroom::dateline(workspace, &args)
        .stdin(Stdio::null())
        .output()?;
    ensure!(
        said.status.success(),
        "dateline preview: {}",
        String::from_utf8_lossy(&said.stderr)
    );
    String::from_utf8(said.stdout).context("a preview that is not UTF-8")
}

fn template(text: &str) -> Result<String> {
    ensure!(
        text.contains(MARK),
        "the salutation does not stand in the mail"
    );
    for special in ["{{", "{%", "{#"] {
        ensure!(
            !text.contains(special),
            "`{special}` in the mail would be read as a template's"
        );
    }
    let email = &english(0)[0];
    Ok(text
        .replace(MARK, "{{salutation}}")
        .replace(email, "{{email}}"))
}
