//! A body that many messages share but for a few values. Quoted-printable
//! begins anew at each line, so the lines without a value are encoded once and
//! only copied; base64 does not, and is encoded per message.

use super::body::{crlf, weight, write_quoted, write_quoted_open};
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

/// From so many octets on, what stands beside a slot in its line is encoded once, too,
/// on lines of its own. HTML may have thousands of them in a line.
const LONG: usize = 200;

/// A stretch of whole encoded lines.
#[derive(Debug)]
enum Stretch {
    /// Encoded.
    Ready(Arc<str>),
    /// A line that holds slots, or a part of one.
    Open(Vec<Bit>, Then),
}

/// What comes after a part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The line's end.
    End,
    /// More of the line.
    More,
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
                Stretch::Open(bits, then) => {
                    line.clear();
                    for bit in bits {
                        line.push_str(bit.text(values));
                    }
                    then.write(&line, &mut draft.own);
                }
            }
        }
    }
}

impl Then {
    fn write(self, text: &str, out: &mut String) {
        match self {
            Self::End => write_quoted(text, out),
            Self::More => write_quoted_open(text, out),
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
            [Bit::Slot(_)] | [_, _, ..] => self.end_open(line),
        }
    }

    fn end_open(&mut self, line: Vec<Bit>) {
        let (mut near, mut left) = (Vec::new(), line.len());
        for bit in line {
            left -= 1;
            match bit {
                Bit::Text(text) if text.len() >= LONG => {
                    self.add_open(std::mem::take(&mut near), Then::More);
                    let then = if left == 0 { Then::End } else { Then::More };
                    then.write(&text, &mut self.ready);
                }
                Bit::Text(_) | Bit::Slot(_) => near.push(bit),
            }
        }
        self.add_open(near, Then::End);
    }

    fn add_open(&mut self, bits: Vec<Bit>, then: Then) {
        if !bits.is_empty() {
            self.end_stretch();
            self.done.push(Stretch::Open(bits, then));
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

    /// What the reader's program makes of a part.
    fn read(part: &str) -> String {
        let Some((head, body)) = part.split_once("quoted-printable\r\n\r\n") else {
            return part.to_owned();
        };
        let read = quoted_printable::decode(body, quoted_printable::ParseMode::Strict);
        format!("{head}{}", String::from_utf8(read.unwrap()).unwrap())
    }

    #[test]
    fn long_texts_beside_a_slot_are_encoded_once() {
        let long = ".a = some words, ".repeat(LONG / 8);
        let form = BodyForm::new(&[format!("a\n{long}"), format!("{long}b\nc"), String::new()]);
        for value in ["", ".", "x y ", "x\ny"] {
            let values = [value.to_owned(), "d".to_owned()];
            let body = Body::Form {
                form: &form,
                values: &values,
            };
            let plain = format!("a\n{long}{value}{long}b\ncd");
            assert_eq!(read(&written(body)), read(&written(Body::Plain(&plain))));
        }
        let stretches = form.quoted.get().unwrap();
        let open = |one: &&Stretch| matches!(one, Stretch::Open(bits, _) if bits.len() <= 2);
        assert_eq!(
            (stretches.len(), stretches.iter().filter(open).count()),
            (4, 2)
        );
    }

    proptest! {
        #[test]
        fn a_form_with_values_is_written_as_its_text_is(
            literals in proptest::collection::vec("([ -~é\t\n]|\r\n|\r|[ -~]{60,90}|[ -~]{200,300}|ждл){0,12}", 1..6),
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
                read(&written(Body::Form { form: &form, values })),
                read(&written(Body::Plain(&text)))
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
