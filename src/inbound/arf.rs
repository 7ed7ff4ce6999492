//! Complaints in the Abuse Reporting Format (RFC 5965).

use super::fields::{Fields, groups, typed_address};
use super::mime::Leaf;
use super::report::Affected;
use crate::domain::bounce::{Finding, Ground};

/// Kinds of feedback that are a reader's complaint (RFC 5965 section 7.3;
/// `opt-out` is of the drafts before it, and still sent). A report that mail is
/// not spam, or failed to authenticate (RFC 6591), is none.
const COMPLAINTS: [&str; 5] = ["abuse", "fraud", "virus", "other", "opt-out"];

/// What a complaint says; `None` where it is no complaint.
pub(super) fn read(leaves: &[Leaf]) -> Option<Vec<Affected>> {
    let report = leaves
        .iter()
        .find(|leaf| leaf.kind == "message/feedback-report")?;
    let groups = groups(&report.text);
    let kind = groups
        .iter()
        .find_map(|group| group.get("feedback-type"))?
        .to_ascii_lowercase();
    if !COMPLAINTS.contains(&kind.trim()) {
        return None;
    }
    let addresses = groups.iter().flat_map(whom).collect();
    Some(vec![Affected {
        finding: Finding::Complaint,
        addresses,
        status: None,
        ground: Ground::Report(format!("Feedback-Type: {}", kind.trim())),
        diagnostic: kind,
    }])
}

fn whom(group: &Fields) -> Vec<crate::domain::address::EmailAddress> {
    ["original-rcpt-to", "removal-recipient"]
        .into_iter()
        .flat_map(|name| {
            group
                .all(name)
                .filter_map(typed_address)
                .collect::<Vec<_>>()
        })
        .collect()
}
