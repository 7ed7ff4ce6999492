//! Contacts, agreements, keys, segments, erasure and accounts, as a program keeps them.

use super::super::browser::{Browser, user};
use super::{Program, json, newsroom, problem, scopes_of, token};
use crate::gnupg::Gnupg;
use crate::support::{EMBARGOED, ServiceProcess, Workspace, eventually};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dateline::domain::account::Role;
use dateline::domain::token::Scope;
use serde_json::{Value, json};

const KEPT: &str = "narsee@steppe-post.example";
const OTHER: &str = "a.n@old-mail.example";

/// A newsroom, with a program of an approver and one of an admin.
fn room() -> (Workspace, ServiceProcess, Program, Program) {
    let workspace = newsroom();
    user(&workspace, "adam", "admin");
    let vera = token(&workspace, "desk", "vera", &scopes_of(Role::Approver));
    let adam = token(&workspace, "office", "adam", &Scope::ALL);
    let service = ServiceProcess::start(&workspace);
    let programs = [vera, adam].map(|secret| Program::new(&service, &secret));
    let [vera, adam] = programs;
    (workspace, service, vera, adam)
}

/// The acts of a name.
fn acts(workspace: &Workspace, name: &str) -> Vec<Value> {
    let (_, all) = workspace.json(&["user", "acts"]);
    let all = all.as_array().unwrap().iter();
    // What was done before the service stood was done on the command line.
    let all = all.filter(|act| act["by"] != "operator");
    all.filter(|act| act["act"] == name).cloned().collect()
}

/// Every deed of a program stands once in the acts, and names its token.
#[track_caller]
fn stands_once(workspace: &Workspace, name: &str, token: &str) {
    let found = acts(workspace, name);
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    assert_eq!(found[0]["facts"]["token"], token, "{found:?}");
    // What put nothing there itself is told by its call: a dry run alone.
    let called = acts(workspace, "called_the_api");
    assert!(
        called
            .iter()
            .all(|act| act["facts"]["call"] == "POST /api/v1/imports"),
        "{called:?}"
    );
}

#[track_caller]
fn done(page: &super::Page, status: u16) -> Value {
    assert_eq!(page.status, status, "{}", page.body);
    match page.body.is_empty() {
        true => Value::Null,
        false => json(page),
    }
}

#[test]
fn a_file_is_tried_imported_and_undone() {
    let (workspace, _service, vera, _) = room();
    let path = "/api/v1/imports";
    let file = |text: &str, more: &[(&str, Value)]| {
        let mut body = json!({ "file": "список.csv", "content": STANDARD.encode(text) });
        for (name, value) in more {
            body[*name] = value.clone();
        }
        body
    };
    let text = "Куда,ФИО\na@example.org,Анна Ким\nnobody,Б\n";
    let told = problem(&vera.post(path, &file(text, &[])), 422);
    assert!(told.contains("problem(s) in the input"), "{told}");
    let map = json!(["Куда=email", "ФИО=name"]);
    let tried = file(text, &[("map", map.clone()), ("dry_run", json!(true))]);
    let found = done(&vera.post(path, &tried), 200);
    assert_eq!(found["added"][0]["email"], "a@example.org");
    assert_eq!(found["problems"][0]["line"], 3);
    assert_eq!(
        (&found["format"], &found["import"]),
        (&json!("CSV"), &Value::Null)
    );
    assert_eq!(
        vera.read("/api/v1/contacts?search=a@example.org")["items"],
        json!([])
    );
    let strict = file(text, &[("map", map.clone()), ("strict", json!(true))]);
    assert_eq!(vera.post(path, &strict).status, 422);
    for (bad, words) in [
        (
            json!({ "file": "x", "content": "***" }),
            "`content` is no base64",
        ),
        (file(text, &[("map", json!(["Куда"]))]), "`map`:"),
    ] {
        let told = problem(&vera.post(path, &bad), 422);
        assert!(told.contains(words), "{told}");
    }
    let large = json!({ "file": "x", "content": STANDARD.encode(vec![b'a'; 17 * 1024 * 1024]) });
    assert!(problem(&vera.post(path, &large), 413).contains("expected at most 16777216"));

    let imported = done(&vera.post(path, &file(text, &[("map", map)])), 200);
    let import = imported["import"].as_str().unwrap();
    stands_once(&workspace, "contacts_imported", "desk");
    assert_eq!(acts(&workspace, "called_the_api").len(), 1, "the dry run");
    let listed = vera.read(path);
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["added"]),
        (&json!(import), &json!(1))
    );
    let undo = format!("{path}/{import}/undo");
    let undone = done(&vera.post(&undo, &json!({})), 200);
    assert_eq!(
        (&undone["removed"], &undone["import"]["undone_by"]),
        (&json!(1), &json!("vera"))
    );
    assert!(problem(&vera.post(&undo, &json!({})), 422).contains("was undone already"));
    problem(&vera.post(&format!("{path}/x/undo"), &json!({})), 404);
    stands_once(&workspace, "import_undone", "desk");
}

