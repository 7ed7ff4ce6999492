//! Import at the desk: brought, looked at, mended, confirmed, undone.

use super::browser::{Browser, Page, acts, user};
use crate::support::{ServiceProcess, Workspace};
use dateline::domain::account::Role;

const XSS: &str = "<script>alert(1)</script>\"'><img src=x>";

fn desk() -> (Workspace, ServiceProcess) {
    let workspace = Workspace::new();
    for role in Role::ALL {
        user(&workspace, role.name(), role.name());
    }
    let service = ServiceProcess::start(&workspace);
    (workspace, service)
}

/// Brings a file; answers with the page that shows it, and its path.
fn brought(browser: &mut Browser, name: &str, bytes: &[u8]) -> (String, Page) {
    let answer = browser.upload("/contacts/import", name, bytes);
    assert_eq!(answer.status, 303, "{}", answer.body);
    let path = answer.location().to_owned();
    assert!(path.starts_with("/contacts/import/"), "{path}");
    let page = browser.get(&path);
    assert_eq!(page.status, 200, "{}", page.body);
    (path, page)
}

/// The value of a hidden field.
fn hidden(page: &Page, name: &str) -> String {
    let begun = format!("name=\"{name}\" value=\"");
    let rest = page.body.split_once(&begun).unwrap().1;
    rest.split_once('"').unwrap().0.to_owned()
}

fn listed(workspace: &Workspace) -> usize {
    let (_, contacts) = workspace.json(&["contacts", "list"]);
    contacts.as_array().unwrap().len()
}

#[test]
fn a_file_is_looked_at_mended_imported_and_undone() {
    let (workspace, service) = desk();
    let mut vera = Browser::of(&service, "admin");
    vera.get("/contacts").holds("href=\"/contacts/import\"");
    vera.get("/contacts/import")
        .holds("<a href=\"/contacts\">Contacts</a>")
        .holds("Nothing has been imported yet");
    // In windows-1251, with a column that nobody knows.
    let table = "Куда слать;ФИО;Издание\na@example.org;Анна Ким;Волна\nnobody;Б;\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(table);
    let (path, page) = brought(&mut vera, "список.csv", &bytes);
    page.holds("windows-1251")
        .holds("the header has no column `email`")
        .holds("<option value=\"ФИО=name\" selected>")
        .lacks(">Import</button>");
    assert_eq!(listed(&workspace), 0);
    let query = "?map=%D0%9A%D1%83%D0%B4%D0%B0+%D1%81%D0%BB%D0%B0%D1%82%D1%8C%3Demail&map=%D0%A4%D0%98%D0%9E%3Dname&encoding=";
    let page = vera.get(&format!("{path}{query}"));
    page.holds("1 contact added")
        .holds("a@example.org")
        .holds("`nobody` is not a mail address")
        .holds("left out")
        .holds("<option value=\"Куда слать=email\" selected>");
    let seen = hidden(&page, "seen");
    let form = [
        ("seen", seen.as_str()),
        ("encoding", ""),
        ("map", "Куда слать=email"),
        ("map", "ФИО=name"),
    ];
    // Somebody else cannot see it, nor import it.
    let mut olga = Browser::of(&service, "approver");
    if Role::Approver.may(dateline::domain::account::Permission::KeepContacts) {
        assert_eq!(olga.get(&path).status, 404);
        assert_eq!(olga.post(&path, &form).status, 404);
    }
    // Another mapping than the one shown is shown first.
    let other = [
        ("seen", seen.as_str()),
        ("map", "Куда слать=email"),
        ("map", "ФИО=notes"),
    ];
    let page = vera.post(&path, &other);
    assert_eq!(page.status, 200);
    page.holds("Contacts were changed since you looked");
    assert_eq!(listed(&workspace), 0);
    let done = vera.post(&path, &form);
    assert_eq!(done.status, 303, "{}", done.body);
    vera.get("/contacts/import?said=imported")
        .holds("The contacts are imported.")
        .holds("список.csv");
    let (_, anna) = workspace.json(&["contacts", "show", "a@example.org"]);
    assert_eq!(
        (anna["name"].as_str(), anna["outlet"].as_str()),
        (Some("Анна Ким"), Some("Волна"))
    );
    assert_eq!(
        vera.get(&path).status,
        404,
        "the file is kept no longer than it must"
    );
    let (_, imports) = workspace.json(&["contacts", "imports"]);
    assert_eq!(imports[0]["by"], "admin");
    let id = imports[0]["id"].as_str().unwrap();
    assert_eq!(
        vera.post("/contacts/import/undo", &[("import", id)]).status,
        303
    );
    assert_eq!(listed(&workspace), 0);
    let again = vera.post("/contacts/import/undo", &[("import", id)]);
    assert_eq!(again.status, 200);
    again.holds("was undone already, by admin");
    assert_eq!(
        acts(&workspace)[..2],
        ["admin import_undone", "admin contacts_imported"]
    );
    vera.language = "ru";
    vera.get("/contacts/import")
        .holds("Импорт контактов")
        .holds("отменил(а) admin");
}

#[test]
fn what_a_file_holds_is_shown_as_text() {
    let (_workspace, service) = desk();
    let mut vera = Browser::of(&service, "admin");
    let cell = XSS.replace('"', "\"\"");
    let table = format!(
        "email,\"{cell}\",name\na@example.org,\"{cell}\",\"{cell}\"\na@example.org,x,\"{cell}\"\n\"{cell}\",,\n"
    );
    let (path, page) = brought(
        &mut vera,
        &format!("{XSS}.csv").replace('"', ""),
        table.as_bytes(),
    );
    page.lacks("<script>alert")
        .lacks("<img src=x")
        .holds("&lt;script&gt;alert");
    let page = vera.post(&path, &[("seen", &hidden(&page, "seen"))]);
    assert_eq!(page.status, 303, "{}", page.body);
    vera.get("/contacts/import")
        .lacks("<script>alert")
        .lacks("<img src=x")
        .holds("&lt;img src=x&gt;.csv");
}

#[test]
fn what_cannot_be_taken_is_told() {
    let (workspace, service) = desk();
    let mut vera = Browser::of(&service, "admin");
    let none = vera.upload("/contacts/import", "", b"");
    assert_eq!(none.status, 200);
    none.holds("Choose a file first.");
    assert_eq!(vera.post("/contacts/import", &[("file", "x")]).status, 400);
    let large = vec![b'x'; 17 * 1024 * 1024];
    let answer = vera.upload("/contacts/import", "large.csv", &large);
    assert_eq!(answer.status, 413);
    answer.holds("That is too large");
    let (path, page) = brought(&mut vera, "x.xlsx", b"PK\x03\x04 and no more");
    page.holds("is no sound XLSX workbook")
        .lacks(">Import</button>");
    let odd = format!("{path}?map=no-meaning&encoding=klingon");
    assert_eq!(vera.get(&odd).status, 400);
    vera.get(&format!("{path}?encoding=klingon"))
        .holds("is no sound XLSX");
    assert_eq!(vera.get("/contacts/import/0123").status, 404);
    assert_eq!(listed(&workspace), 0);
}
