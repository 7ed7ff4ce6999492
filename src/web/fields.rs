//! What forms and addresses share: a field that may be empty, and a query of
//! those that are not.

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
