//! Erasure, access and retention, through the command line and the files.

use crate::support::{
    CatcherProcess, EMBARGOED, IMMEDIATE, Said, ServiceProcess, Workspace, eventually,
};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const JONAH: &str = "jonah.whitlock@harbour-gazette.example";
/// Words that stand only where something is about him.
const TRACES: [&str; 3] = ["jonah", "whitlock", "harbour gazette"];

fn done(workspace: &Workspace, args: &[&str]) -> String {
    let said = workspace.dateline(args);
    assert_eq!(said.code, 0, "{args:?}: {}{}", said.out, said.err);
    said.out
}

fn refused(workspace: &Workspace, args: &[&str], part: &str) -> Said {
    let said = workspace.dateline(args);
    assert_eq!(said.code, 2, "{args:?}: {}{}", said.out, said.err);
    assert!(said.err.contains(part), "{part:?} is not in {}", said.err);
    said
}

/// A newsroom that has sent him a release, and has another planned for him.
fn sent() -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "environment", "--wait"]);
    assert!(matches!(said.code, 0 | 1), "{}", said.err);
    let later = ["send", EMBARGOED, "--to", "environment", "--on-lift"];
    done(&workspace, &later);
    (workspace, catcher)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let all = paths.flat_map(|path| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    });
    all.collect()
}

/// Files in which he is named.
fn naming(workspace: &Workspace) -> Vec<PathBuf> {
    let mut all = files(&workspace.path(""));
    all.retain(|path| {
        let Ok(octets) = std::fs::read(path) else {
            return false;
        };
        let text = String::from_utf8_lossy(&octets).to_lowercase();
        TRACES.iter().any(|trace| text.contains(trace))
    });
    all
}

/// Takes his line out of the list that the newsroom keeps.
fn unlist(workspace: &Workspace) {
    let text = workspace.read("contacts.csv");
    let lines: Vec<_> = text.lines().filter(|line| !line.contains(JONAH)).collect();
    workspace.write("contacts.csv", &lines.join("\n"));
}

const FORGET: [&str; 6] = ["contacts", "forget", JONAH, "--yes", "--by", "vera"];

#[test]
fn nothing_of_a_person_is_left_in_any_file() {
    let (workspace, _catcher) = sent();
    let note = [
        "contacts",
        "set",
        JONAH,
        "notes=Whitlock, see also the Harbour Gazette",
    ];
    done(&workspace, &note);
    let backup = [
        "store",
        "copy",
        "sqlite:dateline.db",
        "sqlite:backup.db",
        "--force",
    ];
    done(&workspace, &backup);
    let before = naming(&workspace);
    // A store's rows may stand in its write-ahead log still.
    let names = before.iter().filter_map(|path| path.file_name()?.to_str());
    let names: Vec<_> = names.collect();
    let named = |name: &str| names.iter().any(|one| one.starts_with(name));
    for file in ["dateline.db", "backup.db", "contacts.csv"] {
        assert!(named(file), "{file} of {before:?}");
    }
    assert!(
        before
            .iter()
            .any(|path| path.extension().is_some_and(|end| end == "eml"))
    );

    let (_, all) = workspace.json(&["contacts", "show", JONAH, "--everything"]);
    assert_eq!(all["email"], JONAH);
    let tables = all["store"].as_object().unwrap();
    for table in [
        "contact",
        "contact_key",
        "contact_import_entry",
        "delivery_plan",
        "delivery_state",
        "delivery_log",
        "act",
    ] {
        assert!(tables.contains_key(table), "{table} of {:?}", tables.keys());
    }
    assert_eq!(all["store"]["delivery_plan"].as_array().unwrap().len(), 2);
    let told = all["files"].to_string();
    assert!(
        told.contains("contacts.csv:4") && told.contains(".eml"),
        "{told}"
    );
    let text = done(&workspace, &["contacts", "show", JONAH, "--everything"]);
    assert!(text.contains("Mails to you, as planned (2)"), "{text}");
    assert!(text.contains("  record.name: Jonah Whitlock"), "{text}");

    // A list that names him would bring him back.
    let said = refused(&workspace, &FORGET, "contacts.csv:4: ");
    assert!(said.err.contains(JONAH), "{}", said.err);
    unlist(&workspace);
    let said = refused(&workspace, &FORGET[..3], "nothing was erased yet");
    assert!(said.err.contains("Contact list (1)"), "{}", said.err);
    assert!(!naming(&workspace).is_empty(), "it was only asked");

    let (code, report) = workspace.json(&FORGET);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["cancelled"], 1);
    assert_eq!(report["caught"], 2, "a mail and its envelope");
    assert_eq!(report["copies"].as_array().unwrap().len(), 1);
    assert_eq!(report["remaining"], serde_json::json!([]));
    assert_eq!(naming(&workspace), Vec::<PathBuf>::new());
    done(&workspace, &["log", "verify"]);
    let state = "SELECT state || ' ' || (facts ->> '$.reason') FROM delivery WHERE email LIKE 'forgotten@%' AND state = 'suppressed'";
    assert_eq!(workspace.sqlite(state).trim(), "suppressed erasure");
    let (_, all) = workspace.json(&["contacts", "show", JONAH, "--everything"]);
    let tables = all["store"].as_object().unwrap();
    assert_eq!(tables.keys().collect::<Vec<_>>(), ["forgotten"]);

    // Again, and nothing more is done.
    let (code, again) = workspace.json(&FORGET);
    assert_eq!((code, &again["rows"]), (0, &serde_json::json!({})));
    assert!(again["before"].is_string());
    let (_, acts) = workspace.json(&["user", "acts"]);
    let acts = acts.as_array().unwrap();
    let forgot = acts.iter().filter(|act| act["act"] == "contact_forgotten");
    assert_eq!(forgot.count(), 1);
}

