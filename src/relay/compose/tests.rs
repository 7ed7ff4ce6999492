//! The invariant of composed messages, over any text anybody may write.

use super::*;
use crate::dkim::{Identity, NewKey, Selector, Signer};
use crate::domain::address::EmailAddress;
use crate::domain::encryption::PublicKey;
use crate::domain::header_text::HeaderText;
use crate::domain::zone::Zone;
use crate::openpgp::read_key;
use crate::openpgp::tests::newsroom_key;
use proptest::prelude::*;

fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox {
        name: HeaderText::collapse(name),
        address: EmailAddress::parse(address).unwrap(),
    }
}

fn message(name: &str, subject: &str, html: &str, text: &str, file: &str) -> ComposedMessage {
    let from = mailbox("Служба новостей", "press@newsroom.example");
    let letterhead =
        Letterhead::new(&from, None, &from.address, "newsroom.example", &Zone::utc()).unwrap();
    let file_name = HeaderText::collapse(file);
    let source = |content_id| PartSource {
        file_name: &file_name,
        media_type: "image/png",
        bytes: file.as_bytes(),
        content_id,
    };
    compose(&Message {
        letterhead: &letterhead,
        to: &mailbox(name, "anna@example.org"),
        delivery: DeliveryId::from_parts(1, 1),
        replies_to: None,
        opt_out_page: Some("https://press.newsroom.example/o/AAAA"),
        opt_out_word: "word-1",
        date: Timestamp::from_second(1_646_888_400).unwrap(),
        subject,
        languages: &["ru".parse().unwrap()],
        html: Body::Plain(html),
        text: Body::Plain(text),
        inline: &EncodedParts::encode(&[source(Some("chart@newsroom.example"))]).unwrap(),
        attachments: &EncodedParts::encode(&[source(None)]).unwrap(),
    })
    .unwrap()
}

/// The octets between DATA's 354 and the reply to the final dot.
fn on_the_wire(composed: ComposedMessage) -> String {
    let pieces = composed.into_pieces();
    let texts: Vec<_> = pieces.iter().map(Piece::as_str).collect();
    format!("{}.\r\n", texts.concat())
}

fn signer() -> Signer {
    Signer::new(vec![Identity {
        selector: Selector::parse("press").unwrap(),
        domain: "newsroom.example".to_owned(),
        key: NewKey::ed25519().unwrap().key,
    }])
}

/// CRLF only, lines of at most 998 octets, ASCII, ended by CRLF.
fn is_fit(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    if !text.is_ascii() || !text.ends_with("\r\n") {
        return Err("not ASCII, or not ended by CRLF".into());
    }
    let bare = text.replace("\r\n", "");
    if bare.contains(['\r', '\n', '\0']) {
        return Err("a bare CR, LF or a NUL".into());
    }
    match text.split("\r\n").find(|line| line.len() > 998) {
        Some(line) => Err(format!("a line of {} octets", line.len())),
        None => Ok(()),
    }
}

#[test]
fn the_smuggling_sequences_arrive_as_one_message() {
    for trick in [
        "\n.\r\n",
        "\r.\r",
        "\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\r\n.\r\n",
        ".\r\n",
        "\n.\r\nMAIL FROM:<x@y>\r\n",
        "\0.\r\n",
    ] {
        let composed = message(
            "A",
            "s",
            &format!("<p>a{trick}b</p>"),
            &format!("a{trick}b"),
            "a.png",
        );
        is_fit(&composed.to_vec()).unwrap();
        let wire = on_the_wire(composed);
        assert_eq!(wire.matches("\r\n.\r\n").count(), 1, "{trick:?}");
        assert!(wire.ends_with("\r\n.\r\n"));
    }
}

#[test]
fn dots_are_stuffed_at_the_beginning_of_lines_only() {
    assert_eq!(stuff("a\r\n.b\r\n..\r\nc."), "a\r\n..b\r\n...\r\nc.");
    assert_eq!(stuff(".a"), "..a");
}

#[test]
fn the_headers_are_as_the_standards_want_them() {
    let source =
        String::from_utf8(message("Иванова, Анна", "Тема", "<p>x</p>", "x", "отчёт.pdf").to_vec())
            .unwrap();
    let head = source.split("\r\n\r\n").next().unwrap();
    for line in [
        "Date: Thu, 10 Mar 2022 05:00:00 +0000",
        "Auto-Submitted: no",
        "List-Id: <press.newsroom.example>",
        "MIME-Version: 1.0",
        "Content-Language: ru",
        "List-Unsubscribe: <https://press.newsroom.example/o/AAAA>,",
        " <mailto:press@newsroom.example?subject=unsubscribe%20word-1>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Message-ID: <dlv_00000000010000000000000001@newsroom.example>",
    ] {
        assert!(head.lines().any(|own| own == line), "{line}\n{head}");
    }
    assert!(
        source.contains("filename*0*=utf-8''") || source.contains("filename*=utf-8''"),
        "{source}"
    );
    assert!(!head.contains("Precedence"));
}

