//! Encrypted mail: GnuPG opens and verifies what is sent, and what must be
//! encrypted never goes in the clear.

use crate::day::{at, midnight};
use crate::gnupg::Gnupg;
use crate::support::{
    CatcherProcess, EMBARGOED, IMMEDIATE, Said, ServiceProcess, Workspace, eventually,
};
use dateline::desk::schedule::When;
use dateline::desk::send::Order;
use mail_parser::{MessageParser, MimeHeaders};
use pgp::composed::{
    ArmorOptions, Deserializable, EncryptionCaps, KeyType, Message, SecretKeyParamsBuilder,
    SignedPublicKey, SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::types::{KeyVersion, Password};
use serde_json::Value;
use std::path::Path;

const ANNA: &str = "anna@example.org";
const BORIS: &str = "boris@example.org";
const VERA: &str = "vera@example.org";

/// A newsroom that sends to a catcher, and has nobody to write to yet.
fn newsroom() -> (Workspace, CatcherProcess) {
    let workspace = Workspace::new();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        catcher.port
    ));
    (workspace, catcher)
}

fn add(workspace: &Workspace, email: &str, languages: &str) {
    let fields = [
        format!("name=Reader {email}"),
        format!("languages={languages}"),
        "lists=vault".to_owned(),
    ];
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    done(&workspace.dateline(&[&["contacts", "add", email], &fields[..]].concat()));
}

fn done(said: &Said) {
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
}

fn import(workspace: &Workspace, email: &str, file: &Path, policy: &str) -> Said {
    let file = file.display().to_string();
    let args = [
        "contacts", "key", "import", email, &file, "--policy", policy,
    ];
    workspace.dateline(&args)
}

/// Gives the newsroom a key of its own; its fingerprint.
fn newsroom_key(workspace: &Workspace, gnupg: &Gnupg, sign: bool) -> String {
    let id = "Two Banks <press@two-banks.example>";
    let fingerprint = gnupg.make(id, ["ed25519", ""], "open sesame", "never");
    std::fs::create_dir_all(workspace.path("keys")).unwrap();
    private(
        &workspace.path("keys/key.asc"),
        &gnupg.secret(&fingerprint, "open sesame"),
    );
    private(&workspace.path("keys/word"), "open sesame\n");
    let text = workspace.read("dateline.toml");
    let table = format!(
        "\n[openpgp]\nkey_file = \"keys/key.asc\"\npassphrase_file = \"keys/word\"\nsign = {sign}\n"
    );
    workspace.write("dateline.toml", &format!("{text}{table}"));
    fingerprint
}

fn private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn send(workspace: &Workspace, release: &str) -> Said {
    workspace.dateline(&["send", release, "--to", "list:vault", "--wait"])
}

/// The raw mail to an address.
fn mail_to(workspace: &Workspace, email: &str) -> String {
    let to = format!("To: \"Reader {email}\" <{email}>");
    let files = std::fs::read_dir(workspace.path("mailbox")).unwrap();
    let mails = files.map(|file| file.unwrap().path());
    let mut mails = mails
        .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .filter(|mail| mail.contains(&to) || mail.contains(&format!("<{email}>")));
    mails.next().unwrap_or_else(|| panic!("no mail to {email}"))
}

fn armor(mail: &str) -> &str {
    let begin = mail.find("-----BEGIN PGP MESSAGE-----").unwrap();
    let end = "-----END PGP MESSAGE-----";
    &mail[begin..mail.find(end).unwrap() + end.len()]
}

/// What is seen of an encrypted mail by whoever carries it.
fn assert_sealed(mail: &str) {
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("\r\nSubject: [...]\r\n"), "{head}");
    assert_eq!(head.matches("Subject:").count(), 1, "{head}");
    assert!(!head.contains("Content-Language"), "{head}");
    assert!(head.contains("multipart/encrypted;\r\n protocol=\"application/pgp-encrypted\""));
    assert!(mail.contains("Content-Type: application/pgp-encrypted\r\n"));
    assert!(mail.contains("\r\n\r\nVersion: 1\r\n"));
    assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 998));
}

