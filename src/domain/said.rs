//! What the program has to say of something wrong: a text with places in it, and
//! the values that stand there.
//!
//! English stands where the thing is said, as in gettext: `said!("there is no user
//! `{name}`", name)`. The text with its places is also the key under which a
//! catalogue has it in another language, so the desk tells it in a visitor's; the
//! command line, the API, the log of the program and JSON write it as it stands. A
//! value that was said itself, such as a cause, is told in that language too. What
//! other programs say stays as they said it ([`Said::verbatim`]).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;

/// A text that can be told in several languages. Two are alike where their English
/// is.
#[derive(Debug, Clone)]
pub struct Said(Box<Form>);

#[derive(Debug, Clone)]
enum Form {
    /// The words of somebody else, or a value.
    Verbatim(String),
    /// A text with places `{name}`, and what stands in each.
    Filled {
        pattern: &'static str,
        values: Vec<(&'static str, Said)>,
    },
    /// An instant, and how it is written in English.
    Moment { at: Timestamp, english: String },
    /// Several, one after another.
    Several {
        parts: Vec<Said>,
        between: &'static str,
    },
}

/// Errors that say what they have to say so that it can be told in other languages.
pub trait Tell {
    /// What is wrong.
    fn said(&self) -> Said;
}

/// A language in which what was said is told.
pub trait Tongue {
    /// Its text for an English one, with the same places in it; `None` where it has
    /// none.
    fn text(&self, english: &str) -> Option<&str>;

    /// How it writes an instant; `None` where it writes it as English does.
    fn moment(&self, at: Timestamp) -> Option<String>;
}

/// Everything as it was said.
struct English;

impl Tongue for English {
    fn text(&self, _: &str) -> Option<&str> {
        None
    }

    fn moment(&self, _: Timestamp) -> Option<String> {
        None
    }
}

/// Says a text: English, with places `{name}`, and after it what stands in each,
/// as in `format!`. The compiler holds places and values to one another.
#[macro_export]
macro_rules! said {
    ($pattern:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        // Never written: only that the compiler compares the names.
        if false {
            let _ = ::core::format_args!(::core::concat!($pattern) $(, $name = "")*);
        }
        $crate::domain::said::Said::filled(
            $pattern,
            ::std::vec![$((::core::stringify!($name), $crate::said_value!($name $(= $value)?))),*],
        )
    }};
}

/// A value of [`said!`]: what can be told in other languages remains so.
#[doc(hidden)]
#[macro_export]
macro_rules! said_value {
    ($name:ident) => {
        $crate::said_value!($name = $name)
    };
    ($name:ident = $value:expr) => {{
        #[allow(unused_imports, clippy::allow_attributes, reason = "one of the two")]
        use $crate::domain::said::value::{Shown as _, Told as _};
        (&$crate::domain::said::value::Value(&$value)).in_place()
    }};
}

/// `Display` of an error that tells what it says.
#[macro_export]
macro_rules! shown_as_said {
    ($($error:ty),+ $(,)?) => {$(
        impl ::std::fmt::Display for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&$crate::domain::said::Tell::said(self), f)
            }
        }
    )+};
}

/// How [`said!`] chooses between a value that can be told and one that is only
/// shown: the first trait is for `Value`, the second for a reference to it, and the
/// compiler looks there only where the first does not fit.
#[doc(hidden)]
pub mod value {
    use super::{Said, Tell};
    use std::fmt::Display;

    #[derive(Debug)]
    pub struct Value<'a, T: ?Sized>(pub &'a T);

    pub trait Told {
        fn in_place(&self) -> Said;
    }

    impl<T: Tell + ?Sized> Told for Value<'_, T> {
        fn in_place(&self) -> Said {
            self.0.said()
        }
    }

    pub trait Shown {
        fn in_place(&self) -> Said;
    }

    impl<T: Display + ?Sized> Shown for &Value<'_, T> {
        fn in_place(&self) -> Said {
            Said::verbatim(self.0)
        }
    }
}

