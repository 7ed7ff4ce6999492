//! Who is let in: every route against tokens, scopes and roles.

use super::super::browser::{Browser, acts, user};
use super::super::rules::path;
use super::{Program, json, newsroom, problem, scopes_of, token, token_until};
use crate::support::{ServiceProcess, Workspace, eventually};
use dateline::domain::account::Role;
use dateline::domain::token::Scope;
use dateline::web::routes::{Route, Rule, Verb, routes};
use reqwest::Method;

fn offered() -> Vec<(Route, Option<Scope>)> {
    let scope = |route: Route| match route.rule {
        Rule::Token(scope) => Some((route, scope)),
        Rule::Watcher
        | Rule::Anyone
        | Rule::Reader
        | Rule::OneClick
        | Rule::SignedIn
        | Rule::May(_) => None,
    };
    let all: Vec<_> = routes().into_iter().filter_map(scope).collect();
    assert!(all.len() > 30);
    all
}

fn call(program: &Program, route: &Route) -> super::Page {
    let (method, body) = match route.verb {
        Verb::Get => (Method::GET, None),
        Verb::Post => (Method::POST, Some("{}")),
        Verb::Patch => (Method::PATCH, Some("{}")),
    };
    program.call(method, &path(route), body)
}

#[test]
fn every_route_of_the_api_keeps_out_whom_its_rule_keeps_out() {
    let workspace = Workspace::new();
    for role in Role::ALL {
        user(&workspace, role.name(), role.name());
    }
    let service = ServiceProcess::start(&workspace);
    let stranger = Program {
        shows: String::new(),
        ..Program::new(&service, "")
    };
    // Whoever is signed in at the desk is nobody here: no page can act by them.
    let mut admin = Browser::of(&service, "admin");
    let session = admin.cookie("dateline_session").unwrap();
    let cookie = Program {
        shows: String::new(),
        ..Program::with(
            &service,
            "",
            "cookie",
            &format!("dateline_session={session}"),
        )
    };
    assert_eq!(admin.get("/account").status, 200);
    let whole = Role::ALL.map(|role| {
        let name = format!("all-{}", role.name());
        let secret = token(&workspace, &name, role.name(), &scopes_of(role));
        (role, Program::new(&service, &secret))
    });
    // Each with every scope but one.
    let but = Scope::ALL.map(|missing| {
        let name = format!("but-{}", missing.name().replace(':', "-"));
        let others: Vec<_> = Scope::ALL
            .into_iter()
            .filter(|one| *one != missing)
            .collect();
        let secret = token(&workspace, &name, "admin", &others);
        (missing, Program::new(&service, &secret))
    });
    for (route, scope) in offered() {
        for nobody in [&stranger, &cookie] {
            let page = call(nobody, &route);
            problem(&page, 401);
            assert!(page.headers["www-authenticate"].starts_with("Bearer"));
        }
        for (role, program) in &whole {
            let status = call(program, &route).status;
            let may = scope.is_none_or(|scope| role.may(scope.permission()));
            assert_eq!(status == 403, !may, "{route:?} {role:?} {status}");
            assert!(status < 500 && status != 401, "{route:?} {status}");
        }
        for (missing, program) in &but {
            let page = call(program, &route);
            assert_eq!(page.status == 403, scope == Some(*missing), "{route:?}");
            if page.status == 403 {
                problem(&page, 403);
                assert!(page.headers["www-authenticate"].contains(missing.name()));
            }
        }
    }
}

