//! The main job, from an empty folder to a log that verifies.

use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, Said, ServiceProcess, Workspace, run};
use serde_json::json;
use std::process::Command;

#[test]
fn the_demo_does_the_whole_job() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(Command::new(env!("CARGO_BIN_EXE_dateline"))
        .args(["demo", "--format", "json", "--dir"])
        .arg(dir.path().join("demo")));
    assert_eq!(said.code, 0, "{}", said.err);
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(value["log"]["verified"], true);
    let distributions = value["distributions"].as_array().unwrap();
    assert_eq!(distributions.len(), 2);
    for distribution in distributions {
        let state = &distribution["by_state"];
        let included = distribution["audience"]["included"].as_u64().unwrap();
        assert!(included >= 50, "{distribution}");
        assert_eq!(state["rejected"], 1, "{distribution}");
        assert_eq!(state["in_doubt"], 1, "{distribution}");
        assert_eq!(state["accepted"], included - 2, "{distribution}");
    }
    assert_eq!(
        distributions[1]["by_language"].as_object().unwrap().len(),
        7
    );
    assert!(distributions[1]["by_phase"]["general"].as_u64().unwrap() > 10);
    // Nobody without an agreement had it before the lift.
    let lift = lift_of(&dir.path().join("demo"));
    let early = general_attempts_before(&dir.path().join("demo"), lift);
    assert_eq!(early, 0);
}

fn lift_of(workspace: &std::path::Path) -> jiff::Timestamp {
    let text = std::fs::read_to_string(
        workspace
            .join("releases")
            .join(EMBARGOED)
            .join("release.toml"),
    )
    .unwrap();
    let until = text
        .lines()
        .find_map(|line| line.strip_prefix("until = \""))
        .unwrap()
        .trim_end_matches('"');
    until.parse::<jiff::ZonedDateTime>().unwrap().timestamp()
}

fn general_attempts_before(workspace: &std::path::Path, lift: jiff::Timestamp) -> usize {
    let said = run(Command::new(env!("CARGO_BIN_EXE_dateline"))
        .arg("-C")
        .arg(workspace)
        .args(["log", "latest", "--format", "json"]));
    let entries: Vec<serde_json::Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let general: Vec<_> = entries
        .iter()
        .filter(|entry| entry["phase"] == "general")
        .map(|entry| entry["delivery"].clone())
        .collect();
    assert!(general.len() > 10);
    let early = |entry: &&serde_json::Value| {
        entry["event"] == "attempt"
            && general.contains(&entry["delivery"])
            && entry["at"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap()
                < lift
    };
    entries.iter().filter(early).count()
}

fn with_catcher() -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.edit(
        "dateline.toml",
        "port = 2525",
        &format!("port = {}", catcher.port),
    );
    (workspace, catcher)
}

#[test]
fn a_sending_goes_on_where_it_stopped_and_nobody_gets_it_twice() {
    let (workspace, _catcher) = with_catcher();
    let order = ["send", EMBARGOED, "--to", "environment"];
    let (code, first) = workspace.json(&order);
    assert_eq!(code, 0);
    let waiting = first["distributions"][0]["by_state"]["planned"]
        .as_u64()
        .unwrap();
    assert!(waiting > 0, "the general phase waits for the lift: {first}");
    let accepted = first["distributions"][0]["by_state"]["accepted"].clone();

    // The same command goes on with the same distribution, and sends nothing twice.
    let (_, again) = workspace.json(&order);
    assert_eq!(
        again["distributions"][0]["id"],
        first["distributions"][0]["id"]
    );
    assert_eq!(again["distributions"][0]["by_state"]["accepted"], accepted);

    // Another order leaves out who has it already.
    let (_, audience) = workspace.json(&["audience", EMBARGOED, "--to", "environment", "wires"]);
    assert!(
        audience["totals"]["by_reason"]["already_sent"]
            .as_u64()
            .unwrap()
            > 0
    );
    let mails = std::fs::read_dir(workspace.path("mailbox"))
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|end| end == "eml")
        })
        .count();
    let in_doubt = again["distributions"][0]["by_state"]["in_doubt"]
        .as_u64()
        .unwrap_or_default();
    assert_eq!(mails as u64, accepted.as_u64().unwrap() + in_doubt);
}

#[test]
fn a_dry_run_reaches_the_catcher_alone_and_is_forgotten() {
    let workspace = Workspace::with_contacts();
    // The relay of the settings is nowhere: a dry run must not need it.
    workspace.edit("dateline.toml", "port = 2525", "port = 1");
    let (code, report) = workspace.json(&[
        "send",
        EMBARGOED,
        "--to",
        "wires",
        "environment",
        "--dry-run",
    ]);
    assert_eq!(code, 1, "one mailbox is unknown: {report}");
    let distribution = &report["distributions"][0];
    assert_eq!(
        distribution["by_state"]["accepted"].as_u64().unwrap() + 2,
        distribution["audience"]["included"].as_u64().unwrap()
    );
    assert!(report["dry_run"]["largest"].as_u64().unwrap() > 10_000);
    assert!(!report["dry_run"]["warnings"].as_array().unwrap().is_empty());
    let (_, status) = workspace.json(&["status"]);
    assert_eq!(status["distributions"], json!([]), "nothing is remembered");
    std::fs::remove_dir_all(report["mailbox"].as_str().unwrap()).unwrap();
}

