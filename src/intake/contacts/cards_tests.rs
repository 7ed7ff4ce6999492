//! vCards as phones, mail programs and directories write them.

use super::super::{ContactsRead, Reading, read_contacts};
use super::*;
use crate::domain::contact_fields::Field;
use crate::domain::ids::ContactId;
use proptest::prelude::*;

fn read(text: &str) -> ContactsRead {
    read_contacts(text.as_bytes(), "c.vcf", &Reading::default(), &mut || {
        ContactId::from_parts(0, 0)
    })
}

fn told(read: &ContactsRead, place: usize) -> Vec<String> {
    let partial = &read.contacts[place].partial;
    let given = Field::ALL
        .into_iter()
        .filter(|field| partial.given.has(*field));
    given
        .map(|field| format!("{}={}", field.name(), field.of(&partial.contact)))
        .chain(
            partial
                .contact
                .custom
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .collect()
}

/// A public key as a card has it: what stands after its name.
fn with_key(key: &str) -> ContactsRead {
    let folded = key.chars().collect::<Vec<_>>();
    let folded: Vec<_> = folded
        .chunks(70)
        .map(|line| line.iter().collect::<String>())
        .collect();
    read(&format!(
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Anna\r\nEMAIL:anna@example.org\r\nKEY{}\r\nEND:VCARD\r\n",
        folded.join("\r\n ")
    ))
}

const KEY: &str = include_str!("../../openpgp/keys/anna.asc");

#[test]
fn a_key_is_read_however_the_card_has_it() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let body: String = KEY
        .lines()
        .skip(2)
        .take_while(|line| !line.starts_with(['=', '-']))
        .collect();
    let armored = BASE64_STANDARD.encode(KEY);
    let escaped = KEY.replace("\r\n", "\n").replace('\n', "\\n");
    let percent = percent_encoding::utf8_percent_encode(KEY, percent_encoding::NON_ALPHANUMERIC);
    for key in [
        format!(";TYPE=PGP;ENCODING=b:{body}"),
        format!(";ENCODING=B:{armored}"),
        format!(":data:application/pgp-keys;base64,{body}"),
        format!(";MEDIATYPE=application/pgp-keys:data:application/pgp-keys;base64,{armored}"),
        format!(":data:application/pgp-keys,{percent}"),
        format!(";VALUE=text:{escaped}"),
    ] {
        let read = with_key(&key);
        assert_eq!(read.problems, [], "{key}");
        let found = read.contacts[0]
            .partial
            .contact
            .public_key
            .as_ref()
            .unwrap();
        assert_eq!(found.algorithm, "Ed25519", "{key}");
        assert!(
            found.names(&read.contacts[0].partial.contact.email),
            "{key}"
        );
        assert!(
            read.columns
                .iter()
                .any(|column| column.name == "KEY" && column.meaning == Meaning::Key)
        );
    }
}

#[test]
fn a_key_that_cannot_be_is_told_and_the_contact_kept() {
    for (key, words) in [
        (
            ":data:application/pgp-keys;base64,bm9uZQ==",
            "holds no OpenPGP public key",
        ),
        (";ENCODING=b:%%%", "is neither ASCII armor nor base64"),
        (
            ";VALUE=text:-----BEGIN PGP PRIVATE KEY BLOCK-----\\n\\nAAAA\\n",
            "SECRET key",
        ),
    ] {
        let read = with_key(key);
        let told = read.problems[0].to_string();
        assert!(
            told.contains("warning: `public_key`: ") && told.contains(words),
            "{told}"
        );
        assert!(told.ends_with("; this field is left out"), "{told}");
        assert_eq!(read.contacts[0].partial.contact.public_key, None);
    }
    // What stands elsewhere is not fetched, and X.509 is another thing.
    for key in [
        ";MEDIATYPE=application/pgp-keys:https://example.org/anna.asc",
        ";TYPE=X509;ENCODING=b:AAAA",
        ":data:application/pkix-cert;base64,AAAA",
    ] {
        let read = with_key(key);
        assert_eq!(read.problems, [], "{key}");
        assert_eq!(read.contacts[0].partial.contact.public_key, None);
        assert!(
            read.columns
                .iter()
                .any(|column| column.name == "KEY" && column.meaning == Meaning::Ignored)
        );
    }
}

