//! What forms, lists and addresses share: a field that may be empty or wrong, a
//! page of what was found, and a query of what is given.

use super::Front;
use super::sheet::Visitor;
use crate::domain::contact_edit::FieldFault;
use url::form_urlencoded::Serializer;

/// What a field says, where it says anything.
pub(super) fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The query of an address with the fields that say something.
pub(super) fn query<'a>(pairs: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    Serializer::new(String::new()).extend_pairs(given).finish()
}

/// What is wrong with a form's field, in the visitor's language.
pub(super) fn fault_at(
    front: &Front,
    visitor: &Visitor,
    faults: &[FieldFault],
    name: &str,
) -> Option<String> {
    let found = faults.iter().find(|fault| fault.field == name);
    found.map(|fault| front.tell(visitor, &fault.message))
}

/// How many are asked for so that a page of so many knows whether more follow.
pub(super) fn one_more(page: usize) -> u32 {
    u32::try_from(page + 1).unwrap_or(u32::MAX)
}

/// Cuts what was found to a page. Gives the last on it, where more follow.
pub(super) fn cut<T>(found: &mut Vec<T>, page: usize) -> Option<&T> {
    let more = found.len() > page;
    found.truncate(page);
    found.last().filter(|_| more)
}
