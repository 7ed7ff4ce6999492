//! What a program does by the API, and what the record says of it.

use super::super::browser::{acts, user};
use super::{Program, json, newsroom, problem, scopes_of, token};
use crate::support::{
    CatcherProcess, EMBARGOED, FakeRelay, IMMEDIATE, Manners, ServiceProcess, Workspace, eventually,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dateline::domain::account::Role;
use reqwest::Method;
use serde_json::{Value, json};

const ANNA: &str = "anna.kim@steppe-post.example";

pub(super) struct Room {
    pub(super) workspace: Workspace,
    service: ServiceProcess,
    pub(super) vera: Program,
    _catcher: CatcherProcess,
}

/// A newsroom whose relay catches, and two approvers with a token each.
pub(super) fn room(more: &str) -> Room {
    let workspace = newsroom();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(86_400);
    let text = workspace.read("dateline.toml");
    workspace.write("dateline.toml", &format!("{text}\n{more}"));
    let secret = token(&workspace, "desk", "vera", &scopes_of(Role::Approver));
    let service = ServiceProcess::start(&workspace);
    Room {
        vera: Program::new(&service, &secret),
        workspace,
        service,
        _catcher: catcher,
    }
}

#[test]
fn a_release_is_looked_at_approved_and_sent() {
    let Room {
        workspace,
        service,
        vera,
        _catcher,
    } = room("[approval]\nembargoed = 2\nparity = \"off\"\n");
    user(&workspace, "olga", "approver");
    let secret = token(&workspace, "second", "olga", &scopes_of(Role::Approver));
    let olga = Program::new(&service, &secret);
    let path = format!("/api/v1/releases/{EMBARGOED}");

    let releases = vera.read("/api/v1/releases?limit=1");
    assert_eq!(releases["items"][0]["id"], EMBARGOED);
    let next = releases["next"].as_str().unwrap();
    let rest = vera.read(&format!("/api/v1/releases?after={next}"));
    assert_eq!(rest["items"][0]["id"], IMMEDIATE);
    assert_eq!(rest["next"], Value::Null);
    assert_eq!(vera.read(&path)["release"]["stage"], "draft");
    assert_eq!(vera.read(&format!("{path}/check"))["ok"], true);
    let mail = vera.read(&format!("{path}/preview?language=ru&source=true"));
    assert!(mail["subject"].as_str().unwrap().contains("ЭМБАРГО"));
    assert!(mail["source"].as_str().unwrap().contains("Message-ID:"));
    let told = problem(&vera.get(&format!("{path}/preview?language=de")), 422);
    assert!(told.contains("the release has no variant `de`"), "{told}");

    let whom = "to=wires&to=central-asia";
    let audience = vera.read(&format!("{path}/audience?{whom}&selected=true&limit=20"));
    assert_eq!(audience["included"], 23);
    assert_eq!(audience["by_phase"]["advance"], 18);
    let first = audience["items"].as_array().unwrap();
    assert_eq!(first.len(), 20);
    let next = audience["next"].as_str().unwrap();
    let rest = vera.read(&format!(
        "{path}/audience?{whom}&selected=true&after={next}"
    ));
    let rest = rest["items"].as_array().unwrap();
    assert!(rest.iter().all(|one| one["email"].as_str().unwrap() > next));
    let got = first
        .iter()
        .chain(rest)
        .filter(|one| one["gets"].is_object());
    assert_eq!(got.count(), 23);

    let order = json!({ "to": ["wires", "central-asia"] });
    let told = problem(&vera.post(&format!("{path}/send"), &order), 409);
    assert!(
        told.contains("needs the approval of 2 different people"),
        "{told}"
    );
    let approve = format!("{path}/approve");
    assert_eq!(vera.post(&approve, &order).status, 200);
    let told = problem(&vera.post(&approve, &order), 409);
    assert!(told.contains("must be another person"), "{told}");
    let approved = json(&olga.post(&approve, &order));
    assert_eq!(approved["approved_by"], json!(["vera", "olga"]));
    let clearance = vera.read(&format!("{path}/clearance?{whom}"));
    assert_eq!(
        (&clearance["clear"], &clearance["content"]),
        (&json!(true), &approved["content"])
    );

    let seen =
        json!({ "to": ["wires", "central-asia"], "expect": 22, "content": approved["content"] });
    let told = problem(&vera.post(&format!("{path}/send"), &seen), 409);
    assert!(told.contains("22 recipients were expected"), "{told}");
    let none = vera.read("/api/v1/distributions");
    assert_eq!(none["items"], json!([]), "nothing was planned");
    let seen =
        json!({ "to": ["wires", "central-asia"], "expect": 23, "content": approved["content"] });
    let sent = vera.post(&format!("{path}/send"), &seen);
    assert_eq!(sent.status, 201, "{}", sent.body);
    let place = sent.location().to_owned();
    let again = vera.post(&format!("{path}/send"), &seen);
    assert_eq!((again.status, again.location()), (200, place.as_str()));
    eventually("the early copies are out", || {
        let status = vera.read(&place);
        let claimed = status["by_state"]["claimed"].as_u64().unwrap_or(0);
        claimed == 0 && status["by_state"]["accepted"].as_u64().unwrap_or(0) > 10
    });

    let why = json!({ "why": "a figure is wrong" });
    assert_eq!(
        json(&vera.post(&format!("{place}/hold"), &why))["course"],
        "held"
    );
    let told = problem(&vera.post(&format!("{place}/hold"), &why), 409);
    assert!(told.contains("it is held already"), "{told}");
    problem(
        &vera.post(&format!("{place}/resume"), &json!({ "why": " " })),
        422,
    );
    assert_eq!(
        json(&vera.post(&format!("{place}/resume"), &why))["course"],
        "under_way"
    );
    let notice = json!({ "notice": "kill" });
    let killed = json(&vera.post(&format!("{place}/kill"), &why));
    assert!(killed["withdrawn"].as_u64().unwrap() >= 5, "{killed}");
    assert_eq!(killed["distribution"]["course"], "killed");
    let state = |name: &str| vera.read(&place)["by_state"][name].as_u64().unwrap_or(0);
    eventually("what was begun has ended", || state("claimed") == 0);
    let accepted = state("accepted");
    problem(&vera.post(&format!("{place}/correct"), &json!({})), 422);
    let told = vera.post(&format!("{place}/correct"), &notice);
    assert_eq!(told.status, 201, "{}", told.body);
    assert_eq!(
        json(&told)["distribution"]["audience"]["included"],
        accepted
    );
    let page = vera.read("/api/v1/distributions?limit=1");
    let next = page["next"].as_str().unwrap();
    let rest = vera.read(&format!("/api/v1/distributions?after={next}"));
    assert!(place.ends_with(rest["items"][0]["id"].as_str().unwrap()));

    // The record names the account and the token, once for each deed.
    let record = acts(&workspace);
    for act in [
        "vera approved",
        "olga approved",
        "vera sent",
        "vera held",
        "vera killed",
        "vera followed_up",
    ] {
        assert!(record.contains(&act.to_owned()), "{act}: {record:?}");
    }
    let (_, whole) = workspace.json(&["user", "acts"]);
    let whole = whole.as_array().unwrap();
    for (by, act, token) in [("vera", "killed", "desk"), ("olga", "approved", "second")] {
        let mut deeds = whole.iter();
        let mut deeds = deeds
            .by_ref()
            .filter(|one| one["act"] == act && one["by"] == by);
        assert_eq!(deeds.next().unwrap()["facts"]["token"], token);
        assert!(deeds.next().is_none(), "{act} stands once");
    }
    let called = whole.iter().any(|one| one["act"] == "called_the_api");
    assert!(!called, "{whole:?}");
}

#[test]
fn a_rehearsal_is_begun_and_read() {
    let room = room("");
    let vera = &room.vera;
    let path = format!("/api/v1/releases/{IMMEDIATE}/rehearse");
    let told = problem(&vera.post(&path, &json!({ "to": ["nobody"] })), 422);
    assert!(told.contains("there is no segment `nobody`"), "{told}");
    let begun = vera.post(
        &path,
        &json!({ "to": ["wires"], "when": { "on_lift": false } }),
    );
    assert_eq!(begun.status, 202, "{}", begun.body);
    let place = begun.location();
    eventually("the rehearsal is through", || {
        vera.read(place)["state"] == "done"
    });
    let done = vera.read(place);
    assert_eq!(done["report"]["verified"], true);
    assert!(done["report"]["caught"].as_u64().unwrap() > 0);
    problem(&vera.get("/api/v1/rehearsals/none"), 404);
    let caught = done["report"]["caught"].as_u64().unwrap();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = vera.read(&format!("{place}/mails?limit=2{after}"));
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len() as u64, caught);
    let number = seen[0]["number"].as_u64().unwrap();
    let mail = vera.read(&format!("{place}/mails/{number}"));
    assert_eq!(mail["mail"], seen[0]);
    assert!(mail["source"].as_str().unwrap().contains("Message-ID:"));
    assert!(!mail["text"].as_str().unwrap().is_empty());
    for number in ["0", "x", "-1", "18446744073709551616"] {
        problem(&vera.get(&format!("{place}/mails/{number}")), 404);
    }
    problem(&vera.get("/api/v1/rehearsals/none/mails"), 404);
}

