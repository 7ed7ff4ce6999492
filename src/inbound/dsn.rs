//! Delivery status notifications (RFC 3464, in a report by RFC 6522, and for
//! internationalised mail by RFC 6533).

use super::fields::{Fields, groups, typed, typed_address};
use super::mime::{Leaf, said};
use super::report::Affected;
use crate::domain::bounce::{BounceClass, Failure, Finding, Ground, understand};
use crate::domain::reply::EnhancedCode;

/// Of the text for people, so much is looked at for a reason.
const SAID: usize = 4096;

/// What a notification says of each recipient; `None` where it is none.
pub(super) fn read(leaves: &[Leaf]) -> Option<Vec<Affected>> {
    let status = leaves.iter().find(|leaf| {
        leaf.kind == "message/delivery-status" || leaf.kind == "message/global-delivery-status"
    })?;
    let said = said(leaves, SAID);
    let all: Vec<_> = groups(&status.text)
        .iter()
        .filter_map(|group| recipient(group, &said))
        .collect();
    (!all.is_empty()).then_some(all)
}

fn recipient(group: &Fields, said: &str) -> Option<Affected> {
    let action = group.get("action").map(str::to_ascii_lowercase);
    let names = [
        "original-recipient",
        "final-recipient",
        "x-actual-recipient",
    ];
    if action.is_none() && names.iter().all(|name| group.get(name).is_none()) {
        // The fields of the whole message (RFC 3464 2.2).
        return None;
    }
    let addresses = names
        .iter()
        .filter_map(|name| typed_address(group.get(name)?))
        .collect();
    let status = group.get("status").and_then(EnhancedCode::parse);
    let diagnostic = group.get("diagnostic-code").map(typed).unwrap_or_default();
    let action = action.unwrap_or_default();
    let told = || Ground::Report(format!("Action: {action}"));
    let (finding, ground) = match action.split_whitespace().next().unwrap_or_default() {
        "delayed" => (Finding::Delayed, told()),
        "delivered" | "relayed" | "expanded" => (Finding::Delivered, told()),
        _ => {
            let (failure, ground) = failure(status, diagnostic, said);
            (Finding::Failed(failure), ground)
        }
    };
    Some(Affected {
        finding,
        ground,
        addresses,
        status,
        diagnostic: diagnostic.to_owned(),
    })
}

/// Where neither code nor diagnostic says anything, the words for people do.
fn failure(status: Option<EnhancedCode>, diagnostic: &str, said: &str) -> (Failure, Ground) {
    let (failure, ground) = understand(status, diagnostic);
    if failure.class == BounceClass::Other {
        understand(status, said)
    } else {
        (failure, ground)
    }
}
