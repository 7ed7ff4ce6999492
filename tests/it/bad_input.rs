//! Bad input: each fault is told with its place, nothing is sent, nothing is lost.

use crate::support::{EMBARGOED, IMMEDIATE, Workspace, run};
use std::process::Command;

/// Checks the workspace after a change, and finds words in what is said.
fn check(workspace: &Workspace, words: &[&str]) {
    let said = workspace.dateline(&["check"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    for word in words {
        assert!(said.out.contains(word), "{word}\n{}{}", said.out, said.err);
    }
}

fn release(name: &str) -> String {
    format!("releases/{EMBARGOED}/{name}")
}

#[test]
fn the_sample_newsroom_passes() {
    let workspace = Workspace::new();
    let said = workspace.dateline(&["check"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "2 release(s) looked at: 0 error(s), 0 warning(s)\n")
    );
}

#[test]
fn a_folder_that_is_no_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(Command::new(env!("CARGO_BIN_EXE_dateline"))
        .arg("-C")
        .arg(dir.path())
        .args(["send", "x", "--to", "y"]));
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("is no Dateline workspace") && said.err.contains("dateline init"),
        "{}",
        said.err
    );
}

#[test]
fn a_syntax_error_is_told_with_line_and_column() {
    let workspace = Workspace::new();
    workspace.edit("dateline.toml", "[mail]", "[mail");
    let said = workspace.dateline(&["check"]);
    assert!(
        said.out.contains("dateline.toml:") && said.out.contains("TOML syntax"),
        "{}",
        said.out
    );
    let place = said.out.split("dateline.toml:").nth(1).unwrap();
    assert!(
        place
            .split(':')
            .take(2)
            .all(|part| part.trim().parse::<u32>().is_ok()),
        "{}",
        said.out
    );
}

#[test]
fn everything_wrong_in_a_release_is_told_at_once() {
    let workspace = Workspace::new();
    workspace.edit(&release("release.toml"), "kind = ", "kidn = ");
    workspace.edit(
        &release("release.toml"),
        "\"ar\"]",
        "\"ar\", \"xx-yy-zz-qq\", \"de\"]",
    );
    workspace.edit(
        &release("release.toml"),
        "path = \"attachments/briefing.pdf\"",
        "path = \"../../../etc/passwd\"",
    );
    let text = workspace.read(&release("release.toml"));
    let until = text.lines().find(|line| line.starts_with("until")).unwrap();
    workspace.edit(
        &release("release.toml"),
        until,
        "until = \"2027-03-28T02:30[Europe/Vienna]\"",
    );
    workspace.edit(
        &release("en.md"),
        "[published in full](https://two-banks.example/en/reports/downstream-of-silence/replies)",
        "[published in full](https://two-banks.example/a b)",
    );
    workspace.edit(&release("ru.md"), "headline = \"", "headline = \"\" #");
    workspace.edit(
        &release("fr.md"),
        "+++\n\nLes arrestations",
        "+++\n\nSous embargo jusqu’au 3 mai 2027.\n\nLes arrestations",
    );
    check(
        &workspace,
        &[
            "release.toml:2: unknown key `kidn`; did you mean `kind`?",
            "`languages`: `xx-yy-zz-qq` is not a BCP 47 language tag",
            "language de is listed, but its variant de.md is missing",
            "attachment `../../../etc/passwd` has `..` in it",
            "does not exist: clocks in Europe/Vienna jump over it",
            "en.md:",
            "broken link syntax",
            "`headline` is empty",
        ],
    );
    workspace.edit(
        &release("release.toml"),
        "2027-03-28T02:30[Europe/Vienna]",
        "2027-03-28T02:30[Asia/Almaty]",
    );
    check(
        &workspace,
        &[
            "fr.md:",
            "embargo date 3 mai differs from release.toml (28 March)",
        ],
    );
}

