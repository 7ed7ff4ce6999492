//! Relays that break in the midst of it: nothing is lost, nothing is doubled
//! without a word, and what was stopped stays stopped.

use crate::support::{
    FakeRelay, GatedRelay, IMMEDIATE, Manners, ServiceProcess, Workspace, eventually, now,
};
use serde_json::{Value, json};
use std::fmt::Write;

const DEADLINES: &str = "[relay.main.deadlines]\nconnect = \"2s\"\ngreeting = \"2s\"\ncommand = \"2s\"\ndata = \"2s\"\nblock = \"300ms\"\ndot = \"2s\"";

/// A newsroom with so many readers on one list.
fn newsroom(readers: usize) -> Workspace {
    let workspace = Workspace::new();
    let mut csv = "email,languages,lists\n".to_owned();
    for n in 0..readers {
        writeln!(csv, "reader{n}@load.example,en,load").unwrap();
    }
    workspace.write("load.csv", &csv);
    let file = workspace.path("load.csv").display().to_string();
    assert_eq!(workspace.dateline(&["contacts", "import", &file]).code, 0);
    workspace
}

fn relay(workspace: &Workspace, port: u16) {
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {port}\nconnections = 1\n{DEADLINES}"
    ));
}

fn states(workspace: &Workspace) -> Value {
    workspace.json(&["status", "latest"]).1["by_state"].clone()
}

#[test]
fn a_connection_cut_at_any_octet_of_the_final_dot_is_in_doubt() {
    for octets in 0..=5 {
        let workspace = newsroom(1);
        let cut = FakeRelay::start(Manners::CutsInDot(octets));
        relay(&workspace, cut.port);
        let said = workspace.dateline(&["send", IMMEDIATE, "--to", "list:load"]);
        assert_eq!(
            states(&workspace),
            json!({ "in_doubt": 1 }),
            "{octets}: {}{}",
            said.out,
            said.err
        );
        // It waits for a person; the same command finds nobody to send it to.
        let sound = FakeRelay::start(Manners::AnnouncesNothing);
        relay(&workspace, sound.port);
        let (_, again) = workspace.json(&["send", IMMEDIATE, "--to", "list:load"]);
        assert_eq!(
            again["distributions"][0]["audience"],
            json!({ "excluded": 1, "included": 0 }),
            "{octets}: {again}"
        );
        let (_, doubted) = workspace.json(&["in-doubt", "list"]);
        let id = doubted["in_doubt"][0]["delivery"].as_str().unwrap();
        assert_eq!(workspace.dateline(&["in-doubt", "resend", id]).code, 0);
        assert_eq!(
            workspace
                .dateline(&["send", IMMEDIATE, "--to", "list:load"])
                .code,
            0
        );
        let (_, ended) = workspace.json(&["status"]);
        assert!(
            ended.to_string().contains("\"accepted\":1"),
            "{octets}: {ended}"
        );
        assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    }
}

#[test]
fn a_relay_cut_at_a_command_defers_and_dooms_nothing() {
    for at in ["MAIL", "RCPT", "DATA"] {
        let workspace = newsroom(3);
        let cut = FakeRelay::start(Manners::CutsAt(at));
        relay(&workspace, cut.port);
        workspace.dateline(&["send", IMMEDIATE, "--to", "list:load"]);
        let after = states(&workspace);
        let waiting: u64 = ["deferred", "due", "planned"]
            .iter()
            .filter_map(|state| after[state].as_u64())
            .sum();
        assert_eq!(waiting, 3, "{at}: {after}");
        assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    }
}

#[test]
fn a_tarpit_costs_a_deadline_and_leaves_no_doubt_about_what_it_never_read() {
    let workspace = newsroom(1);
    // Far more than the sockets hold: the dot cannot have left.
    let noise: Vec<u8> = (0..9_000_000u32)
        .map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    std::fs::write(
        workspace.path(&format!("releases/{IMMEDIATE}/big.pdf")),
        noise,
    )
    .unwrap();
    let file = format!("releases/{IMMEDIATE}/release.toml");
    let text = workspace.read(&file);
    workspace.write(
        &file,
        &format!("{text}\n[[attachment]]\npath = \"big.pdf\"\n"),
    );
    let tarpit = FakeRelay::start(Manners::StopsReading);
    relay(&workspace, tarpit.port);
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "list:load"]);
    assert_eq!(
        states(&workspace),
        json!({ "deferred": 1 }),
        "{}{}",
        said.out,
        said.err
    );
}

/// A service in the midst of a hand of deliveries, whose relay has just gone.
fn interrupted(workspace: &Workspace, gate: &GatedRelay) -> ServiceProcess {
    relay(workspace, gate.port);
    let service = ServiceProcess::start(workspace);
    // Late enough that planning is over by then: the service is to send it.
    let soon = (now() + jiff::SignedDuration::from_secs(4)).to_string();
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "list:load", "--at", &soon]);
    assert_eq!(said.code, 0, "{}", said.err);
    eventually("the relay has gone in the midst of it", || gate.is_closed());
    service
}

#[test]
fn a_hold_while_the_relay_is_away_holds_what_was_begun_too() {
    let workspace = newsroom(200);
    let gate = GatedRelay::closing_after(40);
    let service = interrupted(&workspace, &gate);
    assert_eq!(
        workspace
            .dateline(&["hold", "latest", "--why", "a name is in doubt"])
            .code,
        0
    );
    gate.open();
    eventually("whatever was begun has come back", || {
        states(&workspace)["claimed"].is_null()
    });
    assert_eq!(gate.taken(), 40, "nothing left after the hold");
    assert_eq!(
        workspace
            .dateline(&["resume", "latest", "--why", "it is right"])
            .code,
        0
    );
    eventually("the others follow", || gate.taken() >= 199);
    assert_eq!(service.end(), 0);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn a_kill_while_the_relay_is_away_withdraws_what_was_begun_too() {
    let workspace = newsroom(200);
    let gate = GatedRelay::closing_after(40);
    let service = interrupted(&workspace, &gate);
    assert_eq!(
        workspace
            .dateline(&["kill", "latest", "--why", "withdrawn"])
            .code,
        0
    );
    gate.open();
    eventually("nothing waits any more", || {
        let after = states(&workspace);
        ["claimed", "due", "planned", "deferred"]
            .iter()
            .all(|state| after[state].is_null())
    });
    assert_eq!(gate.taken(), 40, "nothing left after the kill");
    assert_eq!(service.end(), 0);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}
