//! A file of 2 MB with every mail: encoded once, or once for each recipient.

use crate::children::Running;
use crate::lettre_peer;
use crate::mail::{Mail, RELEASE};
use crate::newsroom;
use crate::postfix::{Pipelining, Sink};
use crate::results::{Part, Row, Taken, Target, ratio};
use crate::sending::{self, Planned};
use crate::sizes::Sizes;
use anyhow::Result;
use std::path::Path;

const OCTETS: u32 = 2_000_000;
const FILE: &str = "big.bin";

pub(crate) fn measure(sizes: &Sizes) -> Result<Part> {
    let mail = Mail::of_dateline()?;
    let many = sizes.fraction(10, sizes.connections);
    let few = sizes.fraction(50, sizes.connections);
    let planned = Planned::new(many, attach)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=sizes.runs {
        for first in [round % 2 == 1, round % 2 == 0] {
            let sink = Sink::start(Pipelining::Announced)?;
            let folder = tempfile::tempdir()?;
            let (messages, spent) = if first {
                let workspace = planned.copy(folder.path(), sink.port, sizes.connections)?;
                (many, sending::send(&workspace, &sink, many, 1)?)
            } else {
                let (job, file) = (folder.path().join("job.json"), folder.path().join(FILE));
                std::fs::write(&file, noise())?;
                mail.job(&job, sink.port, sizes.connections, few, Some(file))?;
                let running = Running::start_peer("lettre", &mut lettre_peer::command(&job)?)?;
                (few, running.finish()?)
            };
            let taken = Taken {
                messages,
                spent,
                octets: sink.octets()?,
            };
            println!(
                "  {round}: {}: {:.0}/s, {:.2} ms of CPU a mail, peak {:.0} MiB",
                if first { "dateline" } else { "lettre" },
                taken.rate(),
                taken.cpu() / 1e3,
                spent.peak_mib
            );
            if first { &mut ours } else { &mut theirs }.push(taken);
        }
    }
    let what = format!(
        "a file of {OCTETS} octets to {many} recipients, {} connections",
        sizes.connections
    );
    let mut part = Part::new("lettre", sizes.runs, &what);
    let row = Row::of("dateline", &ours, Some(&theirs));
    part.targets = vec![
        Target::at_most(
            "CPU a mail to lettre's builder",
            ratio(&ours, &theirs, Taken::cpu),
            1.0 / 3.0,
            "x",
        ),
        Target::at_most("peak memory", row.peak_mib, 50.0, "MiB"),
    ];
    part.rows = vec![
        row,
        Row::of("lettre, each mail built whole", &theirs, Some(&theirs)),
    ];
    Ok(part)
}

/// Puts the file into the release.
fn attach(workspace: &Path) -> Result<()> {
    let release = workspace.join("releases").join(RELEASE);
    std::fs::write(release.join(FILE), noise())?;
    newsroom::edit(&release.join("release.toml"), |text| {
        format!("{text}\n[[attachment]]\npath = \"{FILE}\"\n")
    })
}

/// Octets without a pattern, the same in every run.
fn noise() -> Vec<u8> {
    let mixed = (0..OCTETS).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    mixed.collect()
}
