//! Dateline at work: a distribution is planned once, and every run dispatches
//! a fresh copy of it, so that what is timed is claim to logged outcome.

use crate::children::{LOOK, Running, Spent};
use crate::mail::{self, RELEASE, english};
use crate::newsroom::{self, SEGMENT};
use crate::postfix::Sink;
use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The command that goes on with a planned distribution.
const SEND: [&str; 4] = ["send", RELEASE, "--to", SEGMENT];

/// A newsroom whose distribution is planned and not begun.
#[derive(Debug)]
pub(crate) struct Planned {
    folder: tempfile::TempDir,
    pub(crate) messages: u32,
    /// From when on it may be dispatched.
    due: Timestamp,
    /// Seconds that planning took.
    pub(crate) planning: f64,
}

impl Planned {
    /// Plans the release for so many readers, in a newsroom as `change` leaves it.
    pub(crate) fn new(messages: u32, change: impl Fn(&Path) -> Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let workspace = mail::newsroom(&folder.path().join("w"))?;
        change(&workspace)?;
        newsroom::import(&workspace, messages, english)?;
        // Planning must be over before anything is due; nothing listens on its relay's port.
        let ahead = SignedDuration::from_secs(3 + i64::from(messages) / 4_000);
        let due = Timestamp::now() + ahead;
        let at = due.to_string();
        let begun = Instant::now();
        let mut plan = SEND.to_vec();
        plan.extend(["--at", &at]);
        newsroom::run(&workspace, &plan).context("cannot plan in time")?;
        Ok(Self {
            folder,
            messages,
            due,
            planning: begun.elapsed().as_secs_f64(),
        })
    }

    /// A copy of it, on disk, that sends to this port. Waits until it is due.
    pub(crate) fn copy(&self, into: &Path, port: u16, connections: u32) -> Result<PathBuf> {
        let copy = into.join("w");
        let status = Command::new("cp")
            .arg("-r")
            .arg(self.folder.path().join("w"))
            .arg(&copy)
            .status()?;
        ensure!(status.success(), "cannot copy the planned newsroom");
        relay(&copy, port, connections)?;
        for file in std::fs::read_dir(&copy)? {
            let path = file?.path();
            if path.is_file() {
                File::open(path)?.sync_all()?;
            }
        }
        let left = self.due.duration_since(Timestamp::now());
        std::thread::sleep(Duration::try_from(left).unwrap_or_default());
        Ok(copy)
    }
}

/// Has a newsroom send to a port of this machine.
pub(crate) fn relay(workspace: &Path, port: u16, connections: u32) -> Result<()> {
    newsroom::edit(&workspace.join("dateline.toml"), |text| {
        let lines = text.lines().map(|line| match line {
            _ if line.starts_with("port = ") => format!("port = {port}"),
            _ if line.starts_with("connections = ") => format!("connections = {connections}"),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

/// Begins to send what is planned.
pub(crate) fn begin(name: &str, workspace: &Path) -> Result<Running> {
    Running::start(name, &mut newsroom::dateline(workspace, &SEND))
}

/// Sends what is planned, with so many processes, and makes sure that the relay
/// took all of it. Timed is from when the sink has heard the first of it to the
/// end of the last process, whose report is counted; CPU is that of whole processes.
pub(crate) fn send(
    workspace: &Path,
    sink: &Sink,
    messages: u32,
    processes: usize,
) -> Result<Spent> {
    let mut running: Vec<_> = (0..processes)
        .map(|_| begin("dateline", workspace))
        .collect::<Result<_>>()?;
    let mut whole = Spent {
        seconds: 0.0,
        cpu: 0.0,
        peak_mib: 0.0,
    };
    let mut heard = false;
    while !running.is_empty() {
        heard = heard || sink.octets()? > 0;
        if !heard {
            running.iter_mut().for_each(Running::put_off);
        }
        let mut left = Vec::new();
        for mut process in running {
            match process.look()? {
                Some(spent) => whole.add(spent),
                None => left.push(process),
            }
        }
        running = left;
        std::thread::sleep(LOOK);
    }
    all_accepted(workspace, messages)?;
    Ok(whole)
}

/// Makes sure that every delivery was accepted, and that the log says so.
pub(crate) fn all_accepted(workspace: &Path, messages: u32) -> Result<()> {
    let said = newsroom::dateline(workspace, &["status", "latest", "--format", "json"])
        .stdin(Stdio::null())
        .output()?;
    let status: serde_json::Value = serde_json::from_slice(&said.stdout)
        .with_context(|| String::from_utf8_lossy(&said.stderr).into_owned())?;
    let accepted = status
        .pointer("/by_state/accepted")
        .and_then(serde_json::Value::as_u64);
    ensure!(
        accepted == Some(u64::from(messages)),
        "of {messages} deliveries not all were accepted: {status}"
    );
    Ok(())
}
