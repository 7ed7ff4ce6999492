//! From an audience to a distribution, and what is done to it.

use super::browser::{Browser, Page, user};
use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, ServiceProcess, Workspace, eventually};

struct Desk {
    workspace: Workspace,
    service: ServiceProcess,
    _catcher: CatcherProcess,
}

/// A newsroom with an author, two approvers and a relay that catches.
fn newsroom(more: &str) -> Desk {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(86_400);
    let text = workspace.read("dateline.toml");
    workspace.write("dateline.toml", &format!("{text}\n{more}"));
    for (name, role) in [
        ("ivan", "author"),
        ("vera", "approver"),
        ("olga", "approver"),
    ] {
        user(&workspace, name, role);
    }
    let service = ServiceProcess::start(&workspace);
    Desk {
        workspace,
        service,
        _catcher: catcher,
    }
}

/// The values of a page's hidden field.
fn hidden(page: &Page, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let after = page
        .body
        .split(&mark)
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {}", page.body));
    after.split('"').next().unwrap().to_owned()
}

fn review(browser: &mut Browser, release: &str) -> Page {
    browser.get(&format!(
        "/releases/{release}/send?to=wires&to=central-asia"
    ))
}

fn send(browser: &mut Browser, release: &str, reviewed: &Page) -> Page {
    let (content, expect) = (hidden(reviewed, "content"), hidden(reviewed, "expect"));
    let form = [
        ("to", "wires"),
        ("to", "central-asia"),
        ("content", content.as_str()),
        ("expect", &expect),
    ];
    browser.post(&format!("/releases/{release}/send"), &form)
}

