//! A store that another process holds for longer than anybody waits for a lock: an
//! import of a long list, or the writing anew of a large file when somebody is
//! forgotten.

use crate::support::{CatcherProcess, IMMEDIATE, ServiceProcess, Workspace, eventually, now};
use jiff::SignedDuration;
use std::io::Write;
use std::process::{Child, Command, Stdio};

const READERS: usize = 60;

/// Whoever holds the store, until it lets go.
struct Holder(Child);

impl Holder {
    fn of(workspace: &Workspace) -> Self {
        let mut child = Command::new("sqlite3")
            .args(["-cmd", ".timeout 5000"])
            .arg(workspace.path("dateline.db"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.as_ref().unwrap();
        stdin.write_all(b"BEGIN IMMEDIATE;\n").unwrap();
        child.stdin.as_mut().unwrap().flush().unwrap();
        Self(child)
    }

    fn let_go(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

#[test]
fn a_distribution_waits_for_a_store_that_is_held_and_nothing_is_in_doubt() {
    let workspace = Workspace::new();
    let rows: String = (0..READERS)
        .map(|n| format!("reader{n}@gazette.example,environment,en\n"))
        .collect();
    workspace.write("gazette.csv", &format!("email,beats,languages\n{rows}"));
    let file = workspace.path("gazette.csv").display().to_string();
    let said = workspace.dateline(&["contacts", "import", &file]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mailbox = workspace.path("mailbox");
    let catcher = CatcherProcess::start(&mailbox);
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {}\nrate = 10.0\n",
        catcher.port
    ));
    let mut service = ServiceProcess::start(&workspace);
    // What begins later is the service's.
    let at = (now() + SignedDuration::from_secs(2)).to_string();
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "environment", "--at", &at]);
    assert_eq!(said.code, 0, "{}", said.err);
    let accepted = || {
        let state = &workspace.json(&["status", "latest"]).1["by_state"];
        state["accepted"].as_u64().unwrap_or(0)
    };
    eventually("the first have left", || accepted() > 2);
    let holder = Holder::of(&workspace);
    service.wait_for("the store was cut off");
    holder.let_go();
    eventually("all have left", || accepted() == READERS as u64);
    assert_eq!(service.end(), 0);
    let caught = std::fs::read_dir(&mailbox).unwrap();
    let mails = caught.filter(|file| {
        let path = file.as_ref().unwrap().path();
        path.extension().is_some_and(|kind| kind == "eml")
    });
    assert_eq!(mails.count(), READERS, "nobody gets it twice");
    let said = workspace.dateline(&["log", "verify"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}
