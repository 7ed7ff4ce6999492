//! A long list: whether the rate and the memory stay as they are on a short one.

use crate::children::Spent;
use crate::mail::{self, english};
use crate::newsroom;
use crate::postfix::{Pipelining, Sink};
use crate::results::{Part, Row, Taken, Target};
use crate::sending;
use crate::sizes::Sizes;
use crate::table::grouped;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// How often the sink is asked how much it has read.
const SAMPLE: Duration = Duration::from_millis(20);
/// Points of the curve.
const POINTS: u32 = 50;

/// One sending, whole: planned and dispatched by one process.
struct Run {
    spent: Spent,
    octets: u64,
    messages: u32,
    /// Seconds since the start, and the share of all octets that had been read.
    course: Vec<(f64, f64)>,
}

pub(crate) fn measure(sizes: &Sizes) -> Result<Part> {
    // The short list before and after, so that a machine that slows down meanwhile
    // is not taken for a rate that falls.
    let before = run(sizes.messages, sizes)?;
    let long = run(sizes.million, sizes)?;
    let after = run(sizes.messages, sizes)?;
    let usual = f64::midpoint(before.rate(0.0, 1.0)?, after.rate(0.0, 1.0)?);
    let (first, last) = (long.rate(0.0, 0.1)?, long.rate(0.9, 1.0)?);
    let what = format!(
        "{} and {} recipients, {} connections",
        sizes.messages, sizes.million, sizes.connections
    );
    let mut part = Part::new("the short list", 1, &what);
    let few = [before.dispatched()?, after.dispatched()?];
    let many = [long.dispatched()?, long.dispatched()?];
    let named = |count| format!("{} recipients", grouped(f64::from(count)));
    part.rows = vec![
        Row::of(&named(sizes.messages), &few, Some(&few)),
        Row::of(&named(sizes.million), &many, Some(&few)),
    ];
    part.targets = vec![
        Target::at_least(
            "the first tenth's rate to the short list's",
            first / usual,
            0.9,
            "x",
        ),
        Target::at_least(
            "the last tenth's rate to the short list's",
            last / usual,
            0.9,
            "x",
        ),
        Target::at_most("peak memory", long.spent.peak_mib, 64.0, "MiB"),
    ];
    part.notes = vec![
        format!(
            "First tenth {}/s, last tenth {}/s; the first mail arrived after {:.1} s, of which most is planning.",
            grouped(first),
            grouped(last),
            long.at(0.0)?
        ),
        "CPU and memory are those of the whole process, planning included.".to_owned(),
    ];
    part.course = (0..POINTS)
        .map(|n| {
            let (from, to) = (
                f64::from(n) / f64::from(POINTS),
                f64::from(n + 1) / f64::from(POINTS),
            );
            Ok((f64::midpoint(from, to), long.rate(from, to)?))
        })
        .collect::<Result<_>>()?;
    Ok(part)
}

fn run(messages: u32, sizes: &Sizes) -> Result<Run> {
    let folder = tempfile::tempdir()?;
    let workspace = mail::newsroom(&folder.path().join("w"))?;
    newsroom::import(&workspace, messages, english)?;
    let sink = Sink::start(Pipelining::Announced)?;
    sending::relay(&workspace, sink.port, sizes.connections)?;
    let begun = Instant::now();
    let mut sending = sending::begin("dateline", &workspace)?;
    let mut samples = vec![(0.0, sink.octets()?)];
    let spent = loop {
        if let Some(spent) = sending.look()? {
            break spent;
        }
        std::thread::sleep(Duration::from_millis(5));
        let now = begun.elapsed().as_secs_f64();
        if samples
            .last()
            .is_none_or(|(at, _)| now - at >= SAMPLE.as_secs_f64())
        {
            samples.push((now, sink.octets()?));
        }
    };
    let octets = sink.octets()?;
    samples.push((spent.seconds, octets));
    sending::all_accepted(&workspace, messages)?;
    println!(
        "  {messages} recipients: {:.1} s, peak {:.0} MiB",
        spent.seconds, spent.peak_mib
    );
    Ok(Run {
        spent,
        octets,
        messages,
        course: samples
            .into_iter()
            .map(|(at, read)| (at, read as f64 / octets as f64))
            .collect(),
    })
}

impl Run {
    /// When this share of the octets had been read; every mail has as many.
    fn at(&self, share: f64) -> Result<f64> {
        let pair = self
            .course
            .windows(2)
            .find(|pair| pair[1].1 > share || (pair[1].1 >= 1.0 && share >= 1.0))
            .context("the sink read nothing")?;
        let ((before, less), (after, more)) = (pair[0], pair[1]);
        let within = if more > less {
            (share - less) / (more - less)
        } else {
            1.0
        };
        Ok(before + (after - before) * within.clamp(0.0, 1.0))
    }

    /// Mails a second between two shares of the whole.
    fn rate(&self, from: f64, to: f64) -> Result<f64> {
        let seconds = self.at(to)? - self.at(from)?;
        Ok(f64::from(self.messages) * (to - from) / seconds)
    }

    /// From the first mail's arrival to the end.
    fn dispatched(&self) -> Result<Taken> {
        let seconds = self.spent.seconds - self.at(0.0)?;
        Ok(Taken {
            messages: self.messages,
            spent: Spent {
                seconds,
                ..self.spent
            },
            octets: self.octets,
        })
    }
}
