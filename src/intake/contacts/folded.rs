//! Lines that go on where the next begins with a blank: vCard and LDIF have
//! them both (RFC 6350 3.2, RFC 2849 note 2).

/// A line put together again, and the line of the file where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
}

/// Which blanks mean that a line goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// A space or a tab (vCard).
    SpaceOrTab,
    /// A space (LDIF).
    Space,
}

/// Puts lines together that were folded. Empty lines are kept.
pub(super) fn unfold(text: &str, fold: Fold) -> Vec<Line> {
    let goes_on = |line: &str| match fold {
        Fold::SpaceOrTab => line.starts_with([' ', '\t']),
        Fold::Space => line.starts_with(' '),
    };
    let mut lines: Vec<Line> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match lines.last_mut() {
            Some(last) if goes_on(line) => last.text.push_str(&line[1..]),
            Some(_) | None => lines.push(Line {
                number: index + 1,
                text: line.to_owned(),
            }),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_line_keeps_its_number() {
        let lines = unfold("a: b\r\n c\r\n\r\nd\n\te", Fold::Space);
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.text.as_str()))
            .collect();
        assert_eq!(told, [(1, "a: bc"), (3, ""), (4, "d"), (5, "\te")]);
        assert_eq!(unfold("d\n\te", Fold::SpaceOrTab)[0].text, "de");
    }
}
