//! Many rows in one statement: `VALUES` with a place for each.
//!
//! Rows as one JSON text are written, parsed, and taken apart once more by every
//! expression that reads them; values that are bound are only copied.

use sqlx::AssertSqlSafe;

/// Rows of one statement at most; SQLite takes 32,766 values.
pub(super) const MOST: usize = 512;
/// How many rows a statement has places for: a few sizes, so that few are prepared,
/// and near enough to each other that few places are left over.
const SIZES: [usize; 8] = [8, 32, 64, 128, 192, 256, 384, MOST];

/// Puts places for so many rows between the two parts of a statement, as a table
/// with the columns `column1` and so on. What is not bound is NULL, so the rows
/// left over are known by their first column.
pub(super) fn over(
    before: &str,
    columns: usize,
    rows: usize,
    after: &str,
) -> AssertSqlSafe<String> {
    let size = SIZES.into_iter().find(|size| *size >= rows).unwrap_or(MOST);
    let row = format!("(?{}),", ",?".repeat(columns.saturating_sub(1)));
    let places = row.repeat(size);
    let places = places.trim_end_matches(',');
    AssertSqlSafe(format!("{before} (VALUES {places}) {after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_a_place_for_each_row_and_few_forms() {
        let forms: std::collections::BTreeSet<_> =
            (1..=MOST).map(|rows| over("a", 3, rows, "b").0).collect();
        assert_eq!(forms.len(), SIZES.len());
        let statement = over("a", 3, 9, "b").0;
        assert_eq!(statement.matches("(?,?,?)").count(), 32);
        assert!(statement.starts_with("a (VALUES (?"));
        assert!(statement.ends_with("?)) b"));
    }
}
