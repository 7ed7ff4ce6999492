//! Programs that are measured: started, watched, and ended whatever happens.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wait4::{ResUse, Wait4};

/// How often a program is looked at: the grain of every time that is measured.
pub(crate) const LOOK: Duration = Duration::from_millis(4);
/// Nothing that is measured takes longer.
const LONGEST: Duration = Duration::from_secs(1_200);

/// A program at work; ended when dropped.
pub(crate) struct Running {
    name: String,
    child: Option<Child>,
    complaints: Option<JoinHandle<String>>,
    begun: Instant,
    /// CPU it had used before it was told to go.
    before: Duration,
    peak_kib: u64,
}

/// What a program used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// From the start, or from when it was told to go, to its end.
    pub(crate) seconds: f64,
    /// User and system time within that, in seconds, as wait4(2) tells it.
    pub(crate) cpu: f64,
    /// The most memory it ever had resident.
    pub(crate) peak_mib: f64,
}

impl Spent {
    /// Adds what another process used at the same time.
    pub(crate) fn add(&mut self, other: Self) {
        self.seconds = self.seconds.max(other.seconds);
        self.cpu += other.cpu;
        self.peak_mib += other.peak_mib;
    }
}

impl Running {
    /// Starts a program whose whole life is measured.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self::spawn(name, command)
    }

    /// Starts a peer, waits until it is `ready`, and tells it to go: loading an
    /// interpreter and compiling a template are not held against it.
    pub(crate) fn start_peer(name: &str, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = Self::spawn(name, command)?;
        let child = running.child.as_mut().context("just started")?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (mut stdin, stdout) = stdin.zip(stdout).context("just piped")?;
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut line)?;
        if line.trim() != "ready" {
            // Its own complaint says more.
            running.finish()?;
            bail!("{name} did not become ready; it said `{}`", line.trim());
        }
        running.before = cpu_so_far(running.id())?;
        running.begun = Instant::now();
        stdin.write_all(b"go\n")?;
        // Its own report is short; it ends by itself.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(running)
    }

    fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let begun = Instant::now();
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let complaints = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                drop(stderr.read_to_end(&mut said));
                String::from_utf8_lossy(&said).into_owned()
            })
        });
        Ok(Self {
            name: name.to_owned(),
            child: Some(child),
            complaints,
            begun,
            before: Duration::ZERO,
            peak_kib: 0,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// What is measured begins only now.
    pub(crate) fn put_off(&mut self) {
        self.begun = Instant::now();
    }

    /// Waits for a good end.
    pub(crate) fn finish(mut self) -> Result<Spent> {
        loop {
            if let Some(spent) = self.look()? {
                return Ok(spent);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Looks at it once: `None` while it works.
    pub(crate) fn look(&mut self) -> Result<Option<Spent>> {
        let seconds = self.begun.elapsed();
        ensure!(
            seconds < LONGEST,
            "{} did not end within {} s",
            self.name,
            LONGEST.as_secs()
        );
        self.peak_kib = self.peak_kib.max(peak_kib(self.id()));
        let child = self.child.as_mut().context("looked at after its end")?;
        let Some(ResUse { status, rusage }) = child.try_wait4()? else {
            return Ok(None);
        };
        self.child = None;
        self.succeeded(status)?;
        let cpu = (rusage.utime + rusage.stime).saturating_sub(self.before);
        Ok(Some(Spent {
            seconds: seconds.as_secs_f64(),
            cpu: cpu.as_secs_f64(),
            peak_mib: self.peak_kib as f64 / 1024.0,
        }))
    }

    fn succeeded(&mut self, status: ExitStatus) -> Result<()> {
        let complaints = self.complaints.take().map(JoinHandle::join);
        let said = complaints.and_then(Result::ok).unwrap_or_default();
        ensure!(
            status.success(),
            "{} ended with {status}: {}",
            self.name,
            said.trim()
        );
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Highest resident memory so far; 0 for a program that has ended.
fn peak_kib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// CPU that a living program's threads have used, to the nanosecond.
fn cpu_so_far(id: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
        let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_cpu = stat.split_whitespace().next().unwrap_or_default();
        nanoseconds += on_cpu.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
