//! LMTP on a Unix socket: for a mail server of the same machine, whoever of its
//! users may write to the file.

use crate::support::{ServiceProcess, Workspace, run};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

fn listening(at: &str) -> Workspace {
    let workspace = Workspace::new();
    let text = workspace.read("dateline.toml");
    let tables = format!("[bounces]\n[bounces.lmtp]\nlisten = \"unix:{at}\"\n");
    workspace.write("dateline.toml", &format!("{text}\n{tables}"));
    workspace
}

/// Says one thing after the other, and gives the code of each answer.
fn converse(socket: &Path, talk: &[&str]) -> Vec<u16> {
    let stream = UnixStream::connect(socket).unwrap();
    let mut lines = BufReader::new(&stream).lines();
    let mut answer = || loop {
        let line = lines.next().unwrap().unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line[..3].parse().unwrap();
        }
    };
    let mut codes = vec![answer()];
    for line in talk {
        write!(&mut &stream, "{line}\r\n").unwrap();
        codes.push(answer());
    }
    codes
}

#[test]
fn mail_is_taken_on_a_socket_and_the_socket_goes_with_the_service() {
    let workspace = listening("lmtp.sock");
    let socket = workspace.path("lmtp.sock");
    let report = "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\n\r\nx\r\n.";
    for left_behind in [false, true] {
        let service = ServiceProcess::start(&workspace);
        let kind = std::fs::symlink_metadata(&socket).unwrap();
        assert!(kind.file_type().is_socket());
        assert_eq!(kind.permissions().mode() & 0o777, 0o660);
        let codes = converse(
            &socket,
            &[
                "LHLO mx.example",
                "MAIL FROM:<>",
                "RCPT TO:<stranger@two-banks.example>",
                "RCPT TO:<press@two-banks.example>",
                "DATA",
                report,
                "QUIT",
            ],
        );
        assert_eq!(codes, [220, 250, 250, 550, 250, 354, 250, 221]);
        // A second service does not take it away from the first.
        let second = run(&mut workspace.command(&["serve", "--listen", "127.0.0.1:0"]));
        assert_ne!(second.code, 0);
        assert!(second.err.contains("lmtp.sock"), "{}", second.err);
        assert_eq!(converse(&socket, &["QUIT"]), [220, 221]);
        if left_behind {
            assert_eq!(service.end(), 0);
            assert!(!socket.exists());
        } else {
            // What a service that was killed leaves behind stands in nobody's way.
            drop(service);
            assert!(socket.exists());
        }
    }
}

#[test]
fn a_file_that_is_no_socket_is_not_taken_for_one() {
    let workspace = listening("contacts.csv");
    let before = workspace.read("contacts.csv");
    let said = run(&mut workspace.command(&["serve", "--listen", "127.0.0.1:0"]));
    assert_ne!(said.code, 0);
    assert!(said.err.contains("contacts.csv"), "{}", said.err);
    assert!(said.err.contains("no socket"), "{}", said.err);
    assert_eq!(workspace.read("contacts.csv"), before);
}