#[test]
fn two_are_offered_told_apart_and_made_one() {
    let (workspace, _service, vera, _) = room();
    for (email, name, role) in [
        (KEPT, "Aarti Narsee", "Reporter"),
        (OTHER, "Нарси Аарти", "Editor"),
    ] {
        let fields = json!({ "name": name, "outlet": "Steppe Post", "role": role });
        let new = json!({ "email": email, "fields": fields });
        assert_eq!(vera.post("/api/v1/contacts", &new).status, 201);
    }
    let offered = || vera.read("/api/v1/contacts/duplicates?limit=1")["items"].clone();
    let pair = offered()[0].clone();
    assert_eq!(pair["why"], "name_and_outlet");
    let apart = json!({ "one": KEPT, "other": OTHER });
    let distinct = "/api/v1/contacts/distinct";
    done(&vera.post(distinct, &apart), 204);
    assert_eq!(offered(), json!([]));
    assert_eq!(vera.read(distinct)["items"][0]["one"], KEPT);
    done(&vera.post(&format!("{distinct}/undo"), &apart), 204);
    problem(&vera.post(&format!("{distinct}/undo"), &apart), 409);
    stands_once(&workspace, "contacts_told_apart", "desk");

    let merge = "/api/v1/contacts/merge";
    let versions = |kept: &str, other: &str| json!({ "kept": kept, "other": other });
    // By address, the other comes first.
    let seen =
        [&pair["other"]["version"], &pair["one"]["version"]].map(|one| one.as_str().unwrap());
    for (body, status, words) in [
        (
            json!({ "kept": KEPT, "other": KEPT }),
            422,
            "cannot be merged with itself",
        ),
        (
            json!({ "kept": KEPT, "other": "x@y.example" }),
            422,
            "there is no contact",
        ),
        (
            json!({ "kept": KEPT, "other": OTHER, "fields": { "role": "both" } }),
            422,
            "`role` holds one value",
        ),
        (
            json!({ "kept": KEPT, "other": OTHER, "versions": versions(seen[1], seen[0]) }),
            409,
            "nothing was merged",
        ),
    ] {
        let told = problem(&vera.post(merge, &body), status);
        assert!(told.contains(words), "{told}");
    }
    let body = json!({
        "kept": KEPT, "other": OTHER, "fields": { "role": "other" },
        "versions": versions(seen[0], seen[1]),
    });
    let merged = done(&vera.post(merge, &body), 200);
    assert_eq!(merged["contact"]["role"], "Editor");
    assert_eq!(
        (&merged["removed"], &merged["cancelled"]),
        (&json!(OTHER), &json!(0))
    );
    stands_once(&workspace, "contacts_merged", "desk");
}

#[test]
fn no_pair_is_passed_over_when_one_before_it_is_told_apart() {
    let (_workspace, _service, vera, _) = room();
    for n in 0..3 {
        for email in [format!("a{n}@one.example"), format!("a{n}@two.example")] {
            let fields = json!({ "name": format!("Anna Number{n}"), "outlet": "Steppe Post" });
            let new = json!({ "email": email, "fields": fields });
            assert_eq!(vera.post("/api/v1/contacts", &new).status, 201);
        }
    }
    let path = "/api/v1/contacts/duplicates?limit=1";
    let mut page = vera.read(path);
    let mut seen = Vec::new();
    loop {
        let pair = &page["items"][0];
        let both = ["one", "other"].map(|side| pair[side]["email"].as_str().unwrap().to_owned());
        let apart = json!({ "one": both[0], "other": both[1] });
        seen.extend(both);
        done(&vera.post("/api/v1/contacts/distinct", &apart), 204);
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = vera.read(&format!("{path}&after={}", next.replace(' ', "+")));
    }
    let all = (0..3).flat_map(|n| [format!("a{n}@one.example"), format!("a{n}@two.example")]);
    assert_eq!(seen, all.collect::<Vec<_>>());
    assert_eq!(vera.read(path)["items"], json!([]));
    for place in ["x", "1", "a@b.example"] {
        problem(&vera.get(&format!("{path}&after={place}")), 422);
    }
}

