//! `dateline serve`.

use super::args::{Listen, ServeArgs};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::desk::service::{Service, Word};
use crate::desk::{Desk, Wiring};
use crate::web::{self, Front};
use sd_notify::NotifyState;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(
    args: ServeArgs,
    workspace: &Path,
    wiring: &'static dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let desk = Desk::open(workspace, wiring).await?;
    for warning in &desk.warnings {
        tracing::warn!(%warning);
    }
    let listen = match args.listen {
        Some(Listen::On(address)) => Some(address),
        Some(Listen::Off) => None,
        None => desk.settings.service.listen,
    };
    let store = Arc::clone(&desk.store);
    let service = Arc::new(Service::new(desk));
    let stop = CancellationToken::new();
    if let Some(listen) = listen {
        show(listen, &service, wiring, &stop).await?;
    }
    service.open_lmtp(stop.clone()).await?;
    tokio::spawn(Arc::clone(&service).attend_mailbox(stop.clone()));
    let (words, mut heard) = mpsc::channel(4);
    listen_to_signals(words)?;
    tokio::spawn(tell_systemd(Arc::clone(&service)));
    let in_time = service.run(wiring, &mut heard).await;
    tell(&[NotifyState::Stopping]);
    stop.cancel();
    super::close(store.as_ref()).await;
    if in_time {
        tracing::info!("stopped");
        Ok(Exit::Done)
    } else {
        tracing::error!("conversations had to be cut off; their deliveries are in doubt");
        Ok(Exit::Infrastructure)
    }
}

async fn show(
    listen: SocketAddr,
    service: &Arc<Service>,
    wiring: &'static dyn Wiring,
    stop: &CancellationToken,
) -> Result<(), CliError> {
    let front = Arc::new(Front::open(Arc::clone(service), wiring, stop.clone())?);
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        CliError::infrastructure(format!(
            "cannot listen on {listen} for the desk, health and metrics: {error}; choose another with --listen or service.listen"
        ))
    })?;
    let address = listener.local_addr().unwrap_or(listen);
    tracing::info!(%address, "the desk, health and metrics");
    tokio::spawn(web::serve(listener, front, stop.clone()));
    Ok(())
}

/// Ready once the scheduler has looked around, and alive as long as it does.
async fn tell_systemd(service: Arc<Service>) {
    while service.ready().await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tell(&[NotifyState::Ready]);
    tracing::info!("ready");
    let Some(within) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        if service.healthy().is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
        tokio::time::sleep(within / 2).await;
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}

#[cfg(unix)]
fn listen_to_signals(words: mpsc::Sender<Word>) -> Result<(), CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let hear = |kind| {
        signal(kind)
            .map_err(|error| CliError::infrastructure(format!("cannot hear signals: {error}")))
    };
    let mut hangup = hear(SignalKind::hangup())?;
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            let word = tokio::select! {
                _ = hangup.recv() => Word::Reload,
                _ = terminate.recv() => Word::Stop,
                _ = interrupt.recv() => Word::Stop,
            };
            tracing::info!(?word, "told");
            if words.send(word).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn listen_to_signals(words: mpsc::Sender<Word>) -> Result<(), CliError> {
    tokio::spawn(async move {
        drop(tokio::signal::ctrl_c().await);
        drop(words.send(Word::Stop).await);
    });
    Ok(())
}
