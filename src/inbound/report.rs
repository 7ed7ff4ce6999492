//! A message read: what it says, of whom, and which delivery it may be about.

use super::mime::{Opened, open};
use super::{arf, dsn, forms, replies};
use crate::domain::address::EmailAddress;
use crate::domain::bounce::{Finding, Ground};
use crate::domain::ids::DeliveryId;
use crate::domain::reply::EnhancedCode;
use memchr::memmem;

/// Octets of a message that are read; what a report says stands before them.
pub(super) const LONGEST: usize = 1024 * 1024;
/// Fields that may tell to which address the message itself came.
const ENVELOPE: [&str; 7] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "To",
    "Cc",
];
/// Deliveries whose names are taken up.
const MOST_IDS: usize = 8;
/// Letters of a subject that are kept.
const SUBJECT: usize = 200;

/// What a message says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// What happened.
    pub finding: Finding,
    /// By what that was understood.
    pub ground: Ground,
    /// Its addresses as the message has them, the original one first.
    pub addresses: Vec<EmailAddress>,
    /// The status it gives.
    pub status: Option<EnhancedCode>,
    /// The server's words.
    pub diagnostic: String,
}

/// A message read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which form it has: `dsn`, `arf`, `reply`, or the name of a server's own;
    /// `unknown` where nobody is affected.
    pub form: &'static str,
    /// Of whom it says what; empty where it is no report.
    pub affected: Vec<Affected>,
    /// Its subject, decoded; its beginning where it is long.
    pub subject: String,
    /// The addresses it came to: among them the signed return path, if any.
    pub sent_to: Vec<EmailAddress>,
    /// Deliveries that it names by their Message-ID, the first first.
    pub deliveries: Vec<DeliveryId>,
    /// A hash that is the same whichever way the same report came.
    pub fingerprint: String,
}

/// Reads a message; never fails, for whatever is no report is `unknown`.
pub fn read(octets: &[u8]) -> Report {
    let octets = &octets[..octets.len().min(LONGEST)];
    let opened = open(octets);
    let (form, affected) = tell(&opened);
    Report {
        form,
        affected,
        subject: opened.header.subject().chars().take(SUBJECT).collect(),
        sent_to: ENVELOPE
            .iter()
            .flat_map(|name| opened.header.all_raw(name))
            .flat_map(super::fields::addresses)
            .take(MOST_IDS * 4)
            .collect(),
        deliveries: deliveries(&opened),
        fingerprint: fingerprint(&opened),
    }
}

fn tell(opened: &Opened<'_>) -> (&'static str, Vec<Affected>) {
    if let Some(affected) = dsn::read(&opened.leaves) {
        return ("dsn", affected);
    }
    if let Some(affected) = arf::read(&opened.leaves) {
        return ("arf", affected);
    }
    // Some servers mark their bounces as auto-replied: so bounces come first.
    let reply = replies::read(opened);
    let challenged = matches!(reply, Some((Finding::Challenge, _)));
    if !challenged
        && may_bounce(opened)
        && let Some(found) = forms::read(opened)
    {
        return found;
    }
    match reply {
        Some((finding, ground)) => ("reply", vec![answered(opened, finding, ground)]),
        None => ("unknown", Vec::new()),
    }
}

/// Whether a message can be a bounce at all: a server writes it, without a
/// return path (RFC 5321 4.5.5), or says that a server does. A person who
/// quotes a bounce is none.
fn may_bounce(opened: &Opened<'_>) -> bool {
    let header = &opened.header;
    let null = header.raw("Return-Path").is_some_and(|path| path == "<>");
    let from = header.raw("From").unwrap_or_default().to_ascii_lowercase();
    let servers = [
        "mailer-daemon",
        "mailer_daemon",
        "maildaemon",
        "postmaster",
        "mail delivery",
        "mail-daemon",
        "microsoftexchange",
        "bounce",
        "noreply",
        "no-reply",
        "mdaemon",
        "system administrator",
        "mail.administrator",
    ];
    null || opened.kind == "multipart/report"
        || header.raw("X-Failed-Recipients").is_some()
        || servers.iter().any(|sign| from.contains(sign))
}

fn answered(opened: &Opened<'_>, finding: Finding, ground: Ground) -> Affected {
    let from = opened.header.raw("From").unwrap_or_default();
    Affected {
        finding,
        ground,
        addresses: super::fields::addresses(from).collect(),
        status: None,
        diagnostic: opened.header.subject().chars().take(SUBJECT).collect(),
    }
}

/// Deliveries by the Message-IDs in the fields that refer to a mail, and in the
/// parts, which hold the returned header.
fn deliveries(opened: &Opened<'_>) -> Vec<DeliveryId> {
    let mut found = Vec::new();
    for field in ["In-Reply-To", "References", "X-Original-Message-ID"] {
        for value in opened.header.all_raw(field) {
            name_deliveries(value, &mut found);
        }
    }
    for leaf in &opened.leaves {
        name_deliveries(&leaf.text, &mut found);
    }
    found
}

fn name_deliveries(text: &str, found: &mut Vec<DeliveryId>) {
    for at in memmem::find_iter(text.as_bytes(), b"dlv_") {
        if found.len() >= MOST_IDS {
            return;
        }
        let name = text.get(at..at + 30).and_then(|name| name.parse().ok());
        found.extend(name.filter(|id| !found.contains(id)));
    }
}

/// A hash over what the reporting server wrote: its Message-ID, its author and
/// its body without the differences that a way makes in line ends. Not the whole
/// header, for each server on the way adds to that.
fn fingerprint(opened: &Opened<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in ["Message-ID", "From"] {
        hasher.update(opened.header.raw(field).unwrap_or_default().as_bytes());
        hasher.update(b"\n");
    }
    for line in opened.body.trim_ascii_end().split(|octet| *octet == b'\n') {
        hasher.update(line.trim_ascii_end());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
