//! Mail that comes back: from a real sending, through the command line.

use crate::support::{CatcherProcess, IMMEDIATE, Said, ServiceProcess, Workspace, eventually};
use serde_json::Value;
use std::io::{BufRead, Write};
use std::process::Stdio;

/// A mail that went out, by its envelope.
struct Sent {
    from: String,
    to: String,
    message_id: String,
}

/// A newsroom whose release is out, sent by a service to a catcher.
fn sent(bounces: &str) -> (Workspace, Vec<Sent>) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    let text = workspace.read("dateline.toml");
    workspace.write("dateline.toml", &format!("{text}\n{bounces}\n"));
    let service = ServiceProcess::start(&workspace);
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "environment"]);
    // The sample has an address that refuses for good.
    assert!(matches!(said.code, 0 | 1), "{}", said.err);
    eventually("everything is settled", || {
        let state = &workspace.json(&["status", "latest"]).1["by_state"];
        let open = ["planned", "due", "claimed", "deferred"];
        let open = open.iter().filter_map(|name| state[*name].as_u64());
        open.sum::<u64>() == 0
    });
    assert_eq!(service.end(), 0);
    let mails = mails(&workspace);
    assert!(mails.len() > 5);
    (workspace, mails)
}

fn mails(workspace: &Workspace) -> Vec<Sent> {
    let files = std::fs::read_dir(workspace.path("mailbox")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let envelopes = paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let mut all: Vec<_> = envelopes
        .map(|path| {
            let envelope: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let mail = std::fs::read_to_string(path.with_extension("eml")).unwrap();
            let id = mail
                .lines()
                .find_map(|line| line.strip_prefix("Message-ID: "));
            Sent {
                from: envelope["mail_from"].as_str().unwrap().to_owned(),
                to: envelope["rcpt_to"][0].as_str().unwrap().to_owned(),
                message_id: id.unwrap().to_owned(),
            }
        })
        .collect();
    // What the sample's misbehaving addresses got is in doubt, or went out twice.
    all.retain(|mail| !mail.to.ends_with("@rehearsal.example"));
    all.sort_by(|one, other| one.to.cmp(&other.to));
    all
}

/// A notification: to an address, of one, with a status, and a returned header.
fn dsn(to: &str, of: &str, action: &str, status: &str, returned: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: <{to}>\nMessage-ID: <{of}.{status}.{action}@mx.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nIt did not arrive.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {of}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} <{of}> no\n\n\
         --b\nContent-Type: text/rfc822-headers\n\n{returned}Subject: Levels\n\n--b--\n"
    )
}

