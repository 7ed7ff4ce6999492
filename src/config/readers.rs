//! The table of what journalists see.

use super::ReaderSettings;
use super::read::Reader;
use super::service::origin;
use crate::domain::relay::Secret;
use crate::domain::said::Said;
use crate::said;
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
                said!("`public` opens pages, and `url` does not say where they are reached"),
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
fn secure(text: &str) -> Result<Url, Said> {
    match origin(text) {
        Ok(url) if url.scheme() == "https" => Ok(url),
        Ok(_) | Err(_) => Err(said!(
            "`{text}` is no address of pages by TLS; expected one such as `https://press.example.org`",
            text = text.escape_debug()
        )),
    }
}

fn key(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Result<Secret, Said> {
    let secret = env(name).ok_or_else(|| {
        said!(
            "the environment variable {variable} is not set",
            variable = name
        )
    })?;
    if secret.trim().len() < MIN_SECRET {
        return Err(said!(
            "the environment variable {variable} holds fewer than {least} letters; expected a secret such as `openssl rand -hex 32` makes",
            variable = name,
            least = MIN_SECRET
        ));
    }
    Ok(Secret::new(secret.trim()))
}
