//! What came back, at the desk.

use super::browser::{Browser, user};
use crate::support::{IMMEDIATE, ServiceProcess, Workspace};
use std::io::Write;
use std::process::Stdio;

/// Somebody among the sample contacts to whom the first release goes.
pub(super) const GONE: &str = "amelia.okafor@tidewater-wire.example";
const AWAY: &str = "desk@tidewater-wire.example";

/// Marks that mean something to a browser.
const HARM: &str = "<script>alert(1)</script>";

/// Sends a release to the wires, into a catcher that goes away again, and takes
/// in a bounce and an auto-reply.
pub(super) fn take_in(workspace: &Workspace) {
    let catcher = crate::support::CatcherProcess::start(&workspace.path("wires"));
    let before = workspace.read("dateline.toml");
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "--wait"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    workspace.write("dateline.toml", &before);
    let id = |email: &str| {
        let sql = format!("SELECT id FROM delivery WHERE email = '{email}'");
        workspace.sqlite(&sql).trim().to_owned()
    };
    let bounce = format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: <press@two-banks.example>\nMessage-ID: <1@mx.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nIt did not arrive: {HARM} \u{1b}[31m\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {GONE}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown {HARM}\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{}@two-banks.example>\n\n--b--\n",
        id(GONE)
    );
    let away = format!(
        "From: <{AWAY}>\nTo: <press@two-banks.example>\nMessage-ID: <2@tidewater-wire.example>\nSubject: Automatic reply: Levels\n\
         Auto-Submitted: auto-replied\nIn-Reply-To: <{}@two-banks.example>\n\nAway.\n",
        id(AWAY)
    );
    for message in [bounce, away] {
        let mut child = workspace
            .command(&["bounce", "ingest"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(message.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn what_came_back_is_found_and_told_with_its_rule() {
    let workspace = Workspace::with_contacts();
    take_in(&workspace);
    user(&workspace, "ivan", "author");
    let service = ServiceProcess::start(&workspace);
    let mut ivan = Browser::of(&service, "ivan");
    ivan.get("/contacts/bounces")
        .holds(GONE)
        .holds(AWAY)
        .holds("hard bounce")
        .holds("auto-reply");
    ivan.get("/contacts/bounces?kind=hard")
        .holds(GONE)
        .lacks(AWAY);
    ivan.get("/contacts/bounces?search=DESK%40")
        .holds(AWAY)
        .lacks(GONE);
    ivan.get("/contacts/bounces?search=nobody")
        .holds("Nothing of the kind came back");
    ivan.get("/contacts/bounces?kind=unheard-of&before=18446744073709551615")
        .holds(GONE);
    assert_eq!(ivan.get("/contacts/bounces/none").status, 404);
    let (_, told) = workspace.json(&["bounce", "list", "--kind", "hard"]);
    let report = told["bounces"][0]["fingerprint"].as_str().unwrap();
    let page = ivan.get(&format!("/contacts/bounces/{report}"));
    page.holds("no such mailbox")
        .holds("the words <q>user unknown</q>")
        .holds("the Message-ID of the mail")
        .holds("this report")
        .holds("Bounced")
        .holds("&lt;script&gt;alert(1)&lt;/script&gt;")
        .lacks(HARM)
        .lacks("\u{1b}");
    let (_, contact) = workspace.json(&["contacts", "show", GONE]);
    let contact = format!("/contacts/{}", contact["id"].as_str().unwrap());
    page.holds(&format!("href=\"{contact}\""));
    ivan.get(&contact)
        .holds(&format!("/contacts/bounces/{report}"))
        .holds("User unknown");
    // The same on the command line.
    let (_, shown) = workspace.json(&["bounce", "show", report]);
    assert_eq!(shown["state"], "bounced");
    assert_eq!(shown["bounce"]["ground"]["what"], "user unknown");
    assert_eq!(shown["suppression"]["reason"], "hard-bounce");
    let text = workspace.dateline(&["bounce", "show", report]).out;
    assert!(text.contains(HARM) && !text.contains('\u{1b}'), "{text}");
    let listed = workspace.dateline(&["bounce", "list", "--search", "tidewater"]);
    assert!(
        listed.out.contains("words \"user unknown\""),
        "{}",
        listed.out
    );
    let wrong = workspace.dateline(&["bounce", "list", "--kind", "harsh"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("`harsh` is no kind of report"),
        "{}",
        wrong.err
    );
}

#[test]
fn what_came_back_is_brought_to_the_desk() {
    let workspace = Workspace::with_contacts();
    take_in(&workspace);
    user(&workspace, "ivan", "author");
    let service = ServiceProcess::start(&workspace);
    let mut ivan = Browser::of(&service, "ivan");
    ivan.get("/contacts/bounces").holds("Take reports in");
    let id = workspace.sqlite(&format!("SELECT id FROM delivery WHERE email = '{AWAY}'"));
    let bounce = format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: <press@two-banks.example>\nMessage-ID: <3@mx.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {AWAY}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{}@two-banks.example>\n\n--b--\n",
        id.trim()
    );
    let human = "From: <somebody@example.org>\nSubject: Lunch?\n\nAt noon.\n";
    let mbox = format!(
        "From - Thu Nov 26 09:00:00 2026\n{bounce}\nFrom - Thu Nov 26 09:00:01 2026\n{human}"
    );
    let path = "/contacts/bounces";
    let page = ivan.upload(path, "came <back>.mbox", mbox.as_bytes());
    assert_eq!(page.status, 200, "{}", page.body);
    page.holds("2 messages read")
        .holds("hard bounce: 1")
        .holds("bounced now: 1")
        .holds("barred now: 1")
        .holds("no report: 1")
        .lacks("taken in before");
    let bar = workspace.sqlite(&format!(
        "SELECT reason FROM suppression WHERE email = '{AWAY}'"
    ));
    assert_eq!(bar.trim(), "hard-bounce");
    // The same again counts once, and on the command line too.
    ivan.upload(path, "again.eml", bounce.as_bytes())
        .holds("1 message read")
        .holds("taken in before: 1")
        .lacks("bounced now");
    workspace.write("again.eml", &bounce);
    let file = workspace.path("again.eml").display().to_string();
    assert_eq!(workspace.json(&["bounce", "ingest", &file]).1["known"], 1);
    ivan.upload(path, "empty.eml", b"")
        .holds("Choose a file first");
    ivan.upload(path, "noise.bin", &[0xff; 2048])
        .holds("no report: 1");
    let large = vec![b'x'; 16 * 1024 * 1024 + 1];
    assert_eq!(ivan.upload(path, "large.mbox", &large).status, 413);
    let acts = super::browser::acts(&workspace);
    assert!(
        acts.iter().any(|act| act == "ivan bounces_taken_in"),
        "{acts:?}"
    );
    ivan.language = "ru";
    ivan.upload(path, "again.eml", bounce.as_bytes())
        .holds("Прочитано 1 письмо")
        .holds("внесено раньше: 1");
}