/// The protected fields and the parts, as a mail client would show them.
fn assert_whole(inside: &str, outside: &str, subject: &str, word: &str, attachments: usize) {
    let read = MessageParser::default().parse(inside.as_bytes()).unwrap();
    assert_eq!(read.subject(), Some(subject));
    let kind = read.content_type().unwrap();
    assert_eq!(kind.attribute("hp"), Some("cipher"), "{inside}");
    assert_eq!(kind.attribute("protected-headers"), Some("v1"));
    assert!(
        inside.contains("\r\nHP-Outer: Subject: [...]\r\n"),
        "{inside}"
    );
    for part in [read.body_text(0).unwrap(), read.body_html(0).unwrap()] {
        assert!(part.contains(word), "{part}");
    }
    let files: Vec<_> = read
        .attachments()
        .filter(|part| part.attachment_name().is_some())
        .collect();
    assert!(files.len() >= attachments, "{}", files.len());
    // Every field outside is told inside, as it is there.
    let head = outside.split("MIME-Version:").next().unwrap();
    let head = head.strip_prefix("Received").map_or(head, |rest| {
        rest.split_once("\r\nDate: ").map_or(rest, |_| rest)
    });
    for name in ["Date", "From", "To", "Message-ID", "List-Id"] {
        let line = head
            .lines()
            .find(|line| line.starts_with(&format!("{name}: ")));
        let line = line.unwrap_or_else(|| panic!("no {name} in {head}"));
        assert!(inside.contains(&format!("HP-Outer: {line}\r\n")), "{line}");
        assert!(inside.contains(&format!("{line}\r\n")), "{line}");
    }
}

/// A key of version 6, which GnuPG does not know.
fn new_kind(id: &str) -> SignedSecretKey {
    let sub = SubkeyParamsBuilder::default()
        .version(KeyVersion::V6)
        .key_type(KeyType::X25519)
        .can_encrypt(EncryptionCaps::All)
        .build()
        .unwrap();
    let mut params = SecretKeyParamsBuilder::default();
    params
        .version(KeyVersion::V6)
        .key_type(KeyType::Ed25519)
        .can_certify(true)
        .can_sign(true)
        .primary_user_id(id.to_owned())
        .subkey(sub);
    params.build().unwrap().generate(rand_core::OsRng).unwrap()
}

#[test]
fn gnupg_opens_and_verifies_what_is_encrypted() {
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    let signer = newsroom_key(&workspace, &gnupg, false);
    let old = gnupg.make(
        "Anna <anna@example.org>",
        ["rsa4096", "rsa4096"],
        "",
        "never",
    );
    let new = gnupg.make(
        "Boris <boris@example.org>",
        ["ed25519", "cv25519"],
        "",
        "never",
    );
    let newest = new_kind("Vera <vera@example.org>");
    for (email, languages) in [(ANNA, "ru"), (BORIS, "en"), (VERA, "ru")] {
        add(&workspace, email, languages);
    }
    done(&import(&workspace, ANNA, &gnupg.export(&old), "required"));
    done(&import(&workspace, BORIS, &gnupg.export(&new), "preferred"));
    let file = workspace.path("vera.asc");
    let public = SignedPublicKey::from(newest.clone());
    std::fs::write(
        &file,
        public.to_armored_string(ArmorOptions::default()).unwrap(),
    )
    .unwrap();
    done(&import(&workspace, VERA, &file, "required"));

    workspace.lift_in(1);
    done(&send(&workspace, EMBARGOED));
    let subject = |language: &str| {
        let args = [
            "preview", EMBARGOED, "--lang", language, "--part", "subject",
        ];
        workspace.dateline(&args).out.trim().to_owned()
    };
    let text = |language: &str| {
        let args = ["preview", EMBARGOED, "--lang", language, "--part", "text"];
        let text = workspace.dateline(&args).out;
        // A long word of the release's own.
        text.split_whitespace()
            .max_by_key(|word| word.len())
            .unwrap()
            .to_owned()
    };
    assert!(!subject("ru").is_ascii(), "{}", subject("ru"));
    for (email, language) in [(ANNA, "ru"), (BORIS, "en")] {
        let mail = mail_to(&workspace, email);
        assert_sealed(&mail);
        let opened = gnupg.decrypt(armor(&mail));
        assert_eq!(opened.signer(), Some(signer.as_str()), "{}", opened.status);
        assert!(
            opened.status.contains("DECRYPTION_OKAY"),
            "{}",
            opened.status
        );
        assert_whole(
            &opened.text,
            &mail,
            &subject(language),
            &bare(&text(language)),
            1,
        );
    }
    let mail = mail_to(&workspace, VERA);
    assert_sealed(&mail);
    let (message, _) = Message::from_armor(armor(&mail).as_bytes()).unwrap();
    let mut message = message.decrypt(&Password::empty(), &newest).unwrap();
    if message.is_compressed() {
        message = message.decompress().unwrap();
    }
    let inside = String::from_utf8(message.as_data_vec().unwrap()).unwrap();
    assert_whole(&inside, &mail, &subject("ru"), &bare(&text("ru")), 1);
    let (key, _) =
        SignedPublicKey::from_string(&gnupg.gpg(&["--armor", "--export", &signer]).out).unwrap();
    message.verify(&key).unwrap();
    log_tells(&workspace, &[(ANNA, &old), (BORIS, &new)]);
}

