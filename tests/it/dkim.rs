//! DKIM: an independent verifier (dkimpy) finds every signature sound, in all
//! that is sent, by the records that `dateline dkim` prints.

use crate::support::{CatcherProcess, EMBARGOED, IMMEDIATE, Said, Workspace, run};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Verifies every signature of every .eml of a folder by the given records, asking no
/// DNS; then does to a mail of each language what nobody may do, and finds that no
/// signature holds.
const VERIFIER: &str = r#"
import dkim, json, pathlib, re, sys
records = {name.encode() + b".": value.encode() for name, value in json.loads(sys.argv[2]).items()}
def dns(name, timeout=5): return records[name]
def verify(raw, n):
    try: return dkim.DKIM(raw).verify(idx=n, dnsfunc=dns)
    except dkim.DKIMException: return False
def tampered(raw):
    head, body = raw.split(b"\r\n\r\n", 1)
    yield "a body", head + b"\r\n\r\n" + re.sub(rb"[a-y]", lambda m: bytes([m[0][0] + 1]), body, count=1)
    yield "a line more", raw + b"and more\r\n"
    yield "a subject", head.replace(b"\r\nSubject: ", b"\r\nSubject: x", 1) + b"\r\n\r\n" + body
    for field in (b"From: x@evil.example", b"Subject: x", b"To: x@evil.example", b"Reply-To: x@evil.example", b"Content-Type: text/plain"):
        yield "another " + field.decode(), field + b"\r\n" + raw
        yield "another below, " + field.decode(), head + b"\r\n" + field + b"\r\n\r\n" + body
