//! What a walk needs to know of the newsroom: who and what there is to look at.

use crate::client::{Caller, Client};
use crate::newsroom::{self, PASSWORD, USERS, address, small, told, user};
use anyhow::{Context, Result, ensure};
use dateline::domain::link::{Bearer, LinkKey, Links, Purpose};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// Addresses, contacts, reports and readers that are looked at.
const SOME: usize = 100;
/// Rows of the file that is brought to be imported.
const ROWS: u32 = 1_000;
/// Files that the service keeps at a time: so many of those who walk bring one.
const BRING: usize = 8;

/// Whatever the pages are about.
pub(crate) struct Scene {
    pub(crate) assets: Vec<String>,
    pub(crate) emails: Vec<String>,
    pub(crate) contacts: Vec<String>,
    /// Distributions, each by what is special about it.
    pub(crate) distributions: Vec<(&'static str, String)>,
    /// The first page of a rehearsal's mails.
    pub(crate) rehearsal: String,
    pub(crate) reports: Vec<String>,
    pub(crate) opt_outs: Vec<String>,
    pub(crate) owns: Vec<String>,
    /// Entries of the log.
    pub(crate) entries: u64,
    /// Times: somewhere in the log, and a minute later.
    pub(crate) span: (String, String),
}

impl Scene {
    pub(crate) fn distribution(&self, what: &str) -> &str {
        let found = self.distributions.iter().find(|(name, _)| *name == what);
        found.map_or("", |(_, id)| id)
    }

    /// Looks about.
    pub(crate) async fn look(workspace: &Path, client: &Client) -> Result<Self> {
        let distributions = distributions(client).await?;
        let readers = told(
            workspace,
            &["log", &distributions[1].1, "--event", "planned"],
        )?;
        let deliveries: Vec<_> = readers
            .iter()
            .filter_map(|entry| entry["delivery"].as_str())
            .collect();
        let (opt_outs, owns) = links(workspace, &deliveries)?;
        let some = u32::try_from(SOME)?;
        let emails: Vec<_> = (0..some).map(|n| address(n * 997)).collect();
        let reports = items(client, "/api/v1/bounces?limit=100").await?;
        let newest = items(client, "/api/v1/log?order=newest&limit=1").await?;
        let entries = newest
            .first()
            .and_then(|entry| entry["seq"].as_u64())
            .unwrap_or_default();
        let middle = items(
            client,
            &format!("/api/v1/log?limit=1&after={}", entries / 2),
        )
        .await?;
        let at: jiff::Timestamp = field(&middle[0], "at").parse()?;
        Ok(Self {
            assets: assets(client).await?,
            contacts: contacts(client, &emails).await?,
            rehearsal: rehearsal(client).await?,
            reports: reports.iter().map(|one| field(one, "report")).collect(),
            span: (
                at.to_string(),
                (at + jiff::SignedDuration::from_mins(1)).to_string(),
            ),
            distributions,
            emails,
            opt_outs,
            owns,
            entries,
        })
    }
}

fn field(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

async fn items(client: &Client, path: &str) -> Result<Vec<Value>> {
    let answer = client.get(Caller::Program, path, false).await?;
    let text = || String::from_utf8_lossy(&answer.body);
    ensure!(
        answer.status == 200,
        "{path}: {}: {}",
        answer.status,
        text()
    );
    let page: Value = serde_json::from_slice(&answer.body)?;
    Ok(page["items"].as_array().cloned().unwrap_or_default())
}

async fn distributions(client: &Client) -> Result<Vec<(&'static str, String)>> {
    let wanted = [
        ("sent to everybody", "2026-10-03-levels".to_owned()),
        ("small", small(3)),
        ("scheduled", "2027-03-11-river-defenders".to_owned()),
        ("under way", newsroom::UNDER_WAY.to_owned()),
    ];
    let all = items(client, "/api/v1/distributions?limit=100").await?;
    let mut found = Vec::new();
    for (what, release) in wanted {
        let one = all.iter().find(|one| field(one, "release") == release);
        let one = one.with_context(|| format!("there is no distribution of {release}"))?;
        found.push((what, field(one, "id")));
    }
    Ok(found)
}

/// What the first page asks for beside itself.
async fn assets(client: &Client) -> Result<Vec<String>> {
    let page = client.get(Caller::Stranger, "/sign-in", false).await?;
    let page = String::from_utf8(page.body)?;
    let asked = page.split('"').filter(|part| part.starts_with("/assets/"));
    Ok(asked.map(|part| part.replace("&#x3D;", "=")).collect())
}

async fn contacts(client: &Client, emails: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for email in emails {
        let found = items(client, &format!("/api/v1/contacts?search={email}")).await?;
        ids.extend(found.first().map(|one| field(one, "id")));
    }
    ensure!(
        ids.len() == emails.len(),
        "some contacts are not found by their address"
    );
    Ok(ids)
}

/// Rehearses a release to a few hundred, and waits for the report.
async fn rehearsal(client: &Client) -> Result<String> {
    let begun = client
        .post(
            &format!("/releases/{}/rehearse", small(3)),
            &[("to", "list:wires"), ("again", "yes")],
        )
        .await?;
    let place = Client::location(&begun)?;
    for _ in 0..600 {
        let page = client.get(Caller::Desk, &place, false).await?;
        if String::from_utf8_lossy(&page.body).contains("/mails/1\"") {
            return Ok(place);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the rehearsal does not end")
}

/// Readers' links, as a few mails have them.
fn links(workspace: &Path, deliveries: &[&str]) -> Result<(Vec<String>, Vec<String>)> {
    let secret = std::fs::read_to_string(workspace.join(KEY_FILE))?;
    let links = Links::new("", "two-banks.example", LinkKey::new(secret.trim()));
    let (mut opt_outs, mut owns) = (Vec::new(), Vec::new());
    for delivery in deliveries.iter().take(SOME) {
        let bearer = Bearer::Delivery(delivery.parse()?);
        opt_outs.push(links.link(Purpose::OptOut, bearer));
        owns.push(links.link(Purpose::Own, bearer));
    }
    Ok((opt_outs, owns))
}

/// Where links' secret is kept.
const KEY_FILE: &str = "readers.key";

/// Everybody who walks, signed in; some of them have brought a file to import.
pub(crate) async fn walkers(address: &str, token: &str) -> Result<Vec<(Client, Option<String>)>> {
    let mut all = Vec::new();
    for n in 0..USERS {
        let mut client = Client::new(address, token)?;
        client.sign_in(&user(n), PASSWORD).await?;
        let brought = if all.len() < BRING {
            Some(
                client
                    .bring("/contacts/import", "more.csv", table()?)
                    .await?,
            )
        } else {
            None
        };
        all.push((client, brought));
    }
    Ok(all)
}

/// A file of which half is known and half is new.
fn table() -> Result<String> {
    let mut csv = "email,name,outlet,country\n".to_owned();
    for n in 0..ROWS {
        let email = match n % 2 {
            0 => address(n),
            _ => format!("new{n}@d{n}.example"),
        };
        writeln!(csv, "{email},Somebody {n},The Valley Post,FR")?;
    }
    Ok(csv)
}
