//! A throwaway post office: Debian's Postfix, to which Dateline hands its mail,
//! and Debian's Dovecot, which keeps mailboxes or refuses mail for them.
//!
//! Without them the tests fail: `tests/run` installs them where they are missing.
//! Both run on loopback ports, out of a folder of their own, and end with the
//! pipe to their keeper, however the tests end.

use crate::cluster::free_port;
use crate::support::{Issued, eventually, issued, run};
use std::fs::Permissions;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

/// Runs both until this end of the pipe closes, and leaves nothing behind.
const KEEPER: &str = r#"
set -e
dir=$1
mail_up() { /usr/sbin/dovecot -c "$dir/dovecot.conf" -F >"$dir/dovecot.out" 2>&1 </dev/null & mail=$!; }
mail_down() { kill "$mail"; wait "$mail" || true; }
flush() { /usr/sbin/postqueue -c "$dir/postfix" -f; }
mail_up
/usr/sbin/postfix -c "$dir/postfix" start >"$dir/postfix.out" 2>&1 </dev/null
while read -r word; do "$word"; done
/usr/sbin/postfix -c "$dir/postfix" stop >>"$dir/postfix.out" 2>&1 || true
mail_down
rm -rf "$dir"
"#;

/// Postfix's services that are needed; none is confined to a folder, and none
/// listens but the first.
const SERVICES: &str = "
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

const POSTFIX: &str = "
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
myhostname = mx.two-banks.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_host_lookup = native
smtpd_peername_lookup = no
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
recipient_delimiter = +
virtual_mailbox_domains = two-banks.example gazette.example
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
transport_maps = {newsroom}
bounce_queue_lifetime = 1d
maximal_queue_lifetime = 1d
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
lmtp_destination_concurrency_failed_cohort_limit = 0
";

const DOVECOT: &str = "
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{dir}/server.pem
ssl_key = <{dir}/server.key
disable_plaintext_auth = no
mail_location = maildir:{dir}/mail/%n
recipient_delimiter = +
auth_username_format = %Ln
mail_plugins = quota
first_valid_uid = 1
{further}
passdb {
  driver = passwd-file
  args = scheme=PLAIN {dir}/users
}
userdb {
  driver = passwd-file
  args = {dir}/users
}
plugin {
  quota = maildir:User quota
  quota_grace = 0
}
namespace inbox {
  inbox = yes
}
service imap-login {
  inet_listener imap {
    port = {imap}
  }
  inet_listener imaps {
    port = {imaps}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {lmtp}
  }
}
";

/// Whoever has a mailbox: the newsroom's bounces, somebody at the gazette, and
/// somebody whose mailbox is full.
const MAILBOXES: [(&str, &str); 3] = [
    ("bounces", ""),
    ("anna", ""),
    ("full", "userdb_quota_rule=*:bytes=1"),
];

/// The password of every mailbox.
pub(crate) const PASSWORD: &str = "river and \"bank\"";

/// A post office that is open.
pub(crate) struct PostOffice {
    dir: PathBuf,
    /// Where Postfix takes mail.
    pub(crate) smtp: u16,
    /// Where Dovecot speaks IMAP in clear text, and with STARTTLS.
    pub(crate) imap: u16,
    /// Where it speaks IMAP with TLS from the first octet.
    pub(crate) imaps: u16,
    /// The authority of its certificate, PEM.
    pub(crate) ca: String,
    keeper: Mutex<Child>,
}

impl PostOffice {
    /// One that keeps the newsroom's mail in a mailbox.
    pub(crate) fn open() -> Self {
        Self::start("", "")
    }

    /// One that hands the newsroom's mail over by LMTP, at a port.
    pub(crate) fn handing_over(port: u16) -> Self {
        let route = format!("inline:{{ two-banks.example=lmtp:inet:127.0.0.1:{port} }}");
        Self::start(&route, "")
    }

    /// One whose IMAP knows nothing but the basics.
    pub(crate) fn without_extensions() -> Self {
        Self::start("", "protocol imap {\n  imap_capability = IMAP4rev1\n}")
    }

