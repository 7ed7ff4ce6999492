//! What is too old goes: by the service once a day, or when somebody asks.

use super::tokens::name_token;
use super::{Desk, DeskError};
use crate::dispatch::retention::retain;
use crate::domain::retention::Gone;
pub use crate::store::erasure::Really;
use serde_json::Map;

impl Desk {
    /// Lets go what `[retention]` says is too old, or only counts it.
    ///
    /// # Errors
    /// The store failed; what had gone by then is gone.
    pub async fn retain(&self, really: Really, by: &str) -> Result<Vec<Gone>, DeskError> {
        let (store, retention) = (self.store.as_ref(), &self.settings.retention);
        let mut more = Map::new();
        name_token(&mut more);
        Ok(retain(store, retention, self.clock.now(), (by, more), really).await?)
    }
}
