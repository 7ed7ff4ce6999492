//! Releases and previews, as an author sees them.

use super::browser::{Browser, user};
use crate::support::{EMBARGOED, IMMEDIATE, ServiceProcess, Workspace};

fn desk() -> (Workspace, ServiceProcess, Browser) {
    let workspace = Workspace::with_contacts();
    user(&workspace, "ivan", "author");
    let service = ServiceProcess::start(&workspace);
    let browser = Browser::of(&service, "ivan");
    (workspace, service, browser)
}

#[test]
fn releases_are_listed_with_their_embargo_and_stage() {
    let (workspace, _service, mut ivan) = desk();
    workspace.lift_in(3 * 86_400 + 1800);
    let list = ivan.get("/releases");
    list.holds(EMBARGOED)
        .holds(IMMEDIATE)
        .holds("Draft")
        .holds("3 d 0 h")
        .holds("until the embargo lifts");
    let at = (crate::support::now() + jiff::SignedDuration::from_hours(24)).to_string();
    assert_eq!(
        workspace
            .dateline(&["send", EMBARGOED, "--to", "wires", "--at", &at])
            .code,
        0
    );
    ivan.get("/releases").holds("Scheduled");
    ivan.get(&format!("/releases/{EMBARGOED}"))
        .holds("Under way");
    let said = workspace.dateline(&["releases"]);
    assert!(
        said.code == 0 && said.out.contains("scheduled"),
        "{}",
        said.out
    );
    ivan.language = "ru";
    ivan.get("/releases")
        .holds("до снятия эмбарго")
        .holds("Запланирован");
}

#[test]
fn a_problem_is_shown_at_its_line() {
    let (workspace, _service, mut ivan) = desk();
    let file = format!("releases/{IMMEDIATE}/ru.md");
    let text = workspace.read(&file);
    workspace.write(
        &file,
        &format!("{text}\n![a map](https://maps.example/a.png)\n"),
    );
    let line = text.lines().count() + 2;
    let page = ivan.get(&format!("/releases/{IMMEDIATE}"));
    page.holds(&format!("{file}:{line}"))
        .holds("https://maps.example/a.png");
    page.holds("<li class=\"hit\">")
        .holds("bars sending")
        .lacks("/preview\"");
    ivan.get("/releases").holds("1 error").holds("Has errors");
}

#[test]
fn a_mail_is_shown_as_its_reader_gets_it_in_a_frame_that_can_do_nothing() {
    let (_workspace, _service, mut ivan) = desk();
    let path = format!("/releases/{EMBARGOED}");
    let page = ivan.get(&format!("{path}/preview?lang=ru&width=phone&light=dark"));
    page.holds("class=\"frame phone\" sandbox").holds("ЭМБАРГО");
    page.holds(&format!("{path}/mail?lang&#x3D;ru").replace("&#x3D;", "="));
    let frame = ivan.get(&format!("{path}/mail?lang=ru&light=dark"));
    let policy = &frame.headers["content-security-policy"];
    assert!(
        policy.starts_with("sandbox; default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    frame
        .holds("@media all")
        .lacks("prefers-color-scheme: dark")
        .holds("data:image/png;base64,")
        .lacks("<script");
    ivan.get(&format!("{path}/mail?lang=ru"))
        .holds("@media not all");
    ivan.get(&format!("{path}/preview?part=headers"))
        .holds("Message-ID:")
        .lacks("Content-Transfer-Encoding: base64\n\n");
    ivan.get(&format!("{path}/preview?part=source"))
        .holds("multipart/");
    ivan.get(&format!("{path}/preview?part=text&lang=fr"))
        .holds("EMBARGO");
    ivan.get(&format!("{path}/preview?part=size"))
        .holds("Whole mail");
    ivan.get(&format!("{path}/preview?lang=de"))
        .holds("the release has no variant `de`");
    ivan.get(&format!("{path}/preview?contact=nobody@example.org"))
        .holds("there is no contact nobody@example.org");
}

#[test]
fn a_path_is_no_release() {
    let (workspace, _service, mut ivan) = desk();
    for name in ["x", "..%2Fw%2Freleases%2Fx", "%2Fetc", "..", "%00", "a%0Ab"] {
        let outside = workspace
            .path("releases")
            .join(IMMEDIATE)
            .display()
            .to_string()
            .replace('/', "%2F");
        for name in [name, &outside] {
            for rest in ["", "/preview", "/mail"] {
                let page = ivan.get(&format!("/releases/{name}{rest}"));
                assert!(
                    matches!(page.status, 404 | 303),
                    "{name}{rest} {}",
                    page.status
                );
            }
        }
    }
}

#[test]
fn nothing_of_a_release_runs_in_the_page() {
    let (workspace, _service, mut ivan) = desk();
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let toml = "+++\nheadline = '''EVIL'''\nsubhead = '''EVIL'''\nsubject = '''EVIL'''\nhighlights = ['''EVIL''']\n+++\n\nText [a](https://a.example).\n\n`EVIL`\n".replace("EVIL", evil);
    workspace.write(&format!("releases/{IMMEDIATE}/en.md"), &toml);
    let text = workspace.read("contacts.csv");
    let row = format!(
        "evil@example.org,\"{}\",,\"{0}\",\"{0}\",KZ,en\n",
        evil.replace('"', "\"\"")
    );
    let header = text.lines().next().unwrap();
    let columns = header.split(',').count();
    let row = format!("{}{}\n", row.trim_end(), ",".repeat(columns - 7));
    workspace.write("evil.csv", &format!("{header}\n{row}"));
    let said = workspace.dateline(&[
        "contacts",
        "import",
        &workspace.path("evil.csv").display().to_string(),
    ]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    let path = format!("/releases/{IMMEDIATE}");
    for page in [
        "/releases".to_owned(),
        path.clone(),
        format!("{path}/preview?lang=en&part=text&contact=evil@example.org"),
        format!("{path}/preview?lang=en&part=source"),
        format!("{path}/preview?lang=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        format!("{path}/preview?contact=%22%3E%3Cscript%3E@x"),
        format!("{path}/mail?lang=en"),
    ] {
        let page = ivan.get(&page);
        page.lacks("<script>").lacks("<img src=x");
    }
}
