//! Where a kit's files come from: the workspace's over the built-in ones.
//!
//! The only file of the room that reads from the disk. What it gathers can be
//! serialised, so that a distribution keeps the templates it was planned with.

use crate::domain::language::Language;
use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The kit whose files any other kit falls back to.
pub const DEFAULT_KIT: &str = "press-release";

/// A template of this many bytes is no template.
const MAX_FILE: u64 = 1024 * 1024;

/// One file of a kit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it holds.
    pub text: String,
    /// What to call it in a message: its path in the workspace, or
    /// `(built-in)/...`.
    pub shown: String,
}

/// The files that make a kit, by name in the kit: `layout.mjml`,
/// `layout.ru.mjml`, `text.hbs`, `subject.hbs`, `style.css`,
/// `partials/footer.mjml`, `i18n/ru.ftl`; the workspace's own words are
/// `own/i18n/ru.ftl`, since they lie over the built-in ones message by message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitSources {
    /// The kit's name.
    pub kit: String,
    /// The files by name.
    pub files: BTreeMap<String, Source>,
}

impl KitSources {
    /// The files built into the binary. A kit of another name starts as a copy
    /// of [`DEFAULT_KIT`].
    pub fn builtin(kit: &str) -> Self {
        let mut files = BTreeMap::new();
        let folder = [kit, DEFAULT_KIT]
            .into_iter()
            .find_map(|name| BUILT_IN.get_dir(format!("email/{name}")));
        if let Some(folder) = folder {
            gather(folder, folder.path(), "", &mut files);
        }
        if let Some(words) = BUILT_IN.get_dir("i18n") {
            gather(words, words.path(), "i18n/", &mut files);
        }
        Self {
            kit: kit.to_owned(),
            files,
        }
    }

    /// The built-in files and, over them, those of a workspace's templates
    /// folder (`email/<kit>/...` and `i18n/*.ftl`). The folder need not exist.
    ///
    /// # Errors
    /// Every file that is a link, is not UTF-8, is too large or cannot be read,
    /// and a kit's name that is no plain name.
    pub fn load(kit: &str, templates: Option<&Path>) -> Result<Self, Vec<Problem>> {
        if kit.is_empty()
            || !kit
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        {
            let message = said!(
                "`{kit}` is not the name of a kit; expected letters, digits, `-` and `_`",
                kit = kit.escape_debug()
            );
            return Err(vec![Problem::error("templates/email", message)]);
        }
        let mut sources = Self::builtin(kit);
        let mut problems = Vec::new();
        if let Some(templates) = templates {
            sources.read_folder(
                &templates.join("email").join(kit),
                &format!("templates/email/{kit}"),
                "",
                &mut problems,
            );
            sources.read_folder(
                &templates.join("i18n"),
                "templates/i18n",
                "i18n/",
                &mut problems,
            );
        }
        if problems.is_empty() {
            Ok(sources)
        } else {
            Err(problems)
        }
    }

    /// Lays one file over what is there, under the name it has in the kit.
    pub fn overlay(&mut self, name: &str, text: impl Into<String>) {
        let shown = if name.starts_with("i18n/") {
            format!("templates/{name}")
        } else {
            format!("templates/email/{}/{name}", self.kit)
        };
        self.insert(
            name,
            Source {
                text: text.into(),
                shown,
            },
        );
    }

    /// The file that serves a name for a language: `layout.pt-BR.mjml`,
    /// `layout.pt.mjml`, `layout.mjml`.
    pub(super) fn find(&self, name: &str, language: Option<&Language>) -> Option<&Source> {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let for_tag = |tag: &str| self.files.get(&format!("{stem}.{tag}.{extension}"));
        language
            .and_then(|language| {
                for_tag(&language.to_string()).or_else(|| for_tag(language.primary()))
            })
            .or_else(|| self.files.get(name))
    }

