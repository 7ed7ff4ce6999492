//! In which encoding a file is, found out and named.
//!
//! A byte order mark decides, then whether it is UTF-8 or plainly UTF-16. What
//! is neither is an older encoding of one octet a letter, and is judged by
//! what the text would be in each of them: how often its letters are used, and
//! whether words are of one script and one case.

use crate::domain::said::Said;
use crate::said;
use encoding_rs::{Encoding, IBM866, KOI8_R, KOI8_U, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE};
use encoding_rs::{WINDOWS_1251, WINDOWS_1252, X_MAC_CYRILLIC};
use serde::Serialize;
use std::borrow::Cow;

/// How an encoding was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// By the mark at its beginning.
    Mark,
    /// By its form: only UTF-8 and UTF-16 have one.
    Form,
    /// By its letters.
    Letters,
    /// Somebody named it.
    Asked,
}

/// A file's encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charset {
    /// Its name.
    pub name: &'static str,
    /// How it was found.
    pub found: Found,
    /// Another that is nearly as likely.
    pub or_else: Option<&'static str>,
}

/// A file as text.
#[derive(Debug)]
pub(in crate::intake) struct Decoded<'b> {
    pub(in crate::intake) text: Cow<'b, str>,
    pub(super) charset: Charset,
}

/// Why a file is no text, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::intake) struct Undecodable {
    pub(in crate::intake) line: Option<usize>,
    pub(in crate::intake) message: Said,
}

/// Encodings of one octet a letter, in the order of preference.
const JUDGED: [&Encoding; 7] = [
    WINDOWS_1251,
    WINDOWS_1252,
    KOI8_R,
    X_MAC_CYRILLIC,
    IBM866,
    MACINTOSH,
    KOI8_U,
];

/// Octets that are no ASCII, read for a judgement.
const ENOUGH: usize = 20_000;
/// By so much must one be better than the next, for nobody to be told of that.
const MARGIN: f64 = 4.0;

/// An encoding's name for people.
fn name(encoding: &'static Encoding) -> &'static str {
    if encoding == X_MAC_CYRILLIC {
        "MacCyrillic"
    } else if encoding == MACINTOSH {
        "MacRoman"
    } else {
        encoding.name()
    }
}

/// An encoding by one of its names: those of the Encoding Standard, and ours.
pub(super) fn by_name(asked: &str) -> Result<&'static Encoding, Said> {
    let ours = match asked.trim().to_ascii_lowercase().as_str() {
        "maccyrillic" | "mac-cyrillic" => Some(X_MAC_CYRILLIC),
        "macroman" | "mac-roman" => Some(MACINTOSH),
        "cp1251" | "win1251" => Some(WINDOWS_1251),
        "koi8r" => Some(KOI8_R),
        "cp866" | "dos" => Some(IBM866),
        _ => Encoding::for_label(asked.as_bytes()),
    };
    ours.ok_or_else(|| {
        said!("`{name}` is no encoding known here; expected one such as UTF-8, UTF-16LE, windows-1251, windows-1252, KOI8-R or MacCyrillic", name = asked.escape_debug())
    })
}

/// A file as text, in the encoding asked for or the one found out.
pub(in crate::intake) fn decode<'b>(
    bytes: &'b [u8],
    asked: Option<&'static Encoding>,
) -> Result<Decoded<'b>, Undecodable> {
    let (encoding, found, or_else) = match asked {
        Some(encoding) => (encoding, Found::Asked, None),
        None => find(bytes)?,
    };
    let bytes = match Encoding::for_bom(bytes) {
        Some((marked, length)) if marked == encoding => &bytes[length..],
        Some(_) | None => bytes,
    };
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| malformed(bytes, encoding))?;
    Ok(Decoded {
        text,
        charset: Charset {
            name: name(encoding),
            found,
            or_else: or_else.map(name),
        },
    })
}

type Finding = (&'static Encoding, Found, Option<&'static Encoding>);

