#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::too_many_lines,
    reason = "tables of cases"
)]
//! The catcher, spoken to by hand and by the relay's own conversation.

use super::*;
use crate::clock::WallClock;
use crate::domain::address::{EmailAddress, Mailbox as To};
use crate::domain::header_text::HeaderText;
use crate::domain::ids::DeliveryId;
use crate::domain::relay::{Deadlines, RelayProfile, TlsPolicy};
use crate::domain::reply::{Handover, Step};
use crate::domain::zone::Zone;
use crate::relay::compose::{Body, EncodedParts, Letterhead, Message, compose};
use crate::relay::{ComposedMessage, Envelope, Mail, Relay};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn catcher(pipelining: bool) -> (Catcher, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let config = CatcherConfig {
        pipelining,
        ..CatcherConfig::rehearsal(dir.path(), Arc::new(WallClock))
    };
    (Catcher::start(config).await.unwrap(), dir)
}

fn relay(catcher: &Catcher) -> Relay {
    Relay::new(RelayProfile {
        name: "catcher".into(),
        host: "127.0.0.1".into(),
        port: catcher.local_addr().port(),
        tls: TlsPolicy::None,
        ca_file: None,
        credentials: None,
        helo: "newsroom.example".into(),
        connections: 1,
        messages_per_connection: None,
        rate: None,
        priority: 1,
        weight: 1,
        domains: Vec::new(),
        deadlines: Deadlines::default(),
    })
    .unwrap()
}

fn message(text: &str) -> ComposedMessage {
    let from = To {
        name: HeaderText::default(),
        address: EmailAddress::parse("press@newsroom.example").unwrap(),
    };
    compose(&Message {
        letterhead: &Letterhead::new(&from, None, &from.address, "newsroom.example", &Zone::utc())
            .unwrap(),
        to: &from,
        delivery: DeliveryId::from_parts(1, 1),
        replies_to: None,
        opt_out_page: None,
        opt_out_word: "word-1",
        date: jiff::Timestamp::UNIX_EPOCH,
        subject: "s",
        languages: &[],
        html: Body::Plain(text),
        text: Body::Plain(text),
        inline: &EncodedParts::default(),
        attachments: &EncodedParts::default(),
    })
    .unwrap()
}

fn letter(to: &str, message: &ComposedMessage) -> Mail {
    Mail {
        envelope: Envelope {
            from: EmailAddress::parse("press@newsroom.example").unwrap(),
            to: EmailAddress::parse(to).unwrap(),
        },
        message: message.clone(),
    }
}

fn mails(dir: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "eml"))
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

/// Every fault and what the sender makes of it, with and without pipelining.
#[tokio::test]
async fn each_fault_is_what_the_conversation_says() {
    for pipelining in [true, false] {
        let (catcher, dir) = catcher(pipelining).await;
        let relay = relay(&catcher);
        let mail = message("Привет\n.\nточка");
        let mut connection = relay.open().await.unwrap();
        for (to, step, code) in [
            ("451-at-rcpt@example.org", Step::Rcpt, 451),
            ("550-at-rcpt@example.org", Step::Rcpt, 550),
            ("452-at-data@example.org", Step::Data, 452),
            ("554-at-dot@example.org", Step::Body, 554),
        ] {
            match connection.deliver(letter(to, &mail), None).await {
                Handover::Refused { step: own, reply } => {
                    assert_eq!((own, reply.code), (step, code), "{to}")
                }
                other => panic!("{to}: {other:?}"),
            }
            assert!(
                connection.is_usable(),
                "{to}: a refusal keeps the connection"
            );
        }
        for (to, doubt) in [
            ("drop-at-rcpt@example.org", false),
            ("drop-mid-data@example.org", false),
            ("drop-after-dot@example.org", true),
        ] {
            let mut cut = relay.open().await.unwrap();
            match cut.deliver(letter(to, &mail), None).await {
                Handover::Lost { in_doubt, .. } => {
                    assert!(in_doubt == doubt || to.starts_with("drop-mid"), "{to}")
                }
                other => panic!("{to}: {other:?}"),
            }
            assert!(!cut.is_usable());
        }
        let mut closed = relay.open().await.unwrap();
        assert!(matches!(
            closed
                .deliver(letter("421-at-data@example.org", &mail), None)
                .await,
            Handover::Refused { .. }
        ));
        assert!(!closed.is_usable(), "421 costs the connection");
        for _ in 0..3 {
            assert!(matches!(
                connection
                    .deliver(letter("anna@example.org", &mail), None)
                    .await,
                Handover::Accepted { .. }
            ));
        }
        connection.quit().await;
        let counts = catcher.stop().await;
        assert_eq!(
            counts.messages, 4,
            "three and the one whose reply was dropped"
        );
        for caught in mails(dir.path()) {
            assert_eq!(caught, mail.to_vec(), "byte for byte as composed");
        }
    }
}