    /// The word files of a language, the built-in one first; the primary
    /// language's where the language has none of its own.
    pub(super) fn words(&self, language: &Language) -> Vec<&Source> {
        let tags = [language.primary().to_owned(), language.to_string()];
        let mut names: Vec<String> = ["i18n", "own/i18n"]
            .iter()
            .flat_map(|folder| tags.iter().map(move |tag| format!("{folder}/{tag}.ftl")))
            .collect();
        names.dedup();
        names
            .iter()
            .filter_map(|name| self.files.get(name))
            .collect()
    }

    /// The languages that have files of their own, besides words.
    pub(super) fn languages(&self) -> Vec<Language> {
        let mut languages: Vec<Language> = self
            .files
            .keys()
            .filter_map(|name| split_language(name).1)
            .collect();
        languages.sort_unstable();
        languages.dedup();
        languages
    }

    /// The names without their language, each once.
    pub(super) fn plain_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .files
            .keys()
            .map(|name| split_language(name).0)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn insert(&mut self, name: &str, source: Source) {
        let own = name.starts_with("i18n/").then(|| format!("own/{name}"));
        self.files
            .insert(own.unwrap_or_else(|| name.to_owned()), source);
    }

    fn read_folder(
        &mut self,
        folder: &Path,
        shown: &str,
        prefix: &str,
        problems: &mut Vec<Problem>,
    ) {
        let Ok(kind) = fs::symlink_metadata(folder) else {
            return;
        };
        if !kind.is_dir() {
            problems.push(Problem::error(
                shown,
                said!("is not a folder; links out of the workspace are not followed"),
            ));
            return;
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                return problems.push(Problem::error(
                    shown,
                    said!("cannot be read: {error}", error),
                ));
            }
        };
        for entry in entries.flatten() {
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let (shown, name) = (format!("{shown}/{name}"), format!("{prefix}{name}"));
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    self.read_folder(&entry.path(), &shown, &format!("{name}/"), problems)
                }
                Ok(kind) if kind.is_file() && !is_template(&name) => {}
                Ok(kind) if kind.is_file() => match read_file(&entry.path()) {
                    Ok(text) => self.insert(&name, Source { text, shown }),
                    Err(reason) => problems.push(Problem::error(shown, reason)),
                },
                Ok(_) | Err(_) => problems.push(Problem::error(
                    shown,
                    said!("is not a regular file; links are not followed"),
                )),
            }
        }
    }
}

fn gather(folder: &Dir<'_>, root: &Path, prefix: &str, files: &mut BTreeMap<String, Source>) {
    for file in folder.files() {
        let name = file.path().strip_prefix(root).ok().and_then(Path::to_str);
        if let (Some(name), Some(text)) = (name, file.contents_utf8()) {
            let shown = format!("(built-in)/{}", file.path().display());
            files.insert(
                format!("{prefix}{name}"),
                Source {
                    text: text.to_owned(),
                    shown,
                },
            );
        }
    }
    for inner in folder.dirs() {
        gather(inner, root, prefix, files);
    }
}

fn read_file(path: &Path) -> Result<String, Said> {
    let size = fs::metadata(path)
        .map_err(|error| said!("cannot be read: {error}", error))?
        .len();
    if size > MAX_FILE {
        return Err(said!(
            "has {size} bytes; a template may have {most}",
            size,
            most = MAX_FILE
        ));
    }
    let bytes = fs::read(path).map_err(|error| said!("cannot be read: {error}", error))?;
    String::from_utf8(bytes).map_err(|error| {
        said!(
            "is not UTF-8 at byte {octet}",
            octet = error.utf8_error().valid_up_to()
        )
    })
}

/// A README or a picture beside the templates is left alone.
fn is_template(name: &str) -> bool {
    matches!(
        name.rsplit_once('.'),
        Some((_, "mjml" | "hbs" | "css" | "ftl"))
    )
}

/// `layout.ru.mjml` is `layout.mjml` for Russian. Word files are named by
/// their language alone.
fn split_language(name: &str) -> (String, Option<Language>) {
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return (name.to_owned(), None);
    };
    let language = stem
        .rsplit_once('.')
        .and_then(|(rest, tag)| Some((rest, Language::parse(tag).ok()?)));
    match language {
        Some((rest, language)) => (format!("{rest}.{extension}"), Some(language)),
        None => (name.to_owned(), None),
    }
}
