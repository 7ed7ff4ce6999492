//! Several machines on one PostgreSQL: processes that share the work, and what
//! becomes of it when one of them dies, is stopped, or the server goes away.

use crate::cluster::{Cluster, cluster};
use crate::cut::Cuttable;
use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, ServiceProcess, Workspace, eventually};
use std::collections::HashMap;
use std::fmt::Write;

/// What still waits for somebody.
const OPEN: &str = "'planned', 'due', 'deferred', 'claimed'";

/// A newsroom whose store is a database on a server, with a catcher as its relay.
struct Newsroom<'a> {
    workspace: Workspace,
    _catcher: CatcherProcess,
    server: &'a Cluster,
    url: String,
}

impl<'a> Newsroom<'a> {
    /// `relay` are further lines of the relay's table.
    fn new(server: &'a Cluster, relay: &str) -> Self {
        let workspace = Workspace::new();
        let url = server.database();
        let store = format!("url = \"{url}\"");
        workspace.edit("dateline.toml", "url = \"sqlite:dateline.db\"", &store);
        let catcher = CatcherProcess::start(&workspace.path("mailbox"));
        let relay = format!("host = \"127.0.0.1\"\nport = {}\n{relay}", catcher.port);
        workspace.relay(&relay);
        Self {
            workspace,
            _catcher: catcher,
            server,
            url,
        }
    }

    /// With so many recipients on one list, sent to slowly enough that
    /// something can happen meanwhile; what a dead service held is given up
    /// after two seconds.
    fn with_load(server: &'a Cluster, recipients: usize) -> Self {
        let newsroom = Self::new(server, "connections = 4\nrate = 20.0\n");
        let mut csv = "email,name,languages,lists\n".to_owned();
        for n in 0..recipients {
            writeln!(csv, "reader{n}@load.example,Reader {n},en,load").unwrap();
        }
        newsroom.workspace.write("load.csv", &csv);
        newsroom.import("load.csv");
        let text = newsroom.workspace.read("dateline.toml");
        let (before, rest) = text.split_once("[dispatch]").unwrap();
        let after = rest
            .split_once("\n[")
            .map_or(String::new(), |(_, after)| format!("\n[{after}"));
        newsroom.workspace.write(
            "dateline.toml",
            &format!("{before}[dispatch]\nlease = \"2s\"\nin_doubt = \"hold\"\n{after}"),
        );
        newsroom
    }

    fn import(&self, file: &str) {
        let file = self.workspace.path(file).display().to_string();
        self.done(&["contacts", "import", &file]);
    }

    /// Runs a command that must succeed.
    fn done(&self, args: &[&str]) -> String {
        let said = self.workspace.dateline(args);
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        said.out
    }

    /// Plans a release to the list for a moment from now, so that services send it.
    fn plan(&self) {
        let soon = crate::support::now() + jiff::SignedDuration::from_secs(6);
        let soon = soon.to_string();
        self.done(&["send", IMMEDIATE, "--to", "list:load", "--at", &soon]);
    }

    fn count(&self, states: &str) -> usize {
        let sql = format!("SELECT count(*) FROM delivery WHERE state IN ({states})");
        self.server.sql(&self.url, &sql).parse().unwrap()
    }

    fn await_settled(&self) {
        eventually("everything is settled", || self.count(OPEN) == 0);
    }

    /// Nothing is lost, nothing was sent twice, and the log says so. Gives the
    /// number that is in doubt.
    fn check(&self, recipients: usize) -> usize {
        let (accepted, doubt) = (self.count("'accepted'"), self.count("'in_doubt'"));
        assert_eq!(accepted + doubt, recipients, "nothing is lost");
        let mut caught: HashMap<String, usize> = HashMap::new();
        for mail in self.workspace.mails() {
            let id = mail.lines().find(|line| line.starts_with("Message-ID: "));
            *caught.entry(id.unwrap().to_owned()).or_default() += 1;
        }
        assert!(
            caught.values().all(|times| *times == 1),
            "something was doubled"
        );
        assert!((accepted..=recipients).contains(&caught.len()));
        self.done(&["log", "verify"]);
        let status = self.workspace.json(&["status", "latest"]).1;
        assert_eq!(status["by_state"]["accepted"], accepted, "{status}");
        doubt
    }
}

