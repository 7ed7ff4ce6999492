//! The command line, the desk's pages and the API offer the same: every use case of
//! `src/desk` stands in one table here, with whoever calls it. What a face leaves out
//! stands there with the reason, and nowhere else.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A face, and where its sources are.
const FACES: [(&str, &str); 3] = [
    ("command line", "src/cli"),
    ("pages", "src/web"),
    ("api", "src/web/api"),
];

const CLI: &str = FACES[0].0;
const PAGES: &str = FACES[1].0;
const API: &str = FACES[2].0;

/// What can be done: its name, by which functions (each face calls one of them at
/// least), and which faces leave it out, and why.
type UseCase = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

const READERS: &[(&str, &str)] = &[
    (CLI, "it is the readers' own page"),
    (API, "it is the readers' own page"),
];
const ONES_OWN: &[(&str, &str)] = &[
    (CLI, "who works at the machine is known by it"),
    (API, "a program shows a token, and has no session"),
];

const USE_CASES: &[UseCase] = &[
    ("see releases", &["releases"], &[]),
    ("see one release", &["release"], &[]),
    ("preview a mail", &["preview"], &[]),
    ("look at an audience", &["look", "survey"], &[]),
    ("rehearse", &["rehearse", "rehearsals.begin"], &[]),
    (
        "see what is lacking before it is sent",
        &["clearance"],
        &[(CLI, "`send` and `approve` say it, and then plan nothing")],
    ),
    ("approve", &["approve"], &[]),
    ("send", &["plan"], &[]),
    ("see distributions", &["statuses", "statuses_after"], &[]),
    (
        "see one distribution",
        &["status_alone", "watched.look", "standing"],
        &[],
    ),
    ("hold", &["hold"], &[]),
    ("resume", &["resume"], &[]),
    ("kill", &["kill"], &[]),
    ("correct", &["correct"], &[]),
    ("lift an embargo", &["lift_embargo"], &[]),
    ("move an embargo", &["move_embargo"], &[]),
    (
        "see what is in doubt",
        &["in_doubt", "doubts", "watched.look"],
        &[],
    ),
    ("settle what is in doubt", &["decide"], &[]),
    (
        "search the log",
        &["each_entry", "entries", "newest_entries"],
        &[],
    ),
    ("verify the log", &["verify", "verification"], &[]),
    ("find contacts", &["find_contacts"], &[]),
    (
        "take all contacts away as a file",
        &["own_columns"],
        &[(API, "its list of contacts has every field")],
    ),
    ("add a contact", &["add_contact"], &[]),
    ("change a contact", &["change_contact", "change_seen"], &[]),
    (
        "import contacts",
        &["import", "apply_import", "import_octets"],
        &[],
    ),
    ("see imports", &["imports"], &[]),
    ("undo an import", &["undo_import"], &[]),
    ("see duplicates", &["duplicates"], &[]),
    ("merge two contacts", &["merge_contacts"], &[]),
    ("tell two contacts apart", &["tell_apart"], &[]),
    ("offer two contacts again", &["offer_again"], &[]),
    ("see who was told apart", &["told_apart"], &[]),
    (
        "see words on agreements",
        &["agreement_words", "whole"],
        &[],
    ),
    (
        "put a word on an agreement on record",
        &["record_agreement"],
        &[],
    ),
    (
        "see a contact's key",
        &["key_of", "whole", "named_contact"],
        &[],
    ),
    ("take a contact's key", &["import_key"], &[]),
    ("remove a contact's key", &["remove_key"], &[]),
    ("opt a contact out, or off a list", &["opt_out"], &[]),
    (
        "see a contact's personal links",
        &["own_links"],
        &[
            (
                PAGES,
                "whoever has one speaks as the reader, on agreements too",
            ),
            (
                API,
                "whoever has one speaks as the reader, on agreements too",
            ),
        ],
    ),
    (
        "see barred addresses",
        &["suppressions", "each_suppression"],
        &[],
    ),
    ("bar addresses", &["suppress"], &[]),
    ("lift a bar", &["lift_suppression"], &[]),
    ("import bars", &["import_suppressions"], &[]),
    ("see everything held of an address", &["everything"], &[]),
    ("forget an address", &["forget"], &[]),
    (
        "let a forgotten address be known again",
        &["lift_forgotten"],
        &[],
    ),
    ("let go what is too old", &["retain", "let_go"], &[]),
    ("see segments", &["segment_groups"], &[]),
    ("see press lists", &["press_lists"], &[]),
    ("save a segment", &["save_segment"], &[]),
    ("see what came back", &["bounces"], &[]),
    ("see one report", &["bounce", "find_bounce"], &[]),
    (
        "take in what came back",
        &["ingest_bounces", "ingest_brought"],
        &[],
    ),
    (
        "fetch what came back from a mailbox",
        &["fetch_bounces"],
        &[
            (PAGES, "the service reads the mailbox all the time"),
            (API, "the service reads the mailbox all the time"),
        ],
    ),
    ("see accounts", &["users"], &[]),
    ("add an account", &["add_user"], &[]),
    ("give somebody another role", &["set_role"], &[]),
    ("let somebody in, or not", &["set_disabled"], &[]),
    ("give somebody another password", &["set_password"], &[]),
    ("take a second factor away", &["drop_second_factor"], &[]),
    ("see who did what", &["acts"], &[]),
    ("see tokens", &["tokens"], &[]),
    ("end a token", &["end_token"], &[]),
    (
        "make a token",
        &["add_token", "add_own_token"],
        &[(
            API,
            "no token makes another, or one that leaked would never end",
        )],
    ),
    (
        "try a relay out",
        &["try_relay"],
        &[
            (
                PAGES,
                "relays are set up on the machine, with their passwords",
            ),
            (
                API,
                "relays are set up on the machine, with their passwords",
            ),
        ],
    ),
    ("sign in", &["sign_in", "who", "still_in"], ONES_OWN),
    ("sign out", &["sign_out"], ONES_OWN),
    (
        "change one's own password",
        &["change_own_password"],
        ONES_OWN,
    ),
    (
        "set up one's own second factor",
        &[
            "offer_second_factor",
            "same_second_factor",
            "set_second_factor",
        ],
        ONES_OWN,
    ),
    (
        "show a token",
        &["holder"],
        &[
            (CLI, "who works at the machine shows none"),
            (PAGES, "people sign in"),
        ],
    ),
    (
        "read releases that are public",
        &["publication", "publications"],
        READERS,
    ),
    (
        "be a reader: opt out, choose, agree, read one's copy",
        &[
            "reader",
            "is_out",
            "opt_reader_out",
            "opt_out_token",
            "change_reader",
            "terms",
            "reader_agrees",
            "copies",
            "copy",
        ],
        READERS,
    ),
];

