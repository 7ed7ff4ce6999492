//! Everybody by turns: the same mail to the same recipients and the same sink.

use crate::children::{Running, Spent};
use crate::lettre_peer;
use crate::mail::{Mail, english, number_of};
use crate::newsroom::median;
use crate::postfix::{Pipelining, Sink, source};
use crate::results::{Part, Row, Taken, Target, ratio};
use crate::sending::{self, Planned};
use crate::sizes::{self, Sizes};
use anyhow::{Context, Result, ensure};
use dateline::domain::ids::DistributionId;
use dateline::domain::log::{Facts, Head, LogEvent, Personal};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Mails that each sender must first be seen to send as it should.
const CHECKED: u32 = 64;
/// The log's entries for a delivery that goes well: its attempt and its outcome.
const ENTRIES: u32 = 2;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Source,
    Dateline,
    /// Dateline whose database throws the log's rows away.
    NoLogRows,
    /// Dateline whose database lies in memory, so that no commit waits for a disk.
    InMemory,
    Nodemailer,
    Aiosmtplib,
    Lettre,
}

const WITH_PIPELINING: [Sender; 7] = [
    Sender::Source,
    Sender::Dateline,
    Sender::NoLogRows,
    Sender::InMemory,
    Sender::Nodemailer,
    Sender::Aiosmtplib,
    Sender::Lettre,
];
/// Nobody else pipelines, so nobody else is slower without it.
const WITHOUT: [Sender; 2] = [Sender::Source, Sender::Dateline];

impl Sender {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "smtp-source",
            Self::Dateline => "dateline",
            Self::NoLogRows => "dateline, log rows thrown away",
            Self::InMemory => "dateline, store in memory",
            Self::Nodemailer => "nodemailer, pooled, Handlebars",
            Self::Aiosmtplib => "aiosmtplib, Jinja2",
            Self::Lettre => "lettre, pooled, Handlebars",
        }
    }

    /// The slow are given fewer mails, so that a round does not take minutes.
    fn messages(self, sizes: &Sizes) -> u32 {
        match self {
            Self::Source | Self::Dateline | Self::NoLogRows | Self::InMemory => sizes.messages,
            Self::Nodemailer => sizes.fraction(2, sizes.connections),
            Self::Aiosmtplib | Self::Lettre => sizes.fraction(10, sizes.connections),
        }
    }
}

/// What has been taken of each, round by round.
type Found = BTreeMap<(Sender, bool), Vec<Taken>>;

pub(crate) fn measure(sizes: &Sizes) -> Result<Part> {
    let mail = Mail::of_dateline()?;
    check(&mail, sizes)?;
    let stage = Stage {
        planned: Planned::new(sizes.messages, |_| Ok(()))?,
        mail,
        sizes,
    };
    println!("planning took {:.2} s", stage.planned.planning);
    let mut turns = turns();
    let mut found = Found::new();
    for round in 1..=sizes.runs {
        for (sender, pipelining) in &turns {
            let taken = stage.take(*sender, *pipelining, sender.messages(sizes))?;
            println!(
                "  {round}: {}: {:.0}/s, {:.0} µs of CPU a mail",
                label(*sender, *pipelining),
                taken.rate(),
                taken.cpu()
            );
            let key = (*sender, *pipelining == Pipelining::Announced);
            found.entry(key).or_default().push(taken);
        }
        // Each round in the other order: what heats up or fills up favours nobody.
        turns.reverse();
    }
    report(&found, sizes, stage.planned.planning)
}

/// Who sends to which sink, in the order of the table.
fn turns() -> Vec<(Sender, Pipelining)> {
    let with = WITH_PIPELINING.map(|sender| (sender, Pipelining::Announced));
    let without = WITHOUT.map(|sender| (sender, Pipelining::Absent));
    with.into_iter().chain(without).collect()
}

fn label(sender: Sender, pipelining: Pipelining) -> String {
    match pipelining {
        Pipelining::Announced => sender.name().to_owned(),
        Pipelining::Absent => format!("{}; no PIPELINING", sender.name()),
    }
}

/// What every sender needs.
struct Stage<'a> {
    planned: Planned,
    mail: Mail,
    sizes: &'a Sizes,
}

