//! What stands round every page, and how values are shown on all of them.

use super::Front;
use super::fault::{Answer, Fault};
use crate::desk::accounts::SignedIn;
use crate::domain::account::{Permission, Role};
use crate::domain::language::Language;
use crate::domain::zone::Zone;
use crate::render::pages::{LANGUAGES, direction};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::convert::Infallible;

/// Who looks at a page.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    /// Signed in, or not.
    pub(super) me: Option<SignedIn>,
    /// The language they read.
    pub(super) language: &'static str,
    /// The page they asked for.
    pub(super) path: String,
    /// What was done a moment ago, as the address says.
    said: Option<String>,
}

impl Visitor {
    pub(super) fn stranger(language: &'static str, uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let said = query.split('&').find_map(|pair| pair.strip_prefix("said="));
        Self {
            me: None,
            language,
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
            said: said.map(str::to_owned),
        }
    }

    /// The same, but a reader of another language.
    pub(super) fn reading(&self, language: &'static str) -> Self {
        Self {
            language,
            ..self.clone()
        }
    }

    /// Who is signed in. The guard has seen to it where the rule asks for it.
    pub(super) fn me(&self) -> Result<&SignedIn, Fault> {
        self.me
            .as_ref()
            .ok_or_else(|| Fault::new(StatusCode::FORBIDDEN))
    }

    /// What their role includes, by name.
    pub(super) fn may(&self) -> Option<Value> {
        let role = self.me.as_ref().map(|me| me.account.role);
        role.map(permissions)
    }

    /// The name that the log calls them.
    pub(super) fn name(&self) -> Result<&str, Fault> {
        Ok(self.me()?.account.name.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::stranger(LANGUAGES[0], &parts.uri)))
    }
}

/// The sections of the desk, and who sees their names.
const SECTIONS: [(&str, &str, Permission); 5] = [
    ("releases", "/releases", Permission::See),
    ("distributions", "/distributions", Permission::See),
    ("contacts", "/contacts", Permission::See),
    ("log", "/log", Permission::See),
    ("users", "/users", Permission::KeepAccounts),
];

/// An instant for people and for scripts.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shown {
    /// RFC 3339.
    pub(super) iso: String,
    /// In the newsroom's zone.
    pub(super) text: String,
    /// That zone's name.
    pub(super) zone: String,
}

impl Front {
    /// A page's HTML.
    pub(super) fn sheet(
        &self,
        visitor: &Visitor,
        page: &str,
        title: &str,
        data: impl Serialize,
    ) -> Result<Html<String>, Fault> {
        let other = LANGUAGES
            .into_iter()
            .find(|language| *language != visitor.language);
        let said = visitor.said.as_ref().map(|said| format!("said-{said}"));
        let said = said.filter(|id| self.pages.knows(id));
        let language = Language::parse(visitor.language).ok();
        let desk = self.desk();
        let newsroom = language
            .as_ref()
            .map_or("", |language| desk.settings.newsroom.name_in(language));
        let whole = json!({
            "lang": visitor.language,
            "dir": direction(visitor.language),
            "other": other,
            "title": title,
            "newsroom": newsroom,
            "css": self.address("desk.css"),
            "js": self.address("desk.js"),
            "path": visitor.path,
            "me": visitor.me.as_ref().map(|me| json!({ "name": called(me) })),
            "may": visitor.may(),
            "nav": visitor.me.as_ref().map(|me| sections(me.account.role, &visitor.path)),
            "said": said.map(|id| self.pages.say(visitor.language, &id, &[])),
            "narrow": matches!(page, "sign-in" | "account" | "second-factor" | "token"),
            "page": data,
        });
        Ok(Html(self.pages.write(page, visitor.language, &whole)?))
    }

    /// A page, titled by a message of the words.
    pub(super) fn page(
        &self,
        visitor: &Visitor,
        page: &str,
        title: &str,
        data: impl Serialize,
    ) -> Answer {
        let title = self.pages.say(visitor.language, title, &[]);
        Ok(self.sheet(visitor, page, &title, data)?.into_response())
    }

    fn address(&self, asset: &str) -> String {
        let hash = self
            .pages
            .asset(asset)
            .map_or("", |asset| asset.hash.as_str());
        format!("/assets/{asset}?{hash}")
    }

    /// An instant in the newsroom's zone.
    pub(super) fn shown(&self, visitor: &Visitor, at: Timestamp) -> Shown {
        let zone = &self.desk().settings.newsroom.zone;
        Shown {
            iso: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            text: self.date(visitor.language, at, zone),
            zone: zone.name().to_owned(),
        }
    }

    /// A day and time in words.
    pub(super) fn date(&self, language: &str, at: Timestamp, zone: &Zone) -> String {
        self.pages.moment(language, at, zone, "%H:%M")
    }

    /// A day in words, and a time to the second.
    pub(super) fn second(&self, visitor: &Visitor, at: Timestamp) -> String {
        let zone = &self.desk().settings.newsroom.zone;
        self.pages.moment(visitor.language, at, zone, "%H:%M:%S")
    }
}

fn called(me: &SignedIn) -> &str {
    if me.account.full_name.is_empty() {
        me.account.name.as_str()
    } else {
        &me.account.full_name
    }
}

fn permissions(role: Role) -> Value {
    let all = Permission::ALL.into_iter();
    let named = all.map(|what| (what.name().to_owned(), json!(role.may(what))));
    Value::Object(named.collect())
}

fn sections(role: Role, path: &str) -> Vec<Value> {
    let seen = SECTIONS.into_iter().filter(|(_, _, what)| role.may(*what));
    seen.map(
        |(name, href, _)| json!({ "name": name, "href": href, "here": path.starts_with(href) }),
    )
    .collect()
}
