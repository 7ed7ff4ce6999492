//! What differs by reader in letters that are otherwise of one kind.

use super::error::RenderError;
use super::letter::{Letter, OptOut};
use super::marks;
use super::prepare::PreparedVariant;
use std::borrow::Cow;
use std::fmt::Write;

/// A value that differs by reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `recipient.email`.
    Email,
    /// `recipient.name`.
    Name,
    /// `recipient.salutation`, and `salutation` of the first variant.
    Salutation,
    /// `recipient.outlet`.
    Outlet,
    /// `why`.
    Why,
    /// `opt_out.href`.
    OptOutHref,
    /// `opt_out.line`.
    OptOutLine,
    /// `preferences.href`, under `opt_out`.
    OwnHref,
    /// `preferences.line`, under `opt_out`.
    OwnLine,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::Email,
        Self::Name,
        Self::Salutation,
        Self::Outlet,
        Self::Why,
        Self::OptOutHref,
        Self::OptOutLine,
        Self::OwnHref,
        Self::OwnLine,
    ];

    /// The letter that stands for it in a mark.
    pub(super) fn letter(self) -> char {
        match self {
            Self::Email => 'e',
            Self::Name => 'n',
            Self::Salutation => 's',
            Self::Outlet => 'o',
            Self::Why => 'w',
            Self::OptOutHref => 'h',
            Self::OptOutLine => 'l',
            Self::OwnHref => 'p',
            Self::OwnLine => 'q',
        }
    }

    /// The field of a letter.
    pub(super) fn of(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.letter() == letter)
    }
}

/// The values of one reader.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    email: Cow<'a, str>,
    name: Cow<'a, str>,
    salutation: Cow<'a, str>,
    outlet: Cow<'a, str>,
    why: String,
    opt_out_href: String,
    opt_out_line: String,
    own_href: Cow<'a, str>,
    own_line: String,
}

impl<'a> Reader<'a> {
    /// The values of a letter's reader.
    pub(super) fn of(primary: &PreparedVariant, letter: &Letter<'a>) -> Result<Self, RenderError> {
        let recipient = letter.recipient;
        let email = recipient.email.to_string();
        let why = why(primary, letter.list, &email)?;
        let (opt_out_href, opt_out_line) = opt_out(primary, letter.opt_out)?;
        Ok(Self {
            email: Cow::Owned(email),
            name: Cow::Borrowed(recipient.name.as_str()),
            salutation: Cow::Borrowed(&recipient.salutation),
            outlet: Cow::Borrowed(&recipient.outlet),
            why,
            opt_out_href,
            opt_out_line,
            own_href: Cow::Borrowed(letter.opt_out.own),
            own_line: own_line(primary, letter.opt_out.own),
        })
    }

    /// Marks in place of values, where this letter's reader has any.
    pub(super) fn marked(letter: &Letter<'_>) -> Reader<'static> {
        let recipient = letter.recipient;
        let mark = |field, value: &str| {
            Cow::Owned(if value.is_empty() {
                String::new()
            } else {
                marks::mark(field)
            })
        };
        Reader {
            email: Cow::Owned(marks::mark(Field::Email)),
            name: mark(Field::Name, recipient.name.as_str()),
            salutation: mark(Field::Salutation, &recipient.salutation),
            outlet: mark(Field::Outlet, &recipient.outlet),
            why: marks::mark(Field::Why),
            opt_out_href: marks::mark(Field::OptOutHref),
            opt_out_line: marks::mark(Field::OptOutLine),
            own_href: mark(Field::OwnHref, letter.opt_out.own),
            own_line: mark(Field::OwnLine, letter.opt_out.own).into_owned(),
        }
    }

    /// The value of a field; empty where the reader has none.
    pub(super) fn value(&self, field: Field) -> &str {
        match field {
            Field::Email => &self.email,
            Field::Name => &self.name,
            Field::Salutation => &self.salutation,
            Field::Outlet => &self.outlet,
            Field::Why => &self.why,
            Field::OptOutHref => &self.opt_out_href,
            Field::OptOutLine => &self.opt_out_line,
            Field::OwnHref => &self.own_href,
            Field::OwnLine => &self.own_line,
        }
    }
}

fn why(variant: &PreparedVariant, list: &str, email: &str) -> Result<String, RenderError> {
    let variables = [
        ("newsroom", variant.newsroom_name.as_str()),
        ("email", email),
        ("list", list),
    ];
    Ok(if list.is_empty() {
        variant.words.say("why", &variables[..2])?
    } else {
        variant.words.say("why-list", &variables)?
    })
}

/// The link to opt out by, and the sentence for plain text.
fn opt_out(
    variant: &PreparedVariant,
    opt_out: OptOut<'_>,
) -> Result<(String, String), RenderError> {
    let by_page = [("link", opt_out.page)];
    if !opt_out.page.is_empty()
        // What was frozen before there were pages has no words for them.
        && let Ok(line) = variant.words.say("opt-out-line-page", &by_page)
    {
        return Ok((opt_out.page.to_owned(), line));
    }
    let address = opt_out.address.to_string();
    let mut href = format!("mailto:{}", percent_encoded(&address));
    let line = if opt_out.subject.is_empty() {
        variant
            .words
            .say("opt-out-line", &[("address", &address)])?
    } else {
        href.push_str("?subject=");
        href.push_str(&percent_encoded(opt_out.subject));
        variant.words.say(
            "opt-out-line-subject",
            &[("address", &address), ("subject", opt_out.subject)],
        )?
    };
    Ok((href, line))
}

/// The sentence in plain text that leads to the reader's own pages; the bare link
/// where the words have none.
fn own_line(variant: &PreparedVariant, link: &str) -> String {
    if link.is_empty() {
        return String::new();
    }
    let said = variant.words.say("preferences-line", &[("link", link)]);
    said.unwrap_or_else(|_| link.to_owned())
}

/// Percent-encoding for a mailto URI (RFC 6068 section 2).
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_fields_are_one_to_one() {
        for field in Field::ALL {
            assert_eq!(Field::of(field.letter()), Some(field));
        }
        assert_eq!(Field::of('x'), None);
    }
}
