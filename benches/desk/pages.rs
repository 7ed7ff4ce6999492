//! Every page there is to read, by the table of routes, with what to look for on it.

use crate::client::Caller::{self, Desk, Program, Reader, Stranger};
use crate::newsroom::{UNDER_WAY, small};
use crate::scene::Scene;
use anyhow::{Result, ensure};
use dateline::web::routes::{Verb, routes};

/// A page, and the addresses that it is asked for by.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its name in the table.
    pub(crate) name: String,
    /// Its route.
    route: &'static str,
    pub(crate) who: Caller,
    /// One after the other, each user from another on.
    pub(crate) paths: Vec<String>,
    /// Whether it comes in pieces, of which the first counts.
    pub(crate) pieces: bool,
    /// Whether everything must be read before there is an answer, and whoever asks
    /// waits for it: a program, or somebody who saves a file.
    pub(crate) whole: bool,
}

impl Page {
    fn new(who: Caller, route: &'static str, what: &str, paths: Vec<String>) -> Self {
        let name = if what.is_empty() {
            route.to_owned()
        } else {
            format!("{route} {what}")
        };
        Self {
            name,
            route,
            who,
            paths,
            pieces: false,
            whole: false,
        }
    }
}

struct Book {
    pages: Vec<Page>,
}

impl Book {
    fn add(&mut self, who: Caller, route: &'static str, what: &str, path: impl Into<String>) {
        self.each(who, route, what, vec![path.into()]);
    }

    fn each(&mut self, who: Caller, route: &'static str, what: &str, paths: Vec<String>) {
        self.pages.push(Page::new(who, route, what, paths));
    }