    fn start(newsroom: &str, further: &str) -> Self {
        for program in ["/usr/sbin/postfix", "/usr/sbin/dovecot"] {
            let there = Path::new(program).exists();
            assert!(there, "{program} is missing: tests/run installs it");
        }
        let dir = tempfile::tempdir().unwrap().keep();
        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        for part in ["postfix", "spool", "data", "run", "state", "mail"] {
            std::fs::create_dir(dir.join(part)).unwrap();
        }
        let [smtp, imap, imaps, lmtp] = [(); 4].map(|()| free_port());
        let Issued { ca, leaf, key } = issued(2);
        let fill = |text: &str| {
            let mut text = text.to_owned();
            for (name, value) in [
                ("dir", dir.display().to_string()),
                ("smtp", smtp.to_string()),
                ("imap", imap.to_string()),
                ("imaps", imaps.to_string()),
                ("lmtp", lmtp.to_string()),
                ("newsroom", newsroom.to_owned()),
                ("further", further.to_owned()),
            ] {
                text = text.replace(&format!("{{{name}}}"), &value);
            }
            text
        };
        let owner = owner();
        let users: String = MAILBOXES
            .iter()
            .map(|(name, rule)| {
                let home = dir.join("mail").join(name);
                let home = home.display();
                format!("{name}:{{PLAIN}}{PASSWORD}:{owner}::{home}::{rule}\n")
            })
            .collect();
        for (name, text) in [
            ("postfix/main.cf", fill(POSTFIX)),
            ("postfix/master.cf", fill(SERVICES)),
            ("dovecot.conf", fill(DOVECOT)),
            ("users", users),
            ("server.pem", leaf.pem()),
            ("server.key", key.serialize_pem()),
        ] {
            std::fs::write(dir.join(name), text).unwrap();
        }
        hand_over(&dir, &owner);
        let keeper = privileged("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&dir)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let office = Self {
            dir,
            smtp,
            imap,
            imaps,
            ca,
            keeper: Mutex::new(keeper),
        };
        office.await_answers(&[smtp, imap, imaps, lmtp]);
        office
    }

    fn await_answers(&self, ports: &[u16]) {
        let answers = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
        eventually("the post office is open", || ports.iter().all(answers));
    }

    fn tell(&self, word: &str) {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// Closes the mailboxes; Postfix goes on.
    pub(crate) fn close_mailboxes(&self) {
        self.tell("mail_down");
        eventually("the mailboxes are closed", || {
            TcpStream::connect(("127.0.0.1", self.imap)).is_err()
        });
    }

    /// Opens them again.
    pub(crate) fn open_mailboxes(&self) {
        self.tell("mail_up");
        self.await_answers(&[self.imap, self.imaps]);
    }

    /// Has Postfix try at once what it could not deliver.
    pub(crate) fn flush(&self) {
        self.tell("flush");
    }

    /// What Postfix says that it did.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.dir.join("postfix.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The mails in somebody's mailbox, with the letters of their marks.
    pub(crate) fn mails(&self, name: &str, folder: &str) -> Vec<(String, String)> {
        let mut mails = Vec::new();
        for part in ["new", "cur"] {
            let part = self.dir.join("mail").join(name).join(folder).join(part);
            for entry in std::fs::read_dir(part).into_iter().flatten() {
                let path = entry.unwrap().path();
                let named = path.file_name().unwrap().to_string_lossy().into_owned();
                let marks = named.split_once(":2,").map_or("", |(_, marks)| marks);
                // A mail that is marked meanwhile has another name.
                if let Ok(octets) = std::fs::read(&path) {
                    let text = String::from_utf8_lossy(&octets).into_owned();
                    mails.push((text, marks.to_owned()));
                }
            }
        }
        mails
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        let mut keeper = self.keeper.lock().unwrap();
        drop(keeper.stdin.take());
        drop(keeper.wait());
    }
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")).out.trim() == "0"
}

/// Postfix and Dovecot give their rights away one by one: whoever starts them
/// must have all.
fn privileged(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

/// Whose the mailboxes are, as `uid:gid`: never root's, and whoever runs the
/// tests can read them.
fn owner() -> String {
    let of = |flag: &str| {
        let mut asked = Command::new("id");
        asked.arg(flag);
        if is_root() {
            asked.arg("postfix");
        }
        run(&mut asked).out.trim().to_owned()
    };
    format!("{}:{}", of("-u"), of("-g"))
}

/// Gives each folder to whom it must belong.
fn hand_over(dir: &Path, owner: &str) {
    for (whose, what) in [
        ("root:root", "postfix"),
        ("root:root", "spool"),
        ("postfix:root", "data"),
        (owner, "mail"),
    ] {
        let mut chown = privileged("chown");
        let said = run(chown.args(["-R", whose]).arg(dir.join(what)));
        assert_eq!(said.code, 0, "{}", said.err);
    }
}
