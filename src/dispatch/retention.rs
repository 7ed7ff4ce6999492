//! Retention carried out, and put on record.

use crate::domain::account::Act;
use crate::domain::log::facts;
use crate::domain::retention::{Gone, Retention};
use crate::store::erasure::Really;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Lets go what is too old, or only counts it. Where anything went, it stands
/// among the acts, with `more` beside it; what went of the log, in the log too.
///
/// # Errors
/// The store failed.
pub async fn retain(
    store: &dyn Store,
    retention: &Retention,
    now: Timestamp,
    (by, more): (&str, Map<String, Value>),
    really: Really,
) -> Result<Vec<Gone>, StoreError> {
    let gone = store.retain(&retention.cuts(now), now, really).await?;
    let any = gone.iter().any(|one| one.count > 0);
    if really == Really::Done && any {
        let counts: Map<String, Value> = gone
            .iter()
            .map(|one| (one.what.name().to_owned(), json!(one.count)))
            .collect();
        let mut facts = facts(json!({ "gone": counts }));
        facts.extend(more);
        let act = Act {
            at: now,
            by: by.to_owned(),
            act: "retention".to_owned(),
            facts,
        };
        store.record_act(&act).await?;
    }
    Ok(gone)
}
