//! How the service keeps time: `cargo bench --bench service`. See benches/README.md.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program to measure with, not a part of the product"
)]

use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[path = "shared/sink.rs"]
mod sink;

use sink::Sink;

const DATELINE: &str = env!("CARGO_BIN_EXE_dateline");
const RELEASE: &str = "2027-03-11-river-defenders";
const RECIPIENTS: usize = 50_000;
const SCHEDULED: usize = 1_000;

fn main() {
    let wanted = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for (name, part) in [("lift", lift as fn()), ("idle", idle)] {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            println!("== {name}");
            part();
        }
    }
}

/// All that are due at one lift: when the first conversation begins, and how
/// soon a hold stops the last.
fn lift() {
    let sink = Sink::start(|_| None);
    let folder = tempfile::tempdir().unwrap();
    let workspace = init(&folder.path().join("w"), sink.port);
    import(&workspace, RECIPIENTS);
    let lift = lift_in(&workspace, 15);
    let service = Service::start(&workspace);
    run(&workspace, &["send", RELEASE, "--to", "list:load"]);
    assert!(
        Timestamp::now() < lift,
        "planning took too long for this lift"
    );
    wait_until(lift + SignedDuration::from_secs(3));
    run(&workspace, &["hold", "latest", "--why", "measured"]);
    let held = Timestamp::now();
    std::thread::sleep(Duration::from_secs(2));
    let begun = sink.begun.lock().unwrap().clone();
    let (first, last) = (begun.iter().min().unwrap(), begun.iter().max().unwrap());
    let ms = |at: &Timestamp, from: Timestamp| at.duration_since(from).as_millis();
    println!(
        "{RECIPIENTS} due at one instant: first MAIL {} ms after the lift",
        ms(first, lift)
    );
    println!(
        "{} conversations by the hold; the last began {} ms after the command ended",
        begun.len(),
        ms(last, held)
    );
    drop(service);
}

/// What a service costs that has nothing to do today.
fn idle() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = init(&folder.path().join("w"), 9);
    import(&workspace, 20);
    lift_in(&workspace, 30 * 86_400);
    for n in 0..SCHEDULED {
        let other = format!("list:none{n}");
        run(
            &workspace,
            &["send", RELEASE, "--again", "--to", "list:load", &other],
        );
    }
    let service = Service::start(&workspace);
    std::thread::sleep(Duration::from_secs(2));
    let before = cpu_ticks(service.child.id());
    let watched = 60;
    std::thread::sleep(Duration::from_secs(watched));
    let used = cpu_ticks(service.child.id()) - before;
    let memory = status_line(service.child.id(), "VmRSS:");
    // A tick is a hundredth of a second (getconf CLK_TCK).
    println!(
        "{SCHEDULED} scheduled distributions: {memory}, {used} ms x 10 of CPU in {watched} s: {:.3} % of a core",
        used as f64 / watched as f64
    );
}

fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after = stat.rsplit(')').next().unwrap();
    let field = |n: usize| {
        after
            .split_whitespace()
            .nth(n)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    field(11) + field(12)
}

fn status_line(pid: u32, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Service {
    child: Child,
}

impl Service {
    fn start(workspace: &Path) -> Self {
        let mut command = dateline(workspace, &["serve", "--listen", "127.0.0.1:0"]);
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        Self { child }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn init(workspace: &Path, port: u16) -> PathBuf {
    let made = Command::new(DATELINE)
        .arg("init")
        .arg(workspace)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let file = workspace.join("dateline.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| match line.starts_with("port = ") {
            true => format!("port = {port}"),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(file, lines.join("\n")).unwrap();
    workspace.to_owned()
}

fn import(workspace: &Path, recipients: usize) {
    let mut csv = "email,name,languages,time_zone,lists\n".to_owned();
    for n in 0..recipients {
        writeln!(csv, "r{n}@load.example,R {n},ru,Asia/Almaty,load").unwrap();
    }
    let file = workspace.join("load.csv");
    std::fs::write(&file, csv).unwrap();
    run(
        workspace,
        &["contacts", "import", &file.display().to_string()],
    );
}

/// Has the release lift so many seconds from now, at a whole second.
fn lift_in(workspace: &Path, seconds: i64) -> Timestamp {
    let lift = Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap();
    let file = workspace
        .join("releases")
        .join(RELEASE)
        .join("release.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let until = lift
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .strftime("until = \"%Y-%m-%dT%H:%M:%S[UTC]\"")
        .to_string();
    let lines: Vec<_> = text
        .lines()
        .map(|line| {
            if line.starts_with("until = ") {
                until.clone()
            } else {
                line.to_owned()
            }
        })
        .collect();
    std::fs::write(file, lines.join("\n")).unwrap();
    lift
}

fn wait_until(at: Timestamp) {
    let left = at.duration_since(Timestamp::now());
    std::thread::sleep(Duration::try_from(left).unwrap_or_default());
}

fn dateline(workspace: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(DATELINE);
    command
        .arg("-C")
        .arg(workspace)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

fn run(workspace: &Path, args: &[&str]) {
    let said = dateline(workspace, args)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(
        said.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&said.stderr)
    );
}
