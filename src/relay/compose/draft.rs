//! A message in the making.

use super::Piece;
use std::sync::Arc;

/// From so many octets on a text that other messages share is a piece of its own: to
/// copy a shorter one costs less than a piece.
const WORTH_SHARING: usize = 512;

/// Pieces in the making: those that are finished, and the one that is written to.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pieces: Vec<Piece>,
    /// The message's own text at its end so far.
    pub(super) own: String,
}

impl Draft {
    /// Begins with a text of the message's own.
    pub(super) fn new(own: String) -> Self {
        Self {
            pieces: Vec::with_capacity(16),
            own,
        }
    }

    /// Adds whole lines that other messages have too.
    pub(super) fn share(&mut self, lines: &Arc<str>) {
        if lines.len() < WORTH_SHARING {
            self.own.push_str(lines);
            return;
        }
        if !self.own.is_empty() {
            self.pieces.push(Piece::Own(std::mem::take(&mut self.own)));
        }
        self.pieces.push(Piece::Shared(Arc::clone(lines)));
    }

    /// All pieces, in order.
    pub(super) fn finish(mut self) -> Vec<Piece> {
        if !self.own.is_empty() {
            self.pieces.push(Piece::Own(self.own));
        }
        self.pieces
    }
}
