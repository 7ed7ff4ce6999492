//! Round trips through real mail servers: Dateline hands a release to Postfix,
//! Dovecot keeps it or refuses it, Postfix reports that, and Dateline reads the
//! report: from a mailbox over IMAP, or over LMTP.

use crate::cluster::free_port;
use crate::post_office::{PASSWORD, PostOffice};
use crate::support::{CatcherProcess, IMMEDIATE, Said, ServiceProcess, Workspace, eventually, now};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

const ANNA: &str = "anna@gazette.example";
const FULL: &str = "full@gazette.example";
const GONE: &str = "gone@gazette.example";

/// A newsroom with three contacts at the gazette, whose relay is the office's
/// Postfix, with further tables.
fn newsroom(office: &PostOffice, further: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", office.smtp));
    workspace.edit("dateline.toml", "opt_out = ", "# opt_out = ");
    let text = workspace.read("dateline.toml");
    let bounces = "[bounces]\naddress = \"bounces@two-banks.example\"\nsoft = 2\n";
    workspace.write("dateline.toml", &format!("{text}\n{bounces}\n{further}\n"));
    let rows: String = [ANNA, FULL, GONE]
        .iter()
        .map(|email| format!("{email},environment,en\n"))
        .collect();
    workspace.write("gazette.csv", &format!("email,beats,languages\n{rows}"));
    let file = workspace.path("gazette.csv").display().to_string();
    let said = workspace.dateline(&["contacts", "import", &file]);
    assert_eq!(said.code, 0, "{}", said.err);
    workspace
}

/// The mailbox at an office, as a table of dateline.toml; the password is in a
/// file for its owner alone.
fn mailbox(office: &PostOffice, lines: &str) -> String {
    let port = office.imaps;
    format!(
        "[bounces.imap]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"implicit\"\nca_file = \"ca.pem\"\nusername = \"bounces\"\npassword_file = \"imap.password\"\n{lines}\n"
    )
}

fn with_mailbox(office: &PostOffice, lines: &str) -> Workspace {
    with_table(office, &mailbox(office, lines))
}

fn with_table(office: &PostOffice, table: &str) -> Workspace {
    let workspace = newsroom(office, "");
    workspace.write("ca.pem", &office.ca);
    workspace.write("imap.password", &format!("{PASSWORD}\n"));
    protect(&workspace, 0o600);
    let text = workspace.read("dateline.toml");
    workspace.write("dateline.toml", &format!("{text}\n{table}"));
    workspace
}

fn protect(workspace: &Workspace, mode: u32) {
    let file = workspace.path("imap.password");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Sends the release to all three, once more where they had it.
fn send(workspace: &Workspace) {
    let ask = [
        "send",
        IMMEDIATE,
        "--to",
        "environment",
        "--again",
        "--wait",
    ];
    let said = workspace.dateline(&ask);
    // A report may be there before the command has ended.
    assert!(matches!(said.code, 0 | 1), "{}{}", said.out, said.err);
}

/// How each delivery of each release stands, by address.
fn states(workspace: &Workspace) -> String {
    workspace.sqlite(
        "SELECT plan.email, state.state FROM delivery_plan AS plan JOIN delivery_state AS state ON state.n = plan.n ORDER BY plan.n, plan.email",
    )
}

fn bars(workspace: &Workspace) -> String {
    workspace.sqlite("SELECT email, reason FROM suppression ORDER BY email")
}

fn reports(workspace: &Workspace) -> Vec<Value> {
    let all = workspace.json(&["bounce", "list"]).1;
    all["bounces"].as_array().unwrap().clone()
}

fn report_of<'r>(reports: &'r [Value], email: &str) -> &'r Value {
    reports.iter().find(|one| one["email"] == email).unwrap()
}

fn verified(workspace: &Workspace) {
    let Said { code, out, err } = workspace.dateline(&["log", "verify"]);
    assert_eq!(code, 0, "{out}{err}");
}

