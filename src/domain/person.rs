//! Telling people apart by the names they give.

use icu::casemap::CaseMapper;
use icu::normalizer::ComposingNormalizer;
use icu::properties::CodePointSetData;
use icu::properties::props::DefaultIgnorableCodePoint;

/// A name as names are compared: one person may spell theirs in capitals, with
/// two spaces, in full-width letters, with composed or combining marks, or with
/// characters that nobody sees.
pub fn name_key(name: &str) -> String {
    let nfkc = ComposingNormalizer::new_nfkc();
    let unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let seen: String = nfkc
        .normalize(name)
        .chars()
        .filter(|letter| !unseen.contains(*letter))
        .collect();
    let folded = CaseMapper::new().fold_string(&seen).into_owned();
    let folded = nfkc.normalize(&folded).into_owned();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_are_one_person() {
        for (one, other) in [
            ("Vera Ivanova", "  vera   IVANOVA "),
            ("Ёлкина", "\u{415}\u{308}лкина"),
            ("José", "JOSE\u{301}"),
            ("Strauß", "STRAUSS"),
            ("Vera", "Ｖｅｒａ"),
            ("vera ivanova", "vera\u{a0}ivanova"),
            ("vera", "ve\u{200b}ra\u{ad}"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one} {other}");
        }
        assert_ne!(name_key("vera"), name_key("ivan"));
        assert_ne!(name_key("vera ivanova"), name_key("veraivanova"));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(name in "\\PC{0,20}") {
            let key = name_key(&name);
            prop_assert_eq!(name_key(&key), key);
        }
    }
}