/// RFC 8058 4: the signature must cover both.
#[test]
fn the_signature_covers_how_to_opt_out() {
    let composed = message("A", "s", "<p>x</p>", "x", "a.png");
    let signed = composed.signed(&signer(), Timestamp::MIN).unwrap();
    let source = String::from_utf8(signed.to_vec()).unwrap();
    let unfolded = source.replace("\r\n ", "").replace("\r\n\t", "");
    let (_, names) = unfolded.split_once("h=").unwrap();
    let names = names.split(';').next().unwrap().to_ascii_lowercase();
    let names: Vec<_> = names.split(':').map(str::trim).collect();
    for name in ["list-unsubscribe", "list-unsubscribe-post"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

fn reader_key() -> PublicKey {
    let armor = include_str!("../../openpgp/keys/anna.asc");
    let anna = EmailAddress::parse("anna@example.org").unwrap();
    read_key(armor.as_bytes(), &anna).unwrap()
}

#[test]
fn an_encrypted_message_shows_what_carries_it_and_no_more() {
    let composed = message(
        "Анна",
        "Тайна",
        "<p>Тайный текст</p>",
        "Secret text",
        "план.png",
    );
    let (key, at) = (reader_key(), Timestamp::from_second(1_646_888_400).unwrap());
    let to = (&key, key.parts[0].fingerprint.as_str());
    let id = DeliveryId::from_parts(1, 1);
    let open = String::from_utf8(composed.to_vec()).unwrap();
    let sealed = composed.encrypted(id, to, None, at).unwrap();
    let source = String::from_utf8(sealed.to_vec()).unwrap();
    let (head, body) = source.split_once("\r\n\r\n").unwrap();
    let of_message = |head: &str| -> Vec<String> {
        let fields = crate::dkim::fields(head).map(|field| field.trim_end().to_owned());
        let kept = |field: &String| {
            !["Subject", "Content-", "MIME-"]
                .iter()
                .any(|name| field.starts_with(name))
        };
        fields.filter(kept).collect()
    };
    let (open_head, _) = open.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        of_message(&format!("{head}\r\n")),
        of_message(&format!("{open_head}\r\n"))
    );
    assert!(head.contains("\r\nSubject: [...]\r\n"), "{head}");
    assert_eq!(head.matches("MIME-Version").count(), 1);
    for hidden in [
        "text/plain",
        "text/html",
        "image/png",
        "Content-Language",
        "0KLQsNC50L3QsA",
    ] {
        assert!(!source.contains(hidden), "{hidden}: {source}");
    }
    assert_eq!(body.matches("--=_e_").count(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn encrypted_and_signed_the_message_is_as_fit(
        name in any::<String>(), subject in any::<String>(), html in any::<String>(),
        text in "(From |\\PC|[ \n.]){0,300}", file in "\\PC{1,60}",
    ) {
        let (key, at) = (reader_key(), Timestamp::from_second(1_646_888_400).unwrap());
        let (newsroom, id) = (newsroom_key(), DeliveryId::from_parts(1, 1));
        let part = key.parts[0].fingerprint.as_str();
        let composed = || message(&name, &subject, &html, &text, &file);
        for made in [
            composed().encrypted(id, (&key, part), Some(&newsroom), at).unwrap(),
            composed().openly_signed(id, &newsroom, at).unwrap(),
        ] {
            let composed = made.signed(&signer(), Timestamp::MIN).unwrap();
            prop_assert_eq!(is_fit(&composed.to_vec()), Ok(()));
            prop_assert_eq!(composed.size(), composed.to_vec().len());
            let source = String::from_utf8(composed.to_vec()).unwrap();
            prop_assert!(!source.contains("\r\n.") && !source.contains("\r\nFrom "));
            let wire = on_the_wire(composed);
            prop_assert_eq!(wire.matches("\r\n.\r\n").count(), 1);
        }
    }
}

proptest! {
    #[test]
    fn whatever_anybody_writes_the_message_is_fit(
        name in any::<String>(), subject in any::<String>(), html in any::<String>(), text in any::<String>(), file in "\\PC{1,60}",
    ) {
        let composed = message(&name, &subject, &html, &text, &file);
        let plain = composed.to_vec();
        let composed = composed.signed(&signer(), Timestamp::MIN).unwrap();
        prop_assert!(composed.to_vec().ends_with(&plain) && composed.size() > plain.len());
        prop_assert_eq!(is_fit(&composed.to_vec()), Ok(()));
        prop_assert_eq!(composed.size(), composed.to_vec().len());
        prop_assert!(!String::from_utf8(composed.to_vec()).unwrap().contains("\r\n."), "no line begins with a dot");
        let wire = on_the_wire(composed);
        prop_assert_eq!(wire.matches("\r\n.\r\n").count(), 1);
    }
}
