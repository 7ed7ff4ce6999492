//! Mailboxes that mean harm, or know no better: whatever a server says over IMAP,
//! `bounce fetch` stays small, tells what is wrong without anybody's mail in it,
//! and reads what can be read.

use crate::support::{Said, Workspace};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much a server of these would send if it were let.
const ENDLESS: usize = 64 * 1024 * 1024;

/// What a server does when it is asked: for the numbers of messages, or for the
/// messages of some numbers.
type Answer = fn(&mut Guest, ask: &Ask<'_>) -> std::io::Result<()>;

enum Ask<'a> {
    Search,
    Fetch(&'a [u32]),
}

/// Whoever came in.
struct Guest {
    stream: TcpStream,
    sent: Arc<AtomicUsize>,
    handled: BTreeSet<u32>,
}

impl Guest {
    fn say(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(octets)?;
        self.sent.fetch_add(octets.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Numbers that nobody has handled, of so many.
    fn search(&mut self, of: u32) -> std::io::Result<()> {
        let open = (1..=of).filter(|uid| !self.handled.contains(uid));
        let open: String = open.map(|uid| format!(" {uid}")).collect();
        self.say(format!("* SEARCH{open}\r\n").as_bytes())
    }

    fn serve(mut self, answer: Answer) -> std::io::Result<()> {
        self.say(b"* OK ready\r\n")?;
        let lines = BufReader::new(self.stream.try_clone()?).lines();
        for line in lines {
            let line = line?;
            let (tag, command) = line.split_once(' ').unwrap();
            match command.split(' ').next().unwrap() {
                "CAPABILITY" => self.say(b"* CAPABILITY IMAP4rev1\r\n")?,
                "SELECT" => self.say(b"* OK [PERMANENTFLAGS (\\*)] yours\r\n")?,
                "UID" => self.messages(command, answer)?,
                _ => {}
            }
            self.say(format!("{tag} OK done\r\n").as_bytes())?;
        }
        Ok(())
    }

    fn messages(&mut self, command: &str, answer: Answer) -> std::io::Result<()> {
        let mut words = command.split(' ').skip(1);
        let (verb, set) = (words.next().unwrap(), words.next().unwrap());
        let uids: Vec<u32> = set.split(',').filter_map(|uid| uid.parse().ok()).collect();
        match verb {
            "SEARCH" => answer(self, &Ask::Search),
            "FETCH" => answer(self, &Ask::Fetch(&uids)),
            "STORE" => {
                self.handled.extend(uids);
                Ok(())
            }
            other => panic!("nobody asked for {other}"),
        }
    }
}

/// What `bounce fetch` says of a server, and how much that could send.
fn fetched(answer: Answer) -> (Said, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicUsize::new(0));
    let guest = {
        let sent = Arc::clone(&sent);
        move || Guest {
            stream: listener.accept().unwrap().0,
            sent,
            handled: BTreeSet::new(),
        }
    };
    // It ends with the connection, in whatever way.
    let serving = std::thread::spawn(move || drop(guest().serve(answer)));
    let workspace = Workspace::new();
    workspace.write("imap.password", "secret\n");
    let file = workspace.path("imap.password");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = workspace.read("dateline.toml");
    let mailbox = format!(
        "[bounces.imap]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nusername = \"b\"\npassword_file = \"imap.password\"\n"
    );
    workspace.write("dateline.toml", &format!("{text}\n{mailbox}"));
    let said = workspace.dateline(&["--format", "json", "bounce", "fetch"]);
    serving.join().unwrap();
    (said, sent.load(Ordering::Relaxed))
}

/// All that it told.
fn told(said: &Said) -> String {
    format!("{}{}", said.out, said.err)
}

#[test]
fn a_length_that_nobody_asked_for_is_not_believed() {
    let (said, sent) = fetched(|guest, ask| match ask {
        Ask::Search => guest.search(1),
        Ask::Fetch(_) => {
            guest.say(b"* 1 FETCH (UID 1 BODY[]<0> {400000000}\r\n")?;
            let piece = [b'x'; 64 * 1024];
            (0..ENDLESS / piece.len()).try_for_each(|_| guest.say(&piece))
        }
    });
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(
        told(&said).contains("announces 400000000 octets"),
        "{}",
        said.err
    );
    assert!(sent < ENDLESS / 4, "it took {sent} octets");
}

#[test]
fn an_answer_without_end_is_not_heard_to_its_end() {
    let (said, sent) = fetched(|guest, ask| match ask {
        Ask::Search => {
            guest.say(b"* OK ")?;
            let piece = [b'x'; 64 * 1024];
            (0..ENDLESS / piece.len()).try_for_each(|_| guest.say(&piece))
        }
        Ask::Fetch(_) => Ok(()),
    });
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(
        told(&said).contains("a line of it is longer"),
        "{}",
        told(&said)
    );
    assert!(sent < ENDLESS / 2, "it took {sent} octets");
}

#[test]
fn what_stands_in_a_broken_answer_is_not_told() {
    let (said, _) = fetched(|guest, ask| match ask {
        Ask::Search => guest.search(1),
        Ask::Fetch(_) => guest.say(b"* 1 FETCH (UID 1 BODY[]<0> (Dear Anna, in private\r\n"),
    });
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(told(&said).contains("is not of IMAP"), "{}", told(&said));
    // Neither as it came nor as numbers.
    assert!(!told(&said).contains("Anna"), "{}", told(&said));
    assert!(told(&said).len() < 400, "{}", told(&said));
}

#[test]
fn messages_that_a_server_shows_and_does_not_give_stand_before_nothing() {
    let (said, _) = fetched(|guest, ask| match ask {
        Ask::Search => guest.search(20),
        Ask::Fetch(uids) => uids.iter().filter(|uid| **uid > 17).try_for_each(|uid| {
            let message = format!("Subject: {uid}\r\n\r\nx\r\n");
            let length = message.len();
            guest.say(
                format!("* {uid} FETCH (UID {uid} BODY[]<0> {{{length}}}\r\n{message})\r\n")
                    .as_bytes(),
            )
        }),
    });
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let said: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(said["messages"], 3, "{said}");
}
