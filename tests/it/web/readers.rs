//! What journalists see and do by the links in their mails.

use super::browser::{Browser, acts};
use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, ServiceProcess, Workspace, eventually};
use std::time::{Duration, Instant};

const HOST: &str = "press.two-banks.example";

/// A newsroom with readers' pages, whose relay is a catcher.
fn newsroom() -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    let text = workspace.read("dateline.toml");
    let readers = format!(
        "[readers]\nurl = \"https://{HOST}\"\n[readers.agreement]\nen = \"I keep it to myself until the lift.\"\nru = \"До снятия эмбарго молчу.\"\n"
    );
    workspace.write("dateline.toml", &format!("{text}\n{readers}"));
    (workspace, catcher)
}

/// The token after a folder of links, in a mail whose soft line breaks are gone.
fn token(mail: &str, folder: &str) -> String {
    let whole = mail.replace("=\n", "");
    let (_, after) = whole
        .split_once(&format!("https://{HOST}/{folder}/"))
        .unwrap();
    after.chars().take(44).collect()
}

fn mail_to(mails: &[String], email: &str) -> String {
    let to = |mail: &&String| {
        let to = mail.lines().find(|line| line.starts_with("To: "));
        to.is_some_and(|line| line.contains(email))
    };
    mails.iter().find(to).unwrap().clone()
}

/// Whom a distribution comes to last.
fn last_of(workspace: &Workspace, distribution: &str) -> String {
    let sql = format!(
        "SELECT email FROM delivery WHERE distribution = '{distribution}' AND language = 'en' AND email NOT LIKE '%@rehearsal.example' ORDER BY n DESC LIMIT 1"
    );
    workspace.sqlite(&sql).trim().to_owned()
}

fn latest(workspace: &Workspace) -> String {
    let (_, status) = workspace.json(&["status", "latest"]);
    status["id"].as_str().unwrap().to_owned()
}

fn barred(workspace: &Workspace, email: &str) -> bool {
    let sql = format!("SELECT reason || ' ' || source FROM suppression WHERE email = '{email}'");
    match workspace.sqlite(&sql).trim() {
        "" => false,
        found => {
            assert_eq!(found, "opt-out the reader");
            true
        }
    }
}

