//! How fast Dateline sends, beside its peers, in one run: see README.md.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program to measure with, not a part of the product"
)]

mod attachment;
mod children;
mod cluster;
mod delay;
mod lettre_peer;
mod mail;
mod million;
#[path = "../shared/newsroom.rs"]
mod newsroom;
mod peers;
mod plot;
mod postfix;
mod postgres;
mod proxy;
mod results;
mod sending;
mod sizes;
mod table;

use anyhow::{Result, bail};
use results::Part;
use sizes::Sizes;
use std::path::PathBuf;
use std::process::ExitCode;

type Measure = fn(&Sizes) -> Result<Part>;

const PARTS: [(&str, Measure); 5] = [
    ("peers", peers::measure),
    ("delay", delay::measure),
    ("attachment", attachment::measure),
    ("postgres", postgres::measure),
    ("million", million::measure),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ended = match args.as_slice() {
        [role, job] if role == lettre_peer::ROLE => lettre_peer::run(job.as_ref()),
        _ => Wanted::of(&args).and_then(|wanted| wanted.measure()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throughput: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What somebody asked for.
struct Wanted {
    parts: Vec<(&'static str, Measure)>,
    out: PathBuf,
}

impl Wanted {
    fn of(args: &[String]) -> Result<Self> {
        let (mut parts, mut out) = (Vec::new(), sizes::place().join("results"));
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match (arg.as_str(), PARTS.iter().find(|(name, _)| name == arg)) {
                // Cargo's own.
                ("--bench", _) => {}
                ("--out", _) => match args.next() {
                    Some(dir) => out = PathBuf::from(dir),
                    None => bail!("--out wants a folder"),
                },
                (_, Some(part)) => parts.push(*part),
                (other, None) => {
                    let known: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
                    bail!("`{other}` is no part; the parts are {}", known.join(", "))
                }
            }
        }
        if parts.is_empty() {
            parts = PARTS.to_vec();
        }
        Ok(Self { parts, out })
    }

    /// Measures part after part; what one part found is kept even where a later one fails.
    fn measure(&self) -> Result<()> {
        let sizes = Sizes::from_env()?;
        let mut failed = Vec::new();
        for (name, measure) in &self.parts {
            println!("== {name}");
            match measure(&sizes) {
                Ok(part) => {
                    println!("\n{}\n", table::of(name, &part));
                    results::keep(&self.out, name, part)?;
                }
                Err(error) => {
                    eprintln!("throughput: {name}: {error:#}");
                    failed.push(*name);
                }
            }
        }
        if !failed.is_empty() {
            bail!("not measured: {}", failed.join(", "));
        }
        println!("{}", self.out.display());
        Ok(())
    }
}
