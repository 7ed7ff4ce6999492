//! Where the newsroom's memory is: looking at it, and moving it elsewhere.

use super::workspace::settings;
use super::{Desk, DeskError, Wiring};
use crate::config::StoreLocation;
use crate::domain::relay::Secret;
use crate::domain::said::Said;
use crate::said;
use crate::store::StoreError;
use crate::store::archive::{Archive, Part};
use crate::store::copy::{AtWork, Copied, CopyFailure, PartCopied, copy};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// The password of a store that dateline.toml does not name.
pub const PASSWORD: &str = "DATELINE_STORE_PASSWORD";

/// A copy that was made.
#[derive(Debug, Clone, Serialize)]
pub struct StoreCopied {
    /// Where it was read.
    pub from: String,
    /// Where it was written.
    pub to: String,
    /// What it holds.
    #[serde(flatten)]
    pub copied: Copied,
}

/// What is known of the workspace's store.
#[derive(Debug, Clone, Serialize)]
pub struct StoreChecked {
    /// Where it is.
    pub store: String,
    /// The version of its schema.
    pub schema: i64,
    /// Rows, part by part.
    pub parts: Vec<PartCopied>,
    /// Whether every entry of the log is as it was written.
    pub verified: bool,
    /// The log's last hash.
    pub head: String,
    /// The log's first fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

impl From<CopyFailure> for DeskError {
    fn from(failure: CopyFailure) -> Self {
        match failure {
            CopyFailure::Store(error) => Self::Store(error),
            CopyFailure::AtWork { .. }
            | CopyFailure::NotEmpty(_)
            | CopyFailure::Differs { .. }
            | CopyFailure::Broken(_) => Self::Request(Said::verbatim(failure)),
        }
    }
}

/// Copies one store into another, which is new.
///
/// # Errors
/// URLs that cannot be read, stores that cannot be opened, or whatever stands in
/// the way of a copy. Where it is written nothing is left.
pub async fn copy_store(
    workspace: &Path,
    from: &str,
    to: &str,
    at_work: AtWork,
    wiring: &dyn Wiring,
) -> Result<StoreCopied, DeskError> {
    // Away from a workspace the URLs say all.
    let configured = settings(workspace, wiring)
        .ok()
        .map(|(known, _)| known.store);
    let locate = |url: &str| locate(url, workspace, configured.as_ref(), wiring);
    let (source, target) = (locate(from)?, locate(to)?);
    if source.is_same_place(&target) {
        return Err(DeskError::request(said!(
            "{source} cannot be copied into itself",
            source
        )));
    }
    if let StoreLocation::Sqlite(path) = &source
        && !path.exists()
    {
        return Err(DeskError::request(said!(
            "there is no store {source}",
            source
        )));
    }
    let now = wiring.clock().now();
    let archives = (
        wiring.archive(&source).await?,
        wiring.archive(&target).await?,
    );
    let place = target.to_string();
    let copied = copy(
        archives.0.as_ref(),
        archives.1.as_ref(),
        &place,
        at_work,
        now,
    )
    .await?;
    Ok(StoreCopied {
        from: source.to_string(),
        to: place,
        copied,
    })
}

/// Reads a URL. Its password is the configured one where it is the configured
/// store, else the environment's.
fn locate(
    url: &str,
    workspace: &Path,
    configured: Option<&StoreLocation>,
    wiring: &dyn Wiring,
) -> Result<StoreLocation, DeskError> {
    let location = StoreLocation::parse(url, workspace)
        .map_err(|error| DeskError::request(said!("the store's URL: {error}", error)))?;
    match configured {
        Some(known) if known.is_same_place(&location) => Ok(known.clone()),
        Some(_) | None => Ok(location.with_password(wiring.env(PASSWORD).map(Secret::new))),
    }
}

/// Looks at the workspace's store: what it holds, and whether its log is whole.
///
/// # Errors
/// The store cannot be opened or read.
pub async fn check_store(workspace: &Path, wiring: &dyn Wiring) -> Result<StoreChecked, DeskError> {
    let (settings, _) = settings(workspace, wiring)?;
    let archive = wiring.archive(&settings.store).await?;
    let (schema, parts) = (archive.schema().await?, parts(&archive).await?);
    let store = settings.store.to_string();
    let verification = Desk::open(workspace, wiring).await?.verify(None).await?;
    Ok(StoreChecked {
        store,
        schema,
        parts,
        verified: verification.verified,
        head: verification.head,
        broken: verification.broken.map(|broken| broken.to_string()),
    })
}

async fn parts(archive: &Arc<dyn Archive>) -> Result<Vec<PartCopied>, StoreError> {
    let mut whole = archive.read_whole().await?;
    let mut parts = Vec::new();
    for part in Part::ALL {
        parts.push(PartCopied {
            part: part.name(),
            rows: whole.count(part).await?,
        });
    }
    Ok(parts)
}
