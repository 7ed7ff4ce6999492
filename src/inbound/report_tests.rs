//! The corpus, measured; and messages that mean harm.

use super::*;
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// A message of the corpus, and what it is.
struct Labelled {
    file: String,
    octets: Vec<u8>,
    kind: String,
    recipient: String,
    class: String,
}

fn corpus() -> Vec<Labelled> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bounces");
    let labels = std::fs::read_to_string(folder.join("labels.tsv")).unwrap();
    let lines = labels.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut cells = line.split('\t').map(str::to_owned);
            let mut cell = || cells.next().unwrap_or_default();
            let file = cell();
            Labelled {
                octets: std::fs::read(folder.join(&file)).unwrap(),
                file,
                kind: cell(),
                recipient: cell(),
                class: cell(),
            }
        })
        .collect()
}

fn said(report: &Report) -> &'static str {
    let first = report.affected.first();
    first.map_or("unknown", |one| one.finding.name())
}

/// Counts of what was asked and what was right, and what was not.
#[derive(Default)]
struct Score {
    asked: u32,
    right: u32,
    wrong: String,
}

impl Score {
    fn count(&mut self, file: &str, expected: &str, found: &str) {
        self.asked += 1;
        if expected == found {
            self.right += 1;
        } else {
            let _ = writeln!(self.wrong, "{file}: {found:?}, not {expected:?}");
        }
    }

    fn is_at_least(&self, percent: u32) -> bool {
        self.asked > 0 && self.right * 100 >= self.asked * percent
    }
}

fn measure(octets: impl Fn(&Labelled) -> Vec<u8>) {
    let (mut kinds, mut recipients, mut classes) =
        (Score::default(), Score::default(), Score::default());
    for one in corpus() {
        let report = read(&octets(&one));
        kinds.count(&one.file, &one.kind, said(&report));
        let first = report.affected.first();
        if !one.recipient.is_empty() {
            let found = first.and_then(|first| first.addresses.first());
            let found = found.map(ToString::to_string).unwrap_or_default();
            recipients.count(&one.file, &one.recipient, &found);
        }
        if !one.class.is_empty() {
            let failure = first.and_then(|first| first.finding.failure());
            let class = failure.map_or("", |failure| failure.class.name());
            classes.count(&one.file, &one.class, class);
        }
    }
    println!(
        "kinds {}/{}, recipients {}/{}, classes {}/{}",
        kinds.right, kinds.asked, recipients.right, recipients.asked, classes.right, classes.asked
    );
    let wrong = format!("{}{}{}", kinds.wrong, recipients.wrong, classes.wrong);
    assert!(kinds.is_at_least(97), "\n{wrong}");
    assert!(recipients.is_at_least(99), "\n{wrong}");
    assert!(classes.is_at_least(95), "\n{wrong}");
}

#[test]
fn the_corpus_is_understood() {
    assert!(corpus().len() >= 130);
    measure(|one| one.octets.clone());
}

#[test]
fn the_corpus_is_understood_with_the_line_ends_of_smtp() {
    measure(|one| with_crlf(&one.octets));
}

fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + 256);
    for octet in octets {
        if *octet == b'\n' {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    out
}

#[test]
fn a_returned_mail_names_its_delivery() {
    let dsn = corpus()
        .into_iter()
        .find(|one| one.file == "postfix-quota.eml")
        .unwrap();
    let report = read(&dsn.octets);
    assert_eq!(report.form, "dsn");
    assert_eq!(report.deliveries.len(), 1);
    let name = report.deliveries[0].to_string();
    assert!(String::from_utf8_lossy(&dsn.octets).contains(&name));
    assert_eq!(report.sent_to[0].to_string(), "press@newsroom.example");
}

#[test]
fn a_report_is_the_same_whichever_way_it_came() {
    let mut prints = std::collections::BTreeMap::new();
    for one in corpus() {
        let report = read(&one.octets);
        let other = [
            b"Received: by another way\nX-Seen: yes\n".as_slice(),
            &one.octets,
        ]
        .concat();
        assert_eq!(read(&other).fingerprint, report.fingerprint, "{}", one.file);
        let crlf = with_crlf(&one.octets);
        assert_eq!(read(&crlf).fingerprint, report.fingerprint, "{}", one.file);
        let before = prints.insert(report.fingerprint, one.file.clone());
        assert_eq!(before, None, "{}", one.file);
    }
}

/// Reads it quickly, whatever it is.
fn quickly(what: &str, octets: &[u8]) -> Report {
    let begun = Instant::now();
    let report = read(octets);
    assert!(begun.elapsed() < Duration::from_secs(2), "{what}");
    report
}

#[test]
fn messages_that_mean_harm_are_read_in_bounds() {
    let mut deep = String::new();
    for n in 0..20_000 {
        let _ = write!(
            deep,
            "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"
        );
    }
    quickly("multiparts within multiparts", deep.as_bytes());
    let nested = "Content-Type: message/rfc822\n\n".repeat(30_000);
    quickly("messages within messages", nested.as_bytes());
    let cyclic = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(20_000);
    quickly("a boundary within itself", cyclic.as_bytes());
    let digest = "Content-Type: multipart/digest; boundary=b\n\n--b\n\n".repeat(20_000);
    quickly("digests within digests", digest.as_bytes());
    let mut many = "Content-Type: multipart/report; boundary=b\n\n".to_owned();
    many.push_str(&"--b\nContent-Type: text/plain\n\nx\n".repeat(10_000));
    quickly("ten thousand parts", many.as_bytes());
    let empty = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\n".repeat(200_000)
    );
    quickly("empty parts", empty.as_bytes());
    let long = "Content-Type: text/plain\nContent-Length: 1073741824\n\nshort";
    quickly("a length that is a lie", long.as_bytes());
    let base64 = format!(
        "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{}",
        "AAAA".repeat(400_000)
    );
    quickly("a long part", base64.as_bytes());
    let html = format!(
        "From: mailer-daemon@a.example\nContent-Type: text/html\n\n{}",
        "<b".repeat(300_000)
    );
    quickly("tags without an end", html.as_bytes());
    let header = format!("From: {}\n\nx", "a@b.example, ".repeat(80_000));
    quickly("a header without an end", header.as_bytes());
    let fields = format!(
        "Content-Type: message/delivery-status\n\n{}",
        "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n".repeat(20_000)
    );
    let report = quickly("recipients without end", fields.as_bytes());
    assert!(report.affected.len() <= 200);
    let folded = format!(
        "Content-Type: message/delivery-status\n\nAction: failed\nDiagnostic-Code: x\n{}",
        " fold\n".repeat(150_000)
    );
    quickly("a value that is folded without end", folded.as_bytes());
}

/// One way to damage a message.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Set(usize, u8),
    Repeat(usize, usize),
    Remove(usize, usize),
    Insert(usize, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let words = prop_oneof![
        Just("\n\n"),
        Just("\r\n"),
        Just("--"),
        Just("dlv_"),
        Just("rfc822;"),
        Just("\u{0}"),
        Just("ж"),
        Just("=?utf-8?B?"),
        Just("Content-Type: multipart/mixed; boundary=\"\"\n"),
        Just("Content-Transfer-Encoding: base64\n"),
        Just("charset=iso-2022-jp"),
        Just("@"),
        Just("\\x{110000}"),
    ];
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, octet)| Damage::Set(at, octet)),
        (any::<usize>(), 0usize..400).prop_map(|(at, length)| Damage::Repeat(at, length)),
        (any::<usize>(), 0usize..400).prop_map(|(at, length)| Damage::Remove(at, length)),
        (any::<usize>(), words).prop_map(|(at, text)| Damage::Insert(at, text)),
    ]
}

fn apply(mut octets: Vec<u8>, damage: &Damage) -> Vec<u8> {
    let place = |at: usize| at % (octets.len() + 1);
    let end = |at: usize, length: usize| (place(at) + length).min(octets.len());
    match *damage {
        Damage::Cut(at) => octets.truncate(place(at)),
        Damage::Set(at, octet) => {
            let at = place(at);
            if let Some(place) = octets.get_mut(at) {
                *place = octet;
            }
        }
        Damage::Repeat(at, length) => {
            let piece = octets[place(at)..end(at, length)].to_vec();
            let at = place(at);
            octets.splice(at..at, piece);
        }
        Damage::Remove(at, length) => {
            let range = place(at)..end(at, length);
            octets.drain(range);
        }
        Damage::Insert(at, text) => {
            let at = place(at);
            octets.splice(at..at, text.bytes());
        }
    }
    octets
}

proptest! {
    #[test]
    fn a_damaged_message_is_read_without_panic(n: usize, damages in prop::collection::vec(damage(), 1..12)) {
        let corpus = corpus();
        let whole = corpus[n % corpus.len()].octets.clone();
        let damaged = damages.iter().fold(whole, apply);
        let report = quickly("a damaged message", &damaged);
        prop_assert!(report.affected.len() <= 200);
        prop_assert!(report.deliveries.len() <= MOST_IDS);
        prop_assert_eq!(report.fingerprint.len(), 32);
    }

    #[test]
    fn any_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..2000)) {
        quickly("any octets", &octets);
    }
}
