//! A workspace to act in, the command to act with, and relays that misbehave.

use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The release under embargo in the sample newsroom.
pub(crate) const EMBARGOED: &str = "2027-03-11-river-defenders";
/// The one for immediate release.
pub(crate) const IMMEDIATE: &str = "2026-11-24-open-levels";

/// A copy of the sample newsroom in a folder of its own.
pub(crate) struct Workspace {
    dir: TempDir,
}

/// What a command said, and its exit code.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let said = run(Command::new(env!("CARGO_BIN_EXE_dateline"))
            .arg("init")
            .arg(dir.path().join("w")));
        assert_eq!(said.code, 0, "{}", said.err);
        Self { dir }
    }

    /// With the sample's contacts imported.
    pub(crate) fn with_contacts() -> Self {
        let workspace = Self::new();
        let said = workspace.dateline(&[
            "contacts",
            "import",
            &workspace.path("contacts.csv").display().to_string(),
        ]);
        assert_eq!(said.code, 0, "{}", said.err);
        workspace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("w").join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
        command
            .arg("-C")
            .arg(self.path(""))
            .args(args)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn dateline(&self, args: &[&str]) -> Said {
        run(&mut self.command(args))
    }

    pub(crate) fn json(&self, args: &[&str]) -> (i32, serde_json::Value) {
        let said = self.dateline(&[&["--format", "json"], args].concat());
        let value = serde_json::from_str(&said.out)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", said.out, said.err));
        (said.code, value)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Changes a file; the text must have been there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} does not hold {from:?}");
        self.write(name, &text.replace(from, to));
    }

    /// Names another relay.
    pub(crate) fn relay(&self, lines: &str) {
        let text = self.read("dateline.toml");
        let (before, rest) = text.split_once("[relay.main]").unwrap();
        let (_, after) = rest.split_once("[retry]").unwrap();
        self.write(
            "dateline.toml",
            &format!("{before}[relay.main]\n{lines}\n[retry]{after}"),
        );
    }

    /// Has the embargoed release lift so many seconds from now.
    pub(crate) fn lift_in(&self, seconds: i64) {
        let file = format!("releases/{EMBARGOED}/release.toml");
        let lift = now() + SignedDuration::from_secs(seconds);
        let until = lift
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .strftime("%Y-%m-%dT%H:%M:%S[UTC]");
        let lines: Vec<_> = self
            .read(&file)
            .lines()
            .map(|line| match line.starts_with("until = ") {
                true => format!("until = \"{until}\""),
                false => line.to_owned(),
            })
            .collect();
        self.write(&file, &lines.join("\n"));
    }

    /// Every mail in the mailbox.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.path("mailbox")) else {
            return Vec::new();
        };
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
            .map(|path| std::fs::read_to_string(path).unwrap().replace("\r\n", "\n"))
            .collect()
    }

    /// Asks SQLite's own shell.
    pub(crate) fn sqlite(&self, sql: &str) -> String {
        let said = run(Command::new("sqlite3")
            // A service may be writing.
            .args(["-cmd", ".timeout 5000"])
            .arg(self.path("dateline.db"))
            .arg(sql));
        assert_eq!(said.code, 0, "{}", said.err);
        said.out
    }
}