#[test]
fn templates_that_loop_or_name_what_is_not_there() {
    let workspace = Workspace::new();
    let kit = workspace.path("templates/email/press-release");
    std::fs::create_dir_all(kit.join("partials")).unwrap();
    std::fs::write(kit.join("subject.hbs"), "{{headlin}}\n").unwrap();
    check(&workspace, &["subject.hbs", "headlin"]);
    std::fs::write(kit.join("subject.hbs"), "{{> round}}\n").unwrap();
    std::fs::write(kit.join("partials/round.hbs"), "{{> about}}").unwrap();
    std::fs::write(kit.join("partials/about.hbs"), "{{> round}}").unwrap();
    check(&workspace, &["round", "about"]);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_workspace() {
    let workspace = Workspace::new();
    std::fs::remove_file(workspace.path(&release("attachments/briefing.pdf"))).unwrap();
    std::os::unix::fs::symlink(
        "/etc/hostname",
        workspace.path(&release("attachments/briefing.pdf")),
    )
    .unwrap();
    check(
        &workspace,
        &["`attachments/briefing.pdf` is a link that leads out of the workspace"],
    );
}

#[test]
fn secrets_in_toml_and_unknown_segments() {
    let workspace = Workspace::with_contacts();
    let said = workspace.dateline(&["audience", IMMEDIATE, "--to", "nobody"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("no segment `nobody`") && said.err.contains("wires"),
        "{}",
        said.err
    );
    workspace.edit("segments.toml", "contact.country in", "contact.contry in");
    check(
        &workspace,
        &["segments.toml:", "contact has no field `contry`", "^"],
    );
    workspace.edit(
        "dateline.toml",
        "port = 2525",
        "port = 2525\npassword = \"x\"",
    );
    check(&workspace, &["a password may not stand in dateline.toml"]);
}

#[test]
fn contact_files_in_another_encoding_or_with_headers_in_names() {
    let workspace = Workspace::new();
    let file = workspace.path("bad.csv");
    std::fs::write(&file, b"email,name\na@example.org,\xc0\xed\xed\xe0\n").unwrap();
    let said = workspace.dateline(&["contacts", "import", &file.display().to_string()]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("windows-1251 by its letters"),
        "{}",
        said.out
    );
    let as_utf8 = [
        "contacts",
        "import",
        &file.display().to_string(),
        "--encoding",
        "utf-8",
    ];
    let said = workspace.dateline(&as_utf8);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("bad.csv:2: is not UTF-8"), "{}", said.err);
    std::fs::write(
        &file,
        "email,name\nx@example.org,\"Eve\r\nBcc: x@y\"\nb@example.org,Bo\n",
    )
    .unwrap();
    let strict = workspace.dateline(&[
        "contacts",
        "import",
        &file.display().to_string(),
        "--strict",
    ]);
    assert_eq!(strict.code, 2);
    assert!(
        strict.err.contains("bad.csv:2: `name`: holds a line break"),
        "{}",
        strict.err
    );
    assert_eq!(
        workspace
            .dateline(&["contacts", "import", &file.display().to_string()])
            .code,
        0
    );
    let (_, contacts) = workspace.json(&["contacts", "list"]);
    assert_eq!(contacts.as_array().unwrap().len(), 2, "Anna and Bo");
}

#[test]
fn contacts_survive_an_export_and_an_import() {
    let workspace = Workspace::with_contacts();
    let out = workspace.path("export.csv");
    assert_eq!(
        workspace
            .dateline(&["contacts", "export", &out.display().to_string()])
            .code,
        0
    );
    let (_, report) = workspace.json(&["contacts", "import", &out.display().to_string()]);
    assert_eq!(report["imported"]["unchanged"], report["read"], "{report}");
}

#[test]
fn a_store_that_is_no_database_or_newer_or_full() {
    let workspace = Workspace::with_contacts();
    workspace.sqlite("PRAGMA user_version = 99");
    let said = workspace.dateline(&["status"]);
    assert_eq!(said.code, 3);
    assert!(
        said.err
            .contains("schema version 99, newer than this program knows"),
        "{}",
        said.err
    );
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(
            workspace.path(&format!("dateline.db{end}")),
        ));
    }
    workspace.write("dateline.db", &"this is no database ".repeat(100));
    let said = workspace.dateline(&["status"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("it is not a database"), "{}", said.err);
    workspace.edit(
        "dateline.toml",
        "sqlite:dateline.db",
        "sqlite:missing/folder/dateline.db",
    );
    let said = workspace.dateline(&["status"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.err.contains("is not usable"), "{}", said.err);
}

/// Runs the command line in a shell that first sets the stage.
#[cfg(unix)]
fn staged(workspace: &Workspace, stage: &str, args: &str) -> crate::support::Said {
    let line = format!(
        "{stage} exec {} -C {} {args}",
        env!("CARGO_BIN_EXE_dateline"),
        workspace.path("").display()
    );
    run(Command::new("bash").args(["-c", &line]))
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_everything_and_leaves_nothing_half_done() {
    let workspace = Workspace::with_contacts();
    let rows: String = (0..20_000)
        .map(|n| format!("reader{n}@example.org,Reader {n}\n"))
        .collect();
    workspace.write("many.csv", &format!("email,name\n{rows}"));
    // No file may grow past 512 KiB: what a full disk does to the store.
    let many = workspace.path("many.csv");
    let said = staged(
        &workspace,
        "trap '' XFSZ; ulimit -f 512;",
        &format!("contacts import {}", many.display()),
    );
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains("is not usable"), "{}", said.err);
    let (_, contacts) = workspace.json(&["contacts", "list"]);
    assert_eq!(
        contacts.as_array().unwrap().len(),
        70,
        "only the sample's own"
    );
}

#[cfg(unix)]
#[test]
fn a_store_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = Workspace::with_contacts();
    let dir = workspace.path("");
    // Root may write everything, so somebody else tries.
    for path in [dir.parent().unwrap().to_owned(), dir.clone()] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = if path.is_dir() { 0o755 } else { 0o444 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let binary = dir.parent().unwrap().join("dateline");
    std::fs::copy(env!("CARGO_BIN_EXE_dateline"), &binary).unwrap();
    let uid = run(Command::new("id").arg("-u")).out;
    let mut command = if uid.trim() == "0" {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&binary);
        command
    } else {
        Command::new(&binary)
    };
    let said = run(command
        .current_dir("/")
        .arg("-C")
        .arg(&dir)
        .args(["contacts", "list"]));
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(
        said.err.contains("dateline.db is not usable"),
        "{}",
        said.err
    );
}