#[test]
fn capitals_hide_nobody_whatever_their_script() {
    let workspace = Workspace::new();
    workspace.write(
        "desk.csv",
        "email,name\nРЕДАКЦИЯ@example.org,Desk\nРедакция@example.org,Desk\nредактор@example.org,Vera\n",
    );
    let file = workspace.path("desk.csv").display().to_string();
    done(&workspace, &["contacts", "import", &file]);
    // A file that people keep still names the desk, in capitals of its own.
    let forget = ["contacts", "forget", "редакция@example.org", "--yes"];
    refused(&workspace, &forget, "desk.csv:2");
    workspace.write("desk.csv", "email\nредактор@example.org\n");
    done(&workspace, &forget);
    let left = workspace.sqlite("SELECT email FROM contact UNION SELECT email FROM contact_key");
    assert_eq!(left, "редактор@example.org\n");
    let octets = std::fs::read(workspace.path("dateline.db")).unwrap();
    let text = String::from_utf8_lossy(&octets).to_lowercase();
    assert!(!text.contains("редакция"));
}

#[test]
fn a_directory_that_names_somebody_in_base64_is_found() {
    let workspace = Workspace::new();
    done(&workspace, &["contacts", "add", "vera@example.org"]);
    // `vera@example.org`, and somebody else.
    let ldif =
        "version: 1\ndn: cn=a\nmail: a@example.org\n\ndn: cn=v\nmail:: dmVyYUBleGFtcGxlLm9yZw==\n";
    workspace.write("book.ldif", ldif);
    let forget = ["contacts", "forget", "vera@example.org", "--yes"];
    refused(&workspace, &forget, "book.ldif:5");
    workspace.write("book.ldif", &ldif.replace("dmVyYU", "dmVyYT"));
    done(&workspace, &forget);
}

