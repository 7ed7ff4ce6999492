//! Contacts, agreements, bars and segments at the desk.

use super::browser::{Browser, Page, acts, user};
use crate::gnupg::Gnupg;
use crate::support::{EMBARGOED, IMMEDIATE, ServiceProcess, Workspace};
use serde_json::json;

/// A contact of the sample in Central Asia.
const ALIYA: &str = "aliya.sarsenova@almaty-evening.example";
const ANNA: &str = "anna.kim@steppe-post.example";

fn desk() -> (Workspace, ServiceProcess, Browser) {
    let workspace = Workspace::with_contacts();
    user(&workspace, "ivan", "author");
    let service = ServiceProcess::start(&workspace);
    let browser = Browser::of(&service, "ivan");
    (workspace, service, browser)
}

fn id_of(workspace: &Workspace, email: &str) -> String {
    let (_, contact) = workspace.json(&["contacts", "show", email]);
    contact["id"].as_str().unwrap().to_owned()
}

/// The value of a form's field, as it stands in the page.
fn field(page: &Page, name: &str) -> String {
    let mark = format!("name=\"{name}\"");
    let tag = page
        .body
        .split(&mark)
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {}", page.body));
    let tag = tag.split('>').next().unwrap();
    let value = tag
        .split("value=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("no value in {tag}"));
    value.split('"').next().unwrap().to_owned()
}

#[test]
fn a_contact_is_added_with_its_faults_at_their_fields() {
    let (workspace, _service, mut ivan) = desk();
    ivan.get("/contacts/new").holds("Add a contact");
    let mut form = vec![
        ("email", "anna.kim@steppe-post"),
        ("name", "Anna Kim"),
        ("country", "Kazakhstan"),
        ("languages", "ru, en"),
        ("time_zone", "Almaty"),
        ("lists", "radio"),
        ("notes", "two\r\nlines"),
        ("new_name", "Tier"),
        ("new_value", "1"),
    ];
    let page = ivan.post("/contacts", &form);
    assert_eq!(page.status, 422);
    page.holds("id=\"f-email-fault\"")
        .holds("not fully qualified")
        .holds("id=\"f-country-fault\"")
        .holds("`Kazakhstan` is no country")
        .holds("id=\"f-time-zone-fault\"")
        .lacks("id=\"f-name-fault\"");
    assert_eq!(
        field(&page, "name"),
        "Anna Kim",
        "what was written is there again"
    );
    assert_eq!(field(&page, "new_value"), "1");
    let (_, found) = workspace.json(&["contacts", "list", "--search", "kim"]);
    assert_eq!(found, json!([]), "nothing half-applied");
    form[0].1 = ANNA;
    form[2].1 = "kz";
    form[4].1 = "Asia/Almaty";
    let added = ivan.post("/contacts", &form);
    let id = id_of(&workspace, ANNA);
    assert_eq!(
        added.location(),
        format!("/contacts/{id}?said=contact-added")
    );
    let (_, anna) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(
        (&anna["country"], &anna["custom"]["tier"]),
        (&json!("KZ"), &json!("1"))
    );
    assert_eq!(anna["notes"], "two\nlines");
    let page = ivan.get(added.location());
    page.holds("The contact is added")
        .holds("Asia/Almaty")
        .holds("radio");
    ivan.post("/contacts", &form)
        .holds("there is a contact anna.kim@steppe-post.example already");
    let odd = [
        ("email", "b@example.org"),
        ("new_value", "1"),
        ("contry", "KZ"),
    ];
    ivan.post("/contacts", &odd)
        .holds("a value without a column")
        .holds("is no field");
    assert!(super::browser::acts(&workspace).contains(&"ivan contact_added".to_owned()));
    ivan.language = "ru";
    ivan.get(&format!("/contacts/{id}/edit"))
        .holds("Часовой пояс");
}

#[test]
fn the_second_of_two_who_edit_is_told() {
    let (workspace, service, mut ivan) = desk();
    user(&workspace, "vera", "approver");
    let mut vera = Browser::of(&service, "vera");
    workspace.dateline(&[
        "contacts",
        "add",
        ANNA,
        "outlet=Steppe Post",
        "custom.tier=a\r\nb",
    ]);
    let id = id_of(&workspace, ANNA);
    let path = format!("/contacts/{id}/edit");
    let seen = [&mut ivan, &mut vera].map(|one| field(&one.get(&path), "seen"));
    let first = [
        ("seen", seen[0].as_str()),
        ("outlet", "Tidewater"),
        ("role", "Editor"),
    ];
    assert_eq!(
        ivan.post(&path, &first).location(),
        format!("/contacts/{id}?said=contact-saved")
    );
    let second = [
        ("seen", seen[1].as_str()),
        ("outlet", "Harbour"),
        ("role", ""),
    ];
    let told = vera.post(&path, &second);
    assert_eq!(told.status, 409);
    told.holds("Somebody else changed this contact")
        .holds("<q>Tidewater</q>")
        .holds("<q>Editor</q>");
    assert_eq!(field(&told, "outlet"), "Harbour");
    let (_, now) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(now["outlet"], "Tidewater", "nothing was written over");
    // Whoever saves now has seen it.
    let again = field(&told, "seen");
    let second = [
        ("seen", again.as_str()),
        ("outlet", "Harbour"),
        ("role", "Editor"),
        ("custom.tier", "a\r\nb"),
    ];
    assert_eq!(vera.post(&path, &second).status, 303);
    let (_, now) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(
        (&now["outlet"], &now["role"]),
        (&json!("Harbour"), &json!("Editor"))
    );
    assert_eq!(now["custom"]["tier"], "a\nb");
    // A fault is no way round it: what was seen is still what was seen.
    let page = vera.get(&path);
    let old = field(&page, "seen");
    let faulty = vera.post(&path, &[("seen", &old), ("country", "XXX")]);
    assert_eq!((faulty.status, field(&faulty, "seen")), (422, old.clone()));
    workspace.dateline(&["contacts", "set", ANNA, "role=Chief"]);
    assert_eq!(
        vera.post(&path, &[("seen", &old), ("country", "KZ")])
            .status,
        409
    );
    assert_eq!(
        vera.post(&path, &[("country", "KZ")]).status,
        409,
        "nobody saves unseen"
    );
    for nothing in ["x", "con_00000000000000000000000000", ANNA] {
        assert_eq!(vera.get(&format!("/contacts/{nothing}")).status, 404);
    }
}

#[test]
fn contacts_are_found_page_by_page() {
    let (workspace, _service, mut ivan) = desk();
    let rows: String = (0..120)
        .map(|n| format!("reader{n:03}@many.example,Reader {n},many\n"))
        .collect();
    workspace.write("many.csv", &format!("email,name,lists\n{rows}"));
    let csv = workspace.path("many.csv").display().to_string();
    assert_eq!(workspace.dateline(&["contacts", "import", &csv]).code, 0);
    ivan.get("/contacts").holds("contacts</caption>");
    let mut path = "/contacts?search=reader&list=many".to_owned();
    let mut seen = Vec::new();
    for expected in [50, 50, 20] {
        let page = ivan.get(&path);
        let rows: Vec<_> = page.body.split("@many.example").collect();
        let here = rows.iter().filter_map(|row| {
            row.rsplit("reader")
                .next()
                .and_then(|n| n.get(..3)?.parse::<u32>().ok())
        });
        let here: Vec<_> = here.collect();
        assert_eq!(page.body.matches("<tr>").count() - 1, expected, "{path}");
        seen.extend(here);
        path = match page
            .body
            .split("href=\"/contacts?")
            .last()
            .unwrap()
            .split('"')
            .next()
        {
            Some(query) if query.contains("after=") => {
                format!("/contacts?{}", query.replace("&amp;", "&"))
            }
            _ => break,
        };
    }
    seen.dedup();
    assert_eq!(seen, (0..120).collect::<Vec<_>>());
    ivan.get("/contacts?search=nobody-at-all")
        .holds("No contact is like that");
    ivan.get("/contacts?after=%22%3E%3Cscript%3E&search=%22%3E%3Cscript%3E")
        .lacks("<script>");
}

#[test]
fn an_agreement_is_recorded_on_the_contacts_page() {
    let (workspace, _service, mut ivan) = desk();
    workspace.dateline(&[
        "contacts",
        "add",
        ANNA,
        "outlet=Steppe Post",
        "languages=en",
        "lists=x",
    ]);
    workspace.lift_in(86_400);
    let path = format!("/contacts/{}", id_of(&workspace, ANNA));
    let put = format!("{path}/agreement");
    ivan.get(&path).holds("No agreement is on record");
    let backwards = [
        ("said", "granted"),
        ("since", "2026-12-01"),
        ("until", "2026-11-01"),
        ("note", "a letter"),
    ];
    let page = ivan.post(&put, &backwards);
    page.holds("its last day, 2026-11-01, is before its first");
    assert_eq!(field(&page, "note"), "a letter");
    ivan.post(&put, &[("said", "granted"), ("since", "soon")])
        .holds("`soon` is no day");
    ivan.post(&put, &[("said", "granted"), ("release", "../x")])
        .holds("is not a release id");
    assert_eq!(ivan.post(&put, &[("said", "perhaps")]).status, 400);
    assert!(
        workspace.json(&["agreement", "list"]).1["agreements"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let phase = || {
        let (_, audience) = workspace.json(&["audience", EMBARGOED, "--to", "list:x"]);
        audience["totals"]["by_phase"].clone()
    };
    assert_eq!(phase(), json!({ "general": 1 }));
    let granted = ivan.post(
        &put,
        &[
            ("said", "granted"),
            ("release", EMBARGOED),
            ("note", "a <b>letter</b>"),
        ],
    );
    assert!(
        granted.location().ends_with("said=granted"),
        "{}",
        granted.body
    );
    assert_eq!(phase(), json!({ "advance": 1 }));
    ivan.get(&path)
        .holds("granted")
        .holds("a &lt;b&gt;letter")
        .holds("ivan");
    assert_eq!(ivan.post(&put, &[("said", "revoked")]).status, 303);
    assert_eq!(phase(), json!({ "general": 1 }));
    // For everybody at the outlet.
    assert_eq!(
        ivan.post(&put, &[("said", "granted"), ("party", "outlet")])
            .status,
        303
    );
    ivan.get(&path).holds("Everybody at Steppe Post");
    let acts = super::browser::acts(&workspace);
    assert_eq!(
        acts[..2],
        ["ivan agreement_granted", "ivan agreement_revoked"]
    );
}

#[test]
fn addresses_are_barred_and_freed_at_the_desk() {
    let (workspace, _service, mut ivan) = desk();
    workspace.dateline(&["contacts", "add", ANNA, "lists=x"]);
    let path = format!("/contacts/{}", id_of(&workspace, ANNA));
    ivan.get(&path).holds("may be written to");
    ivan.post(
        &format!("{path}/suppress"),
        &[("reason", "manual"), ("why", " ")],
    )
    .holds("say why");
    assert_eq!(
        ivan.post(&format!("{path}/suppress"), &[("reason", "because")])
            .status,
        400
    );
    let barred = ivan.post(
        &format!("{path}/suppress"),
        &[("reason", "opt-out"), ("why", "by <i>telephone</i>")],
    );
    assert!(
        barred.location().ends_with("said=barred"),
        "{}",
        barred.body
    );
    ivan.get(&path)
        .holds("by &lt;i&gt;telephone")
        .holds("asked not to be written to");
    ivan.get("/contacts/suppressed?search=ANNA&reason=opt-out")
        .holds(ANNA)
        .holds("ivan");
    ivan.get("/contacts/suppressed?reason=complaint")
        .lacks(ANNA)
        .holds("Nobody is barred so");
    ivan.get(&format!("/releases/{IMMEDIATE}/audience?to=list:x"))
        .holds("suppressed: opt-out");
    assert!(
        ivan.post(&format!("{path}/lift"), &[("why", "wrote again")])
            .location()
            .ends_with("said=lifted")
    );
    ivan.post(&format!("{path}/lift"), &[("why", "again")])
        .holds("is not barred");
    // Several at once, or none.
    let add = "/contacts/suppressed";
    let two = "b@example.org\r\nc@example.org";
    ivan.post(
        add,
        &[
            ("email", "b@example.org nobody"),
            ("reason", "manual"),
            ("why", "x"),
        ],
    )
    .holds("`nobody` is not a mail address");
    ivan.post(add, &[("email", " "), ("reason", "manual"), ("why", "x")])
        .holds("no address is given");
    assert_eq!(
        ivan.post(add, &[("email", two), ("reason", "manual"), ("why", "x")])
            .status,
        303
    );
    let csv = ivan.get("/contacts/suppressed/export/suppressed.csv?search=example.org");
    assert_eq!(csv.body.lines().count(), 3, "{}", csv.body);
    csv.holds("b@example.org,manual,").holds(",ivan,x");
    assert_eq!(
        ivan.get("/contacts/suppressed/export/other.csv").status,
        404
    );
    let lift = "/contacts/suppressed/lift";
    assert_eq!(
        ivan.post(lift, &[("email", "b@example.org"), ("why", "x")])
            .status,
        303
    );
    ivan.post(lift, &[("email", "b@example.org"), ("why", "x")])
        .holds("b@example.org is not barred");
    let import = "/contacts/suppressed/import";
    let page = ivan.upload(
        import,
        "bars.csv",
        b"email,note\nd@example.org,<script>x</script>\nnobody,\n",
    );
    page.holds("1 address read")
        .holds("bars.csv:3")
        .lacks("<script>x");
    ivan.get("/contacts/suppressed")
        .holds("d@example.org")
        .lacks("<script>x");
    ivan.upload(import, "none.csv", b"\x7fELF\0\x01")
        .holds("none.csv: is no text");
    let many: String = (0..150_000)
        .map(|n| format!("r{n:06}@many.example\n"))
        .collect();
    ivan.upload(import, "many.txt", many.as_bytes())
        .holds("150000 addresses read, 150000 barred");
    ivan.get("/contacts/suppressed?search=r149999")
        .holds("r149999@many.example");
    let acts = super::browser::acts(&workspace);
    for act in ["suppressed", "suppression_lifted", "suppressions_imported"] {
        assert!(acts.contains(&format!("ivan {act}")), "{act} {acts:?}");
    }
}

#[test]
fn contacts_are_taken_away_as_a_file_and_leave_a_list_at_the_desk() {
    let (workspace, _service, mut ivan) = desk();
    for (email, fields) in [
        (ANNA, ["name=Anna Kim", "lists=radio", "custom.tier=1"]),
        (
            "b@example.org",
            ["name==cmd", "lists=print", "custom.beat=x"],
        ),
    ] {
        let said = workspace.dateline(&[&["contacts", "add", email][..], &fields].concat());
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let export = "/contacts/export/contacts.csv";
    ivan.get("/contacts").holds(export);
    let csv = ivan.get(export);
    assert!(csv.headers["content-disposition"].contains("contacts.csv"));
    let said = workspace.dateline(&["contacts", "export"]);
    assert_eq!(said.out, csv.body, "both faces write the same");
    assert!(csv.body.contains(",'=cmd,"), "{}", csv.body);
    let part = ivan.get(&format!("{export}?list=radio"));
    assert!(part.body.contains(ANNA) && !part.body.contains("b@example.org"));
    let none = ivan.get(&format!("{export}?search=nobody"));
    assert_eq!(none.body.lines().count(), 1, "{}", none.body);
    assert_eq!(ivan.get("/contacts/export/contacts.exe").status, 404);
    let exported = acts(&workspace)
        .iter()
        .filter(|act| *act == "ivan contacts_exported")
        .count();
    assert_eq!(exported, 3);

    let path = format!("/contacts/{}", id_of(&workspace, ANNA));
    ivan.get(&path).holds("Take them off a press list");
    let leave = format!("{path}/leave");
    for form in [&[("list", "radio"), ("why", " ")][..], &[("why", "x")], &[]] {
        ivan.post(&leave, form).holds("say which list, and why");
    }
    let left = ivan.post(&leave, &[("list", "radio"), ("why", "asked by telephone")]);
    assert_eq!(left.location(), format!("{path}?said=left-list"));
    ivan.get(left.location())
        .holds("They are off the list")
        .holds("Lists they left")
        .lacks("Take them off a press list");
    workspace.write("again.csv", &format!("email,lists\n{ANNA},radio\n"));
    let file = workspace.path("again.csv").display().to_string();
    workspace.dateline(&["contacts", "import", &file]);
    let (_, contact) = workspace.json(&["contacts", "show", ANNA]);
    assert_eq!(contact["lists"], serde_json::json!([]));
}

#[test]
fn segments_are_shown_and_an_audience_is_saved_as_one() {
    let (workspace, _service, mut ivan) = desk();
    let page = ivan.get("/contacts/groups");
    page.holds("central-asia")
        .holds("contact.country in [")
        .holds("href=\"/contacts?list=radio\"");
    let (_, groups) = workspace.json(&["segments", "list"]);
    let wires = groups["segments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "wires")
        .unwrap();
    page.holds(&format!("{} contacts", wires["count"]));
    let audience = format!("/releases/{IMMEDIATE}/audience");
    ivan.get(&format!("{audience}?to=central-asia&not=wires"))
        .holds("Save as a segment")
        .holds("name=\"not\" value=\"wires\"");
    let save = "/contacts/groups";
    let whom = [("name", "wires"), ("to", "central-asia"), ("not", "wires")];
    let page = ivan.post(save, &whom);
    assert_eq!(page.status, 422);
    page.holds("there is a segment `wires` already")
        .holds("name=\"to\" value=\"central-asia\"");
    let whom = [("name", "first-wave"), whom[1], whom[2]];
    assert_eq!(
        ivan.post(save, &whom).location(),
        "/contacts/groups?said=segment-saved"
    );
    // It can be chosen at once, and counts what it holds now.
    ivan.get(&format!("{audience}?to=first-wave"))
        .holds("recipients");
    let count = |ivan: &mut Browser| {
        let page = ivan.get("/contacts/groups");
        let card = page
            .body
            .split("<h3>first-wave</h3>")
            .nth(1)
            .unwrap()
            .to_owned();
        card.split(" contact")
            .next()
            .unwrap()
            .rsplit('>')
            .next()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    let before = count(&mut ivan);
    let new = ["contacts", "add", ANNA, "country=KZ", "beats=human-rights"];
    assert_eq!(workspace.dateline(&new).code, 0);
    assert_eq!(count(&mut ivan), before + 1);
    let bad = [("name", "x"), ("where", "contact.contry == '<script>'")];
    ivan.post(save, &bad)
        .holds("contact has no field `contry`")
        .holds("&lt;script&gt;")
        .lacks("<script>'");
    // A file that somebody broke by hand is told with its line.
    let text = workspace.read("segments.toml");
    workspace.write(
        "segments.toml",
        &format!("{text}\n[segment.broken]\nwhere = \"contact.x\"\n"),
    );
    ivan.get("/contacts/groups").holds("segments.toml:");
    ivan.post(save, &[("name", "y"), ("where", "true")])
        .holds("segments.toml:");
}

#[test]
fn a_key_is_brought_shown_and_removed_at_the_desk() {
    let (workspace, _service, mut ivan) = desk();
    let path = format!("/contacts/{}", id_of(&workspace, ALIYA));
    ivan.get(&path)
        .holds("There is no OpenPGP key.")
        .holds("Not encrypted")
        .holds("<option value=\"off\" selected>");
    let gnupg = Gnupg::new();
    let kinds = ["ed25519", "cv25519"];
    let own = gnupg.make(&format!("Anna <{ALIYA}>"), kinds, "", "never");
    let key_path = format!("{path}/key");
    for (octets, words) in [
        (b"no key at all".to_vec(), "holds no OpenPGP public key"),
        (gnupg.secret(&own, "").into_bytes(), "holds a SECRET key"),
        (vec![b'x'; 10 * 1024 * 1024], "has 10485760 octets"),
    ] {
        ivan.upload(&key_path, "anna.asc", &octets)
            .holds(words)
            .holds("There is no OpenPGP key.");
    }
    assert_eq!(ivan.upload(&key_path, "", b"").status, 200);
    let octets = std::fs::read(gnupg.export(&own)).unwrap();
    let brought = ivan.upload(&key_path, "anna.asc", &octets);
    assert_eq!(brought.location(), format!("{path}?said=key-imported"));
    ivan.get(&path)
        .holds(&own)
        .holds("Ed25519; encrypts by X25519")
        .holds("can be used")
        .holds("mail to them is not encrypted: that is the policy");
    for (policy, words) in [
        ("preferred", "Encrypted where it can be"),
        ("required", "Always encrypted"),
    ] {
        let set = ivan.post(&format!("{path}/encryption"), &[("policy", policy)]);
        assert_eq!(set.status, 303, "{}", set.body);
        ivan.get(&path).holds(words).lacks("that is the policy");
    }
    for form in [&[("policy", "sometimes")][..], &[]] {
        ivan.post(&format!("{path}/encryption"), form)
            .holds("is no policy of encryption")
            .holds("Always encrypted");
    }
    // What others see of the mail, and that it is encrypted, in a preview and a rehearsal.
    let preview = format!("/releases/{IMMEDIATE}/preview?contact={ALIYA}&part=");
    ivan.get(&format!("{preview}source"))
        .holds(&format!("It goes encrypted, to the key {own}"))
        .holds("Subject: [...]")
        .holds("BEGIN PGP MESSAGE");
    ivan.get(&format!("{preview}text"))
        .lacks("BEGIN PGP MESSAGE");
    let order = [("to", "central-asia"), ("start", "now")];
    let begun = ivan.post(&format!("/releases/{IMMEDIATE}/rehearse"), &order);
    let rehearsal = begun.location().to_owned();
    crate::support::eventually("the rehearsal is over", || {
        ivan.get(&rehearsal).body.contains("<h2>Caught mails</h2>")
    });
    let page = ivan.get(&rehearsal);
    page.holds("[...]</a> <span class=\"tag\">encrypted</span>");
    let mail = page.body.split("[...]</a>").next().unwrap();
    let mail = mail
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    ivan.get(mail)
        .holds("This mail is encrypted: only its reader can open it")
        .lacks("<iframe");
    ivan.get(&format!("/releases/{IMMEDIATE}/audience?to=central-asia"))
        .holds(">encrypted</span>");
    // Without a key nothing can be sent.
    let removed = ivan.post(&format!("{path}/key/remove"), &[]);
    assert_eq!(removed.location(), format!("{path}?said=key-removed"));
    ivan.get(&path).holds("so nothing is sent to them");
    ivan.get(&format!("/releases/{IMMEDIATE}/audience?to=central-asia"))
        .holds("their mail must be encrypted: there is no key");
    ivan.post(&format!("{path}/key/remove"), &[])
        .holds("has no key");
    ivan.post("/language", &[("language", "ru"), ("to", &path)]);
    ivan.get(&path)
        .holds("Всегда шифровать")
        .holds("Ключа OpenPGP нет.");
}

#[test]
fn nothing_of_a_contact_runs_in_any_page() {
    let (workspace, _service, mut ivan) = desk();
    workspace.lift_in(86_400);
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let email = "\"<script>alert(1)</script><img src=x>\"@evil.example";
    let listed = "'><script>alert(1)</script><img src=x>";
    let form = [
        ("email", email),
        ("name", evil),
        ("salutation", evil),
        ("outlet", evil),
        ("role", evil),
        ("country", "KZ"),
        ("languages", "en"),
        ("beats", listed),
        ("lists", listed),
        ("notes", evil),
        ("new_name", "<script>alert(1)</script>"),
        ("new_value", evil),
    ];
    let added = ivan.post("/contacts", &form);
    assert_eq!(added.status, 303, "{}", added.body);
    let path = added.location().split('?').next().unwrap().to_owned();
    for (put, form) in [
        (
            "agreement",
            &[("said", "granted"), ("party", "outlet"), ("note", evil)][..],
        ),
        ("suppress", &[("reason", "manual"), ("why", evil)]),
    ] {
        assert_eq!(ivan.post(&format!("{path}/{put}"), form).status, 303);
    }
    // Whoever makes a key writes whatever they like in it.
    let gnupg = Gnupg::new();
    let id = "\"'><script>alert(1)</script><img src=x onerror=alert(1)> x@evil.example";
    let word = ["--allow-freeform-uid", "--passphrase", ""];
    let make = ["--quick-gen-key", id, "ed25519", "cert,sign", "never"];
    let made = gnupg.gpg(&[&word[..], &make].concat()).err;
    let key = made.lines().find(|line| line.contains("KEY_CREATED"));
    let key = key.unwrap().split_whitespace().nth(3).unwrap().to_owned();
    gnupg.gpg(&[
        "--passphrase",
        "",
        "--quick-add-key",
        &key,
        "cv25519",
        "encr",
        "never",
    ]);
    let octets = std::fs::read(gnupg.export(&key)).unwrap();
    let brought = ivan.upload(&format!("{path}/key"), "<script>alert(1)</script>", &octets);
    assert_eq!(brought.status, 303, "{}", brought.body);
    ivan.get(&path)
        .holds(&key)
        .holds("The key does not name this address");
    ivan.upload(&format!("{path}/key"), "<script>alert(1)</script>", b"x")
        .holds("holds no OpenPGP public key")
        .lacks("<script>")
        .lacks("<img src=x");
    let list = percent_encoding::utf8_percent_encode(listed, percent_encoding::NON_ALPHANUMERIC)
        .to_string();
    let audience = format!("/releases/{EMBARGOED}/audience?to=list:{list}");
    let pages = [
        "/contacts",
        "/contacts?search=evil",
        &format!("/contacts?list={list}"),
        &path,
        &format!("{path}/edit"),
        "/contacts/groups",
        "/contacts/suppressed",
        &audience,
    ];
    for page in pages {
        let shown = ivan.get(page);
        assert_eq!(shown.status, 200, "{page}");
        shown
            .holds("&lt;script&gt;")
            .lacks("<script>")
            .lacks("<img src=x");
    }
    // Where a form comes back with what was written, and where words of others are told.
    let seen = field(&ivan.get(&format!("{path}/edit")), "seen");
    let faulty = [
        ("seen", seen.as_str()),
        ("country", evil),
        ("name", evil),
        ("languages", evil),
        (evil, evil),
    ];
    ivan.post(&format!("{path}/edit"), &faulty)
        .holds("&lt;script&gt;")
        .lacks("<script>")
        .lacks("<img src=x");
    let overtaken = [("seen", "x"), ("name", "y")];
    ivan.post(&format!("{path}/edit"), &overtaken)
        .holds("&lt;script&gt;")
        .lacks("<script>")
        .lacks("<img src=x");
    ivan.post("/contacts/groups", &[("name", evil), ("where", evil)])
        .lacks("<script>")
        .lacks("<img src=x");
    ivan.post(
        &format!("{path}/agreement"),
        &[("said", "granted"), ("since", evil), ("note", evil)],
    )
    .lacks("<script>");
    user(&workspace, "vera", "admin");
    let mut vera = Browser::new_like(&ivan);
    vera.sign_in("vera", super::browser::PASSWORD, "");
    vera.get("/users")
        .holds("contact added")
        .lacks("<script>")
        .lacks("<img src=x");
    assert_eq!(
        ivan.post(&format!("{path}/lift"), &[("why", evil)]).status,
        303
    );
    assert_eq!(
        workspace
            .dateline(&[
                "send",
                EMBARGOED,
                "--to",
                &format!("list:{listed}"),
                "--at",
                "2039-01-01 09:00"
            ])
            .code,
        0
    );
    ivan.get(&path)
        .holds("/distributions/dst_")
        .lacks("<script>")
        .lacks("<img src=x");
    ivan.get("/log")
        .holds("evil.example")
        .lacks("<script>")
        .lacks("<img src=x");
    ivan.get("/distributions").lacks("<script>");
}

/// What is held is handed over and erased at the desk, by an admin alone.
#[test]
fn somebody_is_forgotten_at_the_desk() {
    let (workspace, service, mut ivan) = desk();
    user(&workspace, "olga", "admin");
    let mut olga = Browser::of(&service, "olga");
    let jonah = "jonah.whitlock@harbour-gazette.example";
    let id = id_of(&workspace, jonah);
    let query = "email=jonah.whitlock%40harbour-gazette.example";
    ivan.get(&format!("/contacts/{id}"))
        .holds("everything.json?email=jonah")
        .lacks("/contacts/forget");
    let file = ivan.get(&format!("/contacts/privacy/everything.json?{query}"));
    assert_eq!(file.status, 200);
    assert!(file.headers["content-disposition"].contains("attachment"));
    let all: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(
        all["store"]["contact"][0]["record"]["name"],
        "Jonah Whitlock"
    );

    olga.get(&format!("/contacts/{id}"))
        .holds(&format!("/contacts/forget?{query}"));
    let page = olga.get(&format!("/contacts/forget?{query}"));
    page.holds("Contact list").holds("contacts.csv:4");
    let wish = |confirm| [("email", jonah), ("confirm", confirm)];
    let page = olga.post("/contacts/forget", &wish("jonah@harbour-gazette.example"));
    assert_eq!(page.status, 422);
    page.holds("are two addresses; nothing was erased");
    let page = olga.post("/contacts/forget", &wish(jonah));
    assert_eq!(page.status, 422);
    page.holds("contacts.csv:4: ").holds("take that out first");
    std::fs::remove_file(workspace.path("contacts.csv")).unwrap();
    let page = olga.post(
        "/contacts/forget",
        &wish("Jonah.Whitlock@harbour-gazette.example"),
    );
    assert_eq!(page.status, 200, "{}", page.body);
    page.holds("is forgotten:").lacks("free pages");
    assert_eq!(olga.get(&format!("/contacts/{id}")).status, 404);
    olga.get("/contacts/suppressed")
        .holds("One address more is forgotten")
        .lacks("jonah");
    let again = ivan.post("/contacts", &[("email", jonah)]);
    assert_eq!(again.status, 422);
    again.holds("was forgotten on");
    let acts = workspace.json(&["user", "acts"]).1;
    let act = acts
        .as_array()
        .unwrap()
        .iter()
        .find(|act| act["act"] == "contact_forgotten");
    assert_eq!(act.unwrap()["by"], "olga");
    assert!(!acts.to_string().contains("jonah"));

    let lift = |why| [("email", jonah), ("why", why)];
    let page = olga.post("/contacts/forget/lift", &lift(""));
    assert_eq!(page.status, 422);
    olga.post("/contacts/forget/lift", &lift("wrote to us"))
        .holds("may be known again");
    let back = ivan.post("/contacts", &[("email", jonah)]);
    assert_eq!(back.status, 303);
}