#[test]
fn contacts_are_added_and_edited_and_nothing_is_half_applied() {
    let room = room("");
    let (workspace, vera) = (&room.workspace, &room.vera);
    let mut new = json!({ "email": ANNA, "fields": {
        "name": "Anna Kim", "country": "Kazakhstan", "languages": ["ru", "en"], "time_zone": "Almaty",
    }});
    let page = vera.post("/api/v1/contacts", &new);
    problem(&page, 422);
    let faults = &json(&page)["faults"];
    assert_eq!(
        (&faults[0]["field"], &faults[1]["field"]),
        (&json!("country"), &json!("time_zone"))
    );
    assert_eq!(vera.read("/api/v1/contacts?search=kim")["items"], json!([]));
    new["fields"]["country"] = json!("kz");
    new["fields"]["time_zone"] = json!("Asia/Almaty");
    new["fields"]["custom"] = json!({ "Tier": "1" });
    let added = vera.post("/api/v1/contacts", &new);
    assert_eq!(added.status, 201, "{}", added.body);
    let (place, anna) = (added.location().to_owned(), json(&added));
    assert_eq!(
        (&anna["country"], &anna["custom"]["tier"]),
        (&json!("KZ"), &json!("1"))
    );
    problem(&vera.post("/api/v1/contacts", &new), 422);

    // What is not known is refused as a whole.
    for (body, words) in [
        (
            json!({ "fields": { "name": "A", "nmae": "B" } }),
            "unknown field `nmae`",
        ),
        (
            json!({ "fields": { "name": "A" }, "email": "x@example.org" }),
            "unknown field `email`",
        ),
        (
            json!({ "fields": { "name": "A", "beats": "climate" } }),
            "expected a sequence",
        ),
        (json!({ "fields": ["A"] }), "expected an object"),
        (json!([]), "expected an object"),
    ] {
        let told = problem(&vera.patch(&place, &body), 400);
        assert!(told.contains(words), "{words}: {told}");
    }
    let told = problem(
        &vera.patch(
            &place,
            &json!({ "fields": { "name": "A", "beats": ["a, b"] } }),
        ),
        422,
    );
    assert!(told.contains("holds a sign that parts items"), "{told}");
    assert_eq!(vera.read(&place), anna, "nothing was changed");
    let seen = json!({ "version": anna["version"], "fields": { "beats": ["climate", "rivers"], "outlet": "Steppe Post" } });
    let changed = json(&vera.patch(&place, &seen));
    assert_eq!(changed["beats"], json!(["climate", "rivers"]));
    assert_eq!(
        changed["languages"],
        json!(["ru", "en"]),
        "what is not named stays"
    );
    let told = problem(&vera.patch(&place, &seen), 409);
    assert!(told.contains("was changed meanwhile"), "{told}");
    let (_, shown) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(shown["outlet"], "Steppe Post");
    assert!(acts(workspace).contains(&"vera contact_changed".to_owned()));

    // In pages, each once.
    let (mut after, mut emails) = (String::new(), Vec::new());
    loop {
        let page = vera.read(&format!("/api/v1/contacts?limit=7{after}"));
        let items = page["items"].as_array().unwrap();
        emails.extend(
            items
                .iter()
                .map(|one| one["email"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={}", next.replace('+', "%2B"));
    }
    let (_, all) = workspace.json(&["contacts", "list"]);
    assert_eq!(emails.len(), all.as_array().unwrap().len());
    assert!(emails.is_sorted());
}

#[test]
fn addresses_are_barred_and_freed() {
    let room = room("");
    let vera = &room.vera;
    let bar = json!({ "emails": [ANNA, "b@example.org"], "reason": "opt-out", "why": "asked by telephone" });
    assert_eq!(json(&vera.post("/api/v1/suppressions", &bar))["added"], 2);
    assert_eq!(json(&vera.post("/api/v1/suppressions", &bar))["added"], 0);
    let wrong =
        json!({ "emails": ["c@example.org", "no address"], "reason": "manual", "why": "x" });
    problem(&vera.post("/api/v1/suppressions", &wrong), 422);
    let erased = json!({ "emails": ["c@example.org"], "reason": "erasure", "why": "x" });
    problem(&vera.post("/api/v1/suppressions", &erased), 422);
    let listed = vera.read("/api/v1/suppressions?reason=opt-out");
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0]["source"], "vera");
    for query in [
        "reason=",
        "reason=whim",
        "reason=manual&reason=manual",
        "limit=",
    ] {
        problem(&vera.get(&format!("/api/v1/suppressions?{query}")), 400);
    }
    let lift = json!({ "email": ANNA, "why": "wrote again" });
    assert_eq!(
        json(&vera.post("/api/v1/suppressions/lift", &lift))["reason"],
        "opt-out"
    );
    problem(&vera.post("/api/v1/suppressions/lift", &lift), 409);
}

#[test]
fn the_log_is_read_in_pages_both_ways_and_verified() {
    let room = room("");
    let (workspace, vera) = (&room.workspace, &room.vera);
    assert_eq!(
        workspace
            .dateline(&["send", IMMEDIATE, "--to", "wires"])
            .code,
        0
    );
    // The service has a part in it, and may be at it still.
    eventually("all is settled", || {
        let (_, status) = workspace.json(&["status", "latest"]);
        let open = ["planned", "due", "claimed", "deferred"];
        open.iter().all(|state| status["by_state"][state].is_null())
    });
    let pages = |order: &str| {
        let (mut after, mut all) = (String::new(), Vec::new());
        loop {
            let page = vera.read(&format!("/api/v1/log?limit=9&order={order}{after}"));
            let items = page["items"].as_array().unwrap();
            all.extend(items.iter().map(|one| one["seq"].as_u64().unwrap()));
            let Some(next) = page["next"].as_str() else {
                return all;
            };
            after = format!("&after={next}");
        }
    };
    let (onward, mut back) = (pages("oldest"), pages("newest"));
    back.reverse();
    assert_eq!(onward, back);
    let verified = vera.read("/api/v1/log/verify");
    assert_eq!(verified["entries"], onward.len() as u64);
    assert_eq!(verified["verified"], true);
    let planned = vera.read("/api/v1/log?distribution=latest&event=planned&limit=500");
    let planned = planned["items"].as_array().unwrap();
    assert!(
        planned
            .iter()
            .all(|one| one["event"] == "planned" && one["hash"].is_string())
    );
    let at_wire = vera.read("/api/v1/log?outlet=tidewater&event=planned&limit=500");
    let at_wire = at_wire["items"].as_array().unwrap();
    assert!(!at_wire.is_empty());
    let emails = at_wire.iter().map(|entry| &entry["facts"]["email"]);
    for email in emails {
        assert!(email.as_str().unwrap().ends_with("@tidewater-wire.example"));
    }
    let told = problem(&vera.get("/api/v1/log?since=yesterday"), 422);
    assert!(told.contains("`yesterday` is not a time"), "{told}");
    problem(&vera.get("/api/v1/log?limit=0"), 400);
    problem(&vera.get("/api/v1/log?limit=501"), 400);
    problem(&vera.get("/api/v1/log?evnet=planned"), 400);
}

#[test]
fn what_is_in_doubt_is_settled_and_what_came_back_is_read() {
    let workspace = newsroom();
    let relay = FakeRelay::start(Manners::CutsInDot(5));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", relay.port));
    workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    let secret = token(&workspace, "desk", "vera", &scopes_of(Role::Approver));
    let service = ServiceProcess::start(&workspace);
    let vera = Program::new(&service, &secret);
    let doubted = vera.read("/api/v1/in-doubt?distribution=latest&limit=2");
    let ids: Vec<_> = doubted["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["delivery"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    let next = doubted["next"].as_str().unwrap();
    let rest = vera.read(&format!("/api/v1/in-doubt?after={next}"));
    assert!(
        rest["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["delivery"].as_str().unwrap() > next)
    );
    let settle = format!("/api/v1/in-doubt/{}/settle", ids[0]);
    let settled = json(&vera.post(&settle, &json!({ "arrived": true })));
    assert_eq!(settled["state"], "accepted");
    let told = problem(&vera.post(&settle, &json!({ "arrived": true })), 409);
    assert!(told.contains(ids[0]), "{told}");
    let resend = format!("/api/v1/in-doubt/{}/resend", ids[1]);
    assert_eq!(
        json(&vera.call(Method::POST, &resend, None))["state"],
        "due"
    );
    problem(
        &vera.call(Method::POST, "/api/v1/in-doubt/dlv_x/resend", None),
        404,
    );

    let delivery = ids[0];
    let report = format!(
        "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
        --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
        Final-Recipient: rfc822; {}\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
        settled["email"].as_str().unwrap()
    );
    workspace.write("report.eml", &report);
    let file = workspace.path("report.eml").display().to_string();
    let human = "From: <somebody@example.org>\nSubject: Lunch?\n\nAt noon.\n";
    let mbox = format!(
        "From - Thu Nov 26 09:00:00 2026\n{report}\nFrom - Thu Nov 26 09:00:01 2026\n{human}"
    );
    let brought = |octets: &[u8]| json!({ "file": "<b>.mbox", "content": STANDARD.encode(octets) });
    let taken = vera.post("/api/v1/bounces", &brought(mbox.as_bytes()));
    assert_eq!(
        json(&taken),
        json!({ "messages": 2, "kept": { "hard": 1 }, "known": 0, "unmatched": 0, "unknown": 1,
            "bounced": 1, "barred": 0 }),
        "what is told of an address alone bars nobody"
    );
    let again = workspace.json(&["bounce", "ingest", &file]).1;
    assert_eq!(again["known"], 1, "the same on the command line: {again}");
    let again = json(&vera.post("/api/v1/bounces", &brought(report.as_bytes())));
    assert_eq!((&again["known"], &again["kept"]), (&json!(1), &json!({})));
    for (bad, words) in [
        (brought(b""), "`content` is empty"),
        (json!({ "file": "x", "content": "*" }), "is no base64"),
        (
            json!({ "file": "", "content": "eA==" }),
            "`file` says nothing",
        ),
    ] {
        let told = problem(&vera.post("/api/v1/bounces", &bad), 422);
        assert!(told.contains(words), "{told}");
    }
    let large = brought(&vec![b'x'; 16 * 1024 * 1024 + 1]);
    problem(&vera.post("/api/v1/bounces", &large), 413);
    let deeds = acts(&workspace).into_iter();
    let deeds = deeds.filter(|act| act == "vera bounces_taken_in");
    assert_eq!(deeds.count(), 2);
    let came = vera.read("/api/v1/bounces");
    let bounce = &came["items"][0];
    assert_eq!(
        (&bounce["delivery"], &bounce["kind"], &bounce["status"]),
        (&json!(delivery), &json!("hard"), &json!("5.1.1"))
    );
    let place = format!("/api/v1/bounces/{}", bounce["report"].as_str().unwrap());
    let whole = vera.read(&place);
    assert!(
        whole["message"]
            .as_str()
            .unwrap()
            .contains("Final-Recipient")
    );
    assert_eq!(&whole["bounce"], bounce);
    assert_eq!(
        (&whole["rule"], &whole["because"], &whole["state"]),
        (&json!("status"), &json!("5.1.1"), &json!("bounced"))
    );
    assert!(whole["distribution"].as_str().unwrap().starts_with("dst_"));
    assert!(whole["contact"].as_str().unwrap().starts_with("con_"));
    assert_eq!(
        (&whole["suppression"], &whole["set_bar"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(came["next"], Value::Null);
    let none = vera.read("/api/v1/bounces?kind=opt-out");
    assert_eq!(none["items"], json!([]));
    problem(&vera.get("/api/v1/bounces?kind=harsh"), 422);
    problem(&vera.get("/api/v1/bounces?after=-1"), 422);
    let verified = vera.read("/api/v1/log/verify");
    let head = verified["head"].as_str().unwrap();
    assert_eq!(verified["anchored"], Value::Null);
    for (head, anchored) in [(head, true), ("nothing", false)] {
        let verified = vera.read(&format!("/api/v1/log/verify?head={head}"));
        assert_eq!(verified["anchored"], anchored);
    }
    problem(&vera.get("/api/v1/bounces/none"), 404);
}

#[test]
fn an_audience_that_was_looked_at_before_is_told_by_the_files_as_they_are_now() {
    // So many that what was worked out is kept for a while.
    let workspace = newsroom();
    let many: String = (0..20_000)
        .map(|n| format!("r{n:05}@many.example,KZ,ru\n"))
        .collect();
    workspace.write("many.csv", &format!("email,country,languages\n{many}"));
    let file = workspace.path("many.csv").display().to_string();
    assert_eq!(workspace.dateline(&["contacts", "import", &file]).code, 0);
    workspace.lift_in(86_400);
    let secret = token(&workspace, "desk", "vera", &scopes_of(Role::Approver));
    let service = ServiceProcess::start(&workspace);
    let vera = Program::new(&service, &secret);
    let path = format!("/api/v1/releases/{EMBARGOED}/audience?to=central-asia&limit=1");
    let lift = || {
        let seen = vera.read(&path);
        let turns = seen["turns"].as_array().unwrap().iter();
        let mut turns = turns.filter(|turn| turn["phase"] == "general");
        turns.next().unwrap()["first"].clone()
    };
    let before = lift();
    workspace.lift_in(2 * 86_400);
    assert_ne!(
        lift(),
        before,
        "the embargo was moved in the release's file"
    );
    let before = vera.read(&path)["included"].clone();
    let segments = workspace.read("segments.toml");
    let narrow = segments.replace("central-asia]", "central-asia-before]");
    workspace.write(
        "segments.toml",
        &format!("{narrow}\n[segment.central-asia]\nwhere = \"contact.country == 'UZ'\"\n"),
    );
    assert_ne!(vera.read(&path)["included"], before);
}

#[test]
fn what_cannot_be_read_is_told_as_a_problem() {
    let room = room("");
    let vera = &room.vera;
    let path = "/api/v1/suppressions";
    let body = json!({ "emails": [ANNA], "reason": "manual", "why": "x" }).to_string();
    let typed = |kind: &'static str| Program {
        client: reqwest::blocking::Client::new(),
        base: vera.base.clone(),
        shows: vera.shows.clone(),
        more: vec![("content-type", kind.to_owned())],
    };
    problem(&vera.call(Method::POST, path, None), 415);
    let url = format!("{}{path}", vera.base);
    let form = typed("application/x-www-form-urlencoded");
    let sent = form
        .client
        .post(&url)
        .header("authorization", &form.shows)
        .header("content-type", "text/plain")
        .body(body.clone())
        .send();
    assert_eq!(sent.unwrap().status().as_u16(), 415);
    assert!(problem(&vera.call(Method::POST, path, Some("{\"emails\":")), 400).contains("line 1"));
    assert!(
        problem(
            &vera.call(Method::POST, path, Some(&format!("{body}{body}"))),
            400
        )
        .contains("trailing")
    );
    let long = format!("{{\"why\":\"{}\"}}", "x".repeat(300 * 1024));
    problem(&vera.call(Method::POST, path, Some(&long)), 413);
    let page = vera.call(Method::DELETE, path, None);
    problem(&page, 405);
    assert!(page.headers["allow"].contains("POST"), "{:?}", page.headers);
    problem(&vera.get("/api/v1/nothing"), 404);
    problem(&vera.get("/api/v2/releases"), 404);
    for name in ["..%2Fw%2Freleases%2Fx", "%2Fetc", "%00", "a%0Ab", "x"] {
        problem(&vera.get(&format!("/api/v1/releases/{name}")), 404);
    }
    let health = vera.read("/api/v1/health");
    assert_eq!(
        (&health["healthy"], &health["ready"]),
        (&json!(true), &json!(true))
    );
    let segments = vera.read("/api/v1/segments");
    let names: Vec<_> = segments["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"wires") && names.contains(&"list:rehearsal"),
        "{names:?}"
    );
}
