//! The whole story, walked in a real browser by tests/browser/walk.mjs.

use super::browser::{PASSWORD, user};
use crate::support::{CatcherProcess, EMBARGOED, ServiceProcess, Workspace, run};
use std::process::Command;

/// Somebody among the sample contacts who is written to nowhere after the walk.
const READER: &str = "jonah.whitlock@harbour-gazette.example";

#[test]
fn the_whole_story_in_a_browser() {
    let modules = std::env::var("DATELINE_TEST_NODE_MODULES").unwrap_or_else(|_| {
        panic!(
            "DATELINE_TEST_NODE_MODULES is not set: tests/run installs playwright-core and axe-core"
        )
    });
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(86_400);
    let text = workspace.read("dateline.toml");
    let policy = "[approval]\nembargoed = 2\nparity = \"off\"\n\n[retention]\nlog = \"900d\"\n";
    let readers = "[readers]\nurl = \"https://press.two-banks.example\"\nagreement = \"I wait for the lift.\"\n";
    workspace.write("dateline.toml", &format!("{text}\n{policy}\n{readers}"));
    let (_, links) = workspace.json(&["contacts", "link", READER]);
    let links = ["opt_out", "own"].map(|link| links[link].as_str().unwrap().to_owned());
    super::bounces::take_in(&workspace);
    // The numbers of the walk are those of the sample.
    let lift = [
        "suppression",
        "lift",
        super::bounces::GONE,
        "--why",
        "a new mailbox",
    ];
    assert_eq!(workspace.dateline(&lift).code, 0);
    user(&workspace, "vera", "admin");
    user(&workspace, "olga", "approver");
    let token = [
        "token", "add", "board", "--user", "olga", "--scope", "log:read",
    ];
    assert_eq!(workspace.dateline(&token).code, 0);
    let service = ServiceProcess::start(&workspace);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/walk.mjs");
    let base = format!("http://{}", service.address());
    let said = run(Command::new("node").args([
        script, &base, EMBARGOED, PASSWORD, &modules, &links[0], &links[1],
    ]));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
}
