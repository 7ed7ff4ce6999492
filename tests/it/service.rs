//! The service, as a process: it sends what falls due, heeds signals, and
//! shows how it is.

use crate::support::{
    CatcherProcess, EMBARGOED, FakeRelay, Manners, ServiceProcess, Workspace, eventually, now,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

fn status(workspace: &Workspace) -> Value {
    workspace.json(&["status", "latest"]).1
}

fn in_state(status: &Value, state: &str) -> u64 {
    status["by_state"][state].as_u64().unwrap_or(0)
}

/// A workspace whose relay is a catcher of its own, and whose release lifts so
/// many seconds from now.
fn newsroom(lift_in: i64) -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(lift_in);
    (workspace, catcher)
}

fn log(workspace: &Workspace) -> Vec<Value> {
    let said = workspace.dateline(&["log", "--format", "json"]);
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn both_phases_go_out_each_in_its_time() {
    let (workspace, _catcher) = newsroom(12);
    let service = ServiceProcess::start(&workspace);
    let said = workspace.dateline(&["send", EMBARGOED, "--to", "central-asia", "wires"]);
    assert_eq!(said.code, 0, "{}", said.err);
    eventually("everything is settled", || {
        let status = status(&workspace);
        in_state(&status, "planned") + in_state(&status, "due") + in_state(&status, "claimed") == 0
    });
    let status = status(&workspace);
    let lift: Timestamp = status["lift"].as_str().unwrap().parse().unwrap();
    assert!(
        status["by_phase"]["advance"].as_u64().unwrap() > 5,
        "{status}"
    );
    let mut general = 0;
    let phases: std::collections::HashMap<String, String> = log(&workspace)
        .iter()
        .filter(|entry| entry["event"] == "planned")
        .map(|entry| {
            (
                entry["delivery"].to_string(),
                entry["phase"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    for entry in log(&workspace)
        .iter()
        .filter(|entry| entry["event"] == "attempt" && entry["attempt"] == 1)
    {
        let at: Timestamp = entry["at"].as_str().unwrap().parse().unwrap();
        match phases[&entry["delivery"].to_string()].as_str() {
            "general" => {
                general += 1;
                assert!(at >= lift, "{entry}");
            }
            _ => assert!(at < lift, "{entry}"),
        }
    }
    assert!(general > 2);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    assert_eq!(service.end(), 0);
}

#[test]
fn a_hold_stops_it_and_a_resume_lets_it_go_on() {
    let (workspace, _catcher) = newsroom(3600);
    let service = ServiceProcess::start(&workspace);
    let at = now() + SignedDuration::from_secs(2);
    let said = workspace.dateline(&["send", EMBARGOED, "--to", "wires", "--at", &at.to_string()]);
    assert_eq!(said.code, 0, "{}", said.err);
    let held = workspace.dateline(&[
        "hold",
        "latest",
        "--why",
        "a name is in doubt",
        "--by",
        "vera",
    ]);
    assert_eq!(held.code, 0, "{}", held.err);
    assert!(held.out.contains("a name is in doubt"), "{}", held.out);
    let again = workspace.dateline(&["hold", "latest", "--why", "me too"]);
    assert!(
        again.code == 2 && again.err.contains("held already"),
        "{}",
        again.err
    );
    // A person's own send does not pass a hold by.
    let sent = workspace.dateline(&["send", EMBARGOED, "--to", "wires"]);
    assert!(
        sent.code == 2 && sent.err.contains("is held by vera"),
        "{}",
        sent.err
    );
    eventually("its time has come", || {
        in_state(&status(&workspace), "due") > 0
    });
    // It is due, it is held, and a service is there: nothing was attempted.
    assert!(
        log(&workspace)
            .iter()
            .all(|entry| entry["event"] != "attempt")
    );
    let resumed = workspace.dateline(&["resume", "latest", "--why", "the name is right"]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    eventually("the advance copies are out", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    assert_eq!(service.end(), 0);
}

#[test]
fn a_kill_withdraws_what_waits_and_its_notice_reaches_who_has_it() {
    let (workspace, _catcher) = newsroom(3600);
    let service = ServiceProcess::start(&workspace);
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "central-asia", "wires"])
            .code,
        0
    );
    eventually("the advance copies are out", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    let killed = workspace.dateline(&["kill", "latest", "--why", "withdrawn"]);
    assert_eq!(killed.code, 0, "{}", killed.err);
    let after = status(&workspace);
    assert!(in_state(&after, "cancelled") > 3, "{after}");
    assert_eq!(in_state(&after, "planned"), 0);
    let original = after["id"].as_str().unwrap().to_owned();
    let received = in_state(&after, "accepted");
    assert_eq!(
        workspace
            .dateline(&["resume", "latest", "--why", "no"])
            .code,
        2
    );

    let notice = workspace.dateline(&["correct", EMBARGOED, "--notice", "kill", "--wait"]);
    assert!(notice.code <= 1, "{}", notice.err);
    let told = status(&workspace);
    assert_ne!(told["id"], original);
    assert_eq!(told["audience"]["included"].as_u64().unwrap(), received);
    // Each in the language of the original, and threaded to it.
    let plans = workspace.sqlite(&format!(
        "SELECT count(*) FROM delivery AS told JOIN delivery AS original ON original.id = told.plan ->> '$.replies_to' \
         WHERE told.distribution = '{}' AND original.distribution = '{original}' AND told.language = original.language AND told.email = original.email",
        told["id"].as_str().unwrap()
    ));
    assert_eq!(plans.trim(), received.to_string());
    let mails = workspace.mails();
    let threaded: Vec<_> = mails
        .iter()
        .filter(|mail| mail.contains("\nIn-Reply-To: <dlv_"))
        .collect();
    assert!(threaded.len() as u64 >= received - 1, "{}", threaded.len());
    for mail in threaded {
        let original = mail
            .lines()
            .find_map(|line| line.strip_prefix("In-Reply-To: "))
            .unwrap();
        assert!(mail.contains(&format!("References: {original}")));
        assert!(
            mails
                .iter()
                .any(|other| other.contains(&format!("Message-ID: {original}")))
        );
    }
    let told: Vec<_> = mails
        .iter()
        .filter(|mail| mail.contains("\nIn-Reply-To: ") && mail.contains("Content-Language: en"))
        .collect();
    assert!(!told.is_empty());
    for mail in told {
        assert!(mail.contains("Subject: RETRACTED: "), "{mail}");
        assert!(
            mail.contains("Not for publication") && !mail.contains("immediate release"),
            "{mail}"
        );
    }
    // A second time, everybody has it.
    let again = workspace.dateline(&["correct", EMBARGOED, "--notice", "kill"]);
    assert!(
        again.out.contains("0 deliveries"),
        "{}{}",
        again.out,
        again.err
    );
    drop(service);
}

#[test]
fn what_comes_back_to_a_killed_distribution_is_withdrawn_too() {
    let (workspace, _catcher) = newsroom(3600);
    let later = (now() + SignedDuration::from_secs(600)).to_string();
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "wires", "--at", &later])
            .code,
        0
    );
    assert_eq!(workspace.dateline(&["kill", "latest"]).code, 0);
    // As when an attempt was under way at the kill, and was refused for now.
    workspace.sqlite(
        "UPDATE delivery_state SET state = 'deferred', facts = '{\"state\":\"deferred\",\"until\":\"2026-01-01T00:00:00Z\",\"reply\":\"451\"}' \
         WHERE id = (SELECT min(id) FROM delivery)",
    );
    let service = ServiceProcess::start(&workspace);
    eventually("it is withdrawn", || {
        in_state(&status(&workspace), "deferred") == 0
    });
    assert!(workspace.mails().is_empty());
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    drop(service);
}

#[test]
fn signals_reload_or_keep_the_settings_and_stop_it() {
    let (workspace, _catcher) = newsroom(3600);
    let mut service = ServiceProcess::start(&workspace);
    workspace.edit("dateline.toml", "[retry]", "[retry]\nfirts = \"2m\"");
    service.signal("HUP");
    service.wait_for("the old ones stay in force");
    assert_eq!(service.get("/readyz").0, 200);
    workspace.edit("dateline.toml", "\nfirts = \"2m\"", "");
    service.signal("HUP");
    service.wait_for("settings read anew");
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "wires"])
            .code,
        0
    );
    eventually("it still sends", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    assert_eq!(service.end(), 0);
}