/// Takes a message in from standard input.
fn pipe(workspace: &Workspace, message: &str) -> Value {
    let args = ["--format", "json", "bounce", "ingest"];
    let mut child = workspace
        .command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(message.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn by_state(workspace: &Workspace, state: &str) -> u64 {
    let status = workspace.json(&["status", "latest"]).1;
    status["by_state"][state].as_u64().unwrap_or(0)
}

fn verified(workspace: &Workspace) {
    let Said { code, out, err } = workspace.dateline(&["log", "verify"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn a_bounce_to_a_signed_return_path_moves_its_delivery_and_bars_its_address() {
    let (workspace, mails) = sent("[bounces]\naddress = \"bounces@two-banks.example\"");
    let paths: std::collections::BTreeSet<_> = mails.iter().map(|mail| &mail.from).collect();
    assert_eq!(paths.len(), mails.len(), "each has a path of its own");
    let before = by_state(&workspace, "accepted");
    let one = &mails[0];
    assert!(one.from.starts_with("bounces+"), "{}", one.from);
    // The receiver's server names another mailbox: the path tells which it is.
    let report = dsn(
        &one.from.to_uppercase(),
        "forwarded@elsewhere.example",
        "failed",
        "5.1.1",
        "",
    );
    let taken = pipe(&workspace, &report);
    assert_eq!(
        (&taken["bounced"], &taken["barred"]),
        (&1.into(), &1.into()),
        "{taken}"
    );
    let taken = pipe(
        &workspace,
        &format!("From MAILER-DAEMON Thu Mar 11 09:00:00 2027\n{report}"),
    );
    assert_eq!(
        (&taken["known"], &taken["bounced"]),
        (&1.into(), &0.into()),
        "{taken}"
    );
    assert_eq!(by_state(&workspace, "bounced"), 1);
    assert_eq!(by_state(&workspace, "accepted"), before - 1);
    verified(&workspace);
    let told = workspace.json(&["bounce", "list"]).1;
    let told = &told["bounces"][0];
    assert_eq!(told["email"], one.to.as_str(), "{told}");
    assert_eq!(
        (&told["kind"], &told["class"]),
        (&"hard".into(), &"mailbox-unknown".into())
    );
    assert_eq!(told["evidence"], "return-path");
    let print = told["fingerprint"].as_str().unwrap();
    let shown = workspace.dateline(&["bounce", "show", print]);
    assert!(shown.out.contains("forwarded@elsewhere.example"));
    // The log tells it, and names nobody in its line.
    let line = workspace.sqlite("SELECT line FROM delivery_log WHERE line ->> 'event' = 'bounced'");
    assert!(line.contains("\"class\":\"mailbox-unknown\""), "{line}");
    assert!(!line.contains('@'), "{line}");
    // Nobody writes to it again.
    let audience = workspace
        .json(&["audience", IMMEDIATE, "--to", "environment"])
        .1;
    let mut contacts = audience["contacts"].as_array().unwrap().iter();
    let row = contacts
        .find(|row| row["email"] == one.to.as_str())
        .unwrap();
    assert!(row.to_string().contains("hard-bounce"), "{row}");
}

#[test]
fn a_report_that_is_sooner_than_the_relays_word_waits_for_it() {
    let (workspace, mails) = sent("[bounces]\naddress = \"bounces@two-banks.example\"");
    let one = &mails[0];
    let id = one.message_id.trim_start_matches('<').split('@').next();
    let id = id.unwrap();
    let told = |state: &str, lease: &str| {
        workspace.sqlite(&format!(
            "UPDATE delivery_state SET state = '{state}', lease = {lease} WHERE id = '{id}'"
        ));
    };
    // As long as the outcome is not written, the mail is being handed over.
    let lease = dateline::domain::ids::LeaseToken::from_parts(1, 1);
    told("claimed", &format!("'{lease}'"));
    let mut child = workspace
        .command(&["-v", "--format", "json", "bounce", "ingest"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let report = dsn(&one.from, &one.to, "failed", "5.1.1", "");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(report.as_bytes()).unwrap();
    drop(stdin);
    let lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = lines
        .map_while(Result::ok)
        .any(|line| line.contains("wait for it"));
    assert!(waits, "it does not wait");
    told("accepted", "NULL");
    let output = child.wait_with_output().unwrap();
    let taken: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&taken["bounced"], &taken["barred"]),
        (&1.into(), &1.into()),
        "{taken}"
    );
    assert_eq!(by_state(&workspace, "bounced"), 1);
    verified(&workspace);
}

#[test]
fn a_forged_bounce_changes_nothing() {
    let (workspace, mails) = sent("[bounces]\naddress = \"bounces@two-banks.example\"");
    let (one, other) = (&mails[0], &mails[1]);
    // One delivery's name under another's signature.
    let (name, _) = one.from.split_once('-').unwrap();
    let (_, rest) = other.from.split_once('-').unwrap();
    let forged = dsn(&format!("{name}-{rest}"), &one.to, "failed", "5.1.1", "");
    let taken = pipe(&workspace, &forged);
    assert_eq!(
        (&taken["bounced"], &taken["barred"]),
        (&0.into(), &0.into()),
        "{taken}"
    );
    assert_eq!(taken["kept"]["hard"], 1, "kept, for a person to look at");
    assert_eq!(by_state(&workspace, "bounced"), 0);
    verified(&workspace);
}

#[test]
fn what_comes_back_is_told_apart_whatever_it_comes_in() {
    let (workspace, mails) = sent("[bounces]\nsoft = 2\nwithin = \"10d\"");
    assert!(
        mails
            .iter()
            .all(|mail| mail.from == "press@two-banks.example")
    );
    let returned = |mail: &Sent| format!("Message-ID: {}\n", mail.message_id);
    let ours = "press@two-banks.example";
    let hard = dsn(ours, &mails[0].to, "failed", "5.1.1", &returned(&mails[0]));
    let soft = dsn(ours, &mails[1].to, "failed", "5.2.2", &returned(&mails[1]));
    let delay = dsn(ours, &mails[2].to, "delayed", "4.4.1", &returned(&mails[2]));
    let complaint = format!(
        "From: feedback@provider.example\nTo: {ours}\nMessage-ID: <c@provider.example>\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
         --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n\
         --b\nContent-Type: message/rfc822\n\n{}\n--b--\n",
        returned(&mails[3])
    );
    let away = format!(
        "From: <{}>\nTo: {ours}\nSubject: Automatic reply: Levels\nAuto-Submitted: auto-replied\nIn-Reply-To: {}\n\nAway.\n",
        mails[4].to, mails[4].message_id
    );
    let human = format!(
        "From: <{}>\nTo: {ours}\nSubject: Re: Levels\n\nThank you.\n",
        mails[4].to
    );
    let from = "From x Thu Mar 11 09:00:00 2027\n";
    workspace.write(
        "bounces.mbox",
        &format!("{from}{hard}\n{from}{soft}\n{from}{human}\n"),
    );
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(workspace.path("Maildir").join(part)).unwrap();
    }
    workspace.write("Maildir/new/1.a", &delay);
    workspace.write("Maildir/cur/2.b:2,S", &complaint);
    workspace.write("Maildir/cur/3.c:2,", &away);
    let files = ["bounces.mbox", "Maildir"].map(|name| workspace.path(name).display().to_string());
    let ask = ["bounce", "ingest", &files[0], &files[1]];
    let (code, taken) = workspace.json(&ask);
    assert_eq!(
        (code, &taken["messages"], &taken["unknown"]),
        (0, &6.into(), &1.into()),
        "{taken}"
    );
    for kind in ["hard", "soft", "delayed", "complaint", "auto-reply"] {
        assert_eq!(taken["kept"][kind], 1, "{kind}: {taken}");
    }
    assert_eq!(
        (&taken["bounced"], &taken["barred"]),
        (&2.into(), &2.into()),
        "{taken}"
    );
    let bars = workspace.sqlite("SELECT email, reason FROM suppression ORDER BY reason");
    assert_eq!(
        bars.trim(),
        format!("{}|complaint\n{}|hard-bounce", mails[3].to, mails[0].to)
    );
    verified(&workspace);
    // All of it again: nothing more.
    let taken = workspace.json(&ask).1;
    assert_eq!(
        (&taken["known"], &taken["bounced"]),
        (&5.into(), &0.into()),
        "{taken}"
    );
    assert_eq!(by_state(&workspace, "bounced"), 2);
}

#[test]
fn bad_input_is_told() {
    let workspace = Workspace::new();
    let said = workspace.dateline(&["bounce", "ingest", "missing.eml"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot read missing.eml"), "{}", said.err);
    let folder = workspace.path("releases").display().to_string();
    let said = workspace.dateline(&["bounce", "ingest", &folder]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("is no Maildir"), "{}", said.err);
    let said = workspace.dateline(&["bounce", "show", "nothing"]);
    assert_eq!(said.code, 2);
    let said = workspace.dateline(&["bounce", "ingest"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("0 message(s) read"), "{}", said.out);
    for (lines, part) in [
        ("address = \"no address\"", "is not a mail address"),
        ("address = \"a+b@two-banks.example\"", "has a `+`"),
        ("soft = 0", "bounces.soft"),
        ("within = \"soon\"", "is not a duration"),
        ("adress = \"b@two-banks.example\"", "did you mean `address`"),
    ] {
        let workspace = Workspace::new();
        let text = workspace.read("dateline.toml");
        workspace.write("dateline.toml", &format!("{text}\n[bounces]\n{lines}\n"));
        let said = workspace.dateline(&["check"]);
        assert_eq!(said.code, 2, "{lines}");
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains(part), "{lines}: {told}");
    }
}
