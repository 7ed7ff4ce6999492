//! Mail that comes back: taken in from an MTA's pipe, an mbox or a Maildir.

use super::{Desk, DeskError};
use crate::dispatch::reported;
use crate::domain::bounce::{Bounce, BouncePolicy, Evidence, Finding};
use crate::domain::delivery::{DeliveryState, Event, apply};
use crate::domain::log::COMPLAINT;
use crate::domain::return_path::ReturnPath;
use crate::domain::suppression::Suppression;
use crate::entropy::Entropy;
use crate::inbound::{Affected, Report, source};
use crate::store::Standing;
use crate::store::bounces::{Arrived, Fate, Judged};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Reports in one transaction.
const BATCH: usize = 500;
/// Octets of a report that are kept.
const KEPT: usize = 32 * 1024;
/// Messages that are read and not yet taken in.
const AHEAD: usize = 64;

/// What was taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ingested {
    /// Messages read.
    pub messages: u64,
    /// Reports kept, by what they say.
    pub kept: BTreeMap<&'static str, u64>,
    /// Reports that had been taken in before.
    pub known: u64,
    /// Reports of no delivery that is known.
    pub unmatched: u64,
    /// Messages that are no report.
    pub unknown: u64,
    /// Deliveries that are `bounced` now.
    pub bounced: u64,
    /// Addresses that are barred now.
    pub barred: u64,
}

/// What was read of a message.
enum Heard {
    Reports(Vec<Arrived>),
    Unknown,
}

impl Desk {
    /// The return paths of the newsroom's mails, where dateline.toml names a
    /// mailbox for them. The key is the store's, made when it is first asked for.
    ///
    /// # Errors
    /// The store failed.
    pub async fn return_path(&self) -> Result<Option<ReturnPath>, DeskError> {
        let Some(address) = self.settings.bounces.address.clone() else {
            return Ok(None);
        };
        let key = self.store.bounce_key(Entropy.secret()).await?;
        Ok(Some(ReturnPath::new(address, key)))
    }

    /// Takes in what came back. Sources are messages, mbox files and Maildir
    /// folders; `-` is standard input.
    ///
    /// # Errors
    /// A source cannot be read, or the store failed: what was taken in before
    /// stays so, and the same can be asked again.
    pub async fn ingest_bounces(&self, sources: Vec<PathBuf>) -> Result<Ingested, DeskError> {
        let return_path = self.return_path().await?;
        let (heard, mut reports) = mpsc::channel(AHEAD);
        let reading = tokio::task::spawn_blocking(move || {
            read_all(&sources, |message| {
                let one = hear(message, return_path.as_ref());
                // Nobody listens any more where the store has failed.
                heard.blocking_send(one).map_err(|_| {
                    DeskError::request("the reports could not be taken in; nothing was lost")
                })
            })
        });
        let mut ingested = Ingested::default();
        let mut batch = Vec::new();
        while let Some(one) = reports.recv().await {
            ingested.messages += 1;
            match one {
                Heard::Reports(arrived) => batch.extend(arrived),
                Heard::Unknown => ingested.unknown += 1,
            }
            if batch.len() >= BATCH {
                self.take_in(&batch, &mut ingested).await?;
                batch.clear();
            }
        }
        self.take_in(&batch, &mut ingested).await?;
        let read = reading.await;
        read.map_err(|torn| DeskError::request(torn.to_string()))??;
        Ok(ingested)
    }

    async fn take_in(&self, batch: &[Arrived], ingested: &mut Ingested) -> Result<(), DeskError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (policy, now) = (self.settings.bounces.policy, self.clock.now());
        let judge = |one: &Arrived, evidence, standing: &Standing, earlier: &[Timestamp]| {
            judge(&policy, now, one, evidence, standing, earlier)
        };
        let since = policy.since(now);
        let fates = self.store.take_in(batch, since, &judge).await?;
        for (one, fate) in batch.iter().zip(fates) {
            match fate {
                Fate::Known => ingested.known += 1,
                Fate::Unmatched => ingested.unmatched += 1,
                Fate::Kept { moved, barred } => {
                    *ingested.kept.entry(one.finding.name()).or_default() += 1;
                    ingested.bounced += u64::from(moved);
                    ingested.barred += u64::from(barred);
                }
            }
        }
        Ok(())
    }

    /// What came back before a place, the newest first, each with its place.
    ///
    /// # Errors
    /// The store failed.
    pub async fn bounces(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Bounce)>, DeskError> {
        Ok(self.store.bounces(before, limit).await?)
    }

    /// The same; `None` where there is no such report.
    ///
    /// # Errors
    /// The store failed.
    pub async fn known_report(&self, fingerprint: &str) -> Result<Option<Vec<u8>>, DeskError> {
        Ok(self.store.bounce_report(fingerprint).await?)
    }

    /// A report as it came, or its beginning where it is long.
    ///
    /// # Errors
    /// There is no such report, or the store failed.
    pub async fn bounce_report(&self, fingerprint: &str) -> Result<Vec<u8>, DeskError> {
        let found = self.known_report(fingerprint).await?;
        found.ok_or_else(|| {
            DeskError::request(format!(
                "there is no report {fingerprint}; `dateline bounce list` shows all"
            ))
        })
    }
}

