//! Verifying the delivery log: the chain, the columns that repeat its lines,
//! and the deliveries whose states it tells.

use super::{LogRow, Store, StoreError};
use crate::domain::ids::DeliveryId;
use crate::domain::log::{Broken, Line, Verifier, tells_state};
use crate::domain::said::{Said, Tell};
use crate::shown_as_said;
use std::collections::HashMap;

/// Entries and deliveries read at once.
const PAGE: u32 = 1000;

/// Why a log could not be shown to be whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFailure {
    /// It is not as it was written.
    Broken(#[from] Broken),
    /// It could not be read.
    Store(#[from] StoreError),
}

impl Tell for VerifyFailure {
    fn said(&self) -> Said {
        match self {
            Self::Broken(error) => error.said(),
            Self::Store(error) => error.said(),
        }
    }
}

shown_as_said!(VerifyFailure);

/// Walks the whole log. Answers with the number of entries.
///
/// # Errors
/// The first broken entry.
pub async fn verify_log(store: &dyn Store) -> Result<u64, VerifyFailure> {
    // Read first: what is written during the walk does not matter to it.
    let head = store.log_head().await?;
    let mut verifier = Verifier::default();
    let mut last: HashMap<DeliveryId, (u64, String)> = HashMap::new();
    let mut after = 0;
    'walk: loop {
        let page = store.log(None, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            let line = verifier.check(&row.entry)?;
            check_columns(row, &line)?;
            after = row.entry.seq;
            if let Some(delivery) = line.delivery
                && tells_state(&line.event)
            {
                last.insert(delivery, (line.seq, line.event));
            }
            if after == head.seq {
                break 'walk;
            }
        }
    }
    verifier.finish(&head)?;
    check_extra(store, head.seq).await?;
    let states = check_states(store, &last).await;
    // While a run is under way, states move on between the two readings.
    if store.log_head().await? == head {
        states?;
    }
    Ok(head.seq)
}

/// Entries after the head: written since by a run under way, or by somebody else.
async fn check_extra(store: &dyn Store, seq: u64) -> Result<(), VerifyFailure> {
    let extra = store.log(None, seq, 1).await?;
    let now = store.log_head().await?;
    match extra.first() {
        Some(row) if now.seq < row.entry.seq => Err(Broken::Hash { seq: row.entry.seq }.into()),
        Some(_) | None => Ok(()),
    }
}

fn check_columns(row: &LogRow, line: &Line) -> Result<(), Broken> {
    let broken = |column: &str| {
        Err(Broken::Column {
            seq: row.entry.seq,
            column: column.to_owned(),
        })
    };
    if row.distribution != line.distribution.to_string() {
        return broken("distribution");
    }
    if row.delivery != line.delivery.map(|id| id.to_string()) {
        return broken("delivery");
    }
    Ok(())
}

/// Compares each delivery's state with the last that the log says of it.
async fn check_states(
    store: &dyn Store,
    last: &HashMap<DeliveryId, (u64, String)>,
) -> Result<(), VerifyFailure> {
    let mut first_fault: Option<Broken> = None;
    let mut after = None;
    let mut found = 0;
    loop {
        let page = store.states(after, PAGE).await?;
        let Some((id, _)) = page.last() else { break };
        after = Some(*id);
        found += page.len();
        for (id, stored) in &page {
            let known = last.get(id);
            let agrees = known.is_some_and(|(_, logged)| agree(logged, stored));
            let seq = known.map_or(0, |(seq, _)| *seq);
            let earlier = match &first_fault {
                Some(Broken::State { seq: first, .. }) => seq < *first,
                Some(_) | None => true,
            };
            if !agrees && earlier {
                let logged =
                    known.map_or_else(|| "nothing".to_owned(), |(_, logged)| logged.clone());
                first_fault = Some(Broken::State {
                    seq,
                    delivery: id.to_string(),
                    logged,
                    stored: stored.clone(),
                });
            }
        }
    }
    if let Some(fault) = first_fault {
        return Err(fault.into());
    }
    if found < last.len() {
        return missing(store, last).await;
    }
    Ok(())
}

/// A delivery that the log knows is not in the store any more.
async fn missing(
    store: &dyn Store,
    last: &HashMap<DeliveryId, (u64, String)>,
) -> Result<(), VerifyFailure> {
    let mut known: Vec<_> = last.iter().collect();
    known.sort_by_key(|(_, (seq, _))| *seq);
    for (id, (seq, logged)) in known {
        if store.delivery(*id).await?.is_none() {
            return Err(Broken::State {
                seq: *seq,
                delivery: id.to_string(),
                logged: logged.clone(),
                stored: "gone".to_owned(),
            }
            .into());
        }
    }
    Ok(())
}

/// Whether a stored state may follow a logged event. Falling due, a claim and
/// its return leave no entry: they change nothing of what was done.
fn agree(logged: &str, stored: &str) -> bool {
    match stored {
        "planned" => logged == "planned",
        "due" => matches!(logged, "planned" | "deferred" | "due" | "attempt"),
        "claimed" => matches!(logged, "planned" | "deferred" | "due" | "attempt"),
        other => logged == other,
    }
}