pub(crate) fn run(command: &mut Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Said {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// A catcher in a process of its own, ended when dropped.
pub(crate) struct CatcherProcess {
    child: std::process::Child,
    out: std::io::BufReader<std::process::ChildStdout>,
    pub(crate) port: u16,
}

impl CatcherProcess {
    pub(crate) fn start(mailbox: &Path) -> Self {
        Self::start_at(mailbox, 0)
    }

    pub(crate) fn start_at(mailbox: &Path, port: u16) -> Self {
        use std::io::BufRead;
        let mut child = Command::new(env!("CARGO_BIN_EXE_dateline"))
            .args(["catch", "--listen", &format!("127.0.0.1:{port}"), "--dir"])
            .arg(mailbox)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line
            .split_whitespace()
            .nth(2)
            .unwrap()
            .trim_end_matches(';');
        Self {
            port: address.rsplit(':').next().unwrap().parse().unwrap(),
            child,
            out,
        }
    }

    /// Ends it, and gives its last words.
    pub(crate) fn end(mut self) -> String {
        use std::io::Read;
        let pid = self.child.id().to_string();
        assert_eq!(run(Command::new("kill").args(["-INT", &pid])).code, 0);
        let mut words = String::new();
        self.out.read_to_string(&mut words).unwrap();
        words
    }
}

impl Drop for CatcherProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A service in a process of its own, ended when dropped.
pub(crate) struct ServiceProcess {
    child: std::process::Child,
    lines: std::sync::mpsc::Receiver<String>,
    /// What it said besides what was waited for.
    said: Vec<String>,
    address: String,
}

impl ServiceProcess {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(workspace: &Workspace) -> Self {
        Self::start_with(workspace, &[])
    }

    /// With these environment variables.
    pub(crate) fn start_with(workspace: &Workspace, env: &[(&str, &str)]) -> Self {
        use std::io::BufRead;
        let mut command =
            workspace.command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.envs(env.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = std::io::BufReader::new(child.stderr.take().unwrap());
        let (heard, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if heard.send(line).is_err() {
                    return;
                }
            }
        });
        let mut service = Self {
            child,
            lines,
            said: Vec::new(),
            address: String::new(),
        };
        let line: serde_json::Value =
            serde_json::from_str(&service.wait_for("the desk, health and metrics")).unwrap();
        service.address = line["address"].as_str().unwrap().to_owned();
        service.wait_for("\"ready\"");
        service
    }

    /// Waits for a line of its log.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.said.push(line),
                Err(error) => panic!("the service did not say {text:?}: {error}"),
            }
        }
    }

    /// A line that it said before, or else will say.
    pub(crate) fn sooner_or_later(&mut self, text: &str) -> String {
        let said = self.said.iter().find(|line| line.contains(text)).cloned();
        said.unwrap_or_else(|| self.wait_for(text))
    }

    pub(crate) fn signal(&self, name: &str) {
        let said =
            run(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]));
        assert_eq!(said.code, 0, "{}", said.err);
    }

    /// Tells it to stop, and gives its exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.signal("TERM");
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(ended) = self.child.try_wait().unwrap() {
                return ended.code().unwrap_or(-1);
            }
            assert!(Instant::now() < end, "the service does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// A page's status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something holds, and fails where it does not come to hold.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "it never came about that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The present.
#[expect(clippy::disallowed_methods, reason = "tests live in real time")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// How a relay misbehaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Answers as a web server.
    Http,
    /// Takes the connection and says nothing.
    Silent,
    /// Greets, then hangs at this command.
    HangsAt(&'static str),
    /// Offers STARTTLS with a certificate for another host that nobody signed.
    WrongCertificate,
    /// Offers AUTH and refuses it.
    RefusesAuth,
    /// A plain server that announces no extension at all.
    AnnouncesNothing,
    /// Refuses every sender for good.
    RefusesSender,
    /// Greets, and says 421 to every sender (RFC 5321 3.8).
    TakesNoMore,
    /// Hangs up at this command.
    CutsAt(&'static str),
    /// Hangs up after so many octets of CRLF, dot, CRLF.
    CutsInDot(usize),
    /// Says go on to DATA, and reads nothing more.
    StopsReading,
}

/// A relay that misbehaves, on a free port of this machine.
pub(crate) struct FakeRelay {
    pub(crate) port: u16,
    /// Ends the server when dropped.
    _runtime: tokio::runtime::Runtime,
}

impl FakeRelay {
    pub(crate) fn start(manners: Manners) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move { drop(serve(stream, manners).await) });
            }
        });
        Self {
            port,
            _runtime: runtime,
        }
    }
}

async fn serve(mut stream: tokio::net::TcpStream, manners: Manners) -> std::io::Result<()> {
    match manners {
        Manners::Http => {
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                .await
        }
        Manners::Silent => std::future::pending().await,
        Manners::HangsAt(_)
        | Manners::WrongCertificate
        | Manners::RefusesAuth
        | Manners::AnnouncesNothing
        | Manners::RefusesSender
        | Manners::TakesNoMore
        | Manners::CutsAt(_)
        | Manners::CutsInDot(_)
        | Manners::StopsReading => {
            stream.write_all(b"220 fake.example ESMTP\r\n").await?;
            if talk(&mut stream, manners).await? == Talk::StartTls {
                drop(acceptor().accept(stream).await?);
            }
            Ok(())
        }
    }
}

