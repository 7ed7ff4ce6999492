//! Mail that comes back: what it means for deliveries and addresses, whichever
//! way it came.

use super::bounce_files::{Take, read_all, read_brought};
use super::readers::READER;
use super::suppression::on_other_addresses;
use super::{Desk, DeskError};
use crate::dispatch::reported;
use crate::domain::bounce::{Bounce, BouncePolicy, Evidence, Finding, Ground};
use crate::domain::bounce_search::BounceSearch;
use crate::domain::contact::Contact;
use crate::domain::delivery::{DeliveryState, Event, apply};
use crate::domain::ids::DeliveryId;
use crate::domain::log::{COMPLAINT, OPT_OUT};
use crate::domain::opt_out_word::OptOutWords;
use crate::domain::return_path::ReturnPath;
use crate::domain::said::Said;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::entropy::Entropy;
use crate::inbound::{Affected, Report};
use crate::said;
use crate::store::Standing;
use crate::store::bounces::{Arrived, Fate, Judged};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Reports in one transaction.
const BATCH: usize = 500;
/// Octets of a report that are kept.
const KEPT: usize = 32 * 1024;
/// Messages that are read and not yet taken in: each may tell of many recipients.
const AHEAD: usize = 16;

/// How often it is looked whether a report that came early can be judged.
const LOOKS: u32 = 20;
/// How long is waited between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// What becomes of a report that is here before the relay's word on its mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Early {
    /// It is judged later.
    Waits,
    /// It is judged as things stand.
    Counts,
}

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

impl Ingested {
    /// With what was taken in besides.
    pub fn add(&mut self, other: Self) {
        self.messages += other.messages;
        for (name, count) in other.kept {
            *self.kept.entry(name).or_default() += count;
        }
        self.known += other.known;
        self.unmatched += other.unmatched;
        self.unknown += other.unknown;
        self.bounced += other.bounced;
        self.barred += other.barred;
    }
}

/// A report with everything that is known of it.
#[derive(Debug)]
pub struct WholeBounce {
    /// What it was found to say.
    pub bounce: Bounce,
    /// The report as it came, or its beginning where it is long.
    pub report: Vec<u8>,
    /// The delivery that it is about, as that stands now.
    pub standing: Option<Standing>,
    /// The headline of what was sent.
    pub headline: String,
    /// Whose address it is.
    pub contact: Option<Contact>,
    /// The bar on the address now, whatever set it.
    pub suppression: Option<Suppression>,
}

impl WholeBounce {
    /// Whether it is this report that set the bar.
    pub fn set_bar(&self) -> bool {
        let own = bar_source(&self.bounce);
        self.suppression
            .as_ref()
            .is_some_and(|bar| bar.source == own || bar.note.ends_with(&own))
    }

    /// The report as text: what is no UTF-8 in it, and what a terminal would
    /// obey, is shown by a sign.
    pub fn text(&self) -> String {
        let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        let text = String::from_utf8_lossy(&self.report).replace("\r\n", "\n");
        text.chars()
            .map(|c| {
                if plain(c) {
                    c
                } else {
                    char::REPLACEMENT_CHARACTER
                }
            })
            .collect()
    }
}

/// What was read of a message.
enum Heard {
    Reports(Vec<Arrived>),
    Unknown,
}

/// By what messages are known that only a mail of ours can have brought about.
#[derive(Debug, Clone)]
pub struct Ears {
    return_path: Option<ReturnPath>,
    words: OptOutWords,
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

