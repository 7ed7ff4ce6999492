//! A file that comes along with a call: named, and in base64.

use super::problem::{Answer, Problem};
use crate::desk::uploads::MOST_OCTETS;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The octets of a file that has a name.
///
/// # Errors
/// It has no name, is no base64 (RFC 4648 4), or is longer than a file may be.
pub(super) fn octets(name: &str, content: &str) -> Answer<Vec<u8>> {
    if name.trim().is_empty() {
        return Err(Problem::request(
            "`file` says nothing; expected the file's name",
        ));
    }
    let octets = STANDARD
        .decode(content)
        .map_err(|error| Problem::request(format!("`content` is no base64: {error}")))?;
    if octets.len() > MOST_OCTETS {
        let have = octets.len();
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the file has {have} octets; expected at most {MOST_OCTETS}"),
        ));
    }
    Ok(octets)
}
