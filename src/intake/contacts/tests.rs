//! Contact files, good and bad.

use super::*;
use crate::domain::contact_fields::Field;
use crate::domain::header_text::HeaderText;
use crate::intake::ContactWriter;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn read(bytes: &[u8]) -> ContactsRead {
    read_contacts(bytes, "c.csv", &Reading::default(), &mut || {
        ContactId::from_parts(0, 0)
    })
}

fn faults(text: &str) -> Vec<String> {
    read(text.as_bytes())
        .problems
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_delimiter_and_a_byte_order_mark_are_found_out() {
    for text in [
        "email,name,languages\na@example.org,Anna,ru;en\n",
        "\u{feff}email;name;languages\na@example.org;Anna;\"ru;en\"\n",
        "email\tname\tlanguages\r\na@example.org\tAnna\tru,en\r\n",
        "Name,EMAIL,Languages\nAnna,a@example.org,ru|en\n",
    ] {
        let read = read(text.as_bytes());
        assert_eq!(read.problems, []);
        let contact = &read.contacts[0].partial.contact;
        assert_eq!(
            (
                contact.email.to_string().as_str(),
                contact.name.as_str(),
                contact.languages.len()
            ),
            ("a@example.org", "Anna", 2),
            "{text}"
        );
    }
}

#[test]
fn a_bad_row_is_told_with_its_line_and_stops_no_other() {
    let text = "email,name,country,time_zone,embargo_agreement,tier\n\
        a@example.org,\"Anna\nin two lines\",KZ,Asia/Almaty,yes,1\n\
        b@example.org,Bo,KZ,Asia/Almaty,2026-02-01,2\n\
        not an address,Cy,KZ,,,\n\
        d@example.org,Di,Atlantis,Mars/Olympus,maybe,\n\
        b@EXAMPLE.org,Bo again,KZ,,,\n";
    let read = read(text.as_bytes());
    assert_eq!(read.contacts.len(), 1);
    assert_eq!(read.contacts[0].partial.contact.custom["tier"], "2");
    assert_eq!((read.repeats[0].line, read.repeats[0].first), (7, 4));
    insta::assert_snapshot!(faults(text).join("\n"), @r"
    c.csv:2: `name`: holds a line break at character 5; a header value is one line
    c.csv:5: `email`: `not an address` is not a mail address: there is no `@` in it; expected `name@domain`
    c.csv:6: `country`: `Atlantis` is no country; expected two letters such as KZ (ISO 3166-1), or its name
    c.csv:6: `time_zone`: `Mars/Olympus` is not an IANA time zone; expected one such as `Asia/Almaty` or `UTC`
    c.csv:6: `embargo_agreement`: `maybe` is no agreement; expected the day it was given such as 2026-02-01, yes, no or nothing
    ");
}

#[test]
fn a_name_cannot_write_headers() {
    let text = "email,name\nx@example.org,\"Eve\r\nBcc: x@y\"\n";
    assert!(read(text.as_bytes()).contacts.is_empty());
    assert!(
        faults(text)[0].contains("c.csv:2: `name`: holds a line break"),
        "{:?}",
        faults(text)
    );
}

#[test]
fn an_encoding_is_found_out_and_named() {
    let windows_1251 = b"email,name\na@example.org,\xc0\xed\xed\xe0\n";
    let read = read(windows_1251);
    assert_eq!(read.contacts[0].partial.contact.name.as_str(), "Анна");
    assert_eq!(read.charset.unwrap().name, "windows-1251");
}

#[test]
fn an_encoding_that_is_asked_for_must_hold() {
    let reading = Reading {
        encoding: Some("utf-8".into()),
        ..Reading::default()
    };
    let read = read_contacts(b"email\n\xc0@x", "c.csv", &reading, &mut || {
        ContactId::from_parts(0, 0)
    });
    assert_eq!(
        read.problems[0].to_string(),
        "c.csv:2: is not UTF-8: octet 0xc0 cannot stand there; save it anew, or name its encoding with --encoding"
    );
}

#[test]
fn tables_of_real_programs_are_read() {
    let outlook = "First Name,Last Name,Company,Job Title,Country/Region,E-mail Address,Language\r\n\
        Aarti,Narsee,Steppe Post,Editor,Kazakhstan,aarti@example.org,English\r\n";
    let russian = "sep=;\r\nЭл. почта;Фамилия;Имя;Отчество;Издание;Страна;Языки;Эмбарго\r\n\
        anna@example.org;Ким;Анна;Сергеевна;\"Газета \"\"Волна\"\"\";Россия;русский, английский;01.02.2026\r\n";
    let told = |text: &str| {
        let read = read(text.as_bytes());
        assert_eq!(read.problems, []);
        let contact = &read.contacts[0].partial.contact;
        Field::ALL.map(|field| field.of(contact)).join("|")
    };
    assert_eq!(
        told(outlook),
        "aarti@example.org|Aarti Narsee||Steppe Post|Editor|KZ|en|||||||"
    );
    assert_eq!(
        told(russian),
        "anna@example.org|Анна Сергеевна Ким||Газета \"Волна\"||RU|ru;en|||||2026-02-01||"
    );
}

#[test]
fn the_same_row_twice_is_a_remark_and_another_record_a_conflict() {
    let text = "email,name\na@example.org,A\na@EXAMPLE.org,A\na@example.org,B\n";
    let read = read(text.as_bytes());
    assert_eq!(
        read.problems[0].to_string(),
        "c.csv:3: warning: the address a@example.org stands in line 2 already; this row is left out"
    );
    assert_eq!(read.repeats.len(), 1);
    assert_eq!(read.repeats[0].differs[0].new, "B");
}

#[test]
fn a_file_without_addresses_is_refused() {
    assert!(faults("name,outlet\nAnna,X\n")[0].contains("no column `email`"));
    assert!(faults("")[0].contains("is empty"));
    assert!(faults("email,email\n")[0].contains("twice"));
}

proptest! {
    #[test]
    fn no_octets_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn what_is_exported_is_imported_the_same(
        name in "[\\PC&&[^\u{2028}\u{2029}]]{0,20}", outlet in "[=+@'-]?[a-zа-я \";,]{0,12}", notes in "[\\PC\n&&[^\u{2028}\u{2029}]]{0,30}", tier in "[=+]?[a-z0-9]{1,5}",
    ) {
        let mut contact = read(b"email,languages,beats,embargo_agreement\na@example.org,ru;en,x;y,2026-02-01\n").contacts.remove(0).partial.contact;
        contact.name = HeaderText::collapse(&name);
        contact.outlet = outlet.trim().to_owned();
        contact.notes = notes.trim().to_owned();
        contact.custom.insert("tier".into(), tier);
        let mut bytes = Vec::new();
        let mut writer = ContactWriter::new(&mut bytes, BTreeSet::from(["tier".to_owned()])).unwrap();
        writer.write(&contact).unwrap();
        writer.finish().unwrap();
        let again = read(&bytes);
        prop_assert_eq!(again.problems, vec![]);
        prop_assert_eq!(&again.contacts[0].partial.contact, &contact);
    }
}
