//! A browser's or a program's side of one connection.

use anyhow::{Context, Result, ensure};
use reqwest::header::{
    AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderValue, LOCATION, ORIGIN, SET_COOKIE,
};
use std::time::{Duration, Instant};

/// Octets after which nobody reads on where a page is long and comes in pieces.
const BEGINNING: u64 = 64 * 1024;

/// After so long a page counts as one that never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody at the desk.
    Desk,
    /// A program.
    Program,
    /// A journalist, under the name of their pages.
    Reader,
    /// Somebody before the door, and what watches.
    Stranger,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// From the request to the last octet; to the first where the page is a stream.
    pub(crate) took: Duration,
    pub(crate) octets: u64,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: HeaderMap,
}

/// Somebody with their connections and their session.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    desk: HeaderMap,
    program: HeaderMap,
    reader: HeaderMap,
}

impl Client {
    pub(crate) fn new(address: &str, token: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        let one = |name, value: &str| -> Result<HeaderMap> {
            Ok(HeaderMap::from_iter([(
                name,
                HeaderValue::from_str(value)?,
            )]))
        };
        Ok(Self {
            http,
            base: format!("http://{address}"),
            desk: HeaderMap::new(),
            program: one(AUTHORIZATION, &format!("Bearer {token}"))?,
            reader: one(HOST, "press.two-banks.example")?,
        })
    }

    /// Signs in.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Result<Duration> {
        let form = [("name", name), ("password", password)];
        let answer = self.post("/sign-in", &form).await?;
        let cookie = answer
            .headers
            .get(SET_COOKIE)
            .context("nobody was let in")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        self.desk = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie)?)]);
        Ok(answer.took)
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        let kind = "application/x-www-form-urlencoded";
        let request = request
            .header("content-type", kind)
            .headers(self.desk.clone());
        self.finish(request.header(ORIGIN, &self.base)).await
    }

    /// Brings a file; answers with the page that shows it.
    pub(crate) async fn bring(&self, path: &str, name: &str, text: String) -> Result<String> {
        let part = reqwest::multipart::Part::text(text).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .multipart(form);
        let request = request
            .headers(self.desk.clone())
            .header(ORIGIN, &self.base);
        Self::location(&self.finish(request).await?)
    }

    /// Where an answer leads.
    pub(crate) fn location(answer: &Answer) -> Result<String> {
        let found = answer.headers.get(LOCATION);
        let found =
            found.with_context(|| format!("an answer of {} leads nowhere", answer.status))?;
        Ok(found.to_str()?.to_owned())
    }

    async fn finish(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let begun = Instant::now();
        let answer = request.send().await?;
        read(answer, begun, u64::MAX).await
    }

    /// Asks for a page. Of one that comes in pieces the first counts.
    pub(crate) async fn get(&self, who: Caller, path: &str, pieces: bool) -> Result<Answer> {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = match who {
            Caller::Desk => request.headers(self.desk.clone()),
            Caller::Program => request.headers(self.program.clone()),
            Caller::Reader => request.headers(self.reader.clone()),
            Caller::Stranger => request,
        };
        let begun = Instant::now();
        let mut answer = request.send().await?;
        if !pieces {
            return read(answer, begun, u64::MAX).await;
        }
        let first = answer.chunk().await?.unwrap_or_default();
        let took = begun.elapsed();
        ensure!(!first.is_empty(), "{path} says nothing");
        let whole = read(answer, begun, BEGINNING).await?;
        Ok(Answer {
            took,
            octets: whole.octets + first.len() as u64,
            ..whole
        })
    }
}

/// Reads an answer to its end, or so far.
async fn read(mut answer: reqwest::Response, begun: Instant, most: u64) -> Result<Answer> {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let events = headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let mut body = Vec::new();
    while !events && (body.len() as u64) < most {
        match answer.chunk().await? {
            Some(piece) => body.extend_from_slice(&piece),
            None => break,
        }
    }
    Ok(Answer {
        status,
        took: begun.elapsed(),
        octets: body.len() as u64,
        body,
        headers,
    })
}
