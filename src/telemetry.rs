//! Tracing set-up: to standard error, so that standard output stays the command's own.
//!
//! No line carries a whole address: rooms log `EmailAddress::masked()`.

use tracing_subscriber::EnvFilter;

/// How talkative the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors alone: a progress bar is being drawn.
    Quiet,
    /// Warnings too.
    Normal,
    /// What happens.
    Verbose,
    /// Everything of our own.
    Debug,
}

/// Begins to log. `RUST_LOG` stands above the verbosity.
pub fn init(verbosity: Verbosity) {
    let default = match verbosity {
        Verbosity::Quiet => "error",
        Verbosity::Normal => "warn",
        Verbosity::Verbose => "warn,dateline=info",
        Verbosity::Debug => "info,dateline=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // A second call, as in tests, changes nothing.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_target(false)
            .try_init(),
    );
}
