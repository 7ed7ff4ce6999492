//! The store in PostgreSQL: one process, and two that share the work, where both
//! cores are full of it and where they are not.

use crate::cluster::{Cluster, PASSWORD};
use crate::newsroom::{self, median};
use crate::postfix::{Pipelining, Sink};
use crate::proxy::Proxy;
use crate::results::{Part, Row, Taken, Target, ratio};
use crate::sending::{self, Planned};
use crate::sizes::Sizes;
use anyhow::{Context, Result};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

const PLANNED: &str = "planned";
const PLANNED_FEW: &str = "planned_few";
const RUN: &str = "run";

/// How far the relay is that leaves the cores time.
const EACH_WAY: Duration = Duration::from_millis(10);

/// Which store, how many processes send from it, and where the relay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Setting {
    name: &'static str,
    server: bool,
    processes: usize,
    far: bool,
}

const SETTINGS: [Setting; 5] = [
    Setting::new("SQLite, one process", false, 1, false),
    Setting::new("PostgreSQL, one process", true, 1, false),
    Setting::new("PostgreSQL, two processes", true, 2, false),
    Setting::new("PostgreSQL, one process, 20 ms away", true, 1, true),
    Setting::new("PostgreSQL, two processes, 20 ms away", true, 2, true),
];

impl Setting {
    const fn new(name: &'static str, server: bool, processes: usize, far: bool) -> Self {
        Self {
            name,
            server,
            processes,
            far,
        }
    }
}

/// The measurements of one setting.
#[derive(Debug, Default)]
struct Found {
    taken: Vec<Taken>,
    /// Of all cores' time, what was not idle.
    busy: Vec<f64>,
}

pub(crate) fn measure(sizes: &Sizes) -> Result<Part> {
    let stage = Stage::new(sizes)?;
    let mut turns: Vec<usize> = (0..SETTINGS.len()).collect();
    let mut found = SETTINGS.map(|_| Found::default());
    for round in 1..=sizes.runs {
        for at in &turns {
            let (taken, busy) = stage.take(SETTINGS[*at])?;
            println!("  {round}: {}: {:.0}/s", SETTINGS[*at].name, taken.rate());
            found[*at].taken.push(taken);
            found[*at].busy.push(busy);
        }
        turns.reverse();
    }
    Ok(report(&found, sizes))
}

fn report(found: &[Found; 5], sizes: &Sizes) -> Part {
    let [file, one, two, one_far, two_far] = found;
    let to = |these: &Found, those: &Found| ratio(&these.taken, &those.taken, Taken::rate);
    let what = format!(
        "{} recipients, {} connections",
        sizes.messages, sizes.connections
    );
    let mut part = Part::new("SQLite", sizes.runs, &what);
    part.rows = SETTINGS
        .iter()
        .zip(found)
        .map(|(setting, found)| {
            let yardstick = (!setting.far).then_some(&file.taken[..]);
            Row::of(setting.name, &found.taken, yardstick)
        })
        .collect();
    part.targets = vec![
        Target::at_least(
            "PostgreSQL, one process, to SQLite",
            to(one, file),
            0.6,
            "x",
        ),
        Target::at_least(
            "two processes to one, until the cores are full",
            to(two_far, one_far),
            1.2,
            "x",
        ),
    ];
    let busy = |found: &Found| median(found.busy.clone()) * 100.0;
    part.notes = vec![
        "CPU a mail is Dateline's alone, without the server's.".to_owned(),
        "Each process has as many connections as the part says, so two have twice as many."
            .to_owned(),
        format!(
            "With the relay at hand the cores were {:.0} % busy under one process, its server \
             and its sink, and {:.0} % under two, which sent {:.2} times as fast; with the relay \
             20 ms away {:.0} % and {:.0} %.",
            busy(one),
            busy(two),
            to(two, one),
            busy(one_far),
            busy(two_far)
        ),
    ];
    part
}

struct Stage<'a> {
    in_file: Planned,
    in_server: Planned,
    /// For the relay that is far.
    few: Planned,
    cluster: Cluster,
    sizes: &'a Sizes,
}

impl<'a> Stage<'a> {
    fn new(sizes: &'a Sizes) -> Result<Self> {
        let cluster = Cluster::start()?;
        let plan = |messages, database: &str| {
            cluster.create(database, None)?;
            Planned::new(messages, |workspace| {
                keep_in(workspace, &cluster.url(database))
            })
            .context("this Dateline has no store in PostgreSQL, or it does not work")
        };
        Ok(Self {
            in_file: Planned::new(sizes.messages, |_| Ok(()))?,
            in_server: plan(sizes.messages, PLANNED)?,
            few: plan(sizes.fraction(4, sizes.connections), PLANNED_FEW)?,
            cluster,
            sizes,
        })
    }

    /// One turn, and how busy the cores were.
    fn take(&self, setting: Setting) -> Result<(Taken, f64)> {
        let sink = Sink::start(Pipelining::Announced)?;
        let proxy = setting
            .far
            .then(|| Proxy::start(sink.port, EACH_WAY))
            .transpose()?;
        let port = proxy.as_ref().map_or(sink.port, |proxy| proxy.port);
        let folder = tempfile::tempdir()?;
        let (planned, database) = match setting {
            Setting { server: false, .. } => (&self.in_file, None),
            Setting { far: false, .. } => (&self.in_server, Some(PLANNED)),
            Setting { far: true, .. } => (&self.few, Some(PLANNED_FEW)),
        };
        let workspace = planned.copy(folder.path(), port, self.sizes.connections)?;
        if database.is_some() {
            self.cluster.create(RUN, database)?;
            keep_in(&workspace, &self.cluster.url(RUN))?;
        }
        let before = CoreTime::now()?;
        let spent = sending::send(&workspace, &sink, planned.messages, setting.processes)?;
        let busy = CoreTime::now()?.busy_since(before);
        if database.is_some() {
            self.cluster.remove(RUN)?;
        }
        let taken = Taken {
            messages: planned.messages,
            spent,
            octets: sink.octets()?,
        };
        Ok((taken, busy))
    }
}

/// Ticks of all cores since the machine's start: the first line of `/proc/stat`.
#[derive(Debug, Clone, Copy)]
struct CoreTime {
    all: u64,
    idle: u64,
}

impl CoreTime {
    fn now() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        // user, nice, system, idle, iowait and the rest; guests are in user already.
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context("the first line of /proc/stat")?;
        Ok(Self {
            all: ticks.iter().sum(),
            idle: ticks.iter().skip(3).take(2).sum(),
        })
    }

    fn busy_since(self, before: Self) -> f64 {
        let all = (self.all - before.all).max(1);
        1.0 - (self.idle - before.idle) as f64 / all as f64
    }
}

/// Where the workspace has the password of the cluster, which is thrown away.
const SECRET: &str = "password";

fn keep_in(workspace: &Path, url: &str) -> Result<()> {
    let secret = workspace.join(SECRET);
    std::fs::write(&secret, PASSWORD)?;
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600))?;
    newsroom::edit(&workspace.join("dateline.toml"), |text| {
        // A copy of a newsroom that was kept so before has a line for it already.
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("password_file"));
        let lines = lines.map(|line| match line {
            _ if line.starts_with("url = ") => {
                format!("url = \"{url}\"\npassword_file = \"{SECRET}\"")
            }
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}
