//! What must hold between the commands: one embargo a release, agreements that
//! end, doubt that is told of, clocks that do not show a time.

use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, Workspace, eventually, now};
use jiff::SignedDuration;
use serde_json::Value;

/// Whose reply to the final dot is lost; has an agreement.
const DOUBTFUL: &str = "drop-after-dot@rehearsal.example";
/// Has an agreement too.
const ALIYA: &str = "aliya.sarsenova@almaty-evening.example";

fn newsroom() -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(3600);
    (workspace, catcher)
}

fn said(workspace: &Workspace, args: &[&str]) -> String {
    let said = workspace.dateline(args);
    assert!(said.code <= 1, "{args:?}: {}", said.err);
    said.out + &said.err
}

/// Refused with these words, and nothing is planned.
fn refused(workspace: &Workspace, args: &[&str], words: &[&str]) {
    let before = workspace.sqlite("SELECT count(*) FROM delivery");
    let said = workspace.dateline(args);
    assert_eq!(said.code, 2, "{args:?}: {}{}", said.out, said.err);
    for word in words {
        assert!(
            said.err.contains(word),
            "{args:?}: {word:?} is not in {:?}",
            said.err
        );
    }
    assert_eq!(workspace.sqlite("SELECT count(*) FROM delivery"), before);
}

/// An instant so many seconds from now, as RFC 9557 writes it.
fn hence(seconds: i64) -> String {
    let at = now() + SignedDuration::from_secs(seconds);
    let at = at.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    at.strftime("%Y-%m-%dT%H:%M:%S[UTC]").to_string()
}

/// The lifts of all distributions, each once.
fn lifts(workspace: &Workspace) -> Vec<String> {
    let (_, shown) = workspace.json(&["status"]);
    let all = shown["distributions"].as_array().unwrap();
    let mut lifts: Vec<_> = all.iter().map(|one| one["lift"].to_string()).collect();
    lifts.sort_unstable();
    lifts.dedup();
    lifts
}

#[test]
fn a_release_has_one_embargo() {
    let (workspace, _catcher) = newsroom();
    said(&workspace, &["send", EMBARGOED, "--to", "wires"]);
    let first = workspace.json(&["status", "latest"]).1["id"].clone();
    let first = first.as_str().unwrap();
    said(&workspace, &["send", EMBARGOED, "--to", "central-asia"]);
    said(
        &workspace,
        &["hold", "latest", "--why", "a name is in doubt"],
    );
    let second = workspace.json(&["status", "latest"]).1["id"].clone();
    let second = second.as_str().unwrap();

    // Another lift, or none any more, is no lift for a third audience.
    let third = ["send", EMBARGOED, "--to", "environment"];
    workspace.lift_in(60);
    refused(
        &workspace,
        &third,
        &["release.toml says", "one embargo", "dst_"],
    );
    refused(
        &workspace,
        &[&third[..], &["--dry-run"]].concat(),
        &["one embargo"],
    );
    let file = format!("releases/{EMBARGOED}/release.toml");
    let text = workspace.read(&file);
    let (before, rest) = text.split_once("[embargo]").unwrap();
    let (_, after) = rest.split_once("[dateline]").unwrap();
    workspace.write(&file, &format!("{before}[dateline]{after}"));
    refused(
        &workspace,
        &third,
        &["release.toml names no embargo", "dst_"],
    );
    workspace.write(&file, &text);

    // A move reaches both, the held one too, and says so.
    let later = hence(7200);
    let moved = said(
        &workspace,
        &["embargo", "move", first, &later, "--why", "put off"],
    );
    assert!(moved.contains(first) && moved.contains(second), "{moved}");
    assert_eq!(lifts(&workspace).len(), 1);
    let early = "SELECT count(*) FROM delivery WHERE phase = 'general' AND due_at < permitted_from";
    assert_eq!(workspace.sqlite(early).trim(), "0");
    // Once the folder says so too, a third one goes with them.
    workspace.lift_in(7200);
    let text = workspace.read(&file);
    let line = text.lines().find(|line| line.starts_with("until = "));
    workspace.edit(&file, line.unwrap(), &format!("until = \"{later}\""));
    said(&workspace, &third);
    // And a lift ends it for all.
    let lifted = said(
        &workspace,
        &["embargo", "lift", second, "--why", "it leaked"],
    );
    assert_eq!(lifted.matches("the embargo of dst_").count(), 3, "{lifted}");
    assert_eq!(lifts(&workspace).len(), 1);
    refused(
        &workspace,
        &["embargo", "lift", first, "--why", "again"],
        &["cannot be put under embargo again"],
    );
    said(&workspace, &["log", "verify"]);
}

