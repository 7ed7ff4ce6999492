//! A progress bar on a terminal, plain lines when piped, and Ctrl-C.

use super::output::Output;
use crate::dispatch::progress::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Cancelled by the first Ctrl-C or SIGTERM; a second ends the program at once.
pub(super) fn stop_on_signal(output: Output, said: &'static str) -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        if output.is_text() {
            output.remark(format!("\n{said}"));
        }
        token.cancel();
    });
    stop
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    drop(tokio::signal::ctrl_c().await);
}

/// Shows a run's progress until told to stop.
pub(super) struct Watch {
    bar: Option<ProgressBar>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins to watch a run of so many deliveries.
    pub(super) fn begin(progress: &Arc<Progress>, total: u64, output: &Output) -> Self {
        let bar = output.is_watched().then(|| bar(total));
        let (progress, output, own) = (Arc::clone(progress), *output, bar.clone());
        let task = tokio::spawn(async move {
            let every = if own.is_some() {
                Duration::from_millis(100)
            } else {
                Duration::from_secs(5)
            };
            let mut ticks = tokio::time::interval(every);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                let now = progress.snapshot();
                match &own {
                    Some(bar) => {
                        bar.set_position(now.done());
                        bar.set_message(format!(
                            "{} deferred, {} failed, {} in doubt",
                            now.deferred, now.failed, now.in_doubt
                        ));
                    }
                    None if output.is_text() => output.remark(format!(
                        "{} of {total} done, {} deferred, {} failed, {} in doubt",
                        now.done(),
                        now.deferred,
                        now.failed,
                        now.in_doubt
                    )),
                    None => {}
                }
            }
        });
        Self { bar, task }
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        self.task.abort();
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
