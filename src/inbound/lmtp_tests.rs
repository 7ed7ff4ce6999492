//! What a mail server hears, command by command.

use super::*;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Takes mail for `bounces@…`, and does as it is told.
struct Script {
    does: Reception,
    took: Mutex<Vec<String>>,
}

#[async_trait]
impl Taker for Script {
    fn knows(&self, to: &EmailAddress) -> bool {
        to.local().starts_with("bounces")
    }

    async fn take(&self, message: Vec<u8>) -> Reception {
        let text = String::from_utf8_lossy(&message).into_owned();
        self.took.lock().unwrap().push(text);
        self.does
    }
}

/// What a session answers to everything at once, and what was taken.
async fn said(input: &str, does: Reception) -> (Vec<String>, Vec<String>) {
    let script = Script {
        does,
        took: Mutex::default(),
    };
    let manner = Manner {
        hostname: "mx.newsroom.example".into(),
        most: 1000,
    };
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (mut hear, mut speak) = tokio::io::split(theirs);
    speak.write_all(input.as_bytes()).await.unwrap();
    speak.shutdown().await.unwrap();
    serve(ours, &manner, &script).await.unwrap();
    let mut answers = String::new();
    hear.read_to_string(&mut answers).await.unwrap();
    let answers = answers.lines().map(str::to_owned).collect();
    (answers, script.took.into_inner().unwrap())
}

fn codes(answers: &[String]) -> Vec<&str> {
    let last = answers.iter().filter(|line| line.as_bytes()[3] == b' ');
    last.map(|line| &line[..3]).collect()
}

const HEAD: &str = "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<bounces+1@n.example>\r\nRCPT TO:<anna@n.example>\r\nRCPT TO:<bounces+2@n.example>\r\nDATA\r\n";

#[tokio::test]
async fn each_recipient_gets_an_answer_of_its_own() {
    let input = format!("{HEAD}A: 1\r\n\r\n..x\r\n.\r\nQUIT\r\n");
    for (does, code) in [
        (Reception::Taken, "250"),
        (Reception::NotUnderstood, "250"),
        (Reception::Later, "451"),
    ] {
        let (answers, took) = said(&input, does).await;
        let all = [
            "220", "250", "250", "250", "550", "250", "354", code, code, "221",
        ];
        assert_eq!(codes(&answers), all, "{answers:?}");
        assert_eq!(
            took,
            [
                "Return-Path: <>\r\nDelivered-To: bounces+1@n.example\r\nDelivered-To: bounces+2@n.example\r\nA: 1\r\n\r\n.x\r\n"
            ]
        );
    }
}

#[tokio::test]
async fn a_person_who_is_not_understood_hears_of_it() {
    let input = format!("{HEAD}Hello\r\n.\r\n").replace("<>", "<anna@b.example>");
    let (answers, _) = said(&input, Reception::NotUnderstood).await;
    assert_eq!(codes(&answers)[7..], ["550", "550"], "{answers:?}");
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_and_after() {
    let (answers, _) = said(
        "LHLO a\r\nMAIL FROM:<> SIZE=1073741824\r\nDATA\r\n",
        Reception::Taken,
    )
    .await;
    assert_eq!(codes(&answers), ["220", "250", "552", "503"], "{answers:?}");
    let input = format!("{HEAD}{}\r\n.\r\nNOOP\r\n", "x\r\n".repeat(2000));
    let (answers, took) = said(&input, Reception::Taken).await;
    assert_eq!(codes(&answers)[7..], ["552", "552", "250"], "{answers:?}");
    assert!(took.is_empty());
}

#[tokio::test]
async fn commands_out_of_place_are_refused() {
    let (answers, took) = said(
        "EHLO a\r\nMAIL FROM:<>\r\nLHLO a\r\nRCPT TO:<bounces@n.example>\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\nRSET\r\nSTARTTLS\r\nwhat\r\nNOOP\r\n",
        Reception::Taken,
    )
    .await;
    assert_eq!(
        codes(&answers),
        [
            "220", "500", "503", "250", "503", "250", "503", "503", "250", "502", "500", "250"
        ],
        "{answers:?}"
    );
    assert!(took.is_empty());
    // Cut off before its dot, a message is nobody's.
    let (_, took) = said(&format!("{HEAD}A: 1\r\n\r\nhalf"), Reception::Taken).await;
    assert!(took.is_empty());
}
