//! Several relays: who stands by, who takes how much, and what happens when
//! one fails; TLS that works; `relay test`.

use crate::support::{
    CatcherProcess, FakeRelay, IMMEDIATE, Manners, ServiceProcess, TlsFront, TlsMode, Workspace,
    eventually,
};
use jiff::Timestamp;
use std::fmt::Write;
use std::path::Path;

/// Names relays in place of the sample's.
fn relays(workspace: &Workspace, tables: &[(&str, String)]) {
    let mut text = String::new();
    for (name, lines) in tables {
        writeln!(text, "[relay.{name}]\nhost = \"127.0.0.1\"\n{lines}").unwrap();
    }
    let first = text.strip_prefix("[relay.").unwrap();
    let (name, rest) = first.split_once("]\n").unwrap();
    workspace.relay(rest);
    workspace.edit("dateline.toml", "[relay.main]", &format!("[relay.{name}]"));
}

/// Readers on a list, each address made from a number.
fn readers(workspace: &Workspace, count: usize, address: impl Fn(usize) -> String) {
    let mut csv = "email,languages,lists\n".to_owned();
    for n in 0..count {
        writeln!(csv, "{},en,load", address(n)).unwrap();
    }
    workspace.write("load.csv", &csv);
    let file = workspace.path("load.csv").display().to_string();
    let said = workspace.dateline(&["contacts", "import", &file]);
    assert_eq!(said.code, 0, "{}", said.err);
}

fn plain(n: usize) -> String {
    format!("reader{n}@load.example")
}

fn caught(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, |files| {
        files
            .filter(|file| {
                let path = file.as_ref().unwrap().path();
                path.extension().is_some_and(|end| end == "eml")
            })
            .count()
    })
}

/// When each mail was caught, with its recipient, in order.
fn times(dir: &Path) -> Vec<(Timestamp, String)> {
    let mut times: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let at = value["received_at"].as_str().unwrap().parse().unwrap();
            (at, value["rcpt_to"][0].as_str().unwrap().to_owned())
        })
        .collect();
    times.sort();
    times
}

