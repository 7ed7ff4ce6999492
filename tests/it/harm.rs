//! Messages that mean harm, by the thousand, through the real program: it ends
//! well, tells how many it read, never stands still, and stays small.
//!
//! They are the corpus, damaged at random, and giants: multiparts within
//! themselves, ten thousand parts, a declared length of a gigabyte. A few seconds
//! each time; `tests/nightly` goes on for ten minutes.

use crate::support::Workspace;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Memory that the whole program may take, its code and its store included.
const MOST_OCTETS: u64 = 64 * 1024 * 1024;
/// So long no message may take.
const STILL: Duration = Duration::from_secs(20);
/// Every so manieth message is a giant.
const GIANTS: u64 = 100;

/// Numbers by chance that are the same for the same seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }
}

/// Pieces that change what the rest of a message means.
const PIECES: [&str; 16] = [
    "\n\n",
    "\r\n",
    "--",
    "dlv_",
    "rfc822;",
    "\u{0}",
    "ж",
    "=?utf-8?B?",
    "=?utf-8?Q?=FF",
    "Content-Type: multipart/mixed; boundary=\"\"\n",
    "Content-Type: message/rfc822\n\n",
    "Content-Transfer-Encoding: base64\n",
    "charset=iso-2022-jp",
    "\\x{110000}",
    "Content-Length: 1073741824\n",
    "\n ",
];

fn damaged(mut octets: Vec<u8>, chance: &mut Chance) -> Vec<u8> {
    for _ in 0..=chance.below(12) {
        let at = chance.below(octets.len() + 1);
        let end = (at + chance.below(400)).min(octets.len());
        match chance.below(6) {
            0 => octets.truncate(at.max(64)),
            1 if at < octets.len() => octets[at] = chance.next().to_le_bytes()[0],
            2 => {
                let piece = octets[at..end].to_vec();
                octets.splice(at..at, piece);
            }
            3 => drop(octets.drain(at..end)),
            _ => {
                let piece = PIECES[chance.below(PIECES.len())];
                octets.splice(at..at, piece.bytes());
            }
        }
    }
    octets
}

/// Messages that are large, deep or a lie.
fn giants() -> Vec<Vec<u8>> {
    let mut deep = String::new();
    for n in 0..20_000 {
        let _ = write!(
            deep,
            "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"
        );
    }
    let part = "--b\nContent-Type: text/plain\n\nx\n";
    let recipient = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n";
    let long = "x".repeat(4000);
    let texts = [
        deep,
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(20_000),
        "Content-Type: message/rfc822\n\n".repeat(30_000),
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\n".repeat(20_000),
        format!(
            "Content-Type: multipart/report; boundary=b\n\n{}",
            part.repeat(10_000)
        ),
        "Content-Type: text/plain\nContent-Length: 1073741824\n\nshort".to_owned(),
        format!("Content-Type: message/delivery-status\nContent-Length: 1073741824\n\n{recipient}"),
        format!(
            "Content-Type: message/delivery-status\n\n{}",
            format!("{recipient}Diagnostic-Code: smtp; {long}\n\n").repeat(200)
        ),
        format!(
            "Content-Type: message/delivery-status\n\nAction: failed\nDiagnostic-Code: x\n{}",
            " fold\n".repeat(150_000)
        ),
        format!(
            "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{}",
            "AAAA".repeat(260_000)
        ),
        format!(
            "From: mailer-daemon@a.example\nContent-Type: text/html\n\n{}",
            "<b".repeat(500_000)
        ),
        format!("From: {}\n\nx", "a@b.example, ".repeat(80_000)),
        format!("Subject: {}\n\nx", "=?utf-8?B?0JTQstCw?= ".repeat(50_000)),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bounces");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "eml"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// A message of an mbox: in it nothing looks like the beginning of the next.
fn boxed(message: &[u8]) -> Vec<u8> {
    let mut out = b"From a\nX-Harm: yes\n".to_vec();
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"From ") {
            out.push(b'>');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b"\n\n");
    out
}

fn seconds() -> Duration {
    let asked = std::env::var("DATELINE_HARM_SECONDS").ok();
    Duration::from_secs(asked.map_or(5, |text| text.parse().unwrap()))
}

#[test]
fn messages_that_mean_harm_are_read_in_bounds() {
    let workspace = Workspace::new();
    let mut command = workspace.command(&["--format", "json", "bounce", "ingest", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let id = child.id();
    let fed = Arc::new(AtomicU64::new(0));
    let last = Arc::new(Mutex::new(Vec::new()));
    let watching = {
        let (fed, last) = (Arc::clone(&fed), Arc::clone(&last));
        std::thread::spawn(move || watch(id, &fed, &last))
    };
    let (corpus, giants) = (corpus(), giants());
    assert!(corpus.len() > 100);
    let seed = u64::from(std::process::id()) << 20 | u64::from(id);
    let mut chance = Chance(seed);
    let begun = Instant::now();
    while begun.elapsed() < seconds() {
        let n = fed.fetch_add(1, Ordering::SeqCst);
        let message = match n % GIANTS {
            0 => giants[chance.below(giants.len())].clone(),
            _ => damaged(corpus[chance.below(corpus.len())].clone(), &mut chance),
        };
        let boxed = boxed(&message);
        *last.lock().unwrap() = message;
        if stdin.write_all(&boxed).is_err() {
            // It has ended: what follows says how.
            break;
        }
    }
    drop(stdin);
    let (mut out, mut err) = (String::new(), String::new());
    stdout.read_to_string(&mut out).unwrap();
    stderr.read_to_string(&mut err).unwrap();
    let ended = child.wait().unwrap();
    let count = fed.swap(u64::MAX, Ordering::SeqCst);
    let peak = watching.join().unwrap();
    let peak = peak.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    assert!(ended.success(), "seed {seed}: {err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["messages"], count, "seed {seed}: {told}");
    println!(
        "{count} messages in {:.0} s, {} MiB at most, seed {seed}",
        begun.elapsed().as_secs_f64(),
        peak / (1024 * 1024)
    );
    assert!(peak > 0);
    assert!(peak <= MOST_OCTETS, "seed {seed}: {peak} octets at most");
}

/// Ends the program where it stands still, and keeps what it stood still at.
/// Gives the memory that it took at most: that of its own image, as `wait4` has
/// that of the process it was forked from in it.
fn watch(id: u32, fed: &AtomicU64, last: &Mutex<Vec<u8>>) -> Result<u64, String> {
    let (mut seen, mut since, mut peak) = (0, Instant::now(), 0);
    loop {
        std::thread::sleep(Duration::from_millis(10));
        peak = peak.max(most_octets(id).unwrap_or_default());
        let now = fed.load(Ordering::SeqCst);
        if now == u64::MAX {
            return Ok(peak);
        }
        if now != seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > STILL {
            let file = std::env::temp_dir().join(format!("dateline-still-{id}.eml"));
            drop(std::fs::write(&file, &*last.lock().unwrap()));
            drop(
                std::process::Command::new("kill")
                    .args(["-9", &id.to_string()])
                    .status(),
            );
            let file = file.display();
            return Err(format!("it stands still at message {now}: {file}"));
        }
    }
}

/// The most memory that a process has had; `None` where it has ended.
fn most_octets(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}
