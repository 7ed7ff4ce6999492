//! Contacts one by one, bars on addresses, segments: on the command line.

use crate::support::{
    CatcherProcess, EMBARGOED, IMMEDIATE, ServiceProcess, Workspace, eventually, run,
};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

const ANNA: &str = "anna.kim@steppe-post.example";

fn done(workspace: &Workspace, args: &[&str]) -> String {
    let said = workspace.dateline(args);
    assert_eq!(said.code, 0, "{args:?}: {}{}", said.out, said.err);
    said.out
}

fn refused(workspace: &Workspace, args: &[&str], part: &str) {
    let said = workspace.dateline(args);
    assert_eq!(said.code, 2, "{args:?}: {}{}", said.out, said.err);
    assert!(said.err.contains(part), "{part:?} is not in {}", said.err);
}

fn acts(workspace: &Workspace) -> Vec<Value> {
    let (_, acts) = workspace.json(&["user", "acts"]);
    acts.as_array().unwrap().clone()
}

#[test]
fn a_contact_is_added_and_edited_by_field() {
    let workspace = Workspace::with_contacts();
    let add = [
        "contacts",
        "add",
        ANNA,
        "name=Анна Ким",
        "outlet=Steppe Post",
    ];
    done(
        &workspace,
        &[&add[..], &["languages=ru,en", "--by", "vera"]].concat(),
    );
    refused(
        &workspace,
        &add,
        "there is a contact anna.kim@steppe-post.example already",
    );
    let set = [
        "contacts",
        "set",
        ANNA,
        "lists+=radio,first",
        "custom.Tier=1",
        "country=kz",
    ];
    done(&workspace, &set);
    let (_, anna) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(anna["lists"], json!(["radio", "first"]));
    assert_eq!(
        (&anna["custom"]["tier"], &anna["country"]),
        (&json!("1"), &json!("KZ"))
    );
    assert_eq!(anna["languages"], json!(["ru", "en"]));
    done(
        &workspace,
        &[
            "contacts",
            "set",
            ANNA,
            "lists-=first",
            "custom.tier=",
            "--by",
            "ivan",
        ],
    );
    // Everything that is wrong is told, and nothing of the rest is done.
    let bad = [
        "contacts",
        "set",
        ANNA,
        "outlet=Lost",
        "country=Kazakhstan",
        "time_zone=Almaty",
    ];
    refused(&workspace, &bad, "`country`: `Kazakhstan` is no country");
    refused(
        &workspace,
        &bad,
        "`time_zone`: `Almaty` is not an IANA time zone",
    );
    refused(
        &workspace,
        &["contacts", "set", ANNA, "contry=KZ"],
        "is no field",
    );
    refused(
        &workspace,
        &["contacts", "set", ANNA],
        "nothing is to be changed",
    );
    refused(
        &workspace,
        &["contacts", "set", "nobody@example.org", "name=X"],
        "there is no contact",
    );
    refused(
        &workspace,
        &["contacts", "add", "nobody", "country=XXX"],
        "`nobody` is not a mail address",
    );
    refused(
        &workspace,
        &["contacts", "add", "nobody", "country=XXX"],
        "`XXX` is no country",
    );
    let (_, now) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(
        (&now["outlet"], &now["lists"]),
        (&json!("Steppe Post"), &json!(["radio"]))
    );
    assert_eq!(now["custom"], json!({}));
    assert_eq!(now["id"], anna["id"]);
    let found = |args: &[&str]| {
        let (_, found) = workspace.json(&[&["contacts", "list"], args].concat());
        found.as_array().unwrap().len()
    };
    assert_eq!(found(&["--search", "КИМ step"]), 1);
    assert_eq!(found(&["--search", "ким", "--list", "radio"]), 1);
    assert_eq!(found(&["--search", "ким", "--list", "wires"]), 0);
    let acts = acts(&workspace);
    let told = |act: &Value| (act["by"].as_str().unwrap().to_owned(), act["act"].clone());
    assert_eq!(
        told(&acts[0]),
        ("ivan".to_owned(), json!("contact_changed"))
    );
    assert_eq!(
        acts[0]["facts"],
        json!({ "contact": ANNA, "fields": "lists, custom.tier" })
    );
    assert_eq!(told(&acts[2]), ("vera".to_owned(), json!("contact_added")));
}