fn send(workspace: &Workspace) -> serde_json::Value {
    let (code, said) = workspace.json(&["send", IMMEDIATE, "--to", "list:load", "--wait"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    said["distributions"][0]["by_state"].clone()
}

fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_relay_that_is_down_is_stood_in_for() {
    let workspace = Workspace::new();
    readers(&workspace, 60, plain);
    let second = CatcherProcess::start(&workspace.path("second"));
    relays(
        &workspace,
        &[
            ("first", format!("port = {}", closed_port())),
            ("second", format!("port = {}\npriority = 2", second.port)),
        ],
    );
    assert_eq!(send(&workspace)["accepted"], 60);
    assert_eq!(caught(&workspace.path("second")), 60);
}

#[test]
fn a_relay_that_says_421_is_stood_in_for_and_nothing_waits() {
    let workspace = Workspace::new();
    readers(&workspace, 30, plain);
    let first = FakeRelay::start(Manners::TakesNoMore);
    let second = CatcherProcess::start(&workspace.path("second"));
    relays(
        &workspace,
        &[
            ("first", format!("port = {}\nconnections = 2", first.port)),
            ("second", format!("port = {}\npriority = 2", second.port)),
        ],
    );
    assert_eq!(send(&workspace)["accepted"], 30);
    assert_eq!(caught(&workspace.path("second")), 30);
    // Whoever met the 421 went on at once: no retry waited its minute.
    let first_try = times(&workspace.path("second"));
    let span = first_try[29].0.duration_since(first_try[0].0);
    assert!(span.as_secs() < 30, "{span:#}");
}

#[test]
fn the_second_stands_by_while_the_first_works_and_weights_are_kept() {
    let workspace = Workspace::new();
    readers(&workspace, 600, plain);
    let catchers: Vec<_> = ["heavy", "light", "standby"]
        .map(|name| CatcherProcess::start(&workspace.path(name)))
        .into();
    relays(
        &workspace,
        &[
            ("heavy", format!("port = {}\nweight = 3", catchers[0].port)),
            ("light", format!("port = {}", catchers[1].port)),
            (
                "standby",
                format!("port = {}\npriority = 2", catchers[2].port),
            ),
        ],
    );
    assert_eq!(send(&workspace)["accepted"], 600);
    let heavy = caught(&workspace.path("heavy"));
    let light = caught(&workspace.path("light"));
    assert_eq!(heavy + light, 600, "the third stood by");
    assert!((370..=530).contains(&heavy), "{heavy} of 600, of 3 to 1");
}

#[test]
fn a_service_goes_on_with_the_first_when_it_is_back() {
    let workspace = Workspace::new();
    readers(&workspace, 400, plain);
    let port = closed_port();
    let second = CatcherProcess::start(&workspace.path("second"));
    relays(
        &workspace,
        &[
            ("first", format!("port = {port}")),
            (
                "second",
                format!("port = {}\npriority = 2\nrate = 50.0", second.port),
            ),
        ],
    );
    let service = ServiceProcess::start(&workspace);
    // Late enough that planning is over by then: the service is to send it.
    let soon = (crate::support::now() + jiff::SignedDuration::from_secs(5)).to_string();
    let planned = workspace.dateline(&["send", IMMEDIATE, "--to", "list:load", "--at", &soon]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    eventually("the second stands in", || {
        caught(&workspace.path("second")) > 10
    });
    let _first = CatcherProcess::start_at(&workspace.path("first"), port);
    eventually("all is sent, and the first took its part again", || {
        let (first, second) = (
            caught(&workspace.path("first")),
            caught(&workspace.path("second")),
        );
        first + second == 400 && first > 100
    });
    assert_eq!(service.end(), 0);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}

#[test]
fn a_rate_is_never_exceeded_and_a_connection_carries_only_so_many() {
    let workspace = Workspace::new();
    readers(&workspace, 60, plain);
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    relays(
        &workspace,
        &[(
            "main",
            format!(
                "port = {}\nconnections = 3\nrate = 20.0\nmessages_per_connection = 5",
                catcher.port
            ),
        )],
    );
    assert_eq!(send(&workspace)["accepted"], 60);
    let times = times(&workspace.path("mailbox"));
    // Between any mail and the one twenty later lies a second, less what was
    // reserved ahead and what one conversation takes longer than another.
    for (earlier, later) in times.iter().zip(times.iter().skip(20)) {
        let span = later.0.duration_since(earlier.0).as_millis();
        assert!(span >= 700, "20 mails within {span} ms");
    }
    // Twelve are needed; a worker that was just opening one may find nothing left.
    let last_words = catcher.end();
    let connections: usize = last_words
        .split_once(" connections")
        .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok())
        .unwrap();
    assert!((12..=15).contains(&connections), "{last_words}");
}

#[test]
fn a_domain_that_takes_only_one_at_a_time_holds_up_nobody_else() {
    let workspace = Workspace::new();
    // Five at one domain whose server takes 300 ms for each; forty elsewhere.
    readers(&workspace, 45, |n| match n {
        0..5 => format!("slow-300+r{n}@limited.example"),
        _ => plain(n),
    });
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    relays(
        &workspace,
        &[(
            "main",
            format!(
                "port = {}\nconnections = 8\n[relay.main.domain.\"limited.example\"]\nconnections = 1\n",
                catcher.port
            ),
        )],
    );
    assert_eq!(send(&workspace)["accepted"], 45);
    let times = times(&workspace.path("mailbox"));
    let limited: Vec<_> = times
        .iter()
        .filter(|(_, to)| to.ends_with("limited.example"))
        .collect();
    for pair in limited.windows(2) {
        let span = pair[1].0.duration_since(pair[0].0).as_millis();
        assert!(span >= 290, "two at once: {span} ms apart");
    }
    let last_other = times
        .iter()
        .rfind(|(_, to)| to.ends_with("load.example"))
        .unwrap();
    assert!(
        last_other.0 < limited[4].0,
        "nobody waited for the slow domain"
    );
}

#[test]
fn mail_goes_through_tls_of_either_kind() {
    for mode in [TlsMode::Implicit, TlsMode::StartTls] {
        let workspace = Workspace::new();
        readers(&workspace, 20, plain);
        let catcher = CatcherProcess::start(&workspace.path("mailbox"));
        let front = TlsFront::start(catcher.port, mode, 90);
        workspace.write("ca.pem", &front.ca);
        let lines = format!(
            "port = {}\ntls = \"{}\"\nca_file = \"ca.pem\"\n",
            front.port,
            mode.policy()
        );
        relays(&workspace, &[("main", lines)]);
        assert_eq!(send(&workspace)["accepted"], 20);
        assert_eq!(caught(&workspace.path("mailbox")), 20);
    }
}

#[test]
fn a_relay_is_tried_out_before_it_is_relied_upon() {
    let workspace = Workspace::new();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    let front = TlsFront::start(catcher.port, TlsMode::StartTls, 10);
    workspace.write("ca.pem", &front.ca);
    let lines = format!(
        "port = {}\ntls = \"required\"\nca_file = \"ca.pem\"\n",
        front.port
    );
    relays(&workspace, &[("main", lines)]);
    let (code, report) = workspace.json(&["relay", "test", "main", "--to", "post@example.org"]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["protection"]["version"], "TLSv1_3", "{report}");
    let leaf = &report["protection"]["chain"][0];
    assert_eq!(leaf["names"][0], "127.0.0.1", "{report}");
    assert!(report.to_string().contains("PIPELINING"), "{report}");
    assert_eq!(
        report["probe"]["handover"]["reply"]["code"], 250,
        "{report}"
    );
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("its certificate runs out"), "{warnings}");
    assert_eq!(caught(&workspace.path("mailbox")), 1);

    let said = workspace.dateline(&["relay", "test", "main", "--no-probe"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for words in ["protection  TLSv1_3", "certificate", "until", "announces"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    assert_eq!(caught(&workspace.path("mailbox")), 1, "no probe was sent");

    let refused = workspace.dateline(&["relay", "test", "main", "--to", "550-at-rcpt@example.org"]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(
        refused.out.contains("refused at step rcpt: 550"),
        "{}",
        refused.out
    );
    let unknown = workspace.dateline(&["relay", "test", "mian"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("known are main"), "{}", unknown.err);
}

#[test]
fn a_certificate_that_has_run_out_stops_all_and_loses_nothing() {
    let workspace = Workspace::new();
    readers(&workspace, 10, plain);
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    let front = TlsFront::start(catcher.port, TlsMode::StartTls, -1);
    workspace.write("ca.pem", &front.ca);
    let lines = format!(
        "port = {}\ntls = \"required\"\nca_file = \"ca.pem\"\n",
        front.port
    );
    relays(&workspace, &[("main", lines)]);
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "list:load"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.err.contains("xpired"), "{}", said.err);
    let (_, status) = workspace.json(&["status", "latest"]);
    assert_eq!(
        status["by_state"]["in_doubt"],
        serde_json::Value::Null,
        "{status}"
    );
    assert_eq!(caught(&workspace.path("mailbox")), 0);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}
