//! Dates that a text gives for the embargo, in seven languages.
//!
//! Only lines that speak of the embargo are read: a release is full of other
//! dates. A date that is not the lift's, on the clock it was written for, is
//! an error, since one of the two is wrong and a journalist would follow the text.

use crate::domain::embargo::Embargo;
use crate::domain::problem::Problem;
use crate::said;

/// Words that tell that a line speaks of the embargo, in lower case.
const EMBARGO: [&str; 4] = ["embargo", "эмбарго", "ембарго", "حظر النشر"];

/// Month names, January first; a name is recognised by its beginning, so that
/// cases and forms (март, марта) are one.
const MONTHS: [&[&str]; 12] = [
    &[
        "january",
        "январ",
        "қаңтар",
        "січ",
        "janvier",
        "enero",
        "يناير",
    ],
    &[
        "february",
        "феврал",
        "ақпан",
        "лют",
        "février",
        "febrero",
        "فبراير",
    ],
    &["march", "март", "наурыз", "берез", "mars", "marzo", "مارس"],
    &["april", "апрел", "сәуір", "квіт", "avril", "abril", "أبريل"],
    &["may", "мая", "май", "мамыр", "трав", "mai", "mayo", "مايو"],
    &["june", "июн", "маусым", "черв", "juin", "junio", "يونيو"],
    &["july", "июл", "шілде", "лип", "juillet", "julio", "يوليو"],
    &[
        "august",
        "август",
        "тамыз",
        "серп",
        "août",
        "agosto",
        "أغسطس",
    ],
    &[
        "september",
        "сентябр",
        "қыркүйек",
        "верес",
        "septembre",
        "septiembre",
        "سبتمبر",
    ],
    &[
        "october",
        "октябр",
        "қазан",
        "жовт",
        "octobre",
        "octubre",
        "أكتوبر",
    ],
    &[
        "november",
        "ноябр",
        "қараша",
        "листопад",
        "novembre",
        "noviembre",
        "نوفمبر",
    ],
    &[
        "december",
        "декабр",
        "желтоқсан",
        "груд",
        "décembre",
        "diciembre",
        "ديسمبر",
    ],
];

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day and month as a text has them.
struct Written {
    day: i8,
    month: i8,
    text: String,
}

/// Compares every date in lines about the embargo with the lift.
pub(super) fn check(
    file: &str,
    text: &str,
    embargo: Option<&Embargo>,
    problems: &mut Vec<Problem>,
) {
    let Some(embargo) = embargo else { return };
    let lift = embargo.local().date();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        if !EMBARGO.iter().any(|word| lower.contains(word)) {
            continue;
        }
        for written in dates(&lower) {
            if (written.day, written.month) != (lift.day(), lift.month()) {
                let month = ENGLISH
                    .get(usize::try_from(lift.month() - 1).unwrap_or_default())
                    .unwrap_or(&"");
                let message = said!(
                    "embargo date {text} differs from release.toml ({day} {month})",
                    text = written.text,
                    day = lift.day(),
                    month
                );
                problems.push(Problem::error(file, message).at_line(index + 1));
            }
        }
    }
}

fn dates(line: &str) -> Vec<Written> {
    let words: Vec<&str> = line
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '/')))
        .filter(|word| !word.is_empty())
        .collect();
    let numeric = words.iter().filter_map(|word| numeric(word));
    let named = words.windows(2).filter_map(|pair| named(pair[0], pair[1]));
    let mut dates: Vec<_> = numeric.chain(named).collect();
    // "10 de marzo": a word of grammar between day and month.
    dates.extend(
        words
            .windows(3)
            .filter(|three| matches!(three[1], "de" | "of"))
            .filter_map(|three| named_pair(three[0], three[2], &three.join(" "))),
    );
    dates
}

/// `10 марта` or `March 10`.
fn named(first: &str, second: &str) -> Option<Written> {
    named_pair(first, second, &format!("{first} {second}"))
        .or_else(|| named_pair(second, first, &format!("{first} {second}")))
}

fn named_pair(day: &str, month: &str, text: &str) -> Option<Written> {
    let digits = day.trim_end_matches(|c: char| !c.is_ascii_digit());
    let rest = &day[digits.len()..];
    if digits.is_empty()
        || !matches!(
            rest,
            "" | "." | "st" | "nd" | "rd" | "th" | "er" | "-го" | "-е" | "-ші" | "-шы"
        )
    {
        return None;
    }
    let day: i8 = digits.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = month.trim_matches('.');
    // The whole word for short Latin names: `mars` is March, `marsh` is not.
    let fits = |name: &&str| {
        if name.is_ascii() {
            month == *name
        } else {
            month.starts_with(*name)
        }
    };
    let at = MONTHS.iter().position(|names| names.iter().any(&fits))?;
    Some(Written {
        day,
        month: i8::try_from(at + 1).ok()?,
        text: text.to_owned(),
    })
}

/// `2022-03-10` or `10.03.2022`.
fn numeric(word: &str) -> Option<Written> {
    let word = word.trim_matches('.');
    let date: Option<jiff::civil::Date> = word.get(..10).and_then(|date| date.parse().ok());
    if let Some(date) = date.filter(|_| word.len() == 10 || word.as_bytes().get(10) == Some(&b't'))
    {
        return Some(Written {
            day: date.day(),
            month: date.month(),
            text: word.to_owned(),
        });
    }
    let mut parts = word.split('.');
    let (day, month, year) = (
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?,
    );
    let sound = (1..=31).contains(&day)
        && (1..=12).contains(&month)
        && year.len() == 4
        && parts.next().is_none();
    sound.then(|| Written {
        day,
        month,
        text: word.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let embargo = Embargo::parse("2022-03-11T11:00[Asia/Almaty]").unwrap();
        let mut problems = Vec::new();
        check("ru.md", text, Some(&embargo), &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_date_that_differs_is_told_in_every_language() {
        assert_eq!(
            faults("+++\nЭмбарго до 10 марта, 11:00"),
            ["ru.md:2: embargo date 10 марта differs from release.toml (11 March)"]
        );
        for text in [
            "Embargoed until 10 March 2022",
            "Under embargo until March 10th",
            "Sous embargo jusqu'au 10 mars",
            "Embargo hasta el 10 de marzo",
            "Ембарго до 10 березня",
            "Эмбарго 10 наурызға дейін",
            "حظر النشر حتى 10 مارس",
            "Embargo: 2022-03-10",
            "Эмбарго: 10.03.2022 11:00",
        ] {
            assert_eq!(faults(text).len(), 1, "{text}: {:?}", faults(text));
        }
    }

    #[test]
    fn the_right_date_and_dates_of_other_things_pass() {
        for text in [
            "Embargoed until 11 March 2022, 11:00 Almaty",
            "Эмбарго до 11 марта",
            "On 2nd January 2022, protests began.",
            "An arms embargo may follow",
            "embargo 11.03.2022",
        ] {
            assert_eq!(faults(text), Vec::<String>::new(), "{text}");
        }
    }
}