#[test]
fn early_copies_alone_bind_a_release_too() {
    let (workspace, _catcher) = newsroom();
    // All of these have an agreement: nothing of it waits any more.
    let mut csv = "email,name,languages,lists,embargo_agreement\n".to_owned();
    csv.push_str("a@early.example,A,en,early,yes\nb@late.example,B,en,late,\n");
    workspace.write("two.csv", &csv);
    let file = workspace.path("two.csv").display().to_string();
    said(&workspace, &["contacts", "import", &file]);
    said(&workspace, &["send", EMBARGOED, "--to", "list:early"]);
    assert_eq!(workspace.mails().len(), 1);
    workspace.lift_in(1);
    refused(
        &workspace,
        &["send", EMBARGOED, "--to", "list:late"],
        &["one embargo", "embargo move"],
    );
    // Killed, it binds nobody.
    said(&workspace, &["kill", "latest", "--why", "withdrawn"]);
    said(&workspace, &["send", EMBARGOED, "--to", "list:late"]);
}

#[test]
fn what_is_in_doubt_under_a_revoked_agreement_waits_for_the_lift() {
    let (workspace, _catcher) = newsroom();
    let send = ["send", EMBARGOED, "--to", "list:rehearsal"];
    said(&workspace, &send);
    let (_, listed) = workspace.json(&["in-doubt", "list"]);
    let doubtful = &listed["in_doubt"][0];
    assert_eq!(doubtful["email"], DOUBTFUL);
    let id = doubtful["delivery"].as_str().unwrap();
    // Whatever else waits is through or waits for the lift: this alone is left.
    workspace.sqlite("DELETE FROM heartbeat");
    let revoked = said(&workspace, &["agreement", "revoke", "--contact", DOUBTFUL]);
    assert!(revoked.contains("wait for the lift now"), "{revoked}");
    let mails = workspace.mails().len();
    said(&workspace, &["in-doubt", "resend", id]);
    said(&workspace, &send);
    let row = workspace.sqlite(&format!(
        "SELECT phase, due_at = permitted_from, attempts FROM delivery WHERE id = '{id}'"
    ));
    assert_eq!(row.trim(), "general|1|1");
    let ours = |mail: &String| mail.contains(&format!("Message-ID: <{id}"));
    assert_eq!(
        workspace.mails().iter().filter(|mail| ours(mail)).count(),
        1
    );
    assert!(
        workspace.mails().len() <= mails + 1,
        "only a retry may be through"
    );
    said(&workspace, &["log", "verify"]);
}

