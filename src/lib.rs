//! Dateline, the press office's mailer: the map of the house.
//!
//! - [`domain`]: the ground floor, pure rules about embargo, audience,
//!   language, delivery state, retry and the log.
//! - [`render`]: kits to letters: MJML, Handlebars and Fluent become subject, HTML
//!   and text.
//! - [`store`]: what is remembered; a trait in verbs of outcome, and its backends.
//! - [`clock`]: the only window on time.

pub mod clock;
pub mod domain;
pub mod render;
pub mod store;
