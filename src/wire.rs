//! The only room that names concrete backends.

use crate::clock::{Clock, WallClock};
use crate::config::Settings;
use crate::desk::Wiring;
use crate::store::sqlite::{Durability, SqliteStore};
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;

/// The real world: wall clock, environment, SQLite.
#[derive(Debug, Clone, Copy, Default)]
pub struct World;

#[async_trait]
impl Wiring for World {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(WallClock)
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    async fn store(&self, settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(
            SqliteStore::open(&settings.store, Durability::Full).await?,
        ))
    }

    async fn throwaway_store(&self, file: &Path) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(
            SqliteStore::open(file, Durability::Throwaway).await?,
        ))
    }
}
