//! How fast the main job is: `cargo bench`. See benches/README.md.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to measure with, not a part of the product"
)]

use dateline::dispatch::composer::{Composer, probe_deliveries};
use dateline::dispatch::content::FrozenContent;
use dateline::dkim::{Identity, NewKey, Selector, Signer};
use dateline::render::KitSources;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DATELINE: &str = env!("CARGO_BIN_EXE_dateline");
const EMBARGOED: &str = "2027-03-11-river-defenders";
const SHORT: &str = "2026-11-24-open-levels";
const CONNECTIONS: usize = 16;
const MESSAGES: u32 = 20_000;
const RUNS: usize = 3;

fn main() {
    let wanted = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    let parts: [(&str, fn()); 6] = [
        ("compose", compose),
        ("dkim", signatures),
        ("audience", audience),
        ("send", send),
        ("memory", memory),
        ("attachment", attachment),
    ];
    for (name, part) in parts {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            println!("== {name}");
            part();
        }
    }
}

/// Render and compose on one core, for each language of the sample release.
fn compose() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = init(&folder.path().join("w"));
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

/// What DKIM adds to a mail: a signature of each kind, and the hash of its body.
fn signatures() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = with_contacts(folder.path(), 1, 2525);
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

/// `dateline audience` over 100,000 contacts.
fn audience() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = with_contacts(folder.path(), 100_000, 2525);
    let times: Vec<f64> = (0..RUNS)
        .map(|_| {
            timed(|| {
                run(
                    &workspace,
                    &["audience", SHORT, "--to", "bench", "--format", "json"],
                )
            })
        })
        .collect();
    println!(
        "100,000 contacts: {:.2} s (median of {RUNS}; target 2 s)",
        median(times)
    );
}

/// `dateline send` against Postfix's own source, to Postfix's own sink, by turns.
fn send() {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let sink = Sink::start();
        let folder = tempfile::tempdir().unwrap();
        let workspace = with_contacts(folder.path(), MESSAGES, sink.port);
        ours.push(
            f64::from(MESSAGES) / timed(|| run(&workspace, &["send", SHORT, "--to", "bench"])),
        );
        theirs.push(f64::from(MESSAGES) / timed(|| source(sink.port)));
        println!(
            "  dateline {:.0}/s, smtp-source {:.0}/s",
            ours.last().unwrap(),
            theirs.last().unwrap()
        );
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "{MESSAGES} mails, {CONNECTIONS} connections, durable and logged: {ours:.0}/s; smtp-source {theirs:.0}/s; ratio {:.2} (target 0.5)",
        ours / theirs
    );
}

/// Peak memory at two sizes of list.
fn memory() {
    for recipients in [20_000, 100_000] {
        let sink = Sink::start();
        let folder = tempfile::tempdir().unwrap();
        let workspace = with_contacts(folder.path(), recipients, sink.port);
        let child = command(&workspace, &["send", SHORT, "--to", "bench"])
            .spawn()
            .unwrap();
        println!(
            "{recipients} recipients: peak {:.0} MiB (target 80)",
            peak(child)
        );
    }
}

/// A 2 MB attachment to 500 recipients, and the same release without it.
fn attachment() {
    let mut cpu = Vec::new();
    for with in [true, false] {
        let sink = Sink::start();
        let folder = tempfile::tempdir().unwrap();
        let workspace = with_contacts(folder.path(), 500, sink.port);
        if with {
            attach(&workspace);
        }
        let before = children_cpu();
        run(&workspace, &["send", SHORT, "--to", "bench"]);
        cpu.push((children_cpu() - before) * 1000.0 / 500.0);
    }
    println!(
        "CPU a mail: {:.2} ms with 2 MB, {:.2} ms without",
        cpu[0], cpu[1]
    );
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

fn init(dir: &Path) -> PathBuf {
    assert!(
        Command::new(DATELINE)
            .arg("init")
            .arg(dir)
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    dir.to_owned()
}

/// A workspace with so many contacts, its logo taken out (a mail of some 10 KB).
fn with_contacts(folder: &Path, count: u32, port: u16) -> PathBuf {
    let workspace = init(&folder.join("w"));
    let text = std::fs::read_to_string(workspace.join("dateline.toml")).unwrap();
    let text = text
        .replace("port = 2525", &format!("port = {port}"))
        .replace("connections = 4", &format!("connections = {CONNECTIONS}"));
    let text: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("logo"))
        .collect();
    std::fs::write(workspace.join("dateline.toml"), text.join("\n")).unwrap();
    std::fs::write(workspace.join("segments.toml"), "[segment.bench]\nwhere = \"contact.country in ['KZ', 'FR'] && 'water' in contact.beats\"\n").unwrap();
    let mut csv = "email,name,outlet,country,languages,time_zone,beats\n".to_owned();
    for n in 0..count {
        let (country, language, zone) = [
            ("KZ", "ru;en", "Asia/Almaty"),
            ("FR", "fr", "Europe/Paris"),
            ("KZ", "en", ""),
        ][n as usize % 3];
        writeln!(csv, "reader{n}@d{}.example,Reader {n},Outlet {n},{country},{language},{zone},water;politics", n % 1000).unwrap();
    }
    std::fs::write(workspace.join("bench.csv"), csv).unwrap();
    run(
        &workspace,
        &[
            "contacts",
            "import",
            &workspace.join("bench.csv").display().to_string(),
        ],
    );
    workspace
}

fn command(workspace: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(DATELINE);
    command
        .arg("-C")
        .arg(workspace)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn run(workspace: &Path, args: &[&str]) {
    let status = command(workspace, args)
        .stderr(Stdio::inherit())
        .status()
        .unwrap();
    assert!(status.success(), "{args:?}: {status}");
}

fn source(port: u16) {
    let (connections, messages) = (CONNECTIONS.to_string(), MESSAGES.to_string());
    let status = Command::new(postfix("smtp-source"))
        .args([
            "-s",
            &connections,
            "-m",
            &messages,
            "-l",
            "10240",
            "-f",
            "a@bench.example",
            "-t",
            "b@bench.example",
        ])
        .arg(format!("inet:127.0.0.1:{port}"))
        .status();
    assert!(status.unwrap().success());
}

/// A program of Postfix's, or what to do to have it.
fn postfix(name: &str) -> PathBuf {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.exists());
    found.unwrap_or_else(|| {
        panic!("{name} is missing: apt-get install --no-install-recommends postfix")
    })
}

/// Postfix's sink on a free port, ended when dropped.
struct Sink {
    child: Child,
    port: u16,
}

impl Sink {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut sink = Command::new(postfix("smtp-sink"));
        // As root it wants to be told whom to become.
        if std::fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        {
            sink.args(["-u", "nobody"]);
        }
        let child = sink
            .arg(format!("inet:127.0.0.1:{port}"))
            .arg("1024")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Self { child, port }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Highest resident memory of a child, in MiB, looked at until it ends.
fn peak(mut child: Child) -> f64 {
    let file = format!("/proc/{}/status", child.id());
    let mut peak = 0.0f64;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&file).unwrap_or_default();
        let high = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .split_whitespace()
                .next()?
                .parse::<f64>()
                .ok()
        });
        peak = peak.max(high.unwrap_or_default() / 1024.0);
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

/// CPU seconds of all children that have ended.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // After the name: state is no number; cutime and cstime are fields 16 and 17.
    (fields[12] + fields[13]) / 100.0
}

/// CPU seconds of this thread.
fn own_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