#[test]
fn no_page_of_another_site_and_no_foreign_name_comes_in() {
    let workspace = newsroom();
    user(&workspace, "adam", "admin");
    let secret = token(&workspace, "all", "adam", &scopes_of(Role::Admin));
    let service = ServiceProcess::start(&workspace);
    let own = format!("http://{}", service.address());
    for (route, _) in offered() {
        for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
            let program = Program::with(&service, &secret, "origin", origin);
            let page = call(&program, &route);
            problem(&page, 403);
            assert!(!page.headers.contains_key("access-control-allow-origin"));
        }
        let program = Program::with(&service, &secret, "host", "evil.example");
        problem(&call(&program, &route), 421);
        let program = Program::with(&service, &secret, "origin", &own);
        assert_ne!(call(&program, &route).status, 403, "{route:?}");
    }
    // Before a browser lets another site call with a token, it asks (Fetch 4.8).
    let asks = Program::with(&service, &secret, "origin", "https://evil.example");
    let page = asks.call(Method::OPTIONS, "/api/v1/releases", None);
    assert!(!page.headers.contains_key("access-control-allow-origin"));
    assert!(page.status >= 400);
}

#[test]
fn a_token_that_ended_opens_nothing() {
    let workspace = newsroom();
    user(&workspace, "olga", "approver");
    let read = [Scope::ReadReleases];
    let service = ServiceProcess::start(&workspace);
    let program = |secret: &str| Program::new(&service, secret);
    let status = |secret: &str| program(secret).get("/api/v1/releases").status;

    let revoked = token(&workspace, "revoked", "vera", &read);
    assert_eq!(status(&revoked), 200);
    assert_eq!(workspace.dateline(&["token", "revoke", "revoked"]).code, 0);
    assert!(problem(&program(&revoked).get("/api/v1/releases"), 401).contains("opens nothing"));

    let soon = (crate::support::now() + jiff::SignedDuration::from_secs(2)).to_string();
    let short = token_until(&workspace, "short", "vera", &read, &["--expires", &soon]);
    assert_eq!(status(&short), 200);
    eventually("the token expires", || status(&short) == 401);
    let listed = workspace.dateline(&["token", "list"]);
    assert!(listed.out.contains("(expired)"), "{}", listed.out);

    // An account that may not sign in takes its tokens along, for good.
    let locked = token(&workspace, "locked", "olga", &read);
    assert_eq!(status(&locked), 200);
    assert_eq!(workspace.dateline(&["user", "disable", "olga"]).code, 0);
    assert_eq!(status(&locked), 401);
    assert_eq!(workspace.dateline(&["user", "enable", "olga"]).code, 0);
    assert_eq!(status(&locked), 401);

    // What only looks like one, and other ways to show it.
    let good = token(&workspace, "good", "vera", &read);
    let folded = good.to_lowercase();
    for wrong in [
        "",
        "x",
        "dateline_",
        &format!("{good}x"),
        &good[..good.len() - 1],
        &folded,
    ] {
        assert_eq!(status(wrong), 401, "{wrong}");
    }
    for shows in [
        good.clone(),
        format!("Basic {good}"),
        format!("Bearer{good}"),
        "Bearer".into(),
    ] {
        let program = Program {
            shows: shows.clone(),
            ..Program::new(&service, "")
        };
        assert_eq!(program.get("/api/v1/releases").status, 401, "{shows}");
    }
    let in_address = Program {
        shows: String::new(),
        ..Program::new(&service, "")
    };
    let page = in_address.get(&format!("/api/v1/releases?access_token={good}"));
    assert_eq!(page.status, 401);
    assert_eq!(status(&good), 200);
}

#[test]
fn a_wrong_token_is_not_looked_up_all_day() {
    let workspace = newsroom();
    let secret = token(&workspace, "old", "vera", &[Scope::ReadReleases]);
    let other = token(&workspace, "good", "vera", &[Scope::ReadReleases]);
    assert_eq!(workspace.dateline(&["token", "revoke", "old"]).code, 0);
    let service = ServiceProcess::start(&workspace);
    let old = Program::new(&service, &secret);
    let told: Vec<_> = (0..11)
        .map(|_| problem(&old.get("/api/v1/releases"), 401))
        .collect();
    assert!(told[..10].iter().all(|text| text.contains("revoked")));
    assert!(told[10].contains("shown too often"), "{}", told[10]);
    let good = Program::new(&service, &other);
    assert_eq!(good.get("/api/v1/releases").status, 200);
}

