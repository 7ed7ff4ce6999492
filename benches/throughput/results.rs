//! What was measured: kept as JSON, shown as tables and as a picture.

use crate::children::Spent;
use crate::newsroom::median;
use crate::{plot, table};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// One measurement of one subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) messages: u32,
    pub(crate) spent: Spent,
    /// Octets that the sink read for them.
    pub(crate) octets: u64,
}

impl Taken {
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.messages) / self.spent.seconds
    }

    /// CPU a mail, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.spent.cpu * 1e6 / f64::from(self.messages)
    }
}

/// One line of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Mails a second: the median, the least, the most.
    pub(crate) rate: [f64; 3],
    /// To the part's yardstick: the median of the rounds' ratios.
    pub(crate) ratio: Option<f64>,
    pub(crate) cpu_us: f64,
    pub(crate) peak_mib: f64,
    pub(crate) octets_a_mail: f64,
    pub(crate) messages: u32,
}

impl Row {
    /// A subject's measurements, round by round beside the yardstick's.
    pub(crate) fn of(name: &str, taken: &[Taken], yardstick: Option<&[Taken]>) -> Self {
        let rates: Vec<f64> = taken.iter().map(Taken::rate).collect();
        let first = taken.first().map_or(0, |taken| taken.messages);
        Self {
            name: name.to_owned(),
            rate: [
                median(rates.clone()),
                rates.iter().copied().fold(f64::INFINITY, f64::min),
                rates.iter().copied().fold(0.0, f64::max),
            ],
            ratio: yardstick.map(|other| ratio(taken, other, Taken::rate)),
            cpu_us: median(taken.iter().map(Taken::cpu).collect()),
            peak_mib: taken
                .iter()
                .map(|taken| taken.spent.peak_mib)
                .fold(0.0, f64::max),
            octets_a_mail: median(
                taken
                    .iter()
                    .map(|taken| taken.octets as f64 / f64::from(taken.messages))
                    .collect(),
            ),
            messages: first,
        }
    }
}

/// The median, over the rounds, of one subject's value to another's.
pub(crate) fn ratio(these: &[Taken], those: &[Taken], value: impl Fn(&Taken) -> f64) -> f64 {
    let pairs = these.iter().zip(those);
    median(
        pairs
            .map(|(this, that)| value(this) / value(that))
            .collect(),
    )
}

/// On which side of a number a figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast,
    AtMost,
}

/// A promise, and what was measured of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) bound: Bound,
    pub(crate) target: f64,
    pub(crate) unit: String,
}

impl Target {
    pub(crate) fn at_least(what: &str, measured: f64, target: f64, unit: &str) -> Self {
        Self::new(what, measured, Bound::AtLeast, target, unit)
    }

    pub(crate) fn at_most(what: &str, measured: f64, target: f64, unit: &str) -> Self {
        Self::new(what, measured, Bound::AtMost, target, unit)
    }

    fn new(what: &str, measured: f64, bound: Bound, target: f64, unit: &str) -> Self {
        Self {
            what: what.to_owned(),
            measured,
            bound,
            target,
            unit: unit.to_owned(),
        }
    }

    pub(crate) fn met(&self) -> bool {
        match self.bound {
            Bound::AtLeast => self.measured >= self.target,
            Bound::AtMost => self.measured <= self.target,
        }
    }
}

/// Everything that a part found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    /// When, and how much was measured.
    pub(crate) taken: String,
    /// What ratios are to.
    pub(crate) yardstick: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) targets: Vec<Target>,
    pub(crate) notes: Vec<String>,
    /// Mails a second over the course of one run: (share of it done, rate).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) course: Vec<(f64, f64)>,
}

impl Part {
    pub(crate) fn new(yardstick: &str, runs: u32, what: &str) -> Self {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
        let rounds = if runs == 1 {
            "1 round".to_owned()
        } else {
            format!("{runs} rounds")
        };
        Self {
            taken: format!("{now}, {rounds}, {what}"),
            yardstick: yardstick.to_owned(),
            ..Self::default()
        }
    }
}

/// Puts a part's results beside those that other runs left, and draws them all anew.
pub(crate) fn keep(out: &Path, name: &str, part: Part) -> Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let file = out.join("results.json");
    let mut parts: BTreeMap<String, Part> = match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is not this benchmark's", file.display()))?,
        Err(_) => BTreeMap::new(),
    };
    parts.insert(name.to_owned(), part);
    std::fs::write(&file, serde_json::to_string_pretty(&parts)?)?;
    std::fs::write(out.join("results.svg"), plot::of(&parts))?;
    let tables = crate::PARTS
        .iter()
        .filter_map(|(name, _)| Some((name, parts.get(*name)?)))
        .map(|(name, part)| table::of(name, part));
    std::fs::write(
        out.join("results.md"),
        tables.collect::<Vec<_>>().join("\n\n"),
    )?;
    Ok(())
}
