//! The house: which room may import which, and which crate may stand where.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Rooms that a room may not import.
const FORBIDDEN_ROOMS: [(&str, &[&str]); 13] = [
    (
        "domain",
        &[
            "intake",
            "config",
            "render",
            "store",
            "relay",
            "inbound",
            "dispatch",
            "desk",
            "cli",
            "web",
            "wire",
            "clock",
            "entropy",
            "telemetry",
            "toml_reader",
            "dkim",
            "openpgp",
        ],
    ),
    (
        "openpgp",
        &[
            "intake", "config", "render", "store", "relay", "inbound", "dispatch", "desk", "cli",
            "web", "wire", "dkim", "clock",
        ],
    ),
    (
        "dkim",
        &[
            "intake", "config", "render", "store", "relay", "dispatch", "desk", "cli", "web",
            "wire",
        ],
    ),
    (
        "intake",
        &[
            "render", "store", "relay", "inbound", "dispatch", "desk", "cli", "web", "wire",
        ],
    ),
    (
        "config",
        &[
            "intake", "render", "store", "relay", "inbound", "dispatch", "desk", "cli", "web",
            "wire",
        ],
    ),
    (
        "render",
        &[
            "intake", "config", "store", "relay", "inbound", "dispatch", "desk", "cli", "web",
            "wire",
        ],
    ),
    (
        "store",
        &[
            "intake", "config", "render", "relay", "inbound", "dispatch", "desk", "cli", "web",
            "wire",
        ],
    ),
    (
        "relay",
        &[
            "intake", "config", "render", "store", "inbound", "dispatch", "desk", "cli", "web",
            "wire",
        ],
    ),
    (
        "inbound",
        &[
            "intake", "config", "render", "store", "relay", "dispatch", "desk", "cli", "web",
            "wire", "clock", "entropy",
        ],
    ),
    (
        "dispatch",
        &["intake", "config", "inbound", "desk", "cli", "web", "wire"],
    ),
    ("desk", &["cli", "web", "wire"]),
    (
        "web",
        &["store", "relay", "inbound", "dispatch", "cli", "wire"],
    ),
    ("cli", &["wire"]),
];

/// Crates and parts of the standard library, and the only places where they may stand.
const KEPT_IN: [(&str, &[&str]); 24] = [
    ("lettre::", &["src/relay/"]),
    ("async_imap::", &["src/inbound/imap.rs"]),
    ("ring::signature", &["src/dkim/"]),
    ("rsa::", &["src/dkim/"]),
    (" pgp::", &["src/openpgp/"]),
    ("sqlx::", &["src/store/sqlite/", "src/store/postgres/"]),
    ("calamine::", &["src/intake/contacts/"]),
    ("encoding_rs::", &["src/intake/contacts/"]),
    ("zip::", &["src/intake/contacts/"]),
    ("clap", &["src/cli/"]),
    ("handlebars::", &["src/render/"]),
    ("axum", &["src/web/"]),
    // Every route stands in the table, with its rule.
    (".route(", &["src/web/routes.rs"]),
    ("utoipa", &["src/web/api/"]),
    ("argon2::", &["src/desk/password.rs"]),
    ("totp_rs", &["src/desk/second_factor.rs"]),
    ("rpassword", &["src/cli/user.rs"]),
    ("opentelemetry", &["src/telemetry.rs"]),
    (
        "prometheus_client",
        &["src/web/", "src/dispatch/metrics.rs"],
    ),
    ("x509_parser", &["src/relay/certificate.rs"]),
    ("rustix::", &["src/clock.rs"]),
    ("sd_notify", &["src/cli/serve.rs"]),
    ("SqliteStore", &["src/store/sqlite/", "src/wire.rs"]),
    ("PostgresStore", &["src/store/postgres/", "src/wire.rs"]),
];

/// What the ground floor may not know.
const NOT_ON_THE_GROUND_FLOOR: [&str; 11] = [
    "tokio",
    "sqlx",
    "lettre",
    "axum",
    "clap::",
    "handlebars",
    "tracing",
    "std::fs",
    "std::env",
    "Timestamp::now",
    "std::time::SystemTime",
];

pub(crate) fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every line of the sources but comments, with its place.
fn each_line(mut look: impl FnMut(&str, usize, &str)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for file in files {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        for (index, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            if !line.trim_start().starts_with("//") {
                look(&name, index + 1, line);
            }
        }
    }
}

fn room(file: &str) -> &str {
    file.strip_prefix("src/")
        .and_then(|rest| rest.split(['/', '.']).next())
        .unwrap_or_default()
}

#[test]
fn imports_go_one_way() {
    let mut faults = String::new();
    each_line(|file, line, text| {
        let own = room(file);
        // A room's tests may set up what they need.
        if file.ends_with("tests.rs") || file.ends_with("looks.rs") {
            return;
        }
        for (room, forbidden) in FORBIDDEN_ROOMS {
            for other in forbidden.iter().filter(|_| room == own) {
                let limits = own == "intake" && *other == "config";
                if !limits && text.contains(&format!("crate::{other}::")) {
                    writeln!(faults, "{file}:{line}: {own} may not import {other}").unwrap();
                }
            }
        }
    });
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut faults = String::new();
    each_line(|file, line, text| {
        for (name, places) in KEPT_IN {
            if text.contains(name) && !places.iter().any(|place| file.starts_with(place)) {
                writeln!(
                    faults,
                    "{file}:{line}: `{name}` may stand in {} alone",
                    places.join(", ")
                )
                .unwrap();
            }
        }
        for name in NOT_ON_THE_GROUND_FLOOR {
            if room(file) == "domain" && text.contains(name) {
                writeln!(
                    faults,
                    "{file}:{line}: the ground floor may not know `{name}`"
                )
                .unwrap();
            }
        }
    });
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn every_file_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let head = text.lines().find(|line| {
            !line.starts_with('#')
                && !line.starts_with("    clippy")
                && !line.starts_with("    reason")
                && !line.starts_with(")]")
        });
        assert!(
            head.is_some_and(|line| line.starts_with("//!")),
            "{} does not begin with //!",
            file.display()
        );
    }
}