impl Said {
    /// What another program said, or a value: the same in every language.
    pub fn verbatim(text: impl fmt::Display) -> Self {
        Self(Box::new(Form::Verbatim(text.to_string())))
    }

    /// An instant, written so in English; in another language as that writes it.
    pub fn moment(at: Timestamp, english: impl fmt::Display) -> Self {
        let english = english.to_string();
        Self(Box::new(Form::Moment { at, english }))
    }

    /// Several, with something between them: `; ` between faults.
    pub fn several(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let parts = parts.into_iter().collect();
        Self(Box::new(Form::Several { parts, between }))
    }

    /// For [`said!`], which holds the places to the values.
    #[doc(hidden)]
    pub fn filled(pattern: &'static str, values: Vec<(&'static str, Self)>) -> Self {
        Self(Box::new(Form::Filled { pattern, values }))
    }

    /// In another language. What that does not know is in English.
    pub fn told(&self, tongue: &dyn Tongue) -> String {
        let mut text = String::new();
        // A text takes whatever is written into it.
        let _ = self.write(tongue, &mut text);
        text
    }

    fn write(&self, tongue: &dyn Tongue, out: &mut dyn fmt::Write) -> fmt::Result {
        match &*self.0 {
            Form::Verbatim(text) => out.write_str(text),
            Form::Moment { at, english } => match tongue.moment(*at) {
                Some(told) => out.write_str(&told),
                None => out.write_str(english),
            },
            Form::Filled { pattern, values } => {
                let text = tongue.text(pattern).unwrap_or(pattern);
                for piece in pieces(text) {
                    match piece {
                        Piece::Text(text) => out.write_str(text)?,
                        Piece::Place(name) => {
                            match values.iter().find(|(known, _)| *known == name) {
                                Some((_, value)) => value.write(tongue, out)?,
                                None => write!(out, "{{{name}}}")?,
                            }
                        }
                    }
                }
                Ok(())
            }
            Form::Several { parts, between } => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        out.write_str(between)?;
                    }
                    part.write(tongue, out)?;
                }
                Ok(())
            }
        }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.to_string().is_empty()
    }
}

