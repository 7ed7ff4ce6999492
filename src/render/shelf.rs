//! Forms at hand, by the kind of letter: a bounded number of them.
//!
//! A form costs some five letters to make. So a kind has one made at its second
//! letter, and on a full shelf only one in a few new kinds takes the oldest
//! one's place: however many kinds go by in turn, most of the work is letters.

use super::form::Form;
use super::kind::Kind;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Kinds known at once.
const MOST: usize = 256;

/// Octets of text in all forms together; encoded as bodies they take up thrice that.
const MOST_OCTETS: usize = 4 * 1024 * 1024;

/// On a full shelf, so many letters of new kinds go by for each that is noted.
const PATIENCE: u32 = 16;

/// The forms of one kind; a part that has none is written by its template.
#[derive(Debug, Default)]
pub(super) struct Forms {
    pub(super) subject: Option<Arc<Form>>,
    pub(super) html: Option<Arc<Form>>,
    pub(super) text: Option<Arc<Form>>,
}

impl Forms {
    /// Whether no part has one.
    pub(super) fn are_none(&self) -> bool {
        self.subject.is_none() && self.html.is_none() && self.text.is_none()
    }

    fn size(&self) -> usize {
        [&self.subject, &self.html, &self.text]
            .into_iter()
            .flatten()
            .map(|form| form.size())
            .sum()
    }
}

/// What to do for a letter.
#[derive(Debug)]
pub(super) enum Advice {
    /// Fill these in.
    Use(Arc<Forms>),
    /// Make the forms of its kind, for the letters after it.
    Make,
    /// Write it by the templates.
    Write,
}

#[derive(Debug)]
enum Entry {
    /// One letter of the kind went by.
    Seen,
    /// Somebody makes its forms.
    Making,
    Made(Arc<Forms>),
}

/// The forms of a release.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Kind, Entry>,
    /// The oldest first.
    order: VecDeque<Kind>,
    octets: usize,
    turned_away: u32,
}

impl Shelf {
    /// What to do for a letter of a kind. After [`Advice::Make`] the forms are
    /// expected by [`Self::keep`].
    pub(super) fn advise(&self, kind: &Kind) -> Advice {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.entries.get_mut(kind) {
            Some(Entry::Made(forms)) => Advice::Use(Arc::clone(forms)),
            Some(Entry::Making) => Advice::Write,
            Some(entry @ Entry::Seen) => {
                *entry = Entry::Making;
                Advice::Make
            }
            None => {
                kept.note(kind);
                Advice::Write
            }
        }
    }

    /// Keeps the forms of a kind.
    pub(super) fn keep(&self, kind: &Kind, forms: Forms) {
        // Too much for the whole shelf: a kind without forms.
        let forms = if forms.size() > MOST_OCTETS {
            Forms::default()
        } else {
            forms
        };
        let size = forms.size();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another may have made them meanwhile, or the kind was dropped.
        if let Some(entry @ Entry::Making) = kept.entries.get_mut(kind) {
            *entry = Entry::Made(Arc::new(forms));
            kept.octets += size;
        }
        while kept.octets > MOST_OCTETS && !kept.order.is_empty() {
            kept.drop_oldest();
        }
    }
}

impl Kept {
    fn note(&mut self, kind: &Kind) {
        if self.entries.len() >= MOST {
            self.turned_away = (self.turned_away + 1) % PATIENCE;
            if self.turned_away != 0 {
                return;
            }
            self.drop_oldest();
        }
        self.entries.insert(kind.clone(), Entry::Seen);
        self.order.push_back(kind.clone());
    }

    fn drop_oldest(&mut self) {
        let oldest = self.order.pop_front();
        if let Some(Entry::Made(forms)) = oldest.and_then(|kind| self.entries.remove(&kind)) {
            self.octets -= forms.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::EmailAddress;
    use crate::domain::contact::example;
    use crate::domain::embargo::Phase;
    use crate::domain::zone::Zone;
    use crate::render::letter::{Letter, OptOut};

    fn kind(list: &str) -> Kind {
        let recipient = example("a@b.example").recipient();
        let letter = Letter {
            recipient: &recipient,
            languages: &[],
            zone: &Zone::utc(),
            phase: Phase::General,
            list,
            opt_out: OptOut {
                address: &EmailAddress::parse("o@b.example").unwrap(),
                subject: "",
                page: "",
                own: "",
            },
        };
        Kind::of(&[0], &letter, false)
    }

    fn forms(octets: usize) -> Forms {
        let html = Form::read(&"x".repeat(octets), str::to_owned).unwrap();
        Forms {
            html: Some(Arc::new(html)),
            ..Forms::default()
        }
    }

    fn make(shelf: &Shelf, kind: &Kind, octets: usize) {
        assert!(matches!(shelf.advise(kind), Advice::Write));
        assert!(matches!(shelf.advise(kind), Advice::Make));
        assert!(matches!(shelf.advise(kind), Advice::Write), "being made");
        shelf.keep(kind, forms(octets));
    }

    #[test]
    fn the_second_letter_of_a_kind_has_its_forms_made() {
        let shelf = Shelf::default();
        make(&shelf, &kind("a"), 10);
        assert!(matches!(shelf.advise(&kind("a")), Advice::Use(_)));
    }

    #[test]
    fn a_full_shelf_lets_few_new_kinds_in() {
        let shelf = Shelf::default();
        for n in 0..MOST {
            make(&shelf, &kind(&n.to_string()), 10);
        }
        for n in 0..PATIENCE {
            shelf.advise(&kind(&format!("new {n}")));
        }
        let kept = shelf.0.lock().unwrap();
        assert_eq!((kept.entries.len(), kept.order.len()), (MOST, MOST));
        assert_eq!(kept.octets, (MOST - 1) * 10);
        let last = kind(&format!("new {}", PATIENCE - 1));
        assert!(kept.entries.contains_key(&last) && !kept.entries.contains_key(&kind("0")));
    }

    #[test]
    fn the_octets_are_bounded_too() {
        let shelf = Shelf::default();
        for n in 0..20 {
            make(&shelf, &kind(&n.to_string()), MOST_OCTETS / 4);
        }
        make(&shelf, &kind("whole"), MOST_OCTETS + 1);
        let kept = shelf.0.lock().unwrap();
        assert_eq!((kept.order.len(), kept.octets), (5, MOST_OCTETS));
    }
}
