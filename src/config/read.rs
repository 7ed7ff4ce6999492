//! dateline.toml: every key, its default, and what is wrong with it.

use super::servers::ReadSecret;
use super::units::{duration, size};
use super::{DispatchSettings, InDoubtPolicy, Limits, Settings, StoreLocation, segments};
use crate::domain::address::EmailAddress;
use crate::domain::language::{Fallbacks, Language};
use crate::domain::newsroom::{LanguagePolicy, Newsroom, Variants};
use crate::domain::problem::Problem;
use crate::domain::relay::Secret;
use crate::domain::retry::RetryPolicy;
use crate::domain::said::Said;
use crate::domain::zone::Zone;
use crate::said;
use crate::toml_reader::{Section, Spot, parse};
use jiff::SignedDuration;
use std::path::{Component, Path};

/// The file that makes a folder a workspace.
pub(super) const FILE: &str = "dateline.toml";

/// Reads a workspace's settings. `env` answers with environment variables.
///
/// # Errors
/// Every problem at once. With settings come the warnings.
pub fn load(
    workspace: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(Settings, Vec<Problem>), Vec<Problem>> {
    let mut problems = Vec::new();
    let text = read_file(workspace, FILE).map_err(|problem| vec![problem])?;
    let Some(text) = text else {
        let place = workspace.display();
        return Err(vec![Problem::error(
            place.to_string(),
            said!(
                "is no Dateline workspace: there is no {file} in it; make one with `dateline init DIR`, or name one with -C DIR",
                file = FILE
            ),
        )]);
    };
    let top = parse(FILE, &text, 0).map_err(|problem| vec![problem])?;
    let rules = match read_file(workspace, segments::FILE) {
        Ok(rules) => segments::read(&rules.unwrap_or_default(), &mut problems),
        Err(problem) => {
            problems.push(problem);
            Vec::new()
        }
    };
    let settings = Reader {
        workspace,
        env,
        problems: &mut problems,
    }
    .settings(top, rules);
    problems.sort_unstable();
    match settings {
        Some(settings) if !problems.iter().any(Problem::is_error) => Ok((settings, problems)),
        Some(_) | None => Err(problems),
    }
}

pub(super) fn read_file(workspace: &Path, name: &str) -> Result<Option<String>, Problem> {
    match std::fs::read(workspace.join(name)) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            Problem::error(
                name,
                said!(
                    "is not UTF-8 at octet {octet}",
                    octet = error.utf8_error().valid_up_to()
                ),
            )
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::error(
            name,
            said!("cannot be read: {error}", error),
        )),
    }
}

