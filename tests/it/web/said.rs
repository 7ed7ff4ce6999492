//! What is wrong, told at the desk in the visitor's language.

use super::browser::{Browser, PASSWORD, user};
use crate::support::{EMBARGOED, IMMEDIATE, ServiceProcess, Workspace};

const XSS: &str = "<script>alert(1)</script>";

fn desk() -> (Workspace, ServiceProcess) {
    let workspace = Workspace::with_contacts();
    for (name, role) in [("ivan", "author"), ("vera", "admin")] {
        user(&workspace, name, role);
    }
    let service = ServiceProcess::start(&workspace);
    (workspace, service)
}

/// Somebody whose desk is in Russian, and the same person with it in English.
fn both(service: &ServiceProcess, name: &str) -> (Browser, Browser) {
    let (mut russian, english) = (Browser::of(service, name), Browser::of(service, name));
    russian.language = "ru";
    (russian, english)
}

#[test]
fn a_problem_of_a_release_is_told_at_its_line() {
    let (workspace, service) = desk();
    let (mut russian, mut english) = both(&service, "ivan");
    let file = format!("releases/{IMMEDIATE}/ru.md");
    let text = workspace.read(&file);
    let evil = format!("![a map](https://maps.example/{XSS})");
    workspace.write(
        &file,
        &format!("{text}\n![a map](https://maps.example/a.png)\n\n[a](x:y)\n\n{evil}\n"),
    );
    let line = text.lines().count() + 2;
    let page = format!("/releases/{IMMEDIATE}");
    russian
        .get(&page)
        .holds(&format!("{file}:{line}"))
        .holds("картинка «https://maps.example/a.png» лежит на чужом сервере")
        .holds("у ссылки «x:y» схема «x»; ожидается https")
        .lacks("lies on another server")
        .lacks(XSS);
    english
        .get(&page)
        .holds(&format!("{file}:{line}"))
        .holds("the image `https://maps.example/a.png` lies on another server")
        .lacks("лежит на чужом сервере")
        .lacks(XSS);
    // The command line speaks English to everybody.
    let said = workspace.dateline(&["check", IMMEDIATE]);
    assert!(
        said.err.contains("lies on another server") || said.out.contains("lies on another server")
    );
    // A text of TOML: a kind, what was expected, a hint.
    let toml = format!("releases/{IMMEDIATE}/release.toml");
    let whole = workspace.read(&toml);
    workspace.write(
        &toml,
        &format!("languagse = 3\n{whole}\n[dateline.place]\nen = 3\n"),
    );
    let page = russian.get(&page);
    page.holds("release.toml")
        .lacks("unknown key")
        .lacks("expected");
}

#[test]
fn a_file_of_contacts_is_told_of_with_the_cause_in_the_cause() {
    let (_workspace, service) = desk();
    let (mut russian, mut english) = both(&service, "vera");
    let file = format!("email,country,beats\nnobody,KZ,\nnew@example.org,Nowhere,\n{XSS}@,KZ,\n");
    for (browser, texts) in [
        (
            &mut russian,
            [
                "«nobody» — не почтовый адрес: в нём нет «@»; ожидается «name@domain»",
                "«Nowhere» — не страна; ожидаются две буквы",
                "после «@» нет домена",
                "запятые",
            ],
        ),
        (
            &mut english,
            [
                "`nobody` is not a mail address: there is no `@` in it; expected `name@domain`",
                "`Nowhere` is no country; expected two letters",
                "there is no domain after the `@`",
                "commas",
            ],
        ),
    ] {
        let path = browser.upload("/contacts/import", "list.csv", file.as_bytes());
        let page = browser.get(path.location());
        for text in texts {
            page.holds(text);
        }
        page.lacks(XSS).holds("&lt;script&gt;");
    }
}