/// The word without what stands around it in a text.
fn bare(word: &str) -> String {
    word.trim_matches(|letter: char| !letter.is_alphanumeric())
        .to_owned()
}

/// The log says to which key each mail was encrypted, and verifies.
fn log_tells(workspace: &Workspace, keys: &[(&str, &String)]) {
    let said = workspace.dateline(&["log", "latest", "--format", "json"]);
    let entries: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (email, key) in keys {
        let planned = entries
            .iter()
            .find(|entry| entry["email"] == *email)
            .unwrap();
        let attempt = entries
            .iter()
            .find(|entry| entry["event"] == "attempt" && entry["delivery"] == planned["delivery"]);
        let attempt = attempt.unwrap();
        assert_eq!(attempt["encrypted"], true, "{attempt}");
        assert_eq!(attempt["key"].as_str(), Some(key.as_str()), "{attempt}");
    }
    // A fingerprint names its owner, and stands beside the line.
    let lines = workspace.sqlite("SELECT line FROM delivery_log");
    assert!(keys.iter().all(|(_, key)| !lines.contains(key.as_str())));
    done(&workspace.dateline(&["log", "verify"]));
}

#[test]
fn what_is_signed_only_is_read_by_all_and_verifies() {
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    let signer = newsroom_key(&workspace, &gnupg, true);
    // A line that old mailboxes would change.
    workspace.edit(
        &format!("releases/{IMMEDIATE}/en.md"),
        "\n+++\n",
        "\n+++\nFrom here on the river is measured.\n\n",
    );
    add(&workspace, ANNA, "en");
    add(&workspace, BORIS, "ru");
    done(&send(&workspace, IMMEDIATE));
    for email in [ANNA, BORIS] {
        let mail = mail_to(&workspace, email);
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("multipart/signed; micalg=pgp-sha"), "{head}");
        assert!(!head.contains("[...]"), "{head}");
        let boundary = head.split("boundary=\"").nth(1).unwrap();
        let boundary = format!("--{}", boundary.split('"').next().unwrap());
        let parts: Vec<_> = body.split(&boundary).collect();
        assert_eq!(parts.len(), 4, "{body}");
        // The line end before a boundary belongs to it (RFC 2046 5.1.1).
        let signed = parts[1]
            .strip_prefix("\r\n")
            .unwrap()
            .strip_suffix("\r\n")
            .unwrap();
        let signature = parts[2].split_once("\r\n\r\n").unwrap().1;
        let opened = gnupg.verify(signature, signed.as_bytes()).unwrap();
        assert_eq!(opened.signer(), Some(signer.as_str()), "{}", opened.status);
        let hash = opened
            .status
            .lines()
            .find(|line| line.contains("VALIDSIG"))
            .unwrap();
        let hash = match hash.split_whitespace().nth(9) {
            Some("8") => "pgp-sha256",
            Some("10") => "pgp-sha512",
            other => panic!("{other:?}"),
        };
        assert!(head.contains(&format!("micalg={hash};")), "{head}");
        assert!(signed.contains("hp=\"clear\""), "{signed}");
        assert!(
            signed
                .lines()
                .all(|line| line.trim_end() == line && !line.starts_with("From ")),
            "{signed}"
        );
        let changed = signed.replacen("\r\nSubject: ", "\r\nSubject: x", 1);
        assert!(gnupg.verify(signature, changed.as_bytes()).is_none());
        let read = MessageParser::default().parse(mail.as_bytes()).unwrap();
        assert!(read.body_text(0).unwrap().len() > 200);
    }
    let mail = mail_to(&workspace, ANNA);
    assert!(mail.contains("F=\r\nrom here on the river"), "{mail}");
    let read = MessageParser::default().parse(mail.as_bytes()).unwrap();
    assert!(
        read.body_text(0)
            .unwrap()
            .contains("From here on the river is measured.")
    );
}

