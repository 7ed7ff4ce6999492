//! A body that many messages share but for a few values. Quoted-printable
//! begins anew at each line, so the lines without a value are encoded once and
//! only copied; base64 does not, and is encoded per message.

use super::body::{crlf, weight, write_quoted};
use super::draft::Draft;
use std::sync::{Arc, OnceLock};

/// A text with slots for values, ready to be encoded with them.
#[derive(Debug)]
pub struct BodyForm {
    /// The texts around the slots, their line ends CRLF.
    literals: Vec<String>,
    weight: (usize, usize),
    /// Encoded when it is first wanted: a Cyrillic body never is.
    quoted: OnceLock<Vec<Stretch>>,
}

/// A stretch of whole lines.
#[derive(Debug)]
enum Stretch {
    /// Encoded.
    Ready(Arc<str>),
    /// One line that holds slots, without its end.
    Open(Vec<Bit>),
}

#[derive(Debug)]
enum Bit {
    Text(String),
    /// Which of the values.
    Slot(usize),
}

impl BodyForm {
    /// A form from the texts around its slots: one more than there are slots.
    pub fn new(literals: &[String]) -> Self {
        let weight = literals.iter().fold((0, 0), |sum, literal| {
            let (length, foreign) = weight(literal);
            (sum.0 + length, sum.1 + foreign)
        });
        Self {
            literals: literals.iter().map(|literal| crlf(literal)).collect(),
            weight,
            quoted: OnceLock::new(),
        }
    }

    /// Octets in all, and those that are not ASCII, without values.
    pub(super) fn weight(&self) -> (usize, usize) {
        self.weight
    }

    /// The text with these values, its line ends CRLF.
    pub(super) fn with_crlf(&self, values: &[String]) -> String {
        let length: usize = self.literals.iter().chain(values).map(String::len).sum();
        let mut text = String::with_capacity(length + 16);
        for (index, literal) in self.literals.iter().enumerate() {
            text.push_str(literal);
            if let Some(value) = values.get(index) {
                text.push_str(&crlf(value));
            }
        }
        text
    }

    /// Writes the text with these values as quoted-printable.
    pub(super) fn write_quoted(&self, values: &[String], draft: &mut Draft) {
        let stretches = self.quoted.get_or_init(|| stretches(&self.literals));
        let mut line = String::with_capacity(512);
        for stretch in stretches {
            match stretch {
                Stretch::Ready(encoded) => draft.share(encoded),
                Stretch::Open(bits) => {
                    line.clear();
                    for bit in bits {
                        line.push_str(bit.text(values));
                    }
                    write_quoted(&line, &mut draft.own);
                }
            }
        }
    }
}

impl Bit {
    fn text<'a>(&'a self, values: &'a [String]) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Slot(index) => values.get(*index).map_or("", String::as_str),
        }
    }
}

/// Cuts a text at its line ends, and encodes what holds no slot.
fn stretches(literals: &[String]) -> Vec<Stretch> {
    let mut maker = Maker::default();
    for (index, literal) in literals.iter().enumerate() {
        if index > 0 {
            maker.open.push(Bit::Slot(index - 1));
        }
        for (index, line) in literal.split("\r\n").enumerate() {
            if index > 0 {
                maker.end_line();
            }
            if !line.is_empty() {
                maker.open.push(Bit::Text(line.to_owned()));
            }
        }
    }
    maker.end_line();
    maker.end_stretch();
    maker.done
}

/// Gathers stretches; the last line may still be open.
#[derive(Debug, Default)]
struct Maker {
    done: Vec<Stretch>,
    /// Encoded lines without a slot, up to here.
    ready: String,
    open: Vec<Bit>,
}

impl Maker {
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.open);
        match &line[..] {
            [] => write_quoted("", &mut self.ready),
            [Bit::Text(text)] => write_quoted(text, &mut self.ready),
            [Bit::Slot(_)] | [_, _, ..] => {
                self.end_stretch();
                self.done.push(Stretch::Open(line));
            }
        }
    }

    fn end_stretch(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        if !ready.is_empty() {
            self.done.push(Stretch::Ready(ready.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Piece;
    use super::super::body::{Body, write};
    use super::*;
    use proptest::prelude::*;

    fn written(body: Body<'_>) -> String {
        let mut draft = Draft::new("\r\n".to_owned());
        write("plain", body, &mut draft);
        let pieces = draft.finish();
        pieces.iter().map(Piece::as_str).collect()
    }

    #[test]
    fn only_lines_with_slots_are_left_to_encode() {
        let form = BodyForm::new(&["a=\r\nb\n.c".to_owned(), "d\n\ne \n".to_owned()]);
        let values = ["=".to_owned()];
        let body = Body::Form {
            form: &form,
            values: &values,
        };
        assert_eq!(written(body), written(Body::Plain("a=\nb\n.c=d\n\ne \n")));
        let kinds: Vec<_> = form
            .quoted
            .get()
            .unwrap()
            .iter()
            .map(|stretch| matches!(stretch, Stretch::Ready(_)))
            .collect();
        assert_eq!(kinds, [true, false, true]);
    }

    proptest! {
        #[test]
        fn a_form_with_values_is_written_as_its_text_is(
            literals in proptest::collection::vec("([ -~é\t\n]|\r\n|\r|[ -~]{60,90}|ждл){0,12}", 1..6),
            values in proptest::collection::vec("[!-~ж]([ -~\n]{0,90}[!-~ж])?", 5),
        ) {
            let values = &values[..literals.len() - 1];
            let form = BodyForm::new(&literals);
            let mut text = literals[0].clone();
            for (value, literal) in values.iter().zip(&literals[1..]) {
                text.push_str(value);
                text.push_str(literal);
            }
            prop_assert_eq!(
                written(Body::Form { form: &form, values }),
                written(Body::Plain(&text))
            );
        }

        #[test]
        fn whatever_the_values_the_lines_are_fit(literal in any::<String>(), value in any::<String>()) {
            let form = BodyForm::new(&[literal.clone(), literal]);
            let encoded = written(Body::Form { form: &form, values: &[value] });
            prop_assert!(encoded.is_ascii());
            prop_assert!(encoded.split("\r\n").all(|line| line.len() <= 78 && !line.starts_with('.') && !line.contains(['\r', '\n'])));
        }
    }
}
