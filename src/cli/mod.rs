//! The command line: arguments in, text or JSON out, one exit code.

mod agreement;
mod approve;
mod args;
mod audience;
mod bounce;
mod catch;
mod check;
mod contacts;
mod course;
mod demo;
mod dkim;
mod error;
mod import;
mod in_doubt;
mod init;
mod keys;
mod log;
mod merge;
mod operator;
mod output;
mod people_args;
mod preview;
mod privacy;
mod progress;
mod relay;
mod releases;
mod retention;
mod segments;
mod send;
mod serve;
mod status;
mod store;
mod suppression;
mod token;
mod user;

use crate::config::StoreLocation;
use crate::desk::{Desk, DeskError, Wiring};
use crate::store::Store;
use crate::telemetry::{self, Verbosity};
use args::{Args, Command};
use clap::{CommandFactory, Parser};
use error::{CliError, Exit};
use output::Output;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Runs one command to its end.
pub fn main(args: impl IntoIterator<Item = OsString>, wiring: &'static dyn Wiring) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors; clap knows which is which.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() {
                Exit::Input as u8
            } else {
                Exit::Done as u8
            });
        }
    };
    let _telemetry = telemetry::init(
        match (args.verbose, &args.command) {
            // A service tells what it does.
            (0, Command::Serve(_)) | (1, _) => Verbosity::Verbose,
            (0, _) => Verbosity::Normal,
            _ => Verbosity::Debug,
        },
        args.logs_json(),
        &|name| wiring.env(name),
    );
    let output = Output::new(args.format);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads(&args.command))
        .on_thread_park(rest)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output.complain(&CliError::infrastructure(format!("cannot start: {error}")));
            return ExitCode::from(Exit::Infrastructure as u8);
        }
    };
    let ended = runtime.block_on(run(args, wiring, &output));
    // Whatever still lingers in the background has no say in when we are done.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            output.complain(&error);
            ExitCode::from(error.exit() as u8)
        }
    }
}

/// Threads that work. One core is left to the store, which has a thread of its
/// own, and to the relay, where it is on this machine: more threads than that
/// only wake each other. The service has two at least, so that a page in the
/// making holds no mail up.
fn threads(command: &Command) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let least = if matches!(command, Command::Serve(_)) {
        2
    } else {
        1
    };
    cores.saturating_sub(1).max(least)
}

/// How long a thread that has run out of work waits before it goes to sleep: the
/// shortest time there is, some fifty microseconds where the system's timers are so lax.
const REST: Duration = Duration::from_micros(1);
/// Whether threads rest.
static RESTS: AtomicBool = AtomicBool::new(false);

/// Rests before going to sleep. Replies of a relay come one by one, and whoever sends
/// one has to wake a thread that sleeps, which costs as much as to send it; one that
/// rests finds several. A database server's replies come seldom, and are waited for; so
/// are those to a page.
fn rest() {
    if RESTS.load(Ordering::Relaxed) {
        std::thread::sleep(REST);
    }
}

/// How long a store may take to close: what still asks it for something is left.
const CLOSES_WITHIN: Duration = Duration::from_secs(1);

async fn run(args: Args, wiring: &'static dyn Wiring, output: &Output) -> Result<Exit, CliError> {
    let store = OnceLock::new();
    let ended = carry_out(args, wiring, output, &store).await;
    if let Some(store) = store.get() {
        close(store.as_ref()).await;
    }
    ended
}

/// Closes a store, so that its file is whole when the command has ended.
async fn close(store: &dyn Store) {
    if tokio::time::timeout(CLOSES_WITHIN, store.close())
        .await
        .is_err()
    {
        tracing::debug!("the store was still in use, and was left open");
    }
}

/// Carries a command out; `store` is the one that it opened, where it did.
async fn carry_out(
    args: Args,
    wiring: &'static dyn Wiring,
    output: &Output,
    store: &OnceLock<Arc<dyn Store>>,
) -> Result<Exit, CliError> {
    let workspace = args.workspace;
    let open = async || -> Result<Desk, DeskError> {
        let desk = Desk::open(&workspace, wiring).await?;
        store.get_or_init(|| Arc::clone(&desk.store));
        let is_file = matches!(desk.settings.store, StoreLocation::Sqlite(_));
        RESTS.store(is_file, Ordering::Relaxed);
        Ok(desk)
    };
    match args.command {
        Command::Demo(demo) => demo::run(demo, wiring, output).await,
        Command::Init { dir } => init::run(&dir, wiring, output),
        Command::Check { release } => check::run(&workspace, release.as_deref(), wiring, output),
        Command::Contacts { command } => {
            contacts::run(command, &open().await?, wiring, output).await
        }
        Command::Audience(audience) => audience::run(audience, &open().await?, output).await,
        Command::Preview(preview) => preview::run(preview, &open().await?, output).await,
        Command::Send(send) => send::run(send, &open().await?, wiring, output).await,
        Command::Approve(approve) => approve::run(approve, &open().await?, output).await,
        Command::Hold(deed) => course::hold(deed, &open().await?, output).await,
        Command::Resume(deed) => course::resume(deed, &open().await?, output).await,
        Command::Kill(deed) => course::kill(deed, &open().await?, output).await,
        Command::Correct(correct) => approve::correct(correct, &open().await?, output).await,
        Command::Embargo { command } => course::embargo(command, &open().await?, output).await,
        Command::Agreement { command } => agreement::run(command, &open().await?, output).await,
        Command::Suppression { command } => suppression::run(command, &open().await?, output).await,
        Command::Segments { command } => segments::run(command, &open().await?, output).await,
        Command::Retention { command } => retention::run(command, &open().await?, output).await,
        Command::Releases { release } => {
            releases::run(release.as_deref(), &open().await?, wiring, output).await
        }
        Command::User { command } => user::run(command, &open().await?, output).await,
        Command::Token { command } => token::run(command, &open().await?, output).await,
        Command::Serve(serve) => serve::run(serve, &workspace, wiring, output).await,
        Command::Status { distribution } => {
            status::run(distribution.as_deref(), &open().await?, output).await
        }
        Command::Log { command, search } => {
            log::run(command, search.into(), &open().await?, output).await
        }
        Command::InDoubt { command } => in_doubt::run(command, &open().await?, output).await,
        Command::Bounce { command } => bounce::run(command, &open().await?, output).await,
        Command::Relay { command } => relay::run(command, &open().await?, output).await,
        Command::Dkim { command } => dkim::run(command, &workspace, wiring, output),
        Command::Store { command } => store::run(command, &workspace, wiring, output).await,
        Command::Catch(catch) => catch::run(catch, wiring, output).await,
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Args::command(),
                "dateline",
                &mut std::io::stdout(),
            );
            Ok(Exit::Done)
        }
    }
}
