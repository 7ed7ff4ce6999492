//! Python's email parser, policy default, finds no defect in any mail.

use crate::support::{EMBARGOED, Workspace, run};
use std::process::Command;

/// Reads every .eml of a folder; prints what is wrong, and what it saw.
const READER: &str = r#"
import email, email.policy, json, pathlib, sys
seen = {"mails": 0, "structures": set(), "languages": set(), "names": set()}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    raw = path.read_bytes()
    assert b"\r\n" in raw and b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b""), path
    assert max(map(len, raw.split(b"\r\n"))) <= 998, path
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for part in mail.walk():
        assert not part.defects, (path, part.get_content_type(), part.defects)
        for name, value in part.items():
            assert not getattr(value, "defects", ()), (path, name, value.defects)
        if part.get_content_maintype() == "text":
            assert "\ufffd" not in part.get_content(), path
        if part.get_filename(): seen["names"].add(part.get_filename())
    for name in ("Date", "From", "To", "Subject", "Message-ID", "Content-Language", "List-Id", "List-Unsubscribe", "Auto-Submitted"):
        assert mail[name], (path, name)
    assert mail["Precedence"] is None
    html = mail.get_body(("html",)).get_content()
    cids = {part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]}
    for cid in cids: assert f"cid:{cid}" in html, (path, cid)
    for cid in [piece.split('"')[0] for piece in html.split("cid:")[1:]]: assert cid in cids, (path, cid)
    shape = lambda part: part.get_content_subtype() + ("(" + ",".join(map(shape, part.iter_parts())) + ")" if part.is_multipart() else "")
    seen["structures"].add(shape(mail)); seen["languages"].add(mail["Content-Language"]); seen["mails"] += 1
print(json.dumps({k: sorted(v) if isinstance(v, set) else v for k, v in seen.items()}))
"#;

#[test]
fn no_mail_has_a_defect() {
    let workspace = Workspace::with_contacts();
    for variants in ["preferred", "stacked"] {
        workspace.edit(
            "dateline.toml",
            "variants = \"preferred\"",
            &format!("variants = \"{variants}\""),
        );
        let (_, report) = workspace.json(&[
            "send",
            EMBARGOED,
            "--to",
            "wires",
            "environment",
            "central-asia",
            "--dry-run",
        ]);
        let mailbox = report["mailbox"].as_str().unwrap();
        let said = run(Command::new("python3").args(["-c", READER, mailbox]));
        assert_eq!(said.code, 0, "{}", said.err);
        let seen: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert!(seen["mails"].as_u64().unwrap() > 50, "{seen}");
        assert_eq!(
            seen["structures"],
            serde_json::json!(["mixed(alternative(plain,related(html,png,png)),pdf)"]),
            "{seen}"
        );
        assert!(seen["languages"].as_array().unwrap().len() >= 7, "{seen}");
        assert!(
            seen["names"]
                .as_array()
                .unwrap()
                .iter()
                .any(|name| name.as_str().unwrap().contains("справка")),
            "{seen}"
        );
        std::fs::remove_dir_all(mailbox).unwrap();
        workspace.edit(
            "dateline.toml",
            &format!("variants = \"{variants}\""),
            "variants = \"preferred\"",
        );
    }
}