fn find(bytes: &[u8]) -> Result<Finding, Undecodable> {
    if let Some((marked, _)) = Encoding::for_bom(bytes) {
        return Ok((marked, Found::Mark, None));
    }
    if let Some(wide) = utf16(bytes) {
        return Ok((wide, Found::Form, None));
    }
    if bytes.contains(&0) {
        return Err(Undecodable {
            line: None,
            message: said!("is no text: it holds NUL octets; expected CSV, XLSX, vCard or LDIF"),
        });
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Ok((UTF_8, Found::Form, None));
    }
    if is_damaged_utf8(bytes) {
        return Err(malformed(bytes, UTF_8));
    }
    let (best, or_else) = judge(bytes);
    Ok((best, Found::Letters, or_else))
}

/// UTF-16 without a mark: a header has ASCII letters, and each has a zero
/// before it or behind it.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(256)];
    let zeros = |odd: usize| {
        let every_other = head.iter().skip(odd).step_by(2);
        every_other.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = head.len() / 5;
    if many > 0 && odd > many && even * 8 < odd {
        Some(UTF_16LE)
    } else if many > 0 && even > many && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether a file is UTF-8 but for a few octets: no other encoding looks like
/// that by chance.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut letters, mut faults) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        letters += chunk
            .valid()
            .chars()
            .filter(|letter| !letter.is_ascii())
            .count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    letters > 20 * faults
}

fn malformed(bytes: &[u8], encoding: &'static Encoding) -> Undecodable {
    let good = if encoding == UTF_8 {
        Encoding::utf8_valid_up_to(bytes)
    } else {
        bytes.len()
    };
    let line = (good < bytes.len())
        .then(|| bytes[..good].iter().filter(|byte| **byte == b'\n').count() + 1);
    let name = name(encoding);
    let message = match bytes.get(good) {
        Some(octet) => said!(
            "is not {name}: octet {octet} cannot stand there; save it anew, or name its encoding with --encoding",
            name,
            octet = format_args!("{octet:#04x}")
        ),
        None => said!(
            "is not {name}; save it anew, or name its encoding with --encoding",
            name
        ),
    };
    Undecodable { line, message }
}

/// The likeliest encoding of one octet a letter, and another where that is
/// nearly as likely and reads otherwise.
pub(super) fn judge(bytes: &[u8]) -> (&'static Encoding, Option<&'static Encoding>) {
    let sample = sample(bytes);
    let mut judged: Vec<_> = JUDGED
        .into_iter()
        .map(|encoding| {
            let text = encoding.decode_without_bom_handling(sample).0;
            (score(&text), encoding, text)
        })
        .collect();
    // A stable sort: of equals, the preferred one stays in front.
    judged.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (best_score, best, best_text) = &judged[0];
    let rival = judged[1..]
        .iter()
        .find(|(_, _, text)| text != best_text)
        .filter(|(score, _, _)| best_score - score < MARGIN)
        .map(|(_, encoding, _)| *encoding);
    (best, rival)
}

/// The beginning of a file, to the octet with which there are enough.
fn sample(bytes: &[u8]) -> &[u8] {
    let mut high = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| !byte.is_ascii());
    high.nth(ENOUGH).map_or(bytes, |(place, _)| &bytes[..place])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
}

fn script(letter: char) -> Option<Script> {
    match letter {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' if letter.is_alphabetic() => {
            Some(Script::Latin)
        }
        '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
        _ => None,
    }
}

/// How much a text looks like one that somebody wrote: a sum over all of its
/// characters that are no ASCII, each with its neighbours.
pub(super) fn score(text: &str) -> f64 {
    let letters: Vec<char> = text.chars().collect();
    let at = |place: Option<usize>| place.and_then(|place| letters.get(place)).copied();
    let mut sum = 0.0;
    for (place, letter) in letters.iter().copied().enumerate() {
        if letter.is_ascii() {
            continue;
        }
        let (before, behind) = (at(place.checked_sub(1)), at(Some(place + 1)));
        sum += weight(letter);
        sum += beside(letter, before, behind);
    }
    sum
}

