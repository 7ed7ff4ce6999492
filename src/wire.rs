//! The only room that names concrete backends.

use crate::clock::{Clock, WallClock};
use crate::config::{Settings, StoreLocation};
use crate::desk::Wiring;
use crate::store::archive::Archive;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::{Durability, SqliteStore};
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;

/// The real world: wall clock, environment, SQLite or PostgreSQL.
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
        Ok(match &settings.store {
            StoreLocation::Sqlite(path) => {
                Arc::new(SqliteStore::open(path, Durability::Full).await?)
            }
            StoreLocation::Postgres(database) => Arc::new(PostgresStore::open(database).await?),
        })
    }

    async fn archive(&self, location: &StoreLocation) -> Result<Arc<dyn Archive>, StoreError> {
        Ok(match location {
            StoreLocation::Sqlite(path) => {
                Arc::new(SqliteStore::open(path, Durability::Full).await?)
            }
            StoreLocation::Postgres(database) => Arc::new(PostgresStore::open(database).await?),
        })
    }

    async fn throwaway_store(&self, file: &Path) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(
            SqliteStore::open(file, Durability::Throwaway).await?,
        ))
    }
}
