//! The log proves itself against SQLite's own shell.

use crate::support::{CatcherProcess, IMMEDIATE, Workspace};

fn sent() -> Workspace {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.edit(
        "dateline.toml",
        "port = 2525",
        &format!("port = {}", catcher.port),
    );
    workspace.dateline(&["send", IMMEDIATE, "--to", "environment"]);
    assert_eq!(workspace.dateline(&["log", "verify"]).code, 0);
    workspace
}

#[test]
fn every_edit_deletion_and_move_is_found_and_the_first_is_named() {
    let workspace = sent();
    workspace.sqlite("PRAGMA wal_checkpoint(TRUNCATE)");
    let backup = std::fs::read(workspace.path("dateline.db")).unwrap();
    for (sql, named) in [
        (
            "UPDATE delivery_log SET line = replace(line, 'planned', 'Planned') WHERE seq = 5",
            "entry 5",
        ),
        (
            "UPDATE delivery_log SET personal = replace(personal, '@', '@x') WHERE seq = 3",
            "entry 3",
        ),
        (
            "UPDATE delivery_log SET personal = NULL, salt = NULL WHERE seq = 4",
            "entry 4",
        ),
        (
            "UPDATE delivery_log SET personal = NULL WHERE seq = 4",
            "entry 4",
        ),
        (
            "UPDATE delivery_log SET delivery = 'dlv_x' WHERE seq = 6",
            "entry 6",
        ),
        (
            "DELETE FROM delivery_log WHERE seq = 7",
            "entry 7 is missing",
        ),
        (
            "DELETE FROM delivery_log WHERE seq = (SELECT max(seq) FROM delivery_log)",
            "is missing",
        ),
        (
            "UPDATE delivery_log SET seq = -1 WHERE seq = 8; UPDATE delivery_log SET seq = 8 WHERE seq = 9; UPDATE delivery_log SET seq = 9 WHERE seq = -1",
            "entry",
        ),
        ("UPDATE log_head SET seq = seq - 1", "entry"),
        (
            "UPDATE delivery_state SET state = 'accepted' WHERE id = (SELECT delivery FROM delivery_log WHERE line LIKE '%\"event\":\"in_doubt\"%' OR line LIKE '%\"event\":\"planned\"%' LIMIT 1); UPDATE delivery_state SET state = 'cancelled' WHERE id = (SELECT min(id) FROM delivery)",
            "the log says",
        ),
        (
            "DELETE FROM delivery_state WHERE id = (SELECT max(id) FROM delivery)",
            "is `gone`",
        ),
    ] {
        for side in ["-wal", "-shm"] {
            drop(std::fs::remove_file(
                workspace.path(&format!("dateline.db{side}")),
            ));
        }
        std::fs::write(workspace.path("dateline.db"), &backup).unwrap();
        workspace.sqlite(sql);
        let said = workspace.dateline(&["log", "verify"]);
        assert_eq!(said.code, 1, "{sql}: {}", said.out);
        assert!(
            said.out.contains("the log is broken") && said.out.contains(named),
            "{sql}: {}",
            said.out
        );
        let (_, value) = workspace.json(&["log", "verify"]);
        assert_eq!(value["verified"], false, "{sql}");
    }
}

#[test]
fn the_log_is_shown_as_text_json_and_csv() {
    let workspace = sent();
    let text = workspace.dateline(&["log", "latest"]).out;
    assert!(
        text.contains("planned") && text.contains("attempt") && text.contains("accepted"),
        "{text}"
    );
    let csv = workspace
        .dateline(&["log", "latest", "--format", "csv"])
        .out;
    assert!(
        csv.starts_with("seq,at,distribution,delivery,event,email"),
        "{csv}"
    );
    let json = workspace
        .dateline(&["log", "latest", "--format", "json"])
        .out;
    assert_eq!(json.lines().count() + 1, csv.lines().count());
    for line in json.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(entry["seq"].is_u64() && entry["hash"].as_str().unwrap().len() == 64);
    }
}

#[cfg(unix)]
#[test]
fn the_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = sent();
    let mode = std::fs::metadata(workspace.path("dateline.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
