//! Schedules, approvals, agreements, embargoes and corrections, through the
//! command line.

use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, Said, Workspace, now};
use jiff::SignedDuration;
use serde_json::Value;
use std::time::{Duration, SystemTime};

fn newsroom() -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(3600);
    (workspace, catcher)
}

/// Refused, with these words, and nothing is planned.
fn refused(workspace: &Workspace, args: &[&str], words: &[&str]) {
    let before = workspace.sqlite("SELECT count(*) FROM delivery");
    let Said { code, err, .. } = workspace.dateline(args);
    assert_eq!(code, 2, "{args:?}: {err}");
    for word in words {
        assert!(err.contains(word), "{args:?}: {word:?} is not in {err:?}");
    }
    assert_eq!(workspace.sqlite("SELECT count(*) FROM delivery"), before);
}

#[test]
fn schedules_that_cannot_be_are_refused() {
    let (workspace, _catcher) = newsroom();
    let send = |more: &[&'static str]| [&["send", EMBARGOED, "--to", "wires"], more].concat();
    for (more, words) in [
        (
            &["--at", "2020-01-01 09:00"][..],
            &["2020-01-01 09:00 Europe/Zurich is in the past"][..],
        ),
        (&["--at", "tomorrow"], &["--at", "`tomorrow` is not a time"]),
        // The newsroom's clock goes over these, or shows them twice.
        (
            &["--at", "2027-03-28 02:30"],
            &["does not exist", "01:30:00+01:00", "03:30:00+02:00"],
        ),
        (
            &["--at", "2027-10-31 02:30"],
            &["happens twice", "02:30:00+02:00", "02:30:00+01:00"],
        ),
        (
            &["--at", "2027-03-28T02:30[Europe/Vienna]"],
            &["does not exist"],
        ),
        (
            &["--at-local", "9 o'clock"],
            &["--at-local", "expected `09:00`"],
        ),
        (&["--at-local", "2020-01-01 09:00"], &["in the past"]),
        (
            &["--window", "mon-fri 20:00-08:00"],
            &["--window", "closes before it opens"],
        ),
        (
            &["--not-after", "2020-01-01 09:00"],
            &["--not-after", "in the past"],
        ),
        (
            &["--on-lift", "--not-after", "2026-11-01 00:00"],
            &["in the past"],
        ),
        (
            &["--at", "2027-01-01 09:00", "--on-lift"],
            &["cannot be used with"],
        ),
        (&["--wave-gap", "soon"], &["is not a duration"]),
    ] {
        refused(&workspace, &send(more), words);
    }
    refused(
        &workspace,
        &["send", IMMEDIATE, "--to", "wires", "--on-lift"],
        &["no embargo"],
    );
    workspace.edit(&format!("releases/{EMBARGOED}/release.toml"), "[UTC]", "");
    refused(&workspace, &send(&[]), &["no time zone", "[Asia/Almaty]"]);
}

#[test]
fn the_audience_table_says_when_and_by_which_clock() {
    let (workspace, _catcher) = newsroom();
    // Late enough that a morning lies before it in every zone, whatever the hour.
    workspace.lift_in(2 * 24 * 3600);
    let (_, shown) = workspace.json(&[
        "audience",
        EMBARGOED,
        "--to",
        "wires",
        "central-asia",
        "--at-local",
        "09:00",
        "--wave-gap",
        "10m",
    ]);
    let included: Vec<&Value> = shown["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["verdict"] == "included")
        .collect();
    assert!(included.len() > 20);
    let lift = included
        .iter()
        .find_map(|row| row["early"]["lift"].as_str())
        .unwrap();
    let lift: jiff::Timestamp = lift.parse().unwrap();
    for row in &included {
        let at: jiff::Timestamp = row["not_before"].as_str().unwrap().parse().unwrap();
        let zone = row["zone"].as_str().unwrap();
        let local = at.in_tz(zone).unwrap();
        let wave = row["wave"].as_u64().unwrap();
        match row["phase"].as_str().unwrap() {
            "general" => assert!(at >= lift, "{row}"),
            "advance" => {
                let minute = if wave == 0 { "09:00" } else { "09:10" };
                assert!(
                    at < lift && local.strftime("%H:%M").to_string() == minute,
                    "{row}"
                );
            }
            other => panic!("{other}"),
        }
    }
    assert!(included.iter().any(|row| row["zone_from"] == "country"));
    let preview = workspace.dateline(&[
        "preview",
        EMBARGOED,
        "--to",
        "denis.korol@steppe-courier.example",
    ]);
    assert!(
        preview.out.contains("phase: general") && preview.out.contains("leaves:"),
        "{}",
        preview.out
    );
}

#[test]
fn an_approval_is_bound_to_what_was_approved() {
    let (workspace, _catcher) = newsroom();
    let text = workspace.read("dateline.toml");
    workspace.write(
        "dateline.toml",
        &format!("{text}\n[approval]\nembargoed = 2\n"),
    );
    let send = ["send", EMBARGOED, "--to", "wires"];
    let approve =
        |by: &'static str| workspace.dateline(&["approve", EMBARGOED, "--to", "wires", "--by", by]);
    refused(
        &workspace,
        &send,
        &[
            "needs the approval of 2 different people",
            "nobody has approved it",
        ],
    );
    assert_eq!(approve("vera").code, 0);
    refused(&workspace, &send, &["approved by vera alone"]);
    let twice = approve("vera");
    assert!(
        twice.code == 2 && twice.err.contains("another person"),
        "{}",
        twice.err
    );
    assert_eq!(approve("ivan").code, 0);
    // Any edit that a recipient could see voids both, and is named.
    let file = format!("releases/{EMBARGOED}/ru.md");
    let before = workspace.read(&file);
    workspace.write(&file, &format!("{before}\nЕщё одно предложение.\n"));
    refused(
        &workspace,
        &[&send[..], &["--parity-ok"]].concat(),
        &["by ivan", "is void", "variant ru changed"],
    );
    // That the other languages did not change with it is seen, too.
    refused(
        &workspace,
        &send,
        &[
            "ru changed since the last approval, the variant en did not",
            "--parity-ok",
        ],
    );
    workspace.write(&file, &before);
    // Another audience is another matter.
    refused(
        &workspace,
        &["send", EMBARGOED, "--to", "central-asia"],
        &["audience rule changed"],
    );
    workspace.edit(
        "segments.toml",
        "where = \"'wires' in contact.lists\"",
        "where = \"'wires' in contact.lists || contact.country == 'KZ'\"",
    );
    refused(&workspace, &send, &["audience rule changed"]);
    workspace.edit("segments.toml", " || contact.country == 'KZ'", "");
    let sent = workspace.dateline(&send);
    assert!(sent.code <= 1, "{}", sent.err);
    let entry = workspace.sqlite("SELECT line ->> '$.approved_by' FROM delivery_log WHERE line ->> '$.event' = 'distribution'");
    assert_eq!(entry.trim(), r#"["vera","ivan"]"#);
    // What is not under embargo needs none.
    assert!(
        workspace
            .dateline(&["send", IMMEDIATE, "--to", "wires"])
            .code
            <= 1
    );
}

#[test]
fn languages_that_are_not_level_block_until_noted() {
    let (workspace, _catcher) = newsroom();
    let old = std::fs::File::options()
        .append(true)
        .open(workspace.path(&format!("releases/{IMMEDIATE}/ru.md")))
        .unwrap();
    old.set_modified(
        SystemTime::UNIX_EPOCH + Duration::from_secs(now().as_second().unsigned_abs() - 3 * 3600),
    )
    .unwrap();
    let send = ["send", IMMEDIATE, "--to", "wires"];
    refused(
        &workspace,
        &send,
        &["the variant ru is", "older than", "--parity-ok"],
    );
    let text = workspace.read("dateline.toml");
    workspace.write(
        "dateline.toml",
        &format!("{text}\n[approval]\nparity = \"off\"\nlanguages = [\"pt\"]\n"),
    );
    refused(&workspace, &send, &["the variant pt is missing"]);
    let noted = workspace.dateline(&[&send[..], &["--parity-ok"]].concat());
    assert!(noted.code <= 1, "{}", noted.err);
}

#[test]
fn agreements_are_granted_and_revoked() {
    let (workspace, _catcher) = newsroom();
    let phase = |email: &str| {
        let (_, shown) = workspace.json(&["audience", EMBARGOED, "--to", "central-asia"]);
        let rows = shown["contacts"].as_array().unwrap().clone();
        rows.iter().find(|row| row["email"] == email).unwrap()["phase"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (denis, aliya) = (
        "denis.korol@steppe-courier.example",
        "aliya.sarsenova@almaty-evening.example",
    );
    assert_eq!(
        (phase(denis).as_str(), phase(aliya).as_str()),
        ("general", "advance")
    );
    let agreement = |args: &[&str]| {
        let said = workspace.dateline(&[&["agreement"], args].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said.out
    };
    agreement(&[
        "grant",
        "--contact",
        denis,
        "--since",
        "2026-01-01",
        "--note",
        "a letter",
        "--by",
        "vera",
    ]);
    assert_eq!(phase(denis), "advance");
    agreement(&["revoke", "--contact", denis]);
    assert_eq!(phase(denis), "general");
    // The name as the list has it, whatever its case.
    let outlet = "СТЕПНОЙ КУРЬЕР";
    agreement(&["grant", "--outlet", outlet]);
    assert_eq!(phase(denis), "general", "a person's own revocation stands");
    let listed = agreement(&["list"]);
    assert!(
        listed.contains("vera") && listed.contains("a letter") && listed.contains(outlet),
        "{listed}"
    );

    // What is planned and has not begun goes to the lift.
    let soon = (now() + SignedDuration::from_secs(600)).to_string();
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "central-asia", "--at", &soon])
            .code,
        0
    );
    let revoked = agreement(&["revoke", "--contact", aliya]);
    assert!(
        revoked.contains("1 planned advance deliveries wait for the lift now"),
        "{revoked}"
    );
    let moved = workspace.sqlite(&format!(
        "SELECT phase, due_at = permitted_from FROM delivery WHERE email = '{aliya}'"
    ));
    assert_eq!(moved.trim(), "general|1");
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    for bad in [
        &["grant", "--contact", "nobody"][..],
        &["grant"],
        &[
            "grant",
            "--contact",
            denis,
            "--since",
            "2026-02-01",
            "--until",
            "2026-01-01",
        ],
        &["revoke", "--outlet", " "],
    ] {
        assert_eq!(
            workspace.dateline(&[&["agreement"], bad].concat()).code,
            2,
            "{bad:?}"
        );
    }
}

#[test]
fn an_import_that_takes_an_agreement_back_stops_what_is_planned() {
    let (workspace, _catcher) = newsroom();
    let soon = (now() + SignedDuration::from_secs(600)).to_string();
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "central-asia", "--at", &soon])
            .code,
        0
    );
    let advance = || {
        workspace
            .sqlite("SELECT count(*) FROM delivery WHERE phase = 'advance'")
            .trim()
            .parse::<u64>()
            .unwrap()
    };
    assert!(advance() > 5);
    let mut csv = csv::Reader::from_path(workspace.path("contacts.csv")).unwrap();
    let header = csv.headers().unwrap().clone();
    let column = header
        .iter()
        .position(|name| name == "embargo_agreement")
        .unwrap();
    let mut out = csv::Writer::from_path(workspace.path("without.csv")).unwrap();
    out.write_record(&header).unwrap();
    for row in csv.records() {
        let row = row.unwrap();
        out.write_record(
            row.iter()
                .enumerate()
                .map(|(n, cell)| if n == column { "" } else { cell }),
        )
        .unwrap();
    }
    out.flush().unwrap();
    let said = workspace.dateline(&[
        "contacts",
        "import",
        &workspace.path("without.csv").display().to_string(),
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(advance(), 0);
}

#[test]
fn an_embargo_is_moved_by_command_alone() {
    let (workspace, _catcher) = newsroom();
    let send = ["send", EMBARGOED, "--to", "central-asia"];
    assert!(workspace.dateline(&send).code <= 1);
    let old = workspace.json(&["status", "latest"]).1;
    // An edit of the file does not move what is planned.
    workspace.lift_in(7200);
    refused(
        &workspace,
        &send,
        &[
            "release.toml says that the embargo lifts",
            "dateline embargo move",
        ],
    );
    let to = (now() + SignedDuration::from_secs(7200))
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S[UTC]")
        .to_string();
    refused(
        &workspace,
        &[
            "embargo",
            "move",
            "latest",
            "2027-03-28 02:30",
            "--why",
            "x",
        ],
        &["does not exist", "Europe/Zurich"],
    );
    refused(
        &workspace,
        &[
            "embargo",
            "move",
            "latest",
            "2020-01-01T09:00[UTC]",
            "--why",
            "x",
        ],
        &["has passed", "embargo lift"],
    );
    refused(
        &workspace,
        &["embargo", "move", "latest", &to, "--why", " "],
        &["--why is empty"],
    );
    let moved = workspace.dateline(&[
        "embargo",
        "move",
        "latest",
        &to,
        "--why",
        "the hearing was put off",
        "--by",
        "vera",
    ]);
    assert_eq!(moved.code, 0, "{}", moved.err);
    assert!(
        moved
            .out
            .contains("advance copies went out and name the old time"),
        "{}",
        moved.out
    );
    let new = workspace.json(&["status", "latest"]).1;
    assert_ne!(new["lift"], old["lift"]);
    let log = workspace.sqlite("SELECT line ->> '$.by', personal ->> '$.why' FROM delivery_log WHERE line ->> '$.event' = 'embargo_moved'");
    assert_eq!(log.trim(), "vera|the hearing was put off");
    let early = workspace.sqlite(
        "SELECT count(*) FROM delivery WHERE phase = 'general' AND due_at < permitted_from",
    );
    assert_eq!(early.trim(), "0");
    let notice = workspace.dateline(&["correct", EMBARGOED, "--notice", "embargo-moved"]);
    assert!(notice.code <= 1, "{}", notice.err);
    refused(
        &workspace,
        &["correct", EMBARGOED, "--notice", "lifted-early"],
        &["the embargo stands until"],
    );

    let first = old["id"].as_str().unwrap();
    let lifted = workspace.dateline(&["embargo", "lift", first, "--why", "it leaked"]);
    assert_eq!(lifted.code, 0, "{}", lifted.err);
    refused(
        &workspace,
        &["embargo", "move", first, &to, "--why", "x"],
        &["cannot be put under embargo again"],
    );
    workspace.lift_in(-1);
    let status = workspace.json(&["status", first]).1;
    assert_eq!(status["by_state"]["planned"], Value::Null, "{status}");
    assert!(
        workspace
            .dateline(&["correct", EMBARGOED, "--notice", "lifted-early"])
            .code
            <= 1
    );
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn a_correction_reaches_those_who_received_the_original() {
    let (workspace, _catcher) = newsroom();
    refused(
        &workspace,
        &["correct", IMMEDIATE, "--notice", "kill"],
        &["nobody has received"],
    );
    assert!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "central-asia"])
            .code
            <= 1
    );
    let received = workspace.json(&["status", "latest"]).1["by_state"]["accepted"]
        .as_u64()
        .unwrap();
    let corrected = workspace.dateline(&["correct", EMBARGOED, "--with", IMMEDIATE]);
    assert!(corrected.code <= 1, "{}", corrected.err);
    let status = workspace.json(&["status", "latest"]).1;
    assert_eq!(status["audience"]["included"].as_u64().unwrap(), received);
    assert_eq!(status["release"], IMMEDIATE);
    refused(
        &workspace,
        &["correct", EMBARGOED, "--with", "2099-nothing"],
        &["2099-nothing"],
    );
    refused(&workspace, &["correct", EMBARGOED], &["--notice"]);
}

