//! The delivery log at the desk.

use super::browser::{Browser, user};
use crate::support::{CatcherProcess, IMMEDIATE, ServiceProcess, Workspace};

#[test]
fn the_log_is_searched_exported_and_verified() {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    let (_, empty) = workspace.json(&["log", "verify"]);
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert!(sent.code <= 1, "{}", sent.err);
    user(&workspace, "ivan", "author");
    let service = ServiceProcess::start(&workspace);
    let mut ivan = Browser::of(&service, "ivan");
    ivan.get("/log")
        .holds("desk@tidewater-wire.example")
        .holds("attempt");
    let page = ivan.get("/log?contact=desk@tidewater-wire.example&event=accepted");
    page.holds("code=250")
        .lacks("cables@agencia-austral.example");
    ivan.get("/log?contact=nobody@example.org")
        .holds("Nothing of that");
    ivan.get("/log?since=2040-01-01+09:00")
        .holds("Nothing of that");
    ivan.get("/log?contact=nonsense").holds("role=\"alert\"");
    ivan.get("/log?distribution=dst_nothing")
        .holds("there is no distribution");
    // By whom they work for, in the words' beginnings; the exports follow.
    ivan.get("/log?outlet=wire+TIDE&event=accepted")
        .holds("amelia.okafor@tidewater-wire.example")
        .holds("desk@tidewater-wire.example")
        .lacks("cables@agencia-austral.example");
    ivan.get("/log?outlet=tidewater&contact=cables@agencia-austral.example")
        .holds("Nothing of that");
    ivan.get("/log?outlet=Nobody's+Post")
        .holds("Nothing of that");
    ivan.get("/log?outlet=-")
        .holds("expected words of its name");
    let csv = ivan.get("/log/export/log.csv?outlet=Tidewater+Wire");
    let said = workspace.dateline(&["--format", "csv", "log", "--outlet", "tidewater wire"]);
    assert_eq!(said.out, csv.body, "both faces write the same");
    assert!(csv.body.contains("amelia.okafor@") && !csv.body.contains("cables@"));
    let json = ivan.get("/log/export/log.jsonl?outlet=Tidewater+Wire");
    assert_eq!(json.body.lines().count() + 1, csv.body.lines().count());
    let wrong = workspace.dateline(&["log", "--outlet", "..."]);
    assert!(wrong.code == 2 && wrong.err.contains("neither letters nor digits"));
    let csv = ivan.get("/log/export/log.csv?contact=desk@tidewater-wire.example");
    assert!(csv.headers["content-disposition"].contains("log.csv"));
    assert!(csv.body.starts_with("seq,at,distribution,"), "{}", csv.body);
    let said = workspace.dateline(&[
        "--format",
        "csv",
        "log",
        "--contact",
        "desk@tidewater-wire.example",
    ]);
    assert_eq!(said.out, csv.body, "both faces write the same");
    let json = ivan.get("/log/export/log.jsonl");
    let said = workspace.dateline(&["--format", "json", "log"]);
    assert_eq!(said.out, json.body);
    assert_eq!(ivan.get("/log/export/log.exe").status, 404);
    ivan.get("/log/verify").holds("The log is whole");
    let (_, verified) = workspace.json(&["log", "verify"]);
    for kept in [&verified["head"], &empty["head"]] {
        let head = kept.as_str().unwrap();
        ivan.get(&format!("/log/verify?head={head}"))
            .holds("The log still holds this hash");
    }
    ivan.get("/log/verify?head=%3Cscript%3E")
        .holds("The log does not hold this hash")
        .lacks("<script>\"");
    let (code, told) = workspace.json(&["log", "verify", "--head", "nothing"]);
    assert_eq!((code, &told["anchored"]), (1, &false.into()));
    workspace.sqlite("UPDATE delivery_log SET line = replace(line, 'accepted', 'rejected') WHERE seq = (SELECT max(seq) FROM delivery_log WHERE line LIKE '%accepted%')");
    ivan.get("/log/verify").holds("The log is broken");
}

#[test]
fn what_a_relay_or_a_contact_says_runs_nowhere() {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    assert!(
        workspace
            .dateline(&["send", IMMEDIATE, "--to", "wires"])
            .code
            <= 1
    );
    workspace.sqlite("UPDATE delivery_log SET personal = replace(personal, 'caught', '<script>alert(1)</script>')");
    user(&workspace, "ivan", "author");
    let service = ServiceProcess::start(&workspace);
    let mut ivan = Browser::of(&service, "ivan");
    ivan.get("/log")
        .holds("&lt;script&gt;alert(1)")
        .lacks("<script>alert");
    ivan.get("/log?contact=%22%3E%3Cscript%3E")
        .lacks("\"><script>");
    ivan.get("/log?distribution=%22%3E%3Cscript%3E&since=%3Cscript%3E")
        .lacks("<script>\"");
}
