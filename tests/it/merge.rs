//! Two contacts made one, on the command line: what was chosen, what was agreed to,
//! and that nobody is sent twice what they have.

use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, Workspace, now};
use serde_json::{Value, json};

const KEPT: &str = "narsee@steppe-post.example";
const OTHER: &str = "a.n@old-mail.example";

/// A newsroom with one person twice.
fn twice() -> Workspace {
    let workspace = Workspace::with_contacts();
    for (email, name, rest) in [
        (
            KEPT,
            "name=Aarti Narsee",
            ["outlet=Steppe Post", "role=Reporter", "lists=radio"],
        ),
        (
            OTHER,
            "name=Нарси Аарти",
            ["outlet=The Steppe Post", "role=Editor", "lists=wires"],
        ),
    ] {
        let add = ["contacts", "add", email, name, "country=KZ"];
        done(&workspace, &[&add[..], &rest].concat());
    }
    workspace
}

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

fn pairs(workspace: &Workspace) -> usize {
    let (code, all) = workspace.json(&["contacts", "duplicates"]);
    assert_eq!(code, 0, "{all}");
    all.as_array().unwrap().len()
}

fn show(workspace: &Workspace, email: &str) -> Value {
    workspace.json(&["contacts", "show", email]).1
}

#[test]
fn what_was_chosen_stays_and_undo_gives_both_back() {
    let workspace = twice();
    let before = (show(&workspace, KEPT), show(&workspace, OTHER));
    let merge = ["contacts", "merge", KEPT, OTHER];
    for (pick, part) in [
        ("role", "--pick: `role` is no choice"),
        ("role=both", "`role` holds one value"),
        (
            "tier=other",
            "`tier` is no field to choose; expected one of name,",
        ),
        ("email=other", "`email` is not chosen"),
    ] {
        refused(&workspace, &[&merge[..], &["--pick", pick]].concat(), part);
    }
    assert_eq!(before, (show(&workspace, KEPT), show(&workspace, OTHER)));
    let picks = [
        "--pick",
        "role=other",
        "--pick",
        "lists=kept",
        "--by",
        "vera",
    ];
    let said = done(&workspace, &[&merge[..], &picks].concat());
    assert!(said.contains("role: Reporter -> Editor"), "{said}");
    let now = show(&workspace, KEPT);
    assert_eq!(
        (&now["role"], &now["lists"]),
        (&json!("Editor"), &json!(["radio"]))
    );
    assert_eq!(now["outlet"], "Steppe Post");
    let (_, acts) = workspace.json(&["user", "acts"]);
    assert_eq!(acts[0]["act"], "contacts_merged");
    assert_eq!(acts[0]["by"], "vera");
    assert_eq!(acts[0]["facts"]["chosen"], "role=other, lists=kept");
    done(&workspace, &["contacts", "undo"]);
    assert_eq!(before, (show(&workspace, KEPT), show(&workspace, OTHER)));
}

#[test]
fn two_people_are_not_offered_again() {
    let workspace = twice();
    assert_eq!(pairs(&workspace), 1);
    let apart = ["contacts", "distinct", OTHER, KEPT];
    assert!(done(&workspace, &apart).contains("are two people"));
    assert!(done(&workspace, &apart).contains("(that is known)"));
    assert_eq!(pairs(&workspace), 0);
    let (_, all) = workspace.json(&["contacts", "distinct"]);
    assert_eq!(
        (&all[0]["one"], &all[0]["other"]),
        (&json!(OTHER), &json!(KEPT))
    );
    refused(&workspace, &["contacts", "distinct", KEPT], "required");
    refused(
        &workspace,
        &["contacts", "distinct", KEPT, KEPT],
        "told apart from itself",
    );
    refused(
        &workspace,
        &["contacts", "distinct", KEPT, "x@y.example"],
        "there is no contact",
    );
    let undo = ["contacts", "distinct", KEPT, OTHER, "--undo"];
    done(&workspace, &undo);
    refused(&workspace, &undo, "nobody told");
    assert_eq!(pairs(&workspace), 1);
}