#[test]
fn what_is_stale_expires() {
    let (workspace, _catcher) = newsroom();
    let (at, end) = (
        now() + SignedDuration::from_secs(2),
        now() + SignedDuration::from_secs(3),
    );
    let planned = workspace.dateline(&[
        "send",
        IMMEDIATE,
        "--to",
        "wires",
        "--at",
        &at.to_string(),
        "--not-after",
        &end.to_string(),
    ]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    // A second later than that, nobody is served any more.
    crate::support::eventually("it is stale", || now() > end);
    let late = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert_eq!(late.code, 1, "{}{}", late.out, late.err);
    let status = workspace.json(&["status", "latest"]).1;
    assert_eq!(
        status["by_state"]["expired"], status["audience"]["included"],
        "{status}"
    );
    assert!(workspace.mails().is_empty());
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn a_forecast_warns_of_a_lift_that_is_too_short() {
    let (workspace, _catcher) = newsroom();
    workspace.edit(
        "dateline.toml",
        "[relay.main]\n",
        "[relay.main]\nrate = 0.01\n",
    );
    let before = workspace.dateline(&["audience", EMBARGOED, "--to", "central-asia", "--on-lift"]);
    assert!(
        before.out.contains("WARNING: the relay's rate makes some"),
        "{}",
        before.out
    );
    let planned = workspace.dateline(&["send", EMBARGOED, "--to", "central-asia", "--on-lift"]);
    assert!(
        planned.err.contains("at 0.01 mails a second"),
        "{}",
        planned.err
    );
    let shown = workspace.dateline(&["status", "latest"]).out;
    assert!(
        shown.contains("the last will be through") && shown.contains("WARNING"),
        "{shown}"
    );
}

#[test]
fn a_rehearsal_goes_through_the_schedule_too() {
    let (workspace, _catcher) = newsroom();
    let (code, rehearsed) = workspace.json(&[
        "send",
        EMBARGOED,
        "--to",
        "wires",
        "central-asia",
        "--dry-run",
        "--on-lift",
        "--wave-gap",
        "1h",
    ]);
    assert!(code <= 1, "{rehearsed}");
    let included = rehearsed["distributions"][0]["audience"]["included"]
        .as_u64()
        .unwrap();
    assert!(
        rehearsed["dry_run"]["caught"].as_u64().unwrap() >= included - 2,
        "{rehearsed}"
    );
    assert_eq!(
        workspace.sqlite("SELECT count(*) FROM delivery").trim(),
        "0"
    );
}
