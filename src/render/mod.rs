//! Kits to letters: MJML, Handlebars and Fluent become subject, HTML and text.
//!
//! [`KitSources`] gathers the files (the workspace's over the built-in ones),
//! [`Kit`] compiles them once, [`PreparedRelease`] does once per release what
//! every reader shares, and [`PreparedRelease::render`] writes one reader's
//! letter: by the forms of its kind where there are any, since two readers'
//! letters differ in a line or two.
//!
//! Invariant: after [`KitSources::load`] nothing here reads a file, the network
//! or the clock; a template sees nothing but the fields it is given, names none
//! that is not there, and ends.

mod catalogue;
mod colour;
mod context;
mod dates;
mod error;
mod footnotes;
mod form;
mod guard;
mod helpers;
mod kind;
mod kit;
mod layout;
mod letter;
mod making;
mod markdown;
mod marks;
mod notice;
pub mod pages;
mod partials;
mod plain;
mod pool;
mod prepare;
pub mod prose;
mod reader;
mod shape;
mod shelf;
mod sources;
#[cfg(test)]
mod tests;
mod view;
mod words;

pub use dates::{DateError, is_right_to_left};
pub use error::RenderError;
pub use form::{Filled, Form};
pub use helpers::escape;
pub use kit::Kit;
pub use letter::{Letter, OptOut, Part, Parts, Rendered};
pub use prepare::PreparedRelease;
pub use sources::{DEFAULT_KIT, KitSources, Source};
pub use words::WordsError;
