//! The table of what journalists see.

use super::ReaderSettings;
use super::read::Reader;
use super::service::origin;
use crate::domain::relay::Secret;
use crate::toml_reader::Section;
use url::Url;

/// Letters that a secret has at least: 128 bits in hexadecimal digits.
pub const MIN_SECRET: usize = 32;

impl Reader<'_> {
    pub(super) fn readers(&mut self, section: Option<Section>) -> ReaderSettings {
        let Some(mut section) = section else {
            return ReaderSettings::default();
        };
        let problems = &mut *self.problems;
        let url = section.parsed("url", problems, secure);
        let env = self.env;
        let key = section.parsed("key_env", problems, |name| key(env, name));
        let agreement = section.localized("agreement", problems);
        let public = section.flag("public", problems).unwrap_or(false);
        if public && url.is_none() {
            problems.push(section.problem(
                section.line(),
                "`public` opens pages, and `url` does not say where they are reached",
            ));
        }
        section.finish(problems);
        ReaderSettings {
            url,
            key,
            agreement,
            public,
        }
    }
}

/// One click counts by TLS alone (RFC 8058 3.1).
fn secure(text: &str) -> Result<Url, String> {
    match origin(text) {
        Ok(url) if url.scheme() == "https" => Ok(url),
        Ok(_) | Err(_) => Err(format!(
            "`{}` is no address of pages by TLS; expected one such as `https://press.example.org`",
            text.escape_debug()
        )),
    }
}

fn key(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Result<Secret, String> {
    let secret = env(name).ok_or_else(|| format!("the environment variable {name} is not set"))?;
    if secret.trim().len() < MIN_SECRET {
        return Err(format!(
            "the environment variable {name} holds fewer than {MIN_SECRET} letters; expected a secret such as `openssl rand -hex 32` makes"
        ));
    }
    Ok(Secret::new(secret.trim()))
}
