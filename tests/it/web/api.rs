//! The API, as a program calls it.

mod doors;
mod fuzz;
mod people;
mod story;

use super::browser::{Page, user};
use crate::support::{ServiceProcess, Workspace};
use dateline::domain::token::Scope;
use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::Value;

/// Makes a token on the command line, and gives its secret.
fn token(workspace: &Workspace, name: &str, user: &str, scopes: &[Scope]) -> String {
    token_until(workspace, name, user, scopes, &[])
}

fn token_until(
    workspace: &Workspace,
    name: &str,
    user: &str,
    scopes: &[Scope],
    more: &[&str],
) -> String {
    let mut args = vec!["token", "add", name, "--user", user];
    for scope in scopes {
        args.extend(["--scope", scope.name()]);
    }
    args.extend(more);
    let (code, made) = workspace.json(&args);
    assert_eq!(code, 0, "{made}");
    made["token"].as_str().unwrap().to_owned()
}

/// Scopes that an account of a role may have.
fn scopes_of(role: dateline::domain::account::Role) -> Vec<Scope> {
    let all = Scope::ALL.into_iter();
    all.filter(|scope| role.may(scope.permission())).collect()
}

/// A program.
struct Program {
    client: Client,
    base: String,
    /// What it shows, whole: `Bearer …`.
    shows: String,
    more: Vec<(&'static str, String)>,
}

impl Program {
    fn new(service: &ServiceProcess, secret: &str) -> Self {
        Self {
            client: Client::new(),
            base: format!("http://{}", service.address()),
            shows: format!("Bearer {secret}"),
            more: Vec::new(),
        }
    }

    /// The same with one header more.
    fn with(service: &ServiceProcess, secret: &str, header: &'static str, value: &str) -> Self {
        Self {
            more: vec![(header, value.to_owned())],
            ..Self::new(service, secret)
        }
    }

    fn call(&self, method: Method, path: &str, body: Option<&str>) -> Page {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, url);
        if !self.shows.is_empty() {
            request = request.header("authorization", &self.shows);
        }
        for (name, value) in &self.more {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        let answer = request.send().unwrap();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| {
            let value = value.to_str().unwrap().to_owned();
            (name.to_string(), value)
        });
        Page {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.text().unwrap(),
        }
    }

    fn get(&self, path: &str) -> Page {
        self.call(Method::GET, path, None)
    }

    fn post(&self, path: &str, body: &Value) -> Page {
        self.call(Method::POST, path, Some(&body.to_string()))
    }

    fn patch(&self, path: &str, body: &Value) -> Page {
        self.call(Method::PATCH, path, Some(&body.to_string()))
    }

    /// What a path answers that goes well.
    #[track_caller]
    fn read(&self, path: &str) -> Value {
        let page = self.get(path);
        assert_eq!(page.status, 200, "{path} {}", page.body);
        json(&page)
    }
}

#[track_caller]
fn json(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|error| panic!("{error} {}", page.body))
}

/// Sees that an answer is a problem of this status, and gives its words.
#[track_caller]
fn problem(page: &Page, status: u16) -> String {
    assert_eq!(page.status, status, "{}", page.body);
    assert_eq!(page.headers["content-type"], "application/problem+json");
    let told = json(page);
    assert_eq!(told["status"], status);
    assert_eq!(told["type"], "about:blank");
    told["detail"].as_str().unwrap().to_owned()
}

/// A newsroom with its contacts and an approver, `vera`.
fn newsroom() -> Workspace {
    let workspace = Workspace::with_contacts();
    user(&workspace, "vera", "approver");
    workspace
}