#[test]
fn what_is_in_doubt_waits_for_a_person() {
    let (workspace, _catcher) = with_catcher();
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "list:rehearsal", "--wait"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let (_, listed) = workspace.json(&["in-doubt", "list"]);
    let doubted = listed["in_doubt"].as_array().unwrap();
    assert_eq!(doubted.len(), 1);
    let id = doubted[0]["delivery"].as_str().unwrap();
    assert_eq!(
        workspace
            .dateline(&["in-doubt", "settle", id, "--arrived"])
            .code,
        0
    );
    let again = workspace.dateline(&["in-doubt", "resend", id]);
    assert_eq!(again.code, 2, "what is settled is settled");
    assert!(again.err.contains("cannot be sent again"), "{}", again.err);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[cfg(unix)]
#[test]
fn a_kill_leaves_nothing_lost_and_nothing_doubled() {
    let (workspace, _catcher) = with_catcher();
    workspace.edit("dateline.toml", "lease = \"2m\"", "lease = \"1s\"");
    workspace.write(
        "slow.csv",
        "email,beats\nslow-9000@rehearsal.example,rivers\n",
    );
    let slow = workspace.path("slow.csv").display().to_string();
    assert_eq!(workspace.dateline(&["contacts", "import", &slow]).code, 0);
    let mut child = workspace
        .command(&["send", IMMEDIATE, "--to", "wires", "environment", "--wait"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // The slow recipient holds a conversation open; the kill falls into it.
    while started(&workspace) == 0 {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let Said { out, err, .. } =
        workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "environment", "--wait"]);
    let (_, status) = workspace.json(&["status", "latest"]);
    let state = &status["by_state"];
    let total: u64 = state
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(
        json!(total),
        status["audience"]["included"],
        "nothing is lost: {out}{err}"
    );
    assert_eq!(state.get("planned"), None, "{status}");
    let ids = message_ids(&workspace);
    let mut once = ids.clone();
    once.dedup();
    assert_eq!(ids, once, "with in_doubt = hold nothing is doubled");
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

/// Attempts begun so far; none while the store is not there.
fn started(workspace: &Workspace) -> u64 {
    workspace.sqlite("PRAGMA busy_timeout = 5000; SELECT count(*) FROM delivery_log WHERE line LIKE '%\"event\":\"attempt\"%'").lines().last().unwrap().parse().unwrap()
}

fn message_ids(workspace: &Workspace) -> Vec<String> {
    let mails = std::fs::read_dir(workspace.path("mailbox"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "eml"));
    let id = |path: std::path::PathBuf| {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .find(|line| line.starts_with("Message-ID:"))
            .unwrap()
            .to_owned()
    };
    let mut ids: Vec<_> = mails.map(id).collect();
    ids.sort();
    ids
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_under_way_and_says_how_to_go_on() {
    let (workspace, _catcher) = with_catcher();
    let child = workspace
        .command(&[
            "send",
            EMBARGOED,
            "--to",
            "environment",
            "--not",
            "list:rehearsal",
            "--wait",
        ])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while started(&workspace) == 0 {
        std::thread::yield_now();
    }
    assert_eq!(
        run(Command::new("kill").arg("-INT").arg(child.id().to_string())).code,
        0
    );
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.contains("nothing is lost. Run the same command again"),
        "{out}"
    );
    let (_, status) = workspace.json(&["status", "latest"]);
    assert_eq!(status["by_state"].get("claimed"), None, "{status}");
    assert_eq!(status["by_state"].get("in_doubt"), None, "{status}");
}

/// Whoever copies the file of the store has everything, once a command has ended or
/// the service was stopped.
#[test]
fn a_store_at_rest_is_one_file() {
    let workspace = Workspace::with_contacts();
    let is_whole = |after: &str| {
        let side_files = ["dateline.db-wal", "dateline.db-shm"];
        let left = side_files.map(|name| workspace.path(name).exists());
        assert_eq!(left, [false; 2], "{after}");
    };
    is_whole("contacts import");
    let catcher = CatcherProcess::start(&workspace.path("caught"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "environment"]);
    // One of the sample's addresses refuses for good.
    assert_eq!(sent.code, 1, "{}", sent.err);
    is_whole("send");
    assert_eq!(workspace.dateline(&["status", "none-such"]).code, 2);
    is_whole("a command that was refused");
    assert_eq!(ServiceProcess::start(&workspace).end(), 0);
    is_whole("the service");
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}