#[derive(PartialEq, Eq)]
enum Talk {
    Over,
    StartTls,
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    manners: Manners,
) -> std::io::Result<Talk> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut in_data = false;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(Talk::Over);
        }
        if in_data {
            if line == ".\r\n" {
                in_data = false;
                stream.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let verb = line
            .split([' ', '\r'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        if let Manners::HangsAt(at) = manners
            && at == verb
        {
            std::future::pending::<()>().await;
        }
        if let Manners::CutsAt(at) = manners
            && at == verb
        {
            return Ok(Talk::Over);
        }
        if verb == "DATA" && matches!(manners, Manners::CutsInDot(_) | Manners::StopsReading) {
            stream.write_all(b"354 go\r\n").await?;
            if let Manners::CutsInDot(octets) = manners {
                read_into_dot(&mut stream, octets).await?;
            } else {
                std::future::pending::<()>().await;
            }
            return Ok(Talk::Over);
        }
        let reply: &[u8] = match (verb.as_str(), manners) {
            ("EHLO", Manners::WrongCertificate) => b"250-fake\r\n250 STARTTLS\r\n",
            ("EHLO", Manners::RefusesAuth) => b"250-fake\r\n250 AUTH PLAIN LOGIN\r\n",
            ("EHLO", _) => b"250 fake\r\n",
            ("AUTH", _) => b"535 5.7.8 bad credentials\r\n",
            ("MAIL", Manners::TakesNoMore) => {
                stream.write_all(b"421 4.3.2 too busy\r\n").await?;
                return Ok(Talk::Over);
            }
            ("MAIL", Manners::RefusesSender) => b"550 5.7.1 this sender may not send here\r\n",
            ("STARTTLS", _) => {
                stream.write_all(b"220 go\r\n").await?;
                return Ok(Talk::StartTls);
            }
            ("DATA", _) => {
                in_data = true;
                b"354 go\r\n"
            }
            ("QUIT", _) => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(Talk::Over);
            }
            (_, _) => b"250 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
}

/// Reads a message, and of its end (CRLF, dot, CRLF) so many octets. Our bodies
/// end in a boundary of two dashes, so that the end is known where it begins.
async fn read_into_dot<S: AsyncRead + Unpin>(stream: &mut S, octets: usize) -> std::io::Result<()> {
    use tokio::io::AsyncReadExt;
    let end = [&b"--\r\n.\r\n"[..2 + octets]].concat();
    let (mut read, mut closing) = (Vec::new(), Vec::new());
    loop {
        read.push(stream.read_u8().await?);
        if closing.is_empty() && read.ends_with(b"\r\n\r\n") {
            closing = outermost_boundary(&read);
        }
        if !closing.is_empty() && read.ends_with(&[closing.as_slice(), &end].concat()) {
            return Ok(());
        }
    }
}

/// The boundary that the head of a message names.
fn outermost_boundary(head: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let named = head.split_once("boundary=\"").unwrap().1;
    named.split('"').next().unwrap().as_bytes().to_vec()
}

/// A certificate that nobody signed, for a host that this is not.
fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["elsewhere.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// How a TLS front is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS.
    StartTls,
}

impl TlsMode {
    /// Its name in dateline.toml.
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::StartTls => "required",
        }
    }
}

/// TLS before a catcher, with a certificate of a test authority.
pub(crate) struct TlsFront {
    pub(crate) port: u16,
    /// The authority's certificate, PEM.
    pub(crate) ca: String,
    /// Ends the server when dropped.
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    /// In front of a port of this machine; the certificate holds for so many
    /// days more.
    pub(crate) fn start(behind: u16, mode: TlsMode, days: i64) -> Self {
        let (ca, acceptor) = authority(days);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { drop(front(stream, acceptor, behind, mode).await) });
            }
        });
        Self {
            port,
            ca,
            _runtime: runtime,
        }
    }
}

