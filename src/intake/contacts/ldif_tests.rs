//! LDIF as directories and mail programs write it.

use super::super::{Mapping, Reading, read_contacts};
use crate::domain::ids::ContactId;
use proptest::prelude::*;

fn read(text: &str, maps: &[&str]) -> super::super::ContactsRead {
    let reading = Reading {
        encoding: None,
        mappings: maps
            .iter()
            .map(|map| Mapping::parse(map).unwrap())
            .collect(),
    };
    read_contacts(text.as_bytes(), "c.ldif", &reading, &mut || {
        ContactId::from_parts(0, 0)
    })
}

#[test]
fn entries_are_read() {
    // `Анна Ким` in UTF-8 and `Вера` in windows-1251.
    let text = "version: 1\ndn: cn=Anna,\n dc=example\n# a comment\n that goes on\nobjectClass: person\ncn;lang-en: Anna Kim\ncn:: 0JDQvdC90LAg0JrQuNC8\n\
        mail: anna@ex\n ample.org\no: Steppe Post\ntitle: Editor\nco: Kazakhstan\npreferredLanguage: ru\njpegPhoto:: /9j/AAAA\nkey:< file:///etc/passwd\n\
        telephoneNumber: +7 700\n\n\ndn: cn=Vera\nchangetype: add\ngivenName:: wuXw4A==\nsn: Kim\nmail: vera@example.org\nmozillaCustom1: 7\n";
    let read = read(text, &["mozillaCustom1=custom.tier"]);
    assert_eq!(read.problems, []);
    let [anna, vera] = read.contacts.as_slice() else {
        panic!("{:?}", read.contacts)
    };
    let contact = &anna.partial.contact;
    assert_eq!(
        (
            anna.line,
            contact.email.to_string().as_str(),
            contact.name.as_str(),
            contact.country.as_str()
        ),
        (2, "anna@example.org", "Анна Ким", "KZ")
    );
    assert_eq!(contact.custom["phone"], "+7 700");
    assert_eq!(
        (vera.line, vera.partial.contact.name.as_str()),
        (20, "Вера Kim")
    );
    assert_eq!(vera.partial.contact.custom["tier"], "7");
}

#[test]
fn what_is_no_contact_is_told_with_its_line() {
    let text = "dn: cn=a\nchangetype: delete\n\ncn: b\nmail: b@example.org\n\ndn: cn=list\nobjectclass: groupOfNames\nmember: cn=a\n\n\
        dn: cn=c\nmail:: !!!\n\ndn: cn=d\nno colon\n\ndn: cn=e\ncn: E\n";
    let read = read(text, &[]);
    assert!(read.contacts.is_empty());
    let problems: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    c.ldif:1: the entry is a change (`changetype: delete`), no contact
    c.ldif:4: the entry begins with `cn`; expected its name, `dn: …`
    c.ldif:7: warning: the entry is a group, no contact
    c.ldif:12: `mail`: the value is no base64
    c.ldif:15: `no colon` is no attribute of LDIF; expected `name: value`
    c.ldif:17: the row has no address in `email`
    ");
}

proptest! {
    #[test]
    fn no_entry_is_too_strange(text in "[a-z:;<\n А#=]{0,120}") {
        read(&format!("dn: x\n{text}\nmail: a@example.org\n"), &[]);
    }
}