/// What use cases are made of, and what looks up what somebody named.
const MADE_OF: [&str; 33] = [
    "agreement_word",
    "audience",
    "bars",
    "contact",
    "contact_of",
    "deed",
    "dispatch",
    "each_contact",
    "ears",
    "find",
    "find_exactly",
    "forecast",
    "forgotten_count",
    "known_release",
    "knows_delivery",
    "links",
    "load",
    "log_search",
    "note",
    "open",
    "outlook",
    "plan_import",
    "relay",
    "release_names",
    "return_path",
    "rule",
    "schedule",
    "segments_now",
    "shown",
    "status",
    "take_messages",
    "unknown_in",
    "user",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sources that lie in a folder itself.
fn sources(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let rust = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs");
    paths
        .filter(rust)
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// All of a face's sources without a blank: a call may stand on several lines.
fn face(folder: &str) -> String {
    let text = sources(folder).concat();
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn calls(face: &str, function: &str) -> bool {
    let of = ["desk.", "desk().", "front.", "demo."];
    of.iter()
        .any(|of| face.contains(&format!("{of}{function}(")))
}

/// Every public function of `Desk`.
fn offered() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in sources("src/desk") {
        for block in text.split("\nimpl Desk {\n").skip(1) {
            let block = block.split("\n}\n").next().unwrap();
            let public = block
                .lines()
                .filter_map(|line| line.strip_prefix("    pub "));
            let named = public.filter_map(|line| line.split_once("fn "));
            let named = named.filter(|(before, _)| matches!(*before, "" | "async "));
            let ends = |c: char| !(c.is_alphanumeric() || c == '_');
            names.extend(named.map(|(_, rest)| rest.split(ends).next().unwrap().to_owned()));
        }
    }
    assert!(names.len() > 80, "{names:?}");
    names
}

#[test]
fn every_face_does_what_the_others_do_or_says_why_not() {
    let faces = FACES.map(|(name, folder)| (name, face(folder)));
    let mut faults = String::new();
    for (what, functions, left_out) in USE_CASES {
        for (name, text) in &faces {
            let called = functions.iter().any(|one| calls(text, one));
            match (called, left_out.iter().find(|(face, _)| face == name)) {
                (true, None) | (false, Some(_)) => {}
                (false, None) => writeln!(faults, "nobody can {what} by the {name}").unwrap(),
                (true, Some((_, why))) => writeln!(
                    faults,
                    "the {name} can {what}, and it is said that it cannot: {why}"
                )
                .unwrap(),
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn every_use_case_stands_in_the_table() {
    let rows = USE_CASES.iter().flat_map(|(_, functions, _)| *functions);
    let known: BTreeSet<_> = rows.chain(&MADE_OF).copied().collect();
    let offered = offered();
    let missing: Vec<_> = offered
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "in no row of the table: {missing:?}");
    let gone = MADE_OF.iter().filter(|name| !offered.contains(**name));
    let gone: Vec<_> = gone.collect();
    assert!(gone.is_empty(), "there is nothing of these names: {gone:?}");
}