pub(super) struct Reader<'a> {
    pub(super) workspace: &'a Path,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn settings(
        &mut self,
        mut top: Section,
        segments: Vec<crate::domain::segment::Segment>,
    ) -> Option<Settings> {
        let bounces = self.bounces(&mut top);
        let newsroom = self.newsroom_of(&mut top, bounces.address.as_ref());
        let fallbacks = top
            .section("languages", self.problems)
            .map(|section| self.fallbacks(section))
            .unwrap_or_default();
        let (kit, variants) = top
            .section("mail", self.problems)
            .map(|section| self.mail(section))
            .unwrap_or_else(|| ("press-release".to_owned(), Variants::default()));
        let store = top
            .section("store", self.problems)
            .and_then(|section| self.store(section));
        let helo = newsroom
            .as_ref()
            .map(|newsroom| newsroom.domain.clone())
            .unwrap_or_default();
        let relays = self.relays(&mut top, &helo);
        let dkim = self.dkim(&mut top, newsroom.as_ref());
        let openpgp = self.openpgp(&mut top, newsroom.as_ref());
        let retry = top
            .section("retry", self.problems)
            .map(|section| self.retry(section))
            .unwrap_or_default();
        let dispatch = self.table(&mut top, "dispatch", Self::dispatch);
        let schedule = self.table(&mut top, "schedule", Self::schedule);
        let approval = self.table(&mut top, "approval", Self::approval);
        let service = self.table(&mut top, "service", Self::service);
        let readers = self.table(&mut top, "readers", Self::readers);
        let retention = self.table(&mut top, "retention", Self::retention);
        let limits = self.table(&mut top, "limits", Self::limits);
        top.finish(self.problems);
        Some(Settings {
            newsroom: newsroom?,
            languages: LanguagePolicy {
                fallbacks,
                variants,
            },
            kit,
            store: store
                .unwrap_or_else(|| StoreLocation::Sqlite(self.workspace.join("dateline.db"))),
            relays,
            dkim,
            openpgp,
            retry,
            dispatch,
            schedule,
            approval,
            service,
            bounces,
            readers,
            retention,
            limits,
            segments,
        })
    }

    /// What a table says that need not be there.
    fn table<T>(
        &mut self,
        top: &mut Section,
        name: &str,
        read: fn(&mut Self, Option<Section>) -> T,
    ) -> T {
        let section = top.section(name, self.problems);
        read(self, section)
    }

    fn newsroom_of(&mut self, top: &mut Section, read: Option<&EmailAddress>) -> Option<Newsroom> {
        let Some(section) = top.section("newsroom", self.problems) else {
            let missing = top.problem(1, said!("the table [newsroom] is missing"));
            self.problems.push(missing);
            return None;
        };
        self.newsroom(section, read)
    }

    /// Whoever opts out by mail writes to the mailbox that is read, where there is one.
    fn newsroom(&mut self, mut section: Section, read: Option<&EmailAddress>) -> Option<Newsroom> {
        let line = section.line();
        let name = section.localized_line("name", self.problems);
        if name.is_empty() {
            self.problems
                .push(section.problem(line, said!("`newsroom.name` is missing")));
        }
        let domain = section.required_parsed("domain", self.problems, mail_domain);
        let from = section.required_parsed("from", self.problems, EmailAddress::parse);
        let reply_to = section.parsed("reply_to", self.problems, EmailAddress::parse);
        let opt_out = section.parsed("opt_out", self.problems, EmailAddress::parse);
        let zone = section.required_parsed("time_zone", self.problems, Zone::parse);
        let accent = section.parsed("accent", self.problems, colour);
        let workspace = self.workspace;
        let logo = section.parsed("logo", self.problems, |path| file_within(workspace, path));
        let website = section.parsed("website", self.problems, web_address);
        let postal_address = section.parsed("address", self.problems, |text| {
            crate::domain::header_text::HeaderText::parse(text).map(String::from)
        });
        let boilerplate = section.localized("boilerplate", self.problems);
        let allow_html = section.flag("allow_html", self.problems).unwrap_or(false);
        section.finish(self.problems);
        let from = from?;
        Some(Newsroom {
            name,
            domain: domain?,
            reply_to,
            opt_out: opt_out.unwrap_or_else(|| read.unwrap_or(&from).clone()),
            from,
            zone: zone?,
            accent: accent.unwrap_or_else(|| "#1f4e79".to_owned()),
            logo,
            website,
            postal_address,
            boilerplate,
            allow_html,
        })
    }

    fn fallbacks(&mut self, mut section: Section) -> Fallbacks {
        let mut fallbacks = Fallbacks::new();
        if let Some(mut rules) = section.section("fallback", self.problems) {
            for key in rules.keys() {
                let others = rules
                    .languages(&key, self.problems)
                    .into_iter()
                    .map(|spot| spot.value)
                    .collect();
                match Language::parse(&key) {
                    Ok(language) => drop(fallbacks.insert(language, others)),
                    Err(error) => self.problems.push(
                        rules.problem(rules.line(), said!("`languages.fallback`: {error}", error)),
                    ),
                }
            }
        }
        section.finish(self.problems);
        fallbacks
    }

    fn mail(&mut self, mut section: Section) -> (String, Variants) {
        let kit = section
            .text("kit", self.problems)
            .map_or_else(|| "press-release".to_owned(), |spot| spot.value);
        let variants = section.parsed("variants", self.problems, |text| match text {
            "preferred" => Ok(Variants::Preferred),
            "stacked" => Ok(Variants::Stacked),
            other => Err(said!(
                "`{other}` is neither `preferred` nor `stacked`",
                other
            )),
        });
        section.finish(self.problems);
        (kit, variants.unwrap_or_default())
    }

    /// A password, where the environment or a file of its own holds one.
    pub(super) fn secret(
        &self,
        from_env: Option<Spot<String>>,
        from_file: Option<Spot<String>>,
        read: ReadSecret,
    ) -> Result<Option<Secret>, Said> {
        match (from_env, from_file) {
            (Some(variable), None) => (self.env)(&variable.value)
                .map(|password| Some(Secret::new(password)))
                .ok_or_else(|| {
                    said!(
                        "the environment variable {variable} is not set",
                        variable = variable.value
                    )
                }),
            (None, Some(file)) => read(&self.workspace.join(&file.value))
                .map(|text| Some(Secret::new(text.trim_end())))
                .map_err(|cause| said!("password_file {file} {cause}", file = file.value, cause)),
            (Some(_), Some(_)) => Err(said!(
                "both `password_env` and `password_file` are set; keep one"
            )),
            (None, None) => Ok(None),
        }
    }

    fn retry(&mut self, mut section: Section) -> RetryPolicy {
        let normal = RetryPolicy::default();
        let policy = RetryPolicy {
            first: section
                .parsed("first", self.problems, duration)
                .unwrap_or(normal.first),
            factor: section
                .number("factor", 1.0..=100.0, self.problems)
                .unwrap_or(normal.factor),
            max: section
                .parsed("max", self.problems, duration)
                .unwrap_or(normal.max),
            jitter: section
                .number("jitter", 0.0..=1.0, self.problems)
                .unwrap_or(normal.jitter),
            give_up_after: section
                .parsed("give_up_after", self.problems, duration)
                .unwrap_or(normal.give_up_after),
        };
        section.finish(self.problems);
        policy
    }

    fn dispatch(&mut self, section: Option<Section>) -> DispatchSettings {
        let mut settings = DispatchSettings {
            in_doubt: InDoubtPolicy::Hold,
            lease: SignedDuration::from_mins(5),
        };
        let Some(mut section) = section else {
            return settings;
        };
        let policy = section.parsed("in_doubt", self.problems, |text| match text {
            "hold" => Ok(InDoubtPolicy::Hold),
            "resend" => Ok(InDoubtPolicy::Resend),
            other => Err(said!("`{other}` is neither `hold` nor `resend`", other)),
        });
        settings.in_doubt = policy.unwrap_or(settings.in_doubt);
        settings.lease = section
            .parsed("lease", self.problems, duration)
            .unwrap_or(settings.lease);
        section.finish(self.problems);
        settings
    }

    fn limits(&mut self, section: Option<Section>) -> Limits {
        let normal = Limits::default();
        let Some(mut section) = section else {
            return normal;
        };
        let limits = Limits {
            attachment_bytes: section
                .parsed("attachment", self.problems, size)
                .unwrap_or(normal.attachment_bytes),
            message_bytes: section
                .parsed("message", self.problems, size)
                .unwrap_or(normal.message_bytes),
        };
        section.finish(self.problems);
        limits
    }
}

