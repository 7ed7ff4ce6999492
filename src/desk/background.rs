//! Work that may wait: a thread of its own does it. Whoever reads everything keeps no
//! page waiting, since the threads that make pages do none of it.

use super::DeskError;
use crate::domain::said::Said;
use std::future::Future;
use std::io;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Begun when it is first needed; where it cannot be, everybody does such work.
static BACKGROUND: LazyLock<Option<Runtime>> = LazyLock::new(|| match begin() {
    Ok(runtime) => Some(runtime),
    Err(error) => {
        tracing::warn!(%error, "no thread for work that may wait");
        None
    }
});

fn begin() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("background")
        .enable_all()
        .build()
}

/// Does work in the background.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    match &*BACKGROUND {
        Some(runtime) => runtime.spawn(work),
        None => tokio::spawn(work),
    }
}

/// Does work in the background, and waits for it.
///
/// # Errors
/// What the work fails with, or that it was broken off.
pub async fn run<T, F>(work: F) -> Result<T, DeskError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, DeskError>> + Send + 'static,
{
    let torn = |torn| DeskError::request(Said::verbatim(torn));
    spawn(work).await.map_err(torn).flatten()
}