#[test]
fn forms_are_told_of_in_the_visitors_language() {
    let (_workspace, service) = desk();
    let (mut russian, mut english) = both(&service, "vera");
    let bar = |email| [("email", email), ("reason", "manual"), ("why", "x")];
    let add = "/contacts/suppressed";
    russian
        .post(add, &bar("nobody"))
        .holds("«nobody» — не почтовый адрес: в нём нет «@»")
        .lacks("mail address");
    english
        .post(add, &bar("nobody"))
        .holds("`nobody` is not a mail address");
    russian
        .post(add, &bar(" "))
        .holds("адрес не указан; ожидается хотя бы один");
    let evil = format!("{XSS}@example.org");
    russian
        .post(add, &bar(&evil))
        .holds("не почтовый адрес")
        .lacks(XSS);
    let lift = [("email", "b@example.org"), ("why", "x")];
    russian
        .post("/contacts/suppressed/lift", &lift)
        .holds("на b@example.org нет запрета");
    // Each at its field, and all above them.
    let contact = [
        ("email", "new@example.org"),
        ("country", "Казахстан"),
        ("time_zone", "Almaty"),
        ("name", XSS),
    ];
    let page = russian.post("/contacts", &contact);
    assert_eq!(page.status, 422, "{}", page.body);
    page.holds("«Казахстан» — не страна")
        .holds("«Almaty» — не часовой пояс IANA")
        .lacks("is no country")
        .lacks(XSS);
    english
        .post("/contacts", &contact)
        .holds("`Казахстан` is no country");
    let segment = [("name", "a b"), ("where", "contact.contry == 'KZ'")];
    russian
        .post("/contacts/groups", &segment)
        .holds("«a b» — не имя сегмента")
        .holds("у contact нет поля «contry»; ожидается одно из:");
}

#[test]
fn who_comes_second_is_told_so() {
    let (workspace, service) = desk();
    let (mut russian, mut english) = both(&service, "vera");
    let form = [("name", "ivan"), ("role", "author"), ("password", PASSWORD)];
    russian
        .post("/users", &form)
        .holds("учётная запись «ivan» уже есть");
    english
        .post("/users", &form)
        .holds("there is a user `ivan` already");
    // A conflict makes a page of its own.
    workspace.lift_in(86_400);
    let at = (crate::support::now() + jiff::SignedDuration::from_hours(2)).to_string();
    let planned = workspace.dateline(&["send", EMBARGOED, "--to", "wires", "--at", &at]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    let (_, status) = workspace.json(&["status", "latest"]);
    let hold = format!("/distributions/{}/hold", status["id"].as_str().unwrap());
    let why = [("why", "a name is in doubt")];
    assert_eq!(russian.post(&hold, &why).status, 303);
    let page = russian.post(&hold, &why);
    page.holds("a name is in doubt").lacks("held already");
    // The instant too, as the desk writes it: `26 ноября 2026, 20:41 (Asia/Almaty)`.
    let told = page.body.split("уже приостановлена ").nth(1).unwrap();
    let (at, _) = told.split_once(": vera, a name is in doubt").unwrap();
    let words: Vec<_> = at.split(' ').collect();
    let month = words[1].chars().all(|c| ('а'..='я').contains(&c));
    assert!(month && words.len() == 5 && at.ends_with(')'), "{at}");
    english.post(&hold, &why).holds("it is held already");
}

#[test]
fn a_newsroom_says_it_in_its_own_words() {
    let workspace = Workspace::with_contacts();
    user(&workspace, "vera", "admin");
    let words = "templates/web/i18n/errors.ru.toml";
    std::fs::create_dir_all(workspace.path("templates/web/i18n")).unwrap();
    workspace.write(
        words,
        "\"{email} is not barred\" = \"писать на {email} можно\"\n",
    );
    let service = ServiceProcess::start(&workspace);
    let (mut russian, _) = both(&service, "vera");
    let lift = |email| [("email", email), ("why", "x")];
    let path = "/contacts/suppressed/lift";
    russian
        .post(path, &lift("b@example.org"))
        .holds("писать на b@example.org можно");
    russian
        .post(path, &lift("b"))
        .holds("«b» — не почтовый адрес");
    drop(service);
    workspace.write(
        words,
        "\"{email} is not barred\" = \"писать на {mail} можно\"\n",
    );
    let said = workspace.dateline(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 2, "{} {}", said.out, said.err);
    let wrong =
        "errors.ru.toml:1: the text of `{email} is not barred` has other places; expected {email}";
    assert!(said.err.contains(wrong), "{}", said.err);
}
