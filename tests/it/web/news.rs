//! Releases that anybody may read: from the lift on, and not before.

use super::browser::{Browser, Page};
use crate::support::{
    CatcherProcess, EMBARGOED, IMMEDIATE, ServiceProcess, Workspace, eventually, run,
};
use std::process::{Command, Stdio};

const HOST: &str = "press.two-banks.example";

/// A newsroom whose releases anybody may read once they are out.
fn newsroom(public: bool) -> (Workspace, CatcherProcess) {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(86_400);
    let text = workspace.read("dateline.toml");
    let readers = format!("[readers]\nurl = \"https://{HOST}\"\npublic = {public}\n");
    workspace.write("dateline.toml", &format!("{text}\n{readers}"));
    (workspace, catcher)
}

fn visit(browser: &mut Browser, path: &str) -> Page {
    browser.get_as_host(HOST, path)
}

/// What a page says, but for when.
fn told(page: &Page) -> (u16, Vec<(String, String)>, String) {
    let headers = page.headers.clone().into_iter();
    let headers = headers.filter(|(name, _)| name != "date").collect();
    (page.status, headers, page.body.clone())
}

fn accepted(workspace: &Workspace) -> u64 {
    let (_, status) = workspace.json(&["status", "latest"]);
    status["by_state"]["accepted"].as_u64().unwrap_or(0)
}

