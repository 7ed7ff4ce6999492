//! Accounts: in, out, locked, with a second factor.

use super::browser::{Browser, PASSWORD, acts, code, user};
use crate::support::{ServiceProcess, Workspace};

#[test]
fn the_first_account_is_made_on_the_command_line_and_signs_in() {
    let workspace = Workspace::new();
    let service = ServiceProcess::start(&workspace);
    let mut browser = Browser::new(&service);
    browser.get("/sign-in").holds("dateline user add");
    assert_eq!(browser.get("/account").location(), "/sign-in?to=%2Faccount");
    user(&workspace, "Vera", "admin");
    browser.get("/sign-in").lacks("dateline user add");
    let page = browser.post(
        "/sign-in",
        &[("name", "VERA"), ("password", PASSWORD), ("to", "/account")],
    );
    assert_eq!((page.status, page.location()), (303, "/account"));
    let cookie = &page.headers["set-cookie"];
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    browser.get("/account").holds("vera");
    // No password and no token is in the store.
    let token = browser.cookie("dateline_session").unwrap().to_owned();
    let dump = workspace.sqlite(".dump account session act");
    assert!(dump.contains("$argon2id$") && !dump.contains(PASSWORD) && !dump.contains(&token));
    assert_eq!(browser.post("/sign-out", &[]).location(), "/sign-in");
    assert_eq!(browser.get("/account").status, 303);
    assert_eq!(
        acts(&workspace)[..3],
        ["vera signed_out", "vera signed_in", "root user_added"]
            .map(|act| act.replace("root", &whoami()))
    );
}

fn whoami() -> String {
    std::env::var("USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .unwrap_or_else(|_| "operator".into())
}

#[test]
fn a_guesser_is_locked_out_and_told_no_more_than_needed() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let mut browser = Browser::new(&service);
    let unknown = browser.sign_in("nobody", "x", "");
    let wrong = browser.sign_in("vera", "x", "");
    let told = |body: &str| {
        body.split("role=\"alert\"")
            .nth(1)
            .unwrap()
            .split("</div>")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        told(&unknown.body),
        told(&wrong.body),
        "nobody learns which names there are"
    );
    for _ in 0..4 {
        browser.sign_in("vera", "wrong", "");
    }
    browser
        .sign_in("vera", PASSWORD, "")
        .holds("Too many failed tries");
    assert!(browser.cookie("dateline_session").is_none());
    browser.language = "ru";
    browser
        .sign_in("vera", PASSWORD, "")
        .holds("Слишком много неудачных попыток");
    assert!(acts(&workspace).contains(&"vera sign_in_refused".to_owned()));
    // An admin on the machine lets them in again.
    assert_eq!(workspace.dateline(&["user", "enable", "vera"]).code, 0);
    assert_eq!(browser.sign_in("vera", PASSWORD, "").status, 303);
}

#[test]
fn a_second_factor_is_asked_for_and_no_code_counts_twice() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let mut browser = Browser::of(&service, "vera");
    let page = browser.post("/account/second-factor", &[]);
    page.holds("data:image/svg+xml;base64,");
    let secret = page
        .body
        .split("name=\"secret\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let wrong = browser.post(
        "/account/second-factor/confirm",
        &[
            ("secret", &secret),
            ("code", "000000"),
            ("password", PASSWORD),
        ],
    );
    wrong.holds(&secret).holds("That code is not right");
    let now = code(&secret, 0);
    let set = browser.post(
        "/account/second-factor/confirm",
        &[("secret", &secret), ("code", &now), ("password", PASSWORD)],
    );
    assert_eq!(set.location(), "/account?said=factor-set");
    let mut other = Browser::new(&service);
    other
        .sign_in("vera", PASSWORD, "")
        .holds("has a second factor");
    other
        .sign_in("vera", PASSWORD, &now)
        .holds("That is not right");
    // The next code is good already: a clock may be a step off.
    assert_eq!(
        other.sign_in("vera", PASSWORD, &code(&secret, 30)).status,
        303
    );
    // Another phone in its place takes the password, whatever secret is posted.
    let own = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let own_code = code(own, 0);
    for password in ["", "not the password"] {
        let form = [("secret", own), ("code", &own_code), ("password", password)];
        other
            .post("/account/second-factor/confirm", &form)
            .holds("the present password is wrong");
    }
    // Guesses there are counted with those at the door.
    for _ in 0..3 {
        let form = [("secret", own), ("code", &own_code), ("password", "guess")];
        other.post("/account/second-factor/confirm", &form);
    }
    let form = [
        ("secret", own),
        ("code", own_code.as_str()),
        ("password", PASSWORD),
    ];
    other
        .post("/account/second-factor/confirm", &form)
        .holds("too many wrong passwords");
    assert_eq!(workspace.dateline(&["user", "enable", "vera"]).code, 0);
    assert_eq!(
        workspace
            .dateline(&["user", "reset-second-factor", "vera"])
            .code,
        0
    );
    assert_eq!(
        Browser::new(&service).sign_in("vera", PASSWORD, "").status,
        303
    );
}

#[test]
fn a_new_password_ends_every_other_session() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let (mut here, mut there) = (Browser::of(&service, "vera"), Browser::of(&service, "vera"));
    here.post(
        "/account/password",
        &[("old", "wrong"), ("new", "another long password")],
    )
    .holds("the present password is wrong");
    here.post("/account/password", &[("old", PASSWORD), ("new", "short")])
        .holds("expected at least 12");
    let done = here.post(
        "/account/password",
        &[("old", PASSWORD), ("new", "another long password")],
    );
    assert_eq!(done.location(), "/account?said=password-changed");
    assert_eq!(here.get("/account").status, 200);
    assert_eq!(there.get("/account").status, 303);
    assert_eq!(there.sign_in("vera", PASSWORD, "").status, 200);
    assert_eq!(
        there.sign_in("vera", "another long password", "").status,
        303
    );
}