/// How often a character is used: Russian, Ukrainian and Kazakh letters by
/// their share of text, the Western ones with marks by theirs of French,
/// Spanish and German.
fn weight(letter: char) -> f64 {
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    match lower {
        'о' | 'е' | 'а' | 'и' => 3.2,
        'н' | 'т' | 'с' | 'р' | 'в' | 'л' => 2.8,
        'к' | 'м' | 'д' | 'п' | 'у' | 'я' => 2.2,
        'ы' | 'ь' | 'г' | 'з' | 'б' | 'ч' | 'й' | 'х' | 'ж' => 1.5,
        'ш' | 'ю' | 'ц' | 'щ' | 'э' | 'ф' | 'ё' | 'і' => 0.8,
        'ї' | 'є' | 'ъ' => 0.2,
        'ґ' | 'ў' => -0.5,
        'é' => 3.2,
        'è' | 'à' | 'ñ' | 'ó' | 'í' | 'á' | 'ü' | 'ö' | 'ä' | 'ç' => 2.2,
        'ê' | 'ú' | 'ô' | 'î' | 'û' | 'ï' | 'â' | 'ë' | 'ß' | 'œ' | 'ã' | 'å' | 'ø' | 'æ' => {
            1.0
        }
        'ù' | 'ò' | 'ì' | 'õ' => 0.5,
        '«' | '»' | '–' | '—' | '“' | '”' | '„' | '’' | '‘' | '…' | '№' | '\u{a0}' | '•' | '°'
        | '€' | '¿' | '¡' => 1.0,
        '\u{80}'..='\u{9f}' => -8.0,
        '\u{2500}'..='\u{25ff}' => -5.0,
        _ if letter.is_alphabetic() => -2.0,
        _ => -3.0,
    }
}

/// What the neighbours say: words are of one script, and their capitals stand
/// in front or everywhere.
fn beside(letter: char, before: Option<char>, behind: Option<char>) -> f64 {
    let Some(own) = script(letter) else {
        return sign(letter, before, behind);
    };
    let mut sum = 0.0;
    // No word begins with these.
    let is_first = before.is_none_or(|before| script(before) != Some(own));
    if is_first && matches!(letter, 'ь' | 'Ь' | 'ъ' | 'Ъ' | 'ы' | 'Ы') {
        sum -= 3.0;
    }
    for other in [before, behind].into_iter().flatten() {
        if script(other).is_some_and(|other| other != own) {
            sum -= 5.0;
        }
    }
    if before.is_some_and(|before| script(before) == Some(own) && before.is_lowercase())
        && letter.is_uppercase()
    {
        sum -= 4.0;
    }
    // In Western words a letter with a mark stands among letters without one.
    if own == Script::Latin {
        let marked = |other: Option<char>| {
            other.is_some_and(|other| !other.is_ascii() && script(other) == Some(own))
        };
        let marks = [before, behind].into_iter().filter(|one| marked(*one));
        sum -= 2.0 * f64::from(u8::try_from(marks.count()).unwrap_or_default());
    }
    sum
}

/// A sign within a word is out of place, but for an apostrophe; and but for
/// quotation marks and stops, none touches a word.
fn sign(sign: char, before: Option<char>, behind: Option<char>) -> f64 {
    let is_letter = |other: Option<char>| other.is_some_and(char::is_alphabetic);
    match (sign, is_letter(before), is_letter(behind)) {
        ('’' | '‘' | '\u{a0}', _, _) | (_, false, false) => 0.0,
        (_, true, true) => -4.0,
        ('«' | '»' | '“' | '”' | '„' | '…' | '–' | '—' | '¿' | '¡', _, _) => 0.0,
        (_, _, _) => -2.0,
    }
}

#[cfg(test)]
#[path = "charset_tests.rs"]
mod tests;