impl Stage<'_> {
    /// One sender's turn, to a sink of its own.
    fn take(&self, sender: Sender, pipelining: Pipelining, messages: u32) -> Result<Taken> {
        let sink = Sink::start(pipelining)?;
        let spent = self.send(sender, &sink, messages)?;
        let taken = Taken {
            messages,
            spent,
            octets: sink.octets()?,
        };
        let least = u64::from(messages) * self.mail.least();
        ensure!(
            taken.octets >= least,
            "{}: the sink read {} octets, too few for {messages} mails",
            sender.name(),
            taken.octets
        );
        Ok(taken)
    }

    fn send(&self, sender: Sender, sink: &Sink, messages: u32) -> Result<Spent> {
        let folder = match (sender, Path::new("/dev/shm")) {
            (Sender::InMemory, memory) if memory.is_dir() => tempfile::tempdir_in(memory)?,
            (_, _) => tempfile::tempdir()?,
        };
        let connections = self.sizes.connections;
        let job = folder.path().join("job.json");
        let name = sender.name();
        match sender {
            Sender::Source => {
                let mail = folder.path().join("mail");
                self.mail.filled(&mail)?;
                let mut command = source(sink.port, &mail, messages, connections)?;
                Running::start(name, &mut command)?.finish()
            }
            Sender::Dateline | Sender::NoLogRows | Sender::InMemory => {
                let workspace = self.planned.copy(folder.path(), sink.port, connections)?;
                if sender == Sender::NoLogRows {
                    throw_log_rows_away(&workspace)?;
                }
                sending::send(&workspace, sink, messages, 1)
            }
            Sender::Nodemailer | Sender::Aiosmtplib | Sender::Lettre => {
                self.mail
                    .job(&job, sink.port, connections, messages, None)?;
                Running::start_peer(name, &mut peer(sender, &job)?)?.finish()
            }
        }
    }
}

fn peer(sender: Sender, job: &Path) -> Result<Command> {
    let mut command = match sender {
        Sender::Nodemailer => {
            let mut command = Command::new("node");
            command
                .arg(sizes::own("peers/nodemailer.mjs"))
                .current_dir(sizes::brought("node")?);
            command
        }
        Sender::Aiosmtplib => {
            let mut command = Command::new(sizes::brought("python/bin/python")?);
            command.arg(sizes::own("peers/aiosmtplib_peer.py"));
            command
        }
        Sender::Source
        | Sender::Dateline
        | Sender::NoLogRows
        | Sender::InMemory
        | Sender::Lettre => return lettre_peer::command(job),
    };
    command.arg(job);
    Ok(command)
}

/// Makes a copy's database drop every row of the log as it is inserted: what is
/// left out is what storing the log costs. Its entries are still made and hashed.
fn throw_log_rows_away(workspace: &Path) -> Result<()> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(workspace.join("dateline.db"));
    let trigger =
        "CREATE TRIGGER no_log BEFORE INSERT ON delivery_log BEGIN SELECT raise(IGNORE); END";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect_with(options).await?;
        sqlx::query(trigger).execute(&pool).await?;
        pool.close().await;
        Ok(())
    })
}

/// Seconds that it takes to make an entry of the log and to chain it.
fn seconds_an_entry() -> Result<f64> {
    let event = LogEvent {
        at: jiff::Timestamp::now(),
        distribution: DistributionId::from_parts(1, 1),
        delivery: None,
        event: "accepted".into(),
        facts: Facts::of(json!({ "attempt": 1, "code": 250, "enhanced": "2.0.0" })),
        personal: Some(Personal {
            facts: Facts::of(json!({ "reply": "2.0.0 Ok" })),
            salt: 1 << 100,
        }),
    };
    let (mut head, times) = (Head::default(), 20_000);
    let begun = Instant::now();
    for _ in 0..times {
        std::hint::black_box(head.append(&event));
    }
    Ok(begun.elapsed().as_secs_f64() / f64::from(times))
}