/// The verdicts of an audience, by address.
fn verdict(workspace: &Workspace, release: &str, email: &str) -> Value {
    let (_, audience) = workspace.json(&[
        "audience",
        release,
        "--to",
        "list:radio",
        "--to",
        "list:wires",
    ]);
    let mut all = audience["contacts"].as_array().unwrap().iter();
    let found = all.find(|one| one["email"] == email).cloned();
    found.unwrap_or_else(|| panic!("{email} is not in {audience}"))
}

#[test]
fn an_agreement_of_either_address_counts_and_so_does_its_end() {
    let workspace = twice();
    done(&workspace, &["agreement", "grant", "--contact", OTHER]);
    assert_eq!(verdict(&workspace, EMBARGOED, KEPT)["phase"], "general");
    done(&workspace, &["contacts", "merge", KEPT, OTHER]);
    assert_eq!(verdict(&workspace, EMBARGOED, KEPT)["phase"], "advance");
    done(&workspace, &["agreement", "revoke", "--contact", KEPT]);
    assert_eq!(verdict(&workspace, EMBARGOED, KEPT)["phase"], "general");
}

#[test]
fn a_revocation_at_the_other_address_ends_an_older_agreement() {
    let workspace = twice();
    done(&workspace, &["agreement", "grant", "--contact", KEPT]);
    done(&workspace, &["agreement", "revoke", "--contact", OTHER]);
    assert_eq!(verdict(&workspace, EMBARGOED, KEPT)["phase"], "advance");
    done(&workspace, &["contacts", "merge", KEPT, OTHER]);
    assert_eq!(verdict(&workspace, EMBARGOED, KEPT)["phase"], "general");
}

#[test]
fn who_has_a_release_at_the_address_that_went_is_not_sent_it_again() {
    let workspace = twice();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    done(
        &workspace,
        &["send", IMMEDIATE, "--to", "list:wires", "--wait"],
    );
    done(&workspace, &["contacts", "merge", KEPT, OTHER]);
    let excluded = verdict(&workspace, IMMEDIATE, KEPT);
    assert!(excluded.to_string().contains("already"), "{excluded}");
    let said = workspace.dateline(&["log", "verify"]);
    assert_eq!(said.code, 0, "{}", said.err);
    // Whoever says so of the old address means themselves.
    done(
        &workspace,
        &["contacts", "opt-out", OTHER, "--why", "by telephone"],
    );
    let (_, barred) = workspace.json(&["suppression", "list"]);
    let barred: Vec<_> = barred["suppressions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| &bar["email"])
        .collect();
    assert_eq!(barred, [OTHER, KEPT]);
}

#[test]
fn what_waits_under_an_agreement_goes_on_and_twice_becomes_once() {
    let workspace = twice();
    workspace.lift_in(86_400);
    done(&workspace, &["agreement", "grant", "--contact", OTHER]);
    let soon = (now() + jiff::SignedDuration::from_secs(600)).to_string();
    let waits = |email: &str| {
        let states = workspace.sqlite(&format!(
            "SELECT phase, state FROM delivery WHERE email = '{email}' ORDER BY n"
        ));
        states.trim().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    // To the address that goes alone, and to both.
    for to in [&["list:wires"][..], &["list:wires", "list:radio"]] {
        let send = ["send", IMMEDIATE, "--at", &soon, "--again", "--to"];
        done(&workspace, &[&send[..], to].concat());
    }
    let send = ["send", EMBARGOED, "--at", &soon, "--to", "list:wires"];
    done(&workspace, &send);
    assert_eq!(waits(KEPT), ["immediate|planned"]);
    assert_eq!(
        waits(OTHER),
        ["immediate|planned", "immediate|planned", "advance|planned"]
    );
    let said = done(&workspace, &["contacts", "merge", KEPT, OTHER]);
    assert!(said.contains("1 delivery(ies) ended"), "{said}");
    assert_eq!(waits(KEPT), ["immediate|planned"]);
    assert_eq!(
        waits(OTHER),
        [
            "immediate|planned",
            "immediate|cancelled",
            "advance|planned"
        ]
    );
    done(&workspace, &["log", "verify"]);
    // The agreement is the person's: said of either address, it is over for both.
    done(&workspace, &["agreement", "revoke", "--contact", KEPT]);
    assert_eq!(waits(OTHER)[2], "general|planned");
}