#[test]
fn whoever_was_forgotten_comes_back_by_nobodys_mistake() {
    let workspace = Workspace::with_contacts();
    let list = workspace.read("contacts.csv");
    unlist(&workspace);
    done(&workspace, &FORGET);
    let file = workspace.path("again.csv");
    std::fs::write(&file, &list).unwrap();
    let file = file.display().to_string();
    let (code, report) = workspace.json(&["contacts", "import", &file]);
    assert_eq!(code, 0);
    assert_eq!(report["imported"]["added"], 0);
    let problems = report["problems"].to_string();
    let today = jiff_today();
    assert!(
        problems.contains(&format!("{JONAH} was forgotten on {today}")),
        "{problems}"
    );
    let strict = workspace.dateline(&["contacts", "import", &file, "--strict"]);
    assert_eq!(strict.code, 2, "{}", strict.out);
    let spelled = "Jonah.Whitlock@Harbour-Gazette.Example";
    refused(
        &workspace,
        &["contacts", "add", spelled],
        "was forgotten on",
    );
    // An opt-out of somebody forgotten writes nothing down.
    done(
        &workspace,
        &[
            "suppression",
            "add",
            JONAH,
            "--why",
            "asked",
            "--reason",
            "opt-out",
        ],
    );
    std::fs::remove_file(&file).unwrap();
    let (_, bars) = workspace.json(&["suppression", "list"]);
    assert_eq!(bars["suppressions"], serde_json::json!([]));
    // It is lifted in so many words alone.
    let lift = [
        "suppression",
        "lift",
        JONAH,
        "--why",
        "he wrote that he wants our releases",
    ];
    refused(&workspace, &lift, "--forgotten");
    done(&workspace, &[&lift[..], &["--forgotten"]].concat());
    refused(
        &workspace,
        &[&lift[..], &["--forgotten"]].concat(),
        "was not forgotten",
    );
    done(&workspace, &["contacts", "add", JONAH]);
}

fn jiff_today() -> String {
    crate::support::now().strftime("%Y-%m-%d").to_string()
}

/// kill -9 at random moments: whatever was done by then, the same command finishes it.
#[test]
fn an_erasure_that_was_cut_off_is_finished_by_the_next() {
    let (workspace, _catcher) = sent();
    unlist(&workspace);
    done(
        &workspace,
        &[
            "store",
            "copy",
            "sqlite:dateline.db",
            "sqlite:backup.db",
            "--force",
        ],
    );
    for _ in 0..6 {
        let mut child = workspace
            .command(&FORGET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The random point: the kill itself is what is waited for.
        let moment = getrandom::u32().unwrap() % 60;
        std::thread::sleep(Duration::from_millis(u64::from(moment)));
        drop(child.kill());
        child.wait().unwrap();
        // The log is whole at any moment.
        done(&workspace, &["log", "verify"]);
    }
    done(&workspace, &FORGET);
    assert_eq!(naming(&workspace), Vec::<PathBuf>::new());
    done(&workspace, &["log", "verify"]);
}

#[test]
fn who_is_written_to_at_this_moment_is_not_forgotten() {
    let (workspace, _catcher) = sent();
    unlist(&workspace);
    workspace.sqlite(
        "UPDATE delivery_state SET state = 'in_doubt', facts = '{\"state\":\"in_doubt\",\"attempt\":1}' \
         WHERE state = 'accepted' AND n IN (SELECT n FROM delivery_plan WHERE email LIKE 'jonah%')",
    );
    refused(&workspace, &FORGET, "dateline in-doubt settle");
    workspace.sqlite(
        "UPDATE delivery_state SET state = 'claimed', lease = 'lse_01jxxxxxxxxxxxxxxxxxxxxxxx' WHERE state = 'in_doubt'",
    );
    refused(&workspace, &FORGET, "being handed over at this moment");
    assert_eq!(workspace.json(&["contacts", "show", JONAH]).0, 0);
}

/// A running service keeps on working beside it, and bars who was forgotten.
#[test]
fn a_service_at_work_does_not_stand_in_the_way() {
    let (workspace, _catcher) = sent();
    unlist(&workspace);
    let service = ServiceProcess::start(&workspace);
    done(&workspace, &FORGET);
    let planned = "SELECT count(*) FROM delivery WHERE state = 'planned'";
    assert_ne!(workspace.sqlite(planned).trim(), "0", "the others wait on");
    assert_eq!(service.end(), 0);
    assert_eq!(naming(&workspace), Vec::<PathBuf>::new());
    done(&workspace, &["log", "verify"]);
}

fn personal(workspace: &Workspace) -> u64 {
    let sql = "SELECT count(*) FROM delivery_log WHERE personal IS NOT NULL";
    workspace.sqlite(sql).trim().parse().unwrap()
}

#[test]
fn what_is_too_old_goes_by_hand_and_by_the_service() {
    let (workspace, _catcher) = sent();
    let kept = done(&workspace, &["retention", "run"]);
    assert!(kept.contains("everything is kept"), "{kept}");
    let text = workspace.read("dateline.toml");
    let retention = "\n[retention]\nlog = \"1s\"\nimports = \"1s\"\nacts = \"3000d\"\n";
    workspace.write("dateline.toml", &format!("{text}{retention}"));
    let all = personal(&workspace);
    assert!(all > 10);
    let counted = |gone: &Value| -> Vec<(String, u64)> {
        let gone = gone["gone"].as_array().unwrap().iter();
        gone.map(|one| {
            let what = one["what"].as_str().unwrap().to_owned();
            (what, one["count"].as_u64().unwrap())
        })
        .collect()
    };
    eventually("all of it is a second old", || {
        let (_, asked) = workspace.json(&["retention", "run", "--dry-run"]);
        counted(&asked)[0].1 == all
    });
    assert_eq!(personal(&workspace), all, "it was only asked");
    let service = ServiceProcess::start(&workspace);
    eventually("it is done", || personal(&workspace) == 0);
    assert_eq!(service.end(), 0);
    done(&workspace, &["log", "verify"]);
    let refused_undo = workspace.dateline(&["contacts", "undo"]);
    assert_eq!(refused_undo.code, 2, "{}", refused_undo.out);
    let (_, again) = workspace.json(&["retention", "run", "--by", "vera"]);
    assert!(counted(&again).iter().all(|(_, count)| *count == 0));
    let (_, acts) = workspace.json(&["user", "acts"]);
    let acts = acts.as_array().unwrap();
    let told: Vec<_> = acts
        .iter()
        .filter(|act| act["act"] == "retention")
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["by"], "dateline");
    assert_eq!(told[0]["facts"]["gone"]["log"], all);
    workspace.edit("dateline.toml", "log = \"1s\"", "log = \"soon\"");
    refused(&workspace, &["retention", "run"], "dateline.toml:");
}