#[tokio::test]
async fn a_fault_with_times_is_over_after_them() {
    let (catcher, _dir) = catcher(true).await;
    let mut connection = relay(&catcher).open().await.unwrap();
    let mut ends = Vec::new();
    for _ in 0..3 {
        let end = connection
            .deliver(letter("451-at-rcpt.2+a@example.org", &message("x")), None)
            .await;
        ends.push(matches!(end, Handover::Accepted { .. }));
    }
    assert_eq!(ends, [false, false, true]);
}

/// Speaks raw octets and reads until the catcher closes.
async fn speak(catcher: &Catcher, words: &str) -> String {
    let mut stream = TcpStream::connect(catcher.local_addr()).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said
}

#[tokio::test]
async fn smuggled_ends_end_nothing() {
    for trick in ["\n.\r\n", "\r.\r", "\n.\n", "\r\n.\r", "\r.\r\n"] {
        let (catcher, dir) = catcher(true).await;
        let body = format!("Subject: s\r\n\r\na{trick}MAIL FROM:<evil@example.org>\r\n");
        let words = format!(
            "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n{body}.\r\nQUIT\r\n"
        );
        let said = speak(&catcher, &words).await;
        assert_eq!(
            said.matches("250 2.0.0 caught").count(),
            1,
            "{trick:?}: {said}"
        );
        catcher.stop().await;
        // A dot at the beginning of a true line is a stuffed one (RFC 5321 4.5.2).
        let kept = body.replace("\r\n.", "\r\n");
        assert_eq!(mails(dir.path()), [kept.into_bytes()], "{trick:?}");
    }
}

#[tokio::test]
async fn bad_manners_are_answered() {
    let (catcher, _dir) = catcher(true).await;
    let said = speak(&catcher, "MAIL FROM:<a@b.c>\r\nEHLO x\r\nRCPT TO:<a@b.c>\r\nDATA\r\nWHAT\r\nMAIL FROM:<a@b.c> SIZE=999999999999\r\nNOOP\r\nVRFY x\r\nQUIT\r\n").await;
    let codes: Vec<_> = said
        .lines()
        .filter(|line| line.as_bytes().get(3) == Some(&b' '))
        .map(|line| &line[..3])
        .collect();
    assert_eq!(
        codes,
        [
            "220", "503", "250", "503", "503", "500", "552", "250", "252", "221"
        ],
        "{said}"
    );
}

#[tokio::test]
async fn it_listens_on_this_machine_alone() {
    let dir = tempfile::tempdir().unwrap();
    let config = CatcherConfig {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..CatcherConfig::rehearsal(dir.path(), Arc::new(WallClock))
    };
    assert!(matches!(
        Catcher::start(config).await,
        Err(CatcherError::NotLoopback(_))
    ));
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (catcher, dir) = catcher(true).await;
    relay(&catcher)
        .open()
        .await
        .unwrap()
        .deliver(letter("anna@example.org", &message("x")), None)
        .await;
    catcher.stop().await;
    for name in ["000001.eml", "000001.json"] {
        let mode = std::fs::metadata(dir.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