#[test]
fn before_the_lift_a_release_is_as_one_that_there_is_not() {
    let (workspace, _catcher) = newsroom(true);
    let service = ServiceProcess::start(&workspace);
    let mut reader = Browser::new(&service);
    let nothing = told(&visit(&mut reader, "/news/no-such-release"));
    let nothing_ru = told(&visit(&mut reader, "/news/no-such-release/ru"));
    assert_eq!(nothing.0, 404);
    let path = format!("/news/{EMBARGOED}");
    let path_ru = format!("{path}/ru");
    let mut as_nothing = |when: &str| {
        assert_eq!(told(&visit(&mut reader, &path)), nothing, "{when}");
        assert_eq!(told(&visit(&mut reader, &path_ru)), nothing_ru, "{when}");
        visit(&mut reader, "/news")
            .lacks("river")
            .holds("There is nothing here yet");
        visit(&mut reader, "/news.atom").lacks("river");
    };
    as_nothing("in the folder alone");
    workspace.dateline(&["send", EMBARGOED, "--to", "wires", "--to", "central-asia"]);
    // The service takes its part of them.
    eventually("advance copies are out", || accepted(&workspace) > 10);
    as_nothing("with advance copies out");
    let said = workspace.dateline(&[
        "embargo",
        "move",
        "latest",
        "2031-01-01 10:00",
        "--why",
        "later",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    as_nothing("with a later embargo");
    let said = workspace.dateline(&["embargo", "lift", "latest", "--why", "it is out"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let page = visit(&mut reader, &path);
    assert_eq!(
        (page.status, page.location()),
        (303, format!("{path}/en").as_str())
    );
    visit(&mut reader, &path_ru).holds("<h1>");
}

#[test]
fn a_release_is_read_in_each_of_its_languages() {
    let (workspace, _catcher) = newsroom(true);
    let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert!(accepted(&workspace) > 0, "{}", sent.err);
    let service = ServiceProcess::start(&workspace);
    let mut reader = Browser::new(&service);
    let path = format!("/news/{IMMEDIATE}");
    for (asked, way) in [
        ("en", "en"),
        ("ru-KZ,en;q=0.5", "ru"),
        ("fr", "fr"),
        ("de", "en"),
    ] {
        reader.language = asked;
        let page = visit(&mut reader, &path);
        assert_eq!(page.location(), format!("{path}/{way}"), "{asked}");
    }
    reader.language = "en";
    let page = visit(&mut reader, &format!("{path}/fr"));
    page.holds("<html lang=\"fr\"")
        .holds("Dans d’autres langues")
        .holds(&format!(
            "rel=\"canonical\" href=\"https://{HOST}{path}/fr\""
        ))
        .holds(&format!("hreflang=\"ru\" href=\"https://{HOST}{path}/ru\""))
        .lacks("noindex");
    assert_eq!(page.headers["cache-control"], "public, max-age=60");
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    for elsewhere in ["/news/x/en", &format!("{path}/de"), &format!("{path}/%00")] {
        assert_eq!(visit(&mut reader, elsewhere).status, 404, "{elsewhere}");
    }
    visit(&mut reader, "/news").holds(&format!("href=\"{path}/en\""));
    // The desk itself is not under this name.
    assert_eq!(visit(&mut reader, "/releases").status, 421);

    // What went out stays, whatever becomes of the folder.
    let file = format!("releases/{IMMEDIATE}/en.md");
    workspace.write(
        &file,
        &workspace
            .read(&file)
            .replace("headline = \"", "headline = \"Draft: "),
    );
    visit(&mut reader, &format!("{path}/en")).lacks("Draft:");

    // Who has it is told that it is withdrawn; then nobody reads it any more.
    let said = workspace.dateline(&["correct", IMMEDIATE, "--notice", "kill"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(visit(&mut reader, &format!("{path}/en")).status, 404);
    visit(&mut reader, "/news").lacks(IMMEDIATE);
}

#[test]
fn nothing_is_public_before_it_is_out_or_while_it_is_held() {
    let (workspace, _catcher) = newsroom(true);
    let service = ServiceProcess::start(&workspace);
    let mut reader = Browser::new(&service);
    let at = (crate::support::now() + jiff::SignedDuration::from_hours(5)).to_string();
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "--at", &at]);
    assert_eq!(said.code, 0, "{}", said.err);
    let path = format!("/news/{IMMEDIATE}/en");
    assert_eq!(visit(&mut reader, &path).status, 404);
    assert_eq!(
        workspace
            .dateline(&["kill", "latest", "--why", "sooner"])
            .code,
        0
    );
    workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    eventually("some have it", || accepted(&workspace) > 0);
    assert_eq!(visit(&mut reader, &path).status, 200);
    assert_eq!(
        workspace
            .dateline(&["hold", "latest", "--why", "a figure"])
            .code,
        0
    );
    assert_eq!(visit(&mut reader, &path).status, 404);
    assert_eq!(
        workspace
            .dateline(&["resume", "latest", "--why", "it is right"])
            .code,
        0
    );
    assert_eq!(visit(&mut reader, &path).status, 200);
}

#[test]
fn a_feed_is_well_formed_and_nothing_of_a_release_runs() {
    let (workspace, _catcher) = newsroom(true);
    let evil = "\"><script>alert(1)</script>&]]>";
    let text = "+++\nheadline = '''EVIL'''\nsubhead = '''EVIL'''\nhighlights = ['''EVIL''']\n+++\n\nText [a](https://a.example) `EVIL`.\n".replace("EVIL", evil);
    workspace.write(&format!("releases/{IMMEDIATE}/en.md"), &text);
    workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert!(accepted(&workspace) > 0);
    let service = ServiceProcess::start(&workspace);
    let mut reader = Browser::new(&service);
    for path in ["/news".to_owned(), format!("/news/{IMMEDIATE}/en")] {
        let page = visit(&mut reader, &path);
        page.holds("alert(1)").lacks("<script>");
    }
    let feed = visit(&mut reader, "/news.atom");
    assert_eq!(
        feed.headers["content-type"],
        "application/atom+xml; charset=utf-8"
    );
    workspace.write("feed.atom", &feed.body);
    let read = "import sys, xml.etree.ElementTree as E\n\
        a = '{http://www.w3.org/2005/Atom}'\n\
        feed = E.parse(sys.argv[1]).getroot()\n\
        assert feed.tag == a + 'feed'\n\
        for name in ['id', 'title', 'updated', 'author']: assert feed.find(a + name) is not None, name\n\
        entry, = feed.findall(a + 'entry')\n\
        for name in ['id', 'published', 'updated']: assert entry.find(a + name) is not None, name\n\
        print(len(entry.findall(a + 'link')), entry.find(a + 'title').text)";
    let said = run(Command::new("python3")
        .args(["-c", read])
        .arg(workspace.path("feed.atom"))
        .stdin(Stdio::null()));
    assert_eq!(said.code, 0, "{} {}", said.err, feed.body);
    assert_eq!(said.out.trim(), format!("3 {evil}"));
}

#[test]
fn where_the_newsroom_does_not_say_so_nothing_is_public() {
    let (workspace, _catcher) = newsroom(false);
    workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
    assert!(accepted(&workspace) > 0);
    let service = ServiceProcess::start(&workspace);
    let mut reader = Browser::new(&service);
    let path = format!("/news/{IMMEDIATE}");
    for path in ["/news", "/news.atom", &path, &format!("{path}/en")] {
        assert_eq!(visit(&mut reader, path).status, 404, "{path}");
    }
    workspace.edit("dateline.toml", "public = false", "public = true");
    workspace.edit("dateline.toml", &format!("url = \"https://{HOST}\"\n"), "");
    let said = workspace.dateline(&["check"]);
    assert!(
        said.code == 2 && said.out.contains("`url` does not say where"),
        "{}",
        said.out
    );
}
