//! Pieces of a statement that both backends put together, each with its own places
//! for values.

/// A piece.
pub(super) enum Piece {
    /// SQL.
    Sql(&'static str),
    /// A number to bind.
    Number(i64),
    /// A text to bind.
    Text(String),
}
