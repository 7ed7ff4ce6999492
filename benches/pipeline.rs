//! How fast rendering and choosing an audience are: `cargo bench --bench pipeline`.
//! See benches/README.md; sending is measured by `--bench throughput`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to measure with, not a part of the product"
)]

#[path = "shared/newsroom.rs"]
mod newsroom;

use dateline::dispatch::composer::{Composer, probe_deliveries};
use dateline::dispatch::content::FrozenContent;
use dateline::dkim::{Identity, NewKey, Selector, Signer};
use dateline::render::KitSources;
use newsroom::{SEGMENT, median};
use std::path::Path;
use std::time::{Duration, Instant};

const SHORT: &str = "2026-11-24-open-levels";
const EMBARGOED: &str = "2027-03-11-river-defenders";
const RUNS: usize = 3;

fn main() {
    let wanted = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for (name, part) in [
        ("compose", compose as fn()),
        ("dkim", signatures),
        ("audience", audience),
        ("import", import),
        ("bounces", bounces),
    ] {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            println!("== {name}");
            part();
        }
    }
}

/// Render and compose on one core, for each language of the sample release.
fn compose() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = newsroom::init(&folder.path().join("w")).unwrap();
    for release in [SHORT, EMBARGOED] {
        let composer = Composer::new(frozen(&workspace, release)).unwrap();
        let now = jiff::Timestamp::from_second(1_790_000_000).unwrap();
        let deliveries: Vec<_> = probe_deliveries(&frozen(&workspace, release), now)
            .into_iter()
            .filter(|delivery| delivery.languages.len() == 1)
            .collect();
        let (mut octets, mut mails) = (0, 0);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            for delivery in &deliveries {
                octets += composer.compose(delivery, now).unwrap().1.size();
                mails += 1;
            }
        }
        let rate = f64::from(mails) / begun.elapsed().as_secs_f64();
        println!(
            "{release}: {rate:.0} mails/s on one core, {} octets each with its files (target 10,000/s)",
            octets / usize::try_from(mails).unwrap()
        );
    }
}

/// `dateline audience` over 100,000 contacts in three languages.
fn audience() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = newsroom::plain(&folder.path().join("w")).unwrap();
    let readers = [
        ("KZ", "ru;en", "Asia/Almaty"),
        ("FR", "fr", "Europe/Paris"),
        ("KZ", "en", ""),
    ];
    newsroom::import(&workspace, 100_000, |n| {
        let (country, languages, zone) = readers[n as usize % readers.len()];
        newsroom::reader(n, country, languages, zone)
    })
    .unwrap();
    let ask = ["audience", SHORT, "--to", SEGMENT, "--format", "json"];
    let times: Vec<f64> = (0..RUNS)
        .map(|_| timed(|| newsroom::run(&workspace, &ask).unwrap()))
        .collect();
    println!(
        "100,000 contacts: {:.2} s (median of {RUNS}; target 2 s)",
        median(times)
    );
}

/// `dateline contacts import` of 100,000 rows as Excel for Russia writes them:
/// all new, all known, and all changed, each into the same store.
fn import() {
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().unwrap();
        let workspace = newsroom::plain(&folder.path().join("w")).unwrap();
        let files = [russian(&workspace, "one"), russian(&workspace, "two")];
        for (times, file) in times.iter_mut().zip([&files[0], &files[0], &files[1]]) {
            let ask = ["contacts", "import", file.as_str()];
            times.push(timed(|| newsroom::run(&workspace, &ask).unwrap()));
        }
    }
    let [new, known, changed] = times.map(median);
    println!(
        "100,000 rows in windows-1251: {new:.2} s new, {known:.2} s known, {changed:.2} s changed (medians of {RUNS}; target 5 s)"
    );
}

/// A table of 100,000 rows; its outlets are of this kind.
fn russian(workspace: &Path, kind: &str) -> String {
    let mut csv = "Эл. почта;ФИО;Издание;Страна;Языки;Часовой пояс;Темы\r\n".to_owned();
    for n in 0..100_000 {
        csv.push_str(&format!(
            "reader{n}@d{}.example;Читатель {n}-й;Издание {kind} {};Казахстан;русский;Asia/Almaty;вода, политика\r\n",
            n % 1000,
            n / 5
        ));
    }
    let file = workspace.join(format!("{kind}.csv"));
    std::fs::write(&file, encoding_rs::WINDOWS_1251.encode(&csv).0).unwrap();
    file.display().to_string()
}

/// `dateline bounce ingest` of 10,000 notifications in an mbox, one for each mail
/// of a sending.
fn bounces() {
    const COUNT: u32 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let workspace = newsroom::plain(&folder.path().join("w")).unwrap();
    let mailbox = folder.path().join("mailbox");
    let catcher = Catcher::start(&mailbox);
    newsroom::edit(&workspace.join("dateline.toml"), |text| {
        let text = text.replace("port = 2525", &format!("port = {}", catcher.port));
        format!("{text}\n[bounces]\naddress = \"bounces@two-banks.example\"\n")
    })
    .unwrap();
    newsroom::import(&workspace, COUNT, |n| newsroom::reader(n, "KZ", "en", "")).unwrap();
    newsroom::run(&workspace, &["send", SHORT, "--to", SEGMENT, "--wait"]).unwrap();
    let mbox = folder.path().join("bounces.mbox");
    std::fs::write(&mbox, notifications(&mailbox, COUNT)).unwrap();
    let mbox = mbox.display().to_string();
    let ask = ["--format", "json", "bounce", "ingest", &mbox];
    let begun = Instant::now();
    let said = newsroom::dateline(&workspace, &ask).output().unwrap();
    let took = begun.elapsed().as_secs_f64();
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(
        (&said["bounced"], &said["barred"]),
        (&COUNT.into(), &COUNT.into())
    );
    println!("{COUNT} bounces taken in: {took:.2} s (target 10 s)");
}