    /// The route itself is the address.
    fn plain(&mut self, who: Caller, routes: &[&'static str]) {
        for route in routes {
            self.add(who, route, "", *route);
        }
    }

    /// The route's last page: what it is asked is told after `?`.
    fn asked(&mut self, who: Caller, route: &'static str, all: &[(&str, String)]) {
        for (what, query) in all {
            self.add(who, route, what, format!("{route}?{query}"));
        }
    }

    fn pieces(&mut self, who: Caller, route: &'static str, what: &str, path: String) {
        self.add(who, route, what, path);
        if let Some(page) = self.pages.last_mut() {
            page.pieces = true;
        }
    }
}

/// Routes that read everything while whoever asks waits.
const WHOLE: [&str; 5] = [
    "/contacts/export/{file}",
    "/api/v1/releases/{release}/audience",
    "/api/v1/log/verify",
    "/contacts/privacy/{file}",
    "/api/v1/everything",
];

/// All pages. Every route that reads stands here.
pub(crate) fn pages(scene: &Scene) -> Result<Vec<Page>> {
    let mut book = Book { pages: Vec::new() };
    house(&mut book, scene);
    releases(&mut book, scene);
    rehearsals(&mut book, scene);
    distributions(&mut book, scene);
    log(&mut book, scene);
    contacts(&mut book, scene);
    groups(&mut book, scene);
    readers(&mut book, scene);
    api(&mut book, scene);
    api_of_one(&mut book, scene);
    let lacking = routes().into_iter().filter(|route| {
        let known = book.pages.iter().any(|page| page.route == route.path);
        route.verb == Verb::Get && !known
    });
    let lacking: Vec<_> = lacking.map(|route| route.path).collect();
    for page in &mut book.pages {
        page.whole = WHOLE.contains(&page.route);
    }
    ensure!(
        lacking.is_empty(),
        "no walk leads to {}",
        lacking.join(", ")
    );
    Ok(book.pages)
}

fn house(book: &mut Book, scene: &Scene) {
    book.plain(Stranger, &["/healthz", "/readyz", "/metrics", "/sign-in"]);
    book.each(Stranger, "/assets/{name}", "", scene.assets.clone());
    book.plain(Desk, &["/account", "/users"]);
}

fn releases(book: &mut Book, scene: &Scene) {
    book.plain(Desk, &["/", "/releases"]);
    let of = |id: &str, rest: &str| format!("/releases/{id}{rest}");
    let sample = "2027-03-11-river-defenders";
    let route = "/releases/{id}";
    book.add(Desk, route, "seven languages", of(sample, ""));
    book.add(Desk, route, "sent to everybody", of(UNDER_WAY, ""));
    let route = "/releases/{id}/preview";
    for part in ["html", "text", "headers", "source", "size"] {
        book.add(
            Desk,
            route,
            part,
            of(sample, &format!("/preview?lang=ru&part={part}")),
        );
    }
    let to = |rest: &str| {
        scene
            .emails
            .iter()
            .map(|email| of(sample, &format!("{rest}?contact={email}")))
            .collect()
    };
    book.each(Desk, route, "for a contact", to("/preview"));
    book.each(Desk, "/releases/{id}/mail", "", to("/mail"));
    for (route, rest) in [
        ("/releases/{id}/audience", "/audience"),
        ("/releases/{id}/send", "/send"),
    ] {
        for (what, query) in [
            ("a list of 200", "to=list%3Awires"),
            ("a segment", "to=central-asia&not=list%3Awires"),
            (
                "everybody",
                "to=list%3Aeverybody&start=local&at=09%3A00&again=yes",
            ),
        ] {
            book.add(
                Desk,
                route,
                what,
                of("2026-11-24-open-levels", &format!("{rest}?{query}")),
            );
        }
    }
    book.add(
        Desk,
        "/releases/{id}/audience",
        "not begun",
        of(sample, "/audience"),
    );
}

fn rehearsals(book: &mut Book, scene: &Scene) {
    let rehearsal = &scene.rehearsal;
    book.add(Desk, "/rehearsals/{id}", "first page", rehearsal.clone());
    book.add(
        Desk,
        "/rehearsals/{id}",
        "second page",
        format!("{rehearsal}?after=50"),
    );
    let mails = |rest: &str| {
        (1..=20)
            .map(|n| format!("{rehearsal}/mails/{n}{rest}"))
            .collect()
    };
    book.each(Desk, "/rehearsals/{id}/mails/{n}", "", mails(""));
    book.each(
        Desk,
        "/rehearsals/{id}/mails/{n}/frame",
        "",
        mails("/frame"),
    );
}

fn distributions(book: &mut Book, scene: &Scene) {
    book.plain(Desk, &["/distributions"]);
    let route = "/distributions/{id}";
    for (what, id) in &scene.distributions {
        book.add(Desk, route, what, format!("/distributions/{id}"));
    }
    let route = "/distributions/{id}/events";
    for (what, id) in &scene.distributions {
        book.pieces(Desk, route, what, format!("/distributions/{id}/events"));
    }
}

fn log(book: &mut Book, scene: &Scene) {
    let middle = scene.entries / 2;
    let (from, to) = &scene.span;
    let [small, large] = ["small", "sent to everybody"].map(|what| scene.distribution(what));
    let email = &scene.emails[0];
    book.plain(Desk, &["/log"]);
    let searches = [
        ("from the middle on", format!("before={middle}")),
        ("the first entries", "before=51".to_owned()),
        ("of a contact", format!("contact={email}")),
        ("of nobody", "contact=nobody%40example.org".to_owned()),
        ("of a small distribution", format!("distribution={small}")),
        (
            "of a large distribution, its first",
            format!("distribution={large}&before=200000"),
        ),
        ("a common event", "event=accepted".to_owned()),
        ("a rare event", "event=bounced".to_owned()),
        ("an event that never was", "event=complaint".to_owned()),
        ("no event", "event=nothing".to_owned()),
        (
            "a rare event of a large distribution",
            format!("distribution={large}&event=rejected"),
        ),
        (
            "an event that never was, of a large distribution",
            format!("distribution={large}&event=in_doubt"),
        ),
        ("until its beginning", format!("until={from}")),
        ("since its beginning", format!("since={from}")),
        ("since its end", format!("since={to}")),
        (
            "a minute in it",
            format!("since={from}&until={to}&before={middle}"),
        ),
    ];
    book.asked(Desk, "/log", &searches);
    book.add(Desk, "/log/verify", "", "/log/verify");
    let route = "/log/export/{file}";
    book.pieces(Desk, route, "all as CSV", "/log/export/log.csv".to_owned());
    book.pieces(
        Desk,
        route,
        "a rare event",
        "/log/export/log.jsonl?event=bounced".to_owned(),
    );
    book.pieces(
        Desk,
        route,
        "a distribution",
        format!("/log/export/log.jsonl?distribution={small}"),
    );
}

fn contacts(book: &mut Book, scene: &Scene) {
    book.plain(Desk, &["/contacts", "/contacts/new", "/contacts/import"]);
    let searches = [
        ("the last", "after=reader99960".to_owned()),
        (
            "from the middle on",
            "after=reader55000%40d0.example".to_owned(),
        ),
        ("a common name", "search=anna".to_owned()),
        ("a Cyrillic name", "search=%D0%BA%D0%B8%D0%BC".to_owned()),
        (
            "a name and a number",
            "search=%D0%9A%D0%BE%D0%B2%D0%B0%D0%BB%D1%91%D0%B2%D0%B0+70".to_owned(),
        ),
        ("an address", format!("search={}", scene.emails[1])),
        ("the beginning of addresses", "search=reader9".to_owned()),
        ("an outlet", "search=valley+post+1717".to_owned()),
        (
            "a Cyrillic outlet",
            "search=%D0%92%D0%B5%D1%81%D1%82%D0%BD%D0%B8%D0%BA".to_owned(),
        ),
        ("nobody", "search=anna+nobody".to_owned()),
        (
            "common words of nobody",
            "search=anna+%D0%BA%D0%B8%D0%BC+whitlock".to_owned(),
        ),
        ("a list", "list=everybody".to_owned()),
        (
            "a list from the middle on",
            "list=everybody&after=reader55000%40d0.example".to_owned(),
        ),
        ("a name on a list", "list=wires&search=anna".to_owned()),
    ];
    book.asked(Desk, "/contacts", &searches);
    let each = |rest: &str| {
        scene
            .contacts
            .iter()
            .map(|id| format!("/contacts/{id}{rest}"))
            .collect()
    };
    book.each(Desk, "/contacts/{id}", "", each(""));
    book.each(Desk, "/contacts/{id}/edit", "", each("/edit"));
    book.add(Desk, "/contacts/import/{id}", "1,000 rows", "upload");
    book.plain(Desk, &["/contacts/duplicates"]);
    let two = scene.contacts.windows(2);
    let two = two.map(|two| format!("/contacts/merge?kept={}&other={}", two[0], two[1]));
    book.each(Desk, "/contacts/merge", "", two.collect());
}

fn groups(book: &mut Book, scene: &Scene) {
    book.plain(
        Desk,
        &[
            "/contacts/groups",
            "/contacts/suppressed",
            "/contacts/bounces",
            "/contacts/forget",
        ],
    );
    let searches = [
        ("the last", "after=left9990".to_owned()),
        ("a part of addresses", "search=77".to_owned()),
        ("a reason", "reason=opt-out".to_owned()),
        ("a reason that nobody has", "reason=complaint".to_owned()),
    ];
    book.asked(Desk, "/contacts/suppressed", &searches);
    let route = "/contacts/suppressed/export/{file}";
    book.pieces(
        Desk,
        route,
        "",
        "/contacts/suppressed/export/suppressed.csv".to_owned(),
    );
    let route = "/contacts/export/{file}";
    book.add(Desk, route, "", "/contacts/export/contacts.csv");
    let searches = [
        ("by address", "search=reader5".to_owned()),
        ("by kind", "kind=hard".to_owned()),
    ];
    book.asked(Desk, "/contacts/bounces", &searches);
    let reports = scene
        .reports
        .iter()
        .map(|one| format!("/contacts/bounces/{one}"));
    book.each(Desk, "/contacts/bounces/{report}", "", reports.collect());
    // Nobody has twenty people look up twenty others at once: it is one who asked.
    let email = &scene.emails[3];
    let (route, path) = (
        "/contacts/forget",
        format!("/contacts/forget?email={email}"),
    );
    book.add(Desk, route, "of somebody", path);
    let path = format!("/contacts/privacy/everything.json?email={email}");
    book.add(Desk, "/contacts/privacy/{file}", "", path);
}

fn readers(book: &mut Book, scene: &Scene) {
    book.plain(Reader, &["/news", "/news.atom"]);
    book.add(Reader, "/news/{release}", "", format!("/news/{}", small(3)));
    book.add(
        Reader,
        "/news/{release}/{language}",
        "",
        format!("/news/{}/ru", small(3)),
    );
    book.each(Reader, "/o/{token}", "", scene.opt_outs.clone());
    let each = |rest: &str| {
        scene
            .owns
            .iter()
            .map(|own| format!("{own}{rest}"))
            .collect()
    };
    book.each(Reader, "/me/{token}", "", each(""));
    book.each(Reader, "/me/{token}/release", "", each("/release"));
    book.each(Reader, "/me/{token}/mail", "", each("/mail"));
}

fn api(book: &mut Book, scene: &Scene) {
    book.plain(Stranger, &["/api/v1/openapi.json"]);
    book.plain(
        Program,
        &[
            "/api/v1/health",
            "/api/v1/token",
            "/api/v1/releases",
            "/api/v1/distributions",
            "/api/v1/in-doubt",
            "/api/v1/log",
            "/api/v1/log/verify",
            "/api/v1/contacts",
            "/api/v1/suppressions",
            "/api/v1/segments",
            "/api/v1/bounces",
            "/api/v1/accounts",
            "/api/v1/acts",
            "/api/v1/tokens",
            "/api/v1/agreements",
            "/api/v1/imports",
            "/api/v1/contacts/duplicates",
            "/api/v1/contacts/distinct",
        ],
    );
    let email = &scene.emails[3];
    let path = format!("/api/v1/everything?email={email}");
    book.add(Program, "/api/v1/everything", "", path);
    let middle = scene.entries / 2;
    book.asked(
        Program,
        "/api/v1/log",
        &[
            (
                "500 from the middle on",
                format!("limit=500&after={middle}"),
            ),
            (
                "500, the newest of an event",
                "limit=500&order=newest&event=accepted".to_owned(),
            ),
            ("a rare event", "event=bounced".to_owned()),
        ],
    );
    book.asked(
        Program,
        "/api/v1/contacts",
        &[
            (
                "500 from the middle on",
                "limit=500&after=reader55000%40d0.example".to_owned(),
            ),
            ("a search", "search=%D0%BA%D0%B8%D0%BC+77".to_owned()),
        ],
    );
}

fn api_of_rehearsal(book: &mut Book, scene: &Scene) {
    let rehearsal = scene.rehearsal.replace("/rehearsals", "/api/v1/rehearsals");
    let mails = format!("{rehearsal}/mails");
    book.add(Program, "/api/v1/rehearsals/{rehearsal}", "", rehearsal);
    let route = "/api/v1/rehearsals/{rehearsal}/mails/{number}";
    book.add(Program, route, "", format!("{mails}/1"));
    let route = "/api/v1/rehearsals/{rehearsal}/mails";
    book.add(Program, route, "", mails);
}

fn api_of_one(book: &mut Book, scene: &Scene) {
    let release = "/api/v1/releases/{release}";
    let of = |rest: &str| format!("/api/v1/releases/2026-11-24-open-levels{rest}");
    book.add(Program, release, "", of(""));
    book.add(
        Program,
        "/api/v1/releases/{release}/check",
        "",
        of("/check"),
    );
    book.add(
        Program,
        "/api/v1/releases/{release}/preview",
        "",
        of("/preview?language=ru"),
    );
    book.add(
        Program,
        "/api/v1/releases/{release}/audience",
        "a list of 200",
        of("/audience?to=list%3Awires"),
    );
    book.add(
        Program,
        "/api/v1/releases/{release}/audience",
        "everybody",
        of("/audience?to=list%3Aeverybody"),
    );
    book.add(
        Program,
        "/api/v1/releases/{release}/clearance",
        "",
        of("/clearance?to=list%3Aeverybody"),
    );
    api_of_rehearsal(book, scene);
    for (what, id) in &scene.distributions {
        book.add(
            Program,
            "/api/v1/distributions/{distribution}",
            what,
            format!("/api/v1/distributions/{id}"),
        );
    }
    for (route, rest) in [
        ("/api/v1/contacts/{contact}", ""),
        ("/api/v1/contacts/{contact}/key", "/key"),
    ] {
        let each = scene.contacts.iter();
        let each = each.map(|id| format!("/api/v1/contacts/{id}{rest}"));
        book.each(Program, route, "", each.collect());
    }
    let each = scene
        .reports
        .iter()
        .map(|one| format!("/api/v1/bounces/{one}"));
    book.each(Program, "/api/v1/bounces/{report}", "", each.collect());
}