/// How many conversations a service has held.
fn sent(service: &ServiceProcess) -> u64 {
    let (_, metrics) = service.get("/metrics");
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("dateline_attempts_total{"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
    counts.sum()
}

#[test]
fn the_main_job_on_postgresql() {
    let newsroom = Newsroom::new(cluster(), "");
    let workspace = &newsroom.workspace;
    newsroom.import("contacts.csv");
    let service = ServiceProcess::start(workspace);
    workspace.lift_in(20);
    newsroom.done(&["send", EMBARGOED, "--to", "central-asia", "wires"]);
    newsroom.await_settled();
    assert_eq!(service.end(), 0);
    let (_, status) = workspace.json(&["status", "latest"]);
    assert!(
        status["by_phase"]["advance"].as_u64().unwrap() > 5,
        "{status}"
    );
    assert!(
        status["by_phase"]["general"].as_u64().unwrap() >= 5,
        "{status}"
    );
    let early = "SELECT count(*) FROM delivery_log AS entry JOIN delivery ON delivery.id = entry.delivery \
        JOIN distribution ON distribution.id = delivery.distribution \
        WHERE entry.line::json ->> 'event' = 'attempt' AND delivery.phase = 'general' \
          AND extract(epoch FROM (entry.line::json ->> 'at')::timestamptz) * 1000000 < distribution.lift";
    assert_eq!(newsroom.server.sql(&newsroom.url, early), "0");
    newsroom.done(&["log", "verify"]);
    let (code, checked) = workspace.json(&["store", "check"]);
    assert_eq!((code, &checked["verified"]), (0, &true.into()), "{checked}");
    assert!(
        checked["store"]
            .as_str()
            .unwrap()
            .starts_with("postgres://")
    );
    // And into a file, from which everything goes on.
    let copied = newsroom.done(&["store", "copy", &newsroom.url, "sqlite:moved.db"]);
    assert!(copied.contains("read back as it was written"), "{copied}");
    let refused = workspace.dateline(&["store", "copy", &newsroom.url, "sqlite:moved.db"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("not empty"), "{}", refused.err);
    let before = workspace.json(&["status", "latest"]).1;
    workspace.edit("dateline.toml", &newsroom.url, "sqlite:moved.db");
    assert_eq!(workspace.json(&["status", "latest"]).1, before);
    newsroom.done(&["log", "verify"]);
}

#[test]
fn two_services_share_the_work_and_one_dies() {
    let newsroom = Newsroom::with_load(cluster(), 300);
    let services = [
        ServiceProcess::start(&newsroom.workspace),
        ServiceProcess::start(&newsroom.workspace),
    ];
    newsroom.plan();
    eventually("both are at work", || {
        services.iter().all(|one| sent(one) > 5)
    });
    let [dies, lives] = services;
    dies.kill();
    assert!(newsroom.count(OPEN) > 50, "too fast for this test");
    newsroom.await_settled();
    assert_eq!(lives.end(), 0);
    newsroom.check(300);
}

#[test]
fn a_service_that_was_stopped_does_not_overwrite_its_successor() {
    let newsroom = Newsroom::with_load(cluster(), 300);
    let services = [
        ServiceProcess::start(&newsroom.workspace),
        ServiceProcess::start(&newsroom.workspace),
    ];
    newsroom.plan();
    eventually("both are at work", || {
        services.iter().all(|one| sent(one) > 5)
    });
    let [sleeps, lives] = services;
    sleeps.signal("STOP");
    newsroom.await_settled();
    let doubted = "SELECT string_agg(id, ',' ORDER BY id) FROM delivery WHERE state = 'in_doubt'";
    let doubted = || newsroom.server.sql(&newsroom.url, doubted);
    let before = doubted();
    sleeps.signal("CONT");
    assert_eq!(sleeps.end(), 0);
    assert_eq!(lives.end(), 0);
    assert_eq!(doubted(), before, "its late word counts for nothing");
    newsroom.check(300);
}

#[test]
fn a_server_that_restarts_costs_nothing() {
    let server = Cluster::start();
    let newsroom = Newsroom::with_load(&server, 400);
    let service = ServiceProcess::start(&newsroom.workspace);
    newsroom.plan();
    for _ in 0..2 {
        let before = newsroom.count("'accepted'");
        let what = format!("it is at work, with {before} accepted");
        eventually(&what, || newsroom.count("'accepted'") > before + 10);
        server.restart();
    }
    assert!(newsroom.count(OPEN) > 0, "too fast for this test");
    newsroom.await_settled();
    assert_eq!(service.end(), 0);
    newsroom.check(400);
}

#[test]
fn a_store_that_is_cut_off_in_the_midst_costs_nothing() {
    let newsroom = Newsroom::with_load(cluster(), 400);
    let way = Cuttable::to(newsroom.server.port);
    let (there, round) = (newsroom.server.port, way.port);
    let direct = newsroom.workspace.read("dateline.toml");
    newsroom.workspace.write(
        "dateline.toml",
        &direct.replace(
            &format!("127.0.0.1:{there}/"),
            &format!("127.0.0.1:{round}/"),
        ),
    );
    let service = ServiceProcess::start(&newsroom.workspace);
    newsroom.plan();
    for _ in 0..3 {
        let before = newsroom.count("'accepted'");
        let what = format!("it is at work, with {before} accepted");
        eventually(&what, || newsroom.count("'accepted'") > before + 10);
        way.cut();
        // Somebody looks meanwhile: no answer is better than a wrong one.
        let said = newsroom.workspace.dateline(&["status", "latest"]);
        assert_eq!(said.code, 3, "{}{}", said.out, said.err);
        way.mend();
    }
    assert!(newsroom.count(OPEN) > 0, "too fast for this test");
    newsroom.await_settled();
    assert_eq!(service.end(), 0);
    newsroom.check(400);
}

#[test]
fn of_three_services_one_is_killed_and_one_sleeps_past_its_lease() {
    let newsroom = Newsroom::with_load(cluster(), 500);
    let services = [(); 3].map(|()| ServiceProcess::start(&newsroom.workspace));
    newsroom.plan();
    eventually("all three are at work", || {
        services.iter().all(|one| sent(one) > 5)
    });
    let [dies, sleeps, lives] = services;
    sleeps.signal("STOP");
    dies.kill();
    assert!(newsroom.count(OPEN) > 50, "too fast for this test");
    newsroom.await_settled();
    let before = newsroom.count("'in_doubt'");
    sleeps.signal("CONT");
    assert_eq!(sleeps.end(), 0);
    assert_eq!(lives.end(), 0);
    let doubted = newsroom.check(500);
    assert_eq!(doubted, before, "its late word counts for nothing");
}
