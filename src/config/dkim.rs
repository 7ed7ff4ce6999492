//! The tables `[[dkim]]`: with which keys mails are signed.

use super::read::{FILE, Reader, mail_domain};
use super::servers::read_private;
use crate::dkim::{Identity, Selector, Signer, SigningKey, aligned};
use crate::domain::newsroom::Newsroom;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::said;
use crate::toml_reader::{Section, Spot};

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
                let text = said!(
                    "dkim: the selector `{selector}` of {domain} is here already; each key has its own",
                    selector = identity.selector,
                    domain = identity.domain
                );
                self.problems.push(Problem::error(FILE, text).at_line(line));
            }
            identities.push(identity);
        }
        Signer::new(identities)
    }

    fn identity(&mut self, mut section: Section, newsroom: Option<&Newsroom>) -> Option<Identity> {
        if let Some(key) = section.json("key") {
            let text = said!(
                "dkim: a key may not stand in {file}; use `key_file`",
                file = FILE
            );
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
            let text = said!(
                "dkim: `{selector}` signs for {domain}, but newsroom.from is at {from}; DMARC wants one to be the other or a part of it (RFC 7489 3.1.1)",
                selector,
                domain,
                from = newsroom.from.domain()
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
        let text = |cause: Said| said!("dkim: key_file {file} {cause}", file = file.value, cause);
        let path = self.workspace.join(&file.value);
        let read = read_private(&path).map_err(|cause| match path.exists() {
            true => cause,
            false => said!("{cause}; `dateline dkim keygen` makes a new one", cause),
        });
        let key = read.and_then(|pem| SigningKey::from_pem(&pem).map_err(|error| error.said()));
        match key {
            Ok(key) => {
                if key.is_short() {
                    let short = said!(
                        "holds an RSA key of {bits} bits; 2048 are advised (RFC 8301 3.2)",
                        bits = key.bits()
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
