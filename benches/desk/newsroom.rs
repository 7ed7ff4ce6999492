//! The newsroom that is walked through: made once, and kept under target/.

use crate::house::{DATELINE, dateline, edit, plain, run};
use crate::sink::Sink;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Contacts in it.
pub(crate) const CONTACTS: u32 = 100_000;
/// Entries that its log has at least.
pub(crate) const ENTRIES: u64 = 1_000_000;
/// Who walks through it.
pub(crate) const USERS: u32 = 20;
/// Their password.
pub(crate) const PASSWORD: &str = "a long walk along two banks";
/// Releases of which everybody has one, or gets it.
const LARGE: u32 = 4;
/// Releases that went to a list of a few hundred.
const SMALL: u32 = 16;
/// Addresses that are barred.
const BARRED: u32 = 2_000;
/// The release whose distribution is under way while somebody looks.
pub(crate) const UNDER_WAY: &str = "2026-10-04-levels";
/// Written where a newsroom is made whole; another number after a change of what
/// is made.
const MADE: &str = "made-1";

/// Countries, with a language and a zone that people there may have.
const COUNTRIES: [(&str, &str, &str); 8] = [
    ("KZ", "ru", "Asia/Almaty"),
    ("KG", "ru;en", "Asia/Bishkek"),
    ("FR", "fr", "Europe/Paris"),
    ("GB", "en", "Europe/London"),
    ("UA", "uk;en", "Europe/Kyiv"),
    ("ES", "es", "Europe/Madrid"),
    ("IN", "en", "Asia/Kolkata"),
    ("EG", "ar;en", "Africa/Cairo"),
];
const FIRST: [&str; 8] = [
    "Anna",
    "Анна",
    "Jonah",
    "Тимур",
    "Priya",
    "Ольга",
    "Marc",
    "Самат",
];
const LAST: [&str; 10] = [
    "Kim",
    "Ким",
    "Whitlock",
    "Ахметова",
    "Raman",
    "Ковалёва",
    "Duval",
    "Жумабаев",
    "Okafor",
    "Нарси",
];

/// Everybody on whom the sink shuts the door for good, and for now.
pub(crate) fn refusal(line: &[u8]) -> Option<&'static [u8]> {
    let has = |text: &[u8]| line.windows(text.len()).any(|part| part == text);
    match (has(b"-gone@"), has(b"-full@")) {
        (true, _) => Some(b"550 5.1.1 No such mailbox\r\n"),
        (_, true) => Some(b"452 4.2.2 Mailbox full\r\n"),
        _ => None,
    }
}

/// The same, but nobody is told to come again: the newsroom is made without waiting.
fn refusal_for_good(line: &[u8]) -> Option<&'static [u8]> {
    refusal(line).filter(|answer| answer.starts_with(b"5"))
}

/// The address of a contact.
pub(crate) fn address(n: u32) -> String {
    let kind = match n % 200 {
        13 => "-gone",
        57 => "-full",
        _ => "",
    };
    format!("reader{n}{kind}@d{}.example", n % 1000)
}

/// The name of somebody who walks.
pub(crate) fn user(n: u32) -> String {
    format!("walker-{n}")
}

/// The newsroom, made where there is none.
pub(crate) fn ready() -> Result<PathBuf> {
    let target = Path::new(DATELINE).ancestors().nth(2);
    let place = target.unwrap_or(Path::new("target")).join("desk");
    let workspace = place.join("newsroom");
    if workspace.join(MADE).exists() {
        return Ok(workspace);
    }
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    std::fs::create_dir_all(&place)?;
    make(&workspace)?;
    std::fs::write(workspace.join(MADE), "")?;
    Ok(workspace)
}