seen = {"mails": 0, "signatures": set(), "languages": set(), "attachments": 0}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    raw = path.read_bytes()
    made = re.findall(rb"^DKIM-Signature: v=1; a=([a-z0-9-]+);", raw, re.M)
    assert len(made) == len(records), (path, made)
    assert max(map(len, raw.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998, path
    language = re.search(rb"^Content-Language: (.*)\r$", raw, re.M)[1].decode()
    for n in range(len(made)):
        assert verify(raw, n), (path, n)
        if language in seen["languages"]: continue
        # White space may change on the way.
        assert verify(raw.replace(b"Subject: ", b"Subject:   ", 1) + b"\r\n\r\n", n), (path, n)
        for what, changed in tampered(raw):
            assert changed != raw and not verify(changed, n), (path, n, what)
    seen["mails"] += 1; seen["signatures"].add(" ".join(a.decode() for a in made))
    seen["languages"].add(language)
    seen["attachments"] += b"Content-Disposition: attachment" in raw
print(json.dumps({k: sorted(v) if isinstance(v, set) else v for k, v in seen.items()}))
"#;

/// Has dkimpy verify a folder of mails; what it saw.
fn verify(mailbox: &Path, records: &Value) -> Value {
    let python = std::env::var("DATELINE_TEST_PYTHON")
        .unwrap_or_else(|_| panic!("DATELINE_TEST_PYTHON is not set: tests/run installs dkimpy"));
    let said = run(Command::new(python)
        .args(["-c", VERIFIER])
        .arg(mailbox)
        .arg(records.to_string()));
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

/// Makes a key and puts it to use; its record.
fn add_key(workspace: &Workspace, algorithm: &str) -> (String, Value) {
    let file = workspace.path(&format!("{algorithm}.pem"));
    let file = file.display().to_string();
    let args = ["dkim", "keygen", "--algorithm", algorithm, "--out", &file];
    let (code, made) = workspace.json(&args);
    assert_eq!(code, 0, "{made}");
    let settings = made["settings"].as_str().unwrap();
    let text = workspace.read("dateline.toml");
    workspace.write("dateline.toml", &format!("{text}\n{settings}"));
    let name = made["record"]["name"].as_str().unwrap().to_owned();
    (name, made["record"]["value"].clone())
}

/// The records of the keys in use.
fn records_of(workspace: &Workspace) -> Value {
    let (_, shown) = workspace.json(&["dkim", "record"]);
    let keys = shown["keys"].as_array().unwrap().iter();
    let records = keys.map(|key| &key["record"]);
    records
        .map(|record| (record["name"].as_str().unwrap(), record["value"].clone()))
        .collect()
}

fn check(workspace: &Workspace) -> Said {
    workspace.dateline(&["check"])
}

#[test]
fn everything_that_is_sent_verifies() {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        catcher.port
    ));
    let records = Value::from_iter([add_key(&workspace, "rsa"), add_key(&workspace, "ed25519")]);
    assert_eq!(check(&workspace).code, 0, "{}", check(&workspace).out);

    // The records of the settings are those that were printed when the keys were made.
    assert_eq!(records_of(&workspace), records);

    workspace.lift_in(1);
    for release in [IMMEDIATE, EMBARGOED] {
        let to = ["--to", "wires", "environment", "central-asia", "--wait"];
        let said = workspace.dateline(&[&["send", release], &to[..]].concat());
        assert!(said.code < 2, "{}", said.err);
    }
    let seen = verify(&workspace.path("mailbox"), &records);
    assert!(seen["mails"].as_u64().unwrap() > 50, "{seen}");
    assert!(seen["attachments"].as_u64().unwrap() > 20, "{seen}");
    assert_eq!(
        seen["signatures"],
        json!(["rsa-sha256 ed25519-sha256"]),
        "{seen}"
    );
    let languages = seen["languages"].as_array().unwrap();
    assert!(
        languages.contains(&json!("ru")) && languages.contains(&json!("ar")),
        "{seen}"
    );
}

#[test]
fn a_rehearsal_and_a_preview_are_signed_and_without_keys_nothing_is() {
    let workspace = Workspace::with_contacts();
    let send = ["send", IMMEDIATE, "--to", "wires", "--dry-run"];
    let preview = ["preview", IMMEDIATE, "--lang", "ru", "--part", "eml"];
    let said = workspace.dateline(&preview);
    assert!(said.out.contains("\nSubject: ") && !said.out.contains("DKIM-Signature"));

    let (name, value) = add_key(&workspace, "ed25519");
    let records = json!({ name: value });
    let (_, report) = workspace.json(&send);
    let seen = verify(Path::new(report["mailbox"].as_str().unwrap()), &records);
    assert!(seen["mails"].as_u64().unwrap() > 0, "{seen}");

    let folder = workspace.path("shown").display().to_string();
    let said = workspace.dateline(&[&preview[..], &["--out", &folder]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let seen = verify(Path::new(&folder), &records);
    assert_eq!(seen["languages"], json!(["ru"]), "{seen}");
}

#[test]
fn keygen_makes_a_private_file_and_tells_what_to_do() {
    let workspace = Workspace::new();
    let file = workspace.path("rsa.pem").display().to_string();
    let said = workspace.dateline(&["dkim", "keygen", "--selector", "Press2027", "--out", &file]);
    assert_eq!(said.code, 0, "{}", said.err);
    for words in [
        "RSA, 2048 bits",
        "name:   press2027._domainkey.two-banks.example",
        "value:  v=DKIM1; k=rsa; p=MIIB",
        "press2027._domainkey.two-banks.example. IN TXT (\n  \"v=DKIM1; k=rsa; p=MIIB",
        "[[dkim]]\nselector = \"press2027\"\nkey_file = \"rsa.pem\"\n",
    ] {
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
    assert!(!said.out.contains("domain = "), "{}", said.out);
    let mode = || std::fs::metadata(&file).map(|file| mode_of(&file)).unwrap();
    assert_eq!(mode(), 0o600);
    let pem = std::fs::read_to_string(&file).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let secret = pem.lines().nth(1).unwrap();
    assert!(!said.out.contains(secret) && !said.err.contains(secret));

    // A key is never written over.
    let again = workspace.dateline(&["dkim", "keygen", "--out", &file]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), pem);

    let other = workspace.path("other.pem").display().to_string();
    for (args, words) in [
        (&["--bits", "1024"][..], "--bits 1024 is no length"),
        (
            &["--algorithm", "ed25519", "--bits", "2048"],
            "--bits is for RSA keys",
        ),
        (&["--selector", "a_b"], "`a_b` is no selector"),
        (&["--domain", "no domain"], "--domain"),
    ] {
        let said = workspace.dateline(&[&["dkim", "keygen", "--out", &other], args].concat());
        assert_eq!(said.code, 2, "{words}");
        assert!(said.err.contains(words), "{words}\n{}", said.err);
        assert!(!Path::new(&other).exists());
    }
}

#[test]
fn keygen_needs_no_workspace_when_it_is_told_the_domain() {
    let dir = tempfile::tempdir().unwrap();
    let keygen = |more: &[&str]| {
        run(Command::new(env!("CARGO_BIN_EXE_dateline"))
            .current_dir(dir.path())
            .args([
                "dkim",
                "keygen",
                "--algorithm",
                "ed25519",
                "--out",
                "key.pem",
            ])
            .args(more))
    };
    let said = keygen(&[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("name it with --domain"), "{}", said.err);
    let said = keygen(&["--domain", "newsroom.example"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("domain = \"newsroom.example\""),
        "{}",
        said.out
    );
}

#[test]
fn keys_that_cannot_be_are_told_with_their_line() {
    let workspace = Workspace::new();
    let settings = workspace.read("dateline.toml");
    let line = settings.lines().count() + 3;
    let with =
        |lines: &str| workspace.write("dateline.toml", &format!("{settings}\n[[dkim]]\n{lines}"));
    let refused = |words: &str| {
        let said = check(&workspace);
        assert_eq!(said.code, 2, "{words}\n{}", said.out);
        assert!(said.out.contains(words), "{words}\n{}", said.out);
        let sent = workspace.dateline(&["send", IMMEDIATE, "--to", "wires"]);
        assert_eq!(sent.code, 2, "{words}\n{}", sent.err);
    };

    with("key_file = \"key.pem\"\nselector = \"s1\"\n");
    refused(&format!(
        "dateline.toml:{line}: dkim: key_file key.pem cannot be read: No such file"
    ));
    private(&workspace, "key.pem", "");
    refused("key_file key.pem holds no private key in PEM");
    private(&workspace, "key.pem", "\u{fffd}garbage");
    refused("key_file key.pem holds no private key in PEM");
    private(
        &workspace,
        "key.pem",
        &openssl(&[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]),
    );
    refused(
        "key_file key.pem holds a key of the algorithm 1.2.840.10045.2.1; expected a private key, RSA or Ed25519",
    );
    private(&workspace, "key.pem", &openssl(&["genrsa", "768"]));
    refused("holds an RSA key of 768 bits; expected 1024 to 4096");
    let sound = openssl(&["genpkey", "-algorithm", "ed25519"]);
    private(&workspace, "key.pem", &sound);
    assert_eq!(check(&workspace).code, 0, "{}", check(&workspace).out);

    set_mode(&workspace, "key.pem", 0o644);
    refused(
        "key_file key.pem may be read by others than its owner: its mode is 0644; expected 0600 (`chmod 600`)",
    );
    set_mode(&workspace, "key.pem", 0o400);
    assert_eq!(check(&workspace).code, 0, "{}", check(&workspace).out);

    with("key_file = \"key.pem\"\n");
    refused("selector");
    with("selector = \"s 1\"\nkey_file = \"key.pem\"\n");
    refused("`s 1` is no selector");
    with("selector = \"s1\"\nkey = \"MC4CAQ\"\n");
    refused("a key may not stand in dateline.toml; use `key_file`");
    let twice = "selector = \"s1\"\nkey_file = \"key.pem\"\n";
    with(&format!("{twice}[[dkim]]\n{twice}"));
    refused("the selector `s1` of two-banks.example is here already");
}

#[test]
fn what_may_not_serve_is_a_warning() {
    let workspace = Workspace::new();
    private(&workspace, "key.pem", &openssl(&["genrsa", "1024"]));
    let settings = workspace.read("dateline.toml");
    let lines =
        "[[dkim]]\nselector = \"s1\"\nkey_file = \"key.pem\"\ndomain = \"elsewhere.example\"\n";
    workspace.write("dateline.toml", &format!("{settings}\n{lines}"));
    let said = check(&workspace);
    assert_eq!(said.code, 0, "{}", said.out);
    for words in [
        "warning: dkim: key_file key.pem holds an RSA key of 1024 bits; 2048 are advised",
        "warning: dkim: `s1` signs for elsewhere.example, but newsroom.from is at two-banks.example",
    ] {
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
    let folder = workspace.path("shown").display().to_string();
    let said = workspace.dateline(&["preview", IMMEDIATE, "--out", &folder]);
    assert_eq!(said.code, 0, "{}", said.err);
    let seen = verify(Path::new(&folder), &records_of(&workspace));
    assert_eq!(seen["signatures"], json!(["rsa-sha256"]), "{seen}");
}

fn openssl(args: &[&str]) -> String {
    let said = run(Command::new("openssl").args(args));
    assert_eq!(said.code, 0, "{}", said.err);
    said.out
}

fn private(workspace: &Workspace, name: &str, text: &str) {
    workspace.write(name, text);
    set_mode(workspace, name, 0o600);
}

fn set_mode(workspace: &Workspace, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(workspace.path(name), mode).unwrap();
}

fn mode_of(file: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777
}