fn report(found: &Found, sizes: &Sizes, planning: f64) -> Result<Part> {
    let taken = |sender, announced| {
        let taken = found.get(&(sender, announced)).map(Vec::as_slice);
        taken.with_context(|| format!("{sender:?} was not measured"))
    };
    let what = format!(
        "{} recipients, {} connections",
        sizes.messages, sizes.connections
    );
    let mut part = Part::new("smtp-source", sizes.runs, &what);
    for (sender, pipelining) in turns() {
        let announced = pipelining == Pipelining::Announced;
        let name = label(sender, pipelining);
        let yardstick = taken(Sender::Source, announced)?;
        part.rows
            .push(Row::of(&name, taken(sender, announced)?, Some(yardstick)));
    }
    let ours = taken(Sender::Dateline, true)?;
    let log = LogCost::of(ours, taken(Sender::NoLogRows, true)?)?;
    let to = |sender| anyhow::Ok(ratio(ours, taken(sender, true)?, Taken::rate));
    let unpipelined = ratio(
        taken(Sender::Dateline, false)?,
        taken(Sender::Source, false)?,
        Taken::rate,
    );
    let cpu = median(ours.iter().map(Taken::cpu).collect());
    part.targets = vec![
        Target::at_least(
            "to smtp-source, PIPELINING announced",
            to(Sender::Source)?,
            1.3,
            "x",
        ),
        Target::at_least("to smtp-source, not announced", unpipelined, 0.75, "x"),
        Target::at_least("to nodemailer", to(Sender::Nodemailer)?, 8.0, "x"),
        Target::at_least("to lettre's pool", to(Sender::Lettre)?, 50.0, "x"),
        Target::at_most("CPU a mail", cpu, 55.0, "µs"),
        Target::at_most("the log's share of the time", log.share(), 15.0, "%"),
    ];
    part.notes = vec![
        format!(
            "Planning these {} deliveries took {planning:.2} s beforehand.",
            sizes.messages
        ),
        log.note(),
    ];
    Ok(part)
}

/// What the log costs.
struct LogCost {
    /// Share of the time that is saved where its rows are thrown away.
    rows: f64,
    /// Share of the CPU that is saved there.
    cpu: f64,
    /// Seconds that a mail's entries take to make and to hash.
    entries: f64,
    /// Seconds that a mail takes, all in all.
    mail: f64,
}

impl LogCost {
    fn of(with: &[Taken], without: &[Taken]) -> Result<Self> {
        let seconds = |taken: &Taken| taken.spent.seconds;
        Ok(Self {
            rows: 1.0 - ratio(without, with, seconds),
            cpu: 1.0 - ratio(without, with, Taken::cpu),
            entries: seconds_an_entry()? * f64::from(ENTRIES),
            mail: 1.0 / median(with.iter().map(Taken::rate).collect()),
        })
    }

    /// In percent; the most that it can be, as if nothing else went on while
    /// entries are made.
    fn share(&self) -> f64 {
        100.0 * (self.rows.max(0.0) + self.entries / self.mail)
    }

    fn note(&self) -> String {
        format!(
            "The log: storing its rows took {:.0} % of the time and {:.0} % of the CPU; making and hashing a mail's {ENTRIES} entries takes {:.1} µs.",
            100.0 * self.rows,
            100.0 * self.cpu,
            self.entries * 1e6
        )
    }
}

/// Makes sure that every sender sends what it should, to whom it should.
fn check(mail: &Mail, sizes: &Sizes) -> Result<()> {
    let sizes = Sizes {
        messages: CHECKED,
        ..sizes.clone()
    };
    let stage = Stage {
        planned: Planned::new(CHECKED, |_| Ok(()))?,
        mail: mail.clone(),
        sizes: &sizes,
    };
    for sender in [
        Sender::Dateline,
        Sender::Nodemailer,
        Sender::Aiosmtplib,
        Sender::Lettre,
    ] {
        let sink = Sink::keeping()?;
        stage.send(sender, &sink, CHECKED)?;
        let size = inspect(&sink.kept()?)
            .with_context(|| format!("{} does not send as it should", sender.name()))?;
        println!(
            "checked: {}: {CHECKED} mails, each once and its reader's own, {size} octets each",
            sender.name()
        );
    }
    Ok(())
}

/// Reads what a sink kept; answers with the mean size of a mail.
fn inspect(kept: &str) -> Result<usize> {
    let mails: Vec<_> = kept.split("X-Client-Addr:").skip(1).collect();
    let mut readers = HashSet::new();
    for mail in &mails {
        let to = mail
            .lines()
            .find_map(|line| line.strip_prefix("X-Rcpt-Args: <")?.split('>').next())
            .context("a mail to nobody")?;
        let number = number_of(to).with_context(|| format!("a mail to {to}"))?;
        let greeting = &english(number)[2];
        let personal = mail
            .lines()
            .any(|line| line.trim_end_matches(',') == greeting);
        ensure!(personal, "the mail to {to} does not say `{greeting}`");
        for part in ["multipart/alternative", "text/plain", "text/html"] {
            ensure!(mail.contains(part), "the mail to {to} has no {part}");
        }
        ensure!(readers.insert(number), "{to} has it twice");
    }
    ensure!(
        readers.len() == CHECKED as usize,
        "{} of {CHECKED} mails arrived",
        readers.len()
    );
    Ok(kept.len() / mails.len())
}