#[test]
fn a_stop_is_heeded_while_old_conversations_still_end() {
    let (workspace, _catcher) = newsroom(3600);
    let stuck = FakeRelay::start(Manners::HangsAt("DATA"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", stuck.port));
    let text = workspace.read("dateline.toml");
    workspace.write(
        "dateline.toml",
        &format!("{text}\n[service]\nstop_within = \"2s\"\n"),
    );
    let mut service = ServiceProcess::start(&workspace);
    let soon = (now() + SignedDuration::from_secs(3)).to_string();
    let planned = workspace.dateline(&["send", EMBARGOED, "--to", "wires", "--at", &soon]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    eventually("a conversation hangs", || {
        log(&workspace)
            .iter()
            .any(|entry| entry["event"] == "attempt")
    });
    service.signal("HUP");
    service.wait_for("settings read anew");
    let told = std::time::Instant::now();
    assert_eq!(service.end(), 3, "conversations had to be cut off");
    let took = told.elapsed();
    assert!(took.as_secs() < 10, "it took {took:?}");
}

#[test]
fn what_is_due_does_not_wait_for_conversations_of_before_a_reload() {
    let (workspace, catcher) = newsroom(3600);
    let stuck = FakeRelay::start(Manners::HangsAt("DATA"));
    let relay = |port| {
        workspace.relay(&format!(
            "host = \"127.0.0.1\"\nport = {port}\nconnections = 1\n"
        ));
    };
    relay(stuck.port);
    let mut service = ServiceProcess::start(&workspace);
    let soon = (now() + SignedDuration::from_secs(3)).to_string();
    // More than the one connection has in hand, which wait for its conversation.
    let to = ["--to", "wires", "central-asia"];
    let send = [&["send", EMBARGOED, "--at", &soon], &to[..]].concat();
    let planned = workspace.dateline(&send);
    assert_eq!(planned.code, 0, "{}", planned.err);
    eventually("a conversation hangs", || {
        log(&workspace)
            .iter()
            .any(|entry| entry["event"] == "attempt")
    });
    relay(catcher.port);
    service.signal("HUP");
    service.wait_for("settings read anew");
    eventually("the others are out", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    assert!(in_state(&status(&workspace), "claimed") > 0);
    service.kill();
}

#[test]
fn it_shows_how_it_is() {
    let (workspace, _catcher) = newsroom(3600);
    let service = ServiceProcess::start(&workspace);
    assert_eq!(service.get("/healthz"), (200, "ok\n".to_owned()));
    let soon = (now() + SignedDuration::from_secs(3)).to_string();
    let planned = workspace.dateline(&[
        "send",
        EMBARGOED,
        "--to",
        "wires",
        "central-asia",
        "--at",
        &soon,
    ]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    eventually("the advance copies are out", || {
        service
            .get("/metrics")
            .1
            .contains("dateline_deliveries{state=\"accepted\"} 1")
    });
    let (code, metrics) = service.get("/metrics");
    assert_eq!(code, 200);
    for line in [
        "dateline_attempts_total{outcome=\"accepted\",relay=\"main\"}",
        "dateline_deliveries{state=\"planned\"}",
        "dateline_distributions{course=\"under_way\"} 1",
        "dateline_queue_age_seconds",
        "dateline_lease_age_seconds",
        "dateline_render_seconds_bucket",
        "dateline_smtp_seconds_bucket",
        "dateline_embargo_countdown_seconds{distribution=\"dst_",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line} is missing:\n{metrics}");
    }
    assert!(!metrics.contains('@'), "no address belongs here");
    assert_eq!(service.get("/nothing").0, 404);
}

#[test]
fn a_relay_that_is_gone_makes_it_unready_and_loses_nothing() {
    let (workspace, catcher) = newsroom(3600);
    let port = catcher.port;
    drop(catcher);
    let service = ServiceProcess::start(&workspace);
    // The service may be quicker than this command.
    workspace.dateline(&[
        "send",
        EMBARGOED,
        "--to",
        "wires",
        "--at",
        &(now() + SignedDuration::from_secs(3)).to_string(),
    ]);
    eventually("it says what is in the way", || {
        let (code, why) = service.get("/readyz");
        code == 503 && why.contains("main")
    });
    assert_eq!(service.get("/healthz").0, 200);
    let _catcher = CatcherProcess::start_at(&workspace.path("mailbox"), port);
    eventually("it goes on", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    eventually("it is ready again", || service.get("/readyz").0 == 200);
}

#[test]
fn after_a_long_silence_it_asks() {
    let (workspace, _catcher) = newsroom(3600);
    let at = now() + SignedDuration::from_secs(3);
    let planned =
        workspace.dateline(&["send", EMBARGOED, "--to", "wires", "--at", &at.to_string()]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    // As after a night without a service: everything of it lies two hours back.
    workspace.sqlite(
        "UPDATE delivery_state SET due_at = due_at - 7200000000 WHERE phase = 'advance'; \
         UPDATE distribution SET record = json_set(record, '$.planned_at', '2026-01-01T00:00:00Z', '$.course.since', '2026-01-01T00:00:00Z'); \
         INSERT INTO heartbeat (one, at) SELECT 1, max(due_at) - 10000000000 FROM delivery;",
    );
    let service = ServiceProcess::start(&workspace);
    eventually("it is held", || status(&workspace)["course"] == "held");
    let held = status(&workspace);
    assert_eq!(held["cause"], "stale", "{held}");
    assert!(
        held["why"].as_str().unwrap().contains("nobody was there"),
        "{held}"
    );
    assert_eq!(in_state(&held, "accepted"), 0);
    assert_eq!(
        workspace
            .dateline(&["resume", "latest", "--why", "send it now"])
            .code,
        0
    );
    eventually("it is sent", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    drop(service);
}

/// A collector that keeps what is posted to it.
fn collector() -> (String, std::sync::mpsc::Receiver<Vec<u8>>) {
    use std::io::{BufRead, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (posted, got) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = std::io::BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length, mut head) = (String::new(), 0, Vec::new());
            while lines.read_line(&mut line).unwrap() > 2 {
                if let Some(octets) = line.to_lowercase().strip_prefix("content-length:") {
                    length = octets.trim().parse().unwrap();
                }
                head.extend(line.bytes());
                line.clear();
            }
            let mut body = vec![0; length];
            lines.read_exact(&mut body).unwrap();
            head.extend(body);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
            if posted.send(head).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}"), got)
}

#[test]
fn traces_reach_a_collector_and_name_nobody() {
    let (workspace, _catcher) = newsroom(3600);
    let (address, posted) = collector();
    let service =
        ServiceProcess::start_with(&workspace, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]);
    let soon = (now() + SignedDuration::from_secs(3)).to_string();
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "wires", "--at", &soon])
            .code,
        0
    );
    eventually("the advance copies are out", || {
        in_state(&status(&workspace), "accepted") > 5
    });
    // Whatever is still to be sent is sent at the end.
    assert_eq!(service.end(), 0);
    let posted: Vec<u8> = posted.try_iter().flatten().collect();
    let text = String::from_utf8_lossy(&posted);
    for word in [
        "POST /v1/traces",
        "delivery.id",
        "dlv_",
        "dst_",
        "relay.name",
        "outcome",
        "accepted",
    ] {
        assert!(text.contains(word), "{word} is missing");
    }
    assert!(!text.contains(".example"), "no address belongs here");
}

#[test]
fn the_unit_file_is_sound() {
    let unit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/dateline.service");
    let text = std::fs::read_to_string(&unit).unwrap();
    for hardening in [
        "Type=notify",
        "WatchdogSec=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "UMask=0077",
    ] {
        assert!(text.contains(hardening), "{hardening} is missing");
    }
    // The unit names the installed binary; the check needs one that exists.
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("dateline.service");
    std::fs::write(
        &copy,
        text.replace("/usr/local/bin/dateline", env!("CARGO_BIN_EXE_dateline")),
    )
    .unwrap();
    let said = crate::support::run(
        std::process::Command::new("systemd-analyze")
            .arg("verify")
            .arg(&copy),
    );
    assert_eq!(
        (said.code, said.err.as_str()),
        (0, ""),
        "{}{}",
        said.out,
        said.err
    );
}
