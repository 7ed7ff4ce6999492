//! Dateline, the press office's mailer: the map of the house.
//!
//! - [`domain`]: the ground floor, pure rules about embargo, audience,
//!   language, delivery state, retry and the log.
//! - [`intake`]: bytes from outside become domain values, with all their problems.
//! - [`config`]: files and environment become checked settings.
//! - [`render`]: kits to letters: MJML, Handlebars and Fluent become subject,
//!   HTML and text.
//! - [`store`]: what is remembered; a trait in verbs of outcome, and its backends.
//! - [`relay`]: messages, the conversation with an SMTP server, and the catcher.
//! - [`inbound`]: mail that comes back: bounces, complaints, auto-replies.
//! - [`dispatch`]: from an audience to outcomes.
//! - [`desk`]: the use cases, which every face shares.
//! - [`cli`]: the command line; [`web`]: the desk's pages.
//! - [`wire`]: the only room that names concrete backends.
//! - [`clock`], [`entropy`], [`telemetry`]: the only windows on time, chance and
//!   the log; [`toml_reader`]: a leaf that config and intake share; [`dkim`]: one
//!   that config, relay and desk share; `receiving` and `tls`: two that relay and
//!   inbound share, how a server takes mail and how a client checks whom it meets; [`openpgp`]: one
//!   for encrypted and signed mail.
//!
//! Imports go one way: `domain` <- `intake`, `render`, `store`, `relay`,
//! `inbound` <- `dispatch` <- `desk` <- `cli` <- `wire`; `tests/it/architecture.rs` holds
//! them to it.

pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod dispatch;
pub mod dkim;
pub mod domain;
pub mod entropy;
pub mod inbound;
pub mod intake;
pub mod openpgp;
mod receiving;
pub mod relay;
pub mod render;
pub mod store;
pub mod telemetry;
mod tls;
pub mod toml_reader;
pub mod web;
pub mod wire;