#[test]
fn a_release_is_approved_by_two_and_sent_as_it_was_reviewed() {
    let desk = newsroom("[approval]\nembargoed = 2\nparity = \"off\"\n");
    let [mut ivan, mut vera, mut olga] =
        ["ivan", "vera", "olga"].map(|name| Browser::of(&desk.service, name));
    let to = [("to", "wires"), ("to", "central-asia")];
    let page = review(&mut ivan, EMBARGOED);
    page.holds("18 journalists with an embargo agreement get it at once");
    page.holds("5 others get it after the lift")
        .holds("In 7 languages")
        .holds("An approver sends it");
    let approve = format!("/releases/{EMBARGOED}/approve");
    assert_eq!(ivan.post(&approve, &to).status, 403);
    assert!(
        vera.post(&approve, &to)
            .location()
            .contains("said=approved")
    );
    vera.post(&approve, &to)
        .holds("a second approval must be another person");
    review(&mut vera, EMBARGOED)
        .holds("approved by vera alone")
        .lacks("Send to 23");
    // An edit makes it void, and somebody must see that the languages say the same.
    let file = format!("releases/{EMBARGOED}/en.md");
    let text = desk.workspace.read(&file);
    desk.workspace
        .write(&file, &format!("{text}\nOne more line.\n"));
    olga.post(&approve, &to)
        .holds("en changed since the last approval");
    let noted = [to[0], to[1], ("parity_ok", "yes")];
    assert!(
        olga.post(&approve, &noted)
            .location()
            .contains("said=approved")
    );
    review(&mut olga, EMBARGOED)
        .holds("the approval by vera of")
        .holds("variant en changed");
    vera.post(&approve, &noted);
    let reviewed = review(&mut olga, EMBARGOED);
    reviewed.holds("Send to 23 recipients");
    // What was reviewed is not what would be sent: nothing is.
    desk.workspace
        .write(&file, &format!("{text}\nAnother line.\n"));
    send(&mut olga, EMBARGOED, &reviewed).holds("needs the approval of 2 different people");
    desk.workspace
        .write(&file, &format!("{text}\nOne more line.\n"));
    desk.workspace.write(
        "one.csv",
        "email,name,languages,country,beats,lists\nnew@example.org,New,en,KZ,human-rights,wires\n",
    );
    let csv = desk.workspace.path("one.csv").display().to_string();
    assert_eq!(
        desk.workspace.dateline(&["contacts", "import", &csv]).code,
        0
    );
    send(&mut olga, EMBARGOED, &reviewed).holds("23 recipients were expected and there are 24 now");
    assert!(
        desk.workspace.json(&["status"]).1["distributions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let reviewed = review(&mut olga, EMBARGOED);
    let sent = send(&mut olga, EMBARGOED, &reviewed);
    assert!(
        sent.location().starts_with("/distributions/dst_"),
        "{} {}",
        sent.location(),
        sent.body
    );
    let page = olga.get(sent.location());
    page.holds("It is planned").holds("olga").holds("vera");
    let again = send(&mut olga, EMBARGOED, &reviewed);
    assert!(again.location().ends_with("said=continued"));
    eventually("the early copies are out", || {
        desk.workspace.json(&["status", "latest"]).1["by_state"]["accepted"]
            .as_u64()
            .unwrap_or(0)
            > 10
    });
    let acts = super::browser::acts(&desk.workspace);
    for act in ["olga sent", "olga approved", "vera approved"] {
        assert!(acts.iter().any(|one| one == act), "{act} {acts:?}");
    }
}

#[test]
fn the_command_line_expects_a_number_too() {
    let workspace = Workspace::with_contacts();
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "--expect", "1"]);
    assert!(
        said.code == 2 && said.err.contains("1 recipients were expected"),
        "{}",
        said.err
    );
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn an_audience_is_seen_while_one_chooses() {
    let desk = newsroom("");
    let mut ivan = Browser::of(&desk.service, "ivan");
    let path = format!("/releases/{EMBARGOED}/audience");
    ivan.get(&path)
        .holds("Choose whom it is for")
        .holds("list:radio");
    let page = ivan.get(&format!("{path}?to=central-asia&to=wires&not=wires"));
    page.holds("in a segment that is left out")
        .holds("<svg class=\"chart\"")
        .holds("Asia/Almaty");
    // Each is a step away from the mail as they would get it.
    let preview = format!("/releases/{EMBARGOED}/preview?contact=");
    let links = page.body.replace("&#x3D;", "=");
    let link = links
        .split("href=\"")
        .find(|part| part.starts_with(&preview));
    let link = link.unwrap().split('"').next().unwrap();
    ivan.get(link).holds("ЭМБАРГО").lacks("role=\"alert\"");
    ivan.get(&format!("{path}?to=nobody"))
        .holds("there is no segment `nobody`");
    ivan.get(&format!("{path}?to=wires&start=at&at=yesterday"))
        .holds("role=\"alert\"");
    let later = (crate::support::now() + jiff::SignedDuration::from_hours(2))
        .to_string()
        .replace('+', "%2B");
    ivan.get(&format!("{path}?to=wires&start=at&at={later}"))
        .holds("get it on ");
    ivan.language = "ru";
    ivan.get(&format!("{path}?to=wires"))
        .holds("получателей")
        .holds("с соглашением об эмбарго");
}

#[test]
fn segments_start_one_after_the_other_and_odd_times_are_told() {
    let desk = newsroom("");
    let mut ivan = Browser::of(&desk.service, "ivan");
    let path = format!("/releases/{IMMEDIATE}/audience?to=wires&to=central-asia");
    ivan.get(&format!("{path}&wave_gap=2h"))
        .holds("name=\"wave_gap\" value=\"2h\"")
        .holds("wave_gap=2h")
        .holds("recipients");
    let (far, ages) = (i64::MAX / 24, i64::MAX);
    for gap in ["soon", "-5m", &format!("{far}d"), &format!("{ages}d")] {
        let page = ivan.get(&format!("{path}&wave_gap={gap}"));
        assert_eq!(page.status, 200);
        page.holds("is not a duration")
            .holds(&format!("value=\"{gap}\""));
        let review = path.replace("/audience", "/send");
        let page = ivan.get(&format!("{review}&wave_gap={gap}"));
        assert_eq!(page.status, 422, "{gap}");
    }
    for odd in [
        "start=at&at=9999-12-31T23:59:59Z&wave_gap=106751991d",
        "start=at&at=-009999-01-01T00:00Z",
        "start=local&at=9999-12-31+23:59",
        "start=local&at=99999",
        "not_after=9999-12-30T00:00Z&window=mon-fri+08:00-08:00",
        "from=18446744073709551615&out_from=18446744073709551615",
        "start=%ff&at=%00&window=%f0%9f%92%a3",
    ] {
        let page = ivan.get(&format!("{path}&{odd}"));
        assert_eq!(page.status, 200, "{odd} {}", page.body);
    }
    for odd in ["from=-1", "from=18446744073709551616", "out_from=x"] {
        assert_eq!(ivan.get(&format!("{path}&{odd}")).status, 400, "{odd}");
    }
}

#[test]
fn everybody_in_a_long_audience_is_seen() {
    let desk = newsroom("");
    // In twenty countries: a dozen have a bar, the others are told.
    let countries = "AD AE AF AG AI AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI";
    let countries: Vec<_> = countries.split(' ').collect();
    let rows = (0..250).map(|n| {
        let country = countries[n % countries.len()];
        format!("r{n:03}@many.example,Reader {n},{country},en,many\n")
    });
    let header = "email,name,country,languages,lists\n";
    let csv = format!("{header}{}", rows.collect::<String>());
    desk.workspace.write("many.csv", &csv);
    let file = desk.workspace.path("many.csv").display().to_string();
    assert_eq!(
        desk.workspace.dateline(&["contacts", "import", &file]).code,
        0
    );
    let mut ivan = Browser::of(&desk.service, "ivan");
    let path = format!("/releases/{EMBARGOED}/audience?to=list:many");
    let first = ivan.get(&path);
    first
        .holds("1–200 of 250")
        .holds("96 more in others")
        .holds("r199@many.example")
        .lacks("r200@many.example");
    let next = first
        .body
        .split("href=\"")
        .find(|part| part.contains("from=200"));
    let next = next
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&");
    let next = next
        .replace("&#x3D;", "=")
        .split('#')
        .next()
        .unwrap()
        .to_owned();
    ivan.get(&format!("/releases/{EMBARGOED}/audience{next}"))
        .holds("201–250 of 250")
        .holds("r249@many.example")
        .holds("250 recipients")
        .lacks("r199@many.example");
    // Those who are left out have pages of their own.
    ivan.get(&format!(
        "/releases/{EMBARGOED}/audience?to=list:many&not=list:many&out_from=200"
    ))
    .holds("201–250 of 250")
    .holds("in a segment that is left out");
    assert_eq!(ivan.get(&format!("{path}&from=x")).status, 400);
    ivan.get(&format!("{path}&from=18446744073709551615"))
        .holds("250 recipients");
}

#[test]
fn a_rehearsal_is_read_as_in_a_mail_client_and_nothing_is_sent() {
    let desk = newsroom("");
    let mut ivan = Browser::of(&desk.service, "ivan");
    let begun = ivan.post(
        &format!("/releases/{EMBARGOED}/rehearse"),
        &[("to", "wires")],
    );
    assert!(
        begun.location().starts_with("/rehearsals/"),
        "{}",
        begun.body
    );
    let path = begun.location().to_owned();
    eventually("the rehearsal is over", || {
        !ivan.get(&path).body.contains("Look again")
    });
    let page = ivan.get(&path);
    page.holds("Caught mails")
        .holds("desk@tidewater-wire.example")
        .holds("EMBARGOED until");
    let mail = ivan.get(&format!("{path}/mails/1"));
    mail.holds("Message-ID:").holds("sandbox");
    let frame = ivan.get(&format!("{path}/mails/1/frame"));
    assert!(frame.headers["content-security-policy"].starts_with("sandbox; default-src 'none'"));
    frame
        .holds("data:image/png;base64,")
        .lacks("cid:")
        .lacks("<script");
    for nothing in ["/mails/9999", "/mails/x", "/mails/..%2F1", "/mails/0"] {
        assert_eq!(
            ivan.get(&format!("{path}{nothing}")).status,
            404,
            "{nothing}"
        );
    }
    assert!(desk.workspace.mails().is_empty());
    assert!(
        desk.workspace.json(&["status"]).1["distributions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    review(&mut ivan, EMBARGOED).holds("mails caught");
    let bad = ivan.post(
        &format!("/releases/{EMBARGOED}/rehearse"),
        &[("to", "nobody")],
    );
    assert_eq!(bad.status, 422);
}

#[test]
fn a_distribution_is_held_resumed_and_killed_with_a_reason() {
    let desk = newsroom("");
    let at = (crate::support::now() + jiff::SignedDuration::from_hours(2)).to_string();
    let planned = desk
        .workspace
        .dateline(&["send", EMBARGOED, "--to", "wires", "--at", &at]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    let [mut ivan, mut vera] = ["ivan", "vera"].map(|name| Browser::of(&desk.service, name));
    let id = desk.workspace.json(&["status", "latest"]).1["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/distributions/{id}");
    ivan.get(&path).holds("Under way").lacks("/kill\"");
    ivan.post(&format!("{path}/hold"), &[("why", " ")])
        .holds("The log needs a reason");
    let held = ivan.post(
        &format!("{path}/hold"),
        &[("why", "a <script>name</script> is in doubt")],
    );
    assert!(held.location().ends_with("said=held"));
    ivan.get(&path)
        .holds("a &lt;script&gt;name")
        .lacks("<script>name");
    ivan.get("/distributions")
        .holds("Held")
        .lacks("<script>name");
    for (act, status) in [("resume", 403), ("kill", 403), ("settle", 403)] {
        assert_eq!(
            ivan.post(&format!("{path}/{act}"), &[("why", "x")]).status,
            status
        );
    }
    vera.post(&format!("{path}/hold"), &[("why", "me too")])
        .holds("held already");
    assert_eq!(
        vera.post(&format!("{path}/resume"), &[("why", "the name is right")])
            .status,
        303
    );
    assert_eq!(
        vera.post(&format!("{path}/kill"), &[("why", "withdrawn")])
            .status,
        303
    );
    vera.get(&path).holds("Killed").holds("withdrawn");
    for nothing in ["x", "latest", &id[..12], "dst_00000000000000000000000000"] {
        assert_eq!(
            vera.get(&format!("/distributions/{nothing}")).status,
            404,
            "{nothing}"
        );
    }
    assert_eq!(desk.workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn progress_is_told_as_it_happens_and_again_to_whoever_reconnects() {
    let desk = newsroom("");
    let mut vera = Browser::of(&desk.service, "vera");
    let reviewed = review(&mut vera, EMBARGOED);
    let sent = send(&mut vera, EMBARGOED, &reviewed);
    let path = sent.location().split('?').next().unwrap().to_owned();
    for _ in 0..2 {
        let events = vera.events(&format!("{path}/events"), |text| {
            text.contains("<dt>In doubt</dt>") && text.contains("event: wants")
        });
        assert!(events.contains("event: figures"), "{events}");
        assert!(events.contains("retry: "), "{events}");
    }
    eventually("one is in doubt", || {
        vera.get(&path)
            .body
            .contains("drop-after-dot@rehearsal.example")
    });
    // What a relay says is shown as it is, and runs nowhere.
    desk.workspace.sqlite(
        "UPDATE delivery_state SET state = 'deferred', facts = '{\"state\":\"deferred\",\"until\":\"2040-01-01T00:00:00Z\",\"reply\":\"451 <script>alert(1)</script>\"}', due_at = 2208988800000000 \
         WHERE id = (SELECT min(id) FROM delivery_state WHERE state = 'planned')",
    );
    vera.get(&path)
        .holds("451 &lt;script&gt;")
        .lacks("<script>alert");
    let page = vera.get(&path);
    let delivery = hidden(&page, "delivery");
    let settle = format!("{path}/settle");
    assert_eq!(
        vera.post(&settle, &[("delivery", &delivery), ("decision", "maybe")])
            .status,
        400
    );
    // Under the address of another distribution there is no such delivery.
    let reviewed = review(&mut vera, IMMEDIATE);
    let other = send(&mut vera, IMMEDIATE, &reviewed);
    let elsewhere = format!("{}/settle", other.location().split('?').next().unwrap());
    vera.post(
        &elsewhere,
        &[("delivery", &delivery), ("decision", "arrived")],
    )
    .holds(&format!("there is no delivery {delivery}"));
    assert_eq!(
        vera.post(&settle, &[("delivery", &delivery), ("decision", "arrived")])
            .status,
        303
    );
    vera.post(&settle, &[("delivery", &delivery), ("decision", "arrived")])
        .holds("That cannot be done");
}

#[test]
fn an_embargo_is_moved_and_those_who_have_the_old_time_are_told() {
    let desk = newsroom("");
    let mut vera = Browser::of(&desk.service, "vera");
    let reviewed = review(&mut vera, EMBARGOED);
    let sent = send(&mut vera, EMBARGOED, &reviewed);
    let path = sent.location().split('?').next().unwrap().to_owned();
    eventually("the advance copies are out", || {
        let status = desk.workspace.json(&["status", "latest"]).1;
        status["by_state"]["accepted"].as_u64() >= Some(10)
    });
    let embargo = format!("{path}/embargo");
    let mut ivan = Browser::of(&desk.service, "ivan");
    assert_eq!(ivan.post(&embargo, &[("what", "lift")]).status, 403);
    vera.post(&embargo, &[("what", "lift"), ("why", " ")])
        .holds("The log needs a reason");
    let bad = [("what", "move"), ("time", "tomorrow"), ("why", "a hearing")];
    vera.post(&embargo, &bad)
        .holds("role=\"alert\"")
        .holds("value=\"tomorrow\"")
        .holds("value=\"a hearing\"");
    vera.get(&path).holds("Change the embargo");
    let later = (crate::support::now() + jiff::SignedDuration::from_hours(72)).to_string();
    let good = [
        ("what", "move"),
        ("time", later.as_str()),
        ("why", "a hearing was put off"),
    ];
    let moved = vera.post(&embargo, &good);
    assert!(
        moved.location().ends_with("said=embargo-tell"),
        "{}",
        moved.location()
    );
    vera.get(moved.location())
        .holds("Advance copies went out that name the old time");
    let log = desk.workspace.dateline(&["log", "latest"]).out;
    assert!(log.contains("a hearing was put off"), "{log}");
    // A notice that would not be true is refused; the true one goes out.
    let follow = format!("{path}/follow");
    vera.post(&follow, &[("what", "lifted-early")])
        .holds("the embargo stands until");
    vera.post(&follow, &[("what", "with"), ("release", "no-such")])
        .holds("value=\"no-such\"");
    assert_eq!(ivan.post(&follow, &[("what", "kill")]).status, 403);
    let told = vera.post(&follow, &[("what", "embargo-moved")]);
    assert!(told.location().starts_with("/distributions/dst_"));
    assert!(!told.location().starts_with(&path));
    // Each leads to the other.
    vera.get(told.location())
        .holds("Follows up on")
        .holds(&format!("href=\"/releases/{EMBARGOED}\""))
        .lacks(&format!("href=\"/releases/{EMBARGOED}."));
    let notice = told.location().split('?').next().unwrap();
    vera.get(&format!("/releases/{EMBARGOED}"))
        .holds("Told since to those who have it")
        .holds(&format!("href=\"{notice}\""));
    let (_, status) = desk.workspace.json(&["status", "latest"]);
    assert_eq!(
        (&status["follows"], &status["notice"]),
        (&EMBARGOED.into(), &true.into())
    );
    eventually("they are told", || {
        let mails = desk.workspace.mails();
        let told = mails
            .iter()
            .filter(|mail| mail.contains("In-Reply-To: <dlv_"));
        told.count() >= 10
    });
    // And lifted: everybody else gets it.
    let lift = [("what", "lift"), ("why", "the court has ruled")];
    assert_eq!(vera.post(&embargo, &lift).status, 303);
    vera.get(&path)
        .lacks("Change the embargo")
        .holds("lifted early");
}