/// Sends a mail as anybody may.
fn write_mail(office: &PostOffice, from: &str, to: &str, subject: &str) {
    let stream = TcpStream::connect(("127.0.0.1", office.smtp)).unwrap();
    let text = format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\r\nPlease.\r\n.");
    let (mail, rcpt) = (format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>"));
    let talk = ["HELO a.example", &mail, &rcpt, "DATA", &text, "QUIT"];
    let codes = converse(&stream, &talk);
    assert_eq!(codes, [220, 250, 250, 250, 354, 250, 221]);
}

/// Says one thing after the other, and gives the code of each answer.
fn converse(stream: &TcpStream, talk: &[&str]) -> Vec<u16> {
    let mut lines = BufReader::new(stream).lines();
    let mut answer = || loop {
        let line = lines.next().unwrap().unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line[..3].parse().unwrap();
        }
    };
    let mut codes = vec![answer()];
    for line in talk {
        write!(&mut &*stream, "{line}\r\n").unwrap();
        codes.push(answer());
    }
    codes
}

/// The subject that the link to opt out by mail fills in.
fn opt_out_subject(mail: &str) -> String {
    let link = mail.split_once("<mailto:bounces@two-banks.example?subject=");
    let (_, rest) = link.unwrap();
    rest.split_once('>').unwrap().0.replace("%20", " ")
}

#[test]
fn bounces_come_home_through_a_mailbox() {
    let office = PostOffice::open();
    // It is looked into once an hour: what comes sooner, the server tells of.
    let workspace = with_mailbox(&office, "poll = \"1h\"");
    let mut service = ServiceProcess::start(&workspace);
    let open = service.sooner_or_later("the mailbox is open");
    assert!(open.contains("\"tells_news\":true"), "{open}");
    send(&workspace);
    eventually("both reports are taken in", || {
        reports(&workspace).len() == 2
    });
    assert_eq!(
        states(&workspace),
        format!("{ANNA}|accepted\n{FULL}|bounced\n{GONE}|bounced\n")
    );
    assert_eq!(bars(&workspace), format!("{GONE}|hard-bounce\n"));
    let told = reports(&workspace);
    for (email, kind, class, words) in [
        (GONE, "hard", "mailbox-unknown", "User doesn't exist"),
        (FULL, "soft", "mailbox-full", "Quota exceeded"),
    ] {
        let report = report_of(&told, email);
        assert_eq!(
            (&report["kind"], &report["class"]),
            (&kind.into(), &class.into())
        );
        assert_eq!(report["evidence"], "return-path");
        let print = report["fingerprint"].as_str().unwrap();
        let kept = workspace.dateline(&["bounce", "show", print]);
        assert!(kept.out.contains(words), "{}", kept.out);
        assert!(kept.out.contains("Undelivered Mail Returned to Sender"));
    }
    verified(&workspace);

    // The mailbox goes away and comes back, and with it a second soft bounce.
    let open = |service: &ServiceProcess| {
        let metrics = service.get("/metrics").1;
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("dateline_mailbox_open "));
        line.unwrap().starts_with('1')
    };
    assert!(open(&service));
    office.close_mailboxes();
    service.wait_for("cannot read the mailbox");
    assert!(!open(&service));
    office.open_mailboxes();
    service.wait_for("the mailbox is open");
    send(&workspace);
    eventually("the third report is taken in", || {
        reports(&workspace).len() == 3
    });
    assert_eq!(
        bars(&workspace),
        format!("{FULL}|soft-bounces\n{GONE}|hard-bounce\n")
    );
    assert_eq!(service.end(), 0);

    // What was handled is not handled again, by whomever.
    let (code, taken) = workspace.json(&["bounce", "fetch"]);
    assert_eq!((code, &taken["messages"]), (0, &0.into()), "{taken}");
    let unread = office.mails("bounces", "");
    assert_eq!(unread.len(), 3);
    assert!(
        unread.iter().all(|(_, marks)| !marks.contains('S')),
        "people see them as new"
    );
    // And where it is, it is known.
    workspace.edit("dateline.toml", "poll = \"1h\"", "handled = \"seen\"");
    let taken = workspace.json(&["bounce", "fetch"]).1;
    assert_eq!(
        (&taken["messages"], &taken["known"]),
        (&3.into(), &3.into()),
        "{taken}"
    );
    let taken = workspace.json(&["bounce", "fetch"]).1;
    assert_eq!(taken["messages"], 0, "{taken}");
    verified(&workspace);
}

