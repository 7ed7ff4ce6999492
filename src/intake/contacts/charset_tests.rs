//! Encodings found out, over a table of texts as they stand in contact files.

use super::*;
use proptest::prelude::*;

const RUSSIAN: [&str; 12] = [
    "email;name\nanna@example.org;Анна",
    "email;name\nkim@example.org;Ким",
    "Почта;Имя;Фамилия\na@example.org;Юлия;Щербакова",
    "email,name,outlet\na@example.org,Аарти Нарси,«Степная почта»",
    "Почта;ФИО;Издание;Должность\nr@example.org;Яна Эйдельман;Речной вестник;главный редактор",
    "email;notes\nb@example.org;просит писать только по утрам, до десяти часов",
    "email;outlet\nc@example.org;РИА ВОЛНА",
    "email;name\nd@example.org;Ёлкина Ирина – обозреватель № 1",
    "email;name\ne@example.org;иван",
    "mail;city\nf@example.org;Алма-Ата\ng@example.org;Бишкек\nh@example.org;Ташкент",
    "email;name;notes\ni@example.org;Цой;Женева, подъезд 3, объект",
    "Эл. почта;Страна\nx@example.org;Казахстан",
];

const UKRAINIAN: [&str; 2] = [
    "пошта;ім’я;видання\na@example.org;Олексій Їжак;Київська хвиля, місто Київ",
    "email;notes\na@example.org;Її просять не телефонувати після вечірніх новин",
];

const WESTERN: [&str; 10] = [
    "email;name\njose@example.org;José",
    "email;name\na@example.org;Núñez",
    "Courriel;Prénom;Nom;Société\na@example.org;Hélène;Lefèvre;La Dépêche",
    "email;outlet\na@example.org;Süddeutsche",
    "Correo electrónico;Nombre;País\na@example.org;Íñigo;España",
    "email;name\nb@example.org;François Noël",
    "email;notes\na@example.org;préfère être jointe à l’heure du déjeuner",
    "email;name\nk@example.org;Jörg Weiß",
    "email;name\nk@example.org;Åse Bjørnstad",
    "Prénom;Nom;Adresse électronique\nZoé;Müller;z@example.org",
];

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding.encode(text);
    assert!(!unmappable, "{text} in {}", encoding.name());
    bytes.into_owned()
}

/// What has no place in an encoding is written as people write it there.
fn plain(text: &str, encoding: &'static Encoding) -> String {
    if encoding == WINDOWS_1251 || encoding == WINDOWS_1252 || encoding == X_MAC_CYRILLIC {
        return text.to_owned();
    }
    text.replace(['«', '»', '“', '”'], "\"")
        .replace('–', "-")
        .replace('’', "'")
        .replace('№', "N")
}

#[test]
fn every_text_is_read_as_it_was_written() {
    let mut wrong = Vec::new();
    let mut check = |text: &str, encoding: &'static Encoding| {
        let text = plain(text, encoding);
        let decoded = encoded(&text, encoding);
        let decoded = decode(&decoded, None).unwrap();
        if decoded.text != text {
            wrong.push(format!(
                "{} ({}) taken for {} ({}): {:?}",
                encoding.name(),
                score(&text),
                decoded.charset.name,
                score(&decoded.text),
                decoded.text
            ));
        }
    };
    for text in RUSSIAN {
        for encoding in [WINDOWS_1251, KOI8_R, X_MAC_CYRILLIC, IBM866] {
            check(text, encoding);
        }
    }
    for text in UKRAINIAN {
        for encoding in [WINDOWS_1251, KOI8_U, X_MAC_CYRILLIC] {
            check(text, encoding);
        }
    }
    for text in WESTERN {
        for encoding in [WINDOWS_1252, MACINTOSH] {
            check(text, encoding);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_encoding_is_named() {
    let long = RUSSIAN[4];
    for (encoding, named) in [
        (WINDOWS_1251, "windows-1251"),
        (KOI8_R, "KOI8-R"),
        (X_MAC_CYRILLIC, "MacCyrillic"),
    ] {
        let bytes = encoded(long, encoding);
        let charset = decode(&bytes, None).unwrap().charset;
        assert_eq!((charset.name, charset.found), (named, Found::Letters));
        assert_eq!(charset.or_else, None, "{named}");
    }
    let bytes = encoded(WESTERN[2], WINDOWS_1252);
    assert_eq!(decode(&bytes, None).unwrap().charset.name, "windows-1252");
}

#[test]
fn utf_16_is_known_with_and_without_a_mark() {
    let text = "email\tname\nanna@example.org\tАнна";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (mark, bytes, named) in [
        (&[0xff, 0xfe][..], &little, "UTF-16LE"),
        (&[0xfe, 0xff], &big, "UTF-16BE"),
        (&[], &little, "UTF-16LE"),
        (&[], &big, "UTF-16BE"),
    ] {
        let bytes = [mark, bytes].concat();
        let decoded = decode(&bytes, None).unwrap();
        assert_eq!((decoded.text.as_ref(), decoded.charset.name), (text, named));
    }
}

#[test]
fn utf_8_needs_no_judgement() {
    for text in RUSSIAN.into_iter().chain(WESTERN).chain(["", "plain"]) {
        for mark in ["", "\u{feff}"] {
            let marked = format!("{mark}{text}");
            let decoded = decode(marked.as_bytes(), None).unwrap();
            assert_eq!(
                (decoded.text.as_ref(), decoded.charset.name),
                (text, "UTF-8")
            );
        }
    }
}

#[test]
fn damaged_utf_8_is_told_with_its_line() {
    let mut bytes = RUSSIAN[4].repeat(3).into_bytes();
    let end = bytes.len();
    bytes.extend(b"\n\xd0\n");
    let lines = bytes[..end].iter().filter(|byte| **byte == b'\n').count() + 2;
    let error = decode(&bytes, None).unwrap_err();
    assert_eq!(error.line, Some(lines));
    assert!(
        error
            .message
            .to_string()
            .starts_with("is not UTF-8: octet 0xd0"),
        "{error:?}"
    );
}

#[test]
fn what_is_asked_for_is_taken() {
    let bytes = encoded("Анна", KOI8_R);
    let asked = by_name("koi8-r").unwrap();
    let decoded = decode(&bytes, Some(asked)).unwrap();
    assert_eq!(
        (decoded.text.as_ref(), decoded.charset.found),
        ("Анна", Found::Asked)
    );
    assert!(decode(&bytes, Some(UTF_8)).is_err());
    assert_eq!(by_name("MacCyrillic").unwrap(), X_MAC_CYRILLIC);
    assert_eq!(by_name("cp1251").unwrap(), WINDOWS_1251);
    assert!(
        by_name("klingon")
            .unwrap_err()
            .to_string()
            .contains("`klingon`")
    );
}

#[test]
fn a_program_is_no_text() {
    assert!(decode(b"\x7fELF\0\0\0\0\x01\0\0\0\0", None).is_err());
}

proptest! {
    #[test]
    fn no_octets_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(decode(&bytes, None));
    }
}