/// A notification for each mail caught, as Postfix writes them.
fn notifications(mailbox: &Path, count: u32) -> String {
    use std::fmt::Write;
    let mut mbox = String::new();
    for n in 1..=count {
        let envelope = std::fs::read(mailbox.join(format!("{n:06}.json"))).unwrap();
        let envelope: serde_json::Value = serde_json::from_slice(&envelope).unwrap();
        let path = envelope["mail_from"].as_str().unwrap();
        let of = envelope["rcpt_to"][0].as_str().unwrap();
        let mail = std::fs::read_to_string(mailbox.join(format!("{n:06}.eml"))).unwrap();
        let (header, _) = mail.split_once("\r\n\r\n").unwrap();
        let header = header.replace("\r\n", "\n");
        write!(
            mbox,
            "From MAILER-DAEMON Thu Mar 11 09:00:00 2027\nReturn-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: <{path}>\n\
             Message-ID: <{n}@mx.example>\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b{n}\"\n\n\
             --b{n}\nContent-Type: text/plain\n\nI'm sorry to have to inform you that your message could not\nbe delivered.\n\n<{of}>: user unknown\n\n\
             --b{n}\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; {of}\nOriginal-Recipient: rfc822;{of}\nAction: failed\nStatus: 5.1.1\n\
             Diagnostic-Code: smtp; 550 5.1.1 <{of}>: Recipient address rejected: User unknown\n\n\
             --b{n}\nContent-Type: message/rfc822\n\n{header}\n\nbody\n\n--b{n}--\n\n"
        )
        .unwrap();
    }
    mbox
}

/// `dateline catch` in a process of its own, ended when dropped.
struct Catcher {
    child: std::process::Child,
    port: String,
}

impl Catcher {
    fn start(mailbox: &Path) -> Self {
        use std::io::BufRead;
        let mut child = std::process::Command::new(newsroom::DATELINE)
            .args(["catch", "--listen", "127.0.0.1:0", "--dir"])
            .arg(mailbox)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufReader::new(out).read_line(&mut line).unwrap();
        let address = line.split_whitespace().nth(2).unwrap();
        let port = address.trim_end_matches(';').rsplit(':').next().unwrap();
        Self {
            port: port.to_owned(),
            child,
        }
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn frozen(workspace: &Path, release: &str) -> FrozenContent {
    let (settings, _) = dateline::config::load(workspace, &|_| None).unwrap();
    let folder = workspace.join("releases").join(release);
    let loaded = dateline::intake::load_release(workspace, &folder, &settings.limits, false)
        .value
        .unwrap();
    let mut files = loaded.files;
    if let Some(logo) = &settings.newsroom.logo {
        files.insert(logo.clone(), std::fs::read(workspace.join(logo)).unwrap());
    }
    FrozenContent {
        newsroom: settings.newsroom,
        release: loaded.release,
        kit: KitSources::load("press-release", None).unwrap(),
        files,
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// What DKIM adds to a mail: a signature of each kind, and the hash of its body.
fn signatures() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = newsroom::plain(&folder.path().join("w")).unwrap();
    let now = jiff::Timestamp::from_second(1_790_000_000).unwrap();
    let mail = |workspace: &Path| {
        let delivery = &probe_deliveries(&frozen(workspace, SHORT), now)[0];
        let composer = Composer::new(frozen(workspace, SHORT)).unwrap();
        composer.compose(delivery, now).unwrap().1
    };
    let small = mail(&workspace);
    attach(&workspace);
    let large = mail(&workspace);
    for new in [NewKey::ed25519(), NewKey::rsa(2048)] {
        let signer = Signer::new(vec![Identity {
            selector: Selector::parse("bench").unwrap(),
            domain: "bench.example".to_owned(),
            key: new.unwrap().key,
        }]);
        let kind = signer.identities()[0].key.kind();
        for message in [&small, &large] {
            let (mut signed, begun, before) = (0, Instant::now(), own_cpu());
            while begun.elapsed() < Duration::from_secs(2) {
                drop(message.clone().signed(&signer, now).unwrap());
                signed += 1;
            }
            println!(
                "{kind}, a mail of {} octets: {:.3} ms of CPU",
                message.size(),
                (own_cpu() - before) * 1000.0 / f64::from(signed)
            );
        }
    }
}

/// Puts 2 MB with the short release.
fn attach(workspace: &Path) {
    let release = workspace.join("releases").join(SHORT);
    let bytes: Vec<u8> = (0..2_000_000u32)
        .map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    std::fs::write(release.join("big.pdf"), bytes).unwrap();
    let mut text = std::fs::read_to_string(release.join("release.toml")).unwrap();
    text.push_str("\n[[attachment]]\npath = \"big.pdf\"\n");
    std::fs::write(release.join("release.toml"), text).unwrap();
}

/// CPU seconds of this thread.
fn own_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