/// A part of a text with places.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'p> {
    Text(&'p str),
    Place(&'p str),
}

/// The parts of a text; `{{` and `}}` stand for one brace, as in `format!`.
fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        pieces.push(Piece::Text(before));
        let place = brace
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        rest = match (brace.as_bytes().get(1) == brace.as_bytes().first(), place) {
            (false, Some((name, after))) => {
                pieces.push(Piece::Place(name));
                after
            }
            (doubled, _) => {
                pieces.push(Piece::Text(&brace[..1]));
                &brace[1 + usize::from(doubled)..]
            }
        };
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The names of a text's places, in the order of the alphabet: the same for a text
/// and its translation.
pub fn places(pattern: &str) -> Vec<&str> {
    let places = pieces(pattern).into_iter().filter_map(|piece| match piece {
        Piece::Place(name) => Some(name),
        Piece::Text(_) => None,
    });
    let mut names: Vec<_> = places.collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl Default for Said {
    /// Nothing.
    fn default() -> Self {
        Self(Box::new(Form::Verbatim(String::new())))
    }
}

impl Tell for Said {
    fn said(&self) -> Said {
        self.clone()
    }
}

impl<T: Tell + ?Sized> Tell for &T {
    fn said(&self) -> Said {
        (**self).said()
    }
}

impl<T: Tell + ?Sized> Tell for Box<T> {
    fn said(&self) -> Said {
        (**self).said()
    }
}

impl Tell for std::convert::Infallible {
    fn said(&self) -> Said {
        match *self {}
    }
}

impl<E: Tell> From<E> for Said
where
    E: std::error::Error,
{
    fn from(error: E) -> Self {
        error.said()
    }
}

impl From<Said> for String {
    fn from(said: Said) -> Self {
        said.to_string()
    }
}

/// For whoever wants an error and nothing else, such as the reader of arguments.
impl From<Said> for Box<dyn std::error::Error + Send + Sync> {
    fn from(said: Said) -> Self {
        said.to_string().into()
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At once: it may go to a terminal or a file that nobody gathers writes for.
        f.pad(&self.told(&English))
    }
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was kept is told as it was kept.
impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::verbatim)
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Said {}

impl PartialOrd for Said {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Said {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialEq<&str> for Said {
    fn eq(&self, other: &&str) -> bool {
        let own = self.to_string();
        own == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A language of two texts.
    struct Russian;

    impl Tongue for Russian {
        fn text(&self, english: &str) -> Option<&str> {
            match english {
                "cannot read {path}: {cause}" => Some("{cause} (файл {path})"),
                "it is {{held}} by {name}" => Some("{{держит}} {name}"),
                _ => None,
            }
        }

        fn moment(&self, at: Timestamp) -> Option<String> {
            Some(at.strftime("%d.%m.%Y").to_string())
        }
    }

    /// A language that has the same text for everything.
    struct One(String);

    impl Tongue for One {
        fn text(&self, _: &str) -> Option<&str> {
            Some(&self.0)
        }

        fn moment(&self, _: Timestamp) -> Option<String> {
            None
        }
    }

    #[test]
    fn a_text_and_its_cause_are_told_in_another_language() {
        let (name, path) = ("Анна", std::path::Path::new("a/b"));
        let cause = said!("it is {{held}} by {name}", name);
        let said = said!("cannot read {path}: {cause}", path = path.display(), cause);
        assert_eq!(said.to_string(), "cannot read a/b: it is {held} by Анна");
        assert_eq!(said.told(&Russian), "{держит} Анна (файл a/b)");
        let unknown = said!("{n} of {cause}", n = 3, cause);
        assert_eq!(unknown.told(&Russian), "3 of {держит} Анна");
        let both = Said::several([cause.clone(), Said::verbatim("{name}")], "; ");
        assert_eq!(both.told(&Russian), "{держит} Анна; {name}");
        assert_eq!(serde_json::json!(both).as_str().unwrap(), both.to_string());
    }

    #[test]
    fn what_an_error_says_remains_to_be_told_wherever_it_stands() {
        #[derive(Debug, thiserror::Error)]
        struct Held;
        impl Tell for Held {
            fn said(&self) -> Said {
                said!("it is {{held}} by {name}", name = "X")
            }
        }
        shown_as_said!(Held);
        let boxed: Box<dyn Tell> = Box::new(Held);
        let texts = [
            said!("{x}", x = Held),
            said!("{x}", x = &Held),
            said!("{x}", x = boxed),
            Said::from(Held),
        ];
        assert_eq!(texts.map(|said| said.told(&Russian)), ["{держит} X"; 4]);
        assert_eq!(Held.to_string(), "it is {held} by X");
    }

    #[test]
    fn an_instant_is_written_as_the_language_writes_it() {
        let at = Timestamp::UNIX_EPOCH;
        let said = said!("over at {time}", time = Said::moment(at, at));
        assert_eq!(said.to_string(), "over at 1970-01-01T00:00:00Z");
        assert_eq!(said.told(&Russian), "over at 01.01.1970");
    }

    #[test]
    fn the_places_of_a_text_are_known() {
        assert_eq!(places("{b} and {a}, {{c}} and {b}"), ["a", "b"]);
        assert_eq!(places("a } of { its own"), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn no_text_of_a_catalogue_panics_and_a_value_is_never_read_as_one(
            text in "[{}a-cж]{0,12}", value in "\\PC{0,12}",
        ) {
            let said = said!("{a}", a = value);
            let told = said.told(&One(text.clone()));
            let places = pieces(&text).iter().filter(|one| **one == Piece::Place("a")).count();
            prop_assert!(told.matches(value.as_str()).count() >= places);
        }

        #[test]
        fn english_is_what_format_writes(a in "\\PC{0,12}", b in any::<u32>()) {
            let said = said!("{{{a}}} of {b}}}", a, b);
            prop_assert_eq!(said.to_string(), format!("{{{a}}} of {b}}}"));
        }
    }
}
