//! Bytes from outside become domain values, with all their problems at once.
//!
//! Nothing here sends, stores or asks the clock. A value comes out only where
//! no error stands; problems carry file and line.

mod contacts;
mod dates;
mod excerpt;
mod export;
mod files;
mod front_matter;
mod markdown;
mod release;
mod releases;
mod suppressions;

pub use contacts::{
    Charset, Column, ContactsRead, Format, Found, Mapping, Meaning, ReadContact, Reading, Repeat,
    read_contacts,
};
pub use excerpt::excerpt;
pub use export::{ContactWriter, safe};
pub use release::{LoadedRelease, load_release};
pub use releases::{find_release, list_releases, release_ids};
pub use suppressions::{SuppressionWriter, read_suppressions};

use crate::domain::problem::Problem;

/// What came of reading something.
#[derive(Debug)]
pub struct Intake<T> {
    /// The value, where no error stands.
    pub value: Option<T>,
    /// Errors and warnings.
    pub problems: Vec<Problem>,
}
