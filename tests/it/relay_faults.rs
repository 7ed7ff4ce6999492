//! Relays that misbehave: each a clear error, exit code 3, nothing sent,
//! nothing lost, and a log that verifies.

use crate::support::{FakeRelay, IMMEDIATE, Manners, Workspace};

const DEADLINES: &str = "[relay.main.deadlines]\nconnect = \"2s\"\ngreeting = \"2s\"\ncommand = \"2s\"\ndata = \"2s\"\nblock = \"200ms\"\ndot = \"2s\"";

fn send_to(workspace: &Workspace, port: u16, lines: &str) -> crate::support::Said {
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {port}\nconnections = 2\n{lines}\n{DEADLINES}"
    ));
    workspace.dateline(&["send", IMMEDIATE, "--to", "environment"])
}

/// Everything planned is still to be sent.
fn nothing_is_lost(workspace: &Workspace, what: &str) {
    let (_, status) = workspace.json(&["status", "latest"]);
    let waiting: u64 = ["planned", "due", "deferred"]
        .iter()
        .filter_map(|state| status["by_state"][state].as_u64())
        .sum();
    assert_eq!(
        serde_json::json!(waiting),
        status["audience"]["included"],
        "{what}: {status}"
    );
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0, "{what}");
}

#[test]
fn a_relay_that_cannot_be_used_is_named_and_nothing_is_lost() {
    let secret = "username = \"desk\"\npassword_file = \"secret\"";
    for (what, manners, lines, words) in [
        (
            "http",
            Manners::Http,
            "tls = \"none\"",
            "does not speak SMTP: it said `HTTP/1.1 400 Bad Request`",
        ),
        (
            "silent",
            Manners::Silent,
            "tls = \"none\"",
            "was silent for 2 s at step banner",
        ),
        (
            "hangs at EHLO",
            Manners::HangsAt("EHLO"),
            "tls = \"none\"",
            "at step ehlo",
        ),
        (
            "certificate",
            Manners::WrongCertificate,
            "tls = \"required\"",
            "no private way to 127.0.0.1",
        ),
        (
            "no starttls",
            Manners::AnnouncesNothing,
            "tls = \"required\"",
            "does not offer STARTTLS",
        ),
        (
            "auth",
            Manners::RefusesAuth,
            &format!("tls = \"none\"\n{secret}"),
            "refuses us at step auth: 535 5.7.8 bad credentials",
        ),
        (
            "no auth",
            Manners::AnnouncesNothing,
            &format!("tls = \"none\"\n{secret}"),
            "offers no AUTH",
        ),
        (
            "sender",
            Manners::RefusesSender,
            "tls = \"none\"",
            "refuses our mail as a whole: mail: 550 5.7.1",
        ),
    ] {
        let workspace = Workspace::with_contacts();
        workspace.write("secret", "s3cret\n");
        let relay = FakeRelay::start(manners);
        let said = send_to(&workspace, relay.port, lines);
        assert_eq!(said.code, 3, "{what}: {}{}", said.out, said.err);
        assert!(said.err.contains(words), "{what}: {}", said.err);
        assert!(!said.err.contains("s3cret"));
        nothing_is_lost(&workspace, what);
    }
}

#[test]
fn a_relay_that_is_down_is_named_and_the_same_command_goes_on_later() {
    let workspace = Workspace::with_contacts();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let said = send_to(&workspace, port, "tls = \"none\"");
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(
        said.err.contains("cannot reach 127.0.0.1") && said.err.contains("nothing is lost"),
        "{}",
        said.err
    );
    nothing_is_lost(&workspace, "down");
    let relay = FakeRelay::start(Manners::AnnouncesNothing);
    let said = send_to(&workspace, relay.port, "tls = \"none\"");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("goes on"), "{}", said.out);
}

#[test]
fn a_relay_that_hangs_in_a_conversation_defers_it() {
    for at in ["MAIL", "RCPT", "DATA"] {
        let workspace = Workspace::with_contacts();
        let relay = FakeRelay::start(Manners::HangsAt(at));
        workspace.write("one.csv", "email,beats\nanna@example.org,one\n");
        workspace.dateline(&[
            "contacts",
            "import",
            &workspace.path("one.csv").display().to_string(),
        ]);
        workspace.write(
            "segments.toml",
            "[segment.environment]\nwhere = \"'one' in contact.beats\"\n",
        );
        let said = send_to(&workspace, relay.port, "tls = \"none\"");
        let (_, status) = workspace.json(&["status", "latest"]);
        assert_eq!(
            status["by_state"],
            serde_json::json!({ "deferred": 1 }),
            "{at}: {}{}",
            said.out,
            said.err
        );
    }
}
