//! A PostgreSQL cluster that is thrown away: on this machine's loopback, with
//! the settings that initdb gives, every commit on disk.

use crate::postfix::free_port;
use crate::sizes;
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const USER: &str = "bench";
pub(crate) const PASSWORD: &str = "throwaway";
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// A cluster at work; stopped and removed when dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    owner: Option<Owner>,
    port: u16,
    server: Option<Child>,
}

/// As whom it works where we are root, as whom it will not.
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Cluster {
    pub(crate) fn start() -> Result<Self> {
        let mut cluster = Self {
            programs: programs()?,
            folder: tempfile::tempdir()?,
            owner: sizes::am_root().then(owner).transpose()?,
            port: free_port()?,
            server: None,
        };
        if let Some(owner) = cluster.owner {
            chown(cluster.folder.path(), Some(owner.uid), Some(owner.gid))?;
        }
        let secret = cluster.folder.path().join("password");
        std::fs::write(&secret, PASSWORD)?;
        let mut initdb = cluster.program("initdb");
        initdb
            .args(["--username", USER, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--locale", "C"])
            .arg("--pwfile")
            .arg(&secret)
            .arg(cluster.data());
        done(&mut initdb)?;
        cluster.serve()?;
        Ok(cluster)
    }

    /// The server is a child of ours, so that a Ctrl-C ends it too.
    fn serve(&mut self) -> Result<()> {
        let log = File::create(self.folder.path().join("log"))?;
        let mut server = self.program("postgres");
        server
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", &format!("port={}", self.port)])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut server = server.spawn().context("cannot start PostgreSQL")?;
        let begun = Instant::now();
        let answers = || done(self.client("psql").args(["--command", "", "postgres"]));
        while let Err(error) = answers() {
            if server.try_wait()?.is_some() || begun.elapsed() > STARTS_WITHIN {
                let log = std::fs::read_to_string(self.folder.path().join("log"))?;
                drop(server.kill());
                drop(server.wait());
                return Err(error.context(log));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.server = Some(server);
        Ok(())
    }

    /// Makes a database: empty, or a copy of another that nobody uses.
    pub(crate) fn create(&self, name: &str, copied_from: Option<&str>) -> Result<()> {
        let mut create = self.client("createdb");
        if let Some(other) = copied_from {
            create.args(["--template", other]);
        }
        done(create.arg(name))?;
        // So that nothing of the copying is left to be done while something is measured.
        done(
            self.client("psql")
                .args(["--quiet", "--command", "CHECKPOINT", name]),
        )
    }

    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        done(self.client("dropdb").arg(name))
    }

    /// What `store.url` says.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn client(&self, name: &str) -> Command {
        let mut command = self.program(name);
        command
            .args(["--host", "127.0.0.1", "--username", USER])
            .args(["--port", &self.port.to_string()])
            .env("PGPASSWORD", PASSWORD);
        command
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        // Not every user may look into the folder that we are in.
        command.current_dir("/");
        as_owner(&mut command, self.owner);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(server) = &mut self.server else {
            return;
        };
        let mut stop = Command::new(self.programs.join("pg_ctl"));
        stop.current_dir("/")
            .args(["stop", "--mode", "immediate", "--silent", "--pgdata"])
            .arg(self.folder.path().join("data"));
        as_owner(&mut stop, self.owner);
        if done(&mut stop).is_err() {
            drop(server.kill());
        }
        drop(server.wait());
    }
}

/// Where the server's programs are: Debian keeps them off the PATH.
fn programs() -> Result<PathBuf> {
    let whole = |dir: &PathBuf| {
        ["initdb", "pg_ctl", "postgres", "createdb", "dropdb", "psql"]
            .iter()
            .all(|name| dir.join(name).exists())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev())
        .find(whole)
        .context("PostgreSQL's programs are missing: apt-get install postgresql")
}

fn as_owner(command: &mut Command, owner: Option<Owner>) {
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
}

fn owner() -> Result<Owner> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let mut fields = users
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}:")))?
            .split(':')
            .skip(1);
        Some(Owner {
            uid: fields.next()?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .context("there is neither a user `postgres` nor a user `nobody`")
}

/// Runs a command to its good end.
fn done(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let said = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    ensure!(
        said.status.success(),
        "{program} ended with {}: {}",
        said.status,
        String::from_utf8_lossy(&said.stderr).trim()
    );
    Ok(())
}
