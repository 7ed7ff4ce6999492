//! A disk that fills up in the midst of a send.

use crate::support::{CatcherProcess, IMMEDIATE, Workspace, now, run};
use std::collections::HashSet;
use std::fmt::Write;
use std::process::Command;

const READERS: usize = 400;

/// A small disk of its own, seen by these commands alone: for root, and for
/// whoever may make a namespace of users. Sends until the disk is full, says
/// how that ended, makes room, and goes on.
const FULL: &str = r#"
mount -t tmpfs -o size=96m,mode=700 tmpfs disk || exit 99
say() { "$dateline" "$@"; }
say contacts import load.csv >&2 || exit 98
say send "$release" --to list:load --at "$soon" >&2 || exit 97
# It fills up but for some pages; what the store needs to open is left.
dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null
truncate -s -1M disk/filler
say send "$release" --to list:load --wait >&2 2>said.txt
echo $? >code.txt
rm disk/filler
say send "$release" --to list:load --wait >&2
say status latest --format json >status.json || exit 96
say log verify >&2 || exit 95
"#;

#[test]
fn a_disk_that_fills_up_stops_the_send_and_loses_nothing() {
    let workspace = Workspace::new();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    let port = catcher.port;
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {port}\nconnections = 2\nrate = 200.0\n"
    ));
    workspace.edit(
        "dateline.toml",
        "sqlite:dateline.db",
        "sqlite:disk/dateline.db",
    );
    workspace.edit("dateline.toml", "lease = \"2m\"", "lease = \"2s\"");
    std::fs::create_dir(workspace.path("disk")).unwrap();
    let mut csv = "email,languages,lists\n".to_owned();
    for n in 0..READERS {
        writeln!(csv, "reader{n}@load.example,en,load").unwrap();
    }
    workspace.write("load.csv", &csv);
    let soon = now() + jiff::SignedDuration::from_secs(4);
    let said = run(Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", FULL])
        .current_dir(workspace.path(""))
        .env("dateline", env!("CARGO_BIN_EXE_dateline"))
        .env("release", IMMEDIATE)
        .env("soon", soon.to_string()));
    assert_eq!(said.code, 0, "{}", said.err);
    let told = workspace.read("said.txt");
    assert_eq!(workspace.read("code.txt").trim(), "3", "{told}");
    assert!(told.contains("the disk is full"), "{told}");

    let status: serde_json::Value = serde_json::from_str(&workspace.read("status.json")).unwrap();
    let states = status["by_state"].as_object().unwrap();
    let count = |state: &str| {
        states
            .get(state)
            .and_then(serde_json::Value::as_u64)
            .unwrap_or(0)
    };
    let (accepted, doubted) = (count("accepted"), count("in_doubt"));
    assert_eq!(accepted + doubted, READERS as u64, "{status}");
    let mails = workspace.mails();
    let ids: HashSet<_> = mails
        .iter()
        .filter_map(|mail| mail.lines().find(|line| line.starts_with("Message-ID: ")))
        .collect();
    assert_eq!(ids.len(), mails.len(), "nobody gets it twice");
    assert!(ids.len() as u64 >= accepted, "{} of {status}", ids.len());
}