#[test]
fn a_reader_opts_out_by_mail_with_the_word_of_their_own_mail_alone() {
    let office = PostOffice::open();
    let workspace = with_mailbox(&office, "handled = \"move\"");
    send(&workspace);
    eventually("the mail has arrived", || {
        office.mails("anna", "").len() == 1
    });
    let (mail, _) = office.mails("anna", "").remove(0);
    let subject = opt_out_subject(&mail);
    let ours = "bounces@two-banks.example";
    let id = mail
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: <"))
        .unwrap();
    let id = id.split_once('@').unwrap().0;
    assert!(subject.starts_with("unsubscribe "), "{subject}");
    assert!(
        !subject.contains(id),
        "its name alone is in every copy of the mail's header"
    );
    // Neither the name of the delivery nor another signature does anything.
    let forged = match subject.strip_suffix('0') {
        Some(rest) => format!("{rest}1"),
        None => format!("{}0", &subject[..subject.len() - 1]),
    };
    for unsigned in ["unsubscribe", &format!("unsubscribe {id}"), &forged] {
        write_mail(&office, ANNA, ours, unsigned);
    }
    let mut taken = Vec::new();
    eventually("all five mails are fetched", || {
        let one = workspace.json(&["bounce", "fetch"]).1;
        taken.push(one["messages"].as_u64().unwrap());
        taken.iter().sum::<u64>() == 5
    });
    assert_eq!(bars(&workspace), format!("{GONE}|hard-bounce\n"));
    // Whoever writes it, from wherever, and whatever the mail client makes of it.
    let otherwise = format!("RE: {}", subject.to_uppercase());
    write_mail(&office, "anna.kim@elsewhere.example", ours, &otherwise);
    eventually("the mail is fetched", || {
        workspace.json(&["bounce", "fetch"]).1["kept"]["opt-out"] == 1
    });
    assert_eq!(
        bars(&workspace),
        format!("{ANNA}|opt-out\n{GONE}|hard-bounce\n")
    );
    let note = workspace.sqlite("SELECT source, note FROM suppression WHERE reason = 'opt-out'");
    assert!(note.starts_with("the reader|by mail: bounce "), "{note}");
    assert_eq!(states(&workspace).matches("accepted").count(), 1);
    verified(&workspace);
    // Its bar lifted, the same mail bars nobody again.
    let lift = ["suppression", "lift", ANNA, "--why", "wrote again"];
    let said = workspace.dateline(&lift);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(office.mails("bounces", "").is_empty(), "all were moved");
    let moved = office.mails("bounces", ".Dateline");
    assert_eq!(moved.len(), 6);
    for (n, (mail, _)) in moved.iter().enumerate() {
        workspace.write(&format!("again-{n}.eml"), mail);
        let file = workspace.path(&format!("again-{n}.eml"));
        let taken = workspace
            .json(&["bounce", "ingest", &file.display().to_string()])
            .1;
        assert_eq!(taken["barred"], 0, "{taken}");
    }
    assert_eq!(bars(&workspace), format!("{GONE}|hard-bounce\n"));
}

#[test]
fn a_mailbox_of_the_basics_is_read_too() {
    let office = PostOffice::without_extensions();
    let port = format!("port = {}\ntls = \"implicit\"", office.imaps);
    let clear = format!("port = {}\ntls = \"required\"", office.imap);
    let table = mailbox(
        &office,
        "handled = \"move\"\nmove_to = \"Read by a machine\"\npoll = \"1s\"",
    );
    let workspace = with_table(&office, "");
    let mut service = ServiceProcess::start(&workspace);
    // It begins to be read when the settings name it.
    let text = workspace.read("dateline.toml");
    let table = table.replace(&port, &clear);
    workspace.write("dateline.toml", &format!("{text}\n{table}"));
    service.signal("HUP");
    let open = service.wait_for("the mailbox is open");
    assert!(open.contains("\"tells_news\":false"), "{open}");
    send(&workspace);
    eventually("both reports are taken in", || {
        reports(&workspace).len() == 2
    });
    eventually("both are moved", || {
        office.mails("bounces", ".Read by a machine").len() == 2
    });
    assert_eq!(service.end(), 0);
    let left = office.mails("bounces", "");
    assert!(
        left.iter().all(|(_, marks)| marks.contains('T')),
        "no more than to be deleted"
    );
    assert_eq!(workspace.json(&["bounce", "fetch"]).1["messages"], 0);
    verified(&workspace);
}

