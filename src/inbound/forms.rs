//! Bounces in a server's own form: by a table, not by code.
//!
//! `forms.tsv` says by which words a form is known, where its recipients stand,
//! and where the copy of the mail begins.

use super::fields::{address, addresses};
use super::mime::{Leaf, Opened};
use super::report::Affected;
use crate::domain::address::EmailAddress;
use crate::domain::bounce::{Finding, Ground, code_in, understand};

const FORMS: &str = include_str!("forms.tsv");
/// Where a copy of the mail begins in many forms: nothing after it is told by
/// the server.
const COPY: [&str; 9] = [
    "--- below this line",
    "------ this is a copy",
    "----- original message",
    "----- message header",
    "original message follows",
    "--- undelivered message",
    "original message headers",
    "return-path: <",
    "received: from",
];
/// Octets of a diagnostic that are kept.
const DIAGNOSTIC: usize = 1024;
/// Recipients of one report.
const MOST: usize = 100;

/// A line of the table.
struct Form {
    name: &'static str,
    fails: bool,
    sign: &'static str,
    place: &'static str,
    stop: &'static str,
}

fn forms() -> impl Iterator<Item = Form> {
    FORMS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some(Form {
                name: cells.next()?,
                fails: cells.next()? == "failed",
                sign: cells.next()?,
                place: cells.next()?,
                stop: cells.next().unwrap_or_default(),
            })
        })
}

/// The form's name, and what it says of each recipient.
pub(super) fn read(opened: &Opened<'_>) -> Option<(&'static str, Vec<Affected>)> {
    let text = told(&opened.leaves);
    // ASCII alone is folded, so that places in both texts are the same.
    let folded = text.to_ascii_lowercase();
    let (form, at, after) = forms().find_map(|form| {
        let at = folded.find(form.sign)?;
        let after = at + form.sign.len();
        Some((form, at, after))
    })?;
    let end = end(&folded, after, form.stop);
    let told = text.get(after..end).unwrap_or_default();
    let mut found = match form.place {
        "line" => by_lines(told, &form),
        // The words themselves may tell why.
        "same" => on_the_line(told, text.get(at..end).unwrap_or_default(), &form),
        _ => within(told, &form),
    };
    if found.is_empty() {
        let failed = opened.header.all_raw("X-Failed-Recipients");
        let failed = failed.into_iter().flat_map(addresses);
        found = failed.map(|one| affected(one, told, &form)).collect();
    }
    if found.is_empty() {
        // The server names nobody, but the return path may.
        found.push(affected_by(Vec::new(), told, &form));
    }
    found.truncate(MOST);
    Some((form.name, found))
}

/// All text for people.
fn told(leaves: &[Leaf]) -> String {
    let plain = leaves.iter().any(|leaf| leaf.kind == "text/plain");
    let wanted = if plain { "text/plain" } else { "text/html" };
    let texts: Vec<_> = leaves
        .iter()
        .filter(|leaf| leaf.kind == wanted)
        .map(|leaf| leaf.text.as_str())
        .collect();
    texts.join("\n")
}

/// Where the server's own words end.
fn end(folded: &str, after: usize, stop: &str) -> usize {
    let rest = folded.get(after..).unwrap_or_default();
    let own = (!stop.is_empty()).then(|| rest.find(stop)).flatten();
    let copies = COPY.iter().filter_map(|sign| rest.find(sign));
    let first = copies.chain(own).min();
    first.map_or(folded.len(), |at| after + at)
}

/// Each line that begins with an address begins a recipient; what follows is
/// said of it.
fn by_lines(told: &str, form: &Form) -> Vec<Affected> {
    let mut found: Vec<(EmailAddress, String)> = Vec::new();
    for line in told.lines() {
        let line = line.trim();
        let mut words = line.splitn(2, char::is_whitespace);
        let first = words.next().unwrap_or_default();
        let (first, rest) = match (first, words.next()) {
            ("*" | "-" | "•", Some(rest)) => {
                let mut words = rest.trim().splitn(2, char::is_whitespace);
                (words.next().unwrap_or_default(), words.next())
            }
            (first, rest) => (first, rest),
        };
        let whom = address(first);
        let is_new = |whom: &EmailAddress| found.iter().all(|(known, _)| known != whom);
        let (begins, said) = match whom {
            Some(whom) if is_new(&whom) => (Some(whom), rest.unwrap_or_default()),
            Some(_) => (None, rest.unwrap_or_default()),
            None => (None, line),
        };
        found.extend(begins.map(|whom| (whom, String::new())));
        if let Some((_, all)) = found.last_mut()
            && all.len() < DIAGNOSTIC
        {
            all.push(' ');
            all.push_str(said);
        }
    }
    let made = found
        .into_iter()
        .map(|(whom, said)| affected(whom, said.trim(), form));
    made.collect()
}

/// The address stands on the line of the sign, or on the next.
fn on_the_line(told: &str, said: &str, form: &Form) -> Vec<Affected> {
    let found = told.lines().take(3).flat_map(addresses).next();
    found
        .map(|whom| affected(whom, said, form))
        .into_iter()
        .collect()
}

/// The address stands anywhere.
fn within(told: &str, form: &Form) -> Vec<Affected> {
    let found = told.lines().flat_map(addresses).next();
    found
        .map(|whom| affected(whom, told, form))
        .into_iter()
        .collect()
}

fn affected(whom: EmailAddress, said: &str, form: &Form) -> Affected {
    affected_by(vec![whom], said, form)
}

fn affected_by(addresses: Vec<EmailAddress>, said: &str, form: &Form) -> Affected {
    let diagnostic: String = said
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(DIAGNOSTIC)
        .collect();
    let status = code_in(&diagnostic);
    let (finding, ground) = if form.fails {
        let (failure, ground) = understand(status, &diagnostic);
        (Finding::Failed(failure), ground)
    } else {
        (Finding::Delayed, Ground::Report(form.sign.to_owned()))
    };
    Affected {
        finding,
        ground,
        addresses,
        status,
        diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let lines = FORMS
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .count();
        assert_eq!(forms().count(), lines);
        for line in FORMS.lines().filter(|line| !line.starts_with('#')) {
            let action = line.split('\t').nth(1).unwrap_or_default();
            assert!(matches!(action, "failed" | "delayed"), "{line}");
        }
        for form in forms() {
            assert_eq!(form.sign, form.sign.to_ascii_lowercase(), "{}", form.name);
            assert!(form.sign.len() > 12, "{}", form.sign);
            assert!(
                matches!(form.place, "line" | "same" | "within"),
                "{}",
                form.place
            );
        }
    }
}
