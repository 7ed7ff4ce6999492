//! Postfix's test programs: `smtp-source`, the raw limit, and `smtp-sink`, to
//! which everybody sends. Neither belongs to a running mail service.

use crate::sizes;
use anyhow::{Context, Result, ensure};
use std::fs::Permissions;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whether the sink announces PIPELINING (RFC 2920).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pipelining {
    Announced,
    Absent,
}

/// A sink on a free port of this machine; ended when dropped.
#[derive(Debug)]
pub(crate) struct Sink {
    child: Child,
    pub(crate) port: u16,
    /// What it had read before the first mail.
    begun_with: u64,
    kept: Option<tempfile::TempDir>,
}

impl Sink {
    pub(crate) fn start(pipelining: Pipelining) -> Result<Self> {
        let mut command = program("smtp-sink")?;
        if pipelining == Pipelining::Absent {
            command.arg("-p");
        }
        Self::listen(command, None)
    }

    /// A sink that keeps what it is sent. It is slow, so it is for checking.
    pub(crate) fn keeping() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // It writes as the user it becomes.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777))?;
        let mut command = program("smtp-sink")?;
        command.arg("-D").arg(folder.path().join("mails"));
        Self::listen(command, Some(folder))
    }

    fn listen(mut command: Command, kept: Option<tempfile::TempDir>) -> Result<Self> {
        let port = free_port()?;
        if sizes::am_root() {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .arg(format!("inet:127.0.0.1:{port}"))
            .arg("1024")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start smtp-sink")?;
        let mut sink = Self {
            child,
            port,
            begun_with: 0,
            kept,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                begun.elapsed() < Duration::from_secs(5) && sink.child.try_wait()?.is_none(),
                "smtp-sink does not answer on port {port}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        sink.begun_with = octets_read(sink.child.id())?;
        Ok(sink)
    }

    /// Octets that it has read from its clients: the kernel's count, which costs
    /// neither it nor them anything.
    pub(crate) fn octets(&self) -> Result<u64> {
        Ok(octets_read(self.child.id())?.saturating_sub(self.begun_with))
    }

    /// The mails that a keeping sink was sent.
    pub(crate) fn kept(&self) -> Result<String> {
        let folder = self.kept.as_ref().context("this sink keeps nothing")?;
        let bytes = std::fs::read(folder.path().join("mails"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Octets that a process has read, from whatever.
fn octets_read(id: u32) -> Result<u64> {
    let io = std::fs::read_to_string(format!("/proc/{id}/io"))
        .context("cannot see what smtp-sink has read")?;
    let count = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    Ok(count.context("no rchar in /proc/PID/io")?.parse()?)
}

/// `smtp-source`, sending one ready mail again and again over connections that
/// it keeps, as everybody here does.
pub(crate) fn source(port: u16, mail: &Path, messages: u32, connections: u32) -> Result<Command> {
    let mut command = program("smtp-source")?;
    command
        .arg("-d")
        .args(["-s", &connections.to_string(), "-m", &messages.to_string()])
        .args(["-f", "a@bench.example", "-t", "b@bench.example", "-F"])
        .arg(mail)
        .arg(format!("inet:127.0.0.1:{port}"));
    Ok(command)
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program of Postfix's: unpacked by `setup`, or installed.
fn program(name: &str) -> Result<Command> {
    let unpacked = sizes::place().join("postfix/usr");
    let own = unpacked.join("sbin").join(name);
    if own.exists() {
        let mut command = Command::new(own);
        command.env("LD_LIBRARY_PATH", unpacked.join("lib/postfix"));
        return Ok(command);
    }
    let installed: Option<PathBuf> = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.exists());
    let path =
        installed.with_context(|| format!("{name} is missing: run benches/throughput/setup"))?;
    Ok(Command::new(path))
}