#[test]
fn a_card_of_4_0_is_read() {
    // After RFC 6350 section 8, with folded lines, groups, quoted parameters and escapes.
    let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Анна \r\n Ким\r\nN:Ким;Анна;;;\r\nitem1.ORG;SORT-AS=\"a:b;c\":Steppe Post\\, the daily;World desk\r\n\
        TITLE:Editor\r\nEMAIL;PREF=2:second@example.org\r\nEMAIL;TYPE=work;PREF=1:anna@BÜCHER.example\r\nLANG;PREF=2:en\r\nLANG;PREF=1:ru\r\n\
        TZ:Asia/Almaty\r\nADR;LABEL=\"x\":;;1 Street;Almaty;;;Казахстан\r\nCATEGORIES:rivers,human\\,rights\r\nNOTE:two\\nlines\\; and more\r\n\
        TEL;VALUE=uri:tel:+7-700-000\r\nPHOTO:data:image/png;base64,AAAA\r\nEND:VCARD\r\n";
    let read = read(text);
    assert_eq!(
        told(&read, 0),
        [
            "email=anna@xn--bcher-kva.example",
            "name=Анна Ким",
            "outlet=Steppe Post, the daily",
            "role=Editor",
            "country=KZ",
            "languages=ru;en",
            "time_zone=Asia/Almaty",
            "beats=rivers;human;rights",
            "notes=two\nlines; and more",
            "phone=+7-700-000",
        ]
    );
    assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
    assert!(
        read.problems[0]
            .message
            .to_string()
            .contains("second@example.org")
    );
    let photo = read
        .columns
        .iter()
        .find(|column| column.name == "PHOTO")
        .unwrap();
    assert_eq!(photo.meaning, Meaning::Ignored);
}

#[test]
fn a_card_of_3_0_is_read() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nN:Narsee;Aarti;P.;Ms;\nEMAIL;TYPE=INTERNET:old@example.org\n\
        EMAIL;TYPE=INTERNET,PREF:aarti@example.org\nPHOTO;ENCODING=b;TYPE=JPEG:AAAA\n BBBB\nTZ:-05:00\nEND:VCARD\n\
        BEGIN:VCARD\nVERSION:3.0\nFN:No address\nEND:VCARD\n";
    let read = read(text);
    assert_eq!(
        told(&read, 0),
        ["email=aarti@example.org", "name=Aarti P. Narsee"]
    );
    let problems: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
    assert!(
        problems[1].contains("c.vcf:1: warning: `time_zone`: `-05:00`"),
        "{problems:?}"
    );
    assert_eq!(problems[2], "c.vcf:10: the row has no address in `email`");
}

#[test]
fn what_is_no_contact_is_told_with_its_line() {
    let text = "BEGIN:VCARD\nVERSION:2.1\nEMAIL:a@example.org\nEND:VCARD\n\nBEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:All\nEND:VCARD\n\
        stray\nBEGIN:VCARD\nVERSION:4.0\nno colon\nEND:VCARD\nBEGIN:VCARD\nEMAIL:b@example.org\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\n\
        BEGIN:VCARD\nVERSION:4.0\nEMAIL:c@example.org\n";
    let read = read(text);
    assert!(read.contacts.is_empty());
    let problems: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    c.vcf:1: the card is of version 2.1; 3.0 and 4.0 are read
    c.vcf:6: warning: the card is a group, no contact
    c.vcf:11: stands outside of any card; expected BEGIN:VCARD
    c.vcf:14: `no colon` is no property of a card; expected NAME:VALUE
    c.vcf:16: the card names no VERSION
    c.vcf:19: the card has no END:VCARD; it is left out
    c.vcf:21: the card has no END:VCARD; it is left out
    ");
}

proptest! {
    #[test]
    fn no_card_is_too_strange(text in "[A-Z:;=\"\\\\,.\n \tа]{0,120}") {
        read(&format!("BEGIN:VCARD\nVERSION:4.0\n{text}\nEMAIL:a@example.org\nEND:VCARD\n"));
        Property::parse(&text);
    }
}
