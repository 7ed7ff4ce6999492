//! Lines of a workspace's text round a problem, to show it where it stands.

use super::files::read_text;
use std::path::{Component, Path};

/// Lines shown before and after.
const ROUND: usize = 2;

/// The lines round one, with their numbers; none where the file is not to be
/// read any more, or lies elsewhere.
pub fn excerpt(workspace: &Path, file: &str, line: usize) -> Vec<(usize, String)> {
    let inside = Path::new(file)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Vec::new();
    }
    let Ok(text) = read_text(workspace, &workspace.join(file)) else {
        return Vec::new();
    };
    let first = line.saturating_sub(ROUND).max(1);
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, text)| (index + 1, text.to_owned()));
    lines
        .skip(first - 1)
        .take(line + ROUND + 1 - first)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_round_a_place_and_never_from_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.md"), "1\n2\n3\n4\n5\n6\n").unwrap();
        let numbers = |line| {
            excerpt(dir.path(), "a.md", line)
                .iter()
                .map(|(n, _)| *n)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(1), [1, 2, 3]);
        assert_eq!(numbers(4), [2, 3, 4, 5, 6]);
        assert_eq!(numbers(6), [4, 5, 6]);
        assert!(numbers(60).is_empty());
        for elsewhere in [
            "../a.md",
            "/etc/hostname",
            "(built-in)/x",
            "./../../etc/hostname",
        ] {
            assert!(excerpt(dir.path(), elsewhere, 1).is_empty(), "{elsewhere}");
        }
    }
}