#[test]
fn a_correction_under_embargo_asks_for_agreements() {
    let (workspace, _catcher) = newsroom();
    said(&workspace, &["send", EMBARGOED, "--to", "central-asia"]);
    let received = workspace.json(&["status", "latest"]).1["by_state"]["accepted"].clone();
    assert!(received.as_u64().unwrap() > 3);
    said(&workspace, &["agreement", "revoke", "--contact", ALIYA]);
    // A correction with an embargo of its own.
    let (from, to) = (
        workspace.path(&format!("releases/{IMMEDIATE}")),
        workspace.path("releases/2027-03-12-correction"),
    );
    std::fs::create_dir(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    let file = "releases/2027-03-12-correction/release.toml";
    workspace.edit(file, IMMEDIATE, "2027-03-12-correction");
    let embargo = format!("[embargo]\nuntil = \"{}\"\n\n[dateline]", hence(3600));
    workspace.edit(file, "[dateline]", &embargo);
    said(
        &workspace,
        &["correct", EMBARGOED, "--with", "2027-03-12-correction"],
    );
    let phase = |email: &str| {
        workspace.sqlite(&format!(
            "SELECT phase, state FROM delivery WHERE email = '{email}' AND plan ->> '$.replies_to' IS NOT NULL"
        ))
    };
    assert_eq!(phase(ALIYA).trim(), "general|planned");
    let early = workspace.sqlite(
        "SELECT count(*) FROM delivery WHERE phase = 'advance' AND state = 'accepted' AND plan ->> '$.replies_to' IS NOT NULL",
    );
    assert!(early.trim().parse::<u64>().unwrap() > 1, "{early}");
    // A notice says nothing of the news, so she has it at once.
    let later = hence(7200);
    let first =
        workspace.sqlite("SELECT id FROM distribution WHERE record ->> '$.follows' IS NULL");
    said(
        &workspace,
        &["embargo", "move", first.trim(), &later, "--why", "put off"],
    );
    said(
        &workspace,
        &["correct", EMBARGOED, "--notice", "embargo-moved"],
    );
    let told = workspace.sqlite(&format!(
        "SELECT delivery.state FROM delivery JOIN distribution ON distribution.id = delivery.distribution \
         WHERE email = '{ALIYA}' AND record ->> '$.release' LIKE '%.embargo-moved.%'"
    ));
    assert_eq!(told.trim(), "accepted");
}

#[test]
fn a_notice_says_who_is_in_doubt_and_may_reach_them() {
    let (workspace, _catcher) = newsroom();
    said(&workspace, &["send", EMBARGOED, "--to", "list:rehearsal"]);
    let killed = said(&workspace, &["kill", "latest", "--why", "withdrawn"]);
    assert!(killed.contains("1 are in doubt"), "{killed}");
    let correct = ["correct", EMBARGOED, "--notice", "kill"];
    let told = workspace.dateline(&correct);
    assert!(
        told.err
            .contains("1 recipient(s) are in doubt and left out")
            || told.err.contains("--in-doubt tells them"),
        "{}",
        told.err
    );
    let told = said(&workspace, &[&correct[..], &["--in-doubt"]].concat());
    assert!(!told.contains("left out"), "{told}");
    let threaded = workspace.sqlite(&format!(
        "SELECT count(*) FROM delivery AS told JOIN delivery AS original ON original.id = told.plan ->> '$.replies_to' \
         WHERE told.email = '{DOUBTFUL}' AND original.email = '{DOUBTFUL}'"
    ));
    assert_eq!(threaded.trim(), "1");
}

#[test]
fn a_local_time_that_some_clocks_do_not_show_is_refused() {
    let (workspace, _catcher) = newsroom();
    let csv = "email,name,languages,time_zone,lists\n\
        a@clocks.example,A,en,Europe/Vienna,clocks\nb@clocks.example,B,en,Europe/Vienna,clocks\n\
        c@clocks.example,C,en,America/New_York,clocks\nd@clocks.example,D,en,Asia/Almaty,clocks\n";
    workspace.write("clocks.csv", csv);
    let file = workspace.path("clocks.csv").display().to_string();
    said(&workspace, &["contacts", "import", &file]);
    let order = |command, time| {
        [
            command,
            IMMEDIATE,
            "--to",
            "list:clocks",
            "--at-local",
            time,
        ]
    };
    let gap = "2027-03-28 02:30";
    refused(
        &workspace,
        &order("send", gap),
        &[
            "2 contacts",
            "Europe/Vienna",
            "2027-03-28T01:30:00+01:00",
            "2027-03-28T03:30:00+02:00",
            "nothing was planned",
        ],
    );
    // Shown twice in New York.
    refused(
        &workspace,
        &order("send", "2027-11-07 01:30"),
        &["1 contact:", "America/New_York", "-04:00", "-05:00"],
    );
    let audience = said(&workspace, &order("audience", gap));
    assert!(
        audience.contains("WARNING: --at-local") && audience.contains("2 contacts"),
        "{audience}"
    );
    said(&workspace, &order("send", "2027-03-28 04:30"));
}

#[test]
fn what_a_grant_names_and_nobody_knows_is_remarked_on() {
    let (workspace, _catcher) = newsroom();
    let grant = |args: &[&str]| said(&workspace, &[&["agreement", "grant"], args].concat());
    for (args, remark) in [
        (
            &["--contact", "nobody@nowhere.example"][..],
            "there is no contact nobody@nowhere.example",
        ),
        (&["--outlet", "Stepe Post"], "outlet named Stepe Post"),
        (
            &["--contact", ALIYA, "--release", "2099-nothing"],
            "there is no release 2099-nothing",
        ),
    ] {
        let remarked = grant(args);
        assert!(
            remarked.contains(remark) && remarked.contains("recorded all the same"),
            "{remarked}"
        );
    }
    let known = grant(&["--contact", ALIYA, "--release", EMBARGOED]);
    assert!(!known.contains("warning"), "{known}");
    let (_, listed) = workspace.json(&["agreement", "list"]);
    assert_eq!(listed["agreements"].as_array().map(Vec::len), Some(4));
}

#[test]
fn an_approval_holds_for_the_languages_that_each_reader_sees() {
    let (workspace, _catcher) = newsroom();
    let text = workspace.read("dateline.toml");
    workspace.write(
        "dateline.toml",
        &format!("{text}\n[approval]\nembargoed = 2\n"),
    );
    let send = ["send", EMBARGOED, "--to", "wires"];
    let approve =
        |by: &str| workspace.dateline(&["approve", EMBARGOED, "--to", "wires", "--by", by]);
    assert_eq!(approve("Vera Ivanova").code, 0);
    // One person in two spellings is one person.
    for spelling in ["vera  ivanova ", "VERA IVANOVA"] {
        let twice = approve(spelling);
        assert!(
            twice.code == 2 && twice.err.contains("another person"),
            "{}",
            twice.err
        );
    }
    refused(&workspace, &send, &["approved by Vera Ivanova alone"]);
    assert_eq!(approve("ivan").code, 0);
    // Every reader would see other variants than those who approved it thought.
    let (before, from) = (workspace.read("dateline.toml"), "variants = \"preferred\"");
    assert!(before.contains(from));
    workspace.edit("dateline.toml", from, "variants = \"stacked\"");
    refused(&workspace, &send, &["is void", "language policy changed"]);
    workspace.write("dateline.toml", &before);
    said(&workspace, &send);
}

#[test]
fn a_service_need_not_listen() {
    let (workspace, _catcher) = newsroom();
    let mut child = workspace
        .command(&["serve", "--listen", "off"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let soon = (now() + SignedDuration::from_secs(3)).to_string();
    said(
        &workspace,
        &["send", IMMEDIATE, "--to", "wires", "--at", &soon],
    );
    eventually("it sends all the same", || {
        let status = workspace.json(&["status", "latest"]).1;
        status["by_state"]["accepted"] != Value::Null
    });
    drop(child.kill());
    let log = child.wait_with_output().unwrap().stderr;
    assert!(!String::from_utf8_lossy(&log).contains("health and metrics"));
}