#[test]
fn one_click_stops_the_next_mail_of_a_distribution_under_way() {
    let (workspace, catcher) = newsroom();
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert_eq!(sent.code, 0, "{}{}", sent.out, sent.err);
    let first = workspace.mails();
    let slow = format!(
        "host = \"127.0.0.1\"\nport = {}\nconnections = 1\nrate = 2.0\n",
        catcher.port
    );
    workspace.relay(&slow);
    let service = ServiceProcess::start(&workspace);
    // Planned for later, it is the service that sends it.
    let at = (crate::support::now() + jiff::SignedDuration::from_secs(2)).to_string();
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "--again", "--at", &at]);
    assert_eq!(sent.code, 0, "{}{}", sent.out, sent.err);
    let (running, begun) = (latest(&workspace), first.len());
    let reader = last_of(&workspace, &running);
    let mail = mail_to(&first, &reader);
    assert!(
        mail.contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"),
        "{mail}"
    );
    let path = format!("/o/{}", token(&mail, "o"));
    eventually("the second distribution is under way", || {
        workspace.mails().len() > begun
    });

    let mut provider = Browser::new(&service);
    let clicked = Instant::now();
    let page = provider.one_click(HOST, &path, "List-Unsubscribe=One-Click");
    // It is on record when the answer comes; whatever is begun after that sees it.
    assert!(clicked.elapsed() < Duration::from_secs(1));
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(barred(&workspace, &reader));
    let after = workspace.mails().len();
    let state = || {
        let sql = format!(
            "SELECT state FROM delivery WHERE distribution = '{running}' AND email = '{reader}'"
        );
        workspace.sqlite(&sql).trim().to_owned()
    };
    eventually("all others have it", || {
        let (_, status) = workspace.json(&["status", &running]);
        let open = ["planned", "due", "claimed", "deferred"];
        open.iter()
            .all(|state| status["by_state"][*state].as_u64().unwrap_or(0) == 0)
    });
    assert_eq!(state(), "suppressed");
    let mails = workspace.mails();
    assert!(mails.len() > after, "it was still under way");
    let theirs = mails.iter().filter(|mail| {
        let to_line = mail.lines().find(|line| line.starts_with("To: "));
        to_line.is_some_and(|line| line.contains(&reader))
    });
    assert_eq!(theirs.count(), 1);
    // No conversation was begun for them.
    let sql =
        format!("SELECT id FROM delivery WHERE distribution = '{running}' AND email = '{reader}'");
    let delivery = workspace.sqlite(&sql).trim().to_owned();
    let said = workspace.dateline(&["log", "--format", "json"]);
    let theirs = said.out.lines().filter(|line| line.contains(&delivery));
    let events: Vec<String> = theirs
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|entry| entry["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(events, ["planned", "suppressed"]);
    assert_eq!(acts(&workspace)[0], "the reader opted_out");
    // The same click again changes nothing.
    assert_eq!(
        provider
            .one_click(HOST, &path, "List-Unsubscribe=One-Click")
            .status,
        200
    );
    assert_eq!(
        acts(&workspace)
            .iter()
            .filter(|act| act.ends_with("opted_out"))
            .count(),
        1
    );
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn looking_opts_nobody_out_and_a_bad_link_leads_nowhere() {
    let (workspace, _catcher) = newsroom();
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let service = ServiceProcess::start(&workspace);
    let mail = mail_to(&workspace.mails(), "amelia.okafor@tidewater-wire.example");
    let (out, own) = (token(&mail, "o"), token(&mail, "me"));
    let mut scanner = Browser::new(&service);
    for path in [
        format!("/o/{out}"),
        format!("/me/{own}"),
        format!("/me/{own}/release"),
    ] {
        let page = scanner.get_as_host(HOST, &path);
        assert_eq!(page.status, 200, "{path} {}", page.body);
        assert_eq!(page.headers["referrer-policy"], "same-origin");
    }
    assert_eq!(
        workspace.sqlite("SELECT count(*) FROM suppression").trim(),
        "0"
    );
    scanner
        .get_as_host(HOST, &format!("/o/{out}"))
        .holds("Send me nothing more");
    // A link for one thing is none for another, nor is any other text.
    let changed = format!(
        "{}{}",
        &out[..43],
        if out.ends_with('A') { "B" } else { "A" }
    );
    for path in [
        format!("/me/{out}"),
        format!("/o/{own}"),
        format!("/o/{changed}"),
        "/o/x".to_owned(),
    ] {
        let page = scanner.get_as_host(HOST, &path);
        assert_eq!(page.status, 404, "{path}");
        page.holds("This link leads nowhere")
            .lacks("Sign in")
            .lacks("@");
    }
    assert_eq!(
        scanner
            .one_click(HOST, &format!("/o/{changed}"), "List-Unsubscribe=One-Click")
            .status,
        404
    );
    assert_eq!(
        scanner.one_click(HOST, &format!("/o/{out}"), "x=y").status,
        400
    );
    assert_eq!(
        workspace.sqlite("SELECT count(*) FROM suppression").trim(),
        "0"
    );
    // Under the readers' name there is no desk.
    assert_eq!(scanner.get_as_host(HOST, "/sign-in").status, 421);
    assert_eq!(
        scanner
            .get_as_host("evil.example", &format!("/o/{out}"))
            .status,
        421
    );
    let key = std::fs::metadata(workspace.path("readers.key")).unwrap();
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_reader_says_what_they_get_and_agrees() {
    let (workspace, _catcher) = newsroom();
    workspace.lift_in(3600);
    assert_eq!(
        workspace
            .dateline(&[
                "contacts",
                "add",
                "zoe@radio.example",
                "name=Zoe",
                "languages=en",
                "lists=listeners, news"
            ])
            .code,
        0
    );
    let (_, links) = workspace.json(&["contacts", "link", "zoe@radio.example"]);
    let own = links["own"]
        .as_str()
        .unwrap()
        .strip_prefix(&format!("https://{HOST}"))
        .unwrap()
        .to_owned();
    let service = ServiceProcess::start(&workspace);
    let mut zoe = Browser::new(&service);
    let page = zoe.get(&own);
    page.holds("I keep it to myself until the lift.")
        .holds("You have not agreed.");
    let wishes = [
        ("languages", "ru, en"),
        ("beats", "rivers"),
        ("time_zone", "Asia/Almaty"),
        ("send_window", "mon-fri 08:00-18:00"),
        ("list", "news"),
    ];
    assert_eq!(
        zoe.post(&own, &wishes).location(),
        format!("{own}?said=reader-saved")
    );
    let (_, contact) = workspace.json(&["contacts", "show", "zoe@radio.example"]);
    assert_eq!(contact["languages"], serde_json::json!(["ru", "en"]));
    assert_eq!(contact["lists"], serde_json::json!(["news"]));
    assert_eq!(contact["send_window"], "mon,tue,wed,thu,fri 08:00-18:00");
    let faulty = zoe.post(&own, &[("languages", "ru"), ("time_zone", "Mars/Olympus")]);
    assert_eq!(faulty.status, 422);
    faulty.holds("Mars/Olympus");
    assert_eq!(
        zoe.post_from("https://evil.example", &own, &wishes).status,
        403
    );

    // The text is now in the language they read; the word names it by its hash.
    let page = zoe.get(&own);
    page.holds("До снятия эмбарго молчу.");
    let hash = blake3::hash("До снятия эмбарго молчу.".as_bytes())
        .to_hex()
        .to_string();
    page.holds(&hash);
    let agreement = format!("{own}/agreement");
    let stale = zoe.post(&agreement, &[("said", "granted"), ("text", "0")]);
    assert!(stale.location().ends_with("reader-text-changed"));
    assert!(
        zoe.post(&agreement, &[("said", "granted"), ("text", &hash)])
            .location()
            .ends_with("reader-agreed")
    );
    let (_, words) = workspace.json(&["agreement", "list"]);
    let words = words.to_string();
    assert!(
        words.contains("zoe@radio.example") && words.contains(&hash),
        "{words}"
    );
    assert!(
        zoe.post(&agreement, &[("said", "revoked")])
            .location()
            .ends_with("reader-withdrew")
    );
    assert_eq!(
        acts(&workspace)[..3],
        ["agreement_revoked", "agreement_granted", "contact_changed"]
            .map(|act| format!("the reader {act}"))
    );
}

#[test]
fn a_copy_is_read_before_the_lift_only_under_an_agreement() {
    let (workspace, _catcher) = newsroom();
    workspace.lift_in(3600);
    let service = ServiceProcess::start(&workspace);
    let sent = workspace.dateline(&["send", EMBARGOED, "--to", "wires"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let english = || {
        workspace
            .mails()
            .into_iter()
            .find(|mail| mail.contains("Content-Language: en\n"))
    };
    eventually("an early copy is out", || english().is_some());
    let mail = english().unwrap();
    let own = format!("/me/{}", token(&mail, "me"));
    let mut reader = Browser::new(&service);
    let page = reader.get(&format!("{own}/release"));
    assert_eq!(page.status, 200, "{}", page.body);
    page.holds(&format!("src=\"{own}/mail\""));
    let copy = reader.get(&format!("{own}/mail"));
    assert!(copy.headers["content-security-policy"].starts_with("sandbox; default-src 'none'"));
    copy.holds("EMBARGO");
    reader.post(&format!("{own}/agreement"), &[("said", "revoked")]);
    let page = reader.get(&format!("{own}/release"));
    assert_eq!(page.status, 403, "{}", page.body);
    page.holds("under embargo until");
    assert_eq!(reader.get(&format!("{own}/mail")).status, 404);
    assert_eq!(
        workspace
            .dateline(&["embargo", "lift", "latest", "--why", "out already"])
            .code,
        0
    );
    assert_eq!(reader.get(&format!("{own}/mail")).status, 200);
    assert_eq!(
        workspace
            .dateline(&["kill", "latest", "--why", "withdrawn"])
            .code,
        0
    );
    assert_eq!(reader.get(&format!("{own}/mail")).status, 404);
}

#[test]
fn leaving_a_list_ends_what_still_waits_by_it() {
    let (workspace, _catcher) = newsroom();
    for (email, lists) in [
        ("zoe@radio.example", "listeners"),
        ("yan@radio.example", "listeners"),
    ] {
        let lists = format!("lists={lists}");
        assert_eq!(
            workspace
                .dateline(&["contacts", "add", email, "languages=en", &lists])
                .code,
            0
        );
    }
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "list:listeners"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let mail = mail_to(&workspace.mails(), "zoe@radio.example");
    let service = ServiceProcess::start(&workspace);
    let at = crate::support::now() + jiff::SignedDuration::from_hours(1);
    let sent = workspace.dateline(&[
        "send",
        IMMEDIATE,
        "--to",
        "list:listeners",
        "--again",
        "--at",
        &at.to_string(),
    ]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let path = format!("/o/{}", token(&mail, "o"));
    let mut zoe = Browser::new(&service);
    zoe.get(&path).holds("Only take me off the list listeners");
    zoe.post(&path, &[("breadth", "list")])
        .holds("You are off the list listeners");
    let running = latest(&workspace);
    let states = workspace.sqlite(&format!(
        "SELECT email || ' ' || state FROM delivery WHERE distribution = '{running}' ORDER BY email"
    ));
    assert_eq!(
        states.trim(),
        "yan@radio.example planned\nzoe@radio.example suppressed"
    );
    assert_eq!(
        workspace.sqlite("SELECT count(*) FROM suppression").trim(),
        "0"
    );
    let done = workspace.dateline(&[
        "contacts",
        "opt-out",
        "yan@radio.example",
        "--list",
        "listeners",
    ]);
    assert!(
        done.code == 0 && done.out.contains("is off the list listeners"),
        "{}{}",
        done.out,
        done.err
    );
    let done = workspace.dateline(&[
        "contacts",
        "opt-out",
        "yan@radio.example",
        "--why",
        "by telephone",
    ]);
    assert!(
        done.code == 0 && done.out.contains("gets nothing more"),
        "{}{}",
        done.out,
        done.err
    );
    assert_eq!(
        workspace
            .sqlite("SELECT email || ' ' || note FROM suppression")
            .trim(),
        "yan@radio.example by telephone"
    );
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn without_a_place_for_pages_mails_are_as_they_were() {
    let (workspace, _catcher) = newsroom();
    workspace.edit("dateline.toml", &format!("url = \"https://{HOST}\"\n"), "");
    assert_eq!(
        workspace
            .dateline(&["send", IMMEDIATE, "--to", "wires"])
            .code,
        0
    );
    for mail in workspace.mails() {
        assert!(
            mail.contains("\nList-Unsubscribe: <mailto:") && !mail.contains("One-Click"),
            "{mail}"
        );
    }
    assert!(!workspace.path("readers.key").exists());
    let said = workspace.dateline(&["contacts", "link", "nobody@example.org"]);
    assert_eq!(said.code, 2);
    workspace.edit(
        "dateline.toml",
        "[readers]\n",
        "[readers]\nurl = \"http://press.example.org\"\nkey_env = \"DATELINE_NO_SUCH\"\n",
    );
    let said = workspace.dateline(&["check"]);
    assert!(
        said.code == 2
            && said.out.contains("no address of pages by TLS")
            && said.out.contains("DATELINE_NO_SUCH is not set"),
        "{}{}",
        said.out,
        said.err
    );
}
