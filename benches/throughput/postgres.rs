//! The store in PostgreSQL: one process, and two that share the work.

use crate::cluster::{Cluster, PASSWORD};
use crate::newsroom;
use crate::postfix::{Pipelining, Sink};
use crate::results::{Part, Row, Taken, Target, ratio};
use crate::sending::{self, Planned};
use crate::sizes::Sizes;
use anyhow::{Context, Result};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const PLANNED: &str = "planned";
const RUN: &str = "run";

/// Which store, and how many processes send from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Sqlite,
    One,
    Two,
}

const SETTINGS: [(Setting, &str); 3] = [
    (Setting::Sqlite, "SQLite, one process"),
    (Setting::One, "PostgreSQL, one process"),
    (Setting::Two, "PostgreSQL, two processes"),
];

pub(crate) fn measure(sizes: &Sizes) -> Result<Part> {
    let cluster = Cluster::start()?;
    cluster.create(PLANNED, None)?;
    let stage = Stage {
        in_file: Planned::new(sizes.messages, |_| Ok(()))?,
        in_server: Planned::new(sizes.messages, |workspace| {
            keep_in(workspace, &cluster.url(PLANNED))
        })
        .context("this Dateline has no store in PostgreSQL, or it does not work")?,
        cluster,
        sizes,
    };
    let mut turns = SETTINGS.map(|(setting, _)| setting);
    let mut found = SETTINGS.map(|_| Vec::new());
    for round in 1..=sizes.runs {
        for setting in turns {
            let taken = stage.take(setting)?;
            let (at, name) = place(setting);
            println!("  {round}: {name}: {:.0}/s", taken.rate());
            found[at].push(taken);
        }
        turns.reverse();
    }
    let [file, one, two] = &found;
    let what = format!(
        "{} recipients, {} connections",
        sizes.messages, sizes.connections
    );
    let mut part = Part::new("SQLite", sizes.runs, &what);
    part.rows = SETTINGS
        .iter()
        .zip(&found)
        .map(|((_, name), taken)| Row::of(name, taken, Some(file)))
        .collect();
    part.targets = vec![
        Target::at_least(
            "PostgreSQL, one process, to SQLite",
            ratio(one, file, Taken::rate),
            0.6,
            "x",
        ),
        Target::at_least(
            "two processes to one",
            ratio(two, one, Taken::rate),
            1.2,
            "x",
        ),
    ];
    part.notes = vec![
        "CPU a mail is Dateline's alone, without the server's.".to_owned(),
        "Each process has as many connections as the part says, so two have twice as many."
            .to_owned(),
    ];
    Ok(part)
}

fn place(setting: Setting) -> (usize, &'static str) {
    match setting {
        Setting::Sqlite => (0, SETTINGS[0].1),
        Setting::One => (1, SETTINGS[1].1),
        Setting::Two => (2, SETTINGS[2].1),
    }
}

struct Stage<'a> {
    in_file: Planned,
    in_server: Planned,
    cluster: Cluster,
    sizes: &'a Sizes,
}

impl Stage<'_> {
    fn take(&self, setting: Setting) -> Result<Taken> {
        let sink = Sink::start(Pipelining::Announced)?;
        let folder = tempfile::tempdir()?;
        let planned = match setting {
            Setting::Sqlite => &self.in_file,
            Setting::One | Setting::Two => &self.in_server,
        };
        let workspace = planned.copy(folder.path(), sink.port, self.sizes.connections)?;
        if setting != Setting::Sqlite {
            self.cluster.create(RUN, Some(PLANNED))?;
            keep_in(&workspace, &self.cluster.url(RUN))?;
        }
        let processes = if setting == Setting::Two { 2 } else { 1 };
        let spent = sending::send(&workspace, &sink, planned.messages, processes)?;
        if setting != Setting::Sqlite {
            self.cluster.remove(RUN)?;
        }
        Ok(Taken {
            messages: planned.messages,
            spent,
            octets: sink.octets()?,
        })
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