/// What the person said themselves is not undone by a file or a server.
#[test]
fn a_list_that_was_left_and_an_opt_out_hold() {
    let workspace = Workspace::with_contacts();
    let lists = |workspace: &Workspace| {
        let (_, jonah) = workspace.json(&["contacts", "show", JONAH]);
        (jonah["lists"].to_string(), jonah["left_lists"].to_string())
    };
    done(
        &workspace,
        &["contacts", "opt-out", JONAH, "--list", "talmira"],
    );
    assert_eq!(lists(&workspace), ("[]".into(), "[\"talmira\"]".into()));
    let file = workspace.path("contacts.csv").display().to_string();
    let (_, report) = workspace.json(&["contacts", "import", &file]);
    let conflicts = report["conflicts"].to_string();
    assert!(conflicts.contains("left the list `talmira`"), "{conflicts}");
    assert_eq!(lists(&workspace).0, "[]");
    // Whoever puts them on it by name has been asked to.
    done(&workspace, &["contacts", "set", JONAH, "lists+=talmira"]);
    assert_eq!(lists(&workspace), ("[\"talmira\"]".into(), "null".into()));

    let bar = [
        "suppression",
        "add",
        JONAH,
        "--reason",
        "hard-bounce",
        "--why",
        "no such user",
    ];
    done(&workspace, &bar);
    done(
        &workspace,
        &["contacts", "opt-out", JONAH, "--why", "wrote a letter"],
    );
    let (_, bars) = workspace.json(&["suppression", "list"]);
    assert_eq!(bars["suppressions"][0]["reason"], "opt-out");
    assert_eq!(bars["suppressions"][0]["note"], "wrote a letter");
    done(&workspace, &bar);
    let (_, bars) = workspace.json(&["suppression", "list"]);
    assert_eq!(bars["suppressions"][0]["reason"], "opt-out");
}