/// Whoever leaves an outlet leaves its agreement too.
#[test]
fn a_move_to_another_outlet_takes_early_copy_back() {
    let workspace = Workspace::with_contacts();
    workspace.lift_in(86_400);
    done(
        &workspace,
        &[
            "contacts",
            "add",
            ANNA,
            "outlet=Steppe Post",
            "languages=en",
            "lists=moved",
        ],
    );
    done(
        &workspace,
        &["agreement", "grant", "--outlet", "Steppe Post"],
    );
    let at = (crate::support::now() + jiff::SignedDuration::from_hours(2)).to_string();
    done(
        &workspace,
        &["send", EMBARGOED, "--to", "list:moved", "--at", &at],
    );
    let phases = || workspace.json(&["status", "latest"]).1["by_phase"].clone();
    assert_eq!(phases(), json!({ "advance": 1 }));
    done(&workspace, &["contacts", "set", ANNA, "role=Editor"]);
    assert_eq!(phases(), json!({ "advance": 1 }));
    done(&workspace, &["contacts", "set", ANNA, "outlet=Tidewater"]);
    assert_eq!(phases(), json!({ "general": 1 }));
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn a_list_in_other_capitals_undoes_no_opt_out() {
    let workspace = Workspace::new();
    let anna = "Anna.Kim@gazette.example";
    done(&workspace, &["contacts", "add", anna, "beats=environment"]);
    done(
        &workspace,
        &["contacts", "opt-out", anna, "--why", "asked by telephone"],
    );
    workspace.write(
        "anew.csv",
        "email,beats\nanna.kim@gazette.example,environment\nvera@gazette.example,environment\n",
    );
    let file = workspace.path("anew.csv").display().to_string();
    let said = done(&workspace, &["contacts", "import", &file]);
    assert!(said.contains("the address is barred (opt-out)"), "{said}");
    let (_, audience) = workspace.json(&["audience", IMMEDIATE, "--to", "environment"]);
    assert_eq!(
        audience["totals"]["by_reason"]["suppressed"], 2,
        "{audience}"
    );
    // A bar of its own besides: to be freed is to be freed of both.
    let small = "anna.kim@gazette.example";
    done(
        &workspace,
        &["suppression", "add", small, "--why", "once more"],
    );
    done(
        &workspace,
        &["suppression", "lift", small, "--why", "wrote again"],
    );
    let (_, listed) = workspace.json(&["suppression", "list"]);
    assert_eq!(listed["suppressions"], json!([]));
}

#[test]
fn addresses_are_barred_and_freed_with_a_reason() {
    let workspace = Workspace::with_contacts();
    let (one, two) = ("desk@tidewater-wire.example", "=cmd@example.org");
    let why = ["--why", "asked by telephone", "--by", "vera"];
    let add = ["suppression", "add", one, two, "--reason", "opt-out"];
    let said = done(&workspace, &[&add[..], &why].concat());
    assert!(said.contains("2 barred, 0 barred already"), "{said}");
    let again = done(&workspace, &["suppression", "add", one, "--why", "again"]);
    assert!(again.contains("0 barred, 1 barred already"), "{again}");
    refused(
        &workspace,
        &[
            "suppression",
            "add",
            "a@example.org",
            "nobody",
            "--why",
            "x",
        ],
        "`nobody`",
    );
    refused(
        &workspace,
        &["suppression", "add", "a@example.org", "--why", " "],
        "say why",
    );
    let erasure = [
        "suppression",
        "add",
        "a@example.org",
        "--reason",
        "erasure",
        "--why",
        "x",
    ];
    refused(&workspace, &erasure, "an erasure is no bar");
    let (_, listed) = workspace.json(&["suppression", "list"]);
    let listed = listed["suppressions"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2, "nothing half-applied: {listed:?}");
    assert_eq!(
        (&listed[1]["source"], &listed[1]["note"]),
        (&json!("vera"), &json!("asked by telephone"))
    );
    // The audience leaves them out.
    let (_, audience) = workspace.json(&["audience", IMMEDIATE, "--to", "wires"]);
    assert_eq!(audience["totals"]["by_reason"]["suppressed"], 1);
    // Out, away, and in again: the same bars.
    let file = workspace.path("bars.csv").display().to_string();
    done(&workspace, &["suppression", "export", &file]);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        workspace
            .read("bars.csv")
            .contains("'=cmd@example.org,opt-out,")
    );
    for email in [one, two] {
        done(
            &workspace,
            &[
                "suppression",
                "lift",
                email,
                "--why",
                "wrote again",
                "--by",
                "olga",
            ],
        );
    }
    refused(
        &workspace,
        &["suppression", "lift", one, "--why", "x"],
        "is not barred",
    );
    let dry = done(&workspace, &["suppression", "import", &file, "--dry-run"]);
    assert!(dry.contains("2 addresses read: 2 would be barred"), "{dry}");
    assert_eq!(
        workspace.json(&["suppression", "list"]).1["suppressions"],
        json!([])
    );
    done(&workspace, &["suppression", "import", &file]);
    let (_, back) = workspace.json(&["suppression", "list", "--reason", "opt-out"]);
    assert_eq!(back["suppressions"], json!(listed));
    let (_, found) = workspace.json(&["suppression", "list", "--search", "TIDE"]);
    assert_eq!(found["suppressions"].as_array().unwrap().len(), 1);
    // Addresses alone are enough; a bad line stops nobody else.
    workspace.write("plain.txt", "a@example.org\nnobody\n");
    let plain = workspace.path("plain.txt").display().to_string();
    let said = workspace.dateline(&["suppression", "import", &plain]);
    assert!(
        said.out.contains("1 addresses read: 1 barred") && said.err.contains("plain.txt:2"),
        "{}{}",
        said.out,
        said.err
    );
    workspace.write("none.txt", "nobody\n");
    let none = workspace.path("none.txt").display().to_string();
    assert_eq!(
        workspace.dateline(&["suppression", "import", &none]).code,
        2
    );
    let acts = acts(&workspace);
    let lifted = acts
        .iter()
        .find(|act| act["act"] == "suppression_lifted")
        .unwrap();
    assert_eq!(
        (&lifted["by"], &lifted["facts"]["why"]),
        (&json!("olga"), &json!("wrote again"))
    );
    let barred = acts.iter().filter(|act| act["act"] == "suppressed").count();
    assert_eq!(barred, 2, "what was barred already is no new deed");
}