    /// The words by which readers opt out by mail. Their key is the store's too.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn opt_out_words(&self) -> Result<OptOutWords, DeskError> {
        let key = self.store.bounce_key(Entropy.secret()).await?;
        Ok(OptOutWords::new(key))
    }

    /// What tells our own return paths and words from others.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ears(&self) -> Result<Arc<Ears>, DeskError> {
        Ok(Arc::new(Ears {
            return_path: self.return_path().await?,
            words: self.opt_out_words().await?,
        }))
    }

    /// Takes messages in, all of them or none.
    ///
    /// # Errors
    /// The store failed; the same can be asked again.
    pub async fn take_messages(
        &self,
        ears: &Arc<Ears>,
        messages: Vec<Vec<u8>>,
    ) -> Result<Ingested, DeskError> {
        let mut ingested = Ingested {
            messages: messages.len() as u64,
            ..Ingested::default()
        };
        let ears = Arc::clone(ears);
        let hearing = tokio::task::spawn_blocking(move || {
            let messages = messages.iter();
            messages.map(|one| hear(one, &ears)).collect::<Vec<_>>()
        });
        let heard = hearing
            .await
            .map_err(|torn| DeskError::request(Said::verbatim(torn)))?;
        let mut batch = Vec::new();
        for one in heard {
            match one {
                Heard::Reports(arrived) => batch.extend(arrived),
                Heard::Unknown => ingested.unknown += 1,
            }
        }
        self.take_in(&batch, &mut ingested).await?;
        Ok(ingested)
    }

    /// Takes in what came back. Sources are messages, mbox files and Maildir
    /// folders; `-` is standard input.
    ///
    /// # Errors
    /// A source cannot be read, or the store failed: what was taken in before
    /// stays so, and the same can be asked again.
    pub async fn ingest_bounces(&self, sources: Vec<PathBuf>) -> Result<Ingested, DeskError> {
        self.ingest(move |take| read_all(&sources, take)).await
    }

    /// Takes in what somebody brought to the desk: a message, or an mbox.
    ///
    /// # Errors
    /// The store failed: what was taken in before stays so, and the same can be
    /// brought again.
    pub async fn ingest_brought(
        &self,
        name: &str,
        bytes: Vec<u8>,
        by: &str,
    ) -> Result<Ingested, DeskError> {
        let file = name.to_owned();
        let ingested = self
            .ingest(move |take| read_brought(&file, &bytes, take))
            .await?;
        let what = json!({ "file": name, "taken_in": ingested });
        self.note(by, "bounces_taken_in", what).await?;
        Ok(ingested)
    }

    /// Takes in whatever is read, while it is read.
    async fn ingest(
        &self,
        read: impl FnOnce(Take<'_>) -> Result<(), DeskError> + Send + 'static,
    ) -> Result<Ingested, DeskError> {
        let ears = self.ears().await?;
        let (heard, mut reports) = mpsc::channel(AHEAD);
        let reading = tokio::task::spawn_blocking(move || {
            read(&mut |message| {
                let one = hear(&message, &ears);
                // Nobody listens any more where the store has failed.
                heard.blocking_send(one).map_err(|_| {
                    DeskError::request(said!("the reports could not be taken in; nothing was lost"))
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
        read.map_err(|torn| DeskError::request(Said::verbatim(torn)))??;
        Ok(ingested)
    }

    /// Takes a batch in. A report can be here before the relay's word on its mail
    /// is written down: it waits for that, so that the delivery moves on from there.
    async fn take_in(&self, batch: &[Arrived], ingested: &mut Ingested) -> Result<(), DeskError> {
        let mut early = self.judge_all(batch, ingested, Early::Waits).await?;
        for _ in 0..LOOKS {
            if early.is_empty() {
                return Ok(());
            }
            tracing::info!(
                reports = early.len(),
                "reports are sooner than the relay's word, and wait for it"
            );
            tokio::time::sleep(BETWEEN_LOOKS).await;
            early = self.judge_all(&early, ingested, Early::Waits).await?;
        }
        self.judge_all(&early, ingested, Early::Counts)
            .await
            .map(drop)
    }

    /// Takes in what can be judged, and gives back what is too early.
    async fn judge_all(
        &self,
        batch: &[Arrived],
        ingested: &mut Ingested,
        early: Early,
    ) -> Result<Vec<Arrived>, DeskError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let (policy, now) = (self.settings.bounces.policy, self.clock.now());
        let aliases = self.store.aliases().await?;
        let judge = |one: &Arrived, evidence, standing: &Standing, earlier: &[Timestamp]| {
            let mut judged = judge(&policy, now, one, evidence, standing, earlier);
            let waits = early == Early::Waits && is_early(&judged.bounce, &policy, &standing.state);
            let others = on_other_addresses(&judged.bars, &aliases);
            judged.bars.extend(others);
            (!waits).then_some(judged)
        };
        let since = policy.since(now);
        let fates = self.store.take_in(batch, since, &judge).await?;
        let mut left = Vec::new();
        for (one, fate) in batch.iter().zip(fates) {
            match fate {
                Fate::Known => ingested.known += 1,
                Fate::Unmatched => ingested.unmatched += 1,
                Fate::Early => left.push(one.clone()),
                Fate::Kept { moved, barred } => {
                    *ingested.kept.entry(one.finding.name()).or_default() += 1;
                    ingested.bounced += u64::from(moved);
                    ingested.barred += u64::from(barred);
                }
            }
        }
        Ok(left)
    }

    /// The next reports that somebody looks for, each with its place, the newest
    /// first, before a place.
    ///
    /// # Errors
    /// The store failed.
    pub async fn bounces(
        &self,
        search: &BounceSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Bounce)>, DeskError> {
        Ok(self.store.bounces(search, before, limit).await?)
    }

    /// A report with what it is about; `None` where there is none of that name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_bounce(&self, fingerprint: &str) -> Result<Option<WholeBounce>, DeskError> {
        let Some((bounce, report)) = self.store.bounce(fingerprint).await? else {
            return Ok(None);
        };
        let standing = self.store.delivery(bounce.delivery).await?;
        let distribution = match &standing {
            Some(standing) => {
                let id = standing.delivery.distribution;
                self.store.distribution(id).await?
            }
            None => None,
        };
        Ok(Some(WholeBounce {
            contact: self.store.contact(&bounce.email).await?,
            suppression: self.store.suppression(&bounce.email).await?,
            headline: distribution.map(|one| one.headline).unwrap_or_default(),
            standing,
            bounce,
            report,
        }))
    }

    /// A report with what it is about.
    ///
    /// # Errors
    /// There is no such report, or the store failed.
    pub async fn bounce(&self, fingerprint: &str) -> Result<WholeBounce, DeskError> {
        let found = self.find_bounce(fingerprint).await?;
        found.ok_or_else(|| {
            DeskError::request(said!(
                "there is no report {fingerprint}; `dateline bounce list` shows all",
                fingerprint
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
        ground: one.ground.clone(),
        form: one.form.clone(),
    };
    let bar = policy.bar(one.finding, evidence, earlier, now);
    let bars = bar.map(|reason| bar_for(&bounce, reason)).into_iter();
    let state = next_state(policy, now, &bounce, standing);
    let event = match (&state, one.finding) {
        (Some(state), _) => Some(reported(delivery, state.name(), &bounce)),
        (None, Finding::Complaint) => Some(reported(delivery, COMPLAINT, &bounce)),
        (None, Finding::OptOut) => Some(reported(delivery, OPT_OUT, &bounce)),
        (None, _) => None,
    };
    Judged {
        bounce,
        state,
        event,
        bars: bars.collect(),
    }
}

/// Whether a failure is told of a mail that is being handed over, as far as is
/// written down: the relay has it, and its word is on the way.
fn is_early(bounce: &Bounce, policy: &BouncePolicy, state: &DeliveryState) -> bool {
    matches!(state, DeliveryState::Claimed { .. })
        && bounce.finding.failure().is_some()
        && policy.believes(bounce.evidence)
}

/// How a bar names the report that set it.
fn bar_source(bounce: &Bounce) -> String {
    format!("bounce {}", bounce.fingerprint)
}

/// The bar that a report sets.
fn bar_for(bounce: &Bounce, reason: SuppressionReason) -> Suppression {
    let report = bar_source(bounce);
    let (source, note) = match bounce.finding {
        Finding::OptOut => (READER.to_owned(), format!("by mail: {report}")),
        Finding::Failed(_)
        | Finding::Complaint
        | Finding::Delayed
        | Finding::Delivered
        | Finding::AutoReply
        | Finding::Challenge => (report, bounce.diagnostic.clone()),
    };
    Suppression {
        email: bounce.email.clone(),
        reason,
        at: bounce.at,
        source,
        note,
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
fn hear(message: &[u8], ears: &Ears) -> Heard {
    let report = crate::inbound::read(message);
    let message = Bytes::copy_from_slice(&message[..message.len().min(KEPT)]);
    if let Some(delivery) = ears.words.find(&report.subject) {
        return Heard::Reports(vec![opted_out(delivery, report, message)]);
    }
    if report.affected.is_empty() {
        return Heard::Unknown;
    }
    let signed = ears.return_path.as_ref().and_then(|paths| {
        let mut sent_to = report.sent_to.iter();
        sent_to.find_map(|address| paths.read(address))
    });
    let named = report.deliveries.first().copied();
    let delivery = signed
        .map(|id| (id, Evidence::ReturnPath))
        .or(named.map(|id| (id, Evidence::MessageId)));
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

/// A mail by which a reader opts out: whoever wrote it has had theirs.
fn opted_out(delivery: DeliveryId, report: Report, message: Bytes) -> Arrived {
    Arrived {
        fingerprint: report.fingerprint,
        form: "opt-out".to_owned(),
        finding: Finding::OptOut,
        ground: Ground::Report("Subject".to_owned()),
        status: None,
        diagnostic: report.subject,
        delivery: Some((delivery, Evidence::Word)),
        addresses: Vec::new(),
        report: message,
    }
}

fn weight(affected: &&Affected) -> u8 {
    match affected.finding {
        Finding::Failed(_) => 3,
        Finding::Complaint | Finding::OptOut => 2,
        Finding::Delayed => 1,
        Finding::Delivered | Finding::AutoReply | Finding::Challenge => 0,
    }
}

fn arrive(
    n: usize,
    affected: &Affected,
    report: &Report,
    delivery: Option<(DeliveryId, Evidence)>,
    message: &Bytes,
) -> Arrived {
    let fingerprint = match n {
        0 => report.fingerprint.clone(),
        n => format!("{}-{n}", report.fingerprint),
    };
    Arrived {
        fingerprint,
        form: report.form.to_owned(),
        finding: affected.finding,
        ground: affected.ground.clone(),
        status: affected.status,
        diagnostic: affected.diagnostic.clone(),
        delivery,
        addresses: affected.addresses.clone(),
        report: message.clone(),
    }
}