async fn front(
    mut stream: tokio::net::TcpStream,
    acceptor: TlsAcceptor,
    behind: u16,
    mode: TlsMode,
) -> std::io::Result<()> {
    let server = tokio::net::TcpStream::connect(("127.0.0.1", behind)).await?;
    server.set_nodelay(true)?;
    let mut server = BufReader::new(server);
    if mode == TlsMode::StartTls {
        // The catcher's own greeting was for us.
        server.read_line(&mut String::new()).await?;
        stream.write_all(b"220 front.example ESMTP\r\n").await?;
        let mut lines = BufReader::new(&mut stream);
        let mut line = String::new();
        lines.read_line(&mut line).await?;
        lines
            .write_all(b"250-front.example\r\n250 STARTTLS\r\n")
            .await?;
        line.clear();
        lines.read_line(&mut line).await?;
        assert_eq!(line, "STARTTLS\r\n");
        lines.write_all(b"220 go on\r\n").await?;
    }
    let mut private = acceptor.accept(stream).await?;
    tokio::io::copy_bidirectional(&mut private, &mut server)
        .await
        .map(drop)
}

/// A test authority, and a server with its certificate for 127.0.0.1 that holds
/// for so many days more.
fn authority(days: i64) -> (String, TlsAcceptor) {
    let Issued { ca, leaf, key } = issued(days);
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .unwrap();
    (ca, TlsAcceptor::from(Arc::new(config)))
}

/// A certificate for 127.0.0.1, its key, and the authority's certificate in PEM.
pub(crate) struct Issued {
    pub(crate) ca: String,
    pub(crate) leaf: rcgen::Certificate,
    pub(crate) key: rcgen::KeyPair,
}

/// Issues a certificate that holds for so many days more.
pub(crate) fn issued(days: i64) -> Issued {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let day = |days: i64| {
        let at = now() + SignedDuration::from_hours(24 * days);
        let date = at.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(
            i32::from(date.year()),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    own.not_before = day(-100);
    own.not_after = day(days);
    let leaf = own.signed_by(&key, &issuer).unwrap();
    Issued { ca, leaf, key }
}

/// A relay that takes so many mails, then hangs up on everybody until it is
/// opened again.
pub(crate) struct GatedRelay {
    pub(crate) port: u16,
    gate: Arc<Gate>,
    /// Ends the server when dropped.
    _runtime: tokio::runtime::Runtime,
}

struct Gate {
    taken: std::sync::atomic::AtomicUsize,
    closes_at: std::sync::atomic::AtomicUsize,
}

impl Gate {
    fn is_closed(&self) -> bool {
        use std::sync::atomic::Ordering::SeqCst;
        self.taken.load(SeqCst) >= self.closes_at.load(SeqCst)
    }
}

impl GatedRelay {
    pub(crate) fn closing_after(mails: usize) -> Self {
        let gate = Arc::new(Gate {
            taken: 0.into(),
            closes_at: mails.into(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = Arc::clone(&gate);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let gate = Arc::clone(&own);
                tokio::spawn(async move { drop(pass_the_gate(stream, &gate).await) });
            }
        });
        Self {
            port,
            gate,
            _runtime: runtime,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    pub(crate) fn open(&self) {
        self.gate
            .closes_at
            .store(usize::MAX, std::sync::atomic::Ordering::SeqCst);
    }

    /// Mails taken so far.
    pub(crate) fn taken(&self) -> usize {
        self.gate.taken.load(std::sync::atomic::Ordering::SeqCst)
    }
}

async fn pass_the_gate(mut stream: tokio::net::TcpStream, gate: &Gate) -> std::io::Result<()> {
    if gate.is_closed() {
        return Ok(());
    }
    let mut stream = BufReader::new(&mut stream);
    stream.write_all(b"220 gate.example ESMTP\r\n").await?;
    let (mut line, mut in_data) = (String::new(), false);
    while {
        line.clear();
        stream.read_line(&mut line).await? > 0
    } {
        let reply: &[u8] = match (line.as_str(), in_data) {
            (".\r\n", true) => {
                in_data = false;
                gate.taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                stream.write_all(b"250 taken\r\n").await?;
                if gate.is_closed() {
                    return Ok(());
                }
                continue;
            }
            (_, true) => continue,
            ("DATA\r\n", false) => {
                in_data = true;
                b"354 go\r\n"
            }
            (_, false) => b"250 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
    Ok(())
}
