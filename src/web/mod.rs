//! The web room: the desk's pages, and what a service shows to those who watch
//! over it.
//!
//! Every route stands in one table ([`routes`]) with the rule of who may call
//! it; nothing is served that is not in the table. Rules of the trade stay in
//! `desk`: a page asks and shows.
//!
//! Programs have an API of their own under `/api/v1` (`api`).
//!
//! `/healthz` (is the scheduler alive), `/readyz` (can it send) and `/metrics`
//! (`OpenMetrics` text) name no contact and ask for no session.

mod account;
mod agreements;
mod api;
mod assets;
mod audience;
mod bounces;
mod charts;
mod contact_form;
mod contacts;
mod copy;
mod distributions;
mod duplicates;
mod fault;
mod fields;
mod files;
mod front;
mod groups;
mod guard;
mod health;
mod imports;
mod keys;
mod language;
mod live;
mod log;
mod metrics;
mod news;
mod opt_out;
mod order;
mod origin;
mod pieces;
mod preview;
mod privacy;
mod readers;
mod rehearsals;
mod releases;
pub mod routes;
mod send;
mod sheet;
mod sign_in;
mod suppressed;
mod turnstile;
mod users;

pub use front::Front;

use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until told to stop.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    front: Arc<Front>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, routes::router(&front))
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}