#[test]
fn who_must_be_encrypted_to_and_cannot_be_gets_nothing() {
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    let past = Some("20200101T000000");
    let id = |email: &str| format!("X <{email}>");
    let kinds = ["ed25519", "cv25519"];
    let expired = gnupg.make_at(past, &id(BORIS), kinds, "", "2021-01-01");
    let revoked = gnupg.make(&id(VERA), kinds, "", "never");
    gnupg.revoke(&revoked);
    let ivan = "ivan@example.org";
    for email in [ANNA, BORIS, VERA, ivan] {
        add(&workspace, email, "en");
    }
    done(&workspace.dateline(&["contacts", "set", ANNA, "encryption=required"]));
    let said = import(&workspace, BORIS, &gnupg.export(&expired), "required");
    assert!(
        said.out.contains("their key expires 2021-01-01"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("nothing is sent to this contact"),
        "{}",
        said.out
    );
    let said = import(&workspace, VERA, &gnupg.export(&revoked), "required");
    assert!(said.out.contains("their key was revoked"), "{}", said.out);
    // Preferred, and the key has ended: in the clear, and said so.
    let said = import(&workspace, ivan, &gnupg.export(&expired), "preferred");
    assert!(
        said.out.contains("no user id of the key names"),
        "{}",
        said.out
    );

    let said = workspace.dateline(&["audience", IMMEDIATE, "--to", "list:vault"]);
    for words in [
        "their mail must be encrypted, and there is no key to encrypt to",
        "their mail must be encrypted, and their key expires 2021-01-01",
        "their mail must be encrypted, and their key was revoked",
        "in the clear: their key expires 2021-01-01",
        "3 excluded: cannot_encrypt 3",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    for dry_run in [true, false] {
        let wait: &[&str] = if dry_run { &["--dry-run"] } else { &["--wait"] };
        let args = ["send", IMMEDIATE, "--to", "list:vault"];
        done(&workspace.dateline(&[&args[..], wait].concat()));
    }
    let mails = workspace.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains(ivan) && !mails[0].contains("[...]"));
    let said = workspace.dateline(&["log", "latest", "--format", "json"]);
    assert!(said.out.contains("\"cannot_encrypt\":3"), "{}", said.out);
    assert!(said.out.contains("\"encrypted\":false"), "{}", said.out);
    assert!(
        said.out.contains("\"because\":\"key_expired\""),
        "{}",
        said.out
    );
    // A mail of one's own is not shown in the clear either.
    let said = workspace.dateline(&["preview", IMMEDIATE, "--to", VERA]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("their key was revoked"), "{}", said.err);
}

/// The state of the delivery to an address, and the words of the log on its end.
fn end_of(workspace: &Workspace, email: &str) -> (String, String) {
    let state = workspace.sqlite(&format!(
        "SELECT state FROM delivery WHERE email = '{email}'"
    ));
    let line = workspace.sqlite(&format!(
        "SELECT line FROM delivery_log WHERE delivery = (SELECT id FROM delivery WHERE email = '{email}') ORDER BY seq DESC LIMIT 1"
    ));
    (state.trim().to_owned(), line)
}

#[test]
fn a_key_that_goes_after_planning_keeps_the_mail_back() {
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    let kinds = ["ed25519", "cv25519"];
    let keys = [ANNA, BORIS].map(|email| gnupg.make(&format!("X <{email}>"), kinds, "", "never"));
    for (email, key) in [ANNA, BORIS].into_iter().zip(&keys) {
        add(&workspace, email, "en");
        done(&import(&workspace, email, &gnupg.export(key), "required"));
    }
    workspace.lift_in(3);
    let args = ["send", EMBARGOED, "--to", "list:vault", "--on-lift"];
    let said = workspace.dateline(&args);
    done(&said);
    // One key is revoked; of the other the newsroom tries to be rid.
    gnupg.revoke(&keys[0]);
    done(&import(
        &workspace,
        ANNA,
        &gnupg.export(&keys[0]),
        "required",
    ));
    done(&workspace.dateline(&["contacts", "key", "remove", BORIS]));
    done(&workspace.dateline(&["contacts", "set", BORIS, "encryption=off"]));
    let service = ServiceProcess::start(&workspace);
    eventually("both are withheld", || {
        [ANNA, BORIS]
            .iter()
            .all(|email| end_of(&workspace, email).0 == "withheld")
    });
    assert_eq!(service.end(), 0);
    let (_, line) = end_of(&workspace, ANNA);
    assert!(line.contains("\"because\":\"key_revoked\""), "{line}");
    let (_, line) = end_of(&workspace, BORIS);
    assert!(line.contains("there is no key to encrypt to"), "{line}");
    assert_eq!(workspace.mails(), Vec::<String>::new());
    let said = workspace.dateline(&["status", "latest"]);
    assert!(said.out.contains("withheld"), "{}", said.out);
    done(&workspace.dateline(&["log", "verify"]));
    // They do not have it: with a key again, the same order brings it to them.
    let key = gnupg.make("Boris <boris@example.org>", kinds, "", "never");
    done(&import(&workspace, BORIS, &gnupg.export(&key), "required"));
    done(&send(&workspace, EMBARGOED));
    assert_sealed(&mail_to(&workspace, BORIS));
    assert_eq!(workspace.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_ends_while_a_mail_waits_is_not_used() {
    let (day, catcher) = midnight(2).await;
    let gnupg = Gnupg::new();
    let made = Some("20261101T000000");
    let key = gnupg.make_at(
        made,
        "C <c0@day.example>",
        ["ed25519", "cv25519"],
        "",
        "2026-12-02",
    );
    let desk = day.desk().await;
    let octets = std::fs::read(gnupg.export(&key)).unwrap();
    let policy = Some(dateline::domain::encryption::EncryptionPolicy::Required);
    let report = desk
        .import_key("c0@day.example", "c0.asc", octets, policy, "vera")
        .await
        .unwrap();
    assert_eq!(report.obstacle, None);
    let order = |release: &str, at: Option<&str>| Order {
        release: release.to_owned(),
        to: vec!["list:l0".to_owned()],
        when: When {
            at: at.map(str::to_owned),
            ..When::default()
        },
        ..Order::default()
    };
    // After its end it is not even planned.
    let late = desk
        .plan(&order("r4", Some("2026-12-20 09:00")))
        .await
        .unwrap();
    assert_eq!(late.distribution.included, 1);
    assert_eq!(late.distribution.excluded["cannot_encrypt"], 1);
    let planned = desk.plan(&order("r2", None)).await.unwrap().distribution;
    assert_eq!(planned.included, 2);
    let deed = desk.deed("vera", "a name is in doubt");
    desk.hold(&planned, &deed).await.unwrap();
    day.serve_until(at("2026-12-03T00:00:00Z")).await;
    assert_eq!(day.resume_what_is_held().await, ["r2"]);
    day.serve_until(at("2026-12-05T00:00:00Z")).await;
    let withheld = desk
        .store
        .standing(Some(planned.id), "withheld", 10)
        .await
        .unwrap();
    assert_eq!(withheld.len(), 1);
    assert_eq!(
        withheld[0].delivery.recipient.email.to_string(),
        "c0@day.example"
    );
    let sent = desk
        .store
        .standing(Some(planned.id), "accepted", 10)
        .await
        .unwrap();
    assert_eq!(sent.len(), 1);
    drop(catcher);
}

#[test]
fn bad_files_change_nothing_and_a_secret_is_never_kept() {
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    add(&workspace, ANNA, "en");
    let key = gnupg.make(
        "Anna <anna@example.org>",
        ["ed25519", "cv25519"],
        "",
        "never",
    );
    let signs = gnupg.make("Anna <anna@example.org>", ["ed25519", ""], "", "never");
    let sound = std::fs::read_to_string(gnupg.export(&key)).unwrap();
    let secret = gnupg.secret(&key, "");
    let cut: String = sound.lines().take(6).collect::<Vec<_>>().join("\n");
    let boris = gnupg.make(
        "Boris <boris@example.org>",
        ["ed25519", "cv25519"],
        "",
        "never",
    );
    let vera = gnupg.make(
        "Vera <vera@example.org>",
        ["ed25519", "cv25519"],
        "",
        "never",
    );
    let others = gnupg.gpg(&["--armor", "--export", &boris, &vera]).out;
    let file = workspace.path("brought.asc");
    for (text, words) in [
        (String::new(), "holds no OpenPGP public key"),
        ("x".repeat(10 * 1024 * 1024), "has 10485760 octets"),
        (cut, "is cut short"),
        (secret.clone(), "holds a SECRET key"),
        (format!("{sound}\n{secret}"), "holds a SECRET key"),
        (others, "none names the contact's address"),
        (
            gnupg.gpg(&["--armor", "--export", &signs]).out,
            "it only signs",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = import(&workspace, ANNA, &file, "required");
        assert_eq!(said.code, 2, "{words}: {}", said.out);
        assert!(
            said.err.contains(words) && said.err.contains("nothing was changed"),
            "{words}: {}",
            said.err
        );
        assert!(said.err.contains("brought.asc"), "{}", said.err);
    }
    let (_, shown) = workspace.json(&["contacts", "key", "show", ANNA]);
    assert_eq!(
        (&shown["policy"], &shown["key"]),
        (&Value::from("off"), &Value::Null)
    );
    let kept = workspace.sqlite(".dump");
    assert!(!kept.contains("PRIVATE KEY"));

    // Binary, and then what becomes of it.
    let binary = gnupg.home().join("anna.gpg");
    let path = binary.display().to_string();
    gnupg.gpg(&["--output", &path, "--export", &key]);
    done(&import(&workspace, ANNA, &binary, "required"));
    let shown = workspace.dateline(&["contacts", "key", "show", ANNA, "--armor"]);
    std::fs::write(&file, &shown.out).unwrap();
    gnupg.import(&shown.out);
    gnupg.revoke(&key);
    done(&import(&workspace, ANNA, &gnupg.export(&key), "required"));
    let said = import(&workspace, ANNA, &file, "required");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("without its revocation"), "{}", said.err);
    done(&workspace.dateline(&["contacts", "key", "remove", ANNA]));
    let said = workspace.dateline(&["contacts", "key", "remove", ANNA]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("has no key"), "{}", said.err);
}

#[test]
fn a_newsroom_key_that_cannot_sign_is_told_by_check() {
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    newsroom_key(&workspace, &gnupg, true);
    done(&workspace.dateline(&["check"]));
    let sound = workspace.read("dateline.toml");
    let past = Some("20200101T000000");
    let id = "Another <another@example.org>";
    let ended = gnupg.make_at(past, id, ["ed25519", ""], "open sesame", "2021-01-01");
    private(
        &workspace.path("keys/ended.asc"),
        &gnupg.secret(&ended, "open sesame"),
    );
    let public = gnupg.gpg(&["--armor", "--export"]).out;
    private(&workspace.path("keys/public.asc"), &public);
    private(&workspace.path("keys/other"), "open barley\n");
    std::fs::write(
        workspace.path("keys/open.asc"),
        workspace.read("keys/key.asc"),
    )
    .unwrap();
    for (from, to, words) in [
        (
            "keys/word",
            "keys/other",
            "does not open by this passphrase",
        ),
        (
            "keys/word",
            "keys/nothing",
            "passphrase_file keys/nothing cannot be read",
        ),
        (
            "keys/key.asc",
            "keys/public.asc",
            "holds no OpenPGP secret key",
        ),
        (
            "keys/key.asc",
            "keys/open.asc",
            "may be read by others than its owner",
        ),
        (
            "passphrase_file = \"keys/word\"",
            "",
            "a key under a passphrase",
        ),
        (
            "passphrase_file",
            "passphrase",
            "a passphrase may not stand in dateline.toml",
        ),
        ("key_file", "keyfile", "keyfile"),
        ("keys/key.asc", "keys/ended.asc", "ended 2021-01-01"),
        (
            "keys/key.asc",
            "keys/ended.asc",
            "no user id of the key names newsroom.from",
        ),
    ] {
        let text = sound.replace(from, to);
        workspace.write("dateline.toml", &text);
        let said = workspace.dateline(&["check"]);
        assert_eq!(said.code, 2, "{words}");
        assert!(
            said.out.contains(words) || said.err.contains(words),
            "{words}: {}{}",
            said.out,
            said.err
        );
        assert!(!said.out.contains("open sesame") && !said.err.contains("open sesame"));
    }
    // Nothing is sent by a key that has ended, nor looked at as if it were.
    workspace.write(
        "dateline.toml",
        &sound.replace("keys/key.asc", "keys/ended.asc"),
    );
    let said = workspace.dateline(&["send", IMMEDIATE, "--to", "wires", "--dry-run"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("ended 2021-01-01"), "{}", said.err);
}

#[test]
fn keys_come_with_vcards_and_go_with_an_undo() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let (workspace, _catcher) = newsroom();
    let gnupg = Gnupg::new();
    add(&workspace, ANNA, "en");
    let key = gnupg.make(
        "Anna <anna@example.org>",
        ["ed25519", "cv25519"],
        "",
        "never",
    );
    let armor = std::fs::read_to_string(gnupg.export(&key)).unwrap();
    let card = |key: &str| {
        format!(
            "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Anna\r\nEMAIL:{ANNA}\r\nKEY{key}\r\nEND:VCARD\r\n"
        )
    };
    let file = workspace.path("cards.vcf");
    let path = file.display().to_string();
    let secret = BASE64_STANDARD.encode(gnupg.secret(&key, ""));
    std::fs::write(
        &file,
        card(&format!(":data:application/pgp-keys;base64,{secret}")),
    )
    .unwrap();
    let said = workspace.dateline(&["contacts", "import", &path]);
    assert!(
        said.out.contains("SECRET key") || said.err.contains("SECRET key"),
        "{}{}",
        said.out,
        said.err
    );
    assert!(!workspace.sqlite(".dump").contains("PRIVATE KEY"));
    let encoded = BASE64_STANDARD.encode(&armor);
    std::fs::write(
        &file,
        card(&format!(":data:application/pgp-keys;base64,{encoded}")),
    )
    .unwrap();
    let (_, plan) = workspace.json(&["contacts", "import", &path, "--dry-run"]);
    let changed = plan["changed"][0]["fields"].as_array().unwrap();
    let told = changed.iter().find(|one| one["field"] == "public_key");
    assert_eq!(told.unwrap()["new"].as_str(), Some(key.as_str()), "{plan}");
    let fingerprint = || {
        let (_, shown) = workspace.json(&["contacts", "key", "show", ANNA]);
        shown["key"]["fingerprint"].clone()
    };
    assert_eq!(fingerprint(), Value::Null, "only looked at");
    done(&workspace.dateline(&["contacts", "import", &path]));
    assert_eq!(fingerprint(), Value::from(key.as_str()));
    let (_, again) = workspace.json(&["contacts", "import", &path]);
    assert_eq!(again["imported"]["unchanged"], 1, "{again}");
    done(&workspace.dateline(&["contacts", "undo"]));
    assert_eq!(fingerprint(), Value::Null);
    // A table says it too, and an empty cell takes nothing back.
    workspace.write("t.csv", &format!("email,encryption\n{ANNA},required\n"));
    let table = workspace.path("t.csv").display().to_string();
    done(&workspace.dateline(&["contacts", "import", &table]));
    workspace.write("t.csv", &format!("email,encryption\n{ANNA},\n"));
    done(&workspace.dateline(&["contacts", "import", &table]));
    let (_, shown) = workspace.json(&["contacts", "key", "show", ANNA]);
    assert_eq!(shown["policy"], "required");
    workspace.write("t.csv", &format!("email,encryption\n{ANNA},sometimes\n"));
    let said = workspace.dateline(&["contacts", "import", &table]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("`sometimes` is no policy"),
        "{}",
        said.err
    );
}
