//! The table of routes, whole: every route refuses whoever its rule keeps out.

use super::browser::{Browser, user};
use crate::support::{ServiceProcess, Workspace};
use dateline::domain::account::Role;
use dateline::web::routes::{Route, Rule, Verb, routes};

/// A path with something for each value.
pub(super) fn path(route: &Route) -> String {
    let parts = route
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn call(browser: &mut Browser, route: &Route) -> super::browser::Page {
    match route.verb {
        Verb::Get => browser.get(&path(route)),
        Verb::Post => browser.post(&path(route), &[]),
        Verb::Patch => panic!("no page is called so: {route:?}"),
    }
}

#[test]
fn every_route_keeps_out_whom_its_rule_keeps_out() {
    let workspace = Workspace::new();
    for role in Role::ALL {
        user(&workspace, role.name(), role.name());
    }
    let service = ServiceProcess::start(&workspace);
    let mut stranger = Browser::new(&service);
    let mut staff = Role::ALL.map(|role| (role, Browser::of(&service, role.name())));
    for route in routes() {
        if matches!(route.rule, Rule::Token(_)) {
            continue;
        }
        let open = !matches!(route.rule, Rule::SignedIn | Rule::May(_));
        let page = call(&mut stranger, &route);
        let sent_away = page.status == 303 && page.location().starts_with("/sign-in?to=");
        assert_eq!(sent_away, !open, "{route:?} {}", page.status);
        for (role, browser) in &mut staff {
            // To sign out would end the test.
            if route.path == "/sign-out" {
                continue;
            }
            let status = call(browser, &route).status;
            let may = match route.rule {
                Rule::May(what) => role.may(what),
                Rule::Watcher
                | Rule::Anyone
                | Rule::Reader
                | Rule::OneClick
                | Rule::SignedIn
                | Rule::Token(_) => true,
            };
            assert_eq!(status == 403, !may, "{route:?} {role:?} {status}");
            assert_ne!(status, 500, "{route:?}");
        }
    }
}

#[test]
fn nothing_changes_from_a_foreign_page_or_under_a_foreign_name() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let mut vera = Browser::of(&service, "vera");
    let port = vera.base.rsplit(':').next().unwrap().to_owned();
    // A mail client's one click comes from elsewhere; who knows no link does nothing by it.
    // Programs' calls have a test of their own.
    let page = |route: &Route| !matches!(route.rule, Rule::OneClick | Rule::Token(_));
    let posts = |route: &&Route| route.verb == Verb::Post && page(route);
    for route in routes().iter().filter(posts) {
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1",
            &format!("https://127.0.0.1:{port}"),
        ] {
            let page = vera.post_from(origin, &path(route), &[]);
            assert_eq!(page.status, 403, "{route:?} {origin}");
            page.holds("another site");
        }
    }
    for route in routes()
        .iter()
        .filter(|route| route.verb == Verb::Get && route.rule != Rule::Watcher)
    {
        assert_eq!(
            vera.get_as_host("evil.example", &path(route)).status,
            421,
            "{route:?}"
        );
    }
    assert_eq!(vera.get("/account").status, 200);
}

#[test]
fn every_page_carries_the_headers_and_nothing_inline_or_foreign() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let mut vera = Browser::of(&service, "vera");
    for route in routes() {
        if route.verb != Verb::Get || matches!(route.rule, Rule::Watcher) {
            continue;
        }
        let page = vera.get(&path(&route));
        let policy = &page.headers["content-security-policy"];
        assert!(policy.contains("default-src 'none'"), "{route:?}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        if page
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
            && !route.path.contains("mail")
        {
            assert!(!policy.contains("unsafe"), "{policy}");
            for inline in [" style=", "<style", "onclick=", "http://", "https://"] {
                page.lacks(inline);
            }
        }
    }
    let nowhere = vera.get("/no-such-page");
    assert_eq!(nowhere.status, 404);
    nowhere.holds("There is no such page");
    assert_eq!(vera.get("/assets/..%2Flayout.hbs").status, 404);
}

#[test]
fn a_way_on_leads_nowhere_else() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    for to in [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let mut browser = Browser::new(&service);
        let page = browser.post(
            "/sign-in",
            &[
                ("name", "vera"),
                ("password", super::browser::PASSWORD),
                ("to", to),
            ],
        );
        assert_eq!((page.status, page.location()), (303, "/"), "{to}");
    }
}

#[test]
fn behind_tls_cookies_are_secure_and_browsers_are_told_to_stay() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let text = workspace.read("dateline.toml");
    workspace.write(
        "dateline.toml",
        &format!("{text}\n[service]\nurl = \"https://desk.example.org/\"\n"),
    );
    let service = ServiceProcess::start(&workspace);
    let mut browser = Browser::new(&service);
    let page = browser.sign_in("vera", super::browser::PASSWORD, "");
    assert_eq!(page.status, 303);
    assert!(page.headers["set-cookie"].contains("Secure"));
    assert!(page.headers["strict-transport-security"].contains("max-age=31536000"));
    assert_eq!(
        browser.get_as_host("desk.example.org", "/sign-in").status,
        303
    );
    assert_eq!(browser.get_as_host("192.0.2.1", "/sign-in").status, 421);
    workspace.edit(
        "dateline.toml",
        "https://desk.example.org/",
        "desk.example.org",
    );
    let said = workspace.dateline(&["check"]);
    assert!(
        said.code == 2 && said.out.contains("no address of a desk"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn a_workspace_may_change_pages_and_words() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.path("templates/web/i18n")).unwrap();
    workspace.write("templates/web/i18n/en.ftl", "sign-in = Come in\n");
    let service = ServiceProcess::start(&workspace);
    Browser::new(&service)
        .get("/sign-in")
        .holds("Come in")
        .holds("User name");
    drop(service);
    workspace.write("templates/web/sign-in.hbs", "{{#if}");
    let said = workspace.dateline(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        said.code == 2 && said.err.contains("templates/web/sign-in.hbs"),
        "{}",
        said.err
    );
}
