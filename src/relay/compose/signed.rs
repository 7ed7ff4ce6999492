//! A composed message with its DKIM signatures.

use super::{ComposedMessage, Piece};
use crate::dkim::{Signer, SigningError};
use jiff::Timestamp;

impl ComposedMessage {
    /// The message with its signatures before its head (RFC 6376 5.6), made at an
    /// instant. Its pieces are hashed where they lie; an idle signer costs nothing.
    ///
    /// # Errors
    /// A key that does not sign.
    pub fn signed(mut self, signer: &Signer, at: Timestamp) -> Result<Self, SigningError> {
        if signer.is_idle() {
            return Ok(self);
        }
        let (first, others) = self
            .pieces
            .split_first()
            .map_or(("", &[][..]), |(first, others)| (first.as_str(), others));
        // The head ends in the first piece, and with it the empty line.
        let (head, begun) = match first.find("\r\n\r\n") {
            Some(end) => (&first[..end + 2], &first[end + 4..]),
            None => (first, ""),
        };
        let body = std::iter::once(begun).chain(others.iter().map(Piece::as_str));
        let signatures = signer.sign(head, body, at)?;
        self.size += signatures.len();
        self.pieces.insert(0, Piece::Own(signatures));
        Ok(self)
    }
}