#[test]
fn a_file_of_bars_holds_for_the_other_addresses_of_the_same_people_too() {
    let (workspace, _service, vera, _) = room();
    for email in [KEPT, OTHER] {
        assert_eq!(
            vera.post("/api/v1/contacts", &json!({ "email": email }))
                .status,
            201
        );
    }
    let merge = json!({ "kept": KEPT, "other": OTHER });
    done(&vera.post("/api/v1/contacts/merge", &merge), 200);
    let path = "/api/v1/suppressions/import";
    // Bars hold in any capitals, and so does whose address it is.
    let capitals = OTHER.to_uppercase();
    let text = format!("email,reason\n{capitals},opt-out\nx@y.example,hard-bounce\nnobody,\n");
    let mut file = json!({ "file": "bars.csv", "content": STANDARD.encode(text) });
    file["dry_run"] = json!(true);
    let tried = done(&vera.post(path, &file), 200);
    assert_eq!((&tried["read"], &tried["added"]), (&json!(2), &json!(4)));
    assert_eq!(tried["problems"][0]["line"], 4);
    let bars = || vera.read("/api/v1/suppressions")["items"].clone();
    assert_eq!(bars(), json!([]));
    file["dry_run"] = json!(false);
    let brought = done(&vera.post(path, &file), 200);
    assert_eq!(brought["added"], 4);
    let barred = vera.read("/api/v1/suppressions?reason=opt-out");
    let emails = barred["items"].as_array().unwrap().iter();
    let emails: Vec<_> = emails.map(|bar| bar["email"].as_str().unwrap()).collect();
    assert!(
        emails.contains(&OTHER) && emails.contains(&KEPT),
        "{emails:?}"
    );
    assert_eq!(done(&vera.post(path, &file), 200)["added"], 0);
    let acts = acts(&workspace, "suppressions_imported");
    assert!(
        acts.len() == 2 && acts[0]["facts"]["token"] == "desk",
        "{acts:?}"
    );
    for (bad, words) in [
        (json!({ "file": " ", "content": "" }), "`file` says nothing"),
        (
            json!({ "file": "x", "content": "*" }),
            "`content` is no base64",
        ),
        (
            json!({ "file": "x", "content": "f0VMRgABAgM=" }),
            "problem(s) in the input",
        ),
    ] {
        let told = problem(&vera.post(path, &bad), 422);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn agreements_keys_and_segments_are_kept() {
    let (workspace, _service, vera, _) = room();
    let new = json!({ "email": KEPT, "fields": { "encryption": "preferred" } });
    let contact = done(&vera.post("/api/v1/contacts", &new), 201);
    assert_eq!(contact["encryption"], "preferred");
    let id = contact["id"].as_str().unwrap();

    let path = "/api/v1/agreements";
    for (bad, words) in [
        (
            json!({ "said": "granted" }),
            "one of `contact` and `outlet`",
        ),
        (
            json!({ "said": "granted", "outlet": " " }),
            "`outlet` says nothing",
        ),
        (
            json!({ "said": "granted", "contact": "x" }),
            "is not a mail address",
        ),
        (
            json!({ "said": "granted", "contact": KEPT, "since": "2026-12-02", "until": "2026-12-01" }),
            "is before its first",
        ),
        (
            json!({ "said": "revoked", "contact": KEPT, "until": "2026-12-01" }),
            "a revocation counts from now on",
        ),
        (
            json!({ "said": "granted", "contact": KEPT, "release": "../x" }),
            "`release`:",
        ),
    ] {
        let told = problem(&vera.post(path, &bad), 422);
        assert!(told.contains(words), "{told}");
    }
    let grant =
        json!({ "said": "granted", "contact": KEPT, "release": EMBARGOED, "note": "a letter" });
    let recorded = done(&vera.post(path, &grant), 201);
    assert_eq!(
        (&recorded["unknown"], &recorded["moved"]),
        (&json!([]), &json!(0))
    );
    let grant = json!({ "said": "granted", "outlet": "No Such Post" });
    let recorded = done(&vera.post(path, &grant), 201);
    assert!(
        recorded["unknown"][0]
            .as_str()
            .unwrap()
            .contains("No Such Post")
    );
    let all = vera.read(path);
    let words = all["items"].as_array().unwrap();
    let own = words.iter().find(|word| word["contact"] == KEPT).unwrap();
    assert_eq!(
        (&own["release"], &own["by"]),
        (&json!(EMBARGOED), &json!("vera"))
    );

    let path = format!("/api/v1/contacts/{id}/key");
    let gnupg = Gnupg::new();
    let own = gnupg.make(
        &format!("Narsee <{KEPT}>"),
        ["ed25519", "cv25519"],
        "",
        "never",
    );
    let armored = std::fs::read_to_string(gnupg.export(&own)).unwrap();
    let told = problem(&vera.post(&path, &json!({ "armored": "no key" })), 422);
    assert!(
        told.contains("`armored`") && told.contains("nothing was changed"),
        "{told}"
    );
    let key = json!({ "armored": armored, "policy": "required" });
    let brought = done(&vera.post(&path, &key), 200);
    assert_eq!(
        (&brought["policy"], &brought["key"]["fingerprint"]),
        (&json!("required"), &json!(own))
    );
    assert_eq!(vera.read(&path), brought);
    let gone = done(&vera.post(&format!("{path}/remove"), &json!({})), 200);
    assert_eq!(gone["key"], Value::Null);
    assert!(
        gone["warnings"][0]
            .as_str()
            .unwrap()
            .contains("nothing is sent")
    );
    problem(&vera.post(&format!("{path}/remove"), &json!({})), 422);
    stands_once(&workspace, "key_removed", "desk");

    let path = "/api/v1/segments";
    let told = problem(
        &vera.post(path, &json!({ "name": "x", "rule": "contact.(" })),
        422,
    );
    assert!(!told.is_empty());
    let both = json!({ "name": "x", "rule": "true", "to": ["wires"] });
    assert!(problem(&vera.post(path, &both), 422).contains("and not both"));
    let new = json!({ "name": "nobody-else", "rule": format!("contact.email == '{KEPT}'") });
    assert_eq!(done(&vera.post(path, &new), 201)["count"], 1);
    assert_eq!(vera.post(path, &new).status, 422, "it is there");
    stands_once(&workspace, "segment_saved", "desk");
}

#[test]
fn somebody_who_asked_for_no_more_is_left_in_peace() {
    let (workspace, _service, vera, _) = room();
    let new = json!({ "email": KEPT, "fields": { "lists": ["radio", "print"] } });
    let contact = done(&vera.post("/api/v1/contacts", &new), 201);
    let path = format!(
        "/api/v1/contacts/{}/opt-out",
        contact["id"].as_str().unwrap()
    );
    let told = problem(&vera.post(&path, &json!({ "why": " " })), 422);
    assert!(told.contains("`why` says nothing"), "{told}");
    let off = json!({ "list": "radio", "why": "asked by telephone" });
    for new in [true, false] {
        assert_eq!(done(&vera.post(&path, &off), 200)["new"], new);
    }
    let place = path.trim_end_matches("/opt-out");
    assert_eq!(vera.read(place)["lists"], json!(["print"]));
    let all = json!({ "why": "asked for none at all" });
    for new in [true, false] {
        assert_eq!(done(&vera.post(&path, &all), 200)["new"], new);
    }
    let bars = vera.read("/api/v1/suppressions?reason=opt-out");
    assert_eq!(bars["items"][0]["note"], "asked for none at all");
    problem(&vera.post("/api/v1/contacts/con_x/opt-out", &all), 404);
    for act in ["left_list", "opted_out"] {
        let found = acts(&workspace, act);
        assert!(
            found.len() == 1 && found[0]["facts"]["token"] == "desk",
            "{found:?}"
        );
    }
}

#[test]
fn tokens_are_seen_and_ended() {
    let (workspace, _service, vera, adam) = room();
    for path in ["/api/v1/tokens", "/api/v1/acts"] {
        problem(&vera.get(path), 403);
    }
    let tokens = adam.read("/api/v1/tokens");
    let names = tokens["items"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| (&one["name"], &one["account"])).collect();
    assert_eq!(
        names,
        [
            (&json!("desk"), &json!("vera")),
            (&json!("office"), &json!("adam"))
        ]
    );
    assert!(!tokens.to_string().contains("dateline_"), "no secret");
    let revoke = "/api/v1/tokens/desk/revoke";
    problem(&vera.post(revoke, &json!({})), 403);
    done(&adam.post(revoke, &json!({})), 204);
    problem(&vera.get("/api/v1/token"), 401);
    for name in ["desk", "x", "%20desk", "%00"] {
        problem(
            &adam.post(&format!("/api/v1/tokens/{name}/revoke"), &json!({})),
            404,
        );
    }
    assert_eq!(acts(&workspace, "token_revoked").len(), 1);

    let path = "/api/v1/retention";
    let ask = |dry_run: bool| adam.post(path, &json!({ "dry_run": dry_run }));
    for dry_run in [true, false] {
        let all_kept = json!({ "dry_run": dry_run, "gone": [] });
        assert_eq!(done(&ask(dry_run), 200), all_kept);
    }
    problem(&adam.post(path, &json!({})), 400);
}

#[test]
fn a_program_asks_what_is_too_old() {
    let workspace = newsroom();
    user(&workspace, "adam", "admin");
    let text = workspace.read("dateline.toml");
    let kept = "[retention]\nimports = \"1s\"\n";
    workspace.write("dateline.toml", &format!("{text}\n{kept}"));
    let secret = token(&workspace, "office", "adam", &Scope::ALL);
    let service = ServiceProcess::start(&workspace);
    let adam = Program::new(&service, &secret);
    for dry_run in [true, false] {
        let told = adam.post("/api/v1/retention", &json!({ "dry_run": dry_run }));
        let told = done(&told, 200);
        assert_eq!(told["dry_run"], dry_run);
        assert_eq!(told["gone"][0]["what"], "imports");
        assert!(told["gone"][0]["count"].is_u64() && told["gone"][1].is_null());
    }
}

#[test]
fn what_is_held_is_shown_and_erased_by_an_admin_alone() {
    let (workspace, _service, vera, adam) = room();
    let new = json!({ "email": KEPT, "fields": { "name": "Aarti Narsee" } });
    assert_eq!(vera.post("/api/v1/contacts", &new).status, 201);
    let all = vera.read(&format!("/api/v1/everything?email={KEPT}"));
    assert_eq!(all["store"]["contact"][0]["record"]["name"], "Aarti Narsee");
    problem(&vera.get("/api/v1/everything?email=x"), 422);
    let forget = "/api/v1/forget";
    let wish = json!({ "email": KEPT, "confirm": KEPT });
    problem(&vera.post(forget, &wish), 403);
    let other = json!({ "email": KEPT, "confirm": OTHER });
    assert!(problem(&adam.post(forget, &other), 422).contains("nothing was erased"));
    let gone = done(&adam.post(forget, &wish), 200);
    assert_eq!(gone["rows"]["contact"], 1);
    stands_once(&workspace, "contact_forgotten", "office");
    let told = problem(&vera.post("/api/v1/contacts", &new), 422);
    assert!(told.contains("was forgotten on"), "{told}");
    let why = json!({ "email": KEPT, "why": "asked for it" });
    let lifted = done(&adam.post("/api/v1/forget/lift", &why), 200);
    assert_eq!(lifted["email"], KEPT);
    assert_eq!(vera.post("/api/v1/contacts", &new).status, 201);
}

#[test]
fn accounts_are_kept_by_one_change_a_call() {
    let (workspace, service, vera, adam) = room();
    let path = "/api/v1/accounts";
    problem(&vera.get(path), 403);
    let new = json!({ "name": "olga", "role": "author", "password": "twelve letters" });
    let made = adam.post(path, &new);
    assert_eq!(
        (done(&made, 201)["role"].as_str(), made.location()),
        (Some("author"), "/api/v1/accounts/olga")
    );
    assert!(!made.body.contains("argon2"), "{}", made.body);
    problem(&adam.post(path, &new), 409);
    let short = json!({ "name": "ivan", "role": "author", "password": "short" });
    problem(&adam.post(path, &short), 422);
    let olga = format!("{path}/olga");
    for (bad, words) in [
        (json!({}), "exactly one of"),
        (
            json!({ "role": "admin", "disabled": true }),
            "exactly one of",
        ),
        (json!({ "second_factor": true }), "expected false"),
        (json!({ "password": "short" }), "12"),
    ] {
        let told = problem(&adam.patch(&olga, &bad), 422);
        assert!(told.contains(words), "{told}");
    }
    problem(
        &adam.patch(&format!("{path}/nobody"), &json!({ "disabled": true })),
        404,
    );
    let last = adam.patch(&format!("{path}/adam"), &json!({ "role": "author" }));
    assert!(problem(&last, 422).contains("is the last admin"));
    assert_eq!(
        done(&adam.patch(&olga, &json!({ "role": "approver" })), 200)["role"],
        "approver"
    );
    stands_once(&workspace, "role_changed", "office");
    let other = json!({ "password": "another twelve letters" });
    done(&adam.patch(&olga, &other), 200);
    let mut browser = Browser::new(&service);
    let entered = browser.sign_in("olga", "another twelve letters", "");
    assert_eq!(entered.status, 303, "{}", entered.body);
    assert_eq!(
        done(&adam.patch(&olga, &json!({ "disabled": true })), 200)["disabled"],
        true
    );
    assert_eq!(browser.get("/account").status, 303, "every session ended");
    done(&adam.patch(&olga, &json!({ "second_factor": false })), 200);
    let listed = adam.read(path);
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    let first = adam.read("/api/v1/acts?limit=2");
    assert_eq!(first["items"][0]["act"], "second_factor_dropped");
    assert_eq!(first["items"][0]["facts"]["token"], "office");
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        adam.read(&format!("/api/v1/acts?after={next}"))["next"],
        Value::Null
    );
    assert!(
        !adam.get("/api/v1/acts").body.contains("letters"),
        "no password is on record"
    );
}

#[test]
fn an_embargo_is_moved_and_lifted() {
    let room = super::story::room("");
    let vera = &room.vera;
    let order = json!({ "to": ["wires", "central-asia"] });
    let path = format!("/api/v1/releases/{EMBARGOED}");
    vera.post(&format!("{path}/approve"), &order);
    let sent = vera.post(
        &format!("{path}/send"),
        &json!({ "to": ["wires", "central-asia"], "parity_ok": true }),
    );
    assert_eq!(sent.status, 201, "{}", sent.body);
    let place = sent.location();
    eventually("the early copies are out", || {
        let status = vera.read(place);
        let claimed = status["by_state"]["claimed"].as_u64().unwrap_or(0);
        claimed == 0 && status["by_state"]["accepted"].as_u64().unwrap_or(0) > 10
    });
    let (lift, shift) = (
        format!("{place}/embargo/lift"),
        format!("{place}/embargo/move"),
    );
    let why = "a hearing was put off";
    for (bad, words) in [
        (json!({ "until": "tomorrow", "why": why }), "tomorrow"),
        (
            json!({ "until": "2020-01-01T10:00Z", "why": why }),
            "has passed",
        ),
        (json!({ "until": " ", "why": why }), "`until` says nothing"),
        (
            json!({ "until": "2027-01-01T10:00Z", "why": " " }),
            "`why` says nothing",
        ),
    ] {
        let told = problem(&vera.post(&shift, &bad), 422);
        assert!(told.contains(words), "{told}");
    }
    let until = (crate::support::now() + jiff::SignedDuration::from_hours(72)).to_string();
    let moved = done(
        &vera.post(&shift, &json!({ "until": until, "why": why })),
        200,
    );
    assert_eq!(
        moved["lift"],
        json!(until.parse::<jiff::Timestamp>().unwrap())
    );
    assert!(
        moved["distributions"][0]["named_before"].as_u64() > Some(10),
        "{moved}"
    );
    stands_once(&room.workspace, "embargo_moved", "desk");
    let lifted = done(
        &vera.post(&lift, &json!({ "why": "the court has ruled" })),
        200,
    );
    assert!(
        lifted["distributions"][0]["deliveries"].as_u64() > Some(0),
        "{lifted}"
    );
    problem(&vera.post(&lift, &json!({ "why": "again" })), 422);
    stands_once(&room.workspace, "embargo_lifted", "desk");
}
