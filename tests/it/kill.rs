//! kill -9 at random points of a distribution: nothing is lost, and with
//! `in_doubt = "hold"` nothing is doubled.
//!
//! `DATELINE_KILLS` and `DATELINE_RECIPIENTS` set the size; the whole proof is
//! 200 kills of 2,000 recipients.

use crate::support::{CatcherProcess, IMMEDIATE, ServiceProcess, Workspace, eventually};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

/// Connections to the relay.
const CONNECTIONS: usize = 4;
/// Deliveries begun for a connection, at most: those it hands over and the next few.
const BEGUN_AT_ONCE: usize = 64;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A newsroom with so many recipients on one list.
fn newsroom(recipients: usize, kills: usize, in_doubt: &str) -> (Workspace, CatcherProcess) {
    let workspace = Workspace::new();
    let mut csv = "email,name,languages,lists\n".to_owned();
    for n in 0..recipients {
        writeln!(
            csv,
            "reader{n}@load.example,Reader {n},{},load",
            if n % 2 == 0 { "en" } else { "ru" }
        )
        .unwrap();
    }
    workspace.write("load.csv", &csv);
    let file = workspace.path("load.csv").display().to_string();
    assert_eq!(workspace.dateline(&["contacts", "import", &file]).code, 0);
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    // Slow enough that every kill meets a service at work: 60 ms lie before
    // one on average, a third of what its share takes.
    let rate = (recipients * 1000).div_ceil(kills * 180);
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {}\nconnections = {CONNECTIONS}\nrate = {rate}.0\n",
        catcher.port
    ));
    // What a dead service held is taken over after a second.
    let text = workspace.read("dateline.toml");
    let (before, rest) = text.split_once("[dispatch]").unwrap();
    let after = rest
        .split_once("\n[")
        .map_or(String::new(), |(_, after)| format!("\n[{after}"));
    workspace.write(
        "dateline.toml",
        &format!("{before}[dispatch]\nlease = \"1s\"\nin_doubt = \"{in_doubt}\"\n{after}"),
    );
    (workspace, catcher)
}

fn count(workspace: &Workspace, states: &str) -> usize {
    let sql = format!("SELECT count(*) FROM delivery WHERE state IN ({states})");
    workspace.sqlite(&sql).trim().parse().unwrap()
}

/// How often each Message-ID was caught.
fn caught(workspace: &Workspace) -> HashMap<String, usize> {
    let mut seen = HashMap::new();
    for mail in workspace.mails() {
        let id = mail
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "));
        *seen.entry(id.unwrap().to_owned()).or_default() += 1;
    }
    seen
}

/// What the services still have to do.
const WAITING: &str = "'planned', 'due', 'deferred', 'claimed'";

/// Sends with so many kills in between, until nothing is in these states.
fn send_under_fire(workspace: &Workspace, kills: usize, unsettled: &str) {
    // Late enough that planning is over by then: the services are to send it.
    let recipients = i64::try_from(setting("DATELINE_RECIPIENTS", 400)).unwrap();
    let soon = (crate::support::now() + jiff::SignedDuration::from_millis(1000 + 2 * recipients))
        .to_string();
    let planned = workspace.dateline(&["send", IMMEDIATE, "--to", "list:load", "--at", &soon]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    eventually("it is due", || {
        let due = "SELECT count(*) FROM delivery WHERE due_at <= strftime('%s', 'now') * 1000000";
        workspace.sqlite(due).trim() != "0"
    });
    for n in 0..kills {
        let waiting = count(workspace, WAITING);
        assert!(
            waiting > 0,
            "all were sent after {n} kills: too fast for this test"
        );
        let service = ServiceProcess::start(workspace);
        // The random point: the kill itself is what is waited for.
        let moment = getrandom::u32().unwrap() % 120;
        std::thread::sleep(Duration::from_millis(u64::from(moment)));
        service.kill();
    }
    let service = ServiceProcess::start(workspace);
    eventually("everything is settled", || count(workspace, unsettled) == 0);
    assert_eq!(service.end(), 0);
}

#[test]
fn with_hold_nothing_is_lost_and_nothing_doubled() {
    let recipients = setting("DATELINE_RECIPIENTS", 400);
    let kills = setting("DATELINE_KILLS", 8);
    let (workspace, _catcher) = newsroom(recipients, kills, "hold");
    send_under_fire(&workspace, kills, WAITING);
    let (accepted, in_doubt) = (
        count(&workspace, "'accepted'"),
        count(&workspace, "'in_doubt'"),
    );
    assert_eq!(accepted + in_doubt, recipients, "nothing is lost");
    let caught = caught(&workspace);
    assert!(
        caught.values().all(|times| *times == 1),
        "something was doubled"
    );
    // Whatever was accepted arrived; of what is in doubt, some did.
    assert!(
        (accepted..=recipients).contains(&caught.len()),
        "{accepted} accepted, {} caught",
        caught.len()
    );
    assert!(
        in_doubt <= kills * CONNECTIONS * BEGUN_AT_ONCE,
        "{in_doubt} in doubt after {kills} kills"
    );
    let verified = workspace.dateline(&["log", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
}

#[test]
fn with_resend_what_was_in_doubt_is_doubled_under_one_message_id() {
    let recipients = setting("DATELINE_RECIPIENTS", 400);
    let kills = setting("DATELINE_KILLS", 8);
    let (workspace, _catcher) = newsroom(recipients, kills, "resend");
    // What is in doubt is taken up a moment after it has become so.
    send_under_fire(&workspace, kills, &format!("{WAITING}, 'in_doubt'"));
    assert_eq!(
        count(&workspace, "'accepted'"),
        recipients,
        "everybody has it"
    );
    let caught = caught(&workspace);
    assert_eq!(caught.len(), recipients, "one Message-ID for each");
    // Each that was doubled had been in doubt itself.
    let doubted = workspace
        .sqlite("SELECT DISTINCT delivery FROM delivery_log WHERE line ->> '$.event' = 'in_doubt'");
    let doubted: HashSet<_> = doubted.lines().collect();
    for (id, _) in caught.iter().filter(|(_, times)| **times > 1) {
        let delivery = id.trim_start_matches('<').split('@').next().unwrap();
        assert!(doubted.contains(delivery), "{id} was doubled without doubt");
    }
    assert!(doubted.len() <= kills * CONNECTIONS * BEGUN_AT_ONCE);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}