#[test]
fn an_admin_keeps_accounts_and_the_last_one_stays() {
    let workspace = Workspace::new();
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let mut vera = Browser::of(&service, "vera");
    let made = vera.post(
        "/users",
        &[
            ("name", "ivan"),
            ("full_name", "<b>Иван</b>"),
            ("role", "author"),
            ("password", PASSWORD),
        ],
    );
    assert_eq!(made.location(), "/users?said=user-added");
    vera.get("/users").holds("&lt;b&gt;Иван").lacks("<b>Иван");
    vera.post(
        "/users",
        &[("name", "Ivan"), ("role", "author"), ("password", PASSWORD)],
    )
    .holds("there is a user `ivan` already");
    let short = [
        ("name", "olga"),
        ("full_name", "Olga"),
        ("role", "approver"),
        ("password", "short"),
    ];
    vera.post("/users", &short)
        .holds("value=\"olga\"")
        .holds("value=\"Olga\"")
        .holds("<option value=\"approver\" selected>");
    let mut ivan = Browser::of(&service, "ivan");
    assert_eq!(ivan.get("/users").status, 403);
    vera.post("/users/change", &[("name", "ivan"), ("act", "admin")]);
    assert_eq!(ivan.get("/users").status, 200);
    let password = "/users/password";
    vera.post(password, &[("name", "ivan"), ("password", "short")])
        .holds("<option value=\"ivan\" selected>")
        .holds("role=\"alert\"");
    assert_eq!(ivan.get("/users").status, 200, "nothing was changed");
    let another = [("name", "ivan"), ("password", "another one, and long")];
    let changed = vera.post(password, &another);
    assert_eq!(changed.location(), "/users?said=changed");
    assert_eq!(ivan.get("/users").status, 303, "the session has ended");
    assert_eq!(ivan.sign_in("ivan", PASSWORD, "").status, 200);
    assert_eq!(
        ivan.sign_in("ivan", "another one, and long", "").status,
        303
    );
    vera.post("/users/change", &[("name", "ivan"), ("act", "disable")]);
    assert_eq!(ivan.get("/users").status, 303, "the session has ended");
    assert_eq!(
        ivan.sign_in("ivan", "another one, and long", "").status,
        200
    );
    for act in ["disable", "author"] {
        vera.post("/users/change", &[("name", "vera"), ("act", act)])
            .holds("`vera` is the last admin");
    }
}

#[test]
fn everybody_keeps_tokens_of_their_own() {
    let workspace = Workspace::new();
    user(&workspace, "ivan", "author");
    user(&workspace, "vera", "admin");
    let service = ServiceProcess::start(&workspace);
    let (mut ivan, mut vera) = (Browser::of(&service, "ivan"), Browser::of(&service, "vera"));
    ivan.get("/account")
        .holds("releases:read")
        .lacks("releases:send");
    let form = |password| {
        [
            ("name", "board"),
            ("scope", "releases:read"),
            ("scope", "log:read"),
            ("password", password),
        ]
    };
    ivan.post("/account/tokens", &form("not the password"))
        .holds("the present password is wrong")
        .holds("name=\"name\" value=\"board\"")
        .holds("value=\"log:read\" checked");
    let more = [
        ("name", "board"),
        ("scope", "releases:send"),
        ("password", PASSWORD),
    ];
    ivan.post("/account/tokens", &more)
        .holds("a token does no more than its account");
    let made = ivan.post("/account/tokens", &form(PASSWORD));
    made.holds("shown this once");
    let secret = made.body.split("dateline_").nth(1).unwrap();
    let secret: String = secret.chars().take(43).collect();
    let page = ivan.get("/account");
    page.holds("board").holds("never used").lacks(&secret);
    ivan.language = "ru";
    ivan.get("/account").holds("не использовался");
    // Nobody but an admin ends another's, and not by their own page.
    vera.get("/account").lacks("board");
    vera.post("/account/tokens/revoke", &[("name", "board")])
        .holds("there is no token `board`");
    let (_, listed) = workspace.json(&["token", "list"]);
    assert_eq!(
        listed[0]["scopes"],
        serde_json::json!(["releases:read", "log:read"])
    );
    let revoke = "/users/tokens/revoke";
    assert_eq!(ivan.get("/users").status, 403);
    assert_eq!(ivan.post(revoke, &[("name", "board")]).status, 403);
    ivan.language = "en";
    let other = [
        ("name", "other"),
        ("scope", "log:read"),
        ("password", PASSWORD),
    ];
    ivan.post("/account/tokens", &other)
        .holds("shown this once");
    vera.get("/users")
        .holds("board")
        .holds("Revoke: other")
        .lacks(&secret);
    let gone = vera.post(revoke, &[("name", "other")]);
    assert_eq!(gone.location(), "/users?said=token-revoked");
    vera.post(revoke, &[("name", "other")])
        .holds("there is no token `other`");
    let gone = ivan.post("/account/tokens/revoke", &[("name", "board")]);
    assert_eq!(gone.location(), "/account?said=token-revoked");
    assert_eq!(workspace.json(&["token", "list"]).1, serde_json::json!([]));
    let record = acts(&workspace);
    assert!(
        record.contains(&"ivan token_added".to_owned())
            && record.contains(&"ivan token_revoked".to_owned())
    );
}
