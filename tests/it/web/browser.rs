//! A browser without a window: it keeps cookies, and says where its forms stand.

use crate::support::{ServiceProcess, Workspace, run};
use reqwest::blocking::multipart::{Form, Part};
use reqwest::blocking::{Client, RequestBuilder};
use reqwest::redirect::Policy;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

pub(crate) const PASSWORD: &str = "the river runs north";

/// Makes an account on the command line.
pub(crate) fn user(workspace: &Workspace, name: &str, role: &str) {
    let mut command = workspace.command(&["user", "add", name, "--role", role]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(PASSWORD.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
}

/// What a page answered.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }

    #[track_caller]
    pub(crate) fn holds(&self, text: &str) -> &Self {
        assert!(
            self.body.contains(text),
            "{text:?} is not in {} {}",
            self.status,
            self.body
        );
        self
    }

    #[track_caller]
    pub(crate) fn lacks(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
        self
    }
}

pub(crate) struct Browser {
    client: Client,
    pub(crate) base: String,
    cookies: BTreeMap<String, String>,
    pub(crate) language: &'static str,
}

impl Browser {
    pub(crate) fn new(service: &ServiceProcess) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            base: format!("http://{}", service.address()),
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// Another one at the same desk.
    pub(crate) fn new_like(other: &Self) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            base: other.base.clone(),
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// Signed in.
    pub(crate) fn of(service: &ServiceProcess, name: &str) -> Self {
        let mut browser = Self::new(service);
        let page = browser.sign_in(name, PASSWORD, "");
        assert_eq!(page.status, 303, "{}", page.body);
        browser
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str, code: &str) -> Page {
        self.post(
            "/sign-in",
            &[("name", name), ("password", password), ("code", code)],
        )
    }

    /// A page; one that is still being counted is asked for again, as it asks itself.
    pub(crate) fn get(&mut self, path: &str) -> Page {
        loop {
            let request = self.client.get(format!("{}{path}", self.base));
            let page = self.ask(request);
            if !page.body.contains("data-again=") {
                return page;
            }
        }
    }

    pub(crate) fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let origin = self.base.clone();
        self.post_from(&origin, path, form)
    }

    /// As if the form stood on a page of that origin.
    pub(crate) fn post_from(&mut self, origin: &str, path: &str, form: &[(&str, &str)]) -> Page {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let body: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let mut request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        if !origin.is_empty() {
            request = request.header("origin", origin);
        }
        self.ask(request)
    }

    /// A form with a file.
    pub(crate) fn upload(&mut self, path: &str, name: &str, bytes: &[u8]) -> Page {
        let file = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("origin", &self.base)
            .multipart(Form::new().part("file", file));
        self.ask(request)
    }

    /// As a mail provider opts its user out: no cookie, no origin, the readers' name.
    pub(crate) fn one_click(&mut self, host: &str, path: &str, body: &str) -> Page {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("host", host)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        self.ask(request)
    }

    /// With another host's name.
    pub(crate) fn get_as_host(&mut self, host: &str, path: &str) -> Page {
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .header("host", host);
        self.ask(request)
    }

    /// Listens to events until they are enough.
    pub(crate) fn events(&mut self, path: &str, enough: impl Fn(&str) -> bool) -> String {
        self.events_after(path, "", enough)
    }

    /// The same, as somebody who has heard an event before.
    pub(crate) fn events_after(
        &mut self,
        path: &str,
        last: &str,
        enough: impl Fn(&str) -> bool,
    ) -> String {
        use std::io::Read;
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .header("cookie", cookies.join("; "))
            .header("last-event-id", last);
        let mut answer = request.send().unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let read = answer.read(&mut piece).unwrap();
            heard.extend(&piece[..read]);
            let text = String::from_utf8_lossy(&heard).into_owned();
            if enough(&text) || read == 0 {
                return text;
            }
        }
    }

    fn ask(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = request
            .header("cookie", cookies.join("; "))
            .header("accept-language", self.language)
            .send()
            .unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let headers = answer.headers().iter();
        Page {
            status: answer.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: answer.text().unwrap(),
        }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }
}

/// The code of a second factor now, as an authenticator would show it.
pub(crate) fn code(secret: &str, later: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .build_noncompliant();
    let now = u64::try_from(crate::support::now().as_second()).unwrap();
    totp.generate(now + later).to_string()
}

/// A line of the acts on record.
pub(crate) fn acts(workspace: &Workspace) -> Vec<String> {
    let said = run(&mut workspace.command(&["--format", "json", "user", "acts"]));
    let acts: Vec<serde_json::Value> = serde_json::from_str(&said.out).unwrap();
    acts.iter()
        .map(|act| {
            format!(
                "{} {}",
                act["by"].as_str().unwrap(),
                act["act"].as_str().unwrap()
            )
        })
        .collect()
}