#[test]
fn a_token_does_no_more_than_its_account_may_by_now() {
    let workspace = newsroom();
    let secret = token(
        &workspace,
        "desk",
        "vera",
        &[Scope::Send, Scope::ReadReleases],
    );
    let service = ServiceProcess::start(&workspace);
    let program = Program::new(&service, &secret);
    let send = || {
        program.call(
            Method::POST,
            "/api/v1/releases/x/send",
            Some("{\"to\":[\"wires\"]}"),
        )
    };
    problem(&send(), 404);
    assert_eq!(
        workspace.dateline(&["user", "role", "vera", "author"]).code,
        0
    );
    let told = problem(&send(), 403);
    assert!(
        told.contains("`desk` of vera (author) may not releases:send"),
        "{told}"
    );
    assert_eq!(program.read("/api/v1/token")["role"], "author");
    let said = workspace.dateline(&[
        "token",
        "add",
        "more",
        "--user",
        "vera",
        "--scope",
        "releases:send",
    ]);
    assert!(said.code == 2 && said.err.contains("a token does no more than its account"));
}

#[test]
fn a_token_is_shown_once_and_kept_as_its_hash() {
    let workspace = newsroom();
    let secret = token(&workspace, "board", "vera", &[Scope::ReadReleases]);
    let bits = secret.strip_prefix("dateline_").unwrap();
    assert_eq!(bits.len(), 43, "256 bits");
    let dump = workspace.sqlite(".dump");
    let hash = blake3::hash(secret.as_bytes()).to_hex().to_string();
    assert!(!dump.contains(bits) && dump.contains(&hash));
    let (_, listed) = workspace.json(&["token", "list", "--user", "vera"]);
    assert_eq!(listed[0]["name"], "board");
    assert_eq!(listed[0]["used"], serde_json::Value::Null);
    assert!(!listed.to_string().contains(bits));
    let service = ServiceProcess::start(&workspace);
    let program = Program::new(&service, &secret);
    assert_eq!(json(&program.get("/api/v1/token"))["name"], "board");
    let (_, listed) = workspace.json(&["token", "list"]);
    assert!(listed[0]["used"].is_string());
    assert_eq!(
        acts(&workspace)[0].split(' ').next_back(),
        Some("token_added")
    );
    for (args, words) in [
        (
            vec!["board", "--user", "vera", "--scope", "log:read"],
            "there is a token `board` already",
        ),
        (
            vec!["a b", "--user", "vera", "--scope", "log:read"],
            "is no name of a token",
        ),
        (
            vec!["b", "--user", "nobody", "--scope", "log:read"],
            "there is no user `nobody`",
        ),
        (
            vec!["b", "--user", "vera", "--scope", "all"],
            "`all` is no scope; expected one of releases:read",
        ),
        (
            vec![
                "b",
                "--user",
                "vera",
                "--scope",
                "log:read",
                "--expires",
                "2020-01-01 10:00",
            ],
            "has passed",
        ),
        (
            vec![
                "b",
                "--user",
                "vera",
                "--scope",
                "log:read",
                "--expires",
                "2099-01-01 10:00",
            ],
            "within 366 days",
        ),
        (
            vec![
                "b",
                "--user",
                "vera",
                "--scope",
                "log:read",
                "--expires",
                "soon",
            ],
            "`soon` is not a time",
        ),
    ] {
        let said = workspace.dateline(&[&["token", "add"], args.as_slice()].concat());
        assert!(
            said.code == 2 && said.err.contains(words),
            "{words}: {}",
            said.err
        );
    }
    let said = workspace.dateline(&["token", "revoke", "nothing"]);
    assert!(said.code == 2 && said.err.contains("there is no token `nothing`"));
}