fn make(workspace: &Path) -> Result<()> {
    let begun = std::time::Instant::now();
    plain(workspace)?;
    settle_in(workspace)?;
    releases(workspace)?;
    let file = workspace.join("readers.csv");
    std::fs::write(&file, contacts()?)?;
    let file = file.display().to_string();
    run(workspace, &["contacts", "import", &file])?;
    people(workspace)?;
    let sink = Sink::start(refusal_for_good);
    relay(workspace, sink.port, None)?;
    for n in 0..SMALL {
        run(
            workspace,
            &["send", &small(n), "--to", "list:wires", "--wait"],
        )
        .or_else(tolerate)?;
    }
    bounces(workspace)?;
    bars(workspace)?;
    for n in 1..LARGE {
        let release = large(n);
        run(
            workspace,
            &["send", &release, "--to", "list:everybody", "--wait"],
        )
        .or_else(tolerate)?;
    }
    let embargoed = "2027-03-11-river-defenders";
    run(
        workspace,
        &["send", embargoed, "--to", "list:talmira", "--on-lift"],
    )?;
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(30)).to_string();
    run(
        workspace,
        &["send", UNDER_WAY, "--to", "list:everybody", "--at", &soon],
    )?;
    println!(
        "the newsroom was made in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// A send of which some deliveries failed for good ends with 1, as here it must.
fn tolerate(error: anyhow::Error) -> Result<()> {
    ensure!(format!("{error:#}").contains("exit status: 1"), error);
    Ok(())
}

/// Readers' pages, segments beside the sample's, and an approval that is not asked for.
fn settle_in(workspace: &Path) -> Result<()> {
    edit(&workspace.join("dateline.toml"), |text| {
        format!("{text}\n[readers]\nurl = \"https://press.two-banks.example\"\npublic = true\n")
    })?;
    edit(&workspace.join("segments.toml"), |text| {
        format!(
            "{text}\n[segment.central-asia]\nwhere = \"contact.country in ['KZ', 'KG'] && 'human-rights' in contact.beats\"\n\
             \n[segment.rivers]\nwhere = \"'rivers' in contact.beats && !('wires' in contact.lists)\"\n"
        )
    })
}

/// The relay's lines: where it listens, and how fast it may go.
pub(crate) fn relay(workspace: &Path, port: u16, rate: Option<f64>) -> Result<()> {
    edit(&workspace.join("dateline.toml"), |text| {
        let kept = text.lines().filter(|line| !line.starts_with("rate = "));
        let lines = kept.map(|line| match (line.starts_with("port = "), rate) {
            (true, Some(rate)) => format!("port = {port}\nrate = {rate:.1}"),
            (true, None) => format!("port = {port}"),
            (false, _) => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    })
}

/// Releases of one paragraph beside the sample's two.
fn releases(workspace: &Path) -> Result<()> {
    let made = (0..LARGE).map(large).chain((0..SMALL).map(small));
    for (n, id) in made.enumerate() {
        let folder = workspace.join("releases").join(&id);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(
            folder.join("release.toml"),
            format!(
                "id = \"{id}\"\nkind = \"press-release\"\nlanguages = [\"en\", \"ru\"]\n[dateline]\nplace = {{ en = \"Geneva\", ru = \"Женева\" }}\ndate = 2026-10-01\n"
            ),
        )?;
        for (language, headline, body) in [
            (
                "en",
                "Water levels along the lower Talmira",
                "64 volunteers have put 31 simple gauges into service.",
            ),
            (
                "ru",
                "Уровень воды в низовьях Талмиры",
                "64 волонтёра установили 31 простой водомерный пост.",
            ),
        ] {
            let text = format!("+++\nheadline = \"{headline}, {n}\"\n+++\n\n{body}\n");
            std::fs::write(folder.join(format!("{language}.md")), text)?;
        }
    }
    Ok(())
}

fn large(n: u32) -> String {
    format!("2026-10-{:02}-levels", LARGE - n)
}

/// A release that went to a few hundred.
pub(crate) fn small(n: u32) -> String {
    format!("2026-09-{:02}-gauges", n + 1)
}

fn contacts() -> Result<String> {
    let mut csv = "email,name,salutation,outlet,role,country,languages,time_zone,beats,lists,embargo_agreement,notes\n".to_owned();
    for n in 0..CONTACTS {
        let (country, languages, zone) = COUNTRIES[n as usize % COUNTRIES.len()];
        let first = FIRST[n as usize / 3 % FIRST.len()];
        let last = LAST[n as usize / 7 % LAST.len()];
        let outlet = match n % 3 {
            0 => format!("Вестник {}", n % 2500),
            _ => format!("The Valley Post {}", n % 2500),
        };
        let beats = [
            "rivers;environment",
            "human-rights",
            "politics;human-rights",
        ][n as usize % 3];
        let mut lists = "everybody".to_owned();
        for (list, of) in [("wires", 500), ("talmira", 20), ("monthly", 7)] {
            if n.is_multiple_of(of) {
                write!(lists, ";{list}")?;
            }
        }
        write!(lists, ";desk-{}", n % 40)?;
        let agreement = if n.is_multiple_of(20) {
            "2026-02-01"
        } else {
            ""
        };
        let email = address(n);
        writeln!(
            csv,
            "{email},{first} {last} {n},Dear {first},{outlet},Correspondent,{country},{languages},{zone},{beats},{lists},{agreement},Met in Geneva"
        )?;
    }
    Ok(csv)
}

/// Accounts of those who walk, and a program's token.
fn people(workspace: &Path) -> Result<()> {
    for n in 0..USERS {
        fed(
            workspace,
            &["user", "add", &user(n), "--role", "admin"],
            PASSWORD,
        )?;
    }
    Ok(())
}

/// A program's token that may read everything; some of it whoever may change it reads.
pub(crate) fn token(workspace: &Path) -> Result<String> {
    // One that an earlier walk left; it is fine where there is none.
    drop(run(workspace, &["token", "revoke", "walk"]));
    let owner = user(0);
    let mut add = vec!["token", "add", "walk", "--user", &owner];
    for scope in [
        "releases:read",
        "releases:rehearse",
        "distributions:read",
        "contacts:read",
        "contacts:write",
        "contacts:forget",
        "accounts:write",
        "log:read",
    ] {
        add.extend(["--scope", scope]);
    }
    let made = told(workspace, &add)?;
    let token = made[0]["token"].as_str().context("no token was made")?;
    Ok(token.to_owned())
}

/// Some hundred notifications about the first small release.
fn bounces(workspace: &Path) -> Result<()> {
    let entries = told(workspace, &["log", "latest", "--event", "planned"])?;
    let mut mbox = String::new();
    for (n, entry) in entries.iter().enumerate() {
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        let (to, delivery) = (text("email"), text("delivery"));
        write!(
            mbox,
            "From MAILER-DAEMON Thu Oct 01 09:00:00 2026\nReturn-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: <press@two-banks.example>\n\
             Message-ID: <{n}@mx.example>\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b{n}\"\n\n\
             --b{n}\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n\
             --b{n}\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\n\n\
             --b{n}\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{delivery}@two-banks.example>\n\n--b{n}--\n\n"
        )?;
    }
    let file = workspace.join("bounces.mbox");
    std::fs::write(&file, mbox)?;
    run(
        workspace,
        &["bounce", "ingest", &file.display().to_string()],
    )
}

/// Bars on addresses, most of whom are no contacts any more.
fn bars(workspace: &Path) -> Result<()> {
    let mut csv = "email,reason\n".to_owned();
    for n in 0..BARRED {
        writeln!(csv, "left{n}@d{}.example,opt-out", n % 1000)?;
    }
    let file = workspace.join("barred.csv");
    std::fs::write(&file, csv)?;
    run(
        workspace,
        &["suppression", "import", &file.display().to_string()],
    )
}

/// What a command says as JSON: one value, or one a line; a list counts as its items.
pub(crate) fn told(workspace: &Path, args: &[&str]) -> Result<Vec<Value>> {
    let mut command = dateline(workspace, args);
    let said = command
        .args(["--format", "json"])
        .stdin(Stdio::null())
        .output()?;
    ensure!(
        said.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&said.stderr)
    );
    let mut all = Vec::new();
    for value in serde_json::Deserializer::from_slice(&said.stdout).into_iter() {
        let value: Value = value?;
        match value.as_array() {
            Some(items) => all.extend(items.iter().cloned()),
            None => all.push(value),
        }
    }
    Ok(all)
}

/// Runs a command that reads a line.
fn fed(workspace: &Path, args: &[&str], line: &str) -> Result<()> {
    let mut command: Command = dateline(workspace, args);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    child
        .stdin
        .take()
        .context("no standard input")?
        .write_all(line.as_bytes())?;
    ensure!(child.wait()?.success(), "{args:?} failed");
    Ok(())
}
