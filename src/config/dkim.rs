//! The tables `[[dkim]]`: with which keys mails are signed.

use super::read::{FILE, Reader, mail_domain};
use crate::dkim::{Identity, Selector, Signer, SigningKey, aligned};
use crate::domain::newsroom::Newsroom;
use crate::domain::problem::Problem;
use crate::toml_reader::{Section, Spot};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No key is longer; so much is read of a file that is none.
const MOST_OCTETS: u64 = 64 * 1024;

impl Reader<'_> {
    pub(super) fn dkim(&mut self, top: &mut Section, newsroom: Option<&Newsroom>) -> Signer {
        let mut identities: Vec<Identity> = Vec::new();
        for section in top.sections("dkim", self.problems) {
            let line = section.line();
            let Some(identity) = self.identity(section, newsroom) else {
                continue;
            };
            if identities.iter().any(|other| {
                (&other.selector, &other.domain) == (&identity.selector, &identity.domain)
            }) {
                let text = format!(
                    "dkim: the selector `{}` of {} is here already; each key has its own",
                    identity.selector, identity.domain
                );
                self.problems.push(Problem::error(FILE, text).at_line(line));
            }
            identities.push(identity);
        }
        Signer::new(identities)
    }

    fn identity(&mut self, mut section: Section, newsroom: Option<&Newsroom>) -> Option<Identity> {
        if let Some(key) = section.json("key") {
            let text = format!("dkim: a key may not stand in {FILE}; use `key_file`");
            self.problems.push(section.problem(key.line, text));
        }
        let line = section.line();
        let selector = section.required_parsed("selector", self.problems, Selector::parse);
        let file = section.required("key_file", self.problems);
        let domain = section
            .parsed("domain", self.problems, mail_domain)
            .or_else(|| newsroom.map(|newsroom| newsroom.domain.clone()));
        let key = file.and_then(|file| self.signing_key(&section, &file));
        section.finish(self.problems);
        let (selector, domain, key) = (selector?, domain?, key?);
        if let Some(newsroom) = newsroom
            && !aligned(&domain, newsroom.from.domain())
        {
            let text = format!(
                "dkim: `{selector}` signs for {domain}, but newsroom.from is at {}; DMARC wants one to be the other or a part of it (RFC 7489 3.1.1)",
                newsroom.from.domain()
            );
            self.problems
                .push(Problem::warning(FILE, text).at_line(line));
        }
        Some(Identity {
            selector,
            domain,
            key,
        })
    }

    fn signing_key(&mut self, section: &Section, file: &Spot<String>) -> Option<SigningKey> {
        let text = |cause: String| format!("dkim: key_file {} {cause}", file.value);
        let hint = "; `dateline dkim keygen` makes a new one";
        let read = read_private(&self.workspace.join(&file.value), hint);
        let key =
            read.and_then(|pem| SigningKey::from_pem(&pem).map_err(|error| error.to_string()));
        match key {
            Ok(key) => {
                if key.is_short() {
                    let short = format!(
                        "holds an RSA key of {} bits; 2048 are advised (RFC 8301 3.2)",
                        key.bits()
                    );
                    self.problems
                        .push(Problem::warning(FILE, text(short)).at_line(file.line));
                }
                Some(key)
            }
            Err(cause) => {
                self.problems.push(section.problem(file.line, text(cause)));
                None
            }
        }
    }
}

/// Reads a file that its owner alone may read; the hint is for whoever has none.
pub(super) fn read_private(path: &Path, hint: &str) -> Result<String, String> {
    let wrong = |error: std::io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}{hint}"))?;
    let metadata = file.metadata().map_err(wrong)?;
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "may be read by others than its owner: its mode is {mode:04o}; expected 0600 (`chmod 600`)"
            ));
        }
    }
    let mut text = String::new();
    file.take(MOST_OCTETS)
        .read_to_string(&mut text)
        .map_err(wrong)?;
    Ok(text)
}