#[test]
fn a_mailbox_that_cannot_be_trusted_or_read_is_told() {
    let office = PostOffice::open();
    let workspace = with_mailbox(&office, "");
    let fetch = |from: &str, to: &str| {
        let text = workspace.read("dateline.toml");
        workspace.edit("dateline.toml", from, to);
        let said = workspace.dateline(&["bounce", "fetch"]);
        workspace.write("dateline.toml", &text);
        (said.code, said.err)
    };
    let port = format!("port = {}", office.imaps);
    for (from, to, code, part) in [
        ("ca_file = \"ca.pem\"\n", "", 3, "certificate"),
        (
            "host = \"127.0.0.1\"\nport = {imaps}",
            "host = \"localhost\"\nport = {imaps}",
            3,
            "certificate",
        ),
        (
            "username = \"bounces\"",
            "username = \"nobody\"",
            3,
            "cannot log in at 127.0.0.1",
        ),
        (
            "username = \"bounces\"",
            "username = \"bounces\"\nfolder = \"Nowhere\"",
            3,
            "cannot open the folder",
        ),
        (
            "username = \"bounces\"",
            "username = \"bounces\"\nhandled = \"shout\"",
            2,
            "none of `flag`, `seen`, `move`",
        ),
        (
            "username = \"bounces\"\n",
            "",
            2,
            "bounces.imap: `username` is missing",
        ),
        (
            "username = \"bounces\"",
            "username = \"bounces\"\npassword = \"x\"",
            2,
            "a password may not stand in",
        ),
        ("{port}", "port = 1", 3, "cannot connect at 127.0.0.1:1"),
        ("tls = \"implicit\"", "tls = \"required\"", 3, "127.0.0.1"),
    ] {
        let fill = |text: &str| {
            text.replace("{port}", &port)
                .replace("{imaps}", &office.imaps.to_string())
        };
        let (found, said) = fetch(&fill(from), &fill(to));
        assert_eq!(found, code, "{to}: {said}");
        assert!(said.contains(part), "{to}: {said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
    protect(&workspace, 0o640);
    let said = workspace.dateline(&["check"]);
    assert_eq!(said.code, 2);
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("its mode is 0640; expected 0600"), "{told}");
    let bare = newsroom(&office, "");
    let said = bare.dateline(&["bounce", "fetch"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("[bounces.imap]"), "{}", said.err);
}

#[test]
fn a_mail_server_hands_over_by_lmtp_and_keeps_what_is_not_taken() {
    let port = free_port();
    let office = PostOffice::handing_over(port);
    let lmtp = format!("[bounces.lmtp]\nlisten = \"127.0.0.1:{port}\"\nsize = \"1 MiB\"\n");
    let workspace = newsroom(&office, &lmtp);
    let mut service = ServiceProcess::start(&workspace);
    // The store is away: nothing that comes back is lost.
    workspace.sqlite("ALTER TABLE bounce RENAME TO bounce_away");
    send(&workspace);
    service.wait_for("cannot take in what came over LMTP");
    eventually("Postfix keeps both reports", || {
        office
            .log()
            .matches("451 4.3.0 not now; nothing is lost")
            .count()
            >= 2
    });
    assert_eq!(states(&workspace).matches("accepted").count(), 3);
    workspace.sqlite("ALTER TABLE bounce_away RENAME TO bounce");
    office.flush();
    eventually("both reports are taken in", || {
        reports(&workspace).len() == 2
    });
    assert_eq!(
        states(&workspace),
        format!("{ANNA}|accepted\n{FULL}|bounced\n{GONE}|bounced\n")
    );
    assert_eq!(bars(&workspace), format!("{GONE}|hard-bounce\n"));
    let told = reports(&workspace);
    assert!(told.iter().all(|one| one["evidence"] == "return-path"));
    // Whoever opts out is understood; a person who writes is told to write elsewhere.
    eventually("the mail has arrived", || {
        office.mails("anna", "").len() == 1
    });
    let subject = opt_out_subject(&office.mails("anna", "")[0].0);
    write_mail(&office, ANNA, "bounces@two-banks.example", &subject);
    eventually("the reader is out", || {
        bars(&workspace).contains("anna@gazette.example|opt-out")
    });
    write_mail(&office, ANNA, "press@two-banks.example", "A question");
    eventually("the writer is told", || {
        let mails = office.mails("anna", "");
        mails
            .iter()
            .any(|(mail, _)| mail.contains("please write to the newsroom itself"))
    });
    // What is too large, or for nobody here, is refused; each recipient gets an answer.
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let codes = converse(
        &stream,
        &[
            "LHLO mx.example",
            "MAIL FROM:<> SIZE=1073741824",
            "MAIL FROM:<>",
            "RCPT TO:<stranger@two-banks.example>",
            "RCPT TO:<bounces+x@two-banks.example>",
            "RSET",
            "QUIT",
        ],
    );
    assert_eq!(codes, [220, 250, 552, 250, 550, 250, 250, 221]);
    assert_eq!(service.end(), 0);
    verified(&workspace);
}

#[test]
fn an_opt_out_by_mail_stops_the_next_mail_of_a_distribution_under_way() {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    let relay = format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port);
    workspace.relay(&relay);
    let port = free_port();
    let text = workspace.read("dateline.toml");
    let lmtp = format!("[bounces.lmtp]\nlisten = \"127.0.0.1:{port}\"\n");
    workspace.write("dateline.toml", &format!("{text}\n{lmtp}"));
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert_eq!(sent.code, 0, "{}{}", sent.out, sent.err);
    let first = workspace.mails();
    workspace.relay(&format!("{relay}connections = 1\nrate = 2.0\n"));
    let service = ServiceProcess::start(&workspace);
    // Planned for later, it is the service that sends it.
    let at = (now() + jiff::SignedDuration::from_secs(2)).to_string();
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "--again", "--at", &at]);
    assert_eq!(sent.code, 0, "{}{}", sent.out, sent.err);
    let last = "SELECT email FROM delivery WHERE email NOT LIKE '%@rehearsal.example' ORDER BY n DESC LIMIT 1";
    let reader = workspace.sqlite(last).trim().to_owned();
    let theirs = |mails: &[String]| -> Vec<String> {
        let to = |mail: &&String| {
            let to = mail.lines().find(|line| line.starts_with("To: "));
            to.is_some_and(|line| line.contains(&reader))
        };
        mails.iter().filter(to).cloned().collect()
    };
    let link = "<mailto:unsubscribe@two-banks.example?subject=";
    let mail = theirs(&first).remove(0);
    let subject = mail.split_once(link).unwrap().1;
    let subject = subject.split_once('>').unwrap().0.replace("%20", " ");
    eventually("the second distribution is under way", || {
        workspace.mails().len() > first.len()
    });
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let text = format!("From: <{reader}>\r\nSubject: {subject}\r\n\r\n.");
    let mail = format!("MAIL FROM:<{reader}>");
    let begun = Instant::now();
    let rcpt = "RCPT TO:<unsubscribe@two-banks.example>";
    let talk = ["LHLO mx.example", &mail, rcpt, "DATA", &text, "QUIT"];
    assert_eq!(
        converse(&stream, &talk),
        [220, 250, 250, 250, 354, 250, 221]
    );
    // It is on record when the answer comes; whatever is begun after that sees it.
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(bars(&workspace), format!("{reader}|opt-out\n"));
    let after = workspace.mails().len();
    eventually("all others have it", || {
        let status = workspace.json(&["status", "latest"]).1;
        let open = ["planned", "due", "claimed", "deferred"];
        let open = open
            .iter()
            .filter_map(|name| status["by_state"][*name].as_u64());
        open.sum::<u64>() == 0
    });
    assert!(workspace.mails().len() > after, "it was still under way");
    assert_eq!(
        theirs(&workspace.mails()).len(),
        1,
        "no mail after the first"
    );
    let state = format!("SELECT state FROM delivery WHERE email = '{reader}' ORDER BY n");
    assert_eq!(workspace.sqlite(&state), "accepted\nsuppressed\n");
    assert_eq!(service.end(), 0);
    verified(&workspace);
}