/// Judges a report of a delivery.
fn judge(
    policy: &BouncePolicy,
    now: Timestamp,
    one: &Arrived,
    evidence: Evidence,
    standing: &Standing,
    earlier: &[Timestamp],
) -> Judged {
    let delivery = &standing.delivery;
    let bounce = Bounce {
        fingerprint: one.fingerprint.clone(),
        at: now,
        finding: one.finding,
        evidence,
        delivery: delivery.id,
        email: delivery.recipient.email.clone(),
        status: one.status,
        diagnostic: one.diagnostic.clone(),
        form: one.form.clone(),
    };
    let bar = policy.bar(one.finding, evidence, earlier, now);
    let bar = bar.map(|reason| Suppression {
        email: bounce.email.clone(),
        reason,
        at: now,
        source: format!("bounce {}", bounce.fingerprint),
        note: bounce.diagnostic.clone(),
    });
    let state = next_state(policy, now, &bounce, standing);
    let event = match (&state, one.finding) {
        (Some(state), _) => Some(reported(delivery, state.name(), &bounce)),
        (None, Finding::Complaint) => Some(reported(delivery, COMPLAINT, &bounce)),
        (None, _) => None,
    };
    Judged {
        bounce,
        state,
        event,
        bar,
    }
}

/// The state that a delivery comes to; `None` where it stays as it is.
fn next_state(
    policy: &BouncePolicy,
    now: Timestamp,
    bounce: &Bounce,
    standing: &Standing,
) -> Option<DeliveryState> {
    let failure = bounce.finding.failure()?;
    if !policy.believes(bounce.evidence) {
        return None;
    }
    let event = Event::Bounce {
        class: failure.class.reject_class(),
        report: bounce.fingerprint.clone(),
    };
    apply(
        &standing.state,
        standing.delivery.permitted_from,
        event,
        now,
    )
    .ok()
}

/// Reads a message, and says which delivery it names.
fn hear(mut message: Vec<u8>, return_path: Option<&ReturnPath>) -> Heard {
    let report = crate::inbound::read(&message);
    if report.affected.is_empty() {
        return Heard::Unknown;
    }
    let signed = return_path.and_then(|paths| {
        let mut sent_to = report.sent_to.iter();
        sent_to.find_map(|address| paths.read(address))
    });
    let named = report.deliveries.first().copied();
    let delivery = signed
        .map(|id| (id, Evidence::ReturnPath))
        .or(named.map(|id| (id, Evidence::MessageId)));
    message.truncate(KEPT);
    let told: Vec<_> = match delivery {
        // A mail has one recipient: the worst that is told is told of it.
        Some(_) => report
            .affected
            .iter()
            .max_by_key(weight)
            .into_iter()
            .collect(),
        None => report.affected.iter().collect(),
    };
    let arrived = told.into_iter().enumerate();
    let arrived = arrived.map(|(n, one)| arrive(n, one, &report, delivery, &message));
    Heard::Reports(arrived.collect())
}

fn weight(affected: &&Affected) -> u8 {
    match affected.finding {
        Finding::Failed(_) => 3,
        Finding::Complaint => 2,
        Finding::Delayed => 1,
        Finding::Delivered | Finding::AutoReply | Finding::Challenge => 0,
    }
}

fn arrive(
    n: usize,
    affected: &Affected,
    report: &Report,
    delivery: Option<(crate::domain::ids::DeliveryId, Evidence)>,
    message: &[u8],
) -> Arrived {
    let fingerprint = match n {
        0 => report.fingerprint.clone(),
        n => format!("{}-{n}", report.fingerprint),
    };
    Arrived {
        fingerprint,
        form: report.form.to_owned(),
        finding: affected.finding,
        status: affected.status,
        diagnostic: affected.diagnostic.clone(),
        delivery,
        addresses: affected.addresses.clone(),
        report: message.to_vec(),
    }
}

/// Reads every message of every source.
fn read_all(
    sources: &[PathBuf],
    mut take: impl FnMut(Vec<u8>) -> Result<(), DeskError>,
) -> Result<(), DeskError> {
    if sources.is_empty() {
        return read_one(Path::new("-"), &mut take);
    }
    for source in sources {
        if source.is_dir() {
            for file in maildir(source)? {
                read_one(&file, &mut take)?;
            }
        } else {
            read_one(source, &mut take)?;
        }
    }
    Ok(())
}

/// What comes of a stream: it cannot be read, or nobody takes its messages.
enum Broken {
    Read(std::io::Error),
    Taken(DeskError),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

fn read_one(
    source: &Path,
    take: &mut impl FnMut(Vec<u8>) -> Result<(), DeskError>,
) -> Result<(), DeskError> {
    let take = |message| take(message).map_err(Broken::Taken);
    let read = if source == Path::new("-") {
        source::each_message(std::io::stdin().lock(), take)
    } else {
        let file = std::fs::File::open(source).map_err(DeskError::file("read", source))?;
        source::each_message(BufReader::new(file), take)
    };
    match read {
        Ok(_) => Ok(()),
        Err(Broken::Read(cause)) => Err(DeskError::file("read", source)(cause)),
        Err(Broken::Taken(error)) => Err(error),
    }
}

/// The messages of a Maildir, by name: nothing in it is moved or marked.
fn maildir(folder: &Path) -> Result<Vec<PathBuf>, DeskError> {
    let mut files = Vec::new();
    let mut is_one = false;
    for part in ["new", "cur"] {
        let part = folder.join(part);
        if !part.is_dir() {
            continue;
        }
        is_one = true;
        for entry in std::fs::read_dir(&part).map_err(DeskError::file("read", &part))? {
            let path = entry.map_err(DeskError::file("read", &part))?.path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    if !is_one {
        return Err(DeskError::request(format!(
            "{} is no Maildir: there is neither `new` nor `cur` in it",
            folder.display()
        )));
    }
    files.sort_unstable();
    Ok(files)
}