/// A domain that Message-IDs can end in.
pub(super) fn mail_domain(text: &str) -> Result<String, Said> {
    EmailAddress::parse(&format!("x@{text}"))
        .map(|address| address.domain().to_owned())
        .map_err(|_| said!("`{text}` is not a domain name", text = text.escape_debug()))
}

fn colour(text: &str) -> Result<String, Said> {
    let digits = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits.map(|_| text.to_ascii_lowercase()).ok_or_else(|| {
        said!(
            "`{text}` is no colour; expected one such as `#0b5c6b`",
            text = text.escape_debug()
        )
    })
}

fn web_address(text: &str) -> Result<String, Said> {
    let fine = (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if fine {
        Ok(text.to_owned())
    } else {
        Err(said!(
            "`{text}` is no web address; expected https://…",
            text = text.escape_debug()
        ))
    }
}

/// A file of the workspace that lies in it, also after its links are followed.
fn file_within(workspace: &Path, path: &str) -> Result<String, Said> {
    let plain = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return Err(said!("`{path}` leads out of the workspace", path));
    }
    let real = workspace
        .join(path)
        .canonicalize()
        .map_err(|error| said!("cannot read `{path}`: {error}", path, error))?;
    let root = workspace.canonicalize().map_err(Said::verbatim)?;
    if real.starts_with(root) {
        Ok(path.to_owned())
    } else {
        Err(said!("`{path}` leads out of the workspace", path))
    }
}
