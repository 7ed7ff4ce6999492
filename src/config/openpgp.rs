//! The table `[openpgp]`: the newsroom's own key, and what it signs.

use super::read::{FILE, Reader};
use super::servers::read_private;
use crate::domain::newsroom::Newsroom;
use crate::domain::problem::Problem;
use crate::domain::said::Tell;
use crate::openpgp::{NewsroomKey, Signatory};
use crate::said;
use crate::toml_reader::{Section, Spot};

impl Reader<'_> {
    pub(super) fn openpgp(&mut self, top: &mut Section, newsroom: Option<&Newsroom>) -> Signatory {
        let Some(mut section) = top.section("openpgp", self.problems) else {
            return Signatory::default();
        };
        for forbidden in ["key", "passphrase"] {
            if let Some(secret) = section.json(forbidden) {
                let text = said!(
                    "openpgp: a {forbidden} may not stand in {file}; use `{forbidden}_file`",
                    forbidden,
                    file = FILE
                );
                self.problems.push(section.problem(secret.line, text));
            }
        }
        let openly = section.flag("sign", self.problems).unwrap_or(false);
        let file = section.required("key_file", self.problems);
        let passphrase_env = section.text("passphrase_env", self.problems);
        let passphrase_file = section.text("passphrase_file", self.problems);
        let passphrase = self.passphrase(&section, passphrase_env, passphrase_file);
        let key = file
            .zip(passphrase)
            .and_then(|(file, word)| self.newsroom_key(&section, &file, word.as_deref()));
        let line = section.line();
        section.finish(self.problems);
        if let (Some(key), Some(newsroom)) = (&key, newsroom)
            && !key.names(&newsroom.from)
        {
            let text = said!(
                "openpgp: no user id of the key names newsroom.from, {from}; mail clients may say that another signed",
                from = newsroom.from
            );
            self.problems
                .push(Problem::warning(FILE, text).at_line(line));
        }
        key.map_or_else(Signatory::default, |key| Signatory::new(key, openly))
    }

    /// The passphrase, where there is one; `None` where it cannot be had.
    fn passphrase(
        &mut self,
        section: &Section,
        env: Option<Spot<String>>,
        file: Option<Spot<String>>,
    ) -> Option<Option<String>> {
        let (line, found) = match (env, file) {
            (None, None) => return Some(None),
            (Some(env), Some(_)) => {
                let text = said!("only one of `passphrase_env` and `passphrase_file` may be there");
                (env.line, Err(text))
            }
            (Some(env), None) => {
                let value = (self.env)(&env.value);
                let missing = || {
                    said!(
                        "the environment variable {variable} is not set",
                        variable = env.value
                    )
                };
                (env.line, value.ok_or_else(missing))
            }
            (None, Some(file)) => {
                let read = read_private(&self.workspace.join(&file.value));
                let told =
                    |cause| said!("passphrase_file {file} {cause}", file = file.value, cause);
                (file.line, read.map_err(told))
            }
        };
        match found {
            // An editor ends the line.
            Ok(word) => Some(Some(word.trim_end_matches(['\r', '\n']).to_owned())),
            Err(cause) => {
                let text = said!("openpgp: {cause}", cause);
                self.problems.push(section.problem(line, text));
                None
            }
        }
    }

    fn newsroom_key(
        &mut self,
        section: &Section,
        file: &Spot<String>,
        passphrase: Option<&str>,
    ) -> Option<NewsroomKey> {
        let read = read_private(&self.workspace.join(&file.value));
        let key = read.and_then(|armor| {
            NewsroomKey::from_armor(&armor, passphrase).map_err(|fault| fault.said())
        });
        key.map_err(|cause| {
            let text = said!("openpgp: key_file {file} {cause}", file = file.value, cause);
            self.problems.push(section.problem(file.line, text));
        })
        .ok()
    }
}