/// A bar that comes while a distribution goes out stops what has not left yet.
#[test]
fn a_bar_stops_the_next_delivery_of_a_running_distribution() {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {}\nconnections = 1\nrate = 4.0\n",
        catcher.port
    ));
    let to = ["--to", "wires", "central-asia"];
    let (_, audience) = workspace.json(&[&["audience", IMMEDIATE][..], &to].concat());
    let contacts = audience["contacts"].as_array().unwrap();
    let mut included = contacts.iter().filter(|one| one["verdict"] == "included");
    // They go out in the order of their addresses: this one in some seconds.
    let last = included.next_back().unwrap()["email"].as_str().unwrap();
    let service = ServiceProcess::start(&workspace);
    // Planned for a time, it is the service that sends it.
    let soon = (crate::support::now() + jiff::SignedDuration::from_secs(1)).to_string();
    done(
        &workspace,
        &[&["send", IMMEDIATE, "--at", &soon][..], &to].concat(),
    );
    let state = |name: &str| {
        let (_, status) = workspace.json(&["status", "latest"]);
        status["by_state"][name].as_u64().unwrap_or(0)
    };
    eventually("the first is out", || state("accepted") > 0);
    done(
        &workspace,
        &["suppression", "add", last, "--why", "asked a moment ago"],
    );
    eventually("all are settled", || {
        ["planned", "due", "claimed", "deferred"]
            .iter()
            .all(|open| state(open) == 0)
    });
    assert_eq!(state("suppressed"), 1);
    assert!(state("accepted") > 1);
    let (_, entries) = {
        let said = workspace.dateline(&["log", "latest", "--format", "json", "--contact", last]);
        let entries: Vec<Value> = said
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (said.code, entries)
    };
    let events: Vec<_> = entries
        .iter()
        .map(|entry| entry["event"].as_str().unwrap())
        .collect();
    assert!(
        events.contains(&"suppressed") && !events.contains(&"accepted"),
        "{events:?}"
    );
    let to_them = format!("To: {last}");
    let named = format!("<{last}>");
    let mails = workspace.mails();
    assert!(!mails.is_empty());
    assert!(
        !mails
            .iter()
            .any(|mail| mail.contains(&to_them) || mail.contains(&named))
    );
    assert_eq!(service.end(), 0);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn a_segment_is_saved_beside_all_that_stands_in_the_file() {
    let workspace = Workspace::with_contacts();
    let before = workspace.read("segments.toml");
    let path = workspace.path("segments.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let rule = "contact.country == 'KG' && 'radio' in contact.lists";
    let said = done(
        &workspace,
        &["segments", "save", "kyrgyz-radio", "--where", rule],
    );
    assert!(said.starts_with("kyrgyz-radio: saved; "), "{said}");
    let text = workspace.read("segments.toml");
    assert!(text.starts_with(&before), "every remark stays");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    refused(
        &workspace,
        &["segments", "save", "kyrgyz-radio", "--where", "true"],
        "there is a segment `kyrgyz-radio` already",
    );
    refused(
        &workspace,
        &[
            "segments",
            "save",
            "x y",
            "--where",
            "contact.contry == 'KG'",
        ],
        "`x y` is not a segment's name",
    );
    refused(
        &workspace,
        &[
            "segments",
            "save",
            "x y",
            "--where",
            "contact.contry == 'KG'",
        ],
        "contact has no field `contry`",
    );
    refused(
        &workspace,
        &["segments", "save", "x", "--to", "nobody"],
        "there is no segment `nobody`",
    );
    assert_eq!(workspace.read("segments.toml"), text);
    // What was chosen with --to and --not is one rule.
    let whom = ["--to", "central-asia", "list:radio", "--not", "wires"];
    done(
        &workspace,
        &[&["segments", "save", "first-wave"][..], &whom].concat(),
    );
    let chosen = |whom: &[&str]| {
        let (code, audience) = workspace.json(&[&["audience", IMMEDIATE][..], whom].concat());
        assert_eq!(code, 0, "{audience}");
        let contacts = audience["contacts"].as_array().unwrap();
        let chosen = contacts.iter().filter(|one| one["verdict"] == "included");
        chosen.map(|one| one["email"].clone()).collect::<Vec<_>>()
    };
    let wave = chosen(&["--to", "first-wave"]);
    assert_eq!(wave, chosen(&whom));
    assert!(!wave.is_empty());
    assert_eq!(workspace.dateline(&["check"]).code, 0);
    let (_, groups) = workspace.json(&["segments", "list"]);
    let group = |kind: &str, name: &str| {
        let all = groups[kind].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["count"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(group("segments", "first-wave"), wave.len() as u64);
    let (_, radio) = workspace.json(&["contacts", "list", "--list", "radio"]);
    assert_eq!(
        group("lists", "list:radio"),
        radio.as_array().unwrap().len() as u64
    );
    // A field that somebody lacks makes one rule choose otherwise: it is refused.
    done(
        &workspace,
        &[
            "segments",
            "save",
            "tier",
            "--where",
            "contact.custom.tier == '1'",
        ],
    );
    refused(
        &workspace,
        &[
            "segments",
            "save",
            "rest",
            "--to",
            "central-asia",
            "--not",
            "tier",
        ],
        "who lacks a field",
    );
    // A new file is its owner's alone.
    std::fs::remove_file(&path).unwrap();
    done(&workspace, &["segments", "save", "all", "--where", "true"]);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left = run(std::process::Command::new("ls")
        .arg("-A")
        .arg(workspace.path("")));
    assert!(!left.out.contains(".tmp"), "{}", left.out);
}

/// Several at once: each is saved.
#[test]
fn segments_that_are_saved_at_once_are_all_kept() {
    let workspace = Workspace::new();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let workspace = &workspace;
            scope.spawn(move || {
                done(
                    workspace,
                    &["segments", "save", &format!("s{n}"), "--where", "true"],
                );
            });
        }
    });
    let (_, groups) = workspace.json(&["segments", "list"]);
    let names: Vec<_> = groups["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    for n in 0..6 {
        assert!(names.contains(&json!(format!("s{n}"))), "{names:?}");
    }
}
