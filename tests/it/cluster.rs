//! A throwaway PostgreSQL: one server for all tests, a database for each.
//!
//! Without PostgreSQL the tests fail: half a suite proves nothing. `tests/run`
//! installs it where it is missing.

use crate::support::{Said, eventually, run};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// Makes a cluster, runs its server until this end of the pipe closes, however
/// the tests end, and leaves nothing behind. Told to, it stops the server and
/// starts it again.
const KEEPER: &str = r#"
set -e
bin=$1 dir=$2 port=$3
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1
cp "$dir/pg_hba.conf" "$dir/data/pg_hba.conf"
up() {
  "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" \
    -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB \
    -c max_wal_size=128MB -c min_wal_size=32MB -c checkpoint_timeout=60 \
    -c ssl=on -c ssl_cert_file="$dir/server.pem" -c ssl_key_file="$dir/server.key" >>"$dir/server.log" 2>&1 </dev/null &
  server=$!
}
down() { kill -INT "$server"; wait "$server" || true; }
up
while read -r word; do "$word"; done
down
rm -rf "$dir"
"#;

/// Whoever is called `locked` must show a password.
const HBA: &str = "local all all trust\n\
    host all locked 127.0.0.1/32 scram-sha-256\n\
    host all all 127.0.0.1/32 trust\n";

/// A server of its own folder and port.
pub(crate) struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    pub(crate) port: u16,
    databases: AtomicU32,
    /// Ends the server when the pipe to it closes.
    keeper: Mutex<Child>,
}

/// The server that the tests share.
pub(crate) fn cluster() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

impl Cluster {
    /// Starts one, and waits until it answers.
    pub(crate) fn start() -> Self {
        let bin = binaries();
        let dir = tempfile::tempdir().unwrap().keep();
        let port = free_port();
        std::fs::write(dir.join("pg_hba.conf"), HBA).unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(dir.join("server.pem"), made.cert.pem()).unwrap();
        std::fs::write(dir.join("server.key"), made.signing_key.serialize_pem()).unwrap();
        let said = run(Command::new("chmod")
            .args(["600"])
            .arg(dir.join("server.key")));
        assert_eq!(said.code, 0, "{}", said.err);
        let keeper = keeper(&dir)
            .args(["-c", KEEPER, "keeper"])
            .args([bin.display().to_string(), dir.display().to_string()])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let cluster = Self {
            bin,
            dir,
            port,
            databases: AtomicU32::new(0),
            keeper: Mutex::new(keeper),
        };
        cluster.await_answer();
        cluster
    }

    fn await_answer(&self) {
        eventually("the throwaway PostgreSQL answers", || {
            self.ask("postgres", "SELECT 1").code == 0
        });
    }

    /// Stops the server as a machine that is shut down does, and starts it again.
    pub(crate) fn restart(&self) {
        self.tell("down");
        eventually("the throwaway PostgreSQL is gone", || {
            self.ask("postgres", "SELECT 1").code != 0
        });
        self.tell("up");
        self.await_answer();
    }

    fn tell(&self, word: &str) {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// A new database; its URL.
    pub(crate) fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("newsroom{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url("postgres", &name)
    }

    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// The certificate that it shows, for `localhost`.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.dir.join("server.pem")
    }

    /// Where its socket is.
    pub(crate) fn socket_dir(&self) -> &Path {
        &self.dir
    }

    fn ask(&self, database: &str, sql: &str) -> Said {
        run(Command::new(self.bin.join("psql"))
            .args([
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
            ])
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-d", database, "-c", sql]))
    }

    /// Asks PostgreSQL's own shell; a database by its name or URL.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let name = database.rsplit('/').next().unwrap();
        let said = self.ask(name, sql);
        assert_eq!(said.code, 0, "{sql}: {}\n{}", said.err, self.last_words());
        said.out.trim().to_owned()
    }

    /// What the server said last: why it went, if it did.
    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.dir.join("server.log")).unwrap_or_default();
        let from = log.lines().count().saturating_sub(10);
        log.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap();
        drop(keeper.stdin.take());
        drop(keeper.wait());
    }
}

/// A shell of whoever may run a server: PostgreSQL refuses root.
fn keeper(dir: &Path) -> Command {
    let root = run(Command::new("id").arg("-u")).out.trim() == "0";
    if !root {
        return Command::new("sh");
    }
    let there = run(Command::new("id").args(["-u", "postgres"])).code == 0;
    let user = if there { "postgres" } else { "nobody" };
    let said = run(Command::new("chown").args(["-R", user]).arg(dir));
    assert_eq!(said.code, 0, "{}", said.err);
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--", "sh"]);
    command
}

/// Where the server's programs are: Debian keeps them out of the way.
fn binaries() -> PathBuf {
    let mut places: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    // A link may lead there; the other programs stand beside what it leads to.
    let homes = places.into_iter().filter_map(|place| {
        let initdb = place.join("initdb").canonicalize().ok()?;
        initdb.parent().map(Path::to_owned)
    });
    let found = homes
        .into_iter()
        .find(|home| home.join("postgres").exists() && home.join("psql").exists());
    assert!(
        found.is_some(),
        "PostgreSQL is not installed; tests/run installs it"
    );
    found.unwrap()
}

pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
